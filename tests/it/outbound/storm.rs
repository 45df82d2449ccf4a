//! Messages that are sent while everything goes wrong: Meta refuses, is slow, loses answers and lets the token end, and
//! both services that send die and freeze again and again. What came of it is for `reckoning`.
//!
//! The same at large scale: `cargo bench --bench faults`.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mongodb::Database;
use mongodb::bson::{Document, doc};
use pesan::runtime::crash::SEND_POINTS;
use pesan::secret::Secret;
use serde_json::{Value, json};

use super::reckoning::{Findings, Request, reckon};
use super::senders::{Senders, storage};
use super::stage::{Meta, SEND, TOKEN, sealed, template};
use crate::support::fleet::Instance;
use crate::support::load::Dice;
use crate::support::oracle::settle;
use crate::support::{PATIENCE, client_within, within};

/// Who asks: each has customers of their own, whom they write to one message after the other.
const ASKERS: usize = 8;
/// Who gives no answer within this time is asked again; longer than a death, shorter than a freeze.
const ANSWER_MAX: Duration = Duration::from_secs(5);
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long the services wait for an answer of Meta's.
const CALL_MAX_MS: &str = "2000";
/// Pauses of pairs and of what was refused, leases, and webhooks that Meta tells again. A number that was refused again and
/// again sends a tenth of what it may, and gets back to all of it in ten minutes.
const SETTLED_WITHIN: Duration = Duration::from_mins(20);
/// A lease in the database's time, and the round in which it is looked at.
const FROZEN_MAX: Duration = Duration::from_secs(14);

/// How much goes wrong.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    /// At least so many are asked for; more, if not everybody has died by then.
    pub messages: usize,
    pub customers: usize,
    pub asked_per_s: u32,
    /// How often each service dies at each point, and is killed anywhere.
    pub deaths: usize,
    pub freezes: usize,
    /// How often Meta refuses everything for a while.
    pub storms: usize,
    /// How often the token ends.
    pub ends_of_token: usize,
}

impl Plan {
    /// For a busy machine that does something else beside.
    pub fn small(seed: u64) -> Self {
        Self {
            seed,
            messages: 300,
            customers: 160,
            asked_per_s: 40,
            deaths: 1,
            freezes: 0,
            storms: 2,
            ends_of_token: 1,
        }
    }
}

/// What was done, and what came of it.
#[derive(Debug)]
pub struct Outcome {
    pub deaths: usize,
    /// Asks that had no answer, and were made again.
    pub unanswered: usize,
    pub findings: Findings,
    pub took: Duration,
    /// From the last ask until everything had ended.
    pub settled_after: Duration,
}

impl Outcome {
    /// Fails if a promise was broken.
    pub fn demand(&self) {
        let lines = self.findings.lines();
        let Self { deaths, unanswered, findings, took, settled_after } = self;
        println!(
            "{} messages, {} requests, {} taken ({} at most in a second), {:?}, {:?}; {deaths} deaths, {unanswered} asks \
             without an answer, {took:?}, settled after {settled_after:?}",
            findings.messages,
            findings.requests,
            findings.taken,
            findings.most_in_a_second,
            findings.states,
            findings.faults,
        );
        assert!(lines.is_empty(), "{}", lines.join("\n"));
        assert!(self.deaths > 0 && self.findings.taken > 0, "something was sent, and something went wrong");
    }
}

/// One end of a service.
#[derive(Clone, Copy, Debug)]
enum Death {
    At(&'static str, u64),
    Anywhere,
    /// Not an end: it loses its turns, and wakes again.
    Frozen,
}

/// What all who take part know.
struct Storm {
    plan: Plan,
    urls: Vec<String>,
    client: reqwest::Client,
    key: Secret,
    database: Database,
    asked: AtomicUsize,
    unanswered: AtomicUsize,
    is_over: AtomicBool,
    /// By our id: which customer, and which of the messages to them.
    written: Mutex<HashMap<String, (usize, usize)>>,
    requests: Mutex<Vec<Request>>,
}

/// Lets a storm pass over two services, and looks.
pub async fn storm(plan: &Plan) -> Outcome {
    let more = [("GRAPH_API_TIMEOUT_MS", CALL_MAX_MS), ("API_RATE_LIMIT", "0")];
    let mut senders = Senders::new(2, false, &more).await;
    for customer in 0..plan.customers {
        let phone = phone_of(customer);
        let user_id = format!("ID.{customer:012}");
        let person = json!({ "key": user_id, "name": "Budi", "phone": phone.trim_start_matches('+'),
            "user_id": user_id, "read_receipts": true });
        senders.meta.control("people", person).await;
    }
    let storm = Arc::new(Storm {
        plan: plan.clone(),
        urls: senders.fleet.urls(),
        client: client_within(ANSWER_MAX),
        key: senders.callers[0].key.clone(),
        database: senders.fleet.database.clone(),
        asked: AtomicUsize::new(0),
        unanswered: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
        written: Mutex::default(),
        requests: Mutex::default(),
    });
    let begun = Instant::now();
    for fault in standing_faults() {
        senders.meta.control("faults", fault).await;
    }
    let askers: Vec<_> = (0..ASKERS).map(|asker| tokio::spawn(Arc::clone(&storm).ask_on(asker))).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let journal = tokio::spawn(Arc::clone(&storm).read_on(senders.meta.running.url(), Arc::clone(&stop)));
    let mender = tokio::spawn(Arc::clone(&storm).mend_on(Arc::clone(&stop)));
    let (first, second) = senders.fleet.instances.split_at_mut(1);
    let (one, other, ()) = tokio::join!(
        storm.harm(&mut first[0], 0),
        storm.harm(&mut second[0], 1),
        storm.trouble(&senders.meta),
    );
    storm.is_over.store(true, Ordering::SeqCst);
    for asker in askers {
        asker.await.unwrap();
    }
    senders.meta.clear_faults().await;
    let ended = Instant::now();
    while !storm.has_ended().await {
        if ended.elapsed() > SETTLED_WITHIN {
            println!("not all has ended: {}", storm.states().await);
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let settled_after = ended.elapsed();
    settle(&storm.database, PATIENCE).await;
    stop.store(true, Ordering::SeqCst);
    journal.await.unwrap();
    mender.await.unwrap();
    let written = std::mem::take(&mut *storm.written.lock().unwrap());
    let requests = std::mem::take(&mut *storm.requests.lock().unwrap());
    let findings = reckon(&storm.database, &senders.callers[1], &written, &requests).await;
    senders.fleet.stop().await;
    Outcome {
        deaths: one + other,
        unanswered: storm.unanswered.load(Ordering::SeqCst),
        findings,
        took: begun.elapsed(),
        settled_after,
    }
}

fn phone_of(customer: usize) -> String {
    format!("+62812{:08}", 30_000_000 + customer)
}

/// What goes wrong now and then, all the time.
fn standing_faults() -> Vec<Value> {
    let of_sends = [
        json!({ "kind": "dropped_response", "percent": 2 }),
        json!({ "kind": "slow", "percent": 2, "delay_ms": 400 }),
        // The service has given up by then.
        json!({ "kind": "slow", "percent": 1, "delay_ms": 3_500 }),
        json!({ "kind": "server_error", "percent": 1 }),
        json!({ "kind": "server_error", "percent": 1, "status": 503, "code": 2 }),
        json!({ "kind": "server_error", "percent": 1, "status": 400, "code": 131_009 }),
        json!({ "kind": "network_cut", "percent": 1 }),
        json!({ "kind": "status_first", "percent": 1 }),
    ];
    let of_webhooks = [
        json!({ "kind": "duplicate", "percent": 5 }),
        json!({ "kind": "reorder", "percent": 5 }),
        json!({ "kind": "network_cut", "place": "webhook", "percent": 3 }),
    ];
    let of_sends = of_sends.into_iter().map(|mut fault| {
        fault["target"] = "/messages".into();
        fault
    });
    of_sends.chain(of_webhooks).collect()
}

impl Storm {
    /// Asks until it is over.
    async fn ask_on(self: Arc<Self>, asker: usize) {
        let mut dice = Dice(self.plan.seed.wrapping_mul(1_000) + asker as u64);
        let mine: Vec<usize> = (asker..self.plan.customers).step_by(ASKERS).collect();
        let mut next = vec![0; mine.len()];
        let per_s = self.plan.asked_per_s / u32::try_from(ASKERS).unwrap();
        let mut pace = tokio::time::interval(Duration::from_secs(1) / per_s.max(1));
        while !self.is_over.load(Ordering::SeqCst) || self.asked.load(Ordering::SeqCst) < self.plan.messages {
            pace.tick().await;
            let which = usize::try_from(dice.below(mine.len() as u64)).unwrap();
            let (customer, nth) = (mine[which], next[which]);
            next[which] += 1;
            let id = self.ask(customer, nth).await;
            let known = self.written.lock().unwrap().insert(id, (customer, nth));
            assert_eq!(known, None, "another key is another message");
            self.asked.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Asks for one message, under its key, until there is an answer; gives our id.
    async fn ask(&self, customer: usize, nth: usize) -> String {
        let mut input = template(&phone_of(customer), &format!("{customer}.{nth}"));
        input["idempotencyKey"] = format!("{customer}.{nth}").into();
        let body = json!({ "query": SEND, "variables": { "input": input } });
        let begun = Instant::now();
        for turn in 0.. {
            let url = &self.urls[(nth + turn) % self.urls.len()];
            let request = self.client.post(format!("{url}/graphql")).bearer_auth(self.key.expose());
            let answer: Option<Value> = match request.json(&body).send().await {
                Ok(answer) => answer.json().await.ok(),
                Err(_) => None,
            };
            let payload = answer.as_ref().map(|answer| &answer["data"]["sendMessage"]);
            if let Some(id) = payload.and_then(|payload| payload["message"]["id"].as_str()) {
                return id.to_owned();
            }
            assert!(begun.elapsed() < PATIENCE * 2, "nobody takes {input}: {answer:?}");
            self.unanswered.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        panic!("asks are not counted")
    }

    /// Waits until so many more were asked for.
    async fn asked_more(&self, more: usize) {
        let wanted = self.asked.load(Ordering::SeqCst) + more;
        self.asked_in_all(wanted).await;
    }

    async fn asked_in_all(&self, wanted: usize) {
        within(PATIENCE * 10, "messages are asked for", || async {
            (self.asked.load(Ordering::SeqCst) >= wanted).then_some(())
        })
        .await;
    }

    /// Lets a service die in every way, and start again; gives how often it did.
    async fn harm(&self, instance: &mut Instance, place: u64) -> usize {
        let mut dice = Dice(self.plan.seed.wrapping_mul(77) + place);
        let mut deaths = Vec::new();
        for _ in 0..self.plan.deaths {
            deaths.extend(SEND_POINTS.iter().map(|point| Death::At(point, 1 + dice.below(10))));
            deaths.push(Death::Anywhere);
        }
        // One after the other, so that one of the two is awake.
        if place == 0 {
            deaths.extend((0..self.plan.freezes).map(|_| Death::Frozen));
        }
        dice.shuffle(&mut deaths);
        instance.stop().await;
        for death in &deaths {
            match death {
                Death::At(point, nth) => {
                    instance.start(Some((*point, *nth)));
                    instance.death().await;
                }
                Death::Anywhere => {
                    instance.start(None);
                    instance.ready(PATIENCE).await;
                    self.asked_more(10 + usize::try_from(dice.below(30)).unwrap()).await;
                    instance.signal("KILL").await;
                    instance.death().await;
                }
                Death::Frozen => {
                    instance.start(None);
                    instance.ready(PATIENCE).await;
                    self.asked_more(50).await;
                    self.freeze(instance).await;
                    self.asked_more(50).await;
                    instance.stop().await;
                }
            }
        }
        instance.start(None);
        instance.ready(PATIENCE).await;
        deaths.len()
    }

    /// Freezes a service until its turns are somebody else's.
    async fn freeze(&self, instance: &Instance) {
        instance.signal("STOP").await;
        let frozen = Instant::now();
        let turns = self.database.collection::<Document>("turns");
        let late = doc! { "$expr": { "$lt": ["$leaseUntil", "$$NOW"] }, "holder": { "$exists": true } };
        let mut was_late = false;
        while frozen.elapsed() < FROZEN_MAX {
            let count = turns.count_documents(late.clone()).await.unwrap();
            if was_late && count == 0 {
                break;
            }
            was_late |= count > 0;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        instance.signal("CONT").await;
    }

    /// What goes wrong at Meta at certain times: refusals in a row, and tokens that end.
    async fn trouble(&self, meta: &Meta) {
        let storm = [(130_429, 30), (131_056, 20), (80_007, 5)];
        let storms = std::iter::repeat_n(true, self.plan.storms);
        let mut all: Vec<bool> = storms.chain(std::iter::repeat_n(false, self.plan.ends_of_token)).collect();
        Dice(self.plan.seed + 5).shuffle(&mut all);
        let step = self.plan.messages / (all.len() + 1);
        for (nth, is_storm) in all.into_iter().enumerate() {
            self.asked_in_all(step * (nth + 1)).await;
            if !is_storm {
                meta.trouble(json!({ "kind": "expired_token", "count": 3 })).await;
                continue;
            }
            for (code, count) in storm {
                meta.trouble(json!({ "kind": "rate_limited", "code": code, "count": count })).await;
            }
        }
        self.asked_in_all(self.plan.messages).await;
    }

    /// Mends the token whenever the number is blocked because of it.
    async fn mend_on(self: Arc<Self>, stop: Arc<AtomicBool>) {
        let storage = storage(self.database.name()).await;
        let numbers = self.database.collection::<Document>("numbers");
        while !stop.load(Ordering::SeqCst) {
            if numbers.find_one(doc! { "block": { "$exists": true } }).await.unwrap().is_some() {
                let token = sealed(&storage, TOKEN).await;
                let mended = doc! { "$set": { "accessToken": token }, "$unset": { "block": "" } };
                numbers.update_one(doc! {}, mended).await.unwrap();
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        storage.close().await;
    }

    /// Reads the simulator's journal, which forgets what is old.
    async fn read_on(self: Arc<Self>, url: String, stop: Arc<AtomicBool>) {
        let mut since = 0;
        loop {
            // Once more after the end was asked for.
            let is_last = stop.load(Ordering::SeqCst);
            let query = format!("{url}/_sim/journal?kind=request&contains=/messages&since={since}");
            let journal: Value = self.client.get(query).send().await.unwrap().json().await.unwrap();
            assert!(journal["dropped"].as_u64().unwrap() <= since, "the journal was read too seldom");
            since = journal["last"].as_u64().unwrap();
            let read = journal["entries"].as_array().unwrap().iter().map(Request::of);
            self.requests.lock().unwrap().extend(read);
            if is_last {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// How many messages are in each state.
    async fn states(&self) -> String {
        let messages = self.database.collection::<Document>("messages");
        let states = messages.distinct("send.state", doc! {}).await.unwrap();
        let mut counts = Vec::new();
        for state in states {
            let count = messages.count_documents(doc! { "send.state": &state }).await.unwrap();
            counts.push(format!("{count} {state}"));
        }
        counts.join(", ")
    }

    /// Whether every message has its end, and Meta's word has reached it.
    async fn has_ended(&self) -> bool {
        let messages = self.database.collection::<Document>("messages");
        let open = doc! { "send.state": { "$in": ["queued", "leaving"] } };
        if messages.count_documents(open).await.unwrap() > 0 {
            return false;
        }
        let taken: HashSet<String> = {
            let requests = self.requests.lock().unwrap();
            requests.iter().filter(|request| request.is_taken).map(|request| request.id.clone()).collect()
        };
        let mut doubtful = messages.find(doc! { "send.state": "unconfirmed" }).await.unwrap();
        while doubtful.advance().await.unwrap() {
            if taken.contains(doubtful.deserialize_current().unwrap().get_str("_id").unwrap()) {
                return false;
            }
        }
        let statuses = self.database.collection::<Document>("statuses");
        statuses.count_documents(doc! { "waiting": { "$exists": true } }).await.unwrap() == 0
    }
}
