//! What is done to a template as it stands: its pause is lifted, it is put into Meta's archive and taken out again.

use tracing::warn;

use super::access::Access;
use super::{Account, Error, Templates, Tried};
use crate::auth::{Deed, Visitor};
use crate::domain::template::{DELETED, is_sendable};
use crate::meta::client::template::{Moved, Unpaused};
use crate::storage::template_record::TemplateRecord;

const PAUSED: &str = "PAUSED";
const ARCHIVED: &str = "ARCHIVED";
const REJECTED: &str = "REJECTED";

impl Templates {
    /// Asks Meta to lift a template's pause.
    pub async fn unpause(&self, by: &Visitor, id: &str) -> Result<TemplateRecord, Error> {
        let (record, account, access) = self.standing(by, id, |status| status == PAUSED).await?;
        let calls = self.0.graph.templates(access.credentials(), &account.id);
        match calls.unpause(&record.template_id).await {
            Ok(Unpaused { is_done: true, .. }) => {}
            Ok(Unpaused { reason, .. }) => {
                let next_step = "Wait until the pause is over (3 hours, then 6), or edit the template.";
                return Err(refused("Meta does not lift the pause", reason, next_step));
            }
            Err(error) => return Err(self.failed(&access, Tried::Changing, error).await),
        }
        let settled = self.settled(by, &record).await?;
        self.note_standing(by, &record, &settled).await?;
        Ok(settled)
    }

    /// Puts a template into Meta's archive, where it cannot be sent and is deleted after 28 days; or takes it out.
    pub async fn archive(&self, by: &Visitor, id: &str, is_archived: bool) -> Result<TemplateRecord, Error> {
        let can_move = |status: &str| {
            let is_there = status == ARCHIVED;
            // Meta (2026-06): only what is approved or rejected.
            if is_archived { is_sendable(status) || status == REJECTED } else { is_there }
        };
        let (record, account, access) = self.standing(by, id, can_move).await?;
        let calls = self.0.graph.templates(access.credentials(), &account.id);
        let moved: Moved = match calls.archive(&record.template_id, is_archived).await {
            Ok(moved) => moved,
            Err(error) => return Err(self.failed(&access, Tried::Changing, error).await),
        };
        let settled = self.settled(by, &record).await?;
        let has_moved = (settled.status.as_deref() == Some(ARCHIVED)) == is_archived;
        // What has come to that already, by a call whose answer was lost or by somebody else, is done.
        if let Err(words) = moved.of(&record.template_id)
            && (!has_moved || settled.status.as_deref() == Some(DELETED))
        {
            let sentence = if is_archived {
                "Meta does not archive it"
            } else {
                "Meta does not take it out of the archive"
            };
            let next_step = "Synchronize the templates (syncTemplates) and look at its status.";
            return Err(refused(sentence, words, next_step));
        }
        self.note_standing(by, &record, &settled).await?;
        Ok(settled)
    }

    /// A template of the visitor's whose status allows what they want, and the way to Meta.
    async fn standing(
        &self,
        by: &Visitor,
        id: &str,
        allows: impl FnOnce(&str) -> bool,
    ) -> Result<(TemplateRecord, Account, Access), Error> {
        let record = self.get(by, id).await?;
        let status = record.status.as_deref().unwrap_or_default();
        if !allows(status) {
            return Err(Error::WrongState {
                field: "id",
                sentence: format!("That cannot be done with a template that is {status}."),
                next_step: "If Meta shows another status, synchronize the templates (syncTemplates)."
                    .to_owned(),
            });
        }
        let account = self.account_of(by, &record.account_id).await?;
        let access = self.access(&account).await?;
        Ok((record, account, access))
    }

    /// The template as Meta shows it now. While Meta cannot be asked, a webhook or the next round tells.
    async fn settled(&self, by: &Visitor, record: &TemplateRecord) -> Result<TemplateRecord, Error> {
        if let Err(error) = self.fetch(by.workspace, record).await {
            warn!(%error, template = record.template_id, "how a template stands now could not be asked");
        }
        self.get(by, &record.id).await
    }

    async fn note_standing(
        &self,
        by: &Visitor,
        before: &TemplateRecord,
        after: &TemplateRecord,
    ) -> Result<(), Error> {
        let changes = [("status", before.status.as_deref(), after.status.as_deref())];
        self.note(by, Deed::ChangeTemplates, &before.template_id, &changes).await
    }
}

/// Meta's no, with its words.
fn refused(sentence: &str, words: Option<String>, next_step: &str) -> Error {
    let words = words.map(|words| format!(": {}", words.trim_end_matches('.'))).unwrap_or_default();
    Error::WrongState {
        field: "id",
        sentence: format!("{sentence}{words}."),
        next_step: next_step.to_owned(),
    }
}
