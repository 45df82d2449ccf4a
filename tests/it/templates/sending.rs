//! A message that uses a template, before it is queued: nothing that Meta would refuse leaves, and nothing that it would
//! take is refused because of what is not known here.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Desk, body};

const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
    message { id state } userErrors { field code message nextStep alternatives }
} }";

fn message(desk: &Desk, template: Value) -> Value {
    json!({ "input": { "numberId": desk.number, "to": { "phone": "+16505551234" }, "content": { "template": template } } })
}

async fn send(desk: &Desk, template: Value) -> Value {
    desk.app.ask(&desk.key, SEND, message(desk, template)).await
}

/// Refused with this field and code; gives the error.
async fn refused(desk: &Desk, template: Value, field: &str, code: &str) -> Value {
    let payload = send(desk, template).await;
    assert_eq!(payload["message"], Value::Null, "{payload:#}");
    let error = payload["userErrors"][0].clone();
    assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{payload:#}");
    error
}

async fn queued(desk: &Desk, template: Value) -> String {
    let payload = send(desk, template).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    payload["message"]["id"].as_str().unwrap().to_owned()
}

fn order(body: &[&str]) -> Value {
    let body: Vec<Value> = body.iter().map(|text| json!({ "text": text })).collect();
    let button = json!({ "index": 0, "value": { "urlSuffix": "7" } });
    json!({ "name": "order_confirmation", "language": "en_US", "body": body, "buttons": [button] })
}

#[tokio::test]
async fn what_a_template_does_not_take_is_refused_with_field_and_limit() {
    let desk = Desk::start().await;
    let picture = json!([{ "type": "HEADER", "format": "IMAGE" }, { "type": "BODY", "text": "A plant." }]);
    desk.at_meta("picture", picture).await;
    desk.sync().await;
    let check = async |template: Value, field: &str, says: &str| {
        let error = refused(&desk, template, field, "INVALID").await;
        assert!(error["message"].as_str().unwrap().contains(says), "{error:#}");
    };
    let mut sent = order(&["Budi", "7"]);
    check(order(&["Budi"]), "content.template.body", "exactly 2").await;
    check(order(&["Budi", "7", "8"]), "content.template.body", "exactly 2").await;
    check(order(&["Budi", &"é".repeat(1_024)]), "content.template.body", "1024").await;
    sent["buttons"] = json!([]);
    check(sent.clone(), "content.template.buttons", "urlSuffix").await;
    sent["buttons"] = json!([{ "index": 0, "value": { "quickReply": "x" } }]);
    check(sent.clone(), "content.template.buttons[0].value", "urlSuffix").await;
    sent["buttons"] = json!([{ "index": 1, "value": { "urlSuffix": "x" } }]);
    check(sent.clone(), "content.template.buttons[0].index", "from 0 to 0").await;
    let mut sent = order(&["Budi", "7"]);
    sent["body"][0]["name"] = "first_name".into();
    check(sent, "content.template.body[0].name", "numbers").await;
    let mut sent = order(&["Budi", "7"]);
    sent["header"] = json!({ "text": { "text": "x" } });
    check(sent, "content.template.header", "no header").await;
    let named = |name: &str| {
        json!({ "name": "appointment_reminder", "language": "en_US",
            "body": [{ "name": "first_name", "text": "Budi" }, { "name": name, "text": "Monday" }] })
    };
    check(named("month"), "content.template.body[1].name", "day").await;
    let link = json!({ "link": "https://toko.example/a.png" });
    let plant = |header: Value| json!({ "name": "picture", "language": "id", "header": header });
    check(plant(Value::Null), "content.template.header", "required").await;
    check(plant(json!({ "video": link })), "content.template.header", "image").await;
    let code = json!({ "name": "verification_code", "language": "en_US", "body": [{ "text": "1".repeat(16) }],
        "buttons": [{ "index": 0, "value": { "urlSuffix": "1".repeat(16) } }] });
    check(code, "content.template.body[0].text", "15").await;

    assert_eq!(desk.app.all("messages").await.len(), 0, "nothing was queued");
    queued(&desk, order(&["Budi", "7"])).await;
    queued(&desk, named("day")).await;
    queued(&desk, plant(json!({ "image": link }))).await;
    assert_eq!(desk.asked("/messages").await, 0, "and nobody has sent anything yet");
    for _ in 0..3 {
        desk.app.run_worker("outbound").await.unwrap();
        desk.advance(Duration::from_secs(10)).await;
    }
    assert!(desk.asked("/messages").await >= 1);
    let statuses = desk.meta.requests("/messages").await;
    assert!(statuses.iter().all(|request| request["status"] == 200), "{statuses:#?}");
}

#[tokio::test]
async fn an_unknown_template_or_language_is_refused_with_what_would_do_and_asked_for_once() {
    let desk = Desk::start().await;
    desk.sync().await;
    let asked = desk.asked("message_templates").await;
    let unknown = json!({ "name": "nobodys", "language": "id" });
    let error = refused(&desk, unknown.clone(), "content.template.name", "TEMPLATE_NOT_FOUND").await;
    assert!(error["alternatives"].to_string().contains("hello_world (en_US)"), "{error:#}");
    refused(&desk, unknown.clone(), "content.template.name", "TEMPLATE_NOT_FOUND").await;
    assert_eq!(desk.asked("message_templates").await, asked + 1, "a name is asked for once a minute");
    let mut foreign = order(&["Budi", "7"]);
    foreign["language"] = "id".into();
    let error = refused(&desk, foreign, "content.template.language", "TEMPLATE_NOT_FOUND").await;
    assert_eq!(error["alternatives"], json!(["en_US"]));

    // Somebody makes it at Meta; nobody here has heard of it.
    desk.at_meta("nobodys", body("Hello.")).await;
    desk.advance(Duration::from_mins(2)).await;
    queued(&desk, unknown).await;
}

#[tokio::test]
async fn a_template_that_cannot_be_sent_is_refused_until_it_can() {
    let desk = Desk::start().await;
    let id = desk.at_meta("promo", body("Hello.")).await;
    desk.sync().await;
    let promo = json!({ "name": "promo", "language": "id" });
    for (after_s, event) in [(600, "PAUSED"), (1_200, "REJECTED"), (1_800, "DISABLED"), (2_400, "PENDING")] {
        desk.status(after_s, (&id, "promo"), event).await;
        let error = refused(&desk, promo.clone(), "content.template.name", "TEMPLATE_NOT_USABLE").await;
        assert!(error["message"].as_str().unwrap().contains(event), "{error:#}");
        assert!(error["nextStep"].is_string());
        assert!(error["alternatives"].as_array().unwrap().len() == 5, "{error:#}");
    }
    desk.status(3_000, (&id, "promo"), "REINSTATED").await;
    queued(&desk, promo).await;
}

#[tokio::test]
async fn our_own_ignorance_holds_nothing_up() {
    let desk = Desk::start().await;
    let fail = async || {
        for _ in 0..8 {
            desk.meta.fail("server_error", "message_templates").await;
        }
    };
    fail().await;
    // Nothing was ever read, and Meta does not answer: it may judge the message itself.
    queued(&desk, order(&["Budi"])).await;
    desk.meta.control("/reset", json!({})).await;
    desk.advance(Duration::from_secs(15)).await;
    // The first message asks for its template.
    refused(&desk, order(&["Budi"]), "content.template.body", "INVALID").await;
    desk.sync().await;
    fail().await;
    // Everything was read lately: what is not among it is not there.
    refused(&desk, json!({ "name": "x", "language": "id" }), "content.template.name", "TEMPLATE_NOT_FOUND")
        .await;
}

#[tokio::test]
async fn the_words_of_a_template_are_what_the_conversation_shows() {
    let desk = Desk::start().await;
    desk.sync().await;
    let variables = json!({ "numberId": desk.number, "template": order(&["Budi", "7"]) });
    let shown = desk.done("previewTemplate", variables).await["preview"].clone();
    assert_eq!(shown["body"], "Thank you, Budi! Your order 7 is confirmed.");
    assert_eq!(shown["buttons"][0]["url"], "https://www.luckyshrub.com/orders/7");
    let wrong = json!({ "numberId": desk.number, "template": order(&["Budi"]) });
    let wrong = desk.run("previewTemplate", wrong).await;
    assert_eq!(wrong["preview"]["body"], "Thank you, Budi! Your order {{2}} is confirmed.");
    assert_eq!(wrong["userErrors"][0]["field"], "content.template.body");
    let unknown = json!({ "numberId": desk.number, "template": { "name": "x", "language": "id" } });
    assert_eq!(desk.refused("previewTemplate", unknown).await["code"], "TEMPLATE_NOT_FOUND");

    queued(&desk, order(&["Budi", "7"])).await;
    let query = "{ conversations { nodes { id lastMessage { type preview } } } }";
    let conversations = desk.app.ask(&desk.key, query, json!({})).await;
    let conversation = conversations["nodes"][0].clone();
    assert_eq!(conversation["lastMessage"]["preview"], "Thank you, Budi! Your order 7 is confirmed.");
    let query =
        "query($id: ID!) { messages(conversationId: $id) { nodes { content { text templateName } } } }";
    let messages = desk.app.ask(&desk.key, query, json!({ "id": conversation["id"] })).await;
    let content = &messages["nodes"][0]["content"];
    assert_eq!(
        (&content["text"], &content["templateName"]),
        (&json!("Thank you, Budi! Your order 7 is confirmed."), &json!("order_confirmation"))
    );
}
