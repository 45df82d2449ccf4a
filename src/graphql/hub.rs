//! What subscribers read from: for each workspace that somebody follows, one follower of the log and the batches that it
//! read last, shared by all.
//!
//! A reader keeps its own place. What is among the recent batches it takes from there; what is older, from the log; so
//! whoever falls behind costs reads, and neither memory nor events. Nothing is given out but the batch whose number is
//! the next one: where the log does not have it any more, the reader ends with `Broken::Expired`.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tracing::warn;
use uuid::Uuid;

use super::cursor::Cursor;
use crate::events::{Follower, Log};
use crate::runtime::{Stop, Supervisor};
use crate::storage;
use crate::storage::Storage;
use crate::storage::arrivals::Origin;
use crate::storage::events::Batch;
use crate::telemetry::Quiet;

/// How much of the log is kept for a workspace: so many batches, and so many events in them, but the last batch always.
const RECENT_BATCHES_MAX: usize = 512;
const RECENT_EVENTS_MAX: usize = 20_000;
/// How many batches a reader takes at once.
const PAGE: i64 = 100;
const TAKEN_MAX: usize = 32;
/// How many readers read the log at once; more wait for their turn.
const READING_MAX: usize = 8;
/// A workspace that nobody follows any more is let go after this time, for most come back at once.
const LINGER: Duration = Duration::from_secs(5);
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const FAILURES_LOGGED_EVERY: Duration = Duration::from_secs(10);
/// How often, and how often at most, one looks whether a change has reached the conversations.
const FOLD_LOOK_EVERY: Duration = Duration::from_millis(20);
const FOLD_LOOKS_MAX: usize = 150;

/// Why a reader cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The log does not have what comes next.
    #[error("the log of events begins after this cursor, or never had it")]
    Expired,
    /// The follower has ended.
    #[error("nobody follows the log of events any more")]
    Left,
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// All workspaces that somebody follows. Cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    storage: Storage,
    log: Log,
    supervisor: Supervisor,
    channels: Mutex<HashMap<Uuid, Arc<Channel>>>,
    reading: Semaphore,
    folded: tokio::sync::Mutex<HashMap<Uuid, i64>>,
    failures: Quiet,
}

/// One workspace.
struct Channel {
    recent: Mutex<Recent>,
    /// Counts what the follower has brought. Its receivers are the readers.
    brought: watch::Sender<u64>,
}

/// The batches after `base`, without a gap; all that the follower has seen up to its place.
#[derive(Default)]
struct Recent {
    /// None until the follower knows where it begins.
    base: Option<i64>,
    batches: VecDeque<Arc<Batch>>,
    events: usize,
}

/// Where a reader stands.
enum Standing {
    /// At the end of what is known.
    Level,
    /// Before the recent ones: the log has to be asked.
    Behind,
    Next(Vec<Arc<Batch>>),
}

impl Recent {
    fn push(&mut self, batch: Arc<Batch>) {
        self.events += batch.happenings.len();
        self.batches.push_back(batch);
        while self.batches.len() > 1
            && (self.batches.len() > RECENT_BATCHES_MAX || self.events > RECENT_EVENTS_MAX)
        {
            if let Some(oldest) = self.batches.pop_front() {
                self.events -= oldest.happenings.len();
                self.base = Some(oldest.seq);
            }
        }
    }

    fn after(&self, seq: i64) -> Standing {
        let Some(base) = self.base else { return Standing::Level };
        if seq < base {
            return Standing::Behind;
        }
        let seen = usize::try_from(seq - base).unwrap_or(usize::MAX);
        let next: Vec<_> = self.batches.iter().skip(seen).take(TAKEN_MAX).map(Arc::clone).collect();
        if next.is_empty() { Standing::Level } else { Standing::Next(next) }
    }
}

impl Channel {
    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.brought.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Hub {
    /// Nobody follows anything yet.
    pub fn new(storage: &Storage, log: &Log, supervisor: &Supervisor) -> Self {
        Self(Arc::new(Inner {
            storage: storage.clone(),
            log: log.clone(),
            supervisor: supervisor.clone(),
            channels: Mutex::default(),
            reading: Semaphore::new(READING_MAX),
            folded: tokio::sync::Mutex::default(),
            failures: Quiet::new(FAILURES_LOGGED_EVERY),
        }))
    }

    /// The end of a workspace's log.
    pub async fn end(&self, workspace: Uuid) -> Result<Cursor, storage::Error> {
        let seq = self.0.storage.last_event(workspace).await?;
        let last = self.0.storage.events_after(workspace, seq.saturating_sub(1), 1).await?;
        Ok(last.first().map_or(Cursor::BEGINNING, Cursor::after))
    }

    /// A reader of what comes after the cursor; without one, of what comes from now on.
    pub async fn read(&self, workspace: Uuid, after: Option<Cursor>) -> Result<Reader, Broken> {
        let Some(after) = after else {
            let seq = self.0.storage.last_event(workspace).await?;
            return Ok(self.reader(workspace, seq, VecDeque::new(), 0));
        };
        // Its own batch too, which has to be there: by it one knows that nothing is missing.
        let before = after.seq.saturating_sub(1);
        let page = self.page(workspace, before.max(0)).await?;
        if after == Cursor::BEGINNING {
            return match page.front() {
                Some(first) if first.seq != 1 => Err(Broken::Expired),
                _ => Ok(self.reader(workspace, 0, page, 0)),
            };
        }
        match page.front() {
            Some(batch) if batch.seq == after.seq && batch.at_ms == after.at_ms => {
                Ok(self.reader(workspace, before, page, after.seen()))
            }
            _ => Err(Broken::Expired),
        }
    }

    /// Waits until what a segment changes has reached the conversations, which is a moment after its events. Not for
    /// ever: a late notice is better than none.
    pub async fn folded(&self, origin: Origin) -> Result<(), storage::Error> {
        for _ in 0..FOLD_LOOKS_MAX {
            {
                // One asks for all who wait.
                let mut folded = self.0.folded.lock().await;
                if folded.get(&origin.lane).is_some_and(|mark| *mark >= origin.segment) {
                    return Ok(());
                }
                match self.0.storage.lane_mark(origin.lane).await? {
                    Some(mark) if mark < origin.segment => {
                        folded.insert(origin.lane, mark);
                    }
                    Some(mark) => {
                        folded.insert(origin.lane, mark);
                        return Ok(());
                    }
                    // A lane that is gone is done.
                    None => {
                        folded.remove(&origin.lane);
                        return Ok(());
                    }
                }
            }
            tokio::time::sleep(FOLD_LOOK_EVERY).await;
        }
        Ok(())
    }

    fn reader(&self, workspace: Uuid, seq: i64, ready: VecDeque<Arc<Batch>>, skip: usize) -> Reader {
        let (channel, brought) = self.channel(workspace);
        Reader { hub: self.clone(), workspace, channel, brought, seq, ready, skip }
    }

    fn channel(&self, workspace: Uuid) -> (Arc<Channel>, watch::Receiver<u64>) {
        let mut channels = self.channels();
        if let Some(channel) = channels.get(&workspace) {
            return (Arc::clone(channel), channel.brought.subscribe());
        }
        let channel = Arc::new(Channel { recent: Mutex::default(), brought: watch::Sender::new(0) });
        channels.insert(workspace, Arc::clone(&channel));
        let brought = channel.brought.subscribe();
        let feed = Feed { hub: self.clone(), workspace, channel: Arc::clone(&channel) };
        // It ends by itself; nobody waits for it.
        drop(self.0.supervisor.run("event-hub", feed.run(self.0.supervisor.stop_signal())));
        (channel, brought)
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Channel>>> {
        self.0.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn page(&self, workspace: Uuid, after: i64) -> Result<VecDeque<Arc<Batch>>, Broken> {
        let _turn = self.0.reading.acquire().await.map_err(|_| Broken::Left)?;
        let page = self.0.storage.events_after(workspace, after, PAGE).await?;
        Ok(page.into_iter().map(Arc::new).collect())
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("workspaces", &self.channels().len()).finish_non_exhaustive()
    }
}

/// Keeps a workspace's recent batches up to date for as long as it has readers.
struct Feed {
    hub: Hub,
    workspace: Uuid,
    channel: Arc<Channel>,
}

impl Feed {
    async fn run(self, stop: Stop) {
        // All arms are cancel-safe: a token, a watch, and a follower that keeps its place.
        tokio::select! {
            () = stop.requested() => {}
            () = self.feed() => {}
            () = self.is_left() => {}
        }
    }

    async fn feed(&self) {
        let mut follower = loop {
            match self.hub.0.storage.last_event(self.workspace).await {
                Ok(seq) => break self.hub.0.log.follow(self.workspace, seq),
                Err(error) => self.complain(&error).await,
            }
        };
        self.channel.recent().base = Some(follower.seq());
        self.channel.tell();
        loop {
            self.bring(&mut follower).await;
        }
    }

    async fn bring(&self, follower: &mut Follower) {
        match follower.next().await {
            Ok(batches) => {
                let mut recent = self.channel.recent();
                for batch in batches {
                    recent.push(batch);
                }
                drop(recent);
                self.channel.tell();
            }
            Err(error) => self.complain(&error).await,
        }
    }

    async fn complain(&self, error: &storage::Error) {
        if let Some(kept_back) = self.hub.0.failures.allow() {
            warn!(%error, kept_back, "the log of events could not be read for its subscribers");
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }

    /// Resolves when nobody reads any more, and for a while nobody came.
    async fn is_left(&self) {
        loop {
            self.channel.brought.closed().await;
            tokio::time::sleep(LINGER).await;
            let mut channels = self.hub.channels();
            // Readers come under this lock.
            if self.channel.brought.is_closed() {
                channels.remove(&self.workspace);
                return;
            }
        }
    }
}

impl Drop for Feed {
    /// However it ends: whoever comes next begins anew, and whoever still reads is told.
    fn drop(&mut self) {
        let mut channels = self.hub.channels();
        if channels.get(&self.workspace).is_some_and(|channel| Arc::ptr_eq(channel, &self.channel)) {
            channels.remove(&self.workspace);
        }
        self.channel.recent().base = None;
        self.channel.brought.send_replace(ENDED);
    }
}

/// What the count of a channel says when its follower has ended.
const ENDED: u64 = u64::MAX;

/// A place in a workspace's log, and the way on from there.
pub struct Reader {
    hub: Hub,
    workspace: Uuid,
    channel: Arc<Channel>,
    brought: watch::Receiver<u64>,
    /// The last batch that is behind it; what is in `ready` comes after.
    seq: i64,
    ready: VecDeque<Arc<Batch>>,
    /// How many events of the first batch have been seen.
    skip: usize,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("seq", &self.seq).finish_non_exhaustive()
    }
}

impl Reader {
    /// The next batch, and how many of its events have been seen. Waits until there is one; may be dropped at any await
    /// without losing its place.
    pub async fn next(&mut self) -> Result<(Arc<Batch>, usize), Broken> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                if batch.seq != self.seq.saturating_add(1) {
                    return Err(Broken::Expired);
                }
                self.seq = batch.seq;
                return Ok((batch, std::mem::take(&mut self.skip)));
            }
            if *self.brought.borrow_and_update() == ENDED {
                return Err(Broken::Left);
            }
            let standing = self.channel.recent().after(self.seq);
            match standing {
                Standing::Next(batches) => self.ready.extend(batches),
                Standing::Behind => {
                    self.ready = Box::pin(self.hub.page(self.workspace, self.seq)).await?;
                    if self.ready.is_empty() {
                        return Err(Broken::Expired);
                    }
                }
                Standing::Level => {
                    if self.ready.capacity() > TAKEN_MAX {
                        self.ready = VecDeque::new();
                    }
                    self.brought.changed().await.map_err(|_| Broken::Left)?;
                }
            }
        }
    }

    /// The hub that it reads from.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::events::Happening;

    fn batch(seq: i64, events: usize) -> Batch {
        let happenings = vec![Happening::Contact { contact: Uuid::nil() }; events];
        Batch { workspace: Uuid::nil(), seq, at_ms: 0, source: None, happenings }
    }

    fn next(recent: &Recent, seq: i64) -> Option<Vec<i64>> {
        match recent.after(seq) {
            Standing::Next(batches) => Some(batches.iter().map(|batch| batch.seq).collect()),
            Standing::Level => Some(Vec::new()),
            Standing::Behind => None,
        }
    }

    #[test]
    fn what_is_recent_is_bounded_and_without_a_gap() {
        let mut recent = Recent::default();
        assert_eq!(next(&recent, 3), Some(vec![]), "nothing is known yet");
        recent.base = Some(4);
        assert_eq!((next(&recent, 3), next(&recent, 4)), (None, Some(vec![])));
        for seq in 5..8 {
            recent.push(Arc::new(batch(seq, 1)));
        }
        assert_eq!((next(&recent, 3), next(&recent, 4)), (None, Some(vec![5, 6, 7])));
        assert_eq!((next(&recent, 6), next(&recent, 7)), (Some(vec![7]), Some(vec![])));
        assert_eq!(next(&recent, 900), Some(vec![]), "whoever is ahead waits");
        for seq in 8..2_000 {
            recent.push(Arc::new(batch(seq, 1)));
        }
        assert_eq!(recent.batches.len(), RECENT_BATCHES_MAX);
        let base = recent.base.unwrap();
        assert_eq!((next(&recent, base - 1), next(&recent, base).unwrap()[0]), (None, base + 1));
        recent.push(Arc::new(batch(2_000, RECENT_EVENTS_MAX * 2)));
        assert_eq!((recent.batches.len(), recent.events), (1, RECENT_EVENTS_MAX * 2), "the last one stays");
        recent.push(Arc::new(batch(2_001, 1)));
        assert_eq!((next(&recent, 2_000), recent.events), (Some(vec![2_001]), 1));
    }
}
