//! The load generator: this program once more, in a process of its own, so that what it costs is not counted with
//! what it measures.
//!
//! It is told what to send in a line of JSON, says that it is ready when all bodies are made and signed, begins
//! when it is told, and ends with a line of what it saw. A refused webhook is sent again, as Meta would; what was
//! answered 200 in the end is listed.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::histogram::Histogram;
use crate::http::Connection;
use crate::proc;
use crate::stream::{Item, Signer, Spec};

pub const ARGUMENT: &str = "--load";
/// More than these are made while they are sent: they would not fit in memory.
const MADE_BEFORE_MAX: usize = 400_000;
const TRIES_MAX: usize = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// What is to be sent, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub address: SocketAddr,
    pub spec: Spec,
    pub connections: usize,
    /// Webhooks a second, each sent at its time whatever became of those before; none: as fast as they are
    /// answered.
    pub rate: Option<f64>,
    /// No webhook is begun later than this.
    pub seconds_max: f64,
    /// A histogram for each stretch of so many seconds.
    pub slice_s: f64,
}

/// What was seen.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// Answers that were not 200, and connections that broke.
    pub refused: u64,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// The time to the 200, refusals included; in an open loop from the time when it was to be sent.
    pub slices: Vec<Histogram>,
    pub cpu_s: f64,
    /// A bit for each webhook of the stream: whether it was answered 200.
    acknowledged: String,
}

impl Report {
    /// All answers.
    pub fn answers(&self) -> Histogram {
        let mut all = Histogram::default();
        self.slices.iter().for_each(|slice| all.add(slice));
        all
    }

    /// What was answered 200.
    pub fn acknowledged(&self, spec: &Spec) -> Vec<Item> {
        let bits = HEXLOWER.decode(self.acknowledged.as_bytes()).unwrap();
        let is_set = |index: usize| bits[index / 8] & (1 << (index % 8)) != 0;
        spec.items()
            .into_iter()
            .enumerate()
            .filter(|(index, _)| is_set(*index))
            .map(|(_, item)| item)
            .collect()
    }
}

/// A load generator that is ready, or running.
#[derive(Debug)]
pub struct Load {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Load {
    /// Starts one and waits until it could begin.
    pub fn prepare(order: &Order) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut child = command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut load = Self { child, orders, answers };
        load.tell(&serde_json::to_string(order).unwrap());
        assert_eq!(load.hear(), "ready");
        load
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Begins.
    pub fn begin(&mut self) {
        self.tell("go");
    }

    /// Waits until all is answered. Blocks.
    pub fn report(&mut self) -> Report {
        serde_json::from_str(&self.hear()).unwrap()
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.orders, "{line}").unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The other side: the process that sends.
pub fn run() {
    let mut lines = std::io::stdin().lines();
    let order: Order = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let signer = Signer::new();
    let items = order.spec.items();
    let made = if items.len() > MADE_BEFORE_MAX {
        Vec::new()
    } else {
        items.iter().map(|item| signer.request(&order.spec.body(*item))).collect()
    };
    // One thread sends more than two cores can take, and a second one would only take from them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // One after the other: how a burst of new connections is taken is another question.
    let connections = runtime.block_on(async {
        let mut connections: Vec<_> =
            (0..order.connections).map(|_| Connection::new(order.address)).collect();
        for connection in &mut connections {
            connection.connect().await.unwrap();
        }
        connections
    });
    println!("ready");
    let Some(Ok(_)) = lines.next() else { return };
    let used = proc::cpu_s(std::process::id());
    let sending = Arc::new(Sending::new(order, signer, items, made));
    let mut report = runtime.block_on(send_all(sending, connections));
    report.cpu_s = proc::cpu_s(std::process::id()) - used;
    println!("{}", serde_json::to_string(&report).unwrap());
    // Until the one who asked has read the clocks.
    lines.next();
}

struct Sending {
    order: Order,
    signer: Signer,
    items: Vec<Item>,
    made: Vec<Vec<u8>>,
    next: AtomicUsize,
    /// In an open loop: how many are due.
    due: Semaphore,
    start: Instant,
    seen: Mutex<Seen>,
}

struct Seen {
    slices: Vec<Histogram>,
    acknowledged: Vec<u8>,
    refused: u64,
}

impl Sending {
    fn new(order: Order, signer: Signer, items: Vec<Item>, made: Vec<Vec<u8>>) -> Self {
        let acknowledged = vec![0; items.len().div_ceil(8)];
        let seen = Mutex::new(Seen { slices: Vec::new(), acknowledged, refused: 0 });
        let (next, due) = (AtomicUsize::new(0), Semaphore::new(0));
        Self { order, signer, items, made, next, due, start: Instant::now(), seen }
    }

    /// Lets webhooks go at their times. The runtime's own timers are a millisecond coarse.
    fn pace(&self, rate: f64) {
        for index in 0..self.items.len() {
            let due = self.start + Duration::from_secs_f64(index as f64 / rate);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            self.due.add_permits(1);
        }
        self.due.add_permits(self.order.connections);
    }

    async fn send_on(&self, mut connection: Connection) {
        loop {
            if self.order.rate.is_some() {
                self.due.acquire().await.unwrap().forget();
            }
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let from = match self.order.rate {
                Some(rate) => self.start + Duration::from_secs_f64(index as f64 / rate),
                None => Instant::now(),
            };
            let is_late = self.start.elapsed().as_secs_f64() > self.order.seconds_max;
            let Some(item) = self.items.get(index).filter(|_| !is_late) else { return };
            match self.made.get(index) {
                Some(request) => self.send(&mut connection, request, index, from).await,
                None => {
                    let request = self.signer.request(&self.order.spec.body(*item));
                    self.send(&mut connection, &request, index, from).await;
                }
            }
        }
    }

    async fn send(&self, connection: &mut Connection, request: &[u8], index: usize, from: Instant) {
        for _ in 0..TRIES_MAX {
            let outcome = connection.exchange(request).await;
            if matches!(outcome, Ok((200, _))) {
                let mut seen = self.seen.lock().unwrap();
                let slice = ((from - self.start).as_secs_f64() / self.order.slice_s) as usize;
                if seen.slices.len() <= slice {
                    seen.slices.resize_with(slice + 1, Histogram::default);
                }
                seen.slices[slice].record(from.elapsed());
                seen.acknowledged[index / 8] |= 1 << (index % 8);
                return;
            }
            self.seen.lock().unwrap().refused += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn send_all(sending: Arc<Sending>, connections: Vec<Connection>) -> Report {
    if let Some(rate) = sending.order.rate {
        let pacing = Arc::clone(&sending);
        std::thread::spawn(move || pacing.pace(rate));
    }
    let senders: Vec<_> = connections
        .into_iter()
        .map(|connection| {
            let sending = Arc::clone(&sending);
            tokio::spawn(async move { sending.send_on(connection).await })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let seconds = sending.start.elapsed().as_secs_f64();
    let seen = sending.seen.lock().unwrap();
    Report {
        refused: seen.refused,
        seconds,
        slices: seen.slices.clone(),
        cpu_s: 0.0,
        acknowledged: HEXLOWER.encode(&seen.acknowledged),
    }
}
