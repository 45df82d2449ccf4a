//! The business in plain values: what a message, a status, a person is, and the rules that hold for them. No I/O, no
//! clock, no spelling of Meta's or of the database's.
//!
//! Texts are `Str`: borrowed from a webhook's bytes while it is decoded, owned when they come from elsewhere.

pub mod account;
pub mod contact;
pub mod content;
pub mod conversation;
pub mod event;
pub mod inbox;
pub mod language;
pub mod message;
pub mod number;
pub mod outgoing;
pub mod person;
pub mod phone;
pub mod position;
pub mod search;
pub mod sending;
pub mod status;
pub mod template;

use std::borrow::Cow;

/// A text that may belong to somebody else.
pub type Str<'a> = Cow<'a, str>;
