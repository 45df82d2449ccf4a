//! Search in messages, contacts and notes: what is to be found is taken from the log of events, off the way of webhooks,
//! and read back page by page.
//!
//! Owns how far the log is taken in (`Indexer`), making all of it anew (`rebuild`), which conversations a search means,
//! and what the words of a thing are. What a word is, is `domain::search`'s; how a page is read, `storage::search`'s.
//!
//! A further source: its `Kind` in `storage::search`, a `Subject` with the event that tells of it, and its arm in
//! `subjects::items` and in `rebuild`.

mod conversations;
mod indexer;
mod listen;
pub mod rebuild;
mod subjects;
mod words;

pub use conversations::conversations;
pub use indexer::Indexer;
pub use words::{contact_words, message_words};
