//! Whether more comes in than is worked off at once. Whoever does what can wait leaves more room then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Stopwatch;

/// So long after the last sign it is taken as over.
const LASTS: Duration = Duration::from_millis(500);

/// One a process. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Pressure(Arc<Mutex<Option<Stopwatch>>>);

impl Pressure {
    /// A sign: so much had come that it could not be worked off as it came.
    pub fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Stopwatch::start());
    }

    /// Whether there was a sign lately.
    pub fn is_high(&self) -> bool {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().is_some_and(|last| last.elapsed() < LASTS)
    }
}
