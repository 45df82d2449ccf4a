//! How long the service takes from the start of its process to the first ready answer, and how much memory it
//! holds when nothing happens. Prints a table; judges nothing.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark may stop where it stands, and reads the real clock"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pesan::config::Source;
use pesan::config::dev::DevConfig;
use pesan::dev::mongod::{MEMORY_MB, Options, PrivateMongod};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pesan");
const STARTS: usize = 10;
const IDLE_BEFORE_READING: Duration = Duration::from_secs(3);
const READY_MAX: Duration = Duration::from_secs(30);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let config = DevConfig::from_source(&Source::environment()).unwrap();
    let options = Options { guard: PROGRAM.into(), data: None, memory_mb: MEMORY_MB, config };
    let mongod = runtime.block_on(PrivateMongod::start(&options, &mut |text| println!("{text}"))).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let program = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("MONGODB_URI", mongod.uri()).env("PESAN_BIND", &address);
        command.env("PESAN_SHUTDOWN_DELAY_MS", "0").stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    assert!(program(&["db", "setup"]).status().unwrap().success());

    let (mut ms, mut mb) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let start = Instant::now();
        let mut service = program(&["serve"]).spawn().unwrap();
        while !is_ready(&address) {
            assert!(start.elapsed() < READY_MAX, "the service becomes ready");
            std::thread::sleep(Duration::from_millis(1));
        }
        ms.push(start.elapsed().as_secs_f64() * 1_000.0);
        std::thread::sleep(IDLE_BEFORE_READING);
        mb.push(resident_mb(&service));
        Command::new("kill").arg(service.id().to_string()).status().unwrap();
        service.wait().unwrap();
    }
    println!("{STARTS} starts            minimum   median  maximum");
    print_row("start to ready, ms", &mut ms);
    print_row("idle memory, MB", &mut mb);
    runtime.block_on(mongod.stop());
}

fn is_ready(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

fn resident_mb(service: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

fn print_row(name: &str, values: &mut [f64]) {
    values.sort_by(f64::total_cmp);
    println!(
        "{name:<20} {:>9.1} {:>8.1} {:>8.1}",
        values[0],
        values[values.len() / 2],
        values[values.len() - 1]
    );
}
