//! Messages that are tried anew: what failed after Meta had taken it is repeated by another message, once for everybody
//! who asks; and what is tried anew keeps its place among others.

use std::time::Duration;

use futures_util::future::join_all;
use pesan::auth::Role;
use pesan::clock::Clock;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};

use super::later::run;
use super::stage::{Caller, PABLO, Stage, key_of, text};
use crate::reading::operation;
use crate::support::eventually;
use crate::support::webhook::{Customer, status};

/// A sender looks at its number anew after a second.
const SEEN_BY_THE_SENDER: Duration = Duration::from_millis(1_500);

/// Whether messages to the customer fail by a status, after Meta has taken them.
async fn block(stage: &Stage, is_blocked: bool) {
    stage.meta.control("people/pablo/block", json!({ "blocked": is_blocked })).await;
}

async fn failed(stage: &Stage, input: Value) -> String {
    block(stage, true).await;
    let id = stage.caller.sent(input).await;
    stage.caller.until(&id, "status", "FAILED").await;
    assert_eq!(stage.caller.message(&id).await["state"], "ACCEPTED");
    block(stage, false).await;
    id
}

async fn retry(caller: &Caller, id: &str) -> Value {
    run(caller, "retryMessage", json!({ "id": id })).await
}

/// Our id of the message that is under way then.
async fn retried(caller: &Caller, id: &str) -> String {
    let payload = retry(caller, id).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    payload["message"]["id"].as_str().unwrap().to_owned()
}

async fn timeline(caller: &Caller, id: &str) -> Vec<Value> {
    let mut message = run(caller, "outgoingMessage", json!({ "id": id })).await;
    serde_json::from_value(message["timeline"].take()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_after_meta_had_taken_it_is_repeated_by_another_message() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let caller = &stage.caller;
    let old = failed(&stage, text(&conversation, "Halo")).await;
    let payload = retry(caller, &old).await;
    assert_eq!((&payload["userErrors"], &payload["message"]["retryOf"]), (&json!([]), &json!(old)));
    let new = payload["message"]["id"].as_str().unwrap().to_owned();
    assert_ne!(new, old);
    let arrived = caller.until(&new, "status", "READ").await;
    let before = caller.message(&old).await;
    assert_ne!(arrived["messageId"], before["messageId"]);
    assert_eq!(arrived["conversationId"], before["conversationId"]);
    let taken = stage.meta.taken().await;
    assert_eq!(taken.len(), 2);
    assert_eq!(
        [&taken[0]["to"], &taken[0]["text"]["body"]],
        [&taken[1]["to"], &taken[1]["text"]["body"]],
        "the same to the same"
    );

    // What Meta tells late of the first is the first's.
    let pablo = Customer::new(PABLO.trim_start_matches('+'), "US.13491208655302741918");
    let late = status(pablo, before["messageId"].as_str().unwrap(), "sent", Clock::system().now_ms() / 1_000);
    stage.app.take_changes(&[late]).await;
    eventually("the late status is here", || async {
        let statuses = caller.message(&old).await["statuses"].take();
        (statuses.as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    let now = caller.message(&old).await;
    assert_eq!((&now["status"], &now["messageId"]), (&json!("FAILED"), &before["messageId"]));
    assert_eq!(caller.message(&new).await["statuses"].as_array().unwrap().len(), 3);

    let (of_old, of_new) = (timeline(caller, &old).await, timeline(caller, &new).await);
    assert_eq!((&of_new[0]["step"], &of_new[0]["otherMessageId"]), (&json!("QUEUED"), &json!(old)));
    assert!(of_new[0]["by"].as_str().unwrap().starts_with("api-key:"));
    let step = of_old.iter().find(|one| one["step"] == "RETRIED").expect("it is told");
    assert_eq!(step["otherMessageId"], json!(new));
    assert!(step["by"].as_str().unwrap().starts_with("api-key:"));
    let listed = stage.app.only("conversations").await;
    assert_eq!((&listed["messages"], &listed["last"]["message"]), (&json!(3), &json!(new)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_twice_sends_once_until_the_repeat_has_failed_too() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let caller = &stage.caller;
    let old = failed(&stage, text(&conversation, "Halo")).await;
    block(&stage, true).await;
    // It is on its way until everybody has asked.
    stage.meta.trouble(json!({ "kind": "slow", "count": 1, "delay_ms": 3_000 })).await;
    let at_once = join_all((0..5).map(|_| retried(caller, &old))).await;
    let second = at_once[0].clone();
    assert!(at_once.iter().all(|id| *id == second), "{at_once:?}");
    caller.until(&second, "status", "FAILED").await;
    assert_eq!(stage.meta.taken().await.len(), 2);
    block(&stage, false).await;
    // Whichever of the two is asked for.
    let third = retried(caller, &old).await;
    assert!(third != old && third != second);
    assert_eq!(retried(caller, &second).await, third);
    caller.until(&third, "status", "READ").await;
    assert_eq!(retried(caller, &old).await, third, "it has arrived");
    let refused = retry(caller, &third).await;
    assert_eq!(refused["userErrors"][0]["code"], "WRONG_STATE", "nothing is to be repeated");
    assert_eq!(stage.meta.taken().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_keeps_to_the_rules_of_any_message() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let raw = json!({ "type": "text", "text": { "body": "raw" } });
    let raw = json!({ "to": { "conversationId": conversation }, "content": { "raw": raw } });
    let raw = failed(&stage, raw).await;
    let plain = failed(&stage, text(&conversation, "Halo")).await;
    let key = key_of(&stage.app.storage, first_workspace(), Role::Agent).await;
    let agent = Caller { url: stage.app.url.clone(), key };
    let answer = agent.ask(&operation("retryMessage"), json!({ "id": raw })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    stage.app.clock.advance(Duration::from_hours(25));
    let refused = retry(&agent, &plain).await;
    assert_eq!(
        (&refused["message"], &refused["userErrors"][0]["code"]),
        (&Value::Null, &json!("WINDOW_CLOSED"))
    );
    assert_eq!(stage.meta.taken().await.len(), 2);
    let is_told = timeline(&stage.caller, &plain).await.iter().any(|one| one["step"] == "RETRIED");
    assert!(!is_told, "nothing was done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_stays_one_of_many_when_it_is_moved_or_tried_anew() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let caller = &stage.caller;
    let bulk = |mut input: Value| {
        input["priority"] = "BULK".into();
        input
    };
    let at = |hours: i64| {
        let ms = stage.app.clock.clock().now_ms() + hours * 3_600_000;
        pesan::clock::Timestamp::from_millisecond(ms).unwrap().to_string()
    };
    let mut planned = bulk(text(&conversation, "later"));
    planned["sendAt"] = at(1).into();
    let planned = caller.sent(planned).await;
    let moved = run(caller, "rescheduleMessage", json!({ "id": planned, "sendAt": at(2) })).await;
    assert_eq!(moved["userErrors"], json!([]));
    assert_eq!(stage.app.only("turns").await["priority"], 1, "it does not go before replies");
    run(caller, "cancelMessage", json!({ "id": planned })).await;

    let wrong = json!({ "to": { "conversationId": conversation }, "content": { "raw": { "type": "text", "text": {} } } });
    let wrong = caller.sent(bulk(wrong)).await;
    caller.until(&wrong, "state", "REFUSED").await;
    eventually("the turn is over", || async {
        let turn = stage.app.only("turns").await;
        turn.get("holder").is_none().then_some(())
    })
    .await;
    run(caller, "pauseNumber", json!({ "id": stage.number })).await;
    tokio::time::sleep(SEEN_BY_THE_SENDER).await;
    assert_eq!(retried(caller, &wrong).await, wrong);
    let turn = stage.app.only("turns").await;
    assert_eq!(turn["priority"], 1, "{turn:#}");

    run(caller, "resumeNumber", json!({ "id": stage.number })).await;
    let old = failed(&stage, bulk(text(&conversation, "Halo"))).await;
    let repeat = retried(caller, &old).await;
    let messages = stage.app.all("messages").await;
    let repeat = messages.iter().find(|one| one["_id"] == json!(repeat)).unwrap();
    assert_eq!(repeat["send"]["priority"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_phone_beside_a_user_id_is_named_where_it_was_given() {
    let stage = Stage::start().await;
    let both = json!({ "both": { "phone": "0812 345", "userId": "US.13491208655302741918" } });
    let input = json!({ "numberId": stage.number, "to": both, "content": { "text": { "body": "x" } } });
    let payload = stage.caller.send(input).await;
    let error = &payload["userErrors"][0];
    assert_eq!((&error["field"], &error["code"]), (&json!("to.both.phone"), &json!("INVALID")));
}
