//! `pesan search`: what front ends search in.

use clap::Subcommand;

use super::access::connect_to_current;
use super::{Exit, Failure};
use crate::config::Source;
use crate::search::rebuild::rebuild;

/// How many messages pass between two lines of progress.
const TOLD_EVERY: u64 = 100_000;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make anew all by which messages, contacts and notes are found: after an upgrade, or after a replay. The service may run.
    Rebuild,
}

pub(super) async fn run(command: Command, source: &Source) -> Result<Exit, Failure> {
    let Command::Rebuild = command;
    let storage = connect_to_current(source).await?;
    let mut told = 0;
    let rebuilt = rebuild(&storage, &mut |done| {
        if done.messages >= told + TOLD_EVERY {
            told = done.messages;
            eprintln!("{} messages", done.messages);
        }
    })
    .await;
    storage.close().await;
    let rebuilt = rebuilt?;
    println!(
        "{} messages, {} contacts and {} notes can be found; {} things that are no more were taken out",
        rebuilt.messages, rebuilt.contacts, rebuilt.notes, rebuilt.removed
    );
    Ok(Exit::Done)
}
