//! The service itself: the real program, in a process of its own, with a fresh database.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mongodb::{Client, Database};

use crate::http::{Connection, get};
use crate::stored::{Expected, Stored};
use crate::stream::{ACCOUNT_ID, APP_SECRET, PHONE_NUMBER_ID, Signer, Spec};

const READY_MAX: Duration = Duration::from_secs(30);

/// A service that runs.
#[derive(Debug)]
pub struct Service {
    process: Child,
    pub address: SocketAddr,
    pub stored: Stored,
    database: Database,
}

pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Makes a database as the service has it: its collections with their indexes.
pub fn set_up(program: &Path, uri: &str, name: &str) {
    let mut command = Command::new(program);
    command.args(["db", "setup"]).stdout(Stdio::null()).stderr(Stdio::null()).env_clear();
    let done = command.env("MONGODB_URI", uri).env("PESAN_DATABASE", name).status().unwrap();
    assert!(done.success(), "pesan db setup");
}

impl Service {
    /// Starts one whose conversations and sent messages are there already.
    pub async fn start(program: &Path, uri: &str, client: &Client, name: &str, spec: &Spec) -> Self {
        let address = free_address();
        set_up(program, uri, name);
        let mut command = Command::new(program);
        command.arg("serve").stdout(Stdio::null()).stderr(Stdio::null()).env_clear();
        command.env("MONGODB_URI", uri).env("PESAN_DATABASE", name).env("PESAN_BIND", address.to_string());
        command.env("PESAN_SHUTDOWN_DELAY_MS", "0").env("WHATSAPP_APP_SECRET", APP_SECRET);
        command.env("WHATSAPP_PHONE_NUMBER_ID", PHONE_NUMBER_ID);
        command.env("WHATSAPP_BUSINESS_ACCOUNT_ID", ACCOUNT_ID);
        let process = command.spawn().unwrap();
        let database = client.database(name);
        let stored = Stored::new(database.clone());
        let service = Self { process, address, stored, database };
        service.wait_ready().await;
        service.open_conversations(spec).await;
        service
    }

    async fn wait_ready(&self) {
        let (begin, mut connection) = (Instant::now(), Connection::new(self.address));
        while !matches!(connection.exchange(&get("/health/ready")).await, Ok((200, _))) {
            assert!(begin.elapsed() < READY_MAX, "the service becomes ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn open_conversations(&self, spec: &Spec) {
        let (signer, mut connection) = (Signer::new(), Connection::new(self.address));
        for body in spec.openings() {
            let answer = connection.exchange(&signer.request(&body)).await.unwrap();
            assert_eq!(answer.0, 200, "an opening is taken");
        }
        self.stored.put_sent_messages(spec).await;
        self.stored.wait_visible(&Expected::of(spec, &[], 0), || ()).await;
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as an operator would, and removes its database.
    pub async fn stop(mut self) {
        Command::new("kill").arg(self.pid().to_string()).status().unwrap();
        assert!(self.process.wait().unwrap().success(), "the service ends in order");
        self.database.drop().await.unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
