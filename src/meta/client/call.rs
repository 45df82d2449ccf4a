//! What is asked of Graph: method, path, parameters, body, and with whose authority.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::Value;
use sha2::Sha256;

use super::{Credentials, Pieces};
use crate::secret::Secret;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Authority<'c> {
    /// A token of a system user.
    Token(Credentials<'c>),
    /// The same, as the upload of samples spells it.
    OAuth(Credentials<'c>),
    /// The app itself.
    App { id: &'c str, secret: &'c Secret },
    /// Nobody: the request carries its own proof.
    Nobody { secret: &'c Secret },
}

impl<'c> Authority<'c> {
    /// The `Authorization` header. None outside: it cannot be written into one.
    #[expect(
        clippy::option_option,
        reason = "outside: whether it can be written; inside: whether there is one"
    )]
    pub(super) fn header(&self) -> Option<Option<HeaderValue>> {
        let text = match self {
            Self::Token(credentials) => format!("Bearer {}", credentials.token.expose()),
            Self::OAuth(credentials) => format!("OAuth {}", credentials.token.expose()),
            Self::App { id, secret } => format!("Bearer {id}|{}", secret.expose()),
            Self::Nobody { .. } => return Some(None),
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(Some(value))
    }

    /// `appsecret_proof`: the token, signed with the app's secret.
    pub(super) fn proof(&self) -> Option<String> {
        let (Self::Token(credentials) | Self::OAuth(credentials)) = self else { return None };
        let secret = credentials.app_secret?;
        let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
        Some(HEXLOWER.encode(&mac.chain_update(credentials.token.expose()).finalize().into_bytes()))
    }

    /// Whose allowance is used.
    pub(super) fn credentials(&self) -> Option<Credentials<'c>> {
        match *self {
            Self::Token(credentials) | Self::OAuth(credentials) => Some(credentials),
            Self::App { secret, .. } => Some(Credentials { token: secret, app_secret: Some(secret) }),
            Self::Nobody { .. } => None,
        }
    }

    fn secrets(&self) -> [Option<&'c Secret>; 2] {
        match *self {
            Self::Token(credentials) | Self::OAuth(credentials) => {
                [Some(credentials.token), credentials.app_secret]
            }
            Self::App { secret, .. } | Self::Nobody { secret } => [Some(secret), None],
        }
    }
}

/// What goes along.
#[derive(Clone)]
pub(super) enum Body {
    Nothing,
    Json(Bytes),
    /// Bytes of a file, from an offset on.
    Raw {
        offset: u64,
        bytes: Bytes,
    },
    /// A whole file as it comes; for calls that are not repeated.
    Piecewise(Pieces),
    /// A form with texts and a file.
    Form {
        texts: Vec<(&'static str, String)>,
        name: String,
        mime_type: String,
        bytes: Bytes,
    },
}

impl Body {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Json(bytes) | Self::Raw { bytes, .. } | Self::Form { bytes, .. } => bytes.len(),
            Self::Piecewise(pieces) => usize::try_from(pieces.length()).unwrap_or(usize::MAX),
        }
    }
}

/// One call. What it holds is not printed.
#[derive(Clone)]
pub(super) struct Call<'c> {
    /// What it is about and what is done: for metrics and log lines.
    pub(super) noun: &'static str,
    pub(super) deed: &'static str,
    pub(super) method: Method,
    pub(super) path: Vec<&'c str>,
    /// It goes to Meta's host beside Graph.
    pub(super) is_beside_graph: bool,
    /// A query that belongs to an id which Meta gave out.
    pub(super) id_query: Option<&'c str>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) authority: Authority<'c>,
    /// Doing it twice is doing it once.
    pub(super) is_repeatable: bool,
    /// An answer with this key is one, even if it has an error too.
    pub(super) answers_with: Option<&'static str>,
    pub(super) hidden: Vec<&'c Secret>,
}

impl<'c> Call<'c> {
    pub(super) fn get(what: (&'static str, &'static str), by: Authority<'c>, path: &[&'c str]) -> Self {
        Self { is_repeatable: true, ..Self::new(Method::GET, what, by, path) }
    }

    pub(super) fn post(what: (&'static str, &'static str), by: Authority<'c>, path: &[&'c str]) -> Self {
        Self::new(Method::POST, what, by, path)
    }

    pub(super) fn delete(what: (&'static str, &'static str), by: Authority<'c>, path: &[&'c str]) -> Self {
        Self::new(Method::DELETE, what, by, path)
    }

    fn new(
        method: Method,
        (noun, deed): (&'static str, &'static str),
        authority: Authority<'c>,
        path: &[&'c str],
    ) -> Self {
        Self {
            noun,
            deed,
            method,
            path: path.to_vec(),
            is_beside_graph: false,
            id_query: None,
            query: Vec::new(),
            body: Body::Nothing,
            authority,
            is_repeatable: false,
            answers_with: None,
            hidden: Vec::new(),
        }
    }

    pub(super) fn json(mut self, body: &Value) -> Self {
        self.body = Body::Json(Bytes::from(body.to_string()));
        self
    }

    pub(super) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// It goes to Meta's host beside Graph.
    pub(super) fn beside_graph(mut self) -> Self {
        self.is_beside_graph = true;
        self
    }

    /// Doing it twice is doing it once.
    pub(super) fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }

    /// A secret that the request holds besides its authority.
    pub(super) fn hiding(mut self, secret: &'c Secret) -> Self {
        self.hidden.push(secret);
        self
    }

    /// All secrets of the call: what Meta says may repeat them.
    pub(super) fn secrets(&self) -> Vec<&'c Secret> {
        self.authority.secrets().into_iter().flatten().chain(self.hidden.iter().copied()).collect()
    }
}
