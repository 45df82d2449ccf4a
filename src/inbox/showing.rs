//! What the customer is shown at Meta: that messages were read, and that somebody types. Each is best effort: what hinders
//! it is told to whoever asked, and nothing else depends on it.

use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use super::{Error, Inbox};
use crate::auth::Visitor;
use crate::domain::position::Position;
use crate::keys;
use crate::meta::client::CallError;
use crate::storage;
use crate::storage::conversation_record::ConversationRecord;
use crate::storage::number_record::NumberRecord;
use crate::storage::read_mark::Heard;

/// Whoever marks a conversation as read waits no longer for Meta.
const CALL_MAX: Duration = Duration::from_secs(8);

/// What the customer was shown.
#[derive(Debug)]
pub enum Shown {
    Done,
    /// They were shown it before.
    Before,
    /// The number's settings say that customers are not shown it.
    Off,
    /// The customer has written nothing that could be read.
    Nothing,
    Hindered(Hindrance),
}

/// Why the customer was not shown something.
#[derive(Debug, thiserror::Error)]
pub enum Hindrance {
    #[error("the number was deleted")]
    NoNumber,
    #[error("the number is paused")]
    Paused,
    #[error("the number is blocked")]
    Blocked,
    #[error("the number has no access token")]
    NoToken,
    #[error("Meta did not answer in time")]
    Late,
    #[error("Meta did not do it")]
    Meta(#[source] CallError),
    #[error(transparent)]
    Keys(#[from] keys::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// What can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Read,
    Typing,
}

impl Inbox {
    /// Shows the customer that one message of theirs was read, and those before it; whatever the number's settings say.
    pub async fn show_message_read(&self, by: &Visitor, message: &str) -> Result<Shown, Error> {
        let found = self.0.storage.find_message(by.workspace, message).await?;
        let found = found.filter(|found| by.may_touch(found.number)).ok_or(Error::NotFound("messageId"))?;
        let wamid = found.wamid.filter(|_| found.is_inbound).ok_or(Error::Invalid {
            field: "messageId",
            sentence: "Only what the customer wrote can be marked as read.",
        })?;
        let number = match self.number(by.workspace, found.number).await {
            Ok(number) => number,
            Err(hindrance) => return Ok(Shown::Hindered(hindrance)),
        };
        let (conversation, position) = (found.conversation, found.position);
        let heard = Heard { id: found.id, wamid, conversation, position };
        Ok(self.show(Sign::Read, &number, &heard).await)
    }

    /// Shows the customer that somebody types, for 25 seconds or until a message comes; Meta marks what they wrote as read
    /// with it.
    pub async fn show_typing(&self, by: &Visitor, conversation: Uuid) -> Result<Shown, Error> {
        let record = self.conversation(by, conversation).await?;
        let number = match self.number(by.workspace, record.number).await {
            Ok(number) => number,
            Err(hindrance) => return Ok(Shown::Hindered(hindrance)),
        };
        if !number.settings.typing_indicator {
            return Ok(Shown::Off);
        }
        match self.last_heard(&record, None).await? {
            Some(heard) => Ok(self.show(Sign::Typing, &number, &heard).await),
            None => Ok(Shown::Nothing),
        }
    }

    /// After a conversation was marked as read: shows it, if the number's settings say so.
    pub(super) async fn show_read(&self, record: &ConversationRecord, up_to: Option<Position>) -> Shown {
        match self.try_show_read(record, up_to).await {
            Ok(shown) => shown,
            Err(hindrance) => Shown::Hindered(hindrance),
        }
    }

    async fn try_show_read(
        &self,
        record: &ConversationRecord,
        up_to: Option<Position>,
    ) -> Result<Shown, Hindrance> {
        let storage = &self.0.storage;
        let Some(found) = storage.find_number(record.workspace, record.number).await? else {
            return Err(Hindrance::NoNumber);
        };
        if !found.settings.read_receipts {
            return Ok(Shown::Off);
        }
        let Some(heard) = self.last_heard(record, up_to).await? else { return Ok(Shown::Nothing) };
        let before = storage.receipt_of(record.workspace, heard.conversation).await?;
        if before.is_some_and(|before| before >= heard.position) {
            return Ok(Shown::Before);
        }
        let number = usable(found)?;
        Ok(self.show(Sign::Read, &number, &heard).await)
    }

    /// The last thing that the customer has written, in any of the conversations that are this one.
    async fn last_heard(
        &self,
        record: &ConversationRecord,
        up_to: Option<Position>,
    ) -> Result<Option<Heard>, storage::Error> {
        let storage = &self.0.storage;
        let ids = storage.ids_of_conversation(record.workspace, record.id).await?;
        storage.last_heard(record.workspace, &ids, up_to, record.last_inbound_s).await
    }

    async fn show(&self, sign: Sign, number: &NumberRecord, heard: &Heard) -> Shown {
        if let Err(hindrance) = self.try_show(sign, number, heard).await {
            return Shown::Hindered(hindrance);
        }
        let conversation = heard.conversation;
        let noted = self.0.storage.note_receipt(number.workspace, conversation, heard.position).await;
        if let Err(error) = noted {
            // It will be shown once more, which does no harm.
            warn!(%error, %conversation, "what a customer was shown could not be noted");
        }
        Shown::Done
    }

    async fn try_show(&self, sign: Sign, number: &NumberRecord, heard: &Heard) -> Result<(), Hindrance> {
        let line = self.0.numbers.open_line(number.clone()).await?.ok_or(Hindrance::NoToken)?;
        let calls = self.0.graph.messages(line.credentials(), line.phone_number_id());
        let call = async {
            match sign {
                Sign::Read => calls.mark_read(&heard.wamid).await,
                Sign::Typing => calls.show_typing(&heard.wamid).await,
            }
        };
        let answer = tokio::time::timeout(CALL_MAX, call).await.map_err(|_| Hindrance::Late)?;
        answer.map_err(Hindrance::Meta)
    }

    /// A number that may send.
    async fn number(&self, workspace: Uuid, id: Uuid) -> Result<NumberRecord, Hindrance> {
        let found = self.0.storage.find_number(workspace, id).await?;
        usable(found.ok_or(Hindrance::NoNumber)?)
    }
}

fn usable(number: NumberRecord) -> Result<NumberRecord, Hindrance> {
    if number.paused_at_ms.is_some() {
        return Err(Hindrance::Paused);
    }
    if number.block.is_some() {
        return Err(Hindrance::Blocked);
    }
    Ok(number)
}
