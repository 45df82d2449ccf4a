//! Why something could not be done with a number. What the caller can put right is told by its variant; the texts for
//! them are the surfaces'.

use uuid::Uuid;

use crate::auth::audit;
use crate::domain::number::Wrong;
use crate::ids::Exhausted;
use crate::keys;
use crate::meta::client::CallError;
use crate::storage;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no such number in this workspace")]
    NotFound,
    /// An argument is wrong: which, what is wrong with it, and what to do.
    #[error("{field}: {sentence}")]
    Invalid { field: &'static str, sentence: String, next_step: &'static str },
    #[error("the settings make no sense")]
    Settings(Vec<Wrong>),
    #[error("this workspace has the number already")]
    Here(Uuid),
    #[error("another workspace has the number")]
    Elsewhere,
    #[error("no access token is kept for the number")]
    NoToken,
    /// The id or the secret of the Meta app is not in the settings.
    #[error("the Meta app is not in the settings")]
    NoApp,
    #[error("{sentence}")]
    WrongState { sentence: &'static str, next_step: &'static str },
    /// Meta refused, or gave no answer.
    #[error("Meta did not do it")]
    Meta {
        /// The argument that is at fault, as far as that is known.
        field: Option<&'static str>,
        tried: Tried,
        #[source]
        error: CallError,
    },
    #[error(transparent)]
    Keys(#[from] keys::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Audit(#[from] audit::Error),
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// What was asked of Meta: it matters when no answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    Reading,
    Changing,
}

impl Error {
    pub(super) fn invalid(field: &'static str, sentence: impl Into<String>, next_step: &'static str) -> Self {
        Self::Invalid { field, sentence: sentence.into(), next_step }
    }

    /// A failed reading.
    pub(super) fn reading(error: CallError) -> Self {
        Self::Meta { field: None, tried: Tried::Reading, error }
    }

    /// A failed change.
    pub(super) fn changing(error: CallError) -> Self {
        Self::Meta { field: None, tried: Tried::Changing, error }
    }

    /// The same, with the argument that is at fault.
    pub(super) fn on(self, at: &'static str) -> Self {
        match self {
            Self::Meta { tried, error, .. } => Self::Meta { field: Some(at), tried, error },
            other => other,
        }
    }

    /// Whether Meta may have done what was asked, although nothing says so.
    pub fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::Meta { tried, error, .. } => *tried == Tried::Changing && error.is_outcome_unknown(),
            _ => false,
        }
    }
}
