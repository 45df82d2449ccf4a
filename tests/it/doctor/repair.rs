//! What can be mended is mended, in order, and the test says what was done.

use mongodb::bson::doc;
use pesan::dev::simulator::world::account::FIELDS;
use pesan::dev::simulator::world::{NUMBER_ID, WABA_ID};
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::Stage;

const FOREIGN: &str = "https://other.example/hook";

fn done(payload: &Value) -> Vec<(&str, bool)> {
    let repairs = payload["repairs"].as_array().unwrap();
    repairs.iter().map(|repair| (repair["name"].as_str().unwrap(), repair["done"] == true)).collect()
}

#[tokio::test]
async fn everything_that_can_be_mended_is_mended_in_order() {
    let stage = Stage::start().await;
    let fields: Vec<&str> = FIELDS.iter().copied().filter(|field| *field != "messages").collect();
    stage.graph(Method::DELETE, &format!("{WABA_ID}/subscribed_apps")).await;
    stage.control("app", json!({ "fields": fields })).await;
    let number = json!({ "registered": false, "override": FOREIGN });
    stage.control(&format!("numbers/{NUMBER_ID}"), number).await;

    let payload = stage.test(true, "ID").await;
    assert_eq!(
        done(&payload),
        [("subscribeApp", true), ("subscribeFields", true), ("setCallback", true), ("register", true)],
        "{payload:#}"
    );
    assert_eq!(payload["repairs"][3]["message"], "Sudah diperbaiki: nomor didaftarkan.");
    assert_eq!(payload["ok"], true, "{payload:#}");
    let states: Vec<&Value> =
        payload["steps"].as_array().unwrap().iter().map(|step| &step["state"]).collect();
    assert!(states.iter().all(|state| **state == "OK"), "{payload:#}");
    let noted = stage.app.all("audit").await;
    let last = noted.last().unwrap().to_string();
    assert!(last.contains("repair-connection") && last.contains("setCallback"), "{last}");

    let again = stage.test(true, "EN").await;
    assert_eq!((done(&again), &again["ok"]), (Vec::new(), &json!(true)));
}

#[tokio::test]
async fn a_foreign_address_is_mended_where_it_is_set_and_the_apps_own_is_left_alone() {
    let stage = Stage::start().await;
    stage.control("callback", json!({ "url": FOREIGN })).await;
    let payload = stage.test(true, "EN").await;
    assert_eq!(done(&payload), [("setCallback", true)], "{payload:#}");
    assert_eq!(payload["ok"], true, "{payload:#}");
    let callback =
        payload["steps"].as_array().unwrap().iter().find(|step| step["name"] == "callback").unwrap();
    assert_eq!((&callback["state"], &callback["reason"]), (&json!("WARNING"), &json!("splitTemplates")));

    stage.restore().await;
    stage.control(&format!("wabas/{WABA_ID}"), json!({ "override": FOREIGN })).await;
    let payload = stage.test(true, "EN").await;
    assert_eq!((done(&payload), &payload["ok"]), (vec![("setCallback", true)], &json!(true)), "{payload:#}");
}

#[tokio::test]
async fn what_cannot_be_mended_says_why_and_nothing_is_touched_with_a_bad_token() {
    let stage = Stage::start().await;
    // The PIN here is not the one there.
    let pin = stage.seal("pin", "111111").await;
    stage.set(doc! { "$set": { "pin": pin } }).await;
    stage.control(&format!("numbers/{NUMBER_ID}"), json!({ "registered": false })).await;
    let payload = stage.test(true, "EN").await;
    assert_eq!((done(&payload), &payload["ok"]), (vec![("register", false)], &json!(false)), "{payload:#}");
    let message = payload["repairs"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("The repair did not succeed:") && message.contains("PIN"), "{message}");

    stage.restore().await;
    stage.graph(Method::DELETE, &format!("{WABA_ID}/subscribed_apps")).await;
    stage.control("tokens", json!({ "value": super::TOKEN, "revoked": true })).await;
    let payload = stage.test(true, "EN").await;
    assert_eq!((done(&payload), &payload["ok"]), (Vec::new(), &json!(false)), "{payload:#}");
}
