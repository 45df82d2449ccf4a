//! A log line that anybody can provoke must not fill the log: it is written once in a while, with how many were not.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Stopwatch;

/// Lets one line through in each stretch of time, and counts the others.
#[derive(Debug)]
pub struct Quiet {
    every: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: Option<Stopwatch>,
    kept_back: u64,
}

impl Quiet {
    /// One line in each `every`.
    pub fn new(every: Duration) -> Self {
        Self { every, state: Mutex::default() }
    }

    /// Whether the line may be written now, and how many were kept back since the last one.
    pub fn allow(&self) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| last.elapsed() < self.every) {
            state.kept_back += 1;
            return None;
        }
        state.last = Some(Stopwatch::start());
        Some(std::mem::take(&mut state.kept_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_passes_and_the_others_are_counted() {
        let quiet = Quiet::new(Duration::from_hours(1));
        assert_eq!(quiet.allow(), Some(0));
        assert_eq!((quiet.allow(), quiet.allow()), (None, None));
        let always = Quiet::new(Duration::ZERO);
        assert_eq!((always.allow(), always.allow()), (Some(0), Some(0)));
        quiet.state.lock().unwrap().last = None;
        assert_eq!(quiet.allow(), Some(2));
    }
}
