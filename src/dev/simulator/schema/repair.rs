//! What the published document means, said so that JSON Schema 2020-12 understands it.
//!
//! Only repairs that keep the meaning: a branch by discriminator, closed members of an `allOf` closed as a whole,
//! `nullable`. What changes the meaning is in the overlay.

use serde_json::{Map, Value, json};

const COMPONENT: &str = "#/components/schemas/";

/// The name of the component that a `$ref` names.
pub(super) fn component_of(reference: &str) -> Option<&str> {
    reference.strip_prefix(COMPONENT)
}

/// Repairs all components.
pub(super) fn components(components: &mut Map<String, Value>) {
    for component in components.values_mut() {
        close_whole(component);
        allow_null(component);
    }
    let names: Vec<String> = components.keys().cloned().collect();
    for name in names {
        branch(&name, components);
    }
}

/// A member of an `allOf` that is closed refuses the keys of its siblings, so that nothing is ever valid: the
/// object is closed as a whole instead.
fn close_whole(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    let mut is_closed = false;
    for member in object.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(member) = member.as_object_mut() else { continue };
        if member.get("additionalProperties") == Some(&Value::Bool(false)) {
            member.remove("additionalProperties");
            is_closed = true;
        }
    }
    if is_closed {
        object.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
}

/// `nullable` is of OpenAPI 3.0, and means nothing to JSON Schema.
fn allow_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("nullable") == Some(&Value::Bool(true)) {
                object.remove("nullable");
                if let Some(kind @ Value::String(_)) = object.get("type").cloned() {
                    object.insert("type".to_owned(), json!([kind, "null"]));
                }
                if let Some(options) = object.get_mut("enum").and_then(Value::as_array_mut) {
                    options.push(Value::Null);
                }
            }
            object.values_mut().for_each(allow_null);
        }
        Value::Array(items) => items.iter_mut().for_each(allow_null),
        _ => {}
    }
}

/// A discriminator becomes one `if` and `then` a value, so that a wrong body is told what is wrong with its own
/// kind. A base that its own branches refer to moves aside to `NAME.base` first.
fn branch(name: &str, components: &mut Map<String, Value>) {
    let Some(mut base) = components.get(name).cloned() else { return };
    let Some(discriminator) = base.as_object_mut().and_then(|base| base.remove("discriminator")) else {
        return;
    };
    let Some(property) = discriminator.get("propertyName").and_then(Value::as_str) else { return };
    let Some(mapping) = discriminator.get("mapping").and_then(Value::as_object) else { return };
    let is_base = base.get("oneOf").is_none();
    let base_name = format!("{name}.base");
    if is_base {
        for target in mapping.values().filter_map(Value::as_str).filter_map(component_of) {
            let members =
                components.get_mut(target).and_then(|target| target.get_mut("allOf")?.as_array_mut());
            for member in members.into_iter().flatten() {
                if member.get("$ref").and_then(Value::as_str).and_then(component_of) == Some(name) {
                    *member = json!({ "$ref": format!("{COMPONENT}{base_name}") });
                }
            }
        }
    }
    let kinds: Vec<&String> = mapping.keys().collect();
    let first = if is_base {
        json!({ "$ref": format!("{COMPONENT}{base_name}") })
    } else {
        json!({ "type": "object", "properties": { property: { "enum": kinds } } })
    };
    let mut all_of = vec![first];
    all_of.extend(mapping.iter().map(|(kind, target)| {
        json!({
            "if": { "required": [property], "properties": { property: { "const": kind } } },
            "then": { "$ref": target },
        })
    }));
    if is_base {
        components.insert(base_name, base);
    }
    components.insert(name.to_owned(), json!({ "allOf": all_of }));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::components;

    fn check(published: &Value, pointer: &str, expected: &Value) {
        let mut schemas = published.as_object().unwrap().clone();
        components(&mut schemas);
        assert_eq!(Value::Object(schemas).pointer(pointer), Some(expected), "{pointer}");
    }

    #[test]
    fn closed_members_become_one_closed_whole() {
        let published =
            json!({"A": {"allOf": [{"$ref": "#/components/schemas/B"}, {"additionalProperties": false}]}});
        check(&published, "/A/unevaluatedProperties", &json!(false));
        check(&published, "/A/allOf/1", &json!({}));
    }

    #[test]
    fn an_open_whole_stays_open() {
        check(&json!({"A": {"allOf": [{"type": "object"}]}}), "/A", &json!({"allOf": [{"type": "object"}]}));
    }

    #[test]
    fn nullable_becomes_a_second_type() {
        let published = json!({"A": {"properties": {"b": {"type": "string", "nullable": true}}}});
        check(&published, "/A/properties/b", &json!({"type": ["string", "null"]}));
    }

    #[test]
    fn a_base_that_its_branches_refer_to_moves_aside() {
        let discriminator = json!({"propertyName": "k", "mapping": {"x": "#/components/schemas/X"}});
        let published = json!({
            "Base": {"type": "object", "discriminator": discriminator},
            "X": {"allOf": [{"$ref": "#/components/schemas/Base"}]},
        });
        check(&published, "/X/allOf/0", &json!({"$ref": "#/components/schemas/Base.base"}));
        check(&published, "/Base.base", &json!({"type": "object"}));
        let then = json!({"$ref": "#/components/schemas/X"});
        check(&published, "/Base/allOf/1/then", &then);
    }
}
