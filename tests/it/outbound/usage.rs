//! What Meta's usage headers told one instance, another keeps too, though no answer of its own has told it.

use std::time::Duration;

use pesan::auth::Role;
use pesan::clock::Clock;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};

use super::later::run;
use super::stage::{Caller, Meta, give_token, key_of, settings, template};
use crate::support::app::TestApp;
use crate::support::webhook::ACCOUNT_ID;
use crate::support::{eventually, mongo};

/// Two services on one database whose senders are driven by hand, and whose clocks stand still.
struct Pair {
    // Ends first: the database is the other's.
    other: TestApp,
    first: TestApp,
    meta: Meta,
    caller: Caller,
}

impl Pair {
    async fn start() -> Self {
        let meta = Meta::start(true);
        meta.add_template().await;
        let all = settings(&meta);
        let own: Vec<(&str, &str)> =
            all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let time = Clock::system().now();
        let first = TestApp::start_at(time, &own, false);
        give_token(&first.storage, &mongo::raw(&first.database).await).await;
        let database = first.database.clone();
        let more: Vec<(&str, &str)> =
            own.iter().copied().chain([("PESAN_DATABASE", database.as_str())]).collect();
        let other = TestApp::start_at(time, &more, false);
        let key = key_of(&first.storage, first_workspace(), Role::Admin).await;
        let caller = Caller { url: first.url.clone(), key };
        Self { other, first, meta, caller }
    }

    /// What the answers of Meta tell from now on.
    async fn usage(&self, usage: Value) {
        self.meta.control("app", json!({ "usage": usage })).await;
    }

    /// Queues a message and lets this one send.
    async fn send_by(&self, app: &TestApp, person: u32) -> Value {
        let id = self.caller.sent(template(&format!("+62 812 3456 {person:04}"), "7")).await;
        app.run_worker("outbound").await.unwrap();
        self.caller.message(&id).await["state"].clone()
    }

    async fn pauses(&self) -> Vec<Value> {
        self.first.all("usage_pauses").await
    }

    /// How many pauses all know of.
    async fn shared(&self, count: usize) {
        eventually("it is told", || async { (self.pauses().await.len() == count).then_some(()) }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_saw_no_header_pauses_too() {
    let pair = Pair::start().await;
    assert_eq!(pair.send_by(&pair.other, 1).await, "ACCEPTED");
    assert_eq!(pair.pauses().await, [] as [Value; 0], "nothing is told while there is enough");
    // So that what comes now is certainly later.
    for app in [&pair.first, &pair.other] {
        app.clock.advance(Duration::from_mins(1));
    }
    pair.usage(json!({ "app": 100 })).await;
    assert_eq!(pair.send_by(&pair.first, 2).await, "ACCEPTED");
    pair.shared(1).await;
    // What the other is answered tells nothing.
    pair.usage(json!({ "app": 0 })).await;
    assert_eq!(pair.send_by(&pair.other, 3).await, "QUEUED");
    assert_eq!(pair.meta.sends().await.len(), 2);
    // Better times are told as well.
    for app in [&pair.first, &pair.other] {
        app.clock.advance(Duration::from_secs(30));
    }
    run(&pair.caller, "syncTemplates", json!({ "accountId": ACCOUNT_ID })).await;
    eventually("it is over for all", || async {
        let pause = pair.pauses().await.remove(0);
        (pause["until"].as_i64()? <= pause["toldAt"].as_i64()?).then_some(())
    })
    .await;
    assert_eq!(pair.send_by(&pair.other, 4).await, "ACCEPTED");
    // The conversation that was held back is looked at when the pause was to end.
    pair.other.clock.advance(Duration::from_mins(1));
    pair.other.run_worker("outbound").await.unwrap();
    assert_eq!(pair.meta.sends().await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_meta_has_barred_is_barred_on_every_instance_and_others_are_not() {
    let pair = Pair::start().await;
    pair.usage(json!({ "accounts": { "777": 30 } })).await;
    assert_eq!(pair.send_by(&pair.first, 1).await, "ACCEPTED");
    pair.shared(1).await;
    pair.usage(json!({ "accounts": { ACCOUNT_ID: 5 } })).await;
    assert_eq!(pair.send_by(&pair.other, 2).await, "ACCEPTED", "the other account is none of this number's");
    pair.shared(2).await;
    pair.usage(json!({})).await;
    assert_eq!(pair.send_by(&pair.first, 3).await, "QUEUED");
    pair.first.clock.advance(Duration::from_mins(4));
    pair.first.run_worker("outbound").await.unwrap();
    assert_eq!(pair.meta.sends().await.len(), 2);
    pair.first.clock.advance(Duration::from_mins(1));
    pair.first.run_worker("outbound").await.unwrap();
    assert_eq!(pair.meta.sends().await.len(), 3);
}
