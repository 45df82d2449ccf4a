//! The audit log: who did what, one entry after the other in each workspace.
//!
//! An entry has the number after the last one; whoever comes second takes the next. Its hash covers the one before it
//! (`auth::audit` computes it). The workspace keeps how far its log came, so that an end that was cut off is missed.

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};
use mongodb::options::{CollectionOptions, ReadPreference, SelectionCriteria};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::index::Collection;
use super::{Error, Storage, durable};

pub const AUDIT: Collection = Collection {
    name: "audit",
    holds: "who changed what, as a chain of hashes for each workspace",
    written_at: Some("at"),
    expires_at: None,
    options: Document::new,
    indexes: &[],
};

/// One thing that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub workspace: Uuid,
    pub seq: i64,
    /// Tells our own entry from another's after an unknown outcome.
    pub id: Uuid,
    pub at_ms: i64,
    pub who: String,
    pub deed: String,
    pub target: String,
    pub changes: Vec<Change>,
    /// The hash of the entry before; empty for the first.
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
}

/// A value that changed, as far as it may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// How far a log came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub seq: i64,
    pub hash: Vec<u8>,
}

impl Storage {
    /// The last entry of a workspace's log.
    pub async fn last_audit_entry(&self, workspace: Uuid) -> Result<Option<Entry>, Error> {
        let filter = between(workspace, 0, i64::MAX);
        self.audit().find_one(filter).sort(doc! { "_id": -1 }).await?.as_ref().map(entry_of).transpose()
    }

    /// Adds an entry at its number. `Duplicate` if there is one with that number.
    pub async fn insert_audit_entry(&self, entry: &Entry) -> Result<(), Error> {
        self.audit().insert_one(document_of(entry)).write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    /// The entry with this number.
    pub async fn find_audit_entry(&self, workspace: Uuid, seq: i64) -> Result<Option<Entry>, Error> {
        let found = self.audit().find_one(doc! { "_id": key(workspace, seq) }).await?;
        found.as_ref().map(entry_of).transpose()
    }

    /// Keeps how far the log came, with the workspace.
    pub async fn note_audit_head(&self, workspace: Uuid, head: &Head) -> Result<(), Error> {
        let filter = doc! {
            "_id": binary(workspace),
            "$or": [{ "audit.seq": { "$exists": false } }, { "audit.seq": { "$lt": head.seq } }],
        };
        let change = doc! { "$set": { "audit": { "seq": head.seq, "hash": bytes(&head.hash) } } };
        self.workspaces().update_one(filter, change).write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    /// How far the log came, as the workspace knows it.
    pub async fn audit_head(&self, workspace: Uuid) -> Result<Option<Head>, Error> {
        let found = self.workspaces().find_one(doc! { "_id": binary(workspace) }).await?;
        let Some(audit) = found.as_ref().and_then(|found| found.get_document("audit").ok()) else {
            return Ok(None);
        };
        match (audit.get_i64("seq"), audit.get_binary_generic("hash")) {
            (Ok(seq), Ok(hash)) => Ok(Some(Head { seq, hash: hash.clone() })),
            _ => Err(Error::Malformed { what: "the head of an audit log" }),
        }
    }

    /// The entries of a workspace after a number, in their order, with the number that each stands under; none for one
    /// that cannot be read.
    pub async fn audit_to_check(
        &self,
        workspace: Uuid,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Option<Entry>)>, Error> {
        let filter = between(workspace, seq.saturating_add(1), i64::MAX);
        let found: Vec<Document> =
            self.audit().find(filter).sort(doc! { "_id": 1 }).limit(limit).await?.try_collect().await?;
        Ok(found.iter().map(|document| (seq_of(document), read_entry(document))).collect())
    }

    /// The entries of a workspace before a number, the latest first.
    pub async fn audit_before(&self, workspace: Uuid, seq: i64, limit: i64) -> Result<Vec<Entry>, Error> {
        let filter = between(workspace, 0, seq.saturating_sub(1));
        let found: Vec<Document> =
            self.audit().find(filter).sort(doc! { "_id": -1 }).limit(limit).await?.try_collect().await?;
        found.iter().map(entry_of).collect()
    }

    /// Read from the primary, also what a majority does not have yet: the entry after it is later there too, so a
    /// chain that a majority has is whole.
    fn audit(&self) -> Handle<Document> {
        let options = CollectionOptions::builder()
            .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .build();
        self.database.collection_with_options(AUDIT.name, options)
    }
}

fn between(workspace: Uuid, from: i64, to: i64) -> Document {
    doc! { "_id": { "$gte": key(workspace, from), "$lte": key(workspace, to) } }
}

/// Workspace and number: sorts by number within the workspace.
fn key(workspace: Uuid, seq: i64) -> Binary {
    let mut key = workspace.as_bytes().to_vec();
    key.extend_from_slice(&seq.max(0).to_be_bytes());
    bytes(&key)
}

/// The number in a key that `between` has matched.
fn seq_of(document: &Document) -> i64 {
    let bytes = document.get_binary_generic("_id").ok().and_then(|key| key.last_chunk::<8>());
    bytes.map_or(0, |bytes| i64::from_be_bytes(*bytes))
}

fn bytes(bytes: &[u8]) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }
}

fn document_of(entry: &Entry) -> Document {
    let changes = entry.changes.iter().map(|change| {
        let mut document = doc! { "field": &change.field };
        for (side, value) in [("from", &change.from), ("to", &change.to)] {
            if let Some(value) = value {
                document.insert(side, value);
            }
        }
        Bson::Document(document)
    });
    doc! {
        "_id": key(entry.workspace, entry.seq),
        "v": 1,
        "workspace": binary(entry.workspace),
        "seq": entry.seq,
        "id": binary(entry.id),
        "at": DateTime::from_millis(entry.at_ms),
        "who": &entry.who,
        "deed": &entry.deed,
        "target": &entry.target,
        "changes": changes.collect::<Vec<_>>(),
        "previous": bytes(&entry.previous),
        "hash": bytes(&entry.hash),
    }
}

fn entry_of(document: &Document) -> Result<Entry, Error> {
    read_entry(document).ok_or(Error::Malformed { what: "an entry of the audit log" })
}

fn read_entry(document: &Document) -> Option<Entry> {
    let text = |field| document.get_str(field).ok().map(str::to_owned);
    let changes = document.get_array("changes").ok()?.iter().map(|change| {
        let change = change.as_document()?;
        let text = |field| change.get_str(field).ok().map(str::to_owned);
        Some(Change { field: text("field")?, from: text("from"), to: text("to") })
    });
    Some(Entry {
        workspace: uuid_of(document, "workspace")?,
        seq: document.get_i64("seq").ok()?,
        id: uuid_of(document, "id")?,
        at_ms: document.get_datetime("at").ok()?.timestamp_millis(),
        who: text("who")?,
        deed: text("deed")?,
        target: text("target")?,
        changes: changes.collect::<Option<_>>()?,
        previous: document.get_binary_generic("previous").ok()?.clone(),
        hash: document.get_binary_generic("hash").ok()?.clone(),
    })
}
