//! The signature of a webhook: HMAC-SHA256 with the app secret over exactly the bytes that are sent.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// The header that carries it.
pub const HEADER: &str = "X-Hub-Signature-256";

/// The value of the header for `body`: `sha256=` and 64 lower-case hex digits.
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    let digest = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .map(|key| key.chain_update(body).finalize().into_bytes().to_vec())
        // A key of any length is a key for HMAC.
        .unwrap_or_default();
    format!("sha256={}", HEXLOWER.encode(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_published_one() {
        // RFC 4231, case 2.
        assert_eq!(
            sign(&Secret::new("Jefe"), b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
