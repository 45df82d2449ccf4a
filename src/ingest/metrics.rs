//! The numbers of the way from the journal to what is visible.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::telemetry::Metrics;

/// From a millisecond to a minute and a half, fine enough to tell a good tail from a bad one.
const LAG_SECONDS: [f64; 24] = [
    0.001, 0.002, 0.004, 0.006, 0.008, 0.010, 0.015, 0.020, 0.030, 0.050, 0.075, 0.100, 0.150, 0.200, 0.300,
    0.400, 0.600, 0.800, 1.0, 2.0, 5.0, 15.0, 45.0, 90.0,
];

/// Counters and histograms of ingest. Cheap to clone.
#[derive(Clone, Debug)]
pub struct IngestMetrics {
    items: Family<ItemLabels, Counter>,
    pub visible_seconds: Histogram,
    pub apply_seconds: Histogram,
    pub fold_seconds: Histogram,
    pub behind: Gauge,
    pub apply_failures: Counter,
    pub fold_refusals: Counter,
    pub lane_moves: Counter,
    pub takeovers: Counter,
    pub rerouted: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ItemLabels {
    field: String,
    kind: &'static str,
    outcome: &'static str,
}

impl IngestMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Self {
        let seconds = |name, help| metrics.register(name, help, Histogram::new(LAG_SECONDS));
        let counter = |name, help| metrics.register(name, help, Counter::default());
        Self {
            items: metrics.register(
                "ingest_items",
                "Items of webhooks by field, kind and what became of them",
                Family::default(),
            ),
            visible_seconds: seconds(
                "ingest_visible_seconds",
                "From receiving a webhook to everything in it being visible",
            ),
            apply_seconds: seconds("ingest_apply_seconds", "How long a batch of segments takes to apply"),
            fold_seconds: seconds("ingest_fold_seconds", "How long a fold into conversations takes"),
            behind: metrics.register(
                "ingest_segments_behind",
                "Segments that are stored and not yet folded",
                Gauge::default(),
            ),
            apply_failures: counter("ingest_apply_failures", "Batches that failed and are tried again"),
            fold_refusals: counter(
                "ingest_fold_refusals",
                "Changes of a conversation that the database does not take",
            ),
            lane_moves: counter("ingest_lane_moves", "Folds that found somebody else had done them"),
            takeovers: counter("ingest_lane_takeovers", "Lanes of others with segments left to do"),
            rerouted: counter(
                "ingest_webhooks_rerouted",
                "Webhooks that went through again because their number or account was added",
            ),
        }
    }

    /// Counts an item.
    pub fn count(&self, field: &str, kind: &'static str, outcome: &'static str) {
        // Fields are Meta's words, signed by them; a cap all the same.
        let field = if field.len() <= 64 { field.to_owned() } else { "other".to_owned() };
        self.items.get_or_create(&ItemLabels { field, kind, outcome }).inc();
    }
}
