//! Templates: what a definition must be, and what a message that uses one must bring.
//!
//! A definition is the body of its creation, with `status` where it is stored. Types of components and buttons are
//! read without regard to case, since Meta's own samples write both.

mod buttons;
mod definition;
mod send;
mod variables;

use serde_json::Value;

use super::rule::{items, text};

pub use definition::{template_definition, template_edit};
pub use send::{marketing_template, template_send};

/// The type of a component or a button, in capitals.
fn type_of(part: &Value) -> String {
    text(part, "type").to_ascii_uppercase()
}

/// The first component of a type.
fn component<'template>(components: &'template [Value], kind: &str) -> Option<&'template Value> {
    components.iter().find(|component| type_of(component) == kind)
}

/// The buttons of the `BUTTONS` component.
fn buttons_of(components: &[Value]) -> &[Value] {
    component(components, "BUTTONS").map_or(&[], |buttons| items(buttons, "buttons"))
}
