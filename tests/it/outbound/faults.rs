//! Services that die while they send, and two that send at once, as programs of their own. The simulator's journal says
//! what was taken.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use pesan::auth::Role;
use pesan::config::{Config, Source};
use pesan::runtime::crash::SEND_POINTS;
use pesan::storage::Storage;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};

use super::stage::{Caller, Meta, SEND, give_token, key_of, settings, template};
use crate::support::fleet::Fleet;
use crate::support::{PATIENCE, mongo, within};

/// A lease, and time for what comes back.
const SETTLED_WITHIN: Duration = Duration::from_mins(1);

/// Services on one database whose number can send.
pub struct Senders {
    pub fleet: Fleet,
    pub meta: Meta,
    pub callers: Vec<Caller>,
}

impl Senders {
    pub async fn new(services: usize, limits_lifted: bool) -> Self {
        let meta = Meta::start(limits_lifted);
        meta.add_template().await;
        let settings = settings(&meta);
        let fleet = Fleet::with(mongo::uri(), services, &settings).await;
        let values = [("MONGODB_URI", mongo::uri()), ("PESAN_DATABASE", fleet.database.name())];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = Config::read(&Source::of(values)).unwrap();
        let storage = Storage::connect(&config.mongo).await.unwrap();
        let key = key_of(&storage, first_workspace(), Role::Agent).await;
        let callers = fleet.urls().into_iter().map(|url| Caller { url, key: key.clone() }).collect();
        let numbers = fleet.database.collection::<mongodb::bson::Document>("numbers");
        // The first start makes the number; the token is put there before anything is queued.
        let mut senders = Self { fleet, meta, callers };
        senders.fleet.start().await;
        assert_eq!(numbers.count_documents(mongodb::bson::doc! {}).await.unwrap(), 1);
        give_token(&storage, senders.fleet.database.name()).await;
        senders.meta.tell(&senders.fleet.instances[0].url);
        storage.close().await;
        senders
    }

    /// Waits until nothing is queued or under way any more; gives state by id.
    pub async fn states(&self, ids: &[String], patience: Duration) -> HashMap<String, String> {
        let caller = self.callers.last().unwrap();
        within(patience, "everything has ended", || async {
            let mut states = HashMap::new();
            for id in ids {
                let message = caller.message(id).await;
                let state = message["state"].as_str().unwrap().to_owned();
                if state == "QUEUED" || state == "LEAVING" {
                    return None;
                }
                states.insert(id.clone(), state);
            }
            Some(states)
        })
        .await
    }
}

fn keyed(n: usize) -> Value {
    let mut input = template(&format!("+62812000000{:02}", n % 4 + 10), &n.to_string());
    input["idempotencyKey"] = format!("key-{n}").into();
    input
}

/// Lets a service die at a point while it sends, and another one go on.
async fn die_at(point: &'static str) {
    const MESSAGES: usize = 12;
    let mut senders = Senders::new(1, true).await;
    senders.fleet.instances[0].stop().await;
    senders.fleet.instances[0].start(Some((point, 3)));
    let caller = senders.callers[0].clone();
    let mut lost = Vec::new();
    senders.fleet.instances[0].ready(PATIENCE).await;
    for n in 0..MESSAGES {
        if caller.try_ask(SEND, json!({ "input": keyed(n) })).await.is_none() {
            lost.push(n);
        }
    }
    senders.fleet.instances[0].death().await;
    senders.fleet.instances[0].start(None);
    senders.fleet.instances[0].ready(PATIENCE).await;
    // Whoever had no answer asks again, under the same key; the rest too, which changes nothing.
    let mut ids = Vec::new();
    for n in 0..MESSAGES {
        ids.push(caller.sent(keyed(n)).await);
    }
    let states = senders.states(&ids, SETTLED_WITHIN).await;
    let mut taken: HashMap<String, usize> = HashMap::new();
    for body in senders.meta.taken().await {
        *taken.entry(body["biz_opaque_callback_data"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    for id in &ids {
        let (state, times) = (states[id].as_str(), taken.get(id).copied().unwrap_or(0));
        assert!(times <= 1, "{point}: {id} was taken {times} times");
        match state {
            "ACCEPTED" => assert_eq!(times, 1, "{point}: {id}"),
            // A death takes with it whatever else is under way: it may be behind its mark at any of the points.
            "UNCONFIRMED" => {}
            state => panic!("{point}: {id} is {state}"),
        }
    }
    let unconfirmed: Vec<&String> = ids.iter().filter(|id| states[*id] == "UNCONFIRMED").collect();
    for id in unconfirmed.into_iter().filter(|id| taken.contains_key(*id)) {
        caller.until(id, "state", "ACCEPTED").await;
    }
    assert!(taken.len() <= ids.len(), "{point}: nothing else was sent");
    senders.fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_dies_anywhere_loses_nothing_and_sends_nothing_twice() {
    // One after the other is enough for a busy machine.
    for point in SEND_POINTS {
        die_at(point).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_senders_together_keep_the_limits_of_number_and_pair() {
    const MANY: usize = 200;
    const TO_ONE: usize = 50;
    let senders = Senders::new(2, false).await;
    let asks = (0..MANY + TO_ONE).map(|n| {
        let caller = senders.callers[n % 2].clone();
        async move {
            let phone = if n < MANY { format!("+62812001{n:05}") } else { "+6281200200000".to_owned() };
            caller.sent(template(&phone, &n.to_string())).await
        }
    });
    let ids: Vec<String> = futures_util::stream::iter(asks).buffered(16).collect().await;
    senders.states(&ids[..MANY], SETTLED_WITHIN).await;
    let to_one = async || {
        let taken = senders.meta.taken().await.into_iter();
        taken.filter(|body| body["to"] == "+6281200200000").count()
    };
    within(SETTLED_WITHIN, "some of the burst have left", || async { (to_one().await > 1).then_some(()) })
        .await;
    let sends = senders.meta.sends().await;
    let refused: Vec<&String> =
        sends.iter().filter(|(_, status, _)| *status != Some(200)).map(|(.., why)| why).collect();
    assert_eq!(refused, Vec::<&String>::new());
    assert!(to_one().await <= 45, "the rest waits for the pair");
    senders.fleet.stop().await;
}
