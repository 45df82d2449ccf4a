//! `pesan keys`: master keys, and where a rotation stands.

use clap::{Args, Subcommand};

use super::{Exit, Failure, complain, connect};
use crate::app::BuildError;
use crate::clock::Clock;
use crate::config::{Source, is_key_id};
use crate::crypto::KeyBytes;
use crate::ids::Random;
use crate::keys::{self, Keys, MasterKeyStatus, Status};
use crate::telemetry::Metrics;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a master key and print it in the form of PESAN_MASTER_KEYS. It is stored nowhere.
    Generate(Generate),
    /// Show which master key protects how much, by opening all of it; exits 1 if something does not open.
    Status,
    /// Make new data keys and move every secret to them, while the service runs. Can be stopped and started again.
    ///
    /// The service moves data keys to the first master key by itself. This is for more: after it nothing that is in
    /// use was ever sealed with a data key that somebody may have seen.
    Rotate,
}

#[derive(Args, Debug)]
pub(super) struct Generate {
    /// The key's id: up to 32 letters, digits and `-_.`. Unset: the date and four digits.
    #[arg(long)]
    id: Option<String>,
}

pub(super) async fn run(command: Command, source: &Source) -> Result<Exit, Failure> {
    match command {
        Command::Generate(arguments) => generate(arguments.id),
        Command::Status => on_keys(source, false).await,
        Command::Rotate => on_keys(source, true).await,
    }
}

fn generate(id: Option<String>) -> Result<Exit, Failure> {
    let random = Random::system();
    let id = match id {
        Some(id) if is_key_id(&id) => id,
        Some(_) => {
            let text = "--id expects up to 32 letters, digits and `-_.`";
            return Err(Failure::new(Exit::Configuration, text));
        }
        None => {
            let now = Clock::system().now().to_string();
            let date = now.split('T').next().unwrap_or_default();
            format!("{date}-{:04x}", u16::from_be_bytes(random.bytes()?))
        }
    };
    // Alone on standard output, so that it can go straight to where it is kept.
    println!("{id}:{}", KeyBytes::generate(&random)?.to_base64().expose());
    complain(
        "put this key last in PESAN_MASTER_KEYS and restart all instances, then put it first and restart them again",
    );
    Ok(Exit::Done)
}

async fn on_keys(source: &Source, rotate: bool) -> Result<Exit, Failure> {
    let (config, storage) = connect(source).await?;
    let state = storage.state().await?;
    if !state.is_current() {
        return Err(BuildError::SchemaBehind(state.lines()).into());
    }
    let (clock, random) = (Clock::system(), Random::system());
    let keys = Keys::load(&config.keys, &storage, (&clock, &random), &Metrics::new())?;
    let outcome = if rotate { self::rotate(&keys).await } else { Ok(()) };
    let status = match outcome {
        Ok(()) => keys.status().await,
        Err(error) => Err(error),
    };
    storage.close().await;
    Ok(show(&status?, rotate))
}

impl From<keys::Error> for Failure {
    fn from(error: keys::Error) -> Self {
        match error {
            keys::Error::Storage(error) => error.into(),
            keys::Error::NoMasterKey => Self::new(Exit::Configuration, error.to_string()),
            error => Self::new(Exit::Failed, error.to_string()),
        }
    }
}

async fn rotate(keys: &Keys) -> Result<(), keys::Error> {
    println!("new data keys: {}", keys.add_data_keys().await?);
    let tally = keys.renew().await?;
    println!("data keys moved to the first master key: {}", tally.rewrapped);
    println!("secrets moved to the newest data key of their workspace: {}", tally.resealed);
    Ok(())
}

/// After a rotation, what is left behind is a failure too.
fn show(status: &Status, after_rotation: bool) -> Exit {
    if status.master_keys.is_empty() {
        println!("No master key is set, and there is no data key.");
    }
    for (place, key) in status.master_keys.iter().enumerate() {
        println!("master key {:<32}  {:>6} data keys  {}", key.id, key.data_keys, role(place, key));
    }
    for field in &status.fields {
        println!(
            "{:<43}  {:>6} secrets    {} under an older data key",
            format!("{}.{}", field.collection, field.field),
            field.newest + field.older,
            field.older
        );
        for (reason, count) in &field.unopened {
            println!("{:<43}  {count:>6} do not open: {reason}", "");
        }
    }
    let (data_keys, values, unopened) = (status.data_keys_left(), status.values_left(), status.unopened());
    match status.master_keys.first().filter(|key| key.is_set) {
        Some(first) if data_keys == 0 => {
            println!("Nothing is left on any master key but `{}`.", first.id);
        }
        Some(first) => println!("{data_keys} data keys are not under `{}` yet.", first.id),
        None => {}
    }
    if unopened > 0 || (after_rotation && data_keys + values > 0) { Exit::Failed } else { Exit::Done }
}

fn role(place: usize, key: &MasterKeyStatus) -> String {
    let role = match (key.is_set, place) {
        (true, 0) => "seals",
        (true, _) if key.data_keys == 0 => "opens; nothing is left on it, so it can be taken away",
        (true, _) => "opens",
        (false, _) => "IS MISSING: put it back into PESAN_MASTER_KEYS",
    };
    match key.unopened {
        0 => role.to_owned(),
        unopened if key.is_set => {
            format!("{role}; {unopened} DO NOT OPEN: another key under the same id, or they were changed")
        }
        unopened => format!("{role}; {unopened} do not open without it"),
    }
}
