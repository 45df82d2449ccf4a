//! What people, and the workspace's settings, do to a message of ours beside sending it: each is noted in the message's
//! history, with its time and whoever did it. Sending itself is in `outgoing`.

use std::collections::HashMap;

use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::binary;
use super::events::Happening;
use super::initiations::given_up;
use super::messages::MESSAGES;
use super::outgoing::{Outgoing, outgoing_of};
use super::told::{Told, Write};
use super::turns::joining;
use super::value::to_bson;
use super::{Error, Storage};
use crate::domain::position::Position;
use crate::domain::sending::{Deed, Intervention, Reason, State};
use crate::domain::status::{Fault, Step};

/// So much of a message's history is kept: the latest.
const HISTORY_MAX: i32 = 50;

/// Why a message that was sent before is to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// Meta has refused it, and somebody has mended the reason.
    Refused { by: String },
    /// Nobody knows whether Meta has it, and somebody takes the risk that the customer gets it twice.
    Unconfirmed { by: String },
    /// The same, by the workspace's settings.
    Policy,
}

/// That a message repeats another one, which Meta had taken and then did not deliver. All that repeat each other name the
/// first of them too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeats {
    pub failed: Uuid,
    pub first: Uuid,
}

impl Repeats {
    pub(super) fn of(failed: &Outgoing) -> Self {
        Self { failed: failed.id, first: failed.first() }
    }

    pub(super) fn document(self) -> Document {
        doc! { "failed": self.failed.to_string(), "first": self.first.to_string() }
    }

    pub(super) fn read(document: &Document) -> Option<Self> {
        let id = |field| document.get_str(field).ok().and_then(|id| Uuid::try_parse(id).ok());
        Some(Self { failed: id("failed")?, first: id("first")? })
    }
}

impl Outgoing {
    /// The first of the messages that repeat each other: itself, if it repeats none.
    pub fn first(&self) -> Uuid {
        self.repeats.map_or(self.id, |repeats| repeats.first)
    }

    /// Whether Meta has taken it and then told that it does not arrive.
    pub fn has_failed(&self) -> bool {
        self.state == State::Accepted && self.rank == Some(failed_rank())
    }

    /// Another message repeats it. It stays what it is: statuses of its own name may still come. Not made if it arrived
    /// meanwhile.
    pub(super) fn repeated(&self, by: &str, repeated_by: Uuid, now_ms: i64) -> Result<Told, Error> {
        let done = Intervention {
            repeated_by: Some(repeated_by.to_string()),
            ..Intervention::of(Deed::Retried, Some(by.to_owned()), now_ms)
        };
        let mut filter = self.when(&[State::Accepted]);
        filter.insert("rank", failed_rank());
        let (message, conversation, number) = (self.id.to_string(), self.conversation, self.number);
        let happening = Happening::MessageChanged { message, conversation, number };
        let change = doc! { "$push": { "send.history": history_entry(&done)? } };
        Ok(Told::of(self.workspace, happening, Write::update(MESSAGES.name, filter, change)))
    }

    fn changed(
        &self,
        (state, now_ms): (State, i64),
        filter: Document,
        mut change: Document,
        intervention: &Intervention,
    ) -> Result<Told, Error> {
        change.insert("$push", doc! { "send.history": history_entry(intervention)? });
        let write = Write::update(MESSAGES.name, filter, change);
        Ok(Told::of(self.workspace, self.happening(state, now_ms), write))
    }

    /// Somebody takes it back before it leaves.
    pub fn cancelled(&self, by: &str, now_ms: i64) -> Result<Told, Error> {
        let change = doc! {
            "$set": { "send.state": State::Cancelled.name() },
            "$unset": { "send.open": "", "send.notBeforeMs": "", "send.placeAtMs": "" },
        };
        let done = Intervention::of(Deed::Cancelled, Some(by.to_owned()), now_ms);
        let told = self.changed((State::Cancelled, now_ms), self.when(&[State::Queued]), change, &done)?;
        let told = told.and(given_up(self.conversation, self.id));
        if self.place_at_ms.is_none() {
            return Ok(told);
        }
        // What is behind it waits no more.
        Ok(told.and(joining(self.workspace, self.number, self.conversation, now_ms, self.priority)))
    }

    /// Meta's limit is used up: there may be a place for it then. Its history says so once, however often it is told.
    pub fn limited(&self, reason: &Reason, place_at_ms: i64, now_ms: i64) -> Result<Told, Error> {
        let change = doc! { "$set": { "send.placeAtMs": place_at_ms, "send.reason": to_bson(reason)? } };
        let filter = self.when(&[State::Queued]);
        if self.history.iter().any(|done| done.deed == Deed::Limited) {
            let write = Write::update(MESSAGES.name, filter, change);
            return Ok(Told::of(self.workspace, self.happening(State::Queued, now_ms), write));
        }
        let done =
            Intervention { send_at_ms: Some(place_at_ms), ..Intervention::of(Deed::Limited, None, now_ms) };
        self.changed((State::Queued, now_ms), filter, change, &done)
    }

    /// Somebody gives it another time before it leaves: `position` is that time's. None: it leaves now.
    pub fn rescheduled(
        &self,
        by: &str,
        send_at_ms: Option<i64>,
        position: Position,
        now_ms: i64,
    ) -> Result<Told, Error> {
        let due_ms = send_at_ms.unwrap_or(now_ms);
        let change = doc! { "$set": {
            "send.dueAtMs": due_ms,
            "at": position.second,
            "order": position.order,
        } };
        let done = Intervention {
            send_at_ms: Some(due_ms),
            ..Intervention::of(Deed::Rescheduled, Some(by.to_owned()), now_ms)
        };
        let mut filter = self.when(&[State::Queued]);
        filter.insert("send.scheduled", true);
        // What has left once has its place in the conversation.
        filter.insert("send.attempts.0", doc! { "$exists": false });
        let told = self.changed((State::Queued, now_ms), filter, change, &done)?;
        Ok(told.and(joining(self.workspace, self.number, self.conversation, due_ms, self.priority)))
    }

    /// It is tried anew.
    pub fn requeued(&self, again: &Again, now_ms: i64) -> Result<Told, Error> {
        let change = doc! {
            "$set": { "send.state": State::Queued.name(), "send.open": true, "send.dueAtMs": now_ms, "send.tries": 0 },
            "$unset": { "send.reason": "", "send.unconfirmedAtMs": "", "failure": "" },
        };
        let (from, deed, by) = match again {
            Again::Refused { by } => (State::Refused, Deed::Retried, Some(by.clone())),
            Again::Unconfirmed { by } => (State::Unconfirmed, Deed::Retried, Some(by.clone())),
            Again::Policy => (State::Unconfirmed, Deed::SentAgain, None),
        };
        let done = Intervention::of(deed, by, now_ms);
        let told = self.changed((State::Queued, now_ms), self.when(&[from]), change, &done)?;
        Ok(told.and(joining(self.workspace, self.number, self.conversation, now_ms, self.priority)))
    }

    /// Nobody has heard of it for long: it stays unconfirmed, and that is told once.
    pub fn left_unconfirmed(&self, now_ms: i64) -> Result<Told, Error> {
        let change = doc! { "$unset": { "send.unconfirmedAtMs": "" } };
        let done = Intervention::of(Deed::LeftUnconfirmed, None, now_ms);
        self.changed((State::Unconfirmed, now_ms), self.when_doubted(), change, &done)
    }

    /// Nobody has heard of it for long: it counts as failed. A status that comes after all still proves the opposite.
    pub fn given_up(&self, reason: &Reason, now_ms: i64) -> Result<Told, Error> {
        let fault = Fault {
            code: None,
            title: Some(reason.meaning.as_str().into()),
            details: None,
            ..Fault::default()
        };
        let failure = doc! { "at": now_ms.div_euclid(1_000), "is": to_bson(&fault)? };
        let change = doc! {
            "$set": { "send.state": State::Refused.name(), "send.reason": to_bson(reason)? },
            "$max": { "failure": failure },
            "$unset": { "send.unconfirmedAtMs": "" },
        };
        let done = Intervention::of(Deed::GivenUp, None, now_ms);
        self.changed((State::Refused, now_ms), self.when_doubted(), change, &done)
    }

    fn when_doubted(&self) -> Document {
        let mut filter = self.when(&[State::Unconfirmed]);
        filter.insert("send.unconfirmedAtMs", doc! { "$exists": true });
        filter
    }
}

fn failed_rank() -> i32 {
    i32::from(Step::Failed.rank())
}

fn history_entry(done: &Intervention) -> Result<Document, Error> {
    Ok(doc! { "$each": [to_bson(done)?], "$slice": -HISTORY_MAX })
}

impl Storage {
    /// Messages that were sent through us, by our id; those that were not are left out.
    pub async fn outgoing_by_id(
        &self,
        workspace: Uuid,
        ids: &[String],
    ) -> Result<HashMap<String, Outgoing>, Error> {
        let filter = doc! {
            "_id": { "$in": ids }, "workspace": binary(workspace), "send": { "$exists": true },
        };
        let mut cursor = self.sent_messages().find(filter).await?;
        let mut found = HashMap::new();
        while cursor.advance().await? {
            let message = outgoing_of(&cursor.deserialize_current()?)?;
            found.insert(message.id.to_string(), message);
        }
        Ok(found)
    }

    /// Messages whose name came from a status: what else waited for that name has still to be looked for.
    pub async fn unwelcomed(&self, limit: i64) -> Result<Vec<Outgoing>, Error> {
        let filter = doc! { "send.unwelcomed": true };
        let mut cursor = self.sent_messages().find(filter).limit(limit).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            found.push(outgoing_of(&cursor.deserialize_current()?)?);
        }
        Ok(found)
    }

    /// What waited for the name of a message has been found.
    pub async fn welcomed(&self, message: &Outgoing) -> Result<(), Error> {
        let filter = doc! { "_id": message.id.to_string(), "workspace": binary(message.workspace) };
        self.sent_messages().update_one(filter, doc! { "$unset": { "send.unwelcomed": "" } }).await?;
        Ok(())
    }

    /// The latest messages of a conversation that Meta has taken, the latest first.
    pub async fn last_accepted(&self, conversation: Uuid, limit: i64) -> Result<Vec<Outgoing>, Error> {
        let filter = doc! { "conversation": binary(conversation), "send.state": State::Accepted.name() };
        let order = doc! { "at": -1, "order": -1 };
        let mut cursor = self.sent_messages().find(filter).sort(order).limit(limit).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            found.push(outgoing_of(&cursor.deserialize_current()?)?);
        }
        Ok(found)
    }
}
