//! Old events go. Not by the database's own clock: it would take the last one of a workspace too, and with it the
//! number that comes next, so the log would begin anew below where its followers stand.

use std::pin::Pin;
use std::time::Duration;

use tracing::info;

use super::Log;
use crate::runtime::Worker;
use crate::runtime::worker::Round;
use crate::storage::events::KEPT_FOR;

const EVERY: Duration = Duration::from_hours(1);
/// A round that has much to do may take long; it is cut and goes on in the next one.
const ROUND_MAX: Duration = Duration::from_mins(10);

/// Removes events that nobody may ask for any more.
#[derive(Debug)]
pub struct Expiry(pub Log);

impl Worker for Expiry {
    fn name(&self) -> &'static str {
        "event-expiry"
    }

    fn every(&self) -> Duration {
        EVERY
    }

    fn round_max(&self) -> Duration {
        ROUND_MAX
    }

    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>> {
        Box::pin(async move {
            let (storage, now_ms) = (self.0.storage(), self.0.0.clock.now_ms());
            let before_ms = now_ms - i64::try_from(KEPT_FOR.as_millis()).unwrap_or(i64::MAX);
            for workspace in storage.all_workspaces().await? {
                let gone = storage.remove_old_events(workspace.id, before_ms).await?;
                if gone > 0 {
                    info!(batches = gone, workspace = %workspace.id, "old events are removed");
                }
            }
            Ok(())
        })
    }
}
