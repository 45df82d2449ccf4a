//! Meta: the simulator, in a process of its own.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub const TOKEN: &str = "EAAG-simulated-access-token";
pub const WABA_ID: &str = "102290129340398";
const READY_MAX: Duration = Duration::from_secs(30);

/// A simulator that runs.
pub struct Meta {
    process: Child,
    pub url: String,
    client: reqwest::Client,
}

/// What the journal says of the sends after a place in it.
#[derive(Debug)]
pub struct Sends {
    pub count: usize,
    pub taken: usize,
    /// When each was answered, in milliseconds; in their order.
    pub at_ms: Vec<i64>,
    /// Codes of refusals.
    pub refusals: Vec<String>,
}

impl Meta {
    pub async fn start(program: &Path, limits_lifted: bool) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut command = Command::new(program);
        command.args(["simulate", "--bind", &address, "--access-token", TOKEN]);
        if limits_lifted {
            command.arg("--lift-limits");
        }
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let meta = Self {
            process,
            url: format!("http://{address}"),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        let begun = Instant::now();
        while meta.client.get(format!("{}/_sim", meta.url)).send().await.is_err() {
            assert!(begun.elapsed() < READY_MAX, "the simulator is ready");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        meta
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Makes business numbers beside the two that are there.
    pub async fn add_numbers(&self, ids: &[String]) {
        for (nth, id) in ids.iter().enumerate() {
            let number = json!({ "id": id, "phone": format!("1555079{nth:04}"), "waba": WABA_ID });
            let answer = self.client.post(format!("{}/_sim/numbers", self.url)).json(&number).send();
            assert_eq!(answer.await.unwrap().status(), 200);
        }
    }

    /// How many entries the journal has had.
    pub async fn last(&self) -> u64 {
        self.journal("limit=0").await["last"].as_u64().unwrap()
    }

    /// The sends after this place whose text contains this.
    pub async fn sends(&self, since: u64, contains: &str) -> Sends {
        let journal = self.journal(&format!("kind=request&since={since}&contains={contains}")).await;
        assert!(journal["dropped"].as_u64().unwrap() <= since, "the journal forgets too soon");
        let entries = journal["entries"].as_array().unwrap();
        let refusals = entries.iter().filter(|entry| entry["status"] != 200);
        Sends {
            count: entries.len(),
            taken: entries.iter().filter(|entry| entry["status"] == 200).count(),
            at_ms: entries.iter().map(|entry| entry["at_ms"].as_i64().unwrap()).collect(),
            refusals: refusals.map(|entry| entry["answer"].to_string()).collect(),
        }
    }

    async fn journal(&self, query: &str) -> Value {
        let url = format!("{}/_sim/journal?{query}", self.url);
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }
}

impl Sends {
    /// How many a second, from the first to the last.
    pub fn per_s(&self) -> f64 {
        let span_ms = self.at_ms.last().unwrap() - self.at_ms.first().unwrap();
        (self.at_ms.len() - 1) as f64 * 1_000.0 / span_ms.max(1) as f64
    }
}

impl Drop for Meta {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
