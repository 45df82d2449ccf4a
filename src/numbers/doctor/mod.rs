//! The doctor: what is wrong with a number, in words, and what to do. And what can be mended at once.
//!
//! An examination looks at everything that can be looked at together (`gather`), judges what was seen (`judge`), and
//! keeps what was found on the number (`report`), in no language; `words` has the sentences. `health` looks at each
//! number from time to time and stops or frees its sending.
//!
//! Invariants: an examination has an end; it changes nothing at Meta; no secret is in what it finds; it never touches
//! receiving.

mod access;
mod gather;
pub mod health;
mod judge;
mod line;
pub mod repair;
pub mod report;
mod standing;
pub mod step;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::clock::Clock;
use crate::config::Config;
use crate::ids::Random;
use crate::meta::client::Graph;
use crate::numbers::Numbers;
use crate::numbers::probe::{Door, WEBHOOK_PATH};
use crate::secret::Secret;
use crate::storage;
use crate::storage::Storage;
use crate::storage::number_record::{NumberChanges, NumberRecord};
use access::Access;
use gather::{Deadline, Seen};

pub use repair::Repair;
pub use report::{Finding, Report};
pub use step::{State, Step};

/// How long an examination may take.
const EXAMINATION_MAX: Duration = Duration::from_secs(20);

/// What the examination takes from the settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub public_url: Option<String>,
    pub verify_token: Option<Secret>,
    pub app_id: Option<String>,
    /// Those with which webhooks may be signed.
    pub app_secrets: Vec<Secret>,
    /// The Graph API is a stand-in on this machine, which reaches addresses that Meta cannot.
    pub is_graph_local: bool,
}

impl Settings {
    pub fn of(config: &Config) -> Self {
        Self {
            public_url: config.server.public_url.clone(),
            verify_token: config.whatsapp.verify_token.clone(),
            app_id: config.whatsapp.app_id.clone(),
            app_secrets: config.whatsapp.app_secrets.clone(),
            is_graph_local: config.meta.base_url.starts_with("http://"),
        }
    }

    /// Where Meta has to send webhooks.
    pub fn callback_url(&self) -> Option<String> {
        self.public_url.as_ref().map(|url| format!("{url}{WEBHOOK_PATH}"))
    }
}

/// Examines numbers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Doctor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    storage: Storage,
    numbers: Numbers,
    graph: Graph,
    clock: Clock,
    random: Random,
    settings: Settings,
    door: Option<Door>,
}

impl Doctor {
    pub fn new(
        storage: &Storage,
        numbers: &Numbers,
        graph: &Graph,
        (clock, random): (&Clock, &Random),
        settings: Settings,
    ) -> Self {
        let door = settings.public_url.as_deref().and_then(Door::of);
        Self(Arc::new(Inner {
            storage: storage.clone(),
            numbers: numbers.clone(),
            graph: graph.clone(),
            clock: clock.clone(),
            random: random.clone(),
            settings,
            door,
        }))
    }

    /// Examines a number and keeps what was found. None: there is no such number in the workspace.
    pub async fn test(&self, workspace: Uuid, number: Uuid) -> Result<Option<Report>, storage::Error> {
        let Some(record) = self.0.storage.find_number(workspace, number).await? else { return Ok(None) };
        let access = Access::open(&record, &self.0.numbers).await;
        self.examine(&record, &access, EXAMINATION_MAX).await.map(Some)
    }

    async fn examine(
        &self,
        record: &NumberRecord,
        access: &Access,
        max: Duration,
    ) -> Result<Report, storage::Error> {
        let seen = Box::pin(self.look(record, access, Deadline::new(max))).await?;
        let report = Report { tested_at_ms: seen.now_ms, findings: judge::judge(&seen) };
        self.settle(&seen).await?;
        let changes = NumberChanges::default().test(&report)?;
        self.0.storage.change_number(record.workspace, record.id, changes, self.0.clock.now_ms()).await?;
        Ok(report)
    }

    /// What was seen of the number decides, too, whether it may send.
    async fn settle(&self, seen: &Seen<'_>) -> Result<(), storage::Error> {
        let number = seen.number.as_ref().map(|asked| &asked.value);
        let standing = standing::of(seen.record, seen.access, number, (seen.is_proof_refused, seen.now_ms));
        standing::keep(&self.0.storage, seen.record, standing, seen.now_ms).await
    }
}
