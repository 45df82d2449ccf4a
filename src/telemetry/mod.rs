//! What the process says about itself: log lines (`logs`), numbers (`metrics`), and, with the feature `otel`,
//! traces sent elsewhere (`otel`).
//!
//! Nothing here knows the business; each part of the program brings its own numbers and registers them.

pub mod logs;
pub mod metrics;
#[cfg(feature = "otel")]
pub mod otel;
pub mod quiet;
mod span_fields;
pub mod trace_context;

pub use metrics::Metrics;
pub use quiet::Quiet;
pub use trace_context::TraceContext;
