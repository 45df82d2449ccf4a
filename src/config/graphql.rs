//! The GraphQL API.

use std::path::PathBuf;

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

static GRAPHIQL: Setting = Setting {
    name: "GRAPHQL_GRAPHIQL",
    aliases: &[],
    default: Some("false"),
    example: "true",
    expects: "true or false",
    secret: false,
    meaning: "Whether a browser that opens /graphql is shown GraphiQL, a page to try queries with. `pesan dev` shows it. The page itself asks like any client, with a key.",
};
static ALLOWED_OPERATIONS: Setting = Setting {
    name: "GRAPHQL_ALLOWED_OPERATIONS",
    aliases: &[],
    default: None,
    example: "/etc/pesan/operations.json",
    expects: "the path of a folder of .graphql files, or of a JSON file of operations",
    secret: false,
    meaning: "The only operations that are run: a folder with one document a file, a JSON map from hash to document, or a manifest with `operations`, each with its `body`. Read at the start. Unset: any operation.",
};

pub(super) const SETTINGS: &[&Setting] = &[&INTROSPECTION, &GRAPHIQL, &ALLOWED_OPERATIONS];

/// The GraphQL API.
#[derive(Clone, Debug)]
pub struct GraphqlConfig {
    /// `GRAPHQL_INTROSPECTION`.
    pub introspection: bool,
    /// `GRAPHQL_GRAPHIQL`.
    pub graphiql: bool,
    /// `GRAPHQL_ALLOWED_OPERATIONS`.
    pub allowed_operations: Option<PathBuf>,
}

impl GraphqlConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let introspection = reader.required(&INTROSPECTION, |text| text.parse::<bool>().ok());
        let allowed_operations = reader.optional(&ALLOWED_OPERATIONS, |text| Some(PathBuf::from(text)));
        let graphiql = reader.required(&GRAPHIQL, |text| text.parse::<bool>().ok());
        Some(Self {
            introspection: introspection?,
            graphiql: graphiql?,
            allowed_operations: allowed_operations?,
        })
    }
}
