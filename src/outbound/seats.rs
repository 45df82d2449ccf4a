//! Places for requests under way. A turn has one from its claim until the answer to its message; what follows the answer
//! is the database's work, and the next turn's request does not wait for it.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// All places. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Seats {
    free: Arc<Semaphore>,
    left: Arc<Notify>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Seat {
    permit: Option<OwnedSemaphorePermit>,
    left: Arc<Notify>,
}

impl Seats {
    /// So many.
    pub fn new(count: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(count)), left: Arc::default() }
    }

    /// How many nobody has, and nobody waits for.
    pub fn free(&self) -> usize {
        self.free.available_permits()
    }

    /// Waits for one.
    pub async fn take(&self) -> Option<Seat> {
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        permit.map(|permit| self.seat(permit))
    }

    /// One of those that are free.
    pub fn try_take(&self) -> Option<Seat> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok();
        permit.map(|permit| self.seat(permit))
    }

    /// Waits until somebody has left since the last time. Cancel-safe.
    pub async fn left(&self) {
        self.left.notified().await;
    }

    fn seat(&self, permit: OwnedSemaphorePermit) -> Seat {
        Seat { permit: Some(permit), left: Arc::clone(&self.left) }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // Whoever is woken finds it free.
        drop(self.permit.take());
        self.left.notify_one();
    }
}
