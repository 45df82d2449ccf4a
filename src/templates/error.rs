//! Why something could not be done with templates. The texts for what the caller can put right are the surfaces'.

use crate::auth::audit;
use crate::domain::outgoing::breach::Breach;
use crate::keys;
use crate::meta::client::CallError;
use crate::storage;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What an argument names is not there, or is not the visitor's.
    #[error("what {0} names is not there")]
    NotFound(&'static str),
    #[error("{field}: {sentence}")]
    Invalid { field: &'static str, sentence: String, next_step: &'static str },
    #[error("the template does not keep limits")]
    Breaches(Vec<Breach>),
    #[error("the account of the number is not known")]
    NoAccount,
    #[error("no number of the account has an access token")]
    NoToken,
    #[error("the Meta app is not known")]
    NoApp,
    #[error("{sentence}")]
    WrongState { field: &'static str, sentence: String, next_step: String },
    /// Meta refused, or gave no answer.
    #[error("Meta did not do it")]
    Meta {
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
}

/// What was asked of Meta: it matters when no answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    Reading,
    Changing,
}
