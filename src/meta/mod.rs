//! Meta: what they send us (`wire`), what it means (`decode`), how we know that it is theirs (`signature`), what we
//! send them (`encode`), what their error codes mean (`fault`), and how we call them (`client`).

pub mod client;
pub mod decode;
pub mod encode;
pub mod fault;
pub mod signature;
mod wire;
