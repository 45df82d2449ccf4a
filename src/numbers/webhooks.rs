//! Where Meta sends the webhooks of a number: the app's subscription to its account, and another address for it alone.

use url::{Host, Url};
use uuid::Uuid;

use super::check::ensure_secret;
use super::{Error, Numbers};
use crate::auth::{Deed, Visitor};
use crate::secret::Secret;
use crate::storage::number_record::NumberRecord;

/// Meta (2026-07): the longest other address.
const URL_BYTES_MAX: usize = 200;
const URL: &str = "url";
const VERIFY_TOKEN: &str = "verifyToken";

impl Numbers {
    /// Lets the token's app hear of the number's account. Doing it again does no harm.
    pub async fn subscribe(&self, by: &Visitor, id: Uuid) -> Result<NumberRecord, Error> {
        let line = self.line(by.workspace, id).await?;
        let account_id = line.account_id()?;
        self.done(&line, self.0.graph.account(line.credentials(), account_id).subscribe().await).await?;
        self.note(by, Deed::UpdateNumber.name(), id, &[("subscribed", None, Some(account_id))]).await?;
        self.get(by.workspace, id).await
    }

    /// Sends the number's webhooks elsewhere. Meta asks that address for the verify token first: this one, or that of
    /// the settings.
    pub async fn set_callback(
        &self,
        by: &Visitor,
        id: Uuid,
        url: &str,
        verify_token: Option<Secret>,
    ) -> Result<NumberRecord, Error> {
        ensure_url(url)?;
        let Some(verify_token) = verify_token.or_else(|| self.0.app.verify_token.clone()) else {
            let next_step = "Give the token that this address answers to.";
            return Err(Error::invalid(VERIFY_TOKEN, "There is none in the settings either.", next_step));
        };
        ensure_secret(VERIFY_TOKEN, verify_token.expose())?;
        let line = self.line(by.workspace, id).await?;
        let number = self.0.graph.number(line.credentials(), line.phone_number_id());
        self.done(&line, number.set_callback(url, &verify_token).await)
            .await
            .map_err(|error| error.on(URL))?;
        self.note(by, Deed::UpdateNumber.name(), id, &[("callback", None, Some(url))]).await?;
        self.get(by.workspace, id).await
    }

    /// Sends the number's webhooks where the account's or the app's go.
    pub async fn clear_callback(&self, by: &Visitor, id: Uuid) -> Result<NumberRecord, Error> {
        let line = self.line(by.workspace, id).await?;
        let number = self.0.graph.number(line.credentials(), line.phone_number_id());
        self.done(&line, number.clear_callback().await).await?;
        self.note(by, Deed::UpdateNumber.name(), id, &[("callback", None, None)]).await?;
        self.get(by.workspace, id).await
    }
}

/// What customers write goes there, so nobody may listen in on the way.
fn ensure_url(text: &str) -> Result<(), Error> {
    let is_good = text.len() <= URL_BYTES_MAX
        && Url::parse(text).is_ok_and(|url| {
            let is_local = match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            };
            let is_plain = url.username().is_empty() && url.password().is_none();
            is_plain && url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_local))
        });
    if is_good {
        return Ok(());
    }
    let sentence = "An address begins with https:// and has at most 200 characters.";
    Err(Error::invalid(URL, sentence, "Give the public address of this service's webhook route."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_go_where_nobody_listens_in() {
        for good in
            ["https://crm.example/api/webhooks/whatsapp", "http://127.0.0.1:9/x", "http://localhost/x"]
        {
            assert!(ensure_url(good).is_ok(), "{good}");
        }
        let long = format!("https://crm.example/{}", "x".repeat(200));
        for bad in
            ["", "crm.example", "http://crm.example/", "https://a:b@crm.example/", "ftp://localhost/", &long]
        {
            assert!(ensure_url(bad).is_err(), "{bad}");
        }
    }
}
