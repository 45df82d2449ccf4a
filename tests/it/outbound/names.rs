//! Numbers that were made longer, while WhatsApp kept the ids that it had: one customer, whoever writes first.

use std::time::Duration;

use pesan::clock::Clock;
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::{Stage, template, text};
use crate::support::eventually;

/// Waits until Meta has taken a message. The clock goes on, so that what a busy machine makes wait a moment comes.
async fn accepted(stage: &Stage, id: &str) -> Value {
    eventually("it is accepted", || async {
        stage.app.clock.advance(Duration::from_millis(20));
        let message = stage.caller.message(id).await;
        assert_ne!(message["state"], "REFUSED", "{message:#}");
        (message["state"] == "ACCEPTED").then_some(message)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_under_an_older_number_is_the_one_whom_we_wrote_to() {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    let people = [
        ("ana", "+5511987654321", "551187654321"),
        ("luz", "+525512345678", "5215512345678"),
        ("eva", "+5491123456789", "541123456789"),
    ];
    for (key, today, wa_id) in people {
        let person = json!({
            "key": key, "name": key, "phone": wa_id, "also_reached_by": today.trim_start_matches('+'),
            "user_id": format!("ID.{key}"),
        });
        stage.meta.control("people", person).await;
        let first = stage.caller.sent(template(today, "7")).await;
        let conversation = accepted(&stage, &first).await["conversationId"].clone();
        stage.meta.control(&format!("people/{key}/write"), json!({ "text": "Oi" })).await;
        eventually("the answer is in the conversation in which we wrote", || async {
            let is_there = |one: &Value| {
                let of = one["conversation"].as_str().and_then(|id| Uuid::parse_str(id).ok());
                one["inbound"] == json!(true) && json!(of.map(|id| id.to_string())) == conversation
            };
            stage.app.all("messages").await.iter().any(is_there).then_some(())
        })
        .await;
        let behind_ms = Clock::system().now_ms() - stage.app.clock.clock().now_ms() + 1_000;
        stage.app.clock.advance(Duration::from_millis(behind_ms.max(0).unsigned_abs()));

        // By the number as people write it today: the window is open, and it goes to the id that they wrote from.
        let mut by_number = text("", "Tudo bem?");
        by_number["to"] = json!({ "phone": today });
        by_number["numberId"] = template(today, "7")["numberId"].clone();
        let next = stage.caller.sent(by_number).await;
        let shown = accepted(&stage, &next).await;
        assert_eq!(shown["conversationId"], conversation);
        let taken = stage.meta.taken().await;
        assert_eq!(taken.last().unwrap()["to"], format!("+{wa_id}"));
    }
    assert_eq!(stage.app.all("conversations").await.len(), people.len());
    assert_eq!(stage.app.all("contacts").await.len(), people.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_been_known_for_a_while_is_written_to_and_not_written_down_again() {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    let phone = "+6281200300000";
    let first = stage.caller.sent(template(phone, "7")).await;
    let conversation = accepted(&stage, &first).await["conversationId"].clone();
    let known = stage.app.only("contacts").await;
    stage.app.clock.advance(Duration::from_mins(5));
    let second = stage.caller.sent(template("00 62 812-0030.0000", "8")).await;
    let shown = accepted(&stage, &second).await;
    assert_eq!(shown["conversationId"], conversation);
    assert_eq!(stage.app.only("contacts").await, known);
    assert_eq!(stage.meta.taken().await.last().unwrap()["to"], phone);
}
