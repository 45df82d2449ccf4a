//! Why sending is blocked, in words.

use crate::domain::number::{Block, BlockReason};
use crate::meta::fault;

/// What is wrong, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    pub reason: &'static str,
    pub next_step: &'static str,
}

impl Words {
    /// The words for a block. Meta's code says more than the kind.
    pub fn of(block: &Block) -> Self {
        let entry = block.subcode.and_then(fault::look_up).or_else(|| block.code.and_then(fault::look_up));
        if let Some(entry) = entry {
            return Self { reason: entry.meaning.en, next_step: entry.advice.en };
        }
        let (reason, next_step) = match block.reason {
            BlockReason::Token => (
                "Meta does not accept the access token of this number.",
                "Create a new access token and save it for this number.",
            ),
            BlockReason::Sealed => (
                "The stored access token cannot be opened: its master key is missing, or it was changed.",
                "Put the missing master key back into PESAN_MASTER_KEYS, or save the access token again.",
            ),
            BlockReason::Account => (
                "Meta restricts this number or its account.",
                "Look in WhatsApp Manager for the reason, and appeal there if it is wrong.",
            ),
            BlockReason::NotRegistered => {
                ("The number is not registered for the Cloud API.", "Register the number.")
            }
        };
        Self { reason, next_step }
    }
}
