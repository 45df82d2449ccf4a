//! Durations, counted in buckets whose width grows with the value (about 3 %), so that any number of them takes
//! the same memory and histograms of several processes add up.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Two to this many buckets for each doubling.
const BITS: u32 = 5;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Histogram {
    buckets: BTreeMap<u32, u64>,
    count: u64,
    max_us: u64,
}

impl Histogram {
    pub fn record(&mut self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap();
        *self.buckets.entry(bucket(us)).or_default() += 1;
        self.count += 1;
        self.max_us = self.max_us.max(us);
    }

    pub fn add(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += count;
        }
        self.count += other.count;
        self.max_us = self.max_us.max(other.max_us);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn max_ms(&self) -> f64 {
        self.max_us as f64 / 1_000.0
    }

    /// The value below which `share` of all lie, in milliseconds.
    pub fn ms(&self, share: f64) -> f64 {
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            if seen >= wanted.max(1) {
                return middle_us(*bucket).min(self.max_us as f64) / 1_000.0;
            }
        }
        0.0
    }

    /// How many lie in each of the bands that these limits (in milliseconds) divide.
    pub fn bands(&self, limits_ms: &[f64]) -> Vec<u64> {
        let mut bands = vec![0; limits_ms.len() + 1];
        for (bucket, count) in &self.buckets {
            let ms = middle_us(*bucket) / 1_000.0;
            bands[limits_ms.iter().take_while(|limit| ms >= **limit).count()] += count;
        }
        bands
    }
}

fn bucket(us: u64) -> u32 {
    let doublings = u64::BITS.saturating_sub(us.leading_zeros()).saturating_sub(BITS + 1);
    (doublings << BITS) + u32::try_from(us >> doublings).unwrap()
}

fn middle_us(bucket: u32) -> f64 {
    let doublings = (bucket >> BITS).saturating_sub(1);
    let low = u64::from(bucket - (doublings << BITS)) << doublings;
    low as f64 + ((1_u64 << doublings) - 1) as f64 / 2.0
}

/// The histogram checks itself: a benchmark whose measure is wrong is worse than none.
pub fn check() {
    let mut histogram = Histogram::default();
    for us in 1..=100_000 {
        let (exact, kept) = (us as f64, middle_us(bucket(us)));
        assert!((exact - kept).abs() <= exact * 0.035, "{us} us is kept as {kept}");
        histogram.record(Duration::from_micros(us));
    }
    assert!((histogram.ms(0.5) - 50.0).abs() < 2.0 && (histogram.ms(0.99) - 99.0).abs() < 3.5);
    assert_eq!(histogram.bands(&[50.0]).iter().sum::<u64>(), 100_000);
}
