//! Which customers a number has written to first of late, and which have a place to be written to. Apart from their
//! conversations, where every answer would pay for the index by which they are counted.
//!
//! Meta lets the numbers of an account write to so many customers first in a day. When that is used up, a customer gets
//! the place that is free next, in the future, and whoever comes after them a later one: so nobody looks in vain.

use std::collections::HashMap;
use std::time::Duration;

use mongodb::bson::{DateTime, Document, doc};
use mongodb::{ClientSession, Collection as Handle};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::contacts::raw;
use super::conversations::commit;
use super::index::{Collection, Index};
use super::told::Write;
use super::write::Update;
use super::{Error, Storage, deciding};

pub const INITIATIONS: Collection = Collection {
    name: "initiations",
    holds: "when a number has last written to a customer first: outside of the customer's window",
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
const TRIES_MAX: usize = 50;
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

/// The write by which a place is given up that was kept for a customer who has not been written to.
pub(super) fn given_up(conversation: Uuid) -> Write {
    Write::remove_if_there(INITIATIONS.name, doc! { "_id": binary(conversation), "reserved": true })
}

/// Whose limit it is, and how much of it there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// The numbers that share it, and a name for all of them.
    pub numbers: Vec<Uuid>,
    pub shared_by: String,
    pub customers_a_day: usize,
}

/// A customer who is to be written to first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub number: Uuid,
    pub conversation: Uuid,
}

impl Storage {
    /// How many customers a number has written to first since then: outside of their window.
    pub async fn count_initiated(&self, number: Uuid, since_ms: i64) -> Result<i64, Error> {
        let filter = doc! {
            "number": binary(number),
            "at": later_than(since_ms),
            "reserved": { "$exists": false },
        };
        let count = self.initiations().count_documents(filter).limit(COUNTED_MAX).await?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// How many places of these numbers are taken since then, or kept for later.
    pub async fn count_places(&self, numbers: &[Uuid], since_ms: i64) -> Result<u64, Error> {
        let filter = doc! { "number": { "$in": binaries(numbers) }, "at": later_than(since_ms) };
        Ok(self.initiations().count_documents(filter).limit(COUNTED_MAX).await?)
    }

    /// Takes a place for each of these customers, and gives when it is theirs: now, unless the limit is used up. Whoever
    /// has one keeps it, or gets an earlier one if there is.
    pub async fn take_places(&self, limit: &Limit, places: &[Place], now_ms: i64) -> Result<Vec<i64>, Error> {
        let mut outcome = Err(Error::Conflict);
        for _ in 0..TRIES_MAX {
            let mut session = self.database.client().start_session().await?;
            session.start_transaction().with_options(deciding(self.timeout)).await?;
            outcome = match self.take_places_within(&mut session, limit, places, now_ms).await {
                Ok(times) => commit(&mut session).await.map(|()| times),
                Err(error) => {
                    // What cannot be aborted ends by itself.
                    session.abort_transaction().await.ok();
                    Err(error)
                }
            };
            // Another instance takes places of the same limit.
            if !matches!(outcome, Err(Error::Conflict | Error::Duplicate)) {
                break;
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        outcome
    }

    async fn take_places_within(
        &self,
        session: &mut ClientSession,
        limit: &Limit,
        places: &[Place],
        now_ms: i64,
    ) -> Result<Vec<i64>, Error> {
        let initiations = self.initiations();
        // All instances pass by it one after the other.
        let door = doc! { "_id": &limit.shared_by };
        let pass = doc! { "$inc": { "contests": 1_i64 } };
        initiations.update_one(door, pass).upsert(true).session(&mut *session).await?;
        let ids: Vec<Uuid> = places.iter().map(|place| place.conversation).collect();
        let theirs = doc! { "_id": { "$in": binaries(&ids) }, "at": later_than(now_ms - DAY_MS) };
        let mut times: HashMap<Uuid, i64> = HashMap::new();
        let mut cursor = initiations.find(theirs).session(&mut *session).await?;
        while cursor.advance(session).await? {
            let found = cursor.deserialize_current()?;
            times.extend(uuid_of(&found, "_id").zip(time_of(&found)));
        }
        let mut new: Vec<Place> = Vec::new();
        for place in places.iter().filter(|place| !times.contains_key(&place.conversation)) {
            if !new.iter().any(|other| other.conversation == place.conversation) {
                new.push(*place);
            }
        }
        self.move_up_within(session, limit, &mut times, now_ms).await?;
        if !new.is_empty() {
            self.take_new_places_within(session, limit, (&new, &mut times), now_ms).await?;
        }
        Ok(ids.iter().map(|id| times.get(id).copied().unwrap_or(now_ms)).collect())
    }

    /// Somebody before them may have given up their place, or Meta has raised the limit. Those behind them stay where they
    /// are.
    async fn move_up_within(
        &self,
        session: &mut ClientSession,
        limit: &Limit,
        times: &mut HashMap<Uuid, i64>,
        now_ms: i64,
    ) -> Result<(), Error> {
        let mut waiting: Vec<(i64, Uuid)> = times.iter().map(|(id, at_ms)| (*at_ms, *id)).collect();
        waiting.retain(|(at_ms, _)| *at_ms > now_ms);
        waiting.sort_unstable();
        for (kept_ms, conversation) in waiting {
            let mut before = later_than(now_ms - DAY_MS);
            before.insert("$lte", DateTime::from_millis(kept_ms));
            let others = doc! {
                "number": { "$in": binaries(&limit.numbers) },
                "at": before,
                "_id": { "$ne": binary(conversation) },
            };
            let left = self.last_places_within(session, others, (limit.customers_a_day, 1)).await?;
            let free_ms = free_times(&left, limit.customers_a_day, 1, now_ms).first().copied();
            if let Some(free_ms) = free_ms.filter(|free_ms| *free_ms < kept_ms) {
                times.insert(conversation, free_ms);
                let change = doc! { "$set": { "at": DateTime::from_millis(free_ms) } };
                let one = doc! { "_id": binary(conversation) };
                self.initiations().update_one(one, change).session(&mut *session).await?;
            }
        }
        Ok(())
    }

    async fn take_new_places_within(
        &self,
        session: &mut ClientSession,
        limit: &Limit,
        (new, times): (&[Place], &mut HashMap<Uuid, i64>),
        now_ms: i64,
    ) -> Result<(), Error> {
        let others =
            doc! { "number": { "$in": binaries(&limit.numbers) }, "at": later_than(now_ms - DAY_MS) };
        let left = self.last_places_within(session, others, (limit.customers_a_day, new.len())).await?;
        let mut updates = Vec::new();
        let free = free_times(&left, limit.customers_a_day, new.len(), now_ms);
        for (Place { number, conversation }, at_ms) in new.iter().zip(free) {
            times.insert(*conversation, at_ms);
            let set = doc! {
                "number": binary(*number),
                "at": DateTime::from_millis(at_ms),
                "reserved": true,
                "expireAt": DateTime::from_millis(at_ms + KEPT_FOR_MS),
            };
            let filter = raw(&doc! { "_id": binary(*conversation) })?;
            updates.push(Update { filter, change: raw(&doc! { "$set": set })?, upsert: true });
        }
        self.update_within(session, INITIATIONS.name, updates).await.map(drop)
    }

    /// The places in whose stead so many further ones come, the latest first, as far as there are so many.
    async fn last_places_within(
        &self,
        session: &mut ClientSession,
        those: Document,
        (limit, count): (usize, usize),
    ) -> Result<Vec<i64>, Error> {
        let initiations = self.initiations();
        let find = initiations.find(those).sort(doc! { "at": -1 }).projection(doc! { "_id": 0, "at": 1 });
        let find = find.skip(limit.saturating_sub(count) as u64);
        let find = find.limit(i64::try_from(count).unwrap_or(i64::MAX)).batch_size(5_000);
        let mut cursor = find.session(&mut *session).await?;
        let mut places = Vec::new();
        while cursor.advance(session).await? {
            places.extend(time_of(&cursor.deserialize_current()?));
        }
        Ok(places)
    }

    fn initiations(&self) -> Handle<Document> {
        self.database.collection(INITIATIONS.name)
    }
}

fn later_than(at_ms: i64) -> Document {
    doc! { "$gt": DateTime::from_millis(at_ms) }
}

fn time_of(initiation: &Document) -> Option<i64> {
    initiation.get_datetime("at").ok().map(|at| at.timestamp_millis())
}

/// When each of so many further customers has a place. `left`: the places in whose stead they come, the latest first,
/// as far as there are so many. Each is free a day after it was taken.
fn free_times(left: &[i64], limit: usize, count: usize, now_ms: i64) -> Vec<i64> {
    let mut times: Vec<i64> = Vec::with_capacity(count);
    for nth in 0..count {
        // The place that is left by the one who came so many before, who may be among these.
        let back = count.min(limit).checked_sub(nth + 1);
        let left_ms = match back {
            Some(back) => left.get(back).copied(),
            None => nth.checked_sub(limit).and_then(|earlier| times.get(earlier).copied()),
        };
        let at_ms = left_ms.map_or(now_ms, |left_ms| now_ms.max(left_ms + DAY_MS));
        times.push(at_ms);
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 10 * DAY_MS;

    fn check(left: &[i64], limit: usize, expected: &[i64]) {
        let times = free_times(left, limit, expected.len(), NOW_MS);
        assert_eq!(times, expected, "{left:?} {limit}");
    }

    #[test]
    fn as_long_as_there_are_places_nobody_waits() {
        check(&[], 3, &[NOW_MS, NOW_MS, NOW_MS]);
        check(&[NOW_MS - 5], 2, &[NOW_MS, NOW_MS - 5 + DAY_MS]);
    }

    #[test]
    fn whoever_waits_comes_a_day_after_the_one_whose_place_it_is() {
        check(&[NOW_MS - 1, NOW_MS - 2], 2, &[NOW_MS - 2 + DAY_MS, NOW_MS - 1 + DAY_MS]);
        // Of many more than the limit those count that come together.
        let (first, second) = (NOW_MS - 2 + DAY_MS, NOW_MS - 1 + DAY_MS);
        check(&[NOW_MS - 1, NOW_MS - 2], 2, &[first, second, first + DAY_MS, second + DAY_MS]);
        check(&[], 1, &[NOW_MS, NOW_MS + DAY_MS, NOW_MS + 2 * DAY_MS]);
    }

    #[test]
    fn a_place_that_was_left_is_free_at_once() {
        check(&[NOW_MS - DAY_MS], 1, &[NOW_MS]);
    }
}
