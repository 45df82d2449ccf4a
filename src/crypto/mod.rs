//! Sealing: what a stored secret looks like, and which key opens it. Pure: no database, no settings but the keys.
//!
//! Envelope encryption. A master key (`Keyring`) wraps data keys, a data key (`DataKey`) seals values, all with
//! AES-256-GCM (`cipher`), under a random nonce each. What a value or a data key belongs to is bound as additional
//! data, so neither opens anywhere else. No key and no sealed value prints or serializes, and keys are wiped from
//! memory when dropped. Where data keys are kept and when there is a new one is up to `keys`.

mod cipher;
mod keyring;
mod value;

pub use cipher::{KEY_BYTES, KeyBytes};
pub use keyring::{BadMasterKey, Keyring, KeyringError, Wrapped};
pub use value::{DataKey, OpenError, Place, Sealed};

/// Why something could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    NoRandomness(#[from] crate::ids::Exhausted),
    #[error("a value of this length cannot be sealed")]
    TooLong,
}
