//! The journal: raw webhooks as they came, many in one document (a *segment*), written before Meta is told 200.
//!
//! A segment is never changed. It goes when everything in it is done (its lane's mark is past it) and it is old.

use std::time::Duration;

use bytes::Bytes;
use mongodb::bson::raw::{RawDocument, RawDocumentBuf, cstr};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, Document, RawBinaryRef, RawBsonRef, doc};
use mongodb::options::InsertOneOptions;
use mongodb::{Collection as Handle, bson};
use serde::Serialize;
use uuid::Uuid;

use super::index::{Collection, Index};
use super::{Error, durable};

pub const COLLECTION: Collection = Collection {
    name: "segments",
    holds: "the journal: raw webhooks, kept for some time after everything in them is done",
    written_at: Some("at"),
    expires_at: None,
    // The bodies are JSON of one family: they shrink well.
    options: || doc! { "storageEngine": { "wiredTiger": { "configString": "block_compressor=zstd" } } },
    indexes: &[Index {
        name: "at",
        keys: &[("at", 1)],
        unique: false,
        expires: false,
        only: None,
        serves: "verify, trace, replay and the finding of a probe in a stretch of time",
    }],
};

/// How much is read of a lane at once.
const READ_BYTES_ENOUGH: usize = 1024 * 1024;

/// One webhook as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawWebhook {
    /// When it was received, in milliseconds since 1970.
    pub received_ms: i64,
    /// Its body, byte for byte.
    pub body: Bytes,
    /// Set when it is not from Meta but from our own journal, once more.
    pub again: Option<Again>,
}

/// A webhook that goes through once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// The segment that it first came in.
    pub place: Place,
    /// Its place in that segment: its messages keep their order by it.
    pub slot: u32,
    /// Whether it only repairs what is stored, without telling anybody.
    pub is_silent: bool,
}

/// A segment's place: the writer's lane, and its number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub lane: Uuid,
    pub number: i64,
}

impl Place {
    /// The segment's key; keys of a lane sort by number.
    pub fn key(&self) -> String {
        format!("{}:{:012}", self.lane, self.number.max(0))
    }

    /// The place that a key names.
    pub fn parse(key: &str) -> Option<Self> {
        let (lane, number) = key.split_once(':')?;
        Some(Self { lane: Uuid::parse_str(lane).ok()?, number: number.parse().ok()? })
    }
}

impl RawWebhook {
    /// One as Meta has just sent it.
    pub fn new(received_ms: i64, body: Bytes) -> Self {
        Self { received_ms, body, again: None }
    }

    /// Where it first came in; where it is now, unless it goes through once more.
    pub fn first_at(&self, place: Place, slot: u32) -> (Place, u32) {
        self.again.map_or((place, slot), |again| (again.place, again.slot))
    }
}

/// A segment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub place: Place,
    pub at_ms: i64,
    pub webhooks: Vec<RawWebhook>,
}

impl Segment {
    /// How many bytes its bodies have.
    pub fn bytes(&self) -> usize {
        self.webhooks.iter().map(|webhook| webhook.body.len()).sum()
    }
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
        let segment = encode(place, at_ms, webhooks)?;
        let options = InsertOneOptions::builder().write_concern(durable(self.timeout)).build();
        let insert = self.collection.insert_one(segment).with_options(options);
        match tokio::time::timeout(self.timeout, insert).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(Error::OutcomeUnknown),
        }
    }

    /// The next segments of a lane after `number`, in their order: at least one if there is one, and no more than
    /// fit into some megabytes.
    pub async fn after(&self, lane: Uuid, number: i64, limit: i64) -> Result<Vec<Segment>, Error> {
        let from = Place { lane, number: number.saturating_add(1) }.key();
        let end = Place { lane, number: 999_999_999_999 }.key();
        self.read(doc! { "_id": { "$gte": from, "$lte": end } }, doc! { "_id": 1 }, limit).await
    }

    /// One segment.
    pub async fn get(&self, place: &Place) -> Result<Option<Segment>, Error> {
        Ok(self.read(doc! { "_id": place.key() }, doc! { "_id": 1 }, 1).await?.pop())
    }

    /// Whether a webhook with exactly this body was stored in a stretch of time.
    pub async fn hold_body(&self, body: &[u8], from_ms: i64, to_ms: i64) -> Result<bool, Error> {
        let bytes = Binary { subtype: BinarySubtype::Generic, bytes: body.to_vec() };
        let with_body = doc! {
            "at": { "$gte": DateTime::from_millis(from_ms), "$lt": DateTime::from_millis(to_ms) },
            "webhooks.b": bytes,
        };
        let segments = self.collection.clone_with_type::<Document>();
        Ok(segments.find_one(with_body).projection(doc! { "_id": 1 }).await?.is_some())
    }

    /// The keys of the segments that were stored in a stretch of time, in the order of time.
    pub async fn places_between(&self, from_ms: i64, to_ms: i64) -> Result<Vec<Place>, Error> {
        let between =
            doc! { "at": { "$gte": DateTime::from_millis(from_ms), "$lt": DateTime::from_millis(to_ms) } };
        let mut cursor = self
            .collection
            .clone_with_type::<Document>()
            .find(between)
            .sort(doc! { "at": 1, "_id": 1 })
            .projection(doc! { "_id": 1 })
            .await?;
        let mut places = Vec::new();
        while cursor.advance().await? {
            let found = cursor.deserialize_current()?;
            let place = found.get_str("_id").ok().and_then(Place::parse);
            places.push(place.ok_or(Error::Malformed { what: "a segment's key" })?);
        }
        Ok(places)
    }

    /// Removes the segments of a lane up to its mark that are older than `keep`. Time is the database's.
    pub async fn remove_done(&self, lane: Uuid, folded: i64, keep: Duration) -> Result<u64, Error> {
        let (from, to) = (Place { lane, number: 0 }.key(), Place { lane, number: folded }.key());
        if folded < 0 {
            return Ok(0);
        }
        let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let old = doc! { "$lt": ["$at", { "$subtract": ["$$NOW", keep] }] };
        let done = doc! { "_id": { "$gte": from, "$lte": to }, "$expr": old };
        Ok(self.collection.delete_many(done).await?.deleted_count)
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

    async fn read(&self, filter: Document, sort: Document, limit: i64) -> Result<Vec<Segment>, Error> {
        let mut cursor = self.collection.find(filter).sort(sort).limit(limit).await?;
        let (mut segments, mut bytes) = (Vec::new(), 0);
        while bytes < READ_BYTES_ENOUGH && cursor.advance().await? {
            bytes += cursor.current().as_bytes().len();
            segments.push(decode(cursor.current()).ok_or(Error::Malformed { what: "a segment" })?);
        }
        Ok(segments)
    }
}

/// A segment as it is stored, but for the time: serde takes one through text.
#[derive(Serialize)]
struct SegmentDocument<'a> {
    #[serde(rename = "_id")]
    id: String,
    count: i32,
    webhooks: Vec<WebhookValue<'a>>,
}

#[derive(Serialize)]
struct WebhookValue<'a> {
    t: i64,
    b: RawBinaryRef<'a>,
    #[serde(flatten)]
    again: Option<AgainValue>,
}

#[derive(Serialize)]
struct AgainValue {
    from: String,
    slot: i32,
    silent: bool,
}

fn encode(place: &Place, at_ms: i64, webhooks: &[RawWebhook]) -> Result<RawDocumentBuf, Error> {
    let again = |again: Again| AgainValue {
        from: again.place.key(),
        slot: i32::try_from(again.slot).unwrap_or(0),
        silent: again.is_silent,
    };
    let webhooks: Vec<WebhookValue<'_>> = webhooks
        .iter()
        .map(|webhook| WebhookValue {
            t: webhook.received_ms,
            b: RawBinaryRef { subtype: BinarySubtype::Generic, bytes: &webhook.body },
            again: webhook.again.map(again),
        })
        .collect();
    let count = i32::try_from(webhooks.len()).unwrap_or(i32::MAX);
    let segment = SegmentDocument { id: place.key(), count, webhooks };
    let mut segment = bson::serialize_to_raw_document_buf(&segment)
        .map_err(|_| Error::Malformed { what: "a segment that BSON cannot hold" })?;
    segment.append(cstr!("at"), DateTime::from_millis(at_ms));
    Ok(segment)
}

fn decode(segment: &RawDocument) -> Option<Segment> {
    let place = Place::parse(segment.get_str("_id").ok()?)?;
    let at_ms = segment.get_datetime("at").ok()?.timestamp_millis();
    let mut webhooks = Vec::new();
    for item in segment.get_array("webhooks").ok()? {
        let RawBsonRef::Document(item) = item.ok()? else { return None };
        let again = match (item.get_i32("slot"), item.get_bool("silent")) {
            (Ok(slot), Ok(is_silent)) => {
                let from = item.get_str("from").ok().and_then(Place::parse).unwrap_or(place);
                Some(Again { place: from, slot: u32::try_from(slot).ok()?, is_silent })
            }
            _ => None,
        };
        webhooks.push(RawWebhook {
            received_ms: item.get_i64("t").ok()?,
            body: Bytes::copy_from_slice(item.get_binary("b").ok()?.bytes),
            again,
        });
    }
    Some(Segment { place, at_ms, webhooks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_read_as_it_was_written() {
        let place = Place { lane: Uuid::from_u128(7), number: 12 };
        let webhooks = vec![
            RawWebhook { received_ms: 1, body: Bytes::from_static(b"{}\0\xff"), again: None },
            RawWebhook {
                received_ms: 2,
                body: Bytes::new(),
                again: Some(Again {
                    place: Place { lane: Uuid::from_u128(3), number: 4 },
                    slot: 900,
                    is_silent: true,
                }),
            },
        ];
        let segment = decode(&encode(&place, 5, &webhooks).unwrap()).unwrap();
        assert_eq!(segment, Segment { place, at_ms: 5, webhooks });
        assert_eq!(Place::parse(&place.key()), Some(place));
    }
}
