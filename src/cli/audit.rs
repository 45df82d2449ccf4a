//! `pesan audit`: who changed what, and whether the log of it is whole.

use clap::{Args, Subcommand};

use super::access::{InWorkspace, connect_to_current, time, workspace_named};
use super::{Exit, Failure};
use crate::auth::audit::verify;
use crate::config::Source;
use crate::storage::Storage;
use crate::storage::audit::{Change, Entry};

const PAGE: i64 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Recompute the chain of a workspace's log; exits 1 and names the first entry that is not as it was written.
    Verify(Verify),
    /// Show the log of a workspace, the latest first.
    List(List),
}

#[derive(Args, Debug)]
pub(super) struct Verify {
    #[command(flatten)]
    workspace: InWorkspace,
    /// What an earlier check has printed, kept outside the database: the log has to hold it still.
    #[arg(long, value_name = "NUMBER:HASH", value_parser = parse_noted)]
    noted: Option<(i64, String)>,
}

#[derive(Args, Debug)]
pub(super) struct List {
    #[command(flatten)]
    workspace: InWorkspace,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    limit: i64,
}

fn parse_noted(text: &str) -> Result<(i64, String), String> {
    let parsed = text.split_once(':').and_then(|(seq, hash)| {
        let seq = seq.parse().ok().filter(|seq| *seq > 0)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| (seq, hash.to_ascii_lowercase()))
    });
    parsed.ok_or_else(|| "expects a number, a colon and 64 hexadecimal digits".to_owned())
}

pub(super) async fn run(command: Command, source: &Source) -> Result<Exit, Failure> {
    let storage = connect_to_current(source).await?;
    let outcome = match command {
        Command::Verify(arguments) => show_verdict(&storage, arguments).await,
        Command::List(arguments) => show_entries(&storage, &arguments).await,
    };
    storage.close().await;
    outcome
}

async fn show_verdict(storage: &Storage, arguments: Verify) -> Result<Exit, Failure> {
    let workspace = workspace_named(storage, &arguments.workspace.workspace).await?;
    let noted = arguments.noted.as_ref().map(|(seq, hash)| (*seq, hash.as_str()));
    let verdict = verify(storage, workspace, noted).await?;
    match verdict.broken {
        Some(broken) => {
            println!("{} entries are as they were written; then {broken}.", verdict.good);
            Ok(Exit::Failed)
        }
        None if verdict.good == 0 => {
            println!("The log is empty.");
            Ok(Exit::Done)
        }
        None => {
            println!("All {} entries are as they were written.", verdict.good);
            println!("To be noted elsewhere: {}:{}", verdict.good, verdict.last_hash);
            Ok(Exit::Done)
        }
    }
}

async fn show_entries(storage: &Storage, arguments: &List) -> Result<Exit, Failure> {
    let workspace = workspace_named(storage, &arguments.workspace.workspace).await?;
    let (mut before, mut left) = (i64::MAX, arguments.limit);
    while left > 0 {
        let page = storage.audit_before(workspace, before, left.min(PAGE)).await?;
        let Some(last) = page.last() else { break };
        before = last.seq;
        left -= i64::try_from(page.len()).unwrap_or(left);
        page.iter().for_each(show);
    }
    Ok(Exit::Done)
}

fn show(entry: &Entry) {
    println!("{:>6}  {:<24}  {}  {}  {}", entry.seq, time(entry.at_ms), entry.who, entry.deed, entry.target);
    for Change { field, from, to } in &entry.changes {
        let shown = |value: &Option<String>| {
            value.as_ref().map_or_else(|| "-".to_owned(), |text| format!("{text:?}"))
        };
        println!("        {field}: {} → {}", shown(from), shown(to));
    }
}
