//! Meta: what they send us (`wire`), what it means (`decode`), and how we know that it is theirs (`signature`).

pub mod decode;
pub mod signature;
pub mod wire;
