//! The order in which webhooks come, and how they are grouped, is Meta's: what ends up visible does not depend on it.
//!
//! Not compared, because it does depend on the order: our own times and places; since when a name is known
//! and when it was last told (who is known already costs no write); which of two contacts a pointer of a
//! merge starts from; and who is meant by a bare phone number while it changes hands. So everybody here has a user id
//! wherever they have one, and whoever has none keeps their number.

use std::collections::BTreeMap;

use pesan::ingest::verify::verify;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::webhook::{Customer, NOW_S, body, echo, inbound, status, text, value};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
const SITI: Customer<'static> = Customer { wa_id: "", user_id: "ID.222", name: "Siti" };
const ANDI: Customer<'static> = Customer { wa_id: "628333", user_id: "", name: "Andi" };
const DEWI: Customer<'static> = Customer { wa_id: "628444", user_id: "ID.444", name: "Dewi" };
const DEWI_LATER: Customer<'static> = Customer { wa_id: "628555", user_id: "ID.444", name: "Dewi" };

fn reaction(target: &str, emoji: Option<&str>) -> Value {
    let mut reaction = json!({ "message_id": target });
    if let Some(emoji) = emoji {
        reaction["emoji"] = emoji.into();
    }
    json!({ "type": "reaction", "reaction": reaction })
}

fn edit(target: &str, body: &str) -> Value {
    json!({ "type": "edit", "edit": { "original_message_id": target, "message": text(body) } })
}

fn revoke(target: &str) -> Value {
    json!({ "type": "revoke", "revoke": { "original_message_id": target } })
}

fn failed(customer: Customer<'_>, wamid: &str, at_s: i64) -> Value {
    let mut change = status(customer, wamid, "failed", at_s);
    change["value"]["statuses"][0]["errors"] = json!([{ "code": 131_026, "title": "Message undeliverable" }]);
    change
}

fn priced(mut change: Value) -> Value {
    change["value"]["statuses"][0]["pricing"] =
        json!({ "billable": true, "pricing_model": "PMP", "category": "utility" });
    change
}

fn from_ad(mut content: Value) -> Value {
    content["referral"] = json!({ "source_type": "ad", "source_id": "120", "ctwa_clid": "clid-1" });
    content
}

fn in_the_past(customer: Customer<'_>, wamid: &str, at_s: i64) -> Value {
    let message = json!({
        "from": customer.wa_id, "id": wamid, "timestamp": at_s.to_string(), "type": "text",
        "text": { "body": "dulu" }, "history_context": { "status": "read" }
    });
    let thread =
        json!({ "id": customer.wa_id, "context": { "user_id": customer.user_id }, "messages": [message] });
    let history =
        json!({ "metadata": { "phase": 0, "chunk_order": 1, "progress": 50 }, "threads": [thread] });
    json!({ "field": "history", "value": value(json!({ "history": [history] })) })
}

fn call(at_s: i64) -> Value {
    let call = json!({
        "id": "wacid.1", "from": SITI.user_id, "from_user_id": SITI.user_id, "event": "connect",
        "direction": "USER_INITIATED", "timestamp": at_s.to_string()
    });
    let contact = json!({ "profile": { "name": "Siti" }, "user_id": SITI.user_id });
    json!({ "field": "calls", "value": value(json!({ "contacts": [contact], "calls": [call] })) })
}

/// What happened, in the order in which it did.
pub fn story() -> Vec<Value> {
    let at = |n: i64| NOW_S + n * 60;
    let new_number = json!({ "type": "system", "system": {
        "body": "Dewi changed from 628444 to 628555", "wa_id": "628555", "type": "user_changed_number"
    }});
    vec![
        in_the_past(BUDI, "wamid.h1", at(-90)),
        in_the_past(ANDI, "wamid.h2", at(-80)),
        inbound(BUDI, "wamid.b1", at(0), text("halo")),
        echo(BUDI, "wamid.e1", at(1), text("halo juga")),
        priced(status(BUDI, "wamid.e1", "sent", at(1))),
        status(BUDI, "wamid.e1", "delivered", at(2)),
        status(BUDI, "wamid.e1", "read", at(3)),
        inbound(BUDI, "wamid.b2", at(4), text("besok jam 5")),
        inbound(BUDI, "wamid.b3", at(5), edit("wamid.b2", "besok jam 6")),
        inbound(BUDI, "wamid.b4", at(6), edit("wamid.b2", "besok jam 7")),
        inbound(BUDI, "wamid.b5", at(7), reaction("wamid.e1", Some("👍"))),
        inbound(BUDI, "wamid.b6", at(8), reaction("wamid.e1", Some("❤️"))),
        echo(BUDI, "wamid.e2", at(9), reaction("wamid.b2", Some("🙏"))),
        inbound(BUDI, "wamid.b7", at(10), text("hapus")),
        inbound(BUDI, "wamid.b8", at(11), revoke("wamid.b7")),
        inbound(SITI, "wamid.s1", at(0), from_ad(text("saya lihat iklan"))),
        echo(SITI, "wamid.e3", at(2), text("mau yang mana?")),
        failed(SITI, "wamid.e3", at(3)),
        status(SITI, "wamid.e3", "sent", at(2)),
        echo(SITI, "wamid.e4", at(4), text("halo?")),
        failed(SITI, "wamid.e4", at(5)),
        status(SITI, "wamid.e4", "delivered", at(6)),
        status(SITI, "wamid.e4", "delivered", at(7)),
        inbound(SITI, "wamid.s2", at(8), text("yang merah")),
        inbound(SITI, "wamid.s3", at(9), reaction("wamid.e4", Some("👍"))),
        inbound(SITI, "wamid.s4", at(10), reaction("wamid.e4", None)),
        call(at(30)),
        inbound(ANDI, "wamid.a1", at(1), text("pagi")),
        inbound(ANDI, "wamid.a2", at(2), text("masih ada?")),
        echo(ANDI, "wamid.e5", at(3), text("ada")),
        status(ANDI, "wamid.e5", "sent", at(3)),
        status(ANDI, "wamid.e5", "played", at(5)),
        status(ANDI, "wamid.e5", "read", at(4)),
        echo(ANDI, "wamid.e6", at(6), edit("wamid.e5", "ada, 3 buah")),
        inbound(DEWI, "wamid.d1", at(0), text("nomor lama")),
        inbound(DEWI, "wamid.d2", at(1), new_number),
        inbound(DEWI_LATER, "wamid.d3", at(2), text("nomor baru")),
        echo(DEWI_LATER, "wamid.e7", at(3), text("tercatat")),
        status(DEWI_LATER, "wamid.e7", "sent", at(3)),
        inbound(DEWI_LATER, "wamid.d4", at(4), reaction("wamid.e7", Some("👍"))),
        status(BUDI, "wamid.never", "delivered", at(1)),
    ]
}

/// What is derived from webhooks, without our own times and places.
async fn visible(app: &TestApp) -> BTreeMap<String, Value> {
    let mut visible = BTreeMap::new();
    for collection in [
        "contacts",
        "conversations",
        "conversation_ties",
        "messages",
        "statuses",
        "edits",
        "calls",
        "aliases",
        "notices",
    ] {
        for mut document in app.all(collection).await {
            strip(&mut document);
            for name in ["profileName", "waId", "phone", "username"] {
                document.get_mut(name).and_then(Value::as_object_mut).map(|stamp| stamp.remove("at"));
            }
            let id = document["_id"].as_str().unwrap().to_owned();
            visible.insert(format!("{collection} {id}"), document);
        }
    }
    visible
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for ours in ["order", "origin", "receivedAt", "createdAt", "early", "since"] {
                fields.remove(ours);
            }
            fields.values_mut().for_each(strip);
        }
        Value::Array(values) => values.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn shuffle(&mut self, changes: &mut [Value]) {
        for last in (1..changes.len()).rev() {
            changes.swap(last, self.roll(last + 1));
        }
    }
}

/// Delivers in an order and in webhooks of random size, some of them at once, some of them twice.
async fn deliver(app: &TestApp, changes: &[Value], dice: &mut Dice) {
    let mut rest = changes;
    while !rest.is_empty() {
        let mut bodies = Vec::new();
        for _ in 0..=dice.roll(4) {
            let (now, later) = rest.split_at((1 + dice.roll(6)).min(rest.len()));
            rest = later;
            if !now.is_empty() {
                bodies.push([body(now)]);
            }
            if dice.roll(5) == 0 {
                bodies.extend(bodies.last().cloned());
            }
        }
        futures_util::future::join_all(bodies.iter().map(|bodies| app.take(bodies))).await;
        if dice.roll(3) == 0 {
            app.settle().await;
        }
    }
    app.settle().await;
}

#[tokio::test]
async fn any_order_and_any_grouping_of_webhooks_ends_the_same() {
    let expected = {
        let app = TestApp::start_with_number();
        for change in story() {
            app.take_changes(&[change]).await;
        }
        check_story(&app).await;
        visible(&app).await
    };
    for seed in 1..=6 {
        let (mut dice, mut changes) = (Dice(seed), story());
        dice.shuffle(&mut changes);
        let app = TestApp::start_with_number();
        deliver(&app, &changes, &mut dice).await;
        let found = visible(&app).await;
        for (key, document) in &expected {
            assert_eq!(found.get(key), Some(document), "seed {seed}: {key}");
        }
        assert_eq!(found.len(), expected.len(), "seed {seed}");
        app.told().await;
        let account = verify(&app.storage, i64::MIN / 2, i64::MAX / 2).await.unwrap();
        assert!(account.is_complete(), "seed {seed}: {account:#?}");
    }
}

/// That the order in which it happened ends as it should: the others are compared with it.
async fn check_story(app: &TestApp) {
    let conversations = app.all("conversations").await;
    let mut seen: Vec<(String, i64, i64)> = conversations
        .iter()
        .map(|one| {
            let preview = one["last"]["preview"].as_str().unwrap().to_owned();
            (preview, one["unread"].as_i64().unwrap(), one["messages"].as_i64().unwrap())
        })
        .collect();
    seen.sort();
    let expected = [("ada", 2, 4), ("hapus", 3, 5), ("tercatat", 3, 4), ("yang merah", 2, 4)];
    assert_eq!(seen, expected.map(|(preview, unread, messages)| (preview.to_owned(), unread, messages)));
    let statuses = app.all("statuses").await;
    assert_eq!(statuses.iter().filter(|one| one["waiting"] == true).count(), 1, "the one without a message");
    let messages = app.all("messages").await;
    let message = |wamid: &str| messages.iter().find(|one| one["wamid"] == wamid).unwrap();
    assert_eq!(message("wamid.b2")["edited"]["content"]["text"]["body"], "besok jam 7");
    let ranks = ["wamid.e1", "wamid.e3", "wamid.e4", "wamid.e5"]
        .map(|wamid| message(wamid)["rank"].as_i64().unwrap());
    assert_eq!(ranks, [5, 3, 4, 6]);
}
