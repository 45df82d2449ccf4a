//! Registration, the code that proves a number, and its PIN.

use async_graphql::{Context, Enum, ID, Object};

use super::change;
use crate::auth::Deed;
use crate::graphql::error::Failure;
use crate::graphql::number::NumberPayload;
use crate::numbers::CodeWay;
use crate::secret::Secret;

/// How a code reaches the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "CodeWay")]
pub enum VerificationMethod {
    Sms,
    Voice,
}

#[derive(Debug, Default)]
pub struct RegistrationMutation;

#[Object]
impl RegistrationMutation {
    /// Registers a number for the Cloud API. Meta allows ten tries in 72 hours.
    async fn register_number(
        &self,
        context: &Context<'_>,
        id: ID,
        #[graphql(
            desc = "The PIN of the two-step verification, six digits. Without it: the one that is kept, or a \
                          new one, which is kept encrypted."
        )]
        pin: Option<String>,
        #[graphql(
            desc = "The country in which Meta keeps the messages, like ID; without it: where Meta usually does."
        )]
        region: Option<String>,
    ) -> Result<NumberPayload, Failure> {
        change(context, Deed::RegisterNumber, &id, |numbers, visitor, id| async move {
            numbers.register(&visitor, id, pin.map(Secret::new), region.as_deref()).await
        })
        .await
    }

    /// Takes a number off the Cloud API. It neither sends nor receives then.
    async fn deregister_number(&self, context: &Context<'_>, id: ID) -> Result<NumberPayload, Failure> {
        change(context, Deed::RegisterNumber, &id, |numbers, visitor, id| async move {
            numbers.deregister(&visitor, id).await
        })
        .await
    }

    /// Has Meta send a code to the number, by which the business proves that it is its own.
    async fn request_verification_code(
        &self,
        context: &Context<'_>,
        id: ID,
        method: VerificationMethod,
        #[graphql(
            desc = "The language of the message, like `id` or `en_US`.",
            default_with = "\"en_US\".to_owned()"
        )]
        language: String,
    ) -> Result<NumberPayload, Failure> {
        change(context, Deed::RegisterNumber, &id, |numbers, visitor, id| async move {
            numbers.request_code(&visitor, id, method.into(), &language).await
        })
        .await
    }

    /// Proves by the code that the number is the business's own.
    async fn verify_code(
        &self,
        context: &Context<'_>,
        id: ID,
        #[graphql(desc = "Six digits, with or without a hyphen.")] code: String,
    ) -> Result<NumberPayload, Failure> {
        let code = Secret::new(code.trim());
        change(context, Deed::RegisterNumber, &id, |numbers, visitor, id| async move {
            numbers.verify_code(&visitor, id, &code).await
        })
        .await
    }

    /// Sets the PIN of the two-step verification, and keeps it encrypted.
    async fn set_two_step_pin(
        &self,
        context: &Context<'_>,
        id: ID,
        #[graphql(desc = "Six digits.")] pin: String,
    ) -> Result<NumberPayload, Failure> {
        let pin = Secret::new(pin);
        change(context, Deed::RegisterNumber, &id, |numbers, visitor, id| async move {
            numbers.set_pin(&visitor, id, &pin).await
        })
        .await
    }
}
