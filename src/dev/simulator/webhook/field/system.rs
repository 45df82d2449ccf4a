//! `messages`: news about a customer, errors of the number or app, and clicks.

use serde_json::{Value, json};

use super::content::{Context, error};
use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("messages", "system_user_changed_number", user_changed_number),
    kind("messages", "system_customer_changed_number", customer_changed_number),
    kind("messages", "system_user_changed_user_id", user_changed_user_id),
    kind("messages", "system_customer_identity_changed", identity_changed),
    kind("messages", "errors", errors),
    kind("messages", "user_actions", user_actions),
];

/// What changed about a customer. Meta (2026-07): without `contacts`; `from` is the old number.
pub fn changed(context: &Context, id: &str, from: Option<&str>, system: &Value) -> Value {
    let mut message = json!({ "id": id, "timestamp": context.stamp(), "type": "system", "system": system });
    if let Some(from) = from {
        message["from"] = json!(from);
    }
    context.value(json!({ "messages": [message] }))
}

fn changed_number(context: &mut Context, kind: &str) -> Value {
    let (id, new) = (context.inbound_id(), context.phone());
    let old = context.customer.phone.clone().unwrap_or_default();
    let name = context.customer.name.clone().unwrap_or_default();
    let body = format!("User {name} changed from {old} to {new}");
    changed(context, &id, Some(&old), &json!({ "body": body, "wa_id": new, "type": kind }))
}

fn user_changed_number(context: &mut Context) -> Value {
    changed_number(context, "user_changed_number")
}

/// The name of the same news before 2025.
fn customer_changed_number(context: &mut Context) -> Value {
    changed_number(context, "customer_changed_number")
}

fn user_changed_user_id(context: &mut Context) -> Value {
    let id = context.inbound_id();
    let old = context.customer.phone.clone();
    let system = json!({
        "body": "User changed their user id",
        "wa_id": context.phone(),
        "user_id": format!("US.{}", context.dice.digits(20)),
        "parent_user_id": format!("US.ENT.{}", context.dice.digits(20)),
        "type": "user_changed_user_id",
    });
    changed(context, &id, old.as_deref(), &system)
}

/// Meta (2026-07): this one has `contacts`, and is sent only while the identity check is on.
fn identity_changed(context: &mut Context) -> Value {
    let id = context.inbound_id();
    let old = context.customer.phone.clone();
    let system = json!({ "body": "User identity changed", "type": "customer_identity_changed" });
    let mut value = changed(context, &id, old.as_deref(), &system);
    let (created, hash) = (context.stamp(), context.url_token(11));
    value["messages"][0]["identity"] =
        json!({ "acknowledged": true, "created_timestamp": created, "hash": hash });
    value["contacts"] = json!([context.customer.contact()]);
    value
}

fn errors(context: &mut Context) -> Value {
    let mut error = error(
        130_429,
        "Rate limit hit",
        "Message failed to send because there were too many messages sent from this phone number in a short \
         period of time",
    );
    error["href"] = json!("/documentation/business-messaging/whatsapp/support/error-codes");
    context.value(json!({ "errors": [error] }))
}

fn user_actions(context: &mut Context) -> Value {
    let click = json!({
        "click_component": context.dice.word(&["cta", "body"]),
        "product_id": format!("sku_{}", context.dice.digits(4)),
        "click_id": format!("click_{}", context.dice.digits(8)),
        "tracking_token": context.url_token(16),
    });
    context.value(json!({ "user_actions": [{
        "action_type": "marketing_messages_link_click",
        "timestamp": context.stamp(),
        "marketing_messages_link_click_data": click,
    }] }))
}
