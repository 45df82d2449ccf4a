//! From a message that is to be sent (`domain::outgoing`) to the body of the request. Pure, and total: what is not
//! allowed is encoded as well, since `domain::outgoing::check` has refused it before.
//!
//! The same message gives the same body, key by key in the same order.

mod definition;
mod interactive;
mod order;
mod plain;
mod template;

use serde_json::{Map, Value, json};

pub use definition::{components, definition, edit};

use crate::domain::outgoing::{Content, ENVELOPE_KEYS, Message, ProductPolicy, ReadMark, Recipient};

/// The edge of the number that a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    Messages,
    MarketingMessages,
}

impl Edge {
    pub fn of(message: &Message) -> Self {
        if message.marketing.is_some() { Self::MarketingMessages } else { Self::Messages }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::MarketingMessages => "marketing_messages",
        }
    }
}

/// The body of a message. `callback_data` comes back in every status.
pub fn message(message: &Message, callback_data: Option<&str>) -> Value {
    let mut body = Object::new();
    body.put("messaging_product", "whatsapp");
    body.put("recipient_type", if message.recipient.is_group() { "group" } else { "individual" });
    match &message.recipient {
        Recipient::Phone(phone) => body.put("to", international(phone)),
        Recipient::UserId(user_id) => body.put("recipient", user_id.as_str()),
        Recipient::Both { phone, user_id } => {
            body.put("to", international(phone));
            body.put("recipient", user_id.as_str());
        }
        Recipient::Group(id) => body.put("to", id.as_str()),
    }
    if let Some(reply_to) = &message.reply_to {
        body.put("context", json!({ "message_id": reply_to }));
    }
    body.maybe("recipient_identity_key_hash", message.identity_key_hash.as_deref());
    body.maybe("biz_opaque_callback_data", callback_data);
    if let Some(marketing) = &message.marketing {
        let policy = marketing.product_policy.map(|policy| match policy {
            ProductPolicy::CloudApiFallback => "CLOUD_API_FALLBACK",
            ProductPolicy::Strict => "STRICT",
        });
        body.maybe("product_policy", policy);
        body.maybe("message_activity_sharing", marketing.shares_activity);
    }
    match content(&message.content) {
        Part::Typed(kind, content) => {
            body.put("type", kind);
            body.put(kind, content);
        }
        Part::Raw(raw) => {
            for (key, value) in raw.iter().filter(|(key, _)| !ENVELOPE_KEYS.contains(&key.as_str())) {
                body.put(key, value.clone());
            }
        }
    }
    body.into()
}

/// The body that marks a message as read, and perhaps shows that somebody writes.
pub fn read_mark(mark: &ReadMark) -> Value {
    let mut body = Object::new();
    body.put("messaging_product", "whatsapp");
    body.put("status", "read");
    body.put("message_id", mark.message_id.as_str());
    body.maybe("typing_indicator", mark.is_typing.then(|| json!({ "type": "text" })));
    body.into()
}

enum Part<'a> {
    Typed(&'static str, Value),
    Raw(&'a Map<String, Value>),
}

fn content(content: &Content) -> Part<'_> {
    match content {
        Content::Text(text) => Part::Typed("text", plain::text(text)),
        Content::Image(image) => Part::Typed("image", plain::captioned(image)),
        Content::Video(video) => Part::Typed("video", plain::captioned(video)),
        Content::Audio(audio) => Part::Typed("audio", plain::audio(audio)),
        Content::Document(document) => Part::Typed("document", plain::document(document)),
        Content::Sticker(sticker) => Part::Typed("sticker", plain::file(&sticker.file)),
        Content::Location(location) => Part::Typed("location", plain::location(location)),
        Content::Contacts(contacts) => Part::Typed("contacts", plain::contacts(contacts)),
        Content::Reaction(reaction) => Part::Typed("reaction", plain::reaction(reaction)),
        Content::Template(sent) => Part::Typed("template", template::template(sent)),
        Content::Interactive(sent) => Part::Typed("interactive", interactive::interactive(sent)),
        Content::Pin(pin) => Part::Typed("pin", plain::pin(pin)),
        Content::Raw(raw) => Part::Raw(raw),
    }
}

/// Meta (2026-07): without a plus sign the country code of the business's own number is put in front.
fn international(phone: &str) -> String {
    if phone.starts_with('+') { phone.to_owned() } else { format!("+{phone}") }
}

/// An object in which what is not there leaves no key.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn new() -> Self {
        Self::default()
    }

    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn maybe(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// A list, unless it is empty.
    fn list(&mut self, key: &str, items: Vec<Value>) {
        if !items.is_empty() {
            self.put(key, items);
        }
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object.0)
    }
}
