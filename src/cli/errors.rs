//! `pesan errors`: the table of error codes, ours or Meta's.

use super::{Exit, Failure};
use crate::error;
use crate::meta::fault;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print the catalogue of Meta's error codes instead, as in docs/META-ERRORS.md.
    #[arg(long)]
    meta: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "every command has this form")]
pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let text = if arguments.meta { fault::document() } else { error::document() };
    print!("{text}");
    Ok(Exit::Done)
}
