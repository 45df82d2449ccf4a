//! Services that die, freeze and come back: real processes on one database, each with an address that it keeps.

use std::time::Duration;

use mongodb::Database;

use super::program::{Program, command, free_address, run};
use super::webhook::{APP_SECRET, NUMBER};
use super::{PATIENCE, client, mongo, within};

/// How long a service may take to get to where it dies.
const DEATH_MAX: Duration = Duration::from_mins(2);
/// How much of its log a test tells that fails.
const LINES_TOLD: usize = 60;

/// One database, and the services on it.
pub struct Fleet {
    pub instances: Vec<Instance>,
    pub database: Database,
}

/// A service that may or may not run.
pub struct Instance {
    pub url: String,
    settings: Vec<(String, String)>,
    folder: tempfile::TempDir,
    program: Option<Program>,
}

impl Fleet {
    /// So many services on a new database of this MongoDB; none of them runs yet.
    pub async fn new(uri: &str, services: usize) -> Self {
        Self::with(uri, services, &[]).await
    }

    /// The same with more settings.
    pub async fn with(uri: &str, services: usize, more: &[(String, String)]) -> Self {
        Self::named(uri, services, &mongo::database_name(), more).await
    }

    /// The same on a database of this name.
    pub async fn new_with(uri: &str, services: usize, name: &str, more: &[(&str, &str)]) -> Self {
        let more: Vec<_> = more.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Self::named(uri, services, name, &more).await
    }

    async fn named(uri: &str, services: usize, name: &str, more: &[(String, String)]) -> Self {
        let instances: Vec<Instance> = (0..services).map(|_| Instance::new(uri, name, more)).collect();
        assert_eq!(run(&["db", "setup"], &instances[0].settings()).await.code, Some(0));
        let database = mongodb::Client::with_uri_str(uri).await.unwrap().database(name);
        Self { instances, database }
    }

    /// Where they are.
    pub fn urls(&self) -> Vec<String> {
        self.instances.iter().map(|instance| instance.url.clone()).collect()
    }

    /// Starts all and waits until they are ready.
    pub async fn start(&mut self) {
        for instance in &mut self.instances {
            instance.start(None);
        }
        for instance in &self.instances {
            instance.ready(PATIENCE).await;
        }
    }

    /// Stops all that run, which has to go well, and removes the database.
    pub async fn stop(mut self) {
        for instance in &mut self.instances {
            instance.stop().await;
        }
        self.database.drop().await.unwrap();
    }
}

impl Instance {
    fn new(uri: &str, database: &str, more: &[(String, String)]) -> Self {
        let address = free_address();
        let settings = [
            ("MONGODB_URI", uri),
            ("PESAN_DATABASE", database),
            ("PESAN_BIND", &address),
            ("PESAN_HTTP_WORKERS", "1"),
            ("PESAN_SHUTDOWN_DELAY_MS", "0"),
            ("WHATSAPP_APP_SECRET", APP_SECRET),
        ];
        let settings = settings.iter().chain(&NUMBER);
        let settings = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let is_other = |(name, _): &(String, String)| !more.iter().any(|(other, _)| other == name);
        let settings = settings.filter(is_other).chain(more.iter().cloned()).collect();
        let folder = tempfile::tempdir().unwrap();
        Self { url: format!("http://{address}"), settings, folder, program: None }
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.program.as_ref().expect("it runs").pid()
    }

    /// Starts it, to die at a point or to live.
    pub fn start(&mut self, dies_at: Option<(&str, u64)>) {
        let dies_at = dies_at.map(|(point, nth)| format!("{point}:{nth}"));
        let mut settings = self.settings();
        settings.extend(dies_at.as_deref().map(|at| ("PESAN_DEV_CRASH_AT", at)));
        self.program = Some(Program::start(command(&["serve"], &settings), self.folder.path()));
    }

    /// Waits until it is ready.
    pub async fn ready(&self, patience: Duration) {
        let (client, url) = (client(), format!("{}/health/ready", self.url));
        within(patience, "the service is ready", || async {
            let answer = client.get(&url).send().await.ok()?;
            (answer.status() == 200).then_some(())
        })
        .await;
    }

    /// Waits until it is not ready, and gives the reasons.
    pub async fn not_ready(&self, patience: Duration) -> serde_json::Value {
        let (client, url) = (client(), format!("{}/health/ready", self.url));
        within(patience, "the service is not ready", || async {
            let answer = client.get(&url).send().await.ok()?;
            if answer.status() == 503 { answer.json().await.ok() } else { None }
        })
        .await
    }

    /// Waits for the death that it was started with.
    pub async fn death(&mut self) {
        let died = tokio::time::timeout(DEATH_MAX, self.program.as_mut().expect("it runs").wait()).await;
        let status = died.unwrap_or_else(|_| panic!("it lives on:\n{}", self.log()));
        assert_eq!(status.code(), None, "it died, it did not end:\n{}", self.log());
        self.program = None;
    }

    /// Sends it a signal by name.
    pub async fn signal(&self, name: &str) {
        self.program.as_ref().expect("it runs").signal(name).await;
    }

    /// Stops it if it runs; it has to end well.
    pub async fn stop(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.signal("TERM").await;
            assert!(program.wait().await.success(), "{}", self.log());
        }
    }

    /// Its log, if a test has failed while it was running.
    fn tell_of_trouble(&self) {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.get(lines.len().saturating_sub(LINES_TOLD)..).unwrap_or_default();
        println!("{} has logged last:\n{}", self.url, last.join("\n"));
    }

    /// What it has logged since its last start.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if std::thread::panicking() && self.program.is_some() {
            self.tell_of_trouble();
        }
    }
}
