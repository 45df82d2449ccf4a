//! What a number is examined with: its token and its app, opened for the time of the examination.

use super::super::line::usual_app_secret;
use super::Settings;
use crate::crypto::Sealed;
use crate::keys::{self, Keys};
use crate::meta::client::Credentials;
use crate::secret::Secret;
use crate::storage::number_record::{NumberRecord, sealed};

/// Why there is no token to examine with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenTrouble {
    Missing,
    /// A master key is not there; its id, if that is known.
    NoKey(String),
    /// It is not what was sealed.
    Tampered,
    /// Just now it cannot be opened; nothing is wrong with it.
    NotNow,
}

/// The secrets of a number.
#[derive(Debug)]
pub struct Access {
    pub token: Result<Secret, TokenTrouble>,
    pub app_id: Option<String>,
    pub app_secret: Option<Secret>,
    pub pin: Option<Secret>,
}

impl Access {
    /// Opens what the number has; what it does not have of its own is the settings'.
    pub async fn open(record: &NumberRecord, keys: &Keys, settings: &Settings) -> Self {
        let token = match open(record, keys, sealed::ACCESS_TOKEN, record.access_token.as_ref()).await {
            None => Err(TokenTrouble::Missing),
            Some(Ok(token)) => Ok(token),
            Some(Err(error)) => Err(trouble_of(error)),
        };
        let app_secret =
            open(record, keys, sealed::APP_SECRET, record.app_secret.as_ref()).await.and_then(Result::ok);
        let pin = open(record, keys, sealed::PIN, record.pin.as_ref()).await.and_then(Result::ok);
        let ours = (settings.app_id.as_deref(), settings.app_secrets.first());
        let app_secret = app_secret.or_else(|| usual_app_secret(ours, record.app_id.as_deref()).cloned());
        Self { token, app_id: record.app_id.clone().or_else(|| settings.app_id.clone()), app_secret, pin }
    }

    /// For calls with the token; none if there is none.
    pub fn credentials(&self, with_proof: bool) -> Option<Credentials<'_>> {
        let app_secret = self.app_secret.as_ref().filter(|_| with_proof);
        self.token.as_ref().ok().map(|token| Credentials { token, app_secret })
    }
}

async fn open(
    record: &NumberRecord,
    keys: &Keys,
    field: &'static str,
    value: Option<&Sealed>,
) -> Option<Result<Secret, keys::Error>> {
    let document = record.id.to_string();
    Some(keys.open(&sealed::place(record.workspace, &document, field), value?).await)
}

fn trouble_of(error: keys::Error) -> TokenTrouble {
    match error {
        keys::Error::MissingMasterKey { id, .. } | keys::Error::WrongMasterKey { id, .. } => {
            TokenTrouble::NoKey(id)
        }
        keys::Error::NoMasterKey => TokenTrouble::NoKey("PESAN_MASTER_KEYS".to_owned()),
        error if error.is_lasting() => TokenTrouble::Tampered,
        _ => TokenTrouble::NotNow,
    }
}
