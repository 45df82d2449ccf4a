//! The GraphQL API.

use super::setting::{Reader, Setting};

static INTROSPECTION: Setting = Setting {
    name: "GRAPHQL_INTROSPECTION",
    aliases: &[],
    default: Some("true"),
    example: "true",
    expects: "true or false",
    secret: false,
    meaning: "Whether the API describes itself to whoever has a key. The schema is no secret (`graphql/schema.graphql`); tools like GraphiQL need this.",
};

pub(super) const SETTINGS: &[&Setting] = &[&INTROSPECTION];

/// The GraphQL API.
#[derive(Clone, Debug)]
pub struct GraphqlConfig {
    /// `GRAPHQL_INTROSPECTION`.
    pub introspection: bool,
}

impl GraphqlConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let introspection = reader.required(&INTROSPECTION, |text| text.parse::<bool>().ok());
        Some(Self { introspection: introspection? })
    }
}
