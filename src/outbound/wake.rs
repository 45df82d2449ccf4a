//! What another instance queues wakes this one's sender at once, by the stream of new events that all followers of this
//! process share. Only while there is another instance: the stream costs the database something for every write.

use std::time::Duration;

use tracing::warn;

use super::sender::{Equipment, Sender};
use crate::runtime::supervisor::OnEnd;
use crate::runtime::{Stop, Supervisor};

/// How often one looks whether this is the only instance.
const LOOK_FOR_OTHERS_EVERY: Duration = Duration::from_secs(2);
/// An instance that has not been heard of for so long is gone.
const OTHERS_SILENT_MAX: Duration = Duration::from_secs(10);
const HEARD_EVERY: Duration = Duration::from_secs(3);
/// Whoever is woken looks at the line: not more often than this.
const WAKE_PAUSE: Duration = Duration::from_millis(50);

/// Says that this process is there, for its life, whether it sends or only queues.
pub(super) fn be_heard(sender: &Sender, supervisor: &Supervisor) {
    let sender = sender.clone();
    supervisor.keep("outbound-presence", OnEnd::Restart, move |stop| {
        let sender = sender.clone();
        async move {
            while !stop.is_requested() {
                if let Err(error) = sender.0.storage.note_instance(sender.0.instance).await {
                    warn!(%error, "this process cannot be noted; others may hear of what it queues a second later");
                }
                // Both arms are cancel-safe: a token and a timer.
                tokio::select! {
                    () = stop.requested() => {}
                    () = tokio::time::sleep(HEARD_EVERY) => {}
                }
            }
        }
    });
}

/// Listens for the life of the process.
pub(super) fn listen(sender: &Sender, supervisor: &Supervisor) {
    let sender = sender.clone();
    supervisor.keep("outbound-wake", OnEnd::Restart, move |stop| {
        let sender = sender.clone();
        async move {
            while !stop.is_requested() {
                if has_company(&sender.0).await {
                    wake_while_in_company(&sender.0, &stop).await;
                }
                // Both arms are cancel-safe: a token and a timer.
                tokio::select! {
                    () = stop.requested() => {}
                    () = tokio::time::sleep(LOOK_FOR_OTHERS_EVERY) => {}
                }
            }
        }
    });
}

async fn has_company(equipment: &Equipment) -> bool {
    let found = equipment.storage.has_other_instances(equipment.instance, OTHERS_SILENT_MAX).await;
    found.unwrap_or_else(|error| {
        warn!(%error, "whether there are other instances cannot be seen; the sender looks by itself meanwhile");
        false
    })
}

async fn wake_while_in_company(equipment: &Equipment, stop: &Stop) {
    let mut queued = equipment.log.queued();
    let mut look = tokio::time::interval(LOOK_FOR_OTHERS_EVERY);
    loop {
        // All arms are cancel-safe: a token, a watch, a timer that keeps its pace.
        tokio::select! {
            () = stop.requested() => return,
            heard = queued.changed() => {
                if heard.is_err() {
                    return;
                }
                equipment.nudge.wake();
                tokio::time::sleep(WAKE_PAUSE).await;
            }
            _ = look.tick() => {
                if !has_company(equipment).await {
                    return;
                }
            }
        }
    }
}
