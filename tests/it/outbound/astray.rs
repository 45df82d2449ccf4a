//! What was meant for somebody whose number has gone over to somebody else: it does not go there.

use std::time::Duration;

use pesan::clock::Clock;
use serde_json::{Value, json};

use super::later::{in_future, run};
use super::stage::{PABLO, Stage, text};
use crate::support::webhook::{Customer, inbound, text as words};

/// Somebody who has not been heard of writes from the number of the stage's customer.
async fn goes_over(stage: &Stage) {
    let now_s = Clock::system().now_ms().div_euclid(1_000) + 1;
    let next = Customer { wa_id: PABLO.trim_start_matches('+'), user_id: "US.99", name: "Next" };
    let said = inbound(next, "wamid.NEXT", now_s, words("Hello"));
    stage.app.take_changes(&[said]).await;
}

/// The messages of a test, as they were taken: to which number or user id, and the words.
async fn taken(stage: &Stage) -> Vec<Value> {
    let taken = stage.meta.taken().await;
    taken.iter().map(|one| json!([one["to"], one["recipient"], one["text"]["body"]])).collect()
}

async fn user_id(stage: &Stage) -> String {
    let contact = stage.app.only("contacts").await;
    contact["userIds"][0].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_goes_to_who_was_meant_not_to_the_next_owner_of_the_number() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let user_id = user_id(&stage).await;
    stage.meta.control("people/pablo/block", json!({ "blocked": true })).await;
    let old = stage.caller.sent(text(&conversation, "Halo")).await;
    stage.caller.until(&old, "status", "FAILED").await;
    stage.meta.control("people/pablo/block", json!({ "blocked": false })).await;
    goes_over(&stage).await;
    let payload = run(&stage.caller, "retryMessage", json!({ "id": old })).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    let new = payload["message"]["id"].as_str().unwrap();
    stage.caller.until(new, "state", "ACCEPTED").await;
    assert_eq!(taken(&stage).await, [json!([PABLO, null, "Halo"]), json!([null, user_id, "Halo"])]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_waited_while_the_number_went_over_does_not_leave() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let at_ms = stage.app.clock.clock().now_ms() + 3_600_000;
    let mut planned = text(&conversation, "later");
    planned["sendAt"] = pesan::clock::Timestamp::from_millisecond(at_ms).unwrap().to_string().into();
    let planned = stage.caller.sent(planned).await;
    goes_over(&stage).await;
    let now = stage.caller.sent(text(&conversation, "now")).await;
    stage.caller.until(&now, "state", "ACCEPTED").await;
    stage.app.clock.advance(Duration::from_secs(3_601));
    let refused = stage.caller.until(&planned, "state", "REFUSED").await;
    assert!(refused["reason"]["nextStep"].is_string(), "{refused:#}");
    let after = stage.caller.sent(text(&conversation, "after")).await;
    stage.caller.until(&after, "state", "ACCEPTED").await;
    let words: Vec<Value> = taken(&stage).await.into_iter().map(|mut one| one[2].take()).collect();
    assert_eq!(words, ["now", "after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_written_to_while_two_were_taken_for_one_is_written_to_when_they_are_apart_again() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let other = Customer::new("628111", "ID.1");
    let now_s = stage.app.clock.clock().now_ms().div_euclid(1_000);
    stage.app.take_changes(&[inbound(other, "wamid.OTHER", now_s - 60, words("Hello"))]).await;
    let contacts = stage.app.all("contacts").await;
    let id = |wa_id: &str| {
        let found = contacts.iter().find(|one| one["waId"]["value"] == wa_id).unwrap();
        uuid::Uuid::parse_str(found["_id"].as_str().unwrap()).unwrap()
    };
    let (pablo, other) = (id(PABLO.trim_start_matches('+')), id(other.wa_id));
    let merged = run(&stage.caller, "mergeContacts", json!({ "fromId": pablo, "intoId": other })).await;
    assert_eq!(merged["userErrors"], json!([]), "{merged:#}");

    stage.meta.control("people/pablo/block", json!({ "blocked": true })).await;
    let failed = stage.caller.sent(text(&conversation, "first")).await;
    let failed_in = stage.caller.until(&failed, "status", "FAILED").await["conversationId"].clone();
    assert_ne!(failed_in, json!(conversation), "the conversations are one");
    stage.meta.control("people/pablo/block", json!({ "blocked": false })).await;
    let mut planned = text(&conversation, "planned");
    planned["sendAt"] = in_future(&stage, 1).into();
    let planned = stage.caller.sent(planned).await;
    let undone = run(&stage.caller, "undoContactMerge", json!({ "contactId": pablo })).await;
    assert_eq!(undone["userErrors"], json!([]), "{undone:#}");

    let again = run(&stage.caller, "retryMessage", json!({ "id": failed })).await;
    assert_eq!(again["userErrors"], json!([]), "{again:#}");
    let again = again["message"]["id"].as_str().unwrap();
    let again = stage.caller.until(again, "state", "ACCEPTED").await;
    assert_eq!(again["conversationId"], json!(conversation), "it is theirs again");
    stage.app.clock.advance(Duration::from_secs(3_601));
    stage.caller.until(&planned, "state", "ACCEPTED").await;
    let sent = ["first", "first", "planned"].map(|words| json!([PABLO, null, words]));
    assert_eq!(taken(&stage).await, sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_whom_no_address_is_left_is_said_before_and_when_it_is_tried() {
    let stage = Stage::start().await;
    let lone = Customer { wa_id: PABLO.trim_start_matches('+'), user_id: "", name: "Lone" };
    let now_s = Clock::system().now_ms().div_euclid(1_000);
    stage.app.take_changes(&[inbound(lone, "wamid.LONE", now_s, words("Hello"))]).await;
    let lone_id = stage.conversation().await;
    let both = Customer { user_id: "US.98", ..lone };
    let by_id = Customer { wa_id: "", ..both };
    stage.app.take_changes(&[inbound(by_id, "wamid.ID", now_s + 1, words("Hello"))]).await;
    stage.app.take_changes(&[inbound(both, "wamid.BOTH", now_s + 2, words("Hello"))]).await;
    let merged = stage.app.all("contacts").await;
    let merged = merged.iter().find(|one| !one["mergedInto"].is_null()).unwrap();
    let contact = uuid::Uuid::parse_str(merged["_id"].as_str().unwrap()).unwrap();
    let undone = run(&stage.caller, "undoContactMerge", json!({ "contactId": contact })).await;
    assert_eq!(undone["userErrors"], json!([]), "{undone:#}");

    let leave = run(&stage.caller, "canSend", json!({ "conversationId": lone_id })).await;
    assert_eq!(
        (&leave["scope"], &leave["hold"]["reason"]),
        (&json!("NOTHING"), &json!("CONTACT_NO_ADDRESS")),
        "{leave:#}"
    );
    let refused = stage.caller.send(text(&lone_id, "Halo")).await;
    let error = &refused["userErrors"][0];
    assert_eq!(
        (&error["code"], &error["field"], &error["nextStep"]),
        (&json!("CONTACT_NO_ADDRESS"), &json!("to.conversationId"), &leave["hold"]["nextStep"])
    );
    assert_eq!(stage.meta.taken().await, Vec::<Value>::new());
    // Whoever asks for the number itself means who has it now.
    stage.app.clock.advance(Duration::from_mins(1));
    let to_phone =
        json!({ "numberId": stage.number, "to": { "phone": PABLO }, "content": { "text": { "body": "x" } } });
    let id = stage.caller.sent(to_phone).await;
    let message = stage.caller.until(&id, "state", "ACCEPTED").await;
    assert_ne!(message["conversationId"], json!(lone_id));
}
