//! Meta: what they send us and how we know that it is theirs.

pub mod signature;
