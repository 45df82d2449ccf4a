//! Messages as they are read: a conversation's, in their order, and single ones. What writes them is in `messages`.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::messages::{MESSAGES, message_key};
use super::page::{Way, keep_from};
use super::statuses::STATUSES;
use super::value::part;
use super::{Error, Storage};
use crate::domain::content::Content;
use crate::domain::message::{Context, Referral};
use crate::domain::person::Person;
use crate::domain::position::Position;
use crate::domain::status::{Fault, Outcome, Pricing};

/// The most statuses of a page of messages that are read: in a large group each member makes three of one.
const STATUSES_MAX: i64 = 10_000;

/// The most messages of a conversation that stand at one position. It takes two instances that receive in the same
/// millisecond for there to be more than one; the index keeps their order.
const TIES_MAX: i64 = 20;

/// A place among the messages of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagePlace {
    pub position: Position,
    pub id: String,
}

/// A message, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRecord {
    pub id: String,
    pub workspace: Uuid,
    pub number: Uuid,
    pub conversation: Uuid,
    pub contact: Uuid,
    pub phone_number_id: String,
    pub wamid: Option<String>,
    pub position: Position,
    pub received_ms: i64,
    pub is_inbound: bool,
    /// `customer`, `phone` (sent from the business's own telephone), `history`.
    pub source: String,
    /// While another partner led the conversation.
    pub is_standby: bool,
    /// The highest step that was reported, as its rank.
    pub rank: Option<i32>,
    /// When each step was first reached: its name and Meta's second.
    pub times: Vec<(String, i64)>,
    /// The group that it was written in.
    pub group_id: Option<String>,
    pub customer: Person<'static>,
    pub content: Content<'static>,
    pub context: Option<Context<'static>>,
    pub referral: Option<Referral<'static>>,
    pub failure: Option<Fault<'static>>,
    pub pricing: Option<Pricing<'static>>,
    pub reactions: Vec<Reaction>,
    /// What it says since it was edited, and since when.
    pub edited: Option<(Content<'static>, i64)>,
    pub revoked_s: Option<i64>,
}

impl MessageRecord {
    /// The key by which others refer to it; none until Meta has named it.
    pub fn key(&self) -> Option<String> {
        self.wamid.as_deref().map(|wamid| message_key(&self.phone_number_id, wamid))
    }

    /// The key of the message that it answers.
    pub fn answered_key(&self) -> Option<String> {
        let wamid = self.context.as_ref()?.wamid.as_deref()?;
        Some(message_key(&self.phone_number_id, wamid))
    }
}

/// Somebody's reaction as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// None: the business itself.
    pub contact: Option<Uuid>,
    pub emoji: String,
    pub at_s: i64,
}

/// One report of what became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRecord {
    pub id: String,
    pub outcome: Outcome<'static>,
    pub at_s: i64,
    pub received_ms: i64,
    pub recipient: Person<'static>,
    pub faults: Vec<Fault<'static>>,
    pub pricing: Option<Pricing<'static>>,
}

impl Storage {
    /// Messages of a conversation (`ids_of_conversation`) from a place on, the nearest to it first; from the newest or
    /// oldest without one.
    pub async fn list_messages(
        &self,
        workspace: Uuid,
        conversations: &[Uuid],
        from: Option<&MessagePlace>,
        way: Way,
        limit: i64,
    ) -> Result<Vec<MessageRecord>, Error> {
        let conversations = binaries(conversations);
        let mut query = match conversations.as_slice() {
            [one] => doc! { "conversation": one },
            _ => doc! { "conversation": { "$in": conversations } },
        };
        query.insert("workspace", binary(workspace));
        // Ours are messages to Meta, and here what another message shows.
        query.insert("kind", doc! { "$ne": "reaction" });
        let Some(from) = from else { return self.read_messages(query, way, limit).await };
        keep_from(&mut query, way, ("at", from.position.second), ("order", from.position.order));
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut records = Vec::new();
        // The place itself is among them, and nearly always alone.
        for more in [1, TIES_MAX] {
            let limit = limit.saturating_add(more);
            records = self.read_messages(query.clone(), way, limit).await?;
            let is_whole = i64::try_from(records.len()).is_ok_and(|count| count < limit);
            let ties = records.iter().take_while(|record| record.position == from.position).count();
            let seen = records.iter().take(ties).position(|record| record.id == from.id);
            // Without the message itself nothing tells which of its ties were seen.
            records.drain(..seen.map_or(ties, |at| at + 1));
            if is_whole || records.len() >= wanted {
                break;
            }
        }
        records.truncate(wanted);
        Ok(records)
    }

    async fn read_messages(
        &self,
        query: Document,
        way: Way,
        limit: i64,
    ) -> Result<Vec<MessageRecord>, Error> {
        let found: Vec<Document> = self
            .messages()
            .find(query)
            .sort(way.sort("at", "order"))
            .projection(doc! { "raw": 0 })
            .limit(limit)
            .await?
            .try_collect()
            .await?;
        found.iter().map(record_of).collect()
    }

    /// A message of a workspace.
    pub async fn find_message(&self, workspace: Uuid, id: &str) -> Result<Option<MessageRecord>, Error> {
        let filter = doc! { "_id": id, "workspace": binary(workspace) };
        let found = self.messages().find_one(filter).projection(doc! { "raw": 0 }).await?;
        found.as_ref().map(record_of).transpose()
    }

    /// These messages of a workspace, by id.
    pub async fn messages_by_id(
        &self,
        workspace: Uuid,
        ids: &[String],
    ) -> Result<HashMap<String, MessageRecord>, Error> {
        let filter = doc! { "_id": { "$in": ids }, "workspace": binary(workspace) };
        let found: Vec<Document> =
            self.messages().find(filter).projection(doc! { "raw": 0 }).await?.try_collect().await?;
        let records = found.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        Ok(records.into_iter().map(|record| (record.id.clone(), record)).collect())
    }

    /// The messages of all workspaces in the order of their ids, after one.
    pub async fn messages_after(&self, after: Option<&str>, limit: i64) -> Result<Vec<MessageRecord>, Error> {
        let filter = after.map_or_else(Document::new, |after| doc! { "_id": { "$gt": after } });
        let messages = self.messages();
        let find = messages.find(filter).sort(doc! { "_id": 1 }).projection(doc! { "raw": 0 });
        let found: Vec<Document> = find.limit(limit).await?.try_collect().await?;
        found.iter().map(record_of).collect()
    }

    /// The messages behind these keys (`phone number id:wamid`), whoever made them, by key.
    pub async fn messages_by_key(
        &self,
        workspace: Uuid,
        keys: &[String],
    ) -> Result<HashMap<String, MessageRecord>, Error> {
        let mut ways = vec![doc! { "_id": { "$in": keys } }];
        let mut by_number: HashMap<&str, Vec<&str>> = HashMap::new();
        for (phone_number_id, wamid) in keys.iter().filter_map(|key| key.split_once(':')) {
            by_number.entry(phone_number_id).or_default().push(wamid);
        }
        for (phone_number_id, wamids) in by_number {
            let own = doc! { "own": true, "phoneNumberId": phone_number_id, "wamid": { "$in": wamids } };
            ways.push(own);
        }
        let filter = doc! { "$or": ways, "workspace": binary(workspace) };
        let found: Vec<Document> =
            self.messages().find(filter).projection(doc! { "raw": 0 }).await?.try_collect().await?;
        let records = found.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        let with_key = records.into_iter().filter_map(|record| Some((record.key()?, record)));
        Ok(with_key.collect())
    }

    /// What was reported of these messages (keys as above), in the order of Meta's time.
    pub async fn statuses_by_key(
        &self,
        workspace: Uuid,
        keys: &[String],
    ) -> Result<HashMap<String, Vec<StatusRecord>>, Error> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let ranges: Vec<Document> = keys
            .iter()
            .map(|key| doc! { "_id": { "$gte": format!("{key}:"), "$lt": format!("{key};") } })
            .collect();
        let found: Vec<Document> = self
            .database
            .collection(STATUSES.name)
            .find(doc! { "$or": ranges, "workspace": binary(workspace) })
            .projection(doc! { "raw": 0 })
            .limit(STATUSES_MAX)
            .await?
            .try_collect()
            .await?;
        let mut by_key: HashMap<String, Vec<StatusRecord>> = HashMap::new();
        for document in &found {
            let target = document.get_str("target").map_err(|_| Error::Malformed { what: "a status" })?;
            by_key.entry(target.to_owned()).or_default().push(status_of(document)?);
        }
        for statuses in by_key.values_mut() {
            statuses.sort_by_key(|status| (status.at_s, status.received_ms));
        }
        Ok(by_key)
    }

    /// Which of these documents (messages, edits or statuses) are a workspace's, with the number of each.
    pub async fn numbers_of_documents(
        &self,
        collection: &str,
        workspace: Uuid,
        keys: &[String],
    ) -> Result<HashMap<String, Uuid>, Error> {
        let found: Vec<Document> = self
            .database
            .collection(collection)
            .find(doc! { "_id": { "$in": keys }, "workspace": binary(workspace) })
            .projection(doc! { "number": 1 })
            .await?
            .try_collect()
            .await?;
        let numbers = found.iter().filter_map(|document| {
            Some((document.get_str("_id").ok()?.to_owned(), uuid_of(document, "number")?))
        });
        Ok(numbers.collect())
    }

    fn messages(&self) -> mongodb::Collection<Document> {
        self.database.collection(MESSAGES.name)
    }
}

/// A field of which the latest stays: `{ at, is }`.
fn latest<T: DeserializeOwned>(
    document: &Document,
    field: &str,
    what: &'static str,
) -> Result<Option<T>, Error> {
    document.get_document(field).map_or(Ok(None), |latest| part(latest, "is", what))
}

pub(super) fn record_of(document: &Document) -> Result<MessageRecord, Error> {
    const WHAT: &str = "a message";
    let malformed = || Error::Malformed { what: WHAT };
    let text = |field| document.get_str(field).ok().map(str::to_owned);
    let id = |field| uuid_of(document, field).ok_or_else(malformed);
    let place = |field| document.get_i64(field).map_err(|_| malformed());
    let times = document.get_document("times").map_or_else(
        |_| Vec::new(),
        |times| times.iter().filter_map(|(step, at_s)| Some((step.clone(), at_s.as_i64()?))).collect(),
    );
    let edited = match document.get_document("edited") {
        Ok(edited) => {
            part(edited, "content", WHAT)?.map(|content| (content, edited.get_i64("at").unwrap_or(0)))
        }
        Err(_) => None,
    };
    let revoked_s = document.get_document("revoked").ok().and_then(|at| at.get_i64("at").ok());
    Ok(MessageRecord {
        id: text("_id").ok_or_else(malformed)?,
        workspace: id("workspace")?,
        number: id("number")?,
        conversation: id("conversation")?,
        contact: id("contact")?,
        phone_number_id: text("phoneNumberId").ok_or_else(malformed)?,
        wamid: text("wamid"),
        position: Position { second: place("at")?, order: place("order")? },
        received_ms: document.get_datetime("receivedAt").map_or(0, |at| at.timestamp_millis()),
        is_inbound: document.get_bool("inbound").unwrap_or(false),
        source: text("source").unwrap_or_default(),
        is_standby: document.get_bool("standby").unwrap_or(false),
        rank: document.get_i32("rank").ok(),
        times,
        group_id: text("groupId"),
        customer: part(document, "customer", WHAT)?.unwrap_or_default(),
        content: part(document, "content", WHAT)?.ok_or_else(malformed)?,
        context: part(document, "context", WHAT)?,
        referral: part(document, "referral", WHAT)?,
        failure: latest(document, "failure", WHAT)?,
        pricing: latest(document, "pricing", WHAT)?,
        reactions: reactions_of(document),
        edited,
        revoked_s,
    })
}

fn reactions_of(document: &Document) -> Vec<Reaction> {
    let Ok(reactions) = document.get_document("reactions") else { return Vec::new() };
    let mut all: Vec<Reaction> = reactions
        .iter()
        .filter_map(|(by, reaction)| {
            let reaction = reaction.as_document()?;
            // Without an emoji it was taken back.
            let emoji = reaction.get_str("emoji").ok().filter(|emoji| !emoji.is_empty())?;
            Some(Reaction {
                contact: Uuid::try_parse(by).ok(),
                emoji: emoji.to_owned(),
                at_s: reaction.get_i64("at").unwrap_or(0),
            })
        })
        .collect();
    all.sort_by_key(|reaction| reaction.at_s);
    all
}

fn status_of(document: &Document) -> Result<StatusRecord, Error> {
    const WHAT: &str = "a status";
    let malformed = || Error::Malformed { what: WHAT };
    let faults = match document.get("faults") {
        Some(Bson::Array(_)) => part(document, "faults", WHAT)?.unwrap_or_default(),
        _ => Vec::new(),
    };
    Ok(StatusRecord {
        id: document.get_str("_id").map_err(|_| malformed())?.to_owned(),
        outcome: part(document, "outcome", WHAT)?.ok_or_else(malformed)?,
        at_s: document.get_i64("atS").map_err(|_| malformed())?,
        received_ms: document.get_datetime("receivedAt").map_or(0, |at| at.timestamp_millis()),
        recipient: part(document, "recipient", WHAT)?.unwrap_or_default(),
        faults,
        pricing: part(document, "pricing", WHAT)?,
    })
}
