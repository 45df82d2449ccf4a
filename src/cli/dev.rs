//! `pesan dev`: everything on this machine, with one command.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::json;
use tokio::runtime::Handle;

use super::serve::run_app;
use super::{Exit, Failure, watch_signals};
use crate::app::{App, StopRequest, Surroundings};
use crate::auth::key;
use crate::auth::{ApiKeys, NewApiKey, Role, Visitor};
use crate::clock::Clock;
use crate::config::dev::DevConfig;
use crate::config::{Config, Source};
use crate::dev::mongod::{MEMORY_MB, Options, PrivateMongod};
use crate::dev::simulator::world::{NUMBER_ID, WABA_ID};
use crate::dev::simulator::{self, Running};
use crate::http::{GRAPHQL_PATH, WEBHOOK_PATH};
use crate::ids::Random;
use crate::runtime::Supervisor;
use crate::secret::Secret;
use crate::storage::Storage;
use crate::storage::workspaces::{FIRST, first_workspace};
use crate::telemetry::{Metrics, logs};

/// The simulator has nothing to lose.
const SIMULATOR_GRACE: Duration = Duration::from_secs(1);

/// Runs the service on a private MongoDB (unless MONGODB_URI names one) beside a Meta simulator (unless
/// GRAPH_API_BASE_URL names the Graph API), with secrets that are made once and kept.
///
/// Reads .env.local in this folder. Keeps its data in .data/ below this folder; remove that folder to begin anew.
/// When it is ready it writes .data/dev.json, with the addresses and secrets that scripts need.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Where the data is kept.
    #[arg(long, value_name = "FOLDER", default_value = ".data")]
    data: PathBuf,
}

pub(super) async fn run(arguments: Arguments, source: Source) -> Result<Exit, Failure> {
    let stop = StopRequest::default();
    let started = start(&arguments, source);
    // Dropping a start in the middle closes the guard's pipe, and the guard cleans up.
    let (app, mongod, logs, dev_json, simulated) = tokio::select! {
        started = started => started?,
        () = watch_signals(&stop) => return Ok(Exit::Done),
        () = stop.requested() => return Ok(Exit::Done),
    };
    let exit = run_app(app, &stop).await;
    fs::remove_file(&dev_json).ok();
    if let Some(simulated) = simulated {
        simulated.shut_down(SIMULATOR_GRACE).await;
    }
    if let Some(mongod) = mongod {
        mongod.stop().await;
    }
    logs.finish();
    Ok(exit)
}

type Started = (App, Option<PrivateMongod>, logs::Logs, PathBuf, Option<Supervisor>);

async fn start(arguments: &Arguments, source: Source) -> Result<Started, Failure> {
    // Absolute, so that the guard's command line names the place whoever reads it.
    let folder =
        &std::path::absolute(&arguments.data).map_err(|error| cannot_use(&arguments.data, &error))?;
    fs::create_dir_all(folder).map_err(|error| cannot_use(folder, &error))?;
    let source = source.over_file_if_present(Path::new(".env.local"))?;
    let kept = folder.join("dev.env");
    ensure_secrets(&kept)?;
    // Whoever has a file of master keys does not want the one that was made here too.
    let source = match source.get("PESAN_MASTER_KEYS_FILE") {
        Some(_) => source.over([("PESAN_MASTER_KEYS".to_owned(), String::new())]),
        None => source,
    };
    let source = source.over_file(&kept)?.over(defaults());

    let mongod = match source.get("MONGODB_URI") {
        Some(_) => None,
        None => Some(start_mongod(folder, &source).await?),
    };
    let source = match &mongod {
        Some(mongod) => source.over([("MONGODB_URI".to_owned(), mongod.uri().to_owned())]),
        None => source,
    };
    let simulator = match source.get("GRAPH_API_BASE_URL") {
        Some(_) => None,
        None => Some(start_simulator(&source)?),
    };
    let source = match &simulator {
        Some((running, _, options)) => source.over(settings_of(running, options)),
        None => source,
    };
    let mut config = Config::read(&source)?;
    if config.server.public_url.is_none() {
        config.server.public_url = own_address(config.server.bind);
    }
    let logs =
        logs::start(&config.telemetry).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let api_key = DevConfig::from_source(&source)?.api_key;
    let storage = Storage::connect(&config.mongo).await?;
    let prepared = prepare(&storage, api_key.as_ref()).await;
    storage.close().await;
    prepared?;
    let app = App::build(config.clone(), Surroundings::default()).await?;

    let url = app.url();
    let simulator_url = simulator.as_ref().map(|(running, ..)| {
        running.set_callback(&format!("{url}{WEBHOOK_PATH}"));
        running.url()
    });
    let dev_json = folder.join("dev.json");
    write_dev_json(&dev_json, &url, simulator_url.as_deref(), &config, api_key.as_ref())?;
    print_banner(&url, simulator_url.as_deref(), &config, mongod.as_ref(), &dev_json);
    Ok((app, mongod, logs, dev_json, simulator.map(|(_, supervisor, _)| supervisor)))
}

/// Brings the database up to date, with this folder's key in it.
async fn prepare(storage: &Storage, api_key: Option<&Secret>) -> Result<(), Failure> {
    storage.migrate(&Clock::system(), &mut |text| println!("{text}")).await?;
    let Some(api_key) = api_key else { return Ok(()) };
    let workspace = first_workspace();
    storage.ensure_workspace(workspace, FIRST).await?;
    let keys = ApiKeys::new(storage, &Clock::system(), &Random::system());
    let (name, role) = ("pesan dev".to_owned(), Role::Owner);
    let wanted = NewApiKey { name, role, scopes: None, numbers: None, expires_ms: None };
    keys.ensure(&Visitor::operator(workspace), api_key, wanted).await.map_err(|error| match error {
        key::Error::Invalid { .. } => Failure::new(
            Exit::Configuration,
            "PESAN_DEV_API_KEY is not a key as `pesan api-key create` prints it",
        ),
        error => error.into(),
    })
}

async fn start_mongod(folder: &Path, source: &Source) -> Result<PrivateMongod, Failure> {
    let guard = std::env::current_exe()
        .map_err(|error| Failure::new(Exit::Failed, format!("this program does not find itself: {error}")))?;
    let options = Options {
        guard,
        data: Some(folder.join("mongo")),
        memory_mb: MEMORY_MB,
        config: DevConfig::from_source(source)?,
    };
    PrivateMongod::start(&options, &mut |text| println!("{text} …"))
        .await
        .map_err(|error| Failure::new(Exit::Dependency, error.to_string()))
}

/// Starts the Meta simulator with this folder's secrets, on any free port.
fn start_simulator(source: &Source) -> Result<(Running, Supervisor, simulator::Options), Failure> {
    let usual = simulator::Options::default();
    let first = |text: &str| text.split(',').next().unwrap_or_default().trim().to_owned();
    let secret = |name: &str, usual: Secret| source.get(name).map_or(usual, |text| Secret::new(first(text)));
    let options = simulator::Options {
        app_secret: secret("WHATSAPP_APP_SECRET", usual.app_secret),
        verify_token: secret("WHATSAPP_VERIFY_TOKEN", usual.verify_token),
        access_token: secret("WHATSAPP_ACCESS_TOKEN", usual.access_token),
        ..simulator::Options::default()
    };
    let supervisor = Supervisor::new(Handle::current(), &Metrics::new());
    let running = simulator::start(options.clone(), &supervisor)
        .map_err(|error| Failure::new(Exit::Dependency, error.to_string()))?;
    Ok((running, supervisor, options))
}

/// The settings that lead to the simulator; what the user has set goes before them.
fn settings_of(running: &Running, options: &simulator::Options) -> Vec<(String, String)> {
    [
        ("GRAPH_API_BASE_URL", running.url()),
        ("WHATSAPP_APP_ID", options.app_id.clone()),
        ("WHATSAPP_ACCESS_TOKEN", options.access_token.expose().to_owned()),
        ("WHATSAPP_PHONE_NUMBER_ID", NUMBER_ID.to_owned()),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", WABA_ID.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// What is different in development.
fn defaults() -> impl Iterator<Item = (String, String)> {
    [
        ("PESAN_LOG_FORMAT", "pretty"),
        ("PESAN_SHUTDOWN_DELAY_MS", "0"),
        ("PESAN_SHUTDOWN_GRACE_MS", "5000"),
        ("GRAPHQL_GRAPHIQL", "true"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// Where the simulator reaches us, so that the connection test can try it. Not known before we listen, if any port will
/// do.
fn own_address(bind: SocketAddr) -> Option<String> {
    let host = if bind.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { bind.ip() };
    (bind.port() != 0).then(|| format!("http://{}", SocketAddr::new(host, bind.port())))
}

/// Makes the secrets of this folder once, so that a second start has the same. What a folder of an older program lacks
/// is added.
fn ensure_secrets(path: &Path) -> Result<(), Failure> {
    let (random, clock) = (Random::system(), Clock::system());
    let failed = |error: crate::ids::Exhausted| Failure::new(Exit::Failed, error.to_string());
    let mut text = if path.exists() {
        fs::read_to_string(path).map_err(|error| cannot_use(path, &error))?
    } else {
        format!(
            "# Made by `pesan dev` for this folder alone. What .env.local or the environment says goes before it.\n\
             WHATSAPP_APP_SECRET={}\nWHATSAPP_VERIFY_TOKEN={}\nPESAN_MASTER_KEYS=dev:{}\n",
            HEXLOWER.encode(&random.bytes::<16>().map_err(failed)?),
            HEXLOWER.encode(&random.bytes::<8>().map_err(failed)?),
            BASE64.encode(&random.bytes::<32>().map_err(failed)?),
        )
    };
    if text.lines().any(|line| line.starts_with("PESAN_DEV_API_KEY=")) {
        return Ok(());
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let id = random.id(clock.now()).map_err(failed)?;
    let api_key = key::generate(&random, id).map_err(failed)?;
    text.push_str(&format!("PESAN_DEV_API_KEY={}\n", api_key.expose()));
    fs::write(path, text).map_err(|error| cannot_use(path, &error))
}

/// The names are fixed: scripts and tools read this file.
fn write_dev_json(
    path: &Path,
    url: &str,
    simulator_url: Option<&str>,
    config: &Config,
    api_key: Option<&Secret>,
) -> Result<(), Failure> {
    let secret = |secret: Option<&Secret>| secret.map(|secret| secret.expose().to_owned());
    let content = json!({
        "url": url,
        "webhookUrl": format!("{url}{WEBHOOK_PATH}"),
        "graphqlUrl": format!("{url}{GRAPHQL_PATH}"),
        // Opened in a browser, it asks with the key.
        "graphiqlUrl": secret(api_key).map(|key| format!("{url}{GRAPHQL_PATH}#{key}")),
        "simulatorUrl": simulator_url,
        "mongodbUri": config.mongo.uri.expose(),
        "appSecret": secret(config.whatsapp.app_secrets.first()),
        "verifyToken": secret(config.whatsapp.verify_token.as_ref()),
        "apiKey": secret(api_key),
    });
    // Written aside and moved, so that nobody reads half of it.
    let aside = path.with_extension("json.new");
    fs::write(&aside, format!("{content:#}\n"))
        .and_then(|()| fs::rename(&aside, path))
        .map_err(|error| cannot_use(path, &error))
}

fn cannot_use(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Dependency, format!("{} cannot be written: {error}", path.display()))
}

fn print_banner(
    url: &str,
    simulator_url: Option<&str>,
    config: &Config,
    mongod: Option<&PrivateMongod>,
    dev_json: &Path,
) {
    let database = match mongod {
        Some(mongod) => format!("{} (private, process {})", mongod.uri(), mongod.pid()),
        None => "as MONGODB_URI says".to_owned(),
    };
    println!();
    println!("  pesan is ready");
    println!();
    println!("  health     {url}/health/ready");
    println!("  metrics    {url}/metrics");
    println!("  webhook    {url}{WEBHOOK_PATH}");
    println!(
        "  graphql    {url}{GRAPHQL_PATH} (in a browser: GraphiQL; graphiqlUrl of the secrets has the key)"
    );
    match simulator_url {
        Some(url) => println!("  simulator  {url} (Meta's stand-in; {url}/_sim lists its calls)"),
        None => println!("  simulator  none, because GRAPH_API_BASE_URL is set"),
    }
    println!("  database   {database}, database `{}`", config.mongo.database);
    println!(
        "  secrets    {} (app secret, verify token and an owner's API key, for scripts)",
        dev_json.display()
    );
    println!();
    println!("  Ctrl-C stops everything.");
    println!();
}
