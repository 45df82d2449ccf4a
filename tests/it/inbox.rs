//! Work on conversations through the API: webhooks come in, people work, and what both do comes out right.

mod borders;
mod lists;
#[cfg(feature = "dev")]
mod meta;
mod notes;
mod reading;
mod work;

use std::fs;

use jsonwebtoken::{EncodingKey, Header, encode};
use pesan::auth::{NewApiKey, Role};
use pesan::secret::Secret;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::webhook::{Customer, NUMBER, inbound, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
/// Meta's time at the beginning of the tests.
const AT_S: i64 = 1_795_248_000;
const JWT_SECRET: &str = "a-secret-of-the-crm-with-40-characters-x";
const ISSUER: &str = "https://login.crm.example/";

/// Somebody's desk: the service with a number, and an agent's key.
struct Desk {
    app: TestApp,
    key: Secret,
}

impl Desk {
    async fn start() -> Self {
        let tokens = [("JWT_SECRET", JWT_SECRET), ("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", "pesan")];
        let settings: Vec<(&str, &str)> = NUMBER.into_iter().chain(tokens).collect();
        let app = TestApp::start_with(&settings, false);
        let key = app.key(Role::Agent).await;
        Self { app, key }
    }

    /// A customer writes; gives the conversation.
    async fn hear(&self, wamid: &str, at_s: i64) -> String {
        self.app.take_changes(&[inbound(BUDI, wamid, at_s, text(wamid))]).await;
        self.conversation().await
    }

    /// The only conversation.
    async fn conversation(&self) -> String {
        let id = self.app.only("conversations").await["_id"].as_str().unwrap().to_owned();
        Uuid::parse_str(&id).unwrap().to_string()
    }

    /// What an operation of `graphql/operations` answers; no error.
    async fn run(&self, key: &Secret, name: &str, variables: Value) -> Value {
        let answer = self.app.graphql(key, &operation(name), variables).await;
        assert_eq!(answer.get("errors"), None, "{name}: {answer}");
        answer["data"][name].clone()
    }

    /// An operation that must go well; gives the conversation after it, if it tells one.
    async fn done(&self, name: &str, variables: Value) -> Value {
        self.done_as(&self.key, name, variables).await
    }

    async fn done_as(&self, key: &Secret, name: &str, variables: Value) -> Value {
        let payload = self.run(key, name, variables).await;
        assert_eq!(payload["userErrors"], json!([]), "{name}");
        if payload["conversation"].is_object() { payload["conversation"].clone() } else { payload }
    }

    /// The code and the field of the only error.
    async fn refused(&self, name: &str, variables: Value) -> (String, Value) {
        self.refused_as(&self.key, name, variables).await
    }

    async fn refused_as(&self, key: &Secret, name: &str, variables: Value) -> (String, Value) {
        let payload = self.run(key, name, variables).await;
        let errors = payload["userErrors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{name}: {payload}");
        assert!(!errors[0]["message"].as_str().unwrap().is_empty());
        (errors[0]["code"].as_str().unwrap().to_owned(), errors[0]["field"].clone())
    }

    async fn mark_read(&self, conversation: &str, up_to: Option<&str>) -> Value {
        let input = json!({ "conversationId": conversation, "upToMessageId": up_to });
        self.done("markConversationRead", json!({ "input": input })).await
    }

    /// What the database has in the unread counter.
    async fn unread(&self) -> i64 {
        self.app.only("conversations").await["unread"].as_i64().unwrap()
    }

    /// What was done to conversations, as the log of events tells it.
    async fn told(&self) -> Vec<String> {
        let batches = self.app.all("events").await;
        let happenings = batches.iter().flat_map(|batch| batch["happenings"].as_array().unwrap());
        happenings.filter_map(|one| Some(one.get("work")?["work"].as_str()?.to_owned())).collect()
    }

    async fn key_for(&self, workspace: Uuid, role: Role, numbers: Option<Vec<Uuid>>) -> Secret {
        let new = NewApiKey { name: "a test's".to_owned(), role, scopes: None, numbers, expires_ms: None };
        self.app.key_for(workspace, new).await.text
    }

    /// A token of a user of the CRM.
    fn user(&self, name: &str, role: &str) -> Secret {
        let claims = json!({ "iss": ISSUER, "aud": "pesan", "sub": name, "role": role,
            "workspace": first_workspace(), "exp": self.app.clock.clock().now_ms() / 1_000 + 600 });
        let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
        Secret::new(encode(&Header::default(), &claims, &key).unwrap())
    }
}

fn operation(name: &str) -> String {
    let path = format!("{}/graphql/operations/{name}.graphql", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).unwrap()
}

/// A conversation in the variables of an operation.
fn of(conversation: &str) -> Value {
    json!({ "conversationId": conversation })
}
