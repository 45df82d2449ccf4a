//! What is asked of Meta before a number is kept: that the token works and may send, that the account is one, that
//! the number belongs to it.

use super::facts::facts_of;
use super::{Error, Numbers};
use crate::domain::number::Facts;
use crate::meta::client::account::ListedNumber;
use crate::meta::client::number::Number;
use crate::meta::client::{CallError, Credentials, Listed};

/// The permissions that everything here needs.
const MANAGEMENT: &str = "whatsapp_business_management";
const MESSAGING: &str = "whatsapp_business_messaging";
const ID_DIGITS_MAX: usize = 32;
const TOKEN_BYTES_MAX: usize = 4_096;

/// The names of the arguments that can be at fault.
pub(super) const TOKEN: &str = "accessToken";
pub(super) const APP_SECRET: &str = "appSecret";
pub(super) const ACCOUNT: &str = "accountId";
pub(super) const NUMBER: &str = "phoneNumberId";

/// One of Meta's ids.
pub(super) fn ensure_id(field: &'static str, id: &str) -> Result<(), Error> {
    let is_id = (1..=ID_DIGITS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if is_id {
        return Ok(());
    }
    let next_step = "Copy the id from WhatsApp Manager; it has digits only, and is not the phone number.";
    Err(Error::invalid(field, "This is not one of Meta's ids.", next_step))
}

/// A text that can be a token or a secret.
pub(super) fn ensure_secret(field: &'static str, text: &str) -> Result<(), Error> {
    let fits =
        (1..=TOKEN_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return Ok(());
    }
    let sentence = "It is empty, too long, or has characters (a space, a line break) that none has.";
    Err(Error::invalid(field, sentence, "Copy it again, in one piece."))
}

impl Numbers {
    /// Checks that all fits together. Gives what Meta says of the number.
    pub(super) async fn check(
        &self,
        credentials: Credentials<'_>,
        account_id: &str,
        phone_number_id: &str,
    ) -> Result<Facts, Error> {
        self.check_token(credentials).await?;
        let listed = self.check_account(credentials, account_id).await?;
        if !listed.items.iter().any(|number| number.id == phone_number_id) && listed.is_whole {
            return Err(not_in_account(&listed, phone_number_id));
        }
        let number = self.0.graph.number(credentials, phone_number_id).get().await;
        let number = number.map_err(|error| of_token(error).on(NUMBER))?;
        Ok(facts_of(&number))
    }

    /// As far as the app may look at the token: that it is good, and has the permissions.
    async fn check_token(&self, credentials: Credentials<'_>) -> Result<(), Error> {
        let (Some(id), Some(secret)) = (&self.0.app.id, &self.0.app.secret) else { return Ok(()) };
        // Refused for the token of another app, which is no fault of the token.
        let Ok(seen) = self.0.graph.app(id, secret).inspect(credentials.token).await else { return Ok(()) };
        if !seen.is_valid {
            // The first call says why, in Meta's words.
            return Ok(());
        }
        for scope in [MESSAGING, MANAGEMENT] {
            if seen.reach(scope).is_none() {
                let sentence = format!("The access token lacks the permission {scope}.");
                let next_step = "Create a token of a system user with whatsapp_business_messaging and whatsapp_business_management.";
                return Err(Error::invalid(TOKEN, sentence, next_step));
            }
        }
        Ok(())
    }

    async fn check_account(
        &self,
        credentials: Credentials<'_>,
        account_id: &str,
    ) -> Result<Listed<ListedNumber>, Error> {
        let account = self.0.graph.account(credentials, account_id);
        match account.get().await {
            Ok(_) => account.numbers().await.map_err(|error| of_token(error).on(ACCOUNT)),
            Err(error) if error.refusal().is_some_and(|refusal| refusal.code() == Some(100)) => {
                if is_about_proof(&error) {
                    return Err(of_token(error));
                }
                if account.as_portfolio().await.is_ok() {
                    let sentence =
                        "This is the id of a business portfolio, not of a WhatsApp Business Account.";
                    let next_step = "Take the id from WhatsApp Manager, under Account tools, Phone numbers.";
                    return Err(Error::invalid(ACCOUNT, sentence, next_step));
                }
                Err(Error::reading(error).on(ACCOUNT))
            }
            Err(error) => Err(of_token(error)),
        }
    }

    /// What Meta says of a number now.
    pub(super) async fn ask(
        &self,
        credentials: Credentials<'_>,
        phone_number_id: &str,
    ) -> Result<Number, CallError> {
        self.0.graph.number(credentials, phone_number_id).get().await
    }
}

/// A refusal before anything is known to be good: the token is at fault, or the app secret that proves it.
fn of_token(error: CallError) -> Error {
    let field = if is_about_proof(&error) { APP_SECRET } else { TOKEN };
    Error::reading(error).on(field)
}

/// Meta has no code of its own for it.
fn is_about_proof(error: &CallError) -> bool {
    let message = error.refusal().and_then(|refusal| refusal.message());
    message.is_some_and(|message| message.contains("appsecret_proof"))
}

fn not_in_account(listed: &Listed<ListedNumber>, phone_number_id: &str) -> Error {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let meant = listed.items.iter().find(|number| digits(&number.display_phone_number) == phone_number_id);
    let sentence = match meant {
        Some(number) => format!("This is the phone number itself; its id is {}.", number.id),
        None => "This number does not belong to that WhatsApp Business Account.".to_owned(),
    };
    let next_step = "Copy both ids from the same page of WhatsApp Manager.";
    Error::invalid(NUMBER, sentence, next_step)
}
