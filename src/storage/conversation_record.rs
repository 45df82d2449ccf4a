//! Conversations as they are read: lists by a key, and single ones. What writes them is in `conversations`.
//!
//! One that turned out to be another one (`mergedInto`) is in no list; asked for by its id it is the other one.

use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::conversations::COLLECTION;
use super::{Error, Storage};

/// How many pointers are followed from one conversation to the next.
const MERGES_MAX: usize = 8;

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

/// Which conversations a list holds.
#[derive(Clone, Debug, Default)]
pub struct ConversationFilter {
    /// Only of these numbers.
    pub numbers: Option<Vec<Uuid>>,
    pub contact: Option<Uuid>,
    pub is_unread: Option<bool>,
    /// Whether the customer's window is open at this second.
    pub window_open_at_s: Option<i64>,
}

/// A place in the list of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationPlace {
    pub last_at_s: i64,
    pub id: Uuid,
}

impl Storage {
    /// Conversations of a workspace, the latest first, from after a place on.
    pub async fn list_conversations(
        &self,
        workspace: Uuid,
        filter: &ConversationFilter,
        after: Option<ConversationPlace>,
        limit: i64,
    ) -> Result<Vec<ConversationRecord>, Error> {
        let mut query = doc! { "workspace": binary(workspace), "mergedInto": { "$exists": false } };
        if let Some(place) = after {
            query.insert("lastAt", doc! { "$lte": place.last_at_s });
            query.insert(
                "$or",
                vec![
                    doc! { "lastAt": { "$lt": place.last_at_s } },
                    doc! { "_id": { "$lt": binary(place.id) } },
                ],
            );
        }
        if let Some(numbers) = &filter.numbers {
            let numbers: Vec<_> = numbers.iter().copied().map(binary).collect();
            query.insert("number", doc! { "$in": numbers });
        }
        if let Some(contact) = filter.contact {
            query.insert("contact", binary(contact));
        }
        if let Some(is_unread) = filter.is_unread {
            let wanted = if is_unread {
                doc! { "$gt": 0 }
            } else {
                doc! { "$lte": 0 }
            };
            query.insert("unread", wanted);
        }
        if let Some(at_s) = filter.window_open_at_s {
            query.insert("windowEndsAt", doc! { "$gt": at_s });
        }
        let found: Vec<Document> = self
            .database
            .collection(COLLECTION.name)
            .find(query)
            .sort(doc! { "lastAt": -1, "_id": -1 })
            .limit(limit)
            .await?
            .try_collect()
            .await?;
        found.iter().map(|document| record_of(document).ok_or(MALFORMED)).collect()
    }

    /// A conversation of a workspace; one that was merged gives the one that it is now.
    pub async fn find_conversation(
        &self,
        workspace: Uuid,
        id: Uuid,
    ) -> Result<Option<ConversationRecord>, Error> {
        let conversations = self.database.collection::<Document>(COLLECTION.name);
        let mut id = id;
        for _ in 0..MERGES_MAX {
            let filter = doc! { "_id": binary(id), "workspace": binary(workspace) };
            let Some(document) = conversations.find_one(filter).await? else { return Ok(None) };
            match uuid_of(&document, "mergedInto") {
                Some(into) => id = into,
                None => return record_of(&document).ok_or(MALFORMED).map(Some),
            }
        }
        Ok(None)
    }

    /// These conversations of a workspace, in no order; merged ones as they are.
    pub async fn conversations_by_id(
        &self,
        workspace: Uuid,
        ids: &[Uuid],
    ) -> Result<Vec<ConversationRecord>, Error> {
        let ids: Vec<_> = ids.iter().copied().map(binary).collect();
        let filter = doc! { "_id": { "$in": ids }, "workspace": binary(workspace) };
        let found: Vec<Document> =
            self.database.collection(COLLECTION.name).find(filter).await?.try_collect().await?;
        found.iter().map(|document| record_of(document).ok_or(MALFORMED)).collect()
    }
}

const MALFORMED: Error = Error::Malformed { what: "a conversation" };

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
        unread: count(document, "unread"),
        messages: count(document, "messages"),
        first_inbound_s: second("firstInboundAt"),
        last_inbound_s: second("lastInboundAt"),
        first_outbound_s: second("firstOutboundAt"),
        last_outbound_s: second("lastOutboundAt"),
        window_ends_s: second("windowEndsAt"),
        free_entry_ends_s: second("freeEntryEndsAt"),
        referral,
        handover,
    })
}

/// A counter, in whichever width it was written.
fn count(document: &Document, field: &str) -> i64 {
    document.get_i64(field).or_else(|_| document.get_i32(field).map(i64::from)).unwrap_or(0)
}
