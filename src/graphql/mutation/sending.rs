//! How a workspace sends.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::auth::Deed;
use crate::auth::audit::NewEntry;
use crate::domain::sending;
use crate::graphql::context::{allowed, services};
use crate::graphql::error::{Failure, UserError};
use crate::graphql::sending::{SendingSettings, UnconfirmedPolicy};

/// How a workspace is to send.
#[derive(Debug, InputObject)]
pub struct UpdateSendingSettingsInput {
    /// What becomes of a message of which nothing is heard after its answer was lost.
    when_unconfirmed: UnconfirmedPolicy,
    /// Needed for `RESEND`: that customers may get a message twice, because Meta may have taken the first one.
    #[graphql(default)]
    accepts_duplicates: bool,
}

/// The settings as they are now, or why they were not changed.
#[derive(Debug, SimpleObject)]
pub struct UpdateSendingSettingsPayload {
    /// The settings as they are now; null if nothing was changed.
    pub settings: Option<SendingSettings>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

#[derive(Debug, Default)]
pub struct SendingMutation;

#[Object]
impl SendingMutation {
    /// Changes how the workspace sends.
    async fn update_sending_settings(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is to hold from now on.")] input: UpdateSendingSettingsInput,
    ) -> Result<UpdateSendingSettingsPayload, Failure> {
        let visitor = allowed(context, Deed::ChangeSettings)?;
        let services = services(context)?;
        let policy = sending::UnconfirmedPolicy::from(input.when_unconfirmed);
        if policy == sending::UnconfirmedPolicy::Resend && !input.accepts_duplicates {
            let text = "A message of which nothing is heard may have reached the customer: sent again, it may come twice.";
            let error = UserError::invalid("acceptsDuplicates", text).next(
                "Set acceptsDuplicates to true if that does less harm than a message that does not come.",
            );
            return Ok(UpdateSendingSettingsPayload { settings: None, user_errors: vec![error] });
        }
        let before = services.storage.set_unconfirmed_policy(visitor.workspace, policy).await?;
        let workspace = visitor.workspace.to_string();
        let target = format!("workspace:{workspace}");
        let entry = NewEntry {
            workspace: visitor.workspace,
            who: &visitor.who,
            deed: Deed::ChangeSettings.name(),
            target: &target,
            changes: &[("whenUnconfirmed", Some(before.name()), Some(policy.name()))],
        };
        services.audit.note(entry).await.map_err(Failure::internal)?;
        let settings = SendingSettings::of(policy, services.outbound.unconfirmed_after());
        Ok(UpdateSendingSettingsPayload { settings: Some(settings), user_errors: Vec::new() })
    }
}
