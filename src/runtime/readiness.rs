//! Whether this process should be given work: not while it is stopping, not while a pump is stuck.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use super::Pulse;

/// The verdict behind `/health/ready`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    draining: AtomicBool,
    shut: CancellationToken,
    pulses: Vec<Pulse>,
}

impl Readiness {
    /// Ready as long as all `pulses` beat.
    pub fn of(pulses: Vec<Pulse>) -> Self {
        Self(Arc::new(Inner { draining: AtomicBool::new(false), shut: CancellationToken::new(), pulses }))
    }

    /// From now on new work belongs elsewhere.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// Whether the process is on its way out.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::SeqCst)
    }

    /// The door is closed: what would go on for as long as the caller likes ends now.
    pub fn shut(&self) {
        self.0.shut.cancel();
    }

    /// Resolves when the door is closed.
    pub async fn is_shut(&self) {
        self.0.shut.cancelled().await;
    }

    /// Why the process is not ready; nothing when it is.
    pub fn reasons(&self) -> Vec<String> {
        let draining = self.is_draining().then(|| "stopping".to_owned());
        let stuck = self.0.pulses.iter().filter(|pulse| pulse.is_stuck());
        draining.into_iter().chain(stuck.map(|pulse| format!("stuck: {}", pulse.name()))).collect()
    }
}
