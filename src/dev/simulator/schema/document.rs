//! Meta's OpenAPI file and our table of the operations that it lacks, read into bodies by operation.
//!
//! Invariant: the file is embedded as Meta published it; everything that we know better is in `repair`, which keeps
//! the meaning, and in the overlay, which does not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::repair;

/// Meta (2025-05): the description of v23.0, with its licence beside it.
const PUBLISHED: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/fixtures/meta/openapi/business-messaging-api_v23.0.yaml"
));
const LACKING: &str = include_str!("operations.toml");

const VERSION_PREFIX: &str = "/{Version}";
const METHODS: &[&str] = &["get", "post", "put", "delete"];
/// The bodies that the simulator sees as JSON; a multipart form is made an object before it is judged.
const MEDIA_TYPES: &[&str] =
    &["application/json", "multipart/form-data", "application/x-www-form-urlencoded"];

/// The repaired document.
#[derive(Debug)]
pub(super) struct Document {
    pub components: Map<String, Value>,
    /// The schema of the body by operation: `POST /{Phone-Number-ID}/messages`.
    pub bodies: BTreeMap<String, Value>,
}

/// An operation outside the document.
#[derive(Debug, Deserialize)]
struct Lacking {
    operation: Vec<LackingOperation>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LackingOperation {
    name: String,
    schema: Value,
}

impl Document {
    pub(super) fn load() -> Result<Self, String> {
        let mut published: Value =
            serde_saphyr::from_str(PUBLISHED).map_err(|error| format!("Meta's OpenAPI file: {error}"))?;
        let Some(Value::Object(mut components)) =
            published.pointer_mut("/components/schemas").map(Value::take)
        else {
            return Err("Meta's OpenAPI file has no components".to_owned());
        };
        repair::components(&mut components);
        let mut bodies = published_bodies(&published);
        let lacking: Lacking =
            toml::from_str(LACKING).map_err(|error| format!("operations.toml: {error}"))?;
        for LackingOperation { name, schema } in lacking.operation {
            if bodies.contains_key(&name) {
                return Err(format!("operations.toml: the document has {name}"));
            }
            bodies.insert(name, schema);
        }
        Ok(Self { components, bodies })
    }
}

fn published_bodies(published: &Value) -> BTreeMap<String, Value> {
    let mut bodies = BTreeMap::new();
    let paths = published.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let path = path.strip_prefix(VERSION_PREFIX).unwrap_or(path);
        for method in METHODS {
            let content = item.get(method).and_then(|operation| operation.pointer("/requestBody/content"));
            let schema = content.and_then(|content| {
                MEDIA_TYPES.iter().find_map(|media_type| content.get(media_type)?.get("schema"))
            });
            if let Some(schema) = schema {
                bodies.insert(format!("{} {path}", method.to_ascii_uppercase()), schema.clone());
            }
        }
    }
    bodies
}

/// Drops the components that `body` does not reach: what is not there need not be compiled.
pub(super) fn keep_reached(schema: &mut Value) {
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = schema.get("body").map(referred).unwrap_or_default();
    while let Some(name) = open.pop() {
        if reached.contains(&name) {
            continue;
        }
        let component = schema.get("components").and_then(|c| c.get("schemas")?.get(&name));
        open.extend(component.map(referred).unwrap_or_default());
        reached.insert(name);
    }
    if let Some(components) = schema.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        components.retain(|name, _| reached.contains(name));
    }
}

/// The names of the components that a schema refers to directly.
fn referred(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str).and_then(repair::component_of);
            own.map(str::to_owned).into_iter().chain(object.values().flat_map(referred)).collect()
        }
        Value::Array(items) => items.iter().flat_map(referred).collect(),
        _ => Vec::new(),
    }
}
