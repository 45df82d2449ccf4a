//! A lane's way from stored to visible: its segments are applied in their order, and what they change in
//! conversations is folded in, many changes at once, with the lane's mark.
//!
//! Two halves run side by side. The first applies whatever has come, at once. The second folds: at once on an idle
//! server, and the more seldom the longer a fold takes, up to half a second. Neither keeps anything that is not
//! found again from the mark: after any interruption, here or elsewhere, the next run begins there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::{error, warn};
use uuid::Uuid;

use super::apply::Applier;
use super::feed::{Feed, Next};
use super::journal::LEASE;
use super::pending::{Gathered, Pending};
use crate::clock::Stopwatch;
use crate::runtime::crash;
use crate::runtime::supervisor::OnEnd;
use crate::runtime::{Pulse, Stop, Supervisor};
use crate::storage::Error;
use crate::storage::conversations::{Fold, Folder};
use crate::storage::lanes::NOTHING_FOLDED;
use crate::storage::segments::Segment;

/// The longest window of a fold, which otherwise is as long as the last fold took. A longer window gathers more for a
/// fold, which takes longer, which makes the window longer: with twice the time everything took many times as long to be
/// visible, well before the database was busy.
const WINDOW_MAX: Duration = Duration::from_millis(500);
/// Nothing has come for so long: a fold need not wait for company.
const QUIET_AFTER: Duration = Duration::from_millis(20);
/// The longest pause after a batch, which otherwise is as long as the batch took.
const APPLY_PAUSE_MAX: Duration = Duration::from_millis(25);
/// How many segments are read from the database at once.
const SEGMENTS_READ: i64 = 32;
/// After a failure: the pauses until the next try.
pub(super) const PAUSE_MIN: Duration = Duration::from_millis(100);
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(2);
/// A sign of life is given at least this often, also when there is nothing to do.
const IDLE_TICK: Duration = Duration::from_secs(1);
/// Without progress for this long the service is not ready.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// Where a lane's segments come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// From this process' own journal, as they are stored, until the lane is closed.
    Live(Feed),
    /// From the database, until there are no more.
    Stored,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything up to this segment is visible.
    Done(i64),
    /// Somebody else has folded this lane meanwhile.
    Overtaken,
}

/// The signs of life of both halves.
#[derive(Clone, Debug)]
pub struct Pulses {
    pub(super) apply: Pulse,
    pub(super) fold: Pulse,
}

impl Pulses {
    /// Both beat from now on.
    pub fn new() -> Self {
        Self { apply: Pulse::new("apply", STUCK_AFTER), fold: Pulse::new("fold", STUCK_AFTER) }
    }

    /// For readiness.
    pub fn all(&self) -> Vec<Pulse> {
        vec![self.apply.clone(), self.fold.clone()]
    }
}

impl Default for Pulses {
    fn default() -> Self {
        Self::new()
    }
}

/// Applies and folds what this process' journal stores, for the life of the process.
pub fn live(supervisor: &Supervisor, applier: &Arc<Applier>, feed: &Feed, pulses: &Pulses) {
    let (applier, feed, pulses) = (Arc::clone(applier), feed.clone(), pulses.clone());
    supervisor.keep("lane", OnEnd::Restart, move |stop| {
        let (applier, feed, pulses) = (Arc::clone(&applier), feed.clone(), pulses.clone());
        async move { follow_feed(&applier, &feed, &pulses, &stop).await }
    });
}

async fn follow_feed(applier: &Arc<Applier>, feed: &Feed, pulses: &Pulses, stop: &Stop) {
    loop {
        let changed = feed.changed();
        let Some(lane) = feed.lane() else {
            pulses.all().iter().for_each(Pulse::beat);
            if stop.is_requested() {
                return;
            }
            // All arms are cancel-safe: two tokens and a timer.
            tokio::select! {
                () = stop.requested() => return,
                () = changed => {}
                () = tokio::time::sleep(IDLE_TICK) => {}
            }
            continue;
        };
        let run = Run::new(applier, lane, Source::Live(feed.clone()))
            .with_pulses(pulses.clone())
            .until(stop.clone());
        let outcome = run.go().await;
        if let Err(error) = &outcome {
            warn!(%error, "a lane could not be read on; it is tried again");
            tokio::time::sleep(PAUSE_MIN).await;
        }
        if stop.is_requested() {
            // Whoever comes next need not wait for the lease to run out.
            applier.storage.release_lane(lane).await.ok();
            return;
        }
    }
}

/// The batch before.
#[derive(Clone, Copy, Debug)]
struct LastApply {
    ended: Stopwatch,
    took: Duration,
}

/// One run along a lane.
#[derive(Debug)]
pub struct Run {
    pub(super) applier: Arc<Applier>,
    lane: Uuid,
    source: Source,
    pulses: Option<Pulses>,
    stop: Option<Stop>,
    pending: Pending,
    /// Nothing more is applied.
    is_last: AtomicBool,
}

impl Run {
    /// A run that has not begun.
    pub fn new(applier: &Arc<Applier>, lane: Uuid, source: Source) -> Self {
        let (pending, is_last) = (Pending::default(), AtomicBool::new(false));
        Self { applier: Arc::clone(applier), lane, source, pulses: None, stop: None, pending, is_last }
    }

    /// Gives these signs of life.
    pub fn with_pulses(self, pulses: Pulses) -> Self {
        Self { pulses: Some(pulses), ..self }
    }

    /// Ends at the end of what is stored when a stop is asked for.
    pub fn until(self, stop: Stop) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Goes from the lane's mark to the end of the source.
    pub async fn go(self) -> Result<End, Error> {
        let mark = self.applier.storage.lane_mark(self.lane).await?.unwrap_or(NOTHING_FOLDED);
        self.pending.begin(mark);
        let apply = async {
            let outcome = self.apply_all(mark).await;
            self.is_last.store(true, Ordering::Release);
            self.pending.nudge();
            outcome.map_err(Break::Failed)
        };
        let mut folder = Folder::default();
        let outcome = tokio::try_join!(apply, self.fold_all(&mut folder, mark));
        if let Err(error) = self.applier.storage.stop_folding(self.lane, &folder).await {
            warn!(%error, "a lane goes on naming a session in which nobody folds it any more");
        }
        match outcome {
            Ok(((), to)) => Ok(End::Done(to)),
            Err(Break::Overtaken) => Ok(End::Overtaken),
            Err(Break::Failed(error)) => Err(error),
        }
    }

    fn is_last(&self) -> bool {
        self.is_last.load(Ordering::Acquire)
    }

    async fn apply_all(&self, mark: i64) -> Result<(), Error> {
        let mut applied = mark;
        let mut last_apply = LastApply { ended: Stopwatch::start(), took: Duration::ZERO };
        loop {
            self.pace(&last_apply).await;
            let segments = self.next_after(applied).await?;
            let Some(last) = segments.last().map(|segment| segment.place.number) else { return Ok(()) };
            self.pending.has_room().await;
            let watch = Stopwatch::start();
            let changes = self.apply(&segments).await;
            self.applier.metrics.apply_seconds.observe(watch.elapsed().as_secs_f64());
            let received = segments.iter().flat_map(|segment| &segment.webhooks);
            last_apply = LastApply { ended: Stopwatch::start(), took: watch.elapsed() };
            applied = last;
            self.pending.add(last, changes, received.map(|webhook| webhook.received_ms));
            self.beat(|pulses| &pulses.apply);
        }
    }

    /// A batch costs the database as much for one webhook as for fifty. So right after a batch the next one waits a
    /// little for company; on an idle server nothing waits.
    async fn pace(&self, last: &LastApply) {
        let Source::Live(feed) = &self.source else { return };
        let rest = last.took.min(APPLY_PAUSE_MAX).saturating_sub(last.ended.elapsed());
        if !rest.is_zero() && !self.stop.as_ref().is_some_and(Stop::is_requested) {
            tokio::time::timeout(rest, feed.is_well_filled()).await.ok();
        }
    }

    /// The next segments; none at the end of the source.
    async fn next_after(&self, applied: i64) -> Result<Vec<Arc<Segment>>, Error> {
        let Source::Live(feed) = &self.source else { return self.read_after(applied).await };
        loop {
            let changed = feed.changed();
            match feed.take(self.lane, applied) {
                Next::Segments(segments) => return Ok(segments),
                Next::Read => {
                    let segments = self.read_after(applied).await?;
                    if !segments.is_empty() {
                        return Ok(segments);
                    }
                }
                Next::Closed => return Ok(Vec::new()),
                Next::Nothing if self.stop.as_ref().is_some_and(Stop::is_requested) => return Ok(Vec::new()),
                Next::Nothing => {}
            }
            self.beat(|pulses| &pulses.apply);
            // Both arms are cancel-safe: a notification and a timer.
            tokio::select! {
                () = changed => {}
                () = self.stop_requested() => {}
                () = tokio::time::sleep(IDLE_TICK) => {}
            }
        }
    }

    async fn stop_requested(&self) {
        match &self.stop {
            Some(stop) => stop.requested().await,
            None => std::future::pending().await,
        }
    }

    async fn read_after(&self, applied: i64) -> Result<Vec<Arc<Segment>>, Error> {
        let segments = self.applier.storage.segments().after(self.lane, applied, SEGMENTS_READ).await?;
        Ok(segments.into_iter().map(Arc::new).collect())
    }

    /// Folds what is pending, again and again; gives the last mark.
    async fn fold_all(&self, folder: &mut Folder, mut mark: i64) -> Result<i64, Break> {
        let mut window = Duration::ZERO;
        let mut last_fold = Stopwatch::start();
        loop {
            let changed = self.pending.changed();
            // Looked at first: whoever adds says afterwards that it was the last.
            let is_last = self.is_last();
            self.note_backlog(mark);
            if self.pending.to() == mark {
                self.beat(|pulses| &pulses.fold);
                if is_last {
                    return Ok(mark);
                }
                // Both arms are cancel-safe: a notification and a timer.
                tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep(IDLE_TICK) => {}
                }
                continue;
            }
            if !is_last {
                self.wait_for_window(window.saturating_sub(last_fold.elapsed())).await;
            }
            let gathered = self.pending.take();
            let to = gathered.to;
            let watch = Stopwatch::start();
            self.fold(folder, mark, gathered).await?;
            let took = watch.elapsed();
            self.applier.metrics.fold_seconds.observe(took.as_secs_f64());
            mark = to;
            window = took.min(WINDOW_MAX);
            last_fold = Stopwatch::start();
            self.beat(|pulses| &pulses.fold);
        }
    }

    /// The window ends early when so much is pending that the other half waits, and when nobody else is coming.
    async fn wait_for_window(&self, rest: Duration) {
        let end = async {
            loop {
                let changed = self.pending.changed();
                if self.pending.is_full() || self.is_last() {
                    return;
                }
                if tokio::time::timeout(QUIET_AFTER, changed).await.is_err() && self.is_quiet() {
                    return;
                }
            }
        };
        tokio::time::timeout(rest, end).await.ok();
    }

    /// Whether everything that is stored is applied.
    fn is_quiet(&self) -> bool {
        matches!(&self.source, Source::Live(feed) if feed.ahead_of(self.lane, self.pending.to()) == 0)
    }

    /// Folds until it is done, however long it takes.
    async fn fold(&self, folder: &mut Folder, from: i64, gathered: Gathered) -> Result<(), Break> {
        let Gathered { to, changes, advances, received_ms } = gathered;
        let (changes, advances) = (changes.into_iter().collect(), advances.into_iter().collect());
        let mut fold = Fold { lane: self.lane, from, to, changes, advances };
        let mut pause = PAUSE_MIN;
        loop {
            crash::pass("before-mark");
            match self.applier.storage.fold(folder, &fold).await {
                Ok(true) => break,
                Ok(false) => match self.applier.storage.lane_mark(self.lane).await {
                    // Our own, whose confirmation was lost.
                    Ok(Some(mark)) if mark == to => break,
                    Ok(_) => {
                        self.applier.metrics.lane_moves.inc();
                        return Err(Break::Overtaken);
                    }
                    Err(error) => warn!(%error, "the mark of a lane could not be read; it is tried again"),
                },
                Err(error) if error.is_transient() => {
                    warn!(%error, "conversations could not be brought up to date; it is tried again");
                }
                Err(error) => {
                    error!(%error, "conversations cannot be brought up to date; looking for the one that is to blame");
                    if let Err(error) = self.leave_out_refused(&mut fold).await {
                        warn!(%error, "the conversation to blame could not be found; it is tried again");
                    }
                }
            }
            self.applier.metrics.apply_failures.inc();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        let now_ms = self.applier.clock.now_ms();
        for received in received_ms {
            let lag = u32::try_from(now_ms.saturating_sub(received).max(0)).unwrap_or(u32::MAX);
            self.applier.metrics.visible_seconds.observe(f64::from(lag) / 1_000.0);
        }
        Ok(())
    }

    fn note_backlog(&self, mark: i64) {
        if let Source::Live(feed) = &self.source {
            self.applier.metrics.behind.set(feed.ahead_of(self.lane, mark));
        }
    }

    pub(super) fn beat(&self, which: impl Fn(&Pulses) -> &Pulse) {
        if let Some(pulses) = &self.pulses {
            which(pulses).beat();
        }
    }
}

/// Why the halves stop before the end.
#[derive(Debug)]
enum Break {
    Overtaken,
    Failed(Error),
}

/// Works off what is stored of a lane, while keeping it from others.
pub async fn work_off(applier: &Arc<Applier>, lane: Uuid, holder: Uuid) -> Result<End, Error> {
    let keep = async {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            // If it is somebody else's meanwhile, both fold, and the mark lets only one of them.
            if let Err(error) = applier.storage.keep_lane(lane, holder, LEASE).await {
                warn!(%error, "a lane that is worked off could not be kept; somebody else may begin it too");
            }
        }
    };
    // Both arms may be dropped anywhere: whatever was begun is found again from the mark.
    tokio::select! {
        end = Run::new(applier, lane, Source::Stored).go() => end,
        () = keep => Ok(End::Overtaken),
    }
}
