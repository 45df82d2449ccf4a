//! What a customer sees before the first message: questions to tap, and commands.

use uuid::Uuid;

use super::{Error, Numbers};
use crate::auth::{Deed, Visitor};
use crate::meta::client::number::Automation;

impl Numbers {
    /// What is set at Meta.
    pub async fn automation(&self, by: &Visitor, id: Uuid) -> Result<Automation, Error> {
        let line = self.line(by.workspace, id).await?;
        let number = self.seen(&line, self.ask(line.credentials(), line.phone_number_id()).await).await?;
        Ok(number.automation.unwrap_or_default())
    }

    /// Sets all of it.
    pub async fn set_automation(
        &self,
        by: &Visitor,
        id: Uuid,
        automation: &Automation,
    ) -> Result<Automation, Error> {
        let line = self.line(by.workspace, id).await?;
        let number = self.0.graph.number(line.credentials(), line.phone_number_id());
        self.done(&line, number.set_automation(automation).await).await?;
        let prompts = automation.prompts.join(" | ");
        let commands: Vec<&str> = automation.commands.iter().map(|command| command.name.as_str()).collect();
        let commands = commands.join(" ");
        let changes =
            [("prompts", None, Some(prompts.as_str())), ("commands", None, Some(commands.as_str()))];
        self.note(by, Deed::ChangeAutomation.name(), id, &changes).await?;
        Ok(automation.clone())
    }
}
