//! The number of the settings: there from the start, with its token if it can be kept, and never against an admin.

use pesan::auth::Role;
use serde_json::{Value, json};

use super::{Desk, MASTER_KEYS, new_number};
use crate::support::app::TestApp;
use crate::support::meta::{APP_ID, APP_SECRET, TOKEN};
use crate::support::webhook::{ACCOUNT_ID, Customer, NOW_S, PHONE_NUMBER_ID, inbound, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
const NUMBER: [(&str, &str); 2] =
    [("WHATSAPP_PHONE_NUMBER_ID", PHONE_NUMBER_ID), ("WHATSAPP_BUSINESS_ACCOUNT_ID", ACCOUNT_ID)];

/// Another start of the same service: on the same database.
fn start_again(desk: &Desk, settings: &[(&str, &str)]) -> TestApp {
    let url = desk.meta.url();
    let mut all = vec![
        ("PESAN_DATABASE", desk.app.database.as_str()),
        ("GRAPH_API_BASE_URL", url.as_str()),
        ("WHATSAPP_APP_ID", APP_ID),
        ("WHATSAPP_APP_SECRET", APP_SECRET),
    ];
    all.extend(NUMBER);
    all.extend(settings);
    TestApp::start_with(&all, false)
}

async fn shown(app: &TestApp) -> Value {
    let key = app.key(Role::Admin).await;
    let query = "{ numbers { phoneNumberId hasAccessToken number connectionState createdAt } }";
    app.ask(&key, query, json!({})).await
}

#[tokio::test]
async fn the_number_of_the_settings_is_there_with_its_token_and_soon_with_what_meta_says() {
    let settings = [NUMBER[0], NUMBER[1], ("WHATSAPP_ACCESS_TOKEN", TOKEN)];
    let desk = Desk::start_with(&settings).await;
    let at_once = shown(&desk.app).await[0].clone();
    assert_eq!(at_once["phoneNumberId"], PHONE_NUMBER_ID);
    assert_eq!((&at_once["hasAccessToken"], &at_once["connectionState"]), (&json!(true), &json!("UNKNOWN")));
    assert_eq!(at_once["createdAt"], "2026-11-21T08:00:00Z");
    assert_eq!(desk.meta.requests("").await.len(), 0, "the start asks Meta nothing");
    desk.app.run_worker("number-facts").await.unwrap();
    let soon = shown(&desk.app).await[0].clone();
    assert_eq!(soon["connectionState"], "CONNECTED");
    assert!(soon["number"].as_str().unwrap().starts_with('+'));
    let calls = desk.meta.requests("").await.len();
    desk.app.run_worker("number-facts").await.unwrap();
    assert_eq!(desk.meta.requests("").await.len(), calls, "once");
}

#[tokio::test]
async fn without_a_master_key_it_receives_and_with_one_the_token_is_kept() {
    let settings = [NUMBER[0], NUMBER[1], ("WHATSAPP_ACCESS_TOKEN", TOKEN), ("PESAN_MASTER_KEYS", "")];
    let desk = Desk::start_with(&settings).await;
    assert_eq!(shown(&desk.app).await[0]["hasAccessToken"], false);
    desk.app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    assert_eq!(desk.app.all("messages").await.len(), 1);
    let keyed = [("WHATSAPP_ACCESS_TOKEN", TOKEN), ("PESAN_MASTER_KEYS", MASTER_KEYS)];
    let again = start_again(&desk, &keyed);
    assert_eq!(shown(&again).await[0]["hasAccessToken"], true);
}

#[tokio::test]
async fn a_new_token_of_the_settings_goes_instead_of_their_old_one_only() {
    let settings = [NUMBER[0], NUMBER[1], ("WHATSAPP_ACCESS_TOKEN", "EAAold")];
    let desk = Desk::start_with(&settings).await;
    let sealed = async || desk.app.only("numbers").await["accessToken"].clone();
    let old = sealed().await;
    let same = start_again(&desk, &[("WHATSAPP_ACCESS_TOKEN", "EAAold"), ("PESAN_MASTER_KEYS", MASTER_KEYS)]);
    assert_eq!(sealed().await, old, "the same token is left as it is");
    let keyed = [("WHATSAPP_ACCESS_TOKEN", TOKEN), ("PESAN_MASTER_KEYS", MASTER_KEYS)];
    let next = start_again(&desk, &keyed);
    let by_settings = sealed().await;
    assert_ne!(by_settings, old);
    let id = desk.run("numbers", json!({})).await[0]["id"].clone();
    desk.done("refreshNumber", json!({ "id": id })).await;

    // An admin's token is not overruled.
    desk.meta.control("/tokens", json!({ "value": "EAAadmin" })).await;
    desk.done("updateNumber", json!({ "id": id, "input": { "accessToken": "EAAadmin" } })).await;
    let by_admin = sealed().await;
    let last = start_again(&desk, &keyed);
    assert_eq!(sealed().await, by_admin);
    drop((same, next, last));
}

#[tokio::test]
async fn a_number_that_an_admin_deleted_stays_deleted_until_somebody_adds_it() {
    let settings = [NUMBER[0], NUMBER[1], ("WHATSAPP_ACCESS_TOKEN", TOKEN)];
    let desk = Desk::start_with(&settings).await;
    let id = desk.run("numbers", json!({})).await[0]["id"].clone();
    desk.done("deleteNumber", json!({ "id": id })).await;
    let keyed = [("WHATSAPP_ACCESS_TOKEN", TOKEN), ("PESAN_MASTER_KEYS", MASTER_KEYS)];
    let again = start_again(&desk, &keyed);
    assert_eq!(shown(&again).await, json!([]));
    assert!(desk.app.only("numbers").await.get("accessToken").is_none());
    let back = desk.done("addNumber", json!({ "input": new_number() })).await;
    assert_eq!(back["number"]["id"], id, "it is the same number, with its history");
}

#[tokio::test]
async fn a_start_does_not_wait_for_meta() {
    let silent = [
        NUMBER[0],
        NUMBER[1],
        ("WHATSAPP_ACCESS_TOKEN", TOKEN),
        ("GRAPH_API_BASE_URL", "http://127.0.0.1:9"),
    ];
    let desk = Desk::start_with(&silent).await;
    desk.app.run_worker("number-facts").await.unwrap();
    assert_eq!(shown(&desk.app).await[0]["connectionState"], "UNKNOWN");
}
