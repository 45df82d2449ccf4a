//! How sure this process is of the turns that it has taken. They come back to the line when it is not heard of for a while,
//! and then they are somebody else's, also when it is heard of again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Stopwatch;

/// The lease of all turns of a process.
#[derive(Debug)]
pub struct Lease {
    /// Whoever could not renew for so long, because it stood still or the database did not answer, may have lost them.
    sure_for: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Since the last renewal was asked for.
    renewed: Stopwatch,
    /// Which of the leases it is: after a gap there is another one, and what was taken under the one before may be lost.
    nth: u64,
}

impl Lease {
    /// The first one, renewed now.
    pub fn new(sure_for: Duration) -> Self {
        Self { sure_for, state: Mutex::new(State { renewed: Stopwatch::start(), nth: 0 }) }
    }

    /// The lease under which turns can be taken now. None: until it is renewed nobody knows.
    pub fn current(&self) -> Option<u64> {
        let state = self.state();
        (state.renewed.elapsed() < self.sure_for).then_some(state.nth)
    }

    /// Whether turns that were taken under this lease are certainly still ours.
    pub fn covers(&self, nth: u64) -> bool {
        self.current() == Some(nth)
    }

    /// It was renewed; `asked` was started before.
    pub fn renew(&self, asked: Stopwatch) {
        let mut state = self.state();
        if state.renewed.elapsed() >= self.sure_for {
            state.nth += 1;
        }
        state.renewed = asked;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_renews_in_time_keeps_everything() {
        let lease = Lease::new(Duration::from_hours(1));
        let nth = lease.current().unwrap();
        lease.renew(Stopwatch::start());
        assert!(lease.covers(nth));
    }

    #[test]
    fn what_was_taken_before_a_gap_is_not_ours_after_it() {
        let lease = Lease::new(Duration::from_millis(200));
        let before = lease.state().nth;
        std::thread::sleep(Duration::from_millis(250));
        assert_eq!(lease.current(), None);
        lease.renew(Stopwatch::start());
        assert!(!lease.covers(before));
        let after = lease.state().nth;
        assert_ne!(after, before, "there is another one");
    }
}
