//! What a message shows: how far it came, what it answers, what was done to it; and those that turned out to be one.

use pesan::auth::Role;
use serde_json::{Value, json};

use super::{CLOCK_S, Reader, nodes, operation};
use crate::support::app::TestApp;
use crate::support::webhook::{Customer, PHONE_NUMBER_ID, echo, inbound, status, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };

fn id(wamid: &str) -> String {
    format!("{PHONE_NUMBER_ID}:{wamid}")
}

#[tokio::test]
async fn a_message_shows_its_steps_its_price_and_why_it_failed_in_the_asked_language() {
    let app = TestApp::start_with_number();
    let mut delivered = status(BUDI, "wamid.1", "delivered", CLOCK_S + 2);
    delivered["value"]["statuses"][0]["pricing"] =
        json!({ "billable": false, "category": "service", "pricing_model": "PMP", "type": "regular" });
    let mut failed = status(BUDI, "wamid.2", "failed", CLOCK_S + 3);
    failed["value"]["statuses"][0]["errors"] =
        json!([{ "code": 131_047, "title": "Re-engagement message", "message": "Re-engagement message" }]);
    app.take_changes(&[
        echo(BUDI, "wamid.1", CLOCK_S, text("halo")),
        echo(BUDI, "wamid.2", CLOCK_S + 1, text("masih ada?")),
        status(BUDI, "wamid.1", "sent", CLOCK_S + 1),
        delivered,
        failed,
    ])
    .await;
    let reader = Reader::new(&app, Role::Viewer).await;
    let data = reader.data(&operation("message"), json!({ "id": id("wamid.1") })).await;
    let message = &data["message"];
    assert_eq!(message["status"], "DELIVERED");
    let steps: Vec<&Value> =
        message["statusTimes"].as_array().unwrap().iter().map(|time| &time["status"]).collect();
    assert_eq!(steps, ["SENT", "DELIVERED"]);
    let history = message["statusHistory"].as_array().unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[1]["timestamp"], "2026-11-21T08:00:02Z");
    assert_eq!(
        message["pricing"],
        json!({ "isBillable": false, "model": "PMP", "type": "regular", "category": "service" })
    );
    assert_eq!(message["contact"]["name"], "Budi");

    let conversation = data["message"]["conversation"]["id"].clone();
    let mut told = Vec::new();
    for language in ["EN", "ID"] {
        let variables = json!({ "conversationId": conversation, "language": language });
        let data = reader.data(&operation("messages"), variables).await;
        let all = nodes(&data["messages"]);
        assert_eq!((all[0]["status"].clone(), all[1]["failure"].clone()), (json!("FAILED"), Value::Null));
        let failure = &all[0]["failure"];
        assert_eq!(
            (&failure["code"], &failure["metaWords"]),
            (&json!(131_047), &json!("Re-engagement message"))
        );
        told.push(format!("{} {}", failure["cause"], failure["nextStep"]));
    }
    assert!(told[0] != told[1] && told.iter().all(|words| words.len() > 40), "{told:?}");
}

#[tokio::test]
async fn a_message_shows_what_it_answers_and_what_was_done_to_it() {
    let app = TestApp::start_with_number();
    let mut answer = text("yang merah");
    answer["context"] = json!({ "from": "15550783881", "id": "wamid.1" });
    let mut to_nothing = text("?");
    to_nothing["context"] = json!({ "from": "15550783881", "id": "wamid.never" });
    let reaction = json!({ "type": "reaction", "reaction": { "message_id": "wamid.1", "emoji": "👍" } });
    let edit = json!({ "type": "edit", "edit": { "original_message_id": "wamid.2",
        "message": { "type": "text", "text": { "body": "yang biru" } } } });
    let revoke = json!({ "type": "revoke", "revoke": { "original_message_id": "wamid.3" } });
    app.take_changes(&[
        echo(BUDI, "wamid.1", CLOCK_S, text("warna apa?")),
        inbound(BUDI, "wamid.2", CLOCK_S + 1, answer),
        inbound(BUDI, "wamid.3", CLOCK_S + 2, to_nothing),
        inbound(BUDI, "wamid.r", CLOCK_S + 3, reaction),
        inbound(BUDI, "wamid.e", CLOCK_S + 4, edit),
        inbound(BUDI, "wamid.v", CLOCK_S + 5, revoke),
    ])
    .await;
    let reader = Reader::new(&app, Role::Viewer).await;
    let list = reader.data("{ conversations { nodes { id contactId } } }", json!({})).await;
    let conversation = &list["conversations"]["nodes"][0];
    let data = reader.data(&operation("messages"), json!({ "conversationId": conversation["id"] })).await;
    let all = nodes(&data["messages"]);
    assert_eq!(all.len(), 3, "what is done to a message is no message: {all:#?}");
    let (third, second, first) = (&all[0], &all[1], &all[2]);
    assert_eq!(
        first["reactions"],
        json!([{
        "contactId": conversation["contactId"], "emoji": "👍", "timestamp": "2026-11-21T08:00:03Z" }])
    );
    assert_eq!(second["content"]["text"], "yang biru");
    assert_eq!(second["edited"]["original"]["text"], "yang merah");
    assert_eq!(second["replyTo"]["messageId"], "wamid.1");
    assert_eq!(second["replyTo"]["message"]["content"]["text"], "warna apa?");
    assert_eq!(third["revokedAt"], "2026-11-21T08:00:05Z");
    assert_eq!(third["replyTo"], json!({ "messageId": "wamid.never", "message": null }));
    assert_eq!(first["replyTo"], Value::Null);
}

#[tokio::test]
async fn who_turned_out_to_be_another_is_that_other_with_the_messages_of_both() {
    let app = TestApp::start_with_number();
    app.take_changes(&[inbound(Customer::new("628111", ""), "wamid.1", CLOCK_S, text("satu"))]).await;
    app.take_changes(&[inbound(Customer::new("", "ID.1"), "wamid.2", CLOCK_S + 1, text("dua"))]).await;
    let reader = Reader::new(&app, Role::Viewer).await;
    let list =
        "{ conversations { nodes { id contactId lastMessage { preview } } } contacts { nodes { id } } }";
    let before = reader.data(list, json!({})).await;
    let before = nodes(&before["conversations"]);
    assert_eq!(before.len(), 2);
    app.take_changes(&[inbound(Customer::new("628111", "ID.1"), "wamid.3", CLOCK_S + 2, text("tiga"))]).await;

    let after = reader.data(list, json!({})).await;
    let (now, contacts) = (nodes(&after["conversations"]), nodes(&after["contacts"]));
    assert_eq!((now.len(), contacts.len()), (1, 1));
    for old in &before {
        let query = "query($id: ID!, $contact: ID!) { conversation(id: $id) { id contact { id } } contact(id: $contact) { id }
            messages(conversationId: $id) { nodes { content { text } } } }";
        let data = reader.data(query, json!({ "id": old["id"], "contact": old["contactId"] })).await;
        assert_eq!(data["conversation"]["id"], now[0]["id"]);
        assert_eq!(data["conversation"]["contact"]["id"], contacts[0]["id"]);
        assert_eq!(data["contact"]["id"], contacts[0]["id"]);
        let said: Vec<Value> =
            nodes(&data["messages"]).iter().map(|one| one["content"]["text"].clone()).collect();
        assert_eq!(said, ["tiga", "dua", "satu"]);
    }
}

#[tokio::test]
async fn the_window_closes_when_the_clock_says_so_and_referrals_open_the_free_one() {
    let app = TestApp::start_with_number();
    let mut first = text("halo");
    first["referral"] =
        json!({ "source_type": "ad", "source_id": "120", "ctwa_clid": "clid-1", "headline": "Diskon" });
    app.take_changes(&[
        inbound(BUDI, "wamid.1", CLOCK_S, first),
        echo(BUDI, "wamid.2", CLOCK_S + 60, text("ya")),
    ])
    .await;
    let reader = Reader::new(&app, Role::Viewer).await;
    let look = async || {
        let data = reader.data(&operation("conversations"), json!({})).await;
        nodes(&data["conversations"]).remove(0)
    };
    let open = look().await;
    assert_eq!(open["window"], json!({ "open": true, "endsAt": "2026-11-22T08:00:00Z" }));
    assert_eq!(open["freeEntryWindow"], json!({ "open": true, "endsAt": "2026-11-24T08:01:00Z" }));
    app.clock.advance(std::time::Duration::from_hours(24));
    let closed = look().await;
    assert_eq!(
        (&closed["window"]["open"], &closed["freeEntryWindow"]["open"]),
        (&json!(false), &json!(true))
    );
    let whole = reader.data(&operation("conversation"), json!({ "id": closed["id"] })).await;
    assert_eq!(whole["conversation"]["referral"]["headline"], "Diskon");
    assert_eq!(whole["conversation"]["referral"]["messageId"], id("wamid.1"));
}
