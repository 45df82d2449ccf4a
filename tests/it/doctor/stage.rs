//! A number that is connected well: the service behind its door, the simulator with the number, a key for the API.

use std::time::Duration;

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use pesan::auth::{ApiKeys, NewApiKey, Role, Visitor};
use pesan::clock::Clock;
use pesan::config::{Config, Source};
use pesan::crypto::Place;
use pesan::dev::simulator::world::{NUMBER_ID, WABA_ID};
use pesan::dev::simulator::{self, Options, Running};
use pesan::ids::Random;
use pesan::keys::Keys;
use pesan::meta::client::Graph;
use pesan::numbers::Numbers;
use pesan::numbers::doctor::Doctor;
use pesan::numbers::doctor::Settings;
use pesan::runtime::Supervisor;
use pesan::secret::Secret;
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use pesan::telemetry::Metrics;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::door::{Door, Manner};
use crate::support::app::TestApp;
use crate::support::webhook::{APP_SECRET, PATH, VERIFY_TOKEN};
use crate::support::{eventually, mongo};

pub const TOKEN: &str = "EAAG-simulated-access-token";
pub const APP_ID: &str = "201234567890123";
pub const PIN: &str = "246810";
const MASTER_KEYS: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub struct Stage {
    pub app: TestApp,
    pub door: Door,
    pub sim: Running,
    pub number: Uuid,
    pub workspace: Uuid,
    config: Config,
    key: Secret,
    supervisor: Supervisor,
}

impl Stage {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        let door = Door::open().await;
        let supervisor = Supervisor::new(Handle::current(), &Metrics::new());
        let options = Options {
            callback_url: Some(format!("{}{PATH}", door.url)),
            app_secret: Secret::new(APP_SECRET),
            verify_token: Secret::new(VERIFY_TOKEN),
            limits_lifted: true,
            ..options
        };
        let sim = simulator::start(options, &supervisor).unwrap();
        let settings = [
            ("GRAPH_API_BASE_URL", sim.url()),
            ("PESAN_PUBLIC_URL", door.url.clone()),
            ("PESAN_MASTER_KEYS", MASTER_KEYS.to_owned()),
            ("WHATSAPP_APP_ID", APP_ID.to_owned()),
            ("WHATSAPP_PHONE_NUMBER_ID", NUMBER_ID.to_owned()),
            ("WHATSAPP_BUSINESS_ACCOUNT_ID", WABA_ID.to_owned()),
        ];
        let settings: Vec<(&str, &str)> =
            settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let app = TestApp::start_at(Clock::system().now(), &settings, false);
        door.lead_to(&app.url);
        let all = settings.iter().copied().chain([
            ("MONGODB_URI", mongo::uri()),
            ("PESAN_DATABASE", app.database.as_str()),
            ("WHATSAPP_APP_SECRET", APP_SECRET),
            ("WHATSAPP_VERIFY_TOKEN", VERIFY_TOKEN),
        ]);
        let all: Vec<(String, String)> =
            all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let config = Config::read(&Source::of(all)).unwrap();
        let workspace = first_workspace();
        let key = key_of(&app, workspace, Role::Admin).await;
        let number = number_id(workspace, NUMBER_ID);
        let stage = Self { app, door, sim, number, workspace, config, key, supervisor };
        stage.restore().await;
        stage.hear().await;
        stage
    }

    /// Everything as it was in the beginning.
    pub async fn restore(&self) {
        self.control("reset", json!({})).await;
        self.control(&format!("numbers/{NUMBER_ID}"), json!({ "pin": PIN })).await;
        self.door.set(Manner::Pass);
        let (token, pin) = (self.seal("accessToken", TOKEN).await, self.seal("pin", PIN).await);
        self.set(doc! {
            "$set": { "accessToken": token, "pin": pin, "accountId": WABA_ID, "phoneNumberId": NUMBER_ID },
            "$unset": { "pausedAtMs": "", "block": "", "displayPhoneNumber": "", "facts": "" },
        })
        .await;
    }

    /// A customer writes, so that a webhook has come.
    pub async fn hear(&self) {
        self.sync_clock();
        self.control("people/pablo/write", json!({ "text": "Hi" })).await;
        eventually("the message is here", || async {
            self.control("flush", json!({})).await;
            let record = self.app.storage.find_number(self.workspace, self.number).await.unwrap().unwrap();
            record.webhook_at_ms
        })
        .await;
    }

    /// Changes the number's document.
    pub async fn set(&self, change: Document) {
        let client = mongodb::Client::with_uri_str(mongo::uri()).await.unwrap();
        let numbers = client.database(&self.app.database).collection::<Document>("numbers");
        let id = mongo::binary(self.number);
        assert_eq!(numbers.update_one(doc! { "_id": id }, change).await.unwrap().matched_count, 1);
    }

    pub async fn seal(&self, field: &str, secret: &str) -> Binary {
        let document = self.number.to_string();
        let place = Place { workspace: self.workspace, collection: "numbers", document: &document, field };
        let sealed = self.keys().seal(&place, &Secret::new(secret)).await.unwrap();
        Binary { subtype: BinarySubtype::Generic, bytes: sealed.as_bytes().to_vec() }
    }

    fn keys(&self) -> Keys {
        let (clock, random) = (Clock::system(), Random::system());
        Keys::load(&self.config.keys, &self.app.storage, (&clock, &random), &Metrics::new()).unwrap()
    }

    /// Another instance's doctor, on the same database.
    pub fn doctor(&self) -> Doctor {
        let (clock, random) = (self.app.clock.clock(), Random::system());
        let graph = Graph::new(&self.config.meta, &clock, &random, &Metrics::new()).unwrap();
        let numbers =
            Numbers::new(&self.app.storage, &self.keys(), &graph, (&clock, &random), &self.config.whatsapp);
        Doctor::new(&self.app.storage, &numbers, &graph, (&clock, &random), Settings::of(&self.config))
    }

    /// The service's clock, which stands still, is set to the time now.
    pub fn sync_clock(&self) {
        let behind_ms = Clock::system().now_ms() - self.app.clock.clock().now_ms();
        self.app.clock.advance(Duration::from_millis(behind_ms.max(0).unsigned_abs()));
    }

    /// A control call of the simulator.
    pub async fn control(&self, path: &str, body: Value) {
        let url = format!("{}/_sim/{path}", self.sim.url());
        let answer = self.app.client.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text().await.unwrap());
    }

    /// A call to Graph, as somebody else may make it.
    pub async fn graph(&self, method: Method, path: &str) -> Value {
        let url = format!("{}/v25.0/{path}", self.sim.url());
        let answer = self.app.client.request(method, url).bearer_auth(TOKEN).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// How often the simulator was asked about the number itself.
    pub async fn number_questions(&self) -> usize {
        let url = format!("{}/_sim/journal?kind=request&limit=10000", self.sim.url());
        let journal: Value = self.app.client.get(url).send().await.unwrap().json().await.unwrap();
        let question = format!("/v25.0/{NUMBER_ID}?");
        let is_one = |entry: &&Value| {
            entry["method"] == "GET" && entry["path"].as_str().is_some_and(|path| path.starts_with(&question))
        };
        journal["entries"].as_array().unwrap().iter().filter(is_one).count()
    }

    /// Runs an operation with the admin's key.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        self.ask_as(&self.key, query, variables).await
    }

    pub async fn ask_as(&self, key: &Secret, query: &str, variables: Value) -> Value {
        let request = self.app.client.post(format!("{}/graphql", self.app.url)).bearer_auth(key.expose());
        let body = json!({ "query": query, "variables": variables });
        request.json(&body).send().await.unwrap().json().await.unwrap()
    }

    /// Tests the connection; gives the payload.
    pub async fn test(&self, repair: bool, language: &str) -> Value {
        self.sync_clock();
        self.test_now(repair, language).await
    }

    /// The same, with the clock as it is.
    pub async fn test_now(&self, repair: bool, language: &str) -> Value {
        const TEST: &str = "mutation($id: ID!, $repair: Boolean!, $language: Language!) {
            testConnection(numberId: $id, repair: $repair, language: $language) {
                ok summary testedAt
                steps { name state reason title cause nextStep waitsFor metaCode durationMs }
                repairs { name done message }
                userErrors { code field }
            }
        }";
        let variables = json!({ "id": self.number, "repair": repair, "language": language });
        let mut answer = self.ask(TEST, variables).await;
        assert_eq!(answer["errors"], Value::Null, "{answer:#}");
        answer["data"]["testConnection"].take()
    }

    pub async fn record(&self) -> pesan::storage::number_record::NumberRecord {
        self.app.storage.find_number(self.workspace, self.number).await.unwrap().unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let supervisor = self.supervisor.clone();
        Handle::current().spawn(async move { supervisor.shut_down(Duration::ZERO).await });
    }
}

/// A key of a role in a workspace.
pub async fn key_of(app: &TestApp, workspace: Uuid, role: Role) -> Secret {
    let keys = ApiKeys::new(&app.storage, &Clock::system(), &Random::system());
    let new = NewApiKey { name: "test".to_owned(), role, scopes: None, numbers: None, expires_ms: None };
    keys.create(&Visitor::operator(workspace), new).await.unwrap().text
}
