//! What a conversation shows: last message, preview, unread, windows, times.

use serde_json::Value;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::webhook::{Customer, NOW_S, body, echo, inbound, text, value};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
const SITI: Customer<'static> = Customer { wa_id: "628222", user_id: "ID.222", name: "Siti" };
const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn a_message_makes_its_contact_its_conversation_and_an_event() {
    let app = TestApp::start_with_number();
    app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, text("selamat pagi 🌅"))]).await;

    let message = app.only("messages").await;
    assert_eq!(message["_id"], "106540352242922:wamid.1");
    assert_eq!(message["inbound"], true);
    assert_eq!(message["at"], NOW_S);
    let content = &message["content"]["text"];
    assert_eq!(content["body"], "selamat pagi 🌅");
    assert!(message["raw"].as_str().unwrap().contains("wamid.1"));

    let conversation = app.only("conversations").await;
    let contact = app.only("contacts").await;
    assert_eq!(message["conversation"], conversation["_id"]);
    assert_eq!(conversation["contact"], contact["_id"]);
    assert_eq!(conversation["unread"], 1);
    assert_eq!(conversation["messages"], 1);
    assert_eq!(conversation["lastAt"], NOW_S);
    assert_eq!(conversation["windowEndsAt"], NOW_S + DAY);
    let last = &conversation["last"];
    assert_eq!(last["preview"], "selamat pagi 🌅");
    assert_eq!(last["message"], message["_id"]);

    let aliases: Vec<Value> = app.all("aliases").await.iter().map(|alias| alias["contact"].clone()).collect();
    assert_eq!(aliases.len(), 2, "user id and wa_id");
    assert!(aliases.iter().all(|owner| *owner == contact["_id"]));

    assert_eq!(app.told().await, ["contact", "message"]);
}

#[tokio::test]
async fn what_comes_late_or_again_changes_neither_the_last_message_nor_a_count() {
    let app = TestApp::start_with_number();
    let early = inbound(BUDI, "wamid.1", NOW_S, text("first"));
    let late = inbound(BUDI, "wamid.2", NOW_S + 60, text("second"));
    app.take_changes(std::slice::from_ref(&late)).await;
    app.take_changes(&[early.clone(), late.clone(), early.clone()]).await;
    app.take(&[body(std::slice::from_ref(&late)), body(&[early])]).await;
    app.take_changes(&[late]).await;

    assert_eq!(app.all("messages").await.len(), 2);
    let conversation = app.only("conversations").await;
    assert_eq!(conversation["unread"], 2);
    assert_eq!(conversation["last"]["preview"], "second");
    assert_eq!(conversation["firstInboundAt"], NOW_S);
    assert_eq!(conversation["windowEndsAt"], NOW_S + 60 + DAY);
    assert_eq!(app.told().await.len(), 3, "one contact and two messages, however often they came");
}

#[tokio::test]
async fn people_do_not_mix_and_each_number_has_its_own_conversation() {
    let app = TestApp::start_with_number();
    let changes: Vec<_> = (0..20)
        .map(|n| {
            let customer = if n % 2 == 0 { BUDI } else { SITI };
            inbound(customer, &format!("wamid.{n}"), NOW_S + n, text(&format!("{}", n % 2)))
        })
        .collect();
    app.take_changes(&changes).await;
    let conversations = app.all("conversations").await;
    assert_eq!(conversations.len(), 2);
    for message in app.all("messages").await {
        let wa_id = &message["customer"]["waId"];
        let expected = if wa_id == BUDI.wa_id { "0" } else { "1" };
        let body = &message["content"]["text"];
        assert_eq!(body["body"], expected);
        let conversation = conversations.iter().find(|one| one["_id"] == message["conversation"]).unwrap();
        assert_eq!(conversation["contact"], message["contact"]);
        assert_eq!(conversation["unread"], 10);
    }
}

#[tokio::test]
async fn what_the_phone_sends_is_outbound_and_unread_by_nobody() {
    let app = TestApp::start_with_number();
    app.take_changes(&[
        inbound(BUDI, "wamid.1", NOW_S, text("halo")),
        echo(BUDI, "wamid.2", NOW_S + 30, text("ada apa?")),
    ])
    .await;
    let messages = app.all("messages").await;
    let sent = messages.iter().find(|one| one["wamid"] == "wamid.2").unwrap();
    assert_eq!((&sent["inbound"], &sent["source"]), (&json!(false), &json!("phone")));
    let conversation = app.only("conversations").await;
    assert_eq!(conversation["unread"], 1);
    assert_eq!(conversation["firstOutboundAt"], NOW_S + 30);
    assert_eq!(conversation["last"]["preview"], "ada apa?");
}

#[tokio::test]
async fn the_past_is_imported_in_any_order_without_noise() {
    let app = TestApp::start_with_number();
    let thread = |messages: Value| {
        value(json!({ "history": [{
            "metadata": { "phase": 0, "chunk_order": 1, "progress": 50 },
            "threads": [{ "id": BUDI.wa_id, "messages": messages }],
        }]}))
    };
    let old = json!({
        "from": BUDI.wa_id, "id": "wamid.old", "timestamp": (NOW_S - 1000).to_string(),
        "type": "text", "text": { "body": "dulu" }, "history_context": { "status": "read" }
    });
    let ours = json!({
        "from": "15550783881", "to": BUDI.wa_id, "id": "wamid.ours", "timestamp": (NOW_S - 900).to_string(),
        "type": "text", "text": { "body": "kami" }, "history_context": { "status": "delivered" }
    });
    let change = |messages| json!({ "field": "history", "value": thread(messages) });
    app.take_changes(&[inbound(BUDI, "wamid.new", NOW_S, text("sekarang"))]).await;
    app.take_changes(&[change(json!([ours, old]))]).await;
    app.take_changes(&[change(json!([old]))]).await;
    let messages = app.all("messages").await;
    assert_eq!(messages.len(), 3);
    let ours = messages.iter().find(|one| one["wamid"] == "wamid.ours").unwrap();
    assert_eq!((&ours["inbound"], &ours["source"]), (&json!(false), &json!("history")));
    assert_eq!(ours["rank"], 4, "as far as it had come");
    let conversation = app.only("conversations").await;
    assert_eq!(conversation["unread"], 1);
    assert_eq!(conversation["messages"], 3);
    assert_eq!(conversation["last"]["preview"], "sekarang");
}

#[tokio::test]
async fn an_answer_to_somebody_who_came_by_an_advertisement_opens_the_free_window() {
    let app = TestApp::start_with_number();
    let mut content = text("saya lihat iklan");
    content["referral"] = json!({
        "source_url": "https://fb.me/x", "source_id": "120", "source_type": "ad", "headline": "Promo",
        "body": "Diskon", "media_type": "image", "ctwa_clid": "clid-1"
    });
    app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, content)]).await;
    let conversation = app.only("conversations").await;
    let referral = &conversation["referral"];
    assert_eq!(referral["ctwaClid"], "clid-1");
    assert!(conversation["freeEntryEndsAt"].is_null(), "nobody has answered yet");
    app.take_changes(&[echo(BUDI, "wamid.2", NOW_S + 600, text("halo!"))]).await;
    app.take_changes(&[echo(BUDI, "wamid.3", NOW_S + 900, text("ada lagi?"))]).await;
    let conversation = app.only("conversations").await;
    assert_eq!(conversation["freeEntryEndsAt"], NOW_S + 600 + 3 * DAY, "from the first answer");
}

#[tokio::test]
async fn the_free_window_is_the_same_when_the_answers_come_before_the_question() {
    let app = TestApp::start_with_number();
    let mut question = text("saya lihat iklan");
    question["referral"] = json!({ "source_type": "ad", "source_id": "120" });
    // One webhook with a word from before, and the answers the wrong way round, before what they answer.
    app.take_changes(&[
        echo(BUDI, "wamid.0", NOW_S - 60, text("selamat datang")),
        echo(BUDI, "wamid.3", NOW_S + 900, text("ada lagi?")),
        echo(BUDI, "wamid.2", NOW_S + 600, text("halo!")),
    ])
    .await;
    app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, question)]).await;
    assert_eq!(app.only("conversations").await["freeEntryEndsAt"], NOW_S + 600 + 3 * DAY);
}

#[tokio::test]
async fn a_group_is_one_conversation_of_several_people() {
    let app = TestApp::start_with_number();
    let in_group = |customer, wamid: &str| {
        let mut change = inbound(customer, wamid, NOW_S, text("halo semua"));
        change["value"]["messages"][0]["group_id"] = "GROUP1".into();
        change
    };
    app.take_changes(&[in_group(BUDI, "wamid.1"), in_group(SITI, "wamid.2")]).await;
    let conversation = app.only("conversations").await;
    assert_eq!(conversation["groupId"], "GROUP1");
    assert_eq!(conversation["unread"], 2);
    assert!(conversation["contact"].is_null());
    assert_eq!(conversation["windowEndsAt"], NOW_S + DAY, "any participant opens it for the whole group");
    let contacts: Vec<Value> = app.all("messages").await.iter().map(|one| one["contact"].clone()).collect();
    assert_ne!(contacts[0], contacts[1]);
}

#[tokio::test]
async fn what_another_partner_leads_is_kept_and_shown_as_such() {
    let app = TestApp::start_with_number();
    let said = inbound(BUDI, "wamid.1", NOW_S, text("halo"));
    let said = json!({ "contacts": said["value"]["contacts"], "messages": said["value"]["messages"] });
    let standby = json!({ "field": "standby", "value": value(json!({ "standby": said })) });
    app.take_changes(&[standby]).await;
    let message = app.only("messages").await;
    assert_eq!(message["standby"], true);
    let conversation = app.only("conversations").await;
    assert_eq!(conversation["unread"], 0);
    assert_eq!(app.storage.count_asides(pesan::storage::aside::Reason::Unrecognised).await.unwrap(), 0);
}
