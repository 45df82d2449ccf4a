//! Why something could not be sealed or opened, in words for whoever has to mend it. Holds nothing of the secret.

use crate::crypto::{KeyringError, OpenError, SealError};
use crate::ids::Exhausted;
use crate::storage;

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no master key is set, so nothing can be sealed: set PESAN_MASTER_KEYS (`pesan keys generate` makes a key)"
    )]
    NoMasterKey,
    #[error(
        "master key `{id}` is missing, which data key {version} of the workspace needs: put it back into PESAN_MASTER_KEYS"
    )]
    MissingMasterKey { id: String, version: u32 },
    #[error(
        "master key `{id}` does not open data key {version} of the workspace: it is another key under the same id, or the stored data key was changed"
    )]
    WrongMasterKey { id: String, version: u32 },
    #[error("the workspace has no data key {version}, which the sealed value names")]
    UnknownDataKey { version: u32 },
    #[error("the sealed value is of format {format}, which this version of pesan does not know")]
    UnknownFormat { format: u8 },
    #[error(
        "the sealed value was sealed for another place (workspace, collection, document or field) and moved to this one"
    )]
    Moved,
    #[error("the sealed value is not what was sealed: it was changed or cut off")]
    Changed,
    #[error("the sealed value is not a text")]
    NotText,
    #[error("a value of this length cannot be sealed")]
    TooLong,
    #[error("others made data keys for the same workspace again and again; try again")]
    Busy,
    #[error("the data keys cannot be read or written")]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    NoRandomness(#[from] Exhausted),
}

impl Error {
    /// A word for it, for metrics and the audit log.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoMasterKey => "no_master_key",
            Self::MissingMasterKey { .. } => "missing_master_key",
            Self::WrongMasterKey { .. } => "wrong_master_key",
            Self::UnknownDataKey { .. } => "unknown_data_key",
            Self::UnknownFormat { .. } => "unknown_format",
            Self::Moved => "moved",
            Self::Changed => "changed",
            Self::NotText => "not_text",
            Self::TooLong => "too_long",
            Self::Busy => "busy",
            Self::Storage(_) => "storage",
            Self::NoRandomness(_) => "no_randomness",
        }
    }

    /// Whether the value or its keys are to blame, so that it stays as it is until somebody mends it. Such failures
    /// belong in the audit log; the others pass.
    pub fn is_lasting(&self) -> bool {
        !matches!(self, Self::Busy | Self::Storage(_) | Self::NoRandomness(_))
    }

    pub(super) fn of_keyring(error: KeyringError, version: u32) -> Self {
        match error {
            KeyringError::Missing { id } => Self::MissingMasterKey { id, version },
            KeyringError::Wrong { id } => Self::WrongMasterKey { id, version },
        }
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::UnknownFormat { format } => Self::UnknownFormat { format },
            OpenError::Moved => Self::Moved,
            OpenError::Changed => Self::Changed,
        }
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NoRandomness(exhausted) => Self::NoRandomness(exhausted),
            SealError::TooLong => Self::TooLong,
        }
    }
}
