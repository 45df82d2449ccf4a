//! The workspace that the caller belongs to, and the caller.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::context::{allowed, services};
use super::error::Failure;
use super::scalar;
use crate::auth;
use crate::auth::Deed;
use crate::error::Code;

/// What somebody is in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "auth::Role")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Works on conversations and sends.
    Agent,
    /// Runs numbers, templates, settings and keys.
    Admin,
    /// May also give and take what owners have.
    Owner,
}

/// Whoever makes this request.
#[derive(Debug, SimpleObject)]
pub struct Viewer {
    /// What the caller may do, before `scopes` and `numberIds` narrow it.
    pub role: Role,
    /// The key that the request carries, if it carries one.
    pub api_key_id: Option<ID>,
    /// The user of the CRM, if the request carries the CRM's own token.
    pub user_id: Option<String>,
    /// The names of the scopes that the key is held to; null: all that the role may.
    pub scopes: Option<Vec<String>>,
    /// The numbers that the key is limited to; null: all of the workspace.
    pub number_ids: Option<Vec<ID>>,
}

/// A tenant: everything else belongs to one.
#[derive(Debug, SimpleObject)]
pub struct Workspace {
    /// Our id of it.
    pub id: ID,
    /// What people call it.
    pub name: String,
    /// What the CRM calls it in its own tokens.
    pub external_id: Option<String>,
}

#[derive(Debug, Default)]
pub struct WorkspaceQuery;

#[Object]
impl WorkspaceQuery {
    /// The workspace that the caller belongs to.
    async fn workspace(&self, context: &Context<'_>) -> Result<Workspace, Failure> {
        let visitor = allowed(context, Deed::SeeWorkspace)?;
        let found = services(context)?.storage.get_workspace(visitor.workspace).await?;
        let workspace = found.ok_or(Code::NotFound)?;
        Ok(Workspace {
            id: scalar::id(workspace.id),
            name: workspace.name,
            external_id: workspace.external_id,
        })
    }

    /// Whoever makes this request, and what they may do.
    async fn viewer(&self, context: &Context<'_>) -> Result<Viewer, Failure> {
        let visitor = allowed(context, Deed::SeeWorkspace)?;
        let (api_key_id, user_id) = match &visitor.who {
            auth::Who::ApiKey(id) => (Some(scalar::id(*id)), None),
            auth::Who::User(user) => (None, Some(user.clone())),
            auth::Who::Operator => (None, None),
        };
        let scopes = visitor.scopes.as_ref();
        Ok(Viewer {
            role: visitor.role.into(),
            api_key_id,
            user_id,
            scopes: scopes.map(|scopes| scopes.iter().map(ToString::to_string).collect()),
            number_ids: visitor
                .numbers
                .as_ref()
                .map(|numbers| numbers.iter().copied().map(scalar::id).collect()),
        })
    }
}
