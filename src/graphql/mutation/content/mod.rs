//! What can be sent, as the API takes it. The names are those of `domain::outgoing`, so that what breaks a limit is
//! named as the caller has written it; where the input is shorter, `field` says how.

mod interactive;
mod order;
mod plain;
mod template;

use async_graphql::{Enum, InputObject, Json, OneofObject};
use serde_json::{Map, Value};

use crate::domain::outgoing::plain::Contact;
use crate::domain::outgoing::{Content, Marketing, ProductPolicy, Route};
use crate::outbound::Error;

pub use interactive::InteractiveInput;
pub use plain::{
    AudioInput, CaptionedInput, ContactInput, DocumentInput, LocationInput, PinInput, ReactionInput,
    StickerInput, TextInput,
};
pub use template::TemplateInput;

/// What is sent: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum ContentInput {
    /// Words.
    Text(TextInput),
    /// A picture: JPEG or PNG, up to 5 MB.
    Image(CaptionedInput),
    /// A film: MP4 or 3GPP, up to 16 MB.
    Video(CaptionedInput),
    /// A sound file or a voice message: AAC, AMR, MP3, MP4 or Ogg with Opus, up to 16 MB.
    Audio(AudioInput),
    /// A file of any kind, up to 100 MB.
    Document(DocumentInput),
    /// A WebP picture: a still one up to 100 KB, a moving one up to 500 KB.
    Sticker(StickerInput),
    /// A place on the map. Not for groups.
    Location(LocationInput),
    /// From 1 to 257 cards.
    Contacts(Vec<ContactInput>),
    /// An emoji on a message. Not for groups.
    Reaction(ReactionInput),
    /// A template, which may be sent while the window is closed too.
    Template(TemplateInput),
    /// Words with something to tap. Not for groups.
    Interactive(InteractiveInput),
    /// In groups only.
    Pin(PinInput),
    /// Anything that the Graph API takes, as `{"type": …, …}` without recipient and envelope; for admins.
    Raw(Json<Value>),
}

/// Whether a template is sent by Meta's endpoint for marketing messages, and how. It goes before the number's setting.
#[derive(Debug, InputObject)]
pub struct MarketingInput {
    /// False: it leaves as an ordinary message, also if its number is set so that marketing templates do not.
    #[graphql(default = true)]
    enabled: bool,
    /// What happens when that endpoint cannot deliver; Meta's own setting if not said.
    product_policy: Option<MarketingProductPolicy>,
    /// Whether Meta may use what the customer does with the message; Meta's own setting if not said.
    shares_activity: Option<bool>,
}

/// What happens when the endpoint for marketing messages cannot deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ProductPolicy")]
pub enum MarketingProductPolicy {
    /// It goes as an ordinary message.
    CloudApiFallback,
    /// It is not sent.
    Strict,
}

impl TryFrom<MarketingInput> for Route {
    type Error = Error;

    fn try_from(input: MarketingInput) -> Result<Self, Error> {
        let MarketingInput { enabled, product_policy, shares_activity } = input;
        if enabled {
            let product_policy = product_policy.map(ProductPolicy::from);
            return Ok(Self::Marketing(Marketing { product_policy, shares_activity }));
        }
        let refused = |field| {
            let sentence = "An ordinary message has none: leave it out, or let `enabled` be true.".to_owned();
            Err(Error::Invalid { field, sentence })
        };
        match (product_policy, shares_activity) {
            (Some(_), _) => refused("marketing.productPolicy"),
            (None, Some(_)) => refused("marketing.sharesActivity"),
            (None, None) => Ok(Self::Ordinary),
        }
    }
}

/// Where the input says in fewer words what the domain says.
const SHORTER: &[(&str, &str)] = &[
    (".source.", "."),
    (".value.text", ".text"),
    (".value.currency.", ".currency."),
    (".value.dateTime.", ".dateTime."),
    (".value.groupId", ".groupId"),
    ("content.template.language.code", "content.template.language"),
    ("recipient.group", "to.groupId"),
    ("recipient.", "to."),
];

/// The field of the input that a field of the domain's message is.
pub fn field(of_domain: &str) -> String {
    SHORTER.iter().fold(of_domain.to_owned(), |field, (long, short)| field.replace(long, short))
}

impl TryFrom<ContentInput> for Content {
    type Error = Error;

    fn try_from(input: ContentInput) -> Result<Self, Error> {
        Ok(match input {
            ContentInput::Text(text) => Self::Text(text.into()),
            ContentInput::Image(image) => Self::Image(image.into()),
            ContentInput::Video(video) => Self::Video(video.into()),
            ContentInput::Audio(audio) => Self::Audio(audio.into()),
            ContentInput::Document(document) => Self::Document(document.into()),
            ContentInput::Sticker(sticker) => Self::Sticker(sticker.into()),
            ContentInput::Location(location) => Self::Location(location.into()),
            ContentInput::Contacts(contacts) => {
                Self::Contacts(contacts.into_iter().map(Contact::from).collect())
            }
            ContentInput::Reaction(reaction) => Self::Reaction(reaction.into()),
            ContentInput::Template(template) => Self::Template(Box::new(template.try_into()?)),
            ContentInput::Interactive(interactive) => Self::Interactive(Box::new(interactive.try_into()?)),
            ContentInput::Pin(pin) => Self::Pin(pin.try_into()?),
            ContentInput::Raw(Json(body)) => Self::Raw(object(body, "content.raw")?),
        })
    }
}

/// A JSON value that has to be an object.
fn object(value: Value, field: &'static str) -> Result<Map<String, Value>, Error> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(invalid(field, "It is a JSON object.")),
    }
}

/// The same of what may be left out.
fn optional_object(
    value: Option<Json<Value>>,
    field: &'static str,
) -> Result<Option<Map<String, Value>>, Error> {
    value.map(|Json(value)| object(value, field)).transpose()
}

/// A choice without anything more to say is written as `true`.
fn chosen(is_chosen: bool, field: &'static str) -> Result<(), Error> {
    if is_chosen { Ok(()) } else { Err(invalid(field, "It is true, or left out.")) }
}

fn invalid(field: &'static str, sentence: &str) -> Error {
    Error::Invalid { field, sentence: sentence.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_of_the_domain_is_named_as_the_input_has_it() {
        let check = |of_domain: &str, expected: &str| assert_eq!(field(of_domain), expected);
        check("content.text.body", "content.text.body");
        check("content.image.file.source.link", "content.image.file.link");
        check("content.template.header.image.source.id", "content.template.header.image.id");
        check("content.template.cards[1].body[0].value.text", "content.template.cards[1].body[0].text");
        check("content.template.buttons[0].value.copyCode", "content.template.buttons[0].value.copyCode");
        check("content.template.language.code", "content.template.language");
        check("recipient.phone", "to.phone");
        check("recipient.group", "to.groupId");
    }
}
