//! What front ends read over GraphQL: webhooks go in, and come out typed, page by page, each to whom it belongs.

mod content;
mod cost;
pub mod isolation;
mod messages;
mod news;
mod operations;
pub mod paging;

use pesan::auth::{NewApiKey, Role, Scope};
use pesan::secret::Secret;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;

/// Somebody who asks.
pub struct Reader<'a> {
    app: &'a TestApp,
    key: Secret,
}

impl<'a> Reader<'a> {
    /// With a key of this role for the first workspace.
    pub async fn new(app: &'a TestApp, role: Role) -> Self {
        Self::with(app, first_workspace(), role, None, None).await
    }

    /// With a key that is narrowed.
    pub async fn with(
        app: &'a TestApp,
        workspace: Uuid,
        role: Role,
        scopes: Option<Vec<Scope>>,
        numbers: Option<Vec<Uuid>>,
    ) -> Self {
        let new = NewApiKey { name: "reader".to_owned(), role, scopes, numbers, expires_ms: None };
        Self { app, key: app.key_for(workspace, new).await.text }
    }

    /// The whole answer.
    pub async fn answer(&self, query: &str, variables: Value) -> Value {
        let request = self.app.client.post(format!("{}/graphql", self.app.url));
        let request = request.bearer_auth(self.key.expose());
        let request = request.json(&json!({ "query": query, "variables": variables }));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// The data of an answer that has no errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.answer(query, variables).await;
        assert!(answer["errors"].is_null(), "{query}\n{:#}", answer["errors"]);
        answer["data"].take()
    }

    /// The code of the first error of an answer.
    pub async fn code(&self, query: &str, variables: Value) -> String {
        let answer = self.answer(query, variables).await;
        answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned()
    }
}

/// What is under `nodes` or in the `node`s under `edges`.
pub fn nodes(list: &Value) -> Vec<Value> {
    match &list["nodes"] {
        Value::Array(nodes) => nodes.clone(),
        _ => list["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect(),
    }
}

/// An operation of `graphql/operations`.
pub fn operation(name: &str) -> String {
    let path = format!("{}/graphql/operations/{name}.graphql", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// The time of the tests' clock, in Meta's seconds: windows that were opened now are open.
pub const CLOCK_S: i64 = 1_795_248_000;
