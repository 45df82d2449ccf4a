//! The plain pipeline to compare with, in a process of its own: what a careful developer writes first. Each
//! webhook finds or makes its contact and conversation, stores its message and updates the conversation (or stores
//! its status and moves the message forward), one statement after the other, and is answered then.
//!
//! It has what ours has: the same HTTP server, verification, driver, pool size, write concern and keys, and the very
//! indexes of the service, which makes them. It has less to do: no journal, no events, no aliases, no raw copy.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::error::{ErrorKind, WriteFailure};
use mongodb::options::{ClientOptions, IndexOptions};
use mongodb::{Client, Collection, Database, IndexModel};
use pesan::meta::signature::{HEADER, Verifier};
use pesan::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::ceiling::durable;
use crate::ours::{free_address, set_up};
use crate::stream::{APP_SECRET, Item, PHONE_NUMBER_ID, STEPS, Spec, wa_id};

pub const ARGUMENT: &str = "--plain";
/// The service's default.
pub const POOL_MAX: u32 = 32;
const WORKSPACE: &str = "first";
const BODY_MAX: usize = 4 * 1024 * 1024;
const BATCH: usize = 1_000;

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    address: SocketAddr,
    uri: String,
    database: String,
}

/// A plain pipeline that runs.
#[derive(Debug)]
pub struct Plain {
    process: Child,
    _lifeline: ChildStdin,
    pub address: SocketAddr,
    database: Database,
}

impl Plain {
    /// Starts one whose contacts, conversations and sent messages are there already.
    pub async fn start(program: &Path, uri: &str, client: &Client, name: &str, spec: &Spec) -> Self {
        let database = client.database(name);
        set_up(program, uri, name);
        prepare(&database, spec).await;
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut process = command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lifeline = process.stdin.take().unwrap();
        let order = Order { address: free_address(), uri: uri.to_owned(), database: name.to_owned() };
        writeln!(lifeline, "{}", serde_json::to_string(&order).unwrap()).unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "ready", "the plain pipeline starts");
        Self { process, _lifeline: lifeline, address: order.address, database }
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sees that what was acknowledged is there, and nothing else.
    pub async fn check(&self, spec: &Spec, acknowledged: &[Item]) {
        let messages = acknowledged.iter().filter(|item| matches!(item, Item::Message { .. })).count();
        let statuses = acknowledged.len() - messages;
        let count = async |name: &str| {
            self.database.collection::<Document>(name).count_documents(doc! {}).await.unwrap()
        };
        assert_eq!(
            count("messages").await,
            (messages + spec.stored()) as u64,
            "messages of the plain pipeline"
        );
        assert_eq!(count("statuses").await, statuses as u64, "statuses of the plain pipeline");
        assert_eq!(count("conversations").await, spec.conversations as u64, "its conversations");
        let sum = doc! { "$group": { "_id": null, "unread": { "$sum": "$unread" } } };
        let mut cursor =
            self.database.collection::<Document>("conversations").aggregate([sum]).await.unwrap();
        assert!(cursor.advance().await.unwrap());
        let unread = cursor.deserialize_current().unwrap().get_i32("unread").unwrap();
        assert_eq!(unread, i32::try_from(messages + spec.conversations).unwrap(), "its unread messages");
    }

    /// Ends it and removes its database.
    pub async fn stop(self) {
        self.database.drop().await.unwrap();
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

async fn prepare(database: &Database, spec: &Spec) {
    let index = |keys: Document| {
        IndexModel::builder().keys(keys).options(IndexOptions::builder().unique(true).build()).build()
    };
    // By these it finds what ours finds by keys that it derives; the others are there.
    for (name, keys) in [
        ("contacts", doc! { "workspace": 1, "waId": 1 }),
        ("conversations", doc! { "number": 1, "contact": 1 }),
    ] {
        database.collection::<Document>(name).create_index(index(keys)).await.unwrap();
    }
    let ids: Vec<(ObjectId, ObjectId)> =
        (0..spec.conversations).map(|_| (ObjectId::new(), ObjectId::new())).collect();
    let contacts =
        ids.iter().enumerate().map(|(index, (contact, _))| new_contact(*contact, &wa_id(index), "Budi"));
    insert_all(database, "contacts", contacts).await;
    let conversations = ids.iter().map(|(contact, conversation)| {
        let mut new = new_conversation(*conversation, *contact);
        new.insert("unread", 1);
        new
    });
    insert_all(database, "conversations", conversations).await;
    let messages = (0..spec.stored()).map(|index| {
        doc! {
            "_id": message_key(&spec.stored_wamid(index)), "workspace": WORKSPACE, "number": PHONE_NUMBER_ID,
            "conversation": ids[index % ids.len()].1, "contact": ids[index % ids.len()].0, "at": spec.at_s - 30,
            "order": index as i64, "inbound": false, "kind": "text", "rank": 1,
            "text": "Siap kak, pesanan sudah kami kirim ☕",
        }
    });
    insert_all(database, "messages", messages).await;
}

async fn insert_all(database: &Database, name: &str, documents: impl Iterator<Item = Document>) {
    let documents: Vec<Document> = documents.collect();
    for batch in documents.chunks(BATCH) {
        database.collection::<Document>(name).insert_many(batch).await.unwrap();
    }
}

fn message_key(wamid: &str) -> String {
    format!("{PHONE_NUMBER_ID}:{wamid}")
}

fn new_contact(id: ObjectId, wa_id: &str, name: &str) -> Document {
    doc! { "_id": id, "workspace": WORKSPACE, "waId": wa_id, "name": name, "createdAt": now() }
}

fn new_conversation(id: ObjectId, contact: ObjectId) -> Document {
    doc! {
        "_id": id, "workspace": WORKSPACE, "number": PHONE_NUMBER_ID, "contact": contact, "unread": 0, "lastAt": 0_i64,
        "createdAt": now(),
    }
}

fn now() -> DateTime {
    DateTime::now()
}

/// The other side: the process that serves, until its standard input ends.
pub fn run() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let order: Order = serde_json::from_str(&line).unwrap();
    std::thread::spawn(|| {
        std::io::stdin().lines().for_each(drop);
        std::process::exit(0);
    });
    // The driver lives on a runtime of several threads, as in the service.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut options = ClientOptions::parse(&order.uri).await.unwrap();
        options.max_pool_size = Some(POOL_MAX);
        // Ours has been at work on its conversations before it is measured: here no time is lost on connecting.
        options.min_pool_size = Some(POOL_MAX);
        options.write_concern = Some(durable());
        let database = Client::with_options(options).unwrap().database(&order.database);
        database.run_command(doc! { "ping": 1 }).await.unwrap();
        let store = web::Data::new(Store::new(&database));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(store.clone())
                .app_data(web::PayloadConfig::new(BODY_MAX))
                .route("/api/webhooks/whatsapp", web::post().to(receive))
        });
        let server = server.bind(order.address).unwrap().disable_signals().run();
        println!("ready");
        server.await.unwrap();
    });
}

struct Store {
    verifier: Verifier,
    contacts: Collection<Document>,
    conversations: Collection<Document>,
    messages: Collection<Document>,
    statuses: Collection<Document>,
}

impl Store {
    fn new(database: &Database) -> Self {
        Self {
            verifier: Verifier::new(&[Secret::new(APP_SECRET)]),
            contacts: database.collection("contacts"),
            conversations: database.collection("conversations"),
            messages: database.collection("messages"),
            statuses: database.collection("statuses"),
        }
    }

    async fn store_message(&self, message: &Message<'_>, name: &str) -> mongodb::error::Result<()> {
        let contact = self.contact(&message.from, name).await?;
        let conversation = self.conversation(contact).await?;
        let (key, at_s, text) =
            (message_key(&message.id), seconds(&message.timestamp), message.text.as_ref());
        let text = text.map_or("", |text| text.body.as_ref());
        let new = doc! {
            "_id": &key, "workspace": WORKSPACE, "number": PHONE_NUMBER_ID, "conversation": conversation,
            "contact": contact, "at": at_s, "order": now().timestamp_millis(), "receivedAt": now(),
            "inbound": true, "kind": message.kind.as_ref(), "wamid": message.id.as_ref(), "text": text,
        };
        match self.messages.insert_one(new).await {
            Err(error) if is_duplicate(&error) => return Ok(()),
            outcome => outcome?,
        };
        let last = doc! { "message": key, "preview": text, "kind": message.kind.as_ref(), "inbound": true };
        let set = doc! { "lastAt": at_s, "last": last, "windowEndsAt": at_s + 86_400 };
        let update = doc! { "$set": set, "$inc": { "unread": 1 } };
        self.conversations.update_one(doc! { "_id": conversation }, update).await?;
        Ok(())
    }

    async fn contact(&self, wa_id: &str, name: &str) -> mongodb::error::Result<ObjectId> {
        let known = doc! { "workspace": WORKSPACE, "waId": wa_id };
        find_or_create(&self.contacts, known, |id| new_contact(id, wa_id, name)).await
    }

    async fn conversation(&self, contact: ObjectId) -> mongodb::error::Result<ObjectId> {
        let known = doc! { "number": PHONE_NUMBER_ID, "contact": contact };
        find_or_create(&self.conversations, known, |id| new_conversation(id, contact)).await
    }

    async fn store_status(&self, status: &Status<'_>) -> mongodb::error::Result<()> {
        let (key, at_s) = (message_key(&status.id), seconds(&status.timestamp));
        let Some(rank) = STEPS.iter().position(|step| *step == status.status) else { return Ok(()) };
        let Some(message) = self.messages.find_one(doc! { "_id": &key }).await? else { return Ok(()) };
        let record = doc! {
            "_id": format!("{key}:{}:{at_s}", status.status), "workspace": WORKSPACE, "number": PHONE_NUMBER_ID,
            "message": &key, "conversation": message.get("conversation"), "status": status.status.as_ref(),
            "at": at_s, "receivedAt": now(), "recipient": status.recipient_id.as_ref(),
        };
        match self.statuses.insert_one(record).await {
            Err(error) if is_duplicate(&error) => {}
            outcome => drop(outcome?),
        }
        let rank = i32::try_from(rank).unwrap() + 2;
        let time = format!("times.{}", status.status);
        let update = doc! { "$max": { "rank": rank }, "$min": { time: at_s } };
        self.messages.update_one(doc! { "_id": key }, update).await?;
        Ok(())
    }
}

async fn find_or_create(
    collection: &Collection<Document>,
    known: Document,
    new: impl Fn(ObjectId) -> Document,
) -> mongodb::error::Result<ObjectId> {
    loop {
        if let Some(found) = collection.find_one(known.clone()).await? {
            return Ok(found.get_object_id("_id").unwrap());
        }
        let id = ObjectId::new();
        match collection.insert_one(new(id)).await {
            Ok(_) => return Ok(id),
            Err(error) if is_duplicate(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_duplicate(error: &mongodb::error::Error) -> bool {
    matches!(&*error.kind, ErrorKind::Write(WriteFailure::WriteError(error)) if error.code == 11_000)
}

fn seconds(text: &str) -> i64 {
    text.parse().unwrap_or(0)
}

async fn receive(store: web::Data<Store>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let signature = request.headers().get(HEADER).map(actix_web::http::header::HeaderValue::as_bytes);
    if store.verifier.verify(signature, &body).is_err() {
        return HttpResponse::Unauthorized().finish();
    }
    let Ok(webhook) = serde_json::from_slice::<Webhook<'_>>(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    for value in webhook.entry.iter().flat_map(|entry| &entry.changes).map(|change| &change.value) {
        let name = value.contacts.first().map_or("", |contact| contact.profile.name.as_ref());
        for message in &value.messages {
            if store.store_message(message, name).await.is_err() {
                return HttpResponse::ServiceUnavailable().finish();
            }
        }
        for status in &value.statuses {
            if store.store_status(status).await.is_err() {
                return HttpResponse::ServiceUnavailable().finish();
            }
        }
    }
    HttpResponse::Ok().finish()
}

#[derive(Deserialize)]
struct Webhook<'a> {
    #[serde(borrow)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    changes: Vec<Change<'a>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    value: Value<'a>,
}

#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow, default)]
    contacts: Vec<Contact<'a>>,
    #[serde(borrow, default)]
    messages: Vec<Message<'a>>,
    #[serde(borrow, default)]
    statuses: Vec<Status<'a>>,
}

#[derive(Deserialize)]
struct Contact<'a> {
    #[serde(borrow)]
    profile: Profile<'a>,
}

#[derive(Deserialize)]
struct Profile<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    body: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow)]
    recipient_id: Cow<'a, str>,
}
