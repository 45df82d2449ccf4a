//! Documents that come from webhooks: each is inserted once, under a key that follows from what it tells, however
//! often it comes and whoever inserts it. Its origin says which segment brought it first: counting goes by that.

use std::collections::HashMap;

use mongodb::bson::raw::{RawDocumentBuf, cstr};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};
use mongodb::options::{CollectionOptions, ReadConcern};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::{Error, Storage};

/// The segment that brought a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    pub lane: Uuid,
    pub segment: i64,
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut origin = serializer.serialize_struct("Origin", 2)?;
        origin.serialize_field("lane", &id_value(self.lane))?;
        origin.serialize_field("segment", &self.segment)?;
        origin.end()
    }
}

/// A document on its way in.
#[derive(Debug)]
pub struct Fresh {
    pub(super) key: String,
    pub(super) origin: Origin,
    pub(super) document: RawDocumentBuf,
}

impl Fresh {
    /// As BSON. Encoded before the key is given away: a document may borrow it. The time is added here: serde takes one
    /// through text.
    pub(super) fn encode(document: &impl Serialize, received_ms: i64) -> Result<RawDocumentBuf, Error> {
        let mut document = mongodb::bson::serialize_to_raw_document_buf(document)
            .map_err(|_| Error::Malformed { what: "a document that BSON cannot hold" })?;
        document.append(cstr!("receivedAt"), DateTime::from_millis(received_ms));
        Ok(document)
    }

    /// Its key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The segment that brings it.
    pub fn origin(&self) -> Origin {
        self.origin
    }
}

/// What became of a document that was to be inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is there now, for the first time.
    New,
    /// The same segment had brought it already, before an interruption.
    Again,
    /// Another segment had brought it.
    Repeat,
    /// The database does not take it.
    Refused(Error),
}

impl Arrival {
    /// Whether it was there before.
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Again | Self::Repeat)
    }

    /// Whether this segment is the one that brought it.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::New | Self::Again)
    }
}

impl Storage {
    /// Inserts what is not there yet. `expect_known` looks first, which is dearer for what is new and much
    /// cheaper for what is not.
    pub async fn insert_arrivals(
        &self,
        collection: &'static str,
        fresh: Vec<Fresh>,
        expect_known: bool,
    ) -> Result<Vec<Arrival>, Error> {
        let origins: Vec<Origin> = fresh.iter().map(|one| one.origin).collect();
        let keys: Vec<String> = fresh.iter().map(|one| one.key.clone()).collect();
        let known = if expect_known { self.origins_of(collection, &keys).await? } else { HashMap::new() };
        let (mut places, mut documents) = (Vec::new(), Vec::new());
        let mut there: Vec<usize> = Vec::new();
        for (index, one) in fresh.into_iter().enumerate() {
            if known.contains_key(&one.key) {
                there.push(index);
            } else {
                places.push(index);
                documents.push(one.document);
            }
        }
        let mut arrivals = vec![Arrival::New; keys.len()];
        let mut duplicates = Vec::new();
        for refusal in self.insert_each(collection, documents).await? {
            let Some(index) = places.get(refusal.index).copied() else { continue };
            if refusal.error == Error::Duplicate {
                duplicates.push(index);
            } else if let Some(arrival) = arrivals.get_mut(index) {
                *arrival = Arrival::Refused(refusal.error);
            }
        }
        let asked: Vec<String> = duplicates.iter().filter_map(|index| keys.get(*index).cloned()).collect();
        let found =
            if asked.is_empty() { HashMap::new() } else { self.origins_of(collection, &asked).await? };
        for index in there.into_iter().chain(duplicates) {
            // It was, and is not: a new primary did not have it.
            let first = keys.get(index).and_then(|key| known.get(key).or_else(|| found.get(key)));
            let first = Some(first.ok_or(Error::Conflict)?);
            if let Some(arrival) = arrivals.get_mut(index) {
                *arrival = if first == origins.get(index) { Arrival::Again } else { Arrival::Repeat };
            }
        }
        Ok(arrivals)
    }

    /// A collection read from a majority: what was seen there does not go away with a primary.
    pub(super) fn settled_collection(&self, collection: &str) -> mongodb::Collection<Document> {
        let options = CollectionOptions::builder().read_concern(ReadConcern::majority()).build();
        self.database.collection_with_options(collection, options)
    }

    /// Which of the documents are there, and which segments brought them.
    pub async fn origins_of(
        &self,
        collection: &str,
        keys: &[String],
    ) -> Result<HashMap<String, Origin>, Error> {
        let mut origins = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(5_000) {
            let mut cursor = self
                .settled_collection(collection)
                .find(doc! { "_id": { "$in": keys } })
                .projection(doc! { "origin": 1 })
                .batch_size(5_000)
                .await?;
            while cursor.advance().await? {
                let found = cursor.deserialize_current()?;
                let key = found.get_str("_id").unwrap_or_default().to_owned();
                // What we made ourselves has no origin: no segment brought it.
                let origin = found.get_document("origin").ok().and_then(origin_of);
                origins.insert(key, origin.unwrap_or(Origin { lane: Uuid::nil(), segment: -1 }));
            }
        }
        Ok(origins)
    }
}

impl Storage {
    /// Which of the documents are there, and which of those wait for another one.
    pub async fn present(&self, collection: &str, keys: &[String]) -> Result<HashMap<String, bool>, Error> {
        let mut present = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(5_000) {
            let mut cursor = self
                .database
                .collection::<Document>(collection)
                .find(doc! { "_id": { "$in": keys } })
                .projection(doc! { "waiting": 1 })
                .batch_size(5_000)
                .await?;
            while cursor.advance().await? {
                let found = cursor.deserialize_current()?;
                let waits = found.get_bool("waiting").unwrap_or(false);
                present.insert(found.get_str("_id").unwrap_or_default().to_owned(), waits);
            }
        }
        Ok(present)
    }
}

pub(super) fn origin_of(document: &Document) -> Option<Origin> {
    let lane = uuid_of(document, "lane")?;
    Some(Origin { lane, segment: document.get_i64("segment").ok()? })
}

/// An id as MongoDB keeps it.
pub(super) fn binary(id: Uuid) -> Binary {
    Binary { subtype: BinarySubtype::Uuid, bytes: id.as_bytes().to_vec() }
}

/// The same for what is written by serde, which takes a `Binary` through base64.
pub(super) fn id_value(id: Uuid) -> mongodb::bson::Uuid {
    mongodb::bson::Uuid::from_bytes(*id.as_bytes())
}

/// The same of several.
pub(super) fn binaries(ids: &[Uuid]) -> Vec<Binary> {
    ids.iter().copied().map(binary).collect()
}

pub(super) fn uuid_of(document: &Document, field: &str) -> Option<Uuid> {
    document.get(field).and_then(uuid_in)
}

pub(super) fn uuid_in(value: &Bson) -> Option<Uuid> {
    match value {
        Bson::Binary(binary) => Uuid::from_slice(&binary.bytes).ok(),
        _ => None,
    }
}
