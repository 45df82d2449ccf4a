//! Which leaves of a payload land in a typed field: the payload is read into its wire types, written back, and
//! compared.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::meta::wire;

/// Leaves that are kept as JSON and not typed further: parts of what a business itself sent, repeated in an echo.
const KEPT_AS_JSON: &[(&str, &str)] = &[
    ("/message/template/components/", "a send request's own parameters, as another partner sent them"),
    ("/template/components/", "the whole template as stored at Meta; templates are synced by their own call"),
    ("/interactive/action/parameters/", "differs by kind of interactive message"),
    ("/interactive/action/sections/", "the rows of a list or of products, as the business sent them"),
];

/// Checks payload after payload, and at the end that no row of `KEPT_AS_JSON` is idle.
#[derive(Default)]
pub struct Checker {
    used: Vec<&'static str>,
}

impl Checker {
    /// Panics when a leaf of `text` is in no typed field.
    pub fn check(&mut self, name: &str, text: &str) {
        let body: Value = serde_json::from_str(text).unwrap();
        self.compare(name, &body_without_values(body.clone()), &envelope(text));
        for entry in body["entry"].as_array().unwrap() {
            for (field, value) in values(entry) {
                self.compare(name, &value, &taken(&field, &value.to_string()));
            }
        }
    }

    /// Panics when a row of the list above is needed by no payload.
    pub fn finish(&self) {
        for (part, _) in KEPT_AS_JSON {
            assert!(self.used.contains(part), "no payload needs {part} in KEPT_AS_JSON");
        }
    }

    fn compare(&mut self, name: &str, expected: &Value, taken: &Value) {
        let (mut expected_leaves, mut found) = (BTreeMap::new(), BTreeMap::new());
        leaves(expected, "", &mut expected_leaves);
        leaves(taken, "", &mut found);
        for (path, leaf) in expected_leaves {
            let kept = KEPT_AS_JSON.iter().filter(|(part, _)| path.contains(part)).map(|(part, _)| *part);
            let before = self.used.len();
            self.used.extend(kept);
            if self.used.len() > before {
                continue;
            }
            let taken = found.get(&path).unwrap_or_else(|| panic!("{name}: {path} is in no typed field"));
            assert!(same_leaf(taken, &leaf), "{name}: {path} is {leaf}, and was taken as {taken}");
        }
    }
}

/// The leaves of a JSON value by path; a number and its text are the same leaf.
fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{path}/{index}"), found);
            }
        }
        Value::String(text) => drop(found.insert(path.to_owned(), text.clone())),
        Value::Number(number) => {
            drop(found.insert(path.to_owned(), number.as_f64().unwrap().to_string()));
        }
        Value::Bool(truth) => drop(found.insert(path.to_owned(), truth.to_string())),
        Value::Null => {}
    }
}

fn same_leaf(a: &str, b: &str) -> bool {
    a == b
        || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() < f64::EPSILON * a.abs())
}

/// The field names of an entry with their values. Meta (2026-07): the name can stand beside the changes or inside
/// the value.
fn values(entry: &Value) -> Vec<(String, Value)> {
    let outer = entry["field"].as_str();
    let mut values: Vec<(String, Value)> = entry["changes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|change| {
            let field = change["field"].as_str().or(outer).or(change["value"]["field"].as_str());
            (field.unwrap().to_owned(), change["value"].clone())
        })
        .collect();
    if let Some(value) = entry.get("value") {
        values.push((outer.unwrap().to_owned(), value.clone()));
    }
    values
}

fn body_without_values(mut body: Value) -> Value {
    for entry in body["entry"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("value");
        for change in entry.get_mut("changes").and_then(Value::as_array_mut).into_iter().flatten() {
            change.as_object_mut().unwrap().remove("value");
        }
    }
    body
}

/// What the types take of what surrounds the values.
fn envelope(text: &str) -> Value {
    serde_json::to_value(serde_json::from_str::<wire::Envelope<'_>>(text).unwrap()).unwrap()
}

/// Replaces the raw items of an array by what their type has taken.
macro_rules! typed_items {
    ($typed:expr, $($key:literal => $shape:ident),* $(,)?) => {
        $(
            if let Some(items) = $typed.get_mut($key).and_then(Value::as_array_mut) {
                for item in items {
                    let text = item.to_string();
                    let read: wire::$shape<'_> = serde_json::from_str(&text).unwrap();
                    *item = serde_json::to_value(read).unwrap();
                }
            }
        )*
    };
}

/// What the types take of a value of that field.
fn taken(field: &str, raw: &str) -> Value {
    macro_rules! as_shape {
        ($shape:ident) => {
            serde_json::to_value(serde_json::from_str::<wire::$shape<'_>>(raw).unwrap()).unwrap()
        };
    }
    match field {
        "messaging_handovers" => as_shape!(Handover),
        "business_username_updates" => as_shape!(UsernameUpdate),
        "account_update" => as_shape!(AccountUpdate),
        "account_alerts" => as_shape!(AccountAlert),
        "account_review_update" => as_shape!(AccountReview),
        "account_settings_update" => as_shape!(AccountSettings),
        "business_capability_update" => as_shape!(BusinessCapability),
        "partner_solutions" => as_shape!(PartnerSolution),
        "payment_configuration_update" => as_shape!(PaymentConfiguration),
        "flows" => as_shape!(FlowNews),
        "phone_number_name_update" | "phone_number_quality_update" | "security" => as_shape!(NumberNews),
        _ if field.contains("template") => as_shape!(TemplateNews),
        _ => traffic(as_shape!(Value)),
    }
}

/// The items of a number's traffic, each by its own type.
fn traffic(mut typed: Value) -> Value {
    typed_items!(typed,
        "contacts" => Contact, "messages" => Message, "message_echoes" => Message, "statuses" => Status,
        "errors" => Fault, "calls" => Call, "groups" => Group, "state_sync" => StateSync,
        "history" => HistoryChunk, "user_preferences" => UserPreference, "user_id_update" => UserIdUpdate,
        "user_actions" => UserAction, "automatic_events" => AutomaticEvent, "events" => TrackingEvent,
    );
    for chunk in typed["history"].as_array_mut().into_iter().flatten() {
        typed_items!(chunk, "threads" => Thread);
        for thread in chunk["threads"].as_array_mut().into_iter().flatten() {
            typed_items!(thread, "messages" => Message);
        }
    }
    if let Some(standby) = typed.get_mut("standby").filter(|standby| standby.is_object()) {
        let text = standby.to_string();
        *standby = serde_json::to_value(serde_json::from_str::<wire::Standby<'_>>(&text).unwrap()).unwrap();
        typed_items!(standby,
            "contacts" => Contact, "messages" => Message, "statuses" => Status,
            "message_echoes" => StandbyEcho,
        );
    }
    typed
}
