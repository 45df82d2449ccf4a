//! A template that is to be made, as the API takes it.

use async_graphql::{Enum, InputObject, Json, OneofObject};
use serde_json::Value;

use crate::domain::template::Offer;
use crate::domain::template::draft::{
    App, Button, Code, Content, Example, Header, Media, Parts, Text, Whole,
};

/// What a template is priced as, and what it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum TemplateCategory {
    /// Advertisements, and whatever is nothing else.
    Marketing,
    /// About an order, an appointment, an account.
    Utility,
    /// A code.
    Authentication,
}

impl TemplateCategory {
    /// As Meta names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Marketing => "MARKETING",
            Self::Utility => "UTILITY",
            Self::Authentication => "AUTHENTICATION",
        }
    }
}

/// What a template consists of. Either its parts, or `authentication`, or `componentsJson`.
#[derive(Debug, InputObject)]
pub struct TemplateContentInput {
    /// What stands above the body.
    header: Option<TemplateHeaderDraftInput>,
    /// Up to 1,024 characters; needed, but for templates that carry a code.
    body: Option<TemplateTextDraftInput>,
    /// Up to 60 characters, without variables.
    footer: Option<String>,
    /// Ten at most; quick replies side by side.
    #[graphql(default)]
    buttons: Vec<TemplateButtonDraftInput>,
    /// A part that counts down to the end of an offer.
    limited_time_offer: Option<TemplateOfferInput>,
    /// From 2 to 10 cards make a carousel.
    #[graphql(default)]
    cards: Vec<TemplateCardDraftInput>,
    /// For templates of the category AUTHENTICATION: Meta writes their text itself.
    authentication: Option<TemplateCodeDraftInput>,
    /// Components in Meta's own JSON, instead of all others; for what this API has no fields for.
    components_json: Option<Json<Vec<Value>>>,
}

/// A text, with an example for each of its variables.
#[derive(Debug, InputObject)]
pub struct TemplateTextDraftInput {
    /// With variables like `{{1}}` or `{{first_name}}`.
    text: String,
    /// One for each variable, in their order.
    #[graphql(default)]
    examples: Vec<TemplateExampleInput>,
}

/// An example for a named place of a text; Meta's reviewers read it.
#[derive(Debug, InputObject)]
pub struct TemplateExampleInput {
    /// The variable's name, where variables have names.
    name: Option<String>,
    /// What could stand there.
    value: String,
}

/// The header: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum TemplateHeaderDraftInput {
    /// Up to 60 characters, with one variable at most.
    Text(TemplateTextDraftInput),
    /// The handle of a sample that was uploaded (`uploadTemplateSample`).
    ImageHandle(String),
    /// A film; the handle of a sample that was uploaded.
    VideoHandle(String),
    /// A moving picture; the handle of a sample that was uploaded.
    GifHandle(String),
    /// A document; the handle of a sample that was uploaded.
    DocumentHandle(String),
    /// `true`: a place, which each message names.
    Location(bool),
    /// `true`: a product, which each message names.
    Product(bool),
}

/// A button: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum TemplateButtonDraftInput {
    /// Answers the message with its own words.
    QuickReply(TemplateLabelInput),
    /// Opens a web page.
    Url(TemplateUrlButtonInput),
    /// Calls a phone number.
    PhoneNumber(TemplatePhoneButtonInput),
    /// Copies a code, like that of a coupon.
    CopyCode(TemplateCopyButtonInput),
    /// Opens a flow.
    Flow(TemplateFlowButtonInput),
    /// Opens the catalog.
    Catalog(TemplateLabelInput),
    /// Shows products, which each message names.
    MultiProduct(TemplateLabelInput),
    /// Calls the business within WhatsApp.
    VoiceCall(TemplateLabelInput),
    /// Shows an order to be paid.
    OrderDetails(TemplateLabelInput),
    /// `true`: asks the customer for their phone number, with Meta's own label.
    RequestContactInfo(bool),
}

/// A label of up to 25 characters.
#[derive(Debug, InputObject)]
pub struct TemplateLabelInput {
    /// What stands on the button.
    text: String,
}

/// A button that opens an address.
#[derive(Debug, InputObject)]
pub struct TemplateUrlButtonInput {
    /// Up to 25 characters.
    text: String,
    /// Up to 2,000 characters, with one variable at most, at its end.
    url: String,
    /// The whole address with something in the place of the variable.
    example: Option<String>,
}

/// A button that calls a number.
#[derive(Debug, InputObject)]
pub struct TemplatePhoneButtonInput {
    /// Up to 25 characters.
    text: String,
    /// Up to 20 characters.
    phone_number: String,
}

/// A button that copies a coupon's code.
#[derive(Debug, InputObject)]
pub struct TemplateCopyButtonInput {
    /// Up to 20 characters.
    example: String,
}

/// A button that opens a flow.
#[derive(Debug, InputObject)]
pub struct TemplateFlowButtonInput {
    /// Up to 25 characters.
    text: String,
    /// Meta's id of the flow.
    flow_id: String,
    /// The screen that it begins with; without it, the flow's first data exchange decides.
    screen: Option<String>,
}

/// An offer that may end.
#[derive(Debug, InputObject)]
pub struct TemplateOfferInput {
    /// Up to 16 characters.
    text: String,
    /// Each message says when it ends.
    #[graphql(default)]
    has_expiration: bool,
}

/// A card of a carousel.
#[derive(Debug, InputObject)]
pub struct TemplateCardDraftInput {
    /// Its picture or film; the same kind on every card.
    header: Option<TemplateHeaderDraftInput>,
    /// What the card says below its picture.
    body: Option<TemplateTextDraftInput>,
    /// What there is to tap on it; the same kinds on every card.
    #[graphql(default)]
    buttons: Vec<TemplateButtonDraftInput>,
}

/// How a customer gets the code to where it is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum TemplateCodeWay {
    /// A button copies it.
    #[default]
    CopyCode,
    /// A button hands it to an app.
    OneTap,
    /// It goes to an app without a tap.
    ZeroTap,
}

/// What goes around a code.
#[derive(Debug, InputObject)]
pub struct TemplateCodeDraftInput {
    /// Adds: for your security, do not share this code.
    #[graphql(default)]
    add_security_recommendation: bool,
    /// From 1 to 90.
    code_expiration_minutes: Option<u32>,
    /// How the customer gets the code into the app.
    #[graphql(default)]
    way: TemplateCodeWay,
    /// The label of the button that copies it, up to 25 characters; Meta has one of its own.
    copy_text: Option<String>,
    /// The label of the button that hands it to an app.
    autofill_text: Option<String>,
    /// The apps that take it, five at most.
    #[graphql(default)]
    apps: Vec<TemplateAppInput>,
    /// Meta's terms of codes without a tap are accepted.
    #[graphql(default)]
    zero_tap_terms_accepted: bool,
}

/// An app for Android.
#[derive(Debug, InputObject)]
pub struct TemplateAppInput {
    /// The Android name of the app, like `com.example.shop`.
    package_name: String,
    /// Eleven characters.
    signature_hash: String,
}

impl TemplateContentInput {
    pub(super) fn into_content(self) -> Content {
        if let Some(Json(components)) = self.components_json {
            return Content::Raw(components);
        }
        if let Some(code) = self.authentication {
            return Content::Code(code.into());
        }
        let offer = self.limited_time_offer;
        Content::Parts(Box::new(Whole {
            parts: Parts {
                header: self.header.map(Header::from),
                body: self.body.map(Text::from),
                footer: self.footer,
                buttons: self.buttons.into_iter().map(Button::from).collect(),
            },
            offer: offer.map(|offer| Offer { text: offer.text, has_expiration: offer.has_expiration }),
            cards: self.cards.into_iter().map(Parts::from).collect(),
        }))
    }
}

impl From<TemplateTextDraftInput> for Text {
    fn from(input: TemplateTextDraftInput) -> Self {
        let example = |example: TemplateExampleInput| Example { name: example.name, value: example.value };
        Self { text: input.text, examples: input.examples.into_iter().map(example).collect() }
    }
}

impl From<TemplateHeaderDraftInput> for Header {
    fn from(input: TemplateHeaderDraftInput) -> Self {
        let media = |format, handle| Self::Media { format, handle };
        match input {
            TemplateHeaderDraftInput::Text(text) => Self::Text(text.into()),
            TemplateHeaderDraftInput::ImageHandle(handle) => media(Media::Image, handle),
            TemplateHeaderDraftInput::VideoHandle(handle) => media(Media::Video, handle),
            TemplateHeaderDraftInput::GifHandle(handle) => media(Media::Gif, handle),
            TemplateHeaderDraftInput::DocumentHandle(handle) => media(Media::Document, handle),
            TemplateHeaderDraftInput::Location(_) => Self::Location,
            TemplateHeaderDraftInput::Product(_) => Self::Product,
        }
    }
}

impl From<TemplateButtonDraftInput> for Button {
    fn from(input: TemplateButtonDraftInput) -> Self {
        match input {
            TemplateButtonDraftInput::QuickReply(label) => Self::QuickReply { text: label.text },
            TemplateButtonDraftInput::Url(button) => {
                Self::Url { text: button.text, url: button.url, example: button.example }
            }
            TemplateButtonDraftInput::PhoneNumber(button) => {
                Self::PhoneNumber { text: button.text, phone_number: button.phone_number }
            }
            TemplateButtonDraftInput::CopyCode(button) => Self::CopyCode { example: button.example },
            TemplateButtonDraftInput::Flow(button) => {
                Self::Flow { text: button.text, flow_id: button.flow_id, screen: button.screen }
            }
            TemplateButtonDraftInput::Catalog(label) => Self::Catalog { text: label.text },
            TemplateButtonDraftInput::MultiProduct(label) => Self::MultiProduct { text: label.text },
            TemplateButtonDraftInput::VoiceCall(label) => Self::VoiceCall { text: label.text },
            TemplateButtonDraftInput::OrderDetails(label) => Self::OrderDetails { text: label.text },
            TemplateButtonDraftInput::RequestContactInfo(_) => Self::RequestContactInfo,
        }
    }
}

impl From<TemplateCardDraftInput> for Parts {
    fn from(input: TemplateCardDraftInput) -> Self {
        Self {
            header: input.header.map(Header::from),
            body: input.body.map(Text::from),
            footer: None,
            buttons: input.buttons.into_iter().map(Button::from).collect(),
        }
    }
}

impl From<TemplateCodeDraftInput> for Code {
    fn from(input: TemplateCodeDraftInput) -> Self {
        let app = |app: TemplateAppInput| App {
            package_name: app.package_name,
            signature_hash: app.signature_hash,
        };
        Self {
            recommends_security: input.add_security_recommendation,
            expires_minutes: input.code_expiration_minutes,
            way: match input.way {
                TemplateCodeWay::CopyCode => "COPY_CODE",
                TemplateCodeWay::OneTap => "ONE_TAP",
                TemplateCodeWay::ZeroTap => "ZERO_TAP",
            },
            copy_text: input.copy_text,
            autofill_text: input.autofill_text,
            apps: input.apps.into_iter().map(app).collect(),
            are_terms_accepted: input.zero_tap_terms_accepted,
        }
    }
}
