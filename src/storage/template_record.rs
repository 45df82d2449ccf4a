//! Templates as they are read. What writes them is in `notices` and `template_sync`, what they come to in
//! `template_state`.

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use serde_json::Value;
use uuid::Uuid;

use super::arrivals::binary;
use super::page::Way;
use super::template_state::{of_workspace, template_key};
use super::{Error, Storage};
use crate::domain::template::{DELETED, Definition, Header, SENDABLE, is_sendable};

/// The most languages of one name that are looked at.
const LANGUAGES_MAX: i64 = 200;

/// A template, as far as Meta has told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateRecord {
    pub id: String,
    pub account_id: String,
    pub template_id: String,
    pub name: Option<String>,
    pub language: Option<String>,
    pub status: Option<String>,
    /// Since when it has that status, in milliseconds.
    pub status_ms: Option<i64>,
    /// Why it was refused, paused or disabled.
    pub reason: Option<String>,
    pub recommendation: Option<String>,
    pub category: Option<String>,
    /// The category that Meta has announced for it, and from when on.
    pub coming_category: Option<(String, Option<i64>)>,
    pub previous_category: Option<String>,
    pub sub_category: Option<String>,
    pub quality: Option<String>,
    pub title: Option<String>,
    pub body: Option<String>,
    pub footer: Option<String>,
    /// `POSITIONAL` or `NAMED`.
    pub parameter_format: Option<String>,
    /// Its components in Meta's own JSON, once Meta was asked.
    pub components_json: Option<String>,
    pub send_ttl_s: Option<i64>,
    /// The latest changes of its status, the oldest first.
    pub history: Vec<StatusChange>,
    /// When it was edited through us.
    pub edits_ms: Vec<i64>,
    /// Whether more is to be asked about it: it was never asked about, or its texts have changed.
    pub is_wanted: bool,
    pub synced_ms: Option<i64>,
    pub told_ms: i64,
}

/// A change of a template's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    pub at_s: i64,
    pub status: String,
    pub reason: Option<String>,
}

/// Which templates a list holds. What is not said does not matter.
#[derive(Clone, Debug, Default)]
pub struct TemplateFilter {
    pub accounts: Option<Vec<String>>,
    /// In capitals. Without it: all but the deleted ones.
    pub statuses: Option<Vec<String>>,
    pub category: Option<String>,
    pub language: Option<String>,
    pub name: Option<String>,
}

impl TemplateFilter {
    /// Those of an account that can be sent now.
    pub fn usable(account_id: &str) -> Self {
        Self {
            accounts: Some(vec![account_id.to_owned()]),
            statuses: Some(SENDABLE.map(str::to_owned).to_vec()),
            ..Self::default()
        }
    }
}

impl TemplateRecord {
    /// What it consists of; none while that is not known.
    pub fn definition(&self) -> Option<Definition> {
        let components: Value = serde_json::from_str(self.components_json.as_deref()?).ok()?;
        let status = self.status.as_deref().unwrap_or_default();
        let status = if is_sendable(status) { "APPROVED" } else { status };
        let node = serde_json::json!({
            "id": self.template_id,
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "status": status,
            "parameter_format": self.parameter_format,
            "components": components,
        });
        Definition::read(&node).ok()
    }

    pub fn is_sendable(&self) -> bool {
        self.status.as_deref().is_some_and(is_sendable)
    }
}

impl Storage {
    /// Templates of a workspace by their ids, from one on, the nearest to it first.
    pub async fn list_templates(
        &self,
        workspace: Uuid,
        filter: &TemplateFilter,
        from: Option<&str>,
        way: Way,
        limit: i64,
    ) -> Result<Vec<TemplateRecord>, Error> {
        // In the order of ids what comes later in the list is the greater one.
        let (beyond, direction) = match way {
            Way::Older => ("$gt", 1),
            Way::Newer => ("$lt", -1),
        };
        let mut keys =
            doc! { "$gte": template_key(workspace, ""), "$lt": template_key(workspace, "\u{10ffff}") };
        if let Some(id) = from {
            keys.insert(beyond, id);
        }
        let mut query = doc! { "workspace": binary(workspace), "_id": keys };
        match filter.accounts.as_deref() {
            Some([account_id]) => drop(query.insert("accountId", account_id)),
            Some(accounts) => drop(query.insert("accountId", doc! { "$in": accounts })),
            None => {}
        }
        let statuses = match &filter.statuses {
            Some(statuses) => doc! { "$in": statuses },
            None => doc! { "$ne": DELETED },
        };
        query.insert("is.status", statuses);
        let fields =
            [("is.category", &filter.category), ("is.language", &filter.language), ("is.name", &filter.name)];
        for (field, value) in fields {
            if let Some(value) = value {
                query.insert(field, value);
            }
        }
        let templates = self.templates();
        let find = templates.find(query).sort(doc! { "_id": direction }).limit(limit);
        let found: Vec<Document> = find.await?.try_collect().await?;
        found.iter().map(|document| record_of(document).ok_or(MALFORMED)).collect()
    }

    /// A template of a workspace, by our id.
    pub async fn find_template(&self, workspace: Uuid, id: &str) -> Result<Option<TemplateRecord>, Error> {
        let found = self.templates().find_one(of_workspace(workspace, id)).await?;
        found.as_ref().map(|document| record_of(document).ok_or(MALFORMED)).transpose()
    }

    /// The templates of a name, in all their languages; also those that are gone.
    pub async fn templates_named(
        &self,
        workspace: Uuid,
        account_id: &str,
        name: &str,
    ) -> Result<Vec<TemplateRecord>, Error> {
        let query = doc! { "workspace": binary(workspace), "accountId": account_id, "is.name": name };
        let templates = self.templates();
        let find = templates.find(query).sort(doc! { "_id": 1 }).limit(LANGUAGES_MAX);
        let found: Vec<Document> = find.await?.try_collect().await?;
        found.iter().map(|document| record_of(document).ok_or(MALFORMED)).collect()
    }
}

const MALFORMED: Error = Error::Malformed { what: "a template" };

pub(super) fn record_of(document: &Document) -> Option<TemplateRecord> {
    let none = Document::new();
    let part = |field| document.get_document(field).unwrap_or(&none);
    let (is, synced) = (part("is"), part("synced"));
    let mut record = TemplateRecord {
        id: text(document, "_id")?,
        account_id: text(document, "accountId")?,
        template_id: text(document, "templateId")?,
        name: text(is, "name"),
        language: text(is, "language"),
        status: text(is, "status"),
        status_ms: whole(is, "statusAtMs"),
        reason: reason(text(is, "reason")).or_else(|| text(is, "description")),
        recommendation: text(is, "recommendation"),
        category: text(is, "category"),
        coming_category: text(is, "comingCategory").map(|category| (category, whole(is, "comingAtS"))),
        previous_category: text(synced, "previousCategory"),
        sub_category: text(synced, "subCategory"),
        quality: text(is, "quality"),
        parameter_format: text(synced, "parameterFormat"),
        components_json: text(synced, "components"),
        send_ttl_s: whole(synced, "sendTtlS"),
        history: history_of(document),
        edits_ms: edits_of(document),
        is_wanted: is.get_bool("wanted").unwrap_or(false),
        synced_ms: whole(synced, "atMs"),
        told_ms: whole(is, "toldMs").unwrap_or(0),
        ..TemplateRecord::default()
    };
    if record.coming_category.as_ref().map(|(coming, _)| coming) == record.category.as_ref() {
        record.coming_category = None;
    }
    (record.title, record.body, record.footer) = texts_of(document, is, &record);
    Some(record)
}

/// Header, body and footer, by whatever is newer.
fn texts_of(
    document: &Document,
    is: &Document,
    record: &TemplateRecord,
) -> (Option<String>, Option<String>, Option<String>) {
    if is.get_bool("textsTold").unwrap_or(false)
        && let Some(told) = told_components(document)
    {
        return (text(told, "title"), text(told, "body"), text(told, "footer"));
    }
    let Some(definition) = record.definition() else { return (None, None, None) };
    let title = match definition.parts.header {
        Some(Header::Text(text)) => Some(text),
        _ => None,
    };
    (title, definition.parts.body, definition.parts.footer)
}

fn told_components(document: &Document) -> Option<&Document> {
    let path = ["latest", "components", "is", "template", "change", "components"];
    path.into_iter().try_fold(document, |inner, field| inner.get_document(field).ok())
}

fn history_of(document: &Document) -> Vec<StatusChange> {
    let entries = document.get_array("history").map(Vec::as_slice).unwrap_or_default();
    let change = |entry: &Bson| {
        let entry = entry.as_document()?;
        let (at_s, status) = (whole(entry, "at")?, text(entry, "status")?);
        Some(StatusChange { at_s, status, reason: reason(text(entry, "reason")) })
    };
    entries.iter().filter_map(change).collect()
}

fn edits_of(document: &Document) -> Vec<i64> {
    let edits = document.get_array("editsMs").map(Vec::as_slice).unwrap_or_default();
    edits.iter().filter_map(Bson::as_i64).collect()
}

/// Meta (2026-07): a template without a reason has the reason NONE.
fn reason(word: Option<String>) -> Option<String> {
    word.filter(|word| !word.is_empty() && word != "NONE" && word != "null")
}

fn text(document: &Document, field: &str) -> Option<String> {
    document.get_str(field).ok().map(str::to_owned)
}

/// A whole number, in whichever width the database has it.
fn whole(document: &Document, field: &str) -> Option<i64> {
    match document.get(field)? {
        Bson::Int64(number) => Some(*number),
        Bson::Int32(number) => Some(i64::from(*number)),
        _ => None,
    }
}
