//! A template that is to be sent: its name, and what goes in the place of its variables.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use super::interactive::{Product, ProductSection};
use super::order::OrderDetails;
use super::plain::{File, Location};

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Template {
    pub name: String,
    pub language: Language,
    pub header: Option<Header>,
    pub body: Vec<Parameter>,
    pub buttons: Vec<Button>,
    /// The cards of a carousel, in their order.
    pub cards: Vec<Card>,
    /// When a limited-time offer ends, in milliseconds since 1970.
    pub offer_ends_at_ms: Option<i64>,
    /// Where a tap on the medium of the header leads.
    pub tap_targets: Vec<TapTarget>,
}

impl Template {
    /// A template that carries a code: it goes into the text and into the button that copies it.
    pub fn of_code(name: impl Into<String>, language: impl Into<String>, code: impl Into<String>) -> Self {
        let code = code.into();
        Self {
            name: name.into(),
            language: Language { code: language.into(), is_deterministic: false },
            body: vec![Parameter::text(code.clone())],
            buttons: vec![Button { index: 0, value: ButtonValue::UrlSuffix(code) }],
            ..Self::default()
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Language {
    pub code: String,
    /// Says expressly that no other language will do, which Meta assumes anyway.
    pub is_deterministic: bool,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Header {
    Text(Parameter),
    Image(File),
    /// A GIF too, which is a short film.
    Video(File),
    Document {
        file: File,
        filename: Option<String>,
    },
    Location(Location),
    Product(Product),
}

/// What goes in the place of one variable.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// The variable's name, in templates whose variables have names.
    pub name: Option<String>,
    pub value: ParameterValue,
}

impl Parameter {
    pub fn text(text: impl Into<String>) -> Self {
        Self { name: None, value: ParameterValue::Text(text.into()) }
    }

    pub fn named(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: Some(name.into()), value: ParameterValue::Text(text.into()) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ParameterValue {
    Text(String),
    /// An amount in thousandths.
    Currency {
        fallback_value: String,
        code: String,
        amount_1000: i64,
    },
    DateTime(Box<DateTime>),
    /// In templates that invite to a group.
    GroupId(String),
}

impl ParameterValue {
    /// What stands in the text.
    pub fn shown(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Currency { fallback_value, .. } => fallback_value,
            Self::DateTime(date_time) => &date_time.fallback_value,
            Self::GroupId(id) => id,
        }
    }
}

/// Meta shows the fallback; the parts are kept for those who send them.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DateTime {
    pub fallback_value: String,
    pub day_of_week: Option<u32>,
    pub year: Option<i32>,
    pub month: Option<u32>,
    pub day_of_month: Option<u32>,
    pub hour: Option<u32>,
    pub minute: Option<u32>,
    pub calendar: Option<String>,
}

/// What a button of the template needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Button {
    /// Its place among all buttons of the template, from 0.
    pub index: u32,
    pub value: ButtonValue,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ButtonValue {
    /// Comes back when it is tapped.
    QuickReply(String),
    /// Ends the address; percent-encoded.
    UrlSuffix(String),
    CopyCode(String),
    Flow {
        token: Option<String>,
        data: Option<Map<String, Value>>,
    },
    Catalog {
        thumbnail_product_retailer_id: Option<String>,
    },
    MultiProduct {
        thumbnail_product_retailer_id: String,
        sections: Vec<ProductSection>,
    },
    VoiceCall {
        ttl_minutes: Option<u32>,
        payload: Option<String>,
    },
    OrderDetails(Box<OrderDetails>),
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Card {
    pub header: Option<Header>,
    pub body: Vec<Parameter>,
    pub buttons: Vec<Button>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TapTarget {
    pub url: String,
    pub title: String,
}
