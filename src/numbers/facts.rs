//! What Meta says of a number, kept: asked for by people, and once by itself for a number that was never asked about.

use std::pin::Pin;
use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use super::{Error, Line, Numbers};
use crate::auth::{Deed, Visitor};
use crate::domain::number::{BlockReason, Facts};
use crate::meta::client::number::Number;
use crate::runtime::Worker;
use crate::runtime::worker::Round;
use crate::storage::number_record::{NumberChanges, NumberRecord};

const FETCH_EVERY: Duration = Duration::from_mins(1);
const FETCH_MAX: Duration = Duration::from_mins(5);
const FETCHED_AT_ONCE: i64 = 20;

/// Meta's answer as it is kept: its words as they are.
pub(super) fn facts_of(number: &Number) -> Facts {
    let can_send = number.health.as_ref().map(|health| health.can_send.as_str().to_owned());
    Facts {
        display_phone_number: Some(number.display_phone_number.clone()).filter(|shown| !shown.is_empty()),
        verified_name: number.verified_name.clone(),
        name_status: number.name_review.as_ref().map(|word| word.as_str().to_owned()),
        new_name_status: number.new_name_review.as_ref().map(|word| word.as_str().to_owned()),
        code_verification_status: number.verification.as_ref().map(|word| word.as_str().to_owned()),
        quality_rating: number.quality.as_ref().map(|word| word.as_str().to_owned()),
        status: number.connection.as_ref().map(|word| word.as_str().to_owned()),
        platform_type: number.platform.as_ref().map(|word| word.as_str().to_owned()),
        throughput_level: number.throughput.as_ref().map(|word| word.as_str().to_owned()),
        messaging_limit: number.messaging_limit.as_ref().map(|word| word.as_str().to_owned()),
        account_mode: number.mode.as_ref().map(|word| word.as_str().to_owned()),
        is_pin_enabled: number.is_pin_enabled,
        is_on_biz_app: number.is_on_biz_app,
        is_official_business_account: number.is_official_business_account,
        username: number.username.clone(),
        can_send_message: can_send,
    }
}

impl Numbers {
    /// Asks Meta how the number stands, and keeps it.
    pub async fn refresh(&self, by: &Visitor, id: Uuid) -> Result<NumberRecord, Error> {
        let line = self.line(by.workspace, id).await?;
        let record = self.refresh_line(&line).await?;
        self.note(by, Deed::RefreshNumber.name(), id, &[]).await?;
        Ok(record)
    }

    /// The same, by itself. An answer proves that the token is good, so a block because of it ends.
    pub async fn refresh_line(&self, line: &Line) -> Result<NumberRecord, Error> {
        let asked = self.ask(line.credentials(), line.phone_number_id()).await;
        let number = match asked {
            Ok(number) => number,
            Err(error) => return Err(Error::reading(self.judge(&line.record, error).await)),
        };
        let facts = facts_of(&number);
        let mut changes = NumberChanges::default().facts(&facts, self.now_ms())?;
        if ends_block(&line.record, &facts) {
            changes = changes.block(None)?;
        }
        self.keep(line.record.workspace, line.record.id, changes).await
    }

    /// After a change at Meta's side that was made: its failure does not undo the change.
    pub(super) async fn refresh_after(&self, line: &Line) -> Result<NumberRecord, Error> {
        match self.refresh_line(line).await {
            Err(Error::Meta { error, .. }) => {
                warn!(number = %line.record.id, %error, "what Meta says of a changed number is not known yet");
                self.get(line.record.workspace, line.record.id).await
            }
            outcome => outcome,
        }
    }
}

fn ends_block(record: &NumberRecord, facts: &Facts) -> bool {
    record.block.as_ref().is_some_and(|block| match block.reason {
        BlockReason::Token | BlockReason::Sealed => true,
        BlockReason::NotRegistered => facts.is_registered() == Some(true),
        BlockReason::Account => facts.can_send_message.as_deref() == Some("AVAILABLE"),
    })
}

/// The worker that asks about numbers which came without Meta's facts, like the one of the settings.
#[derive(Debug)]
pub struct FactsFetch {
    pub numbers: Numbers,
}

impl Worker for FactsFetch {
    fn name(&self) -> &'static str {
        "number-facts"
    }

    fn every(&self) -> Duration {
        FETCH_EVERY
    }

    fn round_max(&self) -> Duration {
        FETCH_MAX
    }

    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>> {
        Box::pin(async move {
            for record in self.numbers.0.storage.numbers_without_facts(FETCHED_AT_ONCE).await? {
                let id = record.id;
                let fetched = match self.numbers.line_of(record).await {
                    Ok(line) => self.numbers.refresh_line(&line).await.map(drop),
                    Err(error) => Err(error),
                };
                if let Err(error) = fetched {
                    warn!(number = %id, %error, "what Meta says of a number could not be fetched");
                }
            }
            Ok(())
        })
    }
}
