//! Changes of messages, many in one transaction: every change brings an event, and each workspace has one next event,
//! so changes that are made one by one stand in each other's way.
//!
//! A transaction takes what has come while the one before it was made. If one change of it cannot be made, all are made
//! one by one, and each learns its own end.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use uuid::Uuid;

use super::gather::Gather;
use crate::clock::Clock;
use crate::events::Log;
use crate::runtime::Supervisor;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::told::Told;

/// So many transactions are under way at once.
const WORKSPACES_AT_ONCE: usize = 8;

type Outcome = Result<bool, Error>;

/// Where changes are entered. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger(Gather<Told, bool>);

impl Ledger {
    /// Starts the task that makes the changes.
    pub fn start(supervisor: &Supervisor, storage: &Storage, clock: &Clock, log: &Log) -> Self {
        let book = Book { storage: storage.clone(), clock: clock.clone(), log: log.clone() };
        Self(Gather::start(supervisor, "outbound-ledger", move |all| {
            let book = book.clone();
            async move { book.make(all).await }
        }))
    }

    /// Makes a change and tells of it. False: a document that was to be changed is not as it was expected, and nothing
    /// was done.
    pub async fn enter(&self, told: Told) -> Outcome {
        self.0.ask(told).await
    }
}

#[derive(Clone, Debug)]
struct Book {
    storage: Storage,
    clock: Clock,
    log: Log,
}

impl Book {
    async fn make(&self, all: Vec<Told>) -> Vec<Outcome> {
        let mut by_workspace: BTreeMap<Uuid, Vec<(usize, Told)>> = BTreeMap::new();
        for (place, told) in all.into_iter().enumerate() {
            by_workspace.entry(told.workspace()).or_default().push((place, told));
        }
        let changes = by_workspace.into_iter().map(|(workspace, some)| async move {
            let (places, some): (Vec<usize>, Vec<Told>) = some.into_iter().unzip();
            let outcomes = self.make_together(some).await;
            self.log.nudge(workspace);
            places.into_iter().zip(outcomes).collect::<Vec<_>>()
        });
        // One transaction's waiting is not the other's; the round ends with the last.
        let made: Vec<_> =
            futures_util::stream::iter(changes).buffer_unordered(WORKSPACES_AT_ONCE).collect().await;
        let mut outcomes: Vec<_> = made.into_iter().flatten().collect();
        outcomes.sort_unstable_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    async fn make_together(&self, some: Vec<Told>) -> Vec<Outcome> {
        let now_ms = self.clock.now_ms();
        match self.storage.change_all_and_tell(&some, now_ms).await {
            // Nothing was done, because of one of them.
            Ok(false) | Err(Error::Duplicate | Error::Refused { .. }) if some.len() > 1 => {
                let mut outcomes = Vec::with_capacity(some.len());
                for told in &some {
                    outcomes.push(self.storage.change_and_tell(told, now_ms).await);
                }
                outcomes
            }
            outcome => vec![outcome; some.len()],
        }
    }
}
