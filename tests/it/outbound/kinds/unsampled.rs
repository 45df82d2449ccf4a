//! What no sample of Meta's shows is asked for through the API, taken by the simulator, and crosses the wire as the
//! reference says; and so are recipients that have no phone number.

use pesan::meta::encode::Edge;
use serde_json::{Value, json};

use super::sent_bodies;
use crate::outbound::stage::{PABLO, Stage, number};
use crate::support::eventually;
use crate::support::webhook::{self, Customer};

const GROUP: &str = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD";
/// Somebody with a user name, of whom nobody knows a phone number.
const KERRY: &str = "US.13491208655302741920";

/// A message: its name, as the API takes it, and the body of the request for it.
type Row = (&'static str, Value, Value);

/// To the only conversation, which is with Pablo.
fn to_pablo(conversation: &str, content: Value, wire: Value) -> (Value, Value) {
    let input = json!({ "to": { "conversationId": conversation }, "content": content });
    (input, enveloped(json!({ "recipient_type": "individual", "to": PABLO }), wire))
}

/// The body of a request to these.
fn enveloped(to: Value, wire: Value) -> Value {
    let mut body = json!({ "messaging_product": "whatsapp" });
    for part in [to, wire] {
        body.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    }
    body
}

/// Content with something to tap: its name, what there is to tap, and what of it crosses the wire beside the text.
fn tapped() -> Vec<Row> {
    let address = json!({ "name": "Asha", "in_pin_code": "400063", "floor_number": "8" });
    let wrong = json!({ "in_pin_code": "There is no such code." });
    let plants = ["aloe", "agave"];
    let asked = plants.map(|plant| json!({ "catalogId": "146", "productRetailerId": plant }));
    let [aloe, agave] = plants.map(|plant| json!({ "catalog_id": "146", "product_retailer_id": plant }));
    vec![
        (
            "an address",
            json!({ "address": {
                "country": "IN", "values": address, "validationErrors": wrong,
                "savedAddresses": [{ "id": "home", "value": address }],
            } }),
            json!({ "type": "address_message", "action": { "name": "address_message", "parameters": {
                "country": "IN", "values": address, "validation_errors": wrong,
                "saved_addresses": [{ "id": "home", "value": address }],
            } } }),
        ),
        (
            "permission to call",
            json!({ "callPermissionRequest": true }),
            json!({ "type": "call_permission_request", "action": { "name": "call_permission_request" } }),
        ),
        (
            "a phone number",
            json!({ "contactRequest": true }),
            json!({ "type": "request_contact_info", "action": { "name": "request_contact_info" } }),
        ),
        (
            "cards with products",
            json!({ "productCarousel": { "cards": asked } }),
            json!({ "type": "carousel", "action": { "cards": [
                { "card_index": 0, "type": "product", "action": aloe },
                { "card_index": 1, "type": "product", "action": agave },
            ] } }),
        ),
        (
            "a flow that asks its own endpoint",
            json!({ "flow": {
                "flow": { "name": "booking" }, "button": "Book", "token": "t-7", "mode": "PUBLISHED",
                "start": { "dataExchange": true },
            } }),
            json!({ "type": "flow", "action": { "name": "flow", "parameters": {
                "flow_message_version": "3", "flow_name": "booking", "flow_cta": "Book", "flow_token": "t-7",
                "mode": "published", "flow_action": "data_exchange",
            } } }),
        ),
    ]
}

/// Cards with films and links.
fn films() -> Row {
    let links = ["https://example.com/aloe", "https://example.com/agave"];
    let asked = links.map(|link| {
        let action = json!({ "ctaUrl": { "displayText": "See", "url": link } });
        json!({ "header": { "video": { "link": format!("{link}.mp4") } }, "body": link, "action": action })
    });
    let mut cards = Vec::new();
    for link in links {
        let video = json!({ "link": format!("{link}.mp4") });
        let parameters = json!({ "display_text": "See", "url": link });
        cards.push(json!({
            "card_index": cards.len(), "type": "cta_url",
            "header": { "type": "video", "video": video }, "body": { "text": link },
            "action": { "name": "cta_url", "parameters": parameters },
        }));
    }
    (
        "cards with films and links",
        json!({ "mediaCarousel": { "cards": asked } }),
        json!({ "type": "carousel", "action": { "cards": cards } }),
    )
}

/// An order with everything that no sample has: as the API takes it, and as it crosses the wire.
fn order() -> (Value, Value) {
    let gateway = json!({
        "type": "payment_gateway",
        "payment_gateway": { "type": "razorpay", "configuration_name": "toko" },
    });
    let amount = |value: i64| json!({ "value": value, "offset": 100 });
    let asked = json!({
        "referenceId": "order-7", "kind": "PHYSICAL_GOODS", "paymentSettings": [gateway],
        "currency": "INR", "totalAmount": amount(2_150),
        "order": {
            "status": "pending", "catalogId": "146", "subtotal": amount(2_000),
            "expiration": { "at": "2026-12-24T12:00:00Z", "description": "Until Christmas Eve." },
            "tax": { "amount": amount(150), "description": "GST" },
            "items": [{
                "retailerId": "aloe", "name": "Aloe", "amount": amount(2_000), "quantity": 1,
                "countryOfOrigin": "Indonesia", "importerName": "Toko Bunga",
            }],
        },
    });
    let wire = json!({
        "reference_id": "order-7", "type": "physical-goods", "payment_settings": [gateway],
        "currency": "INR", "total_amount": amount(2_150),
        "order": {
            "status": "pending", "catalog_id": "146", "subtotal": amount(2_000),
            "expiration": { "timestamp": "1798113600", "description": "Until Christmas Eve." },
            "tax": { "value": 150, "offset": 100, "description": "GST" },
            "items": [{
                "retailer_id": "aloe", "name": "Aloe", "amount": amount(2_000), "quantity": 1,
                "country_of_origin": "Indonesia", "importer_name": "Toko Bunga",
            }],
        },
    });
    (asked, wire)
}

/// Interactive messages, each with the same words.
fn interactive() -> Vec<Row> {
    let (asked, wire) = order();
    let mut rows = tapped();
    rows.push(films());
    rows.push((
        "an order",
        json!({ "orderDetails": asked }),
        json!({ "type": "order_details", "action": { "name": "review_and_pay", "parameters": wire } }),
    ));
    let content = |(name, action, mut wire): Row| {
        wire["body"] = json!({ "text": "Please." });
        let content = json!({ "interactive": { "body": "Please.", "action": action } });
        (name, content, json!({ "type": "interactive", "interactive": wire }))
    };
    rows.into_iter().map(content).collect()
}

/// A template: its name and components, what a message that uses it brings, and the components that cross the wire.
type TemplateRow = (&'static str, Value, Value, Value);

fn templates() -> Vec<TemplateRow> {
    let (asked, order) = order();
    let hello = json!({ "type": "BODY", "text": "Hello." });
    let button =
        |kind: &str| json!([hello, { "type": "BUTTONS", "buttons": [{ "type": kind, "text": "Tap" }] }]);
    let header = |format: &str| json!([{ "type": "HEADER", "format": format }, hello]);
    let file = json!({ "link": "https://example.com/file" });
    let named = json!({ "link": "https://example.com/file", "filename": "a.pdf" });
    let shop = json!([{ "url": "https://example.com/shop", "title": "Shop" }]);
    let on_top = |parameter: Value| json!({ "type": "header", "parameters": [parameter] });
    let call = json!({ "ttlMinutes": 100, "payload": "order-7" });
    let tap = |kind: &str, parameters: Value| {
        let button = json!({ "type": "button", "sub_type": kind, "index": "0", "parameters": parameters });
        json!([button])
    };
    vec![
        (
            "a_call",
            button("VOICE_CALL"),
            json!({ "buttons": [{ "index": 0, "value": { "voiceCall": call } }] }),
            tap(
                "voice_call",
                json!([{ "type": "ttl_minutes", "ttl_minutes": 100 }, { "type": "payload", "payload": "order-7" }]),
            ),
        ),
        (
            "an_order",
            button("ORDER_DETAILS"),
            json!({ "buttons": [{ "index": 0, "value": { "orderDetails": asked } }] }),
            tap("order_details", json!([{ "type": "action", "action": { "order_details": order } }])),
        ),
        (
            "a_picture_that_leads_somewhere",
            header("IMAGE"),
            json!({ "header": { "image": file }, "tapTargets": shop }),
            json!([on_top(json!({ "type": "image", "image": file })), {
                "type": "tap_target_configuration",
                "parameters": [{ "type": "tap_target_configuration", "tap_target_configuration": shop }],
            }]),
        ),
        (
            "an_invitation",
            json!([{ "type": "BODY", "text": "Come to {{1}}, please." }]),
            json!({ "body": [{ "groupId": GROUP }] }),
            json!([{ "type": "body", "parameters": [{ "type": "group_id", "group_id": GROUP }] }]),
        ),
        (
            "a_film",
            header("VIDEO"),
            json!({ "header": { "video": file } }),
            json!([on_top(json!({ "type": "video", "video": file }))]),
        ),
        (
            "a_document",
            header("DOCUMENT"),
            json!({ "header": { "document": { "file": file, "filename": "a.pdf" } } }),
            json!([on_top(json!({ "type": "document", "document": named }))]),
        ),
    ]
}

/// A template whose cards have pictures, words and buttons of their own.
fn cards() -> TemplateRow {
    let file = json!({ "link": "https://example.com/file" });
    let card = json!([
        { "type": "HEADER", "format": "IMAGE" },
        { "type": "BODY", "text": "The {{1}} is green." },
        { "type": "BUTTONS", "buttons": [
            { "type": "QUICK_REPLY", "text": "More" },
            { "type": "URL", "text": "Buy", "url": "https://example.com/{{1}}" },
        ] },
    ]);
    let plants = ["aloe", "agave"];
    let asked = plants.map(|plant| {
        json!({ "header": { "image": file }, "body": [{ "text": plant }], "buttons": [
            { "index": 0, "value": { "quickReply": plant } },
            { "index": 1, "value": { "urlSuffix": plant } },
        ] })
    });
    let wire: Vec<Value> = (0..)
        .zip(plants)
        .map(|(index, plant)| {
            json!({ "card_index": index, "components": [
                { "type": "header", "parameters": [{ "type": "image", "image": file }] },
                { "type": "body", "parameters": [{ "type": "text", "text": plant }] },
                { "type": "button", "sub_type": "quick_reply", "index": "0",
                    "parameters": [{ "type": "payload", "payload": plant }] },
                { "type": "button", "sub_type": "url", "index": "1",
                    "parameters": [{ "type": "text", "text": plant }] },
            ] })
        })
        .collect();
    let cards = json!({ "type": "CAROUSEL", "cards": [{ "components": card }, { "components": card }] });
    (
        "cards_with_pictures",
        json!([{ "type": "BODY", "text": "Plants." }, cards]),
        json!({ "cards": asked }),
        json!([{ "type": "carousel", "cards": wire }]),
    )
}

/// Messages that use these templates, which the simulator then has.
async fn with_templates(stage: &Stage) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, components, brought, wire) in templates().into_iter().chain([cards()]) {
        let definition = json!({
            "name": name, "language": "en_US", "category": "UTILITY", "components": components,
        });
        stage.meta.control("templates", definition).await;
        let mut content = json!({ "name": name, "language": "en_US" });
        content.as_object_mut().unwrap().extend(brought.as_object().unwrap().clone());
        let wire = json!({ "name": name, "language": { "code": "en_US" }, "components": wire });
        rows.push((name, json!({ "template": content }), json!({ "type": "template", "template": wire })));
    }
    rows
}

/// Pins in a group that somebody has just written in.
async fn pins(stage: &Stage) -> Vec<Row> {
    let mut written = webhook::text("Hi");
    written["group_id"] = GROUP.into();
    let now_s = stage.app.clock.clock().now_ms() / 1_000;
    let change = webhook::inbound(Customer::new("16505550000", ""), "wamid.group", now_s, written);
    stage.app.take_changes(&[change]).await;
    let pin = |name: &'static str, change: Value, wire: Value| {
        let input = json!({
            "numberId": number(), "to": { "groupId": GROUP },
            "content": { "pin": { "messageId": "wamid.A", "change": change } },
        });
        let to = json!({ "recipient_type": "group", "to": GROUP });
        (name, input, enveloped(to, json!({ "type": "pin", "pin": wire })))
    };
    vec![
        pin(
            "a pin",
            json!({ "pin": { "expirationDays": 7 } }),
            json!({ "type": "pin", "expiration_days": 7, "message_id": "wamid.A" }),
        ),
        pin("no pin", json!({ "unpin": true }), json!({ "type": "unpin", "message_id": "wamid.A" })),
    ]
}

/// Sends them all, and holds what crossed the wire against what is expected.
async fn check(stage: &Stage, rows: Vec<Row>) {
    let mut sent = Vec::new();
    for (name, input, expected) in rows {
        let payload = stage.caller.send(input).await;
        assert_eq!(payload["userErrors"], json!([]), "{name}: {payload:#}");
        sent.push((name, payload["message"]["id"].as_str().unwrap().to_owned(), expected));
    }
    for (name, id, _) in &sent {
        eventually(&format!("{name} is taken"), || async {
            let message = stage.caller.message(id).await;
            assert_ne!(message["state"], "REFUSED", "{name}: {message:#}");
            (message["state"] == "ACCEPTED").then_some(())
        })
        .await;
    }
    let bodies = sent_bodies(stage).await;
    for (name, id, expected) in &sent {
        let (edge, body) = &bodies[id];
        assert_eq!((*edge, body), (Edge::Messages, expected), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_sample_shows_is_taken_and_crosses_the_wire_as_the_reference_has_it() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let contents = interactive().into_iter().chain(with_templates(&stage).await);
    let mut rows: Vec<Row> = contents
        .map(|(name, content, wire)| {
            let (input, body) = to_pablo(&conversation, content, wire);
            (name, input, body)
        })
        .collect();
    let text = json!({ "type": "text", "text": { "body": "Halo", "preview_url": false } });
    let content = json!({ "text": { "body": "Halo" } });
    let (mut input, mut body) = to_pablo(&conversation, content, text);
    input["identityKeyHash"] = "DF2lS5v2W6x=".into();
    body["recipient_identity_key_hash"] = "DF2lS5v2W6x=".into();
    rows.push(("only to whom we know", input, body));
    rows.extend(pins(&stage).await);
    assert_eq!(rows.len(), 17);
    check(&stage, rows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_phone_number_is_reached_by_the_user_id_alone() {
    let stage = Stage::start().await;
    stage.meta.control("people/kerry/write", json!({ "text": "Hi" })).await;
    let conversation = stage.conversation().await;
    let contact = contact_of(&stage, &conversation).await;
    let kerry = json!({ "recipient_type": "individual", "recipient": KERRY });
    let rows = [
        ("by user id", json!({ "userId": KERRY })),
        ("by contact", json!({ "contactId": contact })),
        ("by conversation", json!({ "conversationId": conversation })),
    ];
    check(&stage, rows.map(|(name, to)| halo(name, to, kerry.clone())).to_vec()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_is_reached_by_the_phone_number_and_a_user_id_by_nothing_else() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let contact = contact_of(&stage, &conversation).await;
    let by_phone = json!({ "recipient_type": "individual", "to": PABLO });
    let user_id = "US.13491208655302741918";
    let by_id = json!({ "recipient_type": "individual", "recipient": user_id });
    let rows = vec![
        halo("by contact", json!({ "contactId": contact }), by_phone),
        halo("by user id", json!({ "userId": user_id }), by_id),
    ];
    check(&stage, rows).await;
    assert_eq!(stage.app.all("conversations").await.len(), 1, "both are the same person");
}

/// A text to these.
fn halo(name: &'static str, to: Value, on_the_wire: Value) -> Row {
    let input = json!({ "numberId": number(), "to": to, "content": { "text": { "body": "Halo" } } });
    let text = json!({ "type": "text", "text": { "body": "Halo", "preview_url": false } });
    (name, input, enveloped(on_the_wire, text))
}

/// Our id of whom a conversation is with.
async fn contact_of(stage: &Stage, conversation: &str) -> Value {
    let query = "query($id: ID!) { conversation(id: $id) { contactId } }";
    let mut answer = stage.caller.ask(query, json!({ "id": conversation })).await;
    assert_eq!(answer["errors"], Value::Null, "{answer:#}");
    answer["data"]["conversation"]["contactId"].take()
}
