//! Notes on conversations. A note is its author's; others read it, and an admin may take it away.

use uuid::Uuid;

use super::{Error, Inbox};
use crate::auth::audit::NewEntry;
use crate::auth::{Deed, Visitor, authorize};
use crate::domain::inbox::{Work, note};
use crate::storage::conversation_record::ConversationRecord;
use crate::storage::notes::NoteRecord;

impl Inbox {
    /// Adds a note.
    pub async fn add_note(&self, by: &Visitor, conversation: Uuid, text: &str) -> Result<NoteRecord, Error> {
        let text = sound(text)?;
        let record = self.conversation(by, conversation).await?;
        let id = self.0.random.id(self.0.clock.now())?;
        let who = by.who.to_string();
        let deed = self.deed(&record, &who, Work::NoteAdded, Some(id.to_string()));
        if !self.0.storage.add_note(&deed, id, text).await? {
            return Err(Error::NotFound("conversationId"));
        }
        self.0.log.nudge(by.workspace);
        self.note(by, id).await
    }

    /// Writes a note of one's own anew, if it is still the version that one has read.
    pub async fn edit_note(
        &self,
        by: &Visitor,
        (id, version): (Uuid, i64),
        text: &str,
    ) -> Result<NoteRecord, Error> {
        let text = sound(text)?;
        let found = self.note(by, id).await?;
        let who = by.who.to_string();
        if found.by != who {
            return Err(Error::NotTheirs);
        }
        let record = self.conversation(by, found.conversation).await?;
        let deed = self.deed(&record, &who, Work::NoteEdited, Some(id.to_string()));
        if !self.0.storage.edit_note(&deed, (id, version), text).await? {
            return Err(Error::Changed);
        }
        self.0.log.nudge(by.workspace);
        self.note(by, id).await
    }

    /// Takes a note away: one's own, or, as an admin, anybody's. Gives its conversation.
    pub async fn delete_note(&self, by: &Visitor, id: Uuid) -> Result<ConversationRecord, Error> {
        let found = self.note(by, id).await?;
        let who = by.who.to_string();
        let is_own = found.by == who;
        if !is_own && authorize(by, Deed::ModerateNotes).is_err() {
            return Err(Error::NotTheirs);
        }
        let mut record = self.conversation(by, found.conversation).await?;
        let shown = record.id;
        // Counted where it was written.
        record.id = found.conversation;
        let deed = self.deed(&record, &who, Work::NoteDeleted, Some(id.to_string()));
        if !self.0.storage.delete_note(&deed, id).await? {
            return Err(Error::NotFound("id"));
        }
        if !is_own {
            let target = format!("note:{id}");
            let changes = [("by", Some(found.by.as_str()), None)];
            let deed = Deed::ModerateNotes.name();
            let (workspace, who) = (by.workspace, &by.who);
            self.0.audit.note(NewEntry { workspace, who, deed, target: &target, changes: &changes }).await?;
        }
        self.after(by, shown).await
    }

    /// A note on a conversation that the visitor may touch.
    async fn note(&self, by: &Visitor, id: Uuid) -> Result<NoteRecord, Error> {
        let found = self.0.storage.find_note(by.workspace, id).await?;
        found.filter(|found| by.may_touch(found.number)).ok_or(Error::NotFound("id"))
    }
}

fn sound(text: &str) -> Result<&str, Error> {
    note(text).map_err(|sentence| Error::Invalid { field: "text", sentence })
}
