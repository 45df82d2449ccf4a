//! Bad input by real HTTP: thousands of spoilt webhooks, most of them signed, so that nothing but the decoder stands
//! between them and us. Each gets the code that its size and signature call for; what is answered 200 is stored,
//! decodes without a panic into at least one item, and loses nothing; memory stays where it was. What is known of the
//! program comes from its answers, `/metrics`, `/health`, its log and its process.
//!
//! `docs/bad-input.md` says how to run the full number, and what came of it.

mod coverage;
mod decoding;
mod mutation;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use pesan::domain::event::Event;
use pesan::ingest::verify::{Account, verify};
use pesan::meta::decode::decode;

use self::mutation::{BODY_BYTES_MAX, Corpus, Mutated, Mutation, Random, mutated};
use crate::support::program::Service;
use crate::support::webhook::{APP_SECRET, NUMBER, PATH, post, sign, sign_with, text_message};
use crate::support::{client, eventually, mongo, within};

/// How many bodies a run sends, unless `PESAN_TEST_MUTATIONS` says otherwise.
const BODIES: u64 = 2_000;
const AT_ONCE: usize = 24;
const SEED: u64 = 2;

/// How much the program may have grown after all bodies, compared with after the first tenth of them, which has
/// filled its pools and buffers. What waits for the journal has a bound of 32 MB, and the allocator keeps some.
const GROWTH_KB_MAX: u64 = 96 * 1024;

/// Two hundred thousand of them, on a busy machine.
const WORKED_OFF_WITHIN: Duration = Duration::from_mins(10);

/// Nobody may fill our disk by sending nonsense.
const LOG_BYTES_MAX: usize = 256 * 1024;

fn bodies() -> u64 {
    std::env::var("PESAN_TEST_MUTATIONS").map_or(BODIES, |number| number.parse().expect("a number of bodies"))
}

/// A spoilt webhook on its way.
struct Delivery {
    mutation: Mutation,
    body: Vec<u8>,
    /// The header's value, if there is one.
    signature: Option<String>,
}

impl Delivery {
    /// The one with that number. Two of three are signed as they are; the others have the signature of the body as it
    /// was before, that of another secret, a malformed one, or none.
    fn new(corpus: &Corpus, seed: u64, number: u64) -> Self {
        let mut random = Random::new(seed, number);
        let Mutated { original, mutation, body } = mutated(corpus, &mut random);
        let body = with_own_names(&body, number);
        let signature = match random.below(12) {
            0 => Some(sign(original.text.as_bytes())),
            1 => Some(sign_with("another-secret", &body)),
            2 => Some((*random.pick(&["", "sha256=", "sha1=12", "sha256=zz", "\u{fc}"])).to_owned()),
            3 => None,
            _ => Some(sign(&body)),
        };
        Self { mutation, body, signature }
    }

    fn is_signed(&self) -> bool {
        self.signature.as_ref().is_some_and(|signature| *signature == sign(&self.body))
    }

    fn expected_code(&self) -> u16 {
        match self.body.len() {
            length if length > BODY_BYTES_MAX => 413,
            _ if self.is_signed() => 200,
            _ => 401,
        }
    }
}

/// Makes the names of messages its own, or nearly all would be repeats of the first of their kind.
fn with_own_names(body: &[u8], number: u64) -> Vec<u8> {
    const NAME: &[u8] = b"\"wamid.";
    let mut named = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(place) = rest.windows(NAME.len()).position(|bytes| bytes == NAME) {
        let (before, after) = rest.split_at(place + NAME.len());
        named.extend_from_slice(before);
        named.extend_from_slice(format!("{number}-").as_bytes());
        rest = after;
    }
    named.extend_from_slice(rest);
    named
}

/// Where they are sent.
struct Target<'a> {
    url: &'a str,
    client: reqwest::Client,
    /// For bodies beyond the limit: the service closes the connection on them, so theirs are not used again.
    careful: reqwest::Client,
}

impl<'a> Target<'a> {
    fn new(url: &'a str) -> Self {
        let careful = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Self { url, client: client(), careful }
    }

    /// Sends one, and gives its answer's code after checking it.
    async fn send(&self, delivery: Delivery) -> (Mutation, u16) {
        let expected = delivery.expected_code();
        let client = if expected == 413 { &self.careful } else { &self.client };
        let mut request =
            client.post(format!("{}{PATH}", self.url)).header("content-type", "application/json");
        if let Some(signature) = &delivery.signature {
            request = request.header("x-hub-signature-256", signature);
        }
        let excerpt = String::from_utf8_lossy(&delivery.body[..delivery.body.len().min(400)]).into_owned();
        let answer = request.body(delivery.body).send().await;
        let code =
            answer.unwrap_or_else(|error| panic!("no answer: {error:?} for {excerpt}")).status().as_u16();
        assert_eq!(code, expected, "{:?}: {excerpt}", delivery.mutation);
        (delivery.mutation, code)
    }

    /// Sends those numbers of a seed, and counts what became of them.
    async fn send_all(&self, corpus: &Corpus, seed: u64, numbers: std::ops::Range<u64>, tally: &mut Tally) {
        let sends = numbers.map(|number| {
            let delivery = Delivery::new(corpus, seed, number);
            if delivery.expected_code() == 200 {
                tally.decoded.add(&delivery.body, number);
            }
            self.send(delivery)
        });
        let mut answers = futures_util::stream::iter(sends).buffer_unordered(AT_ONCE);
        while let Some((mutation, code)) = answers.next().await {
            *tally.answers.entry(mutation).or_default().entry(code).or_default() += 1;
        }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    /// The sum of a metric over those of its lines that have `labels` in them.
    async fn metric(&self, name: &str, labels: &str) -> u64 {
        let text = self.get("/metrics").await.text().await.unwrap();
        let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(labels));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }
}

/// What decoding made of the bodies that were taken.
#[derive(Default)]
struct Decoded {
    bodies: u64,
    items: usize,
    unrecognised: BTreeMap<String, u64>,
}

impl Decoded {
    fn add(&mut self, body: &[u8], number: u64) {
        let items = catch_unwind(AssertUnwindSafe(|| decode(body)));
        let items = items.unwrap_or_else(|_| panic!("body {number} makes the decoder panic"));
        let faults = coverage::faults(body, &items);
        assert!(faults.is_empty(), "body {number}: {faults:#?}");
        self.bodies += 1;
        self.items += items.len();
        for item in items {
            if let Event::Unrecognised { why } = item.event {
                *self.unrecognised.entry(format!("{why:?}")).or_default() += 1;
            }
        }
    }
}

/// What became of a run.
#[derive(Default)]
struct Tally {
    answers: BTreeMap<Mutation, BTreeMap<u16, u64>>,
    decoded: Decoded,
}

impl Tally {
    fn with_code(&self, code: u16) -> u64 {
        self.answers.values().filter_map(|codes| codes.get(&code)).sum()
    }

    fn print(&self, title: &str) {
        println!("{title}");
        for (mutation, codes) in &self.answers {
            println!("  {:<16}{codes:?}", format!("{mutation:?}"));
        }
        let (taken, refused, large) = (self.with_code(200), self.with_code(401), self.with_code(413));
        println!("{taken} stored, {refused} refused for their signature, {large} too large");
        let Decoded { items, unrecognised, .. } = &self.decoded;
        println!("those stored decode into {items} items, of which unrecognised: {unrecognised:?}");
    }

    /// Each code was met and no other, and the program has counted the same.
    async fn check(&self, sent: u64, target: &Target<'_>) {
        let (taken, refused, large) = (self.with_code(200), self.with_code(401), self.with_code(413));
        assert_eq!(taken + refused + large, sent);
        assert!(taken * 2 > sent, "most bodies reach decoding");
        assert!(refused > 0 && (sent < BODIES || large > 0));
        assert_eq!(taken, self.decoded.bodies);
        // A spoilt one may name an account by which others find their way: those are stored once more.
        let rerouted = async || target.metric("pesan_ingest_webhooks_rerouted_total", "").await;
        let durable = eventually("nothing is on its way", || async {
            let (before, stored) =
                (rerouted().await, target.metric("pesan_journal_webhooks_stored_total", "").await);
            (before == rerouted().await).then(|| stored - before)
        })
        .await;
        assert_eq!(taken, durable, "200 means durable");
        for (outcome, count) in [("stored", taken), ("signature_", refused), ("unreadable", large)] {
            let outcome = format!("outcome=\"{outcome}");
            assert_eq!(count, target.metric("pesan_webhooks_received_total", &outcome).await, "{outcome}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spoilt_webhooks_get_their_code_and_harm_nobody() {
    let (corpus, sent) = (Corpus::read(), bodies());
    // A quarter of the originals is for this number, so theirs go the whole way.
    let service = Service::start(&[("WHATSAPP_APP_SECRET", APP_SECRET), NUMBER[0], NUMBER[1]]).await;
    let target = Target::new(&service.url);
    let mut tally = Tally::default();
    let resident_kb = || status_kb(service.program.pid(), "VmRSS:");
    let (start, at_start) = (Instant::now(), resident_kb());
    target.send_all(&corpus, SEED, 0..sent / 10, &mut tally).await;
    let before = resident_kb();
    target.send_all(&corpus, SEED, sent / 10..sent, &mut tally).await;
    let after = resident_kb();
    tally.print(&format!("{sent} spoilt webhooks in {:.1} s", start.elapsed().as_secs_f64()));
    let peak = status_kb(service.program.pid(), "VmHWM:");
    println!(
        "resident: {at_start} kB at the start, {before} after a tenth, {after} after all, {peak} at most"
    );
    assert!(after < before + GROWTH_KB_MAX, "it grew from {before} kB to {after} kB");

    tally.check(sent, &target).await;
    let account = all_accounted_for(&service).await;
    println!("of what was stored: {account:?}");
    assert!(account.stored + account.waiting > sent / 20, "some of it goes the whole way");
    assert_eq!(target.metric("pesan_task_panics_total", "").await, 0);
    eventually("it is well", || async {
        let health = [target.get("/health/live").await, target.get("/health/ready").await];
        health.iter().all(|answer| answer.status() == 200).then_some(())
    })
    .await;
    let good = post(&target.client, &service.url, text_message("wamid.after", "masih di sini")).send().await;
    assert_eq!(good.unwrap().status(), 200);
    let log = service.log();
    println!("log: {} bytes", log.len());
    assert!(log.contains("a webhook was refused"), "this is the log: {log}");
    assert!(!log.contains("panicked"), "{log}");
    assert!(log.len() < LOG_BYTES_MAX, "{} bytes of log", log.len());
    service.stop().await;
}

/// Waits until everything is worked off, and counts where each item is.
async fn all_accounted_for(service: &Service) -> Account {
    let storage = mongo::storage(mongo::uri(), &service.database).await;
    let account = within(WORKED_OFF_WITHIN, "everything is worked off", || async {
        let account = verify(&storage, 0, i64::MAX / 2).await.unwrap();
        (account.pending == 0).then_some(account)
    })
    .await;
    assert!(account.is_complete(), "{account:?}");
    storage.close().await;
    account
}

/// A figure of a process, in kB.
fn status_kb(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
