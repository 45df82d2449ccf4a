//! One run: a stream of webhooks to one pipeline, and what it cost until all of it was visible.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mongodb::Client;
use mongodb::options::{ClientOptions, ReadConcern};
use pesan::dev::mongod::PrivateMongod;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::histogram::Histogram;
use crate::load::{Load, Order, Report};
use crate::ours::Service;
use crate::plain::{POOL_MAX, Plain};
use crate::probe::{Lag, Prober};
use crate::proc::{self, Cpu, CpuUsed};
use crate::stored::Expected;
use crate::stream::{Item, Spec};

/// The database server and all that runs share.
pub struct Bench {
    pub runtime: Runtime,
    pub mongod: PrivateMongod,
    /// Reads from a majority.
    pub client: Client,
    pub program: PathBuf,
    pub is_quick: bool,
    runs: u64,
}

/// How a stream is sent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub connections: usize,
    pub rate: Option<f64>,
    pub seconds_max: f64,
    pub slice_s: f64,
}

impl Pace {
    /// As fast as answers come.
    pub fn closed(connections: usize, seconds_max: f64) -> Self {
        Self { connections, rate: None, seconds_max, slice_s: 1e9 }
    }

    /// At a rate, whatever happens.
    pub fn open(connections: usize, rate: f64, slice_s: f64) -> Self {
        Self { connections, rate: Some(rate), seconds_max: 1e9, slice_s }
    }

    fn order(&self, address: SocketAddr, spec: Spec) -> Order {
        let Self { connections, rate, seconds_max, slice_s } = *self;
        Order { address, spec, connections, rate, seconds_max, slice_s }
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Run {
    pub webhooks: usize,
    pub acknowledged_s: f64,
    pub visible_s: f64,
    pub refused: u64,
    pub slices: Vec<Histogram>,
    /// Until all was visible.
    pub cpu: CpuUsed,
    pub load_cpu_s: f64,
    pub seconds: f64,
    /// Resident memory of the service: before, at its highest until then, and at its highest from then on.
    pub memory: Memory,
    /// From the last answer until all was visible.
    pub tail_s: f64,
    /// What the probes saw, if there were any.
    pub lag: Lag,
    /// Resident memory at the end of each slice, if probes ran.
    pub slice_mb: Vec<f64>,
}

/// Resident memory in MB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// While the conversations came into being.
    pub opening_peak: f64,
    pub before: f64,
    pub peak: f64,
}

impl Memory {
    fn before(pid: u32) -> Self {
        let (before, opening_peak) = proc::memory_mb(pid);
        proc::forget_peak(pid);
        Self { opening_peak, before, peak: before }
    }

    fn after(self, pid: u32) -> Self {
        Self { peak: proc::memory_mb(pid).1, ..self }
    }
}

impl Run {
    pub fn service_us(&self) -> f64 {
        self.cpu.service_s * 1e6 / self.webhooks as f64
    }

    pub fn mongod_us(&self) -> f64 {
        self.cpu.mongod_s * 1e6 / self.webhooks as f64
    }

    pub fn load_us(&self) -> f64 {
        self.load_cpu_s * 1e6 / self.webhooks as f64
    }

    /// Cores that other programs used meanwhile.
    pub fn other_cores(&self) -> f64 {
        self.cpu.other_s / self.seconds
    }

    pub fn answers(&self) -> Histogram {
        let mut all = Histogram::default();
        self.slices.iter().for_each(|slice| all.add(slice));
        all
    }

    pub const HEAD: &str = "            ack/s visible/s  tail ms   p50 ms   p99 ms p99.9 ms  service   mongod     load \
                            other cores  MB: opening before    peak";

    pub fn row(&self, name: &str) -> String {
        let answers = self.answers();
        let (acknowledged, visible, tail_ms) = (self.acknowledged_s, self.visible_s, self.tail_s * 1e3);
        let (p50, p99, p999) = (answers.ms(0.5), answers.ms(0.99), answers.ms(0.999));
        let (service, mongod, load) = (self.service_us(), self.mongod_us(), self.load_us());
        let (other, Memory { opening_peak, before, peak }) = (self.other_cores(), self.memory);
        format!(
            "{name:<8} {acknowledged:>8.0} {visible:>9.0} {tail_ms:>8.0} {p50:>8.1} {p99:>8.1} {p999:>8.1} \
             {service:>5.0} us {mongod:>5.0} us {load:>5.0} us {other:>11.2} {opening_peak:>12.1} {before:>6.1} {peak:>7.1}"
        )
    }
}

impl Bench {
    pub fn new(runtime: Runtime, mongod: PrivateMongod, program: PathBuf, is_quick: bool) -> Self {
        let client = runtime.block_on(async {
            let mut options = ClientOptions::parse(mongod.uri()).await.unwrap();
            options.max_pool_size = Some(POOL_MAX);
            options.read_concern = Some(ReadConcern::majority());
            Client::with_options(options).unwrap()
        });
        Self { runtime, mongod, client, program, is_quick, runs: 0 }
    }

    /// Ends the database server.
    pub fn stop(self) {
        self.runtime.block_on(async {
            self.client.shutdown().immediate(true).await;
            self.mongod.stop().await;
        });
    }

    /// A name for a database, and a stream that is unlike all others.
    pub fn next(&mut self, webhooks: usize, conversations: usize) -> (String, Spec) {
        self.runs += 1;
        let at_s = pesan::clock::Clock::system().now_ms() / 1_000;
        (format!("bench{}", self.runs), Spec { seed: self.runs, webhooks, conversations, at_s })
    }

    /// Starts the service for a stream.
    pub fn start(&self, name: &str, spec: &Spec) -> Service {
        self.runtime.block_on(Service::start(&self.program, self.mongod.uri(), &self.client, name, spec))
    }

    /// Sends a stream to the service, with `probers` probes at a time beside it.
    pub fn run_ours(&mut self, webhooks: usize, conversations: usize, pace: Pace, probers: usize) -> Run {
        let (name, spec) = self.next(webhooks, conversations);
        let service = self.start(&name, &spec);
        let mut load = Load::prepare(&pace.order(service.address, spec));
        let memory = Memory::before(service.pid());
        let cpu = Cpu::now(service.pid(), self.mongod.pid(), load.pid());
        let begin = Instant::now();
        let watch = Watch::begin(self, &service, spec, pace, probers);
        load.begin();
        let report = load.report();
        let (lag, slice_mb, probes) = watch.end(self);
        let acknowledged = all_acknowledged(&report, &spec, pace);
        let clocks = || (Instant::now(), Cpu::now(service.pid(), self.mongod.pid(), load.pid()));
        let expected = Expected::of(&spec, &acknowledged, probes);
        let (visible, then) = self.runtime.block_on(service.stored.wait_visible(&expected, clocks));
        let memory = memory.after(service.pid());
        self.runtime.block_on(service.stop());
        let seconds = (visible - begin).as_secs_f64();
        let tail_s = seconds - report.seconds;
        let run = run_of(report, acknowledged.len(), then.since(&cpu), seconds, memory);
        Run { tail_s, lag, slice_mb, ..run }
    }

    /// Sends a stream to the plain pipeline.
    pub fn run_plain(&mut self, webhooks: usize, conversations: usize, pace: Pace) -> Run {
        let (name, spec) = self.next(webhooks, conversations);
        let plain =
            self.runtime.block_on(Plain::start(&self.program, self.mongod.uri(), &self.client, &name, &spec));
        let mut load = Load::prepare(&pace.order(plain.address, spec));
        let memory = Memory::before(plain.pid());
        let cpu = Cpu::now(plain.pid(), self.mongod.pid(), load.pid());
        load.begin();
        let report = load.report();
        let used = Cpu::now(plain.pid(), self.mongod.pid(), load.pid()).since(&cpu);
        let acknowledged = all_acknowledged(&report, &spec, pace);
        let memory = memory.after(plain.pid());
        self.runtime.block_on(async {
            plain.check(&spec, &acknowledged).await;
            plain.stop().await;
        });
        let seconds = report.seconds;
        run_of(report, acknowledged.len(), used, seconds, memory)
    }
}

/// In the end every webhook that was begun is acknowledged: a refused one is sent again.
fn all_acknowledged(report: &Report, spec: &Spec, pace: Pace) -> Vec<Item> {
    let acknowledged = report.acknowledged(spec);
    let is_cut = report.seconds >= pace.seconds_max;
    assert!(is_cut || acknowledged.len() == spec.webhooks, "some webhooks were never acknowledged");
    assert_eq!(acknowledged.len() as u64, report.answers().count(), "each is acknowledged once");
    acknowledged
}

fn run_of(report: Report, webhooks: usize, cpu: CpuUsed, seconds: f64, memory: Memory) -> Run {
    Run {
        webhooks,
        acknowledged_s: webhooks as f64 / report.seconds,
        visible_s: webhooks as f64 / seconds,
        refused: report.refused,
        slices: report.slices,
        cpu,
        load_cpu_s: report.cpu_s,
        seconds,
        memory,
        tail_s: 0.0,
        lag: Lag::default(),
        slice_mb: Vec::new(),
    }
}

const PROBE_EVERY: Duration = Duration::from_millis(10);

/// What goes on beside a load: probes, and a look at the memory at the end of each slice.
struct Watch {
    stop: CancellationToken,
    prober: Prober,
    probing: Vec<tokio::task::JoinHandle<Lag>>,
    memory: Option<tokio::task::JoinHandle<Vec<f64>>>,
}

impl Watch {
    fn begin(bench: &Bench, service: &Service, spec: Spec, pace: Pace, probers: usize) -> Self {
        let stop = CancellationToken::new();
        let prober = Prober::new(service.stored.clone(), service.address, spec);
        let slice = Duration::from_secs_f64(pace.slice_s);
        let probe = |_| {
            let probing = prober.clone().keep_probing(PROBE_EVERY, slice, stop.clone());
            bench.runtime.spawn(probing)
        };
        let probing: Vec<_> = (0..probers).map(probe).collect();
        let (pid, stopped) = (service.pid(), stop.clone());
        let memory = (probers > 0).then(|| {
            bench.runtime.spawn(async move {
                let mut mb = Vec::new();
                // Both arms are cancel-safe.
                while tokio::select! { () = tokio::time::sleep(slice) => true, () = stopped.cancelled() => false } {
                    mb.push(proc::memory_mb(pid).0);
                }
                mb
            })
        });
        Self { stop, prober, probing, memory }
    }

    /// The lag, the memory, and how many probes were sent.
    fn end(self, bench: &Bench) -> (Lag, Vec<f64>, usize) {
        self.stop.cancel();
        bench.runtime.block_on(async {
            let mut lag = Lag::default();
            for probing in self.probing {
                lag.add(&probing.await.unwrap());
            }
            let slice_mb = match self.memory {
                Some(memory) => memory.await.unwrap(),
                None => Vec::new(),
            };
            (lag, slice_mb, self.prober.sent())
        })
    }
}
