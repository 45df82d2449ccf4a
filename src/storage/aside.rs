//! Webhooks with items that were set aside: for a number that nobody has added, not understood, or refused. Each is
//! kept whole, once a reason, so that it can go through again when the reason has gone.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use mongodb::Cursor;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};

use super::index::{Collection, Index};
use super::page::{Way, keep_beyond};
use super::segments::{Again, Place, RawWebhook};
use super::value::{millis, raw};
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

const IN_TURN: Index = Index {
    name: "receivedAt",
    keys: &[("receivedAt", 1), ("_id", 1)],
    unique: false,
    expires: false,
    only: None,
    serves: "the listing and the replay of all of them, the oldest first, in parts",
};

/// No more bodies than this are read at once, and one more.
const READ_BYTES_ENOUGH: usize = 4 * 1024 * 1024;

pub const UNROUTED: Collection = Collection {
    name: "unrouted",
    holds: "webhooks for numbers and accounts that nobody has added",
    written_at: Some("receivedAt"),
    expires_at: Some("expireAt"),
    options: Document::new,
    indexes: &[
        EXPIRES,
        IN_TURN,
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
    indexes: &[EXPIRES, IN_TURN],
};

pub const DEAD_LETTERS: Collection = Collection {
    name: "dead_letters",
    holds: "webhooks with items that could not be stored, and why",
    written_at: Some("receivedAt"),
    expires_at: Some("expireAt"),
    options: Document::new,
    indexes: &[EXPIRES, IN_TURN],
};

/// How long before its end it is looked whether a webhook must be kept longer: a service that was down for less keeps
/// all of them.
const LOOKED_AHEAD: Duration = Duration::from_hours(24 * 3);
const MALFORMED: Error = Error::Malformed { what: "a webhook set aside" };

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

/// For whom an item is, by Meta's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetaId {
    Number(String),
    Account(String),
}

impl MetaId {
    /// How it is stored: the ids of numbers and accounts look alike.
    pub fn key(&self) -> String {
        match self {
            Self::Number(id) => format!("number:{id}"),
            Self::Account(id) => format!("account:{id}"),
        }
    }

    fn parse(key: &str) -> Self {
        match key.split_once(':') {
            Some(("account", id)) => Self::Account(id.to_owned()),
            Some(("number", id)) => Self::Number(id.to_owned()),
            // As it was stored when nobody told them apart.
            _ => Self::Number(key.to_owned()),
        }
    }
}

impl fmt::Display for MetaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(id) => write!(f, "number {id}"),
            Self::Account(id) => write!(f, "account {id}"),
        }
    }
}

/// An item that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsideItem {
    /// Its place in the webhook.
    pub index: u32,
    pub field: String,
    pub owner: Option<MetaId>,
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

/// A webhook that was set aside, without its body: for a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsideNote {
    /// The segment that it first came in, and its place there.
    pub place: Place,
    pub slot: u32,
    pub received_ms: i64,
    pub items: Vec<AsideItem>,
}

/// A place among what is set aside for a reason, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsidePlace {
    received_ms: i64,
    key: String,
}

impl AsidePlace {
    fn of(document: &Document) -> Option<Self> {
        let received_ms = document.get_datetime("receivedAt").ok()?.timestamp_millis();
        Some(Self { received_ms, key: document.get_str("_id").ok()?.to_owned() })
    }

    fn beyond(&self) -> Document {
        let mut filter = Document::new();
        let received = DateTime::from_millis(self.received_ms);
        keep_beyond(&mut filter, Way::Newer, ("receivedAt", received), ("_id", self.key.as_str()));
        filter
    }
}

/// A part of what is set aside, and the place behind its last one; none if nothing was left to read.
#[derive(Clone, Debug)]
pub struct AsidePart<T> {
    pub found: Vec<T>,
    pub next: Option<AsidePlace>,
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
                let mut change = doc! { "$set": document(aside, now_ms) };
                if aside.webhook.again.is_some_and(|again| again.is_silent) {
                    // What is kept already was never told: a repair that comes by does not silence it.
                    change.insert("$setOnInsert", doc! { "silent": true });
                }
                let filter = raw(&doc! { "_id": aside.key() })?;
                Ok::<_, Error>(Update { filter, change: raw(&change)?, upsert: true })
            });
            let updates: Vec<Update> = updates.collect::<Result<_, _>>()?;
            let refusals = self.update_each(reason.collection(), updates).await?;
            if let Some(refusal) = refusals.into_iter().find(|refusal| refusal.error != Error::Duplicate) {
                return Err(refusal.error);
            }
        }
        Ok(())
    }

    /// Webhooks for numbers and accounts that somebody has by now, the oldest first. `owners`: those, with the
    /// time from which they accept.
    pub async fn asides_for(&self, owners: &[(i64, Vec<MetaId>)], limit: i64) -> Result<Vec<Aside>, Error> {
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let any: Vec<Document> = owners
            .iter()
            .map(|(from_ms, owners)| {
                let keys: Vec<String> = owners.iter().map(MetaId::key).collect();
                doc! { "owners": { "$in": keys }, "receivedAt": { "$gte": DateTime::from_millis(*from_ms) } }
            })
            .collect();
        self.read_asides(Reason::Unrouted, doc! { "$or": any }, limit).await
    }

    /// Webhooks that were set aside, the oldest first, behind a place: at most `limit`, and no more than fit into some
    /// megabytes.
    pub async fn asides(
        &self,
        reason: Reason,
        behind: Option<&AsidePlace>,
        limit: i64,
    ) -> Result<AsidePart<Aside>, Error> {
        let mut cursor = self.asides_in_turn(reason, behind, limit, Document::new()).await?;
        let (mut part, mut bytes) = (AsidePart { found: Vec::new(), next: None }, 0);
        while bytes < READ_BYTES_ENOUGH && cursor.advance().await? {
            let document = cursor.deserialize_current()?;
            let aside = aside_of(reason, &document).ok_or(MALFORMED)?;
            bytes += aside.webhook.body.len();
            part.found.push(aside);
            part.next = AsidePlace::of(&document);
        }
        Ok(part)
    }

    /// The same without their bodies.
    pub async fn aside_notes(
        &self,
        reason: Reason,
        behind: Option<&AsidePlace>,
        limit: i64,
    ) -> Result<AsidePart<AsideNote>, Error> {
        let mut cursor = self.asides_in_turn(reason, behind, limit, doc! { "body": 0 }).await?;
        let mut part = AsidePart { found: Vec::new(), next: None };
        while cursor.advance().await? {
            let document = cursor.deserialize_current()?;
            part.found.push(note_of(&document).ok_or(MALFORMED)?);
            part.next = AsidePlace::of(&document);
        }
        Ok(part)
    }

    async fn asides_in_turn(
        &self,
        reason: Reason,
        behind: Option<&AsidePlace>,
        limit: i64,
        fields: Document,
    ) -> Result<Cursor<Document>, Error> {
        let asides = self.database.collection::<Document>(reason.collection());
        let find = asides.find(behind.map(AsidePlace::beyond).unwrap_or_default());
        Ok(find.sort(Way::Newer.sort("receivedAt", "_id")).projection(fields).limit(limit).await?)
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
            found.push(aside_of(reason, &document).ok_or(MALFORMED)?);
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
            found.push(aside_of(reason, &document).ok_or(MALFORMED)?);
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
            document.extend(item.owner.as_ref().map(|owner| ("owner".to_owned(), owner.key().into())));
            document
        })
        .collect();
    let owners: BTreeSet<String> =
        aside.items.iter().filter_map(|item| item.owner.as_ref()).map(MetaId::key).collect();
    let kept_ms = i64::try_from(aside.reason.kept_for().as_millis()).unwrap_or(i64::MAX);
    doc! {
        "v": 1,
        "receivedAt": DateTime::from_millis(aside.webhook.received_ms),
        "setAsideAt": DateTime::from_millis(now_ms),
        "expireAt": DateTime::from_millis(now_ms.saturating_add(kept_ms)),
        "by": aside.by.key(),
        "owners": Vec::from_iter(owners),
        "items": items,
        "body": Binary { subtype: BinarySubtype::Generic, bytes: aside.webhook.body.to_vec() },
    }
}

fn note_of(document: &Document) -> Option<AsideNote> {
    let (place, slot) = document.get_str("_id").ok()?.rsplit_once(':')?;
    let items = document.get_array("items").ok()?.iter().filter_map(Bson::as_document).map(|item| {
        Some(AsideItem {
            index: u32::try_from(item.get_i64("index").ok()?).ok()?,
            field: item.get_str("field").ok()?.to_owned(),
            owner: item.get_str("owner").ok().map(MetaId::parse),
            why: item.get_str("why").ok()?.to_owned(),
        })
    });
    Some(AsideNote {
        place: Place::parse(place)?,
        slot: slot.parse().ok()?,
        received_ms: document.get_datetime("receivedAt").ok()?.timestamp_millis(),
        items: items.collect::<Option<_>>()?,
    })
}

fn aside_of(reason: Reason, document: &Document) -> Option<Aside> {
    let AsideNote { place, slot, received_ms, items } = note_of(document)?;
    // What a silent replay had to set aside is a repair still when it goes through at last.
    let is_silent = document.get_bool("silent").unwrap_or(false);
    Some(Aside {
        reason,
        place,
        slot,
        by: Place::parse(document.get_str("by").ok()?)?,
        webhook: RawWebhook {
            received_ms,
            body: Bytes::from(document.get_binary_generic("body").ok()?.clone()),
            again: Some(Again { place, slot, is_silent }),
        },
        items,
    })
}
