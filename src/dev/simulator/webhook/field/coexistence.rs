//! A number that is used in the WhatsApp Business app too: what was sent from the phone, the past, the address book;
//! and conversations that several partners share.

use serde_json::{Value, json};

use super::context::{set, set_some};
use super::message::{media, text, written_by};
use super::status::{self, About};
use super::{Context, Customer, Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("smb_message_echoes", "text", |c| echo(c, text)),
    kind("smb_message_echoes", "image", |c| echo(c, |c| media(c, "image"))),
    kind("smb_message_echoes", "edit", |c| echo(c, edited)),
    kind("smb_message_echoes", "revoke", |c| echo(c, revoked)),
    kind("message_echoes", "text", |c| echo(c, text)),
    kind("history", "chunk", history),
    kind("history", "chunk_without_phone", history_without_phone),
    kind("history", "media", history_media),
    kind("history", "declined", history_declined),
    kind("smb_app_state_sync", "contacts", state_sync),
    kind("messaging_handovers", "passed", passed),
    kind("messaging_handovers", "taken", taken),
    kind("standby", "text", standby_text),
    kind("standby", "echo", standby_echo),
    kind("standby", "template_echo", standby_template_echo),
    kind("standby", "flow_echo", standby_flow_echo),
    kind("standby", "status", standby_status),
];

/// What the business sent from its phone.
pub fn echo_to(context: &mut Context<'_>, customer: &Customer, content: Value) -> Value {
    let mut echo = content;
    set(&mut echo, "from", context.display_phone_number.as_str().into());
    customer.put(&mut echo, "to");
    let wamid = context.wamid();
    set(&mut echo, "id", wamid.into());
    set(&mut echo, "timestamp", context.timestamp().into());
    context.traffic(&[customer], "message_echoes", vec![echo])
}

fn echo(context: &mut Context<'_>, content: impl FnOnce(&mut Context<'_>) -> Value) -> Value {
    let customer = context.customer();
    let content = content(context);
    echo_to(context, &customer, content)
}

fn edited(context: &mut Context<'_>) -> Value {
    let mut message = text(context);
    set(&mut message, "context", json!({ "id": "M0" }));
    json!({ "type": "edit", "edit": { "original_message_id": context.wamid(), "message": message } })
}

fn revoked(context: &mut Context<'_>) -> Value {
    json!({ "type": "revoke", "revoke": { "original_message_id": context.wamid() } })
}

fn past(
    context: &mut Context<'_>,
    customer: &Customer,
    outbound: bool,
    content: Value,
    state: &str,
) -> Value {
    let mut message = if outbound {
        let mut message = content;
        set(&mut message, "from", context.display_phone_number.as_str().into());
        set(&mut message, "id", context.wamid().into());
        message
    } else {
        written_by(context, customer, content)
    };
    let age_s = i64::try_from(context.below(180 * 86_400)).unwrap_or(0);
    set(&mut message, "timestamp", (context.now_s - age_s).to_string().into());
    set(&mut message, "history_context", json!({ "status": state }));
    message
}

fn chunk(context: &mut Context<'_>, thread: Value) -> Value {
    let progress = 1 + context.below(100);
    let metadata =
        json!({ "phase": context.below(3), "chunk_order": 1 + context.below(9), "progress": progress });
    context.traffic(&[], "history", vec![json!({ "metadata": metadata, "threads": [thread] })])
}

fn history(context: &mut Context<'_>) -> Value {
    let customer = Customer { username: None, ..context.customer_with_phone() };
    let (out, placeholder, answer) = (text(context), json!({ "type": "media_placeholder" }), text(context));
    let messages = vec![
        past(context, &customer, true, out, "READ"),
        past(context, &customer, true, placeholder, "PLAYED"),
        past(context, &customer, false, answer, "READ"),
    ];
    chunk(context, json!({ "id": customer.wa_id, "messages": messages }))
}

fn history_without_phone(context: &mut Context<'_>) -> Value {
    let customer = Customer { wa_id: None, username: Some("siti_bdg".to_owned()), ..context.customer() };
    let content = text(context);
    let messages = vec![past(context, &customer, false, content, "READ")];
    let mut who = json!({ "user_id": customer.user_id, "username": customer.username });
    set_some(&mut who, "parent_user_id", customer.parent_user_id.as_deref());
    let mut value = chunk(context, json!({ "context": who, "messages": messages }));
    let image = media(context, "image");
    let echoes = echo_to(context, &customer, image);
    if let Some(echoes) = echoes.get("message_echoes") {
        set(&mut value, "message_echoes", echoes.clone());
    }
    value
}

fn history_media(context: &mut Context<'_>) -> Value {
    let customer = context.customer_with_phone();
    let image = media(context, "image");
    let message = written_by(context, &customer, image);
    context.traffic(&[], "messages", vec![message])
}

fn history_declined(context: &mut Context<'_>) -> Value {
    let title = "History sync is turned off by the business from the WhatsApp Business App";
    let error = json!({
        "code": 2_593_109, "title": title, "message": title,
        "error_data": { "details": "History sharing is turned off by the business" },
    });
    context.traffic(&[], "history", vec![json!({ "errors": [error] })])
}

fn state_sync(context: &mut Context<'_>) -> Value {
    let (known, gone) = (context.customer(), context.customer_with_phone());
    let first_name = known.name.split(' ').next().unwrap_or_default().to_owned();
    let mut added = json!({ "full_name": known.name, "first_name": first_name, "user_id": known.user_id });
    set_some(&mut added, "phone_number", known.wa_id.as_deref());
    set_some(&mut added, "parent_user_id", known.parent_user_id.as_deref());
    set_some(&mut added, "username", known.username.as_deref());
    let removed = json!({ "phone_number": gone.wa_id, "user_id": gone.user_id });
    let metadata = json!({ "timestamp": context.timestamp() });
    context.traffic(
        &[],
        "state_sync",
        vec![
            json!({ "type": "contact", "contact": added, "action": "add", "metadata": metadata }),
            json!({ "type": "contact", "contact": removed, "action": "remove", "metadata": metadata }),
        ],
    )
}

fn handover(context: &mut Context<'_>, kind: &str, control: Value) -> Value {
    let customer = context.customer_with_phone();
    json!({
        "messaging_product": "whatsapp",
        "sender": { "phone_number": customer.wa_id },
        "recipient": context.metadata(),
        "type": kind,
        "timestamp": context.timestamp(),
        kind: control,
    })
}

fn passed(context: &mut Context<'_>) -> Value {
    let control = json!({
        "previous_owner_app_id": context.digits(16),
        "previous_owner_app_role": "meta_business_agent",
        "previous_owner_role": "ai_agent",
        "new_owner_role": "escalation",
        "metadata": "WhatsApp user requested human agent",
        "conversation_context": { "type": "summary", "summary": { "text": "AI-generated summary string" } },
    });
    handover(context, "control_passed", control)
}

fn taken(context: &mut Context<'_>) -> Value {
    let control = json!({
        "previous_owner_role": "customer_service", "new_owner_role": "escalation", "metadata": "Human agent stepping in",
    });
    handover(context, "control_taken", control)
}

/// Wraps a value's items into `standby`.
fn stand_by(context: &Context<'_>, inner: Value) -> Value {
    json!({ "messaging_product": "whatsapp", "metadata": context.metadata(), "standby": inner })
}

fn standby_text(context: &mut Context<'_>) -> Value {
    let customer = context.customer_with_phone();
    let content = text(context);
    let message = written_by(context, &customer, content);
    stand_by(context, json!({ "contacts": [customer.contact()], "messages": [message] }))
}

/// What another partner sent, as its send request.
fn sent(context: &mut Context<'_>, body: Value, extra: Option<(&str, Value)>) -> Value {
    let customer = context.customer_with_phone();
    let mut message = body;
    set(&mut message, "messaging_product", "whatsapp".into());
    set(&mut message, "recipient_type", "individual".into());
    set_some(&mut message, "to", customer.wa_id.as_deref());
    let mut echo = json!({ "id": context.wamid(), "timestamp": context.timestamp(), "message": message });
    if let Some((key, value)) = extra {
        set(&mut echo, key, value);
    }
    stand_by(context, json!({ "message_echoes": [echo] }))
}

fn standby_echo(context: &mut Context<'_>) -> Value {
    let body = json!({
        "type": "text",
        "text": { "body": "Pesanan #12345 sudah dikirim.", "preview_url": true },
        "context": { "message_id": context.wamid() },
    });
    sent(context, body, None)
}

fn standby_template_echo(context: &mut Context<'_>) -> Value {
    let body = json!({ "type": "template", "template": {
        "name": "summer_sale_2026",
        "language": { "code": "en_US" },
        "components": [
            { "type": "header", "parameters": [{ "type": "image", "image": { "id": context.digits(16) } }] },
            { "type": "body", "parameters": [{ "type": "text", "text": "Maria" }, { "type": "text", "text": "25%" }] },
            { "type": "button", "sub_type": "url", "index": 0, "parameters": [{ "type": "text", "text": "summer2026" }] },
        ],
    }});
    let template = json!({
        "name": "summer_sale_2026", "language": "en_US", "category": "MARKETING", "status": "APPROVED",
        "components": [
            { "type": "HEADER", "format": "IMAGE" },
            { "type": "BODY", "text": "Hi {{1}}, enjoy {{2}} off!" },
            { "type": "FOOTER", "text": "Limited time" },
            { "type": "BUTTONS", "buttons": [{ "type": "URL", "text": "Shop Now", "url": "https://example.com/{{1}}" }] },
        ],
    });
    sent(context, body, Some(("template", template)))
}

fn standby_flow_echo(context: &mut Context<'_>) -> Value {
    let flow_id = context.digits(16);
    let body = json!({ "type": "interactive", "interactive": {
        "type": "flow",
        "header": { "type": "text", "text": "Book Appointment" },
        "body": { "text": "Schedule your visit with us." },
        "footer": { "text": "Tap below to continue" },
        "action": { "name": "flow", "parameters": {
            "flow_id": flow_id, "flow_cta": "Book Now", "flow_action": "navigate",
            "flow_action_payload": { "screen": "APPOINTMENT_SCREEN" },
        }},
    }});
    let flow = json!({
        "id": flow_id, "name": "Appointment Booking", "status": "PUBLISHED", "categories": ["APPOINTMENT_BOOKING"],
    });
    sent(context, body, Some(("flow", flow)))
}

fn standby_status(context: &mut Context<'_>) -> Value {
    let customer = context.customer_with_phone();
    let about = About { wamid: context.wamid(), category: "utility".to_owned(), ..About::default() };
    let mut value = status::value(context, &customer, &about, "delivered", None);
    let mut statuses = value.get_mut("statuses").map(Value::take).unwrap_or_default();
    if let Some(status) = statuses.get_mut(0) {
        set(status, "conversation", json!({ "id": context.digits(32), "origin": { "type": "utility" } }));
    }
    stand_by(context, json!({ "statuses": statuses }))
}
