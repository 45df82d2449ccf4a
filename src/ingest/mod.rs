//! From Meta's webhook to what a conversation shows. So far: the journal, which makes a webhook durable.

pub mod journal;

pub use journal::Journal;
