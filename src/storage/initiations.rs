//! Which customers a number has written to first of late. Apart from their conversations, where every answer would pay
//! for the index by which they are counted.

use mongodb::bson::{DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::binary;
use super::index::{Collection, Index};
use super::told::Write;
use super::{Error, Storage};

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
/// Meta's highest limit is 100,000; above that there is none.
const COUNTED_MAX: u64 = 200_000;

/// The write by which a customer counts as written to first.
pub(super) fn initiated(number: Uuid, conversation: Uuid, now_ms: i64) -> Write {
    let now = DateTime::from_millis(now_ms);
    let set = doc! {
        "number": binary(number),
        "at": { "$max": ["$at", now] },
        "expireAt": { "$add": ["$$NOW", KEPT_FOR_MS] },
    };
    Write::upsert_pipeline(INITIATIONS.name, doc! { "_id": binary(conversation) }, vec![doc! { "$set": set }])
}

impl Storage {
    /// How many customers a number has written to first since then: outside of their window.
    pub async fn count_initiated(&self, number: Uuid, since_ms: i64) -> Result<i64, Error> {
        let initiations = self.database.collection::<Document>(INITIATIONS.name);
        let filter = doc! { "number": binary(number), "at": { "$gt": DateTime::from_millis(since_ms) } };
        let count = initiations.count_documents(filter).limit(COUNTED_MAX).await?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }
}
