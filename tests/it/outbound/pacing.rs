//! Templates that Meta takes and does not send at once: that is kept, and said in words.

use serde_json::{Value, json};

use super::later::run;
use super::stage::{PABLO, Stage, template};

/// Sends a template that Meta treats so; gives our id, and the message once it is taken.
async fn taken(stage: &Stage, kind: &str) -> (String, Value) {
    stage.meta.trouble(json!({ "kind": kind, "count": 1 })).await;
    let id = stage.caller.sent(template(PABLO, "7")).await;
    stage.caller.until(&id, "state", "ACCEPTED").await;
    let message = run(&stage.caller, "outgoingMessage", json!({ "id": id })).await;
    (id, message)
}

/// What happened with us: the clock of the test is not Meta's.
fn ours(message: &Value) -> Vec<&Value> {
    message["timeline"].as_array().unwrap().iter().filter(|one| one["step"] != "STATUS").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_holds_or_does_not_send_is_told_with_what_to_do() {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    let check = |message: &Value, pacing: &str, step: &str, word: &str| {
        assert_eq!(message["pacing"], pacing, "{message:#}");
        let ours = ours(message);
        let steps: Vec<&str> = ours.iter().map(|one| one["step"].as_str().unwrap()).collect();
        assert_eq!(steps, ["QUEUED", "CLAIMED", "LEFT", "ACCEPTED", step]);
        let told = ours[4];
        assert_eq!((&told["attempt"], &told["at"]), (&json!(1), &ours[3]["at"]));
        assert!(told["reason"]["message"].as_str().unwrap().contains(word), "{told:#}");
        assert!(told["reason"]["nextStep"].is_string(), "{told:#}");
    };
    let (held, message) = taken(&stage, "held_for_quality").await;
    check(&message, "HELD_FOR_QUALITY", "HELD", "quality");
    let (paused, message) = taken(&stage, "template_paused").await;
    check(&message, "PAUSED", "TEMPLATE_PAUSED", "paused");

    // What came of them, statuses tell.
    stage.caller.until(&held, "status", "READ").await;
    let message = run(&stage.caller, "outgoingMessage", json!({ "id": held })).await;
    assert_eq!(message["pacing"], "HELD_FOR_QUALITY");
    stage.caller.until(&paused, "status", "FAILED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_sends_at_once_has_no_pacing() {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    let id = stage.caller.sent(template(PABLO, "7")).await;
    stage.caller.until(&id, "status", "READ").await;
    let message = run(&stage.caller, "outgoingMessage", json!({ "id": id })).await;
    assert_eq!(message["pacing"], Value::Null);
    assert_eq!(ours(&message).last().unwrap()["step"], "ACCEPTED");
}
