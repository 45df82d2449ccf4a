//! A number as the sender sees it: whether it may send, how fast, and with which secrets. Looked up anew every second,
//! so that a pause, a block and a mended token take effect at once on every instance. How secrets are opened, and what
//! follows when they do not open, `numbers` knows.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use crate::clock::Stopwatch;
use crate::crypto::Sealed;
use crate::domain::number::{BlockReason, Facts};
use crate::meta::client::Credentials;
use crate::numbers;
use crate::numbers::Numbers;
use crate::storage;
use crate::storage::Storage;
use crate::storage::allowances::Rate;
use crate::storage::number_record::NumberRecord;

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
    /// How many customers may be written to first in a day, if there is a limit.
    pub customers_a_day: Option<usize>,
    /// The sealed token, by which a change is seen.
    pub seal: Option<Sealed>,
    state: State,
}

enum State {
    Open(Box<numbers::Line>),
    /// It sends nothing now.
    Held,
}

impl Line {
    /// What its calls are made with; none while it sends nothing.
    pub fn credentials(&self) -> Option<Credentials<'_>> {
        match &self.state {
            State::Open(line) => Some(line.credentials()),
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
    numbers: Numbers,
    known: Mutex<HashMap<Uuid, (Stopwatch, Arc<Line>)>>,
}

impl Lines {
    /// None is looked up yet.
    pub fn new(storage: &Storage, numbers: &Numbers) -> Self {
        Self { storage: storage.clone(), numbers: numbers.clone(), known: Mutex::default() }
    }

    /// The number. None: it is gone.
    pub async fn find(&self, workspace: Uuid, number: Uuid) -> Result<Option<Arc<Line>>, storage::Error> {
        if let Some((_, line)) = self.known().get(&number).filter(|(since, _)| since.elapsed() < FRESH_FOR) {
            return Ok(Some(Arc::clone(line)));
        }
        let Some(record) = self.storage.find_number(workspace, number).await? else { return Ok(None) };
        let rate = rate_of(record.facts.as_ref());
        let customers_a_day = record.facts.as_ref().and_then(Facts::customers_a_day);
        let (seal, phone_number_id) = (record.access_token.clone(), record.phone_number_id.clone());
        let account_id = record.account_id.clone();
        let state = if record.paused_at_ms.is_some() || record.block.is_some() {
            State::Held
        } else {
            self.open(record).await
        };
        let line = Arc::new(Line {
            workspace,
            number,
            phone_number_id,
            account_id,
            rate,
            customers_a_day,
            seal,
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

    /// The number sends nothing until somebody has mended the reason.
    pub async fn block(&self, record: &NumberRecord, reason: BlockReason, codes: Option<(i64, Option<i64>)>) {
        self.numbers.block(record, reason, codes).await;
    }

    /// What is queued waits until the number has secrets that open.
    async fn open(&self, record: NumberRecord) -> State {
        let number = record.id;
        match self.numbers.line_of(record).await {
            Ok(line) => State::Open(Box::new(line)),
            Err(numbers::Error::NoToken) => State::Held,
            Err(error) => {
                warn!(%error, %number, "the secrets of a number cannot be opened: it sends nothing");
                State::Held
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Uuid, (Stopwatch, Arc<Line>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How fast Meta lets a number send. `storage::allowances` lowers it for a while when Meta says that it was too much.
pub fn rate_of(facts: Option<&Facts>) -> Rate {
    let per_second = match facts {
        Some(facts) if facts.is_coexistence() => COEXISTENCE_PER_S,
        Some(facts) if facts.throughput_level.as_deref() == Some("HIGH") => HIGH_PER_S,
        _ => USUAL_PER_S,
    } * PACE;
    Rate { per_second, burst: (per_second * BURST_S).max(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_as_fast_as_meta_says() {
        let check = |facts: Option<Facts>, expected: f64| {
            let rate = rate_of(facts.as_ref());
            assert!((rate.per_second - expected * PACE).abs() < 1e-9, "{facts:?}: {rate:?}");
        };
        let level = |level: &str| Facts { throughput_level: Some(level.to_owned()), ..Facts::default() };
        check(None, 80.0);
        check(Some(level("STANDARD")), 80.0);
        check(Some(level("HIGH")), 1_000.0);
        let beside_the_app =
            Facts { is_on_biz_app: Some(true), platform_type: Some("CLOUD_API".to_owned()), ..level("HIGH") };
        check(Some(beside_the_app), 20.0);
    }
}
