//! Lifting a template's pause; putting it into Meta's archive and taking it out.

use async_graphql::{Context, ID, Object};

use super::{TemplatePayload, payload};
use crate::auth::Deed;
use crate::graphql::context::{allowed, services};
use crate::graphql::error::Failure;

#[derive(Debug, Default)]
pub struct TemplateStandingMutation;

#[Object]
impl TemplateStandingMutation {
    /// Asks Meta to lift the pause of a template. Meta does so for a new one that was paused because of what the first
    /// customers made of it, from five minutes after that on; any other pause ends by itself.
    async fn unpause_template(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the template.")] id: ID,
    ) -> Result<TemplatePayload, Failure> {
        let visitor = allowed(context, Deed::ChangeTemplates)?;
        payload(services(context)?.templates.unpause(visitor, &id).await)
    }

    /// Puts a template into Meta's archive: it cannot be sent any more, and Meta deletes it after 28 days.
    async fn archive_template(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the template.")] id: ID,
    ) -> Result<TemplatePayload, Failure> {
        let visitor = allowed(context, Deed::ChangeTemplates)?;
        payload(services(context)?.templates.archive(visitor, &id, true).await)
    }

    /// Takes a template out of Meta's archive, within 28 days: it stands as it did before.
    async fn unarchive_template(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the template.")] id: ID,
    ) -> Result<TemplatePayload, Failure> {
        let visitor = allowed(context, Deed::ChangeTemplates)?;
        payload(services(context)?.templates.archive(visitor, &id, false).await)
    }
}
