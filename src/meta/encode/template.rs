//! Templates: only the components that carry something.

use serde_json::{Value, json};

use super::interactive::{product, product_sections};
use super::{Object, order, plain};
use crate::domain::outgoing::template::{
    Button, ButtonValue, Card, DateTime, Header, Parameter, ParameterValue, Template,
};

pub(super) fn template(sent: &Template) -> Value {
    let mut language = Object::new();
    language.maybe("policy", sent.language.is_deterministic.then_some("deterministic"));
    language.put("code", sent.language.code.as_str());
    let mut components = parts(sent.header.as_ref(), &sent.body);
    if let Some(ends_at_ms) = sent.offer_ends_at_ms {
        let offer = json!({ "expiration_time_ms": ends_at_ms });
        components.push(component(
            "limited_time_offer",
            vec![json!({ "type": "limited_time_offer", "limited_time_offer": offer })],
        ));
    }
    if !sent.tap_targets.is_empty() {
        let targets: Vec<Value> = sent
            .tap_targets
            .iter()
            .map(|target| json!({ "url": target.url, "title": target.title }))
            .collect();
        let parameter = json!({ "type": "tap_target_configuration", "tap_target_configuration": targets });
        components.push(component("tap_target_configuration", vec![parameter]));
    }
    components.extend(sent.buttons.iter().map(button));
    if !sent.cards.is_empty() {
        let cards: Vec<Value> = sent.cards.iter().enumerate().map(card).collect();
        components.push(json!({ "type": "carousel", "cards": cards }));
    }
    let mut object = Object::new();
    object.put("name", sent.name.as_str());
    object.put("language", language);
    object.list("components", components);
    object.into()
}

fn card((index, card): (usize, &Card)) -> Value {
    let mut components = parts(card.header.as_ref(), &card.body);
    components.extend(card.buttons.iter().map(button));
    json!({ "card_index": index, "components": components })
}

fn parts(header: Option<&Header>, body: &[Parameter]) -> Vec<Value> {
    let mut components = Vec::new();
    if let Some(header) = header {
        components.push(component("header", vec![header_parameter(header)]));
    }
    if !body.is_empty() {
        components.push(component("body", body.iter().map(parameter).collect()));
    }
    components
}

fn component(kind: &str, parameters: Vec<Value>) -> Value {
    json!({ "type": kind, "parameters": parameters })
}

fn header_parameter(header: &Header) -> Value {
    match header {
        Header::Text(one) => parameter(one),
        Header::Image(image) => json!({ "type": "image", "image": plain::file(image) }),
        Header::Video(video) => json!({ "type": "video", "video": plain::file(video) }),
        Header::Document { file, filename } => {
            json!({ "type": "document", "document": plain::named_file(file, filename.as_deref()) })
        }
        Header::Location(location) => json!({ "type": "location", "location": plain::location(location) }),
        Header::Product(one) => json!({ "type": "product", "product": product(one) }),
    }
}

fn parameter(parameter: &Parameter) -> Value {
    let mut object = Object::new();
    let (kind, value) = match &parameter.value {
        ParameterValue::Text(text) => ("text", json!(text)),
        ParameterValue::Currency { fallback_value, code, amount_1000 } => (
            "currency",
            json!({ "fallback_value": fallback_value, "code": code, "amount_1000": amount_1000 }),
        ),
        ParameterValue::DateTime(value) => ("date_time", date_time(value)),
        ParameterValue::GroupId(id) => ("group_id", json!(id)),
    };
    object.put("type", kind);
    object.maybe("parameter_name", parameter.name.as_deref());
    object.put(kind, value);
    object.into()
}

fn date_time(value: &DateTime) -> Value {
    let mut object = Object::new();
    object.put("fallback_value", value.fallback_value.as_str());
    object.maybe("day_of_week", value.day_of_week);
    object.maybe("year", value.year);
    object.maybe("month", value.month);
    object.maybe("day_of_month", value.day_of_month);
    object.maybe("hour", value.hour);
    object.maybe("minute", value.minute);
    object.maybe("calendar", value.calendar.as_deref());
    object.into()
}

fn button(button: &Button) -> Value {
    let action = |action: Value| vec![json!({ "type": "action", "action": action })];
    let (sub_type, parameters) = match &button.value {
        ButtonValue::QuickReply(payload) => {
            ("quick_reply", vec![json!({ "type": "payload", "payload": payload })])
        }
        ButtonValue::UrlSuffix(suffix) => ("url", vec![json!({ "type": "text", "text": suffix })]),
        ButtonValue::CopyCode(code) => {
            ("copy_code", vec![json!({ "type": "coupon_code", "coupon_code": code })])
        }
        ButtonValue::Flow { token, data } => {
            let mut object = Object::new();
            object.maybe("flow_token", token.as_deref());
            object.maybe("flow_action_data", data.clone());
            ("flow", action(object.into()))
        }
        ButtonValue::Catalog { thumbnail_product_retailer_id } => {
            let mut object = Object::new();
            object.maybe("thumbnail_product_retailer_id", thumbnail_product_retailer_id.as_deref());
            ("catalog", action(object.into()))
        }
        ButtonValue::MultiProduct { thumbnail_product_retailer_id, sections } => (
            "mpm",
            action(json!({
                "thumbnail_product_retailer_id": thumbnail_product_retailer_id,
                "sections": product_sections(sections),
            })),
        ),
        ButtonValue::VoiceCall { ttl_minutes, payload } => {
            let ttl = ttl_minutes.map(|minutes| json!({ "type": "ttl_minutes", "ttl_minutes": minutes }));
            let payload = payload.as_ref().map(|payload| json!({ "type": "payload", "payload": payload }));
            ("voice_call", ttl.into_iter().chain(payload).collect())
        }
        ButtonValue::OrderDetails(details) => {
            ("order_details", action(json!({ "order_details": order::details(details) })))
        }
    };
    let mut object = Object::new();
    object.put("type", "button");
    object.put("sub_type", sub_type);
    object.put("index", button.index.to_string());
    object.list("parameters", parameters);
    object.into()
}
