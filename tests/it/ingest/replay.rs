//! Looking back from the journal: the count of everything, the way of one message, replay.

use std::collections::BTreeMap;
use std::time::Duration;

use pesan::clock::Clock;
use pesan::config::{MongoConfig, Source};
use pesan::ids::Random;
use pesan::ingest::replay::{Difference, Replay, Selection};
use pesan::ingest::verify::verify;
use pesan::storage::Storage;
use serde_json::{Value, json};

use crate::support::app::{TestApp, documents};
use crate::support::mongo;
use crate::support::program::{Outcome, run};
use crate::support::webhook::{Customer, NOW_S, PHONE_NUMBER_ID, body, echo, inbound, status, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
const SITI: Customer<'static> = Customer { wa_id: "628222", user_id: "", name: "Siti" };
pub const ALL: Selection = Selection::Between { from_ms: i64::MIN / 2, to_ms: i64::MAX / 2 };

/// Everything that webhooks make.
pub const MADE: &[&str] = &[
    "contacts",
    "aliases",
    "conversations",
    "conversation_ties",
    "messages",
    "edits",
    "statuses",
    "notices",
    "numbers",
    "accounts",
    "templates",
    "calls",
    "groups",
    "unrecognised",
];

/// What a document has of its own, and why it is not compared.
const OWN: &[&str] = &[
    // The segment that brought it: a replay has segments of its own.
    "origin",
    "by",
    // Our time of writing, not Meta's of happening or ours of receiving.
    "createdAt",
    "createdAtMs",
    "updatedAtMs",
    "mergedAt",
    "expireAt",
    "setAsideAt",
    // What was there when another conversation was joined, which is a matter of when that was.
    "own",
    // Whether a status came before its message: with both in one batch, none is early. What waits still is compared.
    "early",
    // Nobody is told of what a replay sets aside.
    "silent",
];

pub async fn connect(database: &str) -> Storage {
    let source = Source::of([
        ("MONGODB_URI".to_owned(), mongo::uri().to_owned()),
        ("PESAN_DATABASE".to_owned(), database.to_owned()),
    ]);
    let config: MongoConfig = pesan::config::Config::read(&source).unwrap().mongo;
    Storage::connect(&config).await.unwrap()
}

pub async fn replay(
    source: &Storage,
    target: &Storage,
    selection: Selection,
    is_dry_run: bool,
) -> Difference {
    let (clock, random) = (Clock::system(), Random::system());
    let (source, target) = (source.clone(), target.clone());
    let replay = Replay { source, target, clock, random, adopts_numbers: true, is_dry_run };
    replay.adopt_numbers().await.unwrap();
    replay.go(selection).await.unwrap()
}

/// What a database holds, without what is its own.
pub async fn made(database: &str) -> BTreeMap<&'static str, Vec<Value>> {
    let mut made = BTreeMap::new();
    for name in MADE {
        let mut all = documents(database, name).await;
        for document in &mut all {
            let fields = document.as_object_mut().unwrap();
            for own in OWN {
                fields.remove(*own);
            }
            if *name == "numbers" {
                // What their owner and the look after them have noted comes from no webhook; that one came is noted
                // within a minute only, so it depends on the batches.
                let told = [
                    "_id",
                    "workspace",
                    "phoneNumberId",
                    "accountId",
                    "displayPhoneNumber",
                    "acceptsFromMs",
                    "latest",
                ];
                fields.retain(|field, _| told.contains(&field.as_str()));
            }
            // When a name was last told is not noted for people who were seen a moment ago: it depends on the batches.
            for name in ["profileName", "waId", "phone", "username", "identityKey"] {
                if let Some(stamp) = fields.get_mut(name).and_then(Value::as_object_mut) {
                    stamp.retain(|field, _| field == "value");
                }
            }
        }
        made.insert(*name, all);
    }
    made
}

pub async fn pesan(app: &TestApp, arguments: &[&str]) -> Outcome {
    run(arguments, &[("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", &app.database)]).await
}

/// A bit of everything, some of it twice and some of it early.
fn busy_day() -> Vec<String> {
    let mut referral = text("dari iklan");
    referral["referral"] = json!({ "source_type": "ad", "source_id": "1", "ctwa_clid": "c" });
    let reaction = json!({ "type": "reaction", "reaction": { "message_id": "wamid.3", "emoji": "👍" } });
    let template = json!({ "field": "message_template_status_update", "value": {
        "event": "APPROVED", "message_template_id": 12, "message_template_name": "promo",
        "message_template_language": "id", "reason": "NONE" } });
    let mut bodies = vec![
        body(&[status(BUDI, "wamid.3", "delivered", NOW_S + 9)]),
        body(&[inbound(BUDI, "wamid.1", NOW_S, referral), inbound(SITI, "wamid.2", NOW_S, text("halo"))]),
        body(&[inbound(BUDI, "wamid.r", NOW_S + 20, reaction)]),
        body(&[echo(BUDI, "wamid.3", NOW_S + 5, text("ya?"))]),
        body(&[status(BUDI, "wamid.3", "sent", NOW_S + 6), status(BUDI, "wamid.3", "read", NOW_S + 12)]),
        body(&[inbound(Customer::new("628222", "ID.222"), "wamid.4", NOW_S + 30, text("lagi"))]),
        body(&[template]),
        body(&[json!({ "field": "of_tomorrow", "value": { "x": 1 } })]),
    ];
    bodies.extend(bodies.clone());
    bodies
}

#[tokio::test]
async fn everything_replayed_into_an_empty_database_comes_out_the_same() {
    let app = TestApp::start_with_number();
    app.take(&busy_day()).await;
    app.settle().await;
    let database = mongo::database_name();
    let target = connect(&database).await;
    target.migrate(&Clock::system(), &mut |_| {}).await.unwrap();

    let difference = replay(&app.storage, &target, ALL, false).await;
    assert_eq!(difference.added["messages"], 4);
    let (there, here) = (made(&database).await, made(&app.database).await);
    for name in MADE {
        assert_eq!(there[name], here[name], "{name}");
    }
    assert_eq!(
        documents(&database, "unrecognised").await.len(),
        2,
        "what is not understood is kept there too"
    );
    assert_eq!(documents(&database, "events").await.len(), 0, "nobody is told a second time");
    assert!(verify(&target, i64::MIN / 2, i64::MAX / 2).await.unwrap().is_complete());

    let again = replay(&app.storage, &app.storage, ALL, false).await;
    assert_eq!((again.replayed, again.added.len()), (0, 0), "{again:?}");
    assert_eq!(made(&app.database).await, here, "within one database nothing changes");
    target.drop_database().await.unwrap();
    target.close().await;
}

#[tokio::test]
async fn verify_counts_everything_and_names_what_is_missing_and_replay_mends_it() {
    let app = TestApp::start_with_number();
    app.take(&busy_day()).await;
    let for_nobody = body(&[inbound(BUDI, "wamid.x", NOW_S, text("x"))]).replace(PHONE_NUMBER_ID, "999");
    app.take(&[for_nobody, body(&[status(BUDI, "wamid.early", "sent", NOW_S)]), String::new()]).await;
    app.settle().await;

    let account = verify(&app.storage, i64::MIN / 2, i64::MAX / 2).await.unwrap();
    assert!(account.is_complete(), "{account:?}");
    assert_eq!(
        (account.webhooks, account.stored, account.repeats, account.waiting),
        (19, 9, 9, 1),
        "{account:?}"
    );
    assert_eq!((account.unrouted, account.dead, account.pending), (1, 0, 0), "{account:?}");
    let sum = account.stored
        + account.repeats
        + account.waiting
        + account.unrouted
        + account.unrecognised
        + account.tests;
    assert_eq!(sum, account.items, "{account:?}");

    let lost = format!("{PHONE_NUMBER_ID}:wamid.2");
    let messages = mongo::raw(&app.database).await.collection::<mongodb::bson::Document>("messages");
    messages.delete_one(mongodb::bson::doc! { "_id": &lost }).await.unwrap();
    let found = pesan(&app, &["ingest", "verify"]).await;
    assert_eq!(found.code, Some(1), "{found:?}");
    assert!(found.stdout.contains(&format!("messages {lost}")), "{found:?}");
    let planned = pesan(&app, &["replay", "--all", "--dry-run"]).await;
    assert!(planned.stdout.contains("1  would be added to messages"), "{planned:?}");
    assert_eq!(pesan(&app, &["ingest", "verify"]).await.code, Some(1), "a dry run changes nothing");
    assert_eq!(pesan(&app, &["replay", "--all"]).await.code, Some(0));
    let mended = pesan(&app, &["ingest", "verify"]).await;
    assert_eq!(mended.code, Some(0), "{mended:?}");
    let unrouted = pesan(&app, &["ingest", "unrouted"]).await;
    assert!(unrouted.stdout.starts_with("number 999: 1 items, from 2026-11-21T08:00:00Z"), "{unrouted:?}");
}

#[tokio::test]
async fn verify_counts_the_stretch_of_time_that_it_is_given() {
    let app = TestApp::start_with_number();
    for wamid in ["wamid.1", "wamid.2", "wamid.3"] {
        app.take_changes(&[inbound(SITI, wamid, NOW_S, text("halo"))]).await;
        app.clock.advance(Duration::from_hours(1));
    }
    // They were stored at eight, at nine and at ten.
    let at = |time: &str| format!("2026-11-21T{time}:00Z");
    let messages = mongo::raw(&app.database).await.collection::<mongodb::bson::Document>("messages");
    for is_lost in [false, true] {
        for (from, to, webhooks, has_second) in [
            (None, None, 3, true),
            (Some("09:00"), None, 2, true),
            (None, Some("09:00"), 1, false),
            (Some("08:30"), Some("09:30"), 1, true),
            (Some("09:01"), None, 1, false),
            (Some("10:01"), Some("12:00"), 0, false),
        ] {
            let (from, to) = (from.map(at), to.map(at));
            let mut arguments = vec!["ingest", "verify"];
            arguments.extend(from.iter().flat_map(|from| ["--from", from]));
            arguments.extend(to.iter().flat_map(|to| ["--to", to]));
            let found = pesan(&app, &arguments).await;
            let counted = format!("{webhooks} segments, {webhooks} webhooks, {webhooks} items:");
            assert!(found.stdout.starts_with(&counted), "{arguments:?} {found:?}");
            let code = i32::from(is_lost && has_second);
            assert_eq!(found.code, Some(code), "{arguments:?} {found:?}");
        }
        let lost = format!("{PHONE_NUMBER_ID}:wamid.2");
        messages.delete_one(mongodb::bson::doc! { "_id": lost }).await.unwrap();
    }
}

#[tokio::test]
async fn the_way_of_a_message_is_told_from_what_is_stored() {
    let app = TestApp::start_with_number();
    app.take_changes(&[echo(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    app.take_changes(&[status(BUDI, "wamid.1", "read", NOW_S + 5)]).await;
    let traced = pesan(&app, &["ingest", "trace", "wamid.1"]).await;
    assert_eq!(traced.code, Some(0), "{traced:?}");
    let lines: Vec<&str> = traced.stdout.lines().collect();
    for (expected, times) in [
        ("2026-11-21T08:00:00Z      received, its signature good", 2),
        ("made durable: segment ", 2),
        ("applied", 2),
        ("folded into its conversation", 2),
        ("told as event 1.", 1),
        ("told as event 2.", 1),
    ] {
        assert_eq!(
            lines.iter().filter(|line| line.contains(expected)).count(),
            times,
            "{expected}: {lines:#?}"
        );
    }
    let place = lines.iter().find_map(|line| line.split("made durable: segment ").nth(1)).unwrap();
    let place = place.split(',').next().unwrap();
    let webhook = pesan(&app, &["ingest", "trace", &format!("{place}:0")]).await;
    assert!(webhook.stdout.contains("messages 106540352242922:wamid.1: stored"), "{webhook:?}");
    assert_eq!(pesan(&app, &["ingest", "trace", "wamid.unknown"]).await.code, Some(1));
}
