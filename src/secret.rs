//! Values that must not be seen: `Secret` prints as `***`, is not serializable and is wiped when dropped.
//!
//! Whoever needs the value calls `expose` at the very place of use, so a search for that word finds every such
//! place.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// A secret text: a token, an app secret, a key in its written form.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the value in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value itself. Never log it, never put it into an error.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Compares in a time that does not depend on where the two differ.
    pub fn matches(&self, candidate: &str) -> bool {
        self.expose().as_bytes().ct_eq(candidate.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::new("EAAG-token");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(format!("{:#?}", Some(vec![secret])), "Some(\n    [\n        ***,\n    ],\n)");
    }

    #[test]
    fn a_secret_matches_only_itself() {
        let secret = Secret::new("verify-me");
        assert!(secret.matches("verify-me"));
        for other in ["", "verify-m", "verify-me ", "Verify-me"] {
            assert!(!secret.matches(other), "{other}");
        }
    }
}
