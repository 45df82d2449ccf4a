//! Work on conversations. What goes wrong is the same for all of it.

mod conversation;
mod label;
mod note;
mod reading;

use async_graphql::{Context, ID, MergedObject, SimpleObject};
use uuid::Uuid;

use crate::graphql::context::services;
use crate::graphql::conversation::{Conversation, now_s};
use crate::graphql::error::{Failure, UserError, UserErrorCode};
use crate::graphql::scalar;
use crate::inbox::Error;
use crate::storage::conversation_record::ConversationRecord;

/// The mutations of an inbox.
#[derive(Debug, Default, MergedObject)]
pub struct InboxMutations(
    reading::ReadingMutation,
    conversation::ConversationMutation,
    note::NoteMutation,
    label::LabelMutation,
);

/// What comes of a change of a conversation.
#[derive(Debug, SimpleObject)]
pub struct ConversationPayload {
    /// The conversation as it is now; one that turned out to be another one is that other.
    pub conversation: Option<Conversation>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

impl ConversationPayload {
    fn of(context: &Context<'_>, done: Result<ConversationRecord, Error>) -> Result<Self, Failure> {
        match done {
            Ok(record) => {
                let conversation = shown(context, record)?;
                Ok(Self { conversation, user_errors: Vec::new() })
            }
            Err(error) => Ok(Self { conversation: None, user_errors: vec![user_error(error)?] }),
        }
    }
}

fn shown(context: &Context<'_>, record: ConversationRecord) -> Result<Option<Conversation>, Failure> {
    Ok(Conversation::page(vec![record], now_s(context)?).pop())
}

/// An id of ours in an argument; one that cannot be one is as good as one that is not there.
fn id_of(id: &ID, field: &'static str) -> Result<Uuid, Error> {
    scalar::uuid(id).ok_or(Error::NotFound(field))
}

fn inbox(context: &Context<'_>) -> Result<crate::inbox::Inbox, Failure> {
    Ok(services(context)?.inbox.clone())
}

/// What the caller can put right; everything else is a failure.
fn user_error(error: Error) -> Result<UserError, Failure> {
    match error {
        Error::NotFound(field) => {
            let text = "There is no such object in this workspace.";
            Ok(UserError::new(UserErrorCode::NotFound, text).on(field))
        }
        Error::Invalid { field, sentence } => Ok(UserError::invalid(field, sentence)),
        Error::WrongState { sentence, next_step } => {
            Ok(UserError::new(UserErrorCode::WrongState, sentence).next(next_step))
        }
        Error::Changed => {
            let text = "Somebody else has changed it meanwhile.";
            Ok(UserError::new(UserErrorCode::Conflict, text)
                .next("Read it again, and make the change to what it is now."))
        }
        Error::NotTheirs => {
            let text = "The note is somebody else's.";
            Ok(UserError::new(UserErrorCode::NotAllowed, text)
                .on("id")
                .next("Write a note of your own, or ask an admin to delete this one."))
        }
        Error::Storage(error) => Err(error.into()),
        error @ (Error::Audit(_) | Error::Random(_)) => Err(Failure::internal(error)),
    }
}
