//! Whether more comes in than is worked off at once. Whoever does what can wait leaves more room then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One a process, which knows of its own work only. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Pressure(Arc<AtomicBool>);

impl Pressure {
    /// Says how it is now.
    pub fn set(&self, is_high: bool) {
        self.0.store(is_high, Ordering::Relaxed);
    }

    /// How it was when somebody looked last.
    pub fn is_high(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
