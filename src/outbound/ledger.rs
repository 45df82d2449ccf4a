//! Changes of messages, many in one transaction: every change brings an event, and each workspace has one next event,
//! so changes that are made one by one stand in each other's way.
//!
//! A transaction takes what has come while the one before it was made. If one change of it cannot be made, all are made
//! one by one, and each learns its own end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};
use uuid::Uuid;

use crate::clock::Clock;
use crate::events::Log;
use crate::runtime::Stop;
use crate::runtime::Supervisor;
use crate::runtime::supervisor::OnEnd;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::told::Told;

/// How many changes wait at most; who comes then waits for room.
const QUEUE_MAX: usize = 1_024;
const TOGETHER_MAX: usize = 128;
/// After the end was asked for, this long without a change is the end.
const IDLE_BEFORE_END: Duration = Duration::from_millis(200);

type Outcome = Result<bool, Error>;

/// Where changes are entered. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    queue: mpsc::Sender<Entry>,
}

#[derive(Debug)]
struct Entry {
    told: Told,
    done: oneshot::Sender<Outcome>,
}

impl Ledger {
    /// Starts the task that makes the changes.
    pub fn start(supervisor: &Supervisor, storage: &Storage, clock: &Clock, log: &Log) -> Self {
        let (queue, entries) = mpsc::channel(QUEUE_MAX);
        let entries = Arc::new(Mutex::new(entries));
        let book = Book { storage: storage.clone(), clock: clock.clone(), log: log.clone() };
        supervisor.keep("outbound-ledger", OnEnd::Restart, move |stop| {
            let (entries, book) = (Arc::clone(&entries), book.clone());
            async move { book.keep(&mut *entries.lock().await, stop).await }
        });
        Self { queue }
    }

    /// Makes a change and tells of it. False: a document that was to be changed is not as it was expected, and nothing
    /// was done.
    pub async fn enter(&self, told: Told) -> Outcome {
        let (done, outcome) = oneshot::channel();
        self.queue.send(Entry { told, done }).await.map_err(|_| Error::OutcomeUnknown)?;
        outcome.await.map_err(|_| Error::OutcomeUnknown)?
    }
}

#[derive(Clone, Debug)]
struct Book {
    storage: Storage,
    clock: Clock,
    log: Log,
}

impl Book {
    async fn keep(&self, entries: &mut mpsc::Receiver<Entry>, stop: Stop) {
        loop {
            // Both arms are cancel-safe: receiving keeps its place in the queue.
            let first = tokio::select! {
                biased;
                entry = entries.recv() => entry,
                // Whoever sends finishes what it has begun, so the end comes when the queue has been idle.
                () = stop.requested(), if entries.is_empty() => return self.drain(entries).await,
            };
            let Some(first) = first else { return };
            self.make(first, entries).await;
        }
    }

    /// After the end was asked for: what is under way still comes.
    async fn drain(&self, entries: &mut mpsc::Receiver<Entry>) {
        while let Ok(Some(entry)) = tokio::time::timeout(IDLE_BEFORE_END, entries.recv()).await {
            self.make(entry, entries).await;
        }
        entries.close();
        while let Some(entry) = entries.recv().await {
            self.make(entry, entries).await;
        }
    }

    async fn make(&self, first: Entry, entries: &mut mpsc::Receiver<Entry>) {
        let mut together: BTreeMap<Uuid, Vec<Entry>> = BTreeMap::new();
        together.entry(first.told.workspace()).or_default().push(first);
        for _ in 1..TOGETHER_MAX {
            let Ok(entry) = entries.try_recv() else { break };
            together.entry(entry.told.workspace()).or_default().push(entry);
        }
        for (workspace, entries) in together {
            self.make_together(entries).await;
            self.log.nudge(workspace);
        }
    }

    async fn make_together(&self, entries: Vec<Entry>) {
        let now_ms = self.clock.now_ms();
        let all = entries.iter().map(|entry| entry.told.clone()).reduce(Told::with);
        let Some(all) = all else { return };
        let outcome = self.storage.change_and_tell(&all, now_ms).await;
        let is_one = entries.len() == 1;
        match outcome {
            Ok(true) => entries.into_iter().for_each(|entry| drop(entry.done.send(Ok(true)))),
            // Nothing was done, because of one of them.
            Ok(false) | Err(Error::Duplicate | Error::Refused { .. }) if !is_one => {
                for entry in entries {
                    let outcome = self.storage.change_and_tell(&entry.told, now_ms).await;
                    entry.done.send(outcome).ok();
                }
            }
            outcome => {
                for entry in entries {
                    entry.done.send(outcome.clone()).ok();
                }
            }
        }
    }
}
