//! Trying a message anew. What Meta has refused goes back in line as it is. What Meta had taken and then did not deliver
//! has its name, and statuses may still come for that: another message repeats it, through all checks of a new one.
//!
//! The ids of the messages that repeat each other follow from the first of them and count up, so whoever asks twice at
//! the same time asks for the same message, and only one of them makes it.

use uuid::Uuid;

use super::Outbound;
use super::ask::{Ask, Error, To};
use crate::auth::Visitor;
use crate::domain::outgoing;
use crate::domain::outgoing::{Recipient, Route};
use crate::domain::sending::State;
use crate::ids::derived;
use crate::storage;
use crate::storage::outgoing::Outgoing;
use crate::storage::outgoing_changes::Again;

/// How often one message is repeated.
const REPEATS_MAX: u32 = 20;

/// A message that is to be repeated by another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeated<'a> {
    pub failed: &'a Outgoing,
    /// To whom it went, under the name of that time.
    pub recipient: &'a Recipient,
    /// Our id of the message that repeats it.
    pub id: Uuid,
}

impl Outbound {
    /// Tries a message anew that was refused, or repeats one that has failed after Meta had taken it, and gives the message
    /// that is under way now. `even_if_unconfirmed`: also one that Meta may have taken, so that the customer may get it
    /// twice.
    pub async fn retry(
        &self,
        visitor: &Visitor,
        id: Uuid,
        even_if_unconfirmed: bool,
    ) -> Result<Outgoing, Error> {
        let message = self.find(visitor, id).await?;
        if !message.has_failed() {
            return self.requeue(visitor, &message, even_if_unconfirmed).await;
        }
        if is_to_group(&message) && !even_if_unconfirmed {
            // It failed for one of them, and the others would get it twice.
            return Err(Error::WrongState(message.state));
        }
        let (latest, count) = self.latest_repeat(&message).await?;
        let Some(latest) = latest else { return self.repeat(visitor, &message, count).await };
        match latest.state {
            State::Unconfirmed if even_if_unconfirmed => self.requeue(visitor, &latest, true).await,
            State::Unconfirmed => Err(Error::WrongState(State::Unconfirmed)),
            // Another one, because what was right when it was asked for may be wrong by now.
            State::Refused | State::Cancelled => self.repeat(visitor, &message, count).await,
            _ if latest.has_failed() => self.repeat(visitor, &latest, count).await,
            // Somebody has asked for this before, and it is under way or has arrived.
            _ => Ok(latest),
        }
    }

    async fn requeue(
        &self,
        visitor: &Visitor,
        message: &Outgoing,
        even_if_unconfirmed: bool,
    ) -> Result<Outgoing, Error> {
        let by = visitor.who.to_string();
        let again = if even_if_unconfirmed && message.state == State::Unconfirmed {
            Again::Unconfirmed { by }
        } else {
            Again::Refused { by }
        };
        let told = message.requeued(&again, self.0.clock.now_ms())?;
        self.change(visitor, message.id, told).await
    }

    /// The latest of the messages that repeat the same first one, and how many there have been.
    async fn latest_repeat(&self, message: &Outgoing) -> Result<(Option<Outgoing>, u32), storage::Error> {
        let first = message.first();
        let ids: Vec<String> = (0..REPEATS_MAX).map(|nth| repeat_id(first, nth).to_string()).collect();
        let mut found = self.0.storage.outgoing_by_id(message.workspace, &ids).await?;
        let latest = (0..REPEATS_MAX).zip(&ids).rev().find_map(|(nth, id)| Some((found.remove(id)?, nth)));
        Ok(latest.map_or((None, 0), |(latest, nth)| (Some(latest), nth + 1)))
    }

    async fn repeat(&self, visitor: &Visitor, failed: &Outgoing, count: u32) -> Result<Outgoing, Error> {
        let invalid = |sentence: &str| Error::Invalid { field: "id", sentence: sentence.to_owned() };
        if count >= REPEATS_MAX {
            return Err(invalid("The message was repeated 20 times already; write a new one."));
        }
        let Ok(asked) = serde_json::from_str::<outgoing::Message>(&failed.message) else {
            return Err(invalid("The stored message cannot be read by this version of the service."));
        };
        let ask = Ask {
            // Whom people took for somebody else then may be on their own again.
            to: failed.addressee.map_or(To::Conversation(failed.conversation), To::Contact),
            number: Some(failed.number),
            content: asked.content,
            reply_to: asked.reply_to,
            identity_key_hash: asked.identity_key_hash,
            route: asked.marketing.map_or(Route::Ordinary, Route::Marketing),
            idempotency_key: None,
            send_at_ms: None,
            priority: failed.priority,
        };
        let id = repeat_id(failed.first(), count);
        self.send_as(visitor, ask, Some(Repeated { failed, recipient: &asked.recipient, id })).await
    }
}

fn is_to_group(message: &Outgoing) -> bool {
    serde_json::from_str::<outgoing::Message>(&message.message).is_ok_and(|asked| asked.recipient.is_group())
}

/// Our id of the message that repeats the first one for this time.
fn repeat_id(first: Uuid, nth: u32) -> Uuid {
    derived("repeat", &[first.as_bytes(), &nth.to_be_bytes()])
}
