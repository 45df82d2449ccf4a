//! Sealed values: their form, and what each is bound to.
//!
//! A format byte, the version of the data key (4 bytes), a mark of the place (8), the nonce (12), the cipher text,
//! the tag (16). Format, version and place are bound as additional data. The mark proves nothing: it tells a value
//! that was carried elsewhere from one that was changed, so that whoever has to mend it knows where to look.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::SealError;
use super::cipher::{Cipher, KeyBytes, OVERHEAD_BYTES, join};
use crate::ids::Random;

const FORMAT: u8 = 1;
const MARK_BYTES: usize = 8;
const HEAD_BYTES: usize = 1 + size_of::<u32>() + MARK_BYTES;
const LABEL: &[u8] = b"pesan: a sealed value";

/// Where a sealed value belongs. It opens there and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub workspace: Uuid,
    pub collection: &'a str,
    /// The document's id as text; of a UUID the usual form with hyphens.
    pub document: &'a str,
    pub field: &'a str,
}

impl Place<'_> {
    fn encode(&self) -> Vec<u8> {
        let [collection, document, field] = [self.collection, self.document, self.field].map(str::as_bytes);
        join(&[LABEL, self.workspace.as_bytes(), collection, document, field])
    }

    fn mark(&self) -> [u8; MARK_BYTES] {
        let digest: [u8; 32] = Sha256::digest(self.encode()).into();
        let mut mark = [0; MARK_BYTES];
        for (to, from) in mark.iter_mut().zip(digest) {
            *to = from;
        }
        mark
    }

    /// What a value is bound to.
    fn context(&self, version: u32) -> Vec<u8> {
        join(&[&self.encode(), &[FORMAT], &version.to_be_bytes()])
    }
}

/// A sealed value as a document stores it. Any bytes may be in it: they are judged when it is opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// Why a value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the sealed value is of format {format}, which this version does not know")]
    UnknownFormat { format: u8 },
    #[error("the sealed value was sealed for another place and moved to this one")]
    Moved,
    #[error("the sealed value is not what was sealed: it was changed or cut off")]
    Changed,
}

impl Sealed {
    /// From a document.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// For a document.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The version of the data key that opens it, once it is clear that it was sealed for `place`.
    pub fn data_key_version(&self, place: &Place<'_>) -> Result<u32, OpenError> {
        let (version, mark, _) = self.parts()?;
        if mark == place.mark() { Ok(version) } else { Err(OpenError::Moved) }
    }

    fn parts(&self) -> Result<(u32, [u8; MARK_BYTES], &[u8]), OpenError> {
        let (format, rest) = self.0.split_first().ok_or(OpenError::Changed)?;
        if *format != FORMAT {
            return Err(OpenError::UnknownFormat { format: *format });
        }
        let (version, rest) = rest.split_first_chunk().ok_or(OpenError::Changed)?;
        let (mark, rest) = rest.split_first_chunk().ok_or(OpenError::Changed)?;
        Ok((u32::from_be_bytes(*version), *mark, rest))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(***)")
    }
}

/// A data key made ready for use.
pub struct DataKey {
    version: u32,
    cipher: Cipher,
}

impl DataKey {
    pub fn new(version: u32, key: &KeyBytes) -> Self {
        Self { version, cipher: Cipher::new(key) }
    }

    /// Which of its workspace's data keys it is.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Seals `text` for `place`.
    pub fn seal(&self, place: &Place<'_>, text: &[u8], random: &Random) -> Result<Sealed, SealError> {
        let mut head = Vec::with_capacity(HEAD_BYTES + text.len() + OVERHEAD_BYTES);
        head.push(FORMAT);
        head.extend_from_slice(&self.version.to_be_bytes());
        head.extend_from_slice(&place.mark());
        self.cipher.seal(random, &place.context(self.version), head, text).map(Sealed)
    }

    /// Opens what this key has sealed for `place`.
    pub fn open(&self, place: &Place<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (version, mark, rest) = sealed.parts()?;
        if mark != place.mark() {
            return Err(OpenError::Moved);
        }
        if version != self.version {
            return Err(OpenError::Changed);
        }
        self.cipher.open(&place.context(version), rest).ok_or(OpenError::Changed)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("version", &self.version).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLACE: Place<'_> =
        Place { workspace: Uuid::from_u128(1), collection: "numbers", document: "d", field: "accessToken" };

    fn key() -> DataKey {
        DataKey::new(3, &KeyBytes::generate(&Random::system()).unwrap())
    }

    fn sealed(key: &DataKey, text: &[u8]) -> Sealed {
        key.seal(&PLACE, text, &Random::system()).unwrap()
    }

    #[test]
    fn a_sealed_value_has_the_documented_form_and_no_text() {
        let (key, text) = (key(), b"EAAG-token");
        let sealed = sealed(&key, text);
        let bytes = sealed.as_bytes();
        assert_eq!(bytes.len(), 1 + 4 + 8 + 12 + text.len() + 16);
        assert_eq!(bytes[..5], [1, 0, 0, 0, 3]);
        assert!(!bytes.windows(4).any(|window| text.windows(4).any(|part| part == window)));
        assert_eq!(format!("{sealed:?} {key:?}"), "Sealed(***) DataKey { version: 3, .. }");
        assert_eq!(sealed.data_key_version(&PLACE), Ok(3));
    }

    #[test]
    fn a_value_opens_in_its_place_alone() {
        let key = key();
        let sealed = sealed(&key, b"secret");
        assert_eq!(key.open(&PLACE, &sealed).unwrap().as_slice(), b"secret");
        for place in [
            Place { workspace: Uuid::from_u128(2), ..PLACE },
            Place { collection: "relays", ..PLACE },
            Place { document: "e", ..PLACE },
            Place { field: "appSecret", ..PLACE },
            // The same letters, split elsewhere.
            Place { collection: "number", document: "sd", ..PLACE },
        ] {
            assert_eq!(key.open(&place, &sealed).unwrap_err(), OpenError::Moved, "{place:?}");
            // The mark is a hint, not the proof: with the right mark of the wrong place it stays shut.
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[5..HEAD_BYTES].copy_from_slice(&place.mark());
            let forged = Sealed::from_bytes(bytes);
            assert_eq!(key.open(&place, &forged).unwrap_err(), OpenError::Changed, "{place:?}");
        }
    }

    #[test]
    fn another_key_format_or_version_is_an_error_of_its_own() {
        let one = key();
        let sealed = sealed(&one, b"secret");
        assert_eq!(key().open(&PLACE, &sealed).unwrap_err(), OpenError::Changed);
        let with = |at: usize, byte: u8| {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[at] = byte;
            Sealed::from_bytes(bytes)
        };
        assert_eq!(one.open(&PLACE, &with(0, 2)).unwrap_err(), OpenError::UnknownFormat { format: 2 });
        assert_eq!(with(4, 9).data_key_version(&PLACE), Ok(9));
        assert_eq!(one.open(&PLACE, &with(4, 9)).unwrap_err(), OpenError::Changed);
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            let key = key();
            let opened = key.open(&PLACE, &sealed(&key, &text)).unwrap();
            prop_assert_eq!(opened.as_slice(), text.as_slice());
        }

        #[test]
        fn a_flipped_bit_is_noticed(
            text in proptest::collection::vec(any::<u8>(), 0..60),
            at in any::<proptest::sample::Index>(),
            bit in 0_u8..8,
        ) {
            let key = key();
            let mut bytes = sealed(&key, &text).as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(key.open(&PLACE, &Sealed::from_bytes(bytes)).is_err());
        }

        #[test]
        fn a_value_that_was_cut_off_is_noticed(left in any::<proptest::sample::Index>()) {
            let key = key();
            let bytes = sealed(&key, b"secret").as_bytes().to_vec();
            let left = left.index(bytes.len());
            prop_assert!(key.open(&PLACE, &Sealed::from_bytes(bytes[..left].to_vec())).is_err());
        }

        #[test]
        fn arbitrary_bytes_do_not_open(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(key().open(&PLACE, &Sealed::from_bytes(bytes)).is_err());
        }
    }
}
