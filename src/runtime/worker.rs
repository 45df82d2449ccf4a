//! Work that comes round: a worker is woken by a timer or by a nudge, takes no input, reads the state and
//! brings it a step further.
//!
//! So a restart, a lost nudge and a second instance take the same path. Tests do not start the rounds at all:
//! they call `run_once` by hand. Each worker has a `Pulse`, by which readiness sees that it is stuck.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::warn;

use super::{OnEnd, Supervisor};
use crate::clock::Stopwatch;

/// What a round ends with. The error is for the log: the next round tries again.
pub type Round = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Work that comes round.
pub trait Worker: Send + Sync + 'static {
    /// Its name in logs and metrics.
    fn name(&self) -> &'static str;

    /// The pause between rounds when nobody nudges.
    fn every(&self) -> Duration;

    /// How long one round may take before it is cut.
    fn round_max(&self) -> Duration;

    /// Does all the work that there is now.
    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>>;
}

/// Wakes a worker before its time. Cheap to clone; a nudge during a round starts another one after it.
#[derive(Clone, Debug, Default)]
pub struct Nudge(Arc<Notify>);

impl Nudge {
    /// Asks for a round now.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Resolves after the next nudge; one that came before counts. Cancel-safe.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}

/// When a worker last finished a round well.
#[derive(Clone)]
pub struct Pulse {
    name: &'static str,
    stuck_after: Duration,
    last: Arc<Mutex<Stopwatch>>,
}

impl Pulse {
    /// A pulse that counts from now.
    pub fn new(name: &'static str, stuck_after: Duration) -> Self {
        Self { name, stuck_after, last: Arc::new(Mutex::new(Stopwatch::start())) }
    }

    /// A round ended well.
    pub fn beat(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Stopwatch::start();
    }

    /// Whether the last good round is too long ago.
    pub fn is_stuck(&self) -> bool {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > self.stuck_after
    }

    /// Whose pulse it is.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulse")
            .field("name", &self.name)
            .field("stuck", &self.is_stuck())
            .finish_non_exhaustive()
    }
}

/// Starts the rounds of `worker`, for the life of the process.
pub fn keep_running(supervisor: &Supervisor, worker: Arc<dyn Worker>, nudge: Nudge, pulse: Pulse) {
    supervisor.keep(worker.name(), OnEnd::Restart, move |stop| {
        let (worker, nudge, pulse) = (Arc::clone(&worker), nudge.clone(), pulse.clone());
        async move {
            while !stop.is_requested() {
                match tokio::time::timeout(worker.round_max(), worker.run_once()).await {
                    Ok(Ok(())) => pulse.beat(),
                    Ok(Err(error)) => warn!(worker = worker.name(), error = &*error, "a round failed"),
                    Err(_) => warn!(worker = worker.name(), "a round took too long and was cut"),
                }
                // All arms are cancel-safe: a token, a permit that is kept, a timer.
                tokio::select! {
                    () = stop.requested() => {}
                    () = nudge.woken() => {}
                    () = tokio::time::sleep(worker.every()) => {}
                }
            }
        }
    });
}
