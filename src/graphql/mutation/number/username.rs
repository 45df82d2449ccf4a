//! Claiming a user name and giving it up.

use async_graphql::{Context, ID, Object};

use crate::auth::Deed;
use crate::graphql::context::services;
use crate::graphql::error::Failure;
use crate::graphql::number::{Username, UsernamePayload, no_such_number, on_number, user_errors};

#[derive(Debug, Default)]
pub struct UsernameMutation;

#[Object]
impl UsernameMutation {
    /// Claims a user name, under which customers find the number.
    async fn set_username(
        &self,
        context: &Context<'_>,
        number_id: ID,
        username: String,
        #[graphql(desc = "Also if another number of the same business has it.", default)] takes_over: bool,
    ) -> Result<UsernamePayload, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::ChangeProfile, &number_id)? else {
            return Ok(UsernamePayload::refused(vec![no_such_number()]));
        };
        let numbers = &services(context)?.numbers;
        match numbers.set_username(visitor, id, &username, takes_over).await {
            Ok(state) => Ok(shown(Username { username: Some(username), state: Some(state.into()) })),
            Err(error) => user_errors(error).map(UsernamePayload::refused),
        }
    }

    /// Gives the user name up.
    async fn delete_username(
        &self,
        context: &Context<'_>,
        number_id: ID,
    ) -> Result<UsernamePayload, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::ChangeProfile, &number_id)? else {
            return Ok(UsernamePayload::refused(vec![no_such_number()]));
        };
        match services(context)?.numbers.delete_username(visitor, id).await {
            Ok(()) => Ok(shown(Username { username: None, state: None })),
            Err(error) => user_errors(error).map(UsernamePayload::refused),
        }
    }
}

fn shown(username: Username) -> UsernamePayload {
    UsernamePayload { username: Some(username), user_errors: Vec::new() }
}
