//! Statuses: each is a record of its own, and moves its message forward. A message never goes back: it shows the
//! highest rank that was ever reported, in whatever order the reports came.

use std::collections::HashSet;

use mongodb::bson;
use mongodb::bson::raw::{CStr, RawDocumentBuf, cstr};
use mongodb::bson::{Document, doc};
use serde::Serialize;
use uuid::Uuid;

use super::Storage;
use super::arrivals::{Fresh, binaries, binary, id_value};
use super::index::{Collection, Index};
use super::messages::{Came, MESSAGES, Target, WAITING, message_key};
use super::value::roomy;
use super::write::Update;
use super::{Error, arrivals::Origin};
use crate::domain::status::{Outcome, Status, Step};

pub const STATUSES: Collection = Collection {
    name: "statuses",
    holds: "what became of the messages, report by report",
    written_at: Some("receivedAt"),
    expires_at: None,
    options: Document::new,
    indexes: &[
        WAITING,
        Index {
            name: "undeliverable",
            keys: &[("workspace", 1), ("recipient.waId", 1), ("atS", -1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "faults.code": UNDELIVERABLE }),
            serves: "when Meta last said that somebody cannot be reached on WhatsApp",
        },
    ],
};

/// Meta (2026-07): the message cannot be delivered; the recipient is not on WhatsApp, has an old version of it, or has
/// not taken its terms.
pub const UNDELIVERABLE: i64 = 131_026;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusDocument<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    v: i32,
    workspace: bson::Uuid,
    number: bson::Uuid,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    origin: Origin,
    /// It came before its message: for good, and until it has been told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    early: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<bool>,
    #[serde(flatten)]
    status: &'a Status<'a>,
}

/// A status as it is stored: with its message, or waiting for it.
pub fn new_status(
    workspace: Uuid,
    number: Uuid,
    phone_number_id: &str,
    came: &Came,
    status: &Status<'_>,
    found: Option<&Target>,
) -> Result<Fresh, Error> {
    let id = message_key(phone_number_id, &status.key());
    let document = StatusDocument {
        id: &id,
        v: 1,
        workspace: id_value(workspace),
        number: id_value(number),
        target: &message_key(phone_number_id, &status.wamid),
        message: found.map(|target| target.message.as_str()),
        origin: came.origin,
        early: found.is_none().then_some(true),
        waiting: found.is_none().then_some(true),
        status,
    };
    let document = Fresh::encode(&document, came.received_ms)?;
    Ok(Fresh { key: id, origin: came.origin, document })
}

/// Room for what a status usually changes: the rank and a time. Thousands of updates wait for one fold.
const RANK_BYTES: usize = 16;
const TIME_BYTES: usize = 32;
/// What a field or an operator has beside its value.
const NAME_BYTES: usize = 16;

/// Fields of which the latest stays.
const PRICING: &CStr = cstr!("pricing");
const FAILURE: &CStr = cstr!("failure");
const PAYMENT: &CStr = cstr!("payment");

/// What statuses do to one message: many statuses become one. Small, because thousands wait at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advance {
    /// The highest step.
    step: Option<Step>,
    /// When each step was first reached, in the order of `Step::ALL`.
    times: [Option<i64>; Step::ALL.len()],
    /// Fields of which the latest stays.
    latest: Vec<Latest>,
}

/// What a status says of a field: the latest by Meta's time stays.
#[derive(Clone, Debug, PartialEq)]
struct Latest {
    field: &'static CStr,
    at_s: i64,
    value: RawDocumentBuf,
}

/// A field's value beside its time: the database compares the two in this order.
#[derive(Serialize)]
struct At<'a, T> {
    at: i64,
    is: &'a T,
}

impl Advance {
    /// What a status does to its message.
    pub fn of(status: &Status<'_>) -> Self {
        let mut advance = Self::default();
        if let Outcome::Message(step) = &status.outcome {
            advance.reach(*step, status.at_s);
        }
        if let Some(pricing) = &status.pricing {
            advance.keep(PRICING, status.at_s, pricing);
        }
        if let Some(fault) = status.faults.first() {
            advance.keep(FAILURE, status.at_s, fault);
        }
        if matches!(status.outcome, Outcome::Payment { .. }) {
            advance.keep(PAYMENT, status.at_s, &status.outcome);
        }
        advance
    }

    fn keep(&mut self, field: &'static CStr, at_s: i64, value: &impl Serialize) {
        if let Ok(value) = bson::serialize_to_raw_document_buf(&At { at: at_s, is: value }) {
            self.latest.push(Latest { field, at_s, value });
        }
    }

    fn reach(&mut self, step: Step, at_s: i64) {
        self.step = self.step.max(Some(step));
        for (other, first) in Step::ALL.iter().zip(&mut self.times) {
            if *other == step {
                *first = Some(first.map_or(at_s, |first| first.min(at_s)));
            }
        }
    }

    /// The same from a stored status.
    fn of_stored(document: &Document) -> Option<Self> {
        let mut advance = Self::default();
        let at_s = document.get_i64("atS").ok()?;
        let outcome = document.get_document("outcome").ok()?;
        if let Some(step) = outcome.get_str("message").ok().and_then(Step::named) {
            advance.reach(step, at_s);
        }
        if outcome.contains_key("payment") {
            advance.keep(PAYMENT, at_s, outcome);
        }
        if let Ok(pricing) = document.get_document("pricing") {
            advance.keep(PRICING, at_s, pricing);
        }
        if let Some(fault) = document.get_array("faults").ok().and_then(|faults| faults.first()) {
            advance.keep(FAILURE, at_s, fault);
        }
        Some(advance)
    }

    /// Adds what another status of the same message does.
    pub fn absorb(&mut self, other: Self) {
        self.step = self.step.max(other.step);
        for (mine, theirs) in self.times.iter_mut().zip(other.times) {
            *mine = match (*mine, theirs) {
                (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
                (one, other) => one.or(other),
            };
        }
        for theirs in other.latest {
            match self.latest.iter_mut().find(|mine| mine.field == theirs.field) {
                Some(mine) if theirs.at_s > mine.at_s => *mine = theirs,
                Some(_) => {}
                None => self.latest.push(theirs),
            }
        }
    }

    fn change(&self) -> RawDocumentBuf {
        let latest: usize = self.latest.iter().map(|one| one.value.as_bytes().len() + NAME_BYTES).sum();
        let (mut max, mut min) = (roomy(RANK_BYTES + latest), roomy(TIME_BYTES));
        if let Some(step) = self.step {
            max.append(cstr!("rank"), i32::from(step.rank()));
        }
        for Latest { field, value, .. } in &self.latest {
            max.append(*field, value.as_ref());
        }
        for (step, at_s) in Step::ALL.iter().zip(self.times) {
            let Some(at_s) = at_s else { continue };
            min.append(
                match step {
                    Step::Sent => cstr!("times.sent"),
                    Step::Failed => cstr!("times.failed"),
                    Step::Delivered => cstr!("times.delivered"),
                    Step::Read => cstr!("times.read"),
                    Step::Played => cstr!("times.played"),
                },
                at_s,
            );
        }
        let mut change = roomy(max.as_bytes().len() + min.as_bytes().len() + 2 * NAME_BYTES);
        for (operator, fields) in [(cstr!("$max"), max), (cstr!("$min"), min)] {
            if !fields.is_empty() {
                change.append(operator, fields);
            }
        }
        change
    }

    /// The update of its message; nothing if nothing changes.
    pub(super) fn update(&self, message: &str) -> Option<Update> {
        let change = self.change();
        let mut filter = roomy(message.len() + NAME_BYTES);
        filter.append(cstr!("_id"), message);
        (!change.is_empty()).then_some(Update { filter, change, upsert: false })
    }
}

/// The name of a stored status, as events tell it.
fn outcome_name(status: &Document) -> Option<String> {
    let outcome = status.get_document("outcome").ok()?;
    match outcome.get_str("message") {
        Ok(step) => Some(step.to_owned()),
        Err(_) => outcome.keys().next().cloned(),
    }
}

/// A status that waited for its message.
#[derive(Debug)]
pub struct WaitingStatus {
    pub key: String,
    pub target: String,
    pub advance: Advance,
    /// The step that it tells, and Meta's time.
    pub step: Option<(String, i64)>,
}

impl Storage {
    /// The statuses that wait for these messages.
    pub async fn statuses_waiting_for(&self, targets: &[String]) -> Result<Vec<WaitingStatus>, Error> {
        let statuses = self.database.collection::<Document>(STATUSES.name);
        let filter = doc! { "waiting": true, "target": { "$in": targets } };
        let mut cursor = statuses.find(filter).batch_size(5_000).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            let document = cursor.deserialize_current()?;
            let (Ok(key), Ok(target), Some(advance)) =
                (document.get_str("_id"), document.get_str("target"), Advance::of_stored(&document))
            else {
                return Err(Error::Malformed { what: "a status" });
            };
            let step = outcome_name(&document).zip(document.get_i64("atS").ok());
            found.push(WaitingStatus { key: key.to_owned(), target: target.to_owned(), advance, step });
        }
        Ok(found)
    }

    /// Those of these statuses that came before their message.
    pub async fn early_statuses(&self, keys: &[String]) -> Result<HashSet<String>, Error> {
        let statuses = self.database.collection::<Document>(STATUSES.name);
        let filter = doc! { "_id": { "$in": keys }, "early": true };
        let mut cursor = statuses.find(filter).projection(doc! { "_id": 1 }).batch_size(5_000).await?;
        let mut early = HashSet::new();
        while cursor.advance().await? {
            early.extend(cursor.deserialize_current()?.get_str("_id").map(str::to_owned));
        }
        Ok(early)
    }

    /// The keys of the statuses of a message.
    pub async fn statuses_of(&self, message_key: &str) -> Result<Vec<String>, Error> {
        let (from, to) = (format!("{message_key}:"), format!("{message_key};"));
        let statuses = self.database.collection::<Document>(STATUSES.name);
        let filter = doc! { "_id": { "$gte": from, "$lt": to } };
        let mut cursor = statuses.find(filter).projection(doc! { "_id": 1 }).await?;
        let mut keys = Vec::new();
        while cursor.advance().await? {
            keys.extend(cursor.deserialize_current()?.get_str("_id").map(str::to_owned));
        }
        Ok(keys)
    }

    /// When Meta last said that somebody cannot be reached, in seconds, as far as these numbers were told.
    pub async fn last_undeliverable(
        &self,
        workspace: Uuid,
        wa_id: &str,
        numbers: Option<&[Uuid]>,
    ) -> Result<Option<i64>, Error> {
        let mut filter = doc! {
            "workspace": binary(workspace),
            "recipient.waId": wa_id,
            "faults.code": UNDELIVERABLE,
        };
        if let Some(numbers) = numbers {
            let numbers = binaries(numbers);
            filter.insert("number", doc! { "$in": numbers });
        }
        let statuses = self.database.collection::<Document>(STATUSES.name);
        let last = statuses.find_one(filter).sort(doc! { "atS": -1 }).projection(doc! { "atS": 1 }).await?;
        Ok(last.and_then(|last| last.get_i64("atS").ok()))
    }

    /// Moves messages forward, each on its own. Doing it again changes nothing. Gives those that the database does not
    /// take.
    pub async fn advance_messages(
        &self,
        advances: &[(String, Advance)],
    ) -> Result<Vec<(String, Error)>, Error> {
        let (mut messages, mut updates) = (Vec::new(), Vec::new());
        for (message, advance) in advances {
            if let Some(update) = advance.update(message) {
                messages.push(message);
                updates.push(update);
            }
        }
        let refusals = self.update_each(MESSAGES.name, updates).await?.into_iter();
        Ok(refusals.filter_map(|one| Some(((*messages.get(one.index)?).clone(), one.error))).collect())
    }
}
