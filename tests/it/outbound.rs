//! Sending, against the simulator over HTTP: what the customer gets, and what the sender is told. What was taken, the
//! simulator's journal says.

mod account_limits;
mod again;
mod astray;
mod departures;
mod doubts;
mod faults;
mod gate;
mod kinds;
mod later;
mod limits;
mod marketing;
mod moving_picture;
mod names;
mod pace;
mod pacing;
mod parallel;
mod priority;
mod reckoning;
mod senders;
pub mod stage;
mod storm;
mod tier;
mod turns;
mod usage;

use std::time::Duration;

use mongodb::bson::doc;
use pesan::auth::{NewApiKey, Role, Visitor};
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::eventually;
use crate::support::webhook::{self, Customer, NOW_S};
use later::run;
use stage::{Caller, PABLO, Stage, key_of, sealed, template, text};

/// The simulator says with such a refusal that the app has used up its allowance, which holds everything for a minute.
const LONG_ENOUGH: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_and_a_template_arrive_and_statuses_move_them_to_read() {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    let conversation = stage.hear().await;
    let ids = [
        stage.caller.sent(text(&conversation, "Halo")).await,
        stage.caller.sent(template("+1 (650) 555-1234", "7")).await,
    ];
    for id in &ids {
        let message = stage.caller.until(id, "status", "READ").await;
        assert_eq!(
            (&message["state"], &message["conversationId"]),
            (&json!("ACCEPTED"), &json!(conversation))
        );
        assert_eq!(message["attempts"].as_array().unwrap().len(), 1);
        let told: Vec<&str> = message["statuses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["status"].as_str().unwrap())
            .collect();
        assert_eq!(told, ["SENT", "DELIVERED", "READ"]);
    }
    let taken = stage.meta.taken().await;
    assert_eq!(taken.len(), 2);
    for (body, id) in taken.iter().zip(&ids) {
        assert_eq!((&body["to"], &body["biz_opaque_callback_data"]), (&json!(PABLO), &json!(id)));
    }
    assert_eq!(taken[0]["text"]["body"], "Halo");
    assert_eq!(taken[1]["template"]["components"][0]["parameters"][0]["text"], "7");
    let shown = stage.app.only("conversations").await;
    assert_eq!(
        (&shown["messages"], &shown["unread"], &shown["last"]["message"]),
        (&json!(3), &json!(1), &json!(ids[1]))
    );
    assert!(shown["lastOutboundAt"].is_i64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_content_arrives_as_it_was_asked_for() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let inbound = stage.app.only("messages").await["wamid"].clone();
    let link = json!({ "link": "https://example.com/a" });
    let buttons = json!([{ "id": "yes", "title": "Yes" }, { "id": "no", "title": "No" }]);
    let rows = json!([{ "rows": [{ "id": "1", "title": "One" }] }]);
    let contents = [
        ("image", json!({ "image": { "file": link, "caption": "A" } })),
        ("document", json!({ "document": { "file": link, "filename": "a.pdf" } })),
        ("location", json!({ "location": { "latitude": -6.2, "longitude": 106.8, "name": "Monas" } })),
        (
            "contacts",
            json!({ "contacts": [{ "name": { "formattedName": "Budi", "firstName": "Budi" }, "phones": [{ "phone": "+62812" }] }] }),
        ),
        ("reaction", json!({ "reaction": { "messageId": inbound, "emoji": "👍" } })),
        (
            "interactive",
            json!({ "interactive": { "body": "Well?", "action": { "replyButtons": { "buttons": buttons } } } }),
        ),
        (
            "interactive",
            json!({ "interactive": { "body": "Which?", "action": { "list": { "button": "See", "sections": rows } } } }),
        ),
        ("text", json!({ "raw": { "type": "text", "text": { "body": "raw" } } })),
    ];
    for (kind, content) in contents {
        let input = json!({ "to": { "conversationId": conversation }, "content": content });
        let id = stage.caller.sent(input).await;
        stage.caller.until(&id, "state", "ACCEPTED").await;
        let taken = stage.meta.taken().await;
        assert_eq!(taken.last().unwrap()["type"], kind, "{taken:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_a_conversation_nothing_overtakes_not_even_a_retry() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    stage.meta.trouble(json!({ "kind": "rate_limited", "code": 80_007, "count": 2 })).await;
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(stage.caller.sent(text(&conversation, &n.to_string())).await);
    }
    for tries in 1..=2 {
        eventually("the first waits for another try", || async {
            let message = stage.caller.message(&ids[0]).await;
            let last = message["attempts"].get(tries - 1)?;
            (last["state"] == "QUEUED").then_some(())
        })
        .await;
        stage.app.clock.advance(LONG_ENOUGH);
    }
    stage.caller.until(&ids[9], "state", "ACCEPTED").await;
    let order: Vec<Value> =
        stage.meta.taken().await.into_iter().map(|body| body["text"]["body"].clone()).collect();
    assert_eq!(order, (0..10).map(|n| json!(n.to_string())).collect::<Vec<_>>());
    let first = stage.caller.message(&ids[0]).await;
    let ends: Vec<&Value> = first["attempts"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(ends, ["QUEUED", "QUEUED", "ACCEPTED"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_again_gives_the_same_message_and_another_body_an_error() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let keyed = |body: &str| {
        let mut input = text(&conversation, body);
        input["idempotencyKey"] = "order-7".into();
        input
    };
    let at_once = futures_util::future::join_all((0..6).map(|_| stage.caller.sent(keyed("Halo")))).await;
    assert!(at_once.iter().all(|id| *id == at_once[0]), "{at_once:?}");
    let other = stage.caller.send(keyed("Hai")).await;
    assert_eq!(other["message"], Value::Null);
    assert_eq!(other["userErrors"][0]["code"], "IDEMPOTENCY_KEY_TAKEN");
    stage.caller.until(&at_once[0], "state", "ACCEPTED").await;
    assert_eq!(stage.meta.taken().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_blocks_the_number_until_it_is_mended_and_then_all_goes_on() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    stage.meta.trouble(json!({ "kind": "expired_token" })).await;
    let ids = [
        stage.caller.sent(text(&conversation, "1")).await,
        stage.caller.sent(text(&conversation, "2")).await,
    ];
    let block = eventually("the number is blocked", || async {
        let number = stage.number_document().await;
        number.get("block").cloned()
    })
    .await;
    assert_eq!((&block["code"], &block["reason"]), (&json!(190), &json!("token")));
    let first = stage.caller.message(&ids[0]).await;
    assert_eq!((&first["state"], &first["reason"]["metaCode"]), (&json!("QUEUED"), &json!(190)));
    assert_eq!(stage.meta.sends().await.len(), 1, "nobody goes on trying");
    stage.meta.control("reset", json!({})).await;
    stage.meta.control("limits", json!({ "window": true, "pair": true, "throughput": true })).await;
    stage.meta.tell(&stage.app.url);
    let token = sealed(&stage.app.storage, stage::TOKEN).await;
    stage.set_number(doc! { "$set": { "accessToken": token }, "$unset": { "block": "" } }).await;
    for id in &ids {
        stage.caller.until(id, "state", "ACCEPTED").await;
    }
    assert_eq!(stage.meta.taken().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_token_that_somebody_saves_lets_what_was_queued_leave_in_its_order_and_once() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let caller = &stage.caller;
    stage.meta.control("tokens", json!({ "value": stage::TOKEN, "revoked": true })).await;
    let mut ids = vec![caller.sent(text(&conversation, "0")).await];
    let shown = async || run(caller, "number", json!({ "id": stage.number })).await;
    eventually("the number is blocked", || async {
        (shown().await["connectionState"] == "SENDING_BLOCKED").then_some(())
    })
    .await;
    let block = shown().await["sendingBlocked"].take();
    assert_eq!(block["code"], 190, "{block:#}");
    assert!(block["nextStep"].as_str().unwrap().contains("token"), "{block:#}");
    for n in 1..5 {
        ids.push(caller.sent(text(&conversation, &n.to_string())).await);
    }
    let save = async |token: &str| {
        let variables = json!({ "id": stage.number, "input": { "accessToken": token } });
        run(caller, "updateNumber", variables).await
    };
    let refused = save("EAAwrong").await;
    assert_eq!(refused["userErrors"][0]["field"], "accessToken", "{refused:#}");
    assert_eq!(shown().await["connectionState"], "SENDING_BLOCKED");
    for id in &ids {
        assert_eq!(caller.message(id).await["state"], "QUEUED");
    }
    assert!(stage.meta.sends().await.len() <= 1, "nobody goes on trying");

    stage.meta.control("tokens", json!({ "value": "EAAnext" })).await;
    let saved = save("EAAnext").await;
    assert_eq!(saved["userErrors"], json!([]), "{saved:#}");
    let number = &saved["number"];
    assert_eq!((&number["connectionState"], &number["sendingBlocked"]), (&json!("CONNECTED"), &Value::Null));
    for id in &ids {
        caller.until(id, "state", "ACCEPTED").await;
    }
    let bodies: Vec<Value> =
        stage.meta.taken().await.into_iter().map(|body| body["text"]["body"].clone()).collect();
    assert_eq!(bodies, ["0", "1", "2", "3", "4"]);
    assert!(stage.meta.sends().await.len() <= ids.len() + 1, "each left once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_meta_sees_closed_is_closed_for_us_too() {
    let stage = Stage::start_with(false, &[]).await;
    // Meta's side does not know of this message.
    let pablo = Customer::new("16505551234", "US.13491208655302741918");
    let now_s = pesan::clock::Clock::system().now_ms() / 1_000;
    stage.app.take_changes(&[webhook::inbound(pablo, "wamid.in", now_s, webhook::text("Hi"))]).await;
    let conversation = stage.conversation().await;
    let id = stage.caller.sent(text(&conversation, "Halo")).await;
    let refused = stage.caller.until(&id, "state", "REFUSED").await;
    assert_eq!(refused["reason"]["metaCode"], 131_047);
    assert!(refused["reason"]["nextStep"].as_str().unwrap().contains("template"), "{refused:#}");
    let again = eventually("the window is closed", || async {
        let payload = stage.caller.send(text(&conversation, "Halo?")).await;
        payload["userErrors"].get(0).cloned()
    })
    .await;
    assert_eq!(again["code"], "WINDOW_CLOSED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_too_fast_waits_and_what_is_wrong_fails_for_good() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    for code in [131_056, 130_429] {
        stage.meta.trouble(json!({ "kind": "rate_limited", "code": code, "count": 1 })).await;
        let id = stage.caller.sent(text(&conversation, &code.to_string())).await;
        let waits = eventually("it waits", || async {
            let message = stage.caller.message(&id).await;
            (message["attempts"].get(0)?["state"] == "QUEUED").then_some(message)
        })
        .await;
        assert_eq!((&waits["state"], &waits["reason"]["metaCode"]), (&json!("QUEUED"), &json!(code)));
        assert!(waits["nextTryAt"].is_string());
        stage.app.clock.advance(LONG_ENOUGH);
        let done = stage.caller.until(&id, "state", "ACCEPTED").await;
        assert_eq!(done["attempts"].as_array().unwrap().len(), 2);
    }
    let wrong = json!({ "to": { "conversationId": conversation }, "content": { "raw": { "type": "text", "text": {} } } });
    let id = stage.caller.sent(wrong).await;
    let refused = stage.caller.until(&id, "state", "REFUSED").await;
    assert_eq!(refused["reason"]["metaCode"], 131_008);
    assert_eq!(refused["attempts"].as_array().unwrap().len(), 1);
    let retried = stage
        .caller
        .ask("mutation($id: ID!) { retryMessage(id: $id) { userErrors { code } } }", json!({ "id": id }))
        .await;
    assert_eq!(retried["data"]["retryMessage"]["userErrors"], json!([]));
    eventually("it was tried anew", || async {
        let message = stage.caller.message(&id).await;
        (message["attempts"].as_array().unwrap().len() == 2 && message["state"] == "REFUSED").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_settled_by_the_status_and_nothing_is_sent_twice() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    stage.meta.trouble(json!({ "kind": "dropped_response", "count": 1 })).await;
    let ids = [
        stage.caller.sent(text(&conversation, "1")).await,
        stage.caller.sent(text(&conversation, "2")).await,
    ];
    for id in &ids {
        stage.caller.until(id, "status", "READ").await;
        assert_eq!(stage.caller.message(id).await["state"], "ACCEPTED");
    }
    stage.meta.trouble(json!({ "kind": "status_first", "count": 1 })).await;
    let early = stage.caller.sent(text(&conversation, "3")).await;
    stage.caller.until(&early, "status", "READ").await;
    let taken = stage.meta.taken().await;
    assert_eq!(taken.iter().map(|body| body["text"]["body"].clone()).collect::<Vec<_>>(), ["1", "2", "3"]);
    let waiting =
        stage.app.all("statuses").await.iter().filter(|status| status.get("waiting").is_some()).count();
    assert_eq!(waiting, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_hears_of_stays_unconfirmed_and_that_is_told() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    stage.meta.tell("http://127.0.0.1:1");
    stage.meta.trouble(json!({ "kind": "dropped_response", "count": 1 })).await;
    let id = stage.caller.sent(text(&conversation, "1")).await;
    let unconfirmed = stage.caller.until(&id, "state", "UNCONFIRMED").await;
    assert!(unconfirmed["reason"]["nextStep"].is_string());
    let told = stage.app.told().await.len();
    stage.app.clock.advance(Duration::from_secs(601));
    eventually("it is told", || async { (stage.app.told().await.len() > told).then_some(()) }).await;
    assert_eq!(stage.caller.message(&id).await["state"], "UNCONFIRMED");
    assert_eq!(stage.meta.taken().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_planned_leaves_at_its_time_unless_it_is_taken_back() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let at = stage.app.clock.clock().now()
        + pesan::clock::Timestamp::UNIX_EPOCH
            .duration_since(pesan::clock::Timestamp::from_second(-3_600).unwrap());
    let planned = |body: &str| {
        let mut input = text(&conversation, body);
        input["sendAt"] = at.to_string().into();
        input
    };
    let kept = stage.caller.sent(planned("kept")).await;
    let taken_back = stage.caller.sent(planned("taken back")).await;
    let now = stage.caller.sent(text(&conversation, "now")).await;
    stage.caller.until(&now, "state", "ACCEPTED").await;
    assert_eq!(stage.app.only("conversations").await["messages"], 2, "what is planned is not shown yet");
    let cancel = async |id: &str| {
        let query = "mutation($id: ID!) { cancelMessage(id: $id) { message { state } userErrors { code } } }";
        let mut answer = stage.caller.ask(query, json!({ "id": id })).await;
        answer["data"]["cancelMessage"].take()
    };
    assert_eq!(cancel(&taken_back).await["message"]["state"], "CANCELLED");
    assert_eq!(cancel(&now).await["userErrors"][0]["code"], "WRONG_STATE");
    assert_eq!(stage.caller.message(&kept).await["state"], "QUEUED");
    stage.app.clock.advance(Duration::from_hours(1));
    stage.caller.until(&kept, "state", "ACCEPTED").await;
    let bodies: Vec<Value> =
        stage.meta.taken().await.into_iter().map(|body| body["text"]["body"].clone()).collect();
    assert_eq!(bodies, ["now", "kept"]);
    let shown = stage.app.only("conversations").await;
    assert_eq!((&shown["messages"], &shown["last"]["message"]), (&json!(3), &json!(kept)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_echo_of_what_we_sent_is_no_second_message() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let id = stage.caller.sent(text(&conversation, "Halo")).await;
    let message = stage.caller.until(&id, "status", "READ").await;
    let pablo = Customer::new("16505551234", "US.13491208655302741918");
    let wamid = message["messageId"].as_str().unwrap();
    stage.app.take_changes(&[webhook::echo(pablo, wamid, NOW_S, webhook::text("Halo"))]).await;
    assert_eq!(stage.app.all("messages").await.len(), 2);
    assert_eq!(stage.app.only("conversations").await["messages"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_send_sends_nothing_and_learns_nothing() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let storage = &stage.app.storage;
    let caller = |key| Caller { url: stage.app.url.clone(), key };
    let id = stage.caller.sent(text(&conversation, "Halo")).await;
    stage.caller.until(&id, "state", "ACCEPTED").await;

    let stranger = caller(key_of(storage, Uuid::from_u128(7), Role::Owner).await);
    assert_eq!(stranger.send(text(&conversation, "x")).await["userErrors"][0]["code"], "NOT_FOUND");
    assert_eq!(stranger.send(template(PABLO, "x")).await["userErrors"][0]["code"], "NOT_FOUND");
    assert_eq!(stranger.message(&id).await, Value::Null);
    let forbidden = async |caller: &Caller, input: Value| {
        let answer = caller.ask(stage::SEND, json!({ "input": input })).await;
        answer["errors"][0]["extensions"]["code"].clone()
    };
    let viewer = caller(key_of(storage, first_workspace(), Role::Viewer).await);
    assert_eq!(forbidden(&viewer, text(&conversation, "x")).await, "FORBIDDEN");
    let agent = caller(key_of(storage, first_workspace(), Role::Agent).await);
    let raw = json!({ "to": { "conversationId": conversation }, "content": { "raw": { "type": "text" } } });
    assert_eq!(forbidden(&agent, raw).await, "FORBIDDEN");
    storage.ensure_number(first_workspace(), "999", None).await.unwrap();
    let new = NewApiKey {
        name: "other".to_owned(),
        role: Role::Admin,
        scopes: None,
        numbers: Some(vec![number_id(first_workspace(), "999")]),
        expires_ms: None,
    };
    let limited = stage.app.keys().create(&Visitor::operator(first_workspace()), new).await.unwrap().text;
    let limited = caller(limited);
    assert_eq!(forbidden(&limited, text(&conversation, "x")).await, "FORBIDDEN");
    assert_eq!(limited.message(&id).await, Value::Null);
    assert_eq!(stage.meta.taken().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_keep_the_limits_is_refused_with_field_and_limit_before_it_is_queued() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let check = async |input: Value, field: &str, code: &str| {
        let payload = stage.caller.send(input).await;
        let error = &payload["userErrors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{payload:#}");
    };
    check(text(&conversation, &"a".repeat(4_097)), "content.text.body", "INVALID").await;
    check(text(&Uuid::from_u128(1).to_string(), "x"), "to.conversationId", "NOT_FOUND").await;
    check(template("0812 345", "7"), "to.phone", "INVALID").await;
    let mut unsaid = template(PABLO, "7");
    unsaid["numberId"] = Value::Null;
    check(unsaid, "numberId", "INVALID").await;
    let closed = json!({
        "numberId": stage.number, "to": { "phone": "+62 812 3456 7890" }, "content": { "text": { "body": "x" } },
    });
    check(closed, "content", "WINDOW_CLOSED").await;
    let mut past = text(&conversation, "x");
    past["sendAt"] = "2020-01-01T00:00:00Z".into();
    check(past, "sendAt", "INVALID").await;
    stage.set_number(doc! { "$unset": { "accessToken": "" } }).await;
    check(text(&conversation, "x"), "numberId", "NO_TOKEN").await;
    assert_eq!(stage.meta.sends().await.len(), 0);
}
