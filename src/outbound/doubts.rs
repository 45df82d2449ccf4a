//! What is doubtful is looked after: messages of which nothing was heard after their answer was lost go the way that the
//! workspace has chosen, and what waited for a name that came by a status is found.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use super::sender::{Equipment, Sender};
use crate::domain::sending::{Deed, Reason, UnconfirmedPolicy};
use crate::runtime::Worker;
use crate::runtime::worker::Round;
use crate::storage::Error;
use crate::storage::outgoing::Outgoing;
use crate::storage::outgoing_changes::Again;

const AT_ONCE: i64 = 500;
/// How often one message is sent again because nothing was heard of it. After that it is left.
const RESENDS_MAX: usize = 2;

/// The rounds that look after what is doubtful.
#[derive(Debug)]
pub struct Doubts(pub Sender);

impl Worker for Doubts {
    fn name(&self) -> &'static str {
        "outbound-doubts"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn round_max(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>> {
        Box::pin(async move {
            let equipment = &*self.0.0;
            for message in equipment.storage.unwelcomed(AT_ONCE).await? {
                // One that cannot be looked after holds up no other.
                if let Err(error) = welcome(equipment, &message).await {
                    warn!(%error, message = %message.id, "what waited for the name of a message is not found yet");
                }
            }
            settle_unconfirmed(equipment).await?;
            Ok(())
        })
    }
}

async fn welcome(equipment: &Equipment, message: &Outgoing) -> Result<(), Error> {
    if let Some(wamid) = &message.wamid {
        equipment.welcome(message, wamid).await?;
    }
    equipment.storage.welcomed(message).await
}

async fn settle_unconfirmed(equipment: &Equipment) -> Result<(), Error> {
    let Equipment { storage, clock, ledger, config, nudge, .. } = equipment;
    let now_ms = clock.now_ms();
    let after_ms = i64::try_from(config.unconfirmed_after.as_millis()).unwrap_or(i64::MAX);
    let mut policies: HashMap<Uuid, UnconfirmedPolicy> = HashMap::new();
    for message in storage.unconfirmed_since(now_ms - after_ms, AT_ONCE).await? {
        let policy = match policies.get(&message.workspace) {
            Some(policy) => *policy,
            None => storage.unconfirmed_policy(message.workspace).await?,
        };
        policies.insert(message.workspace, policy);
        let told = match policy {
            UnconfirmedPolicy::Resend if resends(&message) < RESENDS_MAX => {
                warn!(message = %message.id, "nothing was heard of a message that Meta may have taken: it is sent again");
                message.requeued(&Again::Policy, now_ms)?
            }
            UnconfirmedPolicy::Fail => {
                warn!(message = %message.id, "nothing was heard of a message that Meta may have taken: it counts as failed");
                message.given_up(&given_up(), now_ms)?
            }
            UnconfirmedPolicy::Resend | UnconfirmedPolicy::Leave => {
                warn!(message = %message.id, "nothing was heard of a message that Meta may have taken");
                message.left_unconfirmed(now_ms)?
            }
        };
        ledger.enter(told).await?;
        nudge.wake();
    }
    Ok(())
}

fn resends(message: &Outgoing) -> usize {
    message.history.iter().filter(|one| one.deed == Deed::SentAgain).count()
}

fn given_up() -> Reason {
    Reason {
        meaning: "Meta gave no answer, and no status came: by the workspace's settings it counts as failed."
            .to_owned(),
        next_step: Some(
            "Ask the customer whether it has come before sending it again; they may have it.".to_owned(),
        ),
        ..Reason::default()
    }
}
