//! Rotation in the background: a running service moves everything to the newest keys by itself, so that after a new
//! master key has come first in the settings nothing is left on the old one.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::{info, warn};

use super::{Keys, Pass, Tally};
use crate::clock::Stopwatch;
use crate::runtime::Worker;
use crate::runtime::worker::Round;

const EVERY: Duration = Duration::from_secs(30);
const ROUND_MAX: Duration = Duration::from_mins(1);
/// A round that has not come through by then rests and goes on in the next one: nobody who stops waits for it.
const ROUND_SHARE: Duration = Duration::from_secs(5);

/// The worker.
#[derive(Debug)]
pub struct KeyRotation {
    keys: Keys,
    /// A pass that rests.
    pass: Mutex<Option<Pass>>,
    /// What the last pass came to, so that the same trouble is not told every time.
    last: Mutex<Tally>,
}

impl KeyRotation {
    pub fn new(keys: &Keys) -> Self {
        Self { keys: keys.clone(), pass: Mutex::default(), last: Mutex::default() }
    }

    /// Goes on with the pass that rests, or with a new one. Gives what it came to if it is through.
    async fn go_on(&self) -> Result<Option<Tally>, super::Error> {
        let watch = Stopwatch::start();
        let resting = self.pass.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut pass = resting.unwrap_or_else(|| Pass::begin(&self.keys));
        while pass.step().await? {
            if watch.elapsed() >= ROUND_SHARE {
                *self.pass.lock().unwrap_or_else(PoisonError::into_inner) = Some(pass);
                return Ok(None);
            }
        }
        Ok(Some(pass.tally().clone()))
    }

    fn tell(&self, tally: Tally, left: u64, first: &str) {
        if tally.rewrapped > 0 {
            info!(
                rewrapped = tally.rewrapped,
                left,
                master_key = first,
                "data keys are under the first master key"
            );
        }
        if tally.resealed > 0 {
            info!(resealed = tally.resealed, "sealed values are under the newest data keys");
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if tally.unopened != last.unopened && !tally.unopened.is_empty() {
            let reasons = tally.unopened.iter().map(|(reason, count)| format!("{reason}: {count}"));
            let reasons = reasons.collect::<Vec<_>>().join(", ");
            warn!(
                reasons,
                "data keys or sealed values do not open and stay as they are; `pesan keys status` shows them"
            );
        }
        *last = tally;
    }
}

impl Worker for KeyRotation {
    fn name(&self) -> &'static str {
        "key-rotation"
    }

    fn every(&self) -> Duration {
        EVERY
    }

    fn round_max(&self) -> Duration {
        ROUND_MAX
    }

    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>> {
        Box::pin(async move {
            let keyring = &self.keys.0.keyring;
            let done = match keyring.first() {
                Some(_) => self.go_on().await?,
                None => None,
            };
            let counts = self.keys.0.storage.count_data_keys().await?;
            self.keys.0.metrics.show_data_keys(&counts, keyring.ids());
            if let Some((tally, first)) = done.zip(keyring.first()) {
                let left = counts.iter().filter(|(id, _)| *id != first).map(|(_, count)| count).sum();
                self.tell(tally, left, first);
            }
            Ok(())
        })
    }
}
