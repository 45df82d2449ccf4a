//! How fast webhooks are taken in and become visible, beside a plain pipeline and beside what the database can take
//! at most, all in one run on one private mongod. Prints tables and judges no speed; what is lost, twice or filed
//! wrongly fails it.
//!
//! `PESAN_BENCH_QUICK=1` runs everything with small numbers, to see that it still works. `PESAN_BENCH_SOAK=1` adds
//! five minutes at 60 % of saturation. `PESAN_BENCH_ONLY=idle,open` runs some sections only. `PESAN_BENCH_PROGRAM`
//! names another `pesan` to measure than the one just built.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_debug_implementations,
    reason = "a benchmark may stop where it stands, and reads the real clock; its figures fit a float"
)]

mod ceiling;
mod histogram;
mod http;
mod load;
mod ours;
mod plain;
mod probe;
mod proc;
mod run;
mod sections;
mod stored;
mod stream;
mod table;

use pesan::config::Source;
use pesan::config::dev::DevConfig;
use pesan::dev::mongod::{Options, PrivateMongod};

use crate::run::Bench;
use crate::table::Figures;

/// A server of its own would have half of the machine. With the little that development gets, the database is after
/// some minutes busier with moving pages in and out of memory than with webhooks.
const MEMORY_MB: u32 = 6 * 1_024;
const PROGRAM: &str = env!("CARGO_BIN_EXE_pesan");

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some(load::ARGUMENT) => load::run(),
        Some(plain::ARGUMENT) => plain::run(),
        _ => measure(),
    }
}

fn measure() {
    histogram::check();
    let is_set = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0");
    let only = std::env::var("PESAN_BENCH_ONLY").unwrap_or_default();
    let wanted = |section: &str| only.is_empty() || only.split(',').any(|name| name == section);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let config = DevConfig::from_source(&Source::environment()).unwrap();
    let options = Options { guard: PROGRAM.into(), data: None, memory_mb: MEMORY_MB, config };
    let mongod = runtime.block_on(PrivateMongod::start(&options, &mut |text| println!("{text}"))).unwrap();
    let program = std::env::var("PESAN_BENCH_PROGRAM").unwrap_or_else(|_| PROGRAM.to_owned());
    println!("{program}, mongod {}", mongod.pid());
    let mut bench = Bench::new(runtime, mongod, program.into(), is_set("PESAN_BENCH_QUICK"));

    let mut figures = Figures::default();
    if wanted("idle") {
        sections::idle(&mut bench, &mut figures);
    }
    let mut saturated_s = 0.0;
    if wanted("saturation") || is_set("PESAN_BENCH_SOAK") {
        saturated_s = sections::saturation(&mut bench, &mut figures);
    }
    if wanted("open") {
        sections::open_loop(&mut bench, &mut figures);
    }
    if wanted("conversations") {
        sections::many_conversations(&mut bench, &mut figures);
    }
    if is_set("PESAN_BENCH_SOAK") {
        sections::soak(&mut bench, &mut figures, saturated_s);
    }
    figures.print(bench.is_quick);
    bench.stop();
}
