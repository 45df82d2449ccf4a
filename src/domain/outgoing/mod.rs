//! What can be sent: one variant a kind, in plain values, as a queue keeps it and as an interface asks for it.
//!
//! The names of the fields, in camel case, are the terms in which `check` speaks of them: `content.text.body`.
//! Whatever a variant can hold is not yet allowed: `check` knows the limits.

pub mod breach;
pub mod check;
pub mod interactive;
pub mod order;
pub mod plain;
pub mod template;
pub mod window;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use interactive::Interactive;
use plain::{Audio, Captioned, Contact, Document, Location, Pin, Reaction, Sticker, Text};
use template::Template;

/// A message that is to be sent.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub recipient: Recipient,
    pub content: Content,
    /// The message that it answers, by Meta's id.
    pub reply_to: Option<String>,
    /// Sent only while the customer has this key; for numbers that check identities.
    pub identity_key_hash: Option<String>,
    /// Sent as a marketing message of its own kind; for templates only.
    pub marketing: Option<Marketing>,
}

impl Message {
    /// A message without anything around it.
    pub fn new(recipient: Recipient, content: Content) -> Self {
        Self { recipient, content, reply_to: None, identity_key_hash: None, marketing: None }
    }
}

/// Who gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Recipient {
    /// `+` and digits: a canonical number, or for an answer the `wa_id` that the customer wrote from.
    Phone(String),
    /// A business-scoped user id, or the one that a parent business sees.
    UserId(String),
    /// Meta (2026-07): where both are given, the phone number decides.
    Both {
        phone: String,
        user_id: String,
    },
    Group(String),
}

impl Recipient {
    pub fn phone(&self) -> Option<&str> {
        match self {
            Self::Phone(phone) | Self::Both { phone, .. } => Some(phone),
            Self::UserId(_) | Self::Group(_) => None,
        }
    }

    pub fn is_group(&self) -> bool {
        matches!(self, Self::Group(_))
    }
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    Text(Text),
    Image(Captioned),
    Video(Captioned),
    Audio(Audio),
    Document(Document),
    Sticker(Sticker),
    Location(Location),
    Contacts(Vec<Contact>),
    Reaction(Reaction),
    Template(Box<Template>),
    Interactive(Box<Interactive>),
    /// In groups.
    Pin(Pin),
    /// Anything that the Graph API takes, without the envelope, which is ours: `{"type": …, …}`.
    Raw(Map<String, Value>),
}

/// What stands around the content, in Meta's spelling: no raw body may say it.
pub const ENVELOPE_KEYS: &[&str] = &[
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "context",
    "biz_opaque_callback_data",
    "recipient_identity_key_hash",
    "product_policy",
    "message_activity_sharing",
];

impl Content {
    /// Its name in the interface.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Image(_) => "image",
            Self::Video(_) => "video",
            Self::Audio(_) => "audio",
            Self::Document(_) => "document",
            Self::Sticker(_) => "sticker",
            Self::Location(_) => "location",
            Self::Contacts(_) => "contacts",
            Self::Reaction(_) => "reaction",
            Self::Template(_) => "template",
            Self::Interactive(_) => "interactive",
            Self::Pin(_) => "pin",
            Self::Raw(_) => "raw",
        }
    }
}

/// How Meta delivers a marketing message.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marketing {
    pub product_policy: Option<ProductPolicy>,
    /// Whether Meta may use what the customer does with the message.
    pub shares_activity: Option<bool>,
}

/// What happens when the marketing endpoint cannot deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProductPolicy {
    /// It goes as an ordinary message.
    CloudApiFallback,
    Strict,
}

/// Tells the customer that a message, and all before it, was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadMark {
    /// The customer's message, by Meta's id.
    pub message_id: String,
    /// Shows for up to 25 seconds that somebody writes an answer.
    pub is_typing: bool,
}
