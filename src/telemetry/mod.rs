//! What the process says about itself: log lines (`logs`), numbers (`metrics`), and, with the feature `otel`,
//! traces sent elsewhere (`otel`).
//!
//! Nothing here knows the business; each part of the program brings its own numbers and registers them.

pub mod metrics;

pub use metrics::Metrics;
