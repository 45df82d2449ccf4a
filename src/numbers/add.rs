//! Adding a number: checked with Meta, its secrets sealed, the app subscribed, and only then kept. From then on
//! webhooks find it, and what has waited for it goes through.

use tracing::info;

use super::change::{ensure_settings, ensure_text};
use super::check::{ACCOUNT, APP_SECRET, NUMBER, TOKEN, ensure_id, ensure_secret};
use super::{Error, NEW_SECRET, Numbers};
use crate::auth::{Deed, Visitor};
use crate::domain::number::{Facts, Settings};
use crate::meta::client::Credentials;
use crate::secret::Secret;
use crate::storage::number_record;
use crate::storage::number_record::{Added, NumberChanges, NumberRecord, TokenSource, number_id, sealed};

/// A number that is to be added.
#[derive(Clone, Debug)]
pub struct NewNumber {
    pub phone_number_id: String,
    pub account_id: String,
    pub access_token: Secret,
    /// Of the Meta app that the token is of, if it is not the app of the settings.
    pub app_secret: Option<Secret>,
    pub app_id: Option<String>,
    pub user_id: Option<String>,
    pub display_name: Option<String>,
    pub settings: Option<Settings>,
}

impl NewNumber {
    fn ensure_sound(&self) -> Result<(), Error> {
        ensure_id(NUMBER, &self.phone_number_id)?;
        ensure_id(ACCOUNT, &self.account_id)?;
        ensure_secret(TOKEN, self.access_token.expose())?;
        if let Some(secret) = &self.app_secret {
            ensure_secret(APP_SECRET, secret.expose())?;
        }
        if let Some(app_id) = &self.app_id {
            ensure_id("appId", app_id)?;
        }
        ensure_text("userId", self.user_id.as_deref())?;
        ensure_text("displayName", self.display_name.as_deref())?;
        self.settings.as_ref().map_or(Ok(()), ensure_settings)
    }
}

impl Numbers {
    /// Adds a number to the visitor's workspace.
    pub async fn add(&self, by: &Visitor, new: NewNumber) -> Result<NumberRecord, Error> {
        new.ensure_sound()?;
        let id = number_id(by.workspace, &new.phone_number_id);
        if self.find(by.workspace, id).await?.is_some() {
            return Err(Error::Here(id));
        }
        let app_secret = new.app_secret.clone().or_else(|| self.usual_app_secret(new.app_id.as_deref()));
        let credentials = Credentials { token: &new.access_token, app_secret: app_secret.as_ref() };
        // First, because without a master key all the rest is in vain.
        let changes = self.changes_of(by, &new).await?;
        let facts = self.check(credentials, &new.account_id, &new.phone_number_id).await?;
        self.subscribe_and_save(by, &new, credentials, changes.facts(&facts, self.now_ms())?).await?;
        self.note_added(by, Deed::AddNumber, &new, &facts).await?;
        self.get(by.workspace, id).await
    }

    /// What is kept of a new number, its secrets sealed.
    pub(super) async fn changes_of(&self, by: &Visitor, new: &NewNumber) -> Result<NumberChanges, Error> {
        let seal = async |field, secret| self.seal(by.workspace, &new.phone_number_id, field, secret).await;
        let token = seal(sealed::ACCESS_TOKEN, &new.access_token).await?;
        let mut changes = NumberChanges::default()
            .token(&token, TokenSource::People)
            .text("userId", new.user_id.as_deref())
            .text("displayName", new.display_name.as_deref())
            .text("appId", new.app_id.as_deref());
        if let Some(secret) = &new.app_secret {
            changes = changes.sealed(sealed::APP_SECRET, Some(&seal(sealed::APP_SECRET, secret).await?));
        }
        if let Some(settings) = &new.settings {
            changes = changes.settings(settings)?;
        }
        Ok(changes)
    }

    /// Lets the app hear of the account, and keeps the number. Whoever has subscribed can do it again, so nothing is
    /// to be undone when the number cannot be kept.
    pub(super) async fn subscribe_and_save(
        &self,
        by: &Visitor,
        new: &NewNumber,
        credentials: Credentials<'_>,
        changes: NumberChanges,
    ) -> Result<(), Error> {
        let subscribed = self.0.graph.account(credentials, &new.account_id).subscribe().await;
        subscribed.map_err(|error| Error::changing(error).on(ACCOUNT))?;
        let record = number_record::NewNumber {
            workspace: by.workspace,
            phone_number_id: &new.phone_number_id,
            account_id: &new.account_id,
            changes,
        };
        match self.0.storage.add_number(record, self.now_ms()).await? {
            Added::New(id) => info!(number = %id, "a number was added"),
            Added::Back(id) => info!(number = %id, "a number is back, with its history"),
            Added::Here(id) => return Err(Error::Here(id)),
            Added::Elsewhere => return Err(Error::Elsewhere),
        }
        Ok(())
    }

    pub(super) async fn note_added(
        &self,
        by: &Visitor,
        deed: Deed,
        new: &NewNumber,
        facts: &Facts,
    ) -> Result<(), Error> {
        let id = number_id(by.workspace, &new.phone_number_id);
        let changes = [
            (NUMBER, None, Some(new.phone_number_id.as_str())),
            (ACCOUNT, None, Some(new.account_id.as_str())),
            ("number", None, facts.display_phone_number.as_deref()),
            ("userId", None, new.user_id.as_deref()),
            ("displayName", None, new.display_name.as_deref()),
            (TOKEN, None, NEW_SECRET),
            (APP_SECRET, None, new.app_secret.as_ref().and(NEW_SECRET)),
        ];
        let told: Vec<_> = changes.into_iter().filter(|(_, _, to)| to.is_some()).collect();
        Ok(self.note(by, deed.name(), id, &told).await?)
    }
}
