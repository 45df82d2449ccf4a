//! A message that uses a template, before it is queued: whether there is such a template, whether it can be sent, and
//! whether the message brings what it takes. And how it will look.

use std::sync::PoisonError;
use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use super::{Error, Templates};
use crate::domain::outgoing::breach::{Breach, Judge};
use crate::domain::outgoing::template as sent;
use crate::domain::outgoing::{Content, Message, Recipient};
use crate::domain::template::check::{check, is_for_groups, moving_headers};
use crate::domain::template::preview::{Preview, preview};
use crate::domain::template::{DELETED, Definition};
use crate::storage;
use crate::storage::number_record::NumberRecord;
use crate::storage::page::Way;
use crate::storage::template_record::{TemplateFilter, TemplateRecord};

/// A name is asked for at Meta no more often.
const ASKED_EVERY_MS: i64 = 60_000;
/// And so long after Meta did not answer: many messages at once must not all wait for that.
const SILENT_FOR_MS: i64 = 10_000;
/// How long a message waits for what Meta says of its template.
const ASK_MAX: Duration = Duration::from_secs(5);
/// So long after all templates of an account were read, one that is not among them is none.
const KNOWN_FOR_MS: i64 = 24 * 3_600_000;
/// How many templates an error names.
const ALTERNATIVES_MAX: usize = 10;
/// How many are looked through for them.
const LOOKED_THROUGH_MAX: i64 = 50;

/// Why a message is not queued.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("the template cannot be used")]
    Lack(Lack),
    #[error("the message does not bring what the template takes")]
    Breaches(Vec<Breach>),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// A template that is not there, or cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The account has no template of that name; others that it has, by name and language.
    Name { alternatives: Vec<String> },
    /// It is not there in that language; the languages in which it can be sent.
    Language { alternatives: Vec<String> },
    /// It is paused, rejected or the like; what could be sent instead.
    Status { status: String, reason: Option<String>, alternatives: Vec<String> },
}

/// What is known of the template that a message uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// How it will look.
    pub preview: Option<Preview>,
    /// In capitals: `MARKETING`, `UTILITY`, `AUTHENTICATION`.
    pub category: Option<String>,
    /// What leaves by the endpoint of marketing messages only.
    moving_headers: Vec<String>,
}

impl Judged {
    /// Whether the message may leave by the usual endpoint.
    pub fn allow_usual_endpoint(&self) -> Result<(), Refused> {
        let mut judge = Judge::default();
        for field in &self.moving_headers {
            judge.not_allowed(field, "a GIF leaves by the endpoint of marketing messages only");
        }
        judge.verdict().map_err(Refused::Breaches)
    }
}

/// What there is to judge by.
#[derive(Default)]
struct Known {
    definition: Option<Definition>,
    category: Option<String>,
}

impl Templates {
    /// Judges a message, and gives what is known of the template that it uses.
    pub async fn judge(&self, number: &NumberRecord, message: &Message) -> Result<Judged, Refused> {
        let Content::Template(sent) = &message.content else { return Ok(Judged::default()) };
        let known = self.known_for(number, sent, message.recipient.is_group()).await?;
        let mut judged = Judged { category: known.category, ..Judged::default() };
        if let Some(definition) = known.definition {
            check(&definition, sent, &message.recipient, message.marketing.is_some())
                .map_err(Refused::Breaches)?;
            judged.preview = Some(preview(&definition, sent));
            judged.moving_headers = moving_headers(&definition);
        }
        Ok(judged)
    }

    /// How a template will look, and what is wrong with what would be sent. To whom is not said, so that is not judged.
    pub async fn preview(
        &self,
        number: &NumberRecord,
        sent: &sent::Template,
    ) -> Result<(Option<Preview>, Vec<Breach>), Refused> {
        let Some(definition) = self.known_for(number, sent, false).await?.definition else {
            return Ok((None, Vec::new()));
        };
        let anybody = Recipient::Phone(String::new());
        let breaches = check(&definition, sent, &anybody, false).err().unwrap_or_default();
        Ok((Some(preview(&definition, sent)), breaches))
    }

    /// Templates that could be sent with a number, by name and language.
    pub async fn usable(&self, number: &NumberRecord, is_group: bool) -> Result<Vec<String>, storage::Error> {
        let Some(account_id) = &number.account_id else { return Ok(Vec::new()) };
        self.alternatives(number.workspace, account_id, is_group).await
    }

    /// What a message is judged by. No definition: Meta judges.
    async fn known_for(
        &self,
        number: &NumberRecord,
        sent: &sent::Template,
        is_group: bool,
    ) -> Result<Known, Refused> {
        let Some(account_id) = number.account_id.as_deref() else { return Ok(Known::default()) };
        let (workspace, storage) = (number.workspace, &self.0.storage);
        let mut named = storage.templates_named(workspace, account_id, &sent.name).await?;
        let mut is_answered = true;
        if !is_settled(&named, &sent.language.code) {
            is_answered = self.ask_about(workspace, account_id, &sent.name).await;
            if is_answered {
                named = storage.templates_named(workspace, account_id, &sent.name).await?;
            }
        }
        named.retain(|record| record.status.as_deref() != Some(DELETED));
        let Some(record) = in_language(&named, &sent.language.code) else {
            if !is_answered && !self.is_known_whole(workspace, account_id).await? {
                return Ok(Known::default());
            }
            let languages: Vec<String> = named
                .iter()
                .filter(|record| record.is_sendable())
                .filter_map(|record| record.language.clone())
                .take(ALTERNATIVES_MAX)
                .collect();
            let lack = if languages.is_empty() {
                Lack::Name { alternatives: self.alternatives(workspace, account_id, is_group).await? }
            } else {
                Lack::Language { alternatives: languages }
            };
            return Err(Refused::Lack(lack));
        };
        if !record.is_sendable() {
            return Err(Refused::Lack(Lack::Status {
                status: record.status.clone().unwrap_or_default(),
                reason: record.reason.clone(),
                alternatives: self.alternatives(workspace, account_id, is_group).await?,
            }));
        }
        // With texts that are out of date a right message would be refused.
        let definition = if record.is_wanted { None } else { record.definition() };
        Ok(Known { definition, category: record.category.clone() })
    }

    /// Asks Meta about a name, unless that was done lately. Whether there is an answer.
    async fn ask_about(&self, workspace: Uuid, account_id: &str, name: &str) -> bool {
        let (key, now_ms) = ((workspace, account_id.to_owned(), name.to_owned()), self.now_ms());
        let last = self.0.asked.lock().unwrap_or_else(PoisonError::into_inner).get(&key);
        if let Some((last_ms, was_answered)) = last {
            let rest_ms = if was_answered { ASKED_EVERY_MS } else { SILENT_FOR_MS };
            if (0..rest_ms).contains(&(now_ms - last_ms)) {
                return was_answered;
            }
        }
        let asked = tokio::time::timeout(ASK_MAX, self.ask_now(workspace, account_id, name)).await;
        let is_answered = match asked {
            Ok(Ok(is_answered)) => is_answered,
            Ok(Err(error)) => {
                warn!(%error, account = account_id, "Meta could not be asked about a template");
                false
            }
            Err(_) => false,
        };
        self.0.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (now_ms, is_answered));
        is_answered
    }

    async fn ask_now(&self, workspace: Uuid, account_id: &str, name: &str) -> Result<bool, Error> {
        let Some(account) = self.whole_account(workspace, account_id).await? else { return Ok(false) };
        let access = self.access(&account).await?;
        if self.0.graph.pause(&access.credentials(), Some(account_id)).is_some() {
            return Ok(false);
        }
        self.sync_name(&account, &access, name).await
    }

    /// Whether all templates of the account were read not long ago.
    async fn is_known_whole(&self, workspace: Uuid, account_id: &str) -> Result<bool, storage::Error> {
        let state = self.0.storage.template_sync_state(workspace, account_id).await?;
        Ok(state.synced_ms.is_some_and(|synced_ms| self.now_ms() - synced_ms < KNOWN_FOR_MS))
    }

    async fn alternatives(
        &self,
        workspace: Uuid,
        account_id: &str,
        is_group: bool,
    ) -> Result<Vec<String>, storage::Error> {
        let filter = TemplateFilter::usable(account_id);
        let found =
            self.0.storage.list_templates(workspace, &filter, None, Way::Older, LOOKED_THROUGH_MAX).await?;
        let fits = |record: &&TemplateRecord| {
            !is_group || record.definition().is_some_and(|definition| is_for_groups(&definition))
        };
        let shown = |record: &TemplateRecord| {
            Some(format!("{} ({})", record.name.as_deref()?, record.language.as_deref()?))
        };
        Ok(found.iter().filter(fits).filter_map(shown).take(ALTERNATIVES_MAX).collect())
    }
}

/// Languages are kept with an underscore, as Meta lists them; its webhooks, and callers, write a hyphen too.
fn in_language<'r>(named: &'r [TemplateRecord], language: &str) -> Option<&'r TemplateRecord> {
    let kept = language.replace('-', "_");
    named.iter().find(|record| record.language.as_deref() == Some(kept.as_str()))
}

/// Whether nothing need be asked: the template can be sent, and what it consists of is known.
fn is_settled(named: &[TemplateRecord], language: &str) -> bool {
    in_language(named, language)
        .is_some_and(|record| record.is_sendable() && !record.is_wanted && record.components_json.is_some())
}
