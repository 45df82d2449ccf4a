//! How fast a number sends: learnt from Meta's refusals and shown; and how soon another instance hears of what is queued.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::departures::departures;
use super::later::run;
use super::stage::{Caller, Meta, Stage, give_token, key_of, settings, template, text};
use crate::support::app::TestApp;
use crate::support::fleet::Fleet;
use crate::support::webhook::PHONE_NUMBER_ID;
use crate::support::{eventually, mongo};
use pesan::auth::Role;
use pesan::clock::Clock;
use pesan::storage::allowances::Rate;
use pesan::storage::workspaces::first_workspace;

async fn pace(stage: &Stage) -> Value {
    let mut answer =
        stage.caller.ask(&crate::reading::operation("numberPace"), json!({ "id": stage.number })).await;
    assert_eq!(answer["errors"], Value::Null, "{answer:#}");
    answer["data"]["number"]["pace"].take()
}

/// A number of which Meta says this, after it was asked; and the number as it is shown then.
async fn stage_of(says: Value) -> (Stage, Value) {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    stage.meta.control(&format!("numbers/{PHONE_NUMBER_ID}"), says).await;
    let mut payload = run(&stage.caller, "refreshNumber", json!({ "id": stage.number })).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    let number = payload["number"].take();
    (stage, number)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_for_speed_slows_the_number_down_and_first_messages_are_counted() {
    let stage = Stage::start().await;
    stage.meta.add_template().await;
    let conversation = stage.hear().await;
    let before = pace(&stage).await;
    assert_eq!((&before["perSecond"], &before["initiatedIn24Hours"]), (&before["perSecondMax"], &json!(0)));
    assert!(before["perSecondMax"].as_f64().unwrap() > 79.0);
    stage.meta.trouble(json!({ "kind": "rate_limited", "code": 130_429, "count": 1 })).await;
    let id = stage.caller.sent(text(&conversation, "Halo")).await;
    let slower = eventually("it is slower", || async {
        let now = pace(&stage).await;
        (now["perSecond"].as_f64()? < now["perSecondMax"].as_f64()? * 0.75).then_some(now)
    })
    .await;
    assert!(slower["pausedUntil"].is_string(), "{slower:#}");
    stage.app.clock.advance(Duration::from_mins(2));
    stage.caller.until(&id, "state", "ACCEPTED").await;
    // Within the window nothing is begun; outside of it, one customer counts once.
    let asks = [
        template("+62 812 3456 7890", "1"),
        template("+62 812 3456 7890", "2"),
        template("+62 812 3456 7891", "3"),
    ];
    for ask in asks {
        let id = stage.caller.sent(ask).await;
        stage.caller.until(&id, "state", "ACCEPTED").await;
    }
    assert_eq!(pace(&stage).await["initiatedIn24Hours"], 2);
    stage.app.clock.advance(Duration::from_hours(25));
    assert_eq!(pace(&stage).await["initiatedIn24Hours"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_that_come_together_count_once_and_the_rate_comes_back() {
    let stage = Stage::start().await;
    let (storage, number) = (&stage.app.storage, stage.number);
    for _ in 0..20 {
        storage.pause_allowance(number, 0).await.unwrap();
    }
    let share = storage.find_allowance(number).await.unwrap().share;
    assert!((0.69..0.75).contains(&share), "{share}");
    let allowances = mongo::raw(&stage.app.database).await;
    let allowances = allowances.collection::<mongodb::bson::Document>("allowances");
    let shift = async |field: &str, ms: i64| {
        let set = vec![mongodb::bson::doc! { "$set": { field: { "$subtract": [format!("${field}"), ms] } } }];
        assert_eq!(allowances.update_one(mongodb::bson::doc! {}, set).await.unwrap().matched_count, 1);
    };
    for _ in 0..20 {
        shift("loweredAt", 10_000).await;
        storage.pause_allowance(number, 0).await.unwrap();
    }
    let share = storage.find_allowance(number).await.unwrap().share;
    assert!((0.1..0.12).contains(&share), "there is a least: {share}");
    // At a tenth, a tenth of the burst.
    shift("at", 60_000).await;
    let rate = Rate { per_second: 80.0, burst: 40.0 };
    let granted = storage.take_allowance(number, rate, 100).await.unwrap();
    assert!((4..=6).contains(&granted), "{granted}");
    shift("sharedAt", 300_000).await;
    let share = storage.find_allowance(number).await.unwrap().share;
    assert!((0.6..0.65).contains(&share), "half way: {share}");
    shift("sharedAt", 600_000).await;
    assert!((storage.find_allowance(number).await.unwrap().share - 1.0).abs() < f64::EPSILON);
    shift("at", 60_000).await;
    assert_eq!(storage.take_allowance(number, rate, 100).await.unwrap(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_instance_queues_leaves_from_another_at_once() {
    const SENDS: usize = 8;
    /// Far less than the second after which a sender looks by itself.
    const SOON: Duration = Duration::from_millis(400);
    let meta = Meta::start(true);
    meta.add_template().await;
    let all = settings(&meta);
    let own: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // The sender of this one is off.
    let app = TestApp::start_at(Clock::system().now(), &own, false);
    give_token(&app.storage, &mongo::raw(&app.database).await).await;
    let more: Vec<(&str, &str)> = own.clone();
    let mut fleet = Fleet::new_with(mongo::uri(), 1, &app.database, &more).await;
    fleet.start().await;
    meta.tell(&app.url);
    let caller =
        Caller { url: app.url.clone(), key: key_of(&app.storage, first_workspace(), Role::Agent).await };
    // The first ones may leave before the other has seen that it is not alone.
    let warm = caller.sent(template("+62 812 3456 0000", "0")).await;
    caller.until(&warm, "state", "ACCEPTED").await;
    let mut soon = 0;
    for n in 0..SENDS * 4 {
        let start = Instant::now();
        let id = caller.sent(template(&format!("+62 812 3456 {:04}", n + 1), &n.to_string())).await;
        eventually("it has left", || async {
            let sends = meta.sends().await;
            sends.iter().any(|(body, ..)| body["biz_opaque_callback_data"] == id.as_str()).then_some(())
        })
        .await;
        // Each comes right after the one before, so a look by itself would be a second away.
        soon += usize::from(start.elapsed() < SOON);
        if soon == SENDS {
            break;
        }
    }
    assert_eq!(soon, SENDS, "of {} so many left within {SOON:?}", SENDS * 4);
    fleet.instances[0].stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_meta_has_upgraded_sends_a_thousand_a_second() {
    let (stage, number) = stage_of(json!({ "throughput": { "level": "HIGH" } })).await;
    assert_eq!((&number["throughput"], &number["isCoexistence"]), (&json!("HIGH"), &json!(false)));
    let shown = pace(&stage).await;
    let per_second = shown["perSecondMax"].as_f64().unwrap();
    assert!((980.0..=1_000.0).contains(&per_second), "{shown:#}");
    assert_eq!(shown["perSecond"], shown["perSecondMax"]);
    // By this the sender goes: what may leave at once yet is half a second's worth, which is 40 with the usual rate.
    let id = stage.caller.sent(template("+62 812 3456 7890", "1")).await;
    stage.caller.until(&id, "state", "ACCEPTED").await;
    let left = stage.app.only("allowances").await["tokens"].as_f64().unwrap();
    assert!((480.0..=500.0).contains(&left), "{left}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_beside_the_app_on_a_telephone_sends_twenty_a_second_whatever_its_level() {
    const MANY: usize = 70;
    // Half a second's worth at once, and the others at twenty a second; with the usual rate it is less than one second.
    const TAKES_MS: i64 = 2_500;
    let (stage, number) = stage_of(json!({ "throughput": { "level": "HIGH" }, "is_on_biz_app": true })).await;
    assert_eq!((&number["throughput"], &number["isCoexistence"]), (&json!("HIGH"), &json!(true)));
    let shown = pace(&stage).await;
    let per_second = shown["perSecondMax"].as_f64().unwrap();
    assert!((19.0..=20.0).contains(&per_second), "{shown:#}");
    let paused = run(&stage.caller, "pauseNumber", json!({ "id": stage.number })).await;
    assert_eq!(paused["userErrors"], json!([]), "{paused:#}");
    for n in 0..MANY {
        stage.caller.sent(template(&format!("+62812004{n:05}"), &n.to_string())).await;
    }
    run(&stage.caller, "resumeNumber", json!({ "id": stage.number })).await;
    let times = eventually("all have left", || async {
        let times: Vec<i64> = departures(&stage.meta).await.iter().map(|one| one.at_ms).collect();
        (times.len() == MANY).then_some(times)
    })
    .await;
    let took_ms = times.iter().max().unwrap() - times.iter().min().unwrap();
    assert!(took_ms >= TAKES_MS, "{MANY} in {took_ms} ms");
}
