//! How fast one number may write to one customer. Pure: time is an argument.
//!
//! Meta (2026-07): one message in six seconds to the same person; up to 45 at once, which has to be paid for by silence.
//! What is too much is refused with 131056, after which 4^X seconds are waited, X growing with each refusal.

use crate::storage::turns::PairUse;

const PAUSE_MS: i64 = 6_000;
const BURST_MAX: u32 = 45;
/// A burst ends earlier than Meta's: a message takes a moment to get there.
const BURST_MS: i64 = 5_000;
/// For the difference between our clock's pace and Meta's.
const MARGIN_MS: i64 = 100;
/// 4^6: more than an hour.
const REFUSALS_COUNTED_MAX: u32 = 6;

/// When the next message may leave.
pub fn ready_at_ms(pair: &PairUse, now_ms: i64) -> i64 {
    let is_in_burst = pair.refusals == 0 && now_ms - pair.burst_from_ms < BURST_MS && pair.burst < BURST_MAX;
    if is_in_burst { now_ms } else { pair.paid_until_ms.max(now_ms) }
}

/// A message leaves.
pub fn leave(pair: &mut PairUse, now_ms: i64) {
    if now_ms >= pair.paid_until_ms {
        let refusals = pair.refusals;
        *pair = PairUse { burst_from_ms: now_ms, burst: 0, paid_until_ms: now_ms, refusals };
    }
    pair.burst = pair.burst.saturating_add(1);
    pair.paid_until_ms += PAUSE_MS;
}

/// Meta has answered, and not that it was too much: it got it between then and now.
pub fn answered(pair: &mut PairUse, now_ms: i64) {
    let cost = i64::from(pair.burst) * PAUSE_MS;
    if pair.burst == 1 {
        pair.paid_until_ms = pair.paid_until_ms.max(now_ms + cost + MARGIN_MS);
    }
    pair.refusals = 0;
}

/// Meta says that it was too much: this one is not to be paid for, those before it still are.
pub fn refused(pair: &mut PairUse, now_ms: i64) {
    let wait_ms = 1_000 * 4_i64.pow(pair.refusals.min(REFUSALS_COUNTED_MAX));
    pair.refusals = pair.refusals.saturating_add(1);
    pair.burst = pair.burst.saturating_sub(1);
    pair.paid_until_ms = (now_ms + wait_ms).max(pair.paid_until_ms - PAUSE_MS);
}

/// What is used up, from when the last messages left and were answered; the latest first.
pub fn recall(departures: &[(i64, i64)]) -> PairUse {
    let mut pair = PairUse::default();
    for (left_ms, answered_ms) in departures.iter().rev() {
        leave(&mut pair, *left_ms);
        answered(&mut pair, *answered_ms);
    }
    pair
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Meta's own count, as the simulator keeps it.
    #[derive(Default)]
    struct Meta {
        from_ms: i64,
        burst: u32,
        paid_until_ms: i64,
    }

    impl Meta {
        fn takes(&mut self, now_ms: i64) -> bool {
            if now_ms >= self.paid_until_ms {
                *self = Self { from_ms: now_ms, burst: 1, paid_until_ms: now_ms + PAUSE_MS };
                return true;
            }
            let takes = now_ms - self.from_ms < PAUSE_MS && self.burst < BURST_MAX;
            if takes {
                self.burst += 1;
                self.paid_until_ms += PAUSE_MS;
            }
            takes
        }
    }

    proptest! {
        #[test]
        fn whatever_leaves_when_it_may_is_taken(
            steps in proptest::collection::vec((0_i64..20_000, 0_i64..400, 0_i64..400), 1..150),
        ) {
            let (mut pair, mut meta, mut now_ms) = (PairUse::default(), Meta::default(), 1_000_000);
            for (idle_ms, there_ms, back_ms) in steps {
                now_ms = ready_at_ms(&pair, now_ms + idle_ms);
                leave(&mut pair, now_ms);
                prop_assert!(meta.takes(now_ms + there_ms));
                now_ms += there_ms + back_ms;
                answered(&mut pair, now_ms);
            }
        }
    }

    #[test]
    fn forty_five_leave_at_once_and_then_silence_pays_for_them() {
        let mut pair = PairUse::default();
        for _ in 0..45 {
            assert_eq!(ready_at_ms(&pair, 1_000), 1_000);
            leave(&mut pair, 1_000);
            answered(&mut pair, 1_000);
        }
        assert_eq!(ready_at_ms(&pair, 1_000), 1_000 + 45 * PAUSE_MS + MARGIN_MS);
    }

    #[test]
    fn each_refusal_in_a_row_makes_the_wait_four_times_as_long() {
        let mut pair = PairUse::default();
        let mut waits = Vec::new();
        for _ in 0..4 {
            leave(&mut pair, 0);
            refused(&mut pair, 0);
            waits.push(ready_at_ms(&pair, 0));
        }
        assert_eq!(waits, [1_000, 4_000, 16_000, 64_000]);
        answered(&mut pair, 0);
        leave(&mut pair, 1_000_000);
        refused(&mut pair, 1_000_000);
        assert_eq!(ready_at_ms(&pair, 1_000_000), 1_001_000);
    }

    #[test]
    fn what_left_before_a_refusal_is_paid_for_all_the_same() {
        let mut pair = PairUse::default();
        for _ in 0..5 {
            leave(&mut pair, 0);
            answered(&mut pair, 0);
        }
        let paid_ms = pair.paid_until_ms;
        leave(&mut pair, 0);
        refused(&mut pair, 0);
        assert_eq!(ready_at_ms(&pair, 0), paid_ms);
    }

    #[test]
    fn what_was_forgotten_is_recalled_from_what_left() {
        let mut pair = PairUse::default();
        let departures: Vec<(i64, i64)> = (0..20).map(|n| (5_000 + n * 10, 5_005 + n * 10)).collect();
        for (left, back) in &departures {
            leave(&mut pair, *left);
            answered(&mut pair, *back);
        }
        let latest_first: Vec<_> = departures.into_iter().rev().collect();
        assert_eq!(recall(&latest_first), pair);
    }
}
