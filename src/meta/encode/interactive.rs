//! Interactive messages.

use serde_json::{Value, json};

use super::Object;
use super::{order, plain};
use crate::domain::outgoing::interactive::{
    Action, Address, CardAction, CardHeader, Flow, FlowMode, FlowName, FlowStart, Header, Interactive,
    LinkButton, ListSection, MediaCard, Product, ProductSection, ReplyButton, VoiceCall,
};
use crate::domain::outgoing::order::OrderStatus;

pub(super) fn interactive(sent: &Interactive) -> Value {
    let (kind, action) = action(&sent.action);
    let mut object = Object::new();
    object.put("type", kind);
    object.maybe("header", sent.header.as_ref().map(header));
    object.maybe("body", sent.body.as_deref().map(|text| json!({ "text": text })));
    object.maybe("footer", sent.footer.as_deref().map(|text| json!({ "text": text })));
    object.put("action", action);
    object.into()
}

fn header(header: &Header) -> Value {
    match header {
        Header::Text { text, sub_text } => {
            let mut object = Object::new();
            object.put("type", "text");
            object.put("text", text.as_str());
            object.maybe("sub_text", sub_text.as_deref());
            object.into()
        }
        Header::Image(image) => json!({ "type": "image", "image": plain::file(image) }),
        Header::Video(video) => json!({ "type": "video", "video": plain::file(video) }),
        Header::Document { file, filename } => {
            json!({ "type": "document", "document": plain::named_file(file, filename.as_deref()) })
        }
    }
}

/// The kind as Meta names it, and what there is to tap.
fn action(action: &Action) -> (&'static str, Value) {
    match action {
        Action::ReplyButtons { buttons } => ("button", json!({ "buttons": reply_buttons("reply", buttons) })),
        Action::List { button, sections } => {
            let sections: Vec<Value> = sections.iter().map(list_section).collect();
            ("list", json!({ "button": button, "sections": sections }))
        }
        Action::CtaUrl(button) => ("cta_url", link_button(button)),
        Action::Flow(sent) => ("flow", json!({ "name": "flow", "parameters": flow(sent) })),
        Action::LocationRequest => ("location_request_message", json!({ "name": "send_location" })),
        Action::Address(form) => {
            ("address_message", json!({ "name": "address_message", "parameters": address(form) }))
        }
        Action::Catalog { thumbnail_product_retailer_id } => {
            let mut object = Object::new();
            object.put("name", "catalog_message");
            let thumbnail = thumbnail_product_retailer_id.as_deref();
            object.maybe("parameters", thumbnail.map(|id| json!({ "thumbnail_product_retailer_id": id })));
            ("catalog_message", object.into())
        }
        Action::Product(one) => ("product", product(one)),
        Action::ProductList { catalog_id, sections } => {
            ("product_list", json!({ "catalog_id": catalog_id, "sections": product_sections(sections) }))
        }
        Action::MediaCarousel { cards } => {
            let cards: Vec<Value> = cards.iter().enumerate().map(media_card).collect();
            ("carousel", json!({ "cards": cards }))
        }
        Action::ProductCarousel { cards } => {
            let card =
                |(index, card)| json!({ "card_index": index, "type": "product", "action": product(card) });
            let cards: Vec<Value> = cards.iter().enumerate().map(card).collect();
            ("carousel", json!({ "cards": cards }))
        }
        Action::CallPermissionRequest => {
            ("call_permission_request", json!({ "name": "call_permission_request" }))
        }
        Action::ContactRequest => ("request_contact_info", json!({ "name": "request_contact_info" })),
        Action::VoiceCall(call) => ("voice_call", voice_call(call)),
        Action::OrderDetails(details) => {
            ("order_details", json!({ "name": "review_and_pay", "parameters": order::details(details) }))
        }
        Action::OrderStatus(status) => {
            ("order_status", json!({ "name": "review_order", "parameters": order_status(status) }))
        }
    }
}

fn reply_buttons(kind: &str, buttons: &[ReplyButton]) -> Vec<Value> {
    let button = |button: &ReplyButton| {
        let mut object = Object::new();
        object.put("type", kind);
        object.put(kind, json!({ "id": button.id, "title": button.title }));
        object.into()
    };
    buttons.iter().map(button).collect()
}

fn list_section(section: &ListSection) -> Value {
    let mut object = Object::new();
    object.maybe("title", section.title.as_deref());
    let rows = section.rows.iter().map(|row| {
        let mut object = Object::new();
        object.put("id", row.id.as_str());
        object.put("title", row.title.as_str());
        object.maybe("description", row.description.as_deref());
        object.into()
    });
    object.put("rows", rows.collect::<Vec<Value>>());
    object.into()
}

fn link_button(button: &LinkButton) -> Value {
    json!({
        "name": "cta_url",
        "parameters": { "display_text": button.display_text, "url": button.url },
    })
}

fn flow(flow: &Flow) -> Value {
    let mut object = Object::new();
    object.put("flow_message_version", "3");
    match &flow.flow {
        FlowName::Id(id) => object.put("flow_id", id.as_str()),
        FlowName::Name(name) => object.put("flow_name", name.as_str()),
    }
    object.put("flow_cta", flow.button.as_str());
    object.maybe("flow_token", flow.token.as_deref());
    object.maybe(
        "mode",
        flow.mode.map(|mode| match mode {
            FlowMode::Draft => "draft",
            FlowMode::Published => "published",
        }),
    );
    match &flow.start {
        Some(FlowStart::Navigate { screen, data }) => {
            object.put("flow_action", "navigate");
            let mut payload = Object::new();
            payload.maybe("screen", screen.as_deref());
            payload.maybe("data", data.clone());
            object.maybe("flow_action_payload", (!payload.0.is_empty()).then_some(payload));
        }
        Some(FlowStart::DataExchange) => object.put("flow_action", "data_exchange"),
        None => {}
    }
    object.into()
}

fn address(address: &Address) -> Value {
    let mut object = Object::new();
    object.put("country", address.country.as_str());
    object.maybe("values", address.values.clone());
    let saved = address.saved_addresses.iter().map(|saved| json!({ "id": saved.id, "value": saved.value }));
    object.list("saved_addresses", saved.collect());
    object.maybe("validation_errors", address.validation_errors.clone());
    object.into()
}

pub(super) fn product(product: &Product) -> Value {
    json!({ "catalog_id": product.catalog_id, "product_retailer_id": product.product_retailer_id })
}

pub(super) fn product_sections(sections: &[ProductSection]) -> Vec<Value> {
    let section = |section: &ProductSection| {
        let mut object = Object::new();
        object.maybe("title", section.title.as_deref());
        let items = section.product_retailer_ids.iter().map(|id| json!({ "product_retailer_id": id }));
        object.put("product_items", items.collect::<Vec<Value>>());
        object.into()
    };
    sections.iter().map(section).collect()
}

fn media_card((index, card): (usize, &MediaCard)) -> Value {
    let header = match &card.header {
        CardHeader::Image(image) => json!({ "type": "image", "image": plain::file(image) }),
        CardHeader::Video(video) => json!({ "type": "video", "video": plain::file(video) }),
    };
    let action = match &card.action {
        CardAction::CtaUrl(button) => link_button(button),
        CardAction::QuickReplies(buttons) => json!({ "buttons": reply_buttons("quick_reply", buttons) }),
    };
    let mut object = Object::new();
    object.put("card_index", index);
    // Meta (2026-07): of a card with quick replies as well.
    object.put("type", "cta_url");
    object.put("header", header);
    object.maybe("body", card.body.as_deref().map(|text| json!({ "text": text })));
    object.put("action", action);
    object.into()
}

fn voice_call(call: &VoiceCall) -> Value {
    let mut parameters = Object::new();
    parameters.maybe("display_text", call.display_text.as_deref());
    parameters.maybe("ttl_minutes", call.ttl_minutes);
    parameters.maybe("payload", call.payload.as_deref());
    let mut object = Object::new();
    object.put("name", "voice_call");
    object.maybe("parameters", (!parameters.0.is_empty()).then_some(parameters));
    object.into()
}

fn order_status(status: &OrderStatus) -> Value {
    let mut order = Object::new();
    order.put("status", status.status.as_str());
    order.maybe("description", status.description.as_deref());
    let mut object = Object::new();
    object.put("reference_id", status.reference_id.as_str());
    object.put("order", order);
    object.into()
}
