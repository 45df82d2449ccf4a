//! Messages: sent, marked as read, and the sign that somebody types.
//!
//! A message is never tried again here: a lost answer may hide one that was taken. Whoever sends settles that by the
//! status webhook (`CallError::is_outcome_unknown`).

use serde_json::{Value, json};

use super::answer::{Done, Fields, Read};
use super::call::{Authority, Call};
use super::word::words;
use super::{CallError, Credentials, Graph};

const NOUN: &str = "message";

words! {
    /// What Meta does with a template message that it has taken.
    Pacing {
        Accepted = "accepted",
        HeldForQuality = "held_for_quality_assessment",
        Paused = "paused",
    }
}

/// A message that Meta has taken. It is not delivered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub wamid: String,
    /// Told of templates only.
    pub pacing: Option<Pacing>,
    /// Whom it goes to; nobody for a group.
    pub recipients: Vec<Recipient>,
}

/// Whom a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// As it was asked for.
    pub input: Option<String>,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
}

impl Read for Sent {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let first: Taken = fields.list("messages").into_iter().next()?;
        Some(Self { wamid: first.id, pacing: first.pacing, recipients: fields.list("contacts") })
    }
}

struct Taken {
    id: String,
    pacing: Option<Pacing>,
}

impl Read for Taken {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self { id: fields.text("id")?, pacing: fields.word("message_status") })
    }
}

impl Read for Recipient {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            input: fields.text("input"),
            wa_id: fields.text("wa_id"),
            user_id: fields.text("user_id"),
        })
    }
}

/// The calls about messages of one number.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    graph: &'a Graph,
    by: Authority<'a>,
    number_id: &'a str,
}

impl Graph {
    /// The calls about messages of a number.
    pub fn messages<'a>(&'a self, credentials: Credentials<'a>, number_id: &'a str) -> Calls<'a> {
        Calls { graph: self, by: Authority::Token(credentials), number_id }
    }
}

impl Calls<'_> {
    /// Sends a message with this body, once.
    pub async fn send(self, body: &Value) -> Result<Sent, CallError> {
        let call = Call::post((NOUN, "send"), self.by, &[self.number_id, "messages"]);
        self.graph.read(&call.json(body)).await
    }

    /// The same by the endpoint for marketing messages.
    pub async fn send_marketing(self, body: &Value) -> Result<Sent, CallError> {
        let call = Call::post((NOUN, "send_marketing"), self.by, &[self.number_id, "marketing_messages"]);
        self.graph.read(&call.json(body)).await
    }

    /// Shows the customer that the message was read, and all before it.
    pub async fn mark_read(self, wamid: &str) -> Result<(), CallError> {
        self.mark(
            "mark_read",
            json!({ "messaging_product": "whatsapp", "status": "read", "message_id": wamid }),
        )
        .await
    }

    /// The same, and shows that somebody types: for 25 seconds, or until a message is sent.
    pub async fn show_typing(self, wamid: &str) -> Result<(), CallError> {
        let body = json!({
            "messaging_product": "whatsapp", "status": "read", "message_id": wamid,
            "typing_indicator": { "type": "text" },
        });
        self.mark("show_typing", body).await
    }

    async fn mark(self, deed: &'static str, body: Value) -> Result<(), CallError> {
        let call = Call::post((NOUN, deed), self.by, &[self.number_id, "messages"]);
        let Done = self.graph.read(&call.json(&body).repeatable()).await?;
        Ok(())
    }
}
