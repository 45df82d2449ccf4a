//! By which of Meta's endpoints a template leaves: as its message says, or else as its number is set.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::later::run;
use super::stage::{PABLO, Stage, number};
use crate::support::client;

fn promotion() -> Value {
    let texts = ["the end of August", "25OFF", "25%"].map(|text| json!({ "text": text }));
    json!({
        "numberId": number(),
        "to": { "phone": PABLO },
        "content": { "template": {
            "name": "seasonal_promotion", "language": "en_US", "body": texts,
            "header": { "text": { "text": "Summer Sale" } },
        } },
    })
}

fn confirmation() -> Value {
    json!({
        "numberId": number(),
        "to": { "phone": PABLO },
        "content": { "template": { "name": "hello_world", "language": "en_US" } },
    })
}

fn with(mut input: Value, marketing: Value) -> Value {
    input["marketing"] = marketing;
    input
}

async fn set(stage: &Stage, is_marketing: bool) {
    let input = json!({ "settings": { "marketingMessages": is_marketing } });
    let answer = run(&stage.caller, "updateNumber", json!({ "id": number(), "input": input })).await;
    assert_eq!(answer["number"]["settings"]["marketingMessages"], is_marketing, "{answer:#}");
}

/// The endpoint that each message has left by, with what it said beside its content.
async fn edges(stage: &Stage) -> BTreeMap<String, (String, Value)> {
    let url = format!("{}/_sim/journal?kind=request&contains=messages&limit=1000", stage.meta.running.url());
    let journal: Value = client().get(url).send().await.unwrap().json().await.unwrap();
    let sends = journal["entries"].as_array().unwrap().iter().filter_map(|entry| {
        let body: Value = serde_json::from_str(entry["body"].as_str()?).ok()?;
        let id = body["biz_opaque_callback_data"].as_str()?.to_owned();
        let edge = entry["path"].as_str()?.rsplit('/').next()?.to_owned();
        Some((id, (edge, body["product_policy"].clone())))
    });
    sends.collect()
}

async fn edge(stage: &Stage, input: Value) -> (String, Value) {
    let id = stage.caller.sent(input).await;
    stage.caller.until(&id, "state", "ACCEPTED").await;
    edges(stage).await.remove(&id).expect("it has left")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marketing_templates_leave_as_the_message_says_or_else_as_the_number_is_set() {
    let stage = Stage::start().await;
    let check = async |input: Value, expected: &str, policy: Value| {
        assert_eq!(edge(&stage, input.clone()).await, (expected.to_owned(), policy), "{input:#}");
    };
    let strict = json!({ "productPolicy": "STRICT" });
    check(promotion(), "messages", Value::Null).await;
    check(with(promotion(), strict.clone()), "marketing_messages", "STRICT".into()).await;

    set(&stage, true).await;
    check(promotion(), "marketing_messages", Value::Null).await;
    check(with(promotion(), strict), "marketing_messages", "STRICT".into()).await;
    check(with(promotion(), json!({ "enabled": false })), "messages", Value::Null).await;
    check(confirmation(), "messages", Value::Null).await;

    set(&stage, false).await;
    check(promotion(), "messages", Value::Null).await;
    check(with(promotion(), json!({ "enabled": true })), "marketing_messages", Value::Null).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_s_setting_makes_no_other_message_of_the_same_key() {
    let stage = Stage::start().await;
    let mut input = promotion();
    input["idempotencyKey"] = "promotion-1".into();
    let id = stage.caller.sent(input.clone()).await;
    set(&stage, true).await;
    assert_eq!(stage.caller.sent(input.clone()).await, id);
    let payload = stage.caller.send(with(input, json!({ "enabled": false }))).await;
    assert_eq!(payload["userErrors"][0]["code"], "IDEMPOTENCY_KEY_TAKEN", "{payload:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ordinary_message_has_nothing_of_a_marketing_message() {
    let stage = Stage::start().await;
    let check = async |marketing: Value, field: &str| {
        let payload = stage.caller.send(with(promotion(), marketing)).await;
        let error = &payload["userErrors"][0];
        assert_eq!((&error["field"], &error["code"]), (&field.into(), &"INVALID".into()), "{payload:#}");
    };
    check(json!({ "enabled": false, "productPolicy": "STRICT" }), "marketing.productPolicy").await;
    check(json!({ "enabled": false, "sharesActivity": true }), "marketing.sharesActivity").await;
    let utility = stage.caller.send(with(confirmation(), json!({}))).await;
    assert_eq!(utility["userErrors"][0]["field"], "marketing", "{utility:#}");
}
