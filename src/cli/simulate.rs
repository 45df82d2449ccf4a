//! `pesan simulate`: the Meta simulator alone.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::runtime::Handle;

use super::{Exit, Failure, watch_signals};
use crate::app::StopRequest;
use crate::dev::simulator::world::{NUMBER_ID, WABA_ID};
use crate::dev::simulator::{self, Options};
use crate::runtime::Supervisor;
use crate::secret::Secret;
use crate::telemetry::Metrics;

const STOP_GRACE: Duration = Duration::from_secs(3);

/// Runs a stand-in for Meta: the Graph API, judged by Meta's own description, and really signed webhooks.
///
/// It begins with an app, a business account, two numbers, approved templates, a system user's token and three
/// people: pablo and barbara with a phone number, kerry with a user name only. `pesan dev` runs one by itself.
///
/// Let a customer write, and see the signed webhook with its answer:
///
///   curl URL/_sim/people/pablo/write -d '{"text":"halo"}'
///
///   curl 'URL/_sim/journal?kind=webhook'
///
/// `GET URL/_sim` lists everything that can be asked of it.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    /// Where to listen.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8090")]
    bind: SocketAddr,
    /// Send webhooks there; /_sim/callback or a subscription can say so later.
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
    /// The same seed gives the same ids, delays and content.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// real: time goes on by itself. virtual: it begins at a fixed moment, and /_sim/clock moves it; nothing is
    /// delivered in between, so the same calls give the same bytes.
    #[arg(long, value_enum, default_value_t = ClockKind::Real)]
    clock: ClockKind,
    /// The address in its answers (media, QR codes). Unset: the one where it listens.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Signs the webhooks and proves calls.
    #[arg(long, value_name = "SECRET")]
    app_secret: Option<String>,
    /// Told to the callback URL when it is verified.
    #[arg(long, value_name = "WORD")]
    verify_token: Option<String>,
    /// The system user's token.
    #[arg(long, value_name = "TOKEN")]
    access_token: Option<String>,
    /// Refuse calls without appsecret_proof.
    #[arg(long)]
    require_proof: bool,
    /// Let people act by a scenario file (see fixtures/scenario/shop.toml).
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// No window, pair or throughput limit.
    #[arg(long)]
    lift_limits: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ClockKind {
    Real,
    Virtual,
}

impl Arguments {
    fn options(self) -> Result<Options, Failure> {
        let usual = Options::default();
        let scenario = match &self.scenario {
            None => None,
            Some(path) => Some(fs::read_to_string(path).map_err(|error| {
                Failure::new(Exit::Configuration, format!("{} cannot be read: {error}", path.display()))
            })?),
        };
        Ok(Options {
            scenario,
            bind: self.bind,
            seed: self.seed,
            has_virtual_clock: matches!(self.clock, ClockKind::Virtual),
            public_url: self.public_url,
            callback_url: self.callback,
            app_secret: self.app_secret.map_or(usual.app_secret, Secret::new),
            verify_token: self.verify_token.map_or(usual.verify_token, Secret::new),
            access_token: self.access_token.map_or(usual.access_token, Secret::new),
            requires_proof: self.require_proof,
            limits_lifted: self.lift_limits,
            app_id: usual.app_id,
        })
    }
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let options = arguments.options()?;
    let supervisor = Supervisor::new(Handle::current(), &Metrics::new());
    let running = simulator::start(options.clone(), &supervisor).map_err(|error| {
        let is_scenario = matches!(error, simulator::Error::Scenario(_));
        let exit = if is_scenario { Exit::Configuration } else { Exit::Dependency };
        Failure::new(exit, error.to_string())
    })?;
    let url = running.url();
    println!();
    println!("  the Meta simulator is ready");
    println!();
    println!("  Graph API      {url}          (GRAPH_API_BASE_URL)");
    println!("  control        {url}/_sim     (lists its calls)");
    println!("  app            {}      (WHATSAPP_APP_ID)", options.app_id);
    println!("  app secret     {}", options.app_secret.expose());
    println!("  access token   {}", options.access_token.expose());
    println!("  verify token   {}", options.verify_token.expose());
    println!("  account        {WABA_ID}      (WHATSAPP_BUSINESS_ACCOUNT_ID)");
    println!("  number         {NUMBER_ID}      (WHATSAPP_PHONE_NUMBER_ID)");
    println!(
        "  webhooks go to {}",
        options.callback_url.as_deref().unwrap_or("nowhere yet: POST /_sim/callback")
    );
    println!();
    let stop = StopRequest::default();
    // The signals never end by themselves; the other two say why the simulator does.
    let exit = tokio::select! {
        () = stop.requested() => Exit::Done,
        () = watch_signals(&stop) => Exit::Done,
        task = supervisor.failed() => {
            super::complain(&format!("the task `{task}` ended, and the simulator cannot go on without it"));
            Exit::Failed
        }
    };
    supervisor.shut_down(STOP_GRACE).await;
    Ok(exit)
}
