//! Templates that Meta has approved, with what goes into their places.

use async_graphql::{InputObject, Json, OneofObject};
use serde_json::Value;

use super::interactive::{CatalogInput, ProductInput, ProductSectionInput};
use super::order::OrderDetailsInput;
use super::plain::{FileInput, LocationInput, NamedFileInput};
use super::{invalid, optional_object};
use crate::domain::outgoing::interactive::ProductSection;
use crate::domain::outgoing::template::{
    self, Button, ButtonValue, Card, Header, Language, Parameter, ParameterValue, TapTarget, Template,
};
use crate::graphql::scalar::DateTime;
use crate::outbound::Error;

/// A template that Meta has approved, with what goes into its places.
#[derive(Debug, InputObject)]
pub struct TemplateInput {
    /// The template's name at Meta, up to 512 characters.
    name: String,
    /// Like `id` or `en_US`.
    language: String,
    /// Says expressly that no other language will do, which Meta assumes anyway.
    #[graphql(default)]
    is_language_deterministic: bool,
    /// What goes into the header, if it has a place or a file.
    header: Option<TemplateHeaderInput>,
    /// What goes into the text, in order; or by name, if the template has named places.
    #[graphql(default)]
    body: Vec<TemplateParameterInput>,
    /// What goes into those of its buttons that have a place, each once.
    #[graphql(default)]
    buttons: Vec<TemplateButtonInput>,
    /// The cards of a carousel, in their order.
    #[graphql(default)]
    cards: Vec<TemplateCardInput>,
    /// When a limited-time offer ends.
    offer_ends_at: Option<DateTime>,
    /// Where a tap on the picture of the header leads.
    #[graphql(default)]
    tap_targets: Vec<TapTargetInput>,
}

/// What goes into one place: exactly one of text, currency, dateTime and groupId.
#[derive(Debug, InputObject)]
pub struct TemplateParameterInput {
    /// Only for templates with named places.
    name: Option<String>,
    /// What is put there; not empty.
    text: Option<String>,
    /// An amount of money, written as the customer's language has it.
    currency: Option<TemplateCurrencyInput>,
    /// A date, written as the customer's language has it.
    date_time: Option<TemplateDateTimeInput>,
    /// In templates that invite to a group: Meta's id of the group.
    group_id: Option<String>,
}

/// An amount, which Meta shows as the customer writes amounts.
#[derive(Debug, InputObject)]
pub struct TemplateCurrencyInput {
    /// Shown where Meta cannot write it itself.
    fallback_value: String,
    /// Three letters, like `IDR`.
    code: String,
    /// In thousandths.
    #[graphql(name = "amount1000")]
    amount_1000: i64,
}

/// A moment. Meta shows the fallback value.
#[derive(Debug, InputObject)]
pub struct TemplateDateTimeInput {
    /// What is shown where WhatsApp cannot write the date in the customer's language.
    fallback_value: String,
    /// Monday is 1.
    day_of_week: Option<u32>,
    /// With four digits.
    year: Option<i32>,
    /// From 1 to 12.
    month: Option<u32>,
    /// From 1 to 31.
    day_of_month: Option<u32>,
    /// From 0 to 23.
    hour: Option<u32>,
    /// From 0 to 59.
    minute: Option<u32>,
    /// `GREGORIAN`.
    calendar: Option<String>,
}

/// What stands above the text: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum TemplateHeaderInput {
    /// For the place in a header of words.
    Text(TemplateParameterInput),
    /// For a header with a picture.
    Image(FileInput),
    /// A GIF too, which is a short film.
    Video(FileInput),
    /// For a header with a file.
    Document(NamedFileInput),
    /// For a header with a place on the map.
    Location(LocationInput),
    /// One product of a catalogue.
    Product(ProductInput),
}

/// What goes into one button of a template.
#[derive(Debug, InputObject)]
pub struct TemplateButtonInput {
    /// Its place among all buttons of the template, from 0.
    index: u32,
    /// What that kind of button needs.
    value: TemplateButtonValueInput,
}

/// What a button needs: exactly one of these.
#[derive(Debug, OneofObject)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, read and turned into the domain's form at once"
)]
pub enum TemplateButtonValueInput {
    /// Comes back when it is tapped.
    QuickReply(String),
    /// Ends the address of the button.
    UrlSuffix(String),
    /// The code that it copies; up to 20 characters.
    CopyCode(String),
    /// For a button that opens a flow.
    Flow(TemplateFlowInput),
    /// For a button that opens the catalogue.
    Catalog(CatalogInput),
    /// For a button that shows several products.
    MultiProduct(TemplateProductsInput),
    /// For a button that calls the business within WhatsApp.
    VoiceCall(TemplateVoiceCallInput),
    /// For a button that shows an order to be paid.
    OrderDetails(OrderDetailsInput),
}

/// What a button that opens a flow gives to it.
#[derive(Debug, InputObject)]
pub struct TemplateFlowInput {
    /// Comes back with the answer.
    token: Option<String>,
    /// What the first screen is given, as a JSON object.
    data: Option<Json<Value>>,
}

/// The products that a button shows.
#[derive(Debug, InputObject)]
pub struct TemplateProductsInput {
    /// The product whose picture is shown.
    thumbnail_product_retailer_id: String,
    /// From 1 to 10, with up to 30 products in all.
    sections: Vec<ProductSectionInput>,
}

/// What a button that calls the business is given.
#[derive(Debug, InputObject)]
pub struct TemplateVoiceCallInput {
    /// How long the button works, from 1 to 43,200.
    ttl_minutes: Option<u32>,
    /// Comes with the call; up to 512 characters.
    payload: Option<String>,
}

/// A card of a carousel.
#[derive(Debug, InputObject)]
pub struct TemplateCardInput {
    /// The card's picture, film or product.
    header: Option<TemplateHeaderInput>,
    /// What goes into the places of the card's text, in their order.
    #[graphql(default)]
    body: Vec<TemplateParameterInput>,
    /// What goes into the card's buttons.
    #[graphql(default)]
    buttons: Vec<TemplateButtonInput>,
}

/// What opens when somebody taps the message.
#[derive(Debug, InputObject)]
pub struct TapTargetInput {
    /// The address that opens, beginning with https://.
    url: String,
    /// What the link is called.
    title: String,
}

impl TryFrom<TemplateInput> for Template {
    type Error = Error;

    fn try_from(input: TemplateInput) -> Result<Self, Error> {
        let target = |TapTargetInput { url, title }| TapTarget { url, title };
        Ok(Self {
            name: input.name,
            language: Language { code: input.language, is_deterministic: input.is_language_deterministic },
            header: input.header.map(Header::try_from).transpose()?,
            body: all(input.body)?,
            buttons: all(input.buttons)?,
            cards: all(input.cards)?,
            offer_ends_at_ms: input.offer_ends_at.map(|at| at.0.as_millisecond()),
            tap_targets: input.tap_targets.into_iter().map(target).collect(),
        })
    }
}

fn all<I, T: TryFrom<I, Error = Error>>(inputs: Vec<I>) -> Result<Vec<T>, Error> {
    inputs.into_iter().map(T::try_from).collect()
}

impl TryFrom<TemplateParameterInput> for Parameter {
    type Error = Error;

    fn try_from(input: TemplateParameterInput) -> Result<Self, Error> {
        let TemplateParameterInput { name, text, currency, date_time, group_id } = input;
        let value = match (text, currency, date_time, group_id) {
            (Some(text), None, None, None) => ParameterValue::Text(text),
            (None, Some(currency), None, None) => {
                let TemplateCurrencyInput { fallback_value, code, amount_1000 } = currency;
                ParameterValue::Currency { fallback_value, code, amount_1000 }
            }
            (None, None, Some(moment), None) => ParameterValue::DateTime(Box::new(moment.into())),
            (None, None, None, Some(group_id)) => ParameterValue::GroupId(group_id),
            _ => {
                let sentence = "Each parameter has exactly one of text, currency, dateTime and groupId.";
                return Err(invalid("content.template", sentence));
            }
        };
        Ok(Self { name, value })
    }
}

impl From<TemplateDateTimeInput> for template::DateTime {
    fn from(input: TemplateDateTimeInput) -> Self {
        Self {
            fallback_value: input.fallback_value,
            day_of_week: input.day_of_week,
            year: input.year,
            month: input.month,
            day_of_month: input.day_of_month,
            hour: input.hour,
            minute: input.minute,
            calendar: input.calendar,
        }
    }
}

impl TryFrom<TemplateHeaderInput> for Header {
    type Error = Error;

    fn try_from(input: TemplateHeaderInput) -> Result<Self, Error> {
        Ok(match input {
            TemplateHeaderInput::Text(text) => Self::Text(text.try_into()?),
            TemplateHeaderInput::Image(file) => Self::Image(file.into()),
            TemplateHeaderInput::Video(file) => Self::Video(file.into()),
            TemplateHeaderInput::Document(document) => {
                let (file, filename) = document.parts();
                Self::Document { file, filename }
            }
            TemplateHeaderInput::Location(location) => Self::Location(location.into()),
            TemplateHeaderInput::Product(product) => Self::Product(product.into()),
        })
    }
}

impl TryFrom<TemplateButtonInput> for Button {
    type Error = Error;

    fn try_from(input: TemplateButtonInput) -> Result<Self, Error> {
        use TemplateButtonValueInput as Input;
        let value = match input.value {
            Input::QuickReply(payload) => ButtonValue::QuickReply(payload),
            Input::UrlSuffix(suffix) => ButtonValue::UrlSuffix(suffix),
            Input::CopyCode(code) => ButtonValue::CopyCode(code),
            Input::Flow(TemplateFlowInput { token, data }) => {
                ButtonValue::Flow { token, data: optional_object(data, "content.template.buttons")? }
            }
            Input::Catalog(catalog) => {
                ButtonValue::Catalog { thumbnail_product_retailer_id: catalog.thumbnail_product_retailer_id }
            }
            Input::MultiProduct(TemplateProductsInput { thumbnail_product_retailer_id, sections }) => {
                let sections = sections.into_iter().map(ProductSection::from).collect();
                ButtonValue::MultiProduct { thumbnail_product_retailer_id, sections }
            }
            Input::VoiceCall(TemplateVoiceCallInput { ttl_minutes, payload }) => {
                ButtonValue::VoiceCall { ttl_minutes, payload }
            }
            Input::OrderDetails(details) => ButtonValue::OrderDetails(Box::new(details.try_into()?)),
        };
        Ok(Self { index: input.index, value })
    }
}

impl TryFrom<TemplateCardInput> for Card {
    type Error = Error;

    fn try_from(input: TemplateCardInput) -> Result<Self, Error> {
        Ok(Self {
            header: input.header.map(Header::try_from).transpose()?,
            body: all(input.body)?,
            buttons: all(input.buttons)?,
        })
    }
}
