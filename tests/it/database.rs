//! `pesan db`: setting up, checking, migrating, surveying, cleaning.

use futures_util::TryStreamExt;
use mongodb::IndexModel;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::IndexOptions;

use crate::support::mongo;
use crate::support::program::{Outcome, run};

/// A database of a test's own, gone at its end.
struct Database {
    name: String,
}

impl Database {
    fn new() -> Self {
        Self { name: mongo::database_name() }
    }

    async fn db(&self, arguments: &[&str]) -> Outcome {
        let arguments = [&["db"], arguments].concat();
        run(&arguments, &[("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", &self.name)]).await
    }

    async fn raw(&self) -> mongodb::Database {
        mongo::raw(&self.name).await
    }

    async fn gone(self) {
        self.raw().await.drop().await.unwrap();
    }
}

#[tokio::test]
async fn check_lists_what_is_missing_until_setup_has_run_and_setup_can_run_again() {
    let database = Database::new();
    let before = database.db(&["check"]).await;
    assert_eq!(before.code, Some(1), "{before:?}");
    for expected in ["migration 1 has not run", "collection segments is missing", "run `pesan db migrate`"] {
        assert!(before.stdout.contains(expected), "{before:?}");
    }
    assert_eq!(database.db(&["setup"]).await.code, Some(0));
    assert_eq!(database.db(&["check"]).await.code, Some(0));
    assert_eq!(database.db(&["setup"]).await.code, Some(0));
    let applied =
        database.raw().await.collection::<Document>("migrations").count_documents(doc! {}).await.unwrap();
    assert_eq!(applied, pesan::storage::migrate::MIGRATIONS.len() as u64);
    database.gone().await;
}

#[tokio::test]
async fn two_at_once_migrate_without_harm() {
    let database = Database::new();
    let (first, second) = tokio::join!(database.db(&["migrate"]), database.db(&["migrate"]));
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{first:?} {second:?}");
    assert_eq!(database.db(&["check"]).await.code, Some(0));
    database.gone().await;
}

#[tokio::test]
async fn an_index_that_is_missing_or_different_is_found_and_mended() {
    let database = Database::new();
    database.db(&["setup"]).await;
    let unrecognised = database.raw().await.collection::<Document>("unrecognised");
    unrecognised.drop_index("expireAt").await.unwrap();
    let missing = database.db(&["check"]).await;
    assert!(
        missing.code == Some(1) && missing.stdout.contains("index unrecognised.expireAt is missing"),
        "{missing:?}"
    );
    let options = IndexOptions::builder().name("expireAt".to_owned()).build();
    unrecognised
        .create_index(IndexModel::builder().keys(doc! { "expireAt": 1 }).options(options).build())
        .await
        .unwrap();
    let different = database.db(&["check"]).await;
    assert!(different.stdout.contains("index unrecognised.expireAt is not as declared"), "{different:?}");
    let mended = database.db(&["migrate"]).await;
    assert!(mended.stdout.contains("mending: index unrecognised.expireAt"), "{mended:?}");
    assert_eq!(database.db(&["check"]).await.code, Some(0));
    database.gone().await;
}

/// An index that this program does not have any more.
fn old_index(name: &str, keys: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).build();
    IndexModel::builder().keys(keys).options(options).build()
}

/// The second time is that of somebody who was cut off before it was written down.
async fn migrate_twice(database: &Database, number: i32) {
    let raw = database.raw().await;
    for _ in 0..2 {
        raw.collection::<Document>("migrations").delete_one(doc! { "_id": number }).await.unwrap();
        let migrated = database.db(&["migrate"]).await;
        assert_eq!(migrated.code, Some(0), "{migrated:?}");
    }
}

#[tokio::test]
async fn who_was_written_to_first_is_kept_apart_from_the_conversations() {
    let database = Database::new();
    database.db(&["setup"]).await;
    let raw = database.raw().await;
    let conversations = raw.collection::<Document>("conversations");
    let keys = doc! { "number": 1, "initiatedAtMs": 1 };
    conversations.create_index(old_index("number_initiatedAtMs", keys)).await.unwrap();
    let lately_ms = DateTime::now().timestamp_millis() - 3_600_000;
    let old = [
        doc! { "_id": "lately", "number": "n", "initiatedAtMs": lately_ms },
        doc! { "_id": "long ago", "number": "n", "initiatedAtMs": 1_700_000_000_000_i64 },
        doc! { "_id": "never", "number": "n" },
    ];
    conversations.insert_many(old).await.unwrap();

    migrate_twice(&database, 3).await;
    let all = async |name: &str| -> Vec<Document> {
        raw.collection::<Document>(name).find(doc! {}).await.unwrap().try_collect().await.unwrap()
    };
    let initiations = all("initiations").await;
    assert_eq!(initiations.len(), 1, "{initiations:?}");
    assert_eq!(initiations[0].get_str("_id").unwrap(), "lately");
    assert_eq!(initiations[0].get_datetime("at").unwrap().timestamp_millis(), lately_ms);
    assert!(initiations[0].get_datetime("expireAt").unwrap() > &DateTime::now());
    let left = all("conversations").await;
    assert!(left.iter().all(|one| !one.contains_key("initiatedAtMs")), "{left:?}");
    let indexes = conversations.list_index_names().await.unwrap();
    assert!(!indexes.iter().any(|name| name.contains("initiated")), "{indexes:?}");
    database.gone().await;
}

#[tokio::test]
async fn whose_conversations_are_and_until_when_they_sleep_is_kept_apart_from_them() {
    let database = Database::new();
    database.db(&["setup"]).await;
    let raw = database.raw().await;
    let conversations = raw.collection::<Document>("conversations");
    for (name, field) in
        [("contact", "contact"), ("mergedInto", "mergedInto"), ("snoozedUntil", "away.untilMs")]
    {
        conversations.create_index(old_index(name, doc! { field: 1 })).await.unwrap();
    }
    let old = [
        doc! { "_id": "one", "workspace": "w", "number": "n", "contact": "c", "unread": 1 },
        doc! { "_id": "told", "workspace": "w", "number": "n", "contact": "d", "mergedInto": "one", "mergedAt": 1 },
        doc! {
            "_id": "by hand", "workspace": "w", "number": "n", "contact": "e", "mergedInto": "one",
            "mergedByHand": "user:siti", "away": { "as": "snoozed", "untilMs": 7_i64 },
        },
        doc! { "_id": "a group", "workspace": "w", "number": "n", "groupId": "g", "away": { "as": "resolved" } },
    ];
    conversations.insert_many(&old).await.unwrap();

    migrate_twice(&database, 4).await;
    let all = async |name: &str| -> Vec<Document> {
        let all = raw.collection::<Document>(name);
        all.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap().try_collect().await.unwrap()
    };
    let tie = |id: &str, contact: &str| {
        doc! { "_id": id, "workspace": "w", "number": "n", "contact": contact }
    };
    let mut ties = [tie("by hand", "e"), tie("one", "c"), tie("told", "d")];
    ties[0].extend(doc! { "mergedInto": "one", "v": 1, "byHand": true });
    ties[1].extend(doc! { "v": 1 });
    ties[2].extend(doc! { "mergedInto": "one", "v": 1 });
    assert_eq!(all("conversation_ties").await, ties);
    let snooze =
        doc! { "_id": "by hand", "workspace": "w", "number": "n", "v": 1, "untilMs": 7_i64, "times": 1_i64 };
    assert_eq!(all("snoozes").await, [snooze]);
    assert_eq!(all("conversations").await.len(), old.len());
    let indexes = conversations.list_index_names().await.unwrap();
    for gone in ["contact", "mergedInto", "snoozedUntil"] {
        assert!(!indexes.iter().any(|name| name == gone), "{indexes:?}");
    }

    migrate_twice(&database, 6).await;
    ties[0].remove("byHand");
    ties[0].insert("carried", true);
    assert_eq!(all("conversation_ties").await, ties, "what people had joined is carried on");
    database.gone().await;
}

#[tokio::test]
async fn what_waits_for_an_id_of_either_kind_goes_on_waiting() {
    let database = Database::new();
    database.db(&["setup"]).await;
    let unrouted = database.raw().await.collection::<Document>("unrouted");
    let waiting = |id: &str, owners: &[&str]| doc! { "_id": id, "owners": owners };
    let now = waiting("now", &["account:1", "number:2"]);
    let old = [waiting("nobody", &[]), now.clone(), waiting("old", &["1", "2"])];
    unrouted.insert_many(&old).await.unwrap();
    migrate_twice(&database, 7).await;
    let all = unrouted.find(doc! {}).sort(doc! { "_id": -1 });
    let all: Vec<Document> = all.await.unwrap().try_collect().await.unwrap();
    let either = waiting("old", &["number:1", "number:2", "account:1", "account:2"]);
    assert_eq!(all, [either, now, waiting("nobody", &[])]);
    database.gone().await;
}

#[tokio::test]
async fn the_database_removes_no_events_by_itself_any_more() {
    let database = Database::new();
    database.db(&["setup"]).await;
    let events = database.raw().await.collection::<Document>("events");
    events.create_index(old_index("expireAt", doc! { "expireAt": 1 })).await.unwrap();
    migrate_twice(&database, 5).await;
    let mut indexes = events.list_index_names().await.unwrap();
    indexes.sort_unstable();
    assert_eq!(indexes, ["_id_", "source"]);
    database.gone().await;
}

#[tokio::test]
async fn while_an_instance_runs_nothing_changes_what_it_writes() {
    let database = Database::new();
    database.db(&["setup"]).await;
    let raw = database.raw().await;
    raw.collection::<Document>("migrations").delete_one(doc! { "_id": 4 }).await.unwrap();
    let instances = raw.collection::<Document>("instances");
    let later = DateTime::from_millis(DateTime::now().timestamp_millis() + 3_600_000);
    instances.insert_one(doc! { "_id": "one", "seenAt": later }).await.unwrap();
    let refused = database.db(&["migrate"]).await;
    assert!(refused.code != Some(0) && refused.stderr.contains("stop all instances"), "{refused:?}");
    instances.delete_one(doc! { "_id": "one" }).await.unwrap();
    assert_eq!(database.db(&["migrate"]).await.code, Some(0));
    database.gone().await;
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone() {
    let database = Database::new();
    database.db(&["setup"]).await;
    let migrations = database.raw().await.collection::<Document>("migrations");
    migrations.insert_one(doc! { "_id": 999, "name": "from the future" }).await.unwrap();
    let check = database.db(&["check"]).await;
    assert!(
        check.code == Some(1) && check.stdout.contains("migration 999 is from a newer pesan"),
        "{check:?}"
    );
    let migrate = database.db(&["migrate"]).await;
    assert!(migrate.code == Some(3) && migrate.stderr.contains("newer pesan"), "{migrate:?}");
    database.gone().await;
}

#[tokio::test]
async fn analyze_shows_each_collection_with_its_documents_and_age() {
    let database = Database::new();
    database.db(&["setup"]).await;
    let segments = database.raw().await.collection::<Document>("segments");
    for (id, ms) in [("a:1", 1_700_000_000_000), ("a:2", 1_700_000_060_000)] {
        segments.insert_one(doc! { "_id": id, "at": DateTime::from_millis(ms) }).await.unwrap();
    }
    let outcome = database.db(&["analyze"]).await;
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let line = outcome.stdout.lines().find(|line| line.starts_with("segments")).unwrap().to_owned();
    assert_eq!(line.split_whitespace().nth(1), Some("2"), "{line}");
    assert!(line.contains("2023-11-14T22:13:20Z to 2023-11-14T22:14:20Z"), "{line}");
    database.gone().await;
}

#[tokio::test]
async fn clean_removes_what_nobody_needs_and_nothing_else() {
    let database = Database::new();
    database.db(&["setup"]).await;
    assert!(database.db(&["clean", "--auto"]).await.stdout.contains("nothing to clean"));
    let unrecognised = database.raw().await.collection::<Document>("unrecognised");
    // MongoDB's own removal runs once a minute; a document that expires now is still there for a while.
    let now = DateTime::now();
    unrecognised.insert_one(doc! { "_id": "gone:1", "expireAt": now }).await.unwrap();
    unrecognised.insert_one(doc! { "_id": "kept:1" }).await.unwrap();
    unrecognised
        .insert_one(
            doc! { "_id": "kept:2", "expireAt": DateTime::from_millis(now.timestamp_millis() + 3_600_000) },
        )
        .await
        .unwrap();
    unrecognised.create_index(IndexModel::builder().keys(doc! { "somebody": 1 }).build()).await.unwrap();

    let asked = database.db(&["clean"]).await;
    assert!(asked.stdout.contains("index unrecognised.somebody_1"), "{asked:?}");
    assert!(asked.stdout.contains("Nothing was removed."), "no answer is no: {asked:?}");
    assert!(database.db(&["check"]).await.stdout.contains("note: index unrecognised.somebody_1"));

    let cleaned = database.db(&["clean", "--auto"]).await;
    assert_eq!(cleaned.code, Some(0), "{cleaned:?}");
    let mut kept: Vec<String> = Vec::new();
    let mut cursor = unrecognised.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
    while cursor.advance().await.unwrap() {
        kept.push(cursor.deserialize_current().unwrap().get_str("_id").unwrap().to_owned());
    }
    assert_eq!(kept, ["kept:1", "kept:2"]);
    assert_eq!(unrecognised.list_index_names().await.unwrap(), ["_id_", "expireAt", "receivedAt"]);
    database.gone().await;
}

#[tokio::test]
async fn monitor_exits_by_level() {
    let database = Database::new();
    database.db(&["setup"]).await;
    for (warning, critical, code) in
        [("100000", "200000", 0), ("0", "200000", 10), ("0", "0", 20), ("2", "1", 2)]
    {
        let outcome = database.db(&["monitor", "--warning", warning, "--critical", critical]).await;
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
    }
    let watched = database
        .db(&["monitor", "--warning", "0", "--critical", "9", "--interval", "1", "--times", "2"])
        .await;
    assert_eq!((watched.code, watched.stdout.lines().count()), (Some(10), 2), "{watched:?}");
    database.gone().await;
}
