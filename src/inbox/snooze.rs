//! The end of a snooze: the conversation is open again, at the front, and that is told.

use std::pin::Pin;
use std::time::Duration;

use super::Inbox;
use crate::runtime::Worker;
use crate::runtime::worker::Round;
use crate::storage;
use crate::storage::snoozes::Snooze;

/// How often one looks, so how late a snooze may end.
const EVERY: Duration = Duration::from_secs(10);
const TOGETHER_MAX: i64 = 200;
const ROUND_MAX: Duration = Duration::from_mins(5);

/// Wakes snoozed conversations. Several instances do no harm: each wakes what it finds still asleep.
#[derive(Debug)]
pub struct SnoozeEnd(pub Inbox);

impl SnoozeEnd {
    async fn end(&self, snooze: Snooze, now_ms: i64) -> Result<(), storage::Error> {
        let inner = &self.0.0;
        if inner.storage.wake(snooze, now_ms).await? {
            inner.log.nudge(snooze.workspace);
        }
        inner.storage.forget_snooze(snooze).await
    }
}

impl Worker for SnoozeEnd {
    fn name(&self) -> &'static str {
        "snooze-end"
    }

    fn every(&self) -> Duration {
        EVERY
    }

    fn round_max(&self) -> Duration {
        ROUND_MAX
    }

    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>> {
        Box::pin(async move {
            let inner = &self.0.0;
            let now_ms = inner.clock.now_ms();
            loop {
                let mut failure = None;
                let ended = inner.storage.ended_snoozes(now_ms, TOGETHER_MAX).await?;
                let is_last = i64::try_from(ended.len()).is_ok_and(|count| count < TOGETHER_MAX);
                for snooze in ended {
                    // One that cannot be woken keeps none of the others asleep.
                    if let Err(error) = self.end(snooze, now_ms).await {
                        failure = failure.or(Some(error));
                    }
                }
                if let Some(error) = failure {
                    return Err(error.into());
                }
                if is_last {
                    return Ok(());
                }
            }
        })
    }
}
