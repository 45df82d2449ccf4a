//! Messages with something to tap.

use async_graphql::{Enum, InputObject, Json, OneofObject};
use serde_json::Value;

use super::order::{OrderDetailsInput, OrderStatusInput};
use super::plain::{FileInput, NamedFileInput};
use super::{chosen, object, optional_object};
use crate::domain::outgoing::interactive::{
    Action, Address, CardAction, CardHeader, Flow, FlowMode, FlowName, FlowStart, Header, Interactive,
    LinkButton, ListRow, ListSection, MediaCard, Product, ProductSection, ReplyButton, SavedAddress,
    VoiceCall,
};
use crate::outbound::Error;

/// A message with something to tap.
#[derive(Debug, InputObject)]
pub struct InteractiveInput {
    /// Which kinds may have one, Meta's reference says; a list of products must.
    header: Option<InteractiveHeaderInput>,
    /// Needed, but for a product and for the request for permission to call.
    body: Option<String>,
    /// Up to 60 characters.
    footer: Option<String>,
    /// What there is to tap.
    action: InteractiveActionInput,
}

/// What stands above the text: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum InteractiveHeaderInput {
    /// Words, up to 60 characters.
    Text(HeaderTextInput),
    /// A picture: JPEG or PNG, up to 5 MB.
    Image(FileInput),
    /// A film: MP4 or 3GPP, up to 16 MB.
    Video(FileInput),
    /// A file of any kind, up to 100 MB.
    Document(NamedFileInput),
}

/// Words above the body.
#[derive(Debug, InputObject)]
pub struct HeaderTextInput {
    /// Up to 60 characters.
    text: String,
    /// Up to 60 characters below it.
    sub_text: Option<String>,
}

/// What there is to tap: exactly one of these.
#[derive(Debug, OneofObject)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, read and turned into the domain's form at once"
)]
pub enum InteractiveActionInput {
    /// Up to three buttons.
    ReplyButtons(ReplyButtonsInput),
    /// A button that opens a list, of which the customer chooses a row.
    List(ListInput),
    /// A button that opens an address.
    CtaUrl(LinkButtonInput),
    /// A button that opens a flow.
    Flow(FlowInput),
    /// `true`: asks the customer where they are.
    LocationRequest(bool),
    /// A form for a postal address, in India.
    Address(AddressInput),
    /// The whole catalogue.
    Catalog(CatalogInput),
    /// One product of a catalogue.
    Product(ProductInput),
    /// Products of a catalogue, in sections.
    ProductList(ProductListInput),
    /// Cards with pictures.
    MediaCarousel(MediaCarouselInput),
    /// Cards with products.
    ProductCarousel(ProductCarouselInput),
    /// `true`: asks for permission to call.
    CallPermissionRequest(bool),
    /// `true`: asks for the customer's phone number.
    ContactRequest(bool),
    /// A button that calls the business.
    VoiceCall(VoiceCallInput),
    /// What the customer is to pay for, and how.
    OrderDetails(OrderDetailsInput),
    /// How an order stands that was sent before.
    OrderStatus(OrderStatusInput),
}

/// Up to three buttons that answer the message.
#[derive(Debug, InputObject)]
pub struct ReplyButtonsInput {
    /// From 1 to 3.
    buttons: Vec<ReplyButtonInput>,
}

/// A button that answers the message.
#[derive(Debug, InputObject)]
pub struct ReplyButtonInput {
    /// Comes back when it is tapped; up to 256 characters.
    id: String,
    /// Up to 20 characters.
    title: String,
}

/// A list that the customer opens with a button.
#[derive(Debug, InputObject)]
pub struct ListInput {
    /// What opens the list; up to 20 characters.
    button: String,
    /// From 1 to 10, with up to 10 rows in all.
    sections: Vec<ListSectionInput>,
}

/// A part of a list.
#[derive(Debug, InputObject)]
pub struct ListSectionInput {
    /// Needed when there are several; up to 24 characters.
    title: Option<String>,
    /// What can be chosen in it; at least one.
    rows: Vec<ListRowInput>,
}

/// A row of a list that the customer can choose.
#[derive(Debug, InputObject)]
pub struct ListRowInput {
    /// Comes back when it is tapped; up to 200 characters.
    id: String,
    /// Up to 24 characters.
    title: String,
    /// Up to 72 characters.
    description: Option<String>,
}

/// A button that opens a web page.
#[derive(Debug, InputObject)]
pub struct LinkButtonInput {
    /// Up to 20 characters.
    display_text: String,
    /// The page's address, with https:// or http://.
    url: String,
}

/// A button that opens a flow: forms that the customer fills in within WhatsApp.
#[derive(Debug, InputObject)]
pub struct FlowInput {
    /// Which flow, by its id or its name.
    flow: FlowNameInput,
    /// The text of the button; up to 30 characters.
    button: String,
    /// Comes back with the answer.
    token: Option<String>,
    /// Published, if not said.
    mode: Option<MessageFlowMode>,
    /// The flow's own first screen, if not said.
    start: Option<FlowStartInput>,
}

/// Which flow: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum FlowNameInput {
    /// Meta's id of the flow.
    Id(String),
    /// The flow's name in the account.
    Name(String),
}

/// Which state of a flow is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "FlowMode")]
pub enum MessageFlowMode {
    /// For tests.
    Draft,
    /// The flow as customers see it.
    Published,
}

/// How a flow begins: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum FlowStartInput {
    /// At a screen.
    Navigate(FlowNavigateInput),
    /// `true`: the flow asks its own endpoint.
    DataExchange(bool),
}

/// Opens a flow at one of its screens, without asking our server first.
#[derive(Debug, InputObject)]
pub struct FlowNavigateInput {
    /// The id of the screen that is shown first.
    screen: Option<String>,
    /// What the screen is given, as a JSON object.
    data: Option<Json<Value>>,
}

/// Asks the customer for a delivery address. In India and Singapore only.
#[derive(Debug, InputObject)]
pub struct AddressInput {
    /// Two letters; Meta has `IN` alone.
    country: String,
    /// Filled in beforehand: a JSON object of Meta's fields.
    values: Option<Json<Value>>,
    /// Addresses that the customer may choose from instead of writing one.
    #[graphql(default)]
    saved_addresses: Vec<SavedAddressInput>,
    /// What was wrong before, shown at the fields: a JSON object.
    validation_errors: Option<Json<Value>>,
}

/// An address that the customer can pick.
#[derive(Debug, InputObject)]
pub struct SavedAddressInput {
    /// The business's own id of the address; the customer's answer names it.
    id: String,
    /// A JSON object of Meta's fields.
    value: Json<Value>,
}

/// Opens the catalogue that is connected to the number.
#[derive(Debug, InputObject)]
pub struct CatalogInput {
    /// The product whose picture is shown; the first of the catalogue if not said.
    pub(super) thumbnail_product_retailer_id: Option<String>,
}

/// One product of a catalogue.
#[derive(Debug, InputObject)]
pub struct ProductInput {
    /// Meta's id of the catalogue.
    catalog_id: String,
    /// The business's own id of the product.
    product_retailer_id: String,
}

/// Products of a catalogue, in sections.
#[derive(Debug, InputObject)]
pub struct ProductListInput {
    /// Meta's id of the catalogue.
    catalog_id: String,
    /// From 1 to 10, with up to 30 products in all.
    sections: Vec<ProductSectionInput>,
}

/// A section of a list of products.
#[derive(Debug, InputObject)]
pub struct ProductSectionInput {
    /// Needed when there are several; up to 24 characters.
    title: Option<String>,
    /// The business's own ids of the products.
    product_retailer_ids: Vec<String>,
}

/// Cards with pictures or films, side by side.
#[derive(Debug, InputObject)]
pub struct MediaCarouselInput {
    /// From 2 to 10, with the same kind and number of buttons.
    cards: Vec<MediaCardInput>,
}

/// One card of a carousel.
#[derive(Debug, InputObject)]
pub struct MediaCardInput {
    /// The picture or film of the card; the same kind on all cards.
    header: MediaCardHeaderInput,
    /// Up to 160 characters and 2 line breaks.
    body: Option<String>,
    /// What there is to tap on the card.
    action: MediaCardActionInput,
}

/// The picture of a card: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum MediaCardHeaderInput {
    /// A picture at the top of the card.
    Image(FileInput),
    /// A film at the top of the card.
    Video(FileInput),
}

/// What there is to tap on a card: exactly one of these.
#[derive(Debug, OneofObject)]
pub enum MediaCardActionInput {
    /// A button that opens a web page.
    CtaUrl(LinkButtonInput),
    /// Buttons that answer the message; every card has the same number of them.
    QuickReplies(Vec<ReplyButtonInput>),
}

/// Products of a catalogue, side by side.
#[derive(Debug, InputObject)]
pub struct ProductCarouselInput {
    /// From 2 to 10, of one catalogue.
    cards: Vec<ProductInput>,
}

/// A button that calls the business within WhatsApp.
#[derive(Debug, InputObject)]
pub struct VoiceCallInput {
    /// Up to 20 characters; Meta's own words if not said.
    display_text: Option<String>,
    /// How long the button works, from 1 to 43,200.
    ttl_minutes: Option<u32>,
    /// Comes with the call; up to 512 characters.
    payload: Option<String>,
}

impl TryFrom<InteractiveInput> for Interactive {
    type Error = Error;

    fn try_from(input: InteractiveInput) -> Result<Self, Error> {
        Ok(Self {
            header: input.header.map(Header::from),
            body: input.body,
            footer: input.footer,
            action: input.action.try_into()?,
        })
    }
}

impl From<InteractiveHeaderInput> for Header {
    fn from(input: InteractiveHeaderInput) -> Self {
        match input {
            InteractiveHeaderInput::Text(HeaderTextInput { text, sub_text }) => Self::Text { text, sub_text },
            InteractiveHeaderInput::Image(file) => Self::Image(file.into()),
            InteractiveHeaderInput::Video(file) => Self::Video(file.into()),
            InteractiveHeaderInput::Document(document) => {
                let (file, filename) = document.parts();
                Self::Document { file, filename }
            }
        }
    }
}

impl TryFrom<InteractiveActionInput> for Action {
    type Error = Error;

    fn try_from(input: InteractiveActionInput) -> Result<Self, Error> {
        use InteractiveActionInput as Input;
        Ok(match input {
            Input::ReplyButtons(ReplyButtonsInput { buttons }) => {
                Self::ReplyButtons { buttons: buttons.into_iter().map(ReplyButton::from).collect() }
            }
            Input::List(ListInput { button, sections }) => {
                Self::List { button, sections: sections.into_iter().map(ListSection::from).collect() }
            }
            Input::CtaUrl(link) => Self::CtaUrl(link.into()),
            Input::Flow(flow) => Self::Flow(flow.try_into()?),
            Input::LocationRequest(is_chosen) => {
                chosen(is_chosen, "content.interactive.action.locationRequest")?;
                Self::LocationRequest
            }
            Input::Address(address) => Self::Address(address.try_into()?),
            Input::Catalog(CatalogInput { thumbnail_product_retailer_id }) => {
                Self::Catalog { thumbnail_product_retailer_id }
            }
            Input::Product(product) => Self::Product(product.into()),
            Input::ProductList(ProductListInput { catalog_id, sections }) => Self::ProductList {
                catalog_id,
                sections: sections.into_iter().map(ProductSection::from).collect(),
            },
            Input::MediaCarousel(MediaCarouselInput { cards }) => {
                Self::MediaCarousel { cards: cards.into_iter().map(MediaCard::from).collect() }
            }
            Input::ProductCarousel(ProductCarouselInput { cards }) => {
                Self::ProductCarousel { cards: cards.into_iter().map(Product::from).collect() }
            }
            Input::CallPermissionRequest(is_chosen) => {
                chosen(is_chosen, "content.interactive.action.callPermissionRequest")?;
                Self::CallPermissionRequest
            }
            Input::ContactRequest(is_chosen) => {
                chosen(is_chosen, "content.interactive.action.contactRequest")?;
                Self::ContactRequest
            }
            Input::VoiceCall(VoiceCallInput { display_text, ttl_minutes, payload }) => {
                Self::VoiceCall(VoiceCall { display_text, ttl_minutes, payload })
            }
            Input::OrderDetails(details) => Self::OrderDetails(Box::new(details.try_into()?)),
            Input::OrderStatus(status) => Self::OrderStatus(status.into()),
        })
    }
}

impl From<ReplyButtonInput> for ReplyButton {
    fn from(ReplyButtonInput { id, title }: ReplyButtonInput) -> Self {
        Self { id, title }
    }
}

impl From<ListSectionInput> for ListSection {
    fn from(ListSectionInput { title, rows }: ListSectionInput) -> Self {
        let row = |ListRowInput { id, title, description }| ListRow { id, title, description };
        Self { title, rows: rows.into_iter().map(row).collect() }
    }
}

impl From<LinkButtonInput> for LinkButton {
    fn from(LinkButtonInput { display_text, url }: LinkButtonInput) -> Self {
        Self { display_text, url }
    }
}

impl TryFrom<FlowInput> for Flow {
    type Error = Error;

    fn try_from(input: FlowInput) -> Result<Self, Error> {
        const AT: &str = "content.interactive.action.flow.start.navigate.data";
        let start = match input.start {
            None => None,
            Some(FlowStartInput::Navigate(FlowNavigateInput { screen, data })) => {
                Some(FlowStart::Navigate { screen, data: optional_object(data, AT)? })
            }
            Some(FlowStartInput::DataExchange(is_chosen)) => {
                chosen(is_chosen, "content.interactive.action.flow.start.dataExchange")?;
                Some(FlowStart::DataExchange)
            }
        };
        let flow = match input.flow {
            FlowNameInput::Id(id) => FlowName::Id(id),
            FlowNameInput::Name(name) => FlowName::Name(name),
        };
        let mode = input.mode.map(FlowMode::from);
        Ok(Self { flow, button: input.button, token: input.token, mode, start })
    }
}

impl TryFrom<AddressInput> for Address {
    type Error = Error;

    fn try_from(input: AddressInput) -> Result<Self, Error> {
        const SAVED: &str = "content.interactive.action.address.savedAddresses";
        const VALUES: &str = "content.interactive.action.address.values";
        const ERRORS: &str = "content.interactive.action.address.validationErrors";
        let saved = |SavedAddressInput { id, value: Json(value) }| {
            Ok::<_, Error>(SavedAddress { id, value: object(value, SAVED)? })
        };
        Ok(Self {
            country: input.country,
            values: optional_object(input.values, VALUES)?,
            saved_addresses: input.saved_addresses.into_iter().map(saved).collect::<Result<_, _>>()?,
            validation_errors: optional_object(input.validation_errors, ERRORS)?,
        })
    }
}

impl From<ProductInput> for Product {
    fn from(ProductInput { catalog_id, product_retailer_id }: ProductInput) -> Self {
        Self { catalog_id, product_retailer_id }
    }
}

impl From<ProductSectionInput> for ProductSection {
    fn from(ProductSectionInput { title, product_retailer_ids }: ProductSectionInput) -> Self {
        Self { title, product_retailer_ids }
    }
}

impl From<MediaCardInput> for MediaCard {
    fn from(input: MediaCardInput) -> Self {
        let header = match input.header {
            MediaCardHeaderInput::Image(file) => CardHeader::Image(file.into()),
            MediaCardHeaderInput::Video(file) => CardHeader::Video(file.into()),
        };
        let action = match input.action {
            MediaCardActionInput::CtaUrl(link) => CardAction::CtaUrl(link.into()),
            MediaCardActionInput::QuickReplies(buttons) => {
                CardAction::QuickReplies(buttons.into_iter().map(ReplyButton::from).collect())
            }
        };
        Self { header, body: input.body, action }
    }
}
