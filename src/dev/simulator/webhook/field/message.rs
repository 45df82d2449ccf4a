//! `messages`: what customers write, of every type.

use serde_json::{Value, json};

use super::context::{set, set_some};
use super::{Context, Customer, Kind, kind};

const TEXTS: &[&str] = &[
    "Selamat pagi, apakah masih ada? 🌅",
    "Does it come in another color?",
    "Berapa harganya kalau beli 3? 😀",
    "¿Dónde está mi pedido n.º 4711/2?",
    "Danke schön! <3 & bis bald",
    "好的，谢谢",
    "ok",
];
const EMOJI: &[&str] = &["👍", "❤️", "😂", "🙏🏽", "👨‍👩‍👧"];

pub(super) const KINDS: &[Kind] = &[
    kind("messages", "text", |c| any(c, text)),
    kind("messages", "text_reply", |c| any(c, |c| with_context(c, text))),
    kind("messages", "text_forwarded", |c| any(c, forwarded)),
    kind("messages", "text_product", |c| any(c, about_product)),
    kind("messages", "text_from_ad", |c| any(c, from_ad)),
    kind("messages", "text_in_group", in_group),
    kind("messages", "image", |c| any(c, |c| media(c, "image"))),
    kind("messages", "video", |c| any(c, |c| media(c, "video"))),
    kind("messages", "audio", |c| any(c, |c| media(c, "audio"))),
    kind("messages", "voice", |c| any(c, voice)),
    kind("messages", "document", |c| any(c, |c| media(c, "document"))),
    kind("messages", "sticker", |c| any(c, |c| media(c, "sticker"))),
    kind("messages", "location", |c| any(c, location)),
    kind("messages", "contacts", |c| any(c, contacts)),
    kind("messages", "contacts_vcard", |c| any(c, vcard)),
    kind("messages", "button", |c| any(c, |c| with_context(c, button))),
    kind("messages", "button_reply", |c| any(c, |c| with_context(c, button_reply))),
    kind("messages", "list_reply", |c| any(c, |c| with_context(c, list_reply))),
    kind("messages", "flow_reply", |c| any(c, |c| with_context(c, flow_reply))),
    kind("messages", "address_reply", |c| any(c, |c| with_context(c, address_reply))),
    kind("messages", "call_permission_reply", |c| any(c, |c| with_context(c, call_permission_reply))),
    kind("messages", "order", |c| any(c, order)),
    kind("messages", "reaction", |c| any(c, reaction)),
    kind("messages", "reaction_removed", |c| any(c, reaction_removed)),
    kind("messages", "edit", |c| any(c, edit)),
    kind("messages", "revoke", |c| any(c, revoke)),
    kind("messages", "unsupported", |c| any(c, unsupported)),
    kind("messages", "request_welcome", |c| any(c, |_| json!({ "type": "request_welcome" }))),
    kind("messages", "identity_changed", |c| any(c, identity_changed)),
    kind("messages", "number_changed", number_changed),
    kind("messages", "user_id_changed", user_id_changed),
    kind("messages", "with_summary", with_summary),
    kind("messages", "number_error", number_error),
    kind("messages", "link_click", link_click),
];

/// A message by `customer` with this content: `{"type": …, "<type>": …, …}`.
pub fn written_by(context: &mut Context<'_>, customer: &Customer, content: Value) -> Value {
    let mut message = content;
    customer.put(&mut message, "from");
    let wamid = context.wamid();
    set(&mut message, "id", wamid.into());
    set(&mut message, "timestamp", context.timestamp().into());
    message
}

/// The value of `messages` with one message.
pub fn value(context: &Context<'_>, customer: &Customer, message: Value) -> Value {
    context.traffic(&[customer], "messages", vec![message])
}

fn any(context: &mut Context<'_>, content: impl FnOnce(&mut Context<'_>) -> Value) -> Value {
    let customer = context.customer();
    let content = content(context);
    let message = written_by(context, &customer, content);
    value(context, &customer, message)
}

fn with_context(context: &mut Context<'_>, content: impl FnOnce(&mut Context<'_>) -> Value) -> Value {
    let mut content = content(context);
    let answered = json!({ "from": context.display_phone_number, "id": context.wamid() });
    set(&mut content, "context", answered);
    content
}

pub(super) fn text(context: &mut Context<'_>) -> Value {
    json!({ "type": "text", "text": { "body": context.pick(TEXTS) } })
}

fn forwarded(context: &mut Context<'_>) -> Value {
    let key = context.pick(&["forwarded", "frequently_forwarded"]);
    let mut content = text(context);
    set(&mut content, "context", json!({ key: true }));
    content
}

fn about_product(context: &mut Context<'_>) -> Value {
    let mut content = text(context);
    let product = json!({
        "from": context.display_phone_number,
        "id": context.wamid(),
        "referred_product": { "catalog_id": context.digits(15), "product_retailer_id": format!("sku-{}", context.digits(4)) },
    });
    set(&mut content, "context", product);
    content
}

fn from_ad(context: &mut Context<'_>) -> Value {
    let mut content = text(context);
    let is_video = context.one_in(2);
    let mut referral = json!({
        "source_url": format!("https://fb.me/{}", context.digits(9)),
        "source_id": context.digits(18),
        "source_type": context.pick(&["ad", "post"]),
        "body": "Diskon akhir tahun! 🎉",
        "headline": "Chat with us",
        "media_type": if is_video { "video" } else { "image" },
        "ctwa_clid": format!("Aff-{}", context.digest()),
        "welcome_message": { "text": "Hi there! Let us know how we can help!" },
        "ref": format!("ref_{}", context.digits(5)),
    });
    if is_video {
        set(&mut referral, "video_url", "https://scontent.xx.fbcdn.net/v/t42.1".into());
        set(&mut referral, "thumbnail_url", "https://scontent.xx.fbcdn.net/v/t15.1".into());
    } else {
        set(&mut referral, "image_url", "https://scontent.xx.fbcdn.net/v/t45.1".into());
    }
    set(&mut content, "referral", referral);
    content
}

fn in_group(context: &mut Context<'_>) -> Value {
    let customer = context.customer();
    let content = text(context);
    let mut message = written_by(context, &customer, content);
    set(&mut message, "group_id", context.group_id().into());
    value(context, &customer, message)
}

/// A file of that kind, which the simulator does not hold: for one that it holds, say its id.
pub(super) fn media(context: &mut Context<'_>, kind: &str) -> Value {
    let id = context.digits(16);
    let mime = match kind {
        "image" => "image/jpeg",
        "video" => "video/mp4",
        "audio" => "audio/mpeg",
        "sticker" => "image/webp",
        _ => "application/pdf",
    };
    let mut media = json!({
        "id": id,
        "mime_type": mime,
        "sha256": context.digest(),
        "url": format!("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={id}&source=webhook"),
    });
    match kind {
        "image" | "video" => set(&mut media, "caption", context.pick(TEXTS).into()),
        "document" => {
            set(&mut media, "filename", "kwitansi nº 1/2026.pdf".into());
            set(&mut media, "caption", context.pick(TEXTS).into());
        }
        "sticker" => set(&mut media, "animated", context.one_in(2).into()),
        _ => set(&mut media, "voice", false.into()),
    }
    json!({ "type": kind, kind: media })
}

fn voice(context: &mut Context<'_>) -> Value {
    let mut content = media(context, "audio");
    if let Some(audio) = content.get_mut("audio") {
        set(audio, "voice", true.into());
        set(audio, "mime_type", "audio/ogg; codecs=opus".into());
    }
    content
}

fn location(context: &mut Context<'_>) -> Value {
    let mut location = json!({ "latitude": -6.175_392, "longitude": 106.827_153 });
    if context.one_in(2) {
        set(&mut location, "name", "Monas".into());
        set(&mut location, "address", "Gambir, Jakarta Pusat".into());
        set(&mut location, "url", "https://example.com/monas".into());
    }
    json!({ "type": "location", "location": location })
}

fn contacts(context: &mut Context<'_>) -> Value {
    let other = context.customer_with_phone();
    let (first, last) = other.name.split_once(' ').unwrap_or((&other.name, ""));
    let wa_id = other.wa_id.clone().unwrap_or_default();
    json!({ "type": "contacts", "contacts": [{
        "name": { "first_name": first, "last_name": last, "formatted_name": other.name },
        "org": { "company": "PT Maju" },
        "phones": [{ "phone": format!("+{wa_id}"), "wa_id": wa_id, "type": "MOBILE" }],
    }]})
}

fn vcard(context: &mut Context<'_>) -> Value {
    let other = context.customer_with_phone();
    let wa_id = other.wa_id.clone().unwrap_or_default();
    let vcard = format!("BEGIN:VCARD\nVERSION:3.0\nFN:{}\nTEL;waid={wa_id}:+{wa_id}\nEND:VCARD", other.name);
    json!({ "type": "contacts", "contacts": [{
        "vcard": vcard,
        "origin": context.pick(&["other", "contact_request"]),
        "phones": [{ "phone": format!("+{wa_id}"), "wa_id": wa_id, "type": "MOBILE" }],
    }]})
}

fn button(_context: &mut Context<'_>) -> Value {
    json!({ "type": "button", "button": { "payload": "Unsubscribe", "text": "Unsubscribe" } })
}

fn button_reply(_context: &mut Context<'_>) -> Value {
    interactive("button_reply", json!({ "id": "cancel-button", "title": "Batal" }))
}

fn list_reply(_context: &mut Context<'_>) -> Value {
    interactive("list_reply", json!({ "id": "express", "title": "Ekspres", "description": "1–2 hari" }))
}

fn flow_reply(context: &mut Context<'_>) -> Value {
    let answers = json!({ "flow_token": format!("token-{}", context.digits(6)), "rating": "4" }).to_string();
    interactive("nfm_reply", json!({ "name": "flow", "body": "Sent", "response_json": answers }))
}

fn address_reply(context: &mut Context<'_>) -> Value {
    let address =
        json!({ "values": { "name": "Siti", "city": "Bandung", "zip_code": context.digits(5) } }).to_string();
    interactive(
        "nfm_reply",
        json!({ "name": "address_message", "body": "Siti\nBandung", "response_json": address }),
    )
}

fn call_permission_reply(context: &mut Context<'_>) -> Value {
    let reply = json!({
        "response": context.pick(&["accept", "reject"]),
        "is_permanent": false,
        "expiration_timestamp": context.now_s + 7 * 86_400,
        "response_source": "user_action",
    });
    interactive("call_permission_reply", reply)
}

/// An answer to an interactive message.
pub fn interactive(kind: &str, reply: Value) -> Value {
    json!({ "type": "interactive", "interactive": { "type": kind, kind: reply } })
}

fn order(context: &mut Context<'_>) -> Value {
    json!({ "type": "order", "order": {
        "catalog_id": context.digits(15),
        "text": "Tolong kirim sore ini",
        "product_items": [
            { "product_retailer_id": format!("sku-{}", context.digits(4)), "quantity": 2, "item_price": 30, "currency": "IDR" },
            { "product_retailer_id": format!("sku-{}", context.digits(4)), "quantity": 1, "item_price": 25.5, "currency": "IDR" },
        ],
    }})
}

fn reaction(context: &mut Context<'_>) -> Value {
    json!({ "type": "reaction", "reaction": { "message_id": context.wamid(), "emoji": context.pick(EMOJI) } })
}

fn reaction_removed(context: &mut Context<'_>) -> Value {
    json!({ "type": "reaction", "reaction": { "message_id": context.wamid() } })
}

fn edit(context: &mut Context<'_>) -> Value {
    let mut message = text(context);
    set(&mut message, "context", json!({ "id": "M0" }));
    json!({ "type": "edit", "edit": { "original_message_id": context.wamid(), "message": message } })
}

fn revoke(context: &mut Context<'_>) -> Value {
    json!({ "type": "revoke", "revoke": { "original_message_id": context.wamid() } })
}

fn unsupported(context: &mut Context<'_>) -> Value {
    let (code, title, details) = context.pick(&[
        (131_051, "Message type unknown", "Message type is currently not supported."),
        (131_060, "This message is currently unavailable", "The message is currently unavailable."),
    ]);
    json!({
        "type": "unsupported",
        "unsupported": { "type": context.pick(&["poll_creation", "gif", "edit", "unknown"]) },
        "errors": [{ "code": code, "title": title, "message": title, "error_data": { "details": details } }],
    })
}

fn identity_changed(context: &mut Context<'_>) -> Value {
    json!({
        "type": "system",
        "system": { "body": "User identity changed", "type": "customer_identity_changed" },
        "identity": { "acknowledged": true, "created_timestamp": context.timestamp(), "hash": context.digits(12) },
    })
}

/// News about an account come without `contacts`.
pub fn system(context: &mut Context<'_>, from: &str, system: Value) -> Value {
    let mut message = json!({ "from": from, "id": context.wamid(), "type": "system", "system": system });
    set(&mut message, "timestamp", context.timestamp().into());
    context.traffic(&[], "messages", vec![message])
}

fn number_changed(context: &mut Context<'_>) -> Value {
    let customer = context.customer_with_phone();
    let old = customer.wa_id.unwrap_or_default();
    let new = format!("628{}", context.digits(9));
    let name = customer.name;
    let news = json!({
        "body": format!("User {name} changed from {old} to {new}"), "wa_id": new, "type": "user_changed_number",
    });
    system(context, &old, news)
}

fn user_id_changed(context: &mut Context<'_>) -> Value {
    let customer = context.customer_with_phone();
    let old = customer.wa_id.unwrap_or_default();
    let news = json!({
        "body": format!("User {} has a new id", customer.name),
        "wa_id": format!("628{}", context.digits(9)),
        "user_id": format!("ID.{}", context.digits(20)),
        "parent_user_id": format!("ID.ENT.{}", context.digits(20)),
        "type": "user_changed_user_id",
    });
    system(context, &old, news)
}

fn with_summary(context: &mut Context<'_>) -> Value {
    let mut value = any(context, text);
    let summary = json!({ "type": "summary", "summary": { "text": "Customer asks about an order." } });
    set(&mut value, "conversation_context", summary);
    value
}

fn number_error(context: &mut Context<'_>) -> Value {
    context.traffic(&[], "errors", vec![json!({
        "code": 130_429,
        "title": "Rate limit hit",
        "message": "Rate limit hit",
        "error_data": { "details": "Message failed to send because there were too many messages sent from this phone number in a short period of time" },
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    })])
}

fn link_click(context: &mut Context<'_>) -> Value {
    let mut click = json!({
        "click_component": "cta", "click_id": format!("click_{}", context.digits(8)), "tracking_token": context.digits(12),
    });
    set_some(&mut click, "product_id", Some("sku-1"));
    let action = json!({
        "action_type": "marketing_messages_link_click",
        "timestamp": context.timestamp(),
        "marketing_messages_link_click_data": click,
    });
    context.traffic(&[], "user_actions", vec![action])
}
