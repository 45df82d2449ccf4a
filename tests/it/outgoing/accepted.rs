//! Every sample, made from our own types, is accepted by the simulator over HTTP, with the templates that it uses.

use pesan::dev::simulator::world::NUMBER_ID;
use pesan::domain::outgoing::plain::{File, Source};
use pesan::domain::outgoing::template::{ButtonValue, Card, Header, Parameter, ParameterValue, Template};
use pesan::domain::outgoing::{Content, ReadMark};
use pesan::domain::template::Definition;
use pesan::domain::template::check;
use pesan::meta::encode::{self, Edge};
use serde_json::{Value, json};

use super::samples::{Made, rows};
use crate::simulator::{Sim, TOKEN};

#[tokio::test]
async fn the_simulator_accepts_every_sample_as_we_encode_it() {
    let sim = Sim::start();
    sim.control("/limits", json!({ "window": true, "pair": true, "throughput": true })).await;
    let wrote = sim.control("/people/pablo/write", json!({ "text": "halo" })).await;
    let received = wrote["message"].as_str().unwrap().to_owned();
    let mut templates = 0;
    for (index, (name, _, made)) in rows().into_iter().enumerate() {
        let mut message = match made {
            Made::Message(message) => *message,
            Made::Read(mark) => {
                let body = encode::read_mark(&ReadMark { message_id: received.clone(), ..mark });
                let answer = sim.post(&format!("/{NUMBER_ID}/messages"), body).await;
                assert_eq!(answer, json!({ "success": true }), "{name}");
                continue;
            }
        };
        let mime_type = mime_type_of(&message.content);
        if let Some(file) = file_of(&mut message.content)
            && matches!(file.source, Source::Id(_))
        {
            file.source = Source::Id(upload(&sim, mime_type).await);
        }
        if let Content::Template(template) = &mut message.content {
            templates += 1;
            // Samples of the same name use different templates.
            template.name = format!("sample_{index}");
            let definition = definition_of(template, message.marketing.is_some());
            sim.control("/templates", definition.clone()).await;
            let mut stored = definition;
            stored["status"] = json!("APPROVED");
            let stored = Definition::read(&stored).unwrap();
            assert!(stored.unknown.is_empty(), "{name}: {:?}", stored.unknown);
            let judged = check::check(&stored, template, &message.recipient, message.marketing.is_some());
            assert_eq!(judged, Ok(()), "{name}");
        }
        let edge = Edge::of(&message);
        let body = encode::message(&message, Some("our-own-id"));
        let answer = sim.post(&format!("/{NUMBER_ID}/{}", edge.name()), body).await;
        assert!(answer["messages"][0]["id"].as_str().unwrap().starts_with("wamid."), "{name}: {answer}");
    }
    assert!(templates > 15, "{templates} templates");
}

/// What a file of this content can be.
pub fn mime_type_of(content: &Content) -> &'static str {
    match content {
        Content::Image(_) => "image/jpeg",
        Content::Video(_) => "video/mp4",
        Content::Audio(_) => "audio/ogg",
        Content::Sticker(_) => "image/webp",
        _ => "application/pdf",
    }
}

pub fn file_of(content: &mut Content) -> Option<&mut File> {
    match content {
        Content::Image(content) | Content::Video(content) => Some(&mut content.file),
        Content::Audio(audio) => Some(&mut audio.file),
        Content::Document(document) => Some(&mut document.file),
        Content::Sticker(sticker) => Some(&mut sticker.file),
        _ => None,
    }
}

async fn upload(sim: &Sim, mime_type: &str) -> String {
    upload_to(&sim.client, &sim.url(""), mime_type).await
}

/// Uploads a file of that type to a simulator; gives its id.
pub async fn upload_to(client: &reqwest::Client, url: &str, mime_type: &str) -> String {
    let boundary = "xyz";
    let part = |head: &str, bytes: &str| {
        format!("--{boundary}\r\ncontent-disposition: form-data; name={head}\r\n\r\n{bytes}\r\n")
    };
    let file = format!("\"file\"; filename=\"a\"\r\ncontent-type: {mime_type}");
    let form =
        format!("{}{}--{boundary}--\r\n", part("\"messaging_product\"", "whatsapp"), part(&file, "bytes"));
    let request = client
        .post(format!("{url}/v25.0/{NUMBER_ID}/media"))
        .bearer_auth(TOKEN)
        .header("content-type", format!("multipart/form-data; boundary={boundary}"))
        .body(form);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["id"].as_str().unwrap_or_else(|| panic!("{mime_type}: {answer}")).to_owned()
}

/// A template that a message fits.
pub fn definition_of(sent: &Template, is_marketing: bool) -> Value {
    let is_code = matches!(
        (sent.body.as_slice(), sent.buttons.as_slice()),
        ([Parameter { value: ParameterValue::Text(code), .. }], [button]) if button.value == ButtonValue::UrlSuffix(code.clone())
    );
    let (category, components) = if is_code {
        let otp = json!({ "type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code" });
        (
            "AUTHENTICATION",
            json!([
                { "type": "BODY", "add_security_recommendation": true },
                { "type": "BUTTONS", "buttons": [otp] },
            ]),
        )
    } else {
        let whole =
            Card { header: sent.header.clone(), body: sent.body.clone(), buttons: sent.buttons.clone() };
        let mut components = components_of(&whole);
        if sent.offer_ends_at_ms.is_some() {
            let offer = json!({ "text": "Soon over", "has_expiration": true });
            components.push(json!({ "type": "LIMITED_TIME_OFFER", "limited_time_offer": offer }));
        }
        if !sent.cards.is_empty() {
            let cards: Vec<Value> =
                sent.cards.iter().map(|card| json!({ "components": components_of(card) })).collect();
            components.push(json!({ "type": "CAROUSEL", "cards": cards }));
        }
        (if is_marketing { "MARKETING" } else { "UTILITY" }, json!(components))
    };
    let is_named = sent.body.iter().any(|parameter| parameter.name.is_some());
    json!({
        "name": sent.name, "language": sent.language.code, "category": category,
        "parameter_format": if is_named { "NAMED" } else { "POSITIONAL" }, "components": components,
    })
}

fn components_of(card: &Card) -> Vec<Value> {
    let variable = |(index, parameter): (usize, &Parameter)| match &parameter.name {
        Some(name) => format!("a {{{{{name}}}}} b"),
        None => format!("a {{{{{}}}}} b", index + 1),
    };
    let mut components = Vec::new();
    if let Some(header) = &card.header {
        components.push(match header {
            Header::Text(one) => {
                json!({ "type": "HEADER", "format": "TEXT", "text": variable((0, one)) })
            }
            Header::Image(_) => json!({ "type": "HEADER", "format": "IMAGE" }),
            Header::Video(_) => json!({ "type": "HEADER", "format": "VIDEO" }),
            Header::Document { .. } => json!({ "type": "HEADER", "format": "DOCUMENT" }),
            Header::Location(_) => json!({ "type": "HEADER", "format": "LOCATION" }),
            Header::Product(_) => json!({ "type": "HEADER", "format": "PRODUCT" }),
        });
    }
    let text: Vec<String> = card.body.iter().enumerate().map(variable).collect();
    components.push(json!({ "type": "BODY", "text": format!("Hello. {}", text.join(" ")) }));
    let last = card.buttons.iter().map(|button| button.index).max();
    let buttons: Vec<Value> = (0..=last.unwrap_or_default())
        .filter(|_| last.is_some())
        .map(|index| {
            let given = card.buttons.iter().find(|button| button.index == index);
            let mut button =
                json!({ "type": given.map_or("QUICK_REPLY", |given| kind_of(&given.value)), "text": "Tap" });
            if button["type"] == "URL" {
                button["url"] = json!("https://example.com/{{1}}");
            }
            button
        })
        .collect();
    if !buttons.is_empty() {
        components.push(json!({ "type": "BUTTONS", "buttons": buttons }));
    }
    components
}

fn kind_of(value: &ButtonValue) -> &'static str {
    match value {
        ButtonValue::QuickReply(_) => "QUICK_REPLY",
        ButtonValue::UrlSuffix(_) => "URL",
        ButtonValue::CopyCode(_) => "COPY_CODE",
        ButtonValue::Flow { .. } => "FLOW",
        ButtonValue::Catalog { .. } => "CATALOG",
        ButtonValue::MultiProduct { .. } => "MPM",
        ButtonValue::VoiceCall { .. } => "VOICE_CALL",
        ButtonValue::OrderDetails(_) => "ORDER_DETAILS",
    }
}
