//! What another instance queues wakes this one's sender at once, as far as the log hears of it.

use std::time::Duration;

use super::sender::Sender;
use crate::runtime::Supervisor;
use crate::runtime::supervisor::OnEnd;

/// Whoever is woken looks at the line: not more often than this.
const WAKE_PAUSE: Duration = Duration::from_millis(50);

/// Listens for the life of the process.
pub(super) fn listen(sender: &Sender, supervisor: &Supervisor) {
    let sender = sender.clone();
    supervisor.keep("outbound-wake", OnEnd::Restart, move |stop| {
        let (sender, mut queued) = (sender.clone(), sender.0.log.queued());
        async move {
            loop {
                // Both arms are cancel-safe: a token and a watch.
                tokio::select! {
                    () = stop.requested() => return,
                    heard = queued.changed() => {
                        if heard.is_err() {
                            return;
                        }
                        sender.0.nudge.wake();
                        tokio::time::sleep(WAKE_PAUSE).await;
                    }
                }
            }
        }
    });
}
