//! What wakes the indexer: the log, as far as this process hears of it. What other instances append it hears of by the
//! stream of changes that all followers of the process share, which costs the database something for every write: so
//! only the instance that takes the log in asks for it.

use std::time::Duration;

use tokio::sync::watch;

use super::indexer::Indexer;
use crate::runtime::supervisor::OnEnd;
use crate::runtime::{Stop, Supervisor};

/// How often one looks whether the log is this instance's to take in.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What comes within this time is taken in together.
const WAKE_PAUSE: Duration = Duration::from_millis(250);

/// Listens for the life of the process.
pub(super) fn listen(indexer: &Indexer, supervisor: &Supervisor) {
    let indexer = indexer.clone();
    supervisor.keep("search-wake", OnEnd::Restart, move |stop| {
        let indexer = indexer.clone();
        async move { listen_until_stopped(&indexer, &stop).await }
    });
}

async fn listen_until_stopped(indexer: &Indexer, stop: &Stop) {
    let mut hearing: Option<watch::Receiver<()>> = None;
    while !stop.is_requested() {
        hearing = indexer.is_holder().then(|| hearing.unwrap_or_else(|| indexer.log().hear_of_others()));
        wake_for_a_while(indexer, stop).await;
    }
    indexer.let_go().await;
}

async fn wake_for_a_while(indexer: &Indexer, stop: &Stop) {
    let end = tokio::time::sleep(LOOK_EVERY);
    tokio::pin!(end);
    loop {
        // All arms are cancel-safe: a token, a timer, a permit that is kept.
        tokio::select! {
            () = stop.requested() => return,
            () = &mut end => return,
            () = indexer.log().news().noted() => {
                if indexer.is_holder() {
                    indexer.wake();
                    tokio::time::sleep(WAKE_PAUSE).await;
                }
            }
        }
    }
}
