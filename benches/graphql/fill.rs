//! A database as the webhooks would have left it, written directly: conversations of very different lengths, the
//! longest with half of all messages.

use mongodb::Database;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, Document, doc};
use pesan::ids::derived;
use pesan::storage::workspaces::first_workspace;
use uuid::Uuid;

const BATCH: usize = 5_000;
const BEGIN_S: i64 = 1_790_000_000;
/// Messages of a usual conversation.
const USUAL: usize = 20;

/// What there is.
pub struct Filled {
    pub conversation: String,
    pub longest: usize,
}

pub fn binary(id: Uuid) -> Binary {
    Binary { subtype: BinarySubtype::Uuid, bytes: id.as_bytes().to_vec() }
}

fn id(what: &str, n: usize) -> Uuid {
    derived(what, &[n.to_string().as_bytes()])
}

/// Fills the database.
pub async fn fill(database: &Database, messages: usize) -> Filled {
    let longest = messages / 2;
    let others = (messages - longest) / USUAL;
    let number = id("number", 0);
    let mut batch: Vec<Document> = Vec::with_capacity(BATCH);
    let collection = database.collection::<Document>("messages");
    for n in 0..messages {
        let conversation = if n % 2 == 0 { 0 } else { 1 + (n / 2) % others.max(1) };
        batch.push(message(n, conversation, number));
        if batch.len() == BATCH || n + 1 == messages {
            collection.insert_many(std::mem::take(&mut batch)).await.unwrap();
        }
    }
    let (mut conversations, mut contacts) = (Vec::new(), Vec::new());
    for n in 0..=others {
        conversations.push(conversation(n, number, messages));
        contacts.push(contact(n));
    }
    for chunk in conversations.chunks(BATCH) {
        database.collection::<Document>("conversations").insert_many(chunk).await.unwrap();
    }
    let ties: Vec<Document> = conversations.iter().map(tie).collect();
    for chunk in ties.chunks(BATCH) {
        database.collection::<Document>("conversation_ties").insert_many(chunk).await.unwrap();
    }
    for chunk in contacts.chunks(BATCH) {
        database.collection::<Document>("contacts").insert_many(chunk).await.unwrap();
    }
    Filled { conversation: id("conversation", 0).to_string(), longest }
}

fn message(n: usize, conversation: usize, number: Uuid) -> Document {
    let (at, wamid) = (BEGIN_S + n as i64, format!("wamid.HBgNNjI4MTI5ODc2NTQwMRUCABEYEjA{n:010}"));
    let words = "Halo kak, apakah barang ini masih tersedia? Saya mau pesan dua untuk dikirim ke Bandung. ";
    let mut message = doc! {
        "_id": format!("106540352242922:{wamid}"),
        "v": 1,
        "workspace": binary(first_workspace()),
        "number": binary(number),
        "conversation": binary(id("conversation", conversation)),
        "contact": binary(id("contact", conversation)),
        "phoneNumberId": "106540352242922",
        "at": at,
        "order": n as i64,
        "receivedAt": DateTime::from_millis(at * 1_000),
        "origin": { "lane": binary(id("lane", 0)), "segment": n as i64 },
        "inbound": !n.is_multiple_of(3),
        "source": if n.is_multiple_of(3) { "phone" } else { "customer" },
        "kind": "text",
        "wamid": &wamid,
        "customer": { "waId": format!("62812{conversation:08}"), "name": "Rahmawati" },
        "content": { "text": { "body": format!("{words}{n}"), "previewUrl": false } },
        "raw": format!("{{\"from\":\"62812{conversation:08}\",\"id\":\"{wamid}\",\"timestamp\":\"{at}\",\"type\":\"text\",\"text\":{{\"body\":\"{words}{n}\"}}}}"),
    };
    if n.is_multiple_of(3) {
        message.insert("rank", 5);
        message.insert("times", doc! { "sent": at, "delivered": at + 1, "read": at + 9 });
    }
    message
}

fn conversation(n: usize, number: Uuid, messages: usize) -> Document {
    let at = BEGIN_S + (messages + n) as i64;
    doc! {
        "_id": binary(id("conversation", n)),
        "v": 1,
        "workspace": binary(first_workspace()),
        "number": binary(number),
        "contact": binary(id("contact", n)),
        "createdAt": DateTime::from_millis(BEGIN_S * 1_000),
        "unread": (n % 4) as i64,
        "messages": USUAL as i64,
        "lastAt": at,
        "last": { "at": at, "order": 1_i64, "message": format!("106540352242922:wamid.{n}"), "kind": "text",
            "preview": "Halo kak, apakah barang ini masih tersedia?", "inbound": true },
        "firstInboundAt": BEGIN_S,
        "lastInboundAt": at,
        "windowEndsAt": at + 86_400,
    }
}

fn tie(conversation: &Document) -> Document {
    let fields = ["_id", "v", "workspace", "number", "contact"];
    fields.iter().filter_map(|field| Some(((*field).to_owned(), conversation.get(field)?.clone()))).collect()
}

fn contact(n: usize) -> Document {
    let told = |value: String| doc! { "at": BEGIN_S, "order": 1_i64, "value": value };
    doc! {
        "_id": binary(id("contact", n)),
        "v": 1,
        "workspace": binary(first_workspace()),
        "createdAt": DateTime::from_millis(BEGIN_S * 1_000 + n as i64),
        "profileName": told(format!("Rahmawati {n}")),
        "waId": told(format!("62812{n:08}")),
        "userIds": [format!("ID.{n:020}")],
    }
}
