//! Meta's OpenAPI description as a judge of request bodies: loaded, repaired, overlaid, compiled.
//!
//! Owns the shape of bodies: keys, JSON kinds, enumerations, lengths that the document states. What the document
//! does not say is in `limits`. Knows nothing of tokens, ids or the state of the world.
//!
//! Invariants: an operation is judged by one validator, compiled once and only when it is first used; the overlay
//! changes nothing silently: a change that does not fit the document is an error, and each has its reason.

mod document;
mod overlay;
mod repair;
mod verdict;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::refusal::Refusal;
use document::Document;
use overlay::Overlay;
use verdict::Family;

/// Judges a body. `path` is the template of the document without the version: `/{Phone-Number-ID}/messages`.
/// Operations that the document lacks (`GET /oauth/access_token`, …) are in `operations.toml`; where they take a
/// query instead of a body, the caller makes an object of strings of it.
pub fn validate(method: &str, path: &str, body: &Value) -> Result<(), Refusal> {
    let name = format!("{method} {path}");
    let Some(operation) = judged().get(&name) else {
        let broken = document().err().unwrap_or_else(|| format!("the simulator has no schema for {name}"));
        return Err(Refusal::of(1).details(broken));
    };
    let validator = match operation.validator.get_or_init(|| compile(&name)) {
        Ok(validator) => validator,
        Err(broken) => return Err(Refusal::of(1).details(broken.clone())),
    };
    if validator.is_valid(body) {
        return Ok(());
    }
    Err(verdict::refuse(Family::of(path), validator.iter_errors(body)))
}

/// Every operation that `validate` knows, as `POST /{Phone-Number-ID}/messages`.
pub fn operations() -> impl Iterator<Item = &'static str> {
    judged().keys().map(String::as_str)
}

struct Operation {
    validator: OnceLock<Result<jsonschema::Validator, String>>,
}

fn compile(name: &str) -> Result<jsonschema::Validator, String> {
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .build(&schema_of(name)?)
        .map_err(|error| format!("the schema of {name} does not compile: {error}"))
}

fn judged() -> &'static BTreeMap<String, Operation> {
    static OPERATIONS: OnceLock<BTreeMap<String, Operation>> = OnceLock::new();
    OPERATIONS.get_or_init(|| {
        let names = document().map(|document| document.bodies.keys().cloned().collect::<Vec<_>>());
        let operation = |name| (name, Operation { validator: OnceLock::new() });
        names.unwrap_or_default().into_iter().map(operation).collect()
    })
}

fn document() -> Result<&'static Document, String> {
    static DOCUMENT: OnceLock<Result<Document, String>> = OnceLock::new();
    DOCUMENT.get_or_init(Document::load).as_ref().map_err(Clone::clone)
}

fn overlay() -> Result<&'static Overlay, String> {
    static OVERLAY: OnceLock<Result<Overlay, String>> = OnceLock::new();
    OVERLAY.get_or_init(Overlay::load).as_ref().map_err(Clone::clone)
}

/// The schema of one operation: `body` and the components that it reaches.
fn schema_of(name: &str) -> Result<Value, String> {
    let document = document()?;
    let body = document.bodies.get(name).ok_or_else(|| format!("{name} has no body"))?;
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/body",
        "body": body,
        "components": { "schemas": document.components },
    });
    overlay()?.apply(name, &mut schema)?;
    document::keep_reached(&mut schema);
    Ok(schema)
}

#[cfg(test)]
mod tests {
    use super::{compile, document, judged, overlay, schema_of};

    #[test]
    fn every_operation_compiles() {
        document().unwrap();
        for name in judged().keys() {
            compile(name).unwrap();
        }
    }

    #[test]
    fn every_change_of_the_overlay_names_operations_that_exist_and_has_a_reason() {
        let document = document().unwrap();
        for change in &overlay().unwrap().changes {
            assert!(!change.operations.is_empty(), "{}: no operation", change.pointer);
            for operation in &change.operations {
                assert!(document.bodies.contains_key(operation), "{}: {operation}", change.pointer);
            }
            assert!(change.reason.len() > 10, "{} {:?}: no reason", change.pointer, change.change);
        }
    }

    #[test]
    fn a_schema_holds_only_the_components_that_it_reaches() {
        let schema = schema_of("POST /{Phone-Number-ID}/verify_code").unwrap();
        let components = schema["components"]["schemas"].as_object().unwrap();
        assert_eq!(components.keys().collect::<Vec<_>>(), ["VerifyCodeRequest"]);
    }
}
