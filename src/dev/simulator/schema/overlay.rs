//! The overlay: what Meta's reference knows better than the document, as data.
//!
//! Invariant: a change fits exactly, or the operation has no schema: `add` finds nothing in its place, `replace` and
//! `remove` find something. So a newer document cannot turn a change into nothing unseen.

use serde::Deserialize;
use serde_json::Value;

const OVERLAY: &str = include_str!("overlay.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Overlay {
    #[serde(rename = "change")]
    pub changes: Vec<Change>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    pub operations: Vec<String>,
    /// Into the schema of the operation: `/body/…`, `/components/schemas/…`.
    pub pointer: String,
    pub change: Kind,
    #[serde(default)]
    pub value: Option<Value>,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Add,
    Replace,
    Remove,
}

impl Overlay {
    pub(super) fn load() -> Result<Self, String> {
        toml::from_str(OVERLAY).map_err(|error| format!("overlay.toml: {error}"))
    }

    /// Applies the changes of one operation, in the order of the file.
    pub(super) fn apply(&self, operation: &str, schema: &mut Value) -> Result<(), String> {
        for change in self.changes.iter().filter(|change| change.operations.iter().any(|o| o == operation)) {
            change.apply(schema).ok_or_else(|| {
                format!("overlay.toml: {operation} {} does not fit ({})", change.pointer, change.reason)
            })?;
        }
        Ok(())
    }
}

impl Change {
    fn apply(&self, schema: &mut Value) -> Option<()> {
        let (parent, key) = self.pointer.rsplit_once('/')?;
        let key = key.replace("~1", "/").replace("~0", "~");
        let value = match self.change {
            Kind::Remove => None,
            Kind::Add | Kind::Replace => Some(self.value.clone()?),
        };
        match schema.pointer_mut(parent)? {
            Value::Object(object) => {
                if object.contains_key(&key) == (self.change == Kind::Add) {
                    return None;
                }
                match value {
                    Some(value) => object.insert(key, value),
                    None => object.remove(&key),
                };
                Some(())
            }
            // Only at the end: the numbers of the others stay as the document has them.
            Value::Array(items) if self.change == Kind::Add && key == "-" => {
                items.push(value?);
                Some(())
            }
            Value::Array(items) if self.change == Kind::Replace => {
                *items.get_mut(key.parse::<usize>().ok()?)? = value?;
                Some(())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Change, Kind};

    fn check(change: Kind, pointer: &str, expected: Option<&Value>) {
        let mut schema = json!({"a": {"b": 1}, "c": [1]});
        let change = Change {
            operations: Vec::new(),
            pointer: pointer.to_owned(),
            change,
            value: Some(json!(2)),
            reason: String::new(),
        };
        assert_eq!(change.apply(&mut schema).map(|()| schema).as_ref(), expected, "{pointer}");
    }

    #[test]
    fn a_change_fits_exactly_or_not_at_all() {
        check(Kind::Add, "/a/x", Some(&json!({"a": {"b": 1, "x": 2}, "c": [1]})));
        check(Kind::Add, "/a/b", None);
        check(Kind::Replace, "/a/b", Some(&json!({"a": {"b": 2}, "c": [1]})));
        check(Kind::Replace, "/a/x", None);
        check(Kind::Remove, "/a/b", Some(&json!({"a": {}, "c": [1]})));
        check(Kind::Remove, "/a/x", None);
        check(Kind::Add, "/c/-", Some(&json!({"a": {"b": 1}, "c": [1, 2]})));
        check(Kind::Replace, "/c/0", Some(&json!({"a": {"b": 1}, "c": [2]})));
        check(Kind::Replace, "/c/1", None);
        check(Kind::Add, "/nowhere/x", None);
    }
}
