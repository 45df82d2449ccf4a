//! Webhooks as Meta spells them. Every field that the published pages and samples show is typed here; each of them
//! may be absent, and what is not known is passed over (an item's raw bytes are kept beside what was read of it), or
//! with `WithRest` handed out where nothing else would keep it.
//!
//! A field that `meta::decode` does not read does not compile, unless it says why it is kept in the item's raw bytes
//! alone. What reading makes of the fields, `decode::tests::told` sees.
//!
//! One file a family. Arrays whose items must not harm each other are kept as raw items, which `meta::decode`
//! reads one by one.

#![deny(dead_code, unfulfilled_lint_expectations)]

mod account;
mod call;
mod coexistence;
mod content;
mod group;
mod message;
mod rest;
mod routing;
pub mod scalar;
mod status;
mod template;
mod user;

pub use account::*;
pub use call::*;
pub use coexistence::*;
pub use content::*;
pub use group::*;
pub use message::*;
pub use rest::*;
pub use routing::*;
pub use status::*;
pub use template::*;
pub use user::*;

use serde::Deserialize;
use serde_json::value::RawValue;

use scalar::{Int, Text, Truth};

/// Declares a shape of Meta's: a struct whose every field may be absent. Tests can write it back, to see which
/// leaves of a sample it has taken. Each field has its own default: that of a whole struct would be read field by field,
/// and then none would be found that nobody else reads.
macro_rules! shape {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, serde::Deserialize)]
        #[cfg_attr(test, derive(serde::Serialize))]
        #[serde(bound(deserialize = "'de: 'a"))]
        #[cfg_attr(test, serde(bound(serialize = "")))]
        pub struct $name<'a> {
            $(
                $(#[$field_meta])*
                #[serde(default)]
                pub $field: Option<$kind>,
            )*
            #[serde(skip)]
            pub lifetime: std::marker::PhantomData<&'a ()>,
        }
    };
}
pub(crate) use shape;

shape! {
    /// The whole body of a delivery, for tests: decoding reads it piece by piece.
    #[cfg(test)]
    Envelope {
        object: Text<'a>,
        entry: Vec<Entry<'a>>,
    }
}

shape! {
    /// What one account (or portfolio) has to say, for tests.
    #[cfg(test)]
    Entry {
        id: Text<'a>,
        time: Int,
        changes: Vec<Change<'a>>,
        // Meta (2026-07): some partner events carry these here instead of in `changes`.
        field: Text<'a>,
        object: Text<'a>,
        value: &'a RawValue,
    }
}

shape! {
    /// One field's news. Which shape the value has depends on the field, whose name may come after it.
    Change {
        field: Text<'a>,
        value: &'a RawValue,
    }
}

shape! {
    /// The business number that a value is about.
    Metadata {
        display_phone_number: Text<'a>,
        phone_number_id: Text<'a>,
    }
}

shape! {
    /// An error as Meta words it.
    Fault {
        code: Int,
        title: Text<'a>,
        message: Text<'a>,
        error_data: FaultData<'a>,
        href: Text<'a>,
    }
}

shape! {
    FaultData {
        details: Text<'a>,
    }
}

shape! {
    /// The value of every field that is about one number's traffic: messages and their kin.
    Value {
        #[cfg_attr(not(test), expect(dead_code, reason = "always `whatsapp`"))]
        messaging_product: Text<'a>,
        metadata: Metadata<'a>,
        contacts: Vec<&'a RawValue>,
        messages: Vec<&'a RawValue>,
        statuses: Vec<&'a RawValue>,
        errors: Vec<&'a RawValue>,
        user_actions: Vec<&'a RawValue>,
        conversation_context: ConversationContext<'a>,
        message_echoes: Vec<&'a RawValue>,
        history: Vec<&'a RawValue>,
        state_sync: Vec<&'a RawValue>,
        standby: &'a RawValue,
        groups: Vec<&'a RawValue>,
        calls: Vec<&'a RawValue>,
        user_preferences: Vec<&'a RawValue>,
        user_id_update: Vec<&'a RawValue>,
        automatic_events: Vec<&'a RawValue>,
        events: Vec<&'a RawValue>,
    }
}

/// Whether a truth value is there and true.
pub fn is_true(truth: Option<Truth>) -> bool {
    truth.is_some_and(|truth| truth.0)
}

/// Reads one raw item, which is an object: serde would fill a struct from an array as well, by position.
pub fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, serde_json::Error> {
    if raw.get().starts_with('{') {
        serde_json::from_str(raw.get())
    } else {
        Err(serde::de::Error::custom("an item is an object"))
    }
}
