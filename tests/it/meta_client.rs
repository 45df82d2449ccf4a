//! The client of the Graph API, against the simulator over HTTP, and against servers that answer badly.

mod calls;
mod trouble;

use std::time::Duration;

use pesan::clock::Clock;
use pesan::config::MetaConfig;
use pesan::dev::simulator::{self, Options, Running};
use pesan::ids::Random;
use pesan::meta::client::{CallError, Credentials, Graph, Refusal};
use pesan::runtime::Supervisor;
use pesan::secret::Secret;
use pesan::telemetry::Metrics;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::support::client;

const TOKEN: &str = "EAAG-simulated-access-token";
const APP_ID: &str = "201234567890123";
const APP_SECRET: &str = "simulated-app-secret";
const PABLO: &str = "16505551234";

/// The settings of a client of this server.
fn config(base_url: &str) -> MetaConfig {
    MetaConfig {
        base_url: base_url.to_owned(),
        version: "v25.0".to_owned(),
        connect_timeout: Duration::from_secs(5),
        call_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(30),
        calls_max: 16,
    }
}

fn graph_with(config: &MetaConfig, metrics: &Metrics) -> Graph {
    Graph::new(config, &Clock::system(), &Random::seeded(7), metrics).unwrap()
}

fn graph_at(base_url: &str) -> Graph {
    graph_with(&config(base_url), &Metrics::new())
}

/// A simulator and a client of it; gone with the test.
struct Meta {
    running: Running,
    graph: Graph,
    metrics: Metrics,
    token: Secret,
    app_secret: Secret,
    supervisor: Supervisor,
}

impl Meta {
    fn start() -> Self {
        Self::start_with(Options { limits_lifted: true, ..Options::default() })
    }

    fn start_with(options: Options) -> Self {
        let metrics = Metrics::new();
        let supervisor = Supervisor::new(Handle::current(), &metrics);
        let running = simulator::start(Options { seed: Some(7), ..options }, &supervisor).unwrap();
        let graph = graph_with(&config(&running.url()), &metrics);
        Self {
            running,
            graph,
            metrics,
            token: Secret::new(TOKEN),
            app_secret: Secret::new(APP_SECRET),
            supervisor,
        }
    }

    fn credentials(&self) -> Credentials<'_> {
        Credentials { token: &self.token, app_secret: Some(&self.app_secret) }
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/_sim{path}", self.running.url());
        let answer = client().post(url).json(&body).send().await.unwrap();
        let status = answer.status();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Orders trouble for the next requests.
    async fn trouble(&self, fault: Value) {
        self.control("/faults", fault).await;
    }

    /// The requests in the simulator's journal whose path or body has this in it.
    async fn requests(&self, contains: &str) -> Vec<Value> {
        let url = format!("{}/_sim/journal?kind=request&contains={contains}", self.running.url());
        let journal: Value = client().get(url).send().await.unwrap().json().await.unwrap();
        journal["entries"].as_array().unwrap().clone()
    }

    fn text() -> Value {
        json!({ "messaging_product": "whatsapp", "to": PABLO, "type": "text", "text": { "body": "Halo" } })
    }
}

impl Drop for Meta {
    fn drop(&mut self) {
        let supervisor = self.supervisor.clone();
        drop(tokio::spawn(async move { supervisor.shut_down(Duration::from_millis(100)).await }));
    }
}

/// Meta's refusal, and nothing else.
fn refused<T: std::fmt::Debug>(result: Result<T, CallError>) -> Refusal {
    match result {
        Err(CallError::Refused(refusal)) => refusal,
        other => panic!("not a refusal: {other:?}"),
    }
}

/// Code and subcode of Meta's refusal.
fn codes<T: std::fmt::Debug>(result: Result<T, CallError>) -> (i64, i64) {
    let refusal = refused(result);
    (refusal.code().unwrap_or(0), refusal.subcode().unwrap_or(0))
}
