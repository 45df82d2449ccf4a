//! What a customer sees before the first message.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{no_such_number, on_number, user_errors};
use crate::auth::Deed;
use crate::graphql::context::services;
use crate::graphql::error::{Failure, UserError};
use crate::meta::client::number::{self, Automation};
use crate::numbers;

/// What a customer sees before the first message.
#[derive(Debug, SimpleObject)]
pub struct ConversationalAutomation {
    /// Questions to tap.
    pub prompts: Vec<String>,
    /// Commands to pick after a slash.
    pub commands: Vec<Command>,
}

/// A command that a customer can pick after a slash.
#[derive(Debug, SimpleObject, InputObject)]
#[graphql(name = "ConversationalCommand", input_name = "ConversationalCommandInput")]
pub struct Command {
    /// Without the slash.
    pub name: String,
    pub description: String,
}

impl From<Automation> for ConversationalAutomation {
    fn from(automation: Automation) -> Self {
        let command = |one: number::Command| Command { name: one.name, description: one.description };
        Self { prompts: automation.prompts, commands: automation.commands.into_iter().map(command).collect() }
    }
}

/// What is set, or why it is not to be seen.
#[derive(Debug, SimpleObject)]
pub struct ConversationalAutomationPayload {
    pub automation: Option<ConversationalAutomation>,
    pub user_errors: Vec<UserError>,
}

impl ConversationalAutomationPayload {
    pub(in crate::graphql) fn of(outcome: Result<Automation, numbers::Error>) -> Result<Self, Failure> {
        match outcome {
            Ok(automation) => Ok(Self { automation: Some(automation.into()), user_errors: Vec::new() }),
            Err(error) => Ok(Self::refused(user_errors(error)?)),
        }
    }

    pub(in crate::graphql) fn refused(user_errors: Vec<UserError>) -> Self {
        Self { automation: None, user_errors }
    }
}

#[derive(Debug, Default)]
pub struct AutomationQuery;

#[Object]
impl AutomationQuery {
    /// What a customer sees before the first message. Asked of Meta each time.
    async fn conversational_automation(
        &self,
        context: &Context<'_>,
        number_id: ID,
    ) -> Result<ConversationalAutomationPayload, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::SeeAutomation, &number_id)? else {
            return Ok(ConversationalAutomationPayload::refused(vec![no_such_number()]));
        };
        ConversationalAutomationPayload::of(services(context)?.numbers.automation(visitor, id).await)
    }
}
