//! The same work for many, done once for all of them: what comes while it is done for some goes into the next round. So
//! under load the rounds grow by themselves, and whoever is alone waits for nobody.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::sender::TURN_JOB;
use crate::runtime::Stop;
use crate::runtime::Supervisor;
use crate::runtime::supervisor::OnEnd;
use crate::storage::Error;

/// How many wait at most; who comes then waits for room.
const QUEUE_MAX: usize = 1_024;
const TOGETHER_MAX: usize = 128;
/// After the end was asked for, this long without anything is the end.
const IDLE_BEFORE_END: Duration = Duration::from_millis(200);

/// Where the work is asked for. Cheap to clone.
#[derive(Debug)]
pub struct Gather<I, O> {
    queue: mpsc::Sender<Entry<I, O>>,
}

impl<I, O> Clone for Gather<I, O> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

#[derive(Debug)]
struct Entry<I, O> {
    item: I,
    done: oneshot::Sender<Result<O, Error>>,
}

impl<I: Send + 'static, O: Send + 'static> Gather<I, O> {
    /// Starts the task that does it. `work` gives what came of each, in their order.
    pub fn start<F, Fut>(supervisor: &Supervisor, name: &'static str, work: F) -> Self
    where
        F: Fn(Vec<I>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Vec<Result<O, Error>>> + Send + 'static,
    {
        let (queue, entries) = mpsc::channel(QUEUE_MAX);
        let entries = Arc::new(Mutex::new(entries));
        let owner = supervisor.clone();
        supervisor.keep(name, OnEnd::Restart, move |stop| {
            let (entries, work, owner) = (Arc::clone(&entries), work.clone(), owner.clone());
            async move { keep(&mut *entries.lock().await, &work, (stop, owner)).await }
        });
        Self { queue }
    }

    /// Has it done for one.
    pub async fn ask(&self, item: I) -> Result<O, Error> {
        let (done, outcome) = oneshot::channel();
        self.queue.send(Entry { item, done }).await.map_err(|_| Error::OutcomeUnknown)?;
        outcome.await.map_err(|_| Error::OutcomeUnknown)?
    }
}

async fn keep<I, O, F, Fut>(
    entries: &mut mpsc::Receiver<Entry<I, O>>,
    work: &F,
    (stop, owner): (Stop, Supervisor),
) where
    F: Fn(Vec<I>) -> Fut,
    Fut: Future<Output = Vec<Result<O, Error>>>,
{
    loop {
        // Both arms are cancel-safe: receiving keeps its place in the queue.
        let first = tokio::select! {
            biased;
            entry = entries.recv() => entry,
            () = stop.requested(), if entries.is_empty() => break,
        };
        let Some(first) = first else { return };
        round(first, entries, work).await;
    }
    // Whoever sends finishes what it has begun, so the end comes when all of them are done and nothing else came.
    loop {
        match tokio::time::timeout(IDLE_BEFORE_END, entries.recv()).await {
            Ok(Some(entry)) => round(entry, entries, work).await,
            Ok(None) => return,
            Err(_) if owner.running().contains(&TURN_JOB) => {}
            Err(_) => break,
        }
    }
    entries.close();
    while let Some(entry) = entries.recv().await {
        round(entry, entries, work).await;
    }
}

async fn round<I, O, F, Fut>(first: Entry<I, O>, entries: &mut mpsc::Receiver<Entry<I, O>>, work: &F)
where
    F: Fn(Vec<I>) -> Fut,
    Fut: Future<Output = Vec<Result<O, Error>>>,
{
    let (mut items, mut waiting) = (vec![first.item], vec![first.done]);
    while items.len() < TOGETHER_MAX {
        let Ok(Entry { item, done }) = entries.try_recv() else { break };
        items.push(item);
        waiting.push(done);
    }
    // Whoever has gone meanwhile does not matter: it was done all the same.
    for (done, outcome) in waiting.into_iter().zip(work(items).await) {
        done.send(outcome).ok();
    }
}

/// What came of each, where all of them have one end if it went wrong.
pub fn each<O>(count: usize, outcome: Result<Vec<O>, Error>) -> Vec<Result<O, Error>> {
    match outcome {
        Ok(all) => all.into_iter().map(Ok).collect(),
        Err(error) => (0..count).map(|_| Err(error.clone())).collect(),
    }
}
