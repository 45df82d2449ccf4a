//! A Meta of the test's own, beside its service: the simulator on a free port, with time that stands still.

use std::time::Duration;

use pesan::dev::simulator::{self, Options, Running};
use pesan::runtime::Supervisor;
use pesan::telemetry::Metrics;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::client;

/// The id and the secret of its app, and a token that may do all.
pub const APP_ID: &str = "201234567890123";
pub const APP_SECRET: &str = "simulated-app-secret";
pub const TOKEN: &str = "EAAG-simulated-access-token";

/// The simulator; gone with the test.
pub struct Meta {
    running: Running,
    client: reqwest::Client,
    supervisor: Supervisor,
}

impl Meta {
    pub fn start() -> Self {
        let supervisor = Supervisor::new(Handle::current(), &Metrics::new());
        let options = Options { has_virtual_clock: true, seed: Some(7), ..Options::default() };
        let running = simulator::start(options, &supervisor).unwrap();
        Self { running, client: client(), supervisor }
    }

    /// The base URL of its Graph API.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// A control call.
    pub async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sim{path}", self.url());
        let answer = self.client.post(url).json(&body).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Everything that exists there.
    pub async fn world(&self) -> Value {
        self.client.get(format!("{}/_sim/world", self.url())).send().await.unwrap().json().await.unwrap()
    }

    /// The requests that it has seen whose text contains this.
    pub async fn requests(&self, contains: &str) -> Vec<Value> {
        let url = format!("{}/_sim/journal?kind=request&contains={contains}", self.url());
        let journal: Value = self.client.get(url).send().await.unwrap().json().await.unwrap();
        journal["entries"].as_array().unwrap().clone()
    }

    /// The next call to a place whose `METHOD /path` contains this goes wrong in this way.
    pub async fn fail(&self, kind: &str, place: &str) {
        self.control("/faults", json!({ "kind": kind, "target": place, "count": 1 })).await;
    }
}

impl Drop for Meta {
    fn drop(&mut self) {
        let supervisor = self.supervisor.clone();
        drop(tokio::spawn(async move { supervisor.shut_down(Duration::from_millis(100)).await }));
    }
}
