//! How fast a number sends, for whoever wants to see it.

use std::time::Duration;

use super::Outbound;
use super::line::rate_of;
use crate::storage;
use crate::storage::number_record::NumberRecord;

const DAY_MS: i64 = 24 * 3_600_000;

/// How fast a number sends now, on all instances together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub per_second: f64,
    pub per_second_max: f64,
    pub paused_until_ms: Option<i64>,
    /// Customers that it has written to first: outside of their window.
    pub initiated_in_a_day: i64,
}

impl Outbound {
    /// How fast a number sends now.
    pub async fn pace(&self, number: &NumberRecord) -> Result<Pace, storage::Error> {
        let since_ms = self.0.clock.now_ms() - DAY_MS;
        let (allowance, initiated_in_a_day) = tokio::try_join!(
            self.0.storage.find_allowance(number.id),
            self.0.storage.count_initiated(number.id, since_ms)
        )?;
        let per_second_max = rate_of(number.facts.as_ref()).per_second;
        Ok(Pace {
            per_second: per_second_max * allowance.share,
            per_second_max,
            paused_until_ms: allowance.paused_until_ms,
            initiated_in_a_day,
        })
    }

    /// After what time without a status a message goes the way that its workspace has chosen.
    pub fn unconfirmed_after(&self) -> Duration {
        self.0.sender.0.config.unconfirmed_after
    }
}
