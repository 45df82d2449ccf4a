//! The master keys: the first one wraps data keys, all of them open what they have wrapped.

use std::fmt;

use uuid::Uuid;

use super::SealError;
use super::cipher::{Cipher, KeyBytes, join};
use crate::ids::Random;
use crate::secret::Secret;

/// The form of a wrapped data key: this byte, nonce, cipher text, tag.
const FORMAT: u8 = 1;
const LABEL: &[u8] = b"pesan: a wrapped data key";

/// A master key that is none.
#[derive(Debug, thiserror::Error)]
#[error("master key `{id}` is not 32 bytes in base64")]
pub struct BadMasterKey {
    pub id: String,
}

/// Why a data key could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error("master key `{id}` is not among those that are set")]
    Missing { id: String },
    /// Another key under the same id, or a wrapped key that was changed or belongs elsewhere.
    #[error("master key `{id}` does not open it")]
    Wrong { id: String },
}

/// A data key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// The id of the master key that opens it.
    pub master_key: String,
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrapped").field("master_key", &self.master_key).finish_non_exhaustive()
    }
}

struct MasterKey {
    id: String,
    cipher: Cipher,
}

/// The master keys. Empty: nothing can be sealed or opened.
pub struct Keyring(Vec<MasterKey>);

impl Keyring {
    /// From id and written form, the one that wraps first.
    pub fn new<'a>(keys: impl IntoIterator<Item = (&'a str, &'a Secret)>) -> Result<Self, BadMasterKey> {
        let ready = keys.into_iter().map(|(id, base64)| match KeyBytes::from_base64(base64) {
            Some(key) => Ok(MasterKey { id: id.to_owned(), cipher: Cipher::new(&key) }),
            None => Err(BadMasterKey { id: id.to_owned() }),
        });
        ready.collect::<Result<_, _>>().map(Self)
    }

    /// The id of the key that wraps.
    pub fn first(&self) -> Option<&str> {
        self.0.first().map(|key| key.id.as_str())
    }

    /// The ids of all keys, in their order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    /// Wraps a data key for its workspace and version. None: there is no master key.
    pub fn wrap(
        &self,
        workspace: Uuid,
        version: u32,
        key: &KeyBytes,
        random: &Random,
    ) -> Result<Option<Wrapped>, SealError> {
        let Some(first) = self.0.first() else { return Ok(None) };
        let context = context(workspace, version, &first.id);
        let bytes = first.cipher.seal(random, &context, vec![FORMAT], key.as_slice())?;
        Ok(Some(Wrapped { master_key: first.id.clone(), bytes }))
    }

    /// Opens a data key of this workspace and version.
    pub fn open(&self, workspace: Uuid, version: u32, wrapped: &Wrapped) -> Result<KeyBytes, KeyringError> {
        let id = &wrapped.master_key;
        let master = self.0.iter().find(|key| key.id == *id);
        let master = master.ok_or_else(|| KeyringError::Missing { id: id.clone() })?;
        let opened = wrapped
            .bytes
            .split_first()
            .filter(|(format, _)| **format == FORMAT)
            .and_then(|(_, rest)| master.cipher.open(&context(workspace, version, id), rest));
        opened
            .and_then(|bytes| KeyBytes::from_slice(&bytes))
            .ok_or_else(|| KeyringError::Wrong { id: id.clone() })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyring").field(&self.ids().collect::<Vec<_>>()).finish()
    }
}

/// What a wrapped key is bound to.
fn context(workspace: Uuid, version: u32, master_key: &str) -> Vec<u8> {
    join(&[LABEL, &[FORMAT], workspace.as_bytes(), &version.to_be_bytes(), master_key.as_bytes()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORKSPACE: Uuid = Uuid::from_u128(1);

    fn secret() -> Secret {
        KeyBytes::generate(&Random::system()).unwrap().to_base64()
    }

    fn keyring(keys: &[(&str, &Secret)]) -> Keyring {
        Keyring::new(keys.iter().copied()).unwrap()
    }

    #[test]
    fn the_first_key_wraps_and_all_open() {
        let (old, new) = (secret(), secret());
        let (random, key) = (Random::system(), KeyBytes::generate(&Random::system()).unwrap());
        let wrapped = keyring(&[("old", &old)]).wrap(WORKSPACE, 1, &key, &random).unwrap().unwrap();
        let both = keyring(&[("new", &new), ("old", &old)]);
        let opened = both.open(WORKSPACE, 1, &wrapped).unwrap();
        assert_eq!(opened.as_slice(), key.as_slice());
        let again = both.wrap(WORKSPACE, 1, &opened, &random).unwrap().unwrap();
        assert_eq!((wrapped.master_key.as_str(), again.master_key.as_str()), ("old", "new"));
        let new = keyring(&[("new", &new)]);
        assert_eq!(new.open(WORKSPACE, 1, &again).unwrap().as_slice(), key.as_slice());
        assert_eq!(
            new.open(WORKSPACE, 1, &wrapped).unwrap_err(),
            KeyringError::Missing { id: "old".to_owned() }
        );
        assert!(keyring(&[]).wrap(WORKSPACE, 1, &key, &random).unwrap().is_none());
    }

    #[test]
    fn a_wrapped_key_opens_for_its_workspace_version_and_master_key_alone() {
        let (one, other) = (secret(), secret());
        let key = KeyBytes::generate(&Random::system()).unwrap();
        let keyring = keyring(&[("a", &one), ("b", &one), ("c", &other)]);
        let wrapped = keyring.wrap(WORKSPACE, 7, &key, &Random::system()).unwrap().unwrap();
        let under = |id: &str| Wrapped { master_key: id.to_owned(), bytes: wrapped.bytes.clone() };
        for (workspace, version, wrapped) in [
            (Uuid::from_u128(2), 7, under("a")),
            (WORKSPACE, 8, under("a")),
            // The same key under another id, then another key.
            (WORKSPACE, 7, under("b")),
            (WORKSPACE, 7, under("c")),
        ] {
            let id = wrapped.master_key.clone();
            assert_eq!(keyring.open(workspace, version, &wrapped).unwrap_err(), KeyringError::Wrong { id });
        }
    }

    #[test]
    fn nothing_prints() {
        let secret = secret();
        let keyring = keyring(&[("a", &secret)]);
        let key = KeyBytes::generate(&Random::system()).unwrap();
        let wrapped = keyring.wrap(WORKSPACE, 1, &key, &Random::system()).unwrap().unwrap();
        assert_eq!(format!("{keyring:?} {wrapped:?}"), "Keyring([\"a\"]) Wrapped { master_key: \"a\", .. }");
        let bad = Keyring::new([("k", &Secret::new("c2hvcnQ="))]).unwrap_err();
        assert_eq!(bad.to_string(), "master key `k` is not 32 bytes in base64");
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_noticed(at in 0_usize..61, bit in 0_u8..8) {
            let secret = secret();
            let keyring = keyring(&[("a", &secret)]);
            let key = KeyBytes::generate(&Random::system()).unwrap();
            let mut wrapped = keyring.wrap(WORKSPACE, 1, &key, &Random::system()).unwrap().unwrap();
            prop_assert_eq!(wrapped.bytes.len(), 61);
            wrapped.bytes[at] ^= 1 << bit;
            prop_assert!(keyring.open(WORKSPACE, 1, &wrapped).is_err());
        }

        #[test]
        fn arbitrary_bytes_do_not_open(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let secret = secret();
            let wrapped = Wrapped { master_key: "a".to_owned(), bytes };
            prop_assert!(keyring(&[("a", &secret)]).open(WORKSPACE, 1, &wrapped).is_err());
        }
    }
}
