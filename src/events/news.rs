//! Which workspaces have something new in the log. Like every nudge it may be lost, and costs a moment then: whoever looks
//! after all workspaces looks through them now and then by themselves.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

/// The workspaces since somebody last asked; one asks. It holds no more than there are workspaces.
#[derive(Debug, Default)]
pub struct News {
    workspaces: Mutex<HashSet<Uuid>>,
    noted: Notify,
}

impl News {
    pub(super) fn note(&self, workspace: Uuid) {
        if self.workspaces().insert(workspace) {
            self.noted.notify_one();
        }
    }

    /// The workspaces, which are forgotten by it.
    pub fn take(&self) -> HashSet<Uuid> {
        std::mem::take(&mut *self.workspaces())
    }

    /// Resolves when there is one that was not there before; one that came while nobody waited counts. Cancel-safe.
    pub async fn noted(&self) {
        self.noted.notified().await;
    }

    fn workspaces(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
