//! What goes wrong at large scale. While webhooks come (`receiving`): services that die at every named point, a database
//! that is killed, fails and elects another primary, services that freeze and wake, a Meta that repeats and shuffles.
//! While messages are sent (`sending`): services that die and freeze, and a Meta that refuses, is slow, loses answers and
//! lets the token end. Prints what was done and what was checked; fails if anything that was answered 200 is missing,
//! twice, miscounted, under another contact or told wrongly, or if a message is sent twice, lost, out of order or against
//! a limit.
//!
//! `PESAN_BENCH_ONLY=sending` runs one section only; `PESAN_BENCH_QUICK=1` lets a small storm pass, to see that it works.

#![allow(
    clippy::cast_possible_wrap,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    dead_code,
    missing_debug_implementations,
    reason = "a benchmark may stop where it stands, and uses a part of what the tests share"
)]

#[path = "../../tests/it/outbound/reckoning.rs"]
mod reckoning;
#[path = "../../tests/it/outbound/senders.rs"]
mod senders;
mod sending;
#[path = "../../tests/it/outbound/stage.rs"]
mod stage;
#[path = "../../tests/it/outbound/storm.rs"]
mod storm;
#[path = "../../tests/it/support/mod.rs"]
mod support;
mod three;

use std::process::ExitCode;

use support::load::Dice;
use support::ordeal::{self, Outcome};

/// So many services die beside each other, each in a database of its own, each so often at each point.
const FLEETS: u64 = 4;
const DEATHS_A_POINT: u64 = 5;
/// A service dies at one of the first times that it gets to the point.
const NTH_MAX: u64 = 12;
const FREEZES: usize = 12;
const REPETITIONS: usize = 5;
const WEBHOOKS_MIN: usize = 20_000;
const SENDERS: usize = 24;

#[tokio::main]
async fn main() -> ExitCode {
    let only = std::env::var("PESAN_BENCH_ONLY").unwrap_or_default();
    let wanted = |section: &str| only.is_empty() || only.split(',').any(|name| name == section);
    let is_good =
        (!wanted("receiving") || receive().await) && (!wanted("sending") || sending::storms().await);
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether every promise about what was received has held.
async fn receive() -> bool {
    let mut rows: Vec<(&str, Outcome)> = Vec::new();
    let mongod = ordeal::start_mongod(None).await;
    let uri = mongod.uri();
    let program = std::fs::read_link(format!("/proc/{}/exe", mongod.pid())).unwrap();
    let fleets =
        (0..FLEETS).map(|seed| async move { ordeal::die_at(uri, &deaths(seed), SENDERS, seed).await });
    let outcomes = futures_util::future::join_all(fleets).await;
    rows.extend(outcomes.into_iter().map(|outcome| ("deaths at named points", outcome)));
    tell("deaths");
    rows.push(("repeated and shuffled", ordeal::repeat_and_shuffle(uri, REPETITIONS, 10).await));
    tell("repeated");
    rows.push(("services frozen and woken", ordeal::freeze(uri, FREEZES, SENDERS, 11).await));
    tell("frozen");
    rows.push(("commands failed", ordeal::fail_commands(uri, 4, 2, SENDERS, 12).await));
    mongod.stop().await;
    tell("failed commands");
    let folder = tempfile::tempdir().unwrap();
    rows.push(("kills of the only database", ordeal::kill_database(folder.path(), 5, SENDERS, 13).await));
    tell("killed database");
    rows.push(("step-downs and kills among three", three::lose_primaries(&program, 4, 3, SENDERS).await));
    report(&rows)
}

fn deaths(seed: u64) -> Vec<(&'static str, u64)> {
    let mut dice = Dice(seed);
    let mut deaths = Vec::new();
    for _ in 0..DEATHS_A_POINT {
        deaths.extend(pesan::runtime::crash::POINTS.iter().map(|point| (*point, 1 + dice.below(NTH_MAX))));
    }
    deaths
}

fn tell(what: &str) {
    println!("done: {what}");
}

fn report(rows: &[(&str, Outcome)]) -> bool {
    println!(
        "\n| what | times | webhooks taken | sent once more | refused | unanswered | messages | statuses | reactions | conversations | batches of events | lanes | settled after | breaches |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let (mut taken, mut breaches) = (0, Vec::new());
    for (what, outcome) in rows {
        let (written, found) = (&outcome.written, &outcome.findings);
        println!(
            "| {what} | {} | {} | {} | {} | {} | {} | {:.1} s | {} |",
            outcome.harm,
            written.taken.len(),
            written.repeats,
            written.refusals,
            written.unanswered,
            found.counts().map(|count| count.to_string()).join(" | "),
            outcome.settled_after.as_secs_f64(),
            found.lines().len(),
        );
        taken += written.taken.len();
        breaches.extend(found.lines().into_iter().map(|line| format!("{what}: {line}")));
    }
    println!("\n{taken} webhooks taken in all.");
    for breach in &breaches {
        println!("BROKEN {breach}");
    }
    breaches.is_empty() && taken >= WEBHOOKS_MIN
}
