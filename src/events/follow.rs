//! Reading the log on: batch by batch, in order, without an end.

use std::time::Duration;

use tokio::sync::watch;
use tracing::warn;
use uuid::Uuid;

use super::Log;
use crate::runtime::Stop;
use crate::runtime::Supervisor;
use crate::runtime::supervisor::OnEnd;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::events::{Batch, NewInLog};

/// How many batches are read at once.
const PAGE: i64 = 200;
/// A follower looks by itself this often, in case a nudge was lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const WATCH_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A reader with its place in the log.
#[derive(Debug)]
pub struct Follower {
    storage: Storage,
    changed: watch::Receiver<u64>,
    workspace: Uuid,
    seq: i64,
}

impl Follower {
    pub(super) fn new(storage: Storage, changed: watch::Receiver<u64>, workspace: Uuid, seq: i64) -> Self {
        Self { storage, changed, workspace, seq }
    }

    /// The next batches; waits until there is one. May be dropped at any await without losing its place.
    pub async fn next(&mut self) -> Result<Vec<Batch>, Error> {
        loop {
            self.changed.borrow_and_update();
            let batches = self.storage.events_after(self.workspace, self.seq, PAGE).await?;
            if let Some(last) = batches.last() {
                self.seq = last.seq;
                return Ok(batches);
            }
            // Both arms are cancel-safe: a watch and a timer.
            tokio::select! {
                _ = self.changed.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// The last batch that was given out.
    pub fn seq(&self) -> i64 {
        self.seq
    }
}

/// Wakes this process' followers when another instance appends: one change stream a process, for all of them.
pub fn watch_other_instances(supervisor: &Supervisor, log: &Log) {
    let log = log.clone();
    supervisor.keep("event-watch", OnEnd::Restart, move |stop| {
        let log = log.clone();
        async move { watch_until_stopped(&log, stop).await }
    });
}

fn tell(log: &Log, new: NewInLog) {
    log.nudge(new.workspace);
    if new.is_outgoing {
        log.tell_of_queued();
    }
}

async fn watch_until_stopped(log: &Log, stop: Stop) {
    while !stop.is_requested() {
        // A stream costs the database something for every write, so there is none while nobody follows.
        tokio::select! {
            () = stop.requested() => return,
            () = log.is_followed() => {}
        }
        // All arms are cancel-safe: a nudge that is lost costs a follower a second.
        tokio::select! {
            () = stop.requested() => return,
            () = log.is_left() => continue,
            outcome = log.storage().watch_events(|new| tell(log, new)) => {
                if let Err(error) = outcome {
                    warn!(%error, "the stream of new events broke off; followers look by themselves meanwhile");
                }
            }
        }
        tokio::select! {
            () = stop.requested() => return,
            () = tokio::time::sleep(WATCH_AGAIN_AFTER) => {}
        }
    }
}
