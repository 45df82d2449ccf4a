//! How things get to be found: by one instance at a time, on from where the last one fell, and anew from what is stored.

use mongodb::bson::{Document, doc};
use pesan::runtime::crash::SEARCH_POINT;
use pesan::storage::events::{Happening, NewBatch};
use pesan::storage::workspaces::first_workspace;
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

use super::{BUDI, SRI, Seeker, contact, items, says, take};
use crate::support::app::{TestApp, documents};
use crate::support::eventually;
use crate::support::fleet::Fleet;
use crate::support::program::run;
use crate::support::webhook::{NOW_S, NUMBER, body, inbound};
use crate::support::{client, mongo, webhook};

/// Some of all that changes what is found.
async fn live(app: &TestApp) {
    let seeker = Seeker::new(app).await;
    let changes: Vec<_> = (0..30)
        .map(|n| says(if n % 2 == 0 { BUDI } else { SRI }, &format!("w{n}"), n, &format!("bunga ke {n}")))
        .collect();
    app.take_changes(&changes).await;
    let edit = json!({ "type": "edit", "edit": { "original_message_id": "w3",
        "message": { "type": "text", "text": { "body": "anggrek" } } } });
    let revoke = json!({ "type": "revoke", "revoke": { "original_message_id": "w4" } });
    app.take_changes(&[inbound(SRI, "e1", NOW_S + 50, edit), inbound(BUDI, "e2", NOW_S + 51, revoke)]).await;
    let (budi, sri) = (contact(app, BUDI.wa_id).await, contact(app, SRI.wa_id).await);
    seeker.page("editContact", json!({ "id": budi, "input": { "displayName": "Pak Budi" } })).await;
    seeker.page("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    let query = "{ conversations { nodes { id } } }";
    let conversation = app.ask(&seeker.key, query, json!({})).await["nodes"][0]["id"].clone();
    for n in 0..3 {
        let input = json!({ "conversationId": conversation, "text": format!("catatan {n}") });
        let note = seeker.page("addNote", json!({ "input": input })).await["note"]["id"].clone();
        match n {
            0 => drop(seeker.page("deleteNote", json!({ "id": note })).await),
            1 => {
                let input = json!({ "id": note, "version": 1, "text": "ditulis ulang" });
                seeker.page("editNote", json!({ "input": input })).await;
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn made_anew_it_is_what_it_became_event_by_event() {
    let app = TestApp::start_with_number();
    live(&app).await;
    app.run_worker("search-indexer").await.unwrap();
    let grown = items(&app).await;
    assert_eq!(grown.len(), 32, "all messages but one, one contact of two, and two notes");
    let settings = [("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", app.database.as_str())];
    let outcome = run(&["search", "rebuild"], &settings).await;
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(
        outcome.stdout.starts_with("30 messages, 1 contacts and 2 notes can be found"),
        "{}",
        outcome.stdout
    );
    assert_eq!(items(&app).await, grown);
    // From nothing, and with what never was.
    let raw = mongo::raw(&app.database).await;
    raw.collection::<Document>("search_standings").delete_many(doc! {}).await.unwrap();
    let all = raw.collection::<Document>("search_items");
    all.delete_many(doc! { "_id": { "$regex": "^m" } }).await.unwrap();
    let mut stray = all.find_one(doc! {}).await.unwrap().unwrap();
    stray.insert("_id", "m:nobody");
    stray.insert("seq", 0_i64);
    all.insert_one(stray).await.unwrap();
    assert_eq!(run(&["search", "rebuild"], &settings).await.code, Some(0));
    assert_eq!(items(&app).await, grown);
    // The log is not taken in a second time, and goes on from there.
    app.run_worker("search-indexer").await.unwrap();
    assert_eq!(items(&app).await, grown);
    take(&app, &[says(BUDI, "later", 99, "setelah itu")]).await;
    assert_eq!(Seeker::new(&app).await.texts("setelah").await, ["setelah itu"]);
}

#[tokio::test]
async fn the_log_taken_in_again_changes_nothing() {
    let app = TestApp::start_with_number();
    live(&app).await;
    app.run_worker("search-indexer").await.unwrap();
    let (once, standing) = (app.all("search_items").await, app.all("search_standings").await);
    let raw = mongo::raw(&app.database).await;
    raw.collection::<Document>("search_standings").delete_many(doc! { "seq": { "$gt": 0 } }).await.unwrap();
    app.run_worker("search-indexer").await.unwrap();
    assert_eq!(app.all("search_items").await, once);
    let seq = |standings: &[serde_json::Value]| standings.iter().find_map(|one| one["seq"].as_i64());
    assert_eq!(seq(&app.all("search_standings").await), seq(&standing));
}

#[tokio::test]
async fn of_two_instances_one_takes_the_log_in_and_the_other_takes_over() {
    let one = TestApp::start_with_number();
    let database = one.database.clone();
    let other = TestApp::start_with(&[NUMBER[0], NUMBER[1], ("PESAN_DATABASE", &database)], false);
    take(&one, &[says(BUDI, "w1", 0, "bunga satu")]).await;
    one.take_changes(&[says(BUDI, "w2", 1, "bunga dua")]).await;
    other.run_worker("search-indexer").await.unwrap();
    let seeker = Seeker::new(&other).await;
    assert_eq!(seeker.texts("bunga").await, ["bunga satu"], "it is not this one's to do");
    one.run_worker("search-indexer").await.unwrap();
    assert_eq!(seeker.texts("bunga").await.len(), 2);
    // The first is heard of no more.
    let raw = mongo::raw(&database).await;
    let ended = doc! { "$set": { "until": mongodb::bson::DateTime::from_millis(0) } };
    raw.collection::<Document>("search_standings").update_one(doc! { "_id": "lease" }, ended).await.unwrap();
    one.take_changes(&[says(BUDI, "w3", 2, "bunga tiga")]).await;
    other.run_worker("search-indexer").await.unwrap();
    assert_eq!(seeker.texts("bunga").await.len(), 3);
    assert!(!other.storage.hold_search(first_workspace(), Duration::from_secs(1)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_dies_between_a_page_and_its_note_leaves_nothing_out_and_nothing_twice() {
    let mut fleet = Fleet::new(mongo::uri(), 2).await;
    fleet.instances[0].start(Some((SEARCH_POINT, 2)));
    fleet.instances[0].ready(crate::support::PATIENCE).await;
    let post = async |url: &str, n: i64| {
        let change = says(BUDI, &format!("w{n}"), n, &format!("bunga ke {n}"));
        webhook::post(&client(), url, body(&[change])).send().await.is_ok_and(|answer| answer.status() == 200)
    };
    let mut taken = 0;
    // Until it dies: at its second page.
    while taken < 20_000 && post(&fleet.instances[0].url, taken).await {
        taken += 1;
    }
    fleet.instances[0].death().await;
    fleet.instances[1].start(None);
    fleet.instances[1].ready(crate::support::PATIENCE).await;
    let ended = doc! { "$set": { "until": mongodb::bson::DateTime::from_millis(0) } };
    let standings = fleet.database.collection::<Document>("search_standings");
    standings.update_one(doc! { "_id": "lease" }, ended).await.unwrap();
    let name = fleet.database.name().to_owned();
    eventually("all that is stored can be found", || async {
        let messages = documents(&name, "messages").await.len();
        let items = documents(&name, "search_items").await;
        let found = items.iter().filter(|item| item["_id"].as_str().unwrap().starts_with("m:")).count();
        (found == messages && i64::try_from(messages).unwrap() >= taken).then_some(())
    })
    .await;
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_takes_the_log_in_is_woken_by_it_whichever_instance_wrote() {
    const LOOKED_THROUGH_EVERY: Duration = Duration::from_secs(10);
    const MESSAGES: usize = 6;
    let mut fleet = Fleet::new(mongo::uri(), 2).await;
    let (name, urls) = (fleet.database.name().to_owned(), fleet.urls());
    fleet.instances[0].start(None);
    eventually("the first one takes the log in", || async {
        documents(&name, "search_standings").await.iter().any(|one| one["_id"] == "lease").then_some(())
    })
    .await;
    fleet.instances[1].start(None);
    fleet.instances[1].ready(crate::support::PATIENCE).await;
    let taken = async |n: usize| {
        let url = &urls[n % 2];
        let change = says(BUDI, &format!("w{n}"), i64::try_from(n).unwrap(), &format!("bunga ke {n}"));
        assert_eq!(webhook::post(&client(), url, body(&[change])).send().await.unwrap().status(), 200);
        eventually("what came can be found", || async {
            let items = documents(&name, "search_items").await;
            items.iter().any(|item| item["_id"].as_str().unwrap().ends_with(&format!(":w{n}"))).then_some(())
        })
        .await;
    };
    taken(0).await;
    // After a while the first one hears of the other.
    tokio::time::timeout(LOOKED_THROUGH_EVERY * 3, async {
        loop {
            let begin = std::time::Instant::now();
            for n in 0..MESSAGES {
                taken(n + 10).await;
            }
            // Not woken, it would find one message at each look.
            if begin.elapsed() < LOOKED_THROUGH_EVERY {
                break;
            }
        }
    })
    .await
    .expect("it is woken");
    // It gives its work up when it stops: the other does not wait until the lease has run out.
    fleet.instances[0].stop().await;
    let lease = documents(&name, "search_standings").await;
    let first = lease.iter().find(|one| one["_id"] == "lease").map(|one| one["holder"].clone());
    taken(1).await;
    let lease = documents(&name, "search_standings").await;
    let second = lease.iter().find(|one| one["_id"] == "lease").map(|one| one["holder"].clone());
    assert!(second.is_some() && (first.is_none() || first == second), "{first:?} {second:?}");
    fleet.stop().await;
}

#[tokio::test]
async fn of_many_workspaces_those_are_known_that_have_something_new() {
    const WORKSPACES: u128 = 450;
    let app = TestApp::start();
    let workspace = |n: u128| Uuid::from_u128(n + 1);
    let batch = |n| NewBatch {
        workspace: workspace(n),
        source: None,
        happenings: vec![Happening::Contact { contact: Uuid::nil() }],
    };
    // One has more than is looked at at once; every tenth has three batches, the others none.
    let many = (1..=2_500).map(|seq| (seq, batch(0)));
    let some = (10..WORKSPACES).step_by(10).flat_map(|n| (1..=3).map(move |seq| (seq, batch(n))));
    let batches: Vec<(i64, NewBatch)> = many.chain(some).collect();
    for part in batches.chunks(500) {
        app.storage.append_events(part, 1_795_248_000_000).await.unwrap();
    }
    // Those of every twentieth are known.
    let standing = |n: u128| if n > 0 && n.is_multiple_of(20) { 3 } else { 0 };
    let standings: Vec<(Uuid, i64)> = (0..WORKSPACES).map(|n| (workspace(n), standing(n))).collect();
    let mut found = app.storage.with_events_after(&standings).await.unwrap();
    found.sort();
    let expected = (0..WORKSPACES).filter(|n| *n == 0 || (n % 10 == 0 && n % 20 != 0));
    assert_eq!(found, expected.map(workspace).collect::<Vec<_>>());
    assert_eq!(app.storage.with_events_after(&[]).await.unwrap(), Vec::<Uuid>::new());
}

#[tokio::test]
async fn an_idle_service_asks_the_log_now_and_then_however_many_workspaces_there_are() {
    const WORKSPACES: u128 = 60;
    let app = TestApp::start_with(&NUMBER, true);
    for n in 0..WORKSPACES {
        app.storage.ensure_workspace(Uuid::from_u128(n + 1), "idle").await.unwrap();
    }
    let until = async || {
        let standings = app.all("search_standings").await;
        standings.iter().find(|one| one["_id"] == "lease").map(|one| one["until"].clone())
    };
    let first = eventually("the lease is taken", until).await;
    let raw = mongo::raw(&app.database).await;
    raw.run_command(doc! { "profile": 2 }).await.unwrap();
    let next = async || until().await.filter(|until| *until != first);
    eventually("the lease is renewed", next).await;
    raw.run_command(doc! { "profile": 0 }).await.unwrap();
    let asked = doc! { "ns": format!("{}.events", app.database), "op": "query" };
    let asked = raw.collection::<Document>("system.profile").count_documents(asked).await.unwrap();
    assert!(asked <= 6, "{asked} questions between two looks at {WORKSPACES} workspaces");
}
