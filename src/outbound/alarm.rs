//! When conversations that this process has put off are to be looked at again: a retry, a pair's pause. The database has
//! these times too, and is asked every second; these need not wait for that.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is later than all of so many is found by the look of every second.
const TIMES_MAX: usize = 1_024;

/// The times that are still to come.
#[derive(Debug, Default)]
pub struct Alarm(Mutex<BTreeSet<i64>>);

impl Alarm {
    /// Something is to be looked at then.
    pub fn set(&self, at_ms: i64) {
        let mut times = self.times();
        times.insert(at_ms);
        if times.len() > TIMES_MAX {
            times.pop_last();
        }
    }

    /// How long until the first of them; nothing, if it has come.
    pub fn next_in(&self, now_ms: i64) -> Option<Duration> {
        let first = *self.times().first()?;
        Some(Duration::from_millis(first.saturating_sub(now_ms).max(0).unsigned_abs()))
    }

    /// Whether one has come.
    pub fn has_come(&self, now_ms: i64) -> bool {
        self.times().first().is_some_and(|first| *first <= now_ms)
    }

    /// Somebody looks now: those that have come are done with.
    pub fn forget(&self, now_ms: i64) {
        let mut times = self.times();
        *times = times.split_off(&now_ms.saturating_add(1));
    }

    fn times(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_counts_and_what_has_come_is_forgotten() {
        let alarm = Alarm::default();
        assert_eq!(alarm.next_in(0), None);
        for at_ms in [500, 300, 300, 900] {
            alarm.set(at_ms);
        }
        assert_eq!(alarm.next_in(100), Some(Duration::from_millis(200)));
        assert!(!alarm.has_come(299) && alarm.has_come(300));
        assert_eq!(alarm.next_in(600), Some(Duration::ZERO), "until somebody looks");
        alarm.forget(600);
        assert_eq!(alarm.next_in(600), Some(Duration::from_millis(300)));
    }

    #[test]
    fn the_latest_are_left_out_when_there_are_too_many() {
        let alarm = Alarm::default();
        for at_ms in 0..2_000 {
            alarm.set(at_ms);
        }
        assert_eq!(alarm.times().len(), TIMES_MAX);
        assert_eq!(alarm.times().last(), Some(&1_023));
    }
}
