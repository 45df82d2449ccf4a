//! `messages`: what customers tap: template buttons, interactive buttons and lists, flows, addresses, permissions.

use serde_json::{Value, json};

use super::content::Context;
use super::inbound::{from_customer, quoting};
use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("messages", "button", |context| button(context, "Unsubscribe")),
    kind("messages", "button_did_not_request_code", |context| button(context, "DID_NOT_REQUEST_CODE")),
    kind("messages", "interactive_button_reply", button_reply),
    kind("messages", "interactive_list_reply", list_reply),
    kind("messages", "interactive_flow", flow),
    kind("messages", "interactive_address", address),
    kind("messages", "interactive_call_permission_accepted", call_permission_accepted),
    kind("messages", "interactive_call_permission_permanent", call_permission_permanent),
    kind("messages", "interactive_call_permission_rejected", call_permission_rejected),
    kind("messages", "interactive_payment_method", payment_method),
];

fn button(context: &mut Context, payload: &str) -> Value {
    let text = if payload == "DID_NOT_REQUEST_CODE" { "I didn't request a code" } else { payload };
    let rest = json!({ "context": quoting(context), "button": { "payload": payload, "text": text } });
    from_customer(context, "button", rest)
}

fn interactive(context: &mut Context, kind: &str, reply: &Value) -> Value {
    let rest = json!({ "context": quoting(context), "interactive": { "type": kind, kind: reply } });
    from_customer(context, "interactive", rest)
}

fn button_reply(context: &mut Context) -> Value {
    let title = context.dice.word(&["Cancel", "Ändern", "Yes 👍"]);
    let reply = json!({ "id": format!("button-{}", context.dice.digits(3)), "title": title });
    interactive(context, "button_reply", &reply)
}

fn list_reply(context: &mut Context) -> Value {
    let reply = json!({
        "id": format!("row-{}", context.dice.digits(3)),
        "title": context.dice.word(&["Priority Mail Express", "Paket bis 5 kg"]),
        "description": context.dice.word(&["Next Day to 2 Days", "2–3 Tage"]),
    });
    interactive(context, "list_reply", &reply)
}

/// The answers are JSON in a string.
fn nfm_reply(context: &mut Context, name: &str, body: &str, response: &Value) -> Value {
    let reply = json!({ "name": name, "body": body, "response_json": response.to_string() });
    interactive(context, "nfm_reply", &reply)
}

fn flow(context: &mut Context) -> Value {
    let response = json!({
        "flow_token": context.url_token(28),
        "comment_text": context.sentence(),
        "delivery_rating": context.dice.digits(1),
    });
    nfm_reply(context, "flow", "Sent", &response)
}

fn address(context: &mut Context) -> Value {
    let (name, phone) = (context.customer.name.clone().unwrap_or_default(), context.phone());
    let pin = context.dice.digits(6);
    let response = json!({
        "saved_address_id": format!("address{}", context.dice.digits(1)),
        "values": {
            "in_pin_code": pin, "building_name": "", "landmark_area": "Goregaon", "floor_number": "8",
            "address": "Wing A, IB Patel Rd", "city": "Mumbai", "name": name, "phone_number": format!("+{phone}"),
        },
    });
    let body = format!("{name}\n +{phone}\n {pin}, Goregaon, Wing A, IB Patel Rd, Mumbai, 8");
    nfm_reply(context, "address_message", &body, &response)
}

/// Meta (2026-07): a permission lasts seven days unless it is permanent.
fn call_permission_accepted(context: &mut Context) -> Value {
    let reply = json!({
        "response": "accept",
        "is_permanent": false,
        "expiration_timestamp": context.now_s() + 7 * 24 * 3_600,
        "response_source": "user_action",
    });
    interactive(context, "call_permission_reply", &reply)
}

fn call_permission_permanent(context: &mut Context) -> Value {
    let reply = json!({ "response": "accept", "is_permanent": true, "response_source": "user_action" });
    interactive(context, "call_permission_reply", &reply)
}

fn call_permission_rejected(context: &mut Context) -> Value {
    let source = context.dice.word(&["user_action", "automatic"]);
    let reply = json!({ "response": "reject", "response_source": source });
    interactive(context, "call_permission_reply", &reply)
}

/// No page shows this payload (Brazil, one-click payments); the shape is that of its kin.
fn payment_method(context: &mut Context) -> Value {
    let reply = json!({
        "payment_method": "offsite_card_pay",
        "payment_timestamp": context.now_s(),
        "reference_id": format!("order-{}", context.dice.digits(8)),
        "last_four_digits": context.dice.digits(4),
        "credential_id": context.dice.digits(12),
    });
    interactive(context, "payment_method", &reply)
}
