//! Message templates, as far as Meta has told of them.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::context::{allowed, services};
use super::error::Failure;
use super::page::{Asked, Page, Stretch, TemplateCursor, cost};
use super::scalar;
use super::scalar::DateTime;
use crate::auth::{Deed, Visitor};
use crate::storage::Storage;
use crate::storage::template_record::TemplateRecord;

/// A message template. Its states are in Meta's words, because Meta adds new ones.
#[derive(Clone, Debug, SimpleObject)]
pub struct Template {
    /// Our id of it, not the one that Meta gives it (`templateId`).
    pub id: ID,
    /// Meta's id of it.
    pub template_id: String,
    /// The WhatsApp Business Account that it belongs to.
    pub account_id: String,
    /// The name by which it is sent; the same in each of its languages.
    pub name: Option<String>,
    /// Its language in Meta's spelling, like `id` or `en_US`. Each language is a template of its own.
    pub language: Option<String>,
    /// `APPROVED`, `REJECTED`, `PAUSED`, `DISABLED` and so on.
    pub status: Option<String>,
    /// Why it was refused, paused or disabled.
    pub reason: Option<String>,
    /// What Meta recommends to do.
    pub recommendation: Option<String>,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub category: Option<String>,
    /// The category that Meta holds to be right, or will give it.
    pub coming_category: Option<String>,
    /// When it gets `comingCategory`; null if nothing is coming, or Meta has named no time.
    pub category_changes_at: Option<DateTime>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub quality: Option<String>,
    /// The text above the body; null if it has none, or Meta has not told it.
    pub header_text: Option<String>,
    /// The text itself, its places as `{{1}}` or `{{name}}`; null until Meta has told it.
    pub body_text: Option<String>,
    /// The small print below the body; null if it has none, or Meta has not told it.
    pub footer_text: Option<String>,
    /// When Meta last told of it.
    pub updated_at: Option<DateTime>,
}

impl From<TemplateRecord> for Template {
    fn from(record: TemplateRecord) -> Self {
        let (coming_category, changes_s) = record.coming_category.unzip();
        Self {
            id: ID(record.id),
            template_id: record.template_id,
            account_id: record.account_id,
            name: record.name,
            language: record.language,
            status: record.status,
            reason: record.reason,
            recommendation: record.recommendation,
            category: record.category,
            coming_category,
            category_changes_at: changes_s.flatten().and_then(scalar::second),
            quality: record.quality,
            header_text: record.title,
            body_text: record.body,
            footer_text: record.footer,
            updated_at: scalar::second(record.told_s),
        }
    }
}

/// Whether an account is one of the visitor's: for whoever is limited to some numbers, theirs.
pub async fn sees_account(storage: &Storage, visitor: &Visitor, account_id: &str) -> Result<bool, Failure> {
    if visitor.numbers.is_none() {
        return Ok(true);
    }
    let numbers = storage.list_numbers(visitor.workspace).await?;
    let mut theirs = numbers.iter().filter(|number| visitor.may_touch(number.id));
    Ok(theirs.any(|number| number.account_id.as_deref() == Some(account_id)))
}

#[derive(Debug, Default)]
pub struct TemplateQuery;

#[Object]
impl TemplateQuery {
    /// The templates of a WhatsApp Business Account, by Meta's id.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn templates(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Meta's id of the account.")] account_id: ID,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last one of the page before.")] after: Option<String>,
        #[graphql(desc = "How many, going up the list.")] last: Option<i32>,
        #[graphql(desc = "The cursor of the first one of the page below.")] before: Option<String>,
    ) -> async_graphql::Result<Page<TemplateCursor, Template>> {
        let visitor = allowed(context, Deed::SeeTemplates)?;
        let stretch = Stretch::<TemplateCursor>::of(Asked { first, after, last, before })?;
        let storage = &services(context)?.storage;
        let found = if sees_account(storage, visitor, &account_id).await? {
            let from = stretch.from.as_ref().map(|cursor| cursor.0.as_str());
            let (workspace, limit) = (visitor.workspace, stretch.limit());
            let found = storage.list_templates(workspace, &account_id, from, stretch.way, limit).await;
            found.map_err(Failure::from)?
        } else {
            Vec::new()
        };
        let nodes = |records: Vec<TemplateRecord>| records.into_iter().map(Template::from).collect();
        Ok(stretch.page(found, |record| TemplateCursor(record.id.clone()), nodes))
    }
}
