//! A private MongoDB: the real server, on a free port of this machine, ours alone, gone when we are.
//!
//! The server is started and ended by a *guard*: this same program in a process of its own (`guard`), which holds
//! one end of a pipe whose other end is ours. When we end, however we end, the pipe closes, and the guard stops
//! the server and removes what was temporary. The guard also finds or installs the server's program
//! (`program`, `install`), so that a cut-off download leaves nothing behind either. This module is our side of it.

pub mod guard;
mod install;
mod lifeline;
mod program;
mod replica_set;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::config::dev::DevConfig;

/// The ways out when no server can be had, said the same way everywhere.
pub const WAYS_OUT: &str = "There are three ways out: put a `mongod` (6.0 or newer) on PATH, name one in PESAN_MONGOD, \
     or set MONGODB_URI to a replica set that runs already.";

/// The memory for data that development and tests need: they share the machine with other things.
pub const MEMORY_MB: u32 = 512;

/// How long the guard may take to end the server after the pipe closed.
const STOP_MAX: Duration = Duration::from_secs(20);

/// What to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program to run as guard: this one.
    pub guard: PathBuf,
    /// Where the data is kept; `None`: in a temporary folder that goes with the server.
    pub data: Option<PathBuf>,
    /// How much memory the server may use for its data.
    pub memory_mb: u32,
    pub config: DevConfig,
}

/// What the guard is told on its command line.
#[derive(Clone, Debug)]
pub struct Orders {
    pub mongod: Option<PathBuf>,
    pub cache: PathBuf,
    pub path: Vec<PathBuf>,
    pub data: Option<PathBuf>,
    pub memory_mb: u32,
}

/// Why there is no private MongoDB.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The guard says why, in words for a person.
    #[error("{0}")]
    Failed(String),
    #[error("the guard of the private MongoDB could not be started")]
    Guard(#[source] std::io::Error),
    #[error("the guard of the private MongoDB ended without a word")]
    GuardEnded,
    #[error("the private MongoDB did not become writable: {0}")]
    NotWritable(crate::storage::Error),
}

/// What the guard tells us, a line of JSON each.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    /// Something that takes a while goes on.
    Progress { text: String },
    /// The server takes connections.
    Listening { port: u16, pid: u32 },
    /// There will be no server.
    Failed { text: String },
}

/// A running private MongoDB. Dropping it ends it too, only without waiting for the end.
#[derive(Debug)]
pub struct PrivateMongod {
    uri: String,
    pid: u32,
    guard: Child,
    lifeline: ChildStdin,
    /// Held open, so that the guard can go on talking.
    _events: Lines<BufReader<ChildStdout>>,
}

impl PrivateMongod {
    /// Starts one and waits until it is writable. `told` hears what takes a while.
    pub async fn start(options: &Options, told: &mut (dyn FnMut(&str) + Send)) -> Result<Self, Error> {
        let mut command = Command::new(&options.guard);
        command.arg("guard").arg("--cache").arg(&options.config.cache_dir);
        command.args(["--memory-mb", &options.memory_mb.to_string()]);
        if let Some(mongod) = &options.config.mongod {
            command.arg("--mongod").arg(mongod);
        }
        if let Some(data) = &options.data {
            command.arg("--data").arg(data);
        }
        // A group of its own: Ctrl-C in our terminal is for us, and the guard follows when we are done.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut guard = command.spawn().map_err(Error::Guard)?;
        let (Some(lifeline), Some(events)) = (guard.stdin.take(), guard.stdout.take()) else {
            return Err(Error::GuardEnded);
        };
        let mut events = BufReader::new(events).lines();
        let (port, pid) = loop {
            let line = events.next_line().await.map_err(Error::Guard)?.ok_or(Error::GuardEnded)?;
            match serde_json::from_str(&line) {
                Ok(Event::Progress { text }) => told(&text),
                Ok(Event::Listening { port, pid }) => break (port, pid),
                Ok(Event::Failed { text }) => return Err(Error::Failed(text)),
                Err(_) => return Err(Error::GuardEnded),
            }
        };
        replica_set::ensure_writable(port).await.map_err(Error::NotWritable)?;
        let uri = format!("mongodb://127.0.0.1:{port}/?replicaSet={}", replica_set::NAME);
        Ok(Self { uri, pid, guard, lifeline, _events: events })
    }

    /// How to connect to it.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Ends it and waits until it is gone.
    pub async fn stop(self) {
        let Self { mut guard, lifeline, .. } = self;
        drop(lifeline);
        // A guard that hangs is not ours to wait for; it goes on by itself.
        tokio::time::timeout(STOP_MAX, guard.wait()).await.ok();
    }
}
