//! Meta's messaging limit: to how many customers an account may write first in a day. Nobody sends more, on any number of
//! instances; who comes late waits for a place, and whoever needs none does not wait.

use std::collections::HashSet;
use std::time::Duration;

use pesan::storage::initiations::{Limit, Place};
use serde_json::{Value, json};
use uuid::Uuid;

use super::later::{in_future, run};
use super::stage::{PABLO, Stage, number, template, text};
use crate::support::eventually;
use crate::support::webhook::PHONE_NUMBER_ID;

const DAY: Duration = Duration::from_hours(24);
const NEARLY_A_DAY: Duration = Duration::from_mins(24 * 60 - 1);
/// After so long what waits is looked at in any case.
const LOOK: Duration = Duration::from_hours(8);

const TIMELINE: &str = "query($id: ID!) { outgoingMessage(id: $id) { timeline { step by sendAt } } }";

/// A number whose account may write to so many customers first.
async fn limited_to(customers: &str) -> Stage {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    limit(&stage, customers).await;
    stage
}

async fn limit(stage: &Stage, customers: &str) {
    let says = json!({ "whatsapp_business_manager_messaging_limit": format!("TIER_{customers}") });
    stage.meta.control(&format!("numbers/{PHONE_NUMBER_ID}"), says).await;
    let payload = run(&stage.caller, "refreshNumber", json!({ "id": stage.number })).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    // A sender believes what it knew for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
}

fn customer(n: usize) -> String {
    format!("+62812005{n:05}")
}

async fn sent(stage: &Stage, phones: &[String]) -> Vec<String> {
    let mut ids = Vec::new();
    for phone in phones {
        ids.push(stage.caller.sent(template(phone, "7")).await);
    }
    ids
}

/// A message that waits for its place, with the time of it.
async fn waiting(stage: &Stage, id: &str) -> Value {
    eventually("it waits", || async {
        let message = stage.caller.message(id).await;
        (message["state"] == "QUEUED" && message["nextTryAt"].is_string()).then_some(message)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_when_the_limit_is_used_up_leaves_a_day_after_the_first() {
    let stage = limited_to("3").await;
    let ids = sent(&stage, &(0..3).map(customer).collect::<Vec<_>>()).await;
    for id in &ids {
        stage.caller.until(id, "state", "ACCEPTED").await;
    }
    let mut late = sent(&stage, &[customer(3)]).await;
    // In Meta's own form it is a template all the same.
    let mut raw = template(&customer(4), "7");
    raw["content"] = json!({ "raw": { "type": "template", "template": {
        "name": "order_ready",
        "language": { "code": "en_US" },
        "components": [{ "type": "body", "parameters": [{ "type": "text", "text": "7" }] }],
    } } });
    late.push(stage.caller.sent(raw).await);
    for id in &late {
        let message = waiting(&stage, id).await;
        let reason = message["reason"]["message"].as_str().unwrap();
        assert!(reason.contains("3 customers") && message["attempts"] == json!([]), "{message:#}");
    }
    let shown = stage.caller.ask(TIMELINE, json!({ "id": late[0] })).await;
    let timeline = shown["data"]["outgoingMessage"]["timeline"].as_array().unwrap().clone();
    let steps: Vec<&str> = timeline.iter().map(|entry| entry["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["QUEUED", "LIMITED"]);
    assert_eq!(timeline[1]["sendAt"], stage.caller.message(&late[0]).await["nextTryAt"]);

    // Who was written to today is not counted again.
    let again = sent(&stage, &[customer(0)]).await;
    stage.caller.until(&again[0], "state", "ACCEPTED").await;
    assert_eq!(stage.meta.taken().await.len(), 4);

    stage.app.clock.advance(NEARLY_A_DAY);
    // Somebody looks, and every second again.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(stage.meta.taken().await.len(), 4, "a minute before the day is over");
    stage.app.clock.advance(Duration::from_mins(10));
    stage.caller.until(&late[0], "state", "ACCEPTED").await;
    // All left at the same moment, as the clock stands still, so the other one was told of a later place.
    stage.app.clock.advance(LOOK);
    for id in &late {
        let message = stage.caller.until(id, "state", "ACCEPTED").await;
        assert_eq!((&message["nextTryAt"], &message["reason"]), (&Value::Null, &Value::Null));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_writes_meanwhile_is_answered_at_once_and_in_order() {
    let stage = limited_to("1").await;
    let first = sent(&stage, &[customer(0)]).await;
    stage.caller.until(&first[0], "state", "ACCEPTED").await;
    let late = sent(&stage, &[PABLO.to_owned()]).await;
    waiting(&stage, &late[0]).await;
    stage.meta.control("people/pablo/write", json!({ "text": "Hi" })).await;
    let conversation = stage.caller.message(&late[0]).await["conversationId"].as_str().unwrap().to_owned();
    let reply = eventually("the window is open", || async {
        let payload = stage.caller.send(text(&conversation, "Hello!")).await;
        payload["message"]["id"].as_str().map(str::to_owned)
    })
    .await;
    stage.caller.until(&reply, "state", "ACCEPTED").await;
    assert_eq!(stage.caller.message(&late[0]).await["state"], "ACCEPTED");
    let kinds: Vec<Value> = stage.meta.taken().await.iter().map(|body| body["type"].clone()).collect();
    assert_eq!(kinds, ["template", "template", "text"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_are_told_of_a_place_each_and_a_higher_limit_lets_all_leave() {
    let stage = limited_to("1").await;
    let first = sent(&stage, &[customer(0)]).await;
    stage.caller.until(&first[0], "state", "ACCEPTED").await;
    let mut late = Vec::new();
    let mut times = HashSet::new();
    for nth in 1..4 {
        late.extend(sent(&stage, &[customer(nth)]).await);
        times.insert(waiting(&stage, late.last().unwrap()).await["nextTryAt"].to_string());
    }
    assert_eq!(times.len(), late.len(), "a place each");
    // The first of them is taken back, and the place is another one's.
    let cancelled = run(&stage.caller, "cancelMessage", json!({ "id": late[0] })).await;
    assert_eq!(cancelled["userErrors"], json!([]), "{cancelled:#}");
    stage.app.clock.advance(DAY);
    stage.app.clock.advance(LOOK);
    eventually("one of the others leaves", || async { (stage.meta.taken().await.len() == 2).then_some(()) })
        .await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(stage.meta.taken().await.len(), 2, "and no other");

    limit(&stage, "250").await;
    stage.app.clock.advance(LOOK);
    for id in &late[1..] {
        stage.caller.until(id, "state", "ACCEPTED").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_limit_is_kept_too_when_it_is_nearly_used_up() {
    let stage = limited_to("2K").await;
    // What others have done today.
    let storage = &stage.app.storage;
    let now_ms = stage.app.clock.clock().now_ms();
    let limit = Limit { numbers: vec![number()], shared_by: "others".to_owned(), customers_a_day: 2_000 };
    let new = || Place { number: number(), conversation: Uuid::now_v7(), message: Uuid::now_v7() };
    for _ in 0..9 {
        let places: Vec<Place> = (0..222).map(|_| new()).collect();
        assert_eq!(storage.take_places(&limit, &places, now_ms).await.unwrap().has_one, vec![true; 222]);
    }
    let ids = sent(&stage, &(0..4).map(customer).collect::<Vec<_>>()).await;
    let mut late = ids.clone();
    eventually("two leave", || async { (stage.meta.taken().await.len() == 2).then_some(()) }).await;
    for id in &ids {
        let message = stage.caller.message(id).await;
        let has_left = message["attempts"] != json!([]);
        late.retain(|other| !(has_left && other == id));
    }
    assert_eq!(late.len(), 2);
    for id in &late {
        waiting(&stage, id).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_does_not_take_gives_its_place_back_and_what_nobody_knows_keeps_it() {
    let stage = limited_to("1").await;
    stage.meta.trouble(json!({ "kind": "rate_limited", "code": 131_026, "count": 1 })).await;
    let refused = sent(&stage, &[customer(0)]).await;
    stage.caller.until(&refused[0], "state", "REFUSED").await;
    stage.meta.tell("http://127.0.0.1:1");
    stage.meta.trouble(json!({ "kind": "dropped_response", "count": 1 })).await;
    let doubtful = sent(&stage, &[customer(1)]).await;
    stage.caller.until(&doubtful[0], "state", "UNCONFIRMED").await;
    let late = sent(&stage, &[customer(2)]).await;
    waiting(&stage, &late[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_for_in_an_open_window_counts_if_it_leaves_after_it() {
    let stage = limited_to("1").await;
    let conversation = stage.hear().await;
    let mut within = template(PABLO, "7");
    within["to"] = json!({ "conversationId": conversation });
    within["sendAt"] = in_future(&stage, 26).into();
    let planned = stage.caller.sent(within).await;
    stage.app.clock.advance(DAY + Duration::from_hours(1));
    let other = sent(&stage, &[customer(0)]).await;
    stage.caller.until(&other[0], "state", "ACCEPTED").await;
    stage.app.clock.advance(Duration::from_hours(2));
    waiting(&stage, &planned).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_that_are_taken_side_by_side_never_come_to_more_than_the_limit() {
    const LIMIT: usize = 7;
    const TAKERS: usize = 6;
    const EACH: usize = 9;
    let stage = Stage::start().await;
    let storage = &stage.app.storage;
    let now_ms = stage.app.clock.clock().now_ms();
    let limit = Limit { numbers: vec![number()], shared_by: "an account".to_owned(), customers_a_day: LIMIT };
    let new = || Place { number: number(), conversation: Uuid::now_v7(), message: Uuid::now_v7() };
    let taking = (0..TAKERS).map(|_| async {
        let places: Vec<Place> = (0..EACH).map(|_| new()).collect();
        let mut taken = Vec::new();
        for some in places.chunks(2) {
            let has_one = storage.take_places(&limit, some, now_ms).await.unwrap().has_one;
            taken.extend(some.iter().copied().zip(has_one));
        }
        taken
    });
    let all: Vec<(Place, bool)> =
        futures_util::future::join_all(taking).await.into_iter().flatten().collect();
    let (with, without): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, has_one)| *has_one);
    assert_eq!((with.len(), without.len()), (LIMIT, TAKERS * EACH - LIMIT));
    // Another message to one of them needs none, and takes none away.
    let (holder, other) = (with[0].0, without[0].0);
    let again = Place { message: Uuid::now_v7(), ..holder };
    let take =
        async |places: &[Place], at_ms| storage.take_places(&limit, places, at_ms).await.unwrap().has_one;
    assert_eq!(take(&[again, other], now_ms).await, [true, false]);
    storage.give_place_up(again.conversation, again.message).await.unwrap();
    assert_eq!(take(&[other], now_ms).await, [false], "it is the holder's");
    storage.give_place_up(holder.conversation, holder.message).await.unwrap();
    assert_eq!(take(&[other, new()], now_ms).await, [true, false]);
    // One conversation twice in one question takes one.
    let day_later = now_ms + i64::try_from(DAY.as_millis()).unwrap() + 1;
    let mut many: Vec<Place> = (0..LIMIT).map(|_| new()).collect();
    many.insert(1, Place { message: Uuid::now_v7(), ..many[0] });
    many.push(new());
    let mut expected = vec![true; LIMIT + 1];
    expected.push(false);
    assert_eq!(take(&many, day_later).await, expected);
    // Of a limit that was lowered so many are taken too many, and as many that end leave no place.
    let lowered = Limit { customers_a_day: LIMIT - 3, ..limit.clone() };
    let taken = storage.take_places(&lowered, &[new()], day_later).await.unwrap();
    assert_eq!((taken.has_one.as_slice(), taken.too_many), ([false].as_slice(), 3));
    let next = storage.next_places(&lowered, day_later, (taken.too_many, LIMIT)).await.unwrap();
    assert_eq!(next.len(), LIMIT - 3);
}
