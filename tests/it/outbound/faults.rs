//! Services that die while they send, as programs of their own. The simulator's journal says what was taken.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::gate::Gate;
use super::senders::Senders;
use super::stage::{Caller, Meta, PABLO, SEND, template};
use super::storm::{Plan, storm};
use crate::support::ordeal::{kill_and_start, start_mongod};
use crate::support::{PATIENCE, client, within};

/// A lease, and time for what comes back.
const SETTLED_WITHIN: Duration = Duration::from_mins(1);
/// Whoever is not heard of for so long loses its turns.
const LEASE: Duration = Duration::from_secs(10);

/// How many messages Meta has, whatever became of its answers.
async fn messages_at(meta: &Meta) -> Value {
    let url = format!("{}/_sim/world", meta.running.url());
    let mut world: Value = client().get(url).send().await.unwrap().json().await.unwrap();
    world["messages"].take()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_nothing_is_lost_sent_twice_or_out_of_order() {
    let outcome = storm(&Plan::small(1)).await;
    outcome.demand();
}

/// Lets a service die at a point while it sends one message, and another one take over; gives what became of the message,
/// and how many requests there were for it.
async fn died_at(point: &'static str) -> (Value, usize) {
    let mut senders = Senders::new(1, true, &[]).await;
    let caller = senders.callers[0].clone();
    let instance = &mut senders.fleet.instances[0];
    instance.stop().await;
    instance.start(Some((point, 1)));
    instance.ready(PATIENCE).await;
    let mut input = template(PABLO, "7");
    input["idempotencyKey"] = point.into();
    // Whoever dies right after it was queued gives no answer.
    caller.try_ask(SEND, json!({ "input": input })).await;
    instance.death().await;
    instance.start(None);
    instance.ready(PATIENCE).await;
    // The same key is the same message.
    let id = caller.sent(input).await;
    senders.states(std::slice::from_ref(&id), SETTLED_WITHIN).await;
    let (message, requests) = (caller.message(&id).await, senders.meta.sends().await.len());
    senders.fleet.stop().await;
    (message, requests)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_dies_before_the_mark_leaves_it_in_the_queue_and_after_it_in_doubt() {
    let ((queued, asked_after_queued), (claimed, asked_after_claim), (leaving, asked_after_mark)) =
        tokio::join!(died_at("after-queued"), died_at("after-claim"), died_at("after-leaving"));
    for (message, requests) in [(queued, asked_after_queued), (claimed, asked_after_claim)] {
        assert_eq!((&message["state"], requests), (&json!("ACCEPTED"), 1), "{message:#}");
        assert_eq!(message["attempts"].as_array().unwrap().len(), 1, "{message:#}");
    }
    // Nobody can know that it had not left.
    assert_eq!((&leaving["state"], asked_after_mark), (&json!("UNCONFIRMED"), 0), "{leaving:#}");
}

/// Asks for a message until somebody answers that it is queued.
async fn asked(caller: Caller, input: Value) -> String {
    within(PATIENCE * 2, "it is queued", || async {
        let answer = caller.try_ask(SEND, json!({ "input": input })).await?;
        answer["data"]["sendMessage"]["message"]["id"].as_str().map(str::to_owned)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_while_messages_leave_loses_none_and_sends_none_twice() {
    const MESSAGES: usize = 120;
    let folder = tempfile::tempdir().unwrap();
    let mut mongod = start_mongod(Some(folder.path())).await;
    let senders = Senders::on(mongod.uri(), 1, true, &[("API_RATE_LIMIT", "0")]).await;
    let askers = (0..8).map(|asker| {
        let caller = senders.callers[0].clone();
        tokio::spawn(async move {
            let mut ids = Vec::new();
            for nth in (asker..MESSAGES).step_by(8) {
                let mut input = template(&format!("+62812{:08}", 40_000_000 + nth), "7");
                input["idempotencyKey"] = nth.to_string().into();
                ids.push(asked(caller.clone(), input).await);
            }
            ids
        })
    });
    let askers: Vec<_> = askers.collect();
    for sent in [15, 60] {
        within(PATIENCE, "messages leave", || async {
            (senders.meta.taken().await.len() >= sent).then_some(())
        })
        .await;
        mongod = kill_and_start(mongod, folder.path()).await;
    }
    let mut ids = Vec::new();
    for asker in askers {
        ids.extend(asker.await.unwrap());
    }
    let distinct: HashSet<&String> = ids.iter().collect();
    assert_eq!(distinct.len(), MESSAGES, "a key is one message");
    senders.states(&ids, SETTLED_WITHIN).await;
    within(SETTLED_WITHIN, "what Meta has taken is accepted, and the rest is in doubt", || async {
        let states = senders.states(&ids, SETTLED_WITHIN).await;
        let taken = senders.meta.taken().await;
        let mut times: HashMap<&str, usize> = HashMap::new();
        for body in &taken {
            *times.entry(body["biz_opaque_callback_data"].as_str().unwrap()).or_default() += 1;
        }
        assert!(times.values().all(|times| *times == 1), "sent twice: {times:?}");
        let is_right = |id: &String| match states[id].as_str() {
            "ACCEPTED" => times.contains_key(id.as_str()),
            "UNCONFIRMED" => !times.contains_key(id.as_str()),
            other => panic!("{id} is {other}"),
        };
        ids.iter().all(is_right).then_some(())
    })
    .await;
    senders.fleet.stop().await;
    mongod.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_request_and_answer_a_message_is_sent_once_and_settled_by_its_status() {
    // Neither Meta's answer nor its status may reach the service before it dies.
    let (to_meta, to_service) = (Gate::open().await, Gate::open().await);
    let more = [("GRAPH_API_BASE_URL", to_meta.url.as_str())];
    let mut senders = Senders::new(1, true, &more).await;
    let caller = senders.callers[0].clone();
    to_meta.lead_to(&senders.meta.running.url());
    to_service.lead_to(&caller.url);
    senders.meta.tell(&to_service.url);
    to_meta.hold_answers();
    to_service.hold_requests();

    let begun = Instant::now();
    let id = caller.sent(template(PABLO, "7")).await;
    within(PATIENCE, "Meta has taken it", || async {
        let sends = senders.meta.sends().await;
        (sends.first()?.1 == Some(200)).then_some(())
    })
    .await;
    assert_eq!(caller.message(&id).await["state"], "LEAVING");
    senders.fleet.instances[0].signal("KILL").await;
    senders.fleet.instances[0].death().await;
    to_meta.let_go();
    senders.fleet.instances[0].start(None);
    senders.fleet.instances[0].ready(PATIENCE).await;

    let doubtful = within(SETTLED_WITHIN, "it is unconfirmed", || async {
        let message = caller.message(&id).await;
        (message["state"] == "UNCONFIRMED").then_some(message)
    })
    .await;
    assert!(begun.elapsed() >= LEASE, "the dead may be only slow: {:?}", begun.elapsed());
    assert!(doubtful["reason"]["nextStep"].is_string(), "{doubtful:#}");
    assert_eq!((&doubtful["messageId"], &doubtful["status"]), (&Value::Null, &Value::Null));
    // Another conversation's message leaves: whoever started anew does send.
    let other = caller.sent(template("+6281200300000", "8")).await;
    let states = senders.states(&[id.clone(), other.clone()], SETTLED_WITHIN).await;
    assert_eq!((states[&id].as_str(), states[&other].as_str()), ("UNCONFIRMED", "ACCEPTED"));

    to_service.let_go();
    let settled = within(SETTLED_WITHIN, "its status settles it", || async {
        let message = caller.message(&id).await;
        (message["status"] == "READ").then_some(message)
    })
    .await;
    assert_eq!((&settled["state"], &settled["reason"]), (&json!("ACCEPTED"), &Value::Null));
    assert!(settled["messageId"].is_string(), "{settled:#}");
    assert_eq!(settled["attempts"].as_array().unwrap().len(), 1);
    let sends = senders.meta.sends().await;
    let times = sends.iter().filter(|(body, ..)| body["biz_opaque_callback_data"] == id.as_str()).count();
    assert_eq!(times, 1, "{sends:#?}");
    assert_eq!(messages_at(&senders.meta).await, 2, "this one and the other one");
    senders.fleet.stop().await;
}
