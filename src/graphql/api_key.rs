//! API keys: by which programs call this API.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::context::{allowed, services};
use super::error::Failure;
use super::scalar;
use super::scalar::DateTime;
use super::workspace::Role;
use crate::auth;
use crate::auth::Deed;

/// A key. Its text is shown once, when it is made, and kept nowhere.
#[derive(Debug, SimpleObject)]
pub struct ApiKey {
    /// Our id of it: what `revokeApiKey` takes. It is no secret.
    pub id: ID,
    /// What it is for, in the words of whoever made it.
    pub name: String,
    /// How its text begins, for finding it in a configuration.
    pub hint: String,
    /// What it may do, before `scopes` and `numberIds` narrow it.
    pub role: Role,
    /// The names of the scopes that narrow the role; null: all that the role may.
    pub scopes: Option<Vec<String>>,
    /// The numbers that it is limited to; null: all of the workspace.
    pub number_ids: Option<Vec<ID>>,
    /// When it was made.
    pub created_at: Option<DateTime>,
    /// Who made it: `api-key:…`, `user:…` or `operator`.
    pub created_by: String,
    /// When it ends by itself, or ended; null: it does not.
    pub expires_at: Option<DateTime>,
    /// Not more exact than a minute.
    pub last_used_at: Option<DateTime>,
    /// When somebody ended it; null: nobody has.
    pub revoked_at: Option<DateTime>,
}

impl From<auth::ApiKey> for ApiKey {
    fn from(key: auth::ApiKey) -> Self {
        Self {
            id: scalar::id(key.id),
            name: key.name,
            hint: key.hint,
            role: key.role.into(),
            scopes: key.scopes.map(|scopes| scopes.iter().map(ToString::to_string).collect()),
            number_ids: key.numbers.map(|numbers| numbers.into_iter().map(scalar::id).collect()),
            created_at: scalar::moment(key.created_ms),
            created_by: key.created_by,
            expires_at: key.expires_ms.and_then(scalar::moment),
            last_used_at: key.last_used_ms.and_then(scalar::moment),
            revoked_at: key.revoked_ms.and_then(scalar::moment),
        }
    }
}

#[derive(Debug, Default)]
pub struct ApiKeyQuery;

#[Object]
impl ApiKeyQuery {
    /// The API keys of the workspace, the oldest first; those that are revoked or expired too.
    async fn api_keys(&self, context: &Context<'_>) -> Result<Vec<ApiKey>, Failure> {
        let visitor = allowed(context, Deed::SeeApiKeys)?;
        let keys = services(context)?.api_keys.list(visitor.workspace).await?;
        Ok(keys.into_iter().map(ApiKey::from).collect())
    }
}
