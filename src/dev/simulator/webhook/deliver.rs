//! Carries webhooks to the receiver: writes, signs, sends, and sends again until the answer is 200.
//!
//! - A body is written once, when it is queued: every attempt carries the same bytes and the same signature.
//! - The queue has a bound; what does not fit is refused whole (`Refused::Full`), never dropped later. A
//!   redelivery keeps its place, so it cannot be refused.
//! - At most `connections_max` attempts run at once; the oldest due goes first. Order is not promised, as Meta
//!   promises none.
//! - Anything but 200 is a failure: another status, a redirect, a time-out, no connection. The schedule says when
//!   the next attempt is due and when to give up.
//! - Time is the clock's. With `Waiting::Sleep` the deliverer looks again by itself; with `Waiting::ForWake` it
//!   never sleeps: whoever moves the clock calls `wake`, and `next_due` says how far to move it.
//! - Every attempt is told to the observer after its end. The secret is in no report.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use tokio::sync::watch;

use crate::clock::{Clock, Timestamp};
use crate::ids::{Exhausted, Random};
use crate::runtime::{OnEnd, Stop, Supervisor};
use crate::secret::Secret;

use super::bytes::write;
use super::dice::Dice;
use super::envelope::{self, Update};
use super::sign;

/// How much of an answer is kept for the report.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Where to, and signed with whose secret.
#[derive(Clone, Debug)]
pub struct Target {
    pub url: String,
    /// The secret of the app whose subscription this is.
    pub app_secret: Secret,
}

/// What goes wrong with one call of `send`, on demand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mishap {
    /// Each body is queued this many times more, as the same bytes.
    pub duplicates: u32,
    /// The updates go in reverse order, each in a POST of its own.
    pub is_reversed: bool,
    /// This many attempts of each body fail before anything is sent.
    pub cut_attempts: u32,
}

/// When a failed delivery is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The pause after the first failure, the second, and so on.
    pub pauses: Vec<Duration>,
    /// The pause after every later one.
    pub then: Duration,
    /// A delivery that is older than this when it fails is dropped.
    pub give_up_after: Duration,
}

impl Schedule {
    /// Meta (2026-07): at once, then less and less often, for seven days. The steps between are not published.
    pub fn meta() -> Self {
        let seconds = [0, 1, 5, 30, 2 * 60, 10 * 60, 30 * 60];
        Self {
            pauses: seconds.into_iter().map(Duration::from_secs).collect(),
            then: Duration::from_hours(1),
            give_up_after: Duration::from_hours(7 * 24),
        }
    }

    fn pause_after(&self, failures: u32) -> Duration {
        let index = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
        self.pauses.get(index).copied().unwrap_or(self.then)
    }
}

/// Who looks again when the next delivery is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The deliverer itself, in real time.
    Sleep,
    /// Whoever moves the clock, by `wake`.
    ForWake,
}

/// How the deliverer behaves.
#[derive(Clone, Debug)]
pub struct Options {
    pub schedule: Schedule,
    pub waiting: Waiting,
    /// Attempts that run at once; at least 1.
    pub connections_max: usize,
    /// Bodies that are queued or on their way.
    pub queue_max: usize,
    /// How long the receiver may take for its answer, in real time.
    pub answer_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schedule: Schedule::meta(),
            waiting: Waiting::Sleep,
            connections_max: 16,
            queue_max: 10_000,
            answer_timeout: Duration::from_secs(10),
        }
    }
}

/// One attempt, told to the observer.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The same for all attempts of one body.
    pub delivery: u64,
    /// Counts from 1.
    pub number: u32,
    pub url: String,
    pub fields: Vec<String>,
    pub body: Bytes,
    pub signature: String,
    pub outcome: Outcome,
    /// When the next attempt is due; absent after a 200 and when it was given up.
    pub next_at: Option<Timestamp>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Answered { status: u16, answer: String },
    NoAnswer { reason: &'static str },
}

impl Outcome {
    fn is_taken(&self) -> bool {
        matches!(self, Self::Answered { status: 200, .. })
    }
}

/// Sees every attempt. Called on the task of the attempt: it must be quick and not block.
pub type Observer = Arc<dyn Fn(&Attempt) + Send + Sync>;

/// Why a call of `send` queued nothing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    #[error("the queue of webhooks is full")]
    Full,
    #[error(transparent)]
    TooLarge(#[from] envelope::TooLarge),
}

/// Why the deliverer could not start.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("no HTTP client for webhooks")]
    Client(#[source] reqwest::Error),
    #[error(transparent)]
    Randomness(#[from] Exhausted),
}

/// Delivers webhooks. Cheap to clone.
#[derive(Clone)]
pub struct Deliverer(Arc<Inner>);

struct Inner {
    options: Options,
    clock: Clock,
    client: reqwest::Client,
    supervisor: Supervisor,
    observer: Observer,
    queue: Mutex<Queue>,
    changed: watch::Sender<()>,
}

struct Queue {
    dice: Dice,
    /// By the time they are due, in milliseconds, and then by their coming.
    waiting: BTreeMap<(i64, u64), Delivery>,
    running: usize,
    next_place: u64,
    next_delivery: u64,
    is_held: bool,
}

#[derive(Clone)]
struct Delivery {
    number: u64,
    target: Target,
    fields: Vec<String>,
    body: Bytes,
    signature: String,
    queued_ms: i64,
    attempts: u32,
    cut_attempts: u32,
}

impl Deliverer {
    /// Starts the task that delivers. `random` seeds the order of keys.
    pub fn start(
        options: Options,
        supervisor: &Supervisor,
        clock: Clock,
        random: &Random,
        observer: Observer,
    ) -> Result<Self, NotStarted> {
        // Already there when another part of the process chose it first: the same one.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder()
            .timeout(options.answer_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(NotStarted::Client)?;
        let queue = Queue {
            dice: Dice::new(random)?,
            waiting: BTreeMap::new(),
            running: 0,
            next_place: 0,
            next_delivery: 0,
            is_held: false,
        };
        let deliverer = Self(Arc::new(Inner {
            options,
            clock,
            client,
            supervisor: supervisor.clone(),
            observer,
            queue: Mutex::new(queue),
            changed: watch::Sender::new(()),
        }));
        let kept = deliverer.clone();
        supervisor.keep("simulator-webhooks", OnEnd::Restart, move |stop| kept.clone().work(stop));
        Ok(deliverer)
    }

    /// Queues `updates` in as few bodies as possible; all of them or none. Gives the number of bodies.
    pub fn send(&self, target: &Target, mut updates: Vec<Update>, mishap: Mishap) -> Result<usize, Refused> {
        let now_ms = self.0.clock.now_ms();
        let mut bodies = Vec::new();
        if mishap.is_reversed {
            updates.reverse();
            for update in updates {
                bodies.extend(envelope::pack(vec![update], now_ms / 1_000)?);
            }
        } else {
            bodies = envelope::pack(updates, now_ms / 1_000)?;
        }
        let copies = usize::try_from(mishap.duplicates).unwrap_or(usize::MAX).saturating_add(1);
        let wanted = bodies.len().saturating_mul(copies);
        let mut queue = self.queue();
        if queue.waiting.len().saturating_add(queue.running).saturating_add(wanted) > self.0.options.queue_max
        {
            return Err(Refused::Full);
        }
        for body in bodies {
            let bytes = Bytes::from(write(&body.json, &mut queue.dice));
            let signature = sign::sign(&target.app_secret, &bytes);
            for _ in 0..copies {
                queue.next_delivery += 1;
                let delivery = Delivery {
                    number: queue.next_delivery,
                    target: target.clone(),
                    fields: body.fields.clone(),
                    body: bytes.clone(),
                    signature: signature.clone(),
                    queued_ms: now_ms,
                    attempts: 0,
                    cut_attempts: mishap.cut_attempts,
                };
                queue.add(now_ms, delivery);
            }
        }
        drop(queue);
        self.wake();
        Ok(wanted)
    }

    /// Holds everything back until `release`. Attempts that run now end.
    pub fn hold(&self) {
        self.queue().is_held = true;
    }

    /// Lets go what was held back.
    pub fn release(&self) {
        self.queue().is_held = false;
        self.wake();
    }

    /// Looks again at what is due. To be called after a clock was moved by hand.
    pub fn wake(&self) {
        self.0.changed.send_replace(());
    }

    /// When the next waiting delivery is due, if there is one.
    pub fn next_due(&self) -> Option<Timestamp> {
        let queue = self.queue();
        let ((due_ms, _), _) = queue.waiting.first_key_value()?;
        Timestamp::from_millisecond(*due_ms).ok()
    }

    /// Waits until nothing is queued, nothing is on its way and nothing will be sent again.
    pub async fn idle(&self) {
        self.until(|queue, _| queue.running == 0 && queue.waiting.is_empty()).await;
    }

    /// Waits until nothing is on its way and nothing is due at the clock's present time.
    pub async fn settled(&self) {
        self.until(|queue, now_ms| {
            let is_due = queue.waiting.first_key_value().is_some_and(|((due_ms, _), _)| *due_ms <= now_ms);
            queue.running == 0 && (queue.is_held || !is_due)
        })
        .await;
    }

    async fn until(&self, is_reached: impl Fn(&Queue, i64) -> bool) {
        let mut changed = self.0.changed.subscribe();
        while !is_reached(&self.queue(), self.0.clock.now_ms()) {
            // The sender lives in `self`.
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    async fn work(self, stop: Stop) {
        let mut changed = self.0.changed.subscribe();
        while !stop.is_requested() {
            changed.borrow_and_update();
            while let Some(delivery) = self.take_due() {
                let running = Running(self.clone());
                drop(self.0.supervisor.run("simulator-delivery", running.attempt(delivery)));
            }
            // All arms are cancel-safe: a token, a watch and a timer.
            tokio::select! {
                () = stop.requested() => {}
                _ = changed.changed() => {}
                () = self.pause() => {}
            }
        }
    }

    /// Resolves when the next delivery is due, if it is this task that waits for it.
    async fn pause(&self) {
        let is_blocked = {
            let queue = self.queue();
            queue.is_held || queue.running >= self.0.options.connections_max.max(1)
        };
        match self.next_due() {
            Some(due) if self.0.options.waiting == Waiting::Sleep && !is_blocked => {
                let ms = due.as_millisecond().saturating_sub(self.0.clock.now_ms());
                tokio::time::sleep(Duration::from_millis(u64::try_from(ms).unwrap_or(0))).await;
            }
            _ => std::future::pending().await,
        }
    }

    fn take_due(&self) -> Option<Delivery> {
        let mut queue = self.queue();
        if queue.is_held || queue.running >= self.0.options.connections_max.max(1) {
            return None;
        }
        let first = queue.waiting.first_entry()?;
        if first.key().0 > self.0.clock.now_ms() {
            return None;
        }
        let delivery = first.remove();
        queue.running += 1;
        Some(delivery)
    }

    async fn post(&self, delivery: &Delivery) -> Outcome {
        if delivery.attempts <= delivery.cut_attempts {
            return Outcome::NoAnswer { reason: "cut on demand" };
        }
        let sent = self
            .0
            .client
            .post(&delivery.target.url)
            .header(CONTENT_TYPE, "application/json")
            // Meta (2026-07): what its deliveries name themselves.
            .header(USER_AGENT, "facebookexternalua")
            .header(sign::HEADER, &delivery.signature)
            .body(delivery.body.clone())
            .send()
            .await;
        match sent {
            Ok(response) => {
                let status = response.status().as_u16();
                Outcome::Answered { status, answer: read_some(response).await }
            }
            Err(error) if error.is_timeout() => Outcome::NoAnswer { reason: "timed out" },
            Err(error) if error.is_connect() => Outcome::NoAnswer { reason: "no connection" },
            Err(error) if error.is_builder() => Outcome::NoAnswer { reason: "not a URL" },
            Err(_) => Outcome::NoAnswer { reason: "the connection broke" },
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Deliverer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = self.queue();
        write!(f, "Deliverer({} waiting, {} running)", queue.waiting.len(), queue.running)
    }
}

impl Queue {
    fn add(&mut self, due_ms: i64, delivery: Delivery) {
        self.next_place += 1;
        self.waiting.insert((due_ms, self.next_place), delivery);
    }
}

/// The place of one attempt among those that run; given back however the attempt ends.
struct Running(Deliverer);

impl Running {
    async fn attempt(self, mut delivery: Delivery) {
        let deliverer = &self.0;
        delivery.attempts += 1;
        let outcome = deliverer.post(&delivery).await;
        let now_ms = deliverer.0.clock.now_ms();
        let schedule = &deliverer.0.options.schedule;
        let age = Duration::from_millis(now_ms.abs_diff(delivery.queued_ms));
        let next_ms = (!outcome.is_taken() && age < schedule.give_up_after).then(|| {
            let pause = schedule.pause_after(delivery.attempts).as_millis();
            now_ms.saturating_add(i64::try_from(pause).unwrap_or(i64::MAX))
        });
        (deliverer.0.observer)(&Attempt {
            delivery: delivery.number,
            number: delivery.attempts,
            url: delivery.target.url.clone(),
            fields: delivery.fields.clone(),
            body: delivery.body.clone(),
            signature: delivery.signature.clone(),
            outcome,
            next_at: next_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        });
        if let Some(next_ms) = next_ms {
            deliverer.queue().add(next_ms, delivery);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.queue().running -= 1;
        self.0.wake();
    }
}

/// The beginning of an answer. One that breaks off is still the answer that its status says.
async fn read_some(mut response: reqwest::Response) -> String {
    let mut answer = Vec::new();
    while answer.len() < ANSWER_BYTES_MAX {
        match response.chunk().await {
            Ok(Some(chunk)) => answer.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    answer.truncate(ANSWER_BYTES_MAX);
    String::from_utf8_lossy(&answer).into_owned()
}
