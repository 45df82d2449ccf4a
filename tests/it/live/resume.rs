//! Cut off again and again, and nothing missed.

use std::collections::BTreeSet;

use pesan::ids::Random;
use serde_json::json;

use super::client::{Heard, Socket};
use super::stream::Stream;
use super::{append, key};
use crate::support::app::TestApp;
use crate::support::webhook::{Customer, NOW_S, NUMBER, body, inbound, text};
use pesan::graphql::Cursor;
use pesan::storage::workspaces::first_workspace;
use uuid::Uuid;

const WEBHOOKS: usize = 1_000;
const CUTS: usize = 50;

/// Two instances on one database.
fn two_instances() -> [TestApp; 2] {
    let one = TestApp::start_with(&NUMBER, true);
    let database = one.database.clone();
    let other = TestApp::start_with(&[NUMBER[0], NUMBER[1], ("PESAN_DATABASE", &database)], true);
    [one, other]
}

/// Sends the webhooks, each to one of the two, several at once.
async fn send_all(apps: &[TestApp; 2]) {
    let senders = (0..4).map(|sender| async move {
        for n in (sender..WEBHOOKS).step_by(4) {
            let wa_id = format!("62812{:07}", n % 37);
            let user_id = format!("ID.{}", n % 37);
            let customer = Customer::new(&wa_id, &user_id);
            let change = inbound(customer, &format!("wamid.{n}"), NOW_S + 1, text("halo"));
            apps[n % 2].take(&[body(&[change])]).await;
        }
    });
    futures_util::future::join_all(senders).await;
}

/// After how many events each cut comes.
fn cuts(seed: u64) -> Vec<usize> {
    let random = Random::seeded(seed);
    let most = WEBHOOKS / CUTS;
    (0..CUTS).map(|_| usize::from(random.bytes::<1>().unwrap()[0]) % most).collect()
}

/// What the log says, in its order: the messages.
async fn logged(app: &TestApp) -> Vec<String> {
    let batches = app.all("events").await;
    let happenings = batches.iter().flat_map(|batch| batch["happenings"].as_array().unwrap());
    happenings.filter_map(|one| one["message"]["message"].as_str()).map(str::to_owned).collect()
}

async fn every_event_once(app: &TestApp, got: &[String]) {
    assert_eq!(got.len(), WEBHOOKS);
    assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), WEBHOOKS, "none twice");
    assert_eq!(got, logged(app).await, "in the log's order");
}

#[tokio::test]
async fn a_socket_that_is_cut_off_fifty_times_gets_every_event_once_in_order() {
    let apps = two_instances();
    let key = key(&apps[0]).await;
    let follow = async {
        let (mut got, mut cursor) = (Vec::new(), Cursor::BEGINNING.to_string());
        let mut cuts = cuts(1).into_iter();
        let mut connections = 0;
        while got.len() < WEBHOOKS {
            let mut socket = Socket::following(&apps[connections % 2].url, &key, Some(&cursor)).await;
            connections += 1;
            let mut left = cuts.next().unwrap_or(usize::MAX);
            while left > 0 && got.len() < WEBHOOKS {
                let event = socket.event().await;
                event["cursor"].as_str().unwrap().clone_into(&mut cursor);
                if event["__typename"] == "MessageAddedEvent" {
                    got.push(event["messageId"].as_str().unwrap().to_owned());
                    left -= 1;
                }
            }
        }
        assert!(connections > CUTS, "{connections}");
        got
    };
    let (got, ()) = tokio::join!(follow, send_all(&apps));
    every_event_once(&apps[0], &got).await;
}

#[tokio::test]
async fn an_event_stream_that_is_cut_off_fifty_times_gets_every_event_once_in_order() {
    let apps = two_instances();
    let key = key(&apps[0]).await;
    let follow = async {
        let (mut got, mut id) = (Vec::new(), Some(Cursor::BEGINNING.to_string()));
        let mut cuts = cuts(2).into_iter();
        let mut connections = 0;
        while got.len() < WEBHOOKS {
            // The text of the operation says where it began; `Last-Event-ID` goes before that.
            let after = Cursor::BEGINNING.to_string();
            let app = &apps[connections % 2];
            let mut stream = Stream::following(&app.url, &key, &after, id.as_deref()).await;
            connections += 1;
            let mut left = cuts.next().unwrap_or(usize::MAX);
            while left > 0 && got.len() < WEBHOOKS {
                let event = stream.event().await;
                id = event.id;
                let event = &event.data["data"]["events"];
                if event["__typename"] == "MessageAddedEvent" {
                    got.push(event["messageId"].as_str().unwrap().to_owned());
                    left -= 1;
                }
            }
        }
        assert!(connections > CUTS, "{connections}");
        got
    };
    let (got, ()) = tokio::join!(follow, send_all(&apps));
    every_event_once(&apps[0], &got).await;
}

#[tokio::test]
async fn without_a_cursor_it_begins_now_and_the_cursor_of_a_page_leaves_no_gap() {
    let app = TestApp::start();
    let (key, workspace, number) = (key(&app).await, first_workspace(), Uuid::from_u128(1));
    append(&app, workspace, number, &["before"]).await;
    let mut asks = Socket::let_in(&app.url, &key).await;
    asks.subscribe("q", super::operation("{ eventsCursor }", json!({}))).await;
    let answer = asks.message().await;
    let cursor = answer["payload"]["data"]["eventsCursor"].as_str().unwrap().to_owned();
    append(&app, workspace, number, &["between"]).await;
    let mut from_page = Socket::following(&app.url, &key, Some(&cursor)).await;
    assert_eq!(from_page.event().await["messageId"], "between");

    let mut from_now = Socket::following(&app.url, &key, None).await;
    let first = async {
        // Until it is in place, what is appended was before its time.
        for n in 0.. {
            append(&app, workspace, number, &[&format!("after {n}")]).await;
            tokio::task::yield_now().await;
            assert!(n <= 2_000, "nothing is heard");
        }
    };
    let event = tokio::select! {
        event = from_now.event() => event,
        () = first => unreachable!(),
    };
    assert!(event["messageId"].as_str().unwrap().starts_with("after"), "{event}");
}

#[tokio::test]
async fn stopping_closes_every_connection_so_that_clients_come_back_elsewhere() {
    let app = TestApp::start();
    let key = key(&app).await;
    let beginning = Cursor::BEGINNING.to_string();
    append(&app, first_workspace(), Uuid::from_u128(1), &["a"]).await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        let mut socket = Socket::following(&app.url, &key, Some(&beginning)).await;
        assert_eq!(socket.event().await["messageId"], "a");
        sockets.push(socket);
    }
    let mut unknown = Socket::open(&app.url).await;
    let mut stream = Stream::following(&app.url, &key, &beginning, None).await;
    assert_eq!(stream.event().await.data["data"]["events"]["messageId"], "a");
    app.ask_to_stop();
    for socket in &mut sockets {
        assert_eq!(socket.hear().await, Heard::Closed(1001, "Going away".to_owned()));
    }
    assert_eq!(unknown.hear().await, Heard::Closed(1001, "Going away".to_owned()));
    // No `complete`: a client takes the end of the stream for a cut, and comes back.
    assert!(stream.next().await.is_none());
}
