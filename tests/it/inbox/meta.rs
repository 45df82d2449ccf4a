//! What the customer is shown at Meta, as the simulator's journal saw it; and that nothing there changes what is done here.

use mongodb::bson::doc;
use serde_json::{Value, json};

use super::operation;
use crate::outbound::stage::{Stage, text};

/// The requests that mark something as read.
async fn marks(stage: &Stage) -> Vec<Value> {
    let sends = stage.meta.sends().await.into_iter().map(|(body, ..)| body);
    sends.filter(|body| body["status"] == "read").collect()
}

async fn run(stage: &Stage, name: &str, variables: Value) -> Value {
    let answer = stage.caller.ask(&operation(name), variables).await;
    assert_eq!(answer["errors"], Value::Null, "{name}: {answer}");
    answer["data"][name].clone()
}

async fn read(stage: &Stage, conversation: &str) -> (Value, Value) {
    let variables = json!({ "input": { "conversationId": conversation } });
    let payload = run(stage, "markConversationRead", variables).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload}");
    (payload["conversation"]["unreadCount"].clone(), payload["receipt"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_sees_what_the_numbers_settings_say_once() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let of = json!({ "conversationId": conversation });
    let inbound = stage.app.only("messages").await;
    let (count, receipt) = read(&stage, &conversation).await;
    assert_eq!((count, &receipt["state"]), (json!(0), &json!("OFF")));
    assert_eq!(run(&stage, "sendTyping", of.clone()).await["sign"]["state"], "OFF");
    assert_eq!(marks(&stage).await, Vec::<Value>::new());

    stage
        .set_number(doc! { "$set": { "settings.readReceipts": true, "settings.typingIndicator": true } })
        .await;
    assert_eq!(
        read(&stage, &conversation).await.1["state"],
        "SHOWN",
        "a mark that is there can still be shown"
    );
    assert_eq!(read(&stage, &conversation).await.1["state"], "SHOWN_BEFORE");
    let expected =
        json!({ "messaging_product": "whatsapp", "status": "read", "message_id": inbound["wamid"] });
    assert_eq!(marks(&stage).await, std::slice::from_ref(&expected));
    assert_eq!(run(&stage, "sendTyping", of).await["sign"], json!({ "state": "SHOWN", "error": null }));
    let mut typing = expected.clone();
    typing["typing_indicator"] = json!({ "type": "text" });
    assert_eq!(marks(&stage).await, [expected.clone(), typing.clone()]);

    stage.set_number(doc! { "$set": { "settings.readReceipts": false } }).await;
    let one = run(&stage, "markMessageRead", json!({ "messageId": inbound["_id"] })).await;
    assert_eq!(one["sign"]["state"], "SHOWN", "{one}");
    assert_eq!(marks(&stage).await, [expected.clone(), typing, expected]);
    let ours = stage.caller.sent(text(&conversation, "Halo")).await;
    stage.caller.until(&ours, "state", "ACCEPTED").await;
    let refused = run(&stage, "markMessageRead", json!({ "messageId": ours })).await;
    assert_eq!((&refused["sign"], &refused["userErrors"][0]["code"]), (&Value::Null, &json!("INVALID")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_refuses_is_told_and_changes_nothing_here() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    stage.set_number(doc! { "$set": { "settings.readReceipts": true } }).await;
    stage.meta.trouble(json!({ "kind": "expired_token", "count": 1 })).await;
    let (count, receipt) = read(&stage, &conversation).await;
    assert_eq!((count, &receipt["state"]), (json!(0), &json!("HINDERED")));
    assert_eq!(
        (&receipt["error"]["code"], &receipt["error"]["metaCode"]),
        (&json!("REFUSED_BY_META"), &json!(190))
    );
    assert_eq!(stage.app.only("conversations").await["unread"], 0);
    // It was not shown, so the next time it is.
    assert_eq!(read(&stage, &conversation).await.1["state"], "SHOWN");

    let cases = [
        (doc! { "$set": { "pausedAtMs": 1_i64 } }, doc! { "$unset": { "pausedAtMs": "" } }, "WRONG_STATE"),
        (
            doc! { "$rename": { "accessToken": "kept" } },
            doc! { "$rename": { "kept": "accessToken" } },
            "NO_TOKEN",
        ),
    ];
    for (trouble, mended, code) in cases {
        stage.set_number(trouble).await;
        let message = stage.app.only("messages").await["_id"].clone();
        let hindered = run(&stage, "markMessageRead", json!({ "messageId": message })).await;
        assert_eq!(hindered["sign"]["error"]["code"], code, "{hindered}");
        stage.set_number(mended).await;
    }
}
