//! Meta's messaging limit: to how many customers an account may write first in a day. Nobody sends more, on any number of
//! instances; who comes late waits for a place, and whoever needs none does not wait.

use std::collections::HashSet;
use std::time::Duration;

use pesan::storage::initiations::{Limit, Place};
use serde_json::{Value, json};
use uuid::Uuid;

use super::later::run;
use super::stage::{PABLO, Stage, number, template, text};
use crate::support::eventually;
use crate::support::webhook::PHONE_NUMBER_ID;

const DAY: Duration = Duration::from_hours(24);
const DAY_MS: i64 = 24 * 3_600_000;
/// What waits is looked at so often.
const LOOK: Duration = Duration::from_mins(61);

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
    let late = sent(&stage, &[customer(3), customer(4)]).await;
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

    stage.app.clock.advance(DAY - Duration::from_mins(1));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(stage.meta.taken().await.len(), 4, "a minute before the day is over");
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
async fn a_place_that_is_given_up_is_the_next_ones_and_a_higher_limit_lets_all_leave() {
    let stage = limited_to("1").await;
    let first = sent(&stage, &[customer(0)]).await;
    stage.caller.until(&first[0], "state", "ACCEPTED").await;
    let mut late = sent(&stage, &[customer(1)]).await;
    let early = waiting(&stage, &late[0]).await["nextTryAt"].clone();
    late.extend(sent(&stage, &[customer(2), customer(3)]).await);
    waiting(&stage, &late[2]).await;
    assert_ne!(waiting(&stage, &late[1]).await["nextTryAt"], early, "a place each");

    let cancelled = run(&stage.caller, "cancelMessage", json!({ "id": late[0] })).await;
    assert_eq!(cancelled["userErrors"], json!([]), "{cancelled:#}");
    stage.app.clock.advance(LOOK);
    eventually("one of the others has the place", || async {
        let mut times = HashSet::new();
        for id in &late[1..] {
            times.insert(stage.caller.message(id).await["nextTryAt"].clone());
        }
        times.contains(&early).then_some(())
    })
    .await;
    assert_eq!(stage.meta.taken().await.len(), 1);

    limit(&stage, "250").await;
    stage.app.clock.advance(LOOK);
    for id in &late[1..] {
        stage.caller.until(id, "state", "ACCEPTED").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_that_are_taken_side_by_side_never_come_to_more_than_the_limit() {
    const LIMIT: usize = 7;
    const TAKERS: usize = 6;
    const EACH: usize = 9;
    let stage = Stage::start().await;
    let now_ms = stage.app.clock.clock().now_ms();
    let limit = Limit { numbers: vec![number()], shared_by: "an account".to_owned(), customers_a_day: LIMIT };
    let taking = (0..TAKERS).map(|_| {
        let places: Vec<Place> =
            (0..EACH).map(|_| Place { number: number(), conversation: Uuid::now_v7() }).collect();
        let (storage, limit) = (stage.app.storage.clone(), limit.clone());
        async move {
            let mut times = Vec::new();
            for (nth, some) in places.chunks(2).enumerate() {
                let now_ms = now_ms + i64::try_from(nth).unwrap();
                times.extend(storage.take_places(&limit, some, now_ms).await.unwrap());
            }
            // Whoever asks again has the same place.
            assert_eq!(storage.take_places(&limit, &places, now_ms + 100).await.unwrap().len(), EACH);
            times
        }
    });
    let mut times: Vec<i64> = futures_util::future::join_all(taking).await.into_iter().flatten().collect();
    times.sort_unstable();
    assert_eq!(times.len(), TAKERS * EACH);
    let days = times.iter().filter(|at| **at <= now_ms + 100).count();
    assert_eq!(days, LIMIT, "so many leave now");
    for (nth, at_ms) in times.iter().enumerate().skip(LIMIT) {
        assert!(at_ms - times[nth - LIMIT] >= DAY_MS, "{nth}: more than {LIMIT} in a day");
    }
}
