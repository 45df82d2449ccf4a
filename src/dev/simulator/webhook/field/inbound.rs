//! `messages`: what customers write, except replies to interactive messages (`reply`) and system news (`system`).
//!
//! The builders (`incoming`, `message`) are also what the simulated people write with.

use serde_json::{Map, Value, json};

use super::content::{Context, Customer, error, merge};
use super::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("messages", "text", text),
    kind("messages", "text_username_only", text_username_only),
    kind("messages", "text_reply", text_reply),
    kind("messages", "text_forwarded", |context| text_forwarded(context, "forwarded")),
    kind("messages", "text_frequently_forwarded", |context| text_forwarded(context, "frequently_forwarded")),
    kind("messages", "text_product_inquiry", text_product_inquiry),
    kind("messages", "text_ad_referral", text_ad_referral),
    kind("messages", "text_ad_referral_with_ref", text_ad_referral_with_ref),
    kind("messages", "text_post_referral", text_post_referral),
    kind("messages", "text_group", text_group),
    kind("messages", "text_conversation_context", text_conversation_context),
    kind("messages", "image", image),
    kind("messages", "video", video),
    kind("messages", "document", document),
    kind("messages", "audio", |context| audio(context, false)),
    kind("messages", "voice", |context| audio(context, true)),
    kind("messages", "sticker", |context| sticker(context, false)),
    kind("messages", "sticker_animated", |context| sticker(context, true)),
    kind("messages", "location", location),
    kind("messages", "location_reply", location_reply),
    kind("messages", "contacts", contacts),
    kind("messages", "contacts_vcard", contacts_vcard),
    kind("messages", "contacts_requested", contacts_requested),
    kind("messages", "order", order),
    kind("messages", "reaction", reaction),
    kind("messages", "reaction_removed", reaction_removed),
    kind("messages", "unsupported", unsupported),
    kind("messages", "unsupported_type", unsupported_type),
    kind("messages", "unsupported_unavailable", unsupported_unavailable),
    kind("messages", "unsupported_too_large", unsupported_too_large),
    kind("messages", "edit_text", edit_text),
    kind("messages", "edit_image", edit_image),
    kind("messages", "revoke", revoke),
    kind("messages", "request_welcome", |context| from_customer(context, "request_welcome", json!({}))),
    kind("messages", "interactive_without_content", interactive_without_content),
];

/// One message of `customer`: sender, id, time, type, and what `rest` has (the object of its type, `context`, …).
pub fn message(customer: &Customer, id: &str, stamp: &str, kind: &str, rest: Value) -> Value {
    let mut message = customer.sender();
    message.insert("id".to_owned(), json!(id));
    message.insert("timestamp".to_owned(), json!(stamp));
    message.insert("type".to_owned(), json!(kind));
    merge(&mut message, rest);
    Value::Object(message)
}

/// The value of `messages` with one message of `customer`.
pub fn incoming(context: &Context, customer: &Customer, message: &Value) -> Value {
    context.value(json!({ "contacts": [customer.contact()], "messages": [message] }))
}

/// A new message of the context's customer.
pub(super) fn from_customer(context: &mut Context, kind: &str, rest: Value) -> Value {
    let customer = context.customer.clone();
    from(context, &customer, kind, rest)
}

fn from(context: &mut Context, customer: &Customer, kind: &str, rest: Value) -> Value {
    let id = context.inbound_id();
    let message = message(customer, &id, &context.stamp(), kind, rest);
    incoming(context, customer, &message)
}

/// `context` of a reply to a message of the business.
pub(super) fn quoting(context: &mut Context) -> Value {
    json!({ "from": context.business.display_phone_number, "id": context.outbound_id() })
}

fn text_body(context: &mut Context) -> Value {
    json!({ "text": { "body": context.sentence() } })
}

fn text(context: &mut Context) -> Value {
    let body = text_body(context);
    from_customer(context, "text", body)
}

fn text_username_only(context: &mut Context) -> Value {
    let (customer, body) = (context.hidden_customer(), text_body(context));
    from(context, &customer, "text", body)
}

fn text_reply(context: &mut Context) -> Value {
    let rest = json!({ "text": { "body": context.sentence() }, "context": quoting(context) });
    from_customer(context, "text", rest)
}

fn text_forwarded(context: &mut Context, how: &str) -> Value {
    let rest = json!({ "text": { "body": context.sentence() }, "context": { how: true } });
    from_customer(context, "text", rest)
}

fn text_product_inquiry(context: &mut Context) -> Value {
    let mut quoted = quoting(context);
    quoted["referred_product"] =
        json!({ "catalog_id": context.dice.digits(15), "product_retailer_id": product_id(context) });
    from_customer(context, "text", json!({ "text": { "body": context.sentence() }, "context": quoted }))
}

fn referral(context: &mut Context, source_type: &str) -> Map<String, Value> {
    let mut referral = Map::new();
    merge(
        &mut referral,
        json!({
            "source_url": format!("https://fb.me/{}", context.url_token(9)),
            "source_id": context.dice.digits(18),
            "source_type": source_type,
            "body": context.dice.word(&["Summer Succulents are here!", "Neu: Kakteen für das Büro"]),
            "headline": context.dice.word(&["Chat with us", "Schreib uns"]),
            "media_type": "image",
            "image_url": format!("https://scontent.xx.fbcdn.net/v/t45.1/{}", context.url_token(20)),
        }),
    );
    referral
}

fn click_id(context: &mut Context) -> Value {
    json!(format!("Aff-{}", context.url_token(130)))
}

fn text_ad_referral(context: &mut Context) -> Value {
    let mut referral = referral(context, "ad");
    referral.insert("ctwa_clid".to_owned(), click_id(context));
    referral
        .insert("welcome_message".to_owned(), json!({ "text": "Hi there! Let us know how we can help!" }));
    from_customer(context, "text", json!({ "text": { "body": context.sentence() }, "referral": referral }))
}

/// Meta (2026-07): the published payload has the links of both an image and a video.
fn text_ad_referral_with_ref(context: &mut Context) -> Value {
    let mut referral = referral(context, "ad");
    let (video, thumbnail) = (context.url_token(20), context.url_token(20));
    merge(
        &mut referral,
        json!({
            "video_url": format!("https://scontent.xx.fbcdn.net/v/t42.1/{video}"),
            "thumbnail_url": format!("https://scontent.xx.fbcdn.net/v/t15.1/{thumbnail}"),
            "ctwa_clid": click_id(context),
            "ref": format!("ref_{}", context.dice.digits(5)),
        }),
    );
    from_customer(context, "text", json!({ "text": { "body": context.sentence() }, "referral": referral }))
}

fn text_post_referral(context: &mut Context) -> Value {
    let referral = referral(context, "post");
    from_customer(context, "text", json!({ "text": { "body": context.sentence() }, "referral": referral }))
}

fn text_group(context: &mut Context) -> Value {
    let customer = context.full_customer();
    let rest = json!({ "text": { "body": context.sentence() }, "group_id": context.group_id() });
    from(context, &customer, "text", rest)
}

/// Meta (2026-07): after an agent of Meta's handed the thread over.
fn text_conversation_context(context: &mut Context) -> Value {
    let mut value = text(context);
    value["conversation_context"] = json!({ "type": "summary", "summary": { "text": context.sentence() } });
    value
}

fn media_message(context: &mut Context, kind: &str, mime_type: &str, more: Value) -> Value {
    let mut media = context.media(mime_type);
    merge(&mut media, more);
    from_customer(context, kind, json!({ kind: media }))
}

fn image(context: &mut Context) -> Value {
    let more = json!({ "caption": context.sentence() });
    media_message(context, "image", "image/jpeg", more)
}

fn video(context: &mut Context) -> Value {
    let more = json!({ "caption": context.sentence() });
    media_message(context, "video", "video/mp4", more)
}

fn document(context: &mut Context) -> Value {
    let filename = context.dice.word(&["receipt.pdf", "Rechnung März.pdf", "本.pdf"]);
    let more = json!({ "caption": context.sentence(), "filename": filename });
    media_message(context, "document", "application/pdf", more)
}

fn audio(context: &mut Context, is_voice: bool) -> Value {
    let mime_type = if is_voice { "audio/ogg; codecs=opus" } else { "audio/mpeg" };
    media_message(context, "audio", mime_type, json!({ "voice": is_voice }))
}

fn sticker(context: &mut Context, is_animated: bool) -> Value {
    media_message(context, "sticker", "image/webp", json!({ "animated": is_animated }))
}

fn coordinate(context: &mut Context, degrees: i64) -> f64 {
    let millionths = context.dice.between(-degrees * 1_000_000, degrees * 1_000_000);
    // A whole number would be written without a point, so a degree never is one.
    let millionths = if millionths % 1_000_000 == 0 { millionths + 1 } else { millionths };
    f64::from(i32::try_from(millionths).unwrap_or(1)) / 1_000_000.0
}

fn location_body(context: &mut Context) -> Value {
    json!({
        "latitude": coordinate(context, 80),
        "longitude": coordinate(context, 170),
        "name": context.dice.word(&["Philz Coffee", "Café Müller"]),
        "address": "101 Forest Ave, Palo Alto, CA 94301",
        "url": "https://example.com/place/",
    })
}

fn location(context: &mut Context) -> Value {
    let rest = json!({ "location": location_body(context) });
    from_customer(context, "location", rest)
}

fn location_reply(context: &mut Context) -> Value {
    let rest = json!({ "location": location_body(context), "context": quoting(context) });
    from_customer(context, "location", rest)
}

fn contacts(context: &mut Context) -> Value {
    let phone = context.phone();
    let (first, last) = (context.dice.word(&["Barbara", "Lucía"]), context.dice.word(&["Johnson", "Gómez"]));
    let card = json!({
        "name": { "first_name": first, "last_name": last, "formatted_name": format!("{first} {last}") },
        "org": { "company": "Social Tsunami" },
        "phones": [{ "phone": format!("+{phone}"), "wa_id": phone, "type": "MOBILE" }],
    });
    from_customer(context, "contacts", json!({ "contacts": [card] }))
}

/// Meta (2026-07): a shared card carries the vCard; `origin` tells it from the answer to a request.
fn contacts_vcard(context: &mut Context) -> Value {
    let customer = context.hidden_customer();
    shared_card(context, &customer, "other")
}

fn contacts_requested(context: &mut Context) -> Value {
    let customer = context.hidden_customer();
    shared_card(context, &customer, "contact_request")
}

fn shared_card(context: &mut Context, customer: &Customer, origin: &str) -> Value {
    let phone = context.phone();
    let name = customer.name.clone().unwrap_or_default();
    let mut card = json!({ "origin": origin, "phones": [{ "phone": format!("+{phone}"), "wa_id": phone, "type": "MOBILE" }] });
    if origin == "other" {
        card["vcard"] = json!(format!(
            "BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL;type=MOBILE;waid={phone}:+{phone}\nEND:VCARD"
        ));
    }
    from(context, customer, "contacts", json!({ "contacts": [card] }))
}

fn product_id(context: &mut Context) -> String {
    context.dice.letters("abcdefghijklmnopqrstuvwxyz0123456789", 10)
}

fn order(context: &mut Context) -> Value {
    let items: Vec<Value> = (0..2)
        .map(|_| {
            json!({
                "product_retailer_id": product_id(context),
                "quantity": context.dice.between(1, 5),
                "item_price": context.dice.between(1, 200),
                "currency": "USD",
            })
        })
        .collect();
    let order =
        json!({ "catalog_id": context.dice.digits(15), "text": context.sentence(), "product_items": items });
    from_customer(context, "order", json!({ "order": order }))
}

fn reaction(context: &mut Context) -> Value {
    let emoji = context.dice.word(&["👍", "❤️", "😂", "🙏🏽", "👨‍👩‍👧"]);
    let reaction = json!({ "message_id": context.outbound_id(), "emoji": emoji });
    from_customer(context, "reaction", json!({ "reaction": reaction }))
}

/// Meta (2026-07): a removed reaction has no `emoji` (older pages: an empty one).
fn reaction_removed(context: &mut Context) -> Value {
    let reaction = json!({ "message_id": context.outbound_id() });
    from_customer(context, "reaction", json!({ "reaction": reaction }))
}

fn unknown_type() -> Value {
    error(131_051, "Message type unknown", "Message type is currently not supported.")
}

fn unsupported(context: &mut Context) -> Value {
    from_customer(context, "unsupported", json!({ "errors": [unknown_type()] }))
}

fn unsupported_type(context: &mut Context) -> Value {
    let what = context.dice.word(&["edit", "poll_creation", "gif", "group_invite", "pin", "unknown"]);
    from_customer(
        context,
        "unsupported",
        json!({ "errors": [unknown_type()], "unsupported": { "type": what } }),
    )
}

fn unsupported_unavailable(context: &mut Context) -> Value {
    let error =
        error(131_060, "This message is currently unavailable", "This message is currently unavailable.");
    from_customer(context, "unsupported", json!({ "errors": [error] }))
}

fn unsupported_too_large(context: &mut Context) -> Value {
    let error = error(131_052, "Media download error", "Unable to download the media sent by the user.");
    from_customer(context, "unsupported", json!({ "errors": [error] }))
}

fn edit_text(context: &mut Context) -> Value {
    let edit = json!({
        "original_message_id": context.inbound_id(),
        "message": { "type": "text", "text": { "body": context.sentence() } },
    });
    from_customer(context, "edit", json!({ "edit": edit }))
}

fn edit_image(context: &mut Context) -> Value {
    let mut image = context.media("image/jpeg");
    image.insert("caption".to_owned(), json!(context.sentence()));
    let edit = json!({
        "original_message_id": context.inbound_id(),
        "message": { "context": { "id": context.outbound_id() }, "type": "image", "image": image },
    });
    from_customer(context, "edit", json!({ "edit": edit }))
}

fn revoke(context: &mut Context) -> Value {
    let revoke = json!({ "original_message_id": context.inbound_id() });
    from_customer(context, "revoke", json!({ "revoke": revoke }))
}

/// A quirk that was seen: the type without its object, and the error beside it.
fn interactive_without_content(context: &mut Context) -> Value {
    let mut value = from_customer(context, "interactive", json!({}));
    value["errors"] = json!([error(131_000, "Something went wrong", "Something went wrong.")]);
    value
}
