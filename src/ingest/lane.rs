//! A lane's way from stored to visible: its segments are applied in their order, and what they change in
//! conversations is folded in, many changes at once, with the lane's mark.
//!
//! Two halves run side by side. The first applies whatever has come, at once. The second folds: at once on an idle
//! server, and the more seldom the longer a fold takes, up to half a second. Neither keeps anything that is not
//! found again from the mark: after any interruption, here or elsewhere, the next run begins there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::{error, warn};
use uuid::Uuid;

use super::apply::{Applied, Applier};
use super::feed::{Feed, Next};
use super::journal::LEASE;
use crate::clock::Stopwatch;
use crate::domain::conversation::Change;
use crate::limits;
use crate::runtime::crash;
use crate::runtime::supervisor::OnEnd;
use crate::runtime::{Pulse, Stop, Supervisor};
use crate::storage::Error;
use crate::storage::conversations::{Fold, Folder};
use crate::storage::lanes::NOTHING_FOLDED;
use crate::storage::segments::Segment;
use crate::storage::statuses::Advance;

/// The longest window of a fold, which otherwise is as long as the last fold took. A longer window gathers more for a
/// fold, which takes longer, which makes the window longer: with twice the time everything took many times as long to be
/// visible, well before the database was busy.
const WINDOW_MAX: Duration = Duration::from_millis(500);
/// Nothing has come for so long: a fold need not wait for company.
const QUIET_AFTER: Duration = Duration::from_millis(50);
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

/// What has been applied and waits for being folded.
#[derive(Debug, Default)]
struct Pending {
    to: i64,
    changes: HashMap<Uuid, Change>,
    advances: HashMap<String, Advance>,
    received_ms: Vec<i64>,
    is_last: bool,
}

impl Pending {
    fn weight(&self) -> usize {
        self.changes.len() + self.advances.len() + self.received_ms.len() / 4
    }

    fn add(&mut self, to: i64, applied: Applied, received_ms: impl Iterator<Item = i64>) {
        self.to = to;
        for (conversation, change) in applied.changes {
            self.changes.entry(conversation).or_default().absorb(change);
        }
        for (message, advance) in applied.advances {
            self.advances.entry(message).or_default().absorb(advance);
        }
        self.received_ms.extend(received_ms);
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
    pending: Mutex<Pending>,
    /// Something is pending, or something has been folded.
    moved: Notify,
}

impl Run {
    /// A run that has not begun.
    pub fn new(applier: &Arc<Applier>, lane: Uuid, source: Source) -> Self {
        let (pending, moved) = (Mutex::default(), Notify::new());
        Self { applier: Arc::clone(applier), lane, source, pulses: None, stop: None, pending, moved }
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
        self.pending().to = mark;
        let apply = async {
            let outcome = self.apply_all(mark).await;
            self.pending().is_last = true;
            self.moved.notify_waiters();
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

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn apply_all(&self, mark: i64) -> Result<(), Error> {
        let mut applied = mark;
        let mut last_apply = LastApply { ended: Stopwatch::start(), took: Duration::ZERO };
        loop {
            self.pace(&last_apply).await;
            let segments = self.next_after(applied).await?;
            let Some(last) = segments.last().map(|segment| segment.place.number) else { return Ok(()) };
            self.wait_for_room().await;
            let watch = Stopwatch::start();
            let changes = self.apply(&segments).await;
            self.applier.metrics.apply_seconds.observe(watch.elapsed().as_secs_f64());
            let received = segments.iter().flat_map(|segment| &segment.webhooks);
            last_apply = LastApply { ended: Stopwatch::start(), took: watch.elapsed() };
            applied = last;
            self.pending().add(last, changes, received.map(|webhook| webhook.received_ms));
            self.moved.notify_waiters();
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

    async fn wait_for_room(&self) {
        loop {
            let moved = self.moved.notified();
            if self.pending().weight() < limits::FOLD_CHANGES_MAX {
                return;
            }
            moved.await;
        }
    }

    /// Folds what is pending, again and again; gives the last mark.
    async fn fold_all(&self, folder: &mut Folder, mut mark: i64) -> Result<i64, Break> {
        let mut window = Duration::ZERO;
        let mut last_fold = Stopwatch::start();
        loop {
            let moved = self.moved.notified();
            let (is_empty, is_last) = {
                let pending = self.pending();
                (pending.to == mark, pending.is_last)
            };
            self.note_backlog(mark);
            if is_empty {
                self.beat(|pulses| &pulses.fold);
                if is_last {
                    return Ok(mark);
                }
                // Both arms are cancel-safe: a notification and a timer.
                tokio::select! {
                    () = moved => {}
                    () = tokio::time::sleep(IDLE_TICK) => {}
                }
                continue;
            }
            if !is_last {
                self.wait_for_window(window.saturating_sub(last_fold.elapsed())).await;
            }
            let pending = {
                let mut pending = self.pending();
                let next = Pending { to: pending.to, is_last: pending.is_last, ..Pending::default() };
                std::mem::replace(&mut *pending, next)
            };
            let to = pending.to;
            let watch = Stopwatch::start();
            self.fold(folder, mark, pending).await?;
            let took = watch.elapsed();
            self.applier.metrics.fold_seconds.observe(took.as_secs_f64());
            mark = to;
            window = took.min(WINDOW_MAX);
            last_fold = Stopwatch::start();
            self.moved.notify_waiters();
            self.beat(|pulses| &pulses.fold);
        }
    }

    /// The window ends early when so much is pending that the other half waits, and when nobody else is coming.
    async fn wait_for_window(&self, rest: Duration) {
        let end = async {
            loop {
                let moved = self.moved.notified();
                if self.pending().weight() >= limits::FOLD_CHANGES_MAX || self.pending().is_last {
                    return;
                }
                if tokio::time::timeout(QUIET_AFTER, moved).await.is_err() && self.is_quiet() {
                    return;
                }
            }
        };
        tokio::time::timeout(rest, end).await.ok();
    }

    /// Whether everything that is stored is applied.
    fn is_quiet(&self) -> bool {
        matches!(&self.source, Source::Live(feed) if feed.ahead_of(self.lane, self.pending().to) == 0)
    }

    /// Folds until it is done, however long it takes.
    async fn fold(&self, folder: &mut Folder, from: i64, pending: Pending) -> Result<(), Break> {
        let Pending { to, changes, advances, received_ms, .. } = pending;
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
