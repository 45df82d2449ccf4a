//! Between the two halves of a lane: what has been applied and waits for being folded. Bounded: whoever applies waits
//! while much is here, and goes on as soon as a fold has taken it, not only when that fold is done.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

use super::apply::Applied;
use crate::domain::conversation::Change;
use crate::limits;
use crate::storage::statuses::Advance;

/// What a fold takes.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The last segment that is in it.
    pub to: i64,
    pub changes: HashMap<Uuid, Change>,
    pub advances: HashMap<String, Advance>,
    /// When each of its webhooks was received.
    pub received_ms: Vec<i64>,
}

impl Gathered {
    fn weight(&self) -> usize {
        self.changes.len() + self.advances.len() + self.received_ms.len() / 4
    }
}

/// Where one half puts it and the other half takes it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    gathered: Mutex<Gathered>,
    /// Something was added, something was taken.
    changed: Notify,
}

impl Pending {
    /// Empty, behind this mark.
    pub fn begin(&self, mark: i64) {
        self.lock().to = mark;
    }

    /// Adds what segments up to `to` have come to.
    pub fn add(&self, to: i64, applied: Applied, received_ms: impl Iterator<Item = i64>) {
        let mut gathered = self.lock();
        gathered.to = to;
        for (conversation, change) in applied.changes {
            gathered.changes.entry(conversation).or_default().absorb(change);
        }
        for (message, advance) in applied.advances {
            gathered.advances.entry(message).or_default().absorb(advance);
        }
        gathered.received_ms.extend(received_ms);
        drop(gathered);
        self.changed.notify_waiters();
    }

    /// Everything that is here.
    pub fn take(&self) -> Gathered {
        let mut gathered = self.lock();
        let next = Gathered { to: gathered.to, ..Gathered::default() };
        let taken = std::mem::replace(&mut *gathered, next);
        drop(gathered);
        self.changed.notify_waiters();
        taken
    }

    /// The last segment that was added.
    pub fn to(&self) -> i64 {
        self.lock().to
    }

    /// Whether so much is here that whoever applies waits.
    pub fn is_full(&self) -> bool {
        self.lock().weight() >= limits::FOLD_CHANGES_MAX
    }

    /// Waits until it is not full.
    pub async fn has_room(&self) {
        loop {
            let changed = self.changed();
            if !self.is_full() {
                return;
            }
            changed.await;
        }
    }

    /// Waits for something to be added or taken. Ask for it before looking.
    pub fn changed(&self) -> impl Future<Output = ()> + '_ {
        self.changed.notified()
    }

    /// Wakes whoever waits: something else is to be looked at.
    pub fn nudge(&self) {
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn applied(count: usize) -> Applied {
        let changes = (0..count).map(|one| (Uuid::from_u128(one as u128), Change::default())).collect();
        Applied { changes, ..Applied::default() }
    }

    #[tokio::test]
    async fn whoever_applies_goes_on_as_soon_as_a_fold_has_taken_what_was_there() {
        let pending = Pending::default();
        pending.begin(-1);
        pending.add(6, applied(limits::FOLD_CHANGES_MAX - 1), [].into_iter());
        pending.has_room().now_or_never().expect("there is room for one more");
        pending.add(7, applied(limits::FOLD_CHANGES_MAX), [1].into_iter());
        assert!(pending.is_full());
        let mut room = Box::pin(pending.has_room());
        assert!(room.as_mut().now_or_never().is_none());
        let taken = pending.take();
        assert_eq!((taken.to, taken.changes.len()), (7, limits::FOLD_CHANGES_MAX));
        room.now_or_never().expect("the fold is not done yet, and need not be");
        assert_eq!((pending.to(), pending.take().changes.len()), (7, 0));
    }
}
