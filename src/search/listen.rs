//! What wakes the indexer: the log, as far as this process hears of it. What other instances append it hears of by the
//! stream of changes that all followers of the process share, which costs the database something for every write: so
//! only the instance that takes the log in asks for it, and only while there are others.

use std::time::Duration;

use tokio::sync::watch;
use tracing::warn;

use super::indexer::Indexer;
use crate::runtime::supervisor::OnEnd;
use crate::runtime::{Stop, Supervisor};

/// How often one looks whether there are other instances, and whether they are this one's to hear.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// An instance that has not been heard of for so long is gone.
const OTHERS_SILENT_MAX: Duration = Duration::from_secs(10);
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
        let is_to_hear = indexer.is_holder() && has_company(indexer).await;
        hearing = is_to_hear.then(|| hearing.unwrap_or_else(|| indexer.log().hear_of_others()));
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

async fn has_company(indexer: &Indexer) -> bool {
    indexer.has_company(OTHERS_SILENT_MAX).await.unwrap_or_else(|error| {
        warn!(%error, "whether there are other instances cannot be seen; search looks by itself meanwhile");
        false
    })
}
