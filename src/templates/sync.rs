//! Asking Meta about templates: all of an account, those of a name, or one.

use std::collections::HashMap;
use std::time::Duration;

use tracing::info;
use uuid::Uuid;

use super::access::Access;
use super::{Account, Error, Place, Templates, Tried};
use crate::auth::Visitor;
use crate::meta::client::CallError;
use crate::meta::client::template::{Category, Template};
use crate::storage;
use crate::storage::template_record::TemplateRecord;
use crate::storage::template_sync::{KnownTemplate, Mark, SyncedTemplate};

/// How long somebody waits for a whole account; then it goes on in the background.
const ON_DEMAND_MAX: Duration = Duration::from_secs(20);
/// A whole account is asked about again after this long, a little later for some, so that they do not come together.
const PAUSE: Duration = Duration::from_hours(6);
const PAUSE_SPREAD_MS: u64 = 30 * 60_000;
/// Meta does not list at once what has just been made.
const MADE_LATELY_MS: i64 = 60_000;
/// More components than this are not kept: no template of Meta's is that large.
const COMPONENTS_BYTES_MAX: usize = 256 * 1024;

/// What a sync has brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub account_id: String,
    /// How many templates Meta has.
    pub found: usize,
    pub new: usize,
    pub changed: usize,
    /// How many are not at Meta any more.
    pub gone: usize,
    /// Whether all of them were read.
    pub is_whole: bool,
    pub synced_ms: i64,
}

impl Templates {
    /// Asks Meta for all templates of an account, at once.
    pub async fn sync(&self, by: &Visitor, place: &Place) -> Result<Report, Error> {
        let account = self.account(by, place).await?;
        let access = self.access(&account).await?;
        match tokio::time::timeout(ON_DEMAND_MAX, self.sync_account(&account, &access)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let storage = &self.0.storage;
                storage.rest_template_sync(account.workspace, &account.id, None, Duration::ZERO).await?;
                Err(Error::WrongState {
                    field: "accountId",
                    sentence: "The account has so many templates that reading them takes longer.".to_owned(),
                    next_step: "It goes on by itself; look at the templates in a minute.".to_owned(),
                })
            }
        }
    }

    /// The same for any account.
    pub(super) async fn sync_account(&self, account: &Account, access: &Access) -> Result<Report, Error> {
        let at_ms = self.now_ms();
        let listed = match self.0.graph.templates(access.credentials(), &account.id).list(None).await {
            Ok(listed) => listed,
            Err(error) => return Err(self.failed(access, Tried::Reading, error).await),
        };
        let report = self.keep_all(account, None, (listed.items, listed.is_whole), at_ms).await?;
        let synced_ms = listed.is_whole.then_some(at_ms);
        self.0.storage.rest_template_sync(account.workspace, &account.id, synced_ms, self.pause()).await?;
        info!(account = %account.id, found = report.found, changed = report.changed, "templates were read");
        Ok(report)
    }

    /// Asks for the templates of one name. False: Meta did not answer.
    pub(super) async fn sync_name(
        &self,
        account: &Account,
        access: &Access,
        name: &str,
    ) -> Result<bool, Error> {
        let at_ms = self.now_ms();
        let listed = self.0.graph.templates(access.credentials(), &account.id).list(Some(name)).await;
        match listed {
            Ok(mut listed) => {
                listed.items.retain(|template| template.name == name);
                self.keep_all(account, Some(name), (listed.items, listed.is_whole), at_ms).await?;
                Ok(true)
            }
            Err(error @ CallError::Refused(_)) => Err(self.failed(access, Tried::Reading, error).await),
            Err(_) => Ok(false),
        }
    }

    /// Keeps what Meta has listed, and notes what it has not.
    async fn keep_all(
        &self,
        account: &Account,
        name: Option<&str>,
        (items, is_whole): (Vec<Template>, bool),
        at_ms: i64,
    ) -> Result<Report, storage::Error> {
        let (storage, owner) = (&self.0.storage, (account.workspace, account.id.as_str()));
        let known = storage.known_templates(account.workspace, &account.id, name).await?;
        let listed: HashMap<String, SyncedTemplate> = items
            .into_iter()
            .filter_map(synced)
            .map(|template| (template.template_id.clone(), template))
            .collect();
        let is_same = |template: &SyncedTemplate| {
            known.get(&template.template_id).is_some_and(|known| known.is(template))
        };
        let (same, changed): (Vec<&SyncedTemplate>, Vec<&SyncedTemplate>) =
            listed.values().partition(|template| is_same(template));
        let same: Vec<&str> = same.iter().map(|template| template.template_id.as_str()).collect();
        let is_gone = |(id, known): &(&String, &KnownTemplate)| {
            let is_made_lately = known.made_ms.is_some_and(|made_ms| made_ms > at_ms - MADE_LATELY_MS);
            !listed.contains_key(*id) && !known.is_deleted() && !is_made_lately
        };
        let gone: Vec<&str> = if is_whole {
            known.iter().filter(is_gone).map(|(id, _)| id.as_str()).collect()
        } else {
            Vec::new()
        };
        let new = changed.iter().filter(|template| !known.contains_key(&template.template_id)).count();
        let now_ms = self.now_ms();
        storage.confirm_templates(account.workspace, &same, at_ms).await?;
        storage.put_templates(owner, &changed, (at_ms, Mark::None), now_ms).await?;
        storage.drop_templates(owner, &gone, at_ms, now_ms).await?;
        Ok(Report {
            account_id: account.id.clone(),
            found: listed.len(),
            new,
            changed: changed.len() - new,
            gone: gone.len(),
            is_whole,
            synced_ms: at_ms,
        })
    }

    /// Asks for one template, of which something was heard.
    pub(super) async fn fetch(&self, workspace: Uuid, record: &TemplateRecord) -> Result<(), Error> {
        let Some(account) = self.whole_account(workspace, &record.account_id).await? else { return Ok(()) };
        let access = self.access(&account).await?;
        // What was told before the question is in its answer, whatever the clocks say.
        let at_ms = self.now_ms().max(record.told_ms + 1_000);
        let owner = (workspace, account.id.as_str());
        match self.0.graph.templates(access.credentials(), &account.id).get(&record.template_id).await {
            Ok(template) => {
                let template = synced(template).filter(|found| found.template_id == record.template_id);
                let template: Vec<&SyncedTemplate> = template.iter().collect();
                Ok(self.0.storage.put_templates(owner, &template, (at_ms, Mark::None), self.now_ms()).await?)
            }
            Err(error) if is_not_there(&error) => {
                let id = record.template_id.as_str();
                Ok(self.0.storage.drop_templates(owner, &[id], at_ms, self.now_ms()).await?)
            }
            Err(error) => Err(self.failed(&access, Tried::Reading, error).await),
        }
    }

    fn pause(&self) -> Duration {
        PAUSE + Duration::from_millis(self.0.random.number().unwrap_or(0) % PAUSE_SPREAD_MS)
    }
}

/// Meta (2026-07): 100 with the subcode 33 for an object that is not there, or that the token does not reach.
pub(super) fn is_not_there(error: &CallError) -> bool {
    let codes = error.refusal().map(|refusal| (refusal.code(), refusal.subcode()));
    codes == Some((Some(100), Some(33)))
}

/// A template as it is kept. None: it is larger than any can be.
pub(super) fn synced(template: Template) -> Option<SyncedTemplate> {
    let components_json = serde_json::to_string(&template.components).ok()?;
    if components_json.len() > COMPONENTS_BYTES_MAX {
        return None;
    }
    let word = |word: &Category| word.as_str().to_owned();
    Some(SyncedTemplate {
        template_id: template.id,
        name: template.name,
        language: template.language,
        status: template.status.as_str().to_ascii_uppercase(),
        category: template.category.as_str().to_ascii_uppercase(),
        quality: template.quality,
        rejected_reason: template.rejected_reason,
        previous_category: template.previous_category.as_ref().map(word),
        correct_category: template.correct_category.as_ref().map(word),
        sub_category: template.sub_category,
        parameter_format: template.parameter_format.map(|format| format.as_str().to_owned()),
        components_json,
        send_ttl_s: template.send_ttl_s,
    })
}
