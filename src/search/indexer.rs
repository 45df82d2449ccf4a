//! Takes the log of events in, workspace by workspace, a page at a time: writes what is to be found, and then how far it
//! came. Whoever dies in between leaves a page that the next one takes in again, which changes nothing.
//!
//! One instance does it at a time, by a lease in the database's time.

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use super::subjects;
use crate::clock::Stopwatch;
use crate::runtime::Worker;
use crate::runtime::crash;
use crate::runtime::worker::Round;
use crate::storage::Error;
use crate::storage::Storage;

const EVERY: Duration = Duration::from_secs(1);
const ROUND_MAX: Duration = Duration::from_mins(1);
/// A round that has not come through by then goes on in the next one: nobody who stops waits for it.
const ROUND_SHARE: Duration = Duration::from_secs(5);
/// Whoever is not heard of for so long has its work taken over.
const LEASE: Duration = Duration::from_secs(30);
/// How many batches of events are taken in at once.
const PAGE: i64 = 100;

/// The worker. One a process.
#[derive(Debug)]
pub struct Indexer {
    storage: Storage,
    instance: Uuid,
    /// The workspace in which the last round ended before its time: the next one begins after it.
    left_at: Mutex<Option<Uuid>>,
}

impl Indexer {
    /// For the process of that name.
    pub fn new(storage: &Storage, instance: Uuid) -> Self {
        Self { storage: storage.clone(), instance, left_at: Mutex::default() }
    }

    async fn take_in_all(&self) -> Result<(), Error> {
        if !self.storage.hold_search(self.instance, LEASE).await? {
            return Ok(());
        }
        let watch = Stopwatch::start();
        let standings = self.storage.search_standings().await?;
        for workspace in self.workspaces(&standings).await? {
            if !self.take_in(workspace, standings.get(&workspace).copied(), &watch).await? {
                *self.left_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(workspace);
                break;
            }
        }
        Ok(())
    }

    /// False: the round ends here.
    async fn take_in(
        &self,
        workspace: Uuid,
        standing: Option<i64>,
        watch: &Stopwatch,
    ) -> Result<bool, Error> {
        let mut from = standing;
        loop {
            let known = from.unwrap_or(0);
            let batches = self.storage.events_after(workspace, known, PAGE).await?;
            let (Some(first), Some(last)) = (batches.first(), batches.last()) else { return Ok(true) };
            if first.seq != known + 1 {
                warn!(
                    %workspace,
                    "events that search has not taken in are gone; `pesan search rebuild` finds what they told of"
                );
            }
            let to = last.seq;
            let items = subjects::items(&self.storage, workspace, &batches).await?;
            self.storage.put_search_items(&items).await?;
            crash::pass(crash::SEARCH_POINT);
            if !self.storage.advance_search(workspace, from, to).await? {
                // Somebody else is here.
                return Ok(false);
            }
            from = Some(to);
            let is_held = self.storage.hold_search(self.instance, LEASE).await?;
            if !is_held || watch.elapsed() >= ROUND_SHARE {
                return Ok(false);
            }
        }
    }

    /// All workspaces that may have events, those after the last one that was left first.
    async fn workspaces(&self, standings: &HashMap<Uuid, i64>) -> Result<Vec<Uuid>, Error> {
        let mut all: BTreeSet<Uuid> = standings.keys().copied().collect();
        all.extend(self.storage.all_workspaces().await?.into_iter().map(|workspace| workspace.id));
        all.extend(self.storage.all_numbers().await?.into_iter().map(|number| number.workspace));
        let mut all: Vec<Uuid> = all.into_iter().collect();
        let left_at = *self.left_at.lock().unwrap_or_else(PoisonError::into_inner);
        all.sort_by_key(|workspace| left_at.is_some_and(|left_at| *workspace <= left_at));
        Ok(all)
    }
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
