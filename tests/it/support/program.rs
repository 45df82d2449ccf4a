//! The service as a program of its own: started with just the settings that a test gives, ended with the test.

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::process::{Child, Command};

use super::{PATIENCE, client, eventually, mongo};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pesan");

/// What a program did.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A command with a clean environment: the system's own variables, and those given.
pub fn command(arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear();
    for name in ["PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "PESAN_CACHE_DIR", "PESAN_MONGOD"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs(settings.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs it to its end.
pub async fn run(arguments: &[&str], settings: &[(&str, &str)]) -> Outcome {
    run_command(command(arguments, settings)).await
}

/// Runs a prepared command to its end.
pub async fn run_command(mut command: Command) -> Outcome {
    let output =
        tokio::time::timeout(PATIENCE * 2, command.output()).await.expect("it ends in time").unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A program that runs on.
pub struct Program {
    child: Child,
}

impl Program {
    /// Starts it, with its output in files in `folder`.
    pub fn start(mut command: Command, folder: &Path) -> Self {
        let file = |name| std::fs::File::create(folder.join(name)).unwrap();
        command.stdout(file("stdout")).stderr(file("stderr"));
        Self { child: command.spawn().unwrap() }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it still runs")
    }

    /// Sends it a signal by name, like TERM.
    pub async fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().await.unwrap().success());
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends in time").unwrap()
    }
}

/// A service on a database of its own that is set up, started and ready.
pub struct Service {
    pub program: Program,
    pub url: String,
    pub database: String,
    /// Holds its output.
    folder: tempfile::TempDir,
}

impl Service {
    /// Starts one on the shared MongoDB.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let (database, address) = (mongo::database_name(), free_address());
        let folder = tempfile::tempdir().unwrap();
        let usual = [("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", &database), ("PESAN_BIND", &address)];
        let settings = [&usual, settings].concat();
        assert_eq!(run(&["db", "setup"], &settings).await.code, Some(0));
        let program = Program::start(command(&["serve"], &settings), folder.path());
        let url = format!("http://{address}");
        let client = client();
        eventually("the service is ready", || async {
            let answer = client.get(format!("{url}/health/ready")).send().await.ok()?;
            (answer.status() == 200).then_some(())
        })
        .await;
        Self { program, url, database, folder }
    }

    /// All that it has written so far.
    pub fn log(&self) -> String {
        let text = |name| std::fs::read_to_string(self.folder.path().join(name)).unwrap();
        text("stdout") + &text("stderr")
    }

    /// Asks it to stop, waits for its good end, and removes its database.
    pub async fn stop(mut self) {
        self.program.signal("TERM").await;
        assert!(self.program.wait().await.success());
        mongo::raw(&self.database).await.drop().await.unwrap();
    }
}

/// An address on this machine where nothing listens yet.
pub fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The processes whose command line has `text` in it, as (pid, command line).
pub fn processes_with(text: &str) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(line) = std::fs::read(entry.path().join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(text) && pid != std::process::id() {
            found.push((pid, line));
        }
    }
    found
}

/// Waits for a JSON file and reads it.
pub async fn json_file(path: &Path) -> serde_json::Value {
    let text =
        eventually(&format!("{} is there", path.display()), || async { std::fs::read_to_string(path).ok() })
            .await;
    serde_json::from_str(&text).unwrap()
}
