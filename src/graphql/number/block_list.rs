//! The customers that a number has blocked at Meta.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::{no_such_number, on_number, user_errors};
use crate::auth::Deed;
use crate::graphql::context::services;
use crate::graphql::error::{Failure, UserError};
use crate::meta::client::block;
use crate::meta::fault;

/// A customer who is blocked.
#[derive(Debug, SimpleObject)]
pub struct BlockedUser {
    /// The phone number, digits only.
    pub wa_id: Option<String>,
    /// The business-scoped user id.
    pub user_id: Option<String>,
}

/// Who is blocked, or why that is not to be seen.
#[derive(Debug, SimpleObject)]
pub struct BlockedUsersPayload {
    pub users: Vec<BlockedUser>,
    pub user_errors: Vec<UserError>,
}

/// A customer for whom it did not work.
#[derive(Debug, SimpleObject)]
#[graphql(name = "BlockFailure")]
pub struct Failed {
    /// As it was asked for.
    pub customer: String,
    pub meta_code: Option<i32>,
    /// Why, for people.
    pub message: String,
    pub next_step: String,
}

/// What became of blocking or unblocking: some customers may work and others not.
#[derive(Debug, SimpleObject)]
#[graphql(name = "BlockPayload")]
pub struct BlockOutcome {
    /// For whom it worked, as they were asked for.
    pub done: Vec<String>,
    pub failed: Vec<Failed>,
    pub user_errors: Vec<UserError>,
}

impl From<block::Outcome> for BlockOutcome {
    fn from(outcome: block::Outcome) -> Self {
        Self {
            done: outcome.done.into_iter().map(|done| done.input).collect(),
            failed: outcome.failed.into_iter().map(Failed::from).collect(),
            user_errors: Vec::new(),
        }
    }
}

impl From<block::Failed> for Failed {
    fn from(failed: block::Failed) -> Self {
        let code = failed.codes.first().copied();
        let entry = code.and_then(fault::look_up);
        Self {
            customer: failed.input,
            meta_code: code.and_then(|code| i32::try_from(code).ok()),
            message: entry
                .map_or("Meta did not do it, and does not say why.", |entry| entry.meaning.en)
                .to_owned(),
            next_step: entry.map_or("Check the customer's number.", |entry| entry.advice.en).to_owned(),
        }
    }
}

impl BlockOutcome {
    pub(in crate::graphql) fn refused(user_errors: Vec<UserError>) -> Self {
        Self { done: Vec::new(), failed: Vec::new(), user_errors }
    }
}

#[derive(Debug, Default)]
pub struct BlockListQuery;

#[Object]
impl BlockListQuery {
    /// Whom a number has blocked. Asked of Meta each time.
    #[graphql(complexity = "50 * child_complexity")]
    async fn blocked_users(
        &self,
        context: &Context<'_>,
        number_id: ID,
    ) -> Result<BlockedUsersPayload, Failure> {
        let refused = |user_errors| BlockedUsersPayload { users: Vec::new(), user_errors };
        let Some((visitor, id)) = on_number(context, Deed::SeeBlockList, &number_id)? else {
            return Ok(refused(vec![no_such_number()]));
        };
        match services(context)?.numbers.blocked(visitor, id).await {
            Ok(blocked) => {
                let user = |one: block::Blocked| BlockedUser { wa_id: one.wa_id, user_id: one.user_id };
                let users = blocked.into_iter().map(user).collect();
                Ok(BlockedUsersPayload { users, user_errors: Vec::new() })
            }
            Err(error) => user_errors(error).map(refused),
        }
    }
}
