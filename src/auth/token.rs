//! Tokens of the CRM's own users (JWT): whether one is good, and what it says.
//!
//! The key decides the algorithm, never the token: a token that names another is refused before any key is used. The
//! signature, issuer and audience are checked by the library; the times here, against our clock.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, Validation, decode, decode_header,
};
use serde_json::{Map, Value};

use super::jwks;
use super::jwks::Jwks;
use super::role::Role;
use crate::config::{JwtConfig, JwtKey};

/// How far the clock of whoever made the token may be from ours.
const LEEWAY_MS: i64 = 30_000;
const USER_CHARS_MAX: usize = 200;
/// The smallest RSA modulus, in bytes.
const RSA_BYTES_MIN: usize = 256;
/// A P-256 point and an Ed25519 key, in bytes.
const P256_BYTES: usize = 65;
const ED25519_BYTES: usize = 32;

/// The settings for tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("JWT_PUBLIC_KEY: {path} cannot be read")]
    Unreadable {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("JWT_PUBLIC_KEY holds a private key; it must not be here at all: give the public one")]
    Private,
    #[error(
        "JWT_PUBLIC_KEY is not a public key in PEM of a kind that is taken (RSA of at least 2048 bits, P-256, Ed25519)"
    )]
    NotAKey,
    #[error("no client for JWT_JWKS_URL could be made")]
    NoClient(#[source] jwks::ClientError),
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Malformed,
    UnknownKey,
    /// Its signature, algorithm, issuer or audience.
    Wrong,
    Expired,
    NotYet,
    NoUser,
    NoRole,
    NoWorkspace,
    /// It could not be judged.
    NoKeys,
}

/// What a good token says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// As the token or the settings name it.
    pub workspace: Named,
    pub user: String,
    pub role: Role,
}

/// A workspace, and who named it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    ByToken(String),
    BySettings(String),
}

/// A key, and the only algorithm for which it is.
#[derive(Clone)]
pub(super) struct Key {
    algorithm: Algorithm,
    decoding: DecodingKey,
}

impl Key {
    /// None if it is too weak, or of another curve.
    pub fn new(decoding: DecodingKey) -> Option<Self> {
        let length = |kind: &DecodingKeyKind| match kind {
            DecodingKeyKind::SecretOrDer(bytes) => bytes.len(),
            DecodingKeyKind::RsaModulusExponent { n, .. } => n.iter().skip_while(|byte| **byte == 0).count(),
        };
        let length = length(decoding.kind());
        let (algorithm, is_good) = match decoding.family() {
            AlgorithmFamily::Hmac => (Algorithm::HS256, true),
            AlgorithmFamily::Rsa => (Algorithm::RS256, length >= RSA_BYTES_MIN),
            AlgorithmFamily::Ec => (Algorithm::ES256, length == P256_BYTES),
            AlgorithmFamily::Ed => (Algorithm::EdDSA, length == ED25519_BYTES),
        };
        is_good.then_some(Self { algorithm, decoding })
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub fn family(&self) -> AlgorithmFamily {
        self.decoding.family()
    }

    fn from_pem(pem: &str) -> Result<Self, Unusable> {
        if pem.contains("PRIVATE KEY") {
            return Err(Unusable::Private);
        }
        // In an environment variable the breaks may be written out.
        let pem = pem.replace("\\n", "\n");
        let bytes = pem.as_bytes();
        let decoding = DecodingKey::from_ec_pem(bytes)
            .or_else(|_| DecodingKey::from_ed_pem(bytes))
            .or_else(|_| DecodingKey::from_rsa_pem(bytes));
        let is_public = pem.contains("PUBLIC KEY");
        decoding.ok().filter(|_| is_public).and_then(Self::new).ok_or(Unusable::NotAKey)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", self.algorithm)
    }
}

#[derive(Debug)]
enum Keys {
    One(Key),
    Published(Jwks),
}

/// Judges tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    keys: Keys,
    issuer: String,
    audiences: Vec<String>,
    workspace_claim: String,
    workspace: Option<String>,
    user_claim: String,
    role_claim: String,
    role_names: BTreeMap<String, Role>,
}

impl Tokens {
    pub fn new(config: &JwtConfig) -> Result<Self, Unusable> {
        let keys = match &config.key {
            JwtKey::Secret(secret) => {
                let decoding = DecodingKey::from_secret(secret.expose().as_bytes());
                Keys::One(Key { algorithm: Algorithm::HS256, decoding })
            }
            JwtKey::Public(text) => Keys::One(Key::from_pem(&pem_of(text)?)?),
            JwtKey::Published(url) => Keys::Published(Jwks::new(url.clone()).map_err(Unusable::NoClient)?),
        };
        let own_names = Role::ALL.map(|role| (role.name().to_owned(), role));
        let role_names: BTreeMap<String, Role> = config
            .role_names
            .iter()
            .filter_map(|(theirs, ours)| Some((theirs.clone(), Role::named(ours)?)))
            .collect();
        Ok(Self {
            keys,
            issuer: config.issuer.clone(),
            audiences: config.audiences.clone(),
            workspace_claim: config.workspace_claim.clone(),
            workspace: config.workspace.clone(),
            user_claim: config.user_claim.clone(),
            role_claim: config.role_claim.clone(),
            role_names: if role_names.is_empty() { own_names.into() } else { role_names },
        })
    }

    /// Checks a token and reads it.
    pub async fn judge(&self, token: &str, now_ms: i64) -> Result<Said, Refused> {
        let header = decode_header(token).map_err(|_| Refused::Malformed)?;
        if header.crit.is_some() {
            // What must be understood and is not.
            return Err(Refused::Wrong);
        }
        let key = match &self.keys {
            Keys::One(key) => key.clone(),
            Keys::Published(jwks) => jwks.find(header.kid.as_deref(), now_ms).await?,
        };
        let mut validation = Validation::new(key.algorithm);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&self.audiences);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // Below, against our clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let decoded = decode::<Map<String, Value>>(token, &key.decoding, &validation);
        let claims = decoded.map_err(|_| Refused::Wrong)?.claims;
        check_times(&claims, now_ms)?;
        self.read(&claims)
    }

    fn read(&self, claims: &Map<String, Value>) -> Result<Said, Refused> {
        let workspace = match claim(claims, &self.workspace_claim) {
            Some(Value::String(name)) if !name.is_empty() => Named::ByToken(name.clone()),
            Some(Value::Number(number)) => Named::ByToken(number.to_string()),
            Some(Value::Null) | None => {
                Named::BySettings(self.workspace.clone().ok_or(Refused::NoWorkspace)?)
            }
            Some(_) => return Err(Refused::NoWorkspace),
        };
        let user = match claim(claims, &self.user_claim) {
            Some(Value::String(user)) => user.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return Err(Refused::NoUser),
        };
        if user.is_empty() || user.chars().count() > USER_CHARS_MAX || user.contains(char::is_control) {
            return Err(Refused::NoUser);
        }
        let role = match claim(claims, &self.role_claim) {
            Some(Value::String(name)) => self.role_names.get(name).copied(),
            Some(Value::Array(names)) => {
                names.iter().filter_map(|name| self.role_names.get(name.as_str()?)).max().copied()
            }
            _ => None,
        };
        Ok(Said { workspace, user, role: role.ok_or(Refused::NoRole)? })
    }
}

fn pem_of(text: &str) -> Result<String, Unusable> {
    if text.starts_with("-----BEGIN") {
        return Ok(text.to_owned());
    }
    std::fs::read_to_string(text).map_err(|source| Unusable::Unreadable { path: text.to_owned(), source })
}

fn check_times(claims: &Map<String, Value>, now_ms: i64) -> Result<(), Refused> {
    let expires = claims.get("exp").and_then(milliseconds).ok_or(Refused::Malformed)?;
    if expires.saturating_add(LEEWAY_MS) <= now_ms {
        return Err(Refused::Expired);
    }
    match claims.get("nbf") {
        None | Some(Value::Null) => Ok(()),
        Some(from) => {
            let from = milliseconds(from).ok_or(Refused::Malformed)?;
            if from > now_ms.saturating_add(LEEWAY_MS) { Err(Refused::NotYet) } else { Ok(()) }
        }
    }
}

/// Seconds, whole or not, as tokens write times.
fn milliseconds(value: &Value) -> Option<i64> {
    let time = Duration::try_from_secs_f64(value.as_f64()?).ok()?;
    i64::try_from(time.as_millis()).ok()
}

/// The claim of that name; if there is none, the one at the end of that path. Names can have dots in them.
fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let mut steps = name.split('.');
    let first = claims.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::secret::Secret;

    fn tokens(role_claim: &str, role_names: &[(&str, &str)]) -> Tokens {
        let pair = |(theirs, ours): &(&str, &str)| ((*theirs).to_owned(), (*ours).to_owned());
        Tokens::new(&JwtConfig {
            key: JwtKey::Secret(Secret::new("0123456789abcdef0123456789abcdef")),
            issuer: "crm".to_owned(),
            audiences: vec!["pesan".to_owned()],
            workspace_claim: "https://crm.example/tenant".to_owned(),
            workspace: None,
            user_claim: "sub".to_owned(),
            role_claim: role_claim.to_owned(),
            role_names: role_names.iter().map(pair).collect(),
        })
        .unwrap()
    }

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn claims_are_found_by_name_and_by_path() {
        let claims = map(json!({ "a.b": 1, "a": { "b": 2, "c": { "d": 3 } }, "list": [4] }));
        let check = |name: &str, expected: Option<i64>| {
            assert_eq!(claim(&claims, name).and_then(Value::as_i64), expected, "{name}");
        };
        check("a.b", Some(1));
        check("a.c.d", Some(3));
        check("a.c.e", None);
        check("b", None);
        check("list.0", None);
        check("", None);
    }

    #[test]
    fn roles_are_the_crms_own_words_and_the_highest_of_several_counts() {
        let role = |tokens: &Tokens, role: Value| {
            let claims = json!({ "https://crm.example/tenant": "acme", "sub": "u1", "role": role, "realm": { "roles": role } });
            tokens.read(&map(claims)).map(|said| said.role)
        };
        let plain = tokens("role", &[]);
        assert_eq!(role(&plain, json!("admin")), Ok(Role::Admin));
        for wrong in [
            json!("Admin"),
            json!("root"),
            json!(""),
            json!(3),
            json!(null),
            json!({ "admin": true }),
            json!([]),
            json!(["root", 1]),
        ] {
            assert_eq!(role(&plain, wrong.clone()), Err(Refused::NoRole), "{wrong}");
        }
        let mapped = tokens("realm.roles", &[("supervisor", "admin"), ("staff", "agent")]);
        assert_eq!(role(&mapped, json!(["staff", "offline_access", "supervisor"])), Ok(Role::Admin));
        assert_eq!(role(&mapped, json!("owner")), Err(Refused::NoRole), "their words go instead of ours");
    }

    #[test]
    fn a_token_names_a_workspace_and_a_user() {
        let tokens = tokens("role", &[]);
        let read = |workspace: Value, user: Value| {
            tokens
                .read(&map(json!({ "https://crm.example/tenant": workspace, "sub": user, "role": "agent" })))
        };
        let said = read(json!(42), json!("u1")).unwrap();
        assert_eq!((said.workspace, said.user.as_str()), (Named::ByToken("42".to_owned()), "u1"));
        for wrong in [json!(""), json!(null), json!(["acme"]), json!({}), json!(true)] {
            assert_eq!(read(wrong.clone(), json!("u1")), Err(Refused::NoWorkspace), "{wrong}");
        }
        for wrong in [json!(""), json!(null), json!("a\nb"), json!("x".repeat(201)), json!([])] {
            assert_eq!(read(json!("acme"), wrong.clone()), Err(Refused::NoUser), "{wrong}");
        }
    }

    #[test]
    fn times_are_checked_with_a_leeway() {
        let now = 1_000_000_000;
        let check = |claims: Value, expected| {
            assert_eq!(check_times(&map(claims.clone()), now), expected, "{claims}");
        };
        check(json!({ "exp": 1_000_000 }), Ok(()));
        check(json!({ "exp": 1_000_000 - 29 }), Ok(()));
        check(json!({ "exp": 1_000_000 - 30 }), Err(Refused::Expired));
        check(json!({ "exp": 999_970.5 }), Ok(()));
        check(json!({ "exp": 1_000_001, "nbf": 1_000_030 }), Ok(()));
        check(json!({ "exp": 1_000_001, "nbf": 1_000_031 }), Err(Refused::NotYet));
        for wrong in [
            json!({}),
            json!({ "exp": "soon" }),
            json!({ "exp": -1 }),
            json!({ "exp": 1e300 }),
            json!({ "exp": 1_000_001, "nbf": "x" }),
        ] {
            check(wrong, Err(Refused::Malformed));
        }
    }

    #[test]
    fn a_private_key_or_no_key_is_refused_with_a_word() {
        let refused = |text: &str| Key::from_pem(text).unwrap_err().to_string();
        assert!(refused("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----").contains("private"));
        assert!(
            refused("-----BEGIN PUBLIC KEY-----\nMC4=\n-----END PUBLIC KEY-----")
                .contains("not a public key")
        );
        assert!(matches!(pem_of("/nowhere/key.pem"), Err(Unusable::Unreadable { .. })));
    }
}
