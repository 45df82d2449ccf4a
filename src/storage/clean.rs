//! What the database can do without: for `pesan db clean`. Nothing here touches a document that is still needed.

use mongodb::bson::{DateTime, Document, doc};

use super::{COLLECTIONS, Error, Storage};
use crate::clock::Clock;

/// Less free space than this is not worth the work of giving it back.
const COMPACT_BYTES_MIN: u64 = 16 * 1024 * 1024;

/// One thing that can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waste {
    /// Documents past their expiry that MongoDB has not removed yet.
    Expired { collection: &'static str, field: &'static str, documents: u64, bytes: u64 },
    /// An index that no query of ours needs.
    UndeclaredIndex { collection: &'static str, index: String, bytes: u64 },
    /// Space inside a collection's files that nothing uses.
    FreeSpace { collection: &'static str, bytes: u64 },
}

impl Waste {
    /// What its removal frees.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Expired { bytes, .. }
            | Self::UndeclaredIndex { bytes, .. }
            | Self::FreeSpace { bytes, .. } => *bytes,
        }
    }
}

impl std::fmt::Display for Waste {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expired { collection, documents, .. } => {
                write!(f, "{documents} expired documents in {collection}")
            }
            Self::UndeclaredIndex { collection, index, .. } => {
                write!(f, "index {collection}.{index}, which no query of pesan needs")
            }
            Self::FreeSpace { collection, .. } => write!(f, "unused space in the files of {collection}"),
        }
    }
}

impl Storage {
    /// Finds what can go.
    pub async fn find_waste(&self, clock: &Clock) -> Result<Vec<Waste>, Error> {
        let mut waste = Vec::new();
        let sizes = self.survey().await?;
        for (collection, size) in COLLECTIONS.iter().zip(&sizes) {
            if let Some(field) = collection.expires_at {
                let documents = self
                    .database
                    .collection::<Document>(collection.name)
                    .count_documents(expired(field, clock))
                    .await?;
                if documents > 0 {
                    let bytes = size.data_bytes / size.documents.max(1) * documents;
                    waste.push(Waste::Expired { collection: collection.name, field, documents, bytes });
                }
            }
            if size.free_bytes >= COMPACT_BYTES_MIN {
                waste.push(Waste::FreeSpace { collection: collection.name, bytes: size.free_bytes });
            }
        }
        for (collection, index) in self.undeclared_indexes().await? {
            let bytes = self.index_bytes(collection, &index).await?;
            waste.push(Waste::UndeclaredIndex { collection, index, bytes });
        }
        Ok(waste)
    }

    /// Removes one thing that was found.
    pub async fn remove_waste(&self, waste: &Waste, clock: &Clock) -> Result<(), Error> {
        match waste {
            Waste::Expired { collection, field, .. } => {
                self.database.collection::<Document>(collection).delete_many(expired(field, clock)).await?;
            }
            Waste::UndeclaredIndex { collection, index, .. } => self.drop_index(collection, index).await?,
            Waste::FreeSpace { collection, .. } => {
                self.run(doc! { "compact": *collection, "force": true }).await?;
            }
        }
        Ok(())
    }

    async fn index_bytes(&self, collection: &str, index: &str) -> Result<u64, Error> {
        let stats = self.run(doc! { "collStats": collection }).await?;
        let sizes = stats.get_document("indexSizes").cloned().unwrap_or_default();
        let bytes = sizes.get_i64(index).or_else(|_| sizes.get_i32(index).map(i64::from)).unwrap_or(0);
        Ok(u64::try_from(bytes).unwrap_or(0))
    }
}

fn expired(field: &str, clock: &Clock) -> Document {
    doc! { field: { "$lt": DateTime::from_millis(clock.now_ms()) } }
}
