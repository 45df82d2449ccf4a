//! Numbers through the API, with a Meta of the test's own.

mod adding;
mod borders;
mod first;
mod operations;
mod people;
mod trouble;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;

use pesan::auth::{NewApiKey, Role};
use pesan::dev::simulator::world::SECOND_NUMBER_ID;
use pesan::secret::Secret;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::meta::{APP_ID, APP_SECRET, Meta, TOKEN};
use crate::support::webhook;
use crate::support::webhook::{ACCOUNT_ID, PHONE_NUMBER_ID};

const MASTER_KEYS: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// What no answer may hold.
const SECRETS: &[&str] =
    &[TOKEN, APP_SECRET, webhook::APP_SECRET, webhook::VERIFY_TOKEN, "271828", "number-verify"];
const OPERATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/graphql/operations");

/// An admin's desk: the service, Meta, and an admin's key.
pub struct Desk {
    pub app: TestApp,
    pub meta: Meta,
    pub key: Secret,
    /// The operations that have gone well.
    done: Mutex<BTreeSet<String>>,
}

impl Desk {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With further settings; an empty one takes a usual one away.
    async fn start_with(settings: &[(&str, &str)]) -> Self {
        let meta = Meta::start();
        let url = meta.url();
        let secrets = format!("{APP_SECRET},{}", webhook::APP_SECRET);
        let usual = [
            ("GRAPH_API_BASE_URL", url.as_str()),
            ("WHATSAPP_APP_ID", APP_ID),
            ("WHATSAPP_APP_SECRET", secrets.as_str()),
            ("PESAN_MASTER_KEYS", MASTER_KEYS),
        ];
        let mut all: Vec<(&str, &str)> = usual.to_vec();
        all.retain(|(name, _)| !settings.iter().any(|(other, _)| other == name));
        all.extend(settings.iter().filter(|(_, value)| !value.is_empty()));
        let app = TestApp::start_with(&all, false);
        let key = app.key(Role::Admin).await;
        Self { app, meta, key, done: Mutex::default() }
    }

    /// What an operation of `graphql/operations` answers; no error, and no secret in it.
    async fn run(&self, name: &str, variables: Value) -> Value {
        self.run_as(&self.key, name, variables).await
    }

    pub async fn run_as(&self, key: &Secret, name: &str, variables: Value) -> Value {
        let text = fs::read_to_string(format!("{OPERATIONS}/{name}.graphql")).unwrap();
        let answer = self.app.graphql(key, &text, variables).await;
        assert_eq!(answer.get("errors"), None, "{name}: {answer}");
        let shown = answer.to_string();
        for secret in SECRETS {
            assert!(!shown.contains(secret), "{name} shows a secret: {shown}");
        }
        answer["data"][name].clone()
    }

    /// An operation that must go well.
    async fn done(&self, name: &str, variables: Value) -> Value {
        let payload = self.run(name, variables).await;
        if let Some(errors) = payload.get("userErrors") {
            assert_eq!(errors, &json!([]), "{name}");
        }
        self.done.lock().unwrap().insert(name.to_owned());
        payload
    }

    /// What the caller is told that they can put right.
    async fn refused(&self, name: &str, variables: Value) -> Value {
        let payload = self.run(name, variables).await;
        let errors = payload["userErrors"].as_array().unwrap_or_else(|| panic!("{name}: {payload}"));
        assert_eq!(errors.len(), 1, "{name}: {payload}");
        assert!(!errors[0]["message"].as_str().unwrap().is_empty());
        errors[0].clone()
    }

    /// Adds the simulator's first number. Gives our id.
    async fn add(&self) -> String {
        let added = self.done("addNumber", json!({ "input": new_number() })).await;
        added["number"]["id"].as_str().unwrap().to_owned()
    }

    /// A key that is limited to another number.
    async fn limited(&self, role: Role) -> Secret {
        let mut second = new_number();
        second["phoneNumberId"] = SECOND_NUMBER_ID.into();
        let added = self.done("addNumber", json!({ "input": second })).await;
        let id = added["number"]["id"].as_str().unwrap().parse().unwrap();
        self.app.key_for(first_workspace(), new_key(role, Some(vec![id]))).await.text
    }

    /// A key of a workspace of its own.
    async fn stranger(&self) -> Secret {
        let new = new_key(Role::Owner, None);
        self.app.key_for(Uuid::from_u128(77), new).await.text
    }

    /// The deeds in the audit log of the first workspace, with the fields that changed.
    async fn audited(&self) -> Vec<(String, Vec<String>)> {
        let entries = self.app.all("audit").await;
        let fields = |entry: &Value| {
            let changes = entry["changes"].as_array().unwrap().iter();
            changes.map(|change| change["field"].as_str().unwrap().to_owned()).collect()
        };
        let deed = |entry: &Value| entry["deed"].as_str().unwrap().to_owned();
        let about_numbers =
            entries.iter().filter(|entry| entry["target"].as_str().unwrap().starts_with("number:"));
        about_numbers.map(|entry| (deed(entry), fields(entry))).collect()
    }
}

pub fn new_number() -> Value {
    json!({ "phoneNumberId": PHONE_NUMBER_ID, "accountId": ACCOUNT_ID, "accessToken": TOKEN,
        "userId": "crm-7", "displayName": "Toko Bunga" })
}

fn new_key(role: Role, numbers: Option<Vec<Uuid>>) -> NewApiKey {
    NewApiKey { name: "a test's".to_owned(), role, scopes: None, numbers, expires_ms: None }
}
