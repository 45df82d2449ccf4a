//! A server that answers as it likes: byte by byte what a test says, and counting who comes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What it does with a request.
pub enum Reply {
    /// Answers with this status, these header lines and this body, and goes on listening.
    Answer(&'static str, Vec<String>, Vec<u8>),
    /// Writes these bytes and closes the connection.
    Raw(Vec<u8>),
    /// Never answers.
    Silence,
}

/// The server; gone with the test.
pub struct Peer {
    pub url: String,
    connections: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Peer {
    /// Answers each request as `reply` says; it is given the request's head.
    pub async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (connections, heads) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, seen, reply) = (Arc::clone(&connections), Arc::clone(&heads), Arc::new(reply));
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                counted.fetch_add(1, Ordering::SeqCst);
                let (seen, reply) = (Arc::clone(&seen), Arc::clone(&reply));
                tokio::spawn(async move { serve(stream, &seen, reply.as_ref()).await });
            }
        });
        Self { url, connections, heads, task }
    }

    /// A server that answers every request with this body.
    pub async fn answering(status: &'static str, headers: &[&str], body: impl Into<Vec<u8>>) -> Self {
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        let body = body.into();
        Self::start(move |_| Reply::Answer(status, headers.clone(), body.clone())).await
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The heads of the requests that came.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<String>>,
    reply: &(dyn Fn(&str) -> Reply + Send + Sync),
) {
    while let Some(head) = read_request(&mut stream).await {
        seen.lock().unwrap().push(head.clone());
        match reply(&head) {
            Reply::Answer(status, headers, body) => {
                let mut bytes = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
                for header in headers {
                    bytes.push_str(&format!("{header}\r\n"));
                }
                bytes.push_str("\r\n");
                let bytes = [bytes.into_bytes(), body].concat();
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Reply::Raw(bytes) => {
                stream.write_all(&bytes).await.ok();
                stream.shutdown().await.ok();
                return;
            }
            Reply::Silence => std::future::pending::<()>().await,
        }
    }
}

/// Reads one request to its end; gives its head.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0_usize) {
                return Some(head);
            }
        }
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}
