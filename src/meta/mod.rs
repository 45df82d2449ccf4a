//! Meta: what they send us (`wire`), what it means (`decode`), how we know that it is theirs (`signature`), what their
//! error codes mean (`fault`), and what we ask of them (`client`).

pub mod client;
pub mod decode;
pub mod fault;
pub mod signature;
pub mod wire;
