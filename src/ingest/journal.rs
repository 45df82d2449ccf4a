//! The journal's front: a webhook is accepted when its bytes are durable, many of them in one write.
//!
//! `accept` returns only after the segment with the webhook is on a majority of the database's members. When the
//! write failed, or nobody knows whether it did, the caller is told so and Meta repeats; the lane is closed then, so
//! that a segment which turns up late is the last of its lane, and whoever sweeps the lane finds it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use tracing::error;
use uuid::Uuid;

use super::feed::Feed;
use crate::clock::{Clock, Stopwatch};
use crate::ids::Random;
use crate::limits;
use crate::runtime::Supervisor;
use crate::runtime::crash;
use crate::runtime::rounds::{End, Limits, Refused, Rounds};
use crate::storage::Storage;
use crate::storage::segments::{Place, RawWebhook, Segment};
use crate::telemetry::Metrics;
use crate::telemetry::metrics::{Reading, SECONDS};

const LIMITS: Limits = Limits {
    waiting_items_max: limits::JOURNAL_QUEUE_WEBHOOKS_MAX,
    waiting_bytes_max: limits::JOURNAL_QUEUE_BYTES_MAX,
    round_items_max: limits::SEGMENT_WEBHOOKS_MAX,
    round_bytes_max: limits::SEGMENT_BYTES_MAX,
    end: End::AtStop,
};

/// What a webhook occupies beyond its bytes; also gives an empty body a weight.
const OVERHEAD_BYTES: usize = 64;

/// How long a lane is its writer's without a sign of life. Others look every two seconds, so after eight at most a
/// dead writer's lane is somebody else's.
pub const LEASE: Duration = Duration::from_secs(6);

/// How long a write waits for those who apply what was written before, at most.
const GIVE_WAY_MAX: Duration = Duration::from_millis(50);

/// Takes webhooks in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    rounds: Rounds<RawWebhook, ()>,
    writer: Arc<Writer>,
}

/// What a journal works with.
#[derive(Clone, Debug)]
pub struct Equipment {
    pub storage: Storage,
    pub clock: Clock,
    pub random: Random,
    /// Who writes: the holder of the lanes.
    pub instance: Uuid,
    pub feed: Feed,
}

/// Shared by all flushes of this process; they come one after the other.
#[derive(Debug)]
struct Writer {
    equipment: Equipment,
    lane: Mutex<Option<OpenLane>>,
    /// Lanes whose last write was not confirmed: whoever looks first may take them.
    closed: Mutex<Vec<Uuid>>,
    flush_seconds: Histogram,
    flush_webhooks: Histogram,
    stored: Counter,
    failed: Counter,
}

#[derive(Clone, Copy, Debug)]
struct OpenLane {
    id: Uuid,
    next: i64,
}

impl Journal {
    /// Starts the journal of this process. Its lane is opened with the first webhook.
    pub fn start(supervisor: &Supervisor, equipment: Equipment, metrics: &Metrics) -> Self {
        let sizes = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0];
        let writer = Arc::new(Writer {
            equipment,
            lane: Mutex::new(None),
            closed: Mutex::default(),
            flush_seconds: metrics.register(
                "journal_flush_seconds",
                "How long a durable write of the journal takes",
                Histogram::new(SECONDS),
            ),
            flush_webhooks: metrics.register(
                "journal_flush_webhooks",
                "How many webhooks a durable write of the journal holds",
                Histogram::new(sizes),
            ),
            stored: metrics.register("journal_webhooks_stored", "Webhooks made durable", Counter::default()),
            failed: metrics.register(
                "journal_flushes_failed",
                "Durable writes of the journal that failed or were not confirmed",
                Counter::default(),
            ),
        });
        let flushing = Arc::clone(&writer);
        let rounds = Rounds::start(supervisor, "journal", LIMITS, move |webhooks: Vec<RawWebhook>| {
            let writer = Arc::clone(&flushing);
            async move {
                let count = webhooks.len();
                if writer.flush(webhooks).await { vec![(); count] } else { Vec::new() }
            }
        });
        show_queue(&rounds, metrics);
        Self { rounds, writer }
    }

    /// Makes a webhook durable. `Ok` is a promise.
    pub async fn accept(&self, body: Bytes, received_ms: i64) -> Result<(), Refused> {
        self.accept_raw(RawWebhook::new(received_ms, body)).await
    }

    /// The same for one that was received before.
    pub async fn accept_raw(&self, webhook: RawWebhook) -> Result<(), Refused> {
        let bytes = webhook.body.len() + OVERHEAD_BYTES;
        self.rounds.ask_at_once(webhook, bytes).await
    }

    /// Tells the others that the writer is alive, and which lanes it has left. If the lane is somebody else's by now, the next webhook opens
    /// another one.
    pub async fn renew_lease(&self) -> Result<(), crate::storage::Error> {
        let Equipment { storage, instance, .. } = &self.writer.equipment;
        let closed = std::mem::take(&mut *self.writer.closed());
        for lane in closed {
            // If this fails, its lease runs out by itself.
            storage.release_lane(lane).await?;
        }
        let Some(lane) = *self.writer.lane() else { return Ok(()) };
        if !storage.renew_lane(lane.id, *instance, LEASE).await? {
            self.writer.close(lane.id);
        }
        Ok(())
    }
}

/// The queue in front of the writes: full is either of the two at its limit.
fn show_queue(rounds: &Rounds<RawWebhook, ()>, metrics: &Metrics) {
    let (count, weigh) = (rounds.clone(), rounds.clone());
    metrics.register(
        "journal_waiting_webhooks",
        "Webhooks that wait for their durable write",
        Reading::new(move || count.waiting()),
    );
    metrics.register(
        "journal_waiting_bytes",
        "Bytes of webhooks that wait for their durable write or are being written",
        Reading::new(move || weigh.bytes()),
    );
}

impl Writer {
    async fn flush(&self, webhooks: Vec<RawWebhook>) -> bool {
        let Equipment { storage, clock, feed, .. } = &self.equipment;
        // Under more load than can be applied, a webhook is better answered a moment later than seen seconds later.
        tokio::time::timeout(GIVE_WAY_MAX, feed.has_room()).await.ok();
        let place = match self.next_place().await {
            Ok(place) => place,
            Err(error) => {
                self.failed.inc();
                error!(%error, webhooks = webhooks.len(), "no lane could be opened; Meta is told to repeat");
                return false;
            }
        };
        let (watch, at_ms) = (Stopwatch::start(), clock.now_ms());
        let stored = storage.segments().append(&place, at_ms, &webhooks).await;
        self.flush_seconds.observe(watch.elapsed().as_secs_f64());
        match stored {
            Ok(()) => {
                crash::pass("after-journal-write");
                #[expect(clippy::cast_precision_loss, reason = "a flush holds a thousand at most")]
                self.flush_webhooks.observe(webhooks.len() as f64);
                self.stored.inc_by(webhooks.len() as u64);
                feed.offer(Segment { place, at_ms, webhooks });
                true
            }
            Err(error) => {
                self.failed.inc();
                error!(%error, webhooks = webhooks.len(), "a segment was not confirmed; Meta is told to repeat");
                self.close(place.lane);
                false
            }
        }
    }

    /// The place of the next segment. A number is used once, also when its write failed: it may have been stored.
    async fn next_place(&self) -> Result<Place, crate::storage::Error> {
        if let Some(lane) = self.lane().as_mut() {
            lane.next += 1;
            return Ok(Place { lane: lane.id, number: lane.next - 1 });
        }
        let Equipment { storage, clock, random, instance, feed } = &self.equipment;
        let id = random.id(clock.now()).map_err(|_| crate::storage::Error::Conflict)?;
        // Known to all before it holds anything: a segment in a lane that nobody knows would never be swept.
        let open = storage.open_lane(id, *instance, LEASE);
        tokio::time::timeout(LEASE / 2, open).await.map_err(|_| crate::storage::Error::OutcomeUnknown)??;
        feed.open(id);
        *self.lane() = Some(OpenLane { id, next: 1 });
        Ok(Place { lane: id, number: 0 })
    }

    fn close(&self, id: Uuid) {
        let mut lane = self.lane();
        if lane.is_some_and(|lane| lane.id == id) {
            *lane = None;
            self.closed().push(id);
        }
        drop(lane);
        self.equipment.feed.close(id);
    }

    fn closed(&self) -> MutexGuard<'_, Vec<Uuid>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lane(&self) -> MutexGuard<'_, Option<OpenLane>> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
