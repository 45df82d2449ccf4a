//! A number that can send: the simulator as Meta, a token in its place, and a key for the API of each service.

use std::time::Duration;

use mongodb::Database;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use pesan::auth::{ApiKeys, NewApiKey, Role, Visitor};
use pesan::clock::Clock;
use pesan::config::{Config, Source};
use pesan::crypto::Place;
use pesan::dev::simulator::world::NUMBER_ID;
use pesan::dev::simulator::{self, Options, Running};
use pesan::ids::Random;
use pesan::keys::Keys;
use pesan::runtime::Supervisor;
use pesan::secret::Secret;
use pesan::storage::Storage;
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use pesan::telemetry::Metrics;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::support::app::{TestApp, documents};
use crate::support::webhook::{APP_SECRET, NUMBER, PATH, VERIFY_TOKEN};
use crate::support::{client, eventually, mongo};

pub const TOKEN: &str = "EAAG-simulated-access-token";
pub const MASTER_KEYS: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// The simulator's first person.
pub const PABLO: &str = "+16505551234";

/// The simulator, and what it has seen.
pub struct Meta {
    pub running: Running,
    supervisor: Supervisor,
}

impl Meta {
    pub fn start(limits_lifted: bool) -> Self {
        let supervisor = Supervisor::new(Handle::current(), &Metrics::new());
        let options = Options {
            app_secret: Secret::new(APP_SECRET),
            verify_token: Secret::new(VERIFY_TOKEN),
            limits_lifted,
            ..Options::default()
        };
        Self { running: simulator::start(options, &supervisor).unwrap(), supervisor }
    }

    /// Webhooks go to this service.
    pub fn tell(&self, url: &str) {
        self.running.set_callback(&format!("{url}{PATH}"));
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sim/{path}", self.running.url());
        let answer = client().post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Orders trouble for the next sends.
    pub async fn trouble(&self, mut fault: Value) {
        fault["target"] = "/messages".into();
        self.control("faults", fault).await;
    }

    /// Nothing more goes wrong.
    pub async fn clear_faults(&self) {
        let url = format!("{}/_sim/faults", self.running.url());
        assert_eq!(client().delete(url).send().await.unwrap().status(), 200);
    }

    pub async fn add_template(&self) {
        let body = json!({
            "name": "order_ready", "language": "en_US", "category": "UTILITY",
            "components": [{ "type": "BODY", "text": "Your order {{1}} is ready.", "example": { "body_text": [["7"]] } }],
        });
        self.control("templates", body).await;
    }

    /// The requests that were to send something: body and HTTP status; none where there was no answer.
    pub async fn sends(&self) -> Vec<(Value, Option<u64>, String)> {
        let url = format!("{}/_sim/journal?kind=request&contains=/messages&limit=20000", self.running.url());
        let journal: Value = client().get(url).send().await.unwrap().json().await.unwrap();
        let sends = journal["entries"].as_array().unwrap().iter().map(|entry| {
            let body = serde_json::from_str(entry["body"].as_str().unwrap()).unwrap();
            (body, entry["status"].as_u64(), entry["answer"].as_str().unwrap_or_default().to_owned())
        });
        sends.collect()
    }

    /// The bodies that were taken, in their order.
    pub async fn taken(&self) -> Vec<Value> {
        let sends = self.sends().await.into_iter();
        sends
            .filter(|(_, status, _)| status.is_none_or(|status| status == 200))
            .map(|(body, ..)| body)
            .collect()
    }
}

impl Drop for Meta {
    fn drop(&mut self) {
        let supervisor = self.supervisor.clone();
        drop(tokio::spawn(async move { supervisor.shut_down(Duration::from_millis(100)).await }));
    }
}

/// The settings of a service that sends to this simulator.
pub fn settings(meta: &Meta) -> Vec<(String, String)> {
    let own = [("GRAPH_API_BASE_URL", meta.running.url()), ("PESAN_MASTER_KEYS", MASTER_KEYS.to_owned())];
    let number = NUMBER.map(|(name, value)| (name, value.to_owned()));
    own.into_iter().chain(number).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A caller of one service.
#[derive(Clone)]
pub struct Caller {
    pub url: String,
    pub key: Secret,
}

impl Caller {
    /// Runs an operation; none when there was no answer.
    pub async fn try_ask(&self, query: &str, variables: Value) -> Option<Value> {
        let request = client().post(format!("{}/graphql", self.url)).bearer_auth(self.key.expose());
        let body = json!({ "query": query, "variables": variables });
        request.json(&body).send().await.ok()?.json().await.ok()
    }

    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        self.try_ask(query, variables).await.expect("an answer")
    }

    /// Sends; gives the payload.
    pub async fn send(&self, input: Value) -> Value {
        let mut answer = self.ask(SEND, json!({ "input": input })).await;
        assert_eq!(answer["errors"], Value::Null, "{answer:#}");
        answer["data"]["sendMessage"].take()
    }

    /// Sends what has to be taken; gives our id.
    pub async fn sent(&self, input: Value) -> String {
        let payload = self.send(input).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
        payload["message"]["id"].as_str().unwrap().to_owned()
    }

    /// A message with its timeline.
    pub async fn message(&self, id: &str) -> Value {
        let mut answer = self.ask(MESSAGE, json!({ "id": id })).await;
        assert_eq!(answer["errors"], Value::Null, "{answer:#}");
        answer["data"]["outgoingMessage"].take()
    }

    /// Waits until a field of a message has this value.
    pub async fn until(&self, id: &str, field: &str, value: &str) -> Value {
        eventually(&format!("{field} is {value}"), || async {
            let message = self.message(id).await;
            (message[field] == value).then_some(message)
        })
        .await
    }
}

pub const SEND: &str = "mutation($input: SendMessageInput!) {
    sendMessage(input: $input) { message { id state } userErrors { field code message nextStep } }
}";
const MESSAGE: &str = "query($id: ID!) { outgoingMessage(id: $id) {
    id messageId conversationId kind state status requestedBy nextTryAt
    reason { message nextStep metaCode metaSubcode }
    attempts { at endedAt state reason { metaCode } }
    statuses { status timestamp }
} }";

/// One service in this process, whose clock stands still, with a number that can send and a customer who has written.
pub struct Stage {
    pub app: TestApp,
    pub meta: Meta,
    pub caller: Caller,
    pub number: Uuid,
}

impl Stage {
    pub async fn start() -> Self {
        Self::start_with(true, &[]).await
    }

    pub async fn start_with(limits_lifted: bool, more: &[(&str, &str)]) -> Self {
        let meta = Meta::start(limits_lifted);
        let settings = settings(&meta);
        let settings: Vec<(&str, &str)> = settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(more.iter().copied())
            .collect();
        let app = TestApp::start_at(Clock::system().now(), &settings, true);
        meta.tell(&app.url);
        give_token(&app.storage, &mongo::raw(&app.database).await).await;
        let key = key_of(&app.storage, first_workspace(), Role::Admin).await;
        let caller = Caller { url: app.url.clone(), key };
        Self { app, meta, caller, number: number() }
    }

    /// A customer writes to the number at Meta; gives the conversation.
    pub async fn hear(&self) -> String {
        self.meta.control("people/pablo/write", json!({ "text": "Hi" })).await;
        let conversation = self.conversation().await;
        // The clock stands still, and Meta's went on.
        let behind_ms = Clock::system().now_ms() - self.app.clock.clock().now_ms() + 1_000;
        self.app.clock.advance(Duration::from_millis(behind_ms.max(0).unsigned_abs()));
        conversation
    }

    /// The only conversation, with an open window.
    pub async fn conversation(&self) -> String {
        eventually("the conversation is here", || async {
            let conversation = self.app.all("conversations").await.into_iter().next()?;
            let id = conversation.get("windowEndsAt").and(conversation["_id"].as_str())?;
            Some(Uuid::parse_str(id).unwrap().to_string())
        })
        .await
    }

    /// Changes the number's document.
    pub async fn set_number(&self, change: Document) {
        let numbers = mongo::raw(&self.app.database).await.collection::<Document>("numbers");
        assert_eq!(numbers.update_one(doc! {}, change).await.unwrap().matched_count, 1);
    }

    /// The number's document.
    pub async fn number_document(&self) -> Value {
        documents(&self.app.database, "numbers").await.remove(0)
    }
}

/// The number of the tests in the first workspace.
pub fn number() -> Uuid {
    number_id(first_workspace(), NUMBER_ID)
}

/// Seals the simulator's token into the number.
pub async fn give_token(storage: &Storage, database: &Database) {
    let numbers = database.collection::<Document>("numbers");
    let set = doc! { "$set": { "accessToken": sealed(storage, TOKEN).await } };
    assert_eq!(numbers.update_one(doc! {}, set).await.unwrap().matched_count, 1);
}

/// A token, sealed for the number.
pub async fn sealed(storage: &Storage, token: &str) -> Binary {
    sealed_for(storage, number(), token).await
}

/// The same for another number.
pub async fn sealed_for(storage: &Storage, number: Uuid, token: &str) -> Binary {
    let all = [("MONGODB_URI", mongo::uri()), ("PESAN_MASTER_KEYS", MASTER_KEYS)];
    let source = Source::of(all.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let config = Config::read(&source).unwrap();
    let (clock, random) = (Clock::system(), Random::system());
    let keys = Keys::load(&config.keys, storage, (&clock, &random), &Metrics::new()).unwrap();
    let document = number.to_string();
    let place = Place {
        workspace: first_workspace(),
        collection: "numbers",
        document: &document,
        field: "accessToken",
    };
    let sealed = keys.seal(&place, &Secret::new(token)).await.unwrap();
    Binary { subtype: BinarySubtype::Generic, bytes: sealed.as_bytes().to_vec() }
}

/// A key of a role in a workspace.
pub async fn key_of(storage: &Storage, workspace: Uuid, role: Role) -> Secret {
    storage.ensure_workspace(workspace, "a test's").await.unwrap();
    let keys = ApiKeys::new(storage, &Clock::system(), &Random::system());
    let new = NewApiKey { name: "test".to_owned(), role, scopes: None, numbers: None, expires_ms: None };
    keys.create(&Visitor::operator(workspace), new).await.unwrap().text
}

/// A text into a conversation.
pub fn text(conversation: &str, body: &str) -> Value {
    json!({ "to": { "conversationId": conversation }, "content": { "text": { "body": body } } })
}

/// A template to a phone number.
pub fn template(phone: &str, order: &str) -> Value {
    json!({
        "numberId": number(),
        "to": { "phone": phone },
        "content": { "template": { "name": "order_ready", "language": "en_US", "body": [{ "text": order }] } },
    })
}
