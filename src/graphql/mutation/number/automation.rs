//! Setting what a customer sees before the first message.

use async_graphql::{Context, ID, InputObject, Object};

use crate::auth::Deed;
use crate::graphql::context::services;
use crate::graphql::error::Failure;
use crate::graphql::number::{Command, ConversationalAutomationPayload, no_such_number, on_number};
use crate::meta::client::number;
use crate::meta::client::number::Automation;

/// All that a customer sees before the first message.
#[derive(Debug, InputObject)]
pub struct ConversationalAutomationInput {
    /// Questions to tap: at most 4, of at most 80 characters.
    prompts: Vec<String>,
    /// Commands to pick after a slash: at most 30, with names of at most 32 and hints of at most 256 characters.
    commands: Vec<Command>,
}

impl From<ConversationalAutomationInput> for Automation {
    fn from(input: ConversationalAutomationInput) -> Self {
        let command = |one: Command| number::Command { name: one.name, description: one.description };
        Self { prompts: input.prompts, commands: input.commands.into_iter().map(command).collect() }
    }
}

#[derive(Debug, Default)]
pub struct AutomationMutation;

#[Object]
impl AutomationMutation {
    /// Sets what a customer sees before the first message, all of it anew.
    async fn set_conversational_automation(
        &self,
        context: &Context<'_>,
        number_id: ID,
        input: ConversationalAutomationInput,
    ) -> Result<ConversationalAutomationPayload, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::ChangeAutomation, &number_id)? else {
            return Ok(ConversationalAutomationPayload::refused(vec![no_such_number()]));
        };
        let set = services(context)?.numbers.set_automation(visitor, id, &input.into()).await;
        ConversationalAutomationPayload::of(set)
    }
}
