//! A number as the sender sees it: whether it may send, how fast, and with which secrets. Looked up anew every second,
//! so that a pause, a block and a mended token take effect at once on every instance.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use crate::clock::Clock;
use crate::clock::Stopwatch;
use crate::config::WhatsappConfig;
use crate::crypto::Sealed;
use crate::domain::number::{Block, BlockReason};
use crate::keys;
use crate::keys::Keys;
use crate::meta::client::Credentials;
use crate::secret::Secret;
use crate::storage;
use crate::storage::Storage;
use crate::storage::allowances::Rate;
use crate::storage::number_record::{NumberChanges, NumberRecord, sealed};

const FRESH_FOR: Duration = Duration::from_secs(1);
const REMEMBERED_MAX: usize = 10_000;
/// Meta (2026-07): messages a second of a number, by default, after an upgrade, and beside the app on a telephone.
const USUAL_PER_S: f64 = 80.0;
const HIGH_PER_S: f64 = 1_000.0;
const COEXISTENCE_PER_S: f64 = 20.0;
/// A little below Meta's rate, and never a whole second's worth at once: what leaves evenly may arrive unevenly.
const PACE: f64 = 0.99;
const BURST_S: f64 = 0.5;

/// A number that may or may not send.
pub struct Line {
    pub workspace: Uuid,
    pub number: Uuid,
    pub phone_number_id: String,
    pub account_id: Option<String>,
    pub rate: Rate,
    /// The sealed token, by which a change is seen.
    pub seal: Option<Sealed>,
    state: State,
}

enum State {
    Open {
        token: Secret,
        app_secret: Option<Secret>,
    },
    /// It sends nothing now.
    Held,
}

impl Line {
    /// What its calls are made with; none while it sends nothing.
    pub fn credentials(&self) -> Option<Credentials<'_>> {
        match &self.state {
            State::Open { token, app_secret } => Some(Credentials { token, app_secret: app_secret.as_ref() }),
            State::Held => None,
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The numbers of all workspaces, as far as they send.
#[derive(Debug)]
pub struct Lines {
    storage: Storage,
    keys: Keys,
    clock: Clock,
    app_id: Option<String>,
    app_secret: Option<Secret>,
    known: Mutex<HashMap<Uuid, (Stopwatch, Arc<Line>)>>,
}

impl Lines {
    /// The app secret of the settings is the one of numbers whose app is not another.
    pub fn new(storage: &Storage, keys: &Keys, clock: &Clock, config: &WhatsappConfig) -> Self {
        Self {
            storage: storage.clone(),
            keys: keys.clone(),
            clock: clock.clone(),
            app_id: config.app_id.clone(),
            app_secret: config.app_secrets.first().cloned(),
            known: Mutex::default(),
        }
    }

    /// The number. None: it is gone.
    pub async fn find(&self, workspace: Uuid, number: Uuid) -> Result<Option<Arc<Line>>, storage::Error> {
        if let Some((_, line)) = self.known().get(&number).filter(|(since, _)| since.elapsed() < FRESH_FOR) {
            return Ok(Some(Arc::clone(line)));
        }
        let Some(record) = self.storage.find_number(workspace, number).await? else { return Ok(None) };
        let state = if record.paused_at_ms.is_some() || record.block.is_some() {
            State::Held
        } else {
            self.open(&record).await
        };
        let line = Arc::new(Line {
            workspace: record.workspace,
            number,
            rate: rate_of(&record),
            seal: record.access_token,
            phone_number_id: record.phone_number_id,
            account_id: record.account_id,
            state,
        });
        let mut known = self.known();
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(number, (Stopwatch::start(), Arc::clone(&line)));
        Ok(Some(line))
    }

    /// Something about the number has changed.
    pub fn forget(&self, number: Uuid) {
        self.known().remove(&number);
    }

    async fn open(&self, record: &NumberRecord) -> State {
        let app_secret = match &record.app_secret {
            Some(bytes) => self.unseal(record, sealed::APP_SECRET, bytes).await.map(Some),
            None if record.app_id.is_none() || record.app_id == self.app_id => Ok(self.app_secret.clone()),
            None => Ok(None),
        };
        let token = match &record.access_token {
            Some(bytes) => self.unseal(record, sealed::ACCESS_TOKEN, bytes).await.map(Some),
            None => Ok(None),
        };
        match (token, app_secret) {
            (Ok(Some(token)), Ok(app_secret)) => State::Open { token, app_secret },
            // What is queued waits until somebody gives it one.
            (Ok(None), _) => State::Held,
            (Err(error), _) | (_, Err(error)) => {
                warn!(%error, number = %record.id, "the secrets of a number cannot be opened: it sends nothing");
                self.block(record, &error).await;
                State::Held
            }
        }
    }

    async fn unseal(
        &self,
        record: &NumberRecord,
        field: &'static str,
        value: &Sealed,
    ) -> Result<Secret, keys::Error> {
        let document = record.id.to_string();
        self.keys.open(&sealed::place(record.workspace, &document, field), value).await
    }

    /// What will not pass by itself blocks the number, so that its owner sees it.
    async fn block(&self, record: &NumberRecord, error: &keys::Error) {
        if !error.is_lasting() {
            return;
        }
        let now_ms = self.clock.now_ms();
        let block = Block { code: None, subcode: None, reason: BlockReason::Sealed, since_ms: now_ms };
        if let Err(error) = block_number(&self.storage, (record.workspace, record.id), &block).await {
            warn!(%error, number = %record.id, "the block of a number cannot be stored");
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Uuid, (Stopwatch, Arc<Line>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps that a number sends nothing until somebody has mended the reason.
pub async fn block_number(
    storage: &Storage,
    (workspace, number): (Uuid, Uuid),
    block: &Block,
) -> Result<(), storage::Error> {
    let changes = NumberChanges::default().block(Some(block))?;
    storage.change_number(workspace, number, changes, block.since_ms).await.map(drop)
}

/// How fast Meta lets a number send.
fn rate_of(record: &NumberRecord) -> Rate {
    let facts = record.facts.as_ref();
    let per_second = match facts {
        Some(facts) if facts.is_coexistence() => COEXISTENCE_PER_S,
        Some(facts) if facts.throughput_level.as_deref() == Some("HIGH") => HIGH_PER_S,
        _ => USUAL_PER_S,
    } * PACE;
    Rate { per_second, burst: (per_second * BURST_S).max(1.0) }
}
