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

use crate::domain::person::Person;

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
    /// How somebody is written to: under the id that they write from; if there is none, their user id; else the number
    /// that is said to be theirs.
    pub fn of(person: &Person<'_>) -> Option<Self> {
        let written_from = person.wa_id.as_ref().map(|wa_id| Self::Phone(format!("+{wa_id}")));
        written_from
            .or_else(|| person.user_id.as_ref().map(|id| Self::UserId(id.clone().into_owned())))
            .or_else(|| person.phone.as_ref().map(|phone| Self::Phone(phone.clone().into_owned())))
    }

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

/// Meta (2026-07): the category that its endpoint for marketing messages takes.
pub const MARKETING: &str = "MARKETING";

/// By which of Meta's endpoints a message is to leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// As its number is set.
    #[default]
    AsSet,
    /// The one of ordinary messages, however its number is set.
    Ordinary,
    /// The one of marketing messages.
    Marketing(Marketing),
}

impl Route {
    /// How it leaves as a marketing message; none: it is an ordinary one. `category` is its template's; what has none,
    /// or one that nobody knows, is never made a marketing message by the number's setting.
    pub fn marketing(
        self,
        is_number_set: bool,
        category: Option<&str>,
        recipient: &Recipient,
    ) -> Option<Marketing> {
        match self {
            Self::Marketing(marketing) => Some(marketing),
            Self::AsSet if is_number_set && category == Some(MARKETING) && !recipient.is_group() => {
                Some(Marketing::default())
            }
            Self::AsSet | Self::Ordinary => None,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_goes_before_its_number_and_only_what_is_known_to_be_marketing_is_taken_for_it() {
        let person = Recipient::Phone("+16505551234".to_owned());
        let group = Recipient::Group("a-group".to_owned());
        let strict = Marketing { product_policy: Some(ProductPolicy::Strict), shares_activity: None };
        let check = |route: Route, is_set, category, recipient, expected: Option<&Marketing>| {
            let shown = format!("{route:?} {is_set} {category:?}");
            assert_eq!(route.marketing(is_set, category, recipient).as_ref(), expected, "{shown}");
        };
        let usual = Marketing::default();
        check(Route::AsSet, true, Some(MARKETING), &person, Some(&usual));
        check(Route::AsSet, true, Some("UTILITY"), &person, None);
        check(Route::AsSet, true, None, &person, None);
        check(Route::AsSet, true, Some(MARKETING), &group, None);
        check(Route::AsSet, false, Some(MARKETING), &person, None);
        check(Route::Ordinary, true, Some(MARKETING), &person, None);
        check(Route::Marketing(strict.clone()), false, None, &person, Some(&strict));
    }
}
