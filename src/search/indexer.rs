//! Takes the log of events in, workspace by workspace, a page at a time: writes what is to be found, and then how far it
//! came. Whoever dies in between leaves a page that the next one takes in again, which changes nothing.
//!
//! One instance does it at a time, by a lease in the database's time. It is woken by the log (`listen`), and then looks
//! at those workspaces alone that have something new; all of them it looks through when nothing has woken it for a
//! while, for a nudge may be lost.

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use super::{listen, subjects};
use crate::clock::Stopwatch;
use crate::events::Log;
use crate::runtime::crash;
use crate::runtime::worker::{Round, keep_running};
use crate::runtime::{Nudge, Pressure, Pulse, Supervisor, Worker};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::events::Batch;

/// How often all workspaces are looked through, and the lease is asked for.
const EVERY: Duration = Duration::from_secs(10);
const ROUND_MAX: Duration = Duration::from_mins(1);
/// A round that has not come through by then goes on in the next one: nobody who stops waits for it.
const ROUND_SHARE: Duration = Duration::from_secs(5);
/// Whoever is not heard of for so long has its work taken over.
const LEASE: Duration = Duration::from_secs(30);
/// The lease is taken as held for so long without asking.
const HELD: Duration = Duration::from_secs(8);
/// How many batches of events are taken in at once, and how many events, but at least one batch.
const PAGE: i64 = 20;
const EVENTS_MAX: usize = 1_000;
/// How many items are written at once. The server confirms nothing that came later before a command is through, and each
/// word of an item is a write of its own.
const WRITTEN_AT_ONCE: usize = 25;
/// After each command, so many times as long as it took are left to whoever works for somebody that waits: what is to be
/// found costs the database more than what is to be shown, and under load search may lag behind.
const REST_SHARE: u32 = 3;
/// And as long as webhooks come to this process faster than they are applied.
const REST_SHARE_UNDER_PRESSURE: u32 = 15;
const REST_MAX: Duration = Duration::from_millis(500);

/// The worker. One a process; cheap to clone.
#[derive(Clone, Debug)]
pub struct Indexer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    storage: Storage,
    log: Log,
    pressure: Pressure,
    instance: Uuid,
    nudge: Nudge,
    known: Mutex<Known>,
}

/// What the process knows between rounds.
#[derive(Debug, Default)]
struct Known {
    /// Whether the log wakes it; if not, every round looks through all workspaces.
    is_woken: bool,
    /// Whether this process does no more.
    is_over: bool,
    /// Since when the lease is held for sure; none: another instance may have it.
    held: Option<Stopwatch>,
    /// Since all workspaces were looked through to the end; none: they are to be.
    looked: Option<Stopwatch>,
    /// The workspace in which the last round ended before its time: the next one begins after it.
    left_at: Option<Uuid>,
}

impl Indexer {
    /// For the process of that name.
    pub fn new(storage: &Storage, log: &Log, pressure: &Pressure, instance: Uuid) -> Self {
        Self(Arc::new(Inner {
            storage: storage.clone(),
            log: log.clone(),
            pressure: pressure.clone(),
            instance,
            nudge: Nudge::default(),
            known: Mutex::default(),
        }))
    }

    /// Makes its rounds for the life of the process, woken by the log.
    pub fn live(&self, supervisor: &Supervisor) {
        let pulse = Pulse::new(self.name(), Duration::MAX);
        keep_running(supervisor, Arc::new(self.clone()), self.0.nudge.clone(), pulse);
        self.known().is_woken = true;
        listen::listen(self, supervisor);
    }

    /// Whether this instance is the one that takes the log in, as far as it knows.
    pub(super) fn is_holder(&self) -> bool {
        self.known().held.is_some()
    }

    pub(super) fn log(&self) -> &Log {
        &self.0.log
    }

    pub(super) fn wake(&self) {
        self.0.nudge.wake();
    }

    async fn take_in_all(&self) -> Result<(), Error> {
        if !self.holds().await? {
            // They are the other's to take in.
            self.0.log.news().take();
            return Ok(());
        }
        let watch = Stopwatch::start();
        let storage = &self.0.storage;
        let mut workspaces: BTreeSet<Uuid> = self.0.log.news().take().into_iter().collect();
        // Until it is through: what fails, or is left, is looked for again.
        let looked = self.known().looked.take().filter(|looked| looked.elapsed() < EVERY);
        let looks_through = looked.is_none() || !self.known().is_woken;
        let standings = if looks_through {
            let standings = storage.search_standings(None).await?;
            workspaces.extend(self.workspaces(&standings).await?);
            standings
        } else {
            storage.search_standings(Some(&workspaces)).await?
        };
        let mut failure = None;
        for workspace in self.in_turn(workspaces) {
            match self.take_in(workspace, standings.get(&workspace).copied(), &watch).await {
                Ok(true) => continue,
                Ok(false) => {}
                // One that cannot be taken in keeps none of the others from it.
                Err(error) if watch.elapsed() < ROUND_SHARE => {
                    warn!(%workspace, %error, "events of a workspace could not be taken in for search");
                    failure = Some(error);
                    continue;
                }
                Err(error) => return Err(error),
            }
            self.known().left_at = Some(workspace);
            self.wake();
            return Ok(());
        }
        match failure {
            Some(error) => Err(error),
            None => {
                self.known().looked = Some(looked.filter(|_| !looks_through).unwrap_or(watch));
                Ok(())
            }
        }
    }

    /// Gives the work up for good: another instance need not wait until the lease has run out.
    pub(super) async fn let_go(&self) {
        self.known().is_over = true;
        if self.known().held.take().is_some()
            && let Err(error) = self.0.storage.leave_search(self.0.instance).await
        {
            warn!(%error, "search is not given up; another instance takes it over when the lease has run out");
        }
    }

    /// Whether this instance takes the log in. Asks again only when its lease grows old.
    async fn holds(&self) -> Result<bool, Error> {
        if self.known().is_over {
            return Ok(false);
        }
        if self.known().held.as_ref().is_some_and(|held| held.elapsed() < HELD) {
            return Ok(true);
        }
        // The lease runs from before it was asked for.
        let asked = Stopwatch::start();
        let is_held = self.0.storage.hold_search(self.0.instance, LEASE).await;
        self.known().held = matches!(is_held, Ok(true)).then_some(asked);
        is_held
    }

    /// False: the round ends here.
    async fn take_in(
        &self,
        workspace: Uuid,
        standing: Option<i64>,
        watch: &Stopwatch,
    ) -> Result<bool, Error> {
        let storage = &self.0.storage;
        let mut from = standing;
        loop {
            let reading = Stopwatch::start();
            let known = from.unwrap_or(0);
            let mut batches = storage.events_after(workspace, known, PAGE).await?;
            keep_a_page(&mut batches);
            let (Some(first), Some(last)) = (batches.first(), batches.last()) else { return Ok(true) };
            if first.seq != known + 1 {
                warn!(
                    %workspace,
                    "events that search has not taken in are gone; `pesan search rebuild` finds what they told of"
                );
            }
            let to = last.seq;
            let items = subjects::items(storage, workspace, &batches).await?;
            self.rest(&reading, watch).await;
            for some in items.chunks(WRITTEN_AT_ONCE) {
                // Whoever takes over, or has to wait for the stop, does not wait for the rest of a page.
                if !self.holds().await? {
                    return Ok(false);
                }
                let writing = Stopwatch::start();
                storage.put_search_items(some).await?;
                self.rest(&writing, watch).await;
            }
            crash::pass(crash::SEARCH_POINT);
            if !storage.advance_search(workspace, from, to).await? {
                // Somebody else is here.
                self.known().held = None;
                return Ok(false);
            }
            from = Some(to);
            if !self.holds().await? || watch.elapsed() >= ROUND_SHARE {
                return Ok(false);
            }
        }
    }

    /// All workspaces that have events which are not taken in.
    async fn workspaces(&self, standings: &HashMap<Uuid, i64>) -> Result<Vec<Uuid>, Error> {
        let storage = &self.0.storage;
        let mut all: BTreeSet<Uuid> = standings.keys().copied().collect();
        all.extend(storage.all_workspaces().await?.into_iter().map(|workspace| workspace.id));
        all.extend(storage.all_numbers().await?.into_iter().map(|number| number.workspace));
        let all: Vec<(Uuid, i64)> =
            all.into_iter().map(|one| (one, standings.get(&one).copied().unwrap_or(0))).collect();
        storage.with_events_after(&all).await
    }

    /// Those after the last one that was left first.
    fn in_turn(&self, workspaces: BTreeSet<Uuid>) -> Vec<Uuid> {
        let left_at = self.known().left_at;
        let mut all: Vec<Uuid> = workspaces.into_iter().collect();
        all.sort_by_key(|workspace| left_at.is_some_and(|left_at| *workspace <= left_at));
        all
    }

    /// A round that has taken long goes on faster: what it has not come through is done again from its beginning.
    async fn rest(&self, work: &Stopwatch, round: &Stopwatch) {
        let gives_way = self.0.pressure.is_high() && round.elapsed() < ROUND_SHARE;
        let share = if gives_way { REST_SHARE_UNDER_PRESSURE } else { REST_SHARE };
        tokio::time::sleep((work.elapsed() * share).min(REST_MAX)).await;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves the batches that are taken in at once.
fn keep_a_page(batches: &mut Vec<Batch>) {
    let mut events = 0;
    let has_room = |batch: &&Batch| {
        events += batch.happenings.len();
        events <= EVENTS_MAX
    };
    let count = batches.iter().take_while(has_room).count();
    batches.truncate(count.max(1));
}

impl Worker for Indexer {
    fn name(&self) -> &'static str {
        "search-indexer"
    }

    fn every(&self) -> Duration {
        EVERY
    }

    fn round_max(&self) -> Duration {
        ROUND_MAX
    }

    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>> {
        Box::pin(async move { Ok(self.take_in_all().await?) })
    }
}
