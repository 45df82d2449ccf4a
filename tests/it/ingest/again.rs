//! `pesan replay` and what it goes by: a stretch of time, a segment, what could not be stored, what was not understood,
//! the journal of another database.

use bytes::Bytes;
use mongodb::bson::{Document, doc};
use pesan::clock::Clock;
use pesan::storage::aside::{Aside, AsideItem, MetaId, Reason};
use pesan::storage::segments::{Place, RawWebhook};
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::replay::pesan;
use crate::support::app::{START, TestApp, documents};
use crate::support::mongo;
use crate::support::program::{Outcome, run};
use crate::support::webhook::{Customer, NOW_S, PHONE_NUMBER_ID, body, inbound, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
const OTHER: &str = "700700700";

fn said(wamid: &str) -> Value {
    inbound(BUDI, wamid, NOW_S, text("x"))
}

/// A change, for a number of another workspace.
fn for_other(mut change: Value) -> Value {
    change["value"]["metadata"] = json!({ "display_phone_number": "6281500", "phone_number_id": OTHER });
    change
}

async fn wamids(database: &str) -> Vec<String> {
    let messages = documents(database, "messages").await;
    messages.iter().map(|one| one["wamid"].as_str().unwrap().to_owned()).collect()
}

/// Without the messages, and without what a replay has left in the journal: that came at the machine's time.
async fn lose_all_messages(app: &TestApp, segments: &[Value]) {
    let database = mongo::raw(&app.database).await;
    database.collection::<Document>("messages").delete_many(doc! {}).await.unwrap();
    let first: Vec<&str> = segments.iter().map(|one| one["_id"].as_str().unwrap()).collect();
    database.collection::<Document>("segments").delete_many(doc! { "_id": { "$nin": first } }).await.unwrap();
}

/// Makes the database refuse messages by their ids, or refuse none.
async fn refuse(app: &TestApp, wamids: Option<&str>) {
    let rule = wamids.map(|wamids| doc! { "wamid": { "$not": { "$regex": wamids } } }).unwrap_or_default();
    let command = doc! { "collMod": "messages", "validator": rule };
    mongo::raw(&app.database).await.run_command(command).await.unwrap();
}

fn check_done(outcome: &Outcome) {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}

#[tokio::test]
async fn a_stretch_of_time_or_a_segment_goes_through_once_more_and_nothing_else() {
    let app = TestApp::start_with_number();
    app.take_changes(&[said("wamid.1")]).await;
    app.clock.advance(std::time::Duration::from_hours(1));
    app.take_changes(&[said("wamid.2")]).await;
    let told = app.told().await;
    let segments = app.all("segments").await;
    let first = segments.iter().find(|one| one["at"].as_i64() < segments.last().unwrap()["at"].as_i64());
    let first = first.unwrap()["_id"].as_str().unwrap();
    let between = "2026-11-21T08:30:00Z";
    assert!(START < between);
    for (arguments, expected) in [
        (&["--segment", first][..], "wamid.1"),
        (&["--to", between], "wamid.1"),
        (&["--from", between], "wamid.2"),
        (&["--from", START, "--to", between], "wamid.1"),
    ] {
        lose_all_messages(&app, &segments).await;
        check_done(&pesan(&app, &[&["replay", "--dry-run"][..], arguments].concat()).await);
        assert_eq!(wamids(&app.database).await, Vec::<String>::new(), "a dry run changes nothing");
        let replayed = pesan(&app, &[&["replay"][..], arguments].concat()).await;
        check_done(&replayed);
        assert!(replayed.stdout.contains("1  added to messages"), "{replayed:?}");
        assert_eq!(wamids(&app.database).await, [expected], "{arguments:?}");
    }
    assert_eq!(app.told().await, told, "what the journal brings is told to nobody");
    for wrong in [&["replay"][..], &["replay", "--segment", "x"], &["replay", "--all", "--dead"]] {
        assert_eq!(pesan(&app, wrong).await.code, Some(2), "{wrong:?}");
    }
}

#[tokio::test]
async fn what_could_not_be_stored_is_listed_with_its_reason_and_tried_again() {
    let app = TestApp::start_with_number();
    let nothing = pesan(&app, &["ingest", "dead"]).await;
    assert!(nothing.stdout.starts_with("Nothing"), "{nothing:?}");
    refuse(&app, Some("bad$")).await;
    app.take_changes(&[said("wamid.good"), said("wamid.bad")]).await;
    let listed = pesan(&app, &["ingest", "dead"]).await;
    check_done(&listed);
    let key = app.only("dead_letters").await["_id"].as_str().unwrap().to_owned();
    let (place, slot) = key.rsplit_once(':').unwrap();
    let slot: u32 = slot.parse().unwrap();
    let expected =
        format!("{place}:{slot} item 1  2026-11-21T08:00:00Z  messages  for number {PHONE_NUMBER_ID}: ");
    let line = listed.stdout.lines().next().unwrap();
    assert!(line.starts_with(&expected) && line.contains("(121)"), "{listed:?}");
    assert_eq!(listed.stdout.lines().count(), 1);
    let traced = pesan(&app, &["ingest", "trace", &format!("{place}:{slot}")]).await;
    assert!(traced.stdout.contains("item 1 is in dead_letters"), "{traced:?}");

    // As long as the cause is there, it stays where it is.
    check_done(&pesan(&app, &["replay", "--dead"]).await);
    assert_eq!(wamids(&app.database).await, ["wamid.good"]);
    assert_eq!(pesan(&app, &["ingest", "dead"]).await.stdout.lines().next(), Some(line));

    refuse(&app, None).await;
    let told = app.told().await.len();
    let planned = pesan(&app, &["replay", "--dead", "--dry-run"]).await;
    assert!(planned.stdout.contains("1  would be added to messages"), "{planned:?}");
    check_done(&pesan(&app, &["replay", "--dead"]).await);
    assert_eq!(wamids(&app.database).await, ["wamid.bad", "wamid.good"]);
    assert!(pesan(&app, &["ingest", "dead"]).await.stdout.starts_with("Nothing"));
    assert_eq!(app.all("dead_letters").await, Vec::<Value>::new());
    let now = app.told().await;
    assert_eq!(now[told..].iter().filter(|kind| *kind == "message").count(), 1, "it had never been told");
}

/// Sets a webhook aside, as if an older program had done so.
fn set_aside(reason: Reason, number: i64, wamid: &str) -> Aside {
    let place = Place { lane: Uuid::from_u128(1), number };
    let field = "messages".to_owned();
    let owner = Some(MetaId::Number(PHONE_NUMBER_ID.to_owned()));
    let item = AsideItem { index: 0, field, owner, why: "Field".to_owned() };
    let webhook = RawWebhook::new(NOW_S * 1_000 + number, Bytes::from(body(&[said(wamid)])));
    Aside { reason, place, slot: 0, by: place, webhook, items: vec![item] }
}

#[tokio::test]
async fn what_is_understood_by_now_goes_through() {
    let app = TestApp::start_with_number();
    let aside = set_aside(Reason::Unrecognised, 0, "wamid.1");
    app.storage.set_aside(&[aside], Clock::system().now_ms()).await.unwrap();
    app.take_changes(&[json!({ "field": "of_tomorrow", "value": { "x": 1 } })]).await;
    let planned = pesan(&app, &["replay", "--unrecognised", "--dry-run"]).await;
    assert!(planned.stdout.contains("1  would be added to messages"), "{planned:?}");
    let replayed = pesan(&app, &["replay", "--unrecognised"]).await;
    check_done(&replayed);
    assert!(replayed.stdout.contains("1  still set aside, unrecognised: Field"), "{replayed:?}");
    assert_eq!(wamids(&app.database).await, ["wamid.1"]);
    assert_eq!(app.only("unrecognised").await["items"][0]["field"], "of_tomorrow");
    assert_eq!(app.told().await, ["contact", "message"], "it had never been told");
}

#[tokio::test]
async fn what_stays_unreadable_holds_up_nothing_behind_it() {
    let app = TestApp::start_with_number();
    let mut asides: Vec<Aside> =
        (0..250).map(|n| set_aside(Reason::Dead, n, &format!("wamid.{n}.bad"))).collect();
    asides.push(set_aside(Reason::Dead, 250, "wamid.good"));
    app.storage.set_aside(&asides, Clock::system().now_ms()).await.unwrap();
    refuse(&app, Some("bad$")).await;
    check_done(&pesan(&app, &["replay", "--dead"]).await);
    assert_eq!(wamids(&app.database).await, ["wamid.good"]);
    let listed = pesan(&app, &["ingest", "dead"]).await;
    let places: Vec<&str> = listed.stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(places.len(), 250, "all of them, each once");
    assert!(places.is_sorted(), "the oldest first");
}

#[tokio::test]
async fn all_that_waits_for_a_number_is_counted() {
    let app = TestApp::start_with_number();
    let asides: Vec<Aside> =
        (0..1_203).map(|n| set_aside(Reason::Unrouted, n, &format!("wamid.{n}"))).collect();
    app.storage.set_aside(&asides, Clock::system().now_ms()).await.unwrap();
    let listed = pesan(&app, &["ingest", "unrouted"]).await;
    assert!(listed.stdout.starts_with(&format!("number {PHONE_NUMBER_ID}: 1203 items")), "{listed:?}");
}

/// Two numbers of two workspaces, each with a message, and an empty database.
async fn two_numbers(app: &TestApp, other: Uuid) -> String {
    app.storage.ensure_workspace(other, "other").await.unwrap();
    app.storage.ensure_number(other, OTHER, Some("other account")).await.unwrap();
    let numbers = mongo::raw(&app.database).await.collection::<Document>("numbers");
    let secret = doc! { "$set": { "accessToken": "sealed", "verifyTokenHash": "x", "acceptsFromMs": 5_i64 } };
    numbers.update_one(doc! { "phoneNumberId": OTHER }, secret).await.unwrap();
    app.take_changes(&[said("wamid.1"), for_other(said("wamid.2"))]).await;
    assert_eq!(app.all("messages").await.len(), 2);
    let database = mongo::database_name();
    check_done(&at(&database, &["db", "setup"]).await);
    database
}

/// Runs the program on a database.
async fn at(database: &str, arguments: &[&str]) -> Outcome {
    run(arguments, &[("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", database)]).await
}

#[tokio::test]
async fn another_database_brings_its_numbers_without_their_secrets() {
    let app = TestApp::start_with_number();
    let other = Uuid::from_u128(77);
    let database = two_numbers(&app, other).await;
    let from = ["replay", "--all", "--from-database", &app.database];

    let planned = at(&database, &[&from[..], &["--dry-run"]].concat()).await;
    check_done(&planned);
    for expected in [
        format!("number {OTHER} of workspace {other}: would be made"),
        "2  would be added to messages".to_owned(),
    ] {
        assert!(planned.stdout.contains(&expected), "{expected}: {planned:?}");
    }
    assert_eq!(documents(&database, "numbers").await, Vec::<Value>::new());

    let replayed = at(&database, &from).await;
    check_done(&replayed);
    assert!(
        replayed.stdout.contains(&format!("number {OTHER} of workspace {other}: is made")),
        "{replayed:?}"
    );
    assert_eq!(wamids(&database).await, ["wamid.1", "wamid.2"]);
    for nothing in ["unrouted", "events"] {
        assert_eq!(documents(&database, nothing).await, Vec::<Value>::new(), "{nothing}");
    }
    let numbers = documents(&database, "numbers").await;
    let made = numbers.iter().find(|one| one["phoneNumberId"] == OTHER).unwrap();
    assert_eq!(
        (&made["workspace"], &made["accountId"], &made["acceptsFromMs"]),
        (&json!(other.simple().to_string()), &json!("other account"), &json!(5))
    );
    assert!(made["accessToken"].is_null() && made["verifyTokenHash"].is_null(), "{made:#?}");
    let workspaces = documents(&database, "workspaces").await;
    let names: Vec<&Value> = workspaces.iter().map(|one| &one["name"]).collect();
    assert!(names.contains(&&json!("other")) && names.len() == 2, "{names:?}");
    assert_eq!(app.all("messages").await.len(), 2, "the other database is only read");
    mongo::raw(&database).await.drop().await.unwrap();
}

#[tokio::test]
async fn what_was_for_one_workspace_comes_to_no_other_unless_that_is_said() {
    let app = TestApp::start_with_number();
    let database = two_numbers(&app, Uuid::from_u128(77)).await;
    let from = ["replay", "--all", "--from-database", &app.database];
    let without = [&from[..], &["--without-numbers"]].concat();

    let target = mongo::storage(mongo::uri(), &database).await;
    target.ensure_number(first_workspace(), OTHER, None).await.unwrap();
    let refused = at(&database, &from).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains(OTHER) && refused.stderr.contains("--without-numbers"), "{refused:?}");
    assert_eq!(documents(&database, "messages").await, Vec::<Value>::new());

    check_done(&at(&database, &without).await);
    assert_eq!(wamids(&database).await, ["wamid.2"], "the only number that is there");
    let waiting = documents(&database, "unrouted").await;
    assert_eq!((waiting.len(), &waiting[0]["owners"]), (1, &json!([format!("number:{PHONE_NUMBER_ID}")])));

    let misspelt = at(&database, &["replay", "--all", "--from-database", "nothing-here"]).await;
    assert_eq!(misspelt.code, Some(2), "{misspelt:?}");
    target.drop_database().await.unwrap();
    target.close().await;
}
