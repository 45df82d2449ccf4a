//! Interactive messages: a text with something to tap.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use super::order::{OrderDetails, OrderStatus};
use super::plain::File;

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interactive {
    pub header: Option<Header>,
    /// Two kinds do without: a product, and the request for permission to call.
    pub body: Option<String>,
    pub footer: Option<String>,
    pub action: Action,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Header {
    Text { text: String, sub_text: Option<String> },
    Image(File),
    Video(File),
    Document { file: File, filename: Option<String> },
}

/// What there is to tap: the kind of the message.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Action {
    ReplyButtons { buttons: Vec<ReplyButton> },
    List { button: String, sections: Vec<ListSection> },
    CtaUrl(LinkButton),
    Flow(Flow),
    LocationRequest,
    Address(Address),
    Catalog { thumbnail_product_retailer_id: Option<String> },
    Product(Product),
    ProductList { catalog_id: String, sections: Vec<ProductSection> },
    MediaCarousel { cards: Vec<MediaCard> },
    ProductCarousel { cards: Vec<Product> },
    CallPermissionRequest,
    ContactRequest,
    VoiceCall(VoiceCall),
    OrderDetails(Box<OrderDetails>),
    OrderStatus(OrderStatus),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplyButton {
    /// Comes back when it is tapped.
    pub id: String,
    pub title: String,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSection {
    /// Needed when there are several.
    pub title: Option<String>,
    pub rows: Vec<ListRow>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListRow {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkButton {
    pub display_text: String,
    pub url: String,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flow {
    pub flow: FlowName,
    /// The text of the button.
    pub button: String,
    /// Comes back with the answer; Meta writes `unused` where there is none.
    pub token: Option<String>,
    /// Without one, published.
    pub mode: Option<FlowMode>,
    /// Without one, the flow's own first screen.
    pub start: Option<FlowStart>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FlowName {
    Id(String),
    Name(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FlowMode {
    Draft,
    Published,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum FlowStart {
    /// At this screen, with these data.
    Navigate { screen: Option<String>, data: Option<Map<String, Value>> },
    /// The flow asks its own endpoint.
    DataExchange,
}

/// A form for a postal address.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    pub country: String,
    /// Filled in beforehand.
    pub values: Option<Map<String, Value>>,
    #[serde(default)]
    pub saved_addresses: Vec<SavedAddress>,
    /// Shown at the fields of the form that were wrong before.
    pub validation_errors: Option<Map<String, Value>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedAddress {
    pub id: String,
    pub value: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    pub catalog_id: String,
    pub product_retailer_id: String,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductSection {
    /// Needed when there are several.
    pub title: Option<String>,
    pub product_retailer_ids: Vec<String>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaCard {
    pub header: CardHeader,
    pub body: Option<String>,
    pub action: CardAction,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CardHeader {
    Image(File),
    Video(File),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CardAction {
    CtaUrl(LinkButton),
    QuickReplies(Vec<ReplyButton>),
}

/// A button that calls the business.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoiceCall {
    pub display_text: Option<String>,
    pub ttl_minutes: Option<u32>,
    /// Comes with the call.
    pub payload: Option<String>,
}
