//! What is in a message: one variant a kind, so that the compiler shows every place that a new kind needs.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::Str;
use super::status::Fault;

/// What is in a message.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Content<'a> {
    Text {
        body: Str<'a>,
        preview_url: bool,
    },
    Media(Media<'a>),
    Location(Location<'a>),
    Contacts(Vec<Card<'a>>),
    /// A reaction to another message; without an emoji it takes one back.
    Reaction {
        target: Str<'a>,
        emoji: Option<Str<'a>>,
    },
    /// A tap on a template's quick-reply button.
    Button {
        payload: Option<Str<'a>>,
        text: Option<Str<'a>>,
    },
    /// A tap on a reply button of an interactive message.
    ButtonReply(Choice<'a>),
    ListReply(Choice<'a>),
    /// A completed form: a flow's, or an address. `response_json` is the form's own.
    FormReply {
        name: Option<Str<'a>>,
        body: Option<Str<'a>>,
        response_json: Option<Str<'a>>,
    },
    CallPermission {
        response: Option<Str<'a>>,
        is_permanent: bool,
        expires_at_s: Option<i64>,
        by: Option<Str<'a>>,
    },
    PaymentMethod {
        method: Option<Str<'a>>,
        reference_id: Option<Str<'a>>,
        last_four_digits: Option<Str<'a>>,
        credential_id: Option<Str<'a>>,
        at_s: Option<i64>,
    },
    Order(Order<'a>),
    System(System<'a>),
    /// Opened the chat without writing; not sent any more since 2026-03.
    RequestWelcome,
    Edit {
        target: Str<'a>,
        content: Box<Content<'a>>,
    },
    Revoke {
        target: Str<'a>,
    },
    /// Media of the past whose bytes come later, or never.
    MediaPlaceholder,
    /// An interactive message that the business sent, in an echo. `action_json` is as it was sent.
    Interactive(Interactive<'a>),
    /// A template that the business sent, in an echo.
    Template {
        name: Option<Str<'a>>,
        language: Option<Str<'a>>,
        components_json: Option<Str<'a>>,
        /// Its text with what was put in its places, where the template is known.
        text: Option<Str<'a>>,
    },
    /// WhatsApp could not hand it over; `kind` is what it was.
    Unsupported {
        kind: Option<Str<'a>>,
        faults: Vec<Fault<'a>>,
    },
    /// Of a kind that we do not know yet, or without the part that its kind promises. The raw JSON is kept.
    Unrecognised {
        kind: Option<Str<'a>>,
    },
}

/// What sort of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum MediaKind {
    Image,
    Video,
    Audio,
    Document,
    Sticker,
}

/// A file, as a reference that is to be fetched.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Media<'a> {
    pub kind: MediaKind,
    pub id: Option<Str<'a>>,
    pub mime_type: Option<Str<'a>>,
    /// As Meta writes it: base64 or hex.
    pub sha256: Option<Str<'a>>,
    /// Meta's address, good for five minutes and with our token only.
    pub url: Option<Str<'a>>,
    pub link: Option<Str<'a>>,
    pub caption: Option<Str<'a>>,
    /// Chosen by the sender, so not to be trusted.
    pub filename: Option<Str<'a>>,
    pub is_voice: bool,
    pub is_animated: bool,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location<'a> {
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub name: Option<Str<'a>>,
    pub address: Option<Str<'a>>,
    pub url: Option<Str<'a>>,
}

/// A shared contact.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Card<'a> {
    pub formatted_name: Option<Str<'a>>,
    pub first_name: Option<Str<'a>>,
    pub last_name: Option<Str<'a>>,
    pub middle_name: Option<Str<'a>>,
    pub prefix: Option<Str<'a>>,
    pub suffix: Option<Str<'a>>,
    pub company: Option<Str<'a>>,
    pub department: Option<Str<'a>>,
    pub title: Option<Str<'a>>,
    pub birthday: Option<Str<'a>>,
    pub phones: Vec<CardPhone<'a>>,
    pub emails: Vec<CardEntry<'a>>,
    pub urls: Vec<CardEntry<'a>>,
    pub addresses: Vec<CardAddress<'a>>,
    pub vcard: Option<Str<'a>>,
    /// `contact_request` when we had asked for it.
    pub origin: Option<Str<'a>>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CardPhone<'a> {
    pub phone: Option<Str<'a>>,
    pub wa_id: Option<Str<'a>>,
    pub kind: Option<Str<'a>>,
}

/// An e-mail or web address, and whether it is for home or work.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CardEntry<'a> {
    pub value: Option<Str<'a>>,
    pub kind: Option<Str<'a>>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CardAddress<'a> {
    pub street: Option<Str<'a>>,
    pub city: Option<Str<'a>>,
    pub state: Option<Str<'a>>,
    pub zip: Option<Str<'a>>,
    pub country: Option<Str<'a>>,
    pub country_code: Option<Str<'a>>,
    pub kind: Option<Str<'a>>,
}

/// What the customer chose.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice<'a> {
    pub id: Option<Str<'a>>,
    pub title: Option<Str<'a>>,
    pub description: Option<Str<'a>>,
}

/// A cart.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order<'a> {
    pub catalog_id: Option<Str<'a>>,
    pub text: Option<Str<'a>>,
    pub items: Vec<OrderItem<'a>>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem<'a> {
    pub product_retailer_id: Option<Str<'a>>,
    pub quantity: Option<f64>,
    pub price: Option<f64>,
    pub currency: Option<Str<'a>>,
}

/// News about the customer's account, told as a message.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct System<'a> {
    pub change: SystemChange<'a>,
    pub body: Option<Str<'a>>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SystemChange<'a> {
    /// The person has a new phone number.
    Number {
        new_wa_id: Option<Str<'a>>,
    },
    /// The person has a new business-scoped user id.
    UserId {
        user_id: Option<Str<'a>>,
        parent_user_id: Option<Str<'a>>,
        wa_id: Option<Str<'a>>,
    },
    /// The person's key has changed: perhaps a new phone, perhaps somebody else.
    Identity,
    Unrecognised {
        kind: Option<Str<'a>>,
    },
}

/// An interactive message that the business sent.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interactive<'a> {
    pub kind: Option<Str<'a>>,
    pub header_kind: Option<Str<'a>>,
    pub header_text: Option<Str<'a>>,
    pub header_media: Option<Box<Media<'a>>>,
    pub body: Option<Str<'a>>,
    pub footer: Option<Str<'a>>,
    pub action_name: Option<Str<'a>>,
    pub button: Option<Str<'a>>,
    pub buttons: Vec<Choice<'a>>,
    /// The catalogue, and the one product of it, that the message shows.
    pub catalog_id: Option<Str<'a>>,
    pub product_retailer_id: Option<Str<'a>>,
    pub parameters_json: Option<Str<'a>>,
    pub sections_json: Option<Str<'a>>,
}

/// The most characters of a preview.
const PREVIEW_CHARS_MAX: usize = 100;

impl Content<'_> {
    /// Its name in the interface and in the database.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media(media) => media.kind.name(),
            Self::Location(_) => "location",
            Self::Contacts(_) => "contacts",
            Self::Reaction { .. } => "reaction",
            Self::Button { .. } => "button",
            Self::ButtonReply(_) => "buttonReply",
            Self::ListReply(_) => "listReply",
            Self::FormReply { .. } => "formReply",
            Self::CallPermission { .. } => "callPermission",
            Self::PaymentMethod { .. } => "paymentMethod",
            Self::Order(_) => "order",
            Self::System(_) => "system",
            Self::RequestWelcome => "requestWelcome",
            Self::Edit { .. } => "edit",
            Self::Revoke { .. } => "revoke",
            Self::MediaPlaceholder => "mediaPlaceholder",
            Self::Interactive(_) => "interactive",
            Self::Template { .. } => "template",
            Self::Unsupported { .. } => "unsupported",
            Self::Unrecognised { .. } => "unrecognised",
        }
    }

    /// The words that a list of conversations shows of it; empty where there are none.
    pub fn preview(&self) -> String {
        let text = match self {
            Self::Text { body, .. } => Some(body),
            Self::Media(media) => media.caption.as_ref().or(media.filename.as_ref()),
            Self::Location(location) => location.name.as_ref().or(location.address.as_ref()),
            Self::Contacts(cards) => cards.first().and_then(|card| card.formatted_name.as_ref()),
            Self::Reaction { emoji, .. } => emoji.as_ref(),
            Self::Button { text, .. } => text.as_ref(),
            Self::ButtonReply(choice) | Self::ListReply(choice) => choice.title.as_ref(),
            Self::FormReply { body, .. } => body.as_ref(),
            Self::Order(order) => order.text.as_ref(),
            Self::System(system) => system.body.as_ref(),
            Self::Edit { content, .. } => return content.preview(),
            Self::Interactive(interactive) => interactive.body.as_ref(),
            Self::Template { name, text, .. } => text.as_ref().or(name.as_ref()),
            Self::CallPermission { .. }
            | Self::PaymentMethod { .. }
            | Self::RequestWelcome
            | Self::Revoke { .. }
            | Self::MediaPlaceholder
            | Self::Unsupported { .. }
            | Self::Unrecognised { .. } => None,
        };
        text.map(|text| text.chars().take(PREVIEW_CHARS_MAX).collect()).unwrap_or_default()
    }
}

impl MediaKind {
    /// Its name in the interface and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

impl Content<'_> {
    /// Everything in it that is in words: what it can be found by.
    pub fn words(&self) -> Vec<&str> {
        let mut words: Vec<Option<&str>> = Vec::new();
        match self {
            Self::Text { body, .. } => words.push(Some(body)),
            Self::Media(media) => words.extend([media.caption.as_deref(), media.filename.as_deref()]),
            Self::Location(location) => words.extend([location.name.as_deref(), location.address.as_deref()]),
            Self::Contacts(cards) => {
                for card in cards {
                    words.extend([card.formatted_name.as_deref(), card.company.as_deref()]);
                    words.extend(card.phones.iter().map(|phone| phone.phone.as_deref()));
                    words.extend(card.emails.iter().map(|email| email.value.as_deref()));
                }
            }
            Self::Button { text, .. } => words.push(text.as_deref()),
            Self::ButtonReply(choice) | Self::ListReply(choice) => {
                words.extend([choice.title.as_deref(), choice.description.as_deref()]);
            }
            Self::FormReply { name, body, .. } => words.extend([name.as_deref(), body.as_deref()]),
            Self::PaymentMethod { reference_id, .. } => words.push(reference_id.as_deref()),
            Self::Order(order) => {
                words.push(order.text.as_deref());
                words.extend(order.items.iter().map(|item| item.product_retailer_id.as_deref()));
            }
            Self::System(system) => words.push(system.body.as_deref()),
            Self::Edit { content, .. } => return content.words(),
            Self::Interactive(interactive) => {
                words.extend([
                    interactive.header_text.as_deref(),
                    interactive.body.as_deref(),
                    interactive.footer.as_deref(),
                ]);
                words.extend(interactive.buttons.iter().map(|button| button.title.as_deref()));
            }
            // What is put in the places of a template whose text is not known is JSON, and no text.
            Self::Template { name, text, .. } => words.extend([name.as_deref(), text.as_deref()]),
            Self::Reaction { .. }
            | Self::CallPermission { .. }
            | Self::RequestWelcome
            | Self::Revoke { .. }
            | Self::MediaPlaceholder
            | Self::Unsupported { .. }
            | Self::Unrecognised { .. } => {}
        }
        words.into_iter().flatten().collect()
    }
}
