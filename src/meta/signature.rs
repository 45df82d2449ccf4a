//! The signature of a webhook: HMAC-SHA256 with the app secret, over the bytes as they came. It is checked here, and
//! made for the probes that we send to ourselves.
//!
//! Fails closed: a header that is missing or malformed is refused like a wrong one. Several secrets may be valid
//! at once, while a secret is being changed or when several apps deliver here. Nothing is parsed before this.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// The header that carries the signature.
pub const HEADER: &str = "x-hub-signature-256";

const PREFIX: &str = "sha256=";

/// Why a webhook is not taken for Meta's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the signature header is missing")]
    Missing,
    #[error("the signature header is not `sha256=` and 64 hex digits")]
    Malformed,
    #[error("the signature is not that of the body under any configured app secret")]
    Wrong,
}

/// Checks signatures. The keys are prepared once; each check starts from a copy of that state.
#[derive(Clone)]
pub struct Verifier {
    keys: Vec<Hmac<Sha256>>,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verifier({} secrets)", self.keys.len())
    }
}

impl Verifier {
    /// A verifier that takes what any of `secrets` signed; with none it takes nothing.
    pub fn new(secrets: &[Secret]) -> Self {
        let keys = secrets
            .iter()
            // A key of any length is a key for HMAC, so none is left out.
            .filter_map(|secret| Hmac::new_from_slice(secret.expose().as_bytes()).ok())
            .collect();
        Self { keys }
    }

    /// Whether `body` was signed with one of the secrets, as `header` says.
    pub fn verify(&self, header: Option<&[u8]>, body: &[u8]) -> Result<(), Refused> {
        let header = header.ok_or(Refused::Missing)?;
        let hex = header.strip_prefix(PREFIX.as_bytes()).ok_or(Refused::Malformed)?;
        let mut claimed = [0; 32];
        if hex.len() != 64 || HEXLOWER_PERMISSIVE.decode_mut(hex, &mut claimed).is_err() {
            return Err(Refused::Malformed);
        }
        // `verify` compares in constant time.
        let signed = |key: &Hmac<Sha256>| key.clone().chain_update(body).verify((&claimed).into()).is_ok();
        if self.keys.iter().any(signed) { Ok(()) } else { Err(Refused::Wrong) }
    }
}

/// The header's value for a body that is signed with this secret. None: there is no such signature.
pub fn sign(secret: &Secret, body: &[u8]) -> Option<String> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?.chain_update(body);
    Some(format!("{PREFIX}{}", HEXLOWER.encode(&mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // RFC 4231, test case 2.
        let rfc = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let body = b"what do ya want for nothing?";
        let check = |secrets: &[&str], header: Option<&str>, body: &[u8], expected| {
            let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
            let verdict = Verifier::new(&secrets).verify(header.map(str::as_bytes), body);
            assert_eq!(verdict, expected, "{secrets:?} {header:?}");
        };
        check(&["Jefe"], Some(rfc), body, Ok(()));
        check(&["other", "Jefe"], Some(rfc), body, Ok(()));
        check(&["Jefe"], Some(&rfc.to_uppercase().replace("SHA", "sha")), body, Ok(()));
        check(&["Jefe"], Some(rfc), b"what do ya want for nothing!", Err(Refused::Wrong));
        check(&["jefe"], Some(rfc), body, Err(Refused::Wrong));
        check(&[], Some(rfc), body, Err(Refused::Wrong));
        check(&["Jefe"], None, body, Err(Refused::Missing));
        let (bare, short) = (rfc.replace("sha256=", ""), rfc.replace("3843", "384"));
        let (long, not_hex) = (format!("{rfc}00"), rfc.replace('d', "g"));
        for malformed in ["", "sha256=", "sha1=5bdc", &bare, &short, &long, &not_hex] {
            check(&["Jefe"], Some(malformed), body, Err(Refused::Malformed));
        }
    }
}
