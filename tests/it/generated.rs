//! Files that are printed from the code are as the code would print them now.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    ConstDirective, FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Positioned, Value};

use crate::support::program::run;

async fn compare(arguments: &[&str], file: &str) {
    let printed = run(arguments, &[]).await;
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == printed.stdout,
        "{file} is out of date: run `cargo run -- {} > {file}`",
        arguments.join(" ")
    );
}

#[tokio::test]
async fn the_example_of_settings_is_current() {
    compare(&["config", "example"], ".env.local.example").await;
}

#[tokio::test]
async fn the_table_of_errors_is_current() {
    compare(&["errors"], "docs/ERRORS.md").await;
}

#[tokio::test]
async fn the_catalogue_of_metas_errors_is_current() {
    compare(&["errors", "--meta"], "docs/META-ERRORS.md").await;
    compare(&["errors", "--meta", "--language", "id"], "docs/META-ERRORS.id.md").await;
}

#[tokio::test]
async fn the_graphql_schema_is_current() {
    compare(&["schema"], "graphql/schema.graphql").await;
}

/// What GraphQL brings itself.
const BUILT_IN_DIRECTIVES: &[&str] = &["deprecated", "include", "oneOf", "skip", "specifiedBy"];

type Directives = [Positioned<ConstDirective>];

/// What a schema leaves unsaid: a line each.
#[derive(Debug, Default)]
struct Unsaid(Vec<String>);

impl Unsaid {
    fn of(sdl: &str) -> Vec<String> {
        let mut unsaid = Self::default();
        for definition in parse_schema(sdl).unwrap().definitions {
            match definition {
                TypeSystemDefinition::Schema(_) => {}
                TypeSystemDefinition::Type(one) => unsaid.look_at_type(&one.node),
                TypeSystemDefinition::Directive(one) => {
                    let name = format!("@{}", one.node.name.node);
                    if !BUILT_IN_DIRECTIVES.contains(&one.node.name.node.as_str()) {
                        unsaid.look_at(&name, one.node.description.as_ref(), &[]);
                        unsaid.look_at_inputs(&name, &one.node.arguments);
                    }
                }
            }
        }
        unsaid.0
    }

    fn look_at(&mut self, name: &str, description: Option<&Positioned<String>>, directives: &Directives) {
        if description.is_none_or(|text| text.node.trim().is_empty()) {
            self.0.push(name.to_owned());
        }
        for directive in directives.iter().filter(|one| one.node.name.node == "deprecated") {
            let reason = directive.node.get_argument("reason").map(|reason| &reason.node);
            if !matches!(reason, Some(Value::String(text)) if !text.trim().is_empty()) {
                self.0.push(format!("{name}: why it is deprecated"));
            }
        }
    }

    fn look_at_type(&mut self, one: &TypeDefinition) {
        let name = one.name.node.as_str();
        self.look_at(name, one.description.as_ref(), &one.directives);
        match &one.kind {
            TypeKind::Scalar | TypeKind::Union(_) => {}
            TypeKind::Object(object) => self.look_at_fields(name, &object.fields),
            TypeKind::Interface(interface) => self.look_at_fields(name, &interface.fields),
            TypeKind::InputObject(input) => self.look_at_inputs(name, &input.fields),
            TypeKind::Enum(names) => {
                for value in names.values.iter().map(|value| &value.node) {
                    self.look_at(
                        &format!("{name}.{}", value.value.node),
                        value.description.as_ref(),
                        &value.directives,
                    );
                }
            }
        }
    }

    fn look_at_fields(&mut self, of: &str, fields: &[Positioned<FieldDefinition>]) {
        for field in fields.iter().map(|field| &field.node) {
            let name = format!("{of}.{}", field.name.node);
            self.look_at(&name, field.description.as_ref(), &field.directives);
            self.look_at_inputs(&name, &field.arguments);
        }
    }

    fn look_at_inputs(&mut self, of: &str, inputs: &[Positioned<InputValueDefinition>]) {
        for input in inputs.iter().map(|input| &input.node) {
            self.look_at(&format!("{of}.{}", input.name.node), input.description.as_ref(), &input.directives);
        }
    }
}

#[test]
fn everything_in_the_graphql_schema_is_described() {
    let path = format!("{}/graphql/schema.graphql", env!("CARGO_MANIFEST_DIR"));
    let unsaid = Unsaid::of(&std::fs::read_to_string(path).unwrap());
    assert!(unsaid.is_empty(), "{} have no description:\n{}", unsaid.len(), unsaid.join("\n"));
}

#[test]
fn whatever_a_schema_leaves_unsaid_is_found() {
    let sdl = r#"
        "Said." type Query { "Said." said: Int a(b: Int): Int "Said." c: Int @deprecated }
        type Type { "Said." d("Said." said: Int, e: Int): Int }
        interface Interface { "Said." said: Int @deprecated(reason: "Old.") " " f: Int }
        input Input { "Said." said: Int g: Int = 1 @deprecated(reason: "") }
        enum Enum { "Said." SAID H }
        scalar Scalar
        union Union = Query | Type
        directive @ours(i: Int) on FIELD
        directive @skip(if: Boolean!) on FIELD
    "#;
    let expected = [
        "Query.a",
        "Query.a.b",
        "Query.c: why it is deprecated",
        "Type",
        "Type.d.e",
        "Interface",
        "Interface.f",
        "Input",
        "Input.g",
        "Input.g: why it is deprecated",
        "Enum",
        "Enum.H",
        "Scalar",
        "Union",
        "@ours",
        "@ours.i",
    ];
    assert_eq!(Unsaid::of(sdl), expected);
}
