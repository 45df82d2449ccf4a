//! What this process has heard of one workspace's log: enough for its followers to ask the database only for what they
//! do not have.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::storage::events::Batch;

/// What this process has appended itself is kept for its followers: so many batches and events.
const FRESH_BATCHES_MAX: usize = 64;
const FRESH_EVENTS_MAX: usize = 2_000;

/// What was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// The last batch of which one knows that it is there.
    pub seq: i64,
    /// How often one was told that there may be more.
    pub nudges: u64,
}

/// One workspace that somebody follows.
#[derive(Debug)]
pub(super) struct Channel {
    heard: watch::Sender<Heard>,
    fresh: Mutex<Fresh>,
}

#[derive(Debug, Default)]
struct Fresh {
    batches: VecDeque<Arc<Batch>>,
    events: usize,
}

impl Channel {
    pub fn new() -> Self {
        Self { heard: watch::Sender::new(Heard::default()), fresh: Mutex::default() }
    }

    /// Changes with everything that is heard.
    pub fn heard(&self) -> watch::Receiver<Heard> {
        self.heard.subscribe()
    }

    pub fn is_followed(&self) -> bool {
        !self.heard.is_closed()
    }

    /// A majority has this batch. They come in their order.
    pub fn appended(&self, batch: Batch) {
        let seq = batch.seq;
        {
            let mut fresh = self.fresh();
            fresh.events += batch.happenings.len();
            fresh.batches.push_back(Arc::new(batch));
            while fresh.batches.len() > FRESH_BATCHES_MAX || fresh.events > FRESH_EVENTS_MAX {
                let Some(oldest) = fresh.batches.pop_front() else { break };
                fresh.events -= oldest.happenings.len();
            }
        }
        self.hear(seq);
    }

    /// There is a batch of this number.
    pub fn hear(&self, seq: i64) {
        self.heard.send_if_modified(|heard| {
            let is_news = seq > heard.seq;
            heard.seq = heard.seq.max(seq);
            is_news
        });
    }

    /// There may be more than what was heard of.
    pub fn nudge(&self) {
        self.heard.send_modify(|heard| heard.nudges = heard.nudges.wrapping_add(1));
    }

    /// What follows this number without a gap, as far as this process has appended it.
    pub fn fresh_after(&self, seq: i64) -> Vec<Arc<Batch>> {
        let fresh = self.fresh();
        let later = fresh.batches.iter().skip_while(|batch| batch.seq <= seq);
        later
            .zip(seq.saturating_add(1)..)
            .take_while(|(batch, next)| batch.seq == *next)
            .map(|(batch, _)| Arc::clone(batch))
            .collect()
    }

    fn fresh(&self) -> MutexGuard<'_, Fresh> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::storage::events::Happening;

    fn batch(seq: i64, events: usize) -> Batch {
        let happenings = vec![Happening::Contact { contact: Uuid::nil() }; events];
        Batch { workspace: Uuid::nil(), seq, at_ms: 0, source: None, happenings }
    }

    const NONE: [i64; 0] = [];

    fn after(channel: &Channel, seq: i64) -> Vec<i64> {
        channel.fresh_after(seq).iter().map(|batch| batch.seq).collect()
    }

    #[test]
    fn only_what_follows_without_a_gap_is_given_out() {
        let channel = Channel::new();
        assert_eq!(after(&channel, 0), NONE);
        for seq in [3, 4, 6] {
            channel.appended(batch(seq, 1));
        }
        assert_eq!((after(&channel, 1), after(&channel, 2)), (vec![], vec![3, 4]));
        assert_eq!((after(&channel, 4), after(&channel, 5)), (vec![], vec![6]));
        assert_eq!(after(&channel, 6), NONE);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let channel = Channel::new();
        for seq in 1..=100 {
            channel.appended(batch(seq, 1));
        }
        assert_eq!(after(&channel, 36).len(), FRESH_BATCHES_MAX);
        assert_eq!(after(&channel, 35), NONE);
        channel.appended(batch(101, FRESH_EVENTS_MAX + 1));
        assert_eq!((after(&channel, 100), channel.fresh().events), (vec![], 0));
    }

    #[test]
    fn only_news_wakes() {
        let channel = Channel::new();
        let mut heard = channel.heard();
        channel.appended(batch(7, 1));
        assert!(heard.has_changed().unwrap());
        heard.mark_unchanged();
        channel.hear(7);
        assert!(!heard.has_changed().unwrap(), "known");
        channel.hear(8);
        assert_eq!(*heard.borrow_and_update(), Heard { seq: 8, nudges: 0 });
        channel.nudge();
        assert!(heard.has_changed().unwrap());
    }
}
