//! The rounds around the journal: the lease of the own lane, lanes whose writer is gone, webhooks whose number has
//! been added, segments that are old.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};
use uuid::Uuid;

use super::apply::Applier;
use super::journal::{Journal, LEASE};
use super::lane::{End, work_off};
use crate::runtime::Worker;
use crate::runtime::rounds::Refused;
use crate::runtime::worker::Round;
use crate::storage::Storage;

const RENEW_EVERY: Duration = Duration::from_secs(2);
const SWEEP_EVERY: Duration = Duration::from_secs(2);
const REROUTE_EVERY: Duration = Duration::from_secs(5);
const EXPIRE_EVERY: Duration = Duration::from_hours(1);
/// A round that has much to do may take long; it is cut and goes on in the next one.
const LONG_ROUND_MAX: Duration = Duration::from_mins(10);
const REROUTED_AT_ONCE: i64 = 100;
/// A lane without segments is forgotten after this long: no writer sleeps longer.
const LANE_KEPT_FOR: Duration = Duration::from_hours(24 * 7);

/// So much longer than the journal's segments is kept what was set aside of them, because a segment may go late: when the
/// service was down at its time. Without it `verify` would miss what nobody has lost.
const ASIDES_OUTLIVE_SEGMENTS_BY: Duration = Duration::from_hours(24 * 7);

type Running<'a> = Pin<Box<dyn Future<Output = Round> + Send + 'a>>;

/// Keeps the lease of the own lane, and ends what others have left open. It waits for nothing else, so that whoever
/// is held up by an open transaction is so for seconds only.
#[derive(Debug)]
pub struct LeaseKeeper {
    pub journal: Journal,
    pub storage: Storage,
}

impl Worker for LeaseKeeper {
    fn name(&self) -> &'static str {
        "lease"
    }

    fn every(&self) -> Duration {
        RENEW_EVERY
    }

    fn round_max(&self) -> Duration {
        LEASE / 2
    }

    fn run_once(&self) -> Running<'_> {
        Box::pin(async move {
            self.journal.renew_lease().await?;
            self.storage.end_abandoned_folds().await?;
            let ended = self.storage.end_abandoned_changes().await?;
            if ended > 0 {
                warn!(ended, "changes that somebody had begun and left alone were ended");
            }
            Ok(())
        })
    }
}

/// Works off lanes that nobody writes to: a dead writer's, a frozen one's, and one's own after a failed write.
#[derive(Debug)]
pub struct Sweep {
    pub applier: Arc<Applier>,
    pub holder: Uuid,
}

impl Worker for Sweep {
    fn name(&self) -> &'static str {
        "sweep"
    }

    fn every(&self) -> Duration {
        SWEEP_EVERY
    }

    fn round_max(&self) -> Duration {
        LONG_ROUND_MAX
    }

    fn run_once(&self) -> Running<'_> {
        Box::pin(async move {
            let storage = &self.applier.storage;
            while let Some(lane) = storage.claim_lane(self.holder, LEASE).await? {
                let end = work_off(&self.applier, lane.id, self.holder).await?;
                if let End::Done(mark) = end {
                    if mark > lane.folded {
                        self.applier.metrics.takeovers.inc();
                        info!(lane = %lane.id, segments = mark - lane.folded, "finished what another lane had left");
                    }
                    storage.rest_lane(lane.id, self.holder).await?;
                }
            }
            Ok(())
        })
    }
}

/// Sends webhooks through again whose number or account has been added.
#[derive(Debug)]
pub struct Reroute {
    pub applier: Arc<Applier>,
    pub journal: Journal,
}

impl Worker for Reroute {
    fn name(&self) -> &'static str {
        "reroute"
    }

    fn every(&self) -> Duration {
        REROUTE_EVERY
    }

    fn round_max(&self) -> Duration {
        LONG_ROUND_MAX
    }

    fn run_once(&self) -> Running<'_> {
        Box::pin(async move {
            let storage = &self.applier.storage;
            loop {
                let owners = self.applier.directory.numbers().await?.accepting();
                let asides = storage.asides_for(&owners, REROUTED_AT_ONCE).await?;
                if asides.is_empty() {
                    return Ok(());
                }
                for aside in &asides {
                    match self.journal.accept_raw(aside.webhook.clone()).await {
                        Ok(()) => {
                            self.applier.metrics.rerouted.inc();
                            storage.forget_aside(aside).await?;
                        }
                        // Meta's webhooks go first.
                        Err(Refused::Full) => return Ok(()),
                        Err(refused) => return Err(refused.into()),
                    }
                }
                info!(webhooks = asides.len(), "webhooks go to a number that has been added");
            }
        })
    }
}

/// Removes segments that are done and old, and lanes that have none left. What was set aside stays longer than the
/// segment that it came in, also when the time for those was raised only later.
#[derive(Debug)]
pub struct Expiry {
    pub storage: Storage,
    pub keep: Duration,
}

impl Worker for Expiry {
    fn name(&self) -> &'static str {
        "journal-expiry"
    }

    fn every(&self) -> Duration {
        EXPIRE_EVERY
    }

    fn round_max(&self) -> Duration {
        LONG_ROUND_MAX
    }

    fn run_once(&self) -> Running<'_> {
        Box::pin(async move {
            let at_least = self.keep.saturating_add(ASIDES_OUTLIVE_SEGMENTS_BY);
            let kept = self.storage.keep_asides(at_least).await?;
            if kept > 0 {
                info!(webhooks = kept, "what was set aside is kept as long as the journal");
            }
            for lane in self.storage.all_lanes().await? {
                let gone = self.storage.segments().remove_done(lane.id, lane.folded, self.keep).await?;
                if gone > 0 {
                    info!(segments = gone, lane = %lane.id, "old segments of the journal are removed");
                }
                if let Err(error) = self.storage.forget_lane(lane.id, LANE_KEPT_FOR).await {
                    warn!(%error, lane = %lane.id, "an empty lane could not be removed");
                }
            }
            Ok(())
        })
    }
}
