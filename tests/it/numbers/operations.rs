//! Every operation that a settings page needs, each once for good.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Desk, OPERATIONS};
use crate::support::webhook::{Customer, NOW_S, PATH, inbound, text};

const CUSTOMER: Customer<'static> = Customer { wa_id: "16505551234", user_id: "US.1", name: "Pablo" };

#[tokio::test]
async fn every_operation_of_a_settings_page_goes_well_once() {
    let desk = Desk::start().await;
    let id = desk.add().await;
    let on = |more: Value| with(json!({ "numberId": id }), more);
    let of = |more: Value| with(json!({ "id": id }), more);
    look_and_change(&desk, &id).await;

    // What customers see.
    let change = json!({ "input": { "about": "Bunga segar 🌸", "websites": ["https://toko.example"] } });
    let profile = desk.done("updateBusinessProfile", on(change)).await;
    assert_eq!(profile["profile"]["about"], "Bunga segar 🌸");
    assert_eq!(desk.done("businessProfile", on(json!({}))).await["profile"], profile["profile"]);
    qr_codes(&desk, &id).await;
    let blocked = desk.done("blockUsers", on(json!({ "customers": ["+1 650 555 1234"] }))).await;
    assert_eq!(blocked["done"].as_array().unwrap().len() + blocked["failed"].as_array().unwrap().len(), 1);
    let blocked = desk.done("blockUsers", on(json!({ "customers": ["16505551234", "19999999999"] }))).await;
    assert_eq!(blocked["done"], json!(["16505551234"]));
    assert_eq!(blocked["failed"][0]["customer"], "19999999999");
    assert_eq!(desk.done("blockedUsers", on(json!({}))).await["users"][0]["waId"], "16505551234");
    desk.done("unblockUsers", on(json!({ "customers": ["16505551234"] }))).await;
    assert_eq!(desk.done("blockedUsers", on(json!({}))).await["users"], json!([]));
    let automation =
        json!({ "prompts": ["Jam buka?"], "commands": [{ "name": "menu", "description": "Daftar" }] });
    desk.done("setConversationalAutomation", on(json!({ "input": automation }))).await;
    assert_eq!(desk.done("conversationalAutomation", on(json!({}))).await["automation"], automation);
    let free = desk.done("usernameSuggestions", on(json!({}))).await["suggestions"][0].clone();
    let claimed = desk.done("setUsername", on(json!({ "username": free }))).await;
    assert_eq!(claimed["username"], json!({ "username": free, "state": "APPROVED" }));
    assert_eq!(desk.done("username", on(json!({}))).await["username"]["username"], free);
    desk.done("deleteUsername", on(json!({}))).await;
    assert_eq!(desk.done("username", on(json!({}))).await["username"]["username"], Value::Null);

    // Where webhooks go.
    let url = format!("{}{PATH}", desk.app.url);
    desk.done("setCallback", of(json!({ "url": url }))).await;
    assert!(desk.meta.world().await.to_string().contains(&url));
    desk.done("clearCallback", of(json!({}))).await;
    assert!(!desk.meta.world().await.to_string().contains(&url));
    desk.done("subscribeApp", of(json!({}))).await;

    people(&desk).await;
    register(&desk).await;
    let deleted = desk.done("deleteNumber", of(json!({}))).await;
    assert_eq!(deleted["deletedNumberId"], id.as_str());
    connect(&desk).await;

    let ran = desk.done.lock().unwrap().clone();
    let elsewhere = tests_beside_these();
    for file in fs::read_dir(OPERATIONS).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let name = name.trim_end_matches(".graphql");
        let is_run = ran.contains(name) || elsewhere.contains(&format!("\"{name}\""));
        assert!(is_run, "no test runs {name}");
    }
}

/// The text of the tests of other nouns, which run operations of their own.
fn tests_beside_these() -> String {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it")];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("numbers") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

fn with(mut variables: Value, more: Value) -> Value {
    variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    variables
}

async fn look_and_change(desk: &Desk, id: &str) {
    let shown = desk.done("number", json!({ "id": id })).await;
    assert_eq!(desk.done("numbers", json!({})).await, json!([shown]));
    assert_eq!(shown["status"], "APPROVED");
    assert_eq!(shown["connectionState"], "CONNECTED");
    assert_eq!((&shown["hasAccessToken"], &shown["hasPin"]), (&json!(true), &json!(false)));
    assert_eq!((&shown["quality"], &shown["throughput"]), (&json!("GREEN"), &json!("STANDARD")));
    assert_eq!((&shown["messagingLimit"], &shown["nameStatus"]), (&json!("TIER_2K"), &json!("APPROVED")));
    assert!(shown["number"].as_str().unwrap().starts_with('+'));
    assert_eq!((&shown["userId"], &shown["displayName"]), (&json!("crm-7"), &json!("Toko Bunga")));

    let settings = json!({
        "autoReply": { "enabled": true, "text": "Kami balas besok.", "outsideHoursOnly": true },
        "businessHours": { "timeZone": "Asia/Jakarta", "open": [{ "weekday": 1, "fromMinute": 480, "toMinute": 1020 }] },
        "readReceipts": true, "typingIndicator": false, "messageDelayMs": 1500,
        "marketingMessages": true,
    });
    let input = json!({ "displayName": null, "verifyToken": "number-verify", "settings": settings });
    let changed = desk.done("updateNumber", json!({ "id": id, "input": input })).await["number"].clone();
    assert_eq!((&changed["displayName"], &changed["userId"]), (&Value::Null, &json!("crm-7")));
    assert_eq!(changed["settings"], settings);
    assert_eq!(changed["hasVerifyToken"], true);
    let ask = format!("{PATH}?hub.mode=subscribe&hub.verify_token=number-verify&hub.challenge=42");
    crate::support::eventually("the number's own verify token is known", || async {
        (desk.app.get(&ask).await.status() == 200).then_some(())
    })
    .await;

    let paused = desk.done("pauseNumber", json!({ "id": id })).await["number"].clone();
    assert_eq!(paused["connectionState"], "PAUSED");
    assert!(paused["pausedAt"].is_string());
    let resumed = desk.done("resumeNumber", json!({ "id": id })).await["number"].clone();
    assert_eq!((&resumed["connectionState"], &resumed["pausedAt"]), (&json!("CONNECTED"), &Value::Null));
    desk.done("refreshNumber", json!({ "id": id })).await;
}

async fn qr_codes(desk: &Desk, id: &str) {
    let new = json!({ "numberId": id, "message": "Halo, saya mau pesan", "format": "PNG" });
    let code = desk.done("createQrCode", new).await["qrCode"].clone();
    assert!(code["image"].as_str().unwrap().starts_with("data:image/png;base64,"));
    let change = json!({ "numberId": id, "code": code["code"], "message": "Halo lagi" });
    let changed = desk.done("updateQrCode", change).await["qrCode"].clone();
    assert_eq!((&changed["code"], &changed["message"]), (&code["code"], &json!("Halo lagi")));
    assert!(changed["image"].as_str().unwrap().starts_with("data:image/svg+xml;base64,"));
    assert_eq!(desk.done("qrCodes", json!({ "numberId": id })).await["qrCodes"], json!([changed]));
    let ended = desk.done("deleteQrCode", json!({ "numberId": id, "code": code["code"] })).await;
    assert_eq!(ended["deletedCode"], code["code"]);
    assert_eq!(desk.done("qrCodes", json!({ "numberId": id })).await["qrCodes"], json!([]));
}

async fn people(desk: &Desk) {
    desk.app.take_changes(&[inbound(CUSTOMER, "wamid.1", NOW_S, text("halo"))]).await;
    let check = desk.done("checkPhone", json!({ "phone": "+1 (650) 555-1234" })).await["check"].clone();
    assert_eq!((&check["state"], &check["phone"]), (&json!("SEEN"), &json!("16505551234")));
    let profile = desk.done("contactProfile", json!({ "of": { "userId": "US.1" } })).await;
    assert_eq!((&profile["name"], &profile["contactId"]), (&json!("Pablo"), &check["contactId"]));
    assert_eq!(profile["waId"], "16505551234");
}

/// A number that is neither verified nor registered, all the way.
async fn register(desk: &Desk) {
    desk.meta
        .control(
            "/numbers",
            json!({ "id": "555", "phone": "15550001111", "registered": false, "verified": false }),
        )
        .await;
    let mut new = super::new_number();
    new["phoneNumberId"] = "555".into();
    let added = desk.done("addNumber", json!({ "input": new })).await["number"].clone();
    assert_eq!((&added["status"], &added["connectionState"]), (&json!("PENDING"), &json!("DISCONNECTED")));
    let id = added["id"].clone();
    let sooner = desk.refused("registerNumber", json!({ "id": id })).await;
    assert_eq!((&sooner["code"], &sooner["metaCode"]), (&json!("REFUSED_BY_META"), &json!(133_006)));
    let number = desk.run("number", json!({ "id": id })).await;
    assert_eq!(number["hasPin"], false, "a PIN that Meta has not taken is not kept");
    desk.done("requestVerificationCode", json!({ "id": id, "method": "SMS" })).await;
    let wrong = desk.refused("verifyCode", json!({ "id": id, "code": "654321" })).await;
    assert_eq!(wrong["metaCode"], 136_025);
    let proved = desk.done("verifyCode", json!({ "id": id, "code": "123-456" })).await;
    assert_eq!(
        (&proved["number"]["codeVerificationStatus"], &proved["number"]["status"]),
        (&json!("VERIFIED"), &json!("APPROVED"))
    );
    let registered = desk.done("registerNumber", json!({ "id": id })).await["number"].clone();
    assert_eq!((&registered["connectionState"], &registered["hasPin"]), (&json!("CONNECTED"), &json!(true)));
    let off = desk.done("deregisterNumber", json!({ "id": id })).await["number"].clone();
    assert_eq!(off["connectionState"], "DISCONNECTED");
    desk.done("setTwoStepPin", json!({ "id": id, "pin": "271828" })).await;
    desk.done("registerNumber", json!({ "id": id })).await;
    let bad = desk.refused("setTwoStepPin", json!({ "id": id, "pin": "27182" })).await;
    assert_eq!((&bad["code"], &bad["field"]), (&json!("INVALID"), &json!("pin")));
}

/// The number of an embedded sign-up, used in the Business app too.
async fn connect(desk: &Desk) {
    desk.meta.control("/wabas", json!({ "id": "9001" })).await;
    desk.meta
        .control("/numbers", json!({ "id": "9002", "phone": "15550002222", "waba": "9001", "biz_app": true }))
        .await;
    desk.meta.control("/codes", json!({ "code": "the-code", "wabas": ["9001"] })).await;
    let connected =
        desk.done("connectNumber", json!({ "input": { "code": "the-code" } })).await["number"].clone();
    assert_eq!((&connected["phoneNumberId"], &connected["accountId"]), (&json!("9002"), &json!("9001")));
    assert_eq!(
        (&connected["isCoexistence"], &connected["connectionState"]),
        (&json!(true), &json!("CONNECTED"))
    );
    assert!(connected["contactsSyncedAt"].is_string() && connected["historySyncedAt"].is_string());
    let again = desk.refused("syncNumber", json!({ "id": connected["id"], "sync": "HISTORY" })).await;
    assert_eq!(again["code"], "WRONG_STATE");
    assert_eq!(desk.meta.requests("smb_app_data").await.len(), 2, "each kind was asked for once");
    let used = desk.refused("connectNumber", json!({ "input": { "code": "the-code" } })).await;
    assert_eq!((&used["code"], &used["field"]), (&json!("REFUSED_BY_META"), &json!("code")));

    desk.meta.control("/numbers", json!({ "id": "9003", "phone": "15550003333", "waba": "9001" })).await;
    let mut new = super::new_number();
    new["phoneNumberId"] = "9003".into();
    new["accountId"] = "9001".into();
    let plain = desk.done("addNumber", json!({ "input": new })).await["number"]["id"].clone();
    let contacts =
        desk.done("syncNumber", json!({ "id": plain, "sync": "CONTACTS" })).await["number"].clone();
    assert!(contacts["contactsSyncedAt"].is_string() && contacts["historySyncedAt"].is_null());
}
