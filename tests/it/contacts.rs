//! Work on contacts: what the CRM says of them, two that are one person and are not, and who is blocked.

mod apart;
mod block;
mod edit;
mod lost;
mod merge;

use pesan::auth::{NewApiKey, Role};
use pesan::secret::Secret;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::webhook::{Customer, NOW_S, inbound, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.1", name: "Budi" };
const SRI: Customer<'static> = Customer { wa_id: "628222", user_id: "ID.2", name: "Sri" };

/// Somebody who works on contacts.
struct Desk<'a> {
    app: &'a TestApp,
    key: Secret,
}

impl<'a> Desk<'a> {
    /// With an agent's key.
    async fn new(app: &'a TestApp) -> Self {
        Self { app, key: app.key(Role::Agent).await }
    }

    /// With a key of any kind.
    async fn with(app: &'a TestApp, workspace: Uuid, role: Role, numbers: Option<Vec<Uuid>>) -> Self {
        let new = NewApiKey { name: "a test's".to_owned(), role, scopes: None, numbers, expires_ms: None };
        Self { app, key: app.key_for(workspace, new).await.text }
    }

    async fn answer(&self, name: &str, variables: Value) -> Value {
        let path = format!("{}/graphql/operations/{name}.graphql", env!("CARGO_MANIFEST_DIR"));
        self.app.graphql(&self.key, &std::fs::read_to_string(path).unwrap(), variables).await
    }

    /// What an operation of `graphql/operations` answers.
    async fn run(&self, name: &str, variables: Value) -> Value {
        let answer = self.answer(name, variables).await;
        assert_eq!(answer.get("errors"), None, "{name}: {answer:#}");
        answer["data"][name].clone()
    }

    /// An operation that must go well.
    async fn done(&self, name: &str, variables: Value) -> Value {
        let payload = self.run(name, variables).await;
        assert_eq!(payload["userErrors"], json!([]), "{name}: {payload:#}");
        payload
    }

    /// The code and the field of what is wrong.
    async fn refused(&self, name: &str, variables: Value) -> (String, String) {
        let payload = self.run(name, variables).await;
        let error = &payload["userErrors"][0];
        let text =
            |field: &str| error[field].as_str().unwrap_or_else(|| panic!("{name}: {payload:#}")).to_owned();
        (text("code"), text("field"))
    }

    /// Everything that lists of conversations and contacts show.
    async fn shown(&self) -> Value {
        let query = "{ conversations { nodes { id contactId unreadCount messageCount lastActivityAt
            lastMessage { id preview direction } lastInboundAt firstInboundAt lastOutboundAt firstOutboundAt
            window { open endsAt } } } contacts { nodes { id name waId userIds } } }";
        let answer = self.app.graphql(&self.key, query, json!({})).await;
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"].clone()
    }

    /// The texts of a conversation, the latest first.
    async fn texts(&self, conversation: &Value) -> Vec<String> {
        let query =
            "query($id: ID!) { messages(conversationId: $id, first: 100) { nodes { content { text } } } }";
        let found = self.app.ask(&self.key, query, json!({ "id": conversation })).await;
        let nodes = found["nodes"].as_array().unwrap().iter();
        nodes.map(|node| node["content"]["text"].as_str().unwrap().to_owned()).collect()
    }
}

/// A text of a customer's, `after` seconds after the beginning.
fn says(customer: Customer<'_>, wamid: &str, after: i64) -> Value {
    inbound(customer, wamid, NOW_S + after, text(wamid))
}

/// The id of the contact of that name.
async fn contact(app: &TestApp, wa_id: &str) -> Value {
    let contacts = app.all("contacts").await;
    let found = contacts.iter().find(|one| one["waId"]["value"] == wa_id);
    let id = found.unwrap_or_else(|| panic!("{wa_id} is there"))["_id"].as_str().unwrap();
    id.parse::<Uuid>().unwrap().to_string().into()
}

/// The first workspace and the tests' number.
async fn number(app: &TestApp) -> (Uuid, Uuid) {
    (first_workspace(), app.storage.all_numbers().await.unwrap()[0].id)
}
