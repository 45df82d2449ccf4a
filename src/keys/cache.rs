//! Data keys that are open in this process, and which of them seals.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::clock::Stopwatch;
use crate::crypto::DataKey;

/// More are not kept open: at this number all are dropped, and those in use come back.
const OPENED_MAX: usize = 4_096;

#[derive(Debug, Default)]
pub(super) struct Cache {
    opened: HashMap<(Uuid, u32), Arc<DataKey>>,
    newest: HashMap<Uuid, Newest>,
}

#[derive(Debug)]
struct Newest {
    key: Arc<DataKey>,
    /// Seals that are spoken for and not used.
    left: u32,
    seen: Stopwatch,
}

impl Cache {
    pub(super) fn opened(&self, workspace: Uuid, version: u32) -> Option<Arc<DataKey>> {
        self.opened.get(&(workspace, version)).map(Arc::clone)
    }

    pub(super) fn keep(&mut self, workspace: Uuid, key: &Arc<DataKey>) {
        if self.opened.len() >= OPENED_MAX {
            self.opened.clear();
            self.newest.clear();
        }
        self.opened.insert((workspace, key.version()), Arc::clone(key));
    }

    /// The key that seals, with one seal less, if it was looked for not longer ago than that.
    pub(super) fn take_seal(&mut self, workspace: Uuid, fresh_for: Duration) -> Option<Arc<DataKey>> {
        let newest = self.newest.get_mut(&workspace)?;
        if newest.seen.elapsed() >= fresh_for {
            return None;
        }
        newest.left = newest.left.checked_sub(1)?;
        Some(Arc::clone(&newest.key))
    }

    /// Notes that the key that seals was looked for and is still the newest. False: it is not, or has no seals left.
    pub(super) fn still_newest(&mut self, workspace: Uuid, version: u32) -> bool {
        match self.newest.get_mut(&workspace) {
            Some(newest) if newest.key.version() == version && newest.left > 0 => {
                newest.seen = Stopwatch::start();
                true
            }
            _ => false,
        }
    }

    /// Seals no more with a key that is older than this version.
    pub(super) fn forget_older(&mut self, workspace: Uuid, version: u32) {
        if self.newest.get(&workspace).is_some_and(|newest| newest.key.version() < version) {
            self.newest.remove(&workspace);
        }
    }

    pub(super) fn set_newest(&mut self, workspace: Uuid, key: &Arc<DataKey>, left: u32) {
        let seen = Stopwatch::start();
        self.newest.insert(workspace, Newest { key: Arc::clone(key), left, seen });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::KeyBytes;
    use crate::ids::Random;

    const WORKSPACE: Uuid = Uuid::from_u128(1);
    const LONG: Duration = Duration::from_hours(1);

    fn key(version: u32) -> Arc<DataKey> {
        Arc::new(DataKey::new(version, &KeyBytes::generate(&Random::system()).unwrap()))
    }

    #[test]
    fn seals_are_used_up_and_a_stale_key_is_looked_for_again() {
        let mut cache = Cache::default();
        assert!(cache.take_seal(WORKSPACE, LONG).is_none());
        cache.set_newest(WORKSPACE, &key(1), 2);
        assert!(cache.take_seal(WORKSPACE, Duration::ZERO).is_none(), "too long ago");
        assert!(cache.still_newest(WORKSPACE, 1));
        assert!(!cache.still_newest(WORKSPACE, 2), "somebody has made a newer one");
        assert!(cache.take_seal(WORKSPACE, LONG).is_some());
        assert!(cache.take_seal(WORKSPACE, LONG).is_some());
        assert!(cache.take_seal(WORKSPACE, LONG).is_none(), "used up");
        assert!(!cache.still_newest(WORKSPACE, 1));
        cache.set_newest(WORKSPACE, &key(2), 1);
        cache.forget_older(WORKSPACE, 2);
        assert!(cache.still_newest(WORKSPACE, 2));
        cache.forget_older(WORKSPACE, 3);
        assert!(cache.take_seal(WORKSPACE, LONG).is_none());
    }

    #[test]
    fn a_version_is_of_its_workspace_and_the_cache_stays_small() {
        let mut cache = Cache::default();
        cache.keep(WORKSPACE, &key(1));
        assert!(cache.opened(WORKSPACE, 1).is_some());
        assert!(cache.opened(Uuid::from_u128(2), 1).is_none());
        assert!(cache.opened(WORKSPACE, 2).is_none());
        let one = key(1);
        for n in 0..OPENED_MAX as u128 {
            cache.keep(Uuid::from_u128(n + 2), &one);
        }
        assert!(cache.opened.len() <= OPENED_MAX);
    }
}
