//! How fast messages leave: what is queued, beside a bare loop that sends with the same client and no queue; how soon one
//! that is asked for leaves; whether a number keeps its rate; and what a long queue costs. All in one run, with a private
//! mongod, and with the simulator as Meta in a process of its own, so that its share of the machine can be told apart.
//! Status webhooks are off everywhere. Prints tables and judges no speed; a message that is not taken exactly once fails
//! it.
//!
//! `PESAN_BENCH_QUICK=1` runs everything with small numbers, to see that it still works. `PESAN_BENCH_ONLY=one,fifty`
//! runs some sections only (`one`, `fifty`, `asked`, `idle`, `claims`, `rate`). `PESAN_BENCH_PROGRAM` names another
//! `pesan` to measure than the one just built.

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
    dead_code,
    missing_debug_implementations,
    reason = "a benchmark may stop where it stands, and reads the real clock; its figures fit a float"
)]

mod bare;
#[path = "../ingest/histogram.rs"]
mod histogram;
mod meta;
#[path = "../ingest/proc.rs"]
mod proc;
mod queue;
mod sections;
mod service;
#[path = "../ingest/table.rs"]
mod table;

use std::path::PathBuf;

use pesan::config::Source;
use pesan::config::dev::DevConfig;
use pesan::dev::mongod::{Options, PrivateMongod};

use crate::table::Figures;

/// A server of its own would have half of the machine.
const MEMORY_MB: u32 = 6 * 1_024;
const PROGRAM: &str = env!("CARGO_BIN_EXE_pesan");

/// What all sections share.
pub struct Bench {
    pub mongod: PrivateMongod,
    pub program: PathBuf,
    pub is_quick: bool,
    databases: usize,
}

impl Bench {
    /// A name for a database that nobody else has.
    pub fn database(&mut self) -> String {
        self.databases += 1;
        format!("outbound_{}", self.databases)
    }
}

fn main() {
    histogram::check();
    let is_quick = std::env::var("PESAN_BENCH_QUICK").is_ok_and(|value| !value.is_empty() && value != "0");
    let only = std::env::var("PESAN_BENCH_ONLY").unwrap_or_default();
    let wanted = |section: &str| only.is_empty() || only.split(',').any(|name| name == section);
    let program = std::env::var("PESAN_BENCH_PROGRAM").unwrap_or_else(|_| PROGRAM.to_owned());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        rustls::crypto::ring::default_provider().install_default().ok();
        let config = DevConfig::from_source(&Source::environment()).unwrap();
        let options = Options { guard: PROGRAM.into(), data: None, memory_mb: MEMORY_MB, config };
        let mongod = PrivateMongod::start(&options, &mut |text| println!("{text}")).await.unwrap();
        let mut bench = Bench { mongod, program: program.into(), is_quick, databases: 0 };
        let mut figures = Figures::default();
        if wanted("one") {
            sections::sustained(&mut bench, &mut figures, 1).await;
        }
        if wanted("fifty") {
            sections::sustained(&mut bench, &mut figures, 50).await;
        }
        if wanted("asked") {
            sections::asked(&mut bench).await;
        }
        if wanted("idle") {
            sections::idle(&mut bench, &mut figures).await;
        }
        if wanted("claims") {
            sections::claims(&mut bench, &mut figures).await;
        }
        if wanted("rate") {
            sections::rate(&mut bench, &mut figures).await;
        }
        figures.print(is_quick);
        bench.mongod.stop().await;
    });
}
