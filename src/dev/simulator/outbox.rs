//! What Meta will tell, and when: updates that wait for their time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::webhook::deliver::Target;
use super::webhook::envelope::Update;

/// Updates by the time they are due, and then by their coming.
#[derive(Debug, Default)]
pub(super) struct Outbox(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    updates: BTreeMap<(i64, u64), (Target, Update)>,
}

impl Outbox {
    /// Adds an update that is due at `due_ms`.
    pub(super) fn add(&self, due_ms: i64, target: Target, update: Update) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next += 1;
        let place = (due_ms, waiting.next);
        waiting.updates.insert(place, (target, update));
    }

    /// Takes what is due, each target's updates together, in order.
    pub(super) fn take_due(&self, now_ms: i64) -> Vec<(Target, Vec<Update>)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let later = waiting.updates.split_off(&(now_ms + 1, 0));
        let due = std::mem::replace(&mut waiting.updates, later);
        let mut taken: Vec<(Target, Vec<Update>)> = Vec::new();
        for (target, update) in due.into_values() {
            match taken.iter_mut().find(|(known, _)| known.url == target.url) {
                Some((_, updates)) => updates.push(update),
                None => taken.push((target, vec![update])),
            }
        }
        taken
    }

    /// When the next update is due.
    pub(super) fn next_due_ms(&self) -> Option<i64> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.updates.first_key_value().map(|((due_ms, _), _)| *due_ms)
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).updates.clear();
    }
}
