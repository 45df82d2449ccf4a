//! The mark before a message's request: durable, for many messages in one write, and taken back when the request was
//! certainly not taken.

use std::collections::{HashMap, HashSet};

use mongodb::ClientSession;
use mongodb::bson::doc;
use mongodb::bson::raw::RawDocumentBuf;
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::messages::MESSAGES;
use super::outgoing::Outgoing;
use super::transaction::{Reads, end};
use super::turns::Turn;
use super::value::{raw, to_bson};
use super::write::Update;
use super::{Error, Storage, durable};
use crate::domain::sending::{Attempt, Reason, State};

/// So many are worth a transaction.
const TOGETHER_MIN: usize = 4;

/// That a message is about to leave: who sends it, and which of its tries it is.
#[derive(Clone, Debug)]
pub struct Mark {
    id: String,
    workspace: Uuid,
    claim: Uuid,
    at_ms: i64,
    /// Whoever has put it off meanwhile is heard.
    due_ms: i64,
    nth: usize,
    attempt: Attempt,
    /// Whether it writes to the customer first, as it is now.
    initiates: bool,
}

impl Outgoing {
    /// The mark that it is about to leave, in this turn.
    pub fn mark(&self, turn: &Turn, attempt: &Attempt) -> Mark {
        Mark {
            id: self.id.to_string(),
            claim: turn.claim,
            at_ms: attempt.at_ms,
            due_ms: self.due_ms,
            nth: self.attempts.len(),
            attempt: attempt.clone(),
            workspace: self.workspace,
            initiates: self.initiates,
        }
    }
}

impl Mark {
    fn update(&self) -> Result<Update, Error> {
        let filter = doc! {
            "_id": &self.id,
            "workspace": binary(self.workspace),
            "send.state": State::Queued.name(),
            "send.dueAtMs": self.due_ms,
        };
        Ok(Update { filter: raw(&filter)?, change: self.change()?, upsert: false })
    }

    fn change(&self) -> Result<RawDocumentBuf, Error> {
        let mut set = doc! {
            "send.state": State::Leaving.name(),
            "send.leftAtMs": self.at_ms,
            "send.claim": binary(self.claim),
            format!("send.attempts.{}", self.nth): to_bson(&self.attempt)?,
        };
        let mut unset = doc! { "send.notBeforeMs": "", "send.placeAtMs": "" };
        if self.initiates {
            set.insert("send.initiates", true);
        } else {
            unset.insert("send.initiates", "");
        }
        raw(&doc! { "$set": set, "$unset": unset })
    }
}

impl Storage {
    /// The durable mark before the requests, for each of them. False: the message is not queued any more, or not for
    /// then.
    pub async fn mark_leaving(&self, marks: &[Mark]) -> Result<Vec<Result<bool, Error>>, Error> {
        if marks.len() >= TOGETHER_MIN && self.mark_together(marks).await == Ok(true) {
            return Ok(vec![Ok(true); marks.len()]);
        }
        // Each by itself: they are few, or one of them is not as it was, or somebody changes one at this moment.
        let updates = marks.iter().map(Mark::update).collect::<Result<Vec<Update>, Error>>()?;
        let (matched, refusals) = self.update_counted(MESSAGES.name, updates).await?;
        if matched == marks.len() as u64 {
            return Ok(vec![Ok(true); marks.len()]);
        }
        let ids: Vec<&str> = marks.iter().map(|mark| mark.id.as_str()).collect();
        let leaving = doc! { "_id": { "$in": ids }, "send.state": State::Leaving.name() };
        let (messages, wanted) = (self.sent_messages(), doc! { "send.claim": 1, "send.leftAtMs": 1 });
        let mut cursor = messages.find(leaving).projection(wanted).await?;
        let mut marked = HashSet::new();
        while cursor.advance().await? {
            let found = cursor.deserialize_current()?;
            let Ok(send) = found.get_document("send") else { continue };
            let by = uuid_of(send, "claim").zip(send.get_i64("leftAtMs").ok());
            marked.extend(found.get_str("_id").ok().map(str::to_owned).zip(by));
        }
        let is_marked = |mark: &Mark| Ok(marked.contains(&(mark.id.clone(), (mark.claim, mark.at_ms))));
        let mut outcomes: Vec<Result<bool, Error>> = marks.iter().map(is_marked).collect();
        for refusal in refusals {
            if let Some(outcome) = outcomes.get_mut(refusal.index) {
                *outcome = Err(refusal.error);
            }
        }
        Ok(outcomes)
    }

    /// All of them in one transaction, or none: false. Fails if somebody changes one of them at this moment.
    async fn mark_together(&self, marks: &[Mark]) -> Result<bool, Error> {
        let mut session = self.begin(Reads::Latest).await?;
        let outcome = self.mark_within(&mut session, marks).await;
        end(&mut session, outcome, |are_marked| *are_marked).await
    }

    async fn mark_within(&self, session: &mut ClientSession, marks: &[Mark]) -> Result<bool, Error> {
        let ids: Vec<&str> = marks.iter().map(|mark| mark.id.as_str()).collect();
        let queued = doc! { "send.state": State::Queued.name() };
        let wanted = doc! { "workspace": 1, "send.dueAtMs": 1 };
        let mut due: HashMap<String, (Uuid, i64)> = HashMap::new();
        for found in self.look_within(session, (MESSAGES.name, &ids), &queued, wanted).await? {
            let due_ms = found.get_document("send").and_then(|send| send.get_i64("dueAtMs")).ok();
            let is = uuid_of(&found, "workspace").zip(due_ms);
            due.extend(found.get_str("_id").ok().map(str::to_owned).zip(is));
        }
        let mut updates = Vec::with_capacity(marks.len());
        for mark in marks {
            // One that is there twice is due once.
            if due.remove(&mark.id) != Some((mark.workspace, mark.due_ms)) {
                return Ok(false);
            }
            let filter = raw(&doc! { "_id": &mark.id })?;
            updates.push(Update { filter, change: mark.change()?, upsert: false });
        }
        Ok(self.update_within(session, MESSAGES.name, updates).await? == marks.len() as u64)
    }

    /// Back in the queue after a try: it was certainly not taken. `counts`: it was a try of its own.
    pub async fn put_back(
        &self,
        message: &Outgoing,
        reason: &Reason,
        attempt: &Attempt,
        (not_before_ms, counts): (i64, bool),
    ) -> Result<bool, Error> {
        let mut set = doc! {
            "send.state": State::Queued.name(),
            "send.notBeforeMs": not_before_ms,
            "send.reason": to_bson(reason)?,
        };
        message.end_attempt(&mut set, Some(attempt))?;
        let change = doc! { "$set": set, "$inc": { "send.tries": i32::from(counts) } };
        let done = self
            .sent_messages()
            .update_one(message.when(&[State::Leaving]), change)
            .write_concern(durable(self.timeout))
            .await?;
        Ok(done.matched_count == 1)
    }
}
