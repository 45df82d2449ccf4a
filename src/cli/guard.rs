//! `pesan guard`: holds a private MongoDB for the process at the other end of its standard input.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, Failure};
use crate::config::Source;
use crate::config::dev::DevConfig;
use crate::dev::mongod::{MEMORY_MB, Orders, guard};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Run this program.
    #[arg(long)]
    mongod: Option<PathBuf>,
    /// Where a downloaded server is kept.
    #[arg(long)]
    cache: PathBuf,
    /// Where the data is kept; unset: in a temporary folder.
    #[arg(long)]
    data: Option<PathBuf>,
    /// How much memory the server may use for its data.
    #[arg(long, value_name = "MB", default_value_t = MEMORY_MB)]
    memory_mb: u32,
}

pub(super) async fn run(arguments: Arguments, source: &Source) -> Result<Exit, Failure> {
    let path = DevConfig::from_source(source)?.path;
    let Arguments { mongod, cache, data, memory_mb } = arguments;
    let well = guard::run(Orders { mongod, cache, path, data, memory_mb }).await;
    Ok(if well { Exit::Done } else { Exit::Failed })
}
