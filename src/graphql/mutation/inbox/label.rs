//! The workspace's list of labels.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{inbox, user_error};
use crate::auth::Deed;
use crate::graphql::context::allowed;
use crate::graphql::error::{Failure, UserError};
use crate::graphql::work::Label;

/// How a label is to look. What is not given is taken away.
#[derive(Debug, InputObject)]
pub struct SaveLabelInput {
    /// Up to 40 characters; it is kept in lower case.
    name: String,
    /// Like `#2f80ed`.
    color: Option<String>,
    /// Up to 200 characters.
    description: Option<String>,
}

/// What comes of saving a label.
#[derive(Debug, SimpleObject)]
pub struct SaveLabelPayload {
    /// The label as it is now.
    pub label: Option<Label>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// What comes of deleting a label.
#[derive(Debug, SimpleObject)]
pub struct DeleteLabelPayload {
    /// The name of the label that is gone.
    pub deleted_label: Option<String>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

#[derive(Debug, Default)]
pub struct LabelMutation;

#[Object]
impl LabelMutation {
    /// Makes a label, or changes how one looks. A workspace has 500 at most.
    async fn save_label(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its name, and how it is to look.")] input: SaveLabelInput,
    ) -> Result<SaveLabelPayload, Failure> {
        let visitor = allowed(context, Deed::ChangeLabels)?;
        let SaveLabelInput { name, color, description } = input;
        let saved =
            inbox(context)?.save_label(visitor, &name, color.as_deref(), description.as_deref()).await;
        match saved {
            Ok(label) => Ok(SaveLabelPayload { label: Some(label.into()), user_errors: Vec::new() }),
            Err(error) => Ok(SaveLabelPayload { label: None, user_errors: vec![user_error(error)?] }),
        }
    }

    /// Takes a label out of the workspace's list. One that a conversation has is not deleted.
    async fn delete_label(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its name, in any case.")] name: String,
    ) -> Result<DeleteLabelPayload, Failure> {
        let visitor = allowed(context, Deed::ChangeLabels)?;
        match inbox(context)?.delete_label(visitor, &name).await {
            Ok(name) => Ok(DeleteLabelPayload { deleted_label: Some(name), user_errors: Vec::new() }),
            Err(error) => {
                let user_errors = vec![user_error(error)?];
                Ok(DeleteLabelPayload { deleted_label: None, user_errors })
            }
        }
    }
}
