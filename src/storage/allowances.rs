//! How much each number may still send, for all instances together: a token bucket in the database's time. Whoever
//! wants to send takes as many tokens as it has messages ready, in one update.

use mongodb::Collection as Handle;
use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::options::ReturnDocument;
use uuid::Uuid;

use super::arrivals::binary;
use super::index::Collection;
use super::{Error, Storage};

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

impl Storage {
    /// Takes up to `wanted` tokens of a number, and gives how many it got.
    pub async fn take_allowance(&self, number: Uuid, rate: Rate, wanted: i64) -> Result<i64, Error> {
        let elapsed_ms = doc! { "$subtract": ["$$NOW", { "$ifNull": ["$at", "$$NOW"] }] };
        // The database's clock can be set back: what is there stays.
        let refill = doc! { "$max": [0, { "$multiply": [elapsed_ms, rate.per_second / 1_000.0] }] };
        let level = doc! { "$add": [{ "$ifNull": ["$tokens", rate.burst] }, refill] };
        let take = vec![
            doc! { "$set": { "tokens": { "$min": [rate.burst, level] }, "at": "$$NOW" } },
            doc! { "$set": { "granted": { "$cond": [
                { "$gt": [{ "$ifNull": ["$pausedUntil", DateTime::MIN] }, "$$NOW"] },
                0_i64,
                { "$min": [wanted, { "$toLong": { "$floor": "$tokens" } }] },
            ] } } },
            doc! { "$set": { "tokens": { "$subtract": ["$tokens", "$granted"] } } },
        ];
        let mut outcome = self.change_allowance(number, take.clone()).await;
        if outcome == Err(Error::Duplicate) {
            // Somebody else made it at the same time.
            outcome = self.change_allowance(number, take).await;
        }
        let after = outcome?;
        let granted = after.get("granted").map_or(0, |granted| match granted {
            Bson::Int64(granted) => *granted,
            Bson::Int32(granted) => i64::from(*granted),
            _ => 0,
        });
        Ok(granted.max(0))
    }

    /// Lets nothing of a number leave for a while, on no instance.
    pub async fn pause_allowance(&self, number: Uuid, ms: i64) -> Result<(), Error> {
        let until = doc! { "$add": ["$$NOW", ms] };
        let pause = vec![doc! { "$set": {
            "pausedUntil": { "$max": ["$pausedUntil", until] },
            "tokens": 0.0,
            "at": "$$NOW",
        } }];
        self.change_allowance(number, pause).await.map(drop)
    }

    async fn change_allowance(&self, number: Uuid, stages: Vec<Document>) -> Result<Document, Error> {
        let allowances: Handle<Document> = self.database.collection(ALLOWANCES.name);
        let found = allowances
            .find_one_and_update(doc! { "_id": binary(number) }, stages)
            .upsert(true)
            .return_document(ReturnDocument::After)
            .await?;
        Ok(found.unwrap_or_default())
    }
}
