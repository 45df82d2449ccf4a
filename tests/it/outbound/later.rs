//! What is done to messages after they were asked for: reactions, another time, and the timeline that tells of it all.

use std::time::Duration;

use mongodb::bson::doc;
use pesan::auth::Role;
use pesan::meta::fault;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::{Caller, Stage, key_of, template, text};
use crate::reading::operation;
use crate::support::eventually;

/// The payload of an operation of `graphql/operations`.
pub async fn run(caller: &Caller, name: &str, variables: Value) -> Value {
    let mut answer = caller.ask(&operation(name), variables).await;
    assert_eq!(answer["errors"], Value::Null, "{name}: {answer:#}");
    answer["data"][name].take()
}

async fn refused(caller: &Caller, name: &str, variables: Value) -> (Value, Value) {
    let payload = run(caller, name, variables).await;
    let error = &payload["userErrors"][0];
    assert!(error["message"].is_string(), "{name}: {payload:#}");
    (error["field"].clone(), error["code"].clone())
}

pub fn in_future(stage: &Stage, hours: u64) -> String {
    let ms = stage.app.clock.clock().now_ms() + i64::try_from(hours).unwrap() * 3_600_000;
    pesan::clock::Timestamp::from_millisecond(ms).unwrap().to_string()
}

async fn shown(caller: &Caller, conversation: &str) -> Vec<Value> {
    let query = "query($id: ID!) { messages(conversationId: $id) { nodes {
        id direction content { type } reactions { contactId emoji }
    } } }";
    let mut answer = caller.ask(query, json!({ "id": conversation })).await;
    assert_eq!(answer["errors"], Value::Null, "{answer:#}");
    serde_json::from_value(answer["data"]["messages"]["nodes"].take()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_leaves_in_its_turn_and_is_shown_by_its_message_alone() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let caller = &stage.caller;
    let theirs = shown(caller, &conversation).await[0]["id"].clone();
    let before = caller.sent(text(&conversation, "before")).await;
    let input = json!({ "messageId": theirs, "emoji": "👍", "idempotencyKey": "thumb" });
    let payload = run(caller, "sendReaction", json!({ "input": input })).await;
    assert_eq!(payload["userErrors"], json!([]));
    let again = run(caller, "sendReaction", json!({ "input": input })).await;
    assert_eq!(again["reaction"]["id"], payload["reaction"]["id"], "the same key gives the same");
    let reaction = payload["reaction"]["id"].as_str().unwrap().to_owned();
    let after = caller.sent(text(&conversation, "after")).await;
    for id in [&before, &reaction, &after] {
        caller.until(id, "state", "ACCEPTED").await;
    }
    let taken = stage.meta.taken().await;
    let kinds: Vec<&Value> = taken.iter().map(|body| &body["type"]).collect();
    assert_eq!(kinds, ["text", "reaction", "text"]);
    assert_eq!(taken[1]["reaction"]["emoji"], "👍");
    let messages = shown(caller, &conversation).await;
    assert_eq!(messages.len(), 3, "no message of its own: {messages:#?}");
    let theirs_now = messages.iter().find(|one| one["id"] == theirs).unwrap();
    assert_eq!(theirs_now["reactions"], json!([{ "contactId": null, "emoji": "👍" }]));
    let listed = stage.app.only("conversations").await;
    assert_eq!((&listed["messages"], &listed["last"]["message"]), (&json!(3), &json!(after)));

    // Ours too; and another one goes in its place, and none takes it away.
    for (emoji, expected) in
        [(json!("❤️"), json!([{ "contactId": null, "emoji": "❤️" }])), (Value::Null, json!([]))]
    {
        let input = json!({ "messageId": after, "emoji": emoji });
        let payload = run(caller, "sendReaction", json!({ "input": input })).await;
        let id = payload["reaction"]["id"].as_str().unwrap();
        caller.until(id, "state", "ACCEPTED").await;
        let messages = shown(caller, &conversation).await;
        let ours = messages.iter().find(|one| one["id"] == after.as_str()).unwrap();
        assert_eq!(ours["reactions"], expected);
    }
    assert_eq!(stage.meta.taken().await.last().unwrap()["reaction"]["emoji"], "");
    // What Meta does not take is shown by nobody.
    stage.meta.trouble(json!({ "kind": "rate_limited", "code": 131_009, "count": 1 })).await;
    let input = json!({ "messageId": theirs, "emoji": "😡" });
    let payload = run(caller, "sendReaction", json!({ "input": input })).await;
    caller.until(payload["reaction"]["id"].as_str().unwrap(), "state", "REFUSED").await;
    let messages = shown(caller, &conversation).await;
    let theirs_now = messages.iter().find(|one| one["id"] == theirs).unwrap();
    assert_eq!(theirs_now["reactions"][0]["emoji"], "👍");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_no_reaction_is_refused_with_its_reason() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let caller = &stage.caller;
    let theirs = shown(caller, &conversation).await[0]["id"].clone();
    let react = async |caller: &Caller, message: &Value| {
        let input = json!({ "messageId": message, "emoji": "👍" });
        refused(caller, "sendReaction", json!({ "input": input })).await
    };
    let not_found = (json!("messageId"), json!("NOT_FOUND"));
    assert_eq!(react(caller, &json!("nobody")).await, not_found);
    let key = key_of(&stage.app.storage, Uuid::from_u128(7), Role::Owner).await;
    let stranger = Caller { url: stage.app.url.clone(), key };
    assert_eq!(react(&stranger, &theirs).await, not_found);
    let mut planned = text(&conversation, "later");
    planned["sendAt"] = in_future(&stage, 1).into();
    let planned = caller.sent(planned).await;
    let invalid = (json!("messageId"), json!("INVALID"));
    assert_eq!(react(caller, &json!(planned)).await, invalid, "Meta has not named it");
    let input = json!({ "messageId": theirs, "emoji": "👍" });
    let payload = run(caller, "sendReaction", json!({ "input": input })).await;
    let reaction = payload["reaction"]["id"].clone();
    caller.until(reaction.as_str().unwrap(), "state", "ACCEPTED").await;
    let about = (json!("content.reaction.messageId"), json!("INVALID"));
    assert_eq!(react(caller, &reaction).await, about, "a reaction takes none");
    let old_s = stage.app.clock.clock().now_ms() / 1_000 - 31 * 24 * 3_600;
    let messages = crate::support::mongo::raw(&stage.app.database).await;
    let messages = messages.collection::<mongodb::bson::Document>("messages");
    let theirs_id = theirs.as_str().unwrap();
    messages.update_one(doc! { "_id": theirs_id }, doc! { "$set": { "at": old_s } }).await.unwrap();
    assert_eq!(react(caller, &theirs).await, about, "it is too old");
    let viewer = Caller {
        url: stage.app.url.clone(),
        key: key_of(&stage.app.storage, first_workspace(), Role::Viewer).await,
    };
    let answer = viewer.ask(&operation("sendReaction"), json!({ "input": input })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planned_message_takes_another_time_or_leaves_now() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let caller = &stage.caller;
    let mut planned = text(&conversation, "planned");
    planned["sendAt"] = in_future(&stage, 1).into();
    let (first, second) = (caller.sent(planned.clone()).await, caller.sent(planned).await);
    let later = in_future(&stage, 3);
    let moved = run(caller, "rescheduleMessage", json!({ "id": first, "sendAt": later })).await;
    assert_eq!((&moved["message"]["sendAt"], &moved["userErrors"]), (&json!(later), &json!([])));
    stage.app.clock.advance(Duration::from_hours(1));
    caller.until(&second, "state", "ACCEPTED").await;
    assert_eq!(caller.message(&first).await["state"], "QUEUED");
    let now = run(caller, "rescheduleMessage", json!({ "id": first })).await;
    assert_eq!(now["userErrors"], json!([]));
    caller.until(&first, "state", "ACCEPTED").await;
    let listed = stage.app.only("conversations").await;
    assert_eq!((&listed["messages"], &listed["last"]["message"]), (&json!(3), &json!(first)));
    assert_eq!(shown(caller, &conversation).await[0]["id"], json!(first), "it stands where it left");
    let timeline = run(caller, "outgoingMessage", json!({ "id": first })).await["timeline"].take();
    let steps: Vec<&str> =
        timeline.as_array().unwrap().iter().map(|one| one["step"].as_str().unwrap()).collect();
    assert_eq!(&steps[..2], ["QUEUED", "RESCHEDULED"]);
    assert_eq!(timeline[1]["sendAt"], json!(later));
    assert!(timeline[1]["by"].as_str().unwrap().starts_with("api-key:"));

    let move_to = async |caller: &Caller, id: &str, at: Value| {
        refused(caller, "rescheduleMessage", json!({ "id": id, "sendAt": at })).await
    };
    let wrong_state = (json!("id"), json!("WRONG_STATE"));
    assert_eq!(move_to(caller, &first, in_future(&stage, 1).into()).await, wrong_state);
    let mut again = text(&conversation, "again");
    again["sendAt"] = in_future(&stage, 1).into();
    let third = caller.sent(again).await;
    let past = json!("2020-01-01T00:00:00Z");
    assert_eq!(move_to(caller, &third, past).await, (json!("sendAt"), json!("INVALID")));
    let beyond = in_future(&stage, 400 * 24).into();
    assert_eq!(move_to(caller, &third, beyond).await, (json!("sendAt"), json!("INVALID")));
    let closed = in_future(&stage, 30).into();
    assert_eq!(move_to(caller, &third, closed).await, (json!("content"), json!("WINDOW_CLOSED")));
    let not_found = (json!("id"), json!("NOT_FOUND"));
    assert_eq!(move_to(caller, "nobody", Value::Null).await, not_found);
    let key = key_of(&stage.app.storage, Uuid::from_u128(7), Role::Owner).await;
    let stranger = Caller { url: stage.app.url.clone(), key };
    assert_eq!(move_to(&stranger, &third, Value::Null).await, not_found);
    let cancelled = run(caller, "cancelMessage", json!({ "id": third })).await;
    assert_eq!(cancelled["message"]["state"], "CANCELLED");
    assert_eq!(move_to(caller, &third, Value::Null).await, wrong_state);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_timeline_tells_everything_that_happened() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let caller = &stage.caller;
    stage.meta.trouble(json!({ "kind": "rate_limited", "code": 80_007, "count": 1 })).await;
    let payload = run(caller, "sendMessage", json!({ "input": text(&conversation, "Halo") })).await;
    let id = payload["message"]["id"].as_str().unwrap().to_owned();
    eventually("it waits for another try", || async {
        let message = caller.message(&id).await;
        (message["attempts"].get(0)?["state"] == "QUEUED").then_some(())
    })
    .await;
    stage.app.clock.advance(Duration::from_mins(2));
    caller.until(&id, "status", "READ").await;
    let message = run(caller, "outgoingMessage", json!({ "id": id })).await;
    let timeline = message["timeline"].as_array().unwrap();
    assert!(timeline.iter().all(|one| one["at"].is_string()), "{timeline:#?}");
    let step = |one: &Value| one["step"].as_str().unwrap().to_owned();
    // The clock of the test is not Meta's.
    let (told, ours): (Vec<&Value>, Vec<&Value>) = timeline.iter().partition(|one| one["step"] == "STATUS");
    let steps: Vec<String> = ours.iter().map(|one| step(one)).collect();
    assert_eq!(
        steps,
        ["QUEUED", "CLAIMED", "LEFT", "WILL_RETRY", "CLAIMED", "LEFT", "ACCEPTED"],
        "{timeline:#?}"
    );
    assert_eq!((&ours[3]["reason"]["metaCode"], &ours[3]["attempt"]), (&json!(80_007), &json!(1)));
    assert_eq!(ours[6]["attempt"], 2);
    assert!(ours[0]["by"].as_str().unwrap().starts_with("api-key:"));
    let told: Vec<&Value> = told.iter().map(|one| &one["report"]["status"]).collect();
    assert_eq!(told, ["SENT", "DELIVERED", "READ"]);
    let query = "query($id: ID!) { message(id: $id) { timeline { step at attempt } } }";
    let of_message = caller.ask(query, json!({ "id": id })).await;
    let of_message = of_message["data"]["message"]["timeline"].as_array().unwrap().clone();
    assert_eq!(
        of_message.iter().map(step).collect::<Vec<_>>(),
        timeline.iter().map(step).collect::<Vec<_>>()
    );
    let theirs = shown(caller, &conversation).await.pop().unwrap();
    let answer = caller.ask(query, json!({ "id": theirs["id"] })).await;
    assert_eq!(answer["data"]["message"]["timeline"][0]["step"], "RECEIVED");

    let wrong = json!({ "to": { "conversationId": conversation }, "content": { "raw": { "type": "text", "text": {} } } });
    let wrong = caller.sent(wrong).await;
    caller.until(&wrong, "state", "REFUSED").await;
    run(caller, "retryMessage", json!({ "id": wrong })).await;
    let timeline = eventually("it was tried anew", || async {
        let message = run(caller, "outgoingMessage", json!({ "id": wrong })).await;
        let timeline = message["timeline"].as_array().unwrap().clone();
        (timeline.iter().filter(|one| one["step"] == "REFUSED").count() == 2).then_some(timeline)
    })
    .await;
    assert!(timeline.iter().any(|one| one["step"] == "RETRIED" && one["by"].is_string()), "{timeline:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_took_and_could_not_deliver_is_told_by_the_timeline_with_code_and_meaning() {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    // Nobody at Meta has this number. Its answer does not say so: a status does, later.
    let id = stage.caller.sent(template("+62 812 3456 7890", "7")).await;
    stage.caller.until(&id, "status", "FAILED").await;
    let entry = fault::look_up(131_026).unwrap();
    for (language, meaning, advice) in
        [("EN", entry.meaning.en, entry.advice.en), ("ID", entry.meaning.id, entry.advice.id)]
    {
        let variables = json!({ "id": id, "language": language });
        let message = run(&stage.caller, "outgoingMessage", variables).await;
        assert_eq!((&message["state"], &message["reason"]), (&json!("ACCEPTED"), &Value::Null));
        let timeline = message["timeline"].as_array().unwrap();
        let steps: Vec<&Value> = timeline.iter().map(|one| &one["step"]).collect();
        assert_eq!(steps, ["QUEUED", "CLAIMED", "LEFT", "ACCEPTED", "STATUS"], "{timeline:#?}");
        let failed = timeline.last().unwrap();
        assert!(failed["at"].is_string() && failed["report"]["receivedAt"].is_string(), "{failed:#}");
        assert_eq!(failed["report"]["status"], "FAILED");
        let failure = json!({ "code": 131_026, "cause": meaning, "nextStep": advice });
        assert_eq!(failed["report"]["failures"], json!([failure]));
    }
    let query = "query($id: ID!) { message(id: $id) {
        status failure { code } timeline { step report { status failures { code metaWords } } }
    } }";
    let mut answer = stage.caller.ask(query, json!({ "id": id })).await;
    assert_eq!(answer["errors"], Value::Null, "{answer:#}");
    let message = answer["data"]["message"].take();
    assert_eq!((&message["status"], &message["failure"]["code"]), (&json!("FAILED"), &json!(131_026)));
    let failed = message["timeline"].as_array().unwrap().last().unwrap();
    let failure = json!({ "code": 131_026, "metaWords": "Message undeliverable" });
    assert_eq!(failed["report"], json!({ "status": "FAILED", "failures": [failure] }), "{message:#}");
}
