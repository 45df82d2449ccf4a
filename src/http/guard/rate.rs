//! How much somebody has asked lately: counts in windows, in this process' memory.
//!
//! The count is that of a window that slides: this one's, and of the one before as much as still overlaps. Who is
//! counted is bounded; beyond that, newcomers are not counted until the next window begins (`Counts::is_full` tells),
//! so a flood of addresses can make itself unlimited, but takes no memory and nobody else's share.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem::take;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many are counted in one window.
const COUNTED_MAX: usize = 100_000;

/// What somebody may still ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub limit: u32,
    pub remaining: u32,
    /// When the window ends, in whole seconds from now.
    pub reset_s: u64,
}

/// Who is counted by address. Somebody with one IPv6 address has a whole network of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Neighbourhood(IpAddr);

impl Neighbourhood {
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }
}

/// Counts for one kind of caller.
#[derive(Debug)]
pub struct Counts<K> {
    limit: u32,
    window_ms: i64,
    windows: Mutex<Windows<K>>,
}

#[derive(Debug)]
struct Windows<K> {
    /// The number of the window that `now` counts.
    index: i64,
    now: HashMap<K, u32>,
    before: HashMap<K, u32>,
}

impl<K: Eq + Hash> Counts<K> {
    /// At most `limit` in a window; zero is no limit.
    pub fn new(limit: u32, window: Duration) -> Self {
        let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(1);
        let windows = Windows { index: 0, now: HashMap::new(), before: HashMap::new() };
        Self { limit, window_ms, windows: Mutex::new(windows) }
    }

    /// Counts `cost` requests of somebody. An error if they were over the limit before; what is refused costs nothing.
    pub fn take(&self, who: K, cost: u32, now_ms: i64) -> Result<Allowance, Allowance> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let into_ms = windows.turn(now_ms, self.window_ms);
        let left_ms = self.window_ms - into_ms;
        let overlap = windows.before.get(&who).map_or(0, |before| {
            // Rounded up: a part of a request is one.
            let share = i128::from(*before) * i128::from(left_ms) + i128::from(self.window_ms) - 1;
            u32::try_from(share / i128::from(self.window_ms)).unwrap_or(u32::MAX)
        });
        let counted = windows.now.get(&who).copied().unwrap_or(0);
        let used = counted.saturating_add(overlap);
        let reset_s = u64::try_from(left_ms).unwrap_or(0).div_ceil(1_000);
        if self.limit > 0 && used >= self.limit {
            return Err(Allowance { limit: self.limit, remaining: 0, reset_s });
        }
        if counted > 0 || windows.now.len() < COUNTED_MAX {
            windows.now.insert(who, counted.saturating_add(cost));
        }
        let remaining = self.limit.saturating_sub(used.saturating_add(cost));
        Ok(Allowance { limit: self.limit, remaining, reset_s })
    }

    /// Whether newcomers are not counted now.
    pub fn is_full(&self) -> bool {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).now.len() >= COUNTED_MAX
    }
}

impl<K> Windows<K> {
    /// Begins a new window if it is time. Gives how far we are in it.
    fn turn(&mut self, now_ms: i64, window_ms: i64) -> i64 {
        let index = now_ms.div_euclid(window_ms);
        if index != self.index {
            let last = take(&mut self.now);
            self.before = if index == self.index + 1 { last } else { HashMap::new() };
            self.index = index;
        }
        now_ms.rem_euclid(window_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn the_limit_holds_in_every_window_that_slides() {
        let counts = Counts::new(4, Duration::from_mins(1));
        let take = |at_ms| {
            counts
                .take("key", 1, 100 * MINUTE + at_ms)
                .map(|left| left.remaining)
                .map_err(|left| left.reset_s)
        };
        assert_eq!([take(0), take(1), take(30_000), take(30_001)], [Ok(3), Ok(2), Ok(1), Ok(0)]);
        assert_eq!(take(30_002), Err(30));
        assert_eq!(take(59_999), Err(1));
        // All four of the window before still overlap.
        assert_eq!(take(60_000), Err(60));
        // A quarter of the window before is over, so one more.
        assert_eq!(take(75_000), Ok(0));
        assert_eq!(take(75_001), Err(45));
        // Two windows on, nothing is left of it.
        assert_eq!(take(240_000), Ok(3));
    }

    #[test]
    fn callers_do_not_share_and_zero_is_no_limit() {
        let counts = Counts::new(1, Duration::from_secs(1));
        assert!(counts.take("a", 1, 0).is_ok() && counts.take("b", 1, 0).is_ok());
        assert!(counts.take("a", 1, 0).is_err());
        let unlimited = Counts::new(0, Duration::from_secs(1));
        assert!((0..1_000).all(|_| unlimited.take("a", 1, 0).is_ok()));
    }

    #[test]
    fn a_dear_request_uses_up_more_and_a_refused_one_nothing() {
        let counts = Counts::new(10, Duration::from_secs(1));
        assert_eq!(counts.take("a", 9, 0).unwrap().remaining, 1);
        assert_eq!(counts.take("a", 10, 0).unwrap().remaining, 0);
        for _ in 0..100 {
            assert!(counts.take("a", 10, 0).is_err());
        }
        assert!(counts.take("a", 1, 2_000).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_those_counted_stay_counted() {
        let counts = Counts::new(1, Duration::from_secs(1));
        assert!(counts.take(usize::MAX, 1, 0).is_ok());
        for who in 0..COUNTED_MAX + 1_000 {
            assert!(counts.take(who, 1, 0).is_ok());
        }
        assert!(counts.is_full());
        assert_eq!(counts.windows.lock().unwrap().now.len(), COUNTED_MAX);
        assert!(counts.take(usize::MAX, 1, 0).is_err());
        assert!(counts.take(COUNTED_MAX + 999, 1, 0).is_ok(), "not counted");
        assert!(counts.take(0, 1, 5_000).is_ok() && !counts.is_full());
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        let of = |text: &str| Neighbourhood::of(text.parse().unwrap());
        assert_eq!(of("2a03:2880:1:2::1"), of("2a03:2880:1:2:ffff::9"));
        assert_ne!(of("2a03:2880:1:2::1"), of("2a03:2880:1:3::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }
}
