//! The log of what changed: batches of events, numbered without a gap for each workspace.
//!
//! A batch is inserted at the number after the last one; whoever comes second takes the next. A number is only
//! used once the one before it is on a majority of members, so a majority reader never sees a gap. A batch that a
//! segment brought carries its source, which is unique: the same segment again adds nothing.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::bson::raw::{RawDocument, RawDocumentBuf, cstr};
use mongodb::bson::serde_helpers::HumanReadable;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, Document, RawBinaryRef, doc};
use mongodb::options::{CollectionOptions, ReadConcern};
use mongodb::{Collection as Handle, bson};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::arrivals::{Origin, id_value};
use super::index::{Collection, Index};
use super::{Error, Storage, durable};
use crate::ids::derived;

pub const EVENTS: Collection = Collection {
    name: "events",
    holds: "the log of what changed, in one order for each workspace",
    written_at: Some("at"),
    expires_at: None,
    options: Document::new,
    indexes: &[Index {
        name: "source",
        keys: &[("source", 1)],
        unique: true,
        expires: false,
        only: Some(|| doc! { "source": { "$exists": true } }),
        serves: "a segment's events are logged once",
    }],
};

/// How long events are kept: a follower that was away longer has to start anew.
pub const KEPT_FOR: Duration = Duration::from_hours(24 * 30);
/// So many numbers are removed with one command.
const REMOVED_AT_ONCE: i64 = 5_000;
/// How many workspaces are looked through at once, and how many keys of theirs.
const STANDINGS_AT_ONCE: usize = 200;
const KEYS_AT_ONCE: i64 = 1_000;

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Happening {
    /// A message is there.
    Message { message: String, conversation: Uuid, number: Uuid, inbound: bool },
    /// A message was edited, revoked or reacted to, or one of ours was refused, taken back, or left without an answer.
    MessageChanged { message: String, conversation: Uuid, number: Uuid },
    /// A message has come a step further.
    Status { message: String, conversation: Uuid, number: Uuid, step: String, at_s: i64 },
    /// A contact is new or is known better.
    Contact { contact: Uuid },
    /// A conversation was changed by people: it was joined with another one, or taken apart again.
    Conversation { conversation: Uuid, number: Uuid },
    /// Somebody has worked on a conversation: what was done (`domain::inbox::Work`), by whom, and to what of it: a note, a
    /// user.
    Work {
        conversation: Uuid,
        number: Uuid,
        work: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<String>,
    },
    /// A business number was added, changed or deleted.
    Number { number: Uuid },
    /// A template is new, has changed, or is gone.
    Template { template: String, account: String },
    /// Meta told something else: about an account, a number, a template, a group, a call.
    Notice {
        notice: String,
        kind: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Uuid>,
    },
}

/// What brought a batch: each brings one at most, in each workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Segment(Origin),
    /// Something that waited for its message, by collection and key. Whoever finds the two tells of it, and only the
    /// first is heard.
    Waited {
        collection: &'static str,
        key: String,
    },
}

/// A batch of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub workspace: Uuid,
    pub seq: i64,
    pub at_ms: i64,
    /// The segment that brought it, if one did.
    pub source: Option<Origin>,
    pub happenings: Vec<Happening>,
}

/// A batch that is to be appended.
#[derive(Clone, Debug)]
pub struct NewBatch {
    pub workspace: Uuid,
    pub source: Option<Source>,
    pub happenings: Vec<Happening>,
}

impl NewBatch {
    /// The batch as it is in the log, under its number.
    pub fn appended(self, seq: i64, now_ms: i64) -> Batch {
        let source = match self.source {
            Some(Source::Segment(origin)) => Some(origin),
            Some(Source::Waited { .. }) | None => None,
        };
        Batch { workspace: self.workspace, seq, at_ms: now_ms, source, happenings: self.happenings }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It has the number that it was to have.
    Done,
    /// Its source is in the log already.
    Known,
    /// Somebody else has that number.
    Taken,
}

impl Storage {
    /// The number of the last batch that a majority has; zero before the first.
    pub async fn last_event(&self, workspace: Uuid) -> Result<i64, Error> {
        let (from, to) = (key(workspace, 0), key(workspace, i64::MAX));
        let last = self
            .events()
            .find_one(doc! { "_id": { "$gte": from, "$lte": to } })
            .sort(doc! { "_id": -1 })
            .projection(doc! { "seq": 1 })
            .await?;
        Ok(last.and_then(|last| last.get_i64("seq").ok()).unwrap_or(0))
    }

    /// Appends batches, each at its own number. Those of one workspace have to come in the order of their numbers;
    /// after one that could not be appended none of its workspace's later ones is tried.
    pub async fn append_events(
        &self,
        batches: &[(i64, NewBatch)],
        now_ms: i64,
    ) -> Result<Vec<Appended>, Error> {
        let documents = batches.iter().map(|(seq, batch)| batch_document(*seq, batch, now_ms));
        let outcome = self.insert_in_order(EVENTS.name, documents.collect::<Result<_, _>>()?).await?;
        let mut appended = vec![Appended::Done; outcome.written];
        if outcome.is_duplicate {
            let source = batches.get(outcome.written).and_then(|(_, batch)| {
                batch.source.as_ref().map(|source| source_key(source, batch.workspace))
            });
            let is_known = match source {
                Some(source) => self.events().find_one(doc! { "source": source }).await?.is_some(),
                None => false,
            };
            appended.push(if is_known { Appended::Known } else { Appended::Taken });
        }
        Ok(appended)
    }

    /// The batches of a workspace after a number, in their order.
    pub async fn events_after(&self, workspace: Uuid, seq: i64, limit: i64) -> Result<Vec<Batch>, Error> {
        let (from, to) = (key(workspace, seq.saturating_add(1)), key(workspace, i64::MAX));
        let filter = doc! { "_id": { "$gte": from, "$lte": to } };
        let mut cursor = self.events().find(filter).sort(doc! { "_id": 1 }).limit(limit).await?;
        let mut batches = Vec::new();
        while cursor.advance().await? {
            batches.push(batch_of(cursor.current())?);
        }
        Ok(batches)
    }

    /// Those of some workspaces that have batches after a number of theirs. It reads the keys of some of those, and nothing
    /// of the others.
    pub async fn with_events_after(&self, standings: &[(Uuid, i64)]) -> Result<Vec<Uuid>, Error> {
        let mut found = Vec::new();
        for part in standings.chunks(STANDINGS_AT_ONCE) {
            let after = |(workspace, seq): &(Uuid, i64)| {
                let (from, to) = (key(*workspace, seq.saturating_add(1)), key(*workspace, i64::MAX));
                doc! { "_id": { "$gte": from, "$lte": to } }
            };
            let mut open: Vec<(Uuid, i64)> = part.to_vec();
            // A page may be full of one that has many: then the others are asked for again, without it.
            while !open.is_empty() {
                let ways: Vec<Document> = open.iter().map(after).collect();
                let events = self.events();
                let find =
                    events.find(doc! { "$or": ways }).projection(doc! { "_id": 1 }).limit(KEYS_AT_ONCE);
                let keys: Vec<Document> = find.await?.try_collect().await?;
                let named: HashSet<Uuid> = keys.iter().filter_map(workspace_of_key).collect();
                open.retain(|(workspace, _)| !named.contains(workspace));
                let is_all =
                    keys.len() < usize::try_from(KEYS_AT_ONCE).unwrap_or(usize::MAX) || named.is_empty();
                found.extend(named);
                if is_all {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// The batches that a source brought, in all workspaces.
    pub async fn events_of(&self, source: &Source, workspaces: &[Uuid]) -> Result<Vec<Batch>, Error> {
        let keys: Vec<Binary> = workspaces.iter().map(|workspace| source_key(source, *workspace)).collect();
        let mut cursor = self.events().find(doc! { "source": { "$in": keys } }).await?;
        let mut batches = Vec::new();
        while cursor.advance().await? {
            batches.push(batch_of(cursor.current())?);
        }
        Ok(batches)
    }

    /// Removes a workspace's batches that are older than that, but never the last one: it says which number is next,
    /// however long nothing happens. Gives how many went.
    pub async fn remove_old_events(&self, workspace: Uuid, before_ms: i64) -> Result<u64, Error> {
        let last = self.last_event(workspace).await?;
        let events = self.events();
        let find = async |filter: Document| {
            let first = events.find_one(filter).sort(doc! { "_id": 1 }).projection(doc! { "seq": 1 });
            Ok::<_, Error>(first.await?.and_then(|first| first.get_i64("seq").ok()).unwrap_or(last))
        };
        let within = doc! { "$gte": key(workspace, 0), "$lte": key(workspace, last) };
        let mut from = find(doc! { "_id": within.clone() }).await?;
        let kept = find(doc! { "_id": within, "at": { "$gte": DateTime::from_millis(before_ms) } }).await?;
        let mut removed = 0;
        while from < kept {
            let to = kept.min(from.saturating_add(REMOVED_AT_ONCE));
            let old = doc! { "_id": { "$gte": key(workspace, from), "$lt": key(workspace, to) } };
            let remove = events.delete_many(old).write_concern(durable(self.timeout));
            removed += remove.await?.deleted_count;
            from = to;
        }
        Ok(removed)
    }

    /// Read from a majority: what one has seen there never goes away.
    fn events(&self) -> Handle<Document> {
        let options = CollectionOptions::builder().read_concern(ReadConcern::majority()).build();
        self.database.collection_with_options(EVENTS.name, options)
    }
}

/// A batch as it is stored, but for the time: serde takes one through text.
#[derive(Serialize)]
struct BatchDocument<'a> {
    #[serde(rename = "_id")]
    id: RawBinaryRef<'a>,
    workspace: bson::Uuid,
    seq: i64,
    /// Ids as text.
    happenings: HumanReadable<&'a [Happening]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<RawBinaryRef<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lane: Option<bson::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<i64>,
}

/// What is read of it.
#[derive(Deserialize)]
struct StoredBatch {
    workspace: bson::Uuid,
    seq: i64,
    at: DateTime,
    lane: Option<bson::Uuid>,
    segment: Option<i64>,
    happenings: HumanReadable<Vec<Happening>>,
}

/// A batch as it is stored.
pub(super) fn batch_document(seq: i64, batch: &NewBatch, now_ms: i64) -> Result<RawDocumentBuf, Error> {
    let id = key(batch.workspace, seq);
    let source = batch.source.as_ref().map(|source| source_key(source, batch.workspace));
    let origin = match &batch.source {
        Some(Source::Segment(origin)) => Some(origin),
        Some(Source::Waited { .. }) | None => None,
    };
    let document = BatchDocument {
        id: id.as_raw_binary(),
        workspace: id_value(batch.workspace),
        seq,
        happenings: HumanReadable(&batch.happenings),
        source: source.as_ref().map(Binary::as_raw_binary),
        lane: origin.map(|origin| id_value(origin.lane)),
        segment: origin.map(|origin| origin.segment),
    };
    let mut document = bson::serialize_to_raw_document_buf(&document)
        .map_err(|_| Error::Malformed { what: "events that BSON cannot hold" })?;
    document.append(cstr!("at"), DateTime::from_millis(now_ms));
    Ok(document)
}

/// Workspace and number: sorts by number within the workspace.
fn key(workspace: Uuid, seq: i64) -> Binary {
    let mut bytes = workspace.as_bytes().to_vec();
    bytes.extend_from_slice(&seq.max(0).to_be_bytes());
    Binary { subtype: BinarySubtype::Generic, bytes }
}

/// A batch that somebody has appended, as the stream of changes tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewInLog {
    pub workspace: Uuid,
    pub seq: i64,
    /// A message of ours is in it, or one has changed: there may be something to send.
    pub is_outgoing: bool,
}

fn workspace_of_key(document: &Document) -> Option<Uuid> {
    Uuid::from_slice(document.get_binary_generic("_id").ok()?.get(..16)?).ok()
}

fn seq_of_key(document: &Document) -> Option<i64> {
    let seq = document.get_binary_generic("_id").ok()?.get(16..)?;
    Some(i64::from_be_bytes(seq.try_into().ok()?))
}

fn new_in_log(insertion: &Document) -> Option<NewInLog> {
    let key = insertion.get_document("documentKey").ok()?;
    let (workspace, seq) = (workspace_of_key(key)?, seq_of_key(key)?);
    Some(NewInLog { workspace, seq, is_outgoing: insertion.get_bool("isOutgoing").unwrap_or(false) })
}

fn source_key(source: &Source, workspace: Uuid) -> Binary {
    let bytes = match source {
        Source::Segment(origin) => {
            let mut bytes = origin.lane.as_bytes().to_vec();
            bytes.extend_from_slice(&origin.segment.to_be_bytes());
            bytes.extend_from_slice(workspace.as_bytes());
            bytes
        }
        Source::Waited { collection, key } => {
            derived("waited", &[workspace.as_bytes(), collection.as_bytes(), key.as_bytes()])
                .as_bytes()
                .to_vec()
        }
    };
    Binary { subtype: BinarySubtype::Generic, bytes }
}

fn batch_of(document: &RawDocument) -> Result<Batch, Error> {
    let stored: StoredBatch = bson::deserialize_from_slice(document.as_bytes())
        .map_err(|_| Error::Malformed { what: "a batch of events" })?;
    let StoredBatch { workspace, seq, at, lane, segment, happenings: HumanReadable(happenings) } = stored;
    let ours = |id: bson::Uuid| Uuid::from_bytes(id.bytes());
    let source = lane.map(ours).zip(segment).map(|(lane, segment)| Origin { lane, segment });
    Ok(Batch { workspace: ours(workspace), seq, at_ms: at.timestamp_millis(), source, happenings })
}

impl Storage {
    /// Calls `changed` whenever somebody appends, until the stream of changes breaks off.
    pub async fn watch_events(&self, changed: impl Fn(NewInLog)) -> Result<(), Error> {
        let all = |path: &str| doc! { "$ifNull": [format!("$fullDocument.happenings.{path}"), []] };
        let is_outgoing = doc! { "$or": [
            { "$in": [false, all("message.inbound")] },
            { "$ne": [all("messageChanged.message"), []] },
        ] };
        let short = [
            doc! { "$match": { "operationType": "insert" } },
            doc! { "$project": { "documentKey": 1, "isOutgoing": is_outgoing } },
        ];
        let events = self.database.collection::<Document>(EVENTS.name);
        let mut stream = events.watch().pipeline(short).await?.with_type::<Document>();
        while stream.is_alive() {
            let appended = stream.next_if_any().await?;
            if let Some(new) = appended.as_ref().and_then(new_in_log) {
                changed(new);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::arrivals::binary;
    use super::*;

    #[test]
    fn a_batch_is_read_as_it_was_written() {
        let origin = Origin { lane: Uuid::from_u128(3), segment: 9 };
        let (conversation, number) = (Uuid::from_u128(5), Uuid::from_u128(6));
        let happenings = vec![
            Happening::Message { message: "1:a".to_owned(), conversation, number, inbound: true },
            Happening::Status {
                message: "1:b".to_owned(),
                conversation,
                number,
                step: "read".to_owned(),
                at_s: 8,
            },
            Happening::Contact { contact: Uuid::from_u128(7) },
            Happening::Notice { notice: "n".to_owned(), kind: "k".to_owned(), number: None },
        ];
        for source in [
            Some(Source::Segment(origin)),
            Some(Source::Waited { collection: "edits", key: "1:c".to_owned() }),
            None,
        ] {
            let batch = NewBatch { workspace: Uuid::from_u128(2), source, happenings: happenings.clone() };
            let document = batch_document(11, &batch, 1_234).unwrap();
            assert_eq!(batch_of(&document).unwrap(), batch.appended(11, 1_234));
        }
    }

    /// What is stored already was written in another way.
    #[test]
    fn a_batch_is_stored_as_it_always_was() {
        let workspace = Uuid::from_u128(2);
        let (conversation, number) = (Uuid::from_u128(5), Uuid::from_u128(6));
        let origin = Origin { lane: Uuid::from_u128(3), segment: 9 };
        let happenings = vec![Happening::MessageChanged { message: "1:a".to_owned(), conversation, number }];
        let source = Source::Segment(origin);
        let expected = doc! {
            "_id": key(workspace, 11),
            "workspace": binary(workspace),
            "seq": 11_i64,
            "happenings": bson::serialize_to_bson(&happenings).unwrap(),
            "source": source_key(&source, workspace),
            "lane": binary(origin.lane),
            "segment": 9_i64,
            "at": DateTime::from_millis(1_234),
        };
        let batch = NewBatch { workspace, source: Some(source), happenings };
        let document = Document::try_from(batch_document(11, &batch, 1_234).unwrap()).unwrap();
        assert_eq!(document, expected);
    }
}
