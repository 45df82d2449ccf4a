//! Data keys: what seals a workspace's values, wrapped by a master key. A version is made once and never changes;
//! only its wrapping does. Versions stay for good: a restored backup may need any of them.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::index::Collection;
use super::{Error, Storage, durable};
use crate::crypto::Wrapped;

pub const COLLECTION: Collection = Collection {
    name: "data_keys",
    holds: "the keys that seal stored secrets, themselves wrapped by a master key",
    written_at: Some("createdAt"),
    expires_at: None,
    options: Document::new,
    // The key of a document is workspace and version, in an order by which all queries go.
    indexes: &[],
};

/// A wrapped data key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    pub workspace: Uuid,
    pub version: u32,
    pub wrapped: Wrapped,
}

impl StoredKey {
    /// The document's key: it sorts by workspace, then version.
    pub fn key(&self) -> String {
        key(self.workspace, self.version)
    }
}

fn key(workspace: Uuid, version: u32) -> String {
    format!("{workspace}:{version:010}")
}

impl Storage {
    /// Adds a version, with so many seals spoken for. `Duplicate`: somebody else has just made it.
    pub async fn add_data_key(&self, new: &StoredKey, seals: i64, now_ms: i64) -> Result<(), Error> {
        let now = DateTime::from_millis(now_ms);
        let document = doc! {
            "_id": new.key(),
            "v": 1,
            "workspace": binary(new.workspace),
            "version": i64::from(new.version),
            "masterKey": &new.wrapped.master_key,
            "wrapped": bytes(&new.wrapped.bytes),
            "seals": seals,
            "createdAt": now,
            "wrappedAt": now,
        };
        self.data_keys().insert_one(document).write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    /// A version of a workspace's data key.
    pub async fn find_data_key(&self, workspace: Uuid, version: u32) -> Result<Option<StoredKey>, Error> {
        let found = self.data_keys().find_one(doc! { "_id": key(workspace, version) }).await?;
        found.as_ref().map(stored_key).transpose()
    }

    /// The newest version of a workspace's data key.
    pub async fn find_newest_data_key(&self, workspace: Uuid) -> Result<Option<StoredKey>, Error> {
        let of_workspace = doc! { "_id": { "$gte": key(workspace, 0), "$lte": key(workspace, u32::MAX) } };
        let found = self.data_keys().find_one(of_workspace).sort(doc! { "_id": -1 }).await?;
        found.as_ref().map(stored_key).transpose()
    }

    /// Speaks for `step` more seals of a version, as long as they stay within `max`. False: they do not.
    pub async fn reserve_seals(
        &self,
        workspace: Uuid,
        version: u32,
        step: i64,
        max: i64,
    ) -> Result<bool, Error> {
        let within = doc! { "_id": key(workspace, version), "seals": { "$lte": max.saturating_sub(step) } };
        let count = doc! { "$inc": { "seals": step } };
        let done = self.data_keys().update_one(within, count).write_concern(durable(self.timeout)).await?;
        Ok(done.matched_count == 1)
    }

    /// Wraps a version anew. False: it is not wrapped as in `old` any more, so somebody else has done it.
    pub async fn rewrap_data_key(&self, old: &StoredKey, new: &Wrapped, now_ms: i64) -> Result<bool, Error> {
        let unchanged = doc! { "_id": old.key(), "wrapped": bytes(&old.wrapped.bytes) };
        let set = doc! { "$set": {
            "masterKey": &new.master_key,
            "wrapped": bytes(&new.bytes),
            "wrappedAt": DateTime::from_millis(now_ms),
        }};
        let done = self.data_keys().update_one(unchanged, set).write_concern(durable(self.timeout)).await?;
        Ok(done.matched_count == 1)
    }

    /// The data keys of all workspaces, by key, a page at a time.
    pub async fn list_data_keys(&self, after: Option<&str>, limit: i64) -> Result<Vec<StoredKey>, Error> {
        let rest = doc! { "_id": { "$gt": after.unwrap_or_default() } };
        let found = self.data_keys().find(rest).sort(doc! { "_id": 1 }).limit(limit).await?;
        let found: Vec<Document> = found.try_collect().await?;
        found.iter().map(stored_key).collect()
    }

    /// How many data keys each master key wraps.
    pub async fn count_data_keys(&self) -> Result<BTreeMap<String, u64>, Error> {
        let group = doc! { "$group": { "_id": "$masterKey", "count": { "$sum": 1_i64 } } };
        let found: Vec<Document> = self.data_keys().aggregate([group]).await?.try_collect().await?;
        let counts = found.iter().map(|document| {
            let id = document.get_str("_id").ok().map(str::to_owned);
            let count = document.get_i64("count").ok().and_then(|count| u64::try_from(count).ok());
            id.zip(count).ok_or(Error::Malformed { what: "a data key" })
        });
        counts.collect()
    }

    fn data_keys(&self) -> Handle<Document> {
        self.database.collection(COLLECTION.name)
    }
}

fn bytes(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

fn stored_key(document: &Document) -> Result<StoredKey, Error> {
    let read = || {
        let master_key = document.get_str("masterKey").ok()?.to_owned();
        let bytes = document.get_binary_generic("wrapped").ok()?.clone();
        Some(StoredKey {
            workspace: uuid_of(document, "workspace")?,
            version: u32::try_from(document.get_i64("version").ok()?).ok()?,
            wrapped: Wrapped { master_key, bytes },
        })
    };
    read().ok_or(Error::Malformed { what: "a data key" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_version_and_lie_within_their_workspace() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sorted = [key(a, 0), key(a, 2), key(a, 10), key(a, u32::MAX), key(b, 0)];
        assert!(sorted.is_sorted(), "{sorted:?}");
    }

    #[test]
    fn a_data_key_that_is_not_one_is_an_error() {
        let good = doc! {
            "workspace": binary(Uuid::nil()), "version": 1_i64, "masterKey": "a", "wrapped": bytes(b"x"),
        };
        assert_eq!(stored_key(&good).unwrap().version, 1);
        for field in ["workspace", "version", "masterKey", "wrapped"] {
            let mut bad = good.clone();
            bad.insert(field, 1.5);
            assert!(stored_key(&bad).is_err(), "{field}");
        }
    }
}
