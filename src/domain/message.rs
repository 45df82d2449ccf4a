//! A message between a business number and a customer.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::Str;
use super::content::Content;
use super::person::Person;
use super::status::Fault;

/// Where a message comes from.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Origin<'a> {
    /// The customer wrote it.
    Customer,
    /// The business wrote it elsewhere: in the WhatsApp Business app, or another partner did.
    Echo,
    /// It is from before the number was connected; `status` is how far it had come.
    History { outbound: bool, status: Option<Str<'a>> },
}

impl Origin<'_> {
    /// Whether the customer wrote it.
    pub fn is_inbound(&self) -> bool {
        matches!(self, Self::Customer | Self::History { outbound: false, .. })
    }
}

/// A message as a webhook tells it.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message<'a> {
    pub wamid: Str<'a>,
    /// Meta's time, in seconds since 1970.
    #[serde(skip)]
    pub at_s: i64,
    #[serde(skip)]
    pub origin: Origin<'a>,
    /// The other side, whoever wrote it.
    pub customer: Person<'a>,
    pub group_id: Option<Str<'a>>,
    pub content: Content<'a>,
    pub context: Option<Context<'a>>,
    pub referral: Option<Box<Referral<'a>>>,
    pub identity: Option<Identity<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault<'a>>,
    /// What an artificial agent hands on with it.
    pub summary: Option<Str<'a>>,
}

/// What a message refers to.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Context<'a> {
    /// The message that it answers; it may be one that we never saw.
    pub wamid: Option<Str<'a>>,
    pub from: Option<Str<'a>>,
    pub forwarded: bool,
    /// Forwarded more than five times.
    pub frequently_forwarded: bool,
    pub catalog_id: Option<Str<'a>>,
    pub product_retailer_id: Option<Str<'a>>,
}

/// The advertisement or post that brought the customer.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Referral<'a> {
    pub source_url: Option<Str<'a>>,
    pub source_id: Option<Str<'a>>,
    pub source_type: Option<Str<'a>>,
    pub headline: Option<Str<'a>>,
    pub body: Option<Str<'a>>,
    pub media_type: Option<Str<'a>>,
    pub image_url: Option<Str<'a>>,
    pub video_url: Option<Str<'a>>,
    pub thumbnail_url: Option<Str<'a>>,
    pub ctwa_clid: Option<Str<'a>>,
    pub welcome_text: Option<Str<'a>>,
    pub reference: Option<Str<'a>>,
}

/// The customer's key, for numbers that check identities.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity<'a> {
    pub acknowledged: Option<bool>,
    pub created_at_s: Option<i64>,
    pub hash: Option<Str<'a>>,
}
