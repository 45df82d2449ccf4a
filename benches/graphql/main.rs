//! How fast an inbox reads over GraphQL: the list of conversations beside the driver's own find of the same documents,
//! and pages of messages, the first and far down, in a small and in a large collection (`pages`). What subscriptions cost
//! (`memory`) and how soon subscribers hear of a webhook (`delivery`). Prints tables and judges no speed; a page that is
//! not the one asked for, and an event that is not heard once, fail it.
//!
//! `PESAN_BENCH_ONLY=memory,delivery` runs some of them only.
//! `PESAN_BENCH_QUICK=1` runs everything with small numbers, to see that it still works. `PESAN_BENCH_MESSAGES` says
//! how many messages the large collection has (1000000), `PESAN_BENCH_DEPTH` how far down the deep page is (100000).

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    missing_debug_implementations,
    reason = "a benchmark may stop where it stands, and reads the real clock; its figures fit a float"
)]

mod fill;
#[path = "../ingest/histogram.rs"]
mod histogram;
mod live;
#[path = "../ingest/proc.rs"]
mod proc;
mod timing;

use mongodb::bson::{Document, doc};
use pesan::app::{App, StopRequest, Surroundings};
use pesan::auth::{ApiKeys, NewApiKey, Role, Visitor};
use pesan::clock::Clock;
use pesan::config::dev::DevConfig;
use pesan::config::{Config, Source};
use pesan::dev::mongod::{Options, PrivateMongod};
use pesan::ids::Random;
use pesan::secret::Secret;
use pesan::storage::Storage;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};

use crate::fill::Filled;
use crate::timing::{Row, print, timed};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pesan");
const MEMORY_MB: u32 = 4 * 1_024;
const PAGE: usize = 50;
/// The collection that the large one is compared with.
const SMALL: usize = 10_000;

const CONVERSATIONS: &str = include_str!("../../graphql/operations/conversations.graphql");
const MESSAGES: &str = include_str!("../../graphql/operations/messages.graphql");

/// How much is measured.
struct Size {
    messages: usize,
    depth: usize,
    rounds: usize,
    is_quick: bool,
}

impl Size {
    fn of_environment() -> Self {
        let is_quick = std::env::var("PESAN_BENCH_QUICK").is_ok_and(|value| value != "0");
        let number = |name: &str, otherwise: usize| {
            std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
        };
        let (messages, depth, rounds) =
            if is_quick { (12_000, 5_000, 20) } else { (1_000_000, 100_000, 500) };
        Self {
            messages: number("PESAN_BENCH_MESSAGES", messages),
            depth: number("PESAN_BENCH_DEPTH", depth),
            rounds,
            is_quick,
        }
    }
}

/// The service over one database, and who asks it.
struct Service {
    url: String,
    key: Secret,
    client: reqwest::Client,
    stop: StopRequest,
    ended: tokio::task::JoinHandle<()>,
}

impl Service {
    async fn start(uri: &str, database: &str) -> Self {
        let values = [
            ("MONGODB_URI", uri),
            ("PESAN_DATABASE", database),
            ("PESAN_BIND", "127.0.0.1:0"),
            ("PESAN_SHUTDOWN_DELAY_MS", "0"),
            ("WHATSAPP_APP_SECRET", "bench"),
            ("WHATSAPP_VERIFY_TOKEN", "bench"),
            ("API_RATE_LIMIT", "0"),
        ];
        let source = Source::of(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let app = App::build(Config::read(&source).unwrap(), Surroundings::default()).await.unwrap();
        let (url, storage) = (app.url(), app.storage().clone());
        let keys = ApiKeys::new(&storage, &Clock::system(), &Random::system());
        let new = NewApiKey {
            name: "bench".to_owned(),
            role: Role::Viewer,
            scopes: None,
            numbers: None,
            expires_ms: None,
        };
        storage.ensure_workspace(first_workspace(), "bench").await.unwrap();
        let key = keys.create(&Visitor::operator(first_workspace()), new).await.unwrap().text;
        let stop = StopRequest::default();
        let stopped = stop.clone();
        let ended = tokio::spawn(async move { drop(app.run_until_stopped(stopped).await) });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, key, client, stop, ended }
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        let request = self.client.post(format!("{}/graphql", self.url)).bearer_auth(self.key.expose());
        let request = request.json(&json!({ "query": query, "variables": variables }));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer["errors"].is_null(), "{answer:#}");
        answer
    }

    async fn stop(self) {
        self.stop.stop();
        self.ended.await.unwrap();
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // A crypto library of the client's own would be a second one.
        rustls::crypto::ring::default_provider().install_default().ok();
        let config = DevConfig::from_source(&Source::environment()).unwrap();
        let options = Options { guard: PROGRAM.into(), data: None, memory_mb: MEMORY_MB, config };
        let mongod = PrivateMongod::start(&options, &mut |text| println!("{text}")).await.unwrap();
        let size = Size::of_environment();
        let only = std::env::var("PESAN_BENCH_ONLY").unwrap_or_default();
        let wanted = |section: &str| only.is_empty() || only.split(',').any(|name| name == section);
        if wanted("memory") {
            live::memory(mongod.uri(), size.is_quick).await;
        }
        if wanted("delivery") {
            live::delivery(mongod.uri(), size.is_quick).await;
        }
        if wanted("pages") {
            let mut rows = Vec::new();
            for messages in [SMALL.min(size.messages), size.messages] {
                rows.extend(measure(mongod.uri(), messages, &size).await);
            }
            print(&rows);
        }
        mongod.stop().await;
    });
}

/// Everything over one database with so many messages.
async fn measure(uri: &str, messages: usize, size: &Size) -> Vec<Row> {
    let name = format!("graphql_{messages}");
    let client = mongodb::Client::with_uri_str(uri).await.unwrap();
    let database = client.database(&name);
    let storage = connect(uri, &name).await;
    storage.migrate(&Clock::system(), &mut |_| {}).await.unwrap();
    let filled = fill::fill(&database, messages).await;
    storage.close().await;
    let service = Service::start(uri, &name).await;

    let plain = database.collection::<Document>("conversations");
    let filter = doc! { "workspace": fill::binary(first_workspace()), "mergedInto": { "$exists": false } };
    let people = database.collection::<Document>("contacts");
    let mut rows = vec![
        timed(format!("{messages}: the driver's find of the conversations"), size.rounds, async |_| {
            let find = plain.find(filter.clone()).sort(doc! { "lastAt": -1, "_id": -1 });
            let mut cursor = find.limit(PAGE as i64).await.unwrap();
            let mut contacts = Vec::new();
            while cursor.advance().await.unwrap() {
                contacts.push(cursor.deserialize_current().unwrap().get("contact").unwrap().clone());
            }
            assert_eq!(contacts.len(), PAGE);
            let mut cursor = people.find(doc! { "_id": { "$in": contacts } }).await.unwrap();
            while cursor.advance().await.unwrap() {
                cursor.deserialize_current().unwrap();
            }
        })
        .await,
        timed(format!("{messages}: the list of conversations"), size.rounds, async |_| {
            let answer = service.ask(CONVERSATIONS, json!({})).await;
            assert_eq!(answer["data"]["conversations"]["edges"].as_array().unwrap().len(), PAGE);
        })
        .await,
        timed(format!("{messages}: nothing but a round trip"), size.rounds, async |_| {
            service.ask("{ viewer { role } }", json!({})).await;
        })
        .await,
    ];
    rows.extend(pages(&service, &filled, messages, size).await);
    service.stop().await;
    database.drop().await.unwrap();
    rows
}

/// The first page of the longest conversation, and one far down.
async fn pages(service: &Service, filled: &Filled, messages: usize, size: &Size) -> Vec<Row> {
    let mut rows = Vec::new();
    let depth = size.depth.min(filled.longest.saturating_sub(PAGE));
    let cursor = descend(service, filled, depth).await;
    for (what, after) in
        [("the first page of messages", Value::Null), ("a page of messages far down", cursor)]
    {
        let name = format!("{messages}: {what}");
        let row = timed(name, size.rounds, async |_| {
            let variables = json!({ "conversationId": filled.conversation, "first": PAGE, "after": after });
            let answer = service.ask(MESSAGES, variables).await;
            assert_eq!(answer["data"]["messages"]["edges"].as_array().unwrap().len(), PAGE);
        });
        rows.push(row.await);
    }
    println!("{messages} messages, {} in the longest conversation, far down is {depth}", filled.longest);
    rows
}

/// The cursor at a depth, found by going there.
async fn descend(service: &Service, filled: &Filled, depth: usize) -> Value {
    const QUERY: &str = "query($id: ID!, $first: Int, $after: String) {
        messages(conversationId: $id, first: $first, after: $after) { pageInfo { endCursor } nodes { id } } }";
    let (mut after, mut gone) = (Value::Null, 0);
    while gone < depth {
        let first = (depth - gone).min(100);
        let variables = json!({ "id": filled.conversation, "first": first, "after": after });
        let answer = service.ask(QUERY, variables).await;
        gone += answer["data"]["messages"]["nodes"].as_array().unwrap().len();
        after = answer["data"]["messages"]["pageInfo"]["endCursor"].clone();
    }
    after
}

async fn connect(uri: &str, name: &str) -> Storage {
    let values = [("MONGODB_URI", uri), ("PESAN_DATABASE", name)];
    let required = [("WHATSAPP_APP_SECRET", "bench"), ("WHATSAPP_VERIFY_TOKEN", "bench")];
    let values = values.into_iter().chain(required);
    let source = Source::of(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Storage::connect(&Config::read(&source).unwrap().mongo).await.unwrap()
}
