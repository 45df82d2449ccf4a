//! From the journal to whoever applies: segments that have just been stored, handed on without a detour.
//!
//! Bounded in bytes: what does not fit is not kept here, and is read from the database instead. The feed says how
//! far the lane is stored, so a segment that is missing here is never missed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::limits;
use crate::runtime::Pressure;
use crate::storage::segments::Segment;

/// So many webhooks make a batch that is worth its cost.
const WELL_FILLED: usize = 250;
/// More than this waiting to be applied, and the next write waits for a moment.
const AHEAD_MAX: usize = 1_000;

/// The hand-over. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Feed(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Notify,
    pressure: Pressure,
}

#[derive(Debug, Default)]
struct State {
    lane: Option<Uuid>,
    /// The number of the last segment that is stored for certain.
    stored: i64,
    queue: VecDeque<Arc<Segment>>,
    bytes: usize,
    webhooks: usize,
}

/// What comes next of a lane.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Segments(Vec<Arc<Segment>>),
    /// Stored, but not kept here: read it.
    Read,
    /// Nothing more yet.
    Nothing,
    /// Nothing is written to this lane any more.
    Closed,
}

impl Feed {
    /// From now on segments of this lane come.
    pub fn open(&self, lane: Uuid) {
        *self.lock() = State { lane: Some(lane), stored: -1, ..State::default() };
        self.0.changed.notify_waiters();
    }

    /// No more segments of this lane come.
    pub fn close(&self, lane: Uuid) {
        let mut state = self.lock();
        if state.lane == Some(lane) {
            *state = State::default();
        }
        drop(state);
        self.0.changed.notify_waiters();
    }

    /// A segment is stored.
    pub fn offer(&self, segment: Segment) {
        let bytes = segment.bytes();
        let mut state = self.lock();
        if state.lane != Some(segment.place.lane) {
            return;
        }
        state.stored = segment.place.number;
        if state.bytes + bytes <= limits::FEED_BYTES_MAX {
            state.bytes += bytes;
            state.webhooks += segment.webhooks.len();
            state.queue.push_back(Arc::new(segment));
        }
        drop(state);
        self.0.changed.notify_waiters();
    }

    /// The lane that is written to now.
    pub fn lane(&self) -> Option<Uuid> {
        self.lock().lane
    }

    /// What comes after `number`, as much as is applied at once.
    pub fn take(&self, lane: Uuid, number: i64) -> Next {
        let next = self.take_next(lane, number);
        self.0.pressure.set(match &next {
            Next::Segments(segments) => {
                let webhooks: usize = segments.iter().map(|segment| segment.webhooks.len()).sum();
                let bytes: usize = segments.iter().map(|segment| segment.bytes()).sum();
                is_well_filled(webhooks, bytes)
            }
            Next::Read => true,
            Next::Nothing | Next::Closed => false,
        });
        next
    }

    fn take_next(&self, lane: Uuid, number: i64) -> Next {
        let mut state = self.lock();
        if state.lane != Some(lane) {
            return Next::Closed;
        }
        if state.stored <= number {
            return Next::Nothing;
        }
        let (mut segments, mut last, mut webhooks, mut bytes) = (Vec::new(), number, 0, 0);
        while let Some(front) = state.queue.front() {
            let is_known = front.place.number <= last;
            let is_next = front.place.number == last + 1;
            let fits = segments.is_empty()
                || (webhooks + front.webhooks.len() <= limits::APPLY_WEBHOOKS_MAX
                    && bytes + front.bytes() <= limits::APPLY_BYTES_MAX);
            if !(is_known || is_next && fits) {
                break;
            }
            let Some(front) = state.queue.pop_front() else { break };
            state.bytes = state.bytes.saturating_sub(front.bytes());
            state.webhooks = state.webhooks.saturating_sub(front.webhooks.len());
            if is_next {
                last = front.place.number;
                webhooks += front.webhooks.len();
                bytes += front.bytes();
                segments.push(front);
            }
        }
        drop(state);
        self.0.changed.notify_waiters();
        if segments.is_empty() { Next::Read } else { Next::Segments(segments) }
    }

    /// How many stored segments come after `number`.
    pub fn ahead_of(&self, lane: Uuid, number: i64) -> i64 {
        let state = self.lock();
        if state.lane == Some(lane) { (state.stored - number).max(0) } else { 0 }
    }

    /// High as long as a whole batch has come while the one before it was applied.
    pub fn pressure(&self) -> &Pressure {
        &self.0.pressure
    }

    /// Waits for a change after which `take` may give something else. Ask for it before `take`.
    pub fn changed(&self) -> impl Future<Output = ()> + '_ {
        self.0.changed.notified()
    }

    /// Waits until so much is there that waiting for more does not pay.
    pub async fn is_well_filled(&self) {
        loop {
            let changed = self.changed();
            {
                let state = self.lock();
                if state.lane.is_none() || is_well_filled(state.webhooks, state.bytes) {
                    return;
                }
            }
            changed.await;
        }
    }

    /// Waits until whoever applies has caught up a little.
    pub async fn has_room(&self) {
        loop {
            let changed = self.changed();
            if self.lock().webhooks <= AHEAD_MAX {
                return;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_well_filled(webhooks: usize, bytes: usize) -> bool {
    webhooks >= WELL_FILLED || bytes >= limits::APPLY_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::storage::segments::{Place, RawWebhook};

    const LANE: Uuid = Uuid::from_u128(7);

    fn segment(number: i64, bytes: usize) -> Segment {
        let webhooks = vec![RawWebhook::new(1, Bytes::from(vec![b'x'; bytes]))];
        Segment { place: Place { lane: LANE, number }, at_ms: 1, webhooks }
    }

    fn numbers(next: Next) -> Vec<i64> {
        match next {
            Next::Segments(segments) => segments.iter().map(|segment| segment.place.number).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_stored_comes_in_order_and_once() {
        let feed = Feed::default();
        feed.open(LANE);
        assert_eq!(feed.take(LANE, -1), Next::Nothing);
        (0..5).for_each(|number| feed.offer(segment(number, 1)));
        assert_eq!(feed.ahead_of(LANE, 2), 2);
        assert_eq!(numbers(feed.take(LANE, -1)), [0, 1, 2, 3, 4]);
        assert_eq!(feed.take(LANE, 4), Next::Nothing);
        feed.close(LANE);
        assert_eq!(feed.take(LANE, 4), Next::Closed);
    }

    #[test]
    fn no_more_is_given_than_is_applied_at_once() {
        let feed = Feed::default();
        feed.open(LANE);
        (0..5).for_each(|number| feed.offer(segment(number, limits::APPLY_BYTES_MAX / 3)));
        assert_eq!(numbers(feed.take(LANE, -1)), [0, 1, 2]);
        assert_eq!(numbers(feed.take(LANE, 2)), [3, 4]);
    }

    #[test]
    fn pressure_is_high_while_batches_come_well_filled() {
        let feed = Feed::default();
        feed.open(LANE);
        let filled = |number, count| {
            let webhooks = vec![RawWebhook::new(1, Bytes::from_static(b"x")); count];
            Segment { place: Place { lane: LANE, number }, at_ms: 1, webhooks }
        };
        feed.offer(filled(0, WELL_FILLED - 1));
        assert_eq!(numbers(feed.take(LANE, -1)), [0]);
        assert!(!feed.pressure().is_high());
        feed.offer(filled(1, WELL_FILLED));
        assert_eq!(numbers(feed.take(LANE, 0)), [1]);
        assert!(feed.pressure().is_high());
        assert_eq!(feed.take(LANE, 1), Next::Nothing);
        assert!(!feed.pressure().is_high());
        feed.offer(segment(2, limits::APPLY_BYTES_MAX));
        assert_eq!(numbers(feed.take(LANE, 1)), [2]);
        assert!(feed.pressure().is_high(), "few, but large");
    }

    #[test]
    fn what_does_not_fit_or_never_came_is_to_be_read() {
        let feed = Feed::default();
        feed.open(LANE);
        feed.offer(segment(0, limits::FEED_BYTES_MAX));
        feed.offer(segment(1, 1));
        feed.offer(segment(3, 0));
        assert_eq!(numbers(feed.take(LANE, -1)), [0]);
        assert_eq!(feed.take(LANE, 0), Next::Read);
        assert_eq!(feed.take(LANE, 3), Next::Nothing, "read meanwhile");
    }
}
