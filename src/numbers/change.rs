//! What its owner changes about a number: names, secrets, settings; pausing and resuming; and taking it away.

use sha2::{Digest, Sha256};
use tracing::{info, warn};
use uuid::Uuid;

use super::check::{APP_SECRET, TOKEN, ensure_secret};
use super::{Error, Line, NEW_SECRET, Noted, Numbers};
use crate::auth::{Deed, Visitor};
use crate::clock::knows_zone;
use crate::domain::number::Settings;
use crate::secret::Secret;
use crate::storage::number_record::{NumberChanges, NumberRecord, TokenSource, sealed};

const TEXT_CHARS_MAX: usize = 200;
const VERIFY_TOKEN: &str = "verifyToken";

/// What is to change. What is none stays; what is some of none is taken away.
#[derive(Clone, Debug, Default)]
#[expect(clippy::option_option, reason = "outside: whether it changes; inside: to what")]
pub struct Update {
    pub display_name: Option<Option<String>>,
    pub user_id: Option<Option<String>>,
    pub access_token: Option<Secret>,
    pub app_secret: Option<Option<Secret>>,
    pub verify_token: Option<Option<Secret>>,
    pub settings: Option<Settings>,
}

/// A number that was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    pub subscription: Subscription,
}

/// What became of the app's subscription to the number's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscription {
    /// Meta sends no webhooks of that account any more.
    Released,
    /// Other numbers here are of the same account.
    Kept,
    /// Meta could not be told.
    NotReleased,
}

/// A text of the CRM's.
pub(super) fn ensure_text(field: &'static str, text: Option<&str>) -> Result<(), Error> {
    let is_good = text.is_none_or(|text| {
        !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX && !text.contains(char::is_control)
    });
    if is_good {
        return Ok(());
    }
    Err(Error::invalid(
        field,
        "It has from 1 to 200 characters, on one line.",
        "Shorten it, or leave it out.",
    ))
}

pub(super) fn ensure_settings(settings: &Settings) -> Result<(), Error> {
    let wrongs = settings.wrongs(knows_zone);
    if wrongs.is_empty() { Ok(()) } else { Err(Error::Settings(wrongs)) }
}

impl Update {
    fn ensure_sound(&self) -> Result<(), Error> {
        ensure_text("displayName", self.display_name.as_ref().and_then(Option::as_deref))?;
        ensure_text("userId", self.user_id.as_ref().and_then(Option::as_deref))?;
        let secrets = [
            (TOKEN, self.access_token.as_ref()),
            (APP_SECRET, self.app_secret.as_ref().and_then(Option::as_ref)),
            (VERIFY_TOKEN, self.verify_token.as_ref().and_then(Option::as_ref)),
        ];
        for (field, secret) in secrets {
            if let Some(secret) = secret {
                ensure_secret(field, secret.expose())?;
            }
        }
        self.settings.as_ref().map_or(Ok(()), ensure_settings)
    }
}

impl Numbers {
    /// Changes a number. A new token or app secret is checked with Meta first.
    pub async fn update(&self, by: &Visitor, id: Uuid, update: Update) -> Result<NumberRecord, Error> {
        update.ensure_sound()?;
        let record = self.get(by.workspace, id).await?;
        let mut changes = self.sealed_changes(&record, &update).await?;
        if let Some(name) = &update.display_name {
            changes = changes.text("displayName", name.as_deref());
        }
        if let Some(user_id) = &update.user_id {
            changes = changes.text("userId", user_id.as_deref());
        }
        if let Some(token) = &update.verify_token {
            let hash = token.as_ref().map(|token| Sha256::digest(token.expose().as_bytes()).into());
            changes = changes.verify_token_hash(hash);
        }
        if let Some(settings) = &update.settings {
            changes = changes.settings(settings)?;
        }
        let after = self.keep(by.workspace, id, changes).await?;
        let noted = noted(&record, &after, &update);
        let noted: Vec<Noted<'_>> =
            noted.iter().map(|(field, from, to)| (*field, from.as_deref(), to.as_deref())).collect();
        self.note(by, Deed::UpdateNumber.name(), id, &noted).await?;
        Ok(after)
    }

    /// The new secrets, checked and sealed.
    async fn sealed_changes(&self, record: &NumberRecord, update: &Update) -> Result<NumberChanges, Error> {
        let mut changes = NumberChanges::default();
        if update.access_token.is_none() && update.app_secret.is_none() {
            return Ok(changes);
        }
        let seal =
            async |field, secret| self.seal(record.workspace, &record.phone_number_id, field, secret).await;
        if let Some(token) = &update.access_token {
            changes = changes.token(&seal(sealed::ACCESS_TOKEN, token).await?, TokenSource::People);
        }
        if let Some(secret) = &update.app_secret {
            let sealed = match secret {
                Some(secret) => Some(seal(sealed::APP_SECRET, secret).await?),
                None => None,
            };
            changes = changes.sealed(sealed::APP_SECRET, sealed.as_ref());
        }
        let Some(line) = self.line_with(record, update).await? else { return Ok(changes) };
        let account_id = line.account_id()?;
        let facts = self.check(line.credentials(), account_id, line.phone_number_id()).await?;
        if update.access_token.is_some() {
            // It may be the token of another app, which has to hear of the account too.
            let account = self.0.graph.account(line.credentials(), account_id);
            account.subscribe().await.map_err(|error| Error::changing(error).on(TOKEN))?;
        }
        Ok(changes.facts(&facts, self.now_ms())?.block(None)?)
    }

    /// The number with the secrets that it is to have. None: it has no token.
    async fn line_with(&self, record: &NumberRecord, update: &Update) -> Result<Option<Line>, Error> {
        let token = match (&update.access_token, &record.access_token) {
            (Some(token), _) => token.clone(),
            (None, Some(sealed)) => self.open(record, sealed::ACCESS_TOKEN, sealed).await?,
            (None, None) => return Ok(None),
        };
        let app_secret = match (&update.app_secret, &record.app_secret) {
            (Some(Some(secret)), _) => Some(secret.clone()),
            (None, Some(sealed)) => Some(self.open(record, sealed::APP_SECRET, sealed).await?),
            (Some(None), _) | (None, None) => self.usual_app_secret(record.app_id.as_deref()),
        };
        Ok(Some(Line { record: record.clone(), token, app_secret }))
    }

    /// Stops sending until it is resumed. What is paused already stays so, since then.
    pub async fn pause(&self, by: &Visitor, id: Uuid) -> Result<NumberRecord, Error> {
        let record = self.get(by.workspace, id).await?;
        if record.paused_at_ms.is_some() {
            return Ok(record);
        }
        let changes = NumberChanges::default().time("pausedAtMs", Some(self.now_ms()));
        let record = self.keep(by.workspace, id, changes).await?;
        self.note(by, Deed::PauseNumber.name(), id, &[("paused", Some("false"), Some("true"))]).await?;
        Ok(record)
    }

    /// Lets it send again.
    pub async fn resume(&self, by: &Visitor, id: Uuid) -> Result<NumberRecord, Error> {
        let record = self.get(by.workspace, id).await?;
        if record.paused_at_ms.is_none() {
            return Ok(record);
        }
        let record = self.keep(by.workspace, id, NumberChanges::default().time("pausedAtMs", None)).await?;
        self.note(by, Deed::PauseNumber.name(), id, &[("paused", Some("true"), Some("false"))]).await?;
        Ok(record)
    }

    /// Takes a number away. Its history stays, its secrets go. Nothing at Meta's side can hinder it.
    pub async fn delete(&self, by: &Visitor, id: Uuid) -> Result<Deleted, Error> {
        let record = self.get(by.workspace, id).await?;
        // While its token is still there.
        let line = self.line_of(record.clone()).await.ok();
        if !self.0.storage.delete_number(by.workspace, id, self.now_ms()).await? {
            return Err(Error::NotFound);
        }
        info!(number = %id, "a number was deleted");
        let changes = [("phoneNumberId", Some(record.phone_number_id.as_str()), None)];
        self.note(by, Deed::DeleteNumber.name(), id, &changes).await?;
        Ok(Deleted { subscription: self.release(&record, line.as_ref()).await? })
    }

    /// The app hears of the account no more, unless other numbers here, of whatever workspace, are of it.
    async fn release(&self, record: &NumberRecord, line: Option<&Line>) -> Result<Subscription, Error> {
        let Some(account_id) = &record.account_id else { return Ok(Subscription::NotReleased) };
        if self.0.storage.count_other_numbers(account_id, record.id).await? > 0 {
            return Ok(Subscription::Kept);
        }
        let Some(line) = line else { return Ok(Subscription::NotReleased) };
        match self.0.graph.account(line.credentials(), account_id).unsubscribe().await {
            Ok(()) => Ok(Subscription::Released),
            Err(error) => {
                warn!(number = %record.id, %error, "the app goes on hearing of the account of a deleted number");
                Ok(Subscription::NotReleased)
            }
        }
    }
}

/// What the audit log says of an update.
fn noted(
    before: &NumberRecord,
    after: &NumberRecord,
    update: &Update,
) -> Vec<(&'static str, Option<String>, Option<String>)> {
    let mut noted = Vec::new();
    if before.display_name != after.display_name {
        noted.push(("displayName", before.display_name.clone(), after.display_name.clone()));
    }
    if before.user_id != after.user_id {
        noted.push(("userId", before.user_id.clone(), after.user_id.clone()));
    }
    let new = |is_new: bool| if is_new { NEW_SECRET } else { Some("(taken away)") }.map(str::to_owned);
    if update.access_token.is_some() {
        noted.push((TOKEN, None, new(true)));
    }
    for (field, secret) in [(APP_SECRET, &update.app_secret), (VERIFY_TOKEN, &update.verify_token)] {
        if let Some(secret) = secret {
            noted.push((field, None, new(secret.is_some())));
        }
    }
    if before.settings != after.settings {
        let text = |settings: &Settings| serde_json::to_string(settings).ok();
        noted.push(("settings", text(&before.settings), text(&after.settings)));
    }
    noted
}
