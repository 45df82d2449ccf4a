//! Limits that depend on time: throughput of a number, messages to one person, the 24-hour window.
//!
//! Pure arithmetic over milliseconds; who is asked and what a refusal looks like is not known here.

use serde::Serialize;

/// Meta (2026-07): a number sends 80 messages a second by default.
pub const THROUGHPUT_PER_SECOND: i64 = 80;
/// Meta (2026-07): one message per 6 s to the same person, up to 45 at once, borrowed from the time after.
const PAIR_PAUSE_MS: i64 = 6_000;
const PAIR_BURST_MAX: u32 = 45;
/// Meta (2026-07): free-form messages only within 24 h of the person's last one.
pub const WINDOW_MS: i64 = 24 * 3_600_000;

/// A token bucket, in thousandths of a token so that it needs no fractions.
#[derive(Clone, Debug, Serialize)]
pub struct Bucket {
    per_second: i64,
    level_milli: i64,
    at_ms: i64,
}

impl Bucket {
    /// A full bucket that holds one second's worth.
    pub fn full(per_second: i64, now_ms: i64) -> Self {
        Self { per_second, level_milli: per_second * 1_000, at_ms: now_ms }
    }

    /// Takes one token, if there is one.
    pub fn take(&mut self, now_ms: i64) -> bool {
        let elapsed_ms = (now_ms - self.at_ms).max(0);
        let refill = elapsed_ms.saturating_mul(self.per_second);
        self.level_milli = self.level_milli.saturating_add(refill).min(self.per_second * 1_000);
        self.at_ms = now_ms;
        let has_one = self.level_milli >= 1_000;
        if has_one {
            self.level_milli -= 1_000;
        }
        has_one
    }
}

/// What one number has sent to one person lately.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Pair {
    burst_started_ms: i64,
    burst: u32,
    paid_until_ms: i64,
}

impl Pair {
    /// Counts a message, if the pair may have one now.
    pub fn take(&mut self, now_ms: i64) -> bool {
        if now_ms >= self.paid_until_ms {
            *self = Self { burst_started_ms: now_ms, burst: 1, paid_until_ms: now_ms + PAIR_PAUSE_MS };
            return true;
        }
        let is_in_burst = now_ms - self.burst_started_ms < PAIR_PAUSE_MS && self.burst < PAIR_BURST_MAX;
        if is_in_burst {
            self.burst += 1;
            self.paid_until_ms += PAIR_PAUSE_MS;
        }
        is_in_burst
    }
}

/// At most `max` events in any stretch of `span_ms`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Quota {
    taken_ms: Vec<i64>,
}

impl Quota {
    /// Counts an event, if there may be one more.
    pub fn take(&mut self, now_ms: i64, max: usize, span_ms: i64) -> bool {
        self.taken_ms.retain(|at| now_ms - at < span_ms);
        let may = self.taken_ms.len() < max;
        if may {
            self.taken_ms.push(now_ms);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_a_seconds_worth_at_once_and_refills_evenly() {
        let mut bucket = Bucket::full(80, 0);
        assert_eq!((0..100).filter(|_| bucket.take(0)).count(), 80);
        assert!(!bucket.take(12));
        assert!(bucket.take(13));
        assert_eq!((0..200).filter(|_| bucket.take(60_000)).count(), 80);
    }

    #[test]
    fn a_burst_to_one_person_is_paid_for_by_a_pause() {
        let mut pair = Pair::default();
        assert_eq!((0..20).filter(|_| pair.take(1_000)).count(), 20);
        assert!(!pair.take(1_000 + 6_000));
        assert!(!pair.take(1_000 + 119_999));
        assert!(pair.take(1_000 + 120_000));
        let mut pair = Pair::default();
        assert_eq!((0..60).filter(|_| pair.take(5_000)).count(), 45);
    }

    #[test]
    fn one_message_in_six_seconds_never_waits() {
        let mut pair = Pair::default();
        assert!((1..100).all(|turn| pair.take(turn * 6_000)));
    }

    #[test]
    fn a_quota_frees_what_is_long_ago() {
        let mut quota = Quota::default();
        assert_eq!((0..12).filter(|at| quota.take(*at, 10, 100)).count(), 10);
        assert!(quota.take(100, 10, 100));
        assert!(!quota.take(100, 10, 100));
    }
}
