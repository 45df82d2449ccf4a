//! The service in this process: on a free port, in a database of its own, on a runtime and a thread of its own.
//!
//! When a test ends, its service is stopped and has to stop cleanly: a task that had to be cut is a job left
//! behind, and fails the test.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use pesan::app::{App, Ended, StopRequest, Surroundings};
use pesan::clock::{Clock, ManualClock, Timestamp};
use pesan::config::{Config, Source};
use pesan::ids::Random;
use pesan::runtime::Worker;
use pesan::storage::Storage;

use super::{PATIENCE, client, mongo, webhook};

/// The time at which every test begins.
pub const START: &str = "2026-11-21T08:00:00Z";

/// A running service.
pub struct TestApp {
    pub url: String,
    pub database: String,
    pub storage: Storage,
    pub clock: ManualClock,
    pub client: reqwest::Client,
    workers: Vec<Arc<dyn Worker>>,
    stop: StopRequest,
    ended: Receiver<Ended>,
}

impl TestApp {
    /// A service with the usual settings; its workers do not run by themselves.
    pub fn start() -> Self {
        Self::start_with(&[], false)
    }

    /// A service with settings of its own.
    pub fn start_with(settings: &[(&str, &str)], workers_run: bool) -> Self {
        let database = mongo::database_name();
        let mut values = vec![
            ("MONGODB_URI", mongo::uri()),
            ("PESAN_DATABASE", &database),
            ("PESAN_BIND", "127.0.0.1:0"),
            ("PESAN_HTTP_WORKERS", "1"),
            ("PESAN_SHUTDOWN_DELAY_MS", "0"),
            ("PESAN_SHUTDOWN_GRACE_MS", "10000"),
            ("WHATSAPP_APP_SECRET", webhook::APP_SECRET),
            ("WHATSAPP_VERIFY_TOKEN", webhook::VERIFY_TOKEN),
        ];
        values.retain(|(name, _)| !settings.iter().any(|(other, _)| other == name));
        values.extend(settings);
        let source = Source::of(values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        let config = Config::read(&source).unwrap();
        let clock = ManualClock::at(START.parse::<Timestamp>().unwrap());
        let surroundings = Surroundings { clock: clock.clock(), random: Random::system(), workers_run };

        let stop = StopRequest::default();
        let (tell_started, started) = sync_channel(1);
        let (tell_ended, ended) = sync_channel(1);
        let stopped = stop.clone();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async {
                let storage = Storage::connect(&config.mongo).await.unwrap();
                storage.migrate(&Clock::system(), &mut |_| {}).await.unwrap();
                let app = App::build(config, surroundings).await.unwrap();
                let workers = app.workers().to_vec();
                tell_started.send((app.url(), app.storage().clone(), workers)).unwrap();
                let ended = app.run_until_stopped(stopped).await;
                storage.drop_database().await.unwrap();
                tell_ended.send(ended).ok();
            });
        });
        let (url, storage, workers) = started
            .recv_timeout(PATIENCE * 4)
            .expect("the service starts; the panic above says why it did not");
        Self { url, database, storage, clock, client: client(), workers, stop, ended }
    }

    /// A GET below the service's address.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// The value of one line of `/metrics`; zero if it is not there yet.
    pub async fn metric(&self, line: &str) -> f64 {
        let text = self.get("/metrics").await.text().await.unwrap();
        let value = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Makes a worker do one round.
    pub async fn run_worker(&self, name: &str) -> Result<(), String> {
        let worker =
            self.workers.iter().find(|worker| worker.name() == name).expect("there is such a worker");
        worker.run_once().await.map_err(|error| error.to_string())
    }

    /// Asks the service to stop, without waiting.
    pub fn ask_to_stop(&self) {
        self.stop.stop();
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.stop();
        let ended = self.ended.recv_timeout(PATIENCE);
        if !std::thread::panicking() {
            assert_eq!(ended, Ok(Ended::Stopped), "the service stops cleanly and leaves no job behind");
        }
    }
}
