//! Whether other instances of the service are there. Nothing rests on it but how soon one hears of another: the stream
//! of what others append costs the database something for every write, so whoever is alone does without.

use std::time::Duration;

use tokio::sync::watch;
use tracing::warn;
use uuid::Uuid;

use crate::runtime::supervisor::OnEnd;
use crate::runtime::{Stop, Supervisor};
use crate::storage::Error;
use crate::storage::Storage;

/// How often a process says that it is there, and looks who else is.
const EVERY: Duration = Duration::from_secs(2);

/// What is known of the others. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Company(watch::Receiver<bool>);

impl Company {
    /// Says for the life of the process that it is there, and looks around.
    pub fn keep(supervisor: &Supervisor, storage: &Storage, instance: Uuid) -> Self {
        let (told, known) = watch::channel(false);
        let storage = storage.clone();
        supervisor.keep("presence", OnEnd::Restart, move |stop| {
            let (storage, told) = (storage.clone(), told.clone());
            async move { be_heard(&storage, instance, &told, &stop).await }
        });
        Self(known)
    }

    /// Resolves as soon as there are others, or as there are none. Cancel-safe. Without an end when the process stops.
    pub async fn becomes(&mut self, is_there: bool) {
        if self.0.wait_for(|known| *known == is_there).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn be_heard(storage: &Storage, instance: Uuid, told: &watch::Sender<bool>, stop: &Stop) {
    while !stop.is_requested() {
        match look(storage, instance).await {
            Ok(is_there) => {
                told.send_if_modified(|known| std::mem::replace(known, is_there) != is_there);
            }
            Err(error) => {
                warn!(%error, "instances cannot hear of each other now; what one of them queues may leave a second later");
            }
        }
        // Both arms are cancel-safe: a token and a timer.
        tokio::select! {
            () = stop.requested() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn look(storage: &Storage, instance: Uuid) -> Result<bool, Error> {
    storage.note_instance(instance).await?;
    storage.has_other_instances(Some(instance)).await
}
