//! What many turns ask for, asked for once for all of them.

use std::future::Future;

use super::sender::TURN_JOB;
use crate::runtime::Supervisor;
use crate::runtime::rounds::{End, Limits, Rounds};
use crate::storage::Error;

/// Turns are counted elsewhere, so whoever finds the queue full waits. Whoever sends finishes what it has begun.
const LIMITS: Limits = Limits {
    waiting_items_max: 1_024,
    waiting_bytes_max: 0,
    round_items_max: 128,
    round_bytes_max: 0,
    end: End::AfterJobs(TURN_JOB),
};

/// Where the work is asked for. Cheap to clone.
#[derive(Debug)]
pub struct Gather<I, O>(Rounds<I, Result<O, Error>>);

impl<I, O> Clone for Gather<I, O> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<I: Send + 'static, O: Send + 'static> Gather<I, O> {
    /// Starts the task that does it. `work` gives what came of each, in their order.
    pub fn start<F, Fut>(supervisor: &Supervisor, name: &'static str, work: F) -> Self
    where
        F: Fn(Vec<I>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Vec<Result<O, Error>>> + Send + 'static,
    {
        Self(Rounds::start(supervisor, name, LIMITS, work))
    }

    /// Has it done for one.
    pub async fn ask(&self, item: I) -> Result<O, Error> {
        self.0.ask(item).await.map_err(|_| Error::OutcomeUnknown)?
    }
}

/// What came of each, where all of them have one end if it went wrong.
pub fn each<O>(count: usize, outcome: Result<Vec<O>, Error>) -> Vec<Result<O, Error>> {
    match outcome {
        Ok(all) => all.into_iter().map(Ok).collect(),
        Err(error) => (0..count).map(|_| Err(error.clone())).collect(),
    }
}
