//! The one way in: who shows this key or token?
//!
//! A key is read from the database each time, so that one that was revoked a moment ago is not let in by any instance.
//! Whatever is wrong, the caller learns the same (`Refused::Unknown`), after the same work; the operator learns the
//! reason by the counter `pesan_access_refusals`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use subtle::ConstantTimeEq;
use tracing::{error, warn};
use uuid::Uuid;

use super::key;
use super::key::{ApiKey, PREFIX};
use super::role::{Visitor, Who};
use super::token;
use super::token::{Named, Said, Tokens, Unusable};
use crate::clock::Clock;
use crate::config::AccessConfig;
use crate::storage;
use crate::storage::Storage;
use crate::storage::workspaces::{FIRST, first_workspace};
use crate::telemetry::{Metrics, Quiet};

/// Longer than any key or token that is meant.
const BEARER_BYTES_MAX: usize = 8 * 1024;
/// A key's last use is noted this often.
const USE_NOTED_EVERY_MS: i64 = 60_000;
/// A database that is away is not told of at each request.
const FAILURES_LOGGED_EVERY: Duration = Duration::from_secs(10);

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Wrong, expired, revoked, of nobody: which of them is not told.
    #[error("the key or token is not one that lets anybody in")]
    Unknown,
    /// It could not be found out: the database or the published keys cannot be read.
    #[error("whose key or token it is cannot be found out now")]
    Unavailable,
}

/// Knows who calls. Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Inner>);

struct Inner {
    storage: Storage,
    clock: Clock,
    tokens: Option<Tokens>,
    refusals: Family<ReasonLabels, Counter>,
    failures: Quiet,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// The reason, for the operator alone.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Malformed,
    NoSuchKey,
    WrongKey,
    RevokedKey,
    ExpiredKey,
    NoTokens,
    Token(token::Refused),
    NoSuchWorkspace,
    Storage(storage::Error),
}

impl From<storage::Error> for Reason {
    fn from(error: storage::Error) -> Self {
        Self::Storage(error)
    }
}

impl Reason {
    fn name(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NoSuchKey => "no_such_key",
            Self::WrongKey => "wrong_key",
            Self::RevokedKey => "revoked_key",
            Self::ExpiredKey => "expired_key",
            Self::NoTokens => "no_tokens_taken",
            Self::NoSuchWorkspace => "no_such_workspace",
            Self::Storage(_) => "storage",
            Self::Token(refused) => match refused {
                token::Refused::Malformed => "token_malformed",
                token::Refused::UnknownKey => "token_unknown_key",
                token::Refused::Wrong => "token_wrong",
                token::Refused::Expired => "token_expired",
                token::Refused::NotYet => "token_not_yet",
                token::Refused::NoUser => "token_no_user",
                token::Refused::NoRole => "token_no_role",
                token::Refused::NoWorkspace => "token_no_workspace",
                token::Refused::NoKeys => "token_no_keys",
            },
        }
    }
}

impl Access {
    /// Takes the rules for tokens from the configuration; keys need none.
    pub fn new(
        storage: &Storage,
        clock: &Clock,
        config: &AccessConfig,
        metrics: &Metrics,
    ) -> Result<Self, Unusable> {
        let help = "Keys and tokens that let nobody in, by what was wrong";
        Ok(Self(Arc::new(Inner {
            storage: storage.clone(),
            clock: clock.clone(),
            tokens: config.jwt.as_ref().map(Tokens::new).transpose()?,
            refusals: metrics.register("access_refusals", help, Family::default()),
            failures: Quiet::new(FAILURES_LOGGED_EVERY),
        })))
    }

    /// Finds out who shows this API key or token. Reads the database, so it belongs on the main runtime.
    pub async fn recognise(&self, bearer: &str) -> Result<Visitor, Refused> {
        let recognised = if bearer.len() > BEARER_BYTES_MAX {
            Err(Reason::Malformed)
        } else if bearer.starts_with(PREFIX) {
            self.by_key(bearer).await
        } else {
            self.by_token(bearer).await
        };
        recognised.map_err(|reason| self.refuse(&reason))
    }

    async fn by_key(&self, text: &str) -> Result<Visitor, Reason> {
        let read = key::read(text).ok_or(Reason::Malformed)?;
        let stored = self.0.storage.find_api_key(read.id).await?;
        let now_ms = self.0.clock.now_ms();
        // Compared also when there is nothing to compare with.
        let hash = stored.as_ref().map_or(&[0; 32][..], |stored| &stored.hash);
        let is_same = bool::from(read.hash.ct_eq(hash));
        let stored = stored.ok_or(Reason::NoSuchKey)?;
        if !is_same {
            return Err(Reason::WrongKey);
        }
        let key = ApiKey::try_from(stored)?;
        if key.revoked_ms.is_some() {
            return Err(Reason::RevokedKey);
        }
        if key.expires_ms.is_some_and(|at| at <= now_ms) {
            return Err(Reason::ExpiredKey);
        }
        if key.last_used_ms.is_none_or(|at| now_ms.saturating_sub(at) >= USE_NOTED_EVERY_MS) {
            self.note_use(key.id, now_ms).await;
        }
        let ApiKey { id, workspace, role, scopes, numbers, .. } = key;
        Ok(Visitor { workspace, role, who: Who::ApiKey(id), scopes, numbers })
    }

    async fn by_token(&self, text: &str) -> Result<Visitor, Reason> {
        let tokens = self.0.tokens.as_ref().ok_or(Reason::NoTokens)?;
        let Said { workspace, user, role } =
            tokens.judge(text, self.0.clock.now_ms()).await.map_err(Reason::Token)?;
        let name = match workspace {
            Named::BySettings(name) if name == FIRST => first_workspace().to_string(),
            Named::BySettings(name) | Named::ByToken(name) => name,
        };
        let found = self.0.storage.find_workspace(&name).await?;
        let workspace = found.ok_or(Reason::NoSuchWorkspace)?.id;
        Ok(Visitor { workspace, role, who: Who::User(user), scopes: None, numbers: None })
    }

    async fn note_use(&self, id: Uuid, now_ms: i64) {
        let unless_after_ms = now_ms.saturating_sub(USE_NOTED_EVERY_MS);
        if let Err(error) = self.0.storage.note_api_key_use(id, now_ms, unless_after_ms).await {
            // Nobody is kept out for that.
            warn!(%error, "the last use of an API key could not be noted");
        }
    }

    fn refuse(&self, reason: &Reason) -> Refused {
        self.0.refusals.get_or_create(&ReasonLabels { reason: reason.name() }).inc();
        match reason {
            Reason::Storage(failed) => {
                if let Some(kept_back) = self.0.failures.allow() {
                    error!(error = %failed, kept_back, "whose key or token it is could not be found out");
                }
                Refused::Unavailable
            }
            Reason::Token(token::Refused::NoKeys) => Refused::Unavailable,
            _ => Refused::Unknown,
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("tokens", &self.0.tokens).finish_non_exhaustive()
    }
}
