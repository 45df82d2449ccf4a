//! The journal: raw webhooks as they came, many in one document (a *segment*), written before Meta is told 200.

use std::time::Duration;

use bytes::Bytes;
use mongodb::Collection as Handle;
use mongodb::bson::raw::{RawArrayBuf, RawDocumentBuf, cstr};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{DateTime, Document, RawBinaryRef, doc, rawdoc};
use mongodb::options::InsertOneOptions;

use super::index::{Collection, Index};
use super::{Error, durable};

pub const COLLECTION: Collection = Collection {
    name: "segments",
    holds: "the journal: raw webhooks, until everything in them is projected",
    written_at: Some("at"),
    expires_at: Some("expireAt"),
    // The bodies are JSON of one family: they shrink well.
    options: || doc! { "storageEngine": { "wiredTiger": { "configString": "block_compressor=zstd" } } },
    indexes: &[Index {
        name: "expireAt",
        keys: &[("expireAt", 1)],
        unique: false,
        expires: true,
        only: None,
        serves: "MongoDB's own removal of finished segments",
    }],
};

/// One webhook as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawWebhook {
    /// When it was received, in milliseconds since 1970.
    pub received_ms: i64,
    /// Its body, byte for byte.
    pub body: Bytes,
}

/// A segment's place: the writer's lane, and its number in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub lane: String,
    pub number: i64,
}

/// The collection of segments.
#[derive(Clone, Debug)]
pub struct Segments {
    collection: Handle<RawDocumentBuf>,
    timeout: Duration,
}

impl Segments {
    pub(super) fn new(collection: Handle<RawDocumentBuf>, timeout: Duration) -> Self {
        Self { collection, timeout }
    }

    /// Writes a segment so that it outlives a crash of anything. An error may mean that it was written all the
    /// same, unless it says otherwise.
    pub async fn append(&self, place: &Place, at_ms: i64, webhooks: &[RawWebhook]) -> Result<(), Error> {
        let segment = encode(place, at_ms, webhooks);
        let options = InsertOneOptions::builder().write_concern(durable(self.timeout)).build();
        let insert = self.collection.insert_one(segment).with_options(options);
        match tokio::time::timeout(self.timeout, insert).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Error::OutcomeUnknown),
        }
    }

    /// How many webhooks the journal holds.
    pub async fn count_webhooks(&self) -> Result<u64, Error> {
        let sum = doc! { "$group": { "_id": null, "webhooks": { "$sum": "$count" } } };
        let mut cursor = self.collection.aggregate([sum]).with_type::<Document>().await?;
        if !cursor.advance().await? {
            return Ok(0);
        }
        let group = cursor.deserialize_current()?;
        let webhooks = group.get_i64("webhooks").or_else(|_| group.get_i32("webhooks").map(i64::from));
        webhooks
            .ok()
            .and_then(|sum| u64::try_from(sum).ok())
            .ok_or(Error::Malformed { what: "a segment's count" })
    }
}

fn encode(place: &Place, at_ms: i64, webhooks: &[RawWebhook]) -> RawDocumentBuf {
    let mut array = RawArrayBuf::new();
    for webhook in webhooks {
        let mut item = RawDocumentBuf::new();
        let body = RawBinaryRef { subtype: BinarySubtype::Generic, bytes: &webhook.body };
        item.append(cstr!("t"), webhook.received_ms);
        item.append(cstr!("b"), body);
        array.push(item);
    }
    let mut segment = rawdoc! {
        "_id": format!("{}:{:012}", place.lane, place.number),
        "lane": place.lane.as_str(),
        "number": place.number,
        "at": DateTime::from_millis(at_ms),
        "count": i32::try_from(webhooks.len()).unwrap_or(i32::MAX),
    };
    segment.append(cstr!("webhooks"), array);
    segment
}
