//! `pesan ingest` and `pesan replay`: looking back from the journal.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};

use super::{Exit, Failure, connect};
use crate::app::BuildError;
use crate::clock::{Clock, Timestamp};
use crate::config::{Config, MongoConfig, Source};
use crate::ids::Random;
use crate::ingest::replay::{Difference, Replay, Selection, Strangers};
use crate::ingest::trace::{Step, trace_message, trace_webhook};
use crate::ingest::verify::{Account, verify};
use crate::numbers::ensure_first_number;
use crate::storage::aside::{AsideItem, Reason};
use crate::storage::migrate::MIGRATIONS;
use crate::storage::numbers::Number;
use crate::storage::segments::Place;
use crate::storage::{self, Storage};

/// How many webhooks that were set aside are read at once for a listing.
const NOTES_READ: i64 = 1_000;
const NO_OWNER: &str = "(without an id)";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show for which numbers and accounts webhooks came that nobody has added.
    Unrouted,
    /// Show what could not be stored, and why. `pesan replay --dead` tries it once more.
    Dead,
    /// Count again what the journal holds and look for all of it; exits 1 and names what is missing.
    Verify(Stretch),
    /// Show the way of one message, by Meta's id, or of one webhook, by its place in the journal.
    Trace(Trace),
}

/// A stretch of time: when webhooks were stored.
#[derive(Args, Debug)]
pub(super) struct Stretch {
    /// From this time on, like 2026-11-21T08:00:00Z. Unset: from the beginning.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Before this time. Unset: to the end.
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
}

impl Stretch {
    fn ms(&self) -> (i64, i64) {
        (
            self.from.map_or(i64::MIN / 2, Timestamp::as_millisecond),
            self.to.map_or(i64::MAX / 2, Timestamp::as_millisecond),
        )
    }
}

#[derive(Args, Debug)]
pub(super) struct Trace {
    /// The message's id (wamid...), or a place in the journal (lane:number:slot) as `verify` prints it.
    #[arg(value_name = "WAMID|PLACE")]
    what: String,
}

/// Sends webhooks through once more. Nothing is stored twice; what the journal brings is not told as an event again.
#[derive(Args, Debug)]
pub(super) struct Again {
    #[command(flatten)]
    stretch: Stretch,
    /// One segment of the journal.
    #[arg(long, value_name = "LANE:NUMBER", conflicts_with_all = ["from", "to"])]
    segment: Option<String>,
    /// The whole journal.
    #[arg(long, conflicts_with_all = ["from", "to", "segment"])]
    all: bool,
    /// What could not be stored.
    #[arg(long, conflicts_with_all = ["from", "to", "segment", "all"])]
    dead: bool,
    /// What was not understood.
    #[arg(long, conflicts_with_all = ["from", "to", "segment", "all", "dead"])]
    unrecognised: bool,
    /// Only say what would change.
    #[arg(long)]
    dry_run: bool,
    /// Take the journal of this database on the same server, and write to the configured one. The numbers of that
    /// database and their workspaces are made there first, without their access tokens.
    #[arg(long, value_name = "DATABASE")]
    from_database: Option<String>,
    /// With --from-database: make no numbers. What came for those that are not there is set aside.
    #[arg(long, requires = "from_database")]
    without_numbers: bool,
}

pub(super) async fn run(command: Command, source: &Source) -> Result<Exit, Failure> {
    let (_, storage) = connect(source).await?;
    let outcome = match command {
        Command::Unrouted => show_unrouted(&storage).await,
        Command::Dead => show_dead(&storage).await,
        Command::Verify(stretch) => {
            let (from_ms, to_ms) = stretch.ms();
            Ok(show_account(&verify(&storage, from_ms, to_ms).await?))
        }
        Command::Trace(trace) => show_trace(&storage, &trace.what).await,
    };
    storage.close().await;
    outcome
}

pub(super) async fn replay(arguments: Again, source: &Source) -> Result<Exit, Failure> {
    let selection = selection(&arguments)?;
    let (config, target) = connect(source).await?;
    let state = target.state().await?;
    if !state.is_current() {
        return Err(BuildError::SchemaBehind(state.lines()).into());
    }
    let source = match &arguments.from_database {
        Some(database) => {
            let database = database.clone();
            Storage::connect(&MongoConfig { database, ..config.mongo.clone() }).await?
        }
        None => target.clone(),
    };
    let (clock, random) = (Clock::system(), Random::system());
    let adopts_numbers = arguments.from_database.is_some() && !arguments.without_numbers;
    let replay = Replay { source, target, clock, random, adopts_numbers, is_dry_run: arguments.dry_run };
    let outcome = replay_checked(&replay, selection, &config).await;
    replay.source.close().await;
    replay.target.close().await;
    show_difference(&outcome?, arguments.dry_run);
    Ok(Exit::Done)
}

/// Replays, once it is certain that everything comes to whom it was for.
async fn replay_checked(
    replay: &Replay,
    selection: Selection,
    config: &Config,
) -> Result<Difference, Failure> {
    let (from, to) = (replay.source.name(), replay.target.name());
    if from != to {
        let state = replay.source.state().await?;
        if state.pending.len() == MIGRATIONS.len() {
            return Err(Failure::new(Exit::Configuration, format!("{from} is no database of pesan")));
        }
        let strangers = replay.strangers().await?;
        if replay.adopts_numbers && !strangers.elsewhere.is_empty() {
            let names = names_of(&strangers.elsewhere);
            return Err(Failure::new(
                Exit::Configuration,
                format!(
                    "these numbers belong to one workspace in {from} and to another in {to}: {names}. What came for \
                     the one is not for the other. Delete them in {to}, or say --without-numbers if it is meant so"
                ),
            ));
        }
        show_strangers(&strangers, replay);
    }
    match replay.adopt_numbers().await {
        Err(storage::Error::Duplicate) => {
            let text = format!("a workspace of {from} has an external id that another workspace of {to} has");
            return Err(Failure::new(Exit::Configuration, text));
        }
        outcome => outcome?,
    }
    // After the others, because one of them may be the settings' number, in another workspace.
    if from == to || !replay.is_dry_run {
        ensure_first_number(&replay.target, &config.whatsapp).await?;
    }
    Ok(replay.go(selection).await?)
}

fn show_strangers(strangers: &Strangers, replay: &Replay) {
    let to = replay.target.name();
    for number in &strangers.missing {
        let what = match (replay.adopts_numbers, replay.is_dry_run) {
            (true, true) => "would be made",
            (true, false) => {
                "is made, without an access token: it receives, and does not send until it has one"
            }
            (false, _) => "is not there: what came for it is set aside",
        };
        println!("number {} of workspace {}: {what}", number.phone_number_id, number.workspace);
    }
    for number in &strangers.deleted {
        println!("number {}: was deleted in {to}, and what came for it is set aside", number.phone_number_id);
    }
    for number in &strangers.elsewhere {
        println!(
            "number {}: is another workspace's in {to}, which gets what came for it",
            number.phone_number_id
        );
    }
}

fn names_of(numbers: &[Number]) -> String {
    let names: Vec<&str> = numbers.iter().map(|number| number.phone_number_id.as_str()).collect();
    names.join(", ")
}

fn selection(arguments: &Again) -> Result<Selection, Failure> {
    let wrong = |text: &str| Failure::new(Exit::Configuration, text);
    if arguments.dead {
        return Ok(Selection::Aside(Reason::Dead));
    }
    if arguments.unrecognised {
        return Ok(Selection::Aside(Reason::Unrecognised));
    }
    if let Some(segment) = &arguments.segment {
        let place = Place::parse(segment).ok_or_else(|| wrong("--segment is not of the form LANE:NUMBER"))?;
        return Ok(Selection::Segment(place));
    }
    if !arguments.all && arguments.stretch.from.is_none() && arguments.stretch.to.is_none() {
        return Err(wrong("say what: --from and --to, --segment, --all, --dead or --unrecognised"));
    }
    let (from_ms, to_ms) = arguments.stretch.ms();
    Ok(Selection::Between { from_ms, to_ms })
}

async fn show_unrouted(storage: &Storage) -> Result<Exit, Failure> {
    let mut owners: BTreeMap<String, (u64, i64, i64)> = BTreeMap::new();
    let mut part = storage.aside_notes(Reason::Unrouted, None, NOTES_READ).await?;
    while let Some(last) = part.next {
        for note in part.found {
            let at = note.received_ms;
            for item in note.items {
                let owner = item.owner.map_or_else(|| NO_OWNER.to_owned(), |owner| owner.to_string());
                let (items, first, last) = owners.entry(owner).or_insert((0, at, at));
                (*items, *first, *last) = (*items + 1, at.min(*first), at.max(*last));
            }
        }
        part = storage.aside_notes(Reason::Unrouted, Some(&last), NOTES_READ).await?;
    }
    if owners.is_empty() {
        println!("Nothing: every webhook was for a number or account that somebody has added.");
    }
    for (owner, (items, first, last)) in owners {
        println!("{owner}: {items} items, from {} to {}", time(first), time(last));
    }
    Ok(Exit::Done)
}

/// An item a line, as they are read: there may be more than fit into memory.
async fn show_dead(storage: &Storage) -> Result<Exit, Failure> {
    let mut part = storage.aside_notes(Reason::Dead, None, NOTES_READ).await?;
    if part.found.is_empty() {
        println!("Nothing: everything that came could be stored.");
    }
    while let Some(last) = part.next {
        for note in part.found {
            let (place, at) = (format!("{}:{}", note.place.key(), note.slot), time(note.received_ms));
            for AsideItem { index, field, owner, why } in note.items {
                let field = if field.is_empty() { "(unreadable)" } else { field.as_str() };
                let owner = owner.map_or_else(|| NO_OWNER.to_owned(), |owner| owner.to_string());
                println!("{place} item {index}  {at}  {field}  for {owner}: {why}");
            }
        }
        part = storage.aside_notes(Reason::Dead, Some(&last), NOTES_READ).await?;
    }
    Ok(Exit::Done)
}

fn show_account(account: &Account) -> Exit {
    println!("{} segments, {} webhooks, {} items:", account.segments, account.webhooks, account.items);
    for (count, what) in [
        (account.stored, "stored"),
        (account.repeats, "repeats of these"),
        (account.waiting, "stored, waiting for their message"),
        (account.unrecognised, "not understood, kept in `unrecognised`"),
        (account.unrouted, "for nobody, kept in `unrouted`"),
        (account.dead, "refused, kept in `dead_letters`"),
        (account.tests, "tests of the dashboard and probes of our own"),
        (account.pending, "not worked off yet"),
        (account.gaps, "MISSING"),
    ] {
        println!("{count:>12}  {what}");
    }
    for name in &account.gap_names {
        println!("missing: {name}");
    }
    if account.is_complete() { Exit::Done } else { Exit::Failed }
}

async fn show_trace(storage: &Storage, what: &str) -> Result<Exit, Failure> {
    let place = what.rsplit_once(':').and_then(|(place, slot)| {
        let slot = slot.split_whitespace().next()?.parse().ok()?;
        Some((Place::parse(place)?, slot))
    });
    let steps = match place {
        Some((place, slot)) => trace_webhook(storage, place, slot).await?.unwrap_or_default(),
        None => trace_message(storage, what, None).await?,
    };
    if steps.is_empty() {
        println!("Nothing is stored under {what}.");
        return Ok(Exit::Failed);
    }
    for Step { at_ms, text } in steps {
        println!("{:<24}  {text}", at_ms.map(time).unwrap_or_default());
    }
    Ok(Exit::Done)
}

fn show_difference(difference: &Difference, is_dry_run: bool) {
    println!(
        "{} webhooks with {} items looked at; {} items are there.",
        difference.webhooks, difference.items, difference.known
    );
    let verb = if is_dry_run { "would be added" } else { "added" };
    for (collection, count) in &difference.added {
        println!("{count:>12}  {verb} to {collection}");
    }
    for (why, count) in &difference.aside {
        println!("{count:>12}  still set aside, {why}");
    }
    for name in &difference.examples {
        println!("{verb}: {name}");
    }
    let verb = if is_dry_run { "would go" } else { "went" };
    println!("{} webhooks {verb} through again.", difference.replayed);
}

fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| time.to_string())
}
