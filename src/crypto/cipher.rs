//! AES-256-GCM itself, with keys that are wiped from memory. The only file that calls the cipher.

use std::fmt;

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::SealError;
use crate::ids::{Exhausted, Random};
use crate::secret::Secret;

pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// What sealing adds to a text.
pub(super) const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;

/// 256 secret bits. On the heap, so that a move leaves no copy behind.
pub struct KeyBytes(Box<Zeroizing<[u8; KEY_BYTES]>>);

impl KeyBytes {
    /// A new key.
    pub fn generate(random: &Random) -> Result<Self, Exhausted> {
        let mut key = Self(Box::default());
        random.fill(key.0.as_mut_slice())?;
        Ok(key)
    }

    /// A key in its written form.
    pub fn from_base64(text: &Secret) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64.decode(text.expose().as_bytes()).ok()?);
        Self::from_slice(&bytes)
    }

    /// The written form of the key.
    pub fn to_base64(&self) -> Secret {
        Secret::new(BASE64.encode(self.0.as_slice()))
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Self(Box::default());
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.0.copy_from_slice(bytes);
        Some(key)
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBytes(***)")
    }
}

/// A key made ready for use; it wipes itself when dropped. On the heap for the same reason.
pub(super) struct Cipher(Box<Aes256Gcm>);

impl Cipher {
    pub(super) fn new(key: &KeyBytes) -> Self {
        let key: &[u8; KEY_BYTES] = &key.0;
        Self(Box::new(Aes256Gcm::new(key.into())))
    }

    /// Appends the sealed `text` to `head`: nonce, cipher text, tag.
    pub(super) fn seal(
        &self,
        random: &Random,
        context: &[u8],
        head: Vec<u8>,
        text: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        self.seal_under(random.bytes()?, context, head, text).ok_or(SealError::TooLong)
    }

    /// A nonce must never come twice under one key, so nobody but `seal` chooses one.
    fn seal_under(
        &self,
        nonce: [u8; NONCE_BYTES],
        context: &[u8],
        head: Vec<u8>,
        text: &[u8],
    ) -> Option<Vec<u8>> {
        let mut sealed = head;
        // At once: growing later would leave a copy of the text behind.
        sealed.reserve_exact(text.len() + OVERHEAD_BYTES);
        sealed.extend_from_slice(&nonce);
        let start = sealed.len();
        sealed.extend_from_slice(text);
        let place = sealed.get_mut(start..)?;
        let tag: Tag = self.0.encrypt_inout_detached(&Nonce::from(nonce), context, place.into()).ok()?;
        sealed.extend_from_slice(&tag);
        Some(sealed)
    }

    /// Opens nonce, cipher text and tag. None: they are not what was sealed under this key and context.
    pub(super) fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let (text, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let place = text.as_mut_slice().into();
        self.0.decrypt_inout_detached(nonce.into(), context, place, tag.into()).ok()?;
        Some(text)
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cipher(***)")
    }
}

/// Puts parts together so that no two lists of parts read the same: the length goes before each.
pub(super) fn join(parts: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in parts {
        joined.extend_from_slice(&(part.len() as u64).to_be_bytes());
        joined.extend_from_slice(part);
    }
    joined
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    const VECTORS: &str = include_str!("../../fixtures/nist/gcm-256.rsp");

    #[derive(Default)]
    struct Known {
        key: Vec<u8>,
        nonce: Vec<u8>,
        text: Option<Vec<u8>>,
        context: Vec<u8>,
        sealed: Vec<u8>,
    }

    fn known_answers() -> Vec<Known> {
        let mut all: Vec<Known> = Vec::new();
        for line in VECTORS.lines() {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            let bytes = || HEXLOWER.decode(value.trim().as_bytes()).unwrap();
            if name.trim() == "Count" {
                all.push(Known::default());
            }
            let Some(last) = all.last_mut() else { continue };
            match name.trim() {
                "Key" => last.key = bytes(),
                "IV" => last.nonce = bytes(),
                "PT" => last.text = Some(bytes()),
                "AAD" => last.context = bytes(),
                "CT" | "Tag" => last.sealed.extend(bytes()),
                _ => {}
            }
        }
        all
    }

    #[test]
    fn nists_known_answers() {
        let (mut sealed, mut refused) = (0, 0);
        for (n, known) in known_answers().into_iter().enumerate() {
            let cipher = Cipher::new(&KeyBytes::from_slice(&known.key).unwrap());
            let nonce: [u8; NONCE_BYTES] = known.nonce.clone().try_into().unwrap();
            let stored = [nonce.as_slice(), &known.sealed].concat();
            let opened = cipher.open(&known.context, &stored);
            assert_eq!(opened.as_deref(), known.text.as_ref(), "case {n} opens, or is refused, as it should");
            match known.text {
                Some(text) => {
                    let ours = cipher.seal_under(nonce, &known.context, Vec::new(), &text).unwrap();
                    assert_eq!(ours, stored, "case {n}");
                    sealed += 1;
                }
                None => refused += 1,
            }
        }
        assert_eq!((sealed, refused), (18, 12));
    }

    #[test]
    fn keys_have_a_written_form_and_print_nothing() {
        let key = KeyBytes::generate(&Random::system()).unwrap();
        let written = key.to_base64();
        assert_eq!(written.expose().len(), 44);
        assert_eq!(KeyBytes::from_base64(&written).unwrap().as_slice(), key.as_slice());
        assert_eq!(format!("{key:?} {:?}", Cipher::new(&key)), "KeyBytes(***) Cipher(***)");
        for wrong in ["", "AAAA", "not base64", &format!("{}=", written.expose())] {
            assert!(KeyBytes::from_base64(&Secret::new(wrong)).is_none(), "{wrong}");
        }
    }

    #[test]
    fn no_nonce_comes_twice() {
        let cipher = Cipher::new(&KeyBytes::generate(&Random::system()).unwrap());
        let nonces: std::collections::BTreeSet<Vec<u8>> = (0..1_000)
            .map(|_| cipher.seal(&Random::system(), b"", Vec::new(), b"").unwrap()[..NONCE_BYTES].to_vec())
            .collect();
        assert_eq!(nonces.len(), 1_000);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(join(&[b"ab", b"c"]), join(&[b"a", b"bc"]));
        assert_ne!(join(&[b"ab"]), join(&[b"ab", b""]));
    }
}
