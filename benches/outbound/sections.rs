//! What is measured: a section for each of the promises about speed.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mongodb::bson::{Document, doc};
use pesan::clock::Clock;
use pesan::storage::allowances::Rate;
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use uuid::Uuid;

use crate::Bench;
use crate::bare;
use crate::histogram::Histogram;
use crate::meta::{Meta, Sends};
use crate::proc::cpu_s;
use crate::queue::{Queue, phone_of};
use crate::service::Service;
use crate::table::{Figures, median, quantiles, spread};

/// One message in six seconds to the same person (Meta, 2026-07), and a margin.
const PAIR_PAID_AFTER: Duration = Duration::from_secs(7);
/// The service is sure of a conversation after so long.
const KNOWN_AFTER: Duration = Duration::from_secs(61);

/// The simulator's own number, and those that are made beside it.
fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|nth| (106_540_352_242_922_u64 + nth as u64 * 10).to_string()).collect()
}

/// What one run came to.
struct Run {
    per_s: f64,
    /// CPU microseconds a message: of whoever sends, of the database, of the simulator.
    sender_us: f64,
    mongod_us: f64,
    meta_us: f64,
}

impl Run {
    const HEAD: &'static str =
        "                     messages/s   CPU us a message: sender   mongod   simulator";

    fn row(&self, name: &str) -> String {
        let Self { per_s, sender_us, mongod_us, meta_us } = self;
        format!("{name:<20} {per_s:>10.0} {sender_us:>26.0} {mongod_us:>8.0} {meta_us:>11.0}")
    }
}

/// CPU seconds so far: of the sender, the database and the simulator.
fn cpu(sender: u32, bench: &Bench, meta: &Meta) -> [f64; 3] {
    [sender, bench.mongod.pid(), meta.pid()].map(cpu_s)
}

fn run_of(sends: &Sends, before: [f64; 3], after: [f64; 3]) -> Run {
    let us = |part: usize| (after[part] - before[part]) * 1e6 / sends.count as f64;
    Run { per_s: sends.per_s(), sender_us: us(0), mongod_us: us(1), meta_us: us(2) }
}

/// Sends what is queued: so many messages, so many of them to each customer.
async fn ours(bench: &mut Bench, meta: &Meta, numbers: &[String], messages: usize, to_each: usize) -> Run {
    let database = bench.database();
    let mut queue = Queue::new(bench.mongod.uri(), database, numbers.to_vec()).await;
    queue.fill(messages, to_each).await;
    let since = meta.last().await;
    let before = cpu(std::process::id(), bench, meta);
    let service = Service::start(&bench.program, meta, &queue, true).await;
    service.ready().await;
    service.emptied().await;
    let after = cpu(service.pid(), bench, meta);
    let sends = meta.sends(since, "/messages").await;
    assert_eq!((sends.count, sends.taken), (messages, messages), "each is taken once");
    service.stop();
    queue.drop().await;
    // The service's clock begins with it.
    run_of(&sends, [0.0, before[1], before[2]], after)
}

async fn bare_run(bench: &Bench, meta: &Meta, numbers: &[String], messages: usize) -> Run {
    let since = meta.last().await;
    let before = cpu(std::process::id(), bench, meta);
    bare::send(meta, numbers, messages).await;
    let after = cpu(std::process::id(), bench, meta);
    run_of(&meta.sends(since, "/messages").await, before, after)
}

/// What is queued, as fast as it goes, beside the bare loop.
pub async fn sustained(bench: &mut Bench, figures: &mut Figures, count: usize) {
    let (repeats, messages) = if bench.is_quick { (1, 300) } else { (3, 8_000) };
    println!(
        "\n== sustained: {count} numbers, limits lifted, {messages} messages, {} at once\n{}",
        bare::AT_ONCE,
        Run::HEAD
    );
    let numbers = numbers(count);
    let mut shares = Vec::new();
    for repeat in 0..repeats {
        let meta = Meta::start(&bench.program, true).await;
        meta.add_numbers(&numbers[1..]).await;
        // Neither is always the first.
        let (sent, loose);
        if repeat % 2 == 0 {
            sent = ours(bench, &meta, &numbers, messages, 1).await;
            loose = bare_run(bench, &meta, &numbers, messages).await;
        } else {
            loose = bare_run(bench, &meta, &numbers, messages).await;
            sent = ours(bench, &meta, &numbers, messages, 1).await;
        }
        println!("{}\n{}", sent.row("ours, one to each"), loose.row("bare loop"));
        let five = ours(bench, &meta, &numbers, messages, 5).await;
        println!("{}", five.row("ours, five to each"));
        shares.push(sent.per_s / loose.per_s);
    }
    println!("ours / bare: {}", spread(&shares, 2));
    let name = if count == 1 {
        "sends/s, ours / bare loop, 1 number"
    } else {
        "sends/s, ours / bare loop, 50 numbers"
    };
    figures.at_least(name, median(shares), 0.5, 2);
}

/// Asked for and sent at the same time, as fast as it goes. There is no target for it.
pub async fn asked(bench: &mut Bench) {
    const CALLERS: usize = 16;
    let messages = if bench.is_quick { 200 } else { 6_000 };
    println!(
        "\n== asked for by {CALLERS} callers and sent meanwhile: {messages} messages, limits lifted\n{}",
        Run::HEAD
    );
    let meta = Meta::start(&bench.program, true).await;
    let database = bench.database();
    let queue = Queue::new(bench.mongod.uri(), database, numbers(1)).await;
    let service = Service::start(&bench.program, &meta, &queue, true).await;
    service.ready().await;
    let number = number_id(first_workspace(), &queue.numbers[0]).to_string();
    let (since, before) = (meta.last().await, cpu(service.pid(), bench, &meta));
    let begun = Instant::now();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let callers = (0..CALLERS).map(|_| async {
        loop {
            let nth = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if nth >= messages {
                return;
            }
            service.ask(&number, &phone_of(nth)).await;
        }
    });
    futures_util::future::join_all(callers).await;
    let asked_per_s = messages as f64 / begun.elapsed().as_secs_f64();
    service.emptied().await;
    let after = cpu(service.pid(), bench, &meta);
    let sends = meta.sends(since, "/messages").await;
    assert_eq!((sends.count, sends.taken), (messages, messages), "each is taken once");
    println!("{}\nasked for: {asked_per_s:.0}/s", run_of(&sends, before, after).row("asked and sent"));
    service.stop();
    queue.drop().await;
}

/// One message at a time: from the mutation to Meta's answer to the request for it.
pub async fn idle(bench: &mut Bench, figures: &mut Figures) {
    let rounds = if bench.is_quick { 10 } else { 200 };
    let meta = Meta::start(&bench.program, true).await;
    let database = bench.database();
    let queue = Queue::new(bench.mongod.uri(), database, numbers(1)).await;
    let service = Service::start(&bench.program, &meta, &queue, false).await;
    service.ready().await;
    let number = number_id(first_workspace(), &queue.numbers[0]).to_string();
    for nth in 0..rounds {
        service.ask(&number, &phone_of(nth)).await;
    }
    service.emptied().await;
    // What a pair has sent is paid for by then: nobody waits for Meta's limit.
    for (figure, pause) in [
        ("mutation to Graph request, idle, to whom is known for seconds, p50, ms", PAIR_PAID_AFTER),
        ("mutation to Graph request, idle, to whom is known for a minute, p50, ms", KNOWN_AFTER),
    ] {
        tokio::time::sleep(pause).await;
        println!("\n== {figure}: one message at a time, {rounds} times");
        let (answered, arrived) = one_by_one(&service, &meta, &number, rounds).await;
        println!("mutation answered:           {}", quantiles(&answered));
        println!("request answered by Meta:    {}", quantiles(&arrived));
        figures.at_most(figure, arrived.ms(0.5), 15.0, 1);
    }
    service.stop();
    queue.drop().await;
}

/// How long the mutation takes, and until Meta has answered.
async fn one_by_one(service: &Service, meta: &Meta, number: &str, rounds: usize) -> (Histogram, Histogram) {
    let (mut answered, mut arrived) = (Histogram::default(), Histogram::default());
    for nth in 0..rounds {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (since, begun_us, begun) = (meta.last().await, now_us(), Instant::now());
        let id = service.ask(number, &phone_of(nth)).await;
        answered.record(begun.elapsed());
        let sends = loop {
            let sends = meta.sends(since, &id).await;
            if sends.count > 0 {
                break sends;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        // The journal has whole milliseconds, and the moment in which the simulator was done with it.
        let arrived_us = u64::try_from(sends.at_ms[0]).unwrap() * 1_000 + 500;
        arrived.record(Duration::from_micros(arrived_us.saturating_sub(begun_us)));
    }
    (answered, arrived)
}

fn now_us() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// One number at Meta's usual rate, with Meta's limits in force.
pub async fn rate(bench: &mut Bench, figures: &mut Figures) {
    let seconds = if bench.is_quick { 4 } else { 60 };
    println!("\n== rate: one number, Meta's limits in force, {seconds} s");
    let meta = Meta::start(&bench.program, false).await;
    let database = bench.database();
    let mut queue = Queue::new(bench.mongod.uri(), database, numbers(1)).await;
    queue.fill(80 * (seconds + 8), 1).await;
    let since = meta.last().await;
    let service = Service::start(&bench.program, &meta, &queue, false).await;
    service.ready().await;
    tokio::time::sleep(Duration::from_secs(seconds as u64 + 3)).await;
    let sends = meta.sends(since, "/messages").await;
    // Without the first second, which has a burst.
    let from = sends.at_ms[0] + 1_000;
    let until = from + seconds as i64 * 1_000;
    let within = sends.at_ms.iter().filter(|at| (from..until).contains(*at)).count();
    let mean = within as f64 / seconds as f64;
    let by_second = |nth: i64| {
        let (from, until) = (from + nth * 1_000, from + (nth + 1) * 1_000);
        sends.at_ms.iter().filter(|at| (from..until).contains(*at)).count()
    };
    let seconds: Vec<usize> = (0..seconds as i64).map(by_second).collect();
    println!(
        "mean {mean:.2}/s, in the worst second {}, in the best {}, refused {}",
        seconds.iter().min().unwrap(),
        seconds.iter().max().unwrap(),
        sends.refusals.len()
    );
    figures.at_least("a number at 80/s, mean of 60 s", mean, 78.0, 2);
    figures.at_most("a number at 80/s, mean of 60 s ", mean, 80.0, 2);
    figures.at_most("refusals meanwhile (130429 and others)", sends.refusals.len() as f64, 0.0, 0);
    service.stop();
    queue.drop().await;
}

/// What taking turns costs, from a short and from a long queue.
pub async fn claims(bench: &mut Bench, figures: &mut Figures) {
    let (short, long) = if bench.is_quick { (300, 1_000) } else { (1_000, 100_000) };
    println!("\n== claims: from a queue of {short} and of {long}");
    let mut costs = Vec::new();
    for messages in [short, long] {
        let database = bench.database();
        let mut queue = Queue::new(bench.mongod.uri(), database, numbers(1)).await;
        let begun = Instant::now();
        queue.fill(messages, 1).await;
        println!("{messages} queued in {:.0} s", begun.elapsed().as_secs_f64());
        costs.push(claim_cost_us(&queue, short).await);
        if messages == long && !bench.is_quick {
            from_long_queue(bench, &queue).await;
        }
        queue.drop().await;
    }
    figures.at_most("claim cost a message, queue of 100,000 / 1,000", costs[1] / costs[0], 1.2, 2);
}

/// Microseconds a message for all that is asked of the database to take a turn and to find its message, as the sender
/// does it.
async fn claim_cost_us(queue: &Queue, messages: usize) -> f64 {
    const TOGETHER: usize = 64;
    const ROUNDS: usize = 6;
    let (storage, holder) = (&queue.storage, Uuid::now_v7());
    let number = number_id(first_workspace(), &queue.numbers[0]);
    let rate = Rate { per_second: 1e6, burst: 1e6 };
    let raw = mongodb::Client::with_uri_str(&queue.uri).await.unwrap().database(&queue.database);
    let [mut line, mut due, mut allowance, mut claim, mut first] = [const { Vec::new() }; 5];
    for round in 0..ROUNDS {
        for _ in 0..messages / TOGETHER {
            let mut watch = Instant::now();
            let mut lap = |times: &mut Vec<f64>| {
                if round > 0 {
                    times.push(watch.elapsed().as_secs_f64() * 1e6 / TOGETHER as f64);
                }
                watch = Instant::now();
            };
            assert_eq!(storage.numbers_in_line().await.unwrap().len(), 1);
            lap(&mut line);
            let now_ms = Clock::system().now_ms();
            let turns = storage.due_turns(number, now_ms, TOGETHER as i64).await.unwrap();
            lap(&mut due);
            storage.take_allowance(number, rate, TOGETHER as i64).await.unwrap();
            lap(&mut allowance);
            let turns = storage.claim_turns(&turns, holder, Uuid::now_v7(), 60_000).await.unwrap();
            assert_eq!(turns.len(), TOGETHER);
            lap(&mut claim);
            for turn in &turns {
                let open = storage.open_outgoing(turn.conversation, None, 21).await.unwrap();
                assert_eq!(open.len(), 1);
            }
            lap(&mut first);
        }
        // Back in line, where they were.
        let back = doc! { "$set": { "readyAtMs": 1_i64 }, "$unset": { "holder": "", "claim": "", "leaseUntil": "" } };
        let held = doc! { "holder": { "$exists": true } };
        raw.collection::<Document>("turns").update_many(held, back).await.unwrap();
    }
    let parts = [line, due, allowance, claim, first].map(median);
    println!(
        "microseconds a message, {TOGETHER} together: the line {:.1}, due {:.1}, allowance {:.1}, claim {:.1}, its message {:.1}",
        parts[0], parts[1], parts[2], parts[3], parts[4]
    );
    parts.iter().sum()
}

/// The same in the life of the service: how fast it sends with so many behind.
async fn from_long_queue(bench: &Bench, queue: &Queue) {
    let meta = Meta::start(&bench.program, true).await;
    let since = meta.last().await;
    let service = Service::start(&bench.program, &meta, queue, true).await;
    service.ready().await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let sends = meta.sends(since, "/messages").await;
    println!("sent with the long queue behind: {:.0}/s", sends.per_s());
    service.stop();
}
