//! Reading the log on: batch by batch, in order, without an end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::warn;
use uuid::Uuid;

use super::Log;
use super::channel::{Channel, Heard};
use super::company::Company;
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
    channel: Arc<Channel>,
    heard: watch::Receiver<Heard>,
    workspace: Uuid,
    seq: i64,
    /// What it has looked for in the log itself.
    nudges: u64,
    /// Whether the log has to be looked at, whatever was heard.
    is_to_look: bool,
}

impl Follower {
    pub(super) fn new(storage: Storage, channel: Arc<Channel>, workspace: Uuid, seq: i64) -> Self {
        let heard = channel.heard();
        Self { storage, channel, heard, workspace, seq, nudges: 0, is_to_look: true }
    }

    /// The next batches; waits until there is one. May be dropped at any await without losing its place.
    pub async fn next(&mut self) -> Result<Vec<Arc<Batch>>, Error> {
        loop {
            let heard = *self.heard.borrow_and_update();
            let mut batches = self.channel.fresh_after(self.seq);
            if batches.is_empty() && (self.is_to_look || heard.nudges != self.nudges || heard.seq > self.seq)
            {
                self.is_to_look = true;
                let found = self.storage.events_after(self.workspace, self.seq, PAGE).await?;
                batches = found.into_iter().map(Arc::new).collect();
                // A page that is not full is the end: of what comes after it one hears.
                (self.nudges, self.is_to_look) = (heard.nudges, i64::try_from(batches.len()) == Ok(PAGE));
            }
            if let Some(last) = batches.last() {
                self.seq = last.seq;
                return Ok(batches);
            }
            // Both arms are cancel-safe: a watch and a timer.
            tokio::select! {
                _ = self.heard.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => self.is_to_look = true,
            }
        }
    }

    /// The last batch that was given out.
    pub fn seq(&self) -> i64 {
        self.seq
    }
}

/// Wakes this process' followers when another instance appends: one change stream a process, for all of them, as long as
/// there are other instances.
pub fn watch_other_instances(supervisor: &Supervisor, log: &Log, instance: Uuid) {
    let (log, company) = (log.clone(), Company::keep(supervisor, log.storage(), instance));
    supervisor.keep("event-watch", OnEnd::Restart, move |stop| {
        let (log, company) = (log.clone(), company.clone());
        async move { watch_until_stopped(&log, company, stop).await }
    });
}

fn tell(log: &Log, new: NewInLog) {
    log.hear(new.workspace, new.seq);
    if new.is_outgoing {
        log.tell_of_queued();
    }
}

async fn watch_until_stopped(log: &Log, mut company: Company, stop: Stop) {
    while !stop.is_requested() {
        // A stream costs the database something for every write, so there is none while nobody follows or nobody else
        // appends.
        tokio::select! {
            () = stop.requested() => return,
            () = async { company.becomes(true).await; log.is_followed().await } => {}
        }
        // All arms are cancel-safe: a nudge that is lost costs a follower a second.
        tokio::select! {
            () = stop.requested() => return,
            () = log.is_left() => continue,
            () = company.becomes(false) => continue,
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
