//! Ordeals for the service under load: each does its harm, lets the load end, waits until everything is worked off,
//! and holds the database against what was promised.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use mongodb::Database;
use mongodb::bson::{Bson, Document, doc};
use pesan::config::Source;
use pesan::config::dev::DevConfig;
use pesan::dev::mongod::{MEMORY_MB, Options, PrivateMongod};
use serde_json::Value;
use tokio::process::Command;

use super::fleet::Fleet;
use super::load::{Dice, Load, Sending, Story, Webhook, Written};
use super::oracle::{Findings, examine, settle};
use super::program::PROGRAM;
use super::webhook::post;
use super::{PATIENCE, client, within};

const CUSTOMERS: u64 = 40;
/// How many webhooks come as one, or in one disorder.
pub const BATCH: usize = 1_000;
/// A lane whose writer is gone is somebody else's within this time.
pub const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(10);
/// How long everything may take to be worked off on a busy machine.
const SETTLED_WITHIN: Duration = Duration::from_mins(1);
/// How long a busy machine may take until a command that is rare was given often enough.
const HAPPENED_WITHIN: Duration = Duration::from_mins(3);

/// What was done, and what came of it.
#[derive(Debug)]
pub struct Outcome {
    pub harm: usize,
    pub written: Written,
    pub findings: Findings,
    /// From the end of the load until everything was worked off.
    pub settled_after: Duration,
}

impl Outcome {
    /// Fails if a promise was broken.
    pub fn demand(&self) {
        let lines = self.findings.lines();
        assert!(
            lines.is_empty(),
            "{} of {} things do not hold:\n{}",
            lines.len(),
            self.harm,
            lines.join("\n")
        );
        let counts = self.findings.counts();
        println!("{} times, {:?} to settle, looked at {counts:?}", self.harm, self.settled_after);
        assert!(!self.written.taken.is_empty(), "something was sent");
    }
}

/// Lets the only service die at each of these points, the given time that it gets there, and starts it again.
pub async fn die_at(uri: &str, deaths: &[(&'static str, u64)], senders: usize, seed: u64) -> Outcome {
    let mut fleet = Fleet::new(uri, 1).await;
    let sending = begin(&fleet, senders, seed);
    for death in deaths {
        fleet.instances[0].start(Some(*death));
        fleet.instances[0].death().await;
    }
    fleet.start().await;
    conclude(fleet, sending, deaths.len()).await
}

/// Kills the database again and again under two services, and starts it again on the same data.
pub async fn kill_database(folder: &Path, times: usize, senders: usize, seed: u64) -> Outcome {
    let mut mongod = start_mongod(Some(folder)).await;
    let mut fleet = Fleet::new(mongod.uri(), 2).await;
    fleet.start().await;
    let load = Load::new(Story::new(seed, CUSTOMERS), &fleet.urls());
    let sending = load.begin(senders);
    for time in 0..times {
        taken_more(&load, 150 + 40 * time).await;
        mongod = kill_and_start(mongod, folder).await;
    }
    taken_more(&load, 150).await;
    let outcome = conclude(fleet, sending, times).await;
    mongod.stop().await;
    outcome
}

/// Kills a MongoDB, and starts it again on its data and where it was.
pub async fn kill_and_start(mongod: PrivateMongod, folder: &Path) -> PrivateMongod {
    let (uri, pid) = (mongod.uri().to_owned(), mongod.pid().to_string());
    assert!(Command::new("kill").args(["-s", "KILL", &pid]).status().await.unwrap().success());
    mongod.stop().await;
    let mongod = start_mongod(Some(folder)).await;
    assert_eq!(mongod.uri(), uri, "it is where it was");
    mongod
}

/// Freezes one of two services in the middle of its work, long enough to lose its lane, and wakes it again.
pub async fn freeze(uri: &str, times: usize, senders: usize, seed: u64) -> Outcome {
    let mut fleet = Fleet::new(uri, 2).await;
    fleet.start().await;
    let load = Load::new(Story::new(seed, CUSTOMERS), &fleet.urls());
    let sending = load.begin(senders);
    for time in 0..times {
        taken_more(&load, 150 + 31 * time).await;
        let frozen = &fleet.instances[time % 2];
        let live = doc! { "$expr": { "$gt": ["$renewedAt", { "$subtract": ["$$NOW", 3_000_i64] }] } };
        let before = holders(&fleet.database, live).await;
        frozen.signal("STOP").await;
        within(TAKEN_OVER_WITHIN, "the frozen service's lane has another holder", || async {
            let now = holders(&fleet.database, doc! {}).await;
            before.iter().any(|one| !now.contains(one)).then_some(())
        })
        .await;
        frozen.signal("CONT").await;
    }
    taken_more(&load, 150).await;
    conclude(fleet, sending, times).await
}

/// Lanes and who has them.
async fn holders(database: &Database, which: Document) -> Vec<(String, String)> {
    let mut cursor = database.collection::<Document>("lanes").find(which).await.unwrap();
    let mut holders = Vec::new();
    while cursor.advance().await.unwrap() {
        holders.push(holder(&cursor.deserialize_current().unwrap()));
    }
    holders
}

fn holder(lane: &Document) -> (String, String) {
    (lane.get_str("_id").unwrap().to_owned(), lane.get_str("holder").unwrap().to_owned())
}

/// A command that the server is to fail, and how.
pub fn failing(commands: &[&str], collection: Option<&str>, fleet: &Fleet, how: Document) -> Document {
    let mut data = doc! { "failCommands": commands, "appName": "pesan" };
    if let Some(collection) = collection {
        data.insert("namespace", format!("{}.{collection}", fleet.database.name()));
    }
    data.extend(how);
    data
}

/// Lets the server fail these commands one after the other under two services, so many times each.
pub async fn fail_commands(uri: &str, times: i32, rounds: usize, senders: usize, seed: u64) -> Outcome {
    let mut fleet = Fleet::new(uri, 2).await;
    fleet.start().await;
    let load = Load::new(Story::new(seed, CUSTOMERS), &fleet.urls());
    let sending = load.begin(senders);
    let unconfirmed = doc! { "code": 64, "codeName": "WriteConcernFailed", "errmsg": "for a test",
    "errInfo": { "wtimeout": true } };
    let failures = [
        failing(&["insert"], Some("messages"), &fleet, doc! { "errorCode": 91 }),
        failing(&["insert"], Some("messages"), &fleet, doc! { "closeConnection": true }),
        failing(&["insert"], Some("messages"), &fleet, doc! { "writeConcernError": &unconfirmed }),
        failing(&["insert"], Some("statuses"), &fleet, doc! { "errorCode": 11_602 }),
        failing(&["insert"], Some("statuses"), &fleet, doc! { "writeConcernError": &unconfirmed }),
        failing(&["insert"], Some("events"), &fleet, doc! { "errorCode": 189 }),
        failing(&["insert"], Some("events"), &fleet, doc! { "writeConcernError": &unconfirmed }),
        failing(&["update"], Some("conversations"), &fleet, doc! { "errorCode": 112 }),
        failing(&["update"], Some("conversations"), &fleet, doc! { "closeConnection": true }),
        failing(&["update"], Some("statuses"), &fleet, doc! { "writeConcernError": &unconfirmed }),
        failing(&["update"], Some("lanes"), &fleet, doc! { "errorCode": 91 }),
        failing(&["commitTransaction"], None, &fleet, doc! { "errorCode": 91 }),
        failing(&["commitTransaction"], None, &fleet, doc! { "closeConnection": true }),
        failing(&["commitTransaction"], None, &fleet, doc! { "writeConcernError": &unconfirmed }),
        failing(&["insert"], Some("segments"), &fleet, doc! { "errorCode": 10_107 }),
        failing(&["insert"], Some("segments"), &fleet, doc! { "closeConnection": true }),
        failing(&["insert"], Some("segments"), &fleet, doc! { "writeConcernError": &unconfirmed }),
    ];
    let mut harm = 0;
    for round in 0..rounds {
        for failure in &failures {
            taken_more(&load, 15 + round).await;
            harm += fail_until_used_up(&fleet, failure, times).await;
        }
    }
    taken_more(&load, 50).await;
    conclude(fleet, sending, harm).await
}

/// Gives how often it failed.
async fn fail_until_used_up(fleet: &Fleet, failure: &Document, times: i32) -> usize {
    let admin = fleet.database.client().database("admin");
    let failures = arm(&admin, failure, times).await;
    failures.all_happened().await;
    usize::try_from(times).unwrap()
}

/// Commands that the server is going to fail.
pub struct Failures {
    admin: Database,
    failure: Document,
    /// How many there will have been, of all that were ever armed.
    in_all: i64,
}

/// Lets the server fail these commands so many times.
pub async fn arm(admin: &Database, failure: &Document, times: i32) -> Failures {
    let arm =
        doc! { "configureFailPoint": "failCommand", "mode": { "times": times }, "data": failure.clone() };
    let before = match admin.run_command(arm).await.unwrap().get("count") {
        Some(Bson::Int32(count)) => i64::from(*count),
        Some(Bson::Int64(count)) => *count,
        other => panic!("how often it has failed: {other:?}"),
    };
    Failures { admin: admin.clone(), failure: failure.clone(), in_all: before + i64::from(times) }
}

impl Failures {
    /// Waits until the last of them has begun.
    pub async fn all_happened(&self) {
        let patience = i64::try_from(HAPPENED_WITHIN.as_millis()).unwrap();
        let wait = doc! {
            "waitForFailPoint": "failCommand", "timesEntered": self.in_all, "maxTimeMS": patience,
        };
        let waited = self.admin.run_command(wait).await;
        waited.unwrap_or_else(|error| panic!("{} has not happened: {error}", self.failure));
    }
}

/// Sends two services all of it several times: a thousand updates in one body; a thousand webhooks, each twice, in any
/// order; and a storm, in which a few come again and again, old ones among them.
pub async fn repeat_and_shuffle(uri: &str, rounds: usize, seed: u64) -> Outcome {
    const COPIES: usize = 4;
    const STORM_NEW: usize = 30;
    const STORM_OLD: usize = 20;
    const STORM_ROUNDS: usize = 20;
    let mut fleet = Fleet::new(uri, 2).await;
    fleet.start().await;
    let (mut story, mut dice) = (Story::new(seed, CUSTOMERS), Dice(seed));
    let (client, urls) = (client(), fleet.urls());
    let send = async |url: &str, body: &str| {
        let answer = post(&client, url, body.to_owned()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    };
    let mut written = Written::default();
    for _ in 0..rounds {
        let mut batch: Vec<Webhook> = (0..BATCH).map(|_| story.next()).collect();
        dice.shuffle(&mut batch);
        let whole = in_one_body(&batch);
        join_all((0..COPIES).map(|nth| send(&urls[nth % 2], &whole))).await;

        let thousand: Vec<Webhook> = (0..BATCH).map(|_| story.next()).collect();
        let mut posts: Vec<&Webhook> = thousand.iter().chain(&thousand).collect();
        dice.shuffle(&mut posts);
        for some in posts.chunks(100) {
            let some = some.iter().enumerate();
            join_all(some.map(|(nth, webhook)| send(&urls[nth % 2], &webhook.body))).await;
        }

        let new: Vec<Webhook> = (0..STORM_NEW).map(|_| story.next()).collect();
        let old = written.taken.iter().chain(&thousand).step_by(written.taken.len() / STORM_OLD + 1);
        let storm: Vec<Webhook> = new.iter().chain(old.take(STORM_OLD)).cloned().collect();
        for turn in 0..STORM_ROUNDS {
            let storm = storm.iter().enumerate();
            join_all(storm.map(|(nth, webhook)| send(&urls[(nth + turn) % 2], &webhook.body))).await;
        }
        written.repeats += (COPIES - 1) * BATCH + BATCH + storm.len() * STORM_ROUNDS - new.len();
        written.taken.extend(batch.into_iter().chain(thousand).chain(new));
    }
    look(fleet, written, rounds * (COPIES + 1 + STORM_ROUNDS)).await
}

/// All that these webhooks tell, in one.
fn in_one_body(webhooks: &[Webhook]) -> String {
    let mut all = Value::Null;
    for webhook in webhooks {
        let mut one: Value = serde_json::from_str(&webhook.body).unwrap();
        if all.is_null() {
            all = one;
        } else {
            let changes = one["entry"][0]["changes"].take();
            let into = all["entry"][0]["changes"].as_array_mut().unwrap();
            into.extend(changes.as_array().unwrap().iter().cloned());
        }
    }
    all.to_string()
}

/// Starts a private MongoDB, with its data in a folder or in none that stays.
pub async fn start_mongod(folder: Option<&Path>) -> PrivateMongod {
    let config = DevConfig::from_source(&Source::environment()).unwrap();
    let options =
        Options { guard: PROGRAM.into(), data: folder.map(Into::into), memory_mb: MEMORY_MB, config };
    PrivateMongod::start(&options, &mut |_| {}).await.unwrap()
}

/// Waits until so many more webhooks were taken.
pub async fn taken_more(load: &Load, more: usize) {
    let wanted = load.taken() + more;
    within(PATIENCE * 2, "the load goes on", || async { (load.taken() >= wanted).then_some(()) }).await;
}

/// A load on all services of a fleet.
pub fn begin(fleet: &Fleet, senders: usize, seed: u64) -> Sending {
    Load::new(Story::new(seed, CUSTOMERS), &fleet.urls()).begin(senders)
}

/// Lets the load end, waits until everything is worked off, and looks.
pub async fn conclude(fleet: Fleet, sending: Sending, harm: usize) -> Outcome {
    let written = sending.end(SETTLED_WITHIN).await;
    look(fleet, written, harm).await
}

async fn look(fleet: Fleet, written: Written, harm: usize) -> Outcome {
    let start = Instant::now();
    settle(&fleet.database, SETTLED_WITHIN).await;
    let settled_after = start.elapsed();
    let findings = examine(&fleet.database, &written.taken).await;
    fleet.stop().await;
    Outcome { harm, written, findings, settled_after }
}
