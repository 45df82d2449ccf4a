//! Documents that are known by the hash of their text, so that a front end sends each only once, or not at all.
//!
//! Two ways. By itself a text is remembered when it comes with its hash ("automatic persisted queries"): in this
//! process only, and bounded, because a client that names an unknown hash just sends the text again. With a list of
//! allowed operations nothing else is run at all, however it comes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::types::ExecutableDocument;
use data_encoding::HEXLOWER_PERMISSIVE;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::limits;
use super::limits::Unfit;
use crate::error::Code;
use crate::people::memory::Memory;

/// How many texts are remembered at least.
const REMEMBERED: usize = 500;
/// The same for what was read of them: reading the text of a front end's list takes a quarter of a millisecond. Few, for
/// what was read takes more than a hundred times the room of its text.
const READ: usize = 64;
const READ_BYTES_MAX: usize = 4 * 1024;
/// Longer texts are run and not remembered.
const REMEMBERED_BYTES_MAX: usize = 16 * 1024;
/// The most operations that a list may hold.
const LISTED_MAX: usize = 10_000;

/// The SHA-256 of a document's text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentHash([u8; 32]);

impl DocumentHash {
    /// Of a text, byte for byte.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// As clients write it: hexadecimal, with or without the name of the algorithm before it.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Debug for DocumentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&HEXLOWER_PERMISSIVE.encode(&self.0))
    }
}

/// Why there is no text to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDocument {
    /// The hash is not known here; with its text it will be.
    Unknown,
    /// The hash is of another text.
    Mismatch,
    /// It is not among the allowed operations.
    NotAllowed,
    /// Neither a text nor a hash.
    Nothing,
}

impl From<NoDocument> for Code {
    fn from(none: NoDocument) -> Self {
        match none {
            NoDocument::Unknown => Self::PersistedQueryNotFound,
            NoDocument::Mismatch | NoDocument::Nothing => Self::InvalidRequest,
            NoDocument::NotAllowed => Self::OperationNotAllowed,
        }
    }
}

/// The documents that are known. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Documents(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    known: Known,
    read: Mutex<Memory<DocumentHash, Arc<ExecutableDocument>>>,
}

/// A document that may be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub text: Arc<str>,
    hash: DocumentHash,
}

#[derive(Debug)]
enum Known {
    /// Whatever was sent lately with its hash.
    Seen(Mutex<Memory<DocumentHash, Arc<str>>>),
    /// These and no others.
    Listed(HashMap<DocumentHash, Arc<str>>),
}

impl Documents {
    /// Any document is run.
    pub fn any() -> Self {
        Self::of(Known::Seen(Mutex::new(Memory::new(REMEMBERED))))
    }

    /// Only these are run.
    pub fn only(listed: impl IntoIterator<Item = String>) -> Self {
        let entry = |text: String| (DocumentHash::of(&text), Arc::from(text));
        Self::of(Known::Listed(listed.into_iter().map(entry).collect()))
    }

    fn of(known: Known) -> Self {
        Self(Arc::new(Inner { known, read: Mutex::new(Memory::new(READ)) }))
    }

    /// The text to run.
    pub fn find(&self, text: Option<&str>, hash: Option<DocumentHash>) -> Result<Found, NoDocument> {
        let text = text.filter(|text| !text.is_empty());
        let own = text.map(DocumentHash::of);
        if let (Some(own), Some(hash)) = (own, hash)
            && own != hash
        {
            return Err(NoDocument::Mismatch);
        }
        let wanted = own.or(hash).ok_or(NoDocument::Nothing)?;
        let text = match (&self.0.known, text) {
            (Known::Listed(listed), _) => listed.get(&wanted).cloned().ok_or(NoDocument::NotAllowed),
            (Known::Seen(_), Some(text)) => Ok(Arc::from(text)),
            (Known::Seen(seen), None) => {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.get(&wanted).ok_or(NoDocument::Unknown)
            }
        }?;
        Ok(Found { text, hash: wanted })
    }

    /// What a document says, if it keeps within the limits.
    pub fn read(&self, found: &Found) -> Result<ExecutableDocument, Unfit> {
        let read = || self.0.read.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody waits for the copying: it is done when the lock is free again.
        let known = read().get(&found.hash);
        if let Some(document) = known {
            return Ok(ExecutableDocument::clone(&document));
        }
        let document = limits::parse(&found.text)?;
        if found.text.len() <= READ_BYTES_MAX {
            let kept = Arc::new(document.clone());
            read().insert(found.hash, kept);
        }
        Ok(document)
    }

    /// Remembers a text that came with its hash and can be run.
    pub fn remember(&self, found: Found) {
        if let Known::Seen(seen) = &self.0.known
            && found.text.len() <= REMEMBERED_BYTES_MAX
        {
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(found.hash, found.text);
        }
    }
}

/// What is wrong with a list of allowed operations.
#[derive(Debug, thiserror::Error)]
pub enum BadList {
    #[error("{path} cannot be read: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("{path} holds no list of operations: {what}")]
    Form { path: String, what: &'static str },
    #[error("an operation of {path} would never be run: {why}")]
    Unfit { path: String, why: String },
}

/// Reads a list of allowed operations: a folder of `.graphql` files, one document in each, or a JSON file, either a
/// map from hash (or name) to text or a manifest with `operations`, each with its `body`.
pub fn read_list(path: &Path) -> Result<Vec<String>, BadList> {
    let shown = path.display().to_string();
    let unreadable = |source| BadList::Unreadable { path: shown.clone(), source };
    let form = |what| BadList::Form { path: shown.clone(), what };
    let texts: Vec<String> = if path.is_dir() {
        let mut files: Vec<_> = std::fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(unreadable)?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "graphql"));
        files.sort();
        files.iter().map(std::fs::read_to_string).collect::<Result<_, _>>().map_err(unreadable)?
    } else {
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let list: Value = serde_json::from_str(&text).map_err(|_| form("it is not JSON"))?;
        let texts = match list.get("operations") {
            Some(Value::Array(operations)) => {
                operations.iter().map(|one| one.get("body").and_then(Value::as_str)).collect()
            }
            _ => list.as_object().and_then(|map| map.values().map(Value::as_str).collect()),
        };
        let texts: Vec<&str> = texts.ok_or_else(|| form("an operation is not a text"))?;
        texts.into_iter().map(str::to_owned).collect()
    };
    if texts.is_empty() || texts.len() > LISTED_MAX {
        return Err(form("it has no operation, or more than 10,000"));
    }
    for text in &texts {
        if let Err(why) = limits::parse(text) {
            return Err(BadList::Unfit { path: shown, why: why.to_string() });
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{ viewer { role } }";

    #[test]
    fn a_hash_is_known_once_its_text_has_come_with_it() {
        let documents = Documents::any();
        let hash = DocumentHash::of(TEXT);
        assert_eq!(documents.find(None, Some(hash)), Err(NoDocument::Unknown));
        assert_eq!(documents.find(Some("{ other }"), Some(hash)), Err(NoDocument::Mismatch));
        assert_eq!(documents.find(None, None), Err(NoDocument::Nothing));
        documents.remember(documents.find(Some(TEXT), Some(hash)).unwrap());
        assert_eq!(&*documents.find(None, Some(hash)).unwrap().text, TEXT);
        let long = "#".repeat(REMEMBERED_BYTES_MAX + 1);
        documents.remember(documents.find(Some(&long), None).unwrap());
        assert_eq!(documents.find(None, Some(DocumentHash::of(&long))), Err(NoDocument::Unknown));
    }

    #[test]
    fn with_a_list_nothing_else_is_run() {
        let documents = Documents::only([TEXT.to_owned()]);
        assert_eq!(&*documents.find(None, Some(DocumentHash::of(TEXT))).unwrap().text, TEXT);
        assert_eq!(&*documents.find(Some(TEXT), None).unwrap().text, TEXT);
        let other = "{ viewer { id } }";
        documents.remember(Documents::any().find(Some(other), None).unwrap());
        assert_eq!(documents.find(Some(other), None), Err(NoDocument::NotAllowed));
        assert_eq!(documents.find(None, Some(DocumentHash::of(other))), Err(NoDocument::NotAllowed));
    }

    #[test]
    fn what_was_read_once_is_the_same_again_and_what_is_unfit_stays_so() {
        let documents = Documents::any();
        let read = |text: &str| documents.read(&documents.find(Some(text), None).unwrap());
        let shown = |text| format!("{:?}", read(text).unwrap());
        let first = shown(TEXT);
        assert_eq!(shown(TEXT), first);
        assert_ne!(shown("{ viewer { id } }"), first);
        let deep = format!("{}{}", "{ a ".repeat(limits::DEPTH_MAX + 1), "}".repeat(limits::DEPTH_MAX + 1));
        for _ in 0..2 {
            assert!(matches!(read(&deep), Err(Unfit::TooMuch(_))));
            assert!(matches!(read("{"), Err(Unfit::Syntax(_))));
        }
    }
}
