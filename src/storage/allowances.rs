//! How much each number may still send, for all instances together: a token bucket in the database's time. Whoever
//! wants to send takes as many tokens as it has messages ready, in one update.
//!
//! What Meta lets a number send is learnt besides: when Meta says that it was too much, the number's share of its rate
//! falls, and grows again with time.

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::options::{ReturnDocument, WriteConcern};
use uuid::Uuid;

use super::arrivals::binary;
use super::index::Collection;
use super::{Error, Storage, durable, on_the_primary};

pub const ALLOWANCES: Collection = Collection {
    name: "allowances",
    holds: "how much each number may still send now",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[],
};

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    pub burst: f64,
}

/// What a refusal leaves of the share, and the least that stays.
const SHARE_KEPT: f64 = 0.7;
const SHARE_MIN: f64 = 0.1;
/// From nothing to the whole rate.
const RECOVERY_MS: f64 = 600_000.0;
/// Messages that were under way together are refused together: they count as one refusal.
const LOWERED_EVERY_MS: i64 = 3_000;

/// How a number's allowance stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowance {
    /// How much of its rate it uses now: 1 is all of it.
    pub share: f64,
    /// Nothing leaves before then.
    pub paused_until_ms: Option<i64>,
}

/// The share as it is now.
fn share() -> Document {
    let elapsed_ms = doc! { "$max": [0, { "$subtract": ["$$NOW", { "$ifNull": ["$sharedAt", "$$NOW"] }] }] };
    let grown = doc! { "$divide": [elapsed_ms, RECOVERY_MS] };
    doc! { "$min": [1.0, { "$add": [{ "$ifNull": ["$share", 1.0] }, grown] }] }
}

impl Storage {
    /// Takes up to `wanted` tokens of a number, and gives how many it got. They need not outlive the primary: whatever
    /// leaves with one is marked after it, and that lasts. What was granted and did not leave yet is granted once more if
    /// the primary dies, and Meta says so if it was too much.
    pub async fn take_allowance(&self, number: Uuid, rate: Rate, wanted: i64) -> Result<i64, Error> {
        let elapsed_ms = doc! { "$subtract": ["$$NOW", { "$ifNull": ["$at", "$$NOW"] }] };
        // The database's clock can be set back: what is there stays.
        let refill = doc! { "$max": [0, { "$multiply": [elapsed_ms, rate.per_second / 1_000.0, share()] }] };
        let burst = doc! { "$max": [1.0, { "$multiply": [rate.burst, share()] }] };
        let level = doc! { "$add": [{ "$ifNull": ["$tokens", rate.burst] }, refill] };
        let take = vec![
            doc! { "$set": { "tokens": { "$min": [burst, level] }, "at": "$$NOW" } },
            doc! { "$set": { "granted": { "$cond": [
                { "$gt": [{ "$ifNull": ["$pausedUntil", DateTime::MIN] }, "$$NOW"] },
                0_i64,
                { "$min": [wanted, { "$toLong": { "$floor": "$tokens" } }] },
            ] } } },
            doc! { "$set": { "tokens": { "$subtract": ["$tokens", "$granted"] } } },
        ];
        let mut outcome = self.change_allowance(number, take.clone(), on_the_primary()).await;
        if outcome == Err(Error::Duplicate) {
            // Somebody else made it at the same time.
            outcome = self.change_allowance(number, take, on_the_primary()).await;
        }
        let after = outcome?;
        let granted = after.get("granted").map_or(0, |granted| match granted {
            Bson::Int64(granted) => *granted,
            Bson::Int32(granted) => i64::from(*granted),
            _ => 0,
        });
        Ok(granted.max(0))
    }

    /// Lets nothing of a number leave for a while, on no instance, and less than before after that: Meta has said that it
    /// was too much.
    pub async fn pause_allowance(&self, number: Uuid, ms: i64) -> Result<(), Error> {
        let until = doc! { "$add": ["$$NOW", ms] };
        let lowered_at = doc! { "$ifNull": ["$loweredAt", DateTime::from_millis(0)] };
        let is_told = doc! { "$lt": [{ "$subtract": ["$$NOW", lowered_at] }, LOWERED_EVERY_MS] };
        let lower = doc! { "$max": [SHARE_MIN, { "$multiply": [share(), SHARE_KEPT] }] };
        let pause = vec![doc! { "$set": {
            "pausedUntil": { "$max": ["$pausedUntil", until] },
            "tokens": 0.0,
            "at": "$$NOW",
            "share": { "$cond": [is_told.clone(), share(), lower] },
            "sharedAt": "$$NOW",
            "loweredAt": { "$cond": [is_told, "$loweredAt", "$$NOW"] },
        } }];
        self.change_allowance(number, pause, durable(self.timeout)).await.map(drop)
    }

    /// How the allowance of a number stands.
    pub async fn find_allowance(&self, number: Uuid) -> Result<Allowance, Error> {
        let allowances: Handle<Document> = self.database.collection(ALLOWANCES.name);
        let is_paused = doc! { "$gt": ["$pausedUntil", "$$NOW"] };
        let stages = [
            doc! { "$match": { "_id": binary(number) } },
            doc! { "$project": {
                "share": share(),
                "pausedUntil": { "$cond": [is_paused, "$pausedUntil", "$$REMOVE"] },
            } },
        ];
        let found: Vec<Document> = allowances.aggregate(stages).await?.try_collect().await?;
        let found = found.first();
        let paused_until = found.and_then(|found| found.get_datetime("pausedUntil").ok());
        Ok(Allowance {
            share: found.and_then(|found| found.get_f64("share").ok()).unwrap_or(1.0),
            paused_until_ms: paused_until.map(|until| until.timestamp_millis()),
        })
    }

    async fn change_allowance(
        &self,
        number: Uuid,
        stages: Vec<Document>,
        concern: WriteConcern,
    ) -> Result<Document, Error> {
        let allowances: Handle<Document> = self.database.collection(ALLOWANCES.name);
        let found = allowances
            .find_one_and_update(doc! { "_id": binary(number) }, stages)
            .upsert(true)
            .return_document(ReturnDocument::After)
            .write_concern(concern)
            .await?;
        Ok(found.unwrap_or_default())
    }
}
