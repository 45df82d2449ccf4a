//! What somebody does to a message after asking for it: takes it back, gives it another time; and reactions, which are
//! asked for by the message that they are about. Trying anew is in `again`.

use uuid::Uuid;

use super::Outbound;
use super::ask::{Ask, Error, To, check_time, windows_of};
use crate::auth::Visitor;
use crate::domain::outgoing;
use crate::domain::outgoing::plain::Reaction;
use crate::domain::outgoing::window::can_send;
use crate::domain::outgoing::{Content, Route};
use crate::domain::sending::{Priority, State};
use crate::storage;
use crate::storage::outgoing::Outgoing;
use crate::storage::told::Told;

impl Outbound {
    /// Takes a message back that has not left.
    pub async fn cancel(&self, visitor: &Visitor, id: Uuid) -> Result<Outgoing, Error> {
        let message = self.find(visitor, id).await?;
        let told = message.cancelled(&visitor.who.to_string(), self.0.clock.now_ms())?;
        self.change(visitor, id, told).await
    }

    /// Gives a planned message another time; none: it leaves now.
    pub async fn reschedule(
        &self,
        visitor: &Visitor,
        id: Uuid,
        send_at_ms: Option<i64>,
    ) -> Result<Outgoing, Error> {
        let now_ms = self.0.clock.now_ms();
        check_time(send_at_ms, now_ms)?;
        let message = self.find(visitor, id).await?;
        if message.send_at_ms.is_none() && message.state == State::Queued {
            let sentence = "Only a message that was planned for a time has one to change.".to_owned();
            return Err(Error::Invalid { field: "id", sentence });
        }
        let at_ms = send_at_ms.unwrap_or(now_ms);
        let conversation = self.0.storage.find_conversation(visitor.workspace, message.conversation).await?;
        let windows = conversation.as_ref().map(windows_of).unwrap_or_default();
        let content = serde_json::from_str::<outgoing::Message>(&message.message).map(|asked| asked.content);
        let is_allowed = |content: &Content| can_send(windows, at_ms.div_euclid(1_000)).allows(content);
        if message.state == State::Queued && !content.as_ref().is_ok_and(is_allowed) {
            let number = self.0.storage.find_number(visitor.workspace, message.number).await?;
            let number = number.ok_or(Error::NotFound("id"))?;
            let is_group = conversation.is_some_and(|conversation| conversation.group_id.is_some());
            return Err(Error::WindowClosed(self.0.templates.usable(&number, is_group).await?));
        }
        let by = visitor.who.to_string();
        let told = message.rescheduled(&by, send_at_ms, self.position(at_ms), now_ms)?;
        self.change(visitor, id, told).await
    }

    /// Queues a reaction to a message of ours or of a customer's, by our id of it; none takes it back.
    pub async fn react(
        &self,
        visitor: &Visitor,
        message: &str,
        emoji: Option<String>,
        idempotency_key: Option<String>,
    ) -> Result<Outgoing, Error> {
        const FIELD: &str = "messageId";
        let found = self.0.storage.find_message(visitor.workspace, message).await?;
        let found = found.filter(|record| visitor.may_touch(record.number));
        let target = found.ok_or(Error::NotFound(FIELD))?;
        let Some(message_id) = target.wamid else {
            let sentence = "Meta has not named this message yet, so nothing can be said about it.".to_owned();
            return Err(Error::Invalid { field: FIELD, sentence });
        };
        let emoji = emoji.filter(|emoji| !emoji.is_empty());
        let ask = Ask {
            to: To::Conversation(target.conversation),
            number: None,
            content: Content::Reaction(Reaction { message_id, emoji }),
            reply_to: None,
            identity_key_hash: None,
            route: Route::AsSet,
            idempotency_key,
            send_at_ms: None,
            priority: Priority::Reply,
        };
        self.send(visitor, ask).await
    }

    /// Makes a change, if the message is still as it was.
    pub(super) async fn change(&self, visitor: &Visitor, id: Uuid, told: Told) -> Result<Outgoing, Error> {
        let is_done: Result<bool, storage::Error> = self.0.ledger.enter(told).await;
        let is_done = is_done?;
        self.0.nudge.wake();
        let message = self.find(visitor, id).await?;
        if is_done { Ok(message) } else { Err(Error::WrongState(message.state)) }
    }
}
