//! What is told as it happens: over WebSocket (`protocol`), as an event stream (`stream`), and to those who were cut
//! off (`resume`) or do not listen (`slow`); and what goes when it is old (`expiry`). The log's own order is what every subscriber is measured by.

pub mod client;
mod expiry;
mod protocol;
mod resume;
mod sight;
mod slow;
mod stream;

use std::time::Duration;

use pesan::auth::Role;
use pesan::events::Log;
use pesan::storage::events::{Happening, NewBatch};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;

/// The keys of those who are connected are looked at every few seconds; to miss one look would be a fault.
const LOST_WITHIN: Duration = Duration::from_secs(10);

/// All that there is to see.
const EVENTS: &str = "subscription($after: Cursor) { events(after: $after) { __typename cursor at
    ... on MessageAddedEvent { messageId conversationId numberId inbound }
    ... on MessageStatusEvent { messageId conversationId numberId status happenedAt }
    ... on MessageChangedEvent { messageId } ... on ContactChangedEvent { contactId }
    ... on NumberChangedEvent { numberId } ... on TemplateChangedEvent { templateId } ... on NoticeAddedEvent { noticeId kind } } }";

/// Appends a batch of new messages, by name, to a workspace's log.
async fn append(app: &TestApp, workspace: Uuid, number: Uuid, messages: &[&str]) {
    let happenings = messages.iter().map(|message| Happening::Message {
        message: (*message).to_owned(),
        conversation: Uuid::from_u128(7),
        number,
        inbound: true,
    });
    append_all(app, workspace, happenings.collect()).await;
}

async fn append_all(app: &TestApp, workspace: Uuid, happenings: Vec<Happening>) {
    let log = Log::new(&app.storage, &app.clock.clock());
    log.append(vec![NewBatch { workspace, source: None, happenings }]).await.unwrap();
}

/// The text of an agent's key.
async fn key(app: &TestApp) -> String {
    app.key(Role::Agent).await.expose().to_owned()
}

/// The payload of an operation.
fn operation(query: &str, variables: Value) -> Value {
    json!({ "query": query, "variables": variables })
}
