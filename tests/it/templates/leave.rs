//! What may be sent now, and what follows when Meta sees a window closed.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use super::{Desk, START_S};
use crate::support::mongo;
use crate::support::webhook::{Customer, inbound, status, text};

const PABLO: Customer<'static> =
    Customer { wa_id: "16505551234", user_id: "US.13491208655302741918", name: "Pablo" };
const DAY: Duration = Duration::from_hours(24);

/// Pablo writes so long after the start; gives the conversation.
async fn hear(desk: &Desk, wamid: &str, after_s: i64) -> Value {
    desk.app.take_changes(&[inbound(PABLO, wamid, START_S + after_s, text("Hi"))]).await;
    desk.app.ask(&desk.key, "{ conversations { nodes { id contactId } } }", json!({})).await["nodes"][0]
        .clone()
}

async fn leave(desk: &Desk, conversation: &Value) -> Value {
    desk.run("canSend", json!({ "conversationId": conversation["id"] })).await
}

async fn write(desk: &Desk, conversation: &Value) -> Value {
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
        message { id state } userErrors { code nextStep alternatives } } }";
    let input =
        json!({ "to": { "conversationId": conversation["id"] }, "content": { "text": { "body": "Halo" } } });
    desk.app.ask(&desk.key, query, json!({ "input": input })).await
}

async fn change(desk: &Desk, collection: &str, change: Document) {
    let documents = mongo::raw(&desk.app.database).await.collection::<Document>(collection);
    assert_eq!(documents.update_one(doc! {}, change).await.unwrap().matched_count, 1);
}

fn price<'l>(leave: &'l Value, category: &str) -> &'l Value {
    leave["prices"].as_array().unwrap().iter().find(|price| price["category"] == category).unwrap()
}

#[tokio::test]
async fn what_may_be_sent_follows_the_windows_and_the_number() {
    let desk = Desk::start().await;
    desk.sync().await;
    let conversation = hear(&desk, "wamid.1", -60).await;
    let open = leave(&desk, &conversation).await;
    assert_eq!((&open["scope"], &open["hold"]), (&json!("ANYTHING"), &Value::Null));
    assert_eq!(open["window"], json!({ "open": true, "endsAt": "2026-11-22T07:59:00Z" }));
    assert_eq!(open["freeEntryWindow"], json!({ "open": false, "endsAt": null }));
    assert_eq!(open["templates"].as_array().unwrap().len(), 5);
    // Since October 2026 an answer within the window costs as well.
    assert_eq!(
        price(&open, "service"),
        &json!({ "category": "service", "type": "regular", "isFree": false })
    );
    let query = "query($id: ID!) { conversation(id: $id) { canSend { scope window { open } } } }";
    let field = desk.app.ask(&desk.key, query, json!({ "id": conversation["id"] })).await;
    assert_eq!(field["canSend"], json!({ "scope": "ANYTHING", "window": { "open": true } }));

    change(&desk, "conversations", doc! { "$set": { "freeEntryEndsAt": START_S + 7_200 } }).await;
    let free = leave(&desk, &conversation).await;
    assert_eq!(free["freeEntryWindow"], json!({ "open": true, "endsAt": "2026-11-21T10:00:00Z" }));
    assert_eq!(
        price(&free, "marketing"),
        &json!({ "category": "marketing", "type": "free_entry_point", "isFree": true })
    );

    desk.done("pauseNumber", json!({ "id": desk.number })).await;
    let paused = leave(&desk, &conversation).await;
    assert_eq!((&paused["scope"], &paused["hold"]["reason"]), (&json!("NOTHING"), &json!("NUMBER_PAUSED")));
    desk.done("resumeNumber", json!({ "id": desk.number })).await;
    let block = doc! { "code": 190_i64, "reason": "token", "sinceMs": START_S * 1_000 };
    change(&desk, "numbers", doc! { "$set": { "block": block } }).await;
    let blocked = leave(&desk, &conversation).await;
    assert_eq!(blocked["hold"]["reason"], "NUMBER_BLOCKED");
    assert!(blocked["hold"]["nextStep"].is_string());
    change(&desk, "numbers", doc! { "$unset": { "block": "" } }).await;

    desk.app.clock.advance(DAY);
    let closed = leave(&desk, &conversation).await;
    assert_eq!((&closed["scope"], &closed["window"]["open"]), (&json!("TEMPLATES_ONLY"), &json!(false)));
    assert_eq!(price(&closed, "utility")["isFree"], false);
    change(&desk, "numbers", doc! { "$unset": { "accessToken": "" } }).await;
    assert_eq!(leave(&desk, &conversation).await["hold"]["reason"], "NO_TOKEN");
}

#[tokio::test]
async fn somebody_who_has_never_written_to_a_number_gets_templates_only() {
    let desk = Desk::start().await;
    desk.sync().await;
    let conversation = hear(&desk, "wamid.1", 0).await;
    let other = desk.add("106540352242923").await;
    let ask = async |contact: &Value, number: &str| {
        desk.run("canSend", json!({ "contactId": contact, "numberId": number })).await
    };
    let contact = &conversation["contactId"];
    assert_eq!(ask(contact, &desk.number).await["scope"], "ANYTHING");
    let never = ask(contact, &other).await;
    assert_eq!(
        (&never["scope"], &never["window"]),
        (&json!("TEMPLATES_ONLY"), &json!({ "open": false, "endsAt": null }))
    );
    assert_eq!(ask(&json!("0190a5f0-0000-7000-8000-000000000000"), &other).await, Value::Null);
    assert_eq!(desk.run("canSend", json!({ "contactId": contact })).await, Value::Null);
    assert_eq!(desk.run("canSend", json!({ "conversationId": "x" })).await, Value::Null);
}

#[tokio::test]
async fn outside_the_window_a_text_is_refused_with_templates_that_could_be_sent() {
    let desk = Desk::start().await;
    desk.sync().await;
    let conversation = hear(&desk, "wamid.1", 0).await;
    desk.app.clock.advance(DAY);
    let payload = write(&desk, &conversation).await;
    let error = &payload["userErrors"][0];
    assert_eq!(error["code"], "WINDOW_CLOSED");
    assert_eq!(error["alternatives"].as_array().unwrap().len(), 5);
    assert!(error["alternatives"].to_string().contains("appointment_reminder (en_US)"));
    assert_eq!(desk.app.all("messages").await.len(), 1, "nothing was queued");
}

#[tokio::test]
async fn a_window_that_meta_says_is_closed_is_closed_until_the_customer_writes_again() {
    let desk = Desk::start().await;
    desk.sync().await;
    // Meta's side knows nothing of what Pablo wrote, so it refuses the answer.
    let conversation = hear(&desk, "wamid.1", 0).await;
    assert_eq!(leave(&desk, &conversation).await["scope"], "ANYTHING");
    let sent = write(&desk, &conversation).await["message"]["id"].clone();
    desk.app.run_worker("outbound").await.unwrap();
    let query = "query($id: ID!) { outgoingMessage(id: $id) { state reason { metaCode } } }";
    let message = desk.app.ask(&desk.key, query, json!({ "id": sent })).await;
    assert_eq!(message, json!({ "state": "REFUSED", "reason": { "metaCode": 131_047 } }));
    assert_eq!(leave(&desk, &conversation).await["scope"], "TEMPLATES_ONLY");
    assert_eq!(write(&desk, &conversation).await["userErrors"][0]["code"], "WINDOW_CLOSED");
    desk.app.clock.advance(Duration::from_mins(5));
    let conversation = hear(&desk, "wamid.2", 300).await;
    assert_eq!(leave(&desk, &conversation).await["scope"], "ANYTHING");
}

#[tokio::test]
async fn a_failed_status_closes_the_window_too_unless_it_was_opened_since() {
    for (answer_s, scope) in [(None, "TEMPLATES_ONLY"), (Some(120), "ANYTHING")] {
        let desk = Desk::start().await;
        let conversation = hear(&desk, "wamid.1", 0).await;
        let echo = crate::support::webhook::echo(PABLO, "wamid.ours", START_S + 60, text("Halo"));
        desk.app.take_changes(&[echo]).await;
        if let Some(after_s) = answer_s {
            hear(&desk, "wamid.2", after_s).await;
        }
        let mut failed = status(PABLO, "wamid.ours", "failed", START_S + 90);
        failed["value"]["statuses"][0]["errors"] =
            json!([{ "code": 131_047, "title": "Re-engagement message" }]);
        desk.app.take_changes(&[failed]).await;
        desk.app.clock.advance(Duration::from_mins(5));
        assert_eq!(leave(&desk, &conversation).await["scope"], scope);
    }
}
