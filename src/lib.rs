//! `pesan`: the WhatsApp backend of a CRM. The modules in reading order; each imports only from those above it
//! (`tests/it/tidy.rs` holds that order and checks it).

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "unit tests may read the real clock"))]

// Base: no outside system, no business.
pub mod clock;
pub mod ids;
pub mod secret;
pub mod limits;
pub mod error;

// Domain: pure values and rules.
pub mod domain;

// Mechanism: pure, but not business.
pub mod config;
pub mod crypto;

// Border: one outside system each.
pub mod telemetry;
pub mod runtime;
pub mod storage;
pub mod meta;

// Features.
pub mod events;
pub mod people;
pub mod keys;
pub mod auth;
pub mod numbers;
pub mod templates;
pub mod inbox;
pub mod ingest;
pub mod outbound;
pub mod search;
pub mod contacts;

// Surfaces: translate, decide nothing.
pub mod graphql;
pub mod http;

// Top.
pub mod app;

// Development only.
#[cfg(feature = "dev")]
pub mod dev;

// The commands.
pub mod cli;
