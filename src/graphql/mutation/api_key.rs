//! Making and ending API keys.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::auth::key::Error;
use crate::auth::{Deed, NewApiKey, Scope};
use crate::graphql::api_key::ApiKey;
use crate::graphql::context::{allowed, services};
use crate::graphql::error::{Failure, UserError, UserErrorCode};
use crate::graphql::scalar;
use crate::graphql::scalar::DateTime;
use crate::graphql::workspace::Role;

/// What a new key is to be.
#[derive(Debug, InputObject)]
pub struct CreateApiKeyInput {
    /// What it is for, in words.
    name: String,
    /// Not higher than the caller's own.
    role: Role,
    /// Names of scopes that narrow the role, like `messages:send`; without them: all that the role may.
    scopes: Option<Vec<String>>,
    /// The only numbers that it may touch; without them: all of the workspace.
    number_ids: Option<Vec<ID>>,
    /// When it ends by itself, which is in the future; without it: never.
    expires_at: Option<DateTime>,
}

/// A new API key with its text, or why there is none.
#[derive(Debug, SimpleObject)]
pub struct CreateApiKeyPayload {
    /// The new key; null if there are errors.
    pub api_key: Option<ApiKey>,
    /// The key itself. It is shown this once and kept nowhere: put it where it is needed now.
    pub secret: Option<String>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// An API key that was ended, or why it was not.
#[derive(Debug, SimpleObject)]
pub struct RevokeApiKeyPayload {
    /// The key, with the time at which it was ended; null if there are errors.
    pub api_key: Option<ApiKey>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

#[derive(Debug, Default)]
pub struct ApiKeyMutation;

#[Object]
impl ApiKeyMutation {
    /// Makes an API key. It can do nothing that the caller cannot.
    async fn create_api_key(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What the key is to be.")] input: CreateApiKeyInput,
    ) -> Result<CreateApiKeyPayload, Failure> {
        let visitor = allowed(context, Deed::CreateApiKey)?;
        let refused = |error| CreateApiKeyPayload { api_key: None, secret: None, user_errors: vec![error] };
        let new = match new_key(input) {
            Ok(new) => new,
            Err(error) => return Ok(refused(error)),
        };
        match services(context)?.api_keys.create(visitor, new).await {
            Ok(created) => Ok(CreateApiKeyPayload {
                secret: Some(created.text.expose().to_owned()),
                api_key: Some(created.key.into()),
                user_errors: Vec::new(),
            }),
            Err(error) => user_error(error).map(refused),
        }
    }

    /// Ends an API key, at once on every instance. One that has ended already stays as it is.
    async fn revoke_api_key(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the key.")] id: ID,
    ) -> Result<RevokeApiKeyPayload, Failure> {
        let visitor = allowed(context, Deed::RevokeApiKey)?;
        let revoked = match scalar::uuid(&id) {
            Some(id) => services(context)?.api_keys.revoke(visitor, id).await,
            None => Err(Error::NotFound),
        };
        match revoked {
            Ok(key) => Ok(RevokeApiKeyPayload { api_key: Some(key.into()), user_errors: Vec::new() }),
            Err(error) => {
                let user_errors = vec![user_error(error)?];
                Ok(RevokeApiKeyPayload { api_key: None, user_errors })
            }
        }
    }
}

fn new_key(input: CreateApiKeyInput) -> Result<NewApiKey, UserError> {
    let scopes = input.scopes.map(|names| names.iter().map(|name| scope(name)).collect()).transpose()?;
    let numbers = input.number_ids.map(|ids| ids.iter().map(number).collect()).transpose()?;
    let expires_ms = input.expires_at.map(|at| at.0.as_millisecond());
    Ok(NewApiKey { name: input.name, role: input.role.into(), scopes, numbers, expires_ms })
}

fn scope(name: &str) -> Result<Scope, UserError> {
    Scope::named(name).ok_or_else(|| {
        let known: Vec<&str> = Scope::ALL.iter().map(|scope| scope.name()).collect();
        UserError::invalid("scopes", "There is no such scope.")
            .next(format!("The scopes are {}.", known.join(", ")))
    })
}

fn number(id: &ID) -> Result<uuid::Uuid, UserError> {
    let unknown = || UserError::invalid("numberIds", "Names a number that is not in this workspace.");
    scalar::uuid(id).ok_or_else(unknown)
}

/// What the caller can put right; everything else is a failure.
fn user_error(error: Error) -> Result<UserError, Failure> {
    match error {
        Error::Invalid { field, problem } => Ok(UserError::invalid(field, format!("{field} {problem}."))),
        Error::NotFound => {
            let text = "There is no such key in this workspace.";
            Ok(UserError::new(UserErrorCode::NotFound, text).on("id"))
        }
        Error::Denied(denied) => {
            Ok(UserError::new(UserErrorCode::NotAllowed, format!("It is not allowed: {denied}.")))
        }
        Error::Storage(error) => Err(error.into()),
        error @ (Error::Random(_) | Error::Audit(_)) => Err(Failure::internal(error)),
    }
}
