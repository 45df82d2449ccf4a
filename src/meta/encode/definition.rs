//! Templates that are handed in: from a draft to the body of the request.

use serde_json::{Value, json};

use super::Object;
use crate::domain::template::draft::{Button, Code, Content, Draft, Example, Header, Parts, Text, Whole};
use crate::domain::template::variables;

/// The body that hands a template in.
pub fn definition(draft: &Draft) -> Value {
    let mut body = Object::new();
    body.put("name", draft.name.as_str());
    body.put("language", draft.language.as_str());
    body.put("category", draft.category.as_str());
    if draft.are_variables_named {
        body.put("parameter_format", "NAMED");
    }
    body.put("components", components(draft.are_variables_named, &draft.content));
    body.maybe("message_send_ttl_seconds", draft.send_ttl_s);
    body.into()
}

/// The body that changes one: only what is to be another.
pub fn edit(components: Option<Vec<Value>>, category: Option<&str>, send_ttl_s: Option<i64>) -> Value {
    let mut body = Object::new();
    body.maybe("category", category);
    body.maybe("components", components);
    body.maybe("message_send_ttl_seconds", send_ttl_s);
    body.into()
}

/// The components, in Meta's form.
pub fn components(are_variables_named: bool, content: &Content) -> Vec<Value> {
    match content {
        Content::Raw(components) => components.clone(),
        Content::Code(code) => of_code(code),
        Content::Parts(whole) => of_whole(are_variables_named, whole),
    }
}

fn of_whole(are_named: bool, whole: &Whole) -> Vec<Value> {
    let mut components = parts(are_named, &whole.parts);
    if let Some(offer) = &whole.offer {
        let offer = json!({ "text": offer.text, "has_expiration": offer.has_expiration });
        components.push(json!({ "type": "LIMITED_TIME_OFFER", "limited_time_offer": offer }));
    }
    if !whole.cards.is_empty() {
        let card = |card: &Parts| json!({ "components": parts(are_named, card) });
        let cards: Vec<Value> = whole.cards.iter().map(card).collect();
        components.push(json!({ "type": "CAROUSEL", "cards": cards }));
    }
    components
}

fn parts(are_named: bool, parts: &Parts) -> Vec<Value> {
    let mut components = Vec::new();
    match &parts.header {
        Some(Header::Text(text)) => {
            let mut header = Object::new();
            header.put("type", "HEADER");
            header.put("format", "TEXT");
            header.put("text", text.text.as_str());
            header.maybe("example", examples(are_named, text, "header_text"));
            components.push(header.into());
        }
        Some(Header::Media { format, handle }) => components.push(json!({
            "type": "HEADER", "format": format.format(), "example": { "header_handle": [handle] },
        })),
        Some(Header::Location) => components.push(json!({ "type": "HEADER", "format": "LOCATION" })),
        Some(Header::Product) => components.push(json!({ "type": "HEADER", "format": "PRODUCT" })),
        None => {}
    }
    if let Some(text) = &parts.body {
        let mut body = Object::new();
        body.put("type", "BODY");
        body.put("text", text.text.as_str());
        body.maybe("example", examples(are_named, text, "body_text"));
        components.push(body.into());
    }
    if let Some(footer) = &parts.footer {
        components.push(json!({ "type": "FOOTER", "text": footer }));
    }
    if !parts.buttons.is_empty() {
        let buttons: Vec<Value> = parts.buttons.iter().map(button).collect();
        components.push(json!({ "type": "BUTTONS", "buttons": buttons }));
    }
    components
}

/// The examples of a text, under the key that fits how its variables are called.
fn examples(are_named: bool, text: &Text, key: &str) -> Option<Value> {
    if variables(&text.text).is_empty() {
        return None;
    }
    let values = || text.examples.iter().map(|example| example.value.as_str());
    Some(if are_named {
        let named = |example: &Example| json!({ "param_name": example.name, "example": example.value });
        json!({ format!("{key}_named_params"): text.examples.iter().map(named).collect::<Vec<_>>() })
    } else if key == "body_text" {
        json!({ key: [values().collect::<Vec<_>>()] })
    } else {
        json!({ key: values().collect::<Vec<_>>() })
    })
}

fn button(button: &Button) -> Value {
    match button {
        Button::QuickReply { text } => json!({ "type": "QUICK_REPLY", "text": text }),
        Button::Url { text, url, example } => {
            let mut object = Object::new();
            object.put("type", "URL");
            object.put("text", text.as_str());
            object.put("url", url.as_str());
            object.maybe("example", example.as_ref().map(|example| json!([example])));
            object.into()
        }
        Button::PhoneNumber { text, phone_number } => {
            json!({ "type": "PHONE_NUMBER", "text": text, "phone_number": phone_number })
        }
        Button::CopyCode { example } => json!({ "type": "COPY_CODE", "example": example }),
        Button::Flow { text, flow_id, screen } => {
            let mut object = Object::new();
            object.put("type", "FLOW");
            object.put("text", text.as_str());
            object.put("flow_id", flow_id.as_str());
            object.maybe("flow_action", screen.as_ref().map(|_| "navigate"));
            object.maybe("navigate_screen", screen.as_deref());
            object.into()
        }
        Button::Catalog { text } => json!({ "type": "CATALOG", "text": text }),
        Button::MultiProduct { text } => json!({ "type": "MPM", "text": text }),
        Button::VoiceCall { text } => json!({ "type": "VOICE_CALL", "text": text }),
        Button::OrderDetails { text } => json!({ "type": "ORDER_DETAILS", "text": text }),
        Button::RequestContactInfo => json!({ "type": "REQUEST_CONTACT_INFO" }),
    }
}

fn of_code(code: &Code) -> Vec<Value> {
    let mut components =
        vec![json!({ "type": "BODY", "add_security_recommendation": code.recommends_security })];
    if let Some(minutes) = code.expires_minutes {
        components.push(json!({ "type": "FOOTER", "code_expiration_minutes": minutes }));
    }
    let mut button = Object::new();
    button.put("type", "OTP");
    button.put("otp_type", code.way);
    button.maybe("text", code.copy_text.as_deref());
    button.maybe("autofill_text", code.autofill_text.as_deref());
    if !code.apps.is_empty() {
        let apps: Vec<Value> = code
            .apps
            .iter()
            .map(|app| json!({ "package_name": app.package_name, "signature_hash": app.signature_hash }))
            .collect();
        button.put("supported_apps", apps);
    }
    if code.are_terms_accepted {
        button.put("zero_tap_terms_accepted", true);
    }
    components.push(json!({ "type": "BUTTONS", "buttons": [Value::from(button)] }));
    components
}
