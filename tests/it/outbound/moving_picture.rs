//! Templates with a GIF: they leave by Meta's endpoint for marketing messages, and nothing is queued that would leave by
//! the usual one.

use serde_json::{Value, json};

use super::later::run;
use super::stage::{PABLO, Stage, number};
use crate::support::client;

fn lure(marketing: Value) -> Value {
    let film = json!({ "video": { "link": "https://example.com/plant.mp4" } });
    json!({
        "numberId": number(), "to": { "phone": PABLO }, "marketing": marketing,
        "content": { "template": { "name": "moving_plant", "language": "en_US", "header": film } },
    })
}

async fn edges(stage: &Stage) -> Vec<String> {
    let url = format!("{}/_sim/journal?kind=request&contains=messages&limit=1000", stage.meta.running.url());
    let journal: Value = client().get(url).send().await.unwrap().json().await.unwrap();
    let sends = journal["entries"].as_array().unwrap().iter();
    let sends =
        sends.filter(|entry| entry["body"].as_str().is_some_and(|body| body.contains("moving_plant")));
    sends.map(|entry| entry["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moving_header_leaves_as_a_marketing_message_or_not_at_all() {
    let stage = Stage::start().await;
    let body = json!({
        "name": "moving_plant", "language": "en_US", "category": "MARKETING",
        "components": [{ "type": "HEADER", "format": "GIF" }, { "type": "BODY", "text": "A plant that moves." }],
    });
    stage.meta.control("templates", body).await;
    let refused = async |marketing: Value| {
        let payload = stage.caller.send(lure(marketing)).await;
        let error = &payload["userErrors"][0];
        let at = (&error["field"], &error["code"]);
        assert_eq!(at, (&json!("content.template.header"), &json!("INVALID")), "{payload:#}");
        assert!(error["message"].as_str().unwrap().contains("marketing"), "{error:#}");
    };
    refused(Value::Null).await;
    let id = stage.caller.sent(lure(json!({ "enabled": true }))).await;
    stage.caller.until(&id, "state", "ACCEPTED").await;
    // By the number's setting too, unless the message says otherwise.
    let input = json!({ "settings": { "marketingMessages": true } });
    run(&stage.caller, "updateNumber", json!({ "id": number(), "input": input })).await;
    let id = stage.caller.sent(lure(Value::Null)).await;
    stage.caller.until(&id, "state", "ACCEPTED").await;
    refused(json!({ "enabled": false })).await;
    assert_eq!(edges(&stage).await, ["marketing_messages", "marketing_messages"]);
}
