//! The limits of a number and of one customer, kept by two services together that find more in line than may leave.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use mongodb::bson::{Document, doc};
use pesan::clock::Clock;
use serde_json::{Value, json};

use super::departures::{Departure, departures, most_within};
use super::later::run;
use super::senders::Senders;
use super::stage::{SEND, number, template};
use crate::support::{client, within};

/// Customers who get one message each.
const MANY: usize = 420;
/// A customer who is sent more than may leave at once, and one who is sent a third message after a burst of two.
const ONE: &str = "+6281200200000";
const TO_ONE: usize = 50;
const THRICE: &str = "+6281200200001";
/// Meta (2026-07): messages a second of a number, and that many more at once after a silence.
const PER_SECOND: usize = 80;
/// Meta (2026-07): messages to one customer at once, each paid for by six seconds of silence.
const BURST_TO_ONE: usize = 45;
const PAIR_PAUSE_MS: i64 = 6_000;
/// A burst to one customer ends after five seconds, and what has left by then may still be on its way.
const BURST_OVER_MS: i64 = 6_500;
/// What a sender knows of a number it knows for a second.
const FORGOTTEN_AFTER: Duration = Duration::from_millis(1_200);
const ASKED_AT_ONCE: usize = 24;
const LOOK_EVERY: Duration = Duration::from_millis(100);
const SETTLED_WITHIN: Duration = Duration::from_mins(1);

/// Asks both services in turns; all of it is queued then.
async fn ask(senders: &Senders, phones: &[String]) {
    let client = client();
    let asks = phones.iter().enumerate().map(|(n, phone)| {
        let caller = &senders.callers[n % senders.callers.len()];
        let request = client.post(format!("{}/graphql", caller.url)).bearer_auth(caller.key.expose());
        let variables = json!({ "input": template(phone, &n.to_string()) });
        let request = request.json(&json!({ "query": SEND, "variables": variables }));
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    });
    let answers: Vec<Value> = futures_util::stream::iter(asks).buffered(ASKED_AT_ONCE).collect().await;
    for answer in &answers {
        assert_eq!(answer["data"]["sendMessage"]["userErrors"], json!([]), "{answer:#}");
    }
}

/// Pauses or resumes the number.
async fn turn(senders: &Senders, deed: &str) {
    let payload = run(&senders.callers[0], deed, json!({ "id": number() })).await;
    assert_eq!(payload["userErrors"], json!([]), "{deed}: {payload:#}");
}

fn times_to(all: &[Departure], phone: &str) -> Vec<i64> {
    all.iter().filter(|one| one.to == phone).map(|one| one.at_ms).collect()
}

/// Waits until all has left that one customer may get at once; gives how many.
async fn burst_to_one(senders: &Senders) -> usize {
    let times = within(SETTLED_WITHIN, "the burst is over", || async {
        tokio::time::sleep(LOOK_EVERY).await;
        let all = departures(&senders.meta).await;
        let times = times_to(&all, ONE);
        let is_late = Clock::system().now_ms() > *times.first()? + BURST_OVER_MS;
        let is_over = times.len() >= BURST_TO_ONE || is_late;
        (is_over && times_to(&all, THRICE).len() == 2).then_some(times)
    })
    .await;
    // A machine that is busy may be too slow for the whole burst.
    let took_ms = times[times.len() - 1] - times[0];
    assert!(times.len() == BURST_TO_ONE || took_ms > 4_000, "{} in {took_ms} ms", times.len());
    times.len()
}

/// How many messages are in one of these states.
async fn count(senders: &Senders, states: [&str; 2]) -> usize {
    let messages = senders.fleet.database.collection::<Document>("messages");
    let those = doc! { "send.state": { "$in": states.to_vec() } };
    usize::try_from(messages.count_documents(those).await.unwrap()).unwrap()
}

/// How many calls about messages each service has made.
async fn calls(senders: &Senders) -> Vec<u64> {
    let client = client();
    let mut calls = Vec::new();
    for url in senders.fleet.urls() {
        let text = client.get(format!("{url}/metrics")).send().await.unwrap().text().await.unwrap();
        let lines = text.lines().filter(|line| line.starts_with("pesan_meta_calls_total{noun=\"message\""));
        let counts = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
        calls.push(counts.sum::<u64>());
    }
    calls
}

/// What Meta allows the number was kept, and was used.
fn check_number(all: &[Departure]) {
    let times: Vec<i64> = all.iter().map(|one| one.at_ms).collect();
    for (stretch_ms, at_most) in [(1_000, 2 * PER_SECOND), (4_000, 5 * PER_SECOND)] {
        let most = most_within(&times, stretch_ms);
        assert!(most <= at_most, "{most} within {stretch_ms} ms");
    }
    let many: Vec<&Departure> = all.iter().filter(|one| one.to.starts_with("+62812001")).collect();
    let customers: BTreeSet<&str> = many.iter().map(|one| one.to.as_str()).collect();
    assert_eq!((many.len(), customers.len()), (MANY, MANY), "one to each of them");
    // What leaves at once at first is not counted, nor what is left over at last: two services that do not know of each
    // other would be twice as fast here, and limits that nothing comes near would say nothing. A busy machine is slower.
    let mut times: Vec<i64> = many.iter().map(|one| one.at_ms).collect();
    times.sort_unstable();
    let (from, to) = (MANY / 4, MANY / 4 * 3);
    let (took_ms, one_a_second_ms) = (times[to] - times[from], i64::try_from(to - from).unwrap() * 1_000);
    let (fastest_ms, slowest_ms) = (one_a_second_ms / 100, one_a_second_ms / 20);
    assert!((fastest_ms..=slowest_ms).contains(&took_ms), "{} of them in {took_ms} ms", to - from);
}

/// What Meta allows for one customer was kept.
fn check_pairs(all: &[Departure], burst: usize) {
    assert_eq!(times_to(all, ONE).len(), burst, "what is more waits until the burst is paid for");
    let times = times_to(all, THRICE);
    assert_eq!(times.len(), 3);
    let paid_ms = times[2] - times[0];
    assert!(paid_ms >= 2 * PAIR_PAUSE_MS, "after {paid_ms} ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_senders_that_find_a_long_line_keep_the_limits_of_number_and_pair_together() {
    let senders = Senders::new(2, false, &[("API_RATE_LIMIT", "0")]).await;
    // What becomes of the messages is not looked at here, and telling it would take what sending needs.
    senders.meta.tell("http://127.0.0.1:1");
    ask(&senders, &[THRICE, THRICE].map(str::to_owned)).await;
    ask(&senders, &vec![ONE.to_owned(); TO_ONE]).await;
    let burst = burst_to_one(&senders).await;

    // The line is long before anybody may take anything from it.
    turn(&senders, "pauseNumber").await;
    tokio::time::sleep(FORGOTTEN_AFTER).await;
    let many = (0..MANY).map(|n| format!("+62812001{n:05}"));
    ask(&senders, &many.chain([THRICE.to_owned()]).collect::<Vec<_>>()).await;
    let before = departures(&senders.meta).await;
    assert_eq!(before.len(), 2 + burst, "nothing leaves while the number is paused");
    within(SETTLED_WITHIN, "the first burst is over", || async {
        tokio::time::sleep(LOOK_EVERY).await;
        (Clock::system().now_ms() > before[0].at_ms + BURST_OVER_MS).then_some(())
    })
    .await;
    let calls_before = calls(&senders).await;
    turn(&senders, "resumeNumber").await;
    within(SETTLED_WITHIN, "all has left that may", || async {
        tokio::time::sleep(LOOK_EVERY).await;
        (count(&senders, ["queued", "leaving"]).await <= TO_ONE - burst).then_some(())
    })
    .await;
    assert_eq!(count(&senders, ["unconfirmed", "refused"]).await, 0);

    let calls_after = calls(&senders).await;
    assert!(calls_before.iter().zip(&calls_after).all(|(before, after)| before < after), "{calls_after:?}");
    let all = departures(&senders.meta).await;
    let refused = all.iter().filter(|one| one.status != Some(200));
    assert_eq!(refused.map(|one| one.answer.as_str()).collect::<Vec<_>>(), [""; 0]);
    check_number(&all);
    check_pairs(&all, burst);
    senders.fleet.stop().await;
}
