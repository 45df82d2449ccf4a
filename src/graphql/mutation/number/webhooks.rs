//! Where Meta sends the webhooks of a number.

use async_graphql::{Context, ID, Object};

use super::change;
use crate::auth::Deed;
use crate::graphql::error::Failure;
use crate::graphql::number::NumberPayload;
use crate::secret::Secret;

#[derive(Debug, Default)]
pub struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Lets the Meta app of the number's token hear of its account. Doing it again does no harm.
    async fn subscribe_app(&self, context: &Context<'_>, id: ID) -> Result<NumberPayload, Failure> {
        change(context, Deed::UpdateNumber, &id, |numbers, visitor, id| async move {
            numbers.subscribe(&visitor, id).await
        })
        .await
    }

    /// Sends the webhooks of this number to another address than the app's. Meta asks it for the verify token first.
    async fn set_callback(
        &self,
        context: &Context<'_>,
        id: ID,
        #[graphql(desc = "Begins with https:// and has at most 200 characters.")] url: String,
        #[graphql(
            desc = "The verify token that the address knows; without it: that of the server's settings."
        )]
        verify_token: Option<String>,
    ) -> Result<NumberPayload, Failure> {
        change(context, Deed::UpdateNumber, &id, |numbers, visitor, id| async move {
            numbers.set_callback(&visitor, id, url.trim(), verify_token.map(Secret::new)).await
        })
        .await
    }

    /// Sends the webhooks of this number to the app's address again.
    async fn clear_callback(&self, context: &Context<'_>, id: ID) -> Result<NumberPayload, Failure> {
        change(context, Deed::UpdateNumber, &id, |numbers, visitor, id| async move {
            numbers.clear_callback(&visitor, id).await
        })
        .await
    }
}
