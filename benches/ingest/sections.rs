//! What is measured: a section for each of the promises about speed.

use std::time::Duration;

use crate::ceiling::Ceiling;
use crate::histogram::Histogram;
use crate::http::Connection;
use crate::probe::Prober;
use crate::run::{Bench, Pace, Run};
use crate::table::{Figures, median, print_bands, quantiles, spread};

const CONNECTIONS: usize = 256;

/// Every pipeline as fast as it can, one after the other, several times. Gives our visible webhooks a second.
pub fn saturation(bench: &mut Bench, figures: &mut Figures) -> f64 {
    let (repeats, ours_n, plain_n, plain_s, bare_s) =
        if bench.is_quick { (1, 800, 200, 2.0, 0.3) } else { (5, 40_000, 8_000, 4.0, 1.5) };
    println!(
        "\n== saturation: {CONNECTIONS} connections, 1,000 conversations, {repeats} repeats\n{}",
        Run::HEAD
    );
    let mut repeated = Vec::new();
    for repeat in 0..repeats {
        let (ours, plain);
        // Neither is always the first.
        if repeat % 2 == 0 {
            ours = bench.run_ours(ours_n, 1_000, Pace::closed(CONNECTIONS, 60.0), 0);
            plain = bench.run_plain(plain_n, 1_000, Pace::closed(CONNECTIONS, plain_s));
        } else {
            plain = bench.run_plain(plain_n, 1_000, Pace::closed(CONNECTIONS, plain_s));
            ours = bench.run_ours(ours_n, 1_000, Pace::closed(CONNECTIONS, 60.0), 0);
        }
        show(figures, "ours", &ours);
        show(figures, "plain", &plain);
        let bare = bare(bench, bare_s);
        println!(
            "         visible, ours / plain {:.1};  bare insert_one x{CONNECTIONS} {:.0}/s, plain / that {:.2};  \
             insert_many(1000) x1 {:.0}/s, x4 {:.0}/s, ours ack / those {:.2}, {:.2};  refused {}",
            ours.visible_s / plain.visible_s,
            bare.one,
            plain.visible_s / bare.one,
            bare.many,
            bare.many_x4,
            ours.acknowledged_s / bare.many,
            ours.acknowledged_s / bare.many_x4,
            ours.refused,
        );
        repeated.push((ours, plain, bare));
    }
    let all = |value: &dyn Fn(&(Run, Run, Bare)) -> f64| repeated.iter().map(value).collect::<Vec<f64>>();
    let times = all(&|(ours, plain, _)| ours.visible_s / plain.visible_s);
    println!("visible, ours / plain: {}", spread(&times, 1));
    figures.at_least("visible/s, ours / plain", median(times), 13.0, 1);
    let straw = all(&|(_, plain, bare)| plain.visible_s / bare.one);
    figures.at_least("plain / concurrent insert_one (no straw man)", median(straw), 0.25, 2);
    let of_many = all(&|(ours, _, bare)| ours.acknowledged_s / bare.many);
    figures.at_least("acknowledged/s / insert_many of 1,000, one at a time", median(of_many), 0.25, 2);
    let of_many_x4 = all(&|(ours, _, bare)| ours.acknowledged_s / bare.many_x4);
    figures.at_least("acknowledged/s / insert_many of 1,000, four at a time", median(of_many_x4), 0.25, 2);
    figures.at_most("service CPU per webhook, us", median(all(&|(ours, ..)| ours.service_us())), 60.0, 0);
    figures.at_most("mongod CPU per webhook, us", median(all(&|(ours, ..)| ours.mongod_us())), 130.0, 0);
    figures.at_most(
        "resident memory at saturation, MB (the highest)",
        max(all(&|(ours, ..)| ours.memory.peak)),
        80.0,
        1,
    );
    median(all(&|(ours, ..)| ours.visible_s))
}

fn show(figures: &mut Figures, name: &str, run: &Run) {
    figures.saw_others(run.other_cores());
    println!("{}", run.row(name));
}

fn max(values: Vec<f64>) -> f64 {
    values.into_iter().fold(f64::MIN, f64::max)
}

/// What the database takes when nothing else is done.
struct Bare {
    one: f64,
    many: f64,
    many_x4: f64,
}

fn bare(bench: &mut Bench, seconds: f64) -> Bare {
    let (name, spec) = bench.next(4_000, 1_000);
    let ceiling = Ceiling::new(&bench.client, &name, &spec);
    let bare = bench.runtime.block_on(async {
        let one = ceiling.one_by_one(CONNECTIONS, seconds).await;
        let many = ceiling.many(1, seconds).await;
        Bare { one, many, many_x4: ceiling.many(4, seconds).await }
    });
    bench.runtime.block_on(async { bench.client.database(&name).drop().await.unwrap() });
    bare
}

/// A rate that leaves room: what Meta sees, and how soon people see it.
pub fn open_loop(bench: &mut Bench, figures: &mut Figures) {
    let (rate, seconds) = if bench.is_quick { (200.0, 2.0) } else { (2_000.0, 20.0) };
    println!("\n== open loop: {rate}/s for {seconds} s over {CONNECTIONS} connections, 1,000 conversations");
    let pace = Pace::open(CONNECTIONS, rate, 1e9);
    let run = bench.run_ours((rate * seconds) as usize, 1_000, pace, 3);
    println!("{}", Run::HEAD);
    show(figures, "ours", &run);
    let (answers, lag) = (run.answers(), run.lag.all());
    println!("answer, from the time it was due: {}; refused {}", quantiles(&answers), run.refused);
    print_bands(&answers);
    println!("receive to visible: {}", quantiles(&lag));
    print_bands(&lag);
    figures.at_most("answer p50 at 2,000/s, ms", answers.ms(0.5), 6.0, 1);
    figures.at_most("answer p99 at 2,000/s, ms", answers.ms(0.99), 50.0, 1);
    figures.at_most("receive to visible p50 at 2,000/s, ms", lag.ms(0.5), 100.0, 0);
    figures.at_most("receive to visible p99 at 2,000/s, ms", lag.ms(0.99), 800.0, 0);
}

/// One webhook at a time on a server that has nothing else to do, beside one bare durable insert.
pub fn idle(bench: &mut Bench, figures: &mut Figures) {
    let rounds = if bench.is_quick { 10 } else { 200 };
    println!("\n== idle: one lone webhook, beside one bare durable insert, {rounds} times in turn");
    let (name, spec) = bench.next(4_000, 100);
    let service = bench.start(&name, &spec);
    let (bare_name, _) = bench.next(0, 0);
    let ceiling = Ceiling::new(&bench.client, &bare_name, &spec);
    let prober = Prober::new(service.stored.clone(), service.address, spec);
    let [mut bare, mut answer, mut visible] = std::array::from_fn(|_| Histogram::default());
    bench.runtime.block_on(async {
        let mut connection = Connection::new(service.address);
        ceiling.insert_one().await;
        for _ in 0..rounds {
            tokio::time::sleep(Duration::from_millis(5)).await;
            bare.record(ceiling.insert_one().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
            let probed = prober.probe(&mut connection, Duration::from_millis(1)).await;
            answer.record(probed.answer);
            visible.record(probed.visible);
        }
        service.stop().await;
        bench.client.database(&bare_name).drop().await.unwrap();
    });
    println!("bare durable insert: {}", quantiles(&bare));
    println!("answer:              {}", quantiles(&answer));
    println!("receive to visible:  {}", quantiles(&visible));
    figures.at_most(
        "lone webhook's answer / bare durable insert, p50",
        answer.ms(0.5) / bare.ms(0.5),
        1.5,
        2,
    );
    figures.at_most("receive to visible p50 on an idle server, ms", visible.ms(0.5), 15.0, 1);
}

/// The same load on few conversations and on many.
pub fn many_conversations(bench: &mut Bench, figures: &mut Figures) {
    let (repeats, webhooks, few, many) =
        if bench.is_quick { (1, 800, 100, 2_000) } else { (3, 40_000, 1_000, 100_000) };
    println!("\n== {many} conversations beside {few}, {repeats} repeats\n{}", Run::HEAD);
    let mut times = Vec::new();
    for _ in 0..repeats {
        let cost = |run: &Run| run.service_us() + run.mongod_us();
        let small = bench.run_ours(webhooks, few, Pace::closed(CONNECTIONS, 60.0), 0);
        show(figures, &few.to_string(), &small);
        let large = bench.run_ours(webhooks, many, Pace::closed(CONNECTIONS, 60.0), 0);
        show(figures, &many.to_string(), &large);
        times.push(cost(&large) / cost(&small));
    }
    println!("CPU of service and mongod per webhook, many / few: {}", spread(&times, 2));
    figures.at_most("cost per webhook, 100,000 / 1,000 conversations", median(times), 1.5, 2);
}

/// Minutes at a part of what it can take: nothing may grow.
pub fn soak(bench: &mut Bench, figures: &mut Figures, saturated_s: f64) {
    let (minutes, slice_s) = if bench.is_quick { (5.0, 1.0) } else { (5.0, 60.0) };
    let rate = (saturated_s * 0.6).floor().max(1.0);
    println!("\n== soak: {rate}/s, 60 % of saturation, five slices of {slice_s} s");
    let run =
        bench.run_ours((rate * minutes * slice_s) as usize, 1_000, Pace::open(CONNECTIONS, rate, slice_s), 2);
    println!("{}", Run::HEAD);
    show(figures, "ours", &run);
    for (index, answers) in run.slices.iter().enumerate() {
        let lag = run.lag.slices.get(index).cloned().unwrap_or_default();
        let mb = run.slice_mb.get(index).copied().unwrap_or(f64::NAN);
        println!(
            "  {}: answer {}\n     visible {}; {mb:.1} MB",
            index + 1,
            quantiles(answers),
            quantiles(&lag)
        );
    }
    if let [_, second, .., last] = run.slices.as_slice() {
        figures.at_most("soak: answer p99, last minute / second", last.ms(0.99) / second.ms(0.99), 1.2, 2);
    }
    // A probe that was begun in the last moment may end in a slice after the last.
    if let Some([_, second, .., last]) = run.lag.slices.get(..run.slices.len().min(run.lag.slices.len())) {
        figures.at_most("soak: visible p99, last minute / second", last.ms(0.99) / second.ms(0.99), 1.2, 2);
    }
    if let [_, second, .., last] = run.slice_mb.as_slice() {
        figures.at_most("soak: memory, last minute / second", last / second, 1.2, 2);
    }
}
