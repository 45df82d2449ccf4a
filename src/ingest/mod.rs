//! From Meta's webhook to what a conversation shows.
//!
//! One way: `journal` makes a webhook durable, `feed` hands it on, `lane` takes it from there in order, `apply`
//! (with `sort`, `followers`, `announce`, and `crate::people`) stores what it tells, and the lane folds what that
//! changes, gathered in `pending`, into the conversations; `blame` finds what keeps the others from it. `upkeep` looks after lanes whose writer
//! is gone, after what was set aside, and after what is old. `verify`, `trace` and `replay` look back from the journal's
//! bytes.

pub mod announce;
pub mod apply;
pub mod arrivals;
mod blame;
pub mod directory;
pub mod examine;
pub mod feed;
pub mod followers;
pub mod journal;
pub mod lane;
pub mod metrics;
pub mod news;
mod pending;
pub mod pieces;
pub mod replay;
mod signs;
pub mod sort;
pub mod targets;
pub mod trace;
pub mod upkeep;
pub mod verify;

use std::sync::Arc;

use uuid::Uuid;

use crate::clock::Clock;
use crate::config::JournalConfig;
use crate::events;
use crate::events::Log;
use crate::ids::Random;
use crate::runtime::{Pressure, Supervisor, Worker};
use crate::storage::Storage;
use crate::telemetry::Metrics;

pub use apply::Applier;
pub use directory::Directory;
pub use feed::Feed;
pub use journal::Journal;
pub use metrics::IngestMetrics;

/// The whole way, running.
#[derive(Debug)]
pub struct Ingest {
    pub journal: Journal,
    pub directory: Directory,
    pub log: Log,
    pub pulses: lane::Pulses,
    /// Whether webhooks come faster than they are applied.
    pub pressure: Pressure,
    applier: Arc<Applier>,
    instance: Uuid,
}

impl Ingest {
    /// Starts the journal and what follows it. `instance` names this process to the others.
    pub fn start(
        supervisor: &Supervisor,
        storage: &Storage,
        (clock, random): (&Clock, &Random),
        instance: Uuid,
        metrics: &Metrics,
    ) -> Self {
        let (log, directory, feed) = (Log::new(storage, clock), Directory::new(storage), Feed::default());
        let applier = Arc::new(Applier::new(storage, clock, &directory, &log, IngestMetrics::new(metrics)));
        let (pulses, pressure) = (lane::Pulses::new(), feed.pressure().clone());
        lane::live(supervisor, &applier, &feed, &pulses);
        events::watch_other_instances(supervisor, &log, instance);
        let equipment = journal::Equipment {
            storage: storage.clone(),
            clock: clock.clone(),
            random: random.clone(),
            instance,
            feed,
        };
        let journal = Journal::start(supervisor, equipment, metrics);
        Self { journal, directory, log, pulses, pressure, applier, instance }
    }

    /// The rounds around it.
    pub fn workers(&self, config: &JournalConfig) -> Vec<Arc<dyn Worker>> {
        let (applier, journal) = (&self.applier, &self.journal);
        vec![
            Arc::new(upkeep::LeaseKeeper { journal: journal.clone(), storage: applier.storage.clone() }),
            Arc::new(upkeep::Sweep { applier: Arc::clone(applier), holder: self.instance }),
            Arc::new(upkeep::Reroute { applier: Arc::clone(applier), journal: journal.clone() }),
            Arc::new(upkeep::Expiry { storage: applier.storage.clone(), keep: config.retention }),
        ]
    }
}
