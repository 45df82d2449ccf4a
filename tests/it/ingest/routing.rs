//! Whose is it: numbers that are not added yet, numbers that change hands, tokens of their own, test payloads, and
//! what nobody understands.

use std::time::Duration;

use mongodb::bson::{Binary, Document, doc, spec::BinarySubtype};
use pesan::ingest::verify::verify;
use pesan::storage::aside::{MetaId, Reason};
use pesan::storage::segments::Place;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::webhook::{ACCOUNT_ID, Customer, NOW_S, PATH, PHONE_NUMBER_ID, body, inbound, text};
use crate::support::{eventually, mongo};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
const LATE: &str = "700700700";

/// The change, for a number that nobody has added.
fn for_late(mut change: Value) -> Value {
    change["value"]["metadata"] = json!({ "display_phone_number": "6281500", "phone_number_id": LATE });
    change
}

/// How it is noted that a webhook waits for a number.
fn key(phone_number_id: &str) -> String {
    format!("number:{phone_number_id}")
}

async fn asides(app: &TestApp, reason: Reason) -> u64 {
    app.storage.count_asides(reason).await.unwrap()
}

/// Adds the late number to a workspace, and lets the worker go its rounds until nothing waits for it.
async fn add_late_number(app: &TestApp, workspace: Uuid) {
    app.storage.ensure_number(workspace, LATE, None).await.unwrap();
    eventually("nothing waits for the number any more", || async {
        app.run_worker("reroute").await.unwrap();
        let waiting = app.all("unrouted").await;
        let is_done =
            waiting.iter().all(|one| !one["owners"].as_array().unwrap().contains(&json!(key(LATE))));
        is_done.then_some(())
    })
    .await;
    app.settle().await;
}

fn outline(message: &Value) -> (String, i64, i64, i64) {
    let number = |field: &str| message[field].as_i64().unwrap();
    (message["wamid"].as_str().unwrap().to_owned(), number("at"), number("order"), number("receivedAt"))
}

#[tokio::test]
async fn what_is_for_a_number_that_nobody_has_added_waits_and_keeps_its_order_and_time() {
    let app = TestApp::start_with_number();
    // The same second for all: the order is that of receiving, then that in the webhook.
    app.take_changes(&[
        for_late(inbound(BUDI, "wamid.1", NOW_S, text("satu"))),
        inbound(BUDI, "wamid.known", NOW_S, text("kenal")),
        for_late(inbound(BUDI, "wamid.2", NOW_S, text("dua"))),
    ])
    .await;
    app.clock.advance(Duration::from_secs(3));
    app.take_changes(&[for_late(inbound(BUDI, "wamid.3", NOW_S, text("tiga")))]).await;
    assert_eq!(app.only("messages").await["wamid"], "wamid.known", "its neighbour is not held up");
    assert_eq!(asides(&app, Reason::Unrouted).await, 2, "two webhooks");
    let counted = r#"pesan_ingest_items_total{field="messages",kind="unknown",outcome="unrouted"}"#;
    assert_eq!(app.count(counted).await, 3);

    app.clock.advance(Duration::from_hours(1));
    let told = app.told().await;
    add_late_number(&app, first_workspace()).await;
    let messages = app.all("messages").await;
    assert_eq!(messages.len(), 4);
    let mut late: Vec<_> = messages.iter().filter(|one| one["phoneNumberId"] == LATE).map(outline).collect();
    late.sort_by_key(|(_, at_s, order, _)| (*at_s, *order));
    let wamids: Vec<&str> = late.iter().map(|(wamid, ..)| wamid.as_str()).collect();
    assert_eq!(wamids, ["wamid.1", "wamid.2", "wamid.3"]);
    assert_eq!(late[2].3 - late[0].3, 3_000, "the times at which they were received");
    let known = messages.iter().find(|one| one["wamid"] == "wamid.known").map(outline).unwrap();
    assert!(late[0].2 < known.2 && known.2 < late[1].2, "the place in the webhook is the old one");
    let conversations = app.all("conversations").await;
    let mut unread: Vec<i64> = conversations.iter().map(|one| one["unread"].as_i64().unwrap()).collect();
    unread.sort_unstable();
    assert_eq!(unread, [1, 3], "the known one is not counted again");
    assert_eq!(app.told().await.len(), told.len() + 3, "three messages are new");

    let account = verify(&app.storage, i64::MIN / 2, i64::MAX / 2).await.unwrap();
    assert!(account.is_complete() && account.unrouted == 0, "{account:#?}");

    // Again, and what was received before by Meta's repetition.
    app.run_worker("reroute").await.unwrap();
    app.take_changes(&[for_late(inbound(BUDI, "wamid.2", NOW_S, text("dua")))]).await;
    assert_eq!(app.all("messages").await, messages);
    assert_eq!(app.all("conversations").await, conversations);
}

#[tokio::test]
async fn what_is_on_its_way_a_second_time_is_neither_missing_nor_set_aside() {
    let app = TestApp::start_with_number();
    app.take_changes(&[for_late(inbound(BUDI, "wamid.1", NOW_S, text("x")))]).await;
    app.storage.ensure_number(first_workspace(), LATE, None).await.unwrap();
    // As the worker does it, into a lane that nobody works off.
    let asides = app.storage.asides_for(&[(0, vec![MetaId::Number(LATE.to_owned())])], 10).await.unwrap();
    let (lane, holder) = (Uuid::now_v7(), Uuid::now_v7());
    app.storage.open_lane(lane, holder, Duration::from_mins(1)).await.unwrap();
    let place = Place { lane, number: 0 };
    app.storage.segments().append(&place, NOW_S * 1_000, &[asides[0].webhook.clone()]).await.unwrap();
    app.storage.forget_aside(&asides[0]).await.unwrap();
    let counted = async || {
        let account = verify(&app.storage, i64::MIN / 2, i64::MAX / 2).await.unwrap();
        (account.stored, account.pending, account.gaps)
    };
    assert_eq!(counted().await, (0, 1, 0));
    app.storage.release_lane(lane).await.unwrap();
    eventually("somebody else works it off", || async {
        app.run_worker("sweep").await.unwrap();
        // Whoever has looked up the numbers a moment ago does not know it yet.
        app.run_worker("reroute").await.unwrap();
        (app.all("messages").await.len() == 1).then_some(())
    })
    .await;
    app.settle().await;
    assert_eq!(counted().await, (1, 0, 0));

    // Without it, it is missing.
    let messages = mongo::raw(&app.database).await.collection::<Document>("messages");
    messages.delete_many(doc! {}).await.unwrap();
    assert_eq!(counted().await, (0, 0, 1));
}

#[tokio::test]
async fn what_waits_for_an_account_does_not_go_round_because_a_number_has_its_id() {
    let app = TestApp::start_with_number();
    let review = json!({ "field": "account_review_update", "value": { "decision": "APPROVED" } });
    let mut webhook: Value = serde_json::from_str(&body(&[review])).unwrap();
    webhook["entry"][0]["id"] = PHONE_NUMBER_ID.into();
    app.take(&[webhook.to_string()]).await;
    app.settle().await;
    assert_eq!(app.only("unrouted").await["owners"], json!([format!("account:{PHONE_NUMBER_ID}")]));
    app.run_worker("reroute").await.unwrap();
    assert_eq!(app.count("pesan_ingest_webhooks_rerouted_total").await, 0);
    assert_eq!(asides(&app, Reason::Unrouted).await, 1);
}

#[tokio::test]
async fn old_events_of_a_number_never_reach_its_next_owner() {
    let app = TestApp::start_with_number();
    app.take_changes(&[for_late(inbound(BUDI, "wamid.old", NOW_S, text("rahasia")))]).await;
    app.clock.advance(Duration::from_mins(1));
    let from_ms = app.clock.clock().now_ms();
    app.clock.advance(Duration::from_mins(1));
    app.take_changes(&[for_late(inbound(BUDI, "wamid.new", NOW_S, text("baru")))]).await;
    let next = Uuid::from_u128(77);
    app.storage.ensure_number(next, LATE, None).await.unwrap();
    let numbers = mongo::raw(&app.database).await.collection::<Document>("numbers");
    let accepts = doc! { "$set": { "acceptsFromMs": from_ms } };
    numbers.update_one(doc! { "phoneNumberId": LATE }, accepts).await.unwrap();
    eventually("the new one has come through", || async {
        app.run_worker("reroute").await.unwrap();
        (asides(&app, Reason::Unrouted).await == 1).then_some(())
    })
    .await;
    app.settle().await;
    app.run_worker("reroute").await.unwrap();
    app.settle().await;
    let message = app.only("messages").await;
    assert_eq!(message["wamid"], "wamid.new");
    assert_eq!(message["workspace"], next.simple().to_string());
    let waiting = app.only("unrouted").await;
    assert_eq!(waiting["items"][0]["owner"], key(LATE));
}

#[tokio::test]
async fn a_webhook_for_several_waits_for_each_of_them() {
    let app = TestApp::start_with_number();
    let mut other = inbound(BUDI, "wamid.other", NOW_S, text("lain"));
    other["value"]["metadata"] = json!({ "display_phone_number": "6281600", "phone_number_id": "800800800" });
    app.take_changes(&[
        other,
        inbound(BUDI, "wamid.known", NOW_S, text("kenal")),
        for_late(inbound(BUDI, "wamid.late", NOW_S, text("nanti"))),
    ])
    .await;
    assert_eq!(app.all("messages").await.len(), 1);
    assert_eq!(app.only("unrouted").await["owners"], json!([key(LATE), key("800800800")]));
    add_late_number(&app, first_workspace()).await;
    assert_eq!(app.all("messages").await.len(), 2);
    let waiting = app.only("unrouted").await;
    assert_eq!(waiting["owners"], json!([key("800800800")]));
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_nobody_understands_is_kept_once_though_its_webhook_goes_through_again() {
    let app = TestApp::start_with_number();
    app.take_changes(&[
        for_late(inbound(BUDI, "wamid.late", NOW_S, text("nanti"))),
        json!({ "field": "tomorrows_field", "value": { "a": 1 } }),
    ])
    .await;
    let before = app.only("unrecognised").await;
    add_late_number(&app, first_workspace()).await;
    assert_eq!(app.only("messages").await["wamid"], "wamid.late");
    let after = app.only("unrecognised").await;
    assert_eq!((&after["_id"], &after["items"]), (&before["_id"], &before["items"]));
    assert_ne!(after["by"], before["by"], "it did go through again");
    assert_eq!(app.all("unrouted").await.len(), 0);
    let account = verify(&app.storage, i64::MIN / 2, i64::MAX / 2).await.unwrap();
    assert!(account.is_complete() && account.unrecognised == 2, "in either segment: {account:#?}");
}

#[tokio::test]
async fn events_of_an_account_that_nobody_has_added_wait_for_it() {
    let app = TestApp::start();
    let review = json!({ "field": "account_review_update", "value": { "decision": "APPROVED" } });
    app.take_changes(&[review]).await;
    assert_eq!(app.only("unrouted").await["owners"], json!([format!("account:{ACCOUNT_ID}")]));
    app.storage.ensure_number(first_workspace(), "1", Some(ACCOUNT_ID)).await.unwrap();
    eventually("it has come through", || async {
        app.run_worker("reroute").await.unwrap();
        (asides(&app, Reason::Unrouted).await == 0).then_some(())
    })
    .await;
    app.settle().await;
    assert_eq!(
        app.only("accounts").await["latest"]["review"]["is"]["account"]["review"]["decision"],
        "APPROVED"
    );
}

#[tokio::test]
async fn a_message_that_names_no_number_is_filed_under_none() {
    let app = TestApp::start_with_number();
    let mut change = inbound(BUDI, "wamid.1", NOW_S, text("untuk siapa?"));
    // How it is shown may change: then nobody would find again what was filed by that.
    change["value"]["metadata"].as_object_mut().unwrap().remove("phone_number_id");
    app.take_changes(std::slice::from_ref(&change)).await;
    change["value"].as_object_mut().unwrap().remove("metadata");
    app.take_changes(&[change]).await;
    assert_eq!(app.all("messages").await.len(), 0, "the account may have several");
    for kept in app.all("unrecognised").await {
        assert_eq!(
            (&kept["items"][0]["why"], &kept["items"][0]["owner"]),
            (&json!("NoNumber"), &json!(format!("account:{ACCOUNT_ID}")))
        );
    }
    assert_eq!(asides(&app, Reason::Unrecognised).await, 2);
}

#[tokio::test]
async fn each_number_may_have_a_verify_token_of_its_own() {
    let app = TestApp::start_with_number();
    let hash =
        Binary { subtype: BinarySubtype::Generic, bytes: Sha256::digest(b"token-of-the-number").to_vec() };
    let numbers = mongo::raw(&app.database).await.collection::<Document>("numbers");
    numbers.update_one(doc! {}, doc! { "$set": { "verifyTokenHash": hash } }).await.unwrap();
    let ask = async |token: &str| {
        let path = format!("{PATH}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444");
        let answer = app.get(&path).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(ask("token-of-the-number").await, (200, "1158201444".to_owned()));
    assert_eq!(ask(crate::support::webhook::VERIFY_TOKEN).await.0, 200, "the one of the settings as well");
    for wrong in ["token-of-the-numbe", "Token-of-the-number", ""] {
        assert_eq!(ask(wrong).await.0, 403, "{wrong}");
    }
}

#[tokio::test]
async fn what_the_dashboards_test_button_sends_creates_nothing() {
    let app = TestApp::start_with_number();
    let mut test = inbound(BUDI, "ABGGFlA5Fpa", NOW_S, text("this is a text message"));
    test["value"]["metadata"] =
        json!({ "display_phone_number": "16505551111", "phone_number_id": "123456123" });
    let with_our_number = inbound(BUDI, "wamid.test", NOW_S, text("x"));
    let entry = json!({ "id": "0", "time": NOW_S, "changes": [with_our_number, { "field": "account_review_update",
        "value": { "decision": "APPROVED" } }] });
    let body = json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string();
    app.take_changes(&[test]).await;
    app.take(&[body]).await;
    app.settle().await;
    for collection in [
        "contacts",
        "aliases",
        "conversations",
        "messages",
        "notices",
        "accounts",
        "unrouted",
        "unrecognised",
        "events",
    ] {
        assert_eq!(app.all(collection).await, Vec::<Value>::new(), "{collection}");
    }
    let counted = r#"pesan_ingest_items_total{field="messages",kind="test",outcome="test"}"#;
    assert_eq!(app.count(counted).await, 2);
}

#[tokio::test]
async fn what_nobody_understands_is_kept_raw_and_counted_and_its_neighbours_go_through() {
    let app = TestApp::start_with_number();
    let mut no_key = inbound(BUDI, "wamid.x", NOW_S, text("x"));
    no_key["value"]["messages"][0].as_object_mut().unwrap().remove("id");
    let new_type =
        inbound(BUDI, "wamid.hologram", NOW_S + 1, json!({ "type": "hologram", "hologram": { "a": [1] } }));
    app.take_changes(&[
        json!({ "field": "field_of_tomorrow", "value": { "news": ["x"] } }),
        no_key,
        json!({ "field": "account_alerts", "value": [1, 2] }),
        new_type,
        inbound(BUDI, "wamid.1", NOW_S, text("halo")),
    ])
    .await;
    let messages = app.all("messages").await;
    assert_eq!(messages.len(), 2);
    let hologram = messages.iter().find(|one| one["wamid"] == "wamid.hologram").unwrap();
    assert_eq!(
        (&hologram["kind"], &hologram["content"]["unrecognised"]["kind"]),
        (&json!("unrecognised"), &json!("hologram"))
    );
    assert!(hologram["raw"].as_str().unwrap().contains(r#""hologram":{"a":[1]}"#));
    let kept = app.only("unrecognised").await;
    let items = kept["items"].as_array().unwrap();
    let why: Vec<(&str, &str)> =
        items.iter().map(|one| (one["field"].as_str().unwrap(), one["why"].as_str().unwrap())).collect();
    assert_eq!(why, [("field_of_tomorrow", "Field"), ("messages", "NoKey"), ("account_alerts", "Shape")]);
    let body = data_encoding::HEXLOWER.decode(kept["body"].as_str().unwrap().as_bytes()).unwrap();
    assert!(String::from_utf8(body).unwrap().contains("field_of_tomorrow"), "as it came");
    for (field, count) in [("field_of_tomorrow", 1), ("messages", 1), ("account_alerts", 1)] {
        let line =
            format!(r#"pesan_ingest_items_total{{field="{field}",kind="unknown",outcome="unrecognised"}}"#);
        assert_eq!(app.count(&line).await, count, "{field}");
    }
    assert_eq!(asides(&app, Reason::Dead).await, 0);
}
