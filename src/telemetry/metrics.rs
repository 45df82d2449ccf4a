//! The registry behind `/metrics`.
//!
//! A part of the program owns its numbers as a small struct of counters and registers each here once; this
//! module knows none of them. Every name begins with `pesan_`; a unit stands last in the name.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Metric, Registry};

/// Seconds, for histograms of waiting: from half a millisecond to half a minute.
pub const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// A gauge that is read when somebody looks at it, for what is counted already. Cheap to clone.
#[derive(Clone)]
pub struct Reading(Arc<dyn Fn() -> usize + Send + Sync>);

impl Reading {
    /// Shows what `read` gives.
    pub fn new(read: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }
}

impl EncodeMetric for Reading {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        encoder.encode_gauge(&(self.0)())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reading").field(&(self.0)()).finish()
    }
}

/// The numbers of one process.
pub struct Metrics {
    registry: Mutex<Registry>,
}

impl Metrics {
    /// An empty registry.
    pub fn new() -> Self {
        Self { registry: Mutex::new(Registry::with_prefix("pesan")) }
    }

    /// Adds a metric and hands it back for use.
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        registry.register(name, help, metric.clone());
        metric
    }

    /// All numbers as Prometheus reads them.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
