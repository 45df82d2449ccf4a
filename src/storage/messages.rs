//! Messages, and what changes them afterwards: statuses move them forward, reactions, edits and revokes are kept
//! beside what was first said.
//!
//! What a webhook brought has the key `phone number id:wamid`; what we sent ourselves has our own id, and is found
//! by Meta's once there is one (`own`).

use std::collections::HashMap;

use mongodb::bson::{Bson, Document, doc};
use serde::Serialize;
use uuid::Uuid;

use super::arrivals::{Fresh, Origin, binary, id_value};
use super::index::{Collection, Index};
use super::value::raw;
use super::write::Update;
use super::{Error, Storage};
use crate::domain::content::Content;
use crate::domain::message::Message;
use crate::domain::message::Origin as Source;
use crate::domain::position::Position;
use crate::domain::status::Step;

pub const MESSAGES: Collection = Collection {
    name: "messages",
    holds: "the messages",
    written_at: Some("receivedAt"),
    expires_at: None,
    options: Document::new,
    indexes: &[
        Index {
            name: "conversation_order",
            keys: &[("conversation", 1), ("at", 1), ("order", 1)],
            unique: false,
            expires: false,
            only: None,
            serves: "the messages of a conversation in their order",
        },
        Index {
            name: "own",
            keys: &[("phoneNumberId", 1), ("wamid", 1)],
            unique: true,
            expires: false,
            only: Some(|| doc! { "own": true }),
            serves: "the message that we sent and Meta has named",
        },
        Index {
            name: "open",
            keys: &[("conversation", 1), ("at", 1), ("order", 1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "send.open": true }),
            serves: "what a conversation still has to send, in its order",
        },
        Index {
            name: "idempotencyKey",
            keys: &[("workspace", 1), ("send.idempotencyKey", 1)],
            unique: true,
            expires: false,
            only: Some(|| doc! { "send.idempotencyKey": { "$exists": true } }),
            serves: "the message that a client has queued under its key, once",
        },
        Index {
            name: "unconfirmedAtMs",
            keys: &[("send.unconfirmedAtMs", 1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "send.unconfirmedAtMs": { "$exists": true } }),
            serves: "what was sent and has not been heard of",
        },
        Index {
            name: "unwelcomed",
            keys: &[("send.unwelcomed", 1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "send.unwelcomed": true }),
            serves: "what a status has named, as long as nobody has looked at what waited for the name",
        },
    ],
};

pub const EDITS: Collection = Collection {
    name: "edits",
    holds: "reactions, edits and revokes, as they came",
    written_at: Some("receivedAt"),
    expires_at: None,
    options: Document::new,
    indexes: &[WAITING],
};

/// How many of the latest messages are looked at for a proof of delivery.
const DELIVERIES_LOOKED_AT: i64 = 50;

/// For what is about a message: statuses and edits.
pub(super) const WAITING: Index = Index {
    name: "waiting",
    keys: &[("target", 1)],
    unique: false,
    expires: false,
    only: Some(|| doc! { "waiting": true }),
    serves: "what waits for a message that is not here yet",
};

/// Where a message or what concerns it belongs.
#[derive(Clone, Copy, Debug)]
pub struct Belongs<'a> {
    pub workspace: Uuid,
    pub number: Uuid,
    pub phone_number_id: &'a str,
    pub conversation: Uuid,
    /// The customer, whoever wrote it.
    pub contact: Uuid,
}

/// When and where it came in.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    pub origin: Origin,
    pub position: Position,
    pub received_ms: i64,
    pub is_standby: bool,
}

/// The key of what a webhook brought.
pub fn message_key(phone_number_id: &str, wamid: &str) -> String {
    [phone_number_id, ":", wamid].concat()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageDocument<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    v: i32,
    workspace: mongodb::bson::Uuid,
    number: mongodb::bson::Uuid,
    conversation: mongodb::bson::Uuid,
    contact: mongodb::bson::Uuid,
    phone_number_id: &'a str,
    at: i64,
    order: i64,
    origin: Origin,
    inbound: bool,
    source: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "is_false")]
    standby: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<i32>,
    #[serde(flatten)]
    message: &'a Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A message as it is stored first.
pub fn new_message(
    belongs: &Belongs<'_>,
    came: &Came,
    message: &Message<'_>,
    raw: Option<&str>,
) -> Result<Fresh, Error> {
    let id = message_key(belongs.phone_number_id, &message.wamid);
    let (source, rank) = match &message.origin {
        Source::Customer => ("customer", None),
        Source::Echo => ("phone", Some(ACCEPTED)),
        Source::History { outbound, status } => {
            ("history", outbound.then(|| past_rank(status.as_deref().unwrap_or_default())))
        }
    };
    let document = MessageDocument {
        id: &id,
        v: 1,
        workspace: id_value(belongs.workspace),
        number: id_value(belongs.number),
        conversation: id_value(belongs.conversation),
        contact: id_value(belongs.contact),
        phone_number_id: belongs.phone_number_id,
        at: came.position.second,
        order: came.position.order,
        origin: came.origin,
        inbound: message.origin.is_inbound(),
        source,
        kind: message.content.kind_name(),
        standby: came.is_standby,
        rank,
        message,
        raw,
    };
    let document = Fresh::encode(&document, came.received_ms)?;
    Ok(Fresh { key: id, origin: came.origin, document })
}

/// The rank before any status.
pub(super) const ACCEPTED: i32 = 1;

/// How far a message of the past had come, by Meta's word.
fn past_rank(status: &str) -> i32 {
    let step = match status.to_ascii_uppercase().as_str() {
        "SENT" => Step::Sent,
        "ERROR" => Step::Failed,
        "DELIVERED" => Step::Delivered,
        "READ" => Step::Read,
        "PLAYED" => Step::Played,
        _ => return ACCEPTED,
    };
    i32::from(step.rank())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EditDocument<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    v: i32,
    workspace: mongodb::bson::Uuid,
    number: mongodb::bson::Uuid,
    conversation: mongodb::bson::Uuid,
    contact: mongodb::bson::Uuid,
    target: String,
    origin: Origin,
    inbound: bool,
    kind: &'static str,
    /// What becomes of the target: `value` at `path`, if nothing later is there.
    path: String,
    value: EditValue<'a>,
    waiting: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
}

/// The order comes first: the database compares values field by field.
#[derive(Serialize)]
struct EditValue<'a> {
    at: i64,
    order: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a Content<'a>>,
}

/// The message that a reaction, edit or revoke is about.
pub fn edit_target<'a>(content: &'a Content<'_>) -> Option<&'a str> {
    match content {
        Content::Reaction { target, .. } | Content::Edit { target, .. } | Content::Revoke { target } => {
            Some(target)
        }
        _ => None,
    }
}

/// A reaction, edit or revoke as it is stored; nothing for any other message.
pub fn new_edit(
    belongs: &Belongs<'_>,
    came: &Came,
    message: &Message<'_>,
    raw: Option<&str>,
) -> Result<Option<Fresh>, Error> {
    let inbound = message.origin.is_inbound();
    let (path, emoji, content) = match &message.content {
        Content::Reaction { emoji, .. } => {
            let by = if inbound { belongs.contact.simple().to_string() } else { "us".to_owned() };
            (format!("reactions.{by}"), emoji.as_deref(), None)
        }
        Content::Edit { content, .. } => ("edited".to_owned(), None, Some(content.as_ref())),
        Content::Revoke { .. } => ("revoked".to_owned(), None, None),
        _ => return Ok(None),
    };
    let id = message_key(belongs.phone_number_id, &message.wamid);
    let target = edit_target(&message.content).unwrap_or_default();
    let document = EditDocument {
        id: &id,
        v: 1,
        workspace: id_value(belongs.workspace),
        number: id_value(belongs.number),
        conversation: id_value(belongs.conversation),
        contact: id_value(belongs.contact),
        target: message_key(belongs.phone_number_id, target),
        origin: came.origin,
        inbound,
        kind: message.content.kind_name(),
        path,
        value: EditValue { at: came.position.second, order: came.position.order, emoji, content },
        // Until whoever finds its message has told of it.
        waiting: true,
        raw,
    };
    let document = Fresh::encode(&document, came.received_ms)?;
    Ok(Some(Fresh { key: id, origin: came.origin, document }))
}

/// A message that something else is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub message: String,
    pub conversation: Uuid,
}

/// An edit that waited for its message.
#[derive(Debug)]
pub struct WaitingEdit {
    pub key: String,
    pub target: String,
    path: String,
    value: Bson,
}

impl Storage {
    /// When one of the latest messages to the customer of a conversation was last shown to have arrived, in seconds.
    pub async fn last_delivery(&self, conversation: Uuid) -> Result<Option<i64>, Error> {
        let latest = doc! { "conversation": binary(conversation) };
        let messages = self.database.collection::<Document>(MESSAGES.name);
        let find = messages.find(latest).sort(doc! { "at": -1, "order": -1 }).projection(doc! { "times": 1 });
        let mut cursor = find.limit(DELIVERIES_LOOKED_AT).await?;
        let mut last = None;
        while cursor.advance().await? {
            let document = cursor.deserialize_current()?;
            let Ok(times) = document.get_document("times") else { continue };
            let proofs = [Step::Delivered, Step::Read, Step::Played].map(Step::name);
            last = last.max(proofs.iter().filter_map(|step| times.get_i64(step).ok()).max());
        }
        Ok(last)
    }

    /// The messages behind these keys (`phone number id:wamid`), whoever made them.
    pub async fn find_targets(&self, keys: &[String]) -> Result<HashMap<String, Target>, Error> {
        let mut found = HashMap::with_capacity(keys.len());
        let mut by_number: HashMap<&str, Vec<&str>> = HashMap::new();
        for key in keys {
            if let Some((phone_number_id, wamid)) = key.split_once(':') {
                by_number.entry(phone_number_id).or_default().push(wamid);
            }
        }
        // Most of what is asked for we sent ourselves.
        for (phone_number_id, wamids) in by_number {
            let own = doc! { "own": true, "phoneNumberId": phone_number_id, "wamid": { "$in": wamids } };
            self.read_targets(own, &mut found).await?;
        }
        let rest: Vec<&String> = keys.iter().filter(|key| !found.contains_key(*key)).collect();
        if !rest.is_empty() {
            self.read_targets(doc! { "_id": { "$in": rest } }, &mut found).await?;
        }
        Ok(found)
    }

    async fn read_targets(&self, filter: Document, found: &mut HashMap<String, Target>) -> Result<(), Error> {
        let messages = self.settled_collection(MESSAGES.name);
        let fields = doc! { "phoneNumberId": 1, "wamid": 1, "conversation": 1 };
        let mut cursor = messages.find(filter).projection(fields).batch_size(5_000).await?;
        while cursor.advance().await? {
            // Thousands at once: read where they lie.
            let document = cursor.current();
            let conversation = document.get_binary("conversation").map(|id| Uuid::from_slice(id.bytes));
            let (Ok(message), Ok(number), Ok(wamid), Ok(Ok(conversation))) = (
                document.get_str("_id"),
                document.get_str("phoneNumberId"),
                document.get_str("wamid"),
                conversation,
            ) else {
                return Err(Error::Malformed { what: "a message" });
            };
            found.insert(message_key(number, wamid), Target { message: message.to_owned(), conversation });
        }
        Ok(())
    }

    /// The edits among these whose message is here now, and what each does to it. Keys of messages in, edits out.
    pub async fn edits_waiting_for(&self, targets: &[String]) -> Result<Vec<WaitingEdit>, Error> {
        self.read_edits(doc! { "waiting": true, "target": { "$in": targets } }).await
    }

    /// These edits, whether they wait or not.
    pub async fn edits(&self, keys: &[String]) -> Result<Vec<WaitingEdit>, Error> {
        self.read_edits(doc! { "_id": { "$in": keys } }).await
    }

    async fn read_edits(&self, filter: Document) -> Result<Vec<WaitingEdit>, Error> {
        let edits = self.database.collection::<Document>(EDITS.name);
        let mut cursor = edits.find(filter).batch_size(5_000).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            let mut document = cursor.deserialize_current()?;
            let text = |field| document.get_str(field).ok().map(str::to_owned);
            let (Some(key), Some(target), Some(path)) = (text("_id"), text("target"), text("path")) else {
                return Err(Error::Malformed { what: "an edit" });
            };
            let value = document.remove("value").ok_or(Error::Malformed { what: "an edit" })?;
            found.push(WaitingEdit { key, target, path, value });
        }
        Ok(found)
    }

    /// Makes the edits in their messages. Doing it again changes nothing.
    pub async fn apply_edits(&self, edits: &[(WaitingEdit, Target)]) -> Result<(), Error> {
        let updates = edits.iter().map(|(edit, target)| {
            Ok::<_, Error>(Update {
                filter: raw(&doc! { "_id": &target.message })?,
                change: raw(&doc! { "$max": { &edit.path: &edit.value } })?,
                upsert: false,
            })
        });
        self.update_all(MESSAGES.name, updates).await
    }

    /// What waited has been told of and waits no more: key and message.
    pub async fn stop_waiting(
        &self,
        collection: &'static str,
        settled: &[(String, String)],
    ) -> Result<(), Error> {
        let updates = settled.iter().map(|(key, message)| {
            Ok::<_, Error>(Update {
                filter: raw(&doc! { "_id": key })?,
                change: raw(&doc! { "$set": { "message": message }, "$unset": { "waiting": "" } })?,
                upsert: false,
            })
        });
        self.update_all(collection, updates).await
    }
}
