//! `/metrics`, and the numbers of the HTTP server itself.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use tracing::error;

use super::State;
use super::error::ApiError;
use crate::error::Code;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::SECONDS;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The numbers of the HTTP server.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

impl HttpMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Self {
        let seconds = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        Self {
            requests: metrics.register("http_requests", "Requests answered", Family::default()),
            seconds: metrics.register("http_request_seconds", "Time to answer a request", seconds),
        }
    }

    /// Counts one answer.
    pub fn observe(&self, method: &str, route: String, status: u16, elapsed: Duration) {
        let (method, status) = (known_method(method), u32::from(status));
        let labels = RequestLabels { method, route, status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.get_or_create(&RouteLabels { route: labels.route }).observe(elapsed.as_secs_f64());
    }
}

/// A method is the caller's to invent; the metrics keep to the known ones.
fn known_method(method: &str) -> &'static str {
    ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

/// All numbers of the process.
pub async fn show(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    match state.metrics.render() {
        Ok(text) => Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text)),
        Err(error) => {
            error!(%error, "the metrics could not be written");
            Err(Code::Internal.into())
        }
    }
}
