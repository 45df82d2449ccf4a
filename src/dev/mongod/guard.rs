//! The guard's side: runs the server for as long as the pipe on standard input is open.
//!
//! Invariant: whatever happens to the process that started the guard, the server is gone within five seconds,
//! and with it every temporary folder, also one of a download that was not finished.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::lifeline::{Cut, Failure, Lifeline, Stopped, tell};
use super::{Event, Orders, program, replica_set};
use crate::clock::Stopwatch;

/// How long the server may take to take connections: it may have a journal to recover.
const LISTENING_MAX: Duration = Duration::from_mins(1);
/// How long the server may take to end by itself before it is killed.
const STOP_MAX: Duration = Duration::from_secs(3);
/// How long another guard may take to let go of the data.
const LOCK_MAX: Duration = Duration::from_secs(10);
const POLL_EVERY: Duration = Duration::from_millis(25);
/// A free port can be taken by somebody else before the server has it.
const PORT_TRIES: u32 = 5;
const LOG_LINES_SHOWN: usize = 5;

/// Runs until the pipe closes. Says on standard output how it goes.
pub async fn run(orders: Orders) -> bool {
    let mut lifeline = match Lifeline::new() {
        Ok(lifeline) => lifeline,
        Err(error) => {
            tell(&Event::Failed { text: format!("the guard has no pipe on its standard input: {error}") });
            return false;
        }
    };
    match guarded(&orders, &mut lifeline).await {
        Ok(()) | Err(Stopped::Cut(_)) => true,
        Err(Stopped::Failed(Failure(text))) => {
            tell(&Event::Failed { text });
            false
        }
    }
}

async fn guarded(orders: &Orders, lifeline: &mut Lifeline) -> Result<(), Stopped> {
    let program = program::find_or_install(orders, lifeline).await?;
    let folder = Folder::prepare(orders.data.as_deref(), lifeline).await?;
    let mut server = start(&program, &folder, orders.memory_mb, lifeline).await?;
    // Both arms are cancel-safe: a wait for a child can be taken up again, and the pipe stays at its end.
    let ended = tokio::select! {
        ended = server.wait() => Some(ended),
        _ = lifeline.cut() => None,
    };
    match ended {
        None => {
            end(server, folder.is_temporary()).await;
            Err(Stopped::Cut(Cut))
        }
        Some(status) => Err(died(status.ok(), &folder).into()),
    }
}

async fn start(
    program: &Path,
    folder: &Folder,
    memory_mb: u32,
    lifeline: &mut Lifeline,
) -> Result<Child, Stopped> {
    for _ in 0..PORT_TRIES {
        let port = folder.port()?;
        let mut server = spawn(program, folder, port, memory_mb)?;
        let watch = Stopwatch::start();
        loop {
            if let Ok(Some(status)) = server.try_wait() {
                if folder.log_says("Address already in use") {
                    break;
                }
                return Err(died(Some(status), folder).into());
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                folder.remember_port(port);
                tell(&Event::Listening { port, pid: server.id().unwrap_or(0) });
                return Ok(server);
            }
            if watch.elapsed() > LISTENING_MAX {
                end(server, true).await;
                return Err(Failure(format!(
                    "mongod did not take connections; its log is {}",
                    folder.log().display()
                ))
                .into());
            }
            if lifeline.cut_within(POLL_EVERY).await {
                end(server, folder.is_temporary()).await;
                return Err(Stopped::Cut(Cut));
            }
        }
    }
    Err(Failure("no free port could be had for mongod".to_owned()).into())
}

/// Files that nothing has asked for in five seconds are closed.
const FILE_MANAGER: &str = "file_manager=(close_handle_minimum=100,close_idle_time=5,close_scan_interval=2)";

fn spawn(program: &Path, folder: &Folder, port: u16, memory_mb: u32) -> Result<Child, Failure> {
    let mut command = Command::new(program);
    command
        .arg("--dbpath")
        .arg(folder.path())
        .arg("--logpath")
        .arg(folder.log())
        .args(["--port", &port.to_string(), "--bind_ip", "127.0.0.1", "--nounixsocket"])
        .args(["--replSet", replica_set::NAME, "--oplogSize", "256"])
        .args(["--wiredTigerCacheSizeGB", &(f64::from(memory_mb) / 1_024.0).to_string()])
        // A database has some two hundred files. Those of databases that are gone or at rest must not stay open: hundreds of
        // tests would use up what a process may have open, and the server ends then.
        .args(["--wiredTigerEngineConfigString", FILE_MANAGER])
        .args(["--setParameter", "minSnapshotHistoryWindowInSeconds=0"])
        .args(["--setParameter", "diagnosticDataCollectionEnabled=false"])
        // A single member has nobody to hand over to, so there is nothing to wait for.
        .args(["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0"]);
    if folder.is_temporary() {
        // For tests: lets a test make single commands fail.
        command.args(["--setParameter", "enableTestCommands=1"]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command.spawn().map_err(|error| Failure(format!("{} cannot be run: {error}", program.display())))
}

/// Ends the server and waits until it is gone.
async fn end(mut server: Child, at_once: bool) {
    let pid = server.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let (false, Some(pid)) = (at_once, pid)
        && kill_process(pid, Signal::TERM).is_ok()
        && tokio::time::timeout(STOP_MAX, server.wait()).await.is_ok()
    {
        return;
    }
    server.kill().await.ok();
}

fn died(status: Option<ExitStatus>, folder: &Folder) -> Failure {
    let how = status.map_or_else(|| "for an unknown reason".to_owned(), |status| format!("({status})"));
    let log = std::fs::read_to_string(folder.log()).unwrap_or_default();
    let mut last: Vec<&str> = log.lines().rev().take(LOG_LINES_SHOWN).collect();
    last.reverse();
    Failure(format!("mongod ended by itself {how}. Its last lines:\n  {}", last.join("\n  ")))
}

/// The folder with the data, locked against a second server.
struct Folder {
    place: Place,
    /// Held for as long as the folder is ours.
    _lock: Option<std::fs::File>,
}

enum Place {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Folder {
    async fn prepare(kept: Option<&Path>, lifeline: &mut Lifeline) -> Result<Self, Stopped> {
        let Some(kept) = kept else {
            let folder = tempfile::Builder::new()
                .prefix("pesan-mongod-")
                .tempdir()
                .map_err(|error| Failure(format!("no temporary folder can be made: {error}")))?;
            return Ok(Self { place: Place::Temporary(folder), _lock: None });
        };
        let failed = |error: std::io::Error| Failure(format!("{} cannot be used: {error}", kept.display()));
        std::fs::create_dir_all(kept).map_err(failed)?;
        let lock = std::fs::File::create(kept.join("guard.lock")).map_err(failed)?;
        let watch = Stopwatch::start();
        while lock.try_lock().is_err() {
            if watch.elapsed() > LOCK_MAX {
                return Err(Failure(format!(
                    "the data in {} is used by another `pesan dev`; stop that one first, or start this one in another folder",
                    kept.display()
                ))
                .into());
            }
            if lifeline.cut_within(POLL_EVERY).await {
                return Err(Stopped::Cut(Cut));
            }
        }
        Ok(Self { place: Place::Kept(kept.to_owned()), _lock: Some(lock) })
    }

    fn path(&self) -> &Path {
        match &self.place {
            Place::Kept(path) => path,
            Place::Temporary(folder) => folder.path(),
        }
    }

    fn is_temporary(&self) -> bool {
        matches!(self.place, Place::Temporary(_))
    }

    fn log(&self) -> PathBuf {
        self.path().join("mongod.log")
    }

    fn log_says(&self, text: &str) -> bool {
        std::fs::read_to_string(self.log()).is_ok_and(|log| log.contains(text))
    }

    /// The port of last time if it is free, so that the replica set's configuration still fits; else any.
    fn port(&self) -> Result<u16, Failure> {
        let last =
            std::fs::read_to_string(self.path().join("port")).ok().and_then(|text| text.trim().parse().ok());
        let free = |port: u16| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr())
        };
        last.and_then(|port| free(port).ok())
            .map_or_else(|| free(0), Ok)
            .map(|address| address.port())
            .map_err(|error| Failure(format!("no free port can be had: {error}")))
    }

    fn remember_port(&self, port: u16) {
        // Only a convenience: without it the next start tells the replica set its new port.
        std::fs::write(self.path().join("port"), port.to_string()).ok();
    }
}
