//! Webhooks with items that were set aside: for a number that nobody has added, not understood, or refused. Each is
//! kept whole, once a reason, so that it can go through again when the reason has gone.

use std::time::Duration;

use bytes::Bytes;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};

use super::contacts::raw;
use super::index::{Collection, Index};
use super::segments::{Again, Place, RawWebhook};
use super::value::millis;
use super::write::Update;
use super::{Error, Storage, durable};

const EXPIRES: Index = Index {
    name: "expireAt",
    keys: &[("expireAt", 1)],
    unique: false,
    expires: true,
    only: None,
    serves: "MongoDB's own removal of what nobody asked for in time",
};

pub const UNROUTED: Collection = Collection {
    name: "unrouted",
    holds: "webhooks for numbers and accounts that nobody has added",
    written_at: Some("receivedAt"),
    expires_at: Some("expireAt"),
    options: Document::new,
    indexes: &[
        EXPIRES,
        Index {
            name: "owners",
            keys: &[("owners", 1)],
            unique: false,
            expires: false,
            only: None,
            serves: "what waits for a number or account that is added",
        },
    ],
};

pub const UNRECOGNISED: Collection = Collection {
    name: "unrecognised",
    holds: "webhooks with parts that this version does not understand",
    written_at: Some("receivedAt"),
    expires_at: Some("expireAt"),
    options: Document::new,
    indexes: &[EXPIRES],
};

pub const DEAD_LETTERS: Collection = Collection {
    name: "dead_letters",
    holds: "webhooks with items that could not be stored, and why",
    written_at: Some("receivedAt"),
    expires_at: Some("expireAt"),
    options: Document::new,
    indexes: &[EXPIRES],
};

/// How long before its end it is looked whether a webhook must be kept longer: a service that was down for less keeps
/// all of them.
const LOOKED_AHEAD: Duration = Duration::from_hours(24 * 3);

/// Why an item was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    Unrouted,
    Unrecognised,
    Dead,
}

impl Reason {
    /// Where such items are kept.
    pub fn collection(self) -> &'static str {
        match self {
            Self::Unrouted => UNROUTED.name,
            Self::Unrecognised => UNRECOGNISED.name,
            Self::Dead => DEAD_LETTERS.name,
        }
    }

    /// How long at least: Meta repeats for seven days; people take longer.
    fn kept_for(self) -> Duration {
        match self {
            Self::Unrouted => Duration::from_hours(24 * 30),
            Self::Unrecognised | Self::Dead => Duration::from_hours(24 * 90),
        }
    }
}

/// An item that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsideItem {
    /// Its place in the webhook.
    pub index: u32,
    pub field: String,
    /// The phone number id or account id that it was for.
    pub owner: Option<String>,
    /// Why, in a word or an error of ours.
    pub why: String,
}

/// A webhook with such items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    pub reason: Reason,
    /// The segment that it first came in, and its place there.
    pub place: Place,
    pub slot: u32,
    /// The segment in which it was when it was set aside, for the last time.
    pub by: Place,
    pub webhook: RawWebhook,
    pub items: Vec<AsideItem>,
}

impl Aside {
    /// Its key.
    pub fn key(&self) -> String {
        aside_key(self.place, self.slot)
    }
}

/// The key of a webhook that was set aside, by where it first came in: going through again and being set aside again,
/// it is still the same.
pub fn aside_key(place: Place, slot: u32) -> String {
    format!("{}:{slot:04}", place.key())
}

impl Storage {
    /// Keeps webhooks with items that were set aside. Doing it again changes nothing.
    pub async fn set_aside(&self, asides: &[Aside], now_ms: i64) -> Result<(), Error> {
        for reason in [Reason::Unrouted, Reason::Unrecognised, Reason::Dead] {
            let updates = asides.iter().filter(|aside| aside.reason == reason).map(|aside| {
                Ok::<_, Error>(Update {
                    filter: raw(&doc! { "_id": aside.key() })?,
                    change: raw(&doc! { "$set": document(aside, now_ms) })?,
                    upsert: true,
                })
            });
            let updates: Vec<Update> = updates.collect::<Result<_, _>>()?;
            let refusals = self.update_each(reason.collection(), updates).await?;
            if let Some(refusal) = refusals.into_iter().find(|refusal| refusal.error != Error::Duplicate) {
                return Err(refusal.error);
            }
        }
        Ok(())
    }

    /// Webhooks for numbers and accounts that somebody has by now, the oldest first. `owners`: their ids, with the
    /// time from which they accept.
    pub async fn asides_for(&self, owners: &[(i64, Vec<String>)], limit: i64) -> Result<Vec<Aside>, Error> {
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let any: Vec<Document> = owners
            .iter()
            .map(|(from_ms, ids)| {
                doc! { "owners": { "$in": ids }, "receivedAt": { "$gte": DateTime::from_millis(*from_ms) } }
            })
            .collect();
        self.read_asides(Reason::Unrouted, doc! { "$or": any }, limit).await
    }

    /// Webhooks that were set aside, the oldest first.
    pub async fn asides(&self, reason: Reason, limit: i64) -> Result<Vec<Aside>, Error> {
        self.read_asides(reason, Document::new(), limit).await
    }

    async fn read_asides(&self, reason: Reason, filter: Document, limit: i64) -> Result<Vec<Aside>, Error> {
        let mut cursor = self
            .database
            .collection::<Document>(reason.collection())
            .find(filter)
            .sort(doc! { "receivedAt": 1 })
            .limit(limit)
            .await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            let document = cursor.deserialize_current()?;
            found.push(aside_of(reason, &document).ok_or(Error::Malformed { what: "a webhook set aside" })?);
        }
        Ok(found)
    }

    /// Which of these webhooks were set aside for a reason, and with which items.
    pub async fn asides_of(&self, reason: Reason, keys: &[String]) -> Result<Vec<Aside>, Error> {
        let collection = self.database.collection::<Document>(reason.collection());
        let mut cursor = collection.find(doc! { "_id": { "$in": keys } }).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            let document = cursor.deserialize_current()?;
            found.push(aside_of(reason, &document).ok_or(Error::Malformed { what: "a webhook set aside" })?);
        }
        Ok(found)
    }

    /// Keeps what was set aside for at least so long since. Only what would go soon is looked at, so it is to be asked
    /// again and again. Gives how many were about to go too early. Time is the database's.
    pub async fn keep_asides(&self, at_least: Duration) -> Result<u64, Error> {
        let since = doc! { "$ifNull": ["$setAsideAt", "$receivedAt"] };
        let until = doc! { "$add": [since, millis(at_least)] };
        let soon = doc! { "$add": ["$$NOW", millis(LOOKED_AHEAD)] };
        let too_early = doc! { "$expr": { "$and": [
            { "$lt": ["$expireAt", soon] },
            { "$lt": ["$expireAt", &until] },
        ] } };
        let keep = vec![doc! { "$set": { "expireAt": until } }];
        let mut kept = 0;
        for reason in [Reason::Unrouted, Reason::Unrecognised, Reason::Dead] {
            let collection = self.database.collection::<Document>(reason.collection());
            let done = collection
                .update_many(too_early.clone(), keep.clone())
                .write_concern(durable(self.timeout))
                .await?;
            kept += done.modified_count;
        }
        Ok(kept)
    }

    /// How many webhooks are set aside for a reason.
    pub async fn count_asides(&self, reason: Reason) -> Result<u64, Error> {
        Ok(self.database.collection::<Document>(reason.collection()).count_documents(doc! {}).await?)
    }

    /// Forgets a webhook that has gone through again, unless it was set aside again by that.
    pub async fn forget_aside(&self, aside: &Aside) -> Result<(), Error> {
        self.database
            .collection::<Document>(aside.reason.collection())
            .delete_one(doc! { "_id": aside.key(), "by": aside.by.key() })
            .write_concern(durable(self.timeout))
            .await?;
        Ok(())
    }
}

fn document(aside: &Aside, now_ms: i64) -> Document {
    let items: Vec<Document> = aside
        .items
        .iter()
        .map(|item| {
            let mut document = doc! {
                "index": i64::from(item.index),
                "field": &item.field,
                "why": &item.why,
            };
            super::contacts::insert_text(&mut document, "owner", item.owner.as_deref());
            document
        })
        .collect();
    let mut owners: Vec<&String> = aside.items.iter().filter_map(|item| item.owner.as_ref()).collect();
    owners.sort_unstable();
    owners.dedup();
    let kept_ms = i64::try_from(aside.reason.kept_for().as_millis()).unwrap_or(i64::MAX);
    doc! {
        "v": 1,
        "receivedAt": DateTime::from_millis(aside.webhook.received_ms),
        "setAsideAt": DateTime::from_millis(now_ms),
        "expireAt": DateTime::from_millis(now_ms.saturating_add(kept_ms)),
        "by": aside.by.key(),
        "owners": owners,
        "items": items,
        "body": Binary { subtype: BinarySubtype::Generic, bytes: aside.webhook.body.to_vec() },
    }
}

fn aside_of(reason: Reason, document: &Document) -> Option<Aside> {
    let (place, slot) = document.get_str("_id").ok()?.rsplit_once(':')?;
    let items = document.get_array("items").ok()?.iter().filter_map(Bson::as_document).map(|item| {
        Some(AsideItem {
            index: u32::try_from(item.get_i64("index").ok()?).ok()?,
            field: item.get_str("field").ok()?.to_owned(),
            owner: item.get_str("owner").ok().map(str::to_owned),
            why: item.get_str("why").ok()?.to_owned(),
        })
    });
    let (place, slot) = (Place::parse(place)?, slot.parse().ok()?);
    Some(Aside {
        reason,
        place,
        slot,
        by: Place::parse(document.get_str("by").ok()?)?,
        webhook: RawWebhook {
            received_ms: document.get_datetime("receivedAt").ok()?.timestamp_millis(),
            body: Bytes::from(document.get_binary_generic("body").ok()?.clone()),
            again: Some(Again { place, slot, is_silent: false }),
        },
        items: items.collect::<Option<_>>()?,
    })
}
