//! Message templates: listed, read, created, edited, deleted.

use serde_json::{Map, Value, json};

use super::answer::{Done, Fields, Listed, Read};
use super::call::{Authority, Call};
use super::word::words;
use super::{CallError, Credentials, Graph};

const NOUN: &str = "template";
const EDGE: &str = "message_templates";
/// A template can be large, so a page has fewer of them.
const PAGE_ITEMS: usize = 50;
const REQUIRED: &[&str] = &["id", "name", "language", "status", "category", "components"];
const OPTIONAL: &[&str] = &[
    "parameter_format",
    "quality_score",
    "rejected_reason",
    "previous_category",
    "correct_category",
    "sub_category",
    "message_send_ttl_seconds",
];

words! {
    /// Whether it can be used.
    Status {
        Approved = "APPROVED",
        InAppeal = "IN_APPEAL",
        Pending = "PENDING",
        Rejected = "REJECTED",
        PendingDeletion = "PENDING_DELETION",
        Deleted = "DELETED",
        Disabled = "DISABLED",
        Paused = "PAUSED",
        LimitExceeded = "LIMIT_EXCEEDED",
        Archived = "ARCHIVED",
    }
}
words! {
    /// What it is priced as.
    Category { Marketing = "MARKETING", Utility = "UTILITY", Authentication = "AUTHENTICATION", }
}
words! {
    /// Whether its parameters go by place or by name.
    ParameterFormat { Positional = "POSITIONAL", Named = "NAMED", }
}

/// A template as Meta keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub id: String,
    pub name: String,
    pub language: String,
    pub status: Status,
    pub category: Category,
    pub parameter_format: Option<ParameterFormat>,
    /// As Meta has them.
    pub components: Vec<Value>,
    pub quality: Option<String>,
    pub rejected_reason: Option<String>,
    pub previous_category: Option<Category>,
    pub correct_category: Option<Category>,
    pub sub_category: Option<String>,
    /// How long it is tried to be delivered.
    pub send_ttl_s: Option<i64>,
}

impl Read for Template {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let components = fields.value("components").and_then(Value::as_array);
        Some(Self {
            id: fields.text("id")?,
            name: fields.text("name")?,
            language: fields.text("language")?,
            status: fields.word("status")?,
            category: fields.word("category")?,
            parameter_format: fields.word("parameter_format"),
            components: components.cloned().unwrap_or_default(),
            quality: fields.inner("quality_score").and_then(|quality| quality.text("score")),
            rejected_reason: fields.text("rejected_reason").filter(|reason| reason != "NONE"),
            previous_category: fields.word("previous_category"),
            correct_category: fields.word("correct_category"),
            sub_category: fields.text("sub_category"),
            send_ttl_s: fields.int("message_send_ttl_seconds"),
        })
    }
}

/// A template that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    pub id: String,
    pub status: Option<Status>,
    /// Meta may file it under another category than was asked for.
    pub category: Option<Category>,
}

impl Read for Created {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            id: fields.text("id")?,
            status: fields.word("status"),
            category: fields.word("category"),
        })
    }
}

/// What became of the wish to lift a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpaused {
    pub is_done: bool,
    /// Why it was not.
    pub reason: Option<String>,
}

/// Clients of Meta's show this answer; Meta's own reference does not have the call.
impl Read for Unpaused {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self { is_done: fields.truth("success")?, reason: fields.text("reason") })
    }
}

/// What became of the wish to put a template into the archive, or to take it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    done: Vec<String>,
    failed: Map<String, Value>,
}

impl Read for Moved {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let lists = ["archived_templates", "unarchived_templates"];
        let is_one = lists.iter().any(|list| fields.value(list).is_some_and(Value::is_array));
        let failed = fields.value("failed_templates").and_then(Value::as_object).cloned();
        let done = lists.iter().flat_map(|list| fields.texts(list)).collect();
        (is_one || failed.is_some()).then(|| Self { done, failed: failed.unwrap_or_default() })
    }
}

impl Moved {
    /// Whether a template was moved; if not, Meta's words, if it has any.
    pub fn of(&self, id: &str) -> Result<(), Option<String>> {
        if self.done.iter().any(|done| done == id) {
            return Ok(());
        }
        let said = self.failed.get(id);
        Err(said.and_then(Value::as_str).or_else(|| said?.get("error")?.as_str()).map(str::to_owned))
    }
}

/// The calls about one account's templates.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    graph: &'a Graph,
    by: Authority<'a>,
    waba_id: &'a str,
}

impl Graph {
    /// The calls about an account's templates.
    pub fn templates<'a>(&'a self, credentials: Credentials<'a>, waba_id: &'a str) -> Calls<'a> {
        Calls { graph: self, by: Authority::Token(credentials), waba_id }
    }
}

impl Calls<'_> {
    /// All of them, or those of one name.
    pub async fn list(self, name: Option<&str>) -> Result<Listed<Template>, CallError> {
        let mut call =
            Call::get((NOUN, "list"), self.by, &[self.waba_id, EDGE]).query("limit", PAGE_ITEMS.to_string());
        if let Some(name) = name {
            call = call.query("name", name);
        }
        self.graph.list_nodes(call, REQUIRED, OPTIONAL).await
    }

    /// One of them, by its id.
    pub async fn get(self, id: &str) -> Result<Template, CallError> {
        self.graph.node(Call::get((NOUN, "get"), self.by, &[id]), REQUIRED, OPTIONAL).await
    }

    /// Hands a definition in.
    pub async fn create(self, definition: &Value) -> Result<Created, CallError> {
        let call = Call::post((NOUN, "create"), self.by, &[self.waba_id, EDGE]);
        self.graph.read(&call.json(definition)).await
    }

    /// Changes category, components or time to live. Not repeated: one edit a day is allowed.
    pub async fn edit(self, id: &str, change: &Value) -> Result<(), CallError> {
        let call = Call::post((NOUN, "edit"), self.by, &[id]);
        let Done = self.graph.read(&call.json(change)).await?;
        Ok(())
    }

    /// Lifts the pause that Meta has set on a new template because of what the first customers made of it.
    pub async fn unpause(self, id: &str) -> Result<Unpaused, CallError> {
        let call = Call::post((NOUN, "unpause"), self.by, &[id, "unpause"]);
        self.graph.read(&call.repeatable()).await
    }

    /// Puts a template into the archive, or takes it out.
    pub async fn archive(self, id: &str, is_archived: bool) -> Result<Moved, CallError> {
        let (deed, edge) = if is_archived { ("archive", "archive") } else { ("unarchive", "unarchive") };
        let call = Call::post((NOUN, deed), self.by, &[self.waba_id, EDGE, edge]).beside_graph();
        self.graph.read(&call.json(&json!({ "hsm_ids": [id] })).repeatable()).await
    }

    /// Deletes all languages of a name, or the one with this id.
    pub async fn delete(self, name: &str, id: Option<&str>) -> Result<(), CallError> {
        let mut call = Call::delete((NOUN, "delete"), self.by, &[self.waba_id, EDGE]).query("name", name);
        if let Some(id) = id {
            call = call.query("hsm_id", id);
        }
        let Done = self.graph.read(&call).await?;
        Ok(())
    }
}
