//! What goes by itself: segments of the journal, lanes, and what was set aside of them.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use pesan::ingest::verify::verify;
use pesan::storage::lanes::Lane;
use pesan::storage::segments::{Place, RawWebhook};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::mongo;
use crate::support::webhook::{Customer, NOW_S, NUMBER, PHONE_NUMBER_ID, body, inbound, text, text_message};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const RETENTION: &str = "PESAN_JOURNAL_RETENTION_DAYS";

/// Puts a time of a document so many days from the database's now.
async fn put(app: &TestApp, collection: &str, id: &Value, field: &str, days: i64) {
    let set = vec![doc! { "$set": { field: { "$add": ["$$NOW", days * DAY_MS] } } }];
    let documents = mongo::raw(&app.database).await.collection::<Document>(collection);
    let done = documents.update_one(doc! { "_id": id.as_str().unwrap() }, set).await.unwrap();
    assert_eq!(done.matched_count, 1, "{collection} {id}");
}

/// A segment of so many days of age, written past the journal.
async fn write_segment(app: &TestApp, place: Place, days: i64) {
    let webhook = RawWebhook::new(0, text_message("wamid.x", "halo").into());
    app.storage.segments().append(&place, 0, &[webhook]).await.unwrap();
    put(app, "segments", &json!(place.key()), "at", -days).await;
}

async fn ids(app: &TestApp, collection: &str) -> Vec<Value> {
    app.all(collection).await.iter().map(|one| one["_id"].clone()).collect()
}

#[tokio::test]
async fn a_segment_goes_when_it_is_old_and_done_and_not_before() {
    let app = TestApp::start_with(&[NUMBER[0], NUMBER[1], (RETENTION, "10")], false);
    for wamid in ["wamid.0", "wamid.1", "wamid.2"] {
        app.take(&[text_message(wamid, "halo")]).await;
    }
    app.settle().await;
    let [Lane { id: lane, folded: 2 }] = app.storage.all_lanes().await.unwrap()[..] else {
        panic!("a lane with three segments, all done");
    };
    let key = |number| json!(Place { lane, number }.key());
    for (number, days) in [(0, 4_000), (1, 11), (2, 9)] {
        put(&app, "segments", &key(number), "at", -days).await;
    }
    write_segment(&app, Place { lane, number: 3 }, 4_000).await;

    app.run_worker("journal-expiry").await.unwrap();
    assert_eq!(ids(&app, "segments").await, [key(2), key(3)], "one is young, the other is not done");
    assert_eq!(app.all("messages").await.len(), 3, "what was made of them stays");
    assert!(app.storage.advance_lane(lane, 2, 3).await.unwrap());
    app.run_worker("journal-expiry").await.unwrap();
    assert_eq!(ids(&app, "segments").await, [key(2)]);
}

#[tokio::test]
async fn a_lane_is_forgotten_when_nothing_of_it_is_left_and_nobody_writes_to_it() {
    let app = TestApp::start();
    // Days since its last sign of life; the age of its only segment, if it has one, and whether that is done.
    let lanes =
        [(8, None), (6, None), (8, Some((4_000, false))), (8, Some((1, true))), (8, Some((31, true)))];
    let place = |n: u128| Place { lane: Uuid::from_u128(n), number: 0 };
    for (n, (silent, segment)) in (0..).zip(lanes) {
        let lane = place(n).lane;
        app.storage.open_lane(lane, Uuid::nil(), Duration::from_secs(6)).await.unwrap();
        put(&app, "lanes", &json!(lane.to_string()), "renewedAt", -silent).await;
        if let Some((days, is_done)) = segment {
            write_segment(&app, place(n), days).await;
            assert!(!is_done || app.storage.advance_lane(lane, -1, 0).await.unwrap());
        }
    }
    app.run_worker("journal-expiry").await.unwrap();
    assert_eq!(ids(&app, "lanes").await, [1, 2, 3].map(|n| json!(place(n).lane.to_string())));
    assert_eq!(ids(&app, "segments").await, [2, 3].map(|n| json!(place(n).key())));
}

#[tokio::test]
async fn what_was_set_aside_outlives_its_segment_also_if_those_are_kept_longer_than_they_were() {
    let app = TestApp::start_with(&[NUMBER[0], NUMBER[1], (RETENTION, "400")], false);
    let budi = Customer::new("628111", "ID.111");
    let for_nobody = body(&[inbound(budi, "wamid.1", NOW_S, text("halo"))]).replace(PHONE_NUMBER_ID, "999");
    app.take(&[for_nobody, body(&[json!({ "field": "of_tomorrow", "value": { "x": 1 } })])]).await;
    app.settle().await;
    // Both are about to go, as if nobody had thought of 400 days when they were set aside.
    let unrouted = app.only("unrouted").await["_id"].clone();
    put(&app, "unrouted", &unrouted, "setAsideAt", -29).await;
    put(&app, "unrouted", &unrouted, "expireAt", 1).await;
    // One of a time at which it was not noted when.
    let unrecognised = app.only("unrecognised").await["_id"].clone();
    put(&app, "unrecognised", &unrecognised, "receivedAt", -89).await;
    put(&app, "unrecognised", &unrecognised, "expireAt", 1).await;
    let database = mongo::raw(&app.database).await;
    let forget = doc! { "$unset": { "setAsideAt": "" } };
    database.collection::<Document>("unrecognised").update_one(doc! {}, forget).await.unwrap();

    app.run_worker("journal-expiry").await.unwrap();
    for (collection, since) in [("unrouted", "setAsideAt"), ("unrecognised", "receivedAt")] {
        let aside = app.only(collection).await;
        let kept_ms = aside["expireAt"].as_i64().unwrap() - aside[since].as_i64().unwrap();
        assert_eq!(kept_ms, 407 * DAY_MS, "{collection}: a week longer than the journal");
        // What the database would do in the next days.
        let gone = doc! { "$expr": { "$lt": ["$expireAt", { "$add": ["$$NOW", 300 * DAY_MS] }] } };
        database.collection::<Document>(collection).delete_many(gone).await.unwrap();
    }
    let account = verify(&app.storage, i64::MIN / 2, i64::MAX / 2).await.unwrap();
    assert!(account.is_complete(), "{account:?}");
    assert_eq!((account.items, account.unrouted, account.unrecognised), (2, 1, 1), "{account:?}");
}

#[tokio::test]
async fn what_meta_sent_is_kept_in_a_third_of_its_size() {
    let app = TestApp::start();
    let bodies: Vec<_> = (0..400).map(|n| text_message(&format!("wamid.{n}"), "halo")).collect();
    app.take(&bodies).await;
    let database = mongo::raw(&app.database).await;
    // The size on the disk is known once it is there.
    database.client().database("admin").run_command(doc! { "fsync": 1 }).await.unwrap();
    let stats = database.run_command(doc! { "collStats": "segments" }).await.unwrap();
    let made = stats.get_document("wiredTiger").unwrap().get_str("creationString").unwrap();
    assert!(made.contains("block_compressor=zstd"), "{made}");
    let bytes =
        |field| stats.get(field).and_then(|size| size.as_i64().or(size.as_i32().map(i64::from))).unwrap();
    let written: usize = bodies.iter().map(String::len).sum();
    assert!(bytes("size") >= i64::try_from(written).unwrap() / 2, "{stats:#?}");
    assert!(bytes("storageSize") * 3 < bytes("size"), "{} for {}", bytes("storageSize"), bytes("size"));
}
