//! What a number is examined with: its token and its app, opened for the time of the examination.

use crate::keys;
use crate::meta::client::Credentials;
use crate::numbers::Numbers;
use crate::secret::Secret;
use crate::storage::number_record::NumberRecord;

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
    /// Opens what opens; what does not, the examination tells of.
    pub async fn open(record: &NumberRecord, numbers: &Numbers) -> Self {
        let token = match numbers.open_token(record).await {
            None => Err(TokenTrouble::Missing),
            Some(Ok(token)) => Ok(token),
            Some(Err(error)) => Err(trouble_of(error)),
        };
        let app_secret = numbers.open_app_secret(record).await.ok().flatten();
        let pin = numbers.open_pin(record).await.and_then(Result::ok);
        Self { token, app_id: numbers.app_id_of(record), app_secret, pin }
    }

    /// For calls with the token; none if there is none.
    pub fn credentials(&self, with_proof: bool) -> Option<Credentials<'_>> {
        let app_secret = self.app_secret.as_ref().filter(|_| with_proof);
        self.token.as_ref().ok().map(|token| Credentials { token, app_secret })
    }
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
