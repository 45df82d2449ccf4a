//! The user name under which customers find a number.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::{no_such_number, on_number, user_errors};
use crate::auth::Deed;
use crate::graphql::context::services;
use crate::graphql::error::{Failure, UserError};
use crate::meta::client::number;

/// What became of a user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UsernameState {
    /// Customers find the number under it.
    Approved,
    /// It is kept for the number, and not in use yet.
    Reserved,
    /// Something that Meta has only lately begun to say.
    Other,
}

impl From<number::UsernameState> for UsernameState {
    fn from(state: number::UsernameState) -> Self {
        match state {
            number::UsernameState::Approved => Self::Approved,
            number::UsernameState::Reserved => Self::Reserved,
            number::UsernameState::Other(_) => Self::Other,
        }
    }
}

/// The user name of a number.
#[derive(Debug, SimpleObject)]
pub struct Username {
    /// Null: it has none.
    pub username: Option<String>,
    pub state: Option<UsernameState>,
}

/// A user name, or why it is not to be seen.
#[derive(Debug, SimpleObject)]
pub struct UsernamePayload {
    pub username: Option<Username>,
    pub user_errors: Vec<UserError>,
}

/// User names that are free, or why they are not to be seen.
#[derive(Debug, SimpleObject)]
pub struct UsernameSuggestionsPayload {
    pub suggestions: Vec<String>,
    pub user_errors: Vec<UserError>,
}

impl UsernamePayload {
    pub(in crate::graphql) fn refused(user_errors: Vec<UserError>) -> Self {
        Self { username: None, user_errors }
    }
}

#[derive(Debug, Default)]
pub struct UsernameQuery;

#[Object]
impl UsernameQuery {
    /// The user name of a number. Asked of Meta each time.
    async fn username(&self, context: &Context<'_>, number_id: ID) -> Result<UsernamePayload, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::SeeProfile, &number_id)? else {
            return Ok(UsernamePayload::refused(vec![no_such_number()]));
        };
        match services(context)?.numbers.username(visitor, id).await {
            Ok(found) => {
                let username = Username { username: found.username, state: found.state.map(Into::into) };
                Ok(UsernamePayload { username: Some(username), user_errors: Vec::new() })
            }
            Err(error) => user_errors(error).map(UsernamePayload::refused),
        }
    }

    /// User names that are free for a number. Asked of Meta each time.
    async fn username_suggestions(
        &self,
        context: &Context<'_>,
        number_id: ID,
    ) -> Result<UsernameSuggestionsPayload, Failure> {
        let refused = |user_errors| UsernameSuggestionsPayload { suggestions: Vec::new(), user_errors };
        let Some((visitor, id)) = on_number(context, Deed::SeeProfile, &number_id)? else {
            return Ok(refused(vec![no_such_number()]));
        };
        match services(context)?.numbers.username_suggestions(visitor, id).await {
            Ok(suggestions) => Ok(UsernameSuggestionsPayload { suggestions, user_errors: Vec::new() }),
            Err(error) => user_errors(error).map(refused),
        }
    }
}
