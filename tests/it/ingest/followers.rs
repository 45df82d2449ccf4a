//! What is about another message: statuses, reactions, edits, revokes – early, late, twice, out of order.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::webhook::{Customer, NOW_S, echo, inbound, status, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };

fn reaction(wamid: &str, target: &str, emoji: Option<&str>, at_s: i64) -> Value {
    let mut reaction = json!({ "message_id": target });
    if let Some(emoji) = emoji {
        reaction["emoji"] = emoji.into();
    }
    inbound(BUDI, wamid, at_s, json!({ "type": "reaction", "reaction": reaction }))
}

#[tokio::test]
async fn statuses_move_a_message_forward_only_and_keep_the_first_time_of_each_step() {
    let app = TestApp::start_with_number();
    app.take_changes(&[echo(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    for (step, at_s) in [("read", 30), ("sent", 10), ("delivered", 21), ("delivered", 20), ("sent", 10)] {
        app.take_changes(&[status(BUDI, "wamid.1", step, NOW_S + at_s)]).await;
    }
    let message = app.only("messages").await;
    assert_eq!(message["rank"], 5, "read");
    let times = &message["times"];
    assert_eq!(times["sent"], NOW_S + 10);
    assert_eq!(times["delivered"], NOW_S + 20, "the first report of delivery");
    assert_eq!(times["read"], NOW_S + 30);
    let statuses = app.all("statuses").await;
    assert_eq!(statuses.len(), 4, "each report once");
    assert!(statuses.iter().all(|one| one["waiting"].is_null()));
    assert_eq!(app.only("conversations").await["messages"], 1, "a status is no message");
}

#[tokio::test]
async fn what_comes_again_in_the_same_batch_is_counted_as_a_repeat() {
    let app = TestApp::start_with_number();
    let template = json!({ "field": "message_template_status_update", "value": {
        "event": "APPROVED", "message_template_id": 12, "message_template_name": "promo",
        "message_template_language": "id", "reason": "NONE" } });
    let batch = [
        echo(BUDI, "wamid.1", NOW_S, text("halo")),
        reaction("wamid.2", "wamid.1", Some("👍"), NOW_S + 1),
        status(BUDI, "wamid.1", "sent", NOW_S + 1),
        template,
    ];
    app.take_changes(&[&batch[..], &batch[..], &batch[..]].concat()).await;
    for (field, kind) in [
        ("smb_message_echoes", "text"),
        ("messages", "reaction"),
        ("messages", "sent"),
        ("message_template_status_update", "template"),
    ] {
        let count = async |outcome: &str| {
            let labels = format!(r#"field="{field}",kind="{kind}",outcome="{outcome}""#);
            app.count(&format!("pesan_ingest_items_total{{{labels}}}")).await
        };
        assert_eq!((count("stored").await, count("repeat").await), (1, 2), "{field} {kind}");
    }
}

#[tokio::test]
async fn a_failure_is_final_unless_delivery_is_proved() {
    let app = TestApp::start_with_number();
    app.take_changes(&[echo(BUDI, "wamid.1", NOW_S, text("a")), echo(BUDI, "wamid.2", NOW_S, text("b"))])
        .await;
    let mut failed = status(BUDI, "wamid.1", "failed", NOW_S + 5);
    failed["value"]["statuses"][0]["errors"] =
        json!([{ "code": 131_026, "title": "Message undeliverable", "message": "Message undeliverable" }]);
    let mut other = failed.clone();
    other["value"]["statuses"][0]["id"] = "wamid.2".into();
    app.take_changes(&[failed, other]).await;
    app.take_changes(&[
        status(BUDI, "wamid.1", "sent", NOW_S + 9),
        status(BUDI, "wamid.2", "delivered", NOW_S + 9),
    ])
    .await;
    let messages = app.all("messages").await;
    assert_eq!(messages[0]["rank"], 3);
    let failure = &messages[0]["failure"]["is"];
    assert_eq!(failure["code"], 131_026);
    assert_eq!(messages[1]["rank"], 4);
}

#[tokio::test]
async fn a_status_and_a_reaction_that_come_before_their_message_wait_for_it() {
    let app = TestApp::start_with_number();
    app.take_changes(&[
        status(BUDI, "wamid.1", "delivered", NOW_S + 5),
        reaction("wamid.r", "wamid.1", Some("👍"), NOW_S + 6),
    ])
    .await;
    assert_eq!(app.only("statuses").await["waiting"], true);
    assert_eq!(app.only("edits").await["waiting"], true);
    assert_eq!(app.all("messages").await.len(), 0);
    app.take_changes(&[echo(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    let message = app.only("messages").await;
    assert_eq!(message["rank"], 4);
    let reactions = &message["reactions"];
    assert_eq!(reactions.as_object().unwrap().len(), 1);
    assert!(app.only("statuses").await["waiting"].is_null());
    assert!(app.only("edits").await["waiting"].is_null());
    assert_eq!(app.told().await, ["contact", "message", "status", "messageChanged"]);
}

#[tokio::test]
async fn the_latest_reaction_of_each_person_stays_and_can_be_taken_back() {
    let app = TestApp::start_with_number();
    app.take_changes(&[echo(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    app.take_changes(&[reaction("wamid.r2", "wamid.1", Some("❤️"), NOW_S + 20)]).await;
    app.take_changes(&[reaction("wamid.r1", "wamid.1", Some("👍"), NOW_S + 10)]).await;
    let reactions = app.only("messages").await["reactions"].clone();
    let one = reactions.as_object().unwrap().values().next().unwrap().clone();
    assert_eq!(one["emoji"], "❤️");
    app.take_changes(&[reaction("wamid.r3", "wamid.1", None, NOW_S + 30)]).await;
    let reactions = app.only("messages").await["reactions"].clone();
    assert!(reactions.as_object().unwrap().values().next().unwrap()["emoji"].is_null());
    assert_eq!(app.only("conversations").await["messages"], 1, "a reaction is no message");
}

#[tokio::test]
async fn an_edit_and_a_revoke_keep_what_was_first_said() {
    let app = TestApp::start_with_number();
    app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, text("besok jam 5"))]).await;
    let edit = json!({ "type": "edit", "edit": {
        "original_message_id": "wamid.1",
        "message": { "type": "text", "text": { "body": "besok jam 6" }, "context": { "id": "M0" } }
    }});
    app.take_changes(&[inbound(BUDI, "wamid.e", NOW_S + 10, edit)]).await;
    let revoke = json!({ "type": "revoke", "revoke": { "original_message_id": "wamid.1" } });
    app.take_changes(&[inbound(BUDI, "wamid.v", NOW_S + 20, revoke)]).await;
    let message = app.only("messages").await;
    assert_eq!(message["content"]["text"]["body"], "besok jam 5");
    assert_eq!(message["edited"]["content"]["text"]["body"], "besok jam 6");
    assert_eq!(message["revoked"]["at"], NOW_S + 20);
}

#[tokio::test]
async fn the_price_comes_from_whichever_status_carries_it() {
    let app = TestApp::start_with_number();
    app.take_changes(&[echo(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    let mut sent = status(BUDI, "wamid.1", "sent", NOW_S + 1);
    sent["value"]["statuses"][0]["pricing"] =
        json!({ "billable": true, "pricing_model": "PMP", "category": "service", "type": "regular" });
    app.take_changes(&[status(BUDI, "wamid.1", "read", NOW_S + 9), sent]).await;
    let message = app.only("messages").await;
    let pricing = &message["pricing"]["is"];
    assert_eq!(pricing["category"], "service");
    assert_eq!(message["rank"], 5);
}

#[tokio::test]
async fn in_a_group_each_participant_has_a_status_and_the_message_shows_the_furthest() {
    let app = TestApp::start_with_number();
    let report = |participant: &str, step: &str, at_s: i64| {
        let mut change = status(BUDI, "wamid.1", step, at_s);
        let report = &mut change["value"]["statuses"][0];
        report["recipient_id"] = "GROUP1".into();
        report["recipient_type"] = "group".into();
        report["recipient_participant_id"] = participant.into();
        report["recipient_user_id"] = Value::Null;
        change
    };
    let mut sent = echo(BUDI, "wamid.1", NOW_S, text("halo semua"));
    sent["value"]["message_echoes"][0]["group_id"] = "GROUP1".into();
    app.take_changes(&[report("628222", "read", NOW_S + 9), sent]).await;
    app.take_changes(&[
        report("628111", "delivered", NOW_S + 5),
        report("628222", "delivered", NOW_S + 5),
        report("628222", "read", NOW_S + 9),
    ])
    .await;
    let statuses = app.all("statuses").await;
    let mut seen: Vec<(&str, &str)> = statuses
        .iter()
        .map(|one| (one["recipient"]["waId"].as_str().unwrap(), one["outcome"]["message"].as_str().unwrap()))
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [("628111", "delivered"), ("628222", "delivered"), ("628222", "read")]);
    let message = app.only("messages").await;
    assert_eq!(message["rank"], 5);
    assert_eq!(message["times"]["delivered"], NOW_S + 5);
    assert_eq!(app.only("conversations").await["groupId"], "GROUP1");
}
