//! When the database goes away: nothing is promised, readiness says so, and the log names the request.

use std::time::Duration;

use futures_util::future::join_all;
use mongodb::Client;
use mongodb::bson::doc;
use pesan::auth::Role;
use pesan::config::Source;
use pesan::config::dev::DevConfig;
use pesan::dev::mongod::{MEMORY_MB, Options, PrivateMongod};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use crate::support::app::{TestApp, documents_at};
use crate::support::ordeal::{arm, start_mongod};
use crate::support::program::{PROGRAM, Program, command, free_address, run};
use crate::support::webhook::{APP_SECRET, NUMBER, post, text_message};
use crate::support::{client, eventually, within};

/// What has connections of its own takes no longer; what waits for those of others takes eight seconds.
const NOT_HELD_UP: Duration = Duration::from_secs(6);
/// A webhook whose fate is not known is answered within this time, so that Meta repeats it soon.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn without_the_database_webhooks_get_503_and_the_service_is_not_ready_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let config = DevConfig::from_source(&Source::environment()).unwrap();
    let options = Options {
        guard: PROGRAM.into(),
        data: Some(folder.path().join("mongo")),
        memory_mb: MEMORY_MB,
        config,
    };
    let mongod = PrivateMongod::start(&options, &mut |_| {}).await.unwrap();
    let uri = mongod.uri().to_owned();
    let address = free_address();
    let settings = [
        ("MONGODB_URI", uri.as_str()),
        ("PESAN_BIND", &address),
        ("PESAN_SHUTDOWN_DELAY_MS", "0"),
        ("PESAN_LOG", "debug"),
        ("WHATSAPP_APP_SECRET", APP_SECRET),
    ];
    assert_eq!(run(&["db", "setup"], &settings).await.code, Some(0));
    let mut service = Program::start(command(&["serve"], &settings), folder.path());
    let (url, client) = (format!("http://{address}"), client());
    let ready =
        async || client.get(format!("{url}/health/ready")).send().await.ok().map(|answer| answer.status());
    eventually("it is ready", || async { ready().await.filter(|status| *status == 200) }).await;
    let send = async |wamid: &str| {
        let request =
            post(&client, &url, text_message(wamid, "halo")).header("x-request-id", format!("id-{wamid}"));
        timeout(ANSWERED_WITHIN, request.send()).await.expect("answered in time").unwrap()
    };
    assert_eq!(send("before").await.status(), 200);
    for _ in 0..5 {
        let unsigned = client.post(format!("{url}/api/webhooks/whatsapp")).body("{}").send().await.unwrap();
        assert_eq!(unsigned.status(), 401);
        let query = "hub.mode=subscribe&hub.challenge=1&hub.verify_token=guessed";
        let guess = client.get(format!("{url}/api/webhooks/whatsapp?{query}")).send().await.unwrap();
        assert_eq!(guess.status(), 403);
    }

    mongod.stop().await;
    let refused = send("during").await;
    assert_eq!(refused.status(), 503);
    let body: Value = refused.json().await.unwrap();
    assert_eq!((&body["error"]["code"], &body["error"]["retryable"]), (&"UNAVAILABLE".into(), &true.into()));
    let not_ready = within(Duration::from_secs(10), "readiness goes false", || async {
        let answer = client.get(format!("{url}/health/ready")).send().await.unwrap();
        (answer.status() == 503).then_some(answer)
    })
    .await;
    assert_eq!(not_ready.json::<Value>().await.unwrap()["reasons"][0], "stuck: database");
    assert_eq!(client.get(format!("{url}/health/live")).send().await.unwrap().status(), 200);

    // The same data on the same port: the service finds it again by itself.
    let mongod = PrivateMongod::start(&options, &mut |_| {}).await.unwrap();
    assert_eq!(mongod.uri(), uri);
    eventually("it is ready again", || async { ready().await.filter(|status| *status == 200) }).await;
    assert_eq!(send("after").await.status(), 200);
    service.signal("TERM").await;
    assert!(service.wait().await.success());
    mongod.stop().await;

    // Every line is JSON; those of the refused request carry its id, also the one that says how it ended.
    let log = std::fs::read_to_string(folder.path().join("stderr")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of_request: Vec<&Value> =
        lines.iter().filter(|line| line["spans"][0]["request_id"] == "id-during").collect();
    assert!(of_request.iter().any(|line| line["message"] == "answered" && line["status"] == 503), "{log}");
    let refusals =
        lines.iter().filter(|line| line["message"].as_str().is_some_and(|text| text.contains("refused;")));
    assert_eq!(refusals.count(), 1, "who sends nonsense does not fill the log");
    assert_eq!(log.matches("with a wrong verify token").count(), 1, "nor does who guesses");
    assert!(
        !log.contains("guessed") && !log.contains(APP_SECRET) && !log.contains("halo"),
        "no secret and no content in the log"
    );
}

#[tokio::test]
async fn a_write_that_is_not_confirmed_is_no_200_and_the_webhook_is_there_once_in_the_end() {
    let mongod = start_mongod(None).await;
    let app = TestApp::start_with(&[("MONGODB_URI", mongod.uri()), NUMBER[0], NUMBER[1]], true);
    let admin = Client::with_uri_str(mongod.uri()).await.unwrap().database("admin");
    let unconfirmed = doc! { "code": 64, "codeName": "WriteConcernFailed", "errmsg": "for a test",
    "errInfo": { "wtimeout": true } };
    let segments = doc! {
        "failCommands": ["insert"], "appName": "pesan", "namespace": format!("{}.segments", app.database),
    };
    // What is only cut off the driver tries once more by itself.
    let failures = [
        (doc! { "writeConcernError": unconfirmed }, 1),
        (doc! { "closeConnection": true }, 2),
        (doc! { "errorCode": 91 }, 1),
    ];
    for (nth, (how, times)) in failures.into_iter().enumerate() {
        let body = text_message(&format!("wamid.{nth}"), "halo");
        let mut failure = segments.clone();
        failure.extend(how);
        let failed = arm(&admin, &failure, times).await;
        let refused = post(&app.client, &app.url, body.clone()).send().await.unwrap();
        failed.all_happened().await;
        assert_eq!(refused.status(), 503, "{failure}");
        // As Meta does, until it is taken.
        eventually("it is taken", || async {
            let answer = post(&app.client, &app.url, body.clone()).send().await.unwrap();
            (answer.status() == 200).then_some(())
        })
        .await;
    }
    eventually("what was stored unconfirmed is worked off as well", || async {
        // A segment of a lane that is left is swept after its lease.
        let lanes = app.storage.all_lanes().await.unwrap();
        for lane in &lanes {
            if !app.storage.segments().after(lane.id, lane.folded, 1).await.unwrap().is_empty() {
                return None;
            }
        }
        (lanes.len() > 1).then_some(())
    })
    .await;
    let stored = app.storage.segments().count_webhooks().await.unwrap();
    assert_eq!(stored, 4, "the one that was stored and not confirmed is there twice");
    let messages = documents_at(mongod.uri(), &app.database, "messages").await;
    let names: Vec<&Value> = messages.iter().map(|one| &one["wamid"]).collect();
    assert_eq!(names, ["wamid.0", "wamid.1", "wamid.2"]);
    let conversations = documents_at(mongod.uri(), &app.database, "conversations").await;
    assert_eq!((conversations.len(), &conversations[0]["messages"]), (1, &json!(3)));
    drop(app);
    mongod.stop().await;
}

#[tokio::test]
async fn beyond_a_full_queue_it_is_503_with_retry_after_and_what_is_in_it_is_stored_in_the_end() {
    /// Nine of them fit into the queue's 32 MB.
    const LARGE: usize = 3_500_000;
    const FULL: &str = "pesan_webhooks_received_total{outcome=\"queue_full\"}";
    const WAITING_BYTES: &str = "pesan_journal_waiting_bytes";
    let mongod = start_mongod(None).await;
    let settings = [("MONGODB_URI", mongod.uri()), ("PESAN_MONGODB_TIMEOUT_MS", "25000")];
    let app = TestApp::start_with(&settings, false);
    app.take(&[text_message("wamid.before", "halo")]).await;
    let signal = async |name: &str| {
        let pid = mongod.pid().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().await.unwrap().success());
    };
    let bodies: Vec<String> =
        (0..12).map(|n| text_message(&format!("wamid.{n}"), &"x".repeat(LARGE))).collect();

    signal("STOP").await;
    let sending = bodies.iter().map(|body| post(&app.client, &app.url, body.clone()).send());
    let meanwhile = async {
        eventually("the queue is full", || async { (app.count(FULL).await == 3).then_some(()) }).await;
        let bytes = app.count(WAITING_BYTES).await;
        assert!((9 * LARGE as u64..=32 * 1024 * 1024).contains(&bytes), "{bytes}");
        // One is being written, and the next may be in the writer's hand.
        assert!((7..=8).contains(&app.count("pesan_journal_waiting_webhooks").await));
        signal("CONT").await;
    };
    let (answers, ()) = tokio::join!(join_all(sending), meanwhile);
    let mut refused = 0;
    for (answer, body) in answers.into_iter().zip(&bodies) {
        let answer = answer.unwrap();
        if answer.status() == 200 {
            let segments = app.storage.segments();
            assert!(segments.hold_body(body.as_bytes(), i64::MIN / 2, i64::MAX / 2).await.unwrap());
            continue;
        }
        refused += 1;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (503, &"1".parse().unwrap())
        );
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "OVERLOADED");
    }
    assert_eq!(refused, 3);
    app.take(&[text_message("wamid.after", "halo")]).await;
    assert_eq!((app.storage.segments().count_webhooks().await.unwrap(), app.count(FULL).await), (11, 3));
    assert_eq!(app.count(WAITING_BYTES).await, 0, "all is given back");
    app.settle().await;
    drop(app);
    mongod.stop().await;
}

#[tokio::test]
async fn what_is_asked_for_holds_up_neither_webhooks_nor_what_is_done() {
    let mongod = start_mongod(None).await;
    let settings = [("MONGODB_URI", mongod.uri()), ("PESAN_MONGODB_POOL_MAX", "4")];
    let app = TestApp::start_with(&settings, true);
    let key = app.key(Role::Agent).await;
    let slow = doc! {
        "failCommands": ["find"], "appName": "pesan", "namespace": format!("{}.conversations", app.database),
        "blockConnection": true, "blockTimeMS": 8_000,
    };
    let admin = Client::with_uri_str(mongod.uri()).await.unwrap().database("admin");
    // As many as there are connections for what is asked for.
    let begun = arm(&admin, &slow, 4).await;
    let asked = (0..8).map(|_| app.graphql(&key, "{ conversations { nodes { id } } }", json!({})));
    let meanwhile = async {
        begun.all_happened().await;
        let webhook = post(&app.client, &app.url, text_message("wamid.1", "halo")).send();
        let answer = timeout(NOT_HELD_UP, webhook).await.expect("stored in time").unwrap();
        assert_eq!(answer.status(), 200);
        timeout(NOT_HELD_UP, app.key(Role::Viewer)).await.expect("done in time");
    };
    let (answers, ()) = tokio::join!(join_all(asked), meanwhile);
    // Those who have waited too long for a connection are told so.
    let answered = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert!(answered >= 4, "{answers:?}");
    drop(app);
    mongod.stop().await;
}
