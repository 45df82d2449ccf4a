//! A load of webhooks as Meta sends them: many at once, out of order, some twice, each again until it is answered
//! 200. What it sent and what was answered 200 is written down here, and is what the database is held against.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::webhook::{Customer, NOW_S, body, echo, inbound, post, status, text};

/// Who does not answer within this time is not waited for.
const ANSWER_MAX: Duration = Duration::from_secs(4);
/// The pause before a webhook that was not taken is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(10);
/// One in so many webhooks is sent once more after it was taken.
const ONE_TWICE_IN: u64 = 10;
/// How far from its place a webhook may come.
const DISORDER: u64 = 12;
/// One in so many messages of the business comes long after what is told of it, and by how much.
const ONE_LATE_IN: u64 = 3;
const LATE: u64 = 40;
/// One in so many customers is named by one of the two ids only, now this, now that.
const HALF_NAMED_IN: usize = 4;

/// What one webhook tells.
#[derive(Clone, Debug)]
pub enum Item {
    Message { wamid: String, customer: usize, is_inbound: bool, at_s: i64 },
    Status { wamid: String, step: &'static str, at_s: i64 },
    Reaction { wamid: String, target: String },
}

/// One webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub body: String,
    pub items: Vec<Item>,
}

/// Numbers that look random and are the same in every run.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB) >> 31) % end
    }

    /// Brings the items into some order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let other = usize::try_from(self.below(end as u64 + 1)).unwrap();
            items.swap(end, other);
        }
    }
}

/// What the customers and the business do, without an end.
#[derive(Debug)]
pub struct Story {
    dice: Dice,
    customers: u64,
    scene: u64,
    /// What comes, by when it comes.
    coming: BTreeMap<(u64, u64), Webhook>,
}

impl Story {
    /// With so many customers; another seed tells another story.
    pub fn new(seed: u64, customers: u64) -> Self {
        Self { dice: Dice(seed), customers, scene: 0, coming: BTreeMap::new() }
    }

    /// The next webhook. What belongs together comes together, but for some messages, and not always in its order.
    pub fn next(&mut self) -> Webhook {
        while self.coming.first_key_value().is_none_or(|((place, _), _)| *place > self.scene * 2) {
            self.act();
        }
        self.coming.pop_first().unwrap().1
    }

    fn act(&mut self) {
        self.scene += 1;
        let customer = usize::try_from(self.dice.below(self.customers)).unwrap();
        let at_s = NOW_S + i64::try_from(self.scene / 3).unwrap();
        let scene = self.scene;
        if self.dice.below(2) == 0 {
            let wamid = format!("wamid.in.{scene}");
            let name = self.name(customer);
            let change = inbound(name.customer(), &wamid, at_s, text(&format!("{customer} halo {scene} 🌅")));
            self.plan(0, change, Item::Message { wamid, customer, is_inbound: true, at_s });
            return;
        }
        let wamid = format!("wamid.out.{scene}");
        let name = self.name(customer);
        let change = echo(name.customer(), &wamid, at_s, text(&format!("{customer} baik {scene}")));
        let late = if self.dice.below(ONE_LATE_IN) == 0 { LATE } else { 0 };
        self.plan(late, change, Item::Message { wamid: wamid.clone(), customer, is_inbound: false, at_s });
        for (step, after_s) in [("sent", 1), ("delivered", 2), ("read", 5)] {
            let change = status(name.customer(), &wamid, step, at_s + after_s);
            self.plan(0, change, Item::Status { wamid: wamid.clone(), step, at_s: at_s + after_s });
        }
        if self.dice.below(4) == 0 {
            let reaction = json!({ "type": "reaction", "reaction": { "message_id": wamid, "emoji": "👍" } });
            let own = format!("wamid.re.{scene}");
            let change = inbound(name.customer(), &own, at_s + 9, reaction);
            self.plan(0, change, Item::Reaction { wamid: own, target: wamid });
        }
    }

    fn plan(&mut self, late: u64, change: Value, item: Item) {
        let place = (self.scene * 2 + late + self.dice.below(DISORDER), self.dice.below(u64::MAX));
        self.coming.insert(place, Webhook { body: body(&[change]), items: vec![item] });
    }

    fn name(&mut self, customer: usize) -> Name {
        let (mut wa_id, mut user_id) = (format!("62811{customer:07}"), format!("ID.{customer:07}"));
        if is_half_named(customer) {
            match self.dice.below(3) {
                0 => wa_id.clear(),
                1 => user_id.clear(),
                _ => {}
            }
        }
        Name { wa_id, user_id }
    }
}

/// Whether a customer is named by one id only at times.
pub fn is_half_named(customer: usize) -> bool {
    customer.is_multiple_of(HALF_NAMED_IN)
}

struct Name {
    wa_id: String,
    user_id: String,
}

impl Name {
    fn customer(&self) -> Customer<'_> {
        Customer::new(&self.wa_id, &self.user_id)
    }
}

/// A load that goes on until it is ended.
#[derive(Debug)]
pub struct Load {
    source: Mutex<Source>,
    written: Mutex<Written>,
    taken: AtomicUsize,
    is_ending: AtomicBool,
    urls: Vec<String>,
    client: reqwest::Client,
}

#[derive(Debug)]
struct Source {
    story: Story,
    dice: Dice,
    again: VecDeque<(Webhook, Attempt)>,
    in_flight: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    First,
    /// It was not answered 200.
    Again,
    /// It was, and comes once more all the same.
    Repeat,
}

/// What was sent, and how it went.
#[derive(Clone, Debug, Default)]
pub struct Written {
    pub taken: Vec<Webhook>,
    pub repeats: usize,
    /// Answers that were not 200.
    pub refusals: usize,
    /// Requests without an answer.
    pub unanswered: usize,
}

impl Load {
    /// To these services, in turn.
    pub fn new(story: Story, urls: &[String]) -> Arc<Self> {
        let dice = story.dice.clone();
        let source = Source { story, dice, again: VecDeque::new(), in_flight: 0 };
        let client = reqwest::Client::builder().timeout(ANSWER_MAX).no_proxy();
        rustls::crypto::ring::default_provider().install_default().ok();
        Arc::new(Self {
            source: Mutex::new(source),
            written: Mutex::default(),
            taken: AtomicUsize::new(0),
            is_ending: AtomicBool::new(false),
            urls: urls.to_vec(),
            client: client.build().unwrap(),
        })
    }

    /// So many senders begin.
    pub fn begin(self: &Arc<Self>, senders: usize) -> Sending {
        let tasks = (0..senders).map(|sender| tokio::spawn(Arc::clone(self).send(sender))).collect();
        Sending { load: Arc::clone(self), tasks }
    }

    /// How many webhooks were answered 200 so far.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    async fn send(self: Arc<Self>, sender: usize) {
        for turn in sender.. {
            let Some((webhook, attempt)) = self.take() else {
                if self.is_over() {
                    return;
                }
                tokio::time::sleep(AGAIN_AFTER).await;
                continue;
            };
            let url = &self.urls[turn % self.urls.len()];
            let answer = post(&self.client, url, webhook.body.clone()).send().await;
            let status = answer.map(|answer| answer.status().as_u16()).ok();
            if status != Some(200) {
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            self.note(webhook, attempt, status);
        }
    }

    fn take(&self) -> Option<(Webhook, Attempt)> {
        let mut source = self.source.lock().unwrap();
        let next = match source.again.pop_front() {
            Some(next) => Some(next),
            None if self.is_ending.load(Ordering::SeqCst) => None,
            None => Some((source.story.next(), Attempt::First)),
        };
        source.in_flight += usize::from(next.is_some());
        next
    }

    fn is_over(&self) -> bool {
        let source = self.source.lock().unwrap();
        self.is_ending.load(Ordering::SeqCst) && source.again.is_empty() && source.in_flight == 0
    }

    fn note(&self, webhook: Webhook, attempt: Attempt, status: Option<u16>) {
        let mut source = self.source.lock().unwrap();
        source.in_flight -= 1;
        let mut written = self.written.lock().unwrap();
        match (status, attempt) {
            (Some(200), Attempt::Repeat) => written.repeats += 1,
            (Some(200), _) => {
                if source.dice.below(ONE_TWICE_IN) == 0 {
                    source.again.push_back((webhook.clone(), Attempt::Repeat));
                }
                written.taken.push(webhook);
                self.taken.fetch_add(1, Ordering::SeqCst);
            }
            (Some(_), attempt) => {
                written.refusals += 1;
                source.again.push_back((webhook, again(attempt)));
            }
            (None, attempt) => {
                written.unanswered += 1;
                source.again.push_back((webhook, again(attempt)));
            }
        }
    }
}

fn again(attempt: Attempt) -> Attempt {
    if attempt == Attempt::Repeat { Attempt::Repeat } else { Attempt::Again }
}

/// A load under way.
pub struct Sending {
    load: Arc<Load>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Sending {
    /// Sends nothing new, goes on until everything is answered 200, and tells what was sent.
    pub async fn end(self, patience: Duration) -> Written {
        self.load.is_ending.store(true, Ordering::SeqCst);
        for task in self.tasks {
            tokio::time::timeout(patience, task).await.expect("everything is taken in time").unwrap();
        }
        self.load.written.lock().unwrap().clone()
    }
}
