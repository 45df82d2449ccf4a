//! The journal's front: a webhook is accepted when its bytes are durable, many of them in one write.
//!
//! `accept` returns only after the segment with the webhook is on a majority of the database's members. When the
//! write failed, or nobody knows whether it did, the caller is told so and Meta repeats.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use tracing::error;
use uuid::Uuid;

use crate::clock::{Clock, Stopwatch};
use crate::limits;
use crate::runtime::Supervisor;
use crate::runtime::batch::{Batcher, Limits, Refused};
use crate::storage::Storage;
use crate::storage::segments::{Place, RawWebhook};
use crate::telemetry::{Metrics, metrics::SECONDS};

const LIMITS: Limits = Limits {
    queue_items_max: limits::JOURNAL_QUEUE_WEBHOOKS_MAX,
    queue_bytes_max: limits::JOURNAL_QUEUE_BYTES_MAX,
    flush_items_max: limits::SEGMENT_WEBHOOKS_MAX,
    flush_bytes_max: limits::SEGMENT_BYTES_MAX,
};

/// What a webhook occupies beyond its bytes; also gives an empty body a weight.
const OVERHEAD_BYTES: usize = 64;

/// Takes webhooks in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    batcher: Batcher<RawWebhook>,
}

/// Shared by all flushes of this process.
#[derive(Debug)]
struct Lane {
    id: String,
    next: AtomicI64,
    storage: Storage,
    clock: Clock,
    flush_seconds: Histogram,
    stored: Counter,
    failed: Counter,
}

impl Journal {
    /// Starts the journal of this process on a lane of its own.
    pub fn start(
        supervisor: &Supervisor,
        storage: &Storage,
        clock: &Clock,
        instance: Uuid,
        metrics: &Metrics,
    ) -> Self {
        let lane = Arc::new(Lane {
            id: instance.to_string(),
            next: AtomicI64::new(0),
            storage: storage.clone(),
            clock: clock.clone(),
            flush_seconds: metrics.register(
                "journal_flush_seconds",
                "How long a durable write of the journal takes",
                Histogram::new(SECONDS),
            ),
            stored: metrics.register("journal_webhooks_stored", "Webhooks made durable", Counter::default()),
            failed: metrics.register(
                "journal_flushes_failed",
                "Durable writes of the journal that failed or were not confirmed",
                Counter::default(),
            ),
        });
        let batcher = Batcher::start(supervisor, "journal", LIMITS, move |webhooks| {
            let lane = Arc::clone(&lane);
            async move { lane.flush(webhooks).await }
        });
        Self { batcher }
    }

    /// Makes a webhook durable. `Ok` is a promise.
    pub async fn accept(&self, body: Bytes, received_ms: i64) -> Result<(), Refused> {
        let bytes = body.len() + OVERHEAD_BYTES;
        self.batcher.accept(RawWebhook { received_ms, body }, bytes).await
    }

    /// How many webhooks wait for their write now.
    pub fn waiting(&self) -> usize {
        self.batcher.waiting()
    }
}

impl Lane {
    async fn flush(&self, webhooks: Vec<RawWebhook>) -> bool {
        // A number is used once, also when its write failed: it may have been stored all the same.
        let place = Place { lane: self.id.clone(), number: self.next.fetch_add(1, Ordering::Relaxed) };
        let watch = Stopwatch::start();
        let stored = self.storage.segments().append(&place, self.clock.now_ms(), &webhooks).await;
        self.flush_seconds.observe(watch.elapsed().as_secs_f64());
        match stored {
            Ok(()) => {
                self.stored.inc_by(webhooks.len() as u64);
                true
            }
            Err(error) => {
                self.failed.inc();
                error!(%error, webhooks = webhooks.len(), "a segment was not confirmed; Meta is told to repeat");
                false
            }
        }
    }
}
