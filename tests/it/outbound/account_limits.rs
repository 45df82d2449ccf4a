//! Limits that are not one number's: what Meta says of an account or an app holds all that belongs to it, however long
//! it takes, and nothing else.

use std::time::Duration;

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use pesan::dev::simulator::world::{NUMBER_ID, SECOND_NUMBER_ID};
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::{Stage, TOKEN, number, sealed_for, template};
use crate::support::webhook::ACCOUNT_ID;
use crate::support::{eventually, mongo};

/// More refusals than a message has tries.
const REFUSALS: usize = 12;
/// Longer than the longest hold.
const AFTER_A_HOLD: Duration = Duration::from_mins(8);
const OTHER_ACCOUNT: &str = "202290129340398";
const OTHER_NUMBER: &str = "206540352242922";

/// A number that the service knows and can send with.
async fn add(stage: &Stage, phone_number_id: &str, account_id: &str) -> Uuid {
    let storage = &stage.app.storage;
    storage.ensure_number(first_workspace(), phone_number_id, Some(account_id)).await.unwrap();
    let id = number_id(first_workspace(), phone_number_id);
    let one = doc! { "_id": Binary { subtype: BinarySubtype::Uuid, bytes: id.as_bytes().to_vec() } };
    let set = doc! { "$set": { "accessToken": sealed_for(storage, id, TOKEN).await } };
    let numbers = mongo::raw(&stage.app.database).await.collection::<Document>("numbers");
    assert_eq!(numbers.update_one(one, set).await.unwrap().matched_count, 1);
    id
}

/// Three numbers: the usual one, one of the same account, and one of another account.
async fn three() -> (Stage, [Uuid; 3]) {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    stage.meta.control("wabas", json!({ "id": OTHER_ACCOUNT })).await;
    let other = json!({ "id": OTHER_NUMBER, "phone": "15550783999", "waba": OTHER_ACCOUNT });
    stage.meta.control("numbers", other).await;
    let body = json!({
        "waba": OTHER_ACCOUNT, "name": "order_ready", "language": "en_US", "category": "UTILITY",
        "components": [{ "type": "BODY", "text": "Your order {{1}} is ready.", "example": { "body_text": [["7"]] } }],
    });
    stage.meta.control("templates", body).await;
    let mate = add(&stage, SECOND_NUMBER_ID, ACCOUNT_ID).await;
    let stranger = add(&stage, OTHER_NUMBER, OTHER_ACCOUNT).await;
    (stage, [number(), mate, stranger])
}

fn from(number: Uuid, person: u32) -> Value {
    let mut input = template(&format!("+62 812 3456 {person:04}"), "7");
    input["numberId"] = json!(number);
    input
}

/// Meta refuses what the usual account's numbers send.
async fn refuse(stage: &Stage, code: u32) {
    for id in [NUMBER_ID, SECOND_NUMBER_ID] {
        let target = format!("{id}/messages");
        let fault = json!({ "kind": "rate_limited", "code": code, "target": target });
        stage.meta.control("faults", fault).await;
    }
}

async fn refusals(stage: &Stage, id: &str, count: usize) -> Value {
    eventually("it was refused", || async {
        let message = stage.caller.message(id).await;
        let attempts = message["attempts"].as_array().unwrap();
        let ended = attempts.iter().filter(|one| one["state"] == "QUEUED").count();
        (ended >= count).then_some(message)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_the_account_holds_its_numbers_alone_and_no_message_fails_by_it() {
    let (stage, [usual, mate, stranger]) = three().await;
    refuse(&stage, 80_007).await;
    let first = stage.caller.sent(from(usual, 1)).await;
    let held = refusals(&stage, &first, 1).await;
    assert_eq!((&held["state"], &held["reason"]["metaCode"]), (&json!("QUEUED"), &json!(80_007)));
    assert!(held["nextTryAt"].is_string(), "{held:#}");
    for count in 2..=REFUSALS {
        stage.app.clock.advance(AFTER_A_HOLD);
        refusals(&stage, &first, count).await;
    }
    assert_eq!(stage.caller.message(&first).await["state"], "QUEUED", "none of them is a try of its own");

    let behind = [stage.caller.sent(from(usual, 2)).await, stage.caller.sent(from(mate, 3)).await];
    let free = stage.caller.sent(from(stranger, 4)).await;
    stage.caller.until(&free, "state", "ACCEPTED").await;
    for id in &behind {
        let message = stage.caller.message(id).await;
        assert_eq!((&message["state"], &message["attempts"]), (&json!("QUEUED"), &json!([])), "it is held");
    }
    let subject = format!("held-business:{ACCOUNT_ID}");
    eventually("other instances are told", || async {
        let pauses = stage.app.all("usage_pauses").await;
        pauses.iter().any(|pause| pause["_id"] == subject.as_str()).then_some(())
    })
    .await;
    stage.meta.clear_faults().await;
    stage.app.clock.advance(AFTER_A_HOLD);
    for id in [&first, &behind[0], &behind[1]] {
        stage.caller.until(id, "state", "ACCEPTED").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_the_app_holds_every_number_of_it() {
    let (stage, [usual, mate, stranger]) = three().await;
    refuse(&stage, 4).await;
    let first = stage.caller.sent(from(usual, 1)).await;
    refusals(&stage, &first, 1).await;
    stage.meta.clear_faults().await;
    let others = [stage.caller.sent(from(mate, 2)).await, stage.caller.sent(from(stranger, 3)).await];
    // Meta asks for a minute at least.
    stage.app.clock.advance(Duration::from_secs(59));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(stage.meta.sends().await.len(), 1);
    for id in &others {
        assert_eq!(stage.caller.message(id).await["attempts"], json!([]));
    }
    stage.app.clock.advance(AFTER_A_HOLD);
    for id in [&first, &others[0], &others[1]] {
        stage.caller.until(id, "state", "ACCEPTED").await;
    }
}
