//! Those who do not listen, and how much memory those take who do.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use pesan::auth::Role;
use pesan::graphql::Cursor;
use pesan::storage::workspaces::first_workspace;
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use super::client::{Heard, PROTOCOL, Socket};
use super::{EVENTS, append, key, operation};
use crate::support::app::TestApp;
use crate::support::eventually;

/// Whoever is forgotten behind those who gave up waiting is so for more than half a minute. A busy machine takes a few
/// seconds.
const FORGOTTEN: Duration = Duration::from_secs(20);
/// Connections that nobody gives back are missing for five seconds, each time.
const KEPT: Duration = Duration::from_secs(5);
const EVENTS_SENT: usize = 3_000;
const EVENTS_A_BATCH: usize = 50;

/// The same field by many names: a few kilobytes an event.
fn large() -> String {
    let fields: Vec<String> = (0..90).map(|n| format!("a{n}_{}: cursor", "x".repeat(40))).collect();
    let fields = fields.join(" ");
    format!(
        "subscription($after: Cursor) {{ events(after: $after) {{ cursor ... on MessageAddedEvent {{ messageId }} {fields} }} }}"
    )
}

async fn append_many(app: &TestApp) -> Vec<String> {
    let names: Vec<String> = (0..EVENTS_SENT).map(|n| format!("m{n}")).collect();
    for batch in names.chunks(EVENTS_A_BATCH) {
        let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
        append(app, first_workspace(), Uuid::from_u128(1), &batch).await;
    }
    names
}

#[tokio::test]
async fn whoever_does_not_listen_is_told_to_resume_and_misses_nothing() {
    let app = TestApp::start();
    let (key, names) = (key(&app).await, append_many(&app).await);
    let mut socket = Socket::open_with(&app.url, &[PROTOCOL], Some(4_096)).await.unwrap();
    socket.init(&key).await;
    let beginning = Cursor::BEGINNING.to_string();
    socket.subscribe("1", operation(&large(), json!({ "after": beginning }))).await;
    // Nobody reads. What the subscription held is let go all the same: its workspace has no follower any more.
    let followed = "pesan_tasks_running{task=\"event-hub\"}";
    eventually("it follows", || async { (app.metric(followed).await > 0.0).then_some(()) }).await;
    eventually("it is let go", || async { (app.metric(followed).await == 0.0).then_some(()) }).await;

    let (mut got, mut cursor) = (Vec::new(), String::new());
    let error = loop {
        let message = socket.message().await;
        if message["type"] == "error" {
            break message["payload"][0].clone();
        }
        let event = &message["payload"]["data"]["events"];
        event["cursor"].as_str().unwrap().clone_into(&mut cursor);
        got.push(event["messageId"].as_str().unwrap().to_owned());
    };
    assert_eq!(error["extensions"]["code"], "RESUME");
    assert_eq!(error["extensions"]["cursor"], cursor.as_str());
    assert_eq!(socket.hear().await, Heard::Closed(1013, "Resume".to_owned()));
    assert!(!got.is_empty() && got.len() < EVENTS_SENT, "{}", got.len());

    let mut socket = Socket::let_in(&app.url, &key).await;
    socket.subscribe("1", operation(&large(), json!({ "after": cursor }))).await;
    while got.len() < EVENTS_SENT {
        got.push(socket.event().await["messageId"].as_str().unwrap().to_owned());
    }
    assert_eq!(got, names);
}

/// What the process has in memory, in kilobytes.
#[cfg(feature = "dev")]
fn resident_kb(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(feature = "dev")]
#[tokio::test]
async fn an_idle_subscription_takes_little_memory() {
    use crate::support::fleet::Fleet;
    use crate::support::mongo;

    const MORE: usize = 400;

    let app = TestApp::start();
    let key = key(&app).await;
    let mut fleet = Fleet::new_with(mongo::uri(), 1, &app.database, &[("API_RATE_LIMIT", "0")]).await;
    fleet.start().await;
    let (url, pid) = (fleet.urls().remove(0), fleet.instances[0].pid());
    append(&app, first_workspace(), Uuid::from_u128(1), &["a"]).await;
    let beginning = Cursor::BEGINNING.to_string();
    let open = async |count: usize| {
        let mut sockets = Vec::new();
        for _ in 0..count / 50 {
            sockets.extend(
                join_all((0..50).map(|_| async {
                    let mut socket = Socket::following(&url, &key, Some(&beginning)).await;
                    assert_eq!(socket.event().await["messageId"], "a");
                    socket
                }))
                .await,
            );
        }
        sockets
    };
    // What the first ones take, all have.
    let first = open(100).await;
    let before = resident_kb(pid);
    let more = open(MORE).await;
    let each = resident_kb(pid).saturating_sub(before) / MORE;
    println!("an idle subscription takes {each} KB (unoptimised build, target 30 KB)");
    assert!(each <= 60, "{each} KB");
    drop((first, more));
    fleet.stop().await;
}

#[tokio::test]
async fn who_leaves_while_waiting_for_the_database_holds_up_nobody() {
    let app = TestApp::start_with(&[], true);
    let key = app.key(Role::Agent).await;
    let fields = (0..20).map(|n| format!("f{n}: conversations {{ nodes {{ id }} }}"));
    let many = format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "));
    assert_eq!(app.graphql(&key, &many, json!({})).await.get("errors"), None);
    for _ in 0..4 {
        let ask_and_leave = async {
            let mut socket = Socket::let_in(&app.url, key.expose()).await;
            for n in 0..50 {
                socket.subscribe(&n.to_string(), operation(EVENTS, json!({}))).await;
                socket.subscribe(&format!("many{n}"), operation(&many, json!({}))).await;
            }
            // Cut while most of it waits for a connection to the database.
            socket.say(json!({ "type": "ping" })).await;
            while socket.message().await["type"] != "pong" {}
        };
        timeout(FORGOTTEN, ask_and_leave).await.expect("let in in time");
        let asked = app.ask(&key, "{ conversations { nodes { id } } }", json!({}));
        timeout(FORGOTTEN, asked).await.expect("answered in time");
    }
}

#[tokio::test]
async fn whoever_does_not_listen_holds_up_nobody() {
    let app = TestApp::start_with(&[("PESAN_MONGODB_POOL_MAX", "8")], true);
    let (key, beginning) = (app.key(Role::Agent).await, Cursor::BEGINNING.to_string());
    append_many(&app).await;
    let mut slowest = Vec::new();
    for _ in 0..3 {
        let mut deaf = Socket::open_with(&app.url, &[PROTOCOL], Some(4_096)).await.unwrap();
        deaf.init(key.expose()).await;
        for n in 0..40 {
            deaf.subscribe(&n.to_string(), operation(&large(), json!({ "after": beginning }))).await;
        }
        let mut took = Vec::new();
        for _ in 0..5 {
            let begun = Instant::now();
            app.ask(&key, "{ conversations { nodes { id } } }", json!({})).await;
            took.push(begun.elapsed());
        }
        slowest.extend(took.into_iter().max());
    }
    // A busy machine may be slow for once, and is not each time.
    assert!(slowest.iter().any(|took| *took < KEPT), "{slowest:?}");
}
