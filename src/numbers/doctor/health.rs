//! Each number is looked at from time to time, and soon after Meta has told something about it, by one instance:
//! what Meta says of it is kept fresh, and whether it may send follows.

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tracing::warn;

use super::Doctor;
use super::access::Access;
use super::gather::Deadline;
use super::standing;
use super::standing::Standing;
use crate::domain::number::{self, Connection};
use crate::runtime::Worker;
use crate::runtime::worker::Round;
use crate::storage;
use crate::storage::number_health::NumberCheck;
use crate::telemetry::Metrics;

/// How often there is a look at whose turn it is.
const EVERY: Duration = Duration::from_secs(10);
/// A number's turn comes again after this long, a little later for some, so that they do not come together.
const PAUSE: Duration = Duration::from_mins(15);
const PAUSE_SPREAD_MS: u64 = 60_000;
/// When Meta has not answered.
const PAUSE_AFTER_SILENCE: Duration = Duration::from_mins(1);
const CHECK_MAX: Duration = Duration::from_secs(20);
/// Longer than a check can take.
const LEASE: Duration = Duration::from_mins(1);
const AT_ONCE: usize = 8;
const ROUND_MAX: Duration = Duration::from_mins(10);

/// Looks at the numbers.
#[derive(Debug)]
pub struct NumberHealth {
    doctor: Doctor,
    checks: Family<CheckLabels, Counter>,
    numbers: Family<StateLabels, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CheckLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

const STATES: [(Connection, &str); 5] = [
    (Connection::Unknown, "unknown"),
    (Connection::Connected, "connected"),
    (Connection::Paused, "paused"),
    (Connection::SendingBlocked, "sending_blocked"),
    (Connection::Disconnected, "disconnected"),
];

impl NumberHealth {
    pub fn new(doctor: &Doctor, metrics: &Metrics) -> Self {
        Self {
            doctor: doctor.clone(),
            checks: metrics.register(
                "number_checks",
                "Looks at a number in the background, by what came of them",
                Family::default(),
            ),
            numbers: metrics.register(
                "numbers",
                "Business numbers by how they are connected",
                Family::default(),
            ),
        }
    }

    async fn check(&self, check: NumberCheck) {
        let outcome = match self.try_check(&check).await {
            Ok(outcome) => outcome,
            Err(error) => {
                warn!(number = %check.record.id, %error, "a number could not be checked");
                "failed"
            }
        };
        self.checks.get_or_create(&CheckLabels { outcome }).inc();
    }

    async fn try_check(&self, check: &NumberCheck) -> Result<&'static str, storage::Error> {
        let (doctor, record) = (&self.doctor, &check.record);
        let access = Access::open(record, &doctor.0.numbers).await;
        let credentials = access.credentials(true);
        // What is left of Meta's allowance is for messages.
        let busy = credentials.and_then(|by| doctor.0.graph.pause(&by, record.account_id.as_deref()));
        if let Some(pause) = busy {
            doctor.0.storage.rest_number_check(check, pause.max(PAUSE_AFTER_SILENCE)).await?;
            return Ok("put_off");
        }
        let number = match credentials {
            Some(by) => {
                let call = doctor.0.graph.number(by, &record.phone_number_id).get();
                Some(Deadline::new(CHECK_MAX).ask(call).await.value)
            }
            None => None,
        };
        let now_ms = doctor.0.clock.now_ms();
        let standing = standing::of(record, &access, number.as_ref(), (false, now_ms));
        let (outcome, pause) = match &standing {
            Standing::Known { block: None, .. } => ("good", self.pause()),
            Standing::Known { .. } | Standing::Blocked(_) => ("blocked", self.pause()),
            Standing::Unknown => ("unanswered", PAUSE_AFTER_SILENCE),
        };
        standing::keep(&doctor.0.storage, record, standing, now_ms).await?;
        doctor.0.storage.rest_number_check(check, pause).await?;
        Ok(outcome)
    }

    fn pause(&self) -> Duration {
        PAUSE + Duration::from_millis(self.doctor.0.random.number().unwrap_or(0) % PAUSE_SPREAD_MS)
    }

    async fn count(&self) -> Result<(), storage::Error> {
        let records = self.doctor.0.storage.all_number_records().await?;
        let connections: Vec<Connection> = records
            .iter()
            .map(|record| {
                let is_paused = record.paused_at_ms.is_some();
                let (facts, block) = (record.facts.as_ref(), record.block.as_ref());
                number::Standing { facts, is_paused, block }.connection()
            })
            .collect();
        for (connection, state) in STATES {
            let count = connections.iter().filter(|other| **other == connection).count();
            self.numbers.get_or_create(&StateLabels { state }).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        Ok(())
    }
}

impl Worker for NumberHealth {
    fn name(&self) -> &'static str {
        "numbers-health"
    }

    fn every(&self) -> Duration {
        EVERY
    }

    fn round_max(&self) -> Duration {
        ROUND_MAX
    }

    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>> {
        Box::pin(async move {
            loop {
                let mut checks = Vec::with_capacity(AT_ONCE);
                while checks.len() < AT_ONCE
                    && let Some(check) = self.doctor.0.storage.claim_number_check(LEASE).await?
                {
                    checks.push(check);
                }
                let is_last = checks.len() < AT_ONCE;
                join_all(checks.into_iter().map(|check| self.check(check))).await;
                if is_last {
                    return Ok(self.count().await?);
                }
            }
        })
    }
}
