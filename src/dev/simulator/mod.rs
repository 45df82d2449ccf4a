//! The Meta simulator: a strict stand-in for the Graph API and its webhooks, for development and tests.
//!
//! A request goes `http` → `graph` (one file a noun) and is judged by `schema` (Meta's own OpenAPI document),
//! `limits` (the reference's) and `world` (what exists, and what time does to it). What Meta would tell about it goes
//! into the `outbox` and, when it is due, through `webhook` to the callback URL. `control` is the way in for tests and
//! people (`/_sim/…`), `scenario` lets people act by a file, `journal` records what crossed the wire, `faults` are trouble on demand.
//!
//! It shares no type and no check with the code that talks to Meta: a mistake in one must not repeat in the other.

pub mod refusal;
pub mod schema;
pub mod limits;
pub mod webhook;
pub mod world;
pub mod faults;
pub mod journal;
pub mod scenario;
mod outbox;
mod platform;
mod people;
mod time;
mod graph;
mod change;
mod control;
mod http;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use crate::clock::{Clock, ManualClock, Timestamp};
use crate::ids::Random;
use crate::runtime::Supervisor;
use crate::secret::Secret;

pub use platform::Platform;

/// Where virtual time begins.
const VIRTUAL_START: &str = "2026-11-21T08:00:00Z";

/// What a simulator is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 for any free one.
    pub bind: SocketAddr,
    /// Makes a run repeatable; unset: every run is another.
    pub seed: Option<u64>,
    /// Time stands still until a control call moves it, and webhooks go out in control calls only.
    pub has_virtual_clock: bool,
    /// The address in the answers; unset: the one where it listens.
    pub public_url: Option<String>,
    /// Where webhooks go; unset: nowhere until a control call or a subscription says so.
    pub callback_url: Option<String>,
    pub app_id: String,
    pub app_secret: Secret,
    pub verify_token: Secret,
    pub access_token: Secret,
    /// Calls without `appsecret_proof` are refused.
    pub requires_proof: bool,
    /// No window, pair or throughput limit.
    pub limits_lifted: bool,
    /// What people do by themselves: the text of a scenario file.
    pub scenario: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: None,
            has_virtual_clock: false,
            public_url: None,
            callback_url: None,
            app_id: "201234567890123".to_owned(),
            app_secret: Secret::new("simulated-app-secret"),
            verify_token: Secret::new("simulated-verify-token"),
            access_token: Secret::new("EAAG-simulated-access-token"),
            requires_proof: false,
            limits_lifted: false,
            scenario: None,
        }
    }
}

/// Why it could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the simulator cannot listen on {0}")]
    Bind(SocketAddr, #[source] std::io::Error),
    #[error(transparent)]
    Scenario(#[from] scenario::Error),
    #[error("the simulator's webhooks cannot be started")]
    Webhooks(#[from] webhook::deliver::NotStarted),
}

/// A running simulator. It stops with its supervisor.
#[derive(Clone, Debug)]
pub struct Running {
    address: SocketAddr,
    platform: Arc<Platform>,
}

impl Running {
    /// The base URL of the Graph side; the control API is below `/_sim`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends webhooks there from now on.
    pub fn set_callback(&self, url: &str) {
        self.platform.set_callback(url);
    }
}

/// Starts a simulator whose tasks belong to `supervisor`.
pub fn start(options: Options, supervisor: &Supervisor) -> Result<Running, Error> {
    let listener = TcpListener::bind(options.bind).map_err(|error| Error::Bind(options.bind, error))?;
    let address = listener.local_addr().unwrap_or(options.bind);
    let random = options.seed.map_or_else(Random::system, Random::seeded);
    let manual = options
        .has_virtual_clock
        .then(|| ManualClock::at(VIRTUAL_START.parse().unwrap_or(Timestamp::UNIX_EPOCH)));
    let clock = manual.as_ref().map_or_else(Clock::system, ManualClock::clock);
    let base_url = options.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let platform = Arc::new(Platform::start(&options, &base_url, clock, manual, random, supervisor)?);
    if let Some(text) = &options.scenario {
        let known: Vec<String> = platform.world().people.keys().cloned().collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        people::play(&platform, scenario::parse(text, &known)?);
    }
    http::serve(listener, &platform, supervisor).map_err(|error| Error::Bind(address, error))?;
    Ok(Running { address, platform })
}
