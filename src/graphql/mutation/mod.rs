//! What changes something: a file a noun. A payload holds what came of it and, as data, what the caller can put right.

pub mod api_key;
pub mod contact;
pub mod content;
pub mod message;
pub mod doctor;
pub mod inbox;
pub mod number;
pub mod sending;
pub mod template;
