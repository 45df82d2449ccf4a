//! How a template stands, out of what Meta has told of it (`latest`, by webhook) and what it has answered when it was
//! asked (`synced`), whichever is newer, field by field.
//!
//! The state (`is`) is computed by the database from what is beside it, so whoever comes last sees all, and the order
//! in which things came does not matter.

use mongodb::bson::{Bson, Document, doc};
use uuid::Uuid;

use super::arrivals::binary;
use super::notices::TEMPLATES;
use super::{Error, Storage, durable};
use crate::domain::template::DELETED;

/// How many changes of its status are kept.
const HISTORY_MAX: i32 = 50;
/// The kinds of news, the one that says most of the template's name first.
const KINDS: [&str; 5] = ["status", "quality", "components", "category", "wrongCategory"];

/// What a piece of news says at a field.
fn said(kind: &str, field: &str) -> String {
    format!("$latest.{kind}.is.template.change.{kind}.{field}")
}

/// Something with the time from which it holds; null if there is nothing. News has seconds only and wins over what was
/// asked in the same one.
fn since(exists: &str, at_ms: impl Into<Bson>, order: impl Into<Bson>, is: Document) -> Document {
    let (at_ms, order) = (at_ms.into(), order.into());
    doc! { "$cond": [{ "$gt": [exists, Bson::Null] }, { "at": at_ms, "order": order, "is": is }, Bson::Null] }
}

fn told(kind: &str, is: Document) -> Document {
    let at = format!("$latest.{kind}.at");
    let order = format!("$latest.{kind}.order");
    since(&at, doc! { "$add": [{ "$multiply": [&at, 1_000_i64] }, 999_i64] }, order, is)
}

/// The same of one value, where the news says it.
fn told_value(kind: &str, field: &str, name: &str) -> Document {
    let (at, order) = (format!("$latest.{kind}.at"), format!("$latest.{kind}.order"));
    let value = said(kind, field);
    since(&value, doc! { "$add": [{ "$multiply": [at, 1_000_i64] }, 999_i64] }, order, doc! { name: &value })
}

fn synced(is: Document) -> Document {
    since("$synced.atMs", "$synced.atMs", -1_i64, is)
}

fn latest(of: Vec<Document>) -> Document {
    doc! { "$max": of }
}

/// The first that is there; no field at all if none is.
fn first_of(mut values: Vec<Bson>) -> Document {
    values.push("$$REMOVE".into());
    doc! { "$ifNull": values }
}

/// The stages of an update that bring the state up to date.
pub(super) fn settling() -> Vec<Document> {
    let status = latest(vec![
        since("$gone.atMs", "$gone.atMs", 0_i64, doc! { "status": DELETED }),
        synced(doc! { "status": "$synced.status", "reason": "$synced.rejectedReason" }),
        told(
            "status",
            doc! {
                "status": said("status", "status"),
                "reason": said("status", "reason"),
                "description": said("status", "description"),
                "recommendation": said("status", "recommendation"),
                "isTold": true,
            },
        ),
    ]);
    let category = latest(vec![
        synced(doc! { "category": "$synced.category" }),
        told_value("status", "category", "category"),
        told_value("category", "new", "category"),
        told_value("wrongCategory", "category", "category"),
    ]);
    let quality =
        latest(vec![synced(doc! { "quality": "$synced.quality" }), told_value("quality", "new", "quality")]);
    let coming = latest(vec![
        synced(doc! { "category": "$synced.correctCategory" }),
        told("category", doc! { "category": said("category", "correct"), "atS": said("category", "atS") }),
        told("wrongCategory", doc! { "category": said("wrongCategory", "correct") }),
    ]);
    vec![
        doc! { "$set": { "pick": { "status": status, "category": category, "quality": quality, "coming": coming } } },
        doc! { "$set": { "is": state(), "history": history() } },
        doc! { "$unset": "pick" },
    ]
}

fn state() -> Document {
    let named = |field: &str| {
        let mut values: Vec<Bson> = vec![format!("$synced.{field}").into()];
        values.extend(KINDS.map(|kind| Bson::from(format!("$latest.{kind}.is.template.{field}"))));
        first_of(values)
    };
    // Webhooks write en-US for what is en_US everywhere else.
    let language = doc! { "$let": {
        "vars": { "told": named("language") },
        "in": { "$cond": [
            { "$eq": [{ "$type": "$$told" }, "string"] },
            { "$replaceAll": { "input": "$$told", "find": "-", "replacement": "_" } },
            "$$REMOVE",
        ] },
    } };
    let news_ms = doc! { "$add": [{ "$multiply": ["$latest.components.at", 1_000_i64] }, 999_i64] };
    let are_texts_told = doc! { "$gt": [news_ms, { "$ifNull": ["$synced.atMs", 0_i64] }] };
    let is_unknown = doc! { "$or": [{ "$lte": ["$synced.atMs", Bson::Null] }, &are_texts_told] };
    let mut times: Vec<Bson> =
        KINDS.map(|kind| doc! { "$multiply": [format!("$latest.{kind}.at"), 1_000_i64] }.into()).to_vec();
    times.push("$synced.atMs".into());
    doc! {
        "name": named("name"),
        "language": language,
        "status": "$pick.status.is.status",
        "statusAtMs": "$pick.status.at",
        "reason": "$pick.status.is.reason",
        "description": "$pick.status.is.description",
        "recommendation": "$pick.status.is.recommendation",
        "category": "$pick.category.is.category",
        "quality": "$pick.quality.is.quality",
        "comingCategory": "$pick.coming.is.category",
        "comingAtS": "$pick.coming.is.atS",
        "textsTold": &are_texts_told,
        "toldMs": { "$max": times },
        "wanted": { "$and": [{ "$ne": ["$pick.status.is.status", DELETED] }, is_unknown] },
    }
}

/// News of the status is noted as it comes (`notices`); what a question has brought is added here.
fn history() -> Document {
    let noted = doc! { "$ifNull": ["$history", []] };
    let is_news_to_us = doc! { "$and": [
        { "$ne": [{ "$ifNull": ["$pick.status.is.isTold", false] }, true] },
        { "$gt": ["$pick.status.is.status", Bson::Null] },
        { "$ne": ["$pick.status.is.status", "$is.status"] },
    ] };
    let entry = doc! {
        "at": { "$toLong": { "$floor": { "$divide": ["$pick.status.at", 1_000_i64] } } },
        "order": "$pick.status.order",
        "status": "$pick.status.is.status",
        "reason": "$pick.status.is.reason",
    };
    let all = doc! { "$setUnion": [noted, { "$cond": [is_news_to_us, [entry], []] }] };
    let sorted = doc! { "$sortArray": { "input": all, "sortBy": { "at": 1, "order": 1 } } };
    doc! { "$slice": [sorted, -HISTORY_MAX] }
}

/// The key of a template in a workspace.
pub fn template_key(workspace: Uuid, template_id: &str) -> String {
    format!("{}:{template_id}", workspace.simple())
}

impl Storage {
    /// Brings the state of these templates up to date with what has been noted of them.
    pub(super) async fn settle_templates(&self, keys: &[String]) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        self.templates()
            .update_many(doc! { "_id": { "$in": keys } }, settling())
            .write_concern(durable(self.timeout))
            .await?;
        Ok(())
    }

    /// The same of all of them: those of before have no state.
    pub(super) async fn settle_all_templates(&self) -> Result<(), Error> {
        self.templates().update_many(doc! {}, settling()).write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    pub(super) fn templates(&self) -> mongodb::Collection<Document> {
        self.database.collection(TEMPLATES.name)
    }
}

/// The template, of its workspace.
pub(super) fn of_workspace(workspace: Uuid, key: &str) -> Document {
    doc! { "_id": key, "workspace": binary(workspace) }
}
