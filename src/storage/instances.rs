//! Which processes there are, as far as they have been heard of lately. Nothing rests on it but how soon one hears of
//! another: leases decide who does what.

use std::time::Duration;

use mongodb::Collection as Handle;
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::binary;
use super::index::{Collection, Index};
use super::value::millis;
use super::{Error, Storage};

pub const INSTANCES: Collection = Collection {
    name: "instances",
    holds: "the processes that were heard of lately",
    written_at: Some("seenAt"),
    expires_at: Some("expireAt"),
    options: Document::new,
    indexes: &[Index {
        name: "expireAt",
        keys: &[("expireAt", 1)],
        unique: false,
        expires: true,
        only: None,
        serves: "MongoDB's own removal of processes that are gone",
    }],
};

/// One that has not been heard of for so long is gone.
pub const SILENT_MAX: Duration = Duration::from_secs(10);
/// One that is gone is forgotten after this time.
const KEPT_FOR: Duration = Duration::from_mins(10);

impl Storage {
    /// Says that this process is there.
    pub async fn note_instance(&self, instance: Uuid) -> Result<(), Error> {
        let seen = vec![doc! { "$set": {
            "v": 1,
            "seenAt": "$$NOW",
            "expireAt": { "$add": ["$$NOW", millis(KEPT_FOR)] },
        } }];
        self.instances().update_one(doc! { "_id": binary(instance) }, seen).upsert(true).await?;
        Ok(())
    }

    /// Whether any process has been heard of lately but this one, if we are one.
    pub async fn has_other_instances(&self, instance: Option<Uuid>) -> Result<bool, Error> {
        let since = doc! { "$subtract": ["$$NOW", millis(SILENT_MAX)] };
        let mut others = doc! { "$expr": { "$gt": ["$seenAt", since] } };
        if let Some(instance) = instance {
            others.insert("_id", doc! { "$ne": binary(instance) });
        }
        Ok(self.instances().find_one(others).projection(doc! { "_id": 1 }).await?.is_some())
    }

    fn instances(&self) -> Handle<Document> {
        self.database.collection(INSTANCES.name)
    }
}
