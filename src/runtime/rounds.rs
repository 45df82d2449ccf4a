//! The same work for many, done once for all of them: many callers wait, one round serves them.
//!
//! A round starts the moment the one before it is done and takes all that came meanwhile, so under load the rounds
//! grow by themselves and whoever is alone waits for nobody. The queue in front is bounded in items and in bytes. Every
//! caller learns what came of its own item.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{OnEnd, Stop, Supervisor};

/// After the stop, this long without anything is the end.
const IDLE_BEFORE_END: Duration = Duration::from_millis(200);

/// How much may wait, how much goes into one round, and how it ends.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub waiting_items_max: usize,
    pub waiting_bytes_max: u32,
    pub round_items_max: usize,
    pub round_bytes_max: usize,
    pub end: End,
}

/// When nobody is taken any more. What is taken by then is done all the same.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// As soon as the process is to stop.
    AtStop,
    /// Once no job of this name is running besides: it asks for what finishes its work.
    AfterJobs(&'static str),
}

/// Why nobody knows what came of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The queue is full: come back. Nothing was done.
    #[error("the queue is full")]
    Full,
    /// The process is stopping. Nothing was done.
    #[error("the queue is closed")]
    Closed,
    /// The round did not come to its end: it may have been done.
    #[error("the round was broken off")]
    BrokenOff,
}

/// The callers' side. Cheap to clone.
#[derive(Debug)]
pub struct Rounds<I, O> {
    queue: mpsc::Sender<Entry<I, O>>,
    room: Arc<Semaphore>,
    limits: Limits,
}

impl<I, O> Clone for Rounds<I, O> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), room: Arc::clone(&self.room), limits: self.limits }
    }
}

#[derive(Debug)]
struct Entry<I, O> {
    item: I,
    bytes: usize,
    done: oneshot::Sender<O>,
    /// Given back when the round is done.
    room: Option<OwnedSemaphorePermit>,
}

impl<I: Send + 'static, O: Send + 'static> Rounds<I, O> {
    /// Starts the task that does it. `work` gives what came of each item, in their order, or nothing if it was broken off;
    /// it logs its own errors.
    pub fn start<F, Fut>(supervisor: &Supervisor, name: &'static str, limits: Limits, work: F) -> Self
    where
        F: Fn(Vec<I>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Vec<O>> + Send + 'static,
    {
        let (queue, entries) = mpsc::channel(limits.waiting_items_max);
        // A restart after a panic goes on with the same queue: only the round that panicked is lost to its callers.
        let entries = Arc::new(Mutex::new(entries));
        let owner = supervisor.clone();
        supervisor.keep(name, OnEnd::Restart, move |stop| {
            let (entries, work, owner) = (Arc::clone(&entries), work.clone(), owner.clone());
            async move { make_all(&mut *entries.lock().await, limits, work, (stop, owner)).await }
        });
        Self { queue, room: Arc::new(Semaphore::new(limits.waiting_bytes_max as usize)), limits }
    }

    /// Has it done for an item; refused at once if there is no room.
    pub async fn ask_at_once(&self, item: I, bytes: usize) -> Result<O, Refused> {
        let room = u32::try_from(bytes).map_err(|_| Refused::Full)?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(room).map_err(|_| Refused::Full)?;
        let (done, outcome) = oneshot::channel();
        self.queue.try_send(Entry { item, bytes, done, room: Some(room) }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Full,
            mpsc::error::TrySendError::Closed(_) => Refused::Closed,
        })?;
        outcome.await.map_err(|_| Refused::BrokenOff)
    }

    /// Has it done for an item that weighs nothing; waits for room.
    pub async fn ask(&self, item: I) -> Result<O, Refused> {
        let (done, outcome) = oneshot::channel();
        let entry = Entry { item, bytes: 0, done, room: None };
        self.queue.send(entry).await.map_err(|_| Refused::Closed)?;
        outcome.await.map_err(|_| Refused::BrokenOff)
    }

    /// How many items wait now.
    pub fn waiting(&self) -> usize {
        self.limits.waiting_items_max.saturating_sub(self.queue.capacity())
    }

    /// How many bytes wait or are being worked on.
    pub fn bytes(&self) -> usize {
        (self.limits.waiting_bytes_max as usize).saturating_sub(self.room.available_permits())
    }
}

async fn make_all<I, O, F, Fut>(
    entries: &mut mpsc::Receiver<Entry<I, O>>,
    limits: Limits,
    work: F,
    (stop, owner): (Stop, Supervisor),
) where
    F: Fn(Vec<I>) -> Fut,
    Fut: Future<Output = Vec<O>>,
{
    let mut held_over = None;
    let mut is_ending = false;
    loop {
        let first = match held_over.take() {
            Some(entry) => entry,
            // All arms are cancel-safe: receiving keeps its place in the queue, a token, a timer.
            None => tokio::select! {
                biased;
                entry = entries.recv() => match entry {
                    Some(entry) => entry,
                    None => return,
                },
                () = stop.requested(), if !is_ending => {
                    is_ending = true;
                    if matches!(limits.end, End::AtStop) {
                        entries.close();
                    }
                    continue;
                }
                () = tokio::time::sleep(IDLE_BEFORE_END), if is_ending && !entries.is_closed() => {
                    if !matches!(limits.end, End::AfterJobs(name) if owner.running().contains(&name)) {
                        // What is queued is let through, and the loop ends after it.
                        entries.close();
                    }
                    continue;
                }
            },
        };
        let mut bytes = first.bytes;
        let mut round = vec![first];
        while round.len() < limits.round_items_max {
            let Ok(entry) = entries.try_recv() else { break };
            if bytes + entry.bytes > limits.round_bytes_max {
                held_over = Some(entry);
                break;
            }
            bytes += entry.bytes;
            round.push(entry);
        }
        let (items, waiting): (Vec<I>, Vec<_>) =
            round.into_iter().map(|entry| (entry.item, (entry.done, entry.room))).unzip();
        let outcomes = work(items).await;
        for ((done, _room), outcome) in waiting.into_iter().zip(outcomes) {
            // Whoever has gone meanwhile does not matter: it was done all the same.
            done.send(outcome).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Handle;

    use super::*;
    use crate::telemetry::Metrics;

    const LIMITS: Limits = Limits {
        waiting_items_max: 8,
        waiting_bytes_max: 100,
        round_items_max: 4,
        round_bytes_max: 50,
        end: End::AtStop,
    };

    type Made = Arc<std::sync::Mutex<Vec<Vec<u32>>>>;

    /// Rounds that each wait for a permit of `gate`; one with a 666 in it is broken off, of any other comes twice the item.
    fn start(gate: &Arc<Semaphore>, limits: Limits) -> (Supervisor, Rounds<u32, u32>, Made) {
        let supervisor = Supervisor::new(Handle::current(), &Metrics::new());
        let made = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (gate, seen) = (Arc::clone(gate), Arc::clone(&made));
        let rounds = Rounds::start(&supervisor, "test-rounds", limits, move |items: Vec<u32>| {
            let (gate, seen) = (Arc::clone(&gate), Arc::clone(&seen));
            async move {
                gate.acquire().await.unwrap().forget();
                let outcomes = items.iter().map(|item| item * 2).collect();
                let is_good = !items.contains(&666);
                seen.lock().unwrap().push(items);
                if is_good { outcomes } else { Vec::new() }
            }
        });
        (supervisor, rounds, made)
    }

    async fn until(mut condition: impl FnMut() -> bool) {
        tokio::time::timeout(Duration::from_secs(5), async {
            while !condition() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("the condition holds in time");
    }

    fn spawn(
        supervisor: &Supervisor,
        rounds: &Rounds<u32, u32>,
        item: u32,
        bytes: usize,
    ) -> impl Future<Output = Result<Result<u32, Refused>, crate::runtime::supervisor::Lost>> + use<> {
        let rounds = rounds.clone();
        supervisor.run("caller", async move { rounds.ask_at_once(item, bytes).await })
    }

    #[tokio::test]
    async fn what_comes_during_a_round_goes_into_the_next_one_within_its_limits() {
        let gate = Arc::new(Semaphore::new(0));
        let (supervisor, rounds, made) = start(&gate, LIMITS);
        let mut calls = vec![spawn(&supervisor, &rounds, 0, 10)];
        until(|| rounds.room.available_permits() == 90 && rounds.waiting() == 0).await;
        for (item, bytes) in [(1, 10), (2, 10), (3, 10), (4, 10), (5, 40)] {
            calls.push(spawn(&supervisor, &rounds, item, bytes));
            until(|| rounds.waiting() == item as usize).await;
        }
        gate.add_permits(100);
        for (call, item) in calls.into_iter().zip(0..) {
            assert_eq!(call.await.unwrap(), Ok(item * 2), "each learns of its own");
        }
        assert_eq!(*made.lock().unwrap(), [vec![0], vec![1, 2, 3, 4], vec![5]]);
        assert!(supervisor.shut_down(Duration::from_secs(1)).await.is_empty());
    }

    #[tokio::test]
    async fn a_round_that_is_broken_off_fails_its_own_callers_only() {
        let gate = Arc::new(Semaphore::new(100));
        let (_supervisor, rounds, _made) = start(&gate, LIMITS);
        assert_eq!(rounds.ask_at_once(666, 1).await, Err(Refused::BrokenOff));
        assert_eq!(rounds.ask_at_once(1, 1).await, Ok(2));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_by_count_and_by_bytes_and_forgets_nobody() {
        let gate = Arc::new(Semaphore::new(0));
        let (supervisor, rounds, _made) = start(&gate, LIMITS);
        let first = spawn(&supervisor, &rounds, 0, 60);
        until(|| rounds.room.available_permits() == 40 && rounds.waiting() == 0).await;
        assert_eq!(rounds.bytes(), 60);
        assert_eq!(rounds.ask_at_once(9, 41).await, Err(Refused::Full), "by bytes");
        let calls: Vec<_> = (1..=8).map(|item| spawn(&supervisor, &rounds, item, 1)).collect();
        until(|| rounds.waiting() == 8).await;
        assert_eq!(rounds.ask_at_once(9, 1).await, Err(Refused::Full), "by count");
        gate.add_permits(100);
        assert_eq!(first.await.unwrap(), Ok(0));
        for call in calls {
            assert!(call.await.unwrap().is_ok());
        }
        assert_eq!(rounds.room.available_permits(), 100);
    }

    #[tokio::test]
    async fn stopping_does_what_is_queued_and_refuses_what_comes_after() {
        let gate = Arc::new(Semaphore::new(0));
        let (supervisor, rounds, made) = start(&gate, LIMITS);
        let calls: Vec<_> = (0..6).map(|item| spawn(&supervisor, &rounds, item, 1)).collect();
        until(|| rounds.room.available_permits() == 94).await;
        gate.add_permits(100);
        assert!(supervisor.shut_down(Duration::from_secs(5)).await.is_empty());
        for call in calls {
            assert!(call.await.unwrap().is_ok());
        }
        assert_eq!(made.lock().unwrap().iter().map(Vec::len).sum::<usize>(), 6);
        assert_eq!(rounds.ask_at_once(9, 1).await, Err(Refused::Closed));
    }

    #[tokio::test]
    async fn whoever_still_works_is_served_after_the_stop() {
        let gate = Arc::new(Semaphore::new(100));
        let limits = Limits { end: End::AfterJobs("turn"), ..LIMITS };
        let (supervisor, rounds, _made) = start(&gate, limits);
        let (asking, stop) = (rounds.clone(), supervisor.stop_signal());
        let turn = supervisor.run("turn", async move {
            stop.requested().await;
            tokio::time::sleep(IDLE_BEFORE_END * 3).await;
            asking.ask(21).await
        });
        assert!(supervisor.shut_down(Duration::from_secs(5)).await.is_empty());
        assert_eq!(turn.await.unwrap(), Ok(42));
        assert_eq!(rounds.ask(1).await, Err(Refused::Closed));
    }
}
