//! Whether a number may send, by what Meta says of it: a token that is refused stops sending, a good one frees it.
//! What is Meta's own trouble changes nothing, and receiving depends on none of it.

use tracing::{info, warn};

use super::access::{Access, TokenTrouble};
use super::gather::is_about_proof;
use super::judge::{is_bad_token, is_lacking_permission};
use crate::domain::number::{Block, BlockReason, Facts};
use crate::meta::client::CallError;
use crate::meta::client::number::{CanSend, Health, Number};
use crate::numbers::facts::facts_of;
use crate::storage;
use crate::storage::Storage;
use crate::storage::number_record::{NumberChanges, NumberRecord};

/// How a number stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Meta has told, and this is what follows.
    Known { facts: Box<Facts>, block: Option<Block> },
    /// It cannot send, and nothing else is known.
    Blocked(Block),
    /// Nobody could say.
    Unknown,
}

/// How a number stands by what was seen of it.
pub(super) fn of(
    record: &NumberRecord,
    access: &Access,
    number: Option<&Result<Number, CallError>>,
    (is_proof_refused, now_ms): (bool, i64),
) -> Standing {
    let block = |reason, code, subcode| Block { code, subcode, reason, since_ms: now_ms };
    match &access.token {
        Err(TokenTrouble::NoKey(_) | TokenTrouble::Tampered) => {
            return Standing::Blocked(since(record, block(BlockReason::Sealed, None, None)));
        }
        Err(TokenTrouble::Missing | TokenTrouble::NotNow) => return Standing::Unknown,
        Ok(_) => {}
    }
    // Messages go with the proof, so none would be taken.
    if is_proof_refused {
        return Standing::Blocked(since(record, block(BlockReason::Token, Some(100), None)));
    }
    match number {
        Some(Ok(number)) => {
            let facts = Box::new(facts_of(number));
            let block = if facts.is_registered() == Some(false) {
                Some(block(BlockReason::NotRegistered, None, None))
            } else {
                match &number.health {
                    Some(health) if health.can_send == CanSend::Blocked => {
                        Some(block(BlockReason::Account, first_code(health), None))
                    }
                    Some(_) => None,
                    // Nothing is said of the account: what was known of it stays.
                    None => record.block.clone().filter(|block| block.reason == BlockReason::Account),
                }
            };
            Standing::Known { facts, block: block.map(|block| since(record, block)) }
        }
        Some(Err(error))
            if is_bad_token(error) || is_lacking_permission(error) || is_about_proof(Some(error)) =>
        {
            let (code, subcode) =
                error.refusal().map_or((None, None), |refusal| (refusal.code(), refusal.subcode()));
            Standing::Blocked(since(record, block(BlockReason::Token, code, subcode)))
        }
        Some(Err(_)) | None => Standing::Unknown,
    }
}

fn first_code(health: &Health) -> Option<i64> {
    let blocked = health.entities.iter().filter(|entity| entity.can_send == CanSend::Blocked);
    blocked.flat_map(|entity| &entity.troubles).find_map(|trouble| trouble.code)
}

/// What goes on for the same reason goes on since it began.
fn since(record: &NumberRecord, block: Block) -> Block {
    match &record.block {
        Some(before) if before.reason == block.reason => Block { since_ms: before.since_ms, ..block },
        _ => block,
    }
}

/// Keeps it on the number, if it is something new.
pub(super) async fn keep(
    storage: &Storage,
    record: &NumberRecord,
    standing: Standing,
    now_ms: i64,
) -> Result<(), storage::Error> {
    let (facts, block) = match standing {
        Standing::Known { facts, block } => (Some(facts), block),
        Standing::Blocked(block) => (None, Some(block)),
        Standing::Unknown => return Ok(()),
    };
    let is_news = facts.is_some() && facts.as_deref() != record.facts.as_ref();
    if !is_news && block == record.block {
        return if facts.is_some() { storage.note_facts_fresh(record, now_ms).await } else { Ok(()) };
    }
    let mut changes = NumberChanges::default().block(block.as_ref())?;
    if let Some(facts) = &facts {
        changes = changes.facts(facts, now_ms)?;
    }
    if storage.change_checked_number(record, changes, now_ms).await? {
        match (&record.block, &block) {
            (None, Some(block)) => {
                warn!(number = %record.id, reason = ?block.reason, code = block.code, "the number cannot send");
            }
            (Some(_), None) => info!(number = %record.id, "the number can send again"),
            _ => {}
        }
    }
    Ok(())
}
