//! Search in messages and contacts: what is to be found is taken from the log of events, off the way of webhooks, and
//! read back page by page.
//!
//! Owns how far the log is taken in (`Indexer`), making all of it anew (`rebuild`), and what becomes of a search. What
//! words are is `domain::search`'s, how a page is read `storage::search`'s.
//!
//! A further source (notes, say): its `Kind` in `storage::search`, a `Subject` with the event that tells of it, and its
//! arm in `subjects::items` and in `rebuild`.

mod indexer;
pub mod rebuild;
mod subjects;

pub use indexer::Indexer;
pub use subjects::{CONVERSATION, NUMBER};
