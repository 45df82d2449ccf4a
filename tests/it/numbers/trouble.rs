//! When Meta does not answer, tokens end, and keys are lost: what was perhaps done is not called undone, and nothing of
//! it touches receiving.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Document, doc};
use serde_json::{Value, json};

use super::{Desk, new_number};
use crate::support::mongo;
use crate::support::webhook::{Customer, NOW_S, inbound, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };

#[tokio::test]
async fn a_token_that_has_ended_blocks_sending_until_there_is_another_and_never_receiving() {
    let desk = Desk::start().await;
    let id = desk.add().await;
    desk.meta.control("/tokens", json!({ "value": crate::support::meta::TOKEN, "revoked": true })).await;
    let error = desk.refused("refreshNumber", json!({ "id": id })).await;
    assert_eq!((&error["code"], &error["metaCode"]), (&json!("REFUSED_BY_META"), &json!(190)));
    let number = desk.run("number", json!({ "id": id })).await;
    assert_eq!(number["connectionState"], "SENDING_BLOCKED");
    let block = &number["sendingBlocked"];
    assert_eq!(block["code"], 190);
    assert!(block["since"].is_string() && block["nextStep"].as_str().unwrap().contains("token"));
    desk.app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    assert_eq!(desk.app.all("messages").await.len(), 1);

    desk.meta.control("/tokens", json!({ "value": "EAAnext" })).await;
    let input = json!({ "accessToken": "EAAnext" });
    let mended = desk.done("updateNumber", json!({ "id": id, "input": input })).await["number"].clone();
    assert_eq!((&mended["connectionState"], &mended["sendingBlocked"]), (&json!("CONNECTED"), &Value::Null));
    let bad = json!({ "id": id, "input": { "accessToken": "EAAwrong" } });
    assert_eq!(desk.refused("updateNumber", bad).await["field"], "accessToken");
    desk.done("refreshNumber", json!({ "id": id })).await;
    let deeds: Vec<String> = desk.audited().await.into_iter().map(|(deed, _)| deed).collect();
    assert_eq!(deeds, ["add-number", "update-number", "refresh-number"]);
}

#[tokio::test]
async fn a_sealed_token_that_was_changed_is_noted_once_and_blocks_sending_alone() {
    let desk = Desk::start().await;
    let id = desk.add().await;
    let numbers = mongo::raw(&desk.app.database).await.collection::<Document>("numbers");
    let stored = numbers.find_one(doc! {}).await.unwrap().unwrap();
    let mut bytes = stored.get_binary_generic("accessToken").unwrap().clone();
    *bytes.last_mut().unwrap() ^= 1;
    let changed = Binary { subtype: BinarySubtype::Generic, bytes };
    numbers.update_one(doc! {}, doc! { "$set": { "accessToken": changed } }).await.unwrap();
    for name in ["refreshNumber", "subscribeApp"] {
        let error = desk.refused(name, json!({ "id": id })).await;
        assert_eq!(error["code"], "NO_TOKEN");
    }
    let number = desk.run("number", json!({ "id": id })).await;
    assert_eq!(number["connectionState"], "SENDING_BLOCKED");
    assert!(number["sendingBlocked"]["nextStep"].as_str().unwrap().contains("PESAN_MASTER_KEYS"));
    let deeds: Vec<String> = desk.audited().await.into_iter().map(|(deed, _)| deed).collect();
    assert_eq!(deeds, ["add-number", "secret-unopened"], "once, not at every try");
    desk.app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    assert_eq!(desk.app.all("messages").await.len(), 1);
    let input = json!({ "accessToken": crate::support::meta::TOKEN });
    let mended = desk.done("updateNumber", json!({ "id": id, "input": input })).await["number"].clone();
    assert_eq!(mended["connectionState"], "CONNECTED");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_not_called_undone() {
    let desk = Desk::start().await;
    desk.meta.control("/numbers", json!({ "id": "555", "phone": "15550001111", "registered": false })).await;
    let mut new = new_number();
    new["phoneNumberId"] = "555".into();
    let id = desk.done("addNumber", json!({ "input": new })).await["number"]["id"].clone();
    desk.meta.fail("dropped_response", "/register").await;
    let error = desk.refused("registerNumber", json!({ "id": id })).await;
    assert_eq!(error["code"], "NO_ANSWER_FROM_META");
    let number = desk.run("number", json!({ "id": id })).await;
    assert_eq!(number["hasPin"], true, "Meta has taken it, so it must not be lost");
    let known = desk.done("refreshNumber", json!({ "id": id })).await["number"].clone();
    assert_eq!(known["connectionState"], "CONNECTED");
    // The same PIN again: nothing was lost.
    desk.done("deregisterNumber", json!({ "id": id })).await;
    desk.done("registerNumber", json!({ "id": id })).await;
}

#[tokio::test]
async fn a_sync_is_asked_for_once_even_if_its_answer_is_lost() {
    let desk = Desk::start().await;
    let id = desk.add().await;
    desk.meta.fail("dropped_response", "smb_app_data").await;
    let lost = desk.refused("syncNumber", json!({ "id": id, "sync": "CONTACTS" })).await;
    assert_eq!(lost["code"], "NO_ANSWER_FROM_META");
    let again = desk.refused("syncNumber", json!({ "id": id, "sync": "CONTACTS" })).await;
    assert_eq!(again["code"], "WRONG_STATE");
    // A certain refusal is no asking: the time is over, and may be told again.
    desk.meta.control("/clock", json!({ "advance_ms": 25 * 3_600_000_i64 })).await;
    for _ in 0..2 {
        let closed = desk.refused("syncNumber", json!({ "id": id, "sync": "HISTORY" })).await;
        assert_eq!(closed["code"], "REFUSED_BY_META");
        assert!(closed["nextStep"].as_str().is_some_and(|step| !step.is_empty()));
    }
    let number = desk.run("number", json!({ "id": id })).await;
    assert!(number["contactsSyncedAt"].is_string() && number["historySyncedAt"].is_null());
}

#[tokio::test]
async fn what_cannot_be_reached_was_not_done() {
    let desk = Desk::start_with(&[("GRAPH_API_BASE_URL", "http://127.0.0.1:9")]).await;
    let error = desk.refused("addNumber", json!({ "input": new_number() })).await;
    assert_eq!(error["code"], "META_UNREACHABLE");
    assert_eq!(desk.app.all("numbers").await, Vec::<Value>::new());
}

#[tokio::test]
async fn without_a_master_key_or_an_app_it_is_said_what_is_missing() {
    let desk = Desk::start_with(&[("PESAN_MASTER_KEYS", ""), ("WHATSAPP_APP_ID", "")]).await;
    let error = desk.refused("addNumber", json!({ "input": new_number() })).await;
    assert_eq!(error["code"], "NO_MASTER_KEY");
    assert!(error["nextStep"].as_str().unwrap().contains("PESAN_MASTER_KEYS"));
    let error = desk.refused("connectNumber", json!({ "input": { "code": "x" } })).await;
    assert_eq!(error["code"], "NO_META_APP");
}
