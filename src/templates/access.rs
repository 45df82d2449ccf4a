//! With which number's token Meta is asked about an account's templates.

use tracing::warn;
use uuid::Uuid;

use super::{Account, Error, Templates, Tried};
use crate::keys;
use crate::meta::client::{CallError, Credentials, Refusal};
use crate::numbers::{Line, TOKEN_CODES};
use crate::storage;
use crate::storage::number_record::NumberRecord;

/// A token that reaches an account.
pub(super) struct Access {
    line: Line,
    pub app_id: Option<String>,
}

impl Access {
    pub fn credentials(&self) -> Credentials<'_> {
        self.line.credentials()
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
        let app_id = self.0.numbers.app_id_of(number);
        let line = self.0.numbers.open_line(number.clone()).await?;
        Ok(line.map(|line| Access { line, app_id }))
    }

    /// What a refusal says of the token itself is for the number's own check, which comes at once then.
    pub(super) async fn failed(&self, access: &Access, tried: Tried, error: CallError) -> Error {
        let code = error.refusal().and_then(Refusal::code);
        if code.is_some_and(|code| TOKEN_CODES.contains(&code))
            && let Err(error) = self.0.storage.hasten_number_checks(&[access.line.record.id], &[]).await
        {
            warn!(%error, "the check of a number could not be hastened");
        }
        Error::Meta { tried, error }
    }
}
