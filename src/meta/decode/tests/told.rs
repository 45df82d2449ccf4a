//! Which leaves of a payload decoding tells of: each is changed, and then left out, and what is told of the whole
//! payload has to differ. What is told is what is stored, so a leaf that makes no difference is in the raw bytes only.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::domain::event::Event;
use crate::meta::decode::decode;

/// The leaves that make no difference, and why that is right. With a slash at its end a row stands for all below it.
const KEPT_RAW: &[(&str, &str)] = &[
    ("/object", "always `whatsapp_business_account`, but for a probe of our own"),
    ("/entry/*/object", "the same"),
    ("value/object", "the same"),
    ("value/messaging_product", "always `whatsapp`"),
    ("value/standby/message_echoes/*/message/messaging_product", "always `whatsapp`"),
    ("value/standby/message_echoes/*/message/recipient_type", "always `individual`"),
    ("value/standby/message_echoes/*/template/", "templates are read from Meta, by their name"),
    ("value/standby/message_echoes/*/flow/", "which flow it is, its message says"),
    ("value/message_echoes/*/from", "the business' own number, which `metadata` names"),
    (
        "value/message_echoes/*/edit/message/context/id",
        "what the message answers is known since it was written",
    ),
    ("value/messages/*/edit/message/context/id", "the same"),
    ("value/message_echoes/*/interactive/action/buttons/*/type", "always `reply`"),
    ("value/message_echoes/*/template/namespace", "Meta has given it up; it says nothing"),
    ("value/message_echoes/*/template/language/policy", "there is only one, `deterministic`"),
    ("value/standby/message_echoes/*/message/template/namespace", "as above"),
    ("value/standby/message_echoes/*/message/template/language/policy", "as above"),
    ("value/messages/*/from_logical_id", "nobody has said what it is"),
    ("value/messages/*/system/customer", "older versions repeat `from` here"),
    ("value/messages/*/system/identity", "only older versions tell a key with a new number"),
    ("value/history/*/threads/*/messages/*/from_parent_user_id", "the thread's context has it too"),
    ("value/history/*/threads/*/context/wa_id", "the thread's id is the same; read where that is missing"),
    ("value/conversation_context/type", "always `summary`"),
    ("value/control_passed/conversation_context/type", "always `summary`"),
    ("value/state_sync/*/type", "always `contact`"),
    ("value/user_actions/*/action_type", "only clicks are told, and they are known by their part"),
    ("value/calls/*/to", "the one contact who is introduced is who was called; without one it is read"),
    ("value/calls/*/to_user_id", "as above"),
    ("value/calls/*/to_parent_user_id", "as above"),
    ("value/phone_number_settings/calling/", "but for the status; the settings are kept whole, as JSON"),
];

/// Looks at payload after payload: a leaf need not make a difference in each.
#[derive(Default)]
pub struct Listener {
    met: BTreeSet<String>,
    told: BTreeSet<String>,
}

impl Listener {
    pub fn look_at(&mut self, text: &str) {
        let body: Value = serde_json::from_str(text).unwrap();
        let before = told(&body);
        let mut leaves = Vec::new();
        find_leaves(&body, String::new(), &mut leaves);
        for pointer in leaves {
            let path = path_of(&pointer);
            if !self.told.contains(&path) && variants(&body, &pointer).any(|body| told(&body) != before) {
                self.told.insert(path.clone());
            }
            self.met.insert(path);
        }
    }

    /// Panics when a leaf has made no difference anywhere and is not in the list, or a row of it has no such leaf.
    pub fn finish(&self) {
        let untold: Vec<&String> = self.met.difference(&self.told).collect();
        let covers = |row: &str, path: &str| path == row || (row.ends_with('/') && path.starts_with(row));
        let unlisted: Vec<_> =
            untold.iter().filter(|path| !KEPT_RAW.iter().any(|(row, _)| covers(row, path))).collect();
        assert!(unlisted.is_empty(), "decoding tells nothing of {unlisted:#?}");
        let idle: Vec<_> =
            KEPT_RAW.iter().filter(|(row, _)| !untold.iter().any(|path| covers(row, path))).collect();
        assert!(idle.is_empty(), "no leaf needs {idle:#?} in KEPT_RAW");
    }
}

/// What decoding makes of a body, but for the raw bytes, and for the settings that are kept as JSON.
fn told(body: &Value) -> Vec<Value> {
    let text = body.to_string();
    let items = decode(text.as_bytes()).into_iter().map(|item| {
        let mut event = serde_json::to_value(&item.event).unwrap();
        if let Some(settings) = event.pointer_mut("/number/settings").and_then(Value::as_object_mut) {
            settings.remove("json");
        }
        // Stored beside the message: when it was written, which way it went, and how far it had come.
        let beside = match &item.event {
            Event::Message(message) => Some((message.at_s, &message.origin)),
            _ => None,
        };
        json!([
            beside,
            item.account_id,
            item.entry_time_s,
            item.field,
            item.phone_number_id,
            item.display_phone_number,
            item.is_standby,
            event,
        ])
    });
    items.collect()
}

/// The JSON pointers of all leaves.
fn find_leaves(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                find_leaves(value, format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                find_leaves(value, format!("{pointer}/{index}"), found);
            }
        }
        Value::Null => {}
        Value::String(_) | Value::Number(_) | Value::Bool(_) => found.push(pointer),
    }
}

/// A pointer without the places in arrays, and without what stands around a value.
fn path_of(pointer: &str) -> String {
    let without_place = |part| if str::parse::<usize>(part).is_ok() { "*" } else { part };
    let path = pointer.split('/').map(without_place).collect::<Vec<_>>().join("/");
    for around in ["/entry/*/changes/*/value/", "/entry/*/value/"] {
        if let Some(inside) = path.strip_prefix(around) {
            return format!("value/{inside}");
        }
    }
    path
}

/// The body with another leaf there, and without the leaf.
fn variants(body: &Value, pointer: &str) -> impl Iterator<Item = Value> {
    let mut changed = body.clone();
    let leaf = changed.pointer_mut(pointer).unwrap();
    *leaf = another(leaf);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let mut without = body.clone();
    // An item of an array is not left out: those after it would move up.
    let members = without.pointer_mut(parent).and_then(Value::as_object_mut);
    let is_left_out = members.is_some_and(|members| members.remove(name).is_some());
    [Some(changed), is_left_out.then_some(without)].into_iter().flatten()
}

/// Another leaf of the same kind: a text of digits stays one, so that no difference comes from its not being read.
fn another(leaf: &Value) -> Value {
    match leaf {
        Value::String(text) => {
            let mut before = text.clone();
            match before.pop().and_then(|last| last.to_digit(10)) {
                Some(digit) => format!("{before}{}", (digit + 1) % 10).into(),
                None => format!("{text}~").into(),
            }
        }
        Value::Number(number) => match number.as_i64() {
            Some(whole) => (whole - 1).into(),
            None => (number.as_f64().unwrap() + 1.0).into(),
        },
        Value::Bool(truth) => (!truth).into(),
        other => other.clone(),
    }
}
