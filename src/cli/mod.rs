//! The commands of the `pesan` program: a file a subcommand. They read the configuration, call the library, and
//! tell a person how it went.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is where the program speaks")]

mod access;
mod audit;
mod config;
mod db;
#[cfg(feature = "dev")]
mod dev;
mod errors;
#[cfg(feature = "dev")]
mod guard;
mod healthcheck;
mod ingest;
mod keys;
mod schema;
mod search;
mod serve;
#[cfg(feature = "dev")]
mod simulate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::{BuildError, StopRequest};
use crate::config::{Config, Mistakes, Source, SourceError};
use crate::crypto::BadMasterKey;
use crate::http::tls::Unusable;
use crate::ids::Exhausted;
use crate::storage::{self, Storage};

/// The WhatsApp backend of a CRM.
///
/// Takes Meta's Cloud API webhooks in, keeps conversations in MongoDB, and gives CRM front ends one API.
/// Start with `pesan dev`: it brings its own MongoDB and needs no Meta account.
#[derive(Debug, Parser)]
#[command(name = "pesan", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// Read settings from this file too; the environment goes before it.
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 the configuration or the command line is wrong, \
     3 something that we depend on is missing (the database, a port, mongod), 10 and 20 warning and critical of \
     `pesan db monitor`. `pesan config example` prints every setting.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve,
    /// Run the service for development: private MongoDB, generated secrets, readable logs.
    #[cfg(feature = "dev")]
    Dev(dev::Arguments),
    /// Run the Meta simulator alone: a strict stand-in for the Graph API and its webhooks.
    #[cfg(feature = "dev")]
    Simulate(simulate::Arguments),
    /// Set up, check, migrate, survey and clean the database.
    Db {
        #[command(subcommand)]
        command: db::Command,
    },
    /// Look back from the journal: what came for nobody, what is missing, the way of one message.
    Ingest {
        #[command(subcommand)]
        command: ingest::Command,
    },
    /// Send webhooks through once more: from the journal, or what was set aside.
    Replay(ingest::Again),
    /// Make and list workspaces: the tenants.
    Workspace {
        #[command(subcommand)]
        command: access::WorkspaceCommand,
    },
    /// Make, list and revoke API keys.
    ApiKey {
        #[command(subcommand)]
        command: access::KeyCommand,
    },
    /// Show who changed what, and check that nobody has changed that.
    Audit {
        #[command(subcommand)]
        command: audit::Command,
    },
    /// Make anew what is searched.
    Search {
        #[command(subcommand)]
        command: search::Command,
    },
    /// Make master keys, see what they protect, and move everything to new keys.
    Keys {
        #[command(subcommand)]
        command: keys::Command,
    },
    /// Check the settings, or print them all with their meaning.
    Config {
        #[command(subcommand)]
        command: config::Command,
    },
    /// Ask a running service on this machine whether it is ready (for containers).
    Healthcheck(healthcheck::Arguments),
    /// Print the table of error codes, as in docs/ERRORS.md, or the catalogue of Meta's.
    Errors(errors::Arguments),
    /// Print the GraphQL schema, as in graphql/schema.graphql.
    Schema,
    /// Guards a private MongoDB; started by `pesan dev` and the tests, not by people.
    #[cfg(feature = "dev")]
    #[command(hide = true)]
    Guard(guard::Arguments),
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    Configuration,
    Dependency,
    Warning,
    Critical,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Configuration => 2,
            Exit::Dependency => 3,
            Exit::Warning => 10,
            Exit::Critical => 20,
        })
    }
}

/// Why a command ends early: a sentence for a person, and the exit code.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    text: String,
}

impl Failure {
    fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into() }
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Self::new(Exit::Configuration, mistakes.to_string())
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::new(Exit::Configuration, error.to_string())
    }
}

impl From<Unusable> for Failure {
    fn from(error: Unusable) -> Self {
        Self::new(Exit::Configuration, error.to_string())
    }
}

impl From<storage::Error> for Failure {
    fn from(error: storage::Error) -> Self {
        let exit = if error == storage::Error::BadUri { Exit::Configuration } else { Exit::Dependency };
        Self::new(exit, error.to_string())
    }
}

impl From<BadMasterKey> for Failure {
    fn from(error: BadMasterKey) -> Self {
        Self::new(Exit::Configuration, error.to_string())
    }
}

impl From<Exhausted> for Failure {
    fn from(error: Exhausted) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Storage(error) => error.into(),
            BuildError::Tls(error) => error.into(),
            BuildError::Tokens(_) | BuildError::Operations(_) => {
                Self::new(Exit::Configuration, error.to_string())
            }
            BuildError::MasterKey(error) => error.into(),
            error => Self::new(Exit::Dependency, error.to_string()),
        }
    }
}

impl Cli {
    /// Runs the command and says what went wrong, if something did.
    pub async fn run(self) -> Exit {
        let source = || -> Result<Source, Failure> {
            let source = Source::environment();
            Ok(match &self.env_file {
                Some(file) => source.over_file(file)?,
                None => source,
            })
        };
        let outcome = match source() {
            Err(failure) => Err(failure),
            Ok(source) => match self.command {
                Command::Serve => serve::run(&source).await,
                #[cfg(feature = "dev")]
                Command::Dev(arguments) => dev::run(arguments, source).await,
                #[cfg(feature = "dev")]
                Command::Simulate(arguments) => simulate::run(arguments).await,
                Command::Db { command } => db::run(command, &source).await,
                Command::Ingest { command } => ingest::run(command, &source).await,
                Command::Replay(arguments) => ingest::replay(arguments, &source).await,
                Command::Workspace { command } => access::run_workspace(command, &source).await,
                Command::ApiKey { command } => access::run_key(command, &source).await,
                Command::Audit { command } => audit::run(command, &source).await,
                Command::Search { command } => search::run(command, &source).await,
                Command::Keys { command } => keys::run(command, &source).await,
                Command::Config { command } => config::run(&command, &source),
                Command::Healthcheck(arguments) => healthcheck::run(&arguments, &source),
                Command::Errors(arguments) => errors::run(&arguments),
                Command::Schema => schema::run(),
                #[cfg(feature = "dev")]
                Command::Guard(arguments) => guard::run(arguments, &source).await,
            },
        };
        outcome.unwrap_or_else(|failure| {
            complain(&failure.text);
            failure.exit
        })
    }
}

/// Says what is wrong, on standard error.
pub fn complain(text: &str) {
    eprintln!("pesan: {text}");
}

/// The whole configuration, and a connection to its database.
async fn connect(source: &Source) -> Result<(Config, Storage), Failure> {
    let config = Config::read(source)?;
    let storage = Storage::connect(&config.mongo).await?;
    Ok((config, storage))
}

/// Turns the first signal into a graceful stop and the second into the end. Never resolves.
async fn watch_signals(stop: &StopRequest) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    let mut told = false;
    loop {
        // Both arms are cancel-safe: a signal that has arrived stays noted.
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if told {
            stop.cut();
        } else {
            stop.stop();
        }
        told = true;
    }
}
