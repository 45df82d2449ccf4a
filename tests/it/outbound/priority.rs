//! Who leaves first when a number has more in line than may leave at once: whoever somebody waits for.

use std::time::Duration;

use serde_json::{Value, json};

use super::later::run;
use super::stage::{Stage, template};
use crate::support::eventually;

const BULK: usize = 80;
const REPLIES: usize = 5;
/// No more than so many are taken from the line at once.
const AT_ONCE: &str = "8";

fn bulk(phone: &str, order: &str) -> Value {
    let mut input = template(phone, order);
    input["priority"] = "BULK".into();
    input
}

fn customer(n: usize) -> String {
    format!("+62812002{n:05}")
}

fn who_waits(n: usize) -> String {
    format!("+62812003{n:05}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_leave_before_bulk_that_was_asked_for_earlier() {
    let stage = Stage::start_with(true, &[("PESAN_SENDS_AT_ONCE", AT_ONCE)]).await;
    stage.meta.add_template().await;
    // Before anything is in line, so that no sender takes the number for one that may send.
    let paused = run(&stage.caller, "pauseNumber", json!({ "id": stage.number })).await;
    assert_eq!(paused["userErrors"], json!([]), "{paused:#}");
    for n in 0..BULK {
        stage.caller.sent(bulk(&customer(n), "bulk")).await;
    }
    // The clock stands still otherwise, and all of it would be asked for at once.
    stage.app.clock.advance(Duration::from_secs(1));
    for n in 0..REPLIES {
        stage.caller.sent(template(&who_waits(n), "reply")).await;
    }
    // Somebody waits for this one, too, and may not get it before what was asked for earlier for the same customer.
    let last = customer(BULK - 1);
    stage.caller.sent(template(&last, "reply")).await;
    assert_eq!(stage.meta.sends().await.len(), 0, "nothing leaves while the number is paused");

    run(&stage.caller, "resumeNumber", json!({ "id": stage.number })).await;
    let taken = eventually("all have left", || async {
        let taken = stage.meta.taken().await;
        (taken.len() == BULK + REPLIES + 1).then_some(taken)
    })
    .await;
    let place = |phone: &str, order: &str| {
        let is_it = |body: &Value| {
            body["to"] == phone && body["template"]["components"][0]["parameters"][0]["text"] == order
        };
        taken.iter().position(is_it).unwrap_or_else(|| panic!("{order} to {phone} has not left"))
    };
    for phone in (0..REPLIES).map(who_waits).chain([last.clone()]) {
        let place = place(&phone, "reply");
        assert!(place < BULK / 2, "the reply to {phone} left as number {place}");
    }
    assert!(place(&last, "bulk") < place(&last, "reply"), "to one customer nothing overtakes");
}
