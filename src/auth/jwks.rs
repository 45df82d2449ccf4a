//! The public keys that the CRM publishes (JWKS): fetched when they are needed, kept for a while, read again when a
//! token names one that is not among them.
//!
//! Whoever invents key ids makes us ask at most once in `ASK_AGAIN_AFTER_MS`. While the keys cannot be read, the last
//! ones count for `STALE_FOR_MS`. An answer is bounded in size, number and time; redirects are not followed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use tracing::warn;
use url::Url;

use super::token::{Key, Refused};

const FRESH_FOR_MS: i64 = 10 * 60 * 1_000;
const STALE_FOR_MS: i64 = 24 * 60 * 60 * 1_000;
const ASK_AGAIN_AFTER_MS: i64 = 10_000;
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
const ANSWER_BYTES_MAX: usize = 256 * 1024;
const KEYS_MAX: usize = 100;

/// No client could be made.
pub type ClientError = reqwest::Error;

/// Why the keys could not be read.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("no answer")]
    NoAnswer(#[from] reqwest::Error),
    #[error("the answer has the status {0}")]
    Status(u16),
    #[error("the answer is larger than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    #[error("the answer is not a JWKS")]
    NotAJwks,
    #[error("the answer has no key that can be used, or more than {KEYS_MAX}")]
    NoKeys,
}

/// The keys at one moment.
#[derive(Debug, Default)]
struct Known {
    keys: Vec<(Option<String>, Key)>,
    read_ms: i64,
}

impl Known {
    fn find(&self, kid: Option<&str>) -> Option<&Key> {
        match (kid, self.keys.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|(id, _)| id.as_deref() == Some(kid)).map(|(_, key)| key),
            // Without a name there must be no choice.
            (None, [(_, key)]) => Some(key),
            (None, _) => None,
        }
    }
}

/// Published keys.
#[derive(Debug)]
pub(super) struct Jwks {
    url: Url,
    client: reqwest::Client,
    known: Mutex<Arc<Known>>,
    /// When the keys were last asked for, whatever came of it. Held while somebody asks.
    asked_ms: tokio::sync::Mutex<Option<i64>>,
}

impl Jwks {
    pub fn new(url: Url) -> Result<Self, ClientError> {
        // The one crypto library; whoever was first has chosen the same.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { url, client, known: Mutex::default(), asked_ms: tokio::sync::Mutex::default() })
    }

    /// The key of that id.
    pub async fn find(&self, kid: Option<&str>, now_ms: i64) -> Result<Key, Refused> {
        let known = self.known();
        let age_ms = now_ms.saturating_sub(known.read_ms);
        match known.find(kid) {
            Some(key) if age_ms < FRESH_FOR_MS => return Ok(key.clone()),
            // Somebody else asks already; meanwhile the old one is good enough.
            Some(key) if age_ms < STALE_FOR_MS => match self.asked_ms.try_lock() {
                Ok(asked_ms) => self.ask(asked_ms, now_ms).await,
                Err(_) => return Ok(key.clone()),
            },
            _ => {
                let asked_ms = self.asked_ms.lock().await;
                // It may have come while we waited.
                if Arc::ptr_eq(&known, &self.known()) {
                    self.ask(asked_ms, now_ms).await;
                }
            }
        }
        let known = self.known();
        if known.keys.is_empty() || now_ms.saturating_sub(known.read_ms) >= STALE_FOR_MS {
            return Err(Refused::NoKeys);
        }
        known.find(kid).cloned().ok_or(Refused::UnknownKey)
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks, unless that was just done.
    async fn ask(&self, mut asked_ms: tokio::sync::MutexGuard<'_, Option<i64>>, now_ms: i64) {
        if asked_ms.is_some_and(|asked_ms| now_ms.saturating_sub(asked_ms) < ASK_AGAIN_AFTER_MS) {
            return;
        }
        *asked_ms = Some(now_ms);
        match self.fetch().await {
            Ok(keys) => {
                let known = Arc::new(Known { keys, read_ms: now_ms });
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
            }
            Err(failed) => warn!(%failed, "JWT_JWKS_URL could not be read; the keys that are known count on"),
        }
    }

    async fn fetch(&self) -> Result<Vec<(Option<String>, Key)>, Failed> {
        let mut answer = self.client.get(self.url.clone()).send().await?;
        if answer.status() != 200 {
            return Err(Failed::Status(answer.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Failed::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        read(&body)
    }
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

/// The keys that can be used; others stand there for others.
fn read(body: &[u8]) -> Result<Vec<(Option<String>, Key)>, Failed> {
    let published: Published = serde_json::from_slice(body).map_err(|_| Failed::NotAJwks)?;
    let keys: Vec<_> = published.keys.into_iter().filter_map(usable).collect();
    if keys.is_empty() || keys.len() > KEYS_MAX { Err(Failed::NoKeys) } else { Ok(keys) }
}

fn usable(key: Value) -> Option<(Option<String>, Key)> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let is_for_signing =
        jwk.common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    // A secret that is published is none.
    let key = Key::new(decoding).filter(|_| is_for_signing)?;
    if key.family() == AlgorithmFamily::Hmac {
        return None;
    }
    let is_for_this =
        jwk.common.key_algorithm.is_none_or(|named| named == KeyAlgorithm::from(key.algorithm()));
    is_for_this.then_some((jwk.common.key_id, key))
}
