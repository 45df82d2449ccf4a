//! The Meta simulator.

pub mod refusal;
pub mod schema;
pub mod limits;
pub mod webhook;
