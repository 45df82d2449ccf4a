//! Messages that are queued before anybody sends, by the very writes of the service.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use pesan::clock::Clock;
use pesan::config::{Config, Source};
use pesan::crypto::Place;
use pesan::domain::outgoing::plain::Text;
use pesan::domain::outgoing::{Content, Message, Recipient};
use pesan::domain::person::Person;
use pesan::domain::position::Position;
use pesan::domain::sending::Priority;
use pesan::ids::{Random, derived};
use pesan::keys::Keys;
use pesan::meta::{decode, encode};
use pesan::secret::Secret;
use pesan::storage::Storage;
use pesan::storage::number_record::number_id;
use pesan::storage::outgoing::NewOutgoing;
use pesan::storage::workspaces::first_workspace;
use pesan::telemetry::Metrics;
use uuid::Uuid;

use crate::meta::{TOKEN, WABA_ID};

pub const MASTER_KEYS: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Messages that go in one transaction.
const TOGETHER: usize = 100;

/// A database with numbers that can send.
pub struct Queue {
    pub storage: Storage,
    pub database: String,
    pub uri: String,
    pub numbers: Vec<String>,
    filled: usize,
}

impl Queue {
    /// A new one with these numbers.
    pub async fn new(uri: &str, database: String, numbers: Vec<String>) -> Self {
        let config = config_of(uri, &database);
        let storage = Storage::connect(&config.mongo).await.unwrap();
        storage.migrate(&Clock::system(), &mut |_| {}).await.unwrap();
        storage.ensure_workspace(first_workspace(), "bench").await.unwrap();
        let (clock, random) = (Clock::system(), Random::system());
        let keys = Keys::load(&config.keys, &storage, (&clock, &random), &Metrics::new()).unwrap();
        let raw = mongodb::Client::with_uri_str(uri).await.unwrap().database(&database);
        for id in &numbers {
            storage.ensure_number(first_workspace(), id, Some(WABA_ID)).await.unwrap();
            let number = number_id(first_workspace(), id);
            let document = number.to_string();
            let place = Place {
                workspace: first_workspace(),
                collection: "numbers",
                document: &document,
                field: "accessToken",
            };
            let sealed = keys.seal(&place, &Secret::new(TOKEN)).await.unwrap();
            let token = Binary { subtype: BinarySubtype::Generic, bytes: sealed.as_bytes().to_vec() };
            let one =
                doc! { "_id": Binary { subtype: BinarySubtype::Uuid, bytes: number.as_bytes().to_vec() } };
            let set = doc! { "$set": { "accessToken": token } };
            let done = raw.collection::<Document>("numbers").update_one(one, set).await.unwrap();
            assert_eq!(done.matched_count, 1);
        }
        Self { storage, database, uri: uri.to_owned(), numbers, filled: 0 }
    }

    /// Queues messages, spread over the numbers; so many of them to each customer.
    pub async fn fill(&mut self, messages: usize, to_each: usize) {
        let from = self.filled;
        self.filled += messages;
        let mut nth = from;
        while nth < self.filled {
            let end = (nth + TOGETHER).min(self.filled);
            let some = (nth..end).map(|nth| self.told(nth, nth / to_each));
            let all = some.reduce(pesan::storage::told::Told::with).unwrap();
            assert!(self.storage.change_and_tell(&all, Clock::system().now_ms()).await.unwrap());
            nth = end;
        }
    }

    fn told(&self, nth: usize, customer: usize) -> pesan::storage::told::Told {
        let phone_number_id = &self.numbers[customer % self.numbers.len()];
        let number = number_id(first_workspace(), phone_number_id);
        let phone = phone_of(customer);
        let message = message_to(&phone, nth);
        let body = encode::message(&message, None).to_string();
        let id = |what: &str, n: usize| derived(what, &[n.to_string().as_bytes()]);
        let now_ms = Clock::system().now_ms();
        let low = |bits: u32, value: usize| u32::try_from(value & ((1 << bits) - 1)).unwrap();
        NewOutgoing {
            id: Uuid::now_v7(),
            workspace: first_workspace(),
            number,
            phone_number_id,
            conversation: id("conversation", customer),
            is_known: false,
            contact: Some(id("contact", customer)),
            addressee: None,
            group_id: None,
            position: Position::new(now_ms / 1_000, now_ms, low(10, nth >> 12), low(12, nth)),
            now_ms,
            send_at_ms: None,
            priority: Priority::Reply,
            customer: Person { wa_id: Some(phone.trim_start_matches('+').into()), ..Person::default() },
            content: decode::request_content(&body),
            reply_to: None,
            reaction: None,
            initiates: false,
            message: serde_json::to_string(&message).unwrap(),
            by: "bench".to_owned(),
            idempotency_key: None,
            repeats: None,
            body_digest: String::new(),
        }
        .told()
        .unwrap()
    }

    /// Removes everything.
    pub async fn drop(self) {
        self.storage.drop_database().await.unwrap();
        self.storage.close().await;
    }
}

pub fn config_of(uri: &str, database: &str) -> Config {
    let all = [("MONGODB_URI", uri), ("PESAN_DATABASE", database), ("PESAN_MASTER_KEYS", MASTER_KEYS)];
    Config::read(&Source::of(all.map(|(name, value)| (name.to_owned(), value.to_owned())))).unwrap()
}

pub fn phone_of(customer: usize) -> String {
    format!("+62812{:08}", 40_000_000 + customer)
}

pub fn message_to(phone: &str, nth: usize) -> Message {
    let body = format!("Halo kak, pesanan nomor {nth} sudah siap. Silakan diambil hari ini, terima kasih.");
    Message::new(Recipient::Phone(phone.to_owned()), Content::Text(Text { body, ..Text::default() }))
}
