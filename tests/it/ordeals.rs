//! What goes wrong while webhooks come: services die and freeze, the database dies and fails, Meta repeats and
//! shuffles. Whatever was answered 200 is there in the end, once, counted, and told once.
//!
//! The same at large scale: `cargo bench --bench faults`.

use std::time::Duration;

use mongodb::Client;
use mongodb::bson::{Binary, Document, doc, spec::BinarySubtype};
use mongodb::options::ClientOptions;
use pesan::events::Log;
use pesan::storage::events::{Happening, NewBatch};
use pesan::storage::workspaces::first_workspace;
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::fleet::Fleet;
use crate::support::load::{Load, Story};
use crate::support::oracle::{examine, settle};
use crate::support::ordeal::{
    BATCH, conclude, die_at, fail_commands, failing, freeze, kill_database, repeat_and_shuffle, start_mongod,
    taken_more,
};
use crate::support::{PATIENCE, eventually, mongo, within};

/// Few enough for a busy machine to do something else beside.
const SENDERS: usize = 6;
/// Who has not applied anything for this long says so; then it takes a moment to be asked.
const STALL_SEEN_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_dies_anywhere_goes_on_where_it_fell() {
    let points = pesan::runtime::crash::POINTS;
    let deaths: Vec<(&'static str, u64)> =
        [2, 5, 11].iter().flat_map(|nth| points.iter().map(move |point| (*point, *nth))).collect();
    let outcome = die_at(mongo::uri(), &deaths, SENDERS, 1).await;
    outcome.demand();
}

/// Whoever looks at the ordeals would see it: each is spoilt in the database of a load that was sound.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_doubled_misplaced_or_miscounted_is_seen() {
    let mut fleet = Fleet::new(mongo::uri(), 1).await;
    fleet.start().await;
    let load = Load::new(Story::new(7, 10), &fleet.urls());
    let sending = load.begin(SENDERS);
    taken_more(&load, 200).await;
    let written = sending.end(PATIENCE).await;
    settle(&fleet.database, PATIENCE).await;
    let broken = async |rule: &str| {
        let findings = examine(&fleet.database, &written.taken).await;
        assert!(
            findings.lines().iter().any(|line| line.starts_with(rule)),
            "{rule}: {:#?}",
            findings.lines()
        );
    };
    let sound = examine(&fleet.database, &written.taken).await;
    assert!(sound.lines().is_empty(), "{:#?}", sound.lines());
    let all = |name: &str| fleet.database.collection::<Document>(name);
    let put_back = async |name: &str, document: &Document| {
        all(name).replace_one(doc! { "_id": document.get("_id") }, document).upsert(true).await.unwrap();
    };

    let message = all("messages").find_one(doc! { "inbound": true }).await.unwrap().unwrap();
    let id = doc! { "_id": message.get("_id") };
    all("messages").delete_one(id.clone()).await.unwrap();
    broken("no message is missing").await;
    let other = doc! { "contact": { "$ne": message.get("contact") }, "inbound": true };
    let other = all("messages").find_one(other).await.unwrap().unwrap();
    let mut misplaced = message.clone();
    misplaced.insert("contact", other.get("contact"));
    put_back("messages", &misplaced).await;
    broken("a message is in its contact's conversation").await;
    misplaced.insert("conversation", other.get("conversation"));
    put_back("messages", &misplaced).await;
    broken("nothing is under another contact").await;
    put_back("messages", &message).await;
    for (name, change, rule) in [
        ("conversations", doc! { "$inc": { "unread": 1 } }, "counts are exact"),
        ("conversations", doc! { "$set": { "last.message": "another" } }, "the last message is the last"),
    ] {
        let before = all(name).find_one(doc! {}).await.unwrap().unwrap();
        all(name).update_one(doc! { "_id": before.get("_id") }, change).await.unwrap();
        broken(rule).await;
        put_back(name, &before).await;
    }
    let status = all("statuses").find_one(doc! {}).await.unwrap().unwrap();
    let mut doubled = status.clone();
    doubled.insert("_id", "twice");
    put_back("statuses", &doubled).await;
    broken("no status is twice").await;
    all("statuses").delete_one(doc! { "_id": "twice" }).await.unwrap();
    all("statuses").delete_one(doc! { "_id": status.get("_id") }).await.unwrap();
    broken("no status is missing").await;
    put_back("statuses", &status).await;
    let batch = all("events").find_one(doc! { "seq": 3 }).await.unwrap().unwrap();
    all("events").delete_one(doc! { "_id": batch.get("_id") }).await.unwrap();
    let findings = examine(&fleet.database, &written.taken).await;
    assert!(!findings.lines().is_empty(), "a batch of the log that is missing");
    put_back("events", &batch).await;
    let sound = examine(&fleet.database, &written.taken).await;
    assert!(sound.lines().is_empty(), "{:#?}", sound.lines());
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_has_everything_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = kill_database(folder.path(), 2, SENDERS, 2).await;
    outcome.demand();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_service_loses_its_lane_and_does_no_harm_when_it_wakes() {
    let outcome = freeze(mongo::uri(), 1, SENDERS, 3).await;
    outcome.demand();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_fail_or_are_not_confirmed_are_made_once() {
    let mongod = start_mongod(None).await;
    let outcome = fail_commands(mongod.uri(), 3, 1, SENDERS, 4).await;
    outcome.demand();
    mongod.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_apply_or_fold_is_not_ready_until_it_can_and_a_step_down_loses_nothing() {
    let mongod = start_mongod(None).await;
    let mut fleet = Fleet::new(mongod.uri(), 1).await;
    fleet.start().await;
    let load = Load::new(Story::new(5, 20), &fleet.urls());
    let sending = load.begin(4);
    let admin = fleet.database.client().database("admin");
    taken_more(&load, 50).await;

    let failure = failing(&["insert"], Some("messages"), &fleet, doc! { "errorCode": 50 });
    let stall = doc! { "configureFailPoint": "failCommand", "mode": "alwaysOn", "data": failure };
    admin.run_command(stall).await.unwrap();
    let reasons = fleet.instances[0].not_ready(STALL_SEEN_WITHIN).await;
    assert_eq!(reasons["reasons"], serde_json::json!(["stuck: apply"]));
    taken_more(&load, 10).await;
    admin.run_command(doc! { "configureFailPoint": "failCommand", "mode": "off" }).await.unwrap();
    fleet.instances[0].ready(PATIENCE).await;

    // The other half. New conversations cannot be made either, so the first may stand still beside it.
    let failure = failing(&["update"], Some("conversations"), &fleet, doc! { "errorCode": 112 });
    let stall = doc! { "configureFailPoint": "failCommand", "mode": "alwaysOn", "data": failure };
    admin.run_command(stall).await.unwrap();
    within(STALL_SEEN_WITHIN, "it does not fold and says so", || async {
        let reasons = fleet.instances[0].not_ready(STALL_SEEN_WITHIN).await;
        reasons["reasons"].as_array().unwrap().contains(&"stuck: fold".into()).then_some(())
    })
    .await;
    taken_more(&load, 10).await;
    admin.run_command(doc! { "configureFailPoint": "failCommand", "mode": "off" }).await.unwrap();
    fleet.instances[0].ready(PATIENCE).await;

    // The only member has nobody to hand over to: it steps down by force, and is elected again.
    admin.run_command(doc! { "replSetStepDown": 1, "force": true }).await.unwrap();
    taken_more(&load, 50).await;
    let outcome = conclude(fleet, sending, 2).await;
    outcome.demand();
    mongod.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storms_and_shuffled_batches_of_a_thousand_change_nothing_but_once() {
    let outcome = repeat_and_shuffle(mongo::uri(), 1, 6).await;
    outcome.demand();
    assert!(outcome.findings.messages > BATCH / 2, "{outcome:?}");
}

#[tokio::test]
async fn a_change_that_its_process_left_open_holds_nobody_up_for_long() {
    let app = TestApp::start();
    // Somebody takes the workspace's next event, and is not heard of any more.
    let mut options = ClientOptions::parse(mongo::uri()).await.unwrap();
    options.app_name = Some("pesan".to_owned());
    let other = Client::with_options(options).unwrap();
    let mut session = other.start_session().await.unwrap();
    session.start_transaction().await.unwrap();
    let next = app.storage.last_event(first_workspace()).await.unwrap() + 1;
    let event = [first_workspace().as_bytes().as_slice(), &next.to_be_bytes()].concat();
    let event = doc! { "_id": Binary { subtype: BinarySubtype::Generic, bytes: event } };
    let events = other.database(&app.database).collection::<Document>("events");
    events.insert_one(event).session(&mut session).await.unwrap();

    let log = Log::new(&app.storage, &app.clock.clock());
    eventually("the event is free", || async {
        app.run_worker("lease").await.unwrap();
        let happenings = vec![Happening::Contact { contact: Uuid::nil() }];
        let batch = NewBatch { workspace: first_workspace(), source: None, happenings };
        tokio::time::timeout(Duration::from_secs(1), log.append(vec![batch])).await.ok()?.ok()
    })
    .await;
    assert!(session.commit_transaction().await.is_err(), "it was ended");
}
