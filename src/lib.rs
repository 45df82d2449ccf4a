//! `pesan`: the WhatsApp backend of a CRM. The modules in reading order; each imports only from those above it
//! (`tests/it/tidy.rs` holds that order and checks it).

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "unit tests may read the real clock"))]

pub mod clock;
pub mod ids;
pub mod secret;

pub mod runtime;
pub mod telemetry;

#[cfg(feature = "dev")]
pub mod dev;
