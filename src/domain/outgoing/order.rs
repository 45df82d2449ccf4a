//! Orders that are to be paid, and how they go on: for India and Brazil.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

/// An amount of money: `value` divided by `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    pub value: i64,
    pub offset: i64,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDetails {
    /// The business's own; the payment's statuses carry it.
    pub reference_id: String,
    pub kind: GoodsKind,
    pub payment_type: Option<String>,
    pub payment_configuration: Option<String>,
    /// The ways to pay, as the country's page of the reference has them: each country has others.
    #[serde(default)]
    pub payment_settings: Vec<Map<String, Value>>,
    pub currency: String,
    pub total_amount: Amount,
    pub order: Order,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GoodsKind {
    DigitalGoods,
    PhysicalGoods,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub status: String,
    pub catalog_id: Option<String>,
    pub expiration: Option<Expiration>,
    #[serde(default)]
    pub items: Vec<OrderItem>,
    pub subtotal: Option<Amount>,
    pub tax: Option<Charge>,
    pub shipping: Option<Charge>,
    pub discount: Option<Discount>,
}

/// Until when the order can be paid.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expiration {
    pub at_s: i64,
    pub description: Option<String>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    pub retailer_id: Option<String>,
    pub name: String,
    pub amount: Amount,
    pub sale_amount: Option<Amount>,
    pub quantity: u32,
    pub country_of_origin: Option<String>,
    pub importer_name: Option<String>,
}

/// Tax or shipping.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charge {
    pub amount: Amount,
    pub description: Option<String>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discount {
    pub amount: Amount,
    pub description: Option<String>,
    pub program_name: Option<String>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderStatus {
    /// That of the order's details.
    pub reference_id: String,
    pub status: String,
    pub description: Option<String>,
}
