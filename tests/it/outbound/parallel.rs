//! Conversations of one number side by side: each keeps its own order, and none waits for another's answer.

use serde_json::{Value, json};

use super::stage::{Stage, template, text};
use crate::support::{client, eventually};

/// Long enough for the others even on a busy machine, and less than a call may take.
const SLOW_MS: u64 = 20_000;
const OTHERS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_answer_to_one_conversation_holds_up_no_other_of_the_same_number() {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    let conversation = stage.hear().await;
    stage.meta.trouble(json!({ "kind": "slow", "delay_ms": SLOW_MS, "count": 1 })).await;
    let slow = stage.caller.sent(text(&conversation, "slow")).await;
    let behind = stage.caller.sent(text(&conversation, "behind it")).await;
    // The trouble is used up when the request comes in, so none of the others meets it.
    let faults = format!("{}/_sim/faults", stage.meta.running.url());
    eventually("Meta takes its time", || async {
        let ordered: Value = client().get(&faults).send().await.unwrap().json().await.unwrap();
        (ordered == json!([])).then_some(())
    })
    .await;
    let mut others = Vec::new();
    for n in 0..OTHERS {
        others.push(stage.caller.sent(template(&format!("+62 812 3456 789{n}"), "7")).await);
    }
    for id in &others {
        stage.caller.until(id, "state", "ACCEPTED").await;
    }
    assert_eq!(stage.caller.message(&slow).await["state"], "LEAVING");
    assert_eq!(stage.caller.message(&behind).await["state"], "QUEUED");
    for id in [&slow, &behind] {
        stage.caller.until(id, "state", "ACCEPTED").await;
    }
    // In the order of Meta's answers.
    let taken = stage.meta.taken().await;
    let ids: Vec<&str> =
        taken.iter().map(|body| body["biz_opaque_callback_data"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), OTHERS + 2);
    assert!(others.iter().all(|id| ids[..OTHERS].contains(&id.as_str())), "{ids:?}");
    assert_eq!(ids[OTHERS..], [slow.as_str(), behind.as_str()]);
}
