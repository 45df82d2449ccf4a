//! Marking conversations as read and as unread. Our own mark comes first; telling Meta comes after it, and nothing that
//! happens there changes it.

use uuid::Uuid;

use super::showing::Shown;
use super::{Error, Inbox};
use crate::auth::Visitor;
use crate::domain::inbox::Work;
use crate::domain::position::Position;
use crate::storage::conversation_record::ConversationRecord;
use crate::storage::read_mark::{Mark, Marked};

/// What comes of marking a conversation as read.
#[derive(Debug)]
pub struct Read {
    pub conversation: ConversationRecord,
    pub receipt: Shown,
}

impl Inbox {
    /// Marks what the customer has written as read, all of it or up to a message.
    pub async fn mark_read(
        &self,
        by: &Visitor,
        conversation: Uuid,
        up_to: Option<&str>,
    ) -> Result<Read, Error> {
        let record = self.conversation(by, conversation).await?;
        let storage = &self.0.storage;
        let ids = storage.ids_of_conversation(by.workspace, record.id).await?;
        let up_to = match up_to {
            Some(message) => Some(self.place_of(by, message, &ids).await?),
            None => None,
        };
        let who = by.who.to_string();
        for id in &ids {
            let mut deed = self.deed(&record, &who, Work::Read, None);
            deed.conversation = *id;
            // Those that turned out to be this one may be empty, or gone.
            storage.move_read_mark(&deed, Mark::Read { up_to }).await?;
        }
        let conversation = self.after(by, record.id).await?;
        let receipt = self.show_read(&conversation, up_to).await;
        Ok(Read { conversation, receipt })
    }

    /// Marks the customer's last message as one that nobody has read.
    pub async fn mark_unread(&self, by: &Visitor, conversation: Uuid) -> Result<ConversationRecord, Error> {
        let record = self.conversation(by, conversation).await?;
        let storage = &self.0.storage;
        let ids = storage.ids_of_conversation(by.workspace, record.id).await?;
        let heard = storage.last_heard(by.workspace, &ids, None, record.last_inbound_s).await?;
        let Some(heard) = heard else {
            return Err(Error::WrongState {
                sentence: "The customer has written nothing in this conversation.",
                next_step: "There is nothing to do: it becomes unread when the customer writes.",
            });
        };
        let who = by.who.to_string();
        for id in &ids {
            let mut deed = self.deed(&record, &who, Work::Unread, None);
            deed.conversation = *id;
            // Where it is shown, and where it came: should people take the two apart again, it is unread there.
            let marked = storage.move_read_mark(&deed, Mark::Unread { last: heard.position }).await?;
            if *id == record.id && marked == Marked::Gone {
                return Err(Error::NotFound("conversationId"));
            }
        }
        self.after(by, record.id).await
    }

    async fn place_of(&self, by: &Visitor, message: &str, conversations: &[Uuid]) -> Result<Position, Error> {
        let found = self.0.storage.find_message(by.workspace, message).await?;
        let found = found.filter(|found| conversations.contains(&found.conversation));
        Ok(found.ok_or(Error::NotFound("upToMessageId"))?.position)
    }
}
