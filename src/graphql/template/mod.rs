//! Message templates: what Meta has told and answered of each, and how one will look.

mod component;
mod error;
mod sample;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};

use super::context::{Services, allowed, services};
use super::error::{Failure, UserError, UserErrorCode};
use super::mutation::content::TemplateInput;
use super::page::{Asked, Page, Stretch, TemplateCursor, cost};
use super::scalar;
use super::scalar::DateTime;
use crate::auth::{Deed, authorize_number};
use crate::domain::outgoing::template;
use crate::domain::template::remedy::next_step;
use crate::outbound;
use crate::storage::template_record;
use crate::storage::template_record::TemplateRecord;
use crate::templates::Refused;
use component::{TemplateComponents, TemplatePreview};

pub(super) use error::{breaches, failure_of, lacking, user_errors};
pub use sample::sample_answer;

/// A message template. Its states are in Meta's words, because Meta adds new ones.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
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
    /// `APPROVED`, `REJECTED`, `PAUSED`, `DISABLED` and so on; `DELETED`: it is not at Meta any more.
    pub status: Option<String>,
    /// Since when it has that status.
    pub status_since: Option<DateTime>,
    /// Whether it can be sent now.
    pub is_usable: bool,
    /// Why it was refused, paused or disabled.
    pub reason: Option<String>,
    /// What Meta recommends to do.
    pub recommendation: Option<String>,
    /// What to do about it, if it cannot be sent.
    pub next_step: Option<String>,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub category: Option<String>,
    /// The category that Meta holds to be right, or will give it.
    pub coming_category: Option<String>,
    /// When it gets `comingCategory`; null if nothing is coming, or Meta has named no time.
    pub category_changes_at: Option<DateTime>,
    /// The category that it had before Meta gave it this one.
    pub previous_category: Option<String>,
    /// Meta's finer division of a category.
    pub sub_category: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`.
    pub quality: Option<String>,
    /// The text above the body; null if it has none, or Meta has not told it.
    pub header_text: Option<String>,
    /// The text itself, its places as `{{1}}` or `{{name}}`; null until Meta has told it.
    pub body_text: Option<String>,
    /// The small print below the body; null if it has none, or Meta has not told it.
    pub footer_text: Option<String>,
    /// `POSITIONAL` or `NAMED`: how its variables are called.
    pub parameter_format: Option<String>,
    /// Its components in Meta's own JSON; null while Meta was not asked.
    pub components_json: Option<String>,
    /// How long Meta tries to deliver it, in seconds; null: as long as is usual.
    pub send_ttl_seconds: Option<i64>,
    /// The latest changes of its status, the oldest first; fifty at most.
    pub status_history: Vec<TemplateStatusChange>,
    /// When Meta was last asked about it; null: all that is known came by webhooks.
    pub synced_at: Option<DateTime>,
    /// When Meta last told of it.
    pub updated_at: Option<DateTime>,
    #[graphql(skip)]
    record: TemplateRecord,
}

/// A change of a template's status.
#[derive(Clone, Debug, SimpleObject)]
pub struct TemplateStatusChange {
    /// When Meta told of it.
    pub at: Option<DateTime>,
    /// In Meta's word.
    pub status: String,
    /// Why, in Meta's words; null: Meta gave none.
    pub reason: Option<String>,
}

impl From<TemplateRecord> for Template {
    fn from(record: TemplateRecord) -> Self {
        let kept = record.clone();
        let (coming_category, changes_s) = record.coming_category.unzip();
        let status = record.status.as_deref().unwrap_or_default();
        let next_step = next_step(status, record.reason.as_deref()).map(str::to_owned);
        let history = record.history.into_iter().map(|change| TemplateStatusChange {
            at: scalar::second(change.at_s),
            status: change.status,
            reason: change.reason,
        });
        Self {
            id: ID(record.id),
            template_id: record.template_id,
            account_id: record.account_id,
            name: record.name,
            language: record.language,
            status_since: record.status_ms.and_then(scalar::moment),
            is_usable: kept.is_sendable(),
            status: record.status,
            reason: record.reason,
            recommendation: record.recommendation,
            next_step,
            category: record.category,
            coming_category,
            category_changes_at: changes_s.flatten().and_then(scalar::second),
            previous_category: record.previous_category,
            sub_category: record.sub_category,
            quality: record.quality,
            header_text: record.title,
            body_text: record.body,
            footer_text: record.footer,
            parameter_format: record.parameter_format,
            components_json: record.components_json,
            send_ttl_seconds: record.send_ttl_s,
            status_history: history.collect(),
            synced_at: record.synced_ms.and_then(scalar::moment),
            updated_at: scalar::moment(record.told_ms),
            record: kept,
        }
    }
}

#[ComplexObject]
impl Template {
    /// What it consists of, and what a message that uses it brings; null while Meta was not asked.
    async fn components(&self) -> Option<TemplateComponents> {
        self.record.definition().map(TemplateComponents::from)
    }
}

/// Which templates a list holds. What is not said does not matter.
#[derive(Debug, Default, InputObject)]
pub struct TemplateFilter {
    /// Only those of this account, by Meta's id.
    account_id: Option<ID>,
    /// Only those that this number can use: those of its account.
    number_id: Option<ID>,
    /// Only of these statuses, in Meta's words. Without it: all but the deleted ones.
    statuses: Option<Vec<String>>,
    /// True: only those that can be sent now.
    #[graphql(default)]
    usable: bool,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    category: Option<String>,
    /// Like `id` or `en_US`.
    language: Option<String>,
    /// Its whole name.
    name: Option<String>,
}

/// How a template will look, or why it cannot be sent so.
#[derive(Debug, SimpleObject)]
pub struct TemplatePreviewPayload {
    /// Null: there is no such template, or nothing is known of what it consists of.
    preview: Option<TemplatePreview>,
    /// What is wrong with what would be sent; a variable without a value stays as it is in the preview.
    user_errors: Vec<UserError>,
}

/// A template of the caller's.
pub async fn show(context: &Context<'_>, id: &ID) -> Result<Option<Template>, Failure> {
    let visitor = allowed(context, Deed::SeeTemplates)?;
    match services(context)?.templates.find(visitor, id).await {
        Ok(found) => Ok(found.map(Template::from)),
        Err(error) => Err(failure_of(error)),
    }
}

/// The filter for the storage. None: what it names is not the caller's, so there is nothing.
async fn wanted(
    context: &Context<'_>,
    filter: TemplateFilter,
) -> Result<Option<template_record::TemplateFilter>, Failure> {
    let visitor = allowed(context, Deed::SeeTemplates)?;
    let Services { storage, templates, .. } = services(context)?;
    let mut accounts = templates.accounts_of(visitor).await.map_err(failure_of)?;
    let mut keep = |account_id: Option<String>| {
        let account_id = account_id?;
        let is_theirs = accounts.as_ref().is_none_or(|accounts| accounts.contains(&account_id));
        accounts = Some(if is_theirs { vec![account_id] } else { Vec::new() });
        Some(())
    };
    if let Some(account_id) = filter.account_id {
        keep(Some(account_id.0));
    }
    if let Some(number_id) = filter.number_id {
        let Some(id) = scalar::uuid(&number_id) else { return Ok(None) };
        let number = storage.find_number(visitor.workspace, id).await?;
        let number = number.filter(|number| visitor.may_touch(number.id));
        if keep(number.and_then(|number| number.account_id)).is_none() {
            return Ok(None);
        }
    }
    let capitals = |words: Vec<String>| words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let usable = || template_record::TemplateFilter::usable("").statuses;
    Ok(Some(template_record::TemplateFilter {
        accounts,
        statuses: if filter.usable { usable() } else { filter.statuses.map(capitals) },
        category: filter.category,
        language: filter.language,
        name: filter.name,
    }))
}

#[derive(Debug, Default)]
pub struct TemplateQuery;

#[Object]
impl TemplateQuery {
    /// The templates of the workspace's WhatsApp Business Accounts.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn templates(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Meta's id of the account; the same as in `filter`.")] account_id: Option<ID>,
        #[graphql(desc = "Which of them.")] filter: Option<TemplateFilter>,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last one of the page before.")] after: Option<String>,
        #[graphql(desc = "How many, going up the list.")] last: Option<i32>,
        #[graphql(desc = "The cursor of the first one of the page below.")] before: Option<String>,
    ) -> async_graphql::Result<Page<TemplateCursor, Template>> {
        let visitor = allowed(context, Deed::SeeTemplates)?;
        let stretch = Stretch::<TemplateCursor>::of(Asked { first, after, last, before })?;
        let mut filter = filter.unwrap_or_default();
        filter.account_id = filter.account_id.or(account_id);
        let found = match wanted(context, filter).await? {
            Some(filter) => {
                let from = stretch.from.as_ref().map(|cursor| cursor.0.as_str());
                let (workspace, limit) = (visitor.workspace, stretch.limit());
                let storage = &services(context)?.storage;
                let found = storage.list_templates(workspace, &filter, from, stretch.way, limit).await;
                found.map_err(Failure::from)?
            }
            None => Vec::new(),
        };
        let nodes = |records: Vec<TemplateRecord>| records.into_iter().map(Template::from).collect();
        Ok(stretch.page(found, |record| TemplateCursor(record.id.clone()), nodes))
    }

    /// One template; null if there is none, or if it is of an account that none of the caller's numbers is of.
    async fn template(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the template.")] id: ID,
    ) -> Result<Option<Template>, Failure> {
        show(context, &id).await
    }

    /// How a template will look with these values. What is wrong with them is said as `sendMessage` would say it.
    #[graphql(complexity = "20 + child_complexity")]
    async fn preview_template(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The number that would send it.")] number_id: ID,
        #[graphql(desc = "The template, and what goes into its places.")] template: TemplateInput,
    ) -> Result<TemplatePreviewPayload, Failure> {
        let visitor = allowed(context, Deed::SeeTemplates)?;
        let refused = |user_errors| TemplatePreviewPayload { preview: None, user_errors };
        let unknown =
            || UserError::new(UserErrorCode::NotFound, "There is no such number in this workspace.");
        let Some(id) = scalar::uuid(&number_id) else { return Ok(refused(vec![unknown().on("numberId")])) };
        authorize_number(visitor, Deed::SeeTemplates, id)?;
        let Services { storage, templates, .. } = services(context)?;
        let Some(number) = storage.find_number(visitor.workspace, id).await? else {
            return Ok(refused(vec![unknown().on("numberId")]));
        };
        let asked = match template::Template::try_from(template) {
            Ok(asked) => asked,
            Err(outbound::Error::Invalid { field, sentence }) => {
                return Ok(refused(vec![UserError::invalid(field, sentence)]));
            }
            Err(error) => return Err(Failure::internal(error)),
        };
        match templates.preview(&number, &asked).await {
            Ok((preview, wrong)) => Ok(TemplatePreviewPayload {
                preview: preview.map(TemplatePreview::from),
                user_errors: breaches(&wrong),
            }),
            Err(Refused::Lack(lack)) => Ok(refused(vec![lacking(lack)])),
            Err(Refused::Breaches(wrong)) => Ok(refused(breaches(&wrong))),
            Err(Refused::Storage(error)) => Err(error.into()),
        }
    }
}
