//! Orders: as the action of an interactive message, and as a button's parameter of a template.

use serde_json::{Value, json};

use super::Object;
use crate::domain::outgoing::order::{Amount, Charge, Discount, GoodsKind, Order, OrderDetails, OrderItem};

fn amount(amount: Amount) -> Value {
    json!({ "value": amount.value, "offset": amount.offset })
}

/// An amount with what it is for.
fn described(amount: Amount, description: Option<&str>) -> Object {
    let mut object = Object::new();
    object.put("value", amount.value);
    object.put("offset", amount.offset);
    object.maybe("description", description);
    object
}

pub(super) fn details(details: &OrderDetails) -> Value {
    let mut object = Object::new();
    object.put("reference_id", details.reference_id.as_str());
    let kind = match details.kind {
        GoodsKind::DigitalGoods => "digital-goods",
        GoodsKind::PhysicalGoods => "physical-goods",
    };
    object.put("type", kind);
    object.maybe("payment_type", details.payment_type.as_deref());
    object.maybe("payment_configuration", details.payment_configuration.as_deref());
    let settings = details.payment_settings.iter().cloned().map(Value::Object);
    object.list("payment_settings", settings.collect());
    object.put("currency", details.currency.as_str());
    object.put("total_amount", amount(details.total_amount));
    object.put("order", order(&details.order));
    object.into()
}

fn order(order: &Order) -> Value {
    let charge = |charge: &Charge| described(charge.amount, charge.description.as_deref());
    let mut object = Object::new();
    object.put("status", order.status.as_str());
    object.maybe("catalog_id", order.catalog_id.as_deref());
    object.maybe(
        "expiration",
        order.expiration.as_ref().map(|expiration| {
            let mut object = Object::new();
            // Meta (2026-07): seconds since 1970, as a text.
            object.put("timestamp", expiration.at_s.to_string());
            object.maybe("description", expiration.description.as_deref());
            object
        }),
    );
    object.list("items", order.items.iter().map(item).collect());
    object.maybe("subtotal", order.subtotal.map(amount));
    object.maybe("tax", order.tax.as_ref().map(charge));
    object.maybe("shipping", order.shipping.as_ref().map(charge));
    object.maybe("discount", order.discount.as_ref().map(discount));
    object.into()
}

fn discount(discount: &Discount) -> Value {
    let mut object = described(discount.amount, discount.description.as_deref());
    object.maybe("discount_program_name", discount.program_name.as_deref());
    object.into()
}

fn item(item: &OrderItem) -> Value {
    let mut object = Object::new();
    object.maybe("retailer_id", item.retailer_id.as_deref());
    object.put("name", item.name.as_str());
    object.put("amount", amount(item.amount));
    object.maybe("sale_amount", item.sale_amount.map(amount));
    object.put("quantity", item.quantity);
    object.maybe("country_of_origin", item.country_of_origin.as_deref());
    object.maybe("importer_name", item.importer_name.as_deref());
    object.into()
}
