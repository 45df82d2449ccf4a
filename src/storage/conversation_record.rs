//! Conversations as they are read: lists by a key, and single ones. What writes them is in `conversations`.
//!
//! One that turned out to be another one (`mergedInto`) is in no list; asked for by its id it is the other one.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::Hint;
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::conversation_work::Worked;
use super::conversations::COLLECTION;
use super::page::{Way, keep_beyond};
use super::{Error, Storage};
use crate::domain::conversation::WINDOW_S;
use crate::domain::inbox::Status;

/// How many pointers are followed from one conversation to the next.
const MERGES_MAX: usize = 8;
/// The server merges no more ranges of an index into one order: for more the whole workspace is read, and the other
/// numbers are left out.
const RANGES_MERGED_MAX: usize = 200;
/// A page that takes longer is given up: what it looks for is too rare among what it reads.
const PAGE_TIME_MAX: Duration = Duration::from_secs(5);

/// A conversation, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationRecord {
    pub id: Uuid,
    pub workspace: Uuid,
    pub number: Uuid,
    /// None in a group.
    pub contact: Option<Uuid>,
    pub group_id: Option<String>,
    pub created_ms: i64,
    /// When something last happened, in Meta's seconds.
    pub last_at_s: i64,
    pub last: Option<LastMessage>,
    pub unread: i64,
    pub messages: i64,
    pub first_inbound_s: Option<i64>,
    pub last_inbound_s: Option<i64>,
    pub first_outbound_s: Option<i64>,
    pub last_outbound_s: Option<i64>,
    pub window_ends_s: Option<i64>,
    pub free_entry_ends_s: Option<i64>,
    pub referral: Option<Entry>,
    /// Whether another partner leads it now, and in which role.
    pub handover: Option<Handover>,
    /// What people have done to it.
    pub worked: Worked,
}

/// The message that a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMessage {
    pub message: String,
    pub at_s: i64,
    pub kind: String,
    pub preview: String,
    pub is_inbound: bool,
}

/// How the customer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at_s: i64,
    pub message: Option<String>,
    pub ctwa_clid: Option<String>,
    pub source_type: Option<String>,
    pub source_id: Option<String>,
    pub source_url: Option<String>,
    pub headline: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    pub at_s: i64,
    pub is_taken: bool,
    pub role: Option<String>,
}

/// Who works on the conversations of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssigneeFilter {
    User(String),
    Nobody,
}

/// Which conversations a list holds.
#[derive(Clone, Debug)]
pub struct ConversationFilter {
    /// Only of these numbers.
    pub numbers: Option<Vec<Uuid>>,
    pub contact: Option<Uuid>,
    pub is_unread: Option<bool>,
    /// Only in these statuses.
    pub statuses: Vec<Status>,
    pub assignee: Option<AssigneeFilter>,
    pub label: Option<String>,
    /// Whether the customer's window is open at a second.
    pub window: Option<(bool, i64)>,
    /// Only these.
    pub ids: Option<Vec<Uuid>>,
}

impl Default for ConversationFilter {
    fn default() -> Self {
        Self {
            numbers: None,
            contact: None,
            is_unread: None,
            statuses: Status::USUAL.to_vec(),
            assignee: None,
            label: None,
            window: None,
            ids: None,
        }
    }
}

/// A place in the list of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationPlace {
    pub last_at_s: i64,
    pub id: Uuid,
}

impl Storage {
    /// Conversations of a workspace in the order of their last activity, from a place on, the nearest to it first.
    pub async fn list_conversations(
        &self,
        workspace: Uuid,
        filter: &ConversationFilter,
        from: Option<ConversationPlace>,
        way: Way,
        limit: i64,
    ) -> Result<Vec<ConversationRecord>, Error> {
        let of_contact = match filter.contact {
            Some(contact) => {
                Some(self.conversations_with((workspace, contact), filter.numbers.as_deref(), None).await?)
            }
            None => None,
        };
        let only = match (&filter.ids, of_contact) {
            (Some(ids), Some(theirs)) => {
                let theirs: HashSet<Uuid> = theirs.into_iter().collect();
                Some(ids.iter().copied().filter(|id| theirs.contains(id)).collect())
            }
            (ids, theirs) => theirs.or_else(|| ids.clone()),
        };
        let (query, index) = list_query(workspace, filter, only.as_deref(), from, way);
        let found: Vec<Document> = self
            .database
            .collection(COLLECTION.name)
            .find(query)
            .sort(way.sort("lastAt", "_id"))
            .hint(Hint::Name(index.to_owned()))
            .limit(limit)
            .max_time(PAGE_TIME_MAX)
            .await?
            .try_collect()
            .await?;
        found.iter().map(|document| record_of(document).ok_or(MALFORMED)).collect()
    }

    /// The conversations whose messages are a conversation's: its own id, and those that turned out to be it.
    pub async fn ids_of_conversation(&self, workspace: Uuid, id: Uuid) -> Result<Vec<Uuid>, Error> {
        let mut ids = vec![id];
        let mut new = vec![id];
        for _ in 0..MERGES_MAX {
            new = self.merged_conversations(workspace, &new).await?;
            new.retain(|id| !ids.contains(id));
            if new.is_empty() {
                break;
            }
            ids.extend(&new);
        }
        Ok(ids)
    }

    /// A conversation of a workspace; one that was merged gives the one that it is now.
    pub async fn find_conversation(
        &self,
        workspace: Uuid,
        id: Uuid,
    ) -> Result<Option<ConversationRecord>, Error> {
        Ok(self.conversations_by_id(workspace, &[id]).await?.remove(&id))
    }

    /// These conversations of a workspace, by the id that was asked for; merged ones as what they are now.
    pub async fn conversations_by_id(
        &self,
        workspace: Uuid,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, ConversationRecord>, Error> {
        let mut found = HashMap::with_capacity(ids.len());
        // Which is asked for, and which that is as far as is known.
        let mut open: Vec<(Uuid, Uuid)> = ids.iter().map(|id| (*id, *id)).collect();
        for _ in 0..MERGES_MAX {
            let wanted: Vec<_> = open.iter().map(|(_, now)| binary(*now)).collect();
            let filter = doc! { "_id": { "$in": wanted }, "workspace": binary(workspace) };
            let documents: Vec<Document> = self.conversations().find(filter).await?.try_collect().await?;
            let by_id: HashMap<Uuid, &Document> =
                documents.iter().filter_map(|document| Some((uuid_of(document, "_id")?, document))).collect();
            let mut merged = Vec::new();
            for (asked, now) in open {
                let Some(document) = by_id.get(&now) else { continue };
                match uuid_of(document, "mergedInto") {
                    Some(into) => merged.push((asked, into)),
                    None => {
                        found.insert(asked, record_of(document).ok_or(MALFORMED)?);
                    }
                }
            }
            if merged.is_empty() {
                break;
            }
            open = merged;
        }
        Ok(found)
    }

    /// These conversations of a workspace as they are shown: merged ones as what they are now.
    pub async fn shown_conversations(&self, workspace: Uuid, ids: Vec<Uuid>) -> Result<Vec<Uuid>, Error> {
        let mut open = ids;
        let mut shown = Vec::with_capacity(open.len());
        for _ in 0..MERGES_MAX {
            let all = binaries(&open);
            let filter = doc! {
                "_id": { "$in": all }, "workspace": binary(workspace), "mergedInto": { "$exists": true },
            };
            let conversations = self.conversations();
            let find = conversations.find(filter).projection(doc! { "mergedInto": 1 });
            let found: Vec<Document> = find.hint(Hint::Name("_id_".to_owned())).await?.try_collect().await?;
            let merged: HashMap<Uuid, Uuid> = found
                .iter()
                .filter_map(|one| Some((uuid_of(one, "_id")?, uuid_of(one, "mergedInto")?)))
                .collect();
            shown.extend(open.iter().filter(|id| !merged.contains_key(id)));
            if merged.is_empty() {
                break;
            }
            open = merged.into_values().collect();
        }
        Ok(shown)
    }
}

const MALFORMED: Error = Error::Malformed { what: "a conversation" };

/// What a list asks for, and the index by which it is read. The index is named, because the server's own choice
/// depends on what it has tried before.
fn list_query(
    workspace: Uuid,
    filter: &ConversationFilter,
    only: Option<&[Uuid]>,
    from: Option<ConversationPlace>,
    way: Way,
) -> (Document, &'static str) {
    let mut query = doc! { "workspace": binary(workspace), "mergedInto": { "$exists": false } };
    let mut index = "workspace_lastAt";
    // Every index has the status before the time, so every list says which it holds.
    let (statuses, ranges) = statuses_bson(&filter.statuses);
    query.insert("away.as", doc! { "$in": statuses });
    if let Some(place) = from {
        keep_beyond(&mut query, way, ("lastAt", place.last_at_s), ("_id", binary(place.id)));
    }
    if let Some(is_unread) = filter.is_unread {
        let wanted = if is_unread {
            index = "unread_lastAt";
            doc! { "$gt": 0 }
        } else {
            doc! { "$lte": 0 }
        };
        query.insert("unread", wanted);
    }
    if let Some(numbers) = &filter.numbers {
        if numbers.len() * ranges <= RANGES_MERGED_MAX {
            index = "number_lastAt";
        }
        let numbers = binaries(numbers);
        query.insert("number", doc! { "$in": numbers });
    }
    if let Some(label) = &filter.label {
        index = "label_lastAt";
        query.insert("labels", label);
    }
    match &filter.assignee {
        Some(AssigneeFilter::User(user)) => {
            index = "assignee_lastAt";
            query.insert("assignee.user", user);
        }
        Some(AssigneeFilter::Nobody) => {
            query.insert("assignee", doc! { "$exists": false });
        }
        None => {}
    }
    match filter.window {
        Some((true, at_s)) => {
            query.insert("windowEndsAt", doc! { "$gt": at_s });
            // What opened the window was an activity: older ones need not be read.
            query.insert("$and", vec![doc! { "lastAt": { "$gte": at_s - WINDOW_S } }]);
        }
        Some((false, at_s)) => {
            query.insert("windowEndsAt", doc! { "$not": { "$gt": at_s } });
        }
        None => {}
    }
    if let Some(ids) = only {
        // They are few: read one by one and sorted then.
        index = "_id_";
        query.insert("_id", doc! { "$in": binaries(ids) });
    }
    (query, index)
}

/// The statuses as they are stored, and how many ranges of an index they are.
fn statuses_bson(statuses: &[Status]) -> (Vec<Bson>, usize) {
    let stored = |status: &Status| match status {
        Status::Open => Bson::Null,
        status => status.name().into(),
    };
    // What is not there is looked up in two ways.
    let ranges = statuses.len() + usize::from(statuses.contains(&Status::Open));
    (statuses.iter().map(stored).collect(), ranges)
}

fn record_of(document: &Document) -> Option<ConversationRecord> {
    let second = |field| document.get_i64(field).ok();
    let text = |part: &Document, field| part.get_str(field).ok().map(str::to_owned);
    let last = document.get_document("last").ok().and_then(|last| {
        Some(LastMessage {
            message: text(last, "message")?,
            at_s: last.get_i64("at").ok()?,
            kind: text(last, "kind")?,
            preview: text(last, "preview").unwrap_or_default(),
            is_inbound: last.get_bool("inbound").unwrap_or(false),
        })
    });
    let referral = document.get_document("referral").ok().map(|entry| Entry {
        at_s: entry.get_i64("at").unwrap_or(0),
        message: text(entry, "message"),
        ctwa_clid: text(entry, "ctwaClid"),
        source_type: text(entry, "sourceType"),
        source_id: text(entry, "sourceId"),
        source_url: text(entry, "sourceUrl"),
        headline: text(entry, "headline"),
    });
    let handover = document.get_document("handover").ok().map(|handover| Handover {
        at_s: handover.get_i64("at").unwrap_or(0),
        is_taken: handover.get_bool("taken").unwrap_or(false),
        role: text(handover, "role"),
    });
    Some(ConversationRecord {
        id: uuid_of(document, "_id")?,
        workspace: uuid_of(document, "workspace")?,
        number: uuid_of(document, "number")?,
        contact: uuid_of(document, "contact"),
        group_id: text(document, "groupId"),
        created_ms: document.get_datetime("createdAt").ok()?.timestamp_millis(),
        last_at_s: second("lastAt").unwrap_or(0),
        last,
        // A message that was marked before it is counted is taken off in advance.
        unread: count(document, "unread").max(0),
        messages: count(document, "messages"),
        first_inbound_s: second("firstInboundAt"),
        last_inbound_s: second("lastInboundAt"),
        first_outbound_s: second("firstOutboundAt"),
        last_outbound_s: second("lastOutboundAt"),
        window_ends_s: second("windowEndsAt"),
        free_entry_ends_s: second("freeEntryEndsAt"),
        referral,
        handover,
        worked: Worked::of(document),
    })
}

/// A counter, in whichever width it was written.
fn count(document: &Document, field: &str) -> i64 {
    document.get_i64(field).or_else(|_| document.get_i32(field).map(i64::from)).unwrap_or(0)
}
