//! Templates that are made, edited and deleted at Meta.

use serde_json::Value;

use super::sync::{is_not_there, synced};
use super::{Error, Place, Templates, Tried};
use crate::auth::{Deed, Visitor};
use crate::domain::template::draft;
use crate::domain::template::draft::Draft;
use crate::meta::client::template::{Category, Created, Status, Template};
use crate::meta::encode;
use crate::storage::template_record::TemplateRecord;
use crate::storage::template_state::template_key;
use crate::storage::template_sync::{Mark, SyncedTemplate};

const HOUR_MS: i64 = 3_600_000;
/// Meta (2026-07): an approved template is edited once in 24 hours and ten times in 30 days at most.
const EDITS_PER_MONTH: usize = 10;
const MONTH_MS: i64 = 30 * 24 * HOUR_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Meta (2026-07): the statuses with which a template can be edited.
const EDITABLE: [&str; 4] = ["APPROVED", "REJECTED", "PAUSED", "FLAGGED"];

/// What is to change in a template. What is not said stays.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// In capitals.
    pub category: Option<String>,
    pub content: Option<draft::Content>,
    pub send_ttl_s: Option<i64>,
}

/// Which templates are to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// One of them, by our id.
    One(String),
    /// All languages of a name.
    Name(Place, String),
}

impl Templates {
    /// Hands a template in.
    pub async fn create(&self, by: &Visitor, place: &Place, draft: &Draft) -> Result<TemplateRecord, Error> {
        draft::check(draft).map_err(Error::Breaches)?;
        let account = self.account(by, place).await?;
        let access = self.access(&account).await?;
        let calls = self.0.graph.templates(access.credentials(), &account.id);
        let answer = match calls.create(&encode::definition(draft)).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.failed(&access, Tried::Changing, error).await),
        };
        let made = made(&answer, draft);
        let (owner, now_ms) = ((account.workspace, account.id.as_str()), self.now_ms());
        if let Some(made) = &made {
            self.0.storage.put_templates(owner, &[made], (now_ms, Mark::Made), now_ms).await?;
        }
        let changes =
            [("name", None, Some(draft.name.as_str())), ("language", None, Some(draft.language.as_str()))];
        self.note(by, Deed::ChangeTemplates, &answer.id, &changes).await?;
        let key = template_key(account.workspace, &answer.id);
        self.get(by, &key).await
    }

    /// Changes a template. Meta reviews it anew.
    pub async fn edit(&self, by: &Visitor, id: &str, edit: &Edit) -> Result<TemplateRecord, Error> {
        let record = self.get(by, id).await?;
        self.check_editable(&record, edit)?;
        let category = edit.category.clone().or_else(|| record.category.clone()).unwrap_or_default();
        let are_named = record.parameter_format.as_deref() == Some("NAMED");
        draft::check_edit(&category, are_named, edit.content.as_ref(), edit.send_ttl_s)
            .map_err(Error::Breaches)?;
        let account = self.account_of(by, &record.account_id).await?;
        let access = self.access(&account).await?;
        let components = edit.content.as_ref().map(|content| encode::components(are_named, content));
        let change = encode::edit(components.clone(), edit.category.as_deref(), edit.send_ttl_s);
        let calls = self.0.graph.templates(access.credentials(), &account.id);
        if let Err(error) = calls.edit(&record.template_id, &change).await {
            return Err(self.failed(&access, Tried::Changing, error).await);
        }
        self.note(by, Deed::ChangeTemplates, &record.template_id, &noted(&record, edit)).await?;
        let now_ms = self.now_ms();
        // What Meta has made of it; while that cannot be asked, what is known to have changed.
        let edited = match calls.get(&record.template_id).await {
            Ok(template) => synced(template),
            Err(_) => edited(&record, components.as_ref(), category, edit),
        };
        if let Some(edited) = &edited {
            let owner = (account.workspace, account.id.as_str());
            self.0.storage.put_templates(owner, &[edited], (now_ms, Mark::Edited), now_ms).await?;
        }
        self.get(by, id).await
    }

    /// Deletes templates at Meta. Gives those that are gone, by our ids.
    pub async fn delete(&self, by: &Visitor, deletion: &Deletion) -> Result<Vec<String>, Error> {
        let (account, name, template_id) = match deletion {
            Deletion::One(id) => {
                let record = self.get(by, id).await?;
                if record.status.as_deref() == Some("DISABLED") {
                    return Err(Error::WrongState {
                        field: "id",
                        sentence: "Meta has switched the template off, and keeps those.".to_owned(),
                        next_step: "Leave it; it cannot be sent any more.".to_owned(),
                    });
                }
                let name = record.name.clone().ok_or(Error::NotFound("id"))?;
                (self.account_of(by, &record.account_id).await?, name, Some(record.template_id))
            }
            Deletion::Name(place, name) => (self.account(by, place).await?, name.clone(), None),
        };
        let access = self.access(&account).await?;
        let calls = self.0.graph.templates(access.credentials(), &account.id);
        let known = self.0.storage.known_templates(account.workspace, &account.id, Some(&name)).await?;
        match calls.delete(&name, template_id.as_deref()).await {
            Ok(()) => {}
            // It was gone already, which is what is wanted.
            Err(error) if is_not_there(&error) => {}
            Err(error) => return Err(self.failed(&access, Tried::Changing, error).await),
        }
        let gone: Vec<&str> = match &template_id {
            Some(id) => vec![id.as_str()],
            None => known.keys().map(String::as_str).collect(),
        };
        let (owner, now_ms) = ((account.workspace, account.id.as_str()), self.now_ms());
        self.0.storage.drop_templates(owner, &gone, now_ms, now_ms).await?;
        let changes = [("name", Some(name.as_str()), None)];
        self.note(by, Deed::ChangeTemplates, template_id.as_deref().unwrap_or(&name), &changes).await?;
        Ok(gone.iter().map(|id| template_key(account.workspace, id)).collect())
    }

    /// A template of the visitor's, by our id.
    pub async fn get(&self, by: &Visitor, id: &str) -> Result<TemplateRecord, Error> {
        self.find(by, id).await?.ok_or(Error::NotFound("id"))
    }

    /// The same; none if there is none, or if it is of an account that is not the visitor's.
    pub async fn find(&self, by: &Visitor, id: &str) -> Result<Option<TemplateRecord>, Error> {
        let Some(record) = self.0.storage.find_template(by.workspace, id).await? else { return Ok(None) };
        let accounts = self.accounts_of(by).await?;
        let is_theirs = accounts.is_none_or(|accounts| accounts.contains(&record.account_id));
        Ok(is_theirs.then_some(record))
    }

    fn check_editable(&self, record: &TemplateRecord, edit: &Edit) -> Result<(), Error> {
        let wrong = |field, sentence: String, next_step: String| {
            Err(Error::WrongState { field, sentence, next_step })
        };
        if edit.category.is_none() && edit.content.is_none() && edit.send_ttl_s.is_none() {
            let sentence = "Nothing is to change.".to_owned();
            let next_step = "Give a category, the parts, or a time to live.";
            return Err(Error::Invalid { field: "input", sentence, next_step });
        }
        let status = record.status.as_deref().unwrap_or_default();
        if !EDITABLE.contains(&status) {
            let sentence = format!("A template that is {status} cannot be edited.");
            let next_step = "Wait until Meta has approved or rejected it; or make a new one.".to_owned();
            return wrong("id", sentence, next_step);
        }
        let is_approved = record.is_sendable();
        let is_other = edit.category.as_ref().is_some_and(|wanted| Some(wanted) != record.category.as_ref());
        if is_approved && is_other {
            let sentence = "The category of an approved template stays.".to_owned();
            return wrong("category", sentence, "Make a new template of that category.".to_owned());
        }
        let now_ms = self.now_ms();
        let within = |ms: i64| record.edits_ms.iter().filter(move |at_ms| now_ms - **at_ms < ms);
        let first_then = |ms: i64| within(ms).min().map_or(now_ms, |at_ms| at_ms + ms);
        let free_ms = if !is_approved {
            None
        } else if within(MONTH_MS).count() >= EDITS_PER_MONTH {
            Some(first_then(MONTH_MS))
        } else {
            within(DAY_MS).max().map(|at_ms| at_ms + DAY_MS)
        };
        match free_ms {
            None => Ok(()),
            Some(free_ms) => {
                let sentence =
                    "An approved template is edited once in 24 hours and ten times in 30 days at most.";
                let hours = (free_ms - now_ms).div_euclid(HOUR_MS) + 1;
                wrong("id", sentence.to_owned(), format!("Edit it again in {hours} hours."))
            }
        }
    }
}

/// A new template as far as it is known, until Meta is asked again.
fn made(answer: &Created, draft: &Draft) -> Option<SyncedTemplate> {
    let category =
        answer.category.as_ref().map_or_else(|| draft.category.clone(), |word| word.as_str().to_owned());
    let status = answer.status.as_ref().map_or("PENDING", Status::as_str);
    synced(Template {
        id: answer.id.clone(),
        name: draft.name.clone(),
        language: draft.language.clone(),
        status: status.to_owned().into(),
        category: Category::from(category),
        parameter_format: Some(
            if draft.are_variables_named { "NAMED" } else { "POSITIONAL" }.to_owned().into(),
        ),
        components: encode::components(draft.are_variables_named, &draft.content),
        quality: None,
        rejected_reason: None,
        previous_category: None,
        correct_category: None,
        sub_category: None,
        send_ttl_s: draft.send_ttl_s,
    })
}

fn edited(
    record: &TemplateRecord,
    components: Option<&Vec<Value>>,
    category: String,
    edit: &Edit,
) -> Option<SyncedTemplate> {
    let components_json = match components {
        Some(components) => serde_json::to_string(components).ok()?,
        None => record.components_json.clone()?,
    };
    Some(SyncedTemplate {
        template_id: record.template_id.clone(),
        name: record.name.clone()?,
        language: record.language.clone()?,
        status: "PENDING".to_owned(),
        category,
        quality: record.quality.clone(),
        rejected_reason: None,
        previous_category: record.previous_category.clone(),
        correct_category: None,
        sub_category: record.sub_category.clone(),
        parameter_format: record.parameter_format.clone(),
        components_json,
        send_ttl_s: edit.send_ttl_s.or(record.send_ttl_s),
    })
}

fn noted<'e>(
    record: &'e TemplateRecord,
    edit: &'e Edit,
) -> Vec<(&'static str, Option<&'e str>, Option<&'e str>)> {
    let mut changes = Vec::new();
    if let Some(category) = &edit.category {
        changes.push(("category", record.category.as_deref(), Some(category.as_str())));
    }
    if edit.content.is_some() {
        changes.push(("components", None, Some("(new ones)")));
    }
    if edit.send_ttl_s.is_some() {
        changes.push(("sendTtlSeconds", None, Some("(another one)")));
    }
    changes
}
