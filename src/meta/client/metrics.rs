//! The numbers of the calls to Graph.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use super::error::CallError;
use crate::meta::fault;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::SECONDS;

/// Counters and histograms of the client.
#[derive(Clone, Debug)]
pub(super) struct CallMetrics {
    calls: Family<CallLabels, Counter>,
    retries: Family<NounLabels, Counter>,
    seconds: Family<NounLabels, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    noun: &'static str,
    outcome: &'static str,
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NounLabels {
    noun: &'static str,
}

impl CallMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let seconds = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        Self {
            calls: metrics.register(
                "meta_calls",
                "Calls to Meta's Graph API by what they are about and what came of them; each try counts",
                Family::default(),
            ),
            retries: metrics.register("meta_call_retries", "Calls that were tried again", Family::default()),
            seconds: metrics.register("meta_call_seconds", "How long a call took, each try", seconds),
        }
    }

    /// Counts one try.
    pub(super) fn observe(&self, noun: &'static str, error: Option<&CallError>, elapsed: Duration) {
        let outcome = error.map_or("done", CallError::outcome);
        let code = error.and_then(CallError::refusal).map_or_else(String::new, |refusal| {
            // Codes are Meta's to invent; the metrics keep to the known ones.
            let known = refusal.fault().code.filter(|code| fault::look_up(*code).is_some());
            known.map_or_else(|| "other".to_owned(), |code| code.to_string())
        });
        self.calls.get_or_create(&CallLabels { noun, outcome, code }).inc();
        self.seconds.get_or_create(&NounLabels { noun }).observe(elapsed.as_secs_f64());
    }

    pub(super) fn count_retry(&self, noun: &'static str) {
        self.retries.get_or_create(&NounLabels { noun }).inc();
    }
}
