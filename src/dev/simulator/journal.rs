//! What crossed the wire: every request that came in and every webhook that went out, with the answers.
//!
//! Bounded: the oldest entries are dropped and counted. Secrets are not kept: the `Authorization` header, tokens
//! and secrets in the query are replaced before an entry is stored.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};

const ENTRIES_MAX: usize = 20_000;
/// A body larger than this is kept by its size alone.
const BODY_KEPT_MAX: usize = 256 * 1024;

/// One thing that crossed the wire.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A request to the Graph side.
    Request {
        method: String,
        path: String,
        headers: Vec<(String, String)>,
        body: String,
        /// Absent when the connection was closed without an answer.
        status: Option<u16>,
        answer: String,
        fault: Option<String>,
    },
    /// A delivery of a webhook.
    Webhook {
        url: String,
        body: String,
        signature: String,
        fields: Vec<String>,
        attempt: u32,
        /// Absent when no answer came.
        status: Option<u16>,
        answer: String,
        fault: Option<String>,
    },
    /// A webhook that nobody asked for: no subscription, no callback.
    Unwanted { waba_id: String, field: String, reason: String },
}

impl Entry {
    fn is_of(&self, kind: &str) -> bool {
        match self {
            Self::Request { .. } => kind == "request",
            Self::Webhook { .. } => kind == "webhook",
            Self::Unwanted { .. } => kind == "unwanted",
        }
    }

    fn contains(&self, text: &str) -> bool {
        match self {
            Self::Request { path, body, .. } => path.contains(text) || body.contains(text),
            Self::Webhook { url, body, fields, .. } => {
                url.contains(text) || body.contains(text) || fields.iter().any(|field| field == text)
            }
            Self::Unwanted { field, waba_id, .. } => field == text || waba_id == text,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct Numbered {
    sequence: u64,
    at_ms: i64,
    #[serde(flatten)]
    entry: Entry,
}

/// Which entries a reader wants.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only entries after this one.
    pub since: u64,
    pub kind: Option<String>,
    pub contains: Option<String>,
    pub limit: Option<usize>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Numbered>,
    next: u64,
    dropped: u64,
}

/// The record of a run.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Kept>);

impl Journal {
    /// Adds an entry and gives its number.
    pub fn add(&self, at_ms: i64, entry: Entry) -> u64 {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.next += 1;
        let sequence = kept.next;
        if kept.entries.len() >= ENTRIES_MAX {
            kept.entries.pop_front();
            kept.dropped += 1;
        }
        kept.entries.push_back(Numbered { sequence, at_ms, entry });
        sequence
    }

    /// The entries that pass the filter, oldest first, with how many were dropped.
    pub fn read(&self, filter: &Filter) -> Value {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entries: Vec<&Numbered> = kept
            .entries
            .iter()
            .filter(|numbered| numbered.sequence > filter.since)
            .filter(|numbered| filter.kind.as_ref().is_none_or(|kind| numbered.entry.is_of(kind)))
            .filter(|numbered| filter.contains.as_ref().is_none_or(|text| numbered.entry.contains(text)))
            .take(filter.limit.unwrap_or(usize::MAX))
            .collect();
        json!({ "last": kept.next, "dropped": kept.dropped, "entries": entries })
    }

    /// Forgets everything; numbers go on.
    pub fn clear(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entries.clear();
        kept.dropped = 0;
    }
}

/// A body as the journal keeps it.
pub fn kept_body(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.len() <= BODY_KEPT_MAX => text.to_owned(),
        _ => format!("({} bytes)", bytes.len()),
    }
}

/// A path and query without the secrets in them.
pub fn without_secrets(path_and_query: &str) -> String {
    let Some((path, query)) = path_and_query.split_once('?') else {
        return path_and_query.to_owned();
    };
    let hidden =
        ["access_token", "input_token", "client_secret", "appsecret_proof", "verify_token", "code", "pin"];
    let shown: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if hidden.contains(&name) => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", shown.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_go_first_and_are_counted() {
        let journal = Journal::default();
        for at in 0..=i64::try_from(ENTRIES_MAX).unwrap() {
            let field = at.to_string();
            journal.add(at, Entry::Unwanted { waba_id: String::new(), field, reason: String::new() });
        }
        let read = journal.read(&Filter { limit: Some(1), ..Filter::default() });
        assert_eq!(read["dropped"], 1);
        assert_eq!(read["entries"][0]["sequence"], 2);
    }

    #[test]
    fn secrets_in_a_query_are_not_kept() {
        assert_eq!(
            without_secrets("/v25.0/me?access_token=EAAG&fields=id"),
            "/v25.0/me?access_token=***&fields=id"
        );
    }
}
