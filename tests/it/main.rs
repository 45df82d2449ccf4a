//! The integration tests: one binary, one mongod for the whole run, every test in its own database.
//!
//! `support` has what a test begins with; the other files are named after what they test.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test may stop where it stands"
)]

mod support;

mod access;
mod bad_input;
#[cfg(feature = "dev")]
mod contacts;
mod database;
#[cfg(feature = "dev")]
mod dev;
#[cfg(feature = "dev")]
mod doctor;
mod edge;
mod generated;
mod graphql;
mod http;
mod inbox;
mod ingest;
mod isolation;
mod keys;
mod live;
#[cfg(feature = "dev")]
mod numbers;
#[cfg(feature = "dev")]
mod meta_client;
#[cfg(feature = "dev")]
mod ordeals;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "dev")]
mod outage;
#[cfg(feature = "dev")]
mod outbound;
#[cfg(feature = "dev")]
mod outgoing;
mod program;
mod reading;
#[cfg(feature = "dev")]
mod search;
#[cfg(feature = "dev")]
mod secrets;
mod shutdown;
#[cfg(feature = "dev")]
mod simulator;
#[cfg(feature = "dev")]
mod simulator_accounts;
#[cfg(feature = "dev")]
mod simulator_messages;
#[cfg(feature = "dev")]
mod simulator_schema;
#[cfg(feature = "dev")]
mod simulator_templates;
#[cfg(feature = "dev")]
mod simulator_webhook;
#[cfg(feature = "dev")]
mod templates;
mod tidy;
mod webhook;
