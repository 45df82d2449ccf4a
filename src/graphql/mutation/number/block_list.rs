//! Blocking customers at Meta, and letting them write again.

use async_graphql::{Context, ID, Object};

use crate::auth::Deed;
use crate::graphql::context::services;
use crate::graphql::error::Failure;
use crate::graphql::number::{BlockOutcome, no_such_number, on_number, user_errors};
use crate::meta::client::block::Outcome;
use crate::numbers;

#[derive(Debug, Default)]
pub struct BlockListMutation;

#[Object]
impl BlockListMutation {
    /// Blocks customers at Meta: they can no longer write to the number. Only who wrote in the last 24 hours can be
    /// blocked.
    async fn block_users(
        &self,
        context: &Context<'_>,
        number_id: ID,
        #[graphql(desc = "Phone numbers or business-scoped user ids, from 1 to 100.")] customers: Vec<String>,
    ) -> Result<BlockOutcome, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::ChangeBlockList, &number_id)? else {
            return Ok(BlockOutcome::refused(vec![no_such_number()]));
        };
        outcome(services(context)?.numbers.block_customers(visitor, id, &customers).await)
    }

    /// Lets customers write to the number again.
    async fn unblock_users(
        &self,
        context: &Context<'_>,
        number_id: ID,
        #[graphql(desc = "Phone numbers or business-scoped user ids, from 1 to 100.")] customers: Vec<String>,
    ) -> Result<BlockOutcome, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::ChangeBlockList, &number_id)? else {
            return Ok(BlockOutcome::refused(vec![no_such_number()]));
        };
        outcome(services(context)?.numbers.unblock_customers(visitor, id, &customers).await)
    }
}

fn outcome(outcome: Result<Outcome, numbers::Error>) -> Result<BlockOutcome, Failure> {
    match outcome {
        Ok(outcome) => Ok(outcome.into()),
        Err(error) => Ok(BlockOutcome::refused(user_errors(error)?)),
    }
}
