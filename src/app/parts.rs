//! What the service does, built in its order: each part gets those before it. The background work of all of them is
//! here too, so that one place shows what runs.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::BuildError;
use crate::auth::{Access, ApiKeys, Audit};
use crate::clock::Clock;
use crate::config::Config;
use crate::contacts::Contacts;
use crate::events;
use crate::graphql::document;
use crate::graphql::{Api, Documents, Hub, Services};
use crate::http::GraphQl;
use crate::ids::Random;
use crate::inbox::{Inbox, SnoozeEnd};
use crate::ingest::Ingest;
use crate::keys::{KeyRotation, Keys};
use crate::meta::client::Graph;
use crate::numbers::doctor;
use crate::numbers::doctor::Doctor;
use crate::numbers::doctor::health::NumberHealth;
use crate::numbers::{FactsFetch, Numbers};
use crate::outbound::Outbound;
use crate::runtime::worker::{Round, keep_running};
use crate::runtime::{Nudge, Pulse, Readiness, Supervisor, Worker};
use crate::search::Indexer;
use crate::storage::{Storage, Ways};
use crate::telemetry::Metrics;
use crate::templates::{TemplateSync, Templates};

/// How often the database is asked for a sign of life, and after how long without one we are not ready.
const PROBE_EVERY: Duration = Duration::from_secs(1);
const PROBE_MAX: Duration = Duration::from_secs(2);
const PROBE_STUCK_AFTER: Duration = Duration::from_secs(4);

/// What every part is built on.
pub(super) struct Ground<'a> {
    pub config: &'a Config,
    pub clock: &'a Clock,
    pub random: &'a Random,
    pub ways: &'a Ways,
    pub supervisor: &'a Supervisor,
    pub metrics: &'a Metrics,
    /// Names this process to the others.
    pub instance: Uuid,
}

/// The parts.
pub(super) struct Parts {
    pub access: Access,
    pub ingest: Ingest,
    numbers: Numbers,
    doctor: Doctor,
    pub templates: Templates,
    outbound: Outbound,
    inbox: Inbox,
    keys: Keys,
}

impl Parts {
    /// Builds them; ingest and sending begin at once.
    pub async fn start(ground: &Ground<'_>) -> Result<Self, BuildError> {
        let Ground { config, clock, random, ways, supervisor, metrics, instance } = *ground;
        let storage = &ways.work;
        let chance = (clock, random);
        let graph = Graph::new(&config.meta, clock, random, metrics)?;
        let keys = Keys::load(&config.keys, storage, chance, metrics)?;
        let numbers = Numbers::new(storage, &keys, &graph, chance, &config.whatsapp);
        numbers.add_first(&config.whatsapp).await?;
        let ingest = Ingest::start(supervisor, &ways.intake, chance, instance, metrics);
        let doctor = Doctor::new(storage, &numbers, &graph, chance, doctor::Settings::of(config));
        let templates = Templates::new(storage, &numbers, &graph, chance);
        let mechanism = (&graph, &numbers, &ingest.log);
        let inbox = Inbox::new(storage, chance, mechanism);
        let around = (config, instance, &templates);
        let outbound = Outbound::start(supervisor, storage, chance, mechanism, around);
        let access = Access::new(storage, clock, &config.access, metrics)?;
        Ok(Self { access, ingest, numbers, doctor, templates, outbound, inbox, keys })
    }

    /// Starts the background work, unless a test drives it by hand. Gives the workers, and what readiness looks at.
    pub fn work(&self, ground: &Ground<'_>, is_by_itself: bool) -> (Vec<Arc<dyn Worker>>, Readiness) {
        let mut workers: Vec<Arc<dyn Worker>> = self.ingest.workers(&ground.config.journal);
        workers.push(Arc::new(events::Expiry(self.ingest.log.clone())));
        workers.push(Arc::new(KeyRotation::new(&self.keys)));
        workers.push(Arc::new(NumberHealth::new(&self.doctor, ground.metrics)));
        workers.push(Arc::new(FactsFetch { numbers: self.numbers.clone() }));
        workers.push(Arc::new(TemplateSync(self.templates.clone())));
        workers.extend(self.outbound.workers());
        workers.push(Arc::new(SnoozeEnd(self.inbox.clone())));
        let Ingest { log, pressure, .. } = &self.ingest;
        let indexer = Indexer::new(&ground.ways.work, log, pressure, ground.instance);
        let probe: Arc<dyn Worker> = Arc::new(DatabaseProbe { storage: ground.ways.intake.clone() });
        let probe_pulse = Pulse::new(probe.name(), PROBE_STUCK_AFTER);
        let mut pulses = self.ingest.pulses.all();
        if is_by_itself {
            for worker in &workers {
                let pulse = Pulse::new(worker.name(), Duration::MAX);
                keep_running(ground.supervisor, Arc::clone(worker), Nudge::default(), pulse);
            }
            keep_running(ground.supervisor, Arc::clone(&probe), Nudge::default(), probe_pulse.clone());
            self.outbound.sender().live(ground.supervisor);
            indexer.live(ground.supervisor);
            pulses.push(probe_pulse);
        }
        workers.push(probe);
        workers.push(Arc::new(self.outbound.sender().clone()));
        workers.push(Arc::new(indexer));
        (workers, Readiness::of(pulses))
    }

    /// The API over them.
    pub fn graphql(&self, ground: &Ground<'_>) -> Result<GraphQl, BuildError> {
        let Ground { config, clock, random, ways, supervisor, .. } = *ground;
        let storage = &ways.work;
        let services = Services {
            storage: ways.reading.clone(),
            clock: clock.clone(),
            api_keys: ApiKeys::new(storage, clock, random),
            audit: Audit::new(storage, clock, random),
            numbers: self.numbers.clone(),
            contacts: Contacts::new(storage, (&self.numbers, &self.ingest.log), clock, random),
            doctor: self.doctor.clone(),
            templates: self.templates.clone(),
            outbound: self.outbound.clone(),
            inbox: self.inbox.clone(),
            hub: Hub::new(&ways.reading, &self.ingest.log, supervisor),
        };
        let documents = match &config.graphql.allowed_operations {
            Some(path) => Documents::only(document::read_list(path)?),
            None => Documents::any(),
        };
        let api = Api::new(services, documents, config.graphql.introspection);
        let shows_graphiql = config.graphql.graphiql;
        Ok(GraphQl { api, supervisor: supervisor.clone(), shows_graphiql })
    }
}

/// Asks the database for a sign of life, on the way that webhooks take, so that readiness knows.
struct DatabaseProbe {
    storage: Storage,
}

impl Worker for DatabaseProbe {
    fn name(&self) -> &'static str {
        "database"
    }

    fn every(&self) -> Duration {
        PROBE_EVERY
    }

    fn round_max(&self) -> Duration {
        PROBE_MAX
    }

    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>> {
        Box::pin(async move { Ok(self.storage.ping().await?) })
    }
}
