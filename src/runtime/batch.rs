//! Group commit: many callers wait, one durable write serves them all.
//!
//! A flush starts the moment the one before it returns and takes all that arrived meanwhile, so under load the
//! batches grow by themselves and an idle caller never waits for company. The queue in front is bounded in items
//! and in bytes; a caller that finds it full is refused at once. Every caller learns whether its own batch was
//! stored.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::{OnEnd, Stop, Supervisor};

/// How much may wait, and how much goes into one flush.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub queue_items_max: usize,
    pub queue_bytes_max: u32,
    pub flush_items_max: usize,
    pub flush_bytes_max: usize,
}

/// Why an item was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The queue is full: come back.
    #[error("the queue is full")]
    Full,
    /// The process is stopping.
    #[error("the queue is closed")]
    Closed,
    /// The flush failed, or nobody knows whether it did.
    #[error("the flush was not confirmed")]
    NotConfirmed,
}

/// The callers' side. Cheap to clone.
#[derive(Debug)]
pub struct Batcher<T> {
    queue: mpsc::Sender<Entry<T>>,
    room: Arc<Semaphore>,
    waiting_max: usize,
}

impl<T> Clone for Batcher<T> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), room: Arc::clone(&self.room), waiting_max: self.waiting_max }
    }
}

#[derive(Debug)]
struct Entry<T> {
    item: T,
    bytes: usize,
    confirm: oneshot::Sender<bool>,
    room: OwnedSemaphorePermit,
}

impl<T: Send + 'static> Batcher<T> {
    /// Starts the flushing task. `flush` answers whether the batch is stored for certain; it logs its own errors.
    pub fn start<F, Fut>(supervisor: &Supervisor, name: &'static str, limits: Limits, flush: F) -> Self
    where
        F: Fn(Vec<T>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        let (queue, entries) = mpsc::channel(limits.queue_items_max);
        // A restart after a panic goes on with the same queue: only the panicking batch is lost to its callers.
        let entries = Arc::new(Mutex::new(entries));
        supervisor.keep(name, OnEnd::Restart, move |stop| {
            let (entries, flush) = (Arc::clone(&entries), flush.clone());
            async move { flush_all(&mut *entries.lock().await, limits, flush, stop).await }
        });
        let room = Arc::new(Semaphore::new(limits.queue_bytes_max as usize));
        Self { queue, room, waiting_max: limits.queue_items_max }
    }

    /// Queues `item` and waits until its batch is stored.
    pub async fn accept(&self, item: T, bytes: usize) -> Result<(), Refused> {
        let room = u32::try_from(bytes).map_err(|_| Refused::Full)?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(room).map_err(|_| Refused::Full)?;
        let (confirm, confirmed) = oneshot::channel();
        self.queue.try_send(Entry { item, bytes, confirm, room }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Full,
            mpsc::error::TrySendError::Closed(_) => Refused::Closed,
        })?;
        match confirmed.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Refused::NotConfirmed),
        }
    }

    /// How many items wait now.
    pub fn waiting(&self) -> usize {
        self.waiting_max.saturating_sub(self.queue.capacity())
    }
}

async fn flush_all<T, F, Fut>(entries: &mut mpsc::Receiver<Entry<T>>, limits: Limits, flush: F, stop: Stop)
where
    F: Fn(Vec<T>) -> Fut,
    Fut: Future<Output = bool>,
{
    let mut held_over = None;
    loop {
        let first = match held_over.take() {
            Some(entry) => entry,
            // Both arms are cancel-safe: receiving keeps its place in the queue.
            None => tokio::select! {
                biased;
                entry = entries.recv() => match entry {
                    Some(entry) => entry,
                    None => return,
                },
                // Closing lets what is queued through and ends the loop after it.
                () = stop.requested(), if !entries.is_closed() => {
                    entries.close();
                    continue;
                }
            },
        };
        let mut bytes = first.bytes;
        let mut batch = vec![first];
        while batch.len() < limits.flush_items_max {
            let Ok(entry) = entries.try_recv() else { break };
            if bytes + entry.bytes > limits.flush_bytes_max {
                held_over = Some(entry);
                break;
            }
            bytes += entry.bytes;
            batch.push(entry);
        }
        let (items, waiters): (Vec<T>, Vec<_>) =
            batch.into_iter().map(|entry| (entry.item, (entry.confirm, entry.room))).unzip();
        let stored = flush(items).await;
        for (confirm, _room) in waiters {
            // A caller that has gone does not matter: its item is stored all the same.
            confirm.send(stored).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Handle;

    use super::*;
    use crate::telemetry::Metrics;

    const LIMITS: Limits =
        Limits { queue_items_max: 8, queue_bytes_max: 100, flush_items_max: 4, flush_bytes_max: 50 };

    type Flushed = Arc<std::sync::Mutex<Vec<Vec<u32>>>>;

    /// A batcher whose flushes each wait for a permit of `gate`; a batch with a 666 in it fails.
    fn start(gate: &Arc<Semaphore>) -> (Supervisor, Batcher<u32>, Flushed) {
        let supervisor = Supervisor::new(Handle::current(), &Metrics::new());
        let flushed = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (gate, seen) = (Arc::clone(gate), Arc::clone(&flushed));
        let batcher = Batcher::start(&supervisor, "test-batch", LIMITS, move |items: Vec<u32>| {
            let (gate, seen) = (Arc::clone(&gate), Arc::clone(&seen));
            async move {
                gate.acquire().await.unwrap().forget();
                let good = !items.contains(&666);
                seen.lock().unwrap().push(items);
                good
            }
        });
        (supervisor, batcher, flushed)
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
        batcher: &Batcher<u32>,
        item: u32,
        bytes: usize,
    ) -> impl Future<Output = Result<Result<(), Refused>, crate::runtime::supervisor::Lost>> + use<> {
        let batcher = batcher.clone();
        supervisor.run("caller", async move { batcher.accept(item, bytes).await })
    }

    #[tokio::test]
    async fn what_arrives_during_a_flush_goes_into_the_next_one_within_its_limits() {
        let gate = Arc::new(Semaphore::new(0));
        let (supervisor, batcher, flushed) = start(&gate);
        let mut calls = vec![spawn(&supervisor, &batcher, 0, 10)];
        until(|| batcher.room.available_permits() == 90 && batcher.waiting() == 0).await;
        for (item, bytes) in [(1, 10), (2, 10), (3, 10), (4, 10), (5, 40)] {
            calls.push(spawn(&supervisor, &batcher, item, bytes));
            until(|| batcher.waiting() == item as usize).await;
        }
        gate.add_permits(100);
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(()));
        }
        assert_eq!(*flushed.lock().unwrap(), [vec![0], vec![1, 2, 3, 4], vec![5]]);
        assert!(supervisor.shut_down(Duration::from_secs(1)).await.is_empty());
    }

    #[tokio::test]
    async fn a_failed_flush_fails_its_own_callers_only() {
        let gate = Arc::new(Semaphore::new(100));
        let (_supervisor, batcher, _flushed) = start(&gate);
        assert_eq!(batcher.accept(666, 1).await, Err(Refused::NotConfirmed));
        assert_eq!(batcher.accept(1, 1).await, Ok(()));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_by_count_and_by_bytes_and_forgets_nobody() {
        let gate = Arc::new(Semaphore::new(0));
        let (supervisor, batcher, _flushed) = start(&gate);
        let first = spawn(&supervisor, &batcher, 0, 60);
        until(|| batcher.room.available_permits() == 40 && batcher.waiting() == 0).await;
        assert_eq!(batcher.accept(9, 41).await, Err(Refused::Full), "by bytes");
        let calls: Vec<_> = (1..=8).map(|item| spawn(&supervisor, &batcher, item, 1)).collect();
        until(|| batcher.waiting() == 8).await;
        assert_eq!(batcher.accept(9, 1).await, Err(Refused::Full), "by count");
        gate.add_permits(100);
        assert_eq!(first.await.unwrap(), Ok(()));
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(()));
        }
        assert_eq!(batcher.room.available_permits(), 100);
    }

    #[tokio::test]
    async fn stopping_flushes_what_is_queued_and_refuses_what_comes_after() {
        let gate = Arc::new(Semaphore::new(0));
        let (supervisor, batcher, flushed) = start(&gate);
        let calls: Vec<_> = (0..6).map(|item| spawn(&supervisor, &batcher, item, 1)).collect();
        until(|| batcher.room.available_permits() == 94).await;
        gate.add_permits(100);
        assert!(supervisor.shut_down(Duration::from_secs(5)).await.is_empty());
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(()));
        }
        assert_eq!(flushed.lock().unwrap().iter().map(Vec::len).sum::<usize>(), 6);
        assert_eq!(batcher.accept(9, 1).await, Err(Refused::Closed));
    }
}
