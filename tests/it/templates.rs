//! Templates through the API, with a Meta of the test's own: read, made, changed and deleted there, held against webhooks
//! in any order, and asked before a message that uses one is queued.

mod borders;
mod change;
mod leave;
mod samples;
mod sending;
mod standing;
mod sync;

use std::fs;
use std::time::Duration;

use pesan::auth::{NewApiKey, Role};
use pesan::secret::Secret;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::client;
use crate::support::meta::{APP_ID, APP_SECRET, Meta, TOKEN};
use crate::support::webhook;
use crate::support::webhook::{ACCOUNT_ID, PHONE_NUMBER_ID, body_at};

const MASTER_KEYS: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OPERATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/graphql/operations");
/// The time at which service and Meta begin, in seconds.
const START_S: i64 = 1_795_248_000;

/// An admin's desk: the service, Meta, a key, and a number that can send. Background work is driven by hand.
struct Desk {
    app: TestApp,
    meta: Meta,
    key: Secret,
    number: String,
}

impl Desk {
    async fn start() -> Self {
        let meta = Meta::start();
        let url = meta.url();
        let secrets = format!("{APP_SECRET},{}", webhook::APP_SECRET);
        let app = TestApp::start_with(
            &[
                ("GRAPH_API_BASE_URL", url.as_str()),
                ("WHATSAPP_APP_ID", APP_ID),
                ("WHATSAPP_APP_SECRET", secrets.as_str()),
                ("PESAN_MASTER_KEYS", MASTER_KEYS),
            ],
            false,
        );
        let key = app.key(Role::Admin).await;
        let mut desk = Self { app, meta, key, number: String::new() };
        desk.number = desk.add(PHONE_NUMBER_ID).await;
        desk
    }

    /// Adds a number of the simulator's account. Gives our id.
    async fn add(&self, phone_number_id: &str) -> String {
        let input =
            json!({ "phoneNumberId": phone_number_id, "accountId": ACCOUNT_ID, "accessToken": TOKEN });
        let added = self.done("addNumber", json!({ "input": input })).await;
        added["number"]["id"].as_str().unwrap().to_owned()
    }

    /// What an operation of `graphql/operations` answers, whole.
    async fn answer(&self, key: &Secret, name: &str, variables: Value) -> Value {
        let text = fs::read_to_string(format!("{OPERATIONS}/{name}.graphql")).unwrap();
        let answer = self.app.graphql(key, &text, variables).await;
        assert!(!answer.to_string().contains(TOKEN), "{name} shows a secret");
        answer
    }

    /// The field of an operation that has no error.
    async fn run(&self, name: &str, variables: Value) -> Value {
        let mut answer = self.answer(&self.key, name, variables).await;
        assert_eq!(answer.get("errors"), None, "{name}: {answer}");
        answer["data"][name].take()
    }

    /// The same of one that must go well.
    async fn done(&self, name: &str, variables: Value) -> Value {
        let payload = self.run(name, variables).await;
        if let Some(errors) = payload.get("userErrors") {
            assert_eq!(errors, &json!([]), "{name}");
        }
        payload
    }

    /// The only thing that the caller is told to put right.
    async fn refused(&self, name: &str, variables: Value) -> Value {
        let payload = self.run(name, variables).await;
        let errors = payload["userErrors"].as_array().unwrap_or_else(|| panic!("{name}: {payload}"));
        assert_eq!(errors.len(), 1, "{name}: {payload:#}");
        errors[0].clone()
    }

    async fn sync(&self) -> Value {
        self.done("syncTemplates", json!({ "accountId": ACCOUNT_ID })).await["report"].clone()
    }

    /// The templates of a filter.
    async fn list(&self, filter: Value) -> Vec<Value> {
        let page = self.run("templates", json!({ "filter": filter })).await;
        page["nodes"].as_array().unwrap().clone()
    }

    /// The only template of a name, also a deleted one.
    async fn named(&self, name: &str) -> Value {
        let statuses =
            ["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "FLAGGED", "DELETED"].to_vec();
        let found = self.list(json!({ "name": name, "statuses": statuses })).await;
        assert_eq!(found.len(), 1, "{name}: {found:#?}");
        self.run("template", json!({ "id": found[0]["id"] })).await
    }

    /// Makes a template at Meta, approved at once. Gives Meta's id.
    async fn at_meta(&self, name: &str, components: Value) -> String {
        let definition =
            json!({ "name": name, "language": "id", "category": "UTILITY", "components": components });
        let made = self.meta.control("/templates", definition).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Deletes a template at Meta, as somebody does in WhatsApp Manager.
    async fn delete_at_meta(&self, name: &str) {
        let url = format!("{}/v25.0/{ACCOUNT_ID}/message_templates?name={name}", self.meta.url());
        let answer = client().delete(url).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// How often Meta was asked for something whose place contains this.
    async fn asked(&self, contains: &str) -> usize {
        self.meta.requests(contains).await.len()
    }

    /// News of a template, by a webhook of this second after the start.
    async fn news(&self, after_s: i64, field: &str, (id, name): (&str, &str), more: Value) {
        let mut value = json!({
            "message_template_id": id.parse::<u64>().unwrap(), "message_template_name": name,
            "message_template_language": "id",
        });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let change = json!({ "field": field, "value": value });
        self.app.take(&[body_at(&[change], START_S + after_s)]).await;
        self.app.settle().await;
    }

    async fn status(&self, after_s: i64, template: (&str, &str), event: &str) {
        let more = json!({ "event": event, "reason": "NONE" });
        self.news(after_s, "message_template_status_update", template, more).await;
    }

    /// Time goes on, here and at Meta.
    async fn advance(&self, by: Duration) {
        self.app.clock.advance(by);
        let by_ms = u64::try_from(by.as_millis()).unwrap();
        self.meta.control("/clock", json!({ "advance_ms": by_ms })).await;
    }

    /// A key of a workspace of its own.
    async fn stranger(&self) -> Secret {
        self.app.key_for(Uuid::from_u128(77), key(Role::Owner, None)).await.text
    }
}

fn key(role: Role, numbers: Option<Vec<Uuid>>) -> NewApiKey {
    NewApiKey { name: "a test's".to_owned(), role, scopes: None, numbers, expires_ms: None }
}

fn body(text: &str) -> Value {
    json!([{ "type": "BODY", "text": text }])
}
