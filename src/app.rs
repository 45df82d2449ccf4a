//! The whole service, built from its configuration: connects, checks, binds, runs, and stops in order.
//!
//! Stopping: readiness goes false while requests are still taken; then the door closes and what is in flight
//! finishes; then background work stops at a safe point; then the rest is cut. All of it within a configured time.

mod parts;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use tokio::net::TcpSocket;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::auth;
use crate::auth::Access;
use crate::clock::{Clock, Stopwatch};
use crate::config::Config;
use crate::crypto::BadMasterKey;
use crate::graphql::document::BadList;
use crate::http::{self, Admission, Guard, HttpMetrics, Samples, Tls, Webhooks};
use crate::ids::Random;
use crate::meta::client;
use crate::runtime::{Readiness, Supervisor, Worker};
use crate::storage::{self, Storage, Ways};
use crate::telemetry::Metrics;
use parts::{Ground, Parts};

/// How many connections may wait for being taken. The standard library's 128 are too few when a proxy opens a few
/// hundred at once: each one beyond waits a second for its next try.
const BACKLOG: u32 = 1_024;
/// How much of the grace requests may use up; the rest is for background work.
const HTTP_SHARE_PERCENT: u32 = 75;

/// Why the service could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error(transparent)]
    Tls(#[from] http::tls::Unusable),
    #[error(transparent)]
    Tokens(#[from] auth::Unusable),
    #[error("GRAPHQL_ALLOWED_OPERATIONS: {0}")]
    Operations(#[from] BadList),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("the database is not up to date; run `pesan db migrate`, then start again\n  {}", .0.join("\n  "))]
    SchemaBehind(Vec<String>),
    #[error("{address} cannot be listened on (PESAN_BIND): {reason}")]
    Bind {
        address: SocketAddr,
        reason: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Graph(#[from] client::NotStarted),
    #[error(transparent)]
    NoRandomness(#[from] crate::ids::Exhausted),
    #[error(transparent)]
    MasterKey(#[from] BadMasterKey),
}

/// How the service ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to stop, and nothing was cut.
    Stopped,
    /// It was asked to stop, and these tasks were cut.
    Cut(Vec<&'static str>),
    /// A task that it cannot do without ended by itself.
    TaskFailed(&'static str),
}

/// Where the outside world comes in: replaced by tests.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub clock: Clock,
    pub random: Random,
    /// Whether background workers make their rounds by themselves; if not, `App::run_worker` drives them.
    pub workers_run: bool,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { clock: Clock::system(), random: Random::system(), workers_run: true }
    }
}

/// The service, connected and bound, not yet answering.
pub struct App {
    address: SocketAddr,
    config: Config,
    server: Server,
    supervisor: Supervisor,
    readiness: Readiness,
    workers: Vec<Arc<dyn Worker>>,
    ways: Ways,
    access: Access,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("address", &self.address).finish_non_exhaustive()
    }
}

/// How the app is told to stop: first gently, then at once. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct StopRequest {
    soft: CancellationToken,
    hard: CancellationToken,
}

impl StopRequest {
    /// Asks for a graceful stop.
    pub fn stop(&self) {
        self.soft.cancel();
    }

    /// Resolves once a stop has been asked for.
    pub async fn requested(&self) {
        self.soft.cancelled().await;
    }

    /// Asks for the end now.
    pub fn cut(&self) {
        self.soft.cancel();
        self.hard.cancel();
    }
}

impl App {
    /// Connects to the database, checks its schema, binds the port and starts the background work.
    pub async fn build(config: Config, surroundings: Surroundings) -> Result<Self, BuildError> {
        let Surroundings { clock, random, workers_run } = surroundings;
        let tls = load_tls(&config, &clock)?;
        let ways = Ways::connect(&config.mongo).await?;
        let state = ways.work.state().await?;
        if !state.is_current() {
            return Err(BuildError::SchemaBehind(state.lines()));
        }
        let listener = bind(config.server.bind)?;
        let address = listener.local_addr().unwrap_or(config.server.bind);
        let metrics = Arc::new(Metrics::new());
        if let Some(tls) = &tls {
            tls.register(&metrics);
        }
        let supervisor = Supervisor::new(Handle::current(), &metrics);
        let ground = Ground {
            config: &config,
            clock: &clock,
            random: &random,
            ways: &ways,
            supervisor: &supervisor,
            metrics: &metrics,
            instance: random.id(clock.now())?,
        };
        let parts = Parts::start(&ground).await?;
        let (workers, readiness) = parts.work(&ground, workers_run);
        let access = parts.access.clone();
        let state = http::State {
            guard: Guard::new(&config, &access, &clock, &supervisor, &metrics),
            admission: Arc::new(Admission::new(&config.edge, config.tls.as_ref())),
            webhooks: Arc::new(Webhooks::new(&config, &metrics, &supervisor, &parts.ingest.directory)),
            graphql: parts.graphql(&ground)?,
            samples: Samples::new(&parts.templates, &supervisor),
            journal: parts.ingest.journal,
            http_metrics: HttpMetrics::new(&metrics),
            readiness: readiness.clone(),
            metrics: Arc::clone(&metrics),
            clock: clock.clone(),
            random: random.clone(),
        };
        let http_stop_max = config.server.shutdown_grace * HTTP_SHARE_PERCENT / 100;
        let server = http::serve(listener, state, tls, config.server.http_workers, http_stop_max)
            .map_err(|source| BuildError::Bind { address, reason: reason_of(&source), source })?;
        Ok(Self { address, config, server, supervisor, readiness, workers, ways, access })
    }

    /// Where the service listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The beginning of every address of the service on this machine.
    pub fn url(&self) -> String {
        let scheme = if self.config.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The owner of the background work, for what a command adds to it.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// The database.
    pub fn storage(&self) -> &Storage {
        &self.ways.work
    }

    /// Who calls.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The background workers, so that a test can drive them by hand.
    pub fn workers(&self) -> &[Arc<dyn Worker>] {
        &self.workers
    }

    /// Answers requests until it is told to stop or a vital task fails; then stops in order.
    pub async fn run_until_stopped(self, stop: StopRequest) -> Ended {
        let ways = self.ways.clone();
        // Both arms are polled to the end of the service.
        tokio::select! {
            ended = self.answer_until_stopped(stop) => ended,
            never = ways.keep_moving() => match never {},
        }
    }

    async fn answer_until_stopped(self, stop: StopRequest) -> Ended {
        let handle = self.server.handle();
        let mut server = self.server;
        // All arms are cancel-safe: tokens, a watch, and a server future that is polled on afterwards.
        let (failed, server) = tokio::select! {
            () = stop.soft.cancelled() => (None, Some(server)),
            name = self.supervisor.failed() => (Some(name), Some(server)),
            _ = &mut server => (Some("http"), None),
        };
        if let Some(name) = failed {
            warn!(task = name, "stopping, because a task that the service cannot do without has ended");
        }
        self.readiness.drain();
        let (supervisor, readiness) = (&self.supervisor, &self.readiness);
        let orderly = stop_in_order(&handle, server, (supervisor, readiness), &self.config, failed.is_none());
        let cut = tokio::select! {
            cut = orderly => cut,
            () = stop.hard.cancelled() => {
                warn!("told again to stop: cutting what is in flight");
                self.readiness.shut();
                handle.stop(false).await;
                self.supervisor.shut_down(Duration::ZERO).await
            }
        };
        self.ways.close().await;
        info!("stopped");
        match failed {
            Some(name) => Ended::TaskFailed(name),
            None if cut.is_empty() => Ended::Stopped,
            None => Ended::Cut(cut),
        }
    }
}

/// `server` is none when it has ended by itself.
async fn stop_in_order(
    handle: &ServerHandle,
    server: Option<Server>,
    (supervisor, readiness): (&Supervisor, &Readiness),
    config: &Config,
    is_healthy: bool,
) -> Vec<&'static str> {
    let Some(mut server) = server else {
        readiness.shut();
        return supervisor.shut_down(config.server.shutdown_grace).await;
    };
    if is_healthy {
        info!("stopping: no longer ready, still taking requests");
        // Both arms are cancel-safe; the server goes on answering meanwhile.
        tokio::select! {
            () = tokio::time::sleep(config.server.shutdown_delay) => {}
            _ = &mut server => {
                readiness.shut();
                return supervisor.shut_down(config.server.shutdown_grace).await;
            }
        }
        info!("stopping: the door is closed, finishing what is in flight");
    }
    readiness.shut();
    // One budget for both: what requests do not use is left to background work.
    let watch = Stopwatch::start();
    tokio::join!(handle.stop(true), async { server.await.ok() });
    supervisor.shut_down(config.server.shutdown_grace.saturating_sub(watch.elapsed())).await
}

fn load_tls(config: &Config, clock: &Clock) -> Result<Option<Tls>, http::tls::Unusable> {
    let Some(config) = &config.tls else { return Ok(None) };
    let tls = Tls::load(config, clock)?;
    for warning in tls.warnings(clock.now()) {
        warn!("{warning}");
    }
    Ok(Some(tls))
}

fn bind(address: SocketAddr) -> Result<TcpListener, BuildError> {
    listen(address).map_err(|source| BuildError::Bind { address, reason: reason_of(&source), source })
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // As the standard library does, so that a restart finds its port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

fn reason_of(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => "another program listens there",
        std::io::ErrorKind::PermissionDenied => "this user may not listen there",
        std::io::ErrorKind::AddrNotAvailable => "this machine does not have that address",
        _ => "the system refused",
    }
}
