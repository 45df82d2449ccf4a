//! Search in messages, contacts and notes: what is found, page by page, by whom, and how it gets there.

mod borders;
mod conversations;
mod finding;
mod indexing;
mod notes;
mod paging;

use pesan::auth::{NewApiKey, Role};
use pesan::secret::Secret;
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::webhook::{Customer, NOW_S, inbound, text};

const BUDI: Customer<'static> = Customer { wa_id: "6281234567890", user_id: "ID.1", name: "Budi Santoso" };
const SRI: Customer<'static> = Customer { wa_id: "6285550001111", user_id: "ID.2", name: "Sri Wahyuni" };

/// Somebody who searches.
struct Seeker<'a> {
    app: &'a TestApp,
    key: Secret,
}

impl<'a> Seeker<'a> {
    /// With an agent's key.
    async fn new(app: &'a TestApp) -> Self {
        Self { app, key: app.key(Role::Agent).await }
    }

    /// With a key of any kind.
    async fn with(app: &'a TestApp, workspace: Uuid, numbers: Option<Vec<Uuid>>) -> Self {
        let role = Role::Agent;
        let new = NewApiKey { name: "a test's".to_owned(), role, scopes: None, numbers, expires_ms: None };
        Self { app, key: app.key_for(workspace, new).await.text }
    }

    async fn answer(&self, name: &str, variables: Value) -> Value {
        let path = format!("{}/graphql/operations/{name}.graphql", env!("CARGO_MANIFEST_DIR"));
        self.app.graphql(&self.key, &std::fs::read_to_string(path).unwrap(), variables).await
    }

    async fn page(&self, name: &str, variables: Value) -> Value {
        let answer = self.answer(name, variables).await;
        assert_eq!(answer.get("errors"), None, "{name}: {answer:#}");
        answer["data"][name].clone()
    }

    /// The texts of the messages that are found, the latest first.
    async fn texts(&self, search: &str) -> Vec<String> {
        let page = self.page("searchMessages", json!({ "query": search, "first": 100 })).await;
        assert_eq!(page["pageInfo"]["hasNextPage"], false, "{page:#}");
        edges(&page)
            .iter()
            .map(|node| node["content"]["text"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The texts of the notes that are found, the latest first.
    async fn notes(&self, search: &str) -> Vec<String> {
        let page = self.page("searchNotes", json!({ "query": search, "first": 100 })).await;
        edges(&page).iter().map(|node| node["text"].as_str().unwrap().to_owned()).collect()
    }

    /// A mutation that must go well; then what it changed can be found.
    async fn done(&self, name: &str, variables: Value) -> Value {
        let payload = self.page(name, variables).await;
        assert_eq!(payload["userErrors"], json!([]), "{name}: {payload:#}");
        self.app.run_worker("search-indexer").await.unwrap();
        payload
    }

    /// The names of the contacts that are found.
    async fn names(&self, search: &str) -> Vec<String> {
        let page = self.page("searchContacts", json!({ "query": search, "first": 100 })).await;
        edges(&page).iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// What is shown of each that was found, with the words of the search in brackets.
fn snippets(page: &Value) -> Vec<String> {
    let edges = page["edges"].as_array().unwrap().iter();
    let text = |part: &Value| {
        let text = part["text"].as_str().unwrap();
        if part["isMatch"] == true { format!("[{text}]") } else { text.to_owned() }
    };
    edges
        .map(|edge| {
            edge["snippet"]["parts"]
                .as_array()
                .map_or_else(String::new, |parts| parts.iter().map(text).collect())
        })
        .collect()
}

fn edges(page: &Value) -> Vec<Value> {
    page["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
}

/// A text of a customer's, `after` seconds after the beginning.
fn says(customer: Customer<'_>, wamid: &str, after: i64, words: &str) -> Value {
    inbound(customer, wamid, NOW_S + after, text(words))
}

/// Webhooks that are visible and can be found.
async fn take(app: &TestApp, changes: &[Value]) {
    app.take_changes(changes).await;
    app.run_worker("search-indexer").await.unwrap();
}

/// What is kept to be found, by key, without how new it is; and without what is kept only as gone.
async fn items(app: &TestApp) -> Vec<Value> {
    let mut items = app.all("search_items").await;
    items.retain(|item| !item["tokens"].as_array().unwrap().is_empty());
    for item in &mut items {
        item.as_object_mut().unwrap().remove("seq");
    }
    items
}

/// The id of the contact of that number.
async fn contact(app: &TestApp, wa_id: &str) -> Value {
    let contacts = app.all("contacts").await;
    let id = contacts.iter().find(|one| one["waId"]["value"] == wa_id).unwrap()["_id"].clone();
    json!(id.as_str().unwrap().parse::<Uuid>().unwrap())
}

/// Another number of the first workspace.
async fn second_number(app: &TestApp) -> Uuid {
    app.storage.ensure_number(first_workspace(), "700", Some("800")).await.unwrap();
    number_id(first_workspace(), "700")
}
