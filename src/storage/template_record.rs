//! Templates as they are read: what Meta last said of each. What writes them is in `notices`.

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use uuid::Uuid;

use super::arrivals::binary;
use super::notices::TEMPLATES;
use super::page::Way;
use super::{Error, Storage};

/// A template, as far as Meta has told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateRecord {
    pub id: String,
    pub account_id: String,
    pub template_id: String,
    pub name: Option<String>,
    pub language: Option<String>,
    pub status: Option<String>,
    /// Why it was refused, paused or disabled.
    pub reason: Option<String>,
    pub recommendation: Option<String>,
    pub category: Option<String>,
    /// The category that Meta has announced for it, and from when on.
    pub coming_category: Option<(String, Option<i64>)>,
    pub quality: Option<String>,
    pub title: Option<String>,
    pub body: Option<String>,
    pub footer: Option<String>,
    pub told_s: i64,
}

impl Storage {
    /// Templates of an account of a workspace by their ids, from one on, the nearest to it first.
    pub async fn list_templates(
        &self,
        workspace: Uuid,
        account_id: &str,
        from: Option<&str>,
        way: Way,
        limit: i64,
    ) -> Result<Vec<TemplateRecord>, Error> {
        let mut query = doc! { "workspace": binary(workspace), "accountId": account_id };
        // In the order of ids what comes later in the list is the greater one.
        let (beyond, direction) = match way {
            Way::Older => ("$gt", 1),
            Way::Newer => ("$lt", -1),
        };
        if let Some(id) = from {
            query.insert("_id", doc! { beyond: id });
        }
        let found: Vec<Document> = self
            .database
            .collection(TEMPLATES.name)
            .find(query)
            .sort(doc! { "_id": direction })
            .limit(limit)
            .await?
            .try_collect()
            .await?;
        let records = found.iter().map(record_of);
        records.map(|record| record.ok_or(Error::Malformed { what: "a template" })).collect()
    }
}

/// A piece of news about a template, of one of its kinds.
struct News<'d> {
    at: (i64, i64),
    template: &'d Document,
    kind: &'d str,
    change: &'d Document,
}

fn news_of(value: &Bson) -> Option<News<'_>> {
    let news = value.as_document()?;
    let template = news.get_document("is").ok()?.get_document("template").ok()?;
    let (kind, change) = template.get_document("change").ok()?.iter().next()?;
    let number = |field| news.get_i64(field).unwrap_or(0);
    Some(News { at: (number("at"), number("order")), template, kind, change: change.as_document()? })
}

fn record_of(document: &Document) -> Option<TemplateRecord> {
    let text = |document: &Document, field| document.get_str(field).ok().map(str::to_owned);
    let mut record = TemplateRecord {
        id: text(document, "_id")?,
        account_id: text(document, "accountId")?,
        template_id: text(document, "templateId")?,
        ..TemplateRecord::default()
    };
    let Ok(latest) = document.get_document("latest") else { return Some(record) };
    let mut news: Vec<News<'_>> = latest.values().filter_map(news_of).collect();
    // The latest says last what several of them say.
    news.sort_by_key(|news| news.at);
    for News { at, template, kind, change } in news {
        record.told_s = at.0;
        let said = |field| text(change, field);
        record.name = text(template, "name").or(record.name);
        record.language = text(template, "language").or(record.language);
        match kind {
            "status" => {
                record.status = said("status");
                record.reason = said("reason").or_else(|| said("description"));
                record.recommendation = said("recommendation");
                record.category = said("category").or(record.category);
            }
            "quality" => record.quality = said("new"),
            "components" => {
                (record.title, record.body, record.footer) = (said("title"), said("body"), said("footer"));
            }
            "category" => {
                record.category = said("new").or(record.category);
                record.coming_category =
                    said("correct").map(|category| (category, change.get_i64("atS").ok()));
            }
            "wrongCategory" => {
                record.category = said("category").or(record.category);
                record.coming_category = said("correct").map(|category| (category, None));
            }
            _ => {}
        }
    }
    Some(record)
}
