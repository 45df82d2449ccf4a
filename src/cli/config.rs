//! `pesan config`: the settings.

use clap::Subcommand;

use super::{Exit, Failure};
use crate::clock::Clock;
use crate::config::{self, Config, Source};
use crate::http::Tls;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read all settings and report every mistake at once; secrets are not shown.
    Check,
    /// Print every setting with its meaning, as in .env.local.example.
    Example,
}

pub(super) fn run(command: &Command, source: &Source) -> Result<Exit, Failure> {
    match command {
        Command::Check => {
            let config = Config::read(source)?;
            let clock = Clock::system();
            let tls = config.tls.as_ref().map(|tls| Tls::load(tls, &clock)).transpose()?;
            let ending = tls.map(|tls| tls.warnings(clock.now())).unwrap_or_default();
            for warning in config.warnings().into_iter().chain(ending) {
                println!("warning: {warning}");
            }
            println!("{config:#?}");
            println!("The configuration is good.");
        }
        Command::Example => print!("{}", config::example()),
    }
    Ok(Exit::Done)
}
