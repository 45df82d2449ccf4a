//! Adding a number: what Meta refuses is told in words, and what waits for the number comes through.

use serde_json::{Value, json};

use super::{Desk, new_number};
use crate::support::eventually;
use crate::support::meta::TOKEN;
use crate::support::webhook::{ACCOUNT_ID, Customer, NOW_S, PHONE_NUMBER_ID, inbound, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
const PORTFOLIO: &str = "506914307656634";

#[tokio::test]
async fn what_does_not_fit_together_is_refused_at_the_right_field_and_nothing_is_kept() {
    let desk = Desk::start().await;
    desk.meta.control("/tokens", json!({ "value": "EAAexpired", "expires_at_ms": 1_000 })).await;
    desk.meta
        .control("/tokens", json!({ "value": "EAAnarrow", "scopes": ["whatsapp_business_management"] }))
        .await;
    desk.meta
        .control("/tokens", json!({ "value": "EAAsend", "scopes": ["whatsapp_business_messaging"] }))
        .await;
    desk.meta.control("/tokens", json!({ "value": "EAAelsewhere", "wabas": ["1"] })).await;
    desk.meta.control("/wabas", json!({ "id": "9001" })).await;
    let check = async |field: &str, value: &str, code: &str, at: &str, meta_code: Value, word: &str| {
        let mut input = new_number();
        input[field] = value.into();
        let error = desk.refused("addNumber", json!({ "input": input })).await;
        let told = (&error["code"], &error["field"], &error["metaCode"]);
        assert_eq!(told, (&json!(code), &json!(at), &meta_code), "{field} {value}: {error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(word), "{field} {value}: {message}");
        assert!(!error["nextStep"].as_str().unwrap().is_empty());
    };
    let none = Value::Null;
    check("accessToken", "EAAnonsense", "REFUSED_BY_META", "accessToken", json!(190), "token").await;
    check("accessToken", "EAAexpired", "REFUSED_BY_META", "accessToken", json!(190), "expired").await;
    check("accessToken", "EAAnarrow", "INVALID", "accessToken", none.clone(), "whatsapp_business_messaging")
        .await;
    check("accessToken", "EAAsend", "INVALID", "accessToken", none.clone(), "whatsapp_business_management")
        .await;
    check("accessToken", "EAAelsewhere", "REFUSED_BY_META", "accountId", json!(100), "").await;
    check("accessToken", "EAA two words", "INVALID", "accessToken", none.clone(), "space").await;
    check("accountId", PORTFOLIO, "INVALID", "accountId", none.clone(), "portfolio").await;
    check("accountId", "9001", "INVALID", "phoneNumberId", none.clone(), "belong").await;
    check("accountId", "../me", "INVALID", "accountId", none.clone(), "ids").await;
    check("phoneNumberId", "15550783881", "INVALID", "phoneNumberId", none.clone(), PHONE_NUMBER_ID).await;
    check("appSecret", "not-the-secret", "REFUSED_BY_META", "appSecret", json!(100), "").await;
    check("displayName", "", "INVALID", "displayName", none, "characters").await;
    let mut input = new_number();
    input["settings"] =
        json!({ "messageDelayMs": 60_001, "businessHours": { "timeZone": "Mars", "open": [] } });
    let payload = desk.run("addNumber", json!({ "input": input })).await;
    let fields: Vec<&Value> =
        payload["userErrors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["settings.messageDelayMs", "settings.businessHours.timeZone"]);
    assert_eq!(desk.app.all("numbers").await, Vec::<Value>::new());
    assert_eq!(desk.audited().await, []);
}

#[tokio::test]
async fn a_token_is_kept_sealed_and_the_audit_log_says_who_added_what() {
    let desk = Desk::start().await;
    let id = desk.add().await;
    let stored = desk.app.only("numbers").await;
    let token = data_encoding::HEXLOWER.encode(TOKEN.as_bytes());
    assert!(stored["accessToken"].is_string() && !stored.to_string().contains(&token));
    assert_eq!(stored["v"], 1);
    assert_eq!(desk.app.told().await, ["number"]);
    let audit = desk.app.all("audit").await;
    let entry = audit.iter().find(|entry| entry["deed"] == "add-number").unwrap();
    assert_eq!(entry["target"], format!("number:{id}"));
    assert!(entry["who"].as_str().unwrap().starts_with("api-key:"));
    assert!(!json!(audit).to_string().contains(TOKEN));
    let again = desk.refused("addNumber", json!({ "input": new_number() })).await;
    assert_eq!(again["code"], "ALREADY_EXISTS");
    assert!(again["nextStep"].as_str().unwrap().contains(&id));
}

#[tokio::test]
async fn what_waited_for_a_number_comes_through_when_it_is_added() {
    let desk = Desk::start().await;
    desk.app.take_changes(&[inbound(BUDI, "wamid.early", NOW_S, text("ada orang?"))]).await;
    assert_eq!(desk.app.all("messages").await.len(), 0);
    assert_eq!(desk.app.all("unrouted").await.len(), 1);
    desk.add().await;
    eventually("it has come through", || async {
        desk.app.run_worker("reroute").await.unwrap();
        (desk.app.all("messages").await.len() == 1).then_some(())
    })
    .await;
    desk.app.settle().await;
    assert_eq!(desk.app.only("messages").await["wamid"], "wamid.early");
    assert_eq!(desk.app.all("unrouted").await.len(), 0);
}

#[tokio::test]
async fn a_deleted_number_keeps_its_history_and_gives_nothing_old_to_its_next_owner() {
    let desk = Desk::start().await;
    let id = desk.add().await;
    let stranger = desk.stranger().await;
    let taken = desk.run_as(&stranger, "addNumber", json!({ "input": new_number() })).await;
    assert_eq!(taken["userErrors"][0]["code"], "TAKEN_ELSEWHERE");
    desk.app.take_changes(&[inbound(BUDI, "wamid.old", NOW_S, text("rahasia"))]).await;
    desk.app.clock.advance(std::time::Duration::from_mins(1));
    let deleted = desk.done("deleteNumber", json!({ "id": id })).await;
    assert_eq!(deleted["subscription"], "RELEASED");
    let accounts = desk.meta.world().await["wabas"].clone();
    let account = accounts.as_array().unwrap().iter().find(|account| account["id"] == ACCOUNT_ID).unwrap();
    assert_eq!(account["subscribed_apps"], json!({}));
    assert_eq!(desk.run("number", json!({ "id": id })).await, Value::Null);
    let gone = desk.refused("pauseNumber", json!({ "id": id })).await;
    assert_eq!(gone["code"], "NOT_FOUND");
    let stored = desk.app.only("numbers").await;
    for secret in ["accessToken", "appSecret", "pin", "verifyTokenHash"] {
        assert!(stored.get(secret).is_none(), "{secret}");
    }
    assert_eq!(desk.app.all("messages").await.len(), 1, "the history stays");

    // Received in between: for nobody, and not for the next owner either.
    eventually("the deletion is known to the routing", || async {
        desk.app.take_changes(&[inbound(BUDI, "wamid.between", NOW_S + 1, text("siapa?"))]).await;
        (!desk.app.all("unrouted").await.is_empty()).then_some(())
    })
    .await;
    let before = desk.app.all("messages").await.len();
    desk.app.clock.advance(std::time::Duration::from_mins(1));
    let added = desk.run_as(&stranger, "addNumber", json!({ "input": new_number() })).await;
    assert_eq!(added["userErrors"], json!([]));
    desk.app.clock.advance(std::time::Duration::from_mins(1));
    eventually("the next owner gets what comes now", || async {
        desk.app.run_worker("reroute").await.unwrap();
        desk.app.take_changes(&[inbound(BUDI, "wamid.new", NOW_S + 2, text("halo"))]).await;
        let messages = desk.app.all("messages").await;
        messages
            .iter()
            .any(|one| one["workspace"] == strangers() && one["wamid"] == "wamid.new")
            .then_some(())
    })
    .await;
    let messages = desk.app.all("messages").await;
    let theirs: Vec<&Value> =
        messages.iter().filter(|one| one["workspace"] == strangers()).map(|one| &one["wamid"]).collect();
    assert!(!theirs.contains(&&json!("wamid.old")), "{theirs:?}");
    assert!(messages.len() > before);
}

/// The stranger's workspace, as documents have it.
fn strangers() -> String {
    uuid::Uuid::from_u128(77).simple().to_string()
}
