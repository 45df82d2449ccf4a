//! The client of Meta's Graph API: typed calls, a file a noun.
//!
//! Owns the connections, their time-outs, what a request carries, what an answer means, and the view of how much of
//! Meta's allowances is used. Does not own tokens (they are lent for a call), nor when a message is sent again.
//!
//! Invariants:
//! - Nobody polls a call on an actix worker: the connections live on the runtime that polls them, and a worker's dies
//!   with it. A handler hands the call to the main runtime by `Supervisor::run` and awaits that.
//! - A token goes into the `Authorization` header, to the configured host and Meta's hosts of media (`destination`).
//!   Redirects are not followed.
//! - Only what may be done twice is tried again: reading, and changes that set what is set already. Never a message.
//! - Every wait, answer, list and number of tries has a bound.
//! - No error, log line or metric holds a token, an address with a query, or a body.

mod answer;
mod call;
mod destination;
mod error;
mod exchange;
mod metrics;
mod pieces;
mod usage;
mod word;

pub mod account;
pub mod app;
pub mod block;
pub mod media;
pub mod message;
pub mod number;
pub mod profile;
pub mod qr;
pub mod template;
mod time;
pub mod upload;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use tokio::sync::Semaphore;

pub use answer::Listed;
pub use error::{CallError, Phase, Refusal};
pub use pieces::Pieces;
pub use usage::SharedPause;

use crate::clock::Clock;
use crate::config::MetaConfig;
use crate::ids::Random;
use crate::secret::Secret;
use crate::telemetry::Metrics;
use destination::Destination;
use metrics::CallMetrics;
use usage::Usage;

const USER_AGENT: &str = concat!("pesan/", env!("CARGO_PKG_VERSION"));
/// A connection that has died silently is found out by asking it so often, while calls wait on it.
const HTTP2_ASK_EVERY: Duration = Duration::from_secs(20);
const HTTP2_ANSWER_MAX: Duration = Duration::from_secs(10);

/// What a call is made with. Lent, never kept.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    pub token: &'a Secret,
    /// Proves with each call that it is the app's own (`appsecret_proof`).
    pub app_secret: Option<&'a Secret>,
}

/// The Graph API. Cheap to clone; all clones share connections, bounds and the view of usage.
#[derive(Clone)]
pub struct Graph(Arc<Inner>);

struct Inner {
    client: reqwest::Client,
    destination: Destination,
    call_timeout: Duration,
    slots: Arc<Semaphore>,
    slot_wait_max: Duration,
    usage: Usage,
    random: Random,
    metrics: CallMetrics,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("GRAPH_API_BASE_URL is not the URL of a host")]
    BaseUrl,
    #[error("the client of the Graph API cannot be started; does this machine have root certificates?")]
    Client(#[source] reqwest::Error),
}

impl Graph {
    /// A client of the configured Graph API. It connects when it is first used.
    pub fn new(
        config: &MetaConfig,
        clock: &Clock,
        random: &Random,
        metrics: &Metrics,
    ) -> Result<Self, NotStarted> {
        // Already there when another part of the process chose it first: the same one.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(config.connect_timeout)
            .timeout(config.call_timeout)
            .pool_idle_timeout(config.idle_timeout)
            .http2_keep_alive_interval(HTTP2_ASK_EVERY)
            .http2_keep_alive_timeout(HTTP2_ANSWER_MAX)
            .build()
            .map_err(NotStarted::Client)?;
        let destination = Destination::new(&config.base_url, &config.version).ok_or(NotStarted::BaseUrl)?;
        Ok(Self(Arc::new(Inner {
            client,
            destination,
            call_timeout: config.call_timeout,
            slots: Arc::new(Semaphore::new(config.calls_max)),
            slot_wait_max: config.connect_timeout,
            usage: Usage::new(clock.clone()),
            random: random.clone(),
            metrics: CallMetrics::new(metrics),
        })))
    }

    /// How long to wait before the next call, so that Meta's allowances last: from 75 % of one on. None: go on.
    pub fn pause(&self, credentials: &Credentials<'_>, waba_id: Option<&str>) -> Option<Duration> {
        self.0.usage.pause(credentials, waba_id)
    }

    /// Meta has refused a call because an allowance is used up: of this account, or else of the app. Holds all such calls
    /// back, here and in other processes, for longer each time and at least so long; gives how long.
    pub fn hold(&self, credentials: &Credentials<'_>, waba_id: Option<&str>, at_least: Duration) -> Duration {
        self.0.usage.hold(credentials, waba_id, at_least, |pause| self.jittered(pause))
    }

    /// Resolves when Meta has told of a pause that other processes do not know of. Cancel-safe.
    pub async fn has_pauses_to_share(&self) {
        self.0.usage.has_news().await;
    }

    /// Pauses that other processes are to keep too.
    pub fn pauses_to_share(&self) -> Vec<SharedPause> {
        self.0.usage.news()
    }

    /// They know of it now.
    pub fn mark_shared(&self, pause: &SharedPause) {
        self.0.usage.mark_shared(pause);
    }

    /// Keeps a pause that another process was told of, unless something later was told here.
    pub fn keep_pause(&self, pause: &SharedPause) {
        self.0.usage.hear(pause);
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").finish_non_exhaustive()
    }
}
