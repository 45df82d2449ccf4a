//! Connecting a number by the code that Meta's embedded sign-up gives to a front end: the code becomes a token, the
//! token names the account, and the number is added, registered or (beside the Business app) synchronised.

use tracing::warn;
use uuid::Uuid;

use super::check::{ACCOUNT, NUMBER, ensure_id, ensure_secret};
use super::{Error, Line, NewNumber, Numbers};
use crate::auth::{Deed, Visitor};
use crate::domain::number::Facts;
use crate::meta::client::app::Inspection;
use crate::meta::client::number::Sync as MetaSync;
use crate::meta::client::{CallError, Credentials};
use crate::secret::Secret;
use crate::storage::number_record::{NumberRecord, Sync, number_id};

/// The permissions whose reach names the account, the better one first.
const SCOPES: &[&str] = &["whatsapp_business_management", "whatsapp_business_messaging"];
const CODE: &str = "code";
/// Meta (2026-07): the sync was asked for already.
const SYNCED_ALREADY: i64 = 2_593_107;

/// What an embedded sign-up brought.
#[derive(Clone, Debug)]
pub struct Signup {
    pub code: Secret,
    /// None: the only one that the token reaches.
    pub account_id: Option<String>,
    /// None: the only one of the account.
    pub phone_number_id: Option<String>,
    /// For the registration; none: one is made.
    pub pin: Option<Secret>,
    pub user_id: Option<String>,
    pub display_name: Option<String>,
}

/// A number that was connected, and what has not worked after it was kept.
#[derive(Debug)]
pub struct Connected {
    pub record: NumberRecord,
    pub troubles: Vec<Error>,
}

impl Numbers {
    /// Adds the number of an embedded sign-up.
    pub async fn connect(&self, by: &Visitor, signup: Signup) -> Result<Connected, Error> {
        let (Some(app_id), Some(app_secret)) = (&self.0.app.id, &self.0.app.secret) else {
            return Err(Error::NoApp);
        };
        ensure_secret(CODE, signup.code.expose())?;
        for (field, id) in [(ACCOUNT, &signup.account_id), (NUMBER, &signup.phone_number_id)] {
            id.as_deref().map_or(Ok(()), |id| ensure_id(field, id))?;
        }
        let app = self.0.graph.app(app_id, app_secret);
        let granted = app.exchange_code(&signup.code).await;
        let granted = granted.map_err(|error| Error::changing(error).on(CODE))?;
        let inspection = app.inspect(&granted.token).await.map_err(Error::reading)?;
        let account_id = chosen_account(&inspection, signup.account_id.as_deref())?;
        let credentials = Credentials { token: &granted.token, app_secret: Some(app_secret) };
        let chosen = self.chosen_number(credentials, &account_id, signup.phone_number_id.as_deref()).await?;
        let new = NewNumber {
            phone_number_id: chosen,
            account_id,
            access_token: granted.token.clone(),
            app_secret: None,
            app_id: Some(app_id.clone()),
            user_id: signup.user_id,
            display_name: signup.display_name,
            settings: None,
        };
        let id = number_id(by.workspace, &new.phone_number_id);
        if self.find(by.workspace, id).await?.is_some() {
            return Err(Error::Here(id));
        }
        let changes = self.changes_of(by, &new).await?;
        let facts = self.check(credentials, &new.account_id, &new.phone_number_id).await?;
        self.subscribe_and_save(by, &new, credentials, changes.facts(&facts, self.now_ms())?).await?;
        self.note_added(by, Deed::AddNumber, &new, &facts).await?;
        self.finish(by, id, &facts, signup.pin).await
    }

    /// From here on the number is kept: what does not work is told, and can be done later.
    async fn finish(
        &self,
        by: &Visitor,
        id: Uuid,
        facts: &Facts,
        pin: Option<Secret>,
    ) -> Result<Connected, Error> {
        let mut troubles = Vec::new();
        if facts.is_coexistence() {
            for sync in [Sync::Contacts, Sync::History] {
                if let Err(error) = self.sync(by, id, sync).await {
                    troubles.push(error);
                }
            }
        } else if facts.is_registered() != Some(true)
            && let Err(error) = self.register(by, id, pin, None).await
        {
            troubles.push(error);
        }
        Ok(Connected { record: self.get(by.workspace, id).await?, troubles })
    }

    async fn chosen_number(
        &self,
        credentials: Credentials<'_>,
        account_id: &str,
        wanted: Option<&str>,
    ) -> Result<String, Error> {
        if let Some(wanted) = wanted {
            return Ok(wanted.to_owned());
        }
        let listed = self.0.graph.account(credentials, account_id).numbers().await;
        let listed = listed.map_err(|error| Error::reading(error).on(ACCOUNT))?;
        match listed.items.as_slice() {
            [one] => Ok(one.id.clone()),
            numbers => {
                let ids: Vec<&str> = numbers.iter().map(|number| number.id.as_str()).collect();
                let sentence = format!("The account has {} numbers: {}.", ids.len(), ids.join(", "));
                let next_step = "Give the phoneNumberId that the sign-up's session tells, with a fresh code.";
                Err(Error::invalid(NUMBER, sentence, next_step))
            }
        }
    }

    /// Asks Meta for what a telephone has: its contacts, or its history. Meta does each once, within a day, so a
    /// second asking is refused here; only what was certainly not done is forgotten.
    pub async fn sync(&self, by: &Visitor, id: Uuid, sync: Sync) -> Result<NumberRecord, Error> {
        let line = self.line(by.workspace, id).await?;
        if !self.0.storage.note_sync(by.workspace, id, sync, self.now_ms()).await? {
            return Err(Error::WrongState {
                sentence: "This was asked for already, and Meta does it only once.",
                next_step: "What it brings comes by webhooks; to do it again, connect the number anew in the Business app.",
            });
        }
        if let Err(error) = self.ask_for_sync(&line, sync).await {
            let is_done = error.refusal().and_then(|refusal| refusal.fault().code) == Some(SYNCED_ALREADY);
            if !is_done && !error.is_outcome_unknown() {
                self.0.storage.forget_sync(by.workspace, id, sync).await?;
            }
            return Err(Error::changing(error));
        }
        self.note(by, "sync-number", id, &[("sync", None, Some(sync.name()))]).await?;
        self.get(by.workspace, id).await
    }

    async fn ask_for_sync(&self, line: &Line, sync: Sync) -> Result<(), CallError> {
        let number = self.0.graph.number(line.credentials(), line.phone_number_id());
        let asked = match sync {
            Sync::Contacts => number.sync(MetaSync::Contacts).await,
            Sync::History => number.sync(MetaSync::History).await,
        };
        match asked {
            Ok(_) => Ok(()),
            Err(error) => {
                warn!(number = %line.record.id, sync = sync.name(), %error, "a sync was not taken");
                Err(self.judge(&line.record, error).await)
            }
        }
    }
}

/// The account that was asked for, or the only one that the token reaches.
fn chosen_account(inspection: &Inspection, wanted: Option<&str>) -> Result<String, Error> {
    let reached = SCOPES.iter().filter_map(|scope| inspection.reach(scope)).find(|ids| !ids.is_empty());
    let reached = reached.unwrap_or_default();
    let next_step = "Give the accountId that the sign-up's session tells, with a fresh code.";
    match (wanted, reached) {
        (Some(wanted), []) => Ok(wanted.to_owned()),
        (Some(wanted), reached) if reached.iter().any(|id| id == wanted) => Ok(wanted.to_owned()),
        (Some(_), _) => {
            Err(Error::invalid(ACCOUNT, "The sign-up has not granted access to this account.", next_step))
        }
        (None, [one]) => Ok(one.clone()),
        (None, []) => Err(Error::invalid(ACCOUNT, "The sign-up names no account.", next_step)),
        (None, several) => {
            let sentence = format!("The sign-up grants access to {} accounts.", several.len());
            Err(Error::invalid(ACCOUNT, sentence, next_step))
        }
    }
}
