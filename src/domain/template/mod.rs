//! A template as it is stored: what it consists of, what a message that uses it must bring (`check`), and how that
//! will look (`preview`).
//!
//! Read from the JSON of Meta's `message_templates`, types in whatever case. What is not known is kept by its name:
//! a template with a new kind of component can be sent, and is judged by the rest.

pub mod check;
pub mod draft;
pub mod preview;
pub mod remedy;
mod variables;

use serde_json::Value;

pub use variables::variables;

/// The status of a template that is not there any more.
pub const DELETED: &str = "DELETED";

/// Meta (2026-07): the words of its status with which a template can be sent. A flagged one may be switched off soon, a
/// locked one cannot be edited.
pub const SENDABLE: [&str; 5] = ["APPROVED", "REINSTATED", "UNARCHIVED", "FLAGGED", "LOCKED"];

/// Whether a template of this status can be sent.
pub fn is_sendable(status: &str) -> bool {
    SENDABLE.contains(&status)
}

/// A stored template in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    pub id: Option<String>,
    pub name: String,
    pub language: String,
    /// In capitals: `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    pub category: String,
    /// In capitals: `APPROVED`, `PAUSED`, …
    pub status: String,
    pub are_variables_named: bool,
    pub parts: Parts,
    pub offer: Option<Offer>,
    /// The cards of a carousel.
    pub cards: Vec<Parts>,
    /// Components that we do not know, by their types.
    pub unknown: Vec<String>,
}

/// What a template and a card of a carousel have alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub header: Option<Header>,
    /// Meta writes the text of authentication templates, and may not tell it.
    pub body: Option<String>,
    pub footer: Option<String>,
    pub buttons: Vec<Button>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    Text(String),
    Image,
    Video,
    Gif,
    Document,
    Location,
    Product,
    Unknown(String),
}

impl Header {
    /// As Meta names its format.
    pub fn format(&self) -> &str {
        match self {
            Self::Text(_) => "TEXT",
            Self::Image => "IMAGE",
            Self::Video => "VIDEO",
            Self::Gif => "GIF",
            Self::Document => "DOCUMENT",
            Self::Location => "LOCATION",
            Self::Product => "PRODUCT",
            Self::Unknown(format) => format,
        }
    }
}

/// A button in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    pub kind: ButtonKind,
    /// Its label; some kinds have Meta's own.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ButtonKind {
    QuickReply,
    Url {
        url: String,
    },
    PhoneNumber {
        number: String,
    },
    CopyCode,
    Flow,
    Catalog,
    MultiProduct,
    SingleProduct,
    /// Copies or fills in a code.
    OneTimePassword,
    VoiceCall,
    RequestContactInfo,
    OrderDetails,
    Unknown(String),
}

impl ButtonKind {
    /// As Meta names it.
    pub fn name(&self) -> &str {
        match self {
            Self::QuickReply => "QUICK_REPLY",
            Self::Url { .. } => "URL",
            Self::PhoneNumber { .. } => "PHONE_NUMBER",
            Self::CopyCode => "COPY_CODE",
            Self::Flow => "FLOW",
            Self::Catalog => "CATALOG",
            Self::MultiProduct => "MPM",
            Self::SingleProduct => "SPM",
            Self::OneTimePassword => "OTP",
            Self::VoiceCall => "VOICE_CALL",
            Self::RequestContactInfo => "REQUEST_CONTACT_INFO",
            Self::OrderDetails => "ORDER_DETAILS",
            Self::Unknown(kind) => kind,
        }
    }
}

/// An offer that may end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub text: String,
    pub has_expiration: bool,
}

/// Why a value is no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a template has a name, a language and components")]
pub struct NoTemplate;

impl Definition {
    /// A node of `message_templates`.
    pub fn read(node: &Value) -> Result<Self, NoTemplate> {
        let components = node.get("components").and_then(Value::as_array).ok_or(NoTemplate)?;
        let mut definition = Self {
            id: node.get("id").and_then(Value::as_str).map(str::to_owned),
            name: text(node, "name"),
            language: text(node, "language"),
            category: capitals(node, "category"),
            status: capitals(node, "status"),
            are_variables_named: capitals(node, "parameter_format") == "NAMED",
            ..Self::default()
        };
        if definition.name.is_empty() || definition.language.is_empty() {
            return Err(NoTemplate);
        }
        for component in components {
            if definition.parts.read(component) {
                continue;
            }
            match capitals(component, "type").as_str() {
                "CAROUSEL" => definition.cards = items(component, "cards").iter().map(card).collect(),
                "LIMITED_TIME_OFFER" => definition.offer = Some(offer(component)),
                // Has nothing that a message fills.
                "CALL_PERMISSION_REQUEST" => {}
                unknown => definition.unknown.push(unknown.to_owned()),
            }
        }
        Ok(definition)
    }

    pub fn is_authentication(&self) -> bool {
        self.category == "AUTHENTICATION"
    }
}

impl Parts {
    /// Takes one of the components that cards have too.
    fn read(&mut self, component: &Value) -> bool {
        match capitals(component, "type").as_str() {
            "HEADER" => self.header = Some(header(component)),
            "BODY" => {
                self.body = component.get("text").and_then(Value::as_str).map(str::to_owned);
            }
            "FOOTER" => self.footer = component.get("text").and_then(Value::as_str).map(str::to_owned),
            "BUTTONS" => self.buttons = items(component, "buttons").iter().map(button).collect(),
            _ => return false,
        }
        true
    }
}

fn card(card: &Value) -> Parts {
    let mut parts = Parts::default();
    for component in items(card, "components") {
        parts.read(component);
    }
    parts
}

fn header(component: &Value) -> Header {
    match capitals(component, "format").as_str() {
        "TEXT" => Header::Text(text(component, "text")),
        "IMAGE" => Header::Image,
        "VIDEO" => Header::Video,
        "GIF" => Header::Gif,
        "DOCUMENT" => Header::Document,
        "LOCATION" => Header::Location,
        "PRODUCT" => Header::Product,
        unknown => Header::Unknown(unknown.to_owned()),
    }
}

fn button(button: &Value) -> Button {
    let kind = match capitals(button, "type").as_str() {
        "QUICK_REPLY" => ButtonKind::QuickReply,
        "URL" => ButtonKind::Url { url: text(button, "url") },
        "PHONE_NUMBER" => ButtonKind::PhoneNumber { number: text(button, "phone_number") },
        "COPY_CODE" => ButtonKind::CopyCode,
        "FLOW" => ButtonKind::Flow,
        "CATALOG" => ButtonKind::Catalog,
        "MPM" => ButtonKind::MultiProduct,
        "SPM" => ButtonKind::SingleProduct,
        "OTP" => ButtonKind::OneTimePassword,
        "VOICE_CALL" => ButtonKind::VoiceCall,
        "REQUEST_CONTACT_INFO" => ButtonKind::RequestContactInfo,
        "ORDER_DETAILS" => ButtonKind::OrderDetails,
        unknown => ButtonKind::Unknown(unknown.to_owned()),
    };
    Button { kind, text: text(button, "text") }
}

/// Within a key of its own name, or not.
fn offer(component: &Value) -> Offer {
    let offer = component.get("limited_time_offer").unwrap_or(component);
    let has_expiration = offer.get("has_expiration").and_then(Value::as_bool).unwrap_or_default();
    Offer { text: text(offer, "text"), has_expiration }
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn capitals(value: &Value, key: &str) -> String {
    text(value, key).to_ascii_uppercase()
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests;
