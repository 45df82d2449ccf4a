//! Statuses: what becomes of what the business sent.

use serde_json::{Value, json};

use super::context::{set, set_some};
use super::{Context, Customer, Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("messages", "status_sent", |c| any(c, "sent")),
    kind("messages", "status_delivered", |c| any(c, "delivered")),
    kind("messages", "status_read", |c| any(c, "read")),
    kind("messages", "status_played", |c| any(c, "played")),
    kind("messages", "status_failed", |c| any(c, "failed")),
    kind("messages", "status_group", group),
    kind("messages", "status_payment", payment),
    kind("calls", "status_ringing", call),
];

/// What a status is about.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub wamid: String,
    /// As the sender wrote it in the send request.
    pub callback_data: Option<String>,
    /// `marketing`, `utility`, `authentication` or `service`.
    pub category: String,
    /// Whether the message was addressed by business-scoped user id.
    pub by_user_id: bool,
}

/// The value that tells a step of a message. `sent` and `delivered` tell the price; a failure has no `contacts`.
pub fn value(
    context: &Context<'_>,
    customer: &Customer,
    about: &About,
    step: &str,
    error: Option<Value>,
) -> Value {
    let mut status = json!({ "id": about.wamid, "status": step, "timestamp": context.timestamp() });
    let is_failed = step == "failed";
    set_some(&mut status, "recipient_id", customer.wa_id.as_deref());
    if !is_failed || about.by_user_id {
        set(&mut status, "recipient_user_id", customer.user_id.as_str().into());
        set_some(&mut status, "recipient_parent_user_id", customer.parent_user_id.as_deref());
    }
    set_some(&mut status, "biz_opaque_callback_data", about.callback_data.as_deref());
    if matches!(step, "sent" | "delivered") {
        set(&mut status, "pricing", pricing(&about.category));
    }
    if let Some(error) = error {
        set(&mut status, "errors", vec![error].into());
    }
    let contacts: &[&Customer] = if is_failed { &[] } else { &[customer] };
    context.traffic(contacts, "statuses", vec![status])
}

fn pricing(category: &str) -> Value {
    let billable = category != "service";
    let kind = if billable { "regular" } else { "free_customer_service" };
    json!({ "billable": billable, "pricing_model": "PMP", "type": kind, "category": category })
}

fn any(context: &mut Context<'_>, step: &str) -> Value {
    let customer = context.customer_with_phone();
    let about = About {
        wamid: context.wamid(),
        callback_data: context.one_in(2).then(|| format!("msg-{}", context.digits(8))),
        category: context.pick(&["marketing", "utility", "authentication", "service"]).to_owned(),
        by_user_id: false,
    };
    let title = "This message was not delivered to maintain healthy ecosystem engagement.";
    let error = json!({
        "code": 131_049, "title": title, "message": title,
        "error_data": { "details": "In order to maintain a healthy ecosystem engagement, the message failed to be delivered." },
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    });
    value(context, &customer, &about, step, (step == "failed").then_some(error))
}

fn group(context: &mut Context<'_>) -> Value {
    let participant = context.customer_with_phone();
    let mut status = json!({
        "id": context.wamid(),
        "status": context.pick(&["delivered", "read"]),
        "timestamp": context.timestamp(),
        "recipient_id": context.group_id(),
        "recipient_type": "group",
        "conversation": {
            "id": context.digits(32),
            "expiration_timestamp": (context.now_s + 86_400).to_string(),
            "origin": { "type": "group_marketing" },
        },
        "pricing": { "billable": true, "pricing_model": "PMP", "type": "regular", "category": "group_marketing" },
    });
    set_some(&mut status, "recipient_participant_id", participant.wa_id.as_deref());
    set(&mut status, "recipient_participant_user_id", participant.user_id.as_str().into());
    set_some(&mut status, "recipient_participant_parent_user_id", participant.parent_user_id.as_deref());
    context.traffic(&[&participant], "statuses", vec![status])
}

fn payment(context: &mut Context<'_>) -> Value {
    let customer = context.customer_with_phone();
    let mut status = json!({
        "id": context.digits(20),
        "type": "payment",
        "status": context.pick(&["pending", "captured"]),
        "timestamp": context.timestamp(),
        "payment": {
            "reference_id": format!("order-{}", context.digits(6)),
            "amount": { "value": 21_000, "offset": 100 },
            "currency": "INR",
            "transaction": {
                "id": format!("order_{}", context.digits(6)), "type": "razorpay", "status": "success",
                "created_timestamp": context.now_s, "updated_timestamp": context.now_s, "method": { "type": "upi" },
            },
        },
    });
    set_some(&mut status, "recipient_id", customer.wa_id.as_deref());
    context.traffic(&[&customer], "statuses", vec![status])
}

fn call(context: &mut Context<'_>) -> Value {
    let customer = context.customer_with_phone();
    let mut status = json!({
        "id": format!("wacid.{}", context.digest()),
        "type": "call",
        "status": context.pick(&["RINGING", "ACCEPTED", "REJECTED"]),
        "timestamp": context.timestamp(),
        "biz_opaque_callback_data": format!("call-{}", context.digits(5)),
    });
    set_some(&mut status, "recipient_id", customer.wa_id.as_deref());
    context.traffic(&[&customer], "statuses", vec![status])
}
