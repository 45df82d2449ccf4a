//! `graphql-transport-ws`, message by message and code by code.

use std::time::Duration;

use futures_util::SinkExt;
use pesan::auth::{NewApiKey, Role, Visitor};
use pesan::graphql::Cursor;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use uuid::Uuid;

use super::client::{Heard, PROTOCOL, Socket, init};
use super::{EVENTS, LOST_WITHIN, append, key, operation};
use crate::support::app::TestApp;

fn closed(code: u16, reason: &str) -> Heard {
    Heard::Closed(code, reason.to_owned())
}

#[tokio::test]
async fn whoever_breaks_the_protocol_is_closed_with_its_code() {
    let app = TestApp::start();
    let key = key(&app).await;
    let query = operation("{ viewer { role } }", json!({}));
    let subscribe = json!({ "id": "1", "type": "subscribe", "payload": operation(EVENTS, json!({})) });

    // By messages before anybody is known.
    for (said, code) in [
        (json!({ "id": "1", "type": "subscribe", "payload": query }), closed(4401, "Unauthorized")),
        (init("psn_live_nobody"), closed(4403, "Forbidden")),
        (json!({ "type": "connection_init" }), closed(4403, "Forbidden")),
        (
            json!({ "type": "connection_init", "payload": { "Authorization": key } }),
            closed(4403, "Forbidden"),
        ),
        (json!({ "type": "start" }), closed(4400, "Invalid message: unknown type")),
        (json!([]), closed(4400, "Invalid message: not an object")),
    ] {
        let mut socket = Socket::open(&app.url).await;
        socket.say(said.clone()).await;
        assert_eq!(socket.hear().await, code, "{said}");
    }
    // By frames.
    for (frame, code) in [
        (Message::text("{"), closed(4400, "Invalid message: not JSON")),
        (Message::binary(b"{}".to_vec()), closed(4400, "Invalid message: not a text")),
        (Message::text(" ".repeat(300_000)), closed(1009, "Message too large")),
    ] {
        let mut socket = Socket::open(&app.url).await;
        socket.0.send(frame).await.unwrap();
        assert_eq!(socket.hear().await, code);
    }
    // By saying twice what may be said once.
    let mut socket = Socket::let_in(&app.url, &key).await;
    socket.say(init(&key)).await;
    assert_eq!(socket.hear().await, closed(4429, "Too many initialisation requests"));
    let mut socket = Socket::let_in(&app.url, &key).await;
    socket.say(subscribe.clone()).await;
    socket.say(subscribe).await;
    assert_eq!(socket.hear().await, closed(4409, "Subscriber for 1 already exists"));
    // By speaking another protocol, or none. A client that is not given the one it asked for gives up by itself.
    let mut socket = Socket::open_with(&app.url, &[], None).await.unwrap();
    assert_eq!(socket.hear().await, closed(4406, "Subprotocol not acceptable"));
    assert!(Socket::open_with(&app.url, &[("sec-websocket-protocol", "graphql-ws")], None).await.is_err());
    let both = [("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")];
    Socket::open_with(&app.url, &both, None).await.unwrap().init(&key).await;
}

#[tokio::test]
async fn whoever_does_not_say_who_they_are_is_closed_after_ten_seconds() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app.url).await;
    assert_eq!(socket.hear().await, closed(4408, "Connection initialisation timeout"));
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_opens_nothing_and_a_header_can_show_the_key() {
    let app = TestApp::start();
    let key = key(&app).await;
    let foreign = [PROTOCOL, ("origin", "https://evil.example")];
    assert!(Socket::open_with(&app.url, &foreign, None).await.is_err());
    let bearer = format!("Bearer {key}");
    let headers = [PROTOCOL, ("authorization", bearer.as_str())];
    let mut socket = Socket::open_with(&app.url, &headers, None).await.unwrap();
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.message().await["type"], "connection_ack");
    // What the message shows goes before what the header shows.
    let mut socket = Socket::open_with(&app.url, &headers, None).await.unwrap();
    socket.say(init("psn_live_nobody")).await;
    assert_eq!(socket.hear().await, closed(4403, "Forbidden"));
}

#[tokio::test]
async fn pings_are_answered_and_every_kind_of_operation_is_run() {
    let app = TestApp::start();
    let mut socket = Socket::open(&app.url).await;
    socket.say(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong", "payload": { "n": 1 } }));
    socket.say(json!({ "type": "pong" })).await;
    socket.0.send(Message::Ping(Bytes::from_static(b"x"))).await.unwrap();
    socket.init(app.key(Role::Admin).await.expose()).await;

    socket.subscribe("q", operation("{ viewer { role } }", json!({}))).await;
    let answer =
        json!({ "id": "q", "type": "next", "payload": { "data": { "viewer": { "role": "ADMIN" } } } });
    assert_eq!(socket.message().await, answer);
    assert_eq!(socket.message().await, json!({ "id": "q", "type": "complete" }));
    let create =
        "mutation($name: String!) { createApiKey(input: { name: $name, role: VIEWER }) { __typename } }";
    socket.subscribe("q", operation(create, json!({ "name": "made over a socket" }))).await;
    let answer = socket.message().await;
    assert_eq!(answer["payload"].get("errors"), None, "{answer}");
    assert_eq!(socket.message().await, json!({ "id": "q", "type": "complete" }));
    assert!(app.all("api_keys").await.iter().any(|key| key["name"] == "made over a socket"));

    for (query, code) in [
        ("{", "INVALID_REQUEST"),
        ("{ nothing }", "INVALID_REQUEST"),
        ("subscription { nothing }", "INVALID_REQUEST"),
        ("subscription { events { cursor } more: events { cursor } }", "INVALID_REQUEST"),
        ("subscription { events(after: \"x\") { cursor } }", "INVALID_REQUEST"),
        ("subscription { numberChanged(numberId: \"x\") { cursor } }", "NOT_FOUND"),
    ] {
        socket.subscribe("e", operation(query, json!({}))).await;
        let error = socket.error("e").await;
        assert_eq!(error["extensions"]["code"], code, "{query}: {error}");
        assert!(error["extensions"]["requestId"].is_string(), "{error}");
    }
}

#[tokio::test]
async fn a_client_ends_what_it_does_not_want_any_more() {
    let app = TestApp::start();
    let (key, workspace) = (key(&app).await, first_workspace());
    let beginning = Cursor::BEGINNING.to_string();
    let mut socket = Socket::following(&app.url, &key, Some(&beginning)).await;
    socket.subscribe("2", operation(EVENTS, json!({ "after": beginning }))).await;
    append(&app, workspace, Uuid::from_u128(1), &["a"]).await;
    let mut heard: Vec<Value> = Vec::new();
    while heard.len() < 2 {
        heard.push(socket.message().await["id"].clone());
    }
    heard.sort_by_key(ToString::to_string);
    assert_eq!(heard, ["1", "2"]);
    socket.say(json!({ "id": "2", "type": "complete" })).await;
    socket.say(json!({ "id": "never", "type": "complete" })).await;
    socket.settle().await;
    append(&app, workspace, Uuid::from_u128(1), &["b"]).await;
    append(&app, workspace, Uuid::from_u128(1), &["c"]).await;
    assert_eq!(socket.event().await["messageId"], "b");
    assert_eq!(socket.event().await["messageId"], "c");
    // The id is free again, also for something else.
    socket.subscribe("2", operation("{ viewer { role } }", json!({}))).await;
    assert_eq!(socket.message().await["type"], "next");
    assert_eq!(socket.message().await["type"], "complete");
    // A hundred at once, and no more.
    for n in 0..99 {
        socket.subscribe(&format!("n{n}"), operation(EVENTS, json!({}))).await;
    }
    socket.subscribe("over", operation(EVENTS, json!({}))).await;
    assert_eq!(socket.error("over").await["extensions"]["code"], "OVERLOADED");
}

#[tokio::test]
async fn who_loses_the_key_loses_the_connection_within_seconds() {
    let app = TestApp::start();
    let workspace = first_workspace();
    let new = |name: &str, expires_ms| NewApiKey {
        name: name.to_owned(),
        role: Role::Agent,
        scopes: None,
        numbers: None,
        expires_ms,
    };
    let revoked = app.key_for(workspace, new("revoked", None)).await;
    let end_ms = app.clock.clock().now_ms() + 60_000;
    let expiring = app.key_for(workspace, new("expiring", Some(end_ms))).await;
    let staying = key(&app).await;
    let beginning = Cursor::BEGINNING.to_string();
    let mut stays = Socket::following(&app.url, &staying, Some(&beginning)).await;
    let mut loses = Socket::following(&app.url, revoked.text.expose(), None).await;
    let mut expires = Socket::following(&app.url, expiring.text.expose(), None).await;
    loses.settle().await;
    expires.settle().await;
    stays.settle().await;
    let watch = std::time::Instant::now();
    app.keys().revoke(&Visitor::operator(workspace), revoked.key.id).await.unwrap();
    assert_eq!(loses.hear().await, closed(4403, "Forbidden"));
    assert!(watch.elapsed() < LOST_WITHIN, "{:?}", watch.elapsed());
    app.clock.advance(Duration::from_mins(2));
    assert_eq!(expires.hear().await, closed(4403, "Forbidden"));
    append(&app, workspace, Uuid::from_u128(1), &["a"]).await;
    assert_eq!(stays.event().await["messageId"], "a");
}

#[tokio::test]
async fn the_limit_of_a_key_counts_operations() {
    let app = TestApp::start_with(&[("API_RATE_LIMIT", "4")], false);
    let key = key(&app).await;
    let mut socket = Socket::let_in(&app.url, &key).await;
    for n in 0..3 {
        socket.subscribe(&n.to_string(), operation("{ viewer { role } }", json!({}))).await;
        assert_eq!(socket.message().await["type"], "next");
        assert_eq!(socket.message().await["type"], "complete");
    }
    socket.subscribe("4", operation("{ viewer { role } }", json!({}))).await;
    let error = socket.error("4").await;
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["retryable"]),
        (&json!("RATE_LIMITED"), &json!(true))
    );
    let mut other = Socket::open(&app.url).await;
    other.say(init(&key)).await;
    assert_eq!(other.hear().await, closed(1013, "RATE_LIMITED"));
}
