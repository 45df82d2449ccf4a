//! Why a call gave no result.
//!
//! Invariants: no `Display` and no `Debug` here holds a token, an address or a body. What Meta says about a refusal can
//! name a customer: it is kept for whoever asked (`Refusal::explain`, `Refusal::fault`), and never printed.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::answer::Fields;
use crate::domain::status::Fault;
use crate::meta::fault::{self, Explanation};
use crate::secret::Secret;

/// What Meta says is cut here: no text of theirs is that long.
const TEXT_CHARS_MAX: usize = 2_000;
/// Words that look like one of Meta's tokens are hidden, whoever's they are.
const TOKEN_START: &str = "EAA";
const TOKEN_CHARS_MIN: usize = 20;
const HIDDEN: &str = "***";

/// How far a call came that had no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// No connection was made: Meta has seen nothing of it.
    NothingLeft,
    /// Something may have left: Meta may have done it.
    OutcomeUnknown,
}

/// Why a call gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Meta said no, in Graph's own form, under whatever HTTP status.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("Meta gave no answer: {reason}")]
    NoAnswer { phase: Phase, reason: &'static str },
    /// An answer that is not Graph's: a proxy's page, too much, or something else than was asked for.
    #[error("the answer is not one of the Graph API ({problem}, HTTP status {status})")]
    Unreadable { status: u16, problem: &'static str },
    /// Too many calls at once, here or there. Nothing was done.
    #[error("too many calls at once; the next one makes sense in {} ms", .0.as_millis())]
    Overloaded(Duration),
    /// It cannot be put into a request. Nothing left.
    #[error("the call cannot be made: {0}")]
    Impossible(&'static str),
}

impl CallError {
    /// Whether Meta may have done what was asked, although nothing says so.
    pub fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::NoAnswer { phase, .. } => *phase == Phase::OutcomeUnknown,
            // A redirect or a refusal by somebody in between: not done. A success that cannot be read: perhaps done.
            Self::Unreadable { status, .. } => *status == 408 || !(300..500).contains(status),
            Self::Refused(_) | Self::Overloaded(_) | Self::Impossible(_) => false,
        }
    }

    /// What Meta said, if it said no.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// How long to wait, if that was told.
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Self::Overloaded(pause) => Some(*pause),
            Self::Refused(refusal) => refusal.retry_after(),
            _ => None,
        }
    }

    /// Its name in metrics and log lines.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::NoAnswer { phase: Phase::NothingLeft, .. } => "unreachable",
            Self::NoAnswer { phase: Phase::OutcomeUnknown, .. } => "no_answer",
            Self::Unreadable { .. } => "unreadable",
            Self::Overloaded(_) => "overloaded",
            Self::Impossible(_) => "impossible",
        }
    }
}

/// Graph's error body. Decide on what `explain` says.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal(Box<Parts>);

#[derive(Clone, PartialEq, Eq)]
struct Parts {
    status: u16,
    code: Option<i64>,
    subcode: Option<i64>,
    kind: Option<String>,
    fbtrace_id: Option<String>,
    is_transient: Option<bool>,
    user_title: Option<String>,
    user_message: Option<String>,
    /// Its code is the one that the catalogue is asked for: the subcode where that says more.
    fault: Fault<'static>,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// Reads Graph's `error` object; `hidden` are the secrets of the call, which Meta sometimes repeats.
    pub(super) fn read(
        error: &Value,
        status: u16,
        retry_after: Option<Duration>,
        hidden: &[&Secret],
    ) -> Option<Self> {
        let object = error.as_object()?;
        let fields = Fields::of(object);
        let text = |name: &str| fields.text(name).map(|text| cleaned(&text, hidden));
        let (code, subcode) = (fields.int("code"), fields.int("error_subcode"));
        let message = text("message");
        if code.is_none() && message.is_none() {
            return None;
        }
        // `error_data` is a text in some errors of Graph's.
        let details = match object.get("error_data") {
            Some(Value::Object(data)) => Fields::of(data).text("details"),
            Some(Value::String(data)) => Some(data.clone()),
            _ => None,
        };
        let user_title = text("error_user_title");
        let user_message = text("error_user_msg");
        let fault = Fault {
            code: telling_code(code, subcode),
            title: user_title.clone().map(Cow::Owned),
            message: message.map(Cow::Owned),
            details: details
                .map(|details| cleaned(&details, hidden))
                .or_else(|| user_message.clone())
                .map(Cow::Owned),
            href: None,
        };
        Some(Self(Box::new(Parts {
            status,
            code,
            subcode,
            kind: text("type"),
            fbtrace_id: text("fbtrace_id"),
            is_transient: fields.truth("is_transient"),
            user_title,
            user_message,
            fault,
            retry_after,
        })))
    }

    /// The HTTP status; nothing to decide on.
    pub fn status(&self) -> u16 {
        self.0.status
    }

    pub fn code(&self) -> Option<i64> {
        self.0.code
    }

    pub fn subcode(&self) -> Option<i64> {
        self.0.subcode
    }

    /// `type`: `OAuthException` and the like.
    pub fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// What Meta's support asks for.
    pub fn fbtrace_id(&self) -> Option<&str> {
        self.0.fbtrace_id.as_deref()
    }

    pub fn is_transient(&self) -> Option<bool> {
        self.0.is_transient
    }

    /// Meta's message. It can name a customer.
    pub fn message(&self) -> Option<&str> {
        self.0.fault.message.as_deref()
    }

    /// `error_data.details`, or else what Meta would show to a person. It can name a customer.
    pub fn details(&self) -> Option<&str> {
        self.0.fault.details.as_deref()
    }

    /// What Meta would show to a person as a heading.
    pub fn user_title(&self) -> Option<&str> {
        self.0.user_title.as_deref()
    }

    /// What Meta would show to a person.
    pub fn user_message(&self) -> Option<&str> {
        self.0.user_message.as_deref()
    }

    /// The wait that Meta named in this answer.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The error as the catalogue takes it, with the code that says most.
    pub fn fault(&self) -> &Fault<'static> {
        &self.0.fault
    }

    /// What it means and what to do.
    pub fn explain(&self) -> Explanation<'_> {
        fault::explain(&self.0.fault)
    }

    /// The name in "Tried accessing nonexisting field (name)".
    pub(super) fn unknown_field(&self) -> Option<&str> {
        if self.0.code != Some(100) {
            return None;
        }
        let rest = self.message()?.split_once("nonexisting field (")?.1;
        rest.split_once(')').map(|(name, _)| name)
    }
}

/// The subcode goes first where the catalogue lists such subcodes by themselves: those of tokens, and those of
/// templates and moves.
fn telling_code(code: Option<i64>, subcode: Option<i64>) -> Option<i64> {
    let Some(subcode) = subcode else { return code };
    let says_more = match code {
        Some(0 | 102 | 190) => (400..500).contains(&subcode),
        Some(100) => subcode == 33 || subcode >= 2_000_000,
        _ => false,
    };
    if says_more && fault::look_up(subcode).is_some() { Some(subcode) } else { code }
}

/// A text of Meta's without the secrets that it repeats ("Malformed access token …").
fn cleaned(text: &str, hidden: &[&Secret]) -> String {
    let mut text: String = text.chars().take(TEXT_CHARS_MAX).collect();
    for secret in hidden.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, HIDDEN);
    }
    if !text.contains(TOKEN_START) {
        return text;
    }
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_|.%".contains(letter);
    text.split_inclusive(|letter: char| !is_word(letter))
        .map(|piece| {
            let word = piece.trim_end_matches(|letter: char| !is_word(letter));
            let is_token = word.starts_with(TOKEN_START) && word.len() >= TOKEN_CHARS_MIN;
            if is_token { piece.replacen(word, HIDDEN, 1) } else { piece.to_owned() }
        })
        .collect()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meta refused the call (")?;
        match self.0.code {
            Some(code) => write!(f, "code {code}")?,
            None => f.write_str("no code")?,
        }
        if let Some(subcode) = self.0.subcode {
            write!(f, "/{subcode}")?;
        }
        write!(f, ", HTTP status {})", self.0.status)
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("status", &self.0.status)
            .field("code", &self.0.code)
            .field("subcode", &self.0.subcode)
            .field("is_transient", &self.0.is_transient)
            .field("retry_after", &self.0.retry_after)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::meta::fault::Class;

    impl Refusal {
        /// What Meta's error object says, for the tests of those who decide on it: an answer alone makes one elsewhere.
        pub(crate) fn said(error: &Value, retry_after: Option<Duration>) -> Self {
            Self::read(error, 400, retry_after, &[]).unwrap()
        }
    }

    fn read(error: &Value) -> Refusal {
        Refusal::said(error, None)
    }

    #[test]
    fn the_subcode_goes_first_where_the_catalogue_lists_it_by_itself() {
        for (code, subcode, expected) in [
            (190, Some(463), 463),
            (190, Some(999), 190),
            (190, None, 190),
            (100, Some(2_388_024), 2_388_024),
            (100, Some(33), 33),
            (100, Some(4), 100),
            (130_429, Some(2_494_055), 130_429),
            (131_000, Some(463), 131_000),
        ] {
            assert_eq!(telling_code(Some(code), subcode), Some(expected), "{code}/{subcode:?}");
        }
        let expired = read(&json!({ "code": 190, "error_subcode": 463, "message": "Session has expired" }));
        assert_eq!(expired.explain().class, Class::FixToken);
        assert_eq!((expired.code(), expired.subcode()), (Some(190), Some(463)));
    }

    #[test]
    fn secrets_that_meta_repeats_are_hidden() {
        let token = Secret::new("my-token");
        let error = json!({
            "code": 190,
            "message": "Malformed access token my-token, or EAAGabcdefghijklmnopqrstuvwx.",
            "error_data": "my-token",
            "error_user_msg": "EAAG is short",
        });
        let refusal = Refusal::read(&error, 401, None, &[&token]).unwrap();
        assert_eq!(refusal.message(), Some("Malformed access token ***, or ***"));
        assert_eq!(refusal.details(), Some("***"));
        assert_eq!(refusal.user_message(), Some("EAAG is short"));
        assert_eq!(refusal.to_string(), "Meta refused the call (code 190, HTTP status 401)");
    }

    #[test]
    fn any_object_with_a_code_or_a_message_is_a_refusal() {
        assert!(Refusal::read(&json!({}), 400, None, &[]).is_none());
        assert!(Refusal::read(&json!("error"), 400, None, &[]).is_none());
        assert_eq!(read(&json!({ "code": "4" })).code(), Some(4));
        assert_eq!(read(&json!({ "message": "no" })).code(), None);
    }

    #[test]
    fn what_may_have_been_done_and_what_was_not() {
        let unreadable = |status| CallError::Unreadable { status, problem: "" }.is_outcome_unknown();
        assert_eq!(
            [200, 302, 404, 408, 499, 500, 503].map(unreadable),
            [true, false, false, true, false, true, true]
        );
        assert!(!CallError::NoAnswer { phase: Phase::NothingLeft, reason: "" }.is_outcome_unknown());
        assert!(!CallError::Overloaded(Duration::ZERO).is_outcome_unknown());
    }
}
