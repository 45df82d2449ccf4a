//! The service in this process: on a free port, in a database of its own, on a runtime and a thread of its own.
//!
//! When a test ends, its service is stopped and has to stop cleanly: a task that had to be cut is a job left
//! behind, and fails the test.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use mongodb::bson::{Bson, Document, doc};
use pesan::app::{App, Ended, StopRequest, Surroundings};
use pesan::auth::key::Created;
use pesan::auth::{Access, ApiKeys, NewApiKey, Role, Visitor};
use pesan::clock::{Clock, ManualClock, Timestamp};
use pesan::config::{Config, Source};
use pesan::ids::Random;
use pesan::runtime::Worker;
use pesan::secret::Secret;
use pesan::storage::Storage;
use pesan::storage::workspaces::first_workspace;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{PATIENCE, client, eventually, mongo, webhook};

/// The time at which every test begins.
pub const START: &str = "2026-11-21T08:00:00Z";

/// A running service.
pub struct TestApp {
    pub url: String,
    pub database: String,
    pub storage: Storage,
    pub clock: ManualClock,
    pub client: reqwest::Client,
    /// Who knows callers.
    pub access: Access,
    workers: Vec<Arc<dyn Worker>>,
    stop: StopRequest,
    ended: Receiver<Ended>,
}

impl TestApp {
    /// A service with the usual settings; its workers do not run by themselves.
    pub fn start() -> Self {
        Self::start_with(&[], false)
    }

    /// A service with the number that the tests' webhooks are for.
    pub fn start_with_number() -> Self {
        Self::start_with(&webhook::NUMBER, false)
    }

    /// A service with settings of its own.
    pub fn start_with(settings: &[(&str, &str)], workers_run: bool) -> Self {
        Self::start_at(START.parse::<Timestamp>().unwrap(), settings, workers_run)
    }

    /// The same with a clock that begins at another time: at the real one, for what compares clocks.
    pub fn start_at(time: Timestamp, settings: &[(&str, &str)], workers_run: bool) -> Self {
        let database = mongo::database_name();
        let mut values = vec![
            ("MONGODB_URI", mongo::uri()),
            ("PESAN_DATABASE", &database),
            ("PESAN_BIND", "127.0.0.1:0"),
            ("PESAN_HTTP_WORKERS", "1"),
            ("PESAN_SHUTDOWN_DELAY_MS", "0"),
            ("PESAN_SHUTDOWN_GRACE_MS", "10000"),
            ("WHATSAPP_APP_SECRET", webhook::APP_SECRET),
            ("WHATSAPP_VERIFY_TOKEN", webhook::VERIFY_TOKEN),
        ];
        values.retain(|(name, _)| !settings.iter().any(|(other, _)| other == name));
        values.extend(settings);
        let source = Source::of(values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        let config = Config::read(&source).unwrap();
        let clock = ManualClock::at(time);
        let surroundings = Surroundings { clock: clock.clock(), random: Random::system(), workers_run };

        let stop = StopRequest::default();
        let (tell_started, started) = sync_channel(1);
        let (tell_ended, ended) = sync_channel(1);
        let stopped = stop.clone();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async {
                let storage = Storage::connect(&config.mongo).await.unwrap();
                storage.migrate(&Clock::system(), &mut |_| {}).await.unwrap();
                let app = App::build(config, surroundings).await.unwrap();
                let workers = app.workers().to_vec();
                let access = app.access().clone();
                tell_started.send((app.url(), app.storage().clone(), access, workers)).unwrap();
                let ended = app.run_until_stopped(stopped).await;
                storage.drop_database().await.unwrap();
                tell_ended.send(ended).ok();
            });
        });
        let (url, storage, access, workers) = started
            .recv_timeout(PATIENCE * 4)
            .expect("the service starts; the panic above says why it did not");
        Self { url, database, storage, clock, client: client(), access, workers, stop, ended }
    }

    /// The text of a new key of this role for the first workspace.
    pub async fn key(&self, role: Role) -> Secret {
        self.key_for(
            first_workspace(),
            NewApiKey {
                name: format!("a test's {role}"),
                role,
                scopes: None,
                numbers: None,
                expires_ms: None,
            },
        )
        .await
        .text
    }

    /// A new key of any kind.
    pub async fn key_for(&self, workspace: Uuid, new: NewApiKey) -> Created {
        self.storage.ensure_workspace(workspace, "a test's").await.unwrap();
        self.keys().create(&Visitor::operator(workspace), new).await.unwrap()
    }

    /// The keys of all workspaces.
    pub fn keys(&self) -> ApiKeys {
        ApiKeys::new(&self.storage, &self.clock.clock(), &Random::system())
    }

    /// What the API answers to an operation.
    pub async fn graphql(&self, key: &Secret, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let request = self.client.post(format!("{}/graphql", self.url)).bearer_auth(key.expose()).json(&body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{query}");
        answer.json().await.unwrap()
    }

    /// The only field of an operation that must go well.
    pub async fn ask(&self, key: &Secret, query: &str, variables: Value) -> Value {
        let answer = self.graphql(key, query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}: {answer}");
        let fields = answer["data"].as_object().unwrap();
        assert_eq!(fields.len(), 1, "{query}");
        fields.values().next().unwrap().clone()
    }

    /// A GET below the service's address.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// The value of one line of `/metrics`; zero if it is not there yet.
    pub async fn metric(&self, line: &str) -> f64 {
        let text = self.get("/metrics").await.text().await.unwrap();
        let value = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    /// The same of a counter.
    pub async fn count(&self, line: &str) -> u64 {
        let text = self.get("/metrics").await.text().await.unwrap();
        let value = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Makes a worker do one round.
    pub async fn run_worker(&self, name: &str) -> Result<(), String> {
        let worker =
            self.workers.iter().find(|worker| worker.name() == name).expect("there is such a worker");
        worker.run_once().await.map_err(|error| error.to_string())
    }

    /// Posts webhooks one after the other; each has to be taken.
    pub async fn take(&self, bodies: &[String]) {
        for body in bodies {
            let answer = webhook::post(&self.client, &self.url, body.clone()).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{body}");
        }
    }

    /// Posts one webhook with these changes, and waits until all of it is visible.
    pub async fn take_changes(&self, changes: &[Value]) {
        self.take(&[webhook::body(changes)]).await;
        self.settle().await;
    }

    /// Waits until everything in the journal is visible.
    pub async fn settle(&self) {
        eventually("everything in the journal is visible", || async {
            for lane in self.storage.all_lanes().await.unwrap() {
                if !self.storage.segments().after(lane.id, lane.folded, 1).await.unwrap().is_empty() {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    /// All documents of a collection, by key, as JSON.
    pub async fn all(&self, collection: &str) -> Vec<Value> {
        documents(&self.database, collection).await
    }

    /// The only document of a collection.
    pub async fn only(&self, collection: &str) -> Value {
        let mut all = self.all(collection).await;
        assert_eq!(all.len(), 1, "{collection}: {all:#?}");
        all.remove(0)
    }

    /// What the log of events tells, in its order: the kinds.
    pub async fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        for (n, batch) in self.all("events").await.iter().enumerate() {
            assert_eq!(batch["seq"], n + 1, "no gap");
            let happenings = batch["happenings"].as_array().unwrap();
            told.extend(happenings.iter().map(|one| one.as_object().unwrap().keys().next().unwrap().clone()));
        }
        told
    }

    /// Asks the service to stop, without waiting.
    pub fn ask_to_stop(&self) {
        self.stop.stop();
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.stop();
        let ended = self.ended.recv_timeout(PATIENCE);
        if !std::thread::panicking() {
            assert_eq!(ended, Ok(Ended::Stopped), "the service stops cleanly and leaves no job behind");
        }
    }
}

/// All documents of a collection of any database, by key, as JSON.
pub async fn documents(database: &str, collection: &str) -> Vec<Value> {
    documents_at(mongo::uri(), database, collection).await
}

/// The same on any server.
pub async fn documents_at(uri: &str, database: &str, collection: &str) -> Vec<Value> {
    let client = mongodb::Client::with_uri_str(uri).await.unwrap();
    let documents = client.database(database).collection::<Document>(collection);
    let mut cursor = documents.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
    let mut all = Vec::new();
    while cursor.advance().await.unwrap() {
        all.push(as_json(&Bson::Document(cursor.deserialize_current().unwrap())));
    }
    all
}

/// A stored value as JSON: ids as hexadecimal digits, times as milliseconds.
fn as_json(value: &Bson) -> Value {
    match value {
        Bson::Document(document) => {
            document.iter().map(|(key, value)| (key.clone(), as_json(value))).collect::<Map<_, _>>().into()
        }
        Bson::Array(values) => values.iter().map(as_json).collect(),
        Bson::String(text) => text.as_str().into(),
        Bson::Int32(number) => (*number).into(),
        Bson::Int64(number) => (*number).into(),
        Bson::Double(number) => (*number).into(),
        Bson::Boolean(yes) => (*yes).into(),
        Bson::DateTime(time) => time.timestamp_millis().into(),
        Bson::Binary(binary) => data_encoding::HEXLOWER.encode(&binary.bytes).into(),
        Bson::Null => Value::Null,
        other => panic!("a type that we do not store: {other:?}"),
    }
}
