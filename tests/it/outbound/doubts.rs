//! What is doubtful: messages of which nothing is heard go the way that the workspace has chosen, and statuses that came
//! before the name of their message find it, whatever happens in between.

use std::time::Duration;

use pesan::auth::Role;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};

use super::later::run;
use super::senders::Senders;
use super::stage::{Caller, PABLO, Stage, key_of, template, text};
use crate::reading::operation;
use crate::support::webhook::{Customer, status};
use crate::support::{PATIENCE, eventually, within};

const UNHEARD_FOR: Duration = Duration::from_secs(601);

fn pablo() -> Customer<'static> {
    Customer::new(PABLO.trim_start_matches('+'), "US.13491208655302741918")
}

async fn choose(caller: &Caller, policy: &str) {
    let input = json!({ "whenUnconfirmed": policy, "acceptsDuplicates": policy == "RESEND" });
    let payload = run(caller, "updateSendingSettings", json!({ "input": input })).await;
    assert_eq!(payload["settings"]["whenUnconfirmed"], policy, "{payload:#}");
    let seen = run(caller, "sendingSettings", json!({})).await;
    assert_eq!(seen, json!({ "whenUnconfirmed": policy, "unconfirmedAfterSeconds": 600 }));
}

/// Sends a text whose answer gets lost, and of which no status tells.
async fn lose(stage: &Stage, times: u32) -> String {
    let conversation = stage.hear().await;
    stage.meta.tell("http://127.0.0.1:1");
    stage.meta.trouble(json!({ "kind": "dropped_response", "count": times })).await;
    let id = stage.caller.sent(text(&conversation, "1")).await;
    stage.caller.until(&id, "state", "UNCONFIRMED").await;
    id
}

/// Meta's names of the message, as its answers had them that got lost or not.
async fn names(stage: &Stage) -> Vec<String> {
    let sends = stage.meta.sends().await.into_iter();
    let answers = sends.map(|(_, _, answer)| serde_json::from_str::<Value>(&answer).unwrap());
    answers.map(|answer| answer["messages"][0]["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policy_is_the_admins_noted_and_explicit_about_its_risk() {
    let stage = Stage::start().await;
    let caller = &stage.caller;
    let settings = run(caller, "sendingSettings", json!({})).await;
    assert_eq!(settings["whenUnconfirmed"], "LEAVE");
    let input = json!({ "whenUnconfirmed": "RESEND" });
    let payload = run(caller, "updateSendingSettings", json!({ "input": input })).await;
    let error = &payload["userErrors"][0];
    assert_eq!((&error["field"], &error["code"]), (&json!("acceptsDuplicates"), &json!("INVALID")));
    assert_eq!(payload["settings"], Value::Null);
    choose(caller, "RESEND").await;
    choose(caller, "LEAVE").await;
    let agent = Caller {
        url: stage.app.url.clone(),
        key: key_of(&stage.app.storage, first_workspace(), Role::Agent).await,
    };
    let answer = agent.ask(&operation("updateSendingSettings"), json!({ "input": input })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let noted: Vec<Value> = stage.app.all("audit").await;
    let noted: Vec<&Value> = noted.iter().filter(|entry| entry["deed"] == "change-settings").collect();
    let changes: Vec<(&Value, &Value)> =
        noted.iter().map(|entry| (&entry["changes"][0]["from"], &entry["changes"][0]["to"])).collect();
    assert_eq!(
        changes,
        [(&json!("leave"), &json!("resend")), (&json!("resend"), &json!("leave"))],
        "{noted:#?}"
    );
    let other = Caller {
        url: stage.app.url.clone(),
        key: key_of(&stage.app.storage, uuid::Uuid::from_u128(7), Role::Owner).await,
    };
    choose(caller, "FAIL").await;
    assert_eq!(run(&other, "sendingSettings", json!({})).await["whenUnconfirmed"], "LEAVE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_to_fail_it_fails_and_a_late_status_proves_the_opposite() {
    let stage = Stage::start().await;
    choose(&stage.caller, "FAIL").await;
    let id = lose(&stage, 1).await;
    stage.app.clock.advance(UNHEARD_FOR);
    let failed = stage.caller.until(&id, "state", "REFUSED").await;
    assert!(failed["reason"]["nextStep"].is_string(), "{failed:#}");
    let message = run(&stage.caller, "outgoingMessage", json!({ "id": id })).await;
    assert!(message["timeline"].as_array().unwrap().iter().any(|one| one["step"] == "GIVEN_UP"));
    assert_eq!(stage.meta.taken().await.len(), 1);
    let mut late = status(pablo(), &names(&stage).await[0], "delivered", 1_795_248_000);
    late["value"]["statuses"][0]["biz_opaque_callback_data"] = id.as_str().into();
    stage.app.take_changes(&[late]).await;
    let proved = stage.caller.until(&id, "status", "DELIVERED").await;
    assert_eq!((&proved["state"], &proved["reason"]), (&json!("ACCEPTED"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_to_be_sent_again_it_is_and_not_for_ever() {
    let stage = Stage::start().await;
    choose(&stage.caller, "RESEND").await;
    let id = lose(&stage, 3).await;
    for sends in 2..=3 {
        stage.app.clock.advance(UNHEARD_FOR);
        eventually("it is sent again", || async { (stage.meta.taken().await.len() == sends).then_some(()) })
            .await;
        stage.caller.until(&id, "state", "UNCONFIRMED").await;
    }
    stage.app.clock.advance(UNHEARD_FOR);
    let message = eventually("it is left", || async {
        let message = run(&stage.caller, "outgoingMessage", json!({ "id": id })).await;
        let timeline = message["timeline"].as_array().unwrap();
        timeline.iter().any(|one| one["step"] == "LEFT_UNCONFIRMED").then_some(message)
    })
    .await;
    assert_eq!(message["state"], "UNCONFIRMED");
    let again = message["timeline"].as_array().unwrap().iter().filter(|one| one["step"] == "SENT_AGAIN");
    assert_eq!(again.count(), 2);
    assert_eq!(stage.meta.taken().await.len(), 3);
    // Somebody who has asked the customer may have it sent all the same.
    let refused = run(&stage.caller, "retryMessage", json!({ "id": id })).await;
    assert_eq!(refused["userErrors"][0]["code"], "WRONG_STATE");
    let retried = run(&stage.caller, "retryMessage", json!({ "id": id, "evenIfUnconfirmed": true })).await;
    assert_eq!(retried["userErrors"], json!([]));
    stage.caller.until(&id, "state", "ACCEPTED").await;
    assert_eq!(stage.meta.taken().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_without_our_id_is_found_once_another_status_brings_it() {
    let stage = Stage::start().await;
    let id = lose(&stage, 1).await;
    let wamid = names(&stage).await.remove(0);
    let at_s = 1_795_248_000;
    stage.app.take_changes(&[status(pablo(), &wamid, "delivered", at_s + 1)]).await;
    assert_eq!(stage.caller.message(&id).await["state"], "UNCONFIRMED", "it carries no id of ours");
    let mut with_id = status(pablo(), &wamid, "sent", at_s);
    with_id["value"]["statuses"][0]["biz_opaque_callback_data"] = id.as_str().into();
    stage.app.take_changes(&[with_id]).await;
    let message = stage.caller.until(&id, "status", "DELIVERED").await;
    assert_eq!(message["state"], "ACCEPTED");
    eventually("nothing waits any more", || async {
        let statuses = stage.app.all("statuses").await;
        statuses.iter().all(|status| status.get("waiting").is_none()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_right_after_the_answer_was_stored_leaves_no_status_waiting() {
    let mut senders = Senders::new(1, true, &[]).await;
    senders.fleet.instances[0].stop().await;
    senders.fleet.instances[0].start(Some(("after-acceptance", 1)));
    senders.fleet.instances[0].ready(PATIENCE).await;
    senders.meta.trouble(json!({ "kind": "nameless_status_first", "count": 1 })).await;
    let caller = senders.callers[0].clone();
    let id = caller.sent(template("+6281200000077", "7")).await;
    senders.fleet.instances[0].death().await;
    let statuses = senders.fleet.database.collection::<mongodb::bson::Document>("statuses");
    let waiting = mongodb::bson::doc! { "waiting": true };
    senders.fleet.instances[0].start(None);
    senders.fleet.instances[0].ready(PATIENCE).await;
    // It was told before the answer; on a busy machine the death comes before it is applied.
    within(Duration::from_mins(1), "its status has moved it", || async {
        let message = caller.message(&id).await;
        (message["state"] == "ACCEPTED" && message["status"] != "ACCEPTED").then_some(())
    })
    .await;
    within(Duration::from_mins(1), "nothing waits any more", || async {
        (statuses.count_documents(waiting.clone()).await.unwrap() == 0).then_some(())
    })
    .await;
    assert_eq!(senders.meta.taken().await.len(), 1);
    senders.fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_its_living_holder_does_not_work_on_comes_back() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let mut planned = text(&conversation, "later");
    let at_ms = stage.app.clock.clock().now_ms() + 3_600_000;
    planned["sendAt"] = pesan::clock::Timestamp::from_millisecond(at_ms).unwrap().to_string().into();
    let id = stage.caller.sent(planned).await;
    // As a claim leaves it whose answer is lost.
    let raw = crate::support::mongo::raw(&stage.app.database).await;
    let instances = raw.collection::<mongodb::bson::Document>("instances");
    let instance = eventually("the instance is known", || async {
        instances.find_one(mongodb::bson::doc! {}).await.unwrap()
    })
    .await;
    let held = mongodb::bson::doc! {
        "$set": {
            "holder": instance.get("_id").unwrap(),
            "claim": mongodb::bson::Uuid::new(),
            "leaseUntil": mongodb::bson::DateTime::from_millis(pesan::clock::Clock::system().now_ms() + 10_000),
        },
        "$unset": { "readyAtMs": "" },
    };
    let turns = raw.collection::<mongodb::bson::Document>("turns");
    let changed =
        turns.update_one(mongodb::bson::doc! { "readyAtMs": { "$exists": true } }, held).await.unwrap();
    assert_eq!(changed.modified_count, 1);
    stage.app.clock.advance(Duration::from_hours(1));
    stage.caller.until(&id, "state", "ACCEPTED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_something_on_the_way_tells_nothing_and_the_status_settles_it() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    stage.meta.tell("http://127.0.0.1:1");
    let answers: [u16; 3] = [500, 502, 504];
    for answer in answers {
        let page = json!({ "kind": "gateway_error", "target": "/messages", "status": answer, "count": 1 });
        stage.meta.trouble(page).await;
        let id = stage.caller.sent(text(&conversation, "Halo")).await;
        stage.caller.until(&id, "state", "UNCONFIRMED").await;
        let mut told = status(pablo(), &format!("wamid.{answer}"), "sent", 1_795_248_000);
        told["value"]["statuses"][0]["biz_opaque_callback_data"] = id.as_str().into();
        stage.app.take_changes(&[told]).await;
        stage.caller.until(&id, "state", "ACCEPTED").await;
    }
    let seen: Vec<u16> = stage
        .meta
        .sends()
        .await
        .iter()
        .map(|(_, status, _)| u16::try_from(status.unwrap()).unwrap())
        .collect();
    assert_eq!(seen, answers, "none is sent again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policy_decides_after_the_time_that_is_set() {
    let stage = Stage::start_with(true, &[("PESAN_UNCONFIRMED_AFTER_S", "60")]).await;
    let caller = &stage.caller;
    let payload =
        run(caller, "updateSendingSettings", json!({ "input": { "whenUnconfirmed": "FAIL" } })).await;
    assert_eq!(payload["settings"], json!({ "whenUnconfirmed": "FAIL", "unconfirmedAfterSeconds": 60 }));
    let id = lose(&stage, 1).await;
    stage.app.clock.advance(Duration::from_secs(50));
    // By then whatever was due has been done.
    let other = caller.sent(text(&stage.conversation().await, "2")).await;
    caller.until(&other, "state", "ACCEPTED").await;
    assert_eq!(caller.message(&id).await["state"], "UNCONFIRMED");
    stage.app.clock.advance(Duration::from_secs(11));
    caller.until(&id, "state", "REFUSED").await;
}

fn steps(message: &Value) -> Vec<&str> {
    message["timeline"].as_array().unwrap().iter().map(|one| one["step"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_behind_a_doubtful_or_a_cancelled_message_leaves() {
    let stage = Stage::start().await;
    let doubtful = lose(&stage, 1).await;
    let conversation = stage.conversation().await;
    let behind = stage.caller.sent(text(&conversation, "2")).await;
    stage.caller.until(&behind, "state", "ACCEPTED").await;
    let message = run(&stage.caller, "outgoingMessage", json!({ "id": doubtful })).await;
    assert_eq!(message["state"], "UNCONFIRMED", "nothing has told of it yet");
    assert_eq!(steps(&message), ["QUEUED", "CLAIMED", "LEFT", "UNCONFIRMED"]);

    stage.meta.trouble(json!({ "kind": "rate_limited", "code": 80_007, "count": 1 })).await;
    let cancelled = stage.caller.sent(text(&conversation, "3")).await;
    eventually("it waits for another try", || async {
        let message = stage.caller.message(&cancelled).await;
        (message["attempts"].get(0)?["state"] == "QUEUED").then_some(())
    })
    .await;
    let behind = stage.caller.sent(text(&conversation, "4")).await;
    assert_eq!(stage.caller.message(&behind).await["state"], "QUEUED");
    let payload = run(&stage.caller, "cancelMessage", json!({ "id": cancelled })).await;
    assert_eq!(payload["message"]["state"], "CANCELLED");
    stage.app.clock.advance(Duration::from_mins(10));
    stage.caller.until(&behind, "state", "ACCEPTED").await;
    let message = run(&stage.caller, "outgoingMessage", json!({ "id": cancelled })).await;
    assert_eq!(steps(&message).last(), Some(&"CANCELLED"));
    let texts: Vec<Value> =
        stage.meta.taken().await.iter().map(|body| body["text"]["body"].clone()).collect();
    assert_eq!(texts, ["1", "2", "4"]);
}
