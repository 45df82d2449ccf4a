//! Templates that are made, edited and deleted through the API, and the samples that go with them.

use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{Desk, body};
use crate::support::webhook::ACCOUNT_ID;

const DAY: Duration = Duration::from_hours(24);

fn new(name: &str, content: Value) -> Value {
    json!({ "input": {
        "accountId": ACCOUNT_ID, "name": name, "language": "id", "category": "UTILITY", "content": content,
    } })
}

fn text(text: &str, examples: &[&str]) -> Value {
    let examples: Vec<Value> = examples.iter().map(|example| json!({ "value": example })).collect();
    json!({ "body": { "text": text, "examples": examples } })
}

/// The body of the latest request to a place.
async fn sent(desk: &Desk, place: &str) -> Value {
    let requests = desk.meta.requests(place).await;
    let posts: Vec<&Value> = requests.iter().filter(|request| request["method"] == "POST").collect();
    serde_json::from_str(posts.last().unwrap()["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_template_is_made_and_its_review_is_heard_of() {
    let desk = Desk::start().await;
    let content = json!({
        "header": { "text": { "text": "Order {{1}}", "examples": [{ "value": "7" }] } },
        "body": { "text": "Hi {{1}}, order {{2}} is ready.", "examples": [{ "value": "Budi" }, { "value": "7" }] },
        "footer": "Toko Bunga",
        "buttons": [
            { "quickReply": { "text": "Thanks" } },
            { "url": { "text": "Track", "url": "https://toko.example/{{1}}", "example": "https://toko.example/7" } },
        ],
    });
    let made = desk.done("createTemplate", new("order_ready", content)).await["template"].clone();
    assert_eq!((&made["status"], &made["name"]), (&json!("PENDING"), &json!("order_ready")));
    assert_eq!(
        sent(&desk, "message_templates").await["components"],
        json!([
            { "type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "example": { "header_text": ["7"] } },
            { "type": "BODY", "text": "Hi {{1}}, order {{2}} is ready.", "example": { "body_text": [["Budi", "7"]] } },
            { "type": "FOOTER", "text": "Toko Bunga" },
            { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Thanks" },
                { "type": "URL", "text": "Track", "url": "https://toko.example/{{1}}", "example": ["https://toko.example/7"] },
            ] },
        ])
    );
    let id = made["templateId"].as_str().unwrap();
    desk.status(60, (id, "order_ready"), "APPROVED").await;
    let shown = desk.named("order_ready").await;
    assert_eq!((&shown["status"], &shown["isUsable"]), (&json!("APPROVED"), &json!(true)));
    let audit = desk.app.all("audit").await;
    let entry = audit.iter().find(|entry| entry["deed"] == "change-templates").unwrap();
    assert_eq!(entry["target"], format!("template:{id}"));
}

#[tokio::test]
async fn every_kind_of_part_is_taken_by_meta() {
    let desk = Desk::start().await;
    let input = |name: &str, category: &str, content: Value| {
        let mut variables = new(name, content);
        variables["input"]["category"] = category.into();
        variables
    };
    let handle = upload(&desk, "image/png").await["handle"].clone();
    let card = json!({ "header": { "imageHandle": handle }, "body": { "text": "A plant." },
        "buttons": [{ "quickReply": { "text": "More" } }] });
    let contents = [
        ("carousel", "MARKETING", json!({ "body": { "text": "Plants." }, "cards": [card, card] })),
        (
            "picture",
            "MARKETING",
            json!({ "header": { "imageHandle": handle }, "body": { "text": "A plant." } }),
        ),
        ("place", "UTILITY", json!({ "header": { "location": true }, "body": { "text": "We are here." } })),
        (
            "phone",
            "UTILITY",
            json!({ "body": { "text": "Call us." }, "buttons": [
            { "phoneNumber": { "text": "Call", "phoneNumber": "+15550783881" } }] }),
        ),
        (
            "coupon",
            "MARKETING",
            json!({ "body": { "text": "Save." }, "buttons": [
            { "copyCode": { "example": "SAVE25" } }] }),
        ),
        (
            "catalog",
            "MARKETING",
            json!({ "body": { "text": "See." }, "buttons": [
            { "catalog": { "text": "View catalog" } }] }),
        ),
        (
            "code",
            "AUTHENTICATION",
            json!({ "authentication": {
            "addSecurityRecommendation": true, "codeExpirationMinutes": 10, "copyText": "Copy" } }),
        ),
        (
            "tapped",
            "AUTHENTICATION",
            json!({ "authentication": { "way": "ONE_TAP", "apps": [
            { "packageName": "com.example.toko", "signatureHash": "K8a/AINcGX7" }] } }),
        ),
        ("raw", "UTILITY", json!({ "componentsJson": [{ "type": "BODY", "text": "As it is." }] })),
    ];
    for (name, category, content) in contents {
        let made = desk.done("createTemplate", input(name, category, content)).await;
        assert_eq!(made["template"]["status"], "PENDING", "{name}");
    }
    let mut named = new(
        "named",
        json!({ "body": { "text": "Hi {{first_name}}, welcome.",
        "examples": [{ "name": "first_name", "value": "Budi" }] } }),
    );
    named["input"]["namedVariables"] = true.into();
    desk.done("createTemplate", named).await;
    let example = sent(&desk, "message_templates").await["components"][0]["example"].clone();
    assert_eq!(example["body_text_named_params"], json!([{ "param_name": "first_name", "example": "Budi" }]));
    desk.sync().await;
    assert_eq!(desk.named("carousel").await["components"]["cards"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_breaks_limits_is_refused_with_the_field_and_meta_is_not_asked() {
    let desk = Desk::start().await;
    let asked = desk.asked("message_templates").await;
    let check = async |variables: Value, field: &str| {
        let error = desk.refused("createTemplate", variables).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("INVALID"), &json!(field)), "{error:#}");
    };
    check(new("Order", text("Hello.", &[])), "name").await;
    check(new("order", text("Hello {{1}} there.", &[])), "content.body.examples").await;
    check(new("order", text(&"é".repeat(1_025), &[])), "content.body.text").await;
    check(new("order", json!({})), "content.body").await;
    let long = json!([{ "quickReply": { "text": "é".repeat(26) } }]);
    let buttons = json!({ "body": { "text": "Hello." }, "buttons": long });
    check(new("order", buttons), "content.buttons[0].quickReply.text").await;
    let mut ttl = new("order", text("Hello.", &[]));
    ttl["input"]["sendTtlSeconds"] = 5.into();
    check(ttl, "sendTtlSeconds").await;
    let mut nowhere = new("order", text("Hello.", &[]));
    nowhere["input"]["accountId"] = Value::Null;
    check(nowhere, "accountId").await;
    assert_eq!(desk.asked("message_templates").await, asked);
}

#[tokio::test]
async fn what_meta_refuses_is_explained() {
    let desk = Desk::start().await;
    desk.done("createTemplate", new("order", text("Hello.", &[]))).await;
    let twice = desk.refused("createTemplate", new("order", text("Hello.", &[]))).await;
    assert_eq!((&twice["code"], &twice["metaCode"]), (&json!("REFUSED_BY_META"), &json!(100)));
    assert!(
        twice["nextStep"].is_string() && twice["message"].as_str().unwrap().contains("already"),
        "{twice:#}"
    );
    let invented = json!({ "header": { "imageHandle": "4::invented" }, "body": { "text": "Hello." } });
    let refused = desk.refused("createTemplate", new("picture", invented)).await;
    assert_eq!(refused["code"], "REFUSED_BY_META");
    assert!(refused["metaMessage"].as_str().unwrap().contains("sample"), "{refused:#}");
    desk.meta.fail("dropped_response", "message_templates").await;
    let lost = desk.refused("createTemplate", new("lost", text("Hello.", &[]))).await;
    assert_eq!(lost["code"], "NO_ANSWER_FROM_META");
    assert!(lost["nextStep"].as_str().unwrap().contains("syncTemplates"));
    desk.sync().await;
    assert_eq!(desk.list(json!({ "name": "lost" })).await.len(), 1, "it was made all the same");
}

#[tokio::test]
async fn an_approved_template_is_edited_once_a_day_and_a_rejected_one_at_once() {
    let desk = Desk::start().await;
    desk.sync().await;
    let id = desk.named("hello_world").await["id"].clone();
    let edit = |input: Value| json!({ "id": id, "input": input });
    let content = json!({ "content": text("Good day to you.", &[]) });
    let category = desk.refused("editTemplate", edit(json!({ "category": "MARKETING" }))).await;
    assert_eq!((&category["code"], &category["field"]), (&json!("WRONG_STATE"), &json!("category")));
    assert_eq!(desk.refused("editTemplate", edit(json!({}))).await["code"], "INVALID");
    let wrong = desk.refused("editTemplate", edit(json!({ "content": text("{{1}} ends.", &["x"]) }))).await;
    assert_eq!(wrong["field"], "content.body.text");
    let edited = desk.done("editTemplate", edit(content.clone())).await["template"].clone();
    assert_eq!(edited["bodyText"], "Good day to you.");

    // The simulator has approved it at once; what Meta says of it then is told.
    let asked = desk.asked(&format!("/{}", edited["templateId"].as_str().unwrap())).await;
    desk.advance(Duration::from_hours(1)).await;
    desk.sync().await;
    assert_eq!(desk.named("hello_world").await["status"], "APPROVED");
    let again = desk.refused("editTemplate", edit(content.clone())).await;
    assert_eq!((&again["code"], &again["field"]), (&json!("WRONG_STATE"), &json!("id")));
    assert!(
        again["nextStep"].as_str().unwrap().contains("24 hours")
            || again["nextStep"].as_str().unwrap().contains("23")
    );
    assert_eq!(
        desk.asked(&format!("/{}", edited["templateId"].as_str().unwrap())).await,
        asked,
        "Meta is not asked"
    );
    desk.advance(DAY).await;
    desk.done("editTemplate", edit(content.clone())).await;

    desk.done("createTemplate", new("reject_me", text("Hello.", &[]))).await;
    desk.advance(Duration::from_mins(2)).await;
    desk.sync().await;
    let rejected = desk.named("reject_me").await;
    assert_eq!(rejected["status"], "REJECTED");
    for n in 0..2 {
        let variables =
            json!({ "id": rejected["id"], "input": { "content": text(&format!("Hello {n}."), &[]) } });
        desk.done("editTemplate", variables).await;
    }
}

#[tokio::test]
async fn templates_are_deleted_by_id_or_by_name() {
    let desk = Desk::start().await;
    for language in ["id", "en"] {
        let mut variables = new("both", text("Hello.", &[]));
        variables["input"]["language"] = language.into();
        desk.done("createTemplate", variables).await;
    }
    let one = desk.list(json!({ "name": "both", "language": "en" })).await[0]["id"].clone();
    let deleted = desk.done("deleteTemplate", json!({ "input": { "id": one } })).await;
    assert_eq!(deleted["deletedTemplateIds"], json!([one]));
    assert_eq!(desk.list(json!({ "name": "both" })).await.len(), 1);
    let name = json!({ "input": { "name": { "numberId": desk.number, "name": "both" } } });
    desk.done("deleteTemplate", name.clone()).await;
    assert_eq!(desk.list(json!({ "name": "both" })).await.len(), 0);
    assert_eq!(desk.refused("deleteTemplate", name).await["code"], "REFUSED_BY_META");
    let blocked = desk.refused("createTemplate", new("both", text("Hello.", &[]))).await;
    assert_eq!(blocked["code"], "REFUSED_BY_META", "the name of a deleted one is blocked");

    let id = desk.at_meta("off", body("Hello.")).await;
    desk.sync().await;
    desk.status(600, (&id, "off"), "DISABLED").await;
    let off = desk.named("off").await["id"].clone();
    assert_eq!(
        desk.refused("deleteTemplate", json!({ "input": { "id": off } })).await["code"],
        "WRONG_STATE"
    );
}

async fn upload(desk: &Desk, mime_type: &str) -> Value {
    let input = json!({ "accountId": ACCOUNT_ID, "fileName": "plant.png", "mimeType": mime_type,
        "data": BASE64.encode(b"a picture") });
    desk.run("uploadTemplateSample", json!({ "input": input })).await
}

#[tokio::test]
async fn a_sample_is_uploaded_whole_or_refused_with_the_field() {
    let desk = Desk::start().await;
    let uploaded = upload(&desk, "image/png").await;
    assert!(uploaded["handle"].as_str().unwrap().starts_with("4::"), "{uploaded}");
    assert_eq!(upload(&desk, "image/webp").await["userErrors"][0]["field"], "mimeType");
    let large = BASE64.encode(&vec![0; 701 * 1024]);
    for data in ["", "not base64!", large.as_str()] {
        let input =
            json!({ "accountId": ACCOUNT_ID, "fileName": "a.png", "mimeType": "image/png", "data": data });
        let error = desk.refused("uploadTemplateSample", json!({ "input": input })).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("INVALID"), &json!("data")));
    }
}
