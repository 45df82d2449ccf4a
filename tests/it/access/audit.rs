//! The audit log: whole when many write at once, and nothing done to it goes unseen.

use mongodb::Collection;
use mongodb::bson::{Binary, Bson, Document, doc};
use pesan::auth::audit::{Broken, NewEntry, Verdict, verify};
use pesan::auth::{Audit, Who};
use pesan::ids::Random;
use pesan::storage::workspaces::first_workspace;

use crate::support::app::TestApp;
use crate::support::mongo;
use crate::support::program::run;

async fn note(audit: &Audit, target: &str) {
    let who = Who::User("siti".to_owned());
    let changes = [("displayName", Some("Toko"), Some("Toko Maju"))];
    let (workspace, deed) = (first_workspace(), "update-number");
    audit.note(NewEntry { workspace, who: &who, deed, target, changes: &changes }).await.unwrap();
}

/// A service whose first workspace has so many entries.
async fn with_entries(count: usize) -> (TestApp, Audit, Collection<Document>) {
    let app = TestApp::start();
    app.storage.ensure_workspace(first_workspace(), "first").await.unwrap();
    let audit = Audit::new(&app.storage, &app.clock.clock(), &Random::system());
    for n in 0..count {
        note(&audit, &format!("number:{n}")).await;
    }
    let entries = mongo::raw(&app.database).await.collection("audit");
    (app, audit, entries)
}

async fn checked(app: &TestApp) -> Verdict {
    verify(&app.storage, first_workspace(), None).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_write_at_once_leave_no_gap_and_lose_nothing() {
    let (app, one, _) = with_entries(0).await;
    let other = Audit::new(&app.storage, &app.clock.clock(), &Random::system());
    let mut writers = Vec::new();
    for writer in 0..6 {
        let audit = if writer % 2 == 0 { one.clone() } else { other.clone() };
        writers.push(tokio::spawn(async move {
            for n in 0..10 {
                note(&audit, &format!("number:{writer}-{n}")).await;
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let verdict = checked(&app).await;
    assert_eq!((verdict.good, verdict.broken), (60, None));
    let entries = app.all("audit").await;
    let seqs: Vec<i64> = entries.iter().map(|entry| entry["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=60).collect::<Vec<_>>());
    let targets: std::collections::BTreeSet<_> =
        entries.iter().map(|entry| entry["target"].to_string()).collect();
    assert_eq!(targets.len(), 60);
}

#[tokio::test]
async fn an_entry_that_was_changed_is_named() {
    let (app, _, entries) = with_entries(5).await;
    assert_eq!(checked(&app).await.broken, None);
    let third = || doc! { "seq": 3_i64 };
    let original = entries.find_one(third()).await.unwrap().unwrap();
    for change in [
        doc! { "$set": { "who": "user:somebody-else" } },
        doc! { "$set": { "changes.0.to": "Toko Mundur" } },
        doc! { "$set": { "at": mongodb::bson::DateTime::from_millis(0) } },
        doc! { "$set": { "changes": [] } },
    ] {
        entries.update_one(third(), change.clone()).await.unwrap();
        let verdict = checked(&app).await;
        assert_eq!((verdict.good, verdict.broken), (2, Some(Broken::Changed { seq: 3 })), "{change}");
        entries.replace_one(doc! { "_id": original.get("_id").unwrap() }, &original).await.unwrap();
    }
    entries.update_one(third(), doc! { "$unset": { "who": 1 } }).await.unwrap();
    assert_eq!(checked(&app).await.broken, Some(Broken::Unreadable { seq: 3 }));
}

#[tokio::test]
async fn entries_that_are_gone_are_missed_at_the_start_in_the_middle_and_at_the_end() {
    for (gone, expected) in [
        (1_i64, Broken::Missing { seq: 1 }),
        (3, Broken::Missing { seq: 3 }),
        (5, Broken::CutOff { seq: 4, reached: 5 }),
    ] {
        let (app, _, entries) = with_entries(5).await;
        entries.delete_one(doc! { "seq": gone }).await.unwrap();
        assert_eq!(checked(&app).await.broken, Some(expected));
    }
}

#[tokio::test]
async fn entries_that_changed_places_are_seen() {
    let (app, _, entries) = with_entries(4).await;
    let find = async |seq: i64| entries.find_one(doc! { "seq": seq }).await.unwrap().unwrap();
    let (mut second, mut third) = (find(2).await, find(3).await);
    let ids: [Bson; 2] = [second.get("_id").unwrap().clone(), third.get("_id").unwrap().clone()];
    entries.delete_many(doc! { "_id": { "$in": ids.to_vec() } }).await.unwrap();
    let [two, three] = ids;
    second.insert("_id", three.clone());
    third.insert("_id", two.clone());
    entries.insert_many([&second, &third]).await.unwrap();
    assert_eq!(checked(&app).await.broken, Some(Broken::Misplaced { seq: 2 }));
}

#[tokio::test]
async fn a_chain_that_was_forged_from_a_point_on_does_not_hold_the_hash_that_was_noted() {
    let (app, audit, entries) = with_entries(3).await;
    let noted = checked(&app).await;
    // Somebody with the database in their hands rewrites the end, and the workspace's own note of it.
    entries.delete_one(doc! { "seq": 3_i64 }).await.unwrap();
    let workspaces = mongo::raw(&app.database).await.collection::<Document>("workspaces");
    workspaces.update_many(doc! {}, doc! { "$unset": { "audit": 1 } }).await.unwrap();
    note(&audit, "number:forged").await;
    assert_eq!(checked(&app).await.broken, None);
    let verdict =
        verify(&app.storage, first_workspace(), Some((noted.good, &noted.last_hash))).await.unwrap();
    assert_eq!(verdict.broken, Some(Broken::OtherHash { seq: 3 }));
    let settings = [("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", app.database.as_str())];
    let noted = format!("{}:{}", noted.good, noted.last_hash);
    let outcome = run(&["audit", "verify", "--noted", &noted], &settings).await;
    assert!(outcome.code == Some(1) && outcome.stdout.contains("entry 3 is another"), "{outcome:?}");
    let outcome = run(&["audit", "verify"], &settings).await;
    assert!(outcome.code == Some(0) && outcome.stdout.contains("All 3 entries"), "{outcome:?}");
}

#[tokio::test]
async fn workspaces_have_logs_of_their_own() {
    let (app, audit, entries) = with_entries(2).await;
    let other = uuid::Uuid::now_v7();
    app.storage.ensure_workspace(other, "other").await.unwrap();
    let new = NewEntry { workspace: other, who: &Who::Operator, deed: "d", target: "t", changes: &[] };
    audit.note(new).await.unwrap();
    assert_eq!(checked(&app).await.good, 2);
    let verdict = verify(&app.storage, other, None).await.unwrap();
    assert_eq!((verdict.good, verdict.broken), (1, None));
    // An entry of another workspace does not fit into this one.
    let mut entry = entries.find_one(doc! { "deed": "d" }).await.unwrap().unwrap();
    let mut key = first_workspace().as_bytes().to_vec();
    key.extend_from_slice(&3_i64.to_be_bytes());
    entry.insert("_id", Binary { subtype: mongodb::bson::spec::BinarySubtype::Generic, bytes: key });
    entries.insert_one(entry).await.unwrap();
    assert_eq!(checked(&app).await.broken, Some(Broken::Misplaced { seq: 3 }));
}
