//! What a number holds: message templates, media, unfinished uploads, and the messages that passed.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Meta (2026-07): a media URL is good for five minutes, an uploaded file for 30 days, a received one for 7.
pub const MEDIA_URL_MS: i64 = 5 * 60_000;
pub const UPLOADED_MS: i64 = 30 * 24 * 3_600_000;
pub const RECEIVED_MS: i64 = 7 * 24 * 3_600_000;

/// A message template. `definition` is what its creator sent, with our `id` and `status` in it.
#[derive(Clone, Debug, Serialize)]
pub struct Template {
    pub id: String,
    pub waba_id: String,
    pub name: String,
    pub language: String,
    pub category: String,
    pub status: String,
    pub definition: Map<String, Value>,
    pub edits_ms: Vec<i64>,
}

impl Template {
    /// A template from its definition.
    pub fn new(id: String, waba_id: &str, status: &str, definition: Map<String, Value>) -> Self {
        let text = |key: &str| definition.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            id,
            waba_id: waba_id.to_owned(),
            name: text("name"),
            language: text("language"),
            category: text("category"),
            status: status.to_owned(),
            definition,
            edits_ms: Vec::new(),
        }
    }

    /// All fields that Meta tells about a template.
    pub fn node(&self) -> Map<String, Value> {
        let mut node = self.definition.clone();
        node.insert("id".to_owned(), json!(self.id));
        node.insert("status".to_owned(), json!(self.status));
        node.insert("category".to_owned(), json!(self.category));
        node.entry("parameter_format").or_insert_with(|| json!("POSITIONAL"));
        node.entry("rejected_reason").or_insert_with(|| json!("NONE"));
        node.entry("quality_score").or_insert_with(|| json!({ "score": "UNKNOWN", "date": 0 }));
        node
    }

    /// The `value` of the webhook that tells its state.
    pub fn status_value(&self, event: &str, reason: &str) -> Value {
        json!({
            "event": event,
            "message_template_id": self.id.parse::<u64>().unwrap_or_default(),
            "message_template_name": self.name,
            "message_template_language": self.language,
            "reason": reason,
            "message_template_category": self.category,
        })
    }
}

/// A stored file.
#[derive(Clone, Debug, Serialize)]
pub struct Media {
    pub id: String,
    pub number_id: String,
    pub mime_type: String,
    pub sha256: String,
    #[serde(skip)]
    pub bytes: Bytes,
    pub expires_at_ms: i64,
    /// Keys of the URLs given out, with their ends.
    #[serde(skip)]
    pub urls: Vec<(String, i64)>,
}

/// A resumable upload.
#[derive(Clone, Debug, Serialize)]
pub struct Upload {
    pub id: String,
    pub app_id: String,
    pub file_type: String,
    pub length: usize,
    #[serde(skip)]
    pub received: Vec<u8>,
    pub handle: Option<String>,
}

impl Upload {
    /// What it is, and how much of it has come.
    pub fn shown(&self) -> Value {
        json!({ "file_type": self.file_type, "length": self.length, "received_bytes": self.received.len() })
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a person to the number.
    Received,
    /// From the number to a person.
    Sent,
}

/// A message that passed between a number and a person.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    pub id: String,
    pub number_id: String,
    /// The person's key; for an unknown recipient what the sender wrote.
    pub person: String,
    pub direction: Direction,
    pub kind: String,
    pub at_ms: i64,
    pub status: String,
    pub body: Value,
}
