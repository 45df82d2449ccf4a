//! Webhooks of the simulator on their way: signed, sent again until 200, bounded, and wrong on demand.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use pesan::clock::{Clock, ManualClock, Timestamp};
use pesan::dev::simulator::webhook::deliver::{
    Attempt, Deliverer, Mishap, Options, Outcome, Refused, Schedule, Target, Waiting,
};
use pesan::dev::simulator::webhook::envelope::Update;
use pesan::dev::simulator::webhook::sign;
use pesan::ids::Random;
use pesan::runtime::Supervisor;
use pesan::secret::Secret;
use pesan::telemetry::Metrics;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::support::{PATIENCE, eventually};

/// What the receiver saw.
#[derive(Clone, Debug)]
struct Seen {
    body: Vec<u8>,
    signature: String,
    user_agent: String,
    content_type: String,
}

/// What the receiver answers; 200 when the script is at its end.
#[derive(Clone, Copy)]
enum Reply {
    Status(u16),
    Never,
}

#[derive(Default)]
struct Receiver {
    seen: Mutex<Vec<Seen>>,
    script: Mutex<VecDeque<Reply>>,
    now: Mutex<usize>,
    most: Mutex<usize>,
}

async fn receive(request: HttpRequest, body: web::Bytes, receiver: web::Data<Receiver>) -> HttpResponse {
    let header = |name: &str| {
        request.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    receiver.seen.lock().unwrap().push(Seen {
        body: body.to_vec(),
        signature: header("x-hub-signature-256"),
        user_agent: header("user-agent"),
        content_type: header("content-type"),
    });
    let reply = receiver.script.lock().unwrap().pop_front().unwrap_or(Reply::Status(200));
    *receiver.now.lock().unwrap() += 1;
    let now = *receiver.now.lock().unwrap();
    let most = (*receiver.most.lock().unwrap()).max(now);
    *receiver.most.lock().unwrap() = most;
    // Gives others the chance to come in beside.
    tokio::time::sleep(Duration::from_millis(20)).await;
    *receiver.now.lock().unwrap() -= 1;
    match reply {
        Reply::Never => std::future::pending().await,
        Reply::Status(301) => HttpResponse::MovedPermanently().insert_header(("location", "/")).finish(),
        Reply::Status(status) => {
            HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).body("seen")
        }
    }
}

/// A deliverer, a receiver, and what the observer was told.
struct Stage {
    deliverer: Deliverer,
    receiver: web::Data<Receiver>,
    attempts: Arc<Mutex<Vec<Attempt>>>,
    target: Target,
    supervisor: Supervisor,
}

impl Stage {
    fn new(options: Options, clock: Clock, script: &[Reply]) -> Self {
        let receiver = web::Data::new(Receiver::default());
        receiver.script.lock().unwrap().extend(script);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let data = receiver.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(4_000_000))
                .route("/hook", web::post().to(receive))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(0)
        .listen(listener)
        .unwrap()
        .run();
        tokio::spawn(server);
        let supervisor = Supervisor::new(Handle::current(), &Metrics::new());
        let attempts: Arc<Mutex<Vec<Attempt>>> = Arc::default();
        let told = Arc::clone(&attempts);
        let observer = Arc::new(move |attempt: &Attempt| told.lock().unwrap().push(attempt.clone()));
        let deliverer = Deliverer::start(options, &supervisor, clock, &Random::seeded(7), observer).unwrap();
        let target = Target { url, app_secret: Secret::new("app secret") };
        Self { deliverer, receiver, attempts, target, supervisor }
    }

    /// With a clock that is moved by hand and no time passing by itself.
    fn still(schedule: Schedule, script: &[Reply]) -> (Self, ManualClock) {
        let manual = ManualClock::at(Timestamp::from_second(1_750_000_000).unwrap());
        let options = Options { schedule, waiting: Waiting::ForWake, ..Options::default() };
        (Self::new(options, manual.clock(), script), manual)
    }

    fn send(&self, updates: Vec<Update>, mishap: Mishap) -> usize {
        self.deliverer.send(&self.target, updates, mishap).unwrap()
    }

    fn seen(&self) -> Vec<Seen> {
        self.receiver.seen.lock().unwrap().clone()
    }

    fn attempts(&self) -> Vec<Attempt> {
        self.attempts.lock().unwrap().clone()
    }

    async fn idle(&self) {
        tokio::time::timeout(PATIENCE, self.deliverer.idle()).await.expect("deliveries do not end");
    }

    async fn settled(&self) {
        tokio::time::timeout(PATIENCE, self.deliverer.settled()).await.expect("deliveries do not settle");
    }

    async fn end(self) {
        assert!(self.supervisor.shut_down(Duration::from_secs(5)).await.is_empty());
    }
}

fn schedule(pauses_s: &[u64], then_s: u64) -> Schedule {
    Schedule {
        pauses: pauses_s.iter().copied().map(Duration::from_secs).collect(),
        then: Duration::from_secs(then_s),
        give_up_after: Duration::from_hours(7 * 24),
    }
}

fn update(number: u32) -> Update {
    Update {
        entry_id: "102290129340398".to_owned(),
        field: "messages".to_owned(),
        value: json!({ "number": number, "text": "Grüße 👍 https://example.com/", "a": 1, "b": 2, "c": 3 }),
    }
}

fn numbers(seen: &Seen) -> Vec<u64> {
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    let entries = body["entry"].as_array().unwrap();
    let changes = entries.iter().flat_map(|entry| entry["changes"].as_array().unwrap());
    changes.map(|change| change["value"]["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_webhook_is_sent_again_until_it_gets_a_200() {
    let script = [Reply::Status(500), Reply::Status(201), Reply::Status(301)];
    let (stage, clock) = Stage::still(schedule(&[0, 5, 60], 60), &script);
    assert_eq!(stage.send(vec![update(1)], Mishap::default()), 1);
    // The first failure is followed at once, the second after five seconds.
    stage.settled().await;
    assert_eq!(stage.seen().len(), 2);
    assert_eq!(stage.deliverer.next_due(), Timestamp::from_second(1_750_000_005).ok());
    clock.advance(Duration::from_secs(4));
    stage.deliverer.wake();
    stage.settled().await;
    assert_eq!(stage.seen().len(), 2);
    for (pause_s, seen) in [(1, 3), (60, 4)] {
        clock.advance(Duration::from_secs(pause_s));
        stage.deliverer.wake();
        stage.settled().await;
        assert_eq!(stage.seen().len(), seen);
    }
    stage.idle().await;
    let statuses: Vec<Outcome> = stage.attempts().into_iter().map(|attempt| attempt.outcome).collect();
    let answered = |status, answer: &str| Outcome::Answered { status, answer: answer.to_owned() };
    assert_eq!(
        statuses,
        [answered(500, "seen"), answered(201, "seen"), answered(301, ""), answered(200, "seen")]
    );
    assert!(stage.attempts().last().unwrap().next_at.is_none());
    let seen = stage.seen();
    for one in &seen {
        assert_eq!((&one.body, &one.signature), (&seen[0].body, &seen[0].signature));
        assert_eq!(one.signature, sign::sign(&stage.target.app_secret, &one.body));
        assert_eq!(one.user_agent, "facebookexternalua");
        assert_eq!(one.content_type, "application/json");
        assert!(one.body.is_ascii());
        let text = String::from_utf8(one.body.clone()).unwrap();
        assert!(text.contains(r"Gr\u00fc\u00dfe \ud83d\udc4d https:\/\/example.com\/"), "{text}");
    }
    stage.end().await;
}

#[tokio::test]
async fn a_receiver_that_hangs_is_given_up_on_and_tried_again() {
    let options = Options {
        schedule: schedule(&[0], 0),
        answer_timeout: Duration::from_millis(300),
        ..Options::default()
    };
    let stage = Stage::new(options, Clock::system(), &[Reply::Never]);
    stage.send(vec![update(1)], Mishap::default());
    stage.idle().await;
    let attempts = stage.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0].outcome, Outcome::NoAnswer { reason: "timed out" });
    assert_eq!((attempts[0].number, attempts[1].number), (1, 2));
    stage.end().await;
}

#[tokio::test]
async fn nobody_at_the_address_is_a_failure_that_ends_after_seven_days() {
    let (mut stage, clock) = Stage::still(schedule(&[], 24 * 3_600), &[]);
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    stage.target.url = format!("http://{}/", unused.local_addr().unwrap());
    drop(unused);
    stage.send(vec![update(1)], Mishap::default());
    stage.settled().await;
    for _ in 0..7 {
        clock.advance(Duration::from_hours(24));
        stage.deliverer.wake();
        stage.settled().await;
    }
    stage.idle().await;
    let attempts = stage.attempts();
    assert_eq!(attempts.len(), 8);
    assert!(attempts.iter().all(|one| one.outcome == Outcome::NoAnswer { reason: "no connection" }));
    assert!(attempts[6].next_at.is_some() && attempts[7].next_at.is_none());
    stage.end().await;
}

#[tokio::test]
async fn faults_come_on_demand() {
    let (stage, _clock) = Stage::still(schedule(&[0], 0), &[]);
    assert_eq!(stage.send(vec![update(1)], Mishap { duplicates: 2, ..Mishap::default() }), 3);
    stage.idle().await;
    let seen = stage.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|one| one.body == seen[0].body));

    // The one connection shows the order of sending.
    let options = Options { connections_max: 1, ..Options::default() };
    let ordered = Stage::new(options, Clock::system(), &[]);
    let updates = vec![update(1), update(2), update(3)];
    assert_eq!(ordered.send(updates.clone(), Mishap { is_reversed: true, ..Mishap::default() }), 3);
    ordered.idle().await;
    assert_eq!(ordered.seen().iter().map(numbers).collect::<Vec<_>>(), [[3], [2], [1]]);
    assert_eq!(ordered.send(updates, Mishap::default()), 1);
    ordered.idle().await;
    assert_eq!(numbers(ordered.seen().last().unwrap()), [1, 2, 3]);

    let before = stage.seen().len();
    stage.send(vec![update(9)], Mishap { cut_attempts: 2, ..Mishap::default() });
    stage.idle().await;
    assert_eq!(stage.seen().len(), before + 1);
    let outcomes: Vec<Outcome> = stage.attempts().into_iter().skip(3).map(|one| one.outcome).collect();
    let cut = Outcome::NoAnswer { reason: "cut on demand" };
    assert_eq!(outcomes[..2], [cut.clone(), cut]);
    assert_eq!(outcomes.len(), 3);
    stage.end().await;
    ordered.end().await;
}

#[tokio::test]
async fn what_is_held_back_goes_when_it_is_released() {
    let (stage, _clock) = Stage::still(schedule(&[0], 0), &[]);
    stage.deliverer.hold();
    stage.send(vec![update(1)], Mishap::default());
    stage.settled().await;
    assert!(stage.attempts().is_empty());
    stage.deliverer.release();
    stage.idle().await;
    assert_eq!(stage.seen().len(), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_full_queue_refuses_a_call_whole() {
    let options = Options { queue_max: 2, ..Options::default() };
    let stage = Stage::new(options, Clock::system(), &[]);
    stage.deliverer.hold();
    stage.send(vec![update(1)], Mishap::default());
    let twice = Mishap { duplicates: 1, ..Mishap::default() };
    assert_eq!(stage.deliverer.send(&stage.target, vec![update(2)], twice), Err(Refused::Full));
    stage.send(vec![update(3)], Mishap::default());
    stage.deliverer.release();
    stage.idle().await;
    let mut numbers: Vec<u64> = stage.seen().iter().flat_map(numbers).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 3]);
    stage.end().await;
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_open_at_once() {
    let options = Options { connections_max: 2, ..Options::default() };
    let stage = Stage::new(options, Clock::system(), &[]);
    for number in 0..8 {
        stage.send(vec![update(number)], Mishap::default());
    }
    stage.idle().await;
    assert_eq!(stage.seen().len(), 8);
    assert_eq!(*stage.receiver.most.lock().unwrap(), 2);
    stage.end().await;
}

#[tokio::test]
async fn the_same_seed_and_calls_give_the_same_bytes() {
    let run = async || {
        let (stage, _clock) = Stage::still(schedule(&[0], 0), &[]);
        for number in 0..5 {
            stage.send(vec![update(number), update(number + 100)], Mishap::default());
        }
        eventually("all are there", async || (stage.seen().len() == 5).then_some(())).await;
        stage.idle().await;
        let mut attempts = stage.attempts();
        attempts.sort_by_key(|attempt| attempt.delivery);
        stage.end().await;
        attempts.into_iter().map(|attempt| (attempt.body, attempt.signature)).collect::<Vec<_>>()
    };
    assert_eq!(run().await, run().await);
}
