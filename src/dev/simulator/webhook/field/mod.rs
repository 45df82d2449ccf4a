//! Every webhook field of Meta's, produced by name with sensible random content.
//!
//! `KINDS` lists what there is; `produce` makes one. A value is generated from a `Context`, so the same seed, time
//! and number give the same value; nothing is read from a sample. For fields without any published page
//! (`message_echoes`, `tracking_events`, `business_status_update`, `consumer_profile`) the form is the one that
//! dashboards or integrators have shown, and for the last two a bare stand-in.

mod account;
pub mod coexistence;
pub mod context;
pub mod message;
mod number;
mod other;
pub mod status;
pub mod template;

pub use context::{Context, Customer};

use serde_json::Value;

/// One thing that can be produced.
#[derive(Clone, Copy)]
pub struct Kind {
    pub field: &'static str,
    pub variant: &'static str,
    make: fn(&mut Context<'_>) -> Value,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.field, self.variant)
    }
}

/// A row of a family's table.
const fn kind(field: &'static str, variant: &'static str, make: fn(&mut Context<'_>) -> Value) -> Kind {
    Kind { field, variant, make }
}

/// Everything that can be produced, family by family.
const KINDS: &[&[Kind]] = &[
    message::KINDS,
    status::KINDS,
    template::KINDS,
    account::KINDS,
    number::KINDS,
    coexistence::KINDS,
    other::KINDS,
];

/// All rows.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().flat_map(|family| family.iter())
}

/// Makes the value of `field`; of its first variant when none is named. Nothing for a name that there is not.
pub fn produce(field: &str, variant: Option<&str>, context: &mut Context<'_>) -> Option<Value> {
    kinds()
        .find(|kind| kind.field == field && variant.is_none_or(|variant| variant == kind.variant))
        .map(|kind| (kind.make)(context))
}

/// The `entry[].id` of an update: the portfolio for what is about partners, the account for everything else.
pub fn entry_id(field: &str, value: &Value, context: &Context<'_>) -> String {
    let event = value.get("event").and_then(Value::as_str).unwrap_or_default();
    let is_about_partners = field == "account_update" && event.starts_with("PARTNER_");
    if is_about_partners || field == "partner_solutions" {
        context.business_id.clone()
    } else {
        context.waba_id.clone()
    }
}

#[cfg(test)]
mod tests;
