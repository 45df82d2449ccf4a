//! Numbers are looked at in the background: once, whoever looks; sending follows, receiving does not.

use mongodb::bson::doc;
use pesan::dev::simulator::world::NUMBER_ID;
use pesan::domain::number::{BlockReason, Connection};
use pesan::numbers::doctor::health::NumberHealth;
use pesan::runtime::Worker;
use pesan::telemetry::Metrics;
use serde_json::json;

use super::stage::{Stage, TOKEN};

const WORKER: &str = "numbers-health";

async fn look_again(stage: &Stage) {
    stage.set(doc! { "$unset": { "checkAt": "" } }).await;
    stage.sync_clock();
    stage.app.run_worker(WORKER).await.unwrap();
}

#[tokio::test]
async fn two_instances_look_at_a_number_once_and_again_when_its_turn_comes() {
    let stage = Stage::start().await;
    let other = NumberHealth::new(&stage.doctor(), &Metrics::new());
    let before = stage.number_questions().await;
    let (one, two) = tokio::join!(stage.app.run_worker(WORKER), other.run_once());
    one.unwrap();
    two.unwrap();
    let once = stage.number_questions().await - before;
    assert_eq!(once, 1);
    stage.app.run_worker(WORKER).await.unwrap();
    other.run_once().await.unwrap();
    assert_eq!(stage.number_questions().await - before, once, "not before its turn");
    look_again(&stage).await;
    assert_eq!(stage.number_questions().await - before, 2);
    let facts = stage.record().await.facts.unwrap();
    assert_eq!(facts.status.as_deref(), Some("CONNECTED"));
    assert_eq!(stage.app.count("pesan_numbers{state=\"connected\"}").await, 1);
}

#[tokio::test]
async fn a_bad_token_stops_sending_and_a_good_one_frees_it_while_webhooks_are_taken() {
    let stage = Stage::start().await;
    stage.control("tokens", json!({ "value": TOKEN, "revoked": true })).await;
    look_again(&stage).await;
    let record = stage.record().await;
    let block = record.block.clone().unwrap();
    assert_eq!((block.reason, block.code, block.subcode), (BlockReason::Token, Some(190), Some(460)));
    assert_eq!(stage.app.count("pesan_numbers{state=\"sending_blocked\"}").await, 1);
    // A second look finds the same: it goes on since it began, and nobody is told again.
    let told = stage.app.told().await.len();
    look_again(&stage).await;
    assert_eq!(stage.record().await.block.unwrap(), block);
    assert_eq!(stage.app.told().await.len(), told);

    stage.control("people/pablo/write", json!({ "text": "Are you there?" })).await;
    stage.control("flush", json!({})).await;
    stage.app.settle().await;
    assert_eq!(stage.app.all("messages").await.len(), 2, "receiving goes on");

    stage.control("tokens", json!({ "value": TOKEN })).await;
    look_again(&stage).await;
    assert_eq!(stage.record().await.block, None);
    assert_eq!(stage.app.count("pesan_number_checks_total{outcome=\"blocked\"}").await, 2);
    assert_eq!(stage.app.count("pesan_number_checks_total{outcome=\"good\"}").await, 1);
}

#[tokio::test]
async fn trouble_of_metas_changes_nothing_and_a_number_that_is_not_registered_cannot_send() {
    let stage = Stage::start().await;
    look_again(&stage).await;
    let before = stage.record().await;
    stage.control("faults", json!({ "kind": "server_error", "status": 503 })).await;
    look_again(&stage).await;
    assert_eq!(stage.record().await, before);
    assert_eq!(stage.app.count("pesan_number_checks_total{outcome=\"unanswered\"}").await, 1);

    stage.restore().await;
    stage.control(&format!("numbers/{NUMBER_ID}"), json!({ "registered": false })).await;
    look_again(&stage).await;
    let record = stage.record().await;
    assert_eq!(record.block.as_ref().unwrap().reason, BlockReason::NotRegistered);
    let standing = pesan::domain::number::Standing {
        facts: record.facts.as_ref(),
        is_paused: false,
        block: record.block.as_ref(),
    };
    assert_eq!(standing.connection(), Connection::SendingBlocked);
    // The test finds the same, and so does who has repaired it.
    assert_eq!(stage.test(true, "EN").await["ok"], true);
    assert_eq!(stage.record().await.block, None);
}

#[tokio::test]
async fn news_of_the_number_or_its_account_brings_the_next_look_forward() {
    let stage = Stage::start().await;
    look_again(&stage).await;
    for field in ["phone_number_quality_update", "account_update"] {
        stage.app.run_worker(WORKER).await.unwrap();
        let checks = stage.app.count("pesan_number_checks_total{outcome=\"good\"}").await;
        stage.app.run_worker(WORKER).await.unwrap();
        assert_eq!(stage.app.count("pesan_number_checks_total{outcome=\"good\"}").await, checks, "{field}");
        stage.control("emit", json!({ "field": field })).await;
        stage.control("flush", json!({})).await;
        stage.app.settle().await;
        stage.app.run_worker(WORKER).await.unwrap();
        assert_eq!(
            stage.app.count("pesan_number_checks_total{outcome=\"good\"}").await,
            checks + 1,
            "{field}"
        );
    }
}
