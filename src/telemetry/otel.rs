//! Traces sent to an OTLP collector, and our spans joined to a caller's trace.

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Span, Subscriber, warn};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

use super::TraceContext;

const SERVICE: &str = "pesan";

/// The exporter could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the OTLP exporter cannot be built; OTEL_EXPORTER_OTLP_ENDPOINT expects the URL of a collector")]
pub struct Error(#[source] ExporterBuildError);

/// Holds the exporter; spans are sent in batches by a thread of its own.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Sends what is still waiting.
    pub fn finish(self) {
        if let Err(error) = self.provider.shutdown() {
            warn!(%error, "the last spans could not be sent");
        }
    }
}

/// A layer that sends spans to `endpoint`.
pub fn start<S>(endpoint: &str) -> Result<(Box<dyn Layer<S> + Send + Sync>, Traces), Error>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    // One crypto library for the whole process; somebody may have chosen it before us.
    rustls::crypto::ring::default_provider().install_default().ok();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .map_err(Error)?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name(SERVICE).build())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer(SERVICE)).boxed();
    Ok((layer, Traces { provider }))
}

/// Makes `span` a part of the caller's trace.
pub fn join(span: &Span, context: &TraceContext) {
    let (Ok(trace), Ok(parent)) =
        (TraceId::from_hex(&context.trace_id), SpanId::from_hex(&context.parent_id))
    else {
        return;
    };
    let flags = if context.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let remote = SpanContext::new(trace, parent, flags, true, TraceState::NONE);
    // A span that is filtered out has nothing to join.
    span.set_parent(opentelemetry::Context::new().with_remote_span_context(remote)).ok();
}
