//! The connection test: each thing broken in turn, and the step that says so.

mod door;
mod health;
mod repair;
mod stage;

use std::time::Duration;

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, doc};
use pesan::auth::Role;
use pesan::dev::simulator::world::account::FIELDS;
use pesan::dev::simulator::world::{BUSINESS_ID, NUMBER_ID, SECOND_NUMBER_ID, WABA_ID};
use pesan::ingest::verify::verify;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::webhook::PATH;
use door::Manner;
use stage::{Stage, TOKEN, key_of};

/// How something is broken.
enum Break {
    /// A control call of the simulator.
    Sim(String, Value),
    /// A call to Graph, by whoever.
    Graph(Method, String),
    /// The saved id of the account, or of the number.
    Account(&'static str),
    Number(&'static str),
    Door(Manner),
    /// The number's own document.
    Record(mongodb::bson::Document),
}

/// What breaks, and what the test has to say: the steps that are not in order, each with its reason, and a piece of
/// the sentence of the first.
struct Row {
    name: &'static str,
    breaks: Vec<Break>,
    expected: &'static [(&'static str, &'static str, &'static str)],
    says: &'static str,
}

fn row(
    name: &'static str,
    breaks: Vec<Break>,
    expected: &'static [(&'static str, &'static str, &'static str)],
    says: &'static str,
) -> Row {
    Row { name, breaks, expected, says }
}

/// The access token, changed.
fn token(change: Value) -> Break {
    let mut token = json!({ "value": TOKEN });
    token.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    Break::Sim("tokens".to_owned(), token)
}

/// The number at Meta, changed.
fn number(change: Value) -> Break {
    Break::Sim(format!("numbers/{NUMBER_ID}"), change)
}

fn app(change: Value) -> Break {
    Break::Sim("app".to_owned(), change)
}

fn callback(url: &str) -> Break {
    Break::Sim("callback".to_owned(), json!({ "url": url }))
}

fn another_account() -> Break {
    Break::Sim("wabas".to_owned(), json!({ "id": "102290129340399", "name": "Other" }))
}

const LAST: &str = "query($id: ID!, $language: Language!) {
        lastConnectionTest(numberId: $id, language: $language) {
            ok summary testedAt steps { name state reason cause } } }";
const TEST: &str = "mutation($id: ID!) { testConnection(numberId: $id) { ok userErrors { code field } } }";
const FOREIGN: &str = "https://other.example/hook";

fn token_rows() -> Vec<Row> {
    let now_ms = pesan::clock::Clock::system().now_ms();
    vec![
        row(
            "expired token",
            vec![token(json!({ "expires_at_ms": now_ms - 3_600_000 }))],
            &[("tokenValid", "FAILED", "expired")],
            "The access token expired on 20",
        ),
        row(
            "revoked token",
            vec![token(json!({ "revoked": true }))],
            &[("tokenValid", "FAILED", "password")],
            "changed their Facebook password",
        ),
        row(
            "token that ends soon",
            vec![token(json!({ "expires_at_ms": now_ms + 3 * 86_400_000 + 60_000 }))],
            &[("tokenExpiry", "WARNING", "soon")],
            "in 3 days; then nothing can be sent",
        ),
        row(
            "missing permission to manage",
            vec![token(json!({ "scopes": ["whatsapp_business_messaging", "business_management"] }))],
            &[("scopes", "FAILED", "noManagement")],
            "lacks the permission whatsapp_business_management",
        ),
        row(
            "missing permission to send",
            vec![token(json!({ "scopes": ["whatsapp_business_management"] }))],
            &[("scopes", "FAILED", "noMessaging")],
            "lacks the permission whatsapp_business_messaging",
        ),
        row(
            "token of another account",
            vec![token(json!({ "wabas": ["102290129340399"] }))],
            &[("scopes", "FAILED", "notAssigned")],
            "not for this WhatsApp account (102290129340398)",
        ),
        row(
            "token that was changed in the database",
            vec![Break::Record(doc! { "$set": { "accessToken":
            Binary { subtype: BinarySubtype::Generic, bytes: vec![1; 80] } } })],
            &[("tokenValid", "FAILED", "tampered")],
            "it is not what was saved",
        ),
        row(
            "no token",
            vec![Break::Record(doc! { "$unset": { "accessToken": "" } })],
            &[("tokenValid", "FAILED", "missing")],
            "No access token is saved",
        ),
        row(
            "wrong app secret",
            vec![app(json!({ "secret": "another-secret" }))],
            &[("appSecret", "FAILED", "wrong")],
            "The app secret is not that of the app 201234567890123",
        ),
    ]
}

fn account_rows() -> Vec<Row> {
    vec![
        row(
            "portfolio for account",
            vec![Break::Account(BUSINESS_ID)],
            &[("waba", "FAILED", "isPortfolio")],
            "506914307656634 is the id of the business portfolio",
        ),
        row(
            "number for account",
            vec![Break::Account(SECOND_NUMBER_ID)],
            &[("waba", "FAILED", "isNumber")],
            "is the id of a phone number",
        ),
        row(
            "account that is not there",
            vec![Break::Account("102290129340999")],
            &[("waba", "FAILED", "notSeen")],
            "Meta shows no WhatsApp account 102290129340999",
        ),
        row(
            "another account",
            vec![another_account(), Break::Account("102290129340399")],
            &[("numberInWaba", "FAILED", "notInWaba")],
            "is not among those of the account 102290129340399",
        ),
        row(
            "number of another account",
            vec![another_account(), number(json!({ "waba": "102290129340399" }))],
            &[("numberInWaba", "FAILED", "notInWaba")],
            "is not among those of the account 102290129340398",
        ),
        row(
            "number that is not there",
            vec![Break::Number("106540352242999")],
            &[("numberInWaba", "FAILED", "notSeen")],
            "Meta does not know the number id 106540352242999",
        ),
        row(
            "telephone number for id",
            vec![Break::Number("15550783881")],
            &[("numberInWaba", "FAILED", "isPhone")],
            "is the phone number itself",
        ),
    ]
}

fn number_rows() -> Vec<Row> {
    let blocked = json!({ "health_status": { "can_send_message": "BLOCKED", "entities": [
        { "entity_type": "BUSINESS", "id": "1", "can_send_message": "BLOCKED", "errors": [
            { "error_code": 141_006, "error_description": "There is an error with the payment method.",
              "possible_solution": "Add a payment method." } ] } ] } });
    vec![
        row(
            "unregistered",
            vec![number(json!({ "registered": false }))],
            &[("registered", "FAILED", "notRegisteredWithPin")],
            "The number is not registered with the Cloud API",
        ),
        row(
            "unregistered and no PIN",
            vec![number(json!({ "registered": false })), Break::Record(doc! { "$unset": { "pin": "" } })],
            &[("registered", "FAILED", "notRegistered")],
            "The number is not registered with the Cloud API",
        ),
        row(
            "not verified",
            vec![number(json!({ "registered": false, "verified": false }))],
            &[("registered", "FAILED", "notVerified")],
            "has not been verified by SMS or call",
        ),
        row(
            "banned",
            vec![number(json!({ "status": "BANNED" }))],
            &[("registered", "FAILED", "banned")],
            "Meta has banned the number",
        ),
        row(
            "state that is new",
            vec![number(json!({ "status": "DREAMING" }))],
            &[("registered", "WARNING", "unknownState")],
            "a state that we do not know: DREAMING",
        ),
        row(
            "name declined",
            vec![number(json!({ "name_status": "DECLINED" }))],
            &[("name", "FAILED", "declined")],
            "Meta has declined the display name \"Lucky Shrub\"",
        ),
        row(
            "low quality and limit",
            vec![number(json!({
                "quality_rating": "RED", "whatsapp_business_manager_messaging_limit": "TIER_250"
            }))],
            &[("quality", "WARNING", "red"), ("messagingLimit", "WARNING", "lowest")],
            "The quality is low",
        ),
        row(
            "business cannot send",
            vec![number(blocked)],
            &[("sending", "FAILED", "healthBlocked")],
            "Meta reports that the business cannot send: ",
        ),
        row(
            "paused",
            vec![Break::Record(doc! { "$set": { "pausedAtMs": 1_763_712_000_000_i64 } })],
            &[("sending", "WARNING", "paused")],
            "Sending has been paused since 2025-11-21",
        ),
    ]
}

fn webhook_rows(door: &str) -> Vec<Row> {
    let without = |left_out: &[&str]| -> Vec<&str> {
        FIELDS.iter().copied().filter(|field| !left_out.contains(field)).collect()
    };
    let own = format!("{door}{PATH}");
    vec![
        row(
            "not subscribed",
            vec![Break::Graph(Method::DELETE, format!("{WABA_ID}/subscribed_apps"))],
            &[("appSubscribed", "FAILED", "notSubscribed")],
            "The app is not subscribed to this WhatsApp account",
        ),
        row(
            "messages not switched on",
            vec![app(json!({ "fields": without(&["messages"]) }))],
            &[("fields", "FAILED", "noMessages")],
            "has not switched on the webhook field \"messages\"",
        ),
        row(
            "some news not switched on",
            vec![app(json!({ "fields": without(&["security", "account_update"]) }))],
            &[("fields", "WARNING", "othersMissing")],
            "not the news of: account_update, security.",
        ),
        row(
            "no webhook at all",
            vec![app(json!({ "subscribed": false }))],
            &[("fields", "FAILED", "none")],
            "The app has no webhook for WhatsApp at all",
        ),
        row(
            "app's address is foreign",
            vec![callback(FOREIGN)],
            &[("callback", "FAILED", "foreignApp")],
            "The app's webhooks go to another address: https://other.example/hook",
        ),
        row(
            "account's address is foreign",
            vec![Break::Sim(format!("wabas/{WABA_ID}"), json!({ "override": FOREIGN }))],
            &[("callback", "FAILED", "foreignWaba")],
            "For this WhatsApp account another address is set",
        ),
        row(
            "number's address is foreign",
            vec![number(json!({ "override": FOREIGN }))],
            &[("callback", "FAILED", "foreignNumber")],
            "For this number another address is set",
        ),
        row(
            "number's address is ours and the app's is not",
            vec![callback(FOREIGN), number(json!({ "override": own }))],
            &[("callback", "WARNING", "splitTemplates")],
            "news of templates and the account goes to the app's address",
        ),
        row(
            "address mistyped",
            vec![callback(&format!("{own}/"))],
            &[("callback", "FAILED", "almost")],
            "differs a little from ours",
        ),
    ]
}

fn quiet_rows() -> Vec<Row> {
    vec![
        row(
            "no webhook lately",
            vec![Break::Record(doc! { "$set": { "webhookAtMs": 1_763_712_000_000_i64 } })],
            &[("webhookSeen", "WARNING", "silent")],
            "Nothing has come for this number since 2025-11-21",
        ),
        row(
            "never a webhook",
            vec![Break::Record(doc! { "$unset": { "webhookAtMs": "" } })],
            &[("webhookSeen", "WARNING", "never")],
            "No webhook has come for this number yet",
        ),
    ]
}

fn address_rows() -> Vec<Row> {
    let door = |manner| vec![Break::Door(manner)];
    vec![
        row(
            "address closed",
            door(Manner::Closed),
            &[("urlReachable", "FAILED", "refused")],
            "does not take connections",
        ),
        row(
            "address with a sign-in",
            door(Manner::Answer("403 Forbidden")),
            &[("urlReachable", "FAILED", "login")],
            "asks for a sign-in or turns callers away (HTTP 403)",
        ),
        row(
            "address that sends on",
            door(Manner::Answer("301 Moved")),
            &[("urlReachable", "FAILED", "redirect")],
            "sends callers on to https://elsewhere.example/",
        ),
        row(
            "address of another service",
            door(Manner::Answer("200 OK")),
            &[("urlReachable", "FAILED", "otherService")],
            "it is not this service that answers",
        ),
        row(
            "address that is broken",
            door(Manner::Answer("502 Bad Gateway")),
            &[("urlReachable", "FAILED", "status")],
            "answers with HTTP 502 instead of 200",
        ),
        row(
            "address that changes bytes",
            door(Manner::ReEncode),
            &[("urlByteTrue", "FAILED", "changed")],
            "changes webhooks, so their signature is no longer right",
        ),
        row(
            "address that swallows webhooks",
            door(Manner::Swallow),
            &[("urlByteTrue", "FAILED", "notArrived")],
            "it did not arrive in this service's database",
        ),
        row(
            "address that refuses webhooks",
            door(Manner::RefuseBodies),
            &[("urlByteTrue", "FAILED", "blocked")],
            "turns webhooks away (HTTP 403)",
        ),
    ]
}

async fn apply(stage: &Stage, breaks: Vec<Break>) {
    for one in breaks {
        match one {
            Break::Sim(path, body) => stage.control(&path, body).await,
            Break::Graph(method, path) => {
                assert_eq!(stage.graph(method, &path).await["success"], true, "{path}");
            }
            Break::Account(id) => stage.set(doc! { "$set": { "accountId": id } }).await,
            Break::Number(id) => stage.set(doc! { "$set": { "phoneNumberId": id } }).await,
            Break::Door(manner) => stage.door.set(manner),
            Break::Record(change) => stage.set(change).await,
        }
    }
}

/// The steps that are not in order are the expected ones; what was not looked at waits for one of them.
fn check(row: &Row, payload: &Value) {
    let name = row.name;
    let steps = payload["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 19, "{name}: {payload:#}");
    let broken: Vec<(&str, &str, &str)> = steps
        .iter()
        .filter(|step| !["OK", "SKIPPED"].contains(&step["state"].as_str().unwrap()))
        .map(|step| ["name", "state", "reason"].map(|field| step[field].as_str().unwrap()).into())
        .collect();
    let mut expected = row.expected.to_vec();
    let place = |step: &str| steps.iter().position(|one| one["name"] == step);
    expected.sort_by_key(|(step, ..)| place(step));
    assert_eq!(broken, expected, "{name}: {payload:#}");
    for step in steps.iter().filter(|step| step["state"] == "SKIPPED") {
        let waits_for = step["waitsFor"].as_str().unwrap_or_default();
        assert!(expected.iter().any(|(broken, ..)| *broken == waits_for), "{name}: {step:#}");
    }
    for step in steps {
        let has_next = step["nextStep"].as_str().is_some_and(|next| !next.is_empty());
        assert_eq!(has_next, step["state"] != "OK", "{name}: {step:#}");
        for field in ["title", "cause", "nextStep"] {
            assert!(!step[field].as_str().unwrap_or_default().contains('{'), "{name}: {step:#}");
        }
    }
    let has_failed = expected.iter().any(|(_, state, _)| *state == "FAILED");
    assert_eq!(payload["ok"], !has_failed, "{name}: {payload:#}");
    if let Some((first, ..)) = row.expected.first() {
        let step = &steps[place(first).unwrap()];
        assert!(step["cause"].as_str().unwrap().contains(row.says), "{name}: {step:#}");
    }
}

async fn check_rows(rows: Vec<Row>, stage: &Stage) {
    for mut row in rows {
        apply(stage, std::mem::take(&mut row.breaks)).await;
        let payload = stage.test(false, "EN").await;
        check(&row, &payload);
        stage.restore().await;
        stage.set(doc! { "$set": { "webhookAtMs": stage.app.clock.clock().now_ms() } }).await;
    }
    // Nothing that was broken stays so.
    check(&row("good", Vec::new(), &[], ""), &stage.test(false, "EN").await);
}

#[tokio::test]
async fn a_good_number_passes_everything_and_the_test_is_kept_in_no_language() {
    let stage = Stage::start().await;
    let payload = stage.test(false, "EN").await;
    check(&row("good", Vec::new(), &[], ""), &payload);
    assert_eq!(payload["summary"], "Everything works.");
    assert!(payload["steps"].as_array().unwrap().iter().all(|step| step["state"] == "OK"), "{payload:#}");
    let last = stage.ask(LAST, json!({ "id": stage.number, "language": "ID" })).await;
    let last = &last["data"]["lastConnectionTest"];
    assert_eq!((&last["ok"], &last["summary"]), (&json!(true), &json!("Semuanya berfungsi.")));
    assert_eq!(last["testedAt"], payload["testedAt"]);
    assert_eq!(last["steps"][0]["cause"], "Meta menerima token akses.");
    let nobody = stage.ask(LAST, json!({ "id": uuid::Uuid::now_v7(), "language": "EN" })).await;
    assert_eq!(nobody["data"], json!({ "lastConnectionTest": null }));
}

#[tokio::test]
async fn what_is_wrong_with_the_token_or_the_app_is_told_by_its_own_step() {
    let stage = Stage::start().await;
    check_rows(token_rows(), &stage).await;
}

#[tokio::test]
async fn what_is_wrong_with_the_ids_is_told_by_its_own_step() {
    let stage = Stage::start().await;
    check_rows(account_rows(), &stage).await;
}

#[tokio::test]
async fn what_is_wrong_with_the_number_is_told_by_its_own_step() {
    let stage = Stage::start().await;
    check_rows(number_rows(), &stage).await;
}

#[tokio::test]
async fn what_keeps_webhooks_away_is_told_by_its_own_step() {
    let stage = Stage::start().await;
    let rows = webhook_rows(&stage.door.url).into_iter().chain(quiet_rows()).collect();
    check_rows(rows, &stage).await;
}

#[tokio::test]
async fn what_is_wrong_with_the_address_is_told_by_its_own_step() {
    let stage = Stage::start().await;
    check_rows(address_rows(), &stage).await;
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_by_its_own_step() {
    let stage = Stage::start().await;
    stage.sync_clock();
    let check_after = async |by: Duration, expected, says| {
        stage.app.clock.advance(by);
        check(&row("clock", Vec::new(), expected, says), &stage.test_now(false, "EN").await);
    };
    check_after(Duration::from_mins(1), &[("clock", "WARNING", "ahead")], "seconds ahead").await;
    check_after(Duration::from_mins(10), &[("clock", "FAILED", "far")], "wrong by 1").await;
}

#[tokio::test]
async fn when_meta_does_not_answer_nothing_is_called_broken_and_nothing_good() {
    let stage = Stage::start().await;
    stage.control("faults", json!({ "kind": "server_error", "status": 503 })).await;
    let payload = stage.test(false, "EN").await;
    let state = |name: &str| {
        let steps = payload["steps"].as_array().unwrap();
        steps.iter().find(|step| step["name"] == name).unwrap()["state"].as_str().unwrap().to_owned()
    };
    for step in ["tokenValid", "waba", "numberInWaba", "registered", "appSubscribed", "callback", "sending"] {
        assert_eq!(state(step), "SKIPPED", "{step}: {payload:#}");
    }
    for step in ["urlReachable", "urlByteTrue", "webhookSeen", "clock"] {
        assert_eq!(state(step), "OK", "{step}: {payload:#}");
    }
    assert_eq!(payload["ok"], false);
    assert_eq!(stage.record().await.block, None);
}

#[tokio::test]
async fn probes_leave_no_trace_but_in_the_journal_and_the_count_balances() {
    let stage = Stage::start().await;
    for _ in 0..3 {
        assert_eq!(stage.test(false, "EN").await["ok"], true);
    }
    stage.app.settle().await;
    let account = verify(&stage.app.storage, i64::MIN / 2, i64::MAX / 2).await.unwrap();
    assert_eq!((account.webhooks, account.items, account.stored, account.tests), (4, 4, 1, 3), "{account:?}");
    assert!(account.is_complete());
    assert_eq!(stage.app.all("messages").await.len(), 1, "the customer's");
    for collection in ["unrecognised", "unrouted", "dead_letters", "notices", "edits", "statuses"] {
        assert_eq!(stage.app.all(collection).await.len(), 0, "{collection}");
    }
}

#[tokio::test]
async fn only_who_may_can_test_and_repair_and_only_their_own_numbers() {
    let stage = Stage::start().await;
    let agent = key_of(&stage.app, stage.workspace, Role::Agent).await;
    let refused = stage.ask_as(&agent, TEST, json!({ "id": stage.number })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused:#}");
    for id in ["nobody".to_owned(), uuid::Uuid::now_v7().to_string()] {
        let unknown = stage.ask(TEST, json!({ "id": id })).await;
        let errors = &unknown["data"]["testConnection"]["userErrors"];
        assert_eq!(errors[0], json!({ "code": "NOT_FOUND", "field": "numberId" }), "{unknown:#}");
    }
}
