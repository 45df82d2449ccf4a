//! Why something could not be done with a conversation. The texts for the caller are the surface's.

use crate::auth::audit;
use crate::ids::Exhausted;
use crate::storage;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing in this workspace; the argument that names it.
    #[error("what {0} names is not there")]
    NotFound(&'static str),
    #[error("{field}: {sentence}")]
    Invalid { field: &'static str, sentence: &'static str },
    #[error("{sentence}")]
    WrongState { sentence: &'static str, next_step: &'static str },
    /// Somebody else has changed it since it was read.
    #[error("somebody else has changed it meanwhile")]
    Changed,
    /// A note is its author's, and an admin's.
    #[error("the note is somebody else's")]
    NotTheirs,
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Audit(#[from] audit::Error),
    #[error(transparent)]
    Random(#[from] Exhausted),
}
