//! With which number's token Meta is asked about an account's templates.

use tracing::warn;
use uuid::Uuid;

use super::{Account, Error, Templates, Tried};
use crate::crypto::Sealed;
use crate::keys;
use crate::meta::client::{CallError, Credentials, Refusal};
use crate::secret::Secret;
use crate::storage;
use crate::storage::number_record::{NumberRecord, sealed};

/// Meta (2026-07): the codes that say that the token itself is no longer good.
const TOKEN_CODES: &[i64] = &[0, 102, 190];

/// A token that reaches an account.
pub(super) struct Access {
    pub number: Uuid,
    pub app_id: Option<String>,
    token: Secret,
    app_secret: Option<Secret>,
}

impl Access {
    pub fn credentials(&self) -> Credentials<'_> {
        Credentials { token: &self.token, app_secret: self.app_secret.as_ref() }
    }
}

impl Templates {
    /// The account with all its numbers, for what happens by itself. None: no number is of it any more.
    pub(super) async fn whole_account(
        &self,
        workspace: Uuid,
        id: &str,
    ) -> Result<Option<Account>, storage::Error> {
        let mut numbers = self.0.storage.list_numbers(workspace).await?;
        numbers.retain(|number| number.account_id.as_deref() == Some(id));
        let account = Account { workspace, id: id.to_owned(), numbers };
        Ok((!account.numbers.is_empty()).then_some(account))
    }

    /// Opens a token of the account's numbers: of one that can send, if there is one.
    pub(super) async fn access(&self, account: &Account) -> Result<Access, Error> {
        let mut numbers: Vec<&NumberRecord> =
            account.numbers.iter().filter(|number| number.access_token.is_some()).collect();
        numbers.sort_by_key(|number| (number.block.is_some(), number.paused_at_ms.is_some()));
        let mut failure = Error::NoToken;
        for number in numbers {
            match self.open(number).await {
                Ok(Some(access)) => return Ok(access),
                Ok(None) => {}
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }

    async fn open(&self, number: &NumberRecord) -> Result<Option<Access>, keys::Error> {
        let Some(token) = &number.access_token else { return Ok(None) };
        let token = self.unseal(number, sealed::ACCESS_TOKEN, token).await?;
        // The settings' secret is that of the settings' app; which app a bare secret is of, nobody knows.
        let is_settings_app =
            self.0.app_id.is_some() && (number.app_id.is_none() || number.app_id == self.0.app_id);
        let app_secret = match &number.app_secret {
            Some(secret) => Some(self.unseal(number, sealed::APP_SECRET, secret).await?),
            None => self.0.app_secret.clone().filter(|_| is_settings_app),
        };
        let app_id = number.app_id.clone().or_else(|| self.0.app_id.clone());
        Ok(Some(Access { number: number.id, app_id, token, app_secret }))
    }

    async fn unseal(
        &self,
        number: &NumberRecord,
        field: &'static str,
        value: &Sealed,
    ) -> Result<Secret, keys::Error> {
        let document = number.id.to_string();
        self.0.keys.open(&sealed::place(number.workspace, &document, field), value).await
    }

    /// What a refusal says of the token itself is for the number's own check, which comes at once then.
    pub(super) async fn failed(&self, access: &Access, tried: Tried, error: CallError) -> Error {
        let code = error.refusal().and_then(Refusal::code);
        if code.is_some_and(|code| TOKEN_CODES.contains(&code))
            && let Err(error) = self.0.storage.hasten_number_checks(&[access.number], &[]).await
        {
            warn!(%error, "the check of a number could not be hastened");
        }
        Error::Meta { tried, error }
    }
}
