//! The first number: the one that the settings name. It is there from the start, so that webhooks are taken before
//! anybody has opened a page; the page and the settings do not overrule each other.

use tracing::{info, warn};

use super::{Error, Numbers};
use crate::config::WhatsappConfig;
use crate::secret::Secret;
use crate::storage::number_record::{NumberChanges, NumberRecord, TokenSource, number_id, sealed};
use crate::storage::workspaces::{FIRST, first_workspace};
use crate::storage::{self, Storage};

/// Sees that the number of the settings is there, if it is to be. Gives it then.
pub async fn ensure_first_number(
    storage: &Storage,
    config: &WhatsappConfig,
) -> Result<Option<NumberRecord>, storage::Error> {
    let Some(phone_number_id) = &config.phone_number_id else { return Ok(None) };
    let workspace = first_workspace();
    let id = number_id(workspace, phone_number_id);
    storage.ensure_workspace(workspace, FIRST).await?;
    if storage.is_number_deleted(id).await? {
        info!(phone_number_id, "the number of WHATSAPP_PHONE_NUMBER_ID was deleted here and stays so");
        return Ok(None);
    }
    let account_id = config.business_account_id.as_deref();
    match storage.ensure_number(workspace, phone_number_id, account_id).await {
        Err(storage::Error::Duplicate) => {
            warn!(
                phone_number_id,
                "the number of WHATSAPP_PHONE_NUMBER_ID belongs to another workspace and stays there"
            );
            Ok(None)
        }
        outcome => {
            outcome?;
            storage.find_number(workspace, id).await
        }
    }
}

impl Numbers {
    /// Sees to the number of the settings. Asks Meta nothing, so the start waits for the database alone; trouble with
    /// the token is logged and hinders no receiving.
    pub async fn add_first(&self, config: &WhatsappConfig) -> Result<(), storage::Error> {
        let Some(record) = ensure_first_number(&self.0.storage, config).await? else { return Ok(()) };
        let mut changes = NumberChanges::default();
        if record.created_at_ms == 0 {
            changes = changes.time("createdAtMs", Some(self.now_ms()));
        }
        if let Some(token) = &config.access_token {
            changes = self.with_token(&record, token, changes).await?;
        }
        if !changes.is_empty() {
            self.0.storage.change_number_quietly(record.workspace, record.id, changes, self.now_ms()).await?;
        }
        Ok(())
    }

    /// With the token of the settings, unless somebody has given another by the API.
    async fn with_token(
        &self,
        record: &NumberRecord,
        token: &Secret,
        changes: NumberChanges,
    ) -> Result<NumberChanges, storage::Error> {
        if let Some(sealed) = &record.access_token {
            if record.token_source == TokenSource::People {
                return Ok(changes);
            }
            // One that does not open is as good as another one: the settings still have it.
            let kept = self.open(record, sealed::ACCESS_TOKEN, sealed).await;
            if kept.is_ok_and(|kept| kept.matches(token.expose())) {
                return Ok(changes);
            }
        }
        let sealed = self.seal(record.workspace, &record.phone_number_id, sealed::ACCESS_TOKEN, token).await;
        match sealed.map_err(Error::from) {
            Ok(sealed) => changes.token(&sealed, TokenSource::Settings).block(None),
            Err(Error::Storage(error)) => Err(error),
            Err(error) => {
                warn!(
                    %error,
                    "WHATSAPP_ACCESS_TOKEN is not kept, so the first number receives and does not send"
                );
                Ok(changes)
            }
        }
    }
}
