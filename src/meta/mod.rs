//! Meta: what they send us (`wire`), what it means (`decode`), how we know that it is theirs (`signature`), and what
//! their error codes mean (`fault`).

pub mod decode;
pub mod fault;
pub mod signature;
pub mod wire;
