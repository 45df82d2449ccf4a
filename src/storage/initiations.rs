//! Which customers a number has written to first of late. Apart from their conversations, where every answer would pay
//! for the index by which they are counted.
//!
//! Meta lets the numbers of an account write to so many customers first in a day. Whoever is about to leave takes a place
//! first, all instances one after the other; what Meta does not take gives it back.

use std::collections::HashSet;
use std::time::Duration;

use mongodb::bson::{DateTime, Document, doc};
use mongodb::{ClientSession, Collection as Handle};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::index::{Collection, Index};
use super::told::Write;
use super::transaction::{Reads, end};
use super::value::raw;
use super::write::Update;
use super::{Error, Storage};

pub const INITIATIONS: Collection = Collection {
    name: "initiations",
    holds: "when a number has last written to a customer first, outside of the customer's window, or is about to",
    written_at: Some("at"),
    expires_at: Some("expireAt"),
    options: Document::new,
    indexes: &[
        Index {
            name: "number_at",
            keys: &[("number", 1), ("at", 1)],
            unique: false,
            expires: false,
            only: None,
            serves: "how many customers a number has written to first of late",
        },
        Index {
            name: "expireAt",
            keys: &[("expireAt", 1)],
            unique: false,
            expires: true,
            only: None,
            serves: "MongoDB's own removal of what is not counted any more",
        },
    ],
};

/// Meta counts a day.
pub(super) const KEPT_FOR_MS: i64 = 2 * 24 * 3_600_000;
const DAY_MS: i64 = 24 * 3_600_000;
const TRIES_MAX: u32 = 50;
const AGAIN_AFTER: Duration = Duration::from_millis(5);
/// Meta's highest limit is 100,000; above that there is none.
const COUNTED_MAX: u64 = 200_000;

/// The write by which a customer counts as written to first.
pub(super) fn initiated(number: Uuid, conversation: Uuid, now_ms: i64) -> Write {
    let now = DateTime::from_millis(now_ms);
    let set = doc! { "number": binary(number), "at": now, "expireAt": { "$add": ["$$NOW", KEPT_FOR_MS] } };
    let stages = vec![doc! { "$set": set }, doc! { "$unset": "reserved" }];
    Write::upsert_pipeline(INITIATIONS.name, doc! { "_id": binary(conversation) }, stages)
}

/// The write by which a message gives up the place that it has taken, as Meta has not taken it.
pub(super) fn given_up(conversation: Uuid, message: Uuid) -> Write {
    Write::remove_if_there(INITIATIONS.name, held_by(conversation, message))
}

fn held_by(conversation: Uuid, message: Uuid) -> Document {
    doc! { "_id": binary(conversation), "reserved": message.to_string() }
}

/// Whose limit it is, and how much of it there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// The numbers that share it, and a name for all of them.
    pub numbers: Vec<Uuid>,
    pub shared_by: String,
    pub customers_a_day: usize,
}

/// A message that is to be the first to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub number: Uuid,
    pub conversation: Uuid,
    pub message: Uuid,
}

/// What came of taking places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether each has one.
    pub has_one: Vec<bool>,
    /// How many more are taken than there are: Meta has lowered the limit.
    pub too_many: usize,
}

impl Storage {
    /// How many customers a number has written to first since then: outside of their window.
    pub async fn count_initiated(&self, number: Uuid, since_ms: i64) -> Result<i64, Error> {
        let filter = doc! { "number": binary(number), "at": later_than(since_ms) };
        let count = self.initiations().count_documents(filter).limit(COUNTED_MAX).await?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// How many places of these numbers were taken since then.
    pub async fn count_places(&self, numbers: &[Uuid], since_ms: i64) -> Result<u64, Error> {
        let filter = doc! { "number": { "$in": binaries(numbers) }, "at": later_than(since_ms) };
        Ok(self.initiations().count_documents(filter).limit(COUNTED_MAX).await?)
    }

    /// Takes a place for each of these messages whose customer has none yet, as long as there are any.
    pub async fn take_places(&self, limit: &Limit, places: &[Place], now_ms: i64) -> Result<Taken, Error> {
        let mut outcome = Err(Error::Conflict);
        for tries in 1..=TRIES_MAX {
            let mut session = self.begin(Reads::OneMoment).await?;
            let taken = self.take_places_within(&mut session, limit, places, now_ms).await;
            outcome = end(&mut session, taken, |_| true).await;
            // Another instance takes places of the same limit.
            if !matches!(outcome, Err(Error::Conflict | Error::Duplicate)) {
                break;
            }
            tokio::time::sleep(AGAIN_AFTER * tries).await;
        }
        outcome
    }

    async fn take_places_within(
        &self,
        session: &mut ClientSession,
        limit: &Limit,
        places: &[Place],
        now_ms: i64,
    ) -> Result<Taken, Error> {
        let initiations = self.initiations();
        // All instances pass by it one after the other.
        let door = doc! { "_id": &limit.shared_by };
        let pass = doc! { "$inc": { "contests": 1_i64 } };
        initiations.update_one(door, pass).upsert(true).session(&mut *session).await?;
        let ids: Vec<Uuid> = places.iter().map(|place| place.conversation).collect();
        let theirs = doc! { "_id": { "$in": binaries(&ids) }, "at": later_than(now_ms - DAY_MS) };
        let mut there: HashSet<Uuid> = HashSet::new();
        let mut cursor =
            initiations.find(theirs).projection(doc! { "_id": 1 }).session(&mut *session).await?;
        while cursor.advance(session).await? {
            there.extend(uuid_of(&cursor.deserialize_current()?, "_id"));
        }
        let filter =
            doc! { "number": { "$in": binaries(&limit.numbers) }, "at": later_than(now_ms - DAY_MS) };
        let count = initiations.count_documents(filter).session(&mut *session).await?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let mut free = limit.customers_a_day.saturating_sub(count);
        let mut updates = Vec::new();
        for Place { number, conversation, message } in places {
            if free == 0 || !there.insert(*conversation) {
                continue;
            }
            free -= 1;
            let set = doc! {
                "number": binary(*number),
                "at": DateTime::from_millis(now_ms),
                "reserved": message.to_string(),
                "expireAt": DateTime::from_millis(now_ms + KEPT_FOR_MS),
            };
            let filter = raw(&doc! { "_id": binary(*conversation) })?;
            updates.push(Update { filter, change: raw(&doc! { "$set": set })?, upsert: true });
        }
        self.update_within(session, INITIATIONS.name, updates).await?;
        Ok(Taken {
            has_one: ids.iter().map(|id| there.contains(id)).collect(),
            too_many: count.saturating_sub(limit.customers_a_day),
        })
    }

    /// When places become free after then, but for the first ones, that leave none: at most so many.
    pub async fn next_places(
        &self,
        limit: &Limit,
        after_ms: i64,
        (too_many, count): (usize, usize),
    ) -> Result<Vec<i64>, Error> {
        let filter = doc! {
            "number": { "$in": binaries(&limit.numbers) },
            "at": later_than(after_ms - DAY_MS),
        };
        let initiations = self.initiations();
        let find = initiations.find(filter).sort(doc! { "at": 1 }).projection(doc! { "_id": 0, "at": 1 });
        let find = find.skip(too_many as u64).limit(i64::try_from(count).unwrap_or(i64::MAX));
        let mut cursor = find.await?;
        let mut places = Vec::new();
        while cursor.advance().await? {
            let found = cursor.deserialize_current()?;
            places.extend(found.get_datetime("at").ok().map(|at| at.timestamp_millis() + DAY_MS));
        }
        Ok(places)
    }

    /// A message that did not leave gives up the place that it has taken.
    pub async fn give_place_up(&self, conversation: Uuid, message: Uuid) -> Result<(), Error> {
        self.initiations().delete_one(held_by(conversation, message)).await?;
        Ok(())
    }

    fn initiations(&self) -> Handle<Document> {
        self.database.collection(INITIATIONS.name)
    }
}

fn later_than(at_ms: i64) -> Document {
    doc! { "$gt": DateTime::from_millis(at_ms) }
}
