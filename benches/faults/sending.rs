//! Messages that are sent while everything goes wrong, ten thousand of them.

use crate::storm::{Outcome, Plan, storm};

const MESSAGES_MIN: usize = 10_000;

/// Whether every promise about sending has held.
pub async fn storms() -> bool {
    let is_quick = std::env::var("PESAN_BENCH_QUICK").is_ok_and(|value| value != "0");
    let plan = if is_quick { Plan::small(2) } else { large() };
    let outcome = storm(&plan).await;
    report(&outcome);
    outcome.findings.lines().is_empty() && (is_quick || outcome.findings.messages >= MESSAGES_MIN)
}

fn large() -> Plan {
    Plan {
        seed: 3,
        messages: MESSAGES_MIN,
        customers: 1_600,
        asked_per_s: 64,
        deaths: 8,
        freezes: 3,
        storms: 12,
        ends_of_token: 5,
    }
}

fn report(outcome: &Outcome) {
    let Outcome { deaths, unanswered, findings, took, settled_after } = outcome;
    println!(
        "\n| messages | requests | taken by Meta | of them accepted, unconfirmed, refused | deaths and freezes | asks without an answer | most in a second | took | settled after | breaches |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let state = |name: &str| findings.states.get(name).copied().unwrap_or(0);
    println!(
        "| {} | {} | {} | {}, {}, {} | {deaths} | {unanswered} | {} | {:.0} s | {:.1} s | {} |",
        findings.messages,
        findings.requests,
        findings.taken,
        state("accepted"),
        state("unconfirmed"),
        state("refused"),
        findings.most_in_a_second,
        took.as_secs_f64(),
        settled_after.as_secs_f64(),
        findings.lines().len(),
    );
    println!("\nrequests by what was to go wrong: {:?}", findings.faults);
    for breach in findings.lines() {
        println!("BROKEN {breach}");
    }
}
