//! A database that is built again from the journal of another one is that one, as far as webhooks have made it.

use std::collections::{BTreeMap, HashMap};

use pesan::clock::Clock;
use pesan::ids::Random;
use pesan::ingest::replay::Replay;
use pesan::ingest::verify::verify;
use pesan::meta::decode::decode;
use pesan::storage::Storage;
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};

use super::replay::{ALL, MADE, connect, made, replay};
use super::samples::{add_numbers, samples};
use super::shuffle::story;
use crate::support::app::{TestApp, documents};
use crate::support::webhook::{Customer, NOW_S, body, echo, inbound, text};
use crate::support::{eventually, mongo};

const LATE: &str = "700700700";

/// An empty database.
async fn empty() -> (String, Storage) {
    let database = mongo::database_name();
    let target = connect(&database).await;
    target.migrate(&Clock::system(), &mut |_| {}).await.unwrap();
    (database, target)
}

/// Replays everything into an empty database, in which it has to come out the same.
async fn check_rebuilt(app: &TestApp) {
    check_rebuilt_as(app, &made(&app.database).await).await;
}

async fn check_rebuilt_as(app: &TestApp, here: &BTreeMap<&'static str, Vec<Value>>) {
    let (database, target) = empty().await;
    replay(&app.storage, &target, ALL, false).await;
    let there = made(&database).await;
    for name in MADE {
        for (there, here) in there[name].iter().zip(&here[name]) {
            assert_eq!(there, here, "{name}");
        }
        assert_eq!(there[name].len(), here[name].len(), "{name}");
    }
    assert_eq!(documents(&database, "events").await, Vec::<Value>::new(), "nobody is told a second time");
    assert_eq!(documents(&database, "dead_letters").await, Vec::<Value>::new());
    let account = verify(&target, i64::MIN / 2, i64::MAX / 2).await.unwrap();
    assert!(account.is_complete(), "{account:#?}");
    target.drop_database().await.unwrap();
    target.close().await;
}

/// The telephone numbers that Meta shows are known before anything comes, as they are of numbers that somebody has
/// added. News that names a number in no other way is the account's until then, and the number's from then on.
async fn show_numbers(app: &TestApp, samples: impl Iterator<Item = &String>) {
    let mut shown = HashMap::new();
    for text in samples {
        for item in decode(text.as_bytes()).iter().filter(|item| !item.is_test) {
            if let (Some(id), Some(display)) = (&item.phone_number_id, &item.display_phone_number) {
                shown.entry(number_id(first_workspace(), id)).or_insert_with(|| display.to_string());
            }
        }
    }
    app.storage.note_display_phone_numbers(&shown).await.unwrap();
}

#[tokio::test]
async fn every_sample_and_a_whole_story_come_out_the_same_in_an_empty_database() {
    let app = TestApp::start_with_number();
    let samples = samples();
    add_numbers(&app, &samples).await;
    show_numbers(&app, samples.values()).await;
    for sample in samples.values() {
        app.take(std::slice::from_ref(sample)).await;
    }
    app.settle().await;
    for change in story() {
        app.take_changes(&[change]).await;
    }
    app.take_changes(&[json!({ "field": "of_tomorrow", "value": { "x": 1 } })]).await;
    let here = made(&app.database).await;
    for name in MADE {
        assert!(!here[name].is_empty(), "{name} has something to compare");
    }
    let number = here["numbers"].iter().filter(|number| !number["latest"].is_null()).count();
    assert!(number > 0, "a number has news");
    // They are taken over from here, and have to be known as they were at the beginning.
    show_numbers(&app, samples.values()).await;
    check_rebuilt_as(&app, &here).await;
}

#[tokio::test]
async fn people_who_turn_out_to_be_one_come_out_the_same() {
    let app = TestApp::start_with_number();
    let by_number = Customer { wa_id: "628111", user_id: "", name: "Budi" };
    let by_user_id = Customer { wa_id: "", user_id: "ID.1", name: "Budi S." };
    let by_both = Customer { wa_id: "628111", user_id: "ID.1", name: "Budi S." };
    for (n, customer) in (0..).zip([by_number, by_user_id, by_both, by_number, by_user_id]) {
        app.take_changes(&[inbound(customer, &format!("wamid.{n}"), NOW_S + n, text("x"))]).await;
    }
    let conversations = app.all("conversations").await;
    assert_eq!(conversations.iter().filter(|one| !one["mergedInto"].is_null()).count(), 1);
    check_rebuilt(&app).await;
}

#[tokio::test]
async fn names_that_go_to_and_fro_come_out_the_same() {
    let app = TestApp::start_with_number();
    let said = |wa_id, user_id, name| Customer { wa_id, user_id, name };
    for (n, (customer, at_s)) in (0..).zip([
        (said("628111", "ID.1", "Budi"), 1),
        // The same name later costs no write. What comes then, and was said between, is not the latest.
        (said("628111", "ID.1", "Budi"), 10),
        (said("628111", "ID.1", "Budi lama"), 5),
        // Another name under the phone number alone, and the old one again under both.
        (said("628111", "", "Budi baru"), 20),
        (said("628111", "ID.1", "Budi"), 30),
        // The phone number changes hands, and comes back.
        (said("628111", "ID.2", "Siti"), 40),
        (said("628111", "ID.1", "Budi"), 50),
        (said("628111", "", "Budi"), 60),
    ]) {
        app.take_changes(&[inbound(customer, &format!("wamid.{n}"), NOW_S + at_s, text("x"))]).await;
    }
    let contacts = app.all("contacts").await;
    let names: Vec<&Value> = contacts.iter().map(|one| &one["profileName"]["value"]).collect();
    assert!(names.contains(&&json!("Budi")) && names.contains(&&json!("Siti")), "{names:?}");
    let messages = app.all("messages").await;
    assert_eq!(messages[7]["contact"], messages[6]["contact"], "the phone number is back");
    check_rebuilt(&app).await;
}

#[tokio::test]
async fn a_customer_who_comes_by_advertisements_again_comes_out_the_same() {
    const HOUR: i64 = 3_600;
    let app = TestApp::start_with_number();
    let customer = Customer::new("628111", "ID.1");
    let mut by_ad = text("saya lihat iklan");
    by_ad["referral"] = json!({ "source_type": "ad", "source_id": "120" });
    for change in [
        inbound(customer, "wamid.1", NOW_S, by_ad.clone()),
        echo(customer, "wamid.2", NOW_S + HOUR, text("halo!")),
        // Nobody answers in time.
        inbound(customer, "wamid.3", NOW_S + 40 * HOUR, by_ad),
        echo(customer, "wamid.4", NOW_S + 70 * HOUR, text("maaf")),
    ] {
        app.take_changes(&[change]).await;
    }
    let conversation = app.only("conversations").await;
    assert_eq!(conversation["freeEntryEndsAt"], NOW_S + 73 * HOUR, "the first answer's window stays");
    check_rebuilt(&app).await;
}

#[tokio::test]
async fn the_telephone_number_that_meta_shows_last_comes_out_the_same() {
    let app = TestApp::start_with_number();
    let shown = |wamid: &str, display: &str| {
        let mut change = inbound(Customer::new("628111", "ID.1"), wamid, NOW_S, text("x"));
        change["value"]["metadata"]["display_phone_number"] = display.into();
        change
    };
    for (n, display) in (0..).zip(["15550783881", "16315553601", "15550783882"]) {
        app.take_changes(&[shown(&format!("wamid.{n}"), display)]).await;
    }
    assert_eq!(app.only("numbers").await["displayPhoneNumber"], "15550783882");
    // One webhook, and then all of them in one batch.
    app.take(&[body(&[shown("wamid.8", "16315553601"), shown("wamid.9", "15550783883")])]).await;
    app.settle().await;
    assert_eq!(app.only("numbers").await["displayPhoneNumber"], "15550783883");
    check_rebuilt(&app).await;
}

/// A change, for a number that the target does not have.
fn for_late(mut change: Value) -> Value {
    change["value"]["metadata"] = json!({ "display_phone_number": "6281500", "phone_number_id": LATE });
    change
}

#[tokio::test]
async fn what_a_replay_had_to_set_aside_is_told_to_nobody_when_its_number_is_added() {
    let (app, target) = (TestApp::start_with_number(), TestApp::start_with_number());
    app.storage.ensure_number(first_workspace(), LATE, None).await.unwrap();
    let budi = Customer::new("628111", "ID.1");
    app.take_changes(&[for_late(inbound(budi, "wamid.1", NOW_S, text("x")))]).await;
    let replay = Replay {
        source: app.storage.clone(),
        target: target.storage.clone(),
        clock: Clock::system(),
        random: Random::system(),
        adopts_numbers: false,
        is_dry_run: false,
    };
    replay.go(ALL).await.unwrap();
    assert_eq!(target.only("unrouted").await["silent"], true);
    // What Meta sends itself is told all the same.
    target.take_changes(&[for_late(inbound(budi, "wamid.2", NOW_S, text("x")))]).await;
    target.storage.ensure_number(first_workspace(), LATE, None).await.unwrap();
    eventually("nothing waits for the number any more", || async {
        target.run_worker("reroute").await.unwrap();
        target.all("unrouted").await.is_empty().then_some(())
    })
    .await;
    target.settle().await;
    assert_eq!(target.all("messages").await.len(), 2);
    assert_eq!(target.told().await.iter().filter(|kind| *kind == "message").count(), 1);
}
