//! Sealing of stored secrets: tokens, app secrets, PINs. Whoever stores one says its place and gets it back there.
//!
//! Owns the data keys (a workspace has a newest one, which seals, and older ones, which still open), when a new one
//! is made, and how everything moves to new keys (`rotation`). A failure is a value that says what is wrong and
//! holds nothing of the secret; whoever asked notes it in the audit log.
//!
//! Receiving never depends on any of it: without a master key only sealing and opening fail.

mod cache;
mod error;
mod metrics;
mod rotation;
mod status;
mod worker;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::info;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::KeysConfig;
use crate::crypto::{BadMasterKey, DataKey, KeyBytes, Keyring};
use crate::ids::Random;
use crate::secret::Secret;
use crate::storage::data_keys::StoredKey;
use crate::storage::{self, Storage};
use crate::telemetry::Metrics;
use cache::Cache;
use metrics::KeyMetrics;

pub use crate::crypto::{Place, Sealed};
pub use error::Error;
pub use rotation::{Pass, Tally};
pub use status::{FieldStatus, MasterKeyStatus, Status};
pub use worker::KeyRotation;

/// After so many seals a workspace gets a new data key: random nonces of 96 bits stay unique by a wide margin.
const SEALS_MAX: i64 = 1 << 30;
/// How many of them a process speaks for at once, so that not every seal is a write.
const SEALS_STEP: u32 = 1 << 16;
/// How long a process seals with a data key without looking whether there is a newer one.
const NEWEST_FRESH_FOR: Duration = Duration::from_secs(5);
/// How often somebody else may be quicker before we give up.
const TRIES_MAX: usize = 8;

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    storage: Storage,
    keyring: Keyring,
    clock: Clock,
    random: Random,
    metrics: KeyMetrics,
    cache: Mutex<Cache>,
}

impl Keys {
    /// Seals with the data keys in `storage`, which the master keys of the settings open.
    pub fn load(
        config: &KeysConfig,
        storage: &Storage,
        (clock, random): (&Clock, &Random),
        metrics: &Metrics,
    ) -> Result<Self, BadMasterKey> {
        let keyring = Keyring::new(config.master_keys.iter().map(|key| (key.id.as_str(), &key.base64)))?;
        Ok(Self(Arc::new(Inner {
            storage: storage.clone(),
            keyring,
            clock: clock.clone(),
            random: random.clone(),
            metrics: KeyMetrics::new(metrics),
            cache: Mutex::default(),
        })))
    }

    /// Seals a secret for its place, with the newest data key of the workspace.
    pub async fn seal(&self, place: &Place<'_>, secret: &Secret) -> Result<Sealed, Error> {
        let key = self.sealing_key(place.workspace).await?;
        Ok(key.seal(place, secret.expose().as_bytes(), &self.0.random)?)
    }

    /// Opens what was sealed for this place.
    pub async fn open(&self, place: &Place<'_>, sealed: &Sealed) -> Result<Secret, Error> {
        let opened = self.try_open(place, sealed).await;
        if let Err(error) = &opened {
            self.0.metrics.count_failure(error.reason());
        }
        opened
    }

    async fn try_open(&self, place: &Place<'_>, sealed: &Sealed) -> Result<Secret, Error> {
        let version = sealed.data_key_version(place)?;
        let key = self.opening_key(place.workspace, version).await?;
        let mut text = key.open(place, sealed)?;
        // The very buffer becomes the secret, so no copy is left behind.
        match String::from_utf8(std::mem::take(&mut *text)) {
            Ok(text) => Ok(Secret::new(text)),
            Err(not_text) => {
                *text = not_text.into_bytes();
                Err(Error::NotText)
            }
        }
    }

    /// A version of a workspace's data key, ready for use.
    async fn opening_key(&self, workspace: Uuid, version: u32) -> Result<Arc<DataKey>, Error> {
        if let Some(key) = self.cache().opened(workspace, version) {
            return Ok(key);
        }
        // Somebody else may just have made it, so the database has the last word.
        match self.0.storage.find_data_key(workspace, version).await? {
            Some(stored) => self.make_ready(&stored),
            None => Err(Error::UnknownDataKey { version }),
        }
    }

    /// The workspace's newest data key, with one more seal spoken for.
    async fn sealing_key(&self, workspace: Uuid) -> Result<Arc<DataKey>, Error> {
        if self.0.keyring.first().is_none() {
            return Err(Error::NoMasterKey);
        }
        for _ in 0..TRIES_MAX {
            if let Some(key) = self.cache().take_seal(workspace, NEWEST_FRESH_FOR) {
                return Ok(key);
            }
            self.look_for_newest(workspace).await?;
        }
        Err(Error::Busy)
    }

    /// Finds or makes the newest data key, and speaks for more seals if none are left.
    async fn look_for_newest(&self, workspace: Uuid) -> Result<(), Error> {
        let Some(newest) = self.0.storage.find_newest_data_key(workspace).await? else {
            return self.add_version(workspace, 1).await;
        };
        if self.cache().still_newest(workspace, newest.version) {
            return Ok(());
        }
        let key = self.make_ready(&newest)?;
        let step = i64::from(SEALS_STEP);
        if self.0.storage.reserve_seals(workspace, newest.version, step, SEALS_MAX).await? {
            self.cache().set_newest(workspace, &key, SEALS_STEP);
            return Ok(());
        }
        info!(%workspace, version = newest.version, "a data key has sealed enough: making a new one");
        self.add_version(workspace, newest.version.saturating_add(1)).await
    }

    /// Makes a version of the workspace's data key. Somebody else may be quicker: then theirs is found next.
    async fn add_version(&self, workspace: Uuid, version: u32) -> Result<(), Error> {
        let bytes = KeyBytes::generate(&self.0.random)?;
        let wrapped = self.0.keyring.wrap(workspace, version, &bytes, &self.0.random)?;
        let stored = StoredKey { workspace, version, wrapped: wrapped.ok_or(Error::NoMasterKey)? };
        let step = i64::from(SEALS_STEP);
        match self.0.storage.add_data_key(&stored, step, self.0.clock.now_ms()).await {
            Ok(()) => {
                let key = Arc::new(DataKey::new(version, &bytes));
                let mut cache = self.cache();
                cache.keep(workspace, &key);
                cache.set_newest(workspace, &key, SEALS_STEP);
                Ok(())
            }
            Err(storage::Error::Duplicate) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a stored data key and keeps it for the next time.
    fn make_ready(&self, stored: &StoredKey) -> Result<Arc<DataKey>, Error> {
        let StoredKey { workspace, version, ref wrapped } = *stored;
        if let Some(key) = self.cache().opened(workspace, version) {
            return Ok(key);
        }
        let bytes = self.0.keyring.open(workspace, version, wrapped);
        let bytes = bytes.map_err(|error| Error::of_keyring(error, version))?;
        let key = Arc::new(DataKey::new(version, &bytes));
        self.cache().keep(workspace, &key);
        Ok(key)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.0.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("keyring", &self.0.keyring).finish_non_exhaustive()
    }
}
