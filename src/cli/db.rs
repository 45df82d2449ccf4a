//! `pesan db`: what an operator does with the database.

use std::io::{BufRead, Write};
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Exit, Failure, connect};
use crate::app::StopRequest;
use crate::clock::{Clock, Timestamp};
use crate::config::Source;
use crate::storage::Storage;
use crate::storage::clean::Waste;
use crate::storage::survey::Size;

const MB: u64 = 1024 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prepare an empty database: collections, indexes, migrations. Does no harm to one that is prepared.
    Setup,
    /// Say whether the database is up to date; exits 1 and lists what is missing if it is not.
    Check,
    /// Bring the database up to date. `pesan serve` never does this by itself.
    Migrate,
    /// Show size, documents, indexes and age of each collection.
    Analyze,
    /// Show what can go and what that would free, then remove it after asking.
    Clean(Clean),
    /// Compare the size of the database with limits; for cron, or running on with --interval.
    Monitor(Monitor),
}

#[derive(Args, Debug)]
pub(super) struct Clean {
    /// Do not ask.
    #[arg(long)]
    auto: bool,
}

/// Exits 0 below the warning limit, 10 from there, 20 from the critical limit.
#[derive(Args, Debug)]
pub(super) struct Monitor {
    /// From this size on, in MB, it is a warning.
    #[arg(long, value_name = "MB")]
    warning: u64,
    /// From this size on, in MB, it is critical.
    #[arg(long, value_name = "MB")]
    critical: u64,
    /// Look again every so many seconds, until stopped; the exit code is that of the worst look.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    interval: Option<u64>,
    /// With --interval: stop after so many looks.
    #[arg(long, value_name = "N", requires = "interval", value_parser = clap::value_parser!(u64).range(1..))]
    times: Option<u64>,
}

pub(super) async fn run(command: Command, source: &Source) -> Result<Exit, Failure> {
    if let Command::Monitor(limits) = &command
        && limits.critical < limits.warning
    {
        return Err(Failure::new(Exit::Configuration, "--critical must not be below --warning"));
    }
    let (_, storage) = connect(source).await?;
    let outcome = run_on(&storage, command).await;
    storage.close().await;
    outcome
}

async fn run_on(storage: &Storage, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Setup | Command::Migrate => migrate(storage).await,
        Command::Check => check(storage).await,
        Command::Analyze => analyze(storage).await,
        Command::Clean(arguments) => clean(storage, &arguments).await,
        Command::Monitor(limits) => monitor(storage, &limits).await,
    }
}

async fn migrate(storage: &Storage) -> Result<Exit, Failure> {
    let state = storage.state().await?;
    if !state.unknown.is_empty() {
        return Err(Failure::new(Exit::Dependency, state.lines().join("; ")));
    }
    storage.migrate(&Clock::system(), &mut |text| println!("{text} …")).await?;
    println!("The database `{}` is up to date.", storage.name());
    Ok(Exit::Done)
}

async fn check(storage: &Storage) -> Result<Exit, Failure> {
    let state = storage.state().await?;
    for line in state.lines() {
        println!("{line}");
    }
    for (collection, index) in storage.undeclared_indexes().await? {
        println!("note: index {collection}.{index} is not one of pesan's (`pesan db clean` can remove it)");
    }
    if state.is_current() {
        println!("The database `{}` is up to date.", storage.name());
        Ok(Exit::Done)
    } else {
        println!("The database `{}` is not up to date: run `pesan db migrate`.", storage.name());
        Ok(Exit::Failed)
    }
}

async fn analyze(storage: &Storage) -> Result<Exit, Failure> {
    let sizes = storage.survey().await?;
    println!(
        "{:<20} {:>12} {:>10} {:>10} {:>10} {:>8}  age",
        "collection", "documents", "data", "on disk", "indexes", "unused"
    );
    for size in &sizes {
        println!(
            "{:<20} {:>12} {:>10} {:>10} {:>10} {:>8}  {}",
            size.collection,
            size.documents,
            megabytes(size.data_bytes),
            megabytes(size.stored_bytes),
            format!("{}/{}", size.indexes, megabytes(size.index_bytes)),
            megabytes(size.free_bytes),
            age(size),
        );
        println!("{:<20} {}", "", size.holds);
    }
    println!(
        "In all {} on disk in the database `{}`.",
        megabytes(storage.total_bytes().await?),
        storage.name()
    );
    Ok(Exit::Done)
}

fn age(size: &Size) -> String {
    let day = |ms: i64| Timestamp::from_millisecond(ms).map(|at| at.to_string()).unwrap_or_default();
    match (size.oldest_ms, size.newest_ms) {
        (Some(oldest), Some(newest)) => format!("{} to {}", day(oldest), day(newest)),
        _ => "-".to_owned(),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / MB, bytes % MB * 10 / MB)
}

async fn clean(storage: &Storage, arguments: &Clean) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let waste = storage.find_waste(&clock).await?;
    if waste.is_empty() {
        println!("There is nothing to clean.");
        return Ok(Exit::Done);
    }
    println!("This can go:");
    for item in &waste {
        println!("  {item}: {}", megabytes(item.bytes()));
    }
    println!("It would free {}.", megabytes(waste.iter().map(Waste::bytes).sum()));
    if !arguments.auto && !confirmed()? {
        println!("Nothing was removed.");
        return Ok(Exit::Done);
    }
    for item in &waste {
        print!("removing {item} … ");
        std::io::stdout().flush().ok();
        storage.remove_waste(item, &clock).await?;
        println!("done");
    }
    Ok(Exit::Done)
}

fn confirmed() -> Result<bool, Failure> {
    print!("Remove it? [y/N] ");
    std::io::stdout().flush().ok();
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::new(Exit::Failed, format!("no answer could be read: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

async fn monitor(storage: &Storage, limits: &Monitor) -> Result<Exit, Failure> {
    let stop = StopRequest::default();
    let mut worst = Exit::Done;
    let mut looks = 0;
    loop {
        let bytes = storage.total_bytes().await?;
        let level = level(bytes, limits);
        println!("{} {}: {}", Clock::system().now(), megabytes(bytes), name(level));
        worst = if rank(level) > rank(worst) { level } else { worst };
        looks += 1;
        let Some(seconds) = limits.interval.filter(|_| limits.times.is_none_or(|times| looks < times)) else {
            return Ok(worst);
        };
        // All arms are cancel-safe: a timer, the signals, a token.
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
            () = super::watch_signals(&stop) => {}
            () = stop.requested() => return Ok(worst),
        }
    }
}

fn level(bytes: u64, limits: &Monitor) -> Exit {
    if bytes >= limits.critical.saturating_mul(MB) {
        Exit::Critical
    } else if bytes >= limits.warning.saturating_mul(MB) {
        Exit::Warning
    } else {
        Exit::Done
    }
}

fn rank(level: Exit) -> u8 {
    match level {
        Exit::Critical => 2,
        Exit::Warning => 1,
        _ => 0,
    }
}

fn name(level: Exit) -> &'static str {
    match level {
        Exit::Critical => "critical",
        Exit::Warning => "warning",
        _ => "ok",
    }
}
