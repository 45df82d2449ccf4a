//! What stands before the service on the way from the internet, and what it can do to requests.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::client;

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Passes everything on unchanged.
    Pass,
    /// Writes bodies anew: letters beyond ASCII become escapes.
    ReEncode,
    /// Takes webhooks and passes none on.
    Swallow,
    /// Closes every connection.
    Closed,
    /// Answers itself, with this status.
    Answer(&'static str),
    /// Refuses whatever has a body.
    RefuseBodies,
}

/// A proxy; gone with the test.
pub struct Door {
    pub url: String,
    behind: Arc<Mutex<String>>,
    manner: Arc<Mutex<Manner>>,
    task: JoinHandle<()>,
}

impl Door {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (behind, manner) = (Arc::new(Mutex::new(String::new())), Arc::new(Mutex::new(Manner::Pass)));
        let (to, how) = (Arc::clone(&behind), Arc::clone(&manner));
        let task = tokio::spawn(async move {
            let client = client();
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (to, how) = (to.lock().unwrap().clone(), *how.lock().unwrap());
                tokio::spawn(serve(stream, client.clone(), to, how));
            }
        });
        Self { url, behind, manner, task }
    }

    /// Where it leads to.
    pub fn lead_to(&self, url: &str) {
        url.clone_into(&mut self.behind.lock().unwrap());
    }

    pub fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, client: reqwest::Client, to: String, manner: Manner) {
    if manner == Manner::Closed {
        return;
    }
    let Some((head, body)) = read_request(&mut stream).await else { return };
    let (status, answer) = match manner {
        Manner::Answer(status) => (status.to_owned(), Vec::new()),
        Manner::RefuseBodies if !body.is_empty() => ("403 Forbidden".to_owned(), Vec::new()),
        Manner::Swallow if !body.is_empty() => ("200 OK".to_owned(), Vec::new()),
        Manner::ReEncode => forward(&client, &to, &head, re_encoded(&body)).await,
        _ => forward(&client, &to, &head, body).await,
    };
    let target = "location: https://elsewhere.example/\r\n";
    let head =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\n{target}content-length: {}\r\n\r\n", answer.len());
    stream.write_all(head.as_bytes()).await.ok();
    stream.write_all(&answer).await.ok();
    stream.shutdown().await.ok();
}

async fn forward(client: &reqwest::Client, to: &str, head: &str, body: Vec<u8>) -> (String, Vec<u8>) {
    let mut first = head.lines().next().unwrap().split(' ');
    let (method, path) = (first.next().unwrap().parse().unwrap(), first.next().unwrap());
    let mut request = client.request(method, format!("{to}{path}"));
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
        if !["host", "content-length", "connection"].contains(&name.to_ascii_lowercase().as_str()) {
            request = request.header(name, value);
        }
    }
    match request.body(body).send().await {
        Ok(answer) => {
            (format!("{} X", answer.status().as_u16()), answer.bytes().await.unwrap_or_default().to_vec())
        }
        Err(_) => ("502 Bad Gateway".to_owned(), Vec::new()),
    }
}

fn re_encoded(body: &[u8]) -> Vec<u8> {
    let (mut text, mut units) = (String::new(), [0; 2]);
    for letter in String::from_utf8_lossy(body).chars() {
        if letter.is_ascii() {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut units) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text.into_bytes()
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0_usize);
            if bytes.len() >= end + 4 + length {
                return Some((head, bytes[end + 4..].to_vec()));
            }
        }
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}
