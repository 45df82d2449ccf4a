//! How large the database is, collection by collection: for `pesan db analyze` and `pesan db monitor`.

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};

use super::index::Collection;
use super::{COLLECTIONS, Error, Storage};

/// What one collection takes up.
#[derive(Clone, Debug, Default)]
pub struct Size {
    pub collection: &'static str,
    pub holds: &'static str,
    pub documents: u64,
    /// The documents uncompressed.
    pub data_bytes: u64,
    /// The files on disk, without indexes.
    pub stored_bytes: u64,
    /// Space in those files that nothing uses.
    pub free_bytes: u64,
    pub index_bytes: u64,
    pub indexes: u64,
    /// When the oldest and the newest document were written, in milliseconds since 1970.
    pub oldest_ms: Option<i64>,
    pub newest_ms: Option<i64>,
}

impl Storage {
    /// The size of each of our collections.
    pub async fn survey(&self) -> Result<Vec<Size>, Error> {
        let mut sizes = Vec::with_capacity(COLLECTIONS.len());
        for collection in COLLECTIONS {
            sizes.push(self.size_of(collection).await?);
        }
        Ok(sizes)
    }

    /// All that the database takes up on disk, indexes included.
    pub async fn total_bytes(&self) -> Result<u64, Error> {
        let stats = self.run(doc! { "dbStats": 1 }).await?;
        Ok(number(&stats, "storageSize") + number(&stats, "indexSize"))
    }

    async fn size_of(&self, collection: &'static Collection) -> Result<Size, Error> {
        let mut size = Size { collection: collection.name, holds: collection.holds, ..Size::default() };
        let handle = self.database.collection::<Document>(collection.name);
        let stats = handle.aggregate([doc! { "$collStats": { "storageStats": {} } }]).await;
        let shards: Vec<Document> = match stats {
            Ok(cursor) => cursor.try_collect().await?,
            // A collection that is not there takes up nothing.
            Err(error) => match Error::from(error) {
                Error::Refused { .. } => return Ok(size),
                error => return Err(error),
            },
        };
        // One document a shard.
        for stats in shards.iter().filter_map(|shard| shard.get_document("storageStats").ok()) {
            size.documents += number(stats, "count");
            size.data_bytes += number(stats, "size");
            size.stored_bytes += number(stats, "storageSize");
            size.free_bytes += number(stats, "freeStorageSize");
            size.index_bytes += number(stats, "totalIndexSize");
            size.indexes = size.indexes.max(number(stats, "nindexes"));
        }
        if let Some(field) = collection.written_at {
            size.oldest_ms = self.written_at(collection.name, field, 1).await?;
            size.newest_ms = self.written_at(collection.name, field, -1).await?;
        }
        Ok(size)
    }

    /// The time of the first or last document in the order of writing, which needs no index.
    async fn written_at(&self, collection: &str, field: &str, direction: i32) -> Result<Option<i64>, Error> {
        let document = self
            .database
            .collection::<Document>(collection)
            .find_one(doc! {})
            .sort(doc! { "$natural": direction })
            .projection(doc! { field: 1 })
            .await?;
        Ok(document.and_then(|document| document.get_datetime(field).ok().map(|at| at.timestamp_millis())))
    }
}

/// A number that the server may give as any of its number types.
fn number(document: &Document, field: &str) -> u64 {
    match document.get(field) {
        Some(Bson::Int32(value)) => u64::try_from(*value).unwrap_or(0),
        Some(Bson::Int64(value)) => u64::try_from(*value).unwrap_or(0),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size in bytes")]
        Some(Bson::Double(value)) => *value as u64,
        _ => 0,
    }
}
