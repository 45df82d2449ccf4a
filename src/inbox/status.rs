//! Where a conversation stands, and who works on it.

use uuid::Uuid;

use super::{Error, Inbox};
use crate::auth::{Visitor, Who};
use crate::domain::inbox::{SNOOZE_MS_MAX, Status, USER_ID_CHARS_MAX, USER_NAME_CHARS_MAX, Work, is_line};
use crate::storage::conversation_record::ConversationRecord;

impl Inbox {
    /// Puts a conversation out of sight until a time, or until the customer writes.
    pub async fn snooze(
        &self,
        by: &Visitor,
        conversation: Uuid,
        until_ms: i64,
    ) -> Result<ConversationRecord, Error> {
        let now_ms = self.0.clock.now_ms();
        if until_ms <= now_ms || until_ms > now_ms.saturating_add(SNOOZE_MS_MAX) {
            let sentence = "A conversation is snoozed until a time to come, within 366 days.";
            return Err(Error::Invalid { field: "until", sentence });
        }
        let record = self.conversation(by, conversation).await?;
        self.put(by, record, Status::Snoozed, Some(until_ms)).await
    }

    /// Puts a conversation where it belongs: resolved, archived, or back among the open ones. One that is there already
    /// stays as it is.
    pub async fn put_into(
        &self,
        by: &Visitor,
        conversation: Uuid,
        status: Status,
    ) -> Result<ConversationRecord, Error> {
        let record = self.conversation(by, conversation).await?;
        if record.worked.status() == status {
            return Ok(record);
        }
        self.put(by, record, status, None).await
    }

    async fn put(
        &self,
        by: &Visitor,
        record: ConversationRecord,
        status: Status,
        until_ms: Option<i64>,
    ) -> Result<ConversationRecord, Error> {
        let work = match status {
            Status::Open => Work::Reopened,
            Status::Snoozed => Work::Snoozed,
            Status::Resolved => Work::Resolved,
            Status::Archived => Work::Archived,
        };
        let who = by.who.to_string();
        let deed = self.deed(&record, &who, work, None);
        if !self.0.storage.put_away(&deed, status, until_ms).await? {
            return Err(Error::NotFound("conversationId"));
        }
        self.after(by, record.id).await
    }

    /// Gives a conversation to a user of the CRM; to the visitor, if none is named.
    pub async fn assign(
        &self,
        by: &Visitor,
        conversation: Uuid,
        user: Option<&str>,
        name: Option<&str>,
    ) -> Result<ConversationRecord, Error> {
        let user = match (user, &by.who) {
            (Some(user), _) => user,
            (None, Who::User(user)) => user,
            (None, _) => {
                let sentence = "A key stands for no user: say whose the conversation is to be.";
                return Err(Error::Invalid { field: "userId", sentence });
            }
        };
        if !is_line(user, USER_ID_CHARS_MAX) {
            let sentence = "A user's id has from 1 to 200 characters, on one line.";
            return Err(Error::Invalid { field: "userId", sentence });
        }
        if name.is_some_and(|name| !is_line(name, USER_NAME_CHARS_MAX)) {
            let sentence = "A user's name has from 1 to 100 characters, on one line.";
            return Err(Error::Invalid { field: "name", sentence });
        }
        let record = self.conversation(by, conversation).await?;
        let is_theirs = record
            .worked
            .assignee
            .as_ref()
            .is_some_and(|assignee| assignee.user == user && assignee.name.as_deref() == name);
        if is_theirs {
            return Ok(record);
        }
        let who = by.who.to_string();
        let deed = self.deed(&record, &who, Work::Assigned, Some(user.to_owned()));
        if !self.0.storage.assign(&deed, Some((user, name))).await? {
            return Err(Error::NotFound("conversationId"));
        }
        self.after(by, record.id).await
    }

    /// Gives a conversation to nobody.
    pub async fn unassign(&self, by: &Visitor, conversation: Uuid) -> Result<ConversationRecord, Error> {
        let record = self.conversation(by, conversation).await?;
        let Some(assignee) = &record.worked.assignee else { return Ok(record) };
        let who = by.who.to_string();
        let deed = self.deed(&record, &who, Work::Unassigned, Some(assignee.user.clone()));
        if !self.0.storage.assign(&deed, None).await? {
            return Err(Error::NotFound("conversationId"));
        }
        self.after(by, record.id).await
    }
}
