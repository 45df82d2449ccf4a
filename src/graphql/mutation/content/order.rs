//! Orders that are to be paid, and how they go on: for India and Brazil.

use async_graphql::{Enum, InputObject, Json};
use serde_json::Value;

use super::object;
use crate::domain::outgoing::order::{
    Amount, Charge, Discount, Expiration, GoodsKind, Order, OrderDetails, OrderItem, OrderStatus,
};
use crate::graphql::scalar::DateTime;
use crate::outbound::Error;

/// An amount of money: `value` divided by `offset`.
#[derive(Debug, InputObject)]
pub struct AmountInput {
    /// The amount times `offset`, which is 100: 2150 are 21.50.
    value: i64,
    /// 100 for currencies with cents.
    offset: i64,
}

/// An order that the customer is asked to pay.
#[derive(Debug, InputObject)]
pub struct OrderDetailsInput {
    /// The business's own; the payment's statuses carry it.
    reference_id: String,
    /// Whether something is delivered.
    kind: OrderGoodsKind,
    /// The way to pay, in Meta's word, like `upi`.
    payment_type: Option<String>,
    /// The name of the payment configuration at Meta.
    payment_configuration: Option<String>,
    /// The ways to pay, as JSON objects, each as the country's page of Meta's reference has it.
    #[graphql(default)]
    payment_settings: Vec<Json<Value>>,
    /// Three letters, like `INR`.
    currency: String,
    /// What the customer pays: subtotal, tax and shipping less the discount.
    total_amount: AmountInput,
    /// The items, and what is added to or taken off their price.
    order: OrderInput,
}

/// What is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "GoodsKind")]
pub enum OrderGoodsKind {
    /// Nothing is delivered.
    DigitalGoods,
    /// Something is delivered.
    PhysicalGoods,
}

/// What is in an order.
#[derive(Debug, InputObject)]
pub struct OrderInput {
    /// In Meta's word, like `pending`.
    status: String,
    /// Meta's id of the catalogue that the items are from, if they are from one.
    catalog_id: Option<String>,
    /// Until when it can be paid.
    expiration: Option<OrderExpirationInput>,
    /// What is ordered; at least one.
    #[graphql(default)]
    items: Vec<OrderItemInput>,
    /// What the items cost together.
    subtotal: Option<AmountInput>,
    /// The tax on it.
    tax: Option<OrderChargeInput>,
    /// What the delivery costs.
    shipping: Option<OrderChargeInput>,
    /// What is taken off.
    discount: Option<OrderDiscountInput>,
}

/// Until when an order can be paid.
#[derive(Debug, InputObject)]
pub struct OrderExpirationInput {
    /// After this moment it cannot be paid any more.
    at: DateTime,
    /// What the customer reads about it; up to 120 characters.
    description: Option<String>,
}

/// One item of an order.
#[derive(Debug, InputObject)]
pub struct OrderItemInput {
    /// The business's own id of the product.
    retailer_id: Option<String>,
    /// What it is called; the customer reads it.
    name: String,
    /// The price of one.
    amount: AmountInput,
    /// The reduced price of one.
    sale_amount: Option<AmountInput>,
    /// How many of it; at least 1.
    quantity: u32,
    /// Where it comes from. Needed by law in India for items without a catalogue.
    country_of_origin: Option<String>,
    /// Who brings it into the country. Needed by law in India for items without a catalogue.
    importer_name: Option<String>,
}

/// Tax or shipping.
#[derive(Debug, InputObject)]
pub struct OrderChargeInput {
    /// How much it is.
    amount: AmountInput,
    /// What it is for; up to 60 characters.
    description: Option<String>,
}

/// What is taken off the price.
#[derive(Debug, InputObject)]
pub struct OrderDiscountInput {
    /// How much less it is.
    amount: AmountInput,
    /// Why; up to 60 characters.
    description: Option<String>,
    /// The programme that gives it, like a customer card.
    program_name: Option<String>,
}

/// How an order goes on.
#[derive(Debug, InputObject)]
pub struct OrderStatusInput {
    /// That of the order's details.
    reference_id: String,
    /// In Meta's word, like `processing`.
    status: String,
    /// What the customer reads about it; up to 120 characters.
    description: Option<String>,
}

impl From<AmountInput> for Amount {
    fn from(AmountInput { value, offset }: AmountInput) -> Self {
        Self { value, offset }
    }
}

impl TryFrom<OrderDetailsInput> for OrderDetails {
    type Error = Error;

    fn try_from(input: OrderDetailsInput) -> Result<Self, Error> {
        let setting = |Json(setting): Json<Value>| object(setting, "content.orderDetails.paymentSettings");
        Ok(Self {
            reference_id: input.reference_id,
            kind: input.kind.into(),
            payment_type: input.payment_type,
            payment_configuration: input.payment_configuration,
            payment_settings: input.payment_settings.into_iter().map(setting).collect::<Result<_, _>>()?,
            currency: input.currency,
            total_amount: input.total_amount.into(),
            order: input.order.into(),
        })
    }
}

impl From<OrderInput> for Order {
    fn from(input: OrderInput) -> Self {
        let expiration =
            |OrderExpirationInput { at, description }| Expiration { at_s: at.0.as_second(), description };
        Self {
            status: input.status,
            catalog_id: input.catalog_id,
            expiration: input.expiration.map(expiration),
            items: input.items.into_iter().map(OrderItem::from).collect(),
            subtotal: input.subtotal.map(Amount::from),
            tax: input.tax.map(Charge::from),
            shipping: input.shipping.map(Charge::from),
            discount: input.discount.map(Discount::from),
        }
    }
}

impl From<OrderItemInput> for OrderItem {
    fn from(input: OrderItemInput) -> Self {
        Self {
            retailer_id: input.retailer_id,
            name: input.name,
            amount: input.amount.into(),
            sale_amount: input.sale_amount.map(Amount::from),
            quantity: input.quantity,
            country_of_origin: input.country_of_origin,
            importer_name: input.importer_name,
        }
    }
}

impl From<OrderChargeInput> for Charge {
    fn from(input: OrderChargeInput) -> Self {
        Self { amount: input.amount.into(), description: input.description }
    }
}

impl From<OrderDiscountInput> for Discount {
    fn from(input: OrderDiscountInput) -> Self {
        Self { amount: input.amount.into(), description: input.description, program_name: input.program_name }
    }
}

impl From<OrderStatusInput> for OrderStatus {
    fn from(OrderStatusInput { reference_id, status, description }: OrderStatusInput) -> Self {
        Self { reference_id, status, description }
    }
}
