//! Log lines: JSON for machines or plain for people, on standard error, so that a command's own output stays
//! clean. The spans around a line (its request, its task) are on it, so a request id is on every line of its
//! request.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::span_fields::SpanFields;
use crate::config::{LogFormat, TelemetryConfig};

/// Telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("logging was already started in this process")]
    AlreadyStarted(#[source] tracing_subscriber::util::TryInitError),
    #[cfg(feature = "otel")]
    #[error("the trace exporter could not be built")]
    Exporter(#[source] super::otel::Error),
}

/// Holds what must be flushed at the end.
#[derive(Debug, Default)]
#[must_use]
pub struct Logs {
    #[cfg(feature = "otel")]
    traces: Option<super::otel::Traces>,
}

impl Logs {
    /// Sends what is still buffered. To be called last.
    #[cfg_attr(not(feature = "otel"), expect(clippy::unused_self, reason = "only an exporter buffers"))]
    pub fn finish(self) {
        #[cfg(feature = "otel")]
        if let Some(traces) = self.traces {
            traces.finish();
        }
    }
}

/// Starts logging for the whole process. Runs inside the main runtime, where the exporter lives.
pub fn start(config: &TelemetryConfig) -> Result<Logs, Error> {
    // The configuration has checked the text already.
    let filter: Targets = config.log.parse().unwrap_or_default();
    let lines = match config.log_format {
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(true)
            .fmt_fields(SpanFields)
            .with_writer(std::io::stderr)
            .boxed(),
        LogFormat::Pretty => fmt::layer()
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .boxed(),
    };
    #[cfg_attr(not(feature = "otel"), expect(unused_mut, reason = "the exporter is one more layer"))]
    let mut layers = vec![lines.with_filter(filter.clone()).boxed()];
    #[cfg(feature = "otel")]
    let traces = match &config.otlp_endpoint {
        None => None,
        Some(endpoint) => {
            let (layer, traces) = super::otel::start(endpoint).map_err(Error::Exporter)?;
            layers.push(layer.with_filter(filter).boxed());
            Some(traces)
        }
    };
    tracing_subscriber::registry().with(layers).try_init().map_err(Error::AlreadyStarted)?;
    Ok(Logs {
        #[cfg(feature = "otel")]
        traces,
    })
}
