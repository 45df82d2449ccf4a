//! The service itself: the real program, in a process of its own, over a queue that is filled.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mongodb::Database;
use mongodb::bson::{Document, doc};
use pesan::auth::{ApiKeys, NewApiKey, Role, Visitor};
use pesan::clock::Clock;
use pesan::ids::Random;
use pesan::secret::Secret;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};

use crate::meta::Meta;
use crate::queue::{MASTER_KEYS, Queue};

const READY_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Far more than this machine can send.
const LIFTED_PER_S: &str = "100000";

const SEND: &str = "mutation($input: SendMessageInput!) {
    sendMessage(input: $input) { message { id } userErrors { field code message } } }";

/// A service that runs.
pub struct Service {
    process: Child,
    url: String,
    key: Secret,
    client: reqwest::Client,
    database: Database,
}

impl Service {
    pub async fn start(program: &Path, meta: &Meta, queue: &Queue, limits_lifted: bool) -> Self {
        let keys = ApiKeys::new(&queue.storage, &Clock::system(), &Random::system());
        let new = NewApiKey {
            name: "bench".to_owned(),
            role: Role::Agent,
            scopes: None,
            numbers: None,
            expires_ms: None,
        };
        let key = keys.create(&Visitor::operator(first_workspace()), new).await.unwrap().text;
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut command = Command::new(program);
        command.arg("serve").env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        command.env("MONGODB_URI", &queue.uri).env("PESAN_DATABASE", &queue.database);
        command.env("PESAN_BIND", &address).env("PESAN_SHUTDOWN_DELAY_MS", "0");
        command.env("PESAN_MASTER_KEYS", MASTER_KEYS).env("GRAPH_API_BASE_URL", &meta.url);
        command.env("API_RATE_LIMIT", "0");
        if limits_lifted {
            command.env("PESAN_DEV_SEND_RATE", LIFTED_PER_S);
        }
        let process = command.spawn().unwrap();
        let client = mongodb::Client::with_uri_str(&queue.uri).await.unwrap();
        Self {
            process,
            url: format!("http://{address}"),
            key,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            database: client.database(&queue.database),
        }
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub async fn ready(&self) {
        let begun = Instant::now();
        loop {
            let answer = self.client.get(format!("{}/health/ready", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(begun.elapsed() < READY_MAX, "the service is ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until nothing is in line.
    pub async fn emptied(&self) {
        let turns = self.database.collection::<Document>("turns");
        for field in ["readyAtMs", "holder"] {
            let some = doc! { field: { "$exists": true } };
            while turns.find_one(some.clone()).await.unwrap().is_some() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Asks for a template to be sent; gives our id.
    pub async fn ask(&self, number: &str, phone: &str) -> String {
        let content = json!({ "template": { "name": "hello_world", "language": "en_US" } });
        let input = json!({ "numberId": number, "to": { "phone": phone }, "content": content });
        let request = self.client.post(format!("{}/graphql", self.url)).bearer_auth(self.key.expose());
        let request = request.json(&json!({ "query": SEND, "variables": { "input": input } }));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        let id = answer["data"]["sendMessage"]["message"]["id"].as_str();
        id.unwrap_or_else(|| panic!("{answer:#}")).to_owned()
    }

    /// Ends it as an operator would.
    pub fn stop(mut self) {
        Command::new("kill").arg(self.pid().to_string()).status().unwrap();
        assert!(self.process.wait().unwrap().success(), "the service ends in order");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
