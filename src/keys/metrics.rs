//! The numbers of sealing.

use std::collections::BTreeMap;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::telemetry::Metrics;

#[derive(Clone, Debug)]
pub(super) struct KeyMetrics {
    data_keys: Family<MasterKeyLabels, Gauge>,
    open_failures: Family<FailureLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MasterKeyLabels {
    master_key: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    reason: &'static str,
}

impl KeyMetrics {
    pub(super) fn new(metrics: &Metrics) -> Self {
        Self {
            data_keys: metrics.register(
                "keys_data_keys",
                "Data keys by the id of the master key that wraps them",
                Family::default(),
            ),
            open_failures: metrics.register(
                "keys_open_failures",
                "Sealed values that did not open, by reason",
                Family::default(),
            ),
        }
    }

    pub(super) fn count_failure(&self, reason: &'static str) {
        self.open_failures.get_or_create(&FailureLabels { reason }).inc();
    }

    /// Shows how many data keys each master key wraps now; those in `set` also when it is none.
    pub(super) fn show_data_keys<'a>(
        &self,
        counts: &BTreeMap<String, u64>,
        set: impl Iterator<Item = &'a str>,
    ) {
        self.data_keys.clear();
        let unused = set.filter(|id| !counts.contains_key(*id)).map(|id| (id, 0));
        for (id, count) in counts.iter().map(|(id, count)| (id.as_str(), *count)).chain(unused) {
            let labels = MasterKeyLabels { master_key: id.to_owned() };
            self.data_keys.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}
