//! Templates are read by themselves: all of an account soon after its first number is there and then from time to time,
//! and one of which a webhook told that it is new or has other texts.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use super::{Error, Templates};
use crate::runtime::Worker;
use crate::runtime::worker::Round;
use crate::storage;
use crate::storage::template_state::template_key;

/// How often there is a look at whose turn it is.
const EVERY: Duration = Duration::from_secs(10);
const ROUND_MAX: Duration = Duration::from_mins(10);
/// Longer than one account can take.
const LEASE: Duration = Duration::from_mins(15);
/// After a failure.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_mins(10);
/// Longer than one template can take; after a failure it comes again then.
const FETCH_LEASE: Duration = Duration::from_mins(10);
/// How many single templates are read in one round.
const FETCHED_MAX: usize = 50;
/// What is left of Meta's allowance is for messages.
const PAUSE_WHEN_BUSY: Duration = Duration::from_mins(1);

/// Reads templates.
#[derive(Debug)]
pub struct TemplateSync(pub Templates);

impl TemplateSync {
    /// Reads the accounts whose turn it is.
    async fn sync_due(&self) -> Result<(), storage::Error> {
        let storage = &self.0.0.storage;
        let records = storage.all_number_records().await?;
        let accounts: BTreeSet<(Uuid, String)> = records
            .into_iter()
            .filter(|record| record.access_token.is_some())
            .filter_map(|record| Some((record.workspace, record.account_id?)))
            .collect();
        let accounts: Vec<(Uuid, String)> = accounts.into_iter().collect();
        let resting: BTreeSet<String> =
            storage.resting_template_syncs(&accounts).await?.into_iter().collect();
        for (workspace, account_id) in accounts {
            if resting.contains(&template_key(workspace, &account_id))
                || !storage.claim_template_sync(workspace, &account_id, LEASE).await?
            {
                continue;
            }
            if let Err(error) = self.sync_one(workspace, &account_id).await {
                warn!(%error, account = account_id, "the templates of an account could not be read");
                storage.rest_template_sync(workspace, &account_id, None, PAUSE_AFTER_FAILURE).await?;
            }
        }
        Ok(())
    }

    async fn sync_one(&self, workspace: Uuid, account_id: &str) -> Result<(), Error> {
        let templates = &self.0;
        let Some(account) = templates.whole_account(workspace, account_id).await? else { return Ok(()) };
        let access = templates.access(&account).await?;
        if let Some(pause) = templates.0.graph.pause(&access.credentials(), Some(account_id)) {
            let pause = pause.max(PAUSE_WHEN_BUSY);
            return Ok(templates.0.storage.rest_template_sync(workspace, account_id, None, pause).await?);
        }
        templates.sync_account(&account, &access).await.map(drop)
    }

    /// Reads the single templates about which more is to be asked.
    async fn fetch_wanted(&self) -> Result<(), storage::Error> {
        for _ in 0..FETCHED_MAX {
            let claimed = self.0.0.storage.claim_template_fetch(FETCH_LEASE).await?;
            let Some((workspace, record)) = claimed else { break };
            if let Err(error) = self.0.fetch(workspace, &record).await {
                warn!(%error, template = record.template_id, "a template could not be read");
            }
        }
        Ok(())
    }
}

impl Worker for TemplateSync {
    fn name(&self) -> &'static str {
        "template-sync"
    }

    fn every(&self) -> Duration {
        EVERY
    }

    fn round_max(&self) -> Duration {
        ROUND_MAX
    }

    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>> {
        Box::pin(async move {
            self.sync_due().await?;
            Ok(self.fetch_wanted().await?)
        })
    }
}
