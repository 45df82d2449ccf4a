//! A way between two programs on which what is said can be held back, in either direction.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const CHUNK_BYTES: usize = 16 * 1024;

/// The way; gone with the test.
pub struct Gate {
    pub url: String,
    behind: Arc<Mutex<String>>,
    requests_pass: watch::Sender<bool>,
    answers_pass: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Gate {
    /// Everything passes, once it leads somewhere.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let behind = Arc::new(Mutex::new(String::new()));
        let (requests_pass, answers_pass) = (watch::Sender::new(true), watch::Sender::new(true));
        let (to, there, back) = (Arc::clone(&behind), requests_pass.subscribe(), answers_pass.subscribe());
        let task = tokio::spawn(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else { return };
                tokio::spawn(connect(near, Arc::clone(&to), there.clone(), back.clone()));
            }
        });
        Self { url, behind, requests_pass, answers_pass, task }
    }

    /// Where it leads to.
    pub fn lead_to(&self, url: &str) {
        url.trim_start_matches("http://").clone_into(&mut self.behind.lock().unwrap());
    }

    /// What is asked does not arrive for now.
    pub fn hold_requests(&self) {
        self.requests_pass.send_replace(false);
    }

    /// What is asked arrives, and nobody hears the answer for now.
    pub fn hold_answers(&self) {
        self.answers_pass.send_replace(false);
    }

    /// What was held back arrives, if anybody still waits for it.
    pub fn let_go(&self) {
        self.requests_pass.send_replace(true);
        self.answers_pass.send_replace(true);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connect(
    near: TcpStream,
    behind: Arc<Mutex<String>>,
    mut there: watch::Receiver<bool>,
    back: watch::Receiver<bool>,
) {
    // Whoever is held back finds what is there when it is let go, and not what was there when it came.
    let passes = there.wait_for(|passes| *passes).await.is_ok();
    if !passes {
        return;
    }
    let address = behind.lock().unwrap().clone();
    let Ok(far) = TcpStream::connect(address).await else { return };
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    tokio::join!(pass(near_read, far_write, there), pass(far_read, near_write, back));
}

/// Passes one direction on, piece by piece.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut may_pass: watch::Receiver<bool>) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Some(read) = from.read(&mut chunk).await.ok().filter(|read| *read > 0) {
        let passes = may_pass.wait_for(|passes| *passes).await.is_ok();
        if !passes || to.write_all(&chunk[..read]).await.is_err() {
            break;
        }
    }
    to.shutdown().await.ok();
}
