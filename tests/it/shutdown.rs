//! Stopping under load: nothing that was answered 200 is missing, and nothing is cut.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::support::program::Service;
use crate::support::webhook::{APP_SECRET, post};
use crate::support::{client, eventually, mongo};
use crate::webhook::stored_bodies;

const CLIENTS: usize = 24;
const ANSWERED_BEFORE_STOP: usize = 500;

/// What one client saw.
#[derive(Default)]
struct Seen {
    stored: Vec<String>,
    /// Requests that got no answer: the door was closed while they stood before it.
    unanswered: Vec<String>,
    other: Vec<u16>,
}

async fn send_until_refused(url: String, client_number: usize, answered: Arc<AtomicUsize>) -> Seen {
    let client = client();
    let mut seen = Seen::default();
    for n in 0.. {
        let body = format!("{{\"client\":{client_number},\"n\":{n}}}");
        match post(&client, &url, body.clone()).send().await {
            Ok(answer) if answer.status() == 200 => {
                answered.fetch_add(1, Ordering::SeqCst);
                seen.stored.push(body);
            }
            Ok(answer) => seen.other.push(answer.status().as_u16()),
            Err(error) if error.is_connect() => break,
            Err(_) => {
                seen.unanswered.push(body);
                break;
            }
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_keeps_every_promise_and_cuts_nobody() {
    let settings = [("PESAN_SHUTDOWN_DELAY_MS", "500"), ("WHATSAPP_APP_SECRET", APP_SECRET)];
    let mut service = Service::start(&settings).await;
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| tokio::spawn(send_until_refused(service.url.clone(), n, Arc::clone(&answered))))
        .collect();
    eventually("the load is on", || async {
        (answered.load(Ordering::SeqCst) > ANSWERED_BEFORE_STOP).then_some(())
    })
    .await;
    service.program.signal("TERM").await;
    assert!(service.program.wait().await.success());

    let (mut promised, mut unanswered) = (BTreeSet::new(), BTreeSet::new());
    for client in clients {
        let seen = client.await.unwrap();
        assert_eq!(seen.other, Vec::<u16>::new(), "none is refused");
        promised.extend(seen.stored);
        unanswered.extend(seen.unanswered);
    }
    let bodies = stored_bodies(&service.database).await;
    let stored: BTreeSet<String> =
        bodies.iter().map(|body| String::from_utf8(body.clone()).unwrap()).collect();
    assert_eq!(stored.len(), bodies.len(), "nothing is stored twice");
    let missing: Vec<&String> = promised.difference(&stored).collect();
    assert!(missing.is_empty(), "promised and not stored: {missing:?}");
    // A listening socket cannot be closed without turning away whoever has just connected. Those were never
    // taken: a request that was taken and stored was also answered.
    let cut: Vec<&String> = unanswered.intersection(&stored).collect();
    assert!(cut.is_empty(), "stored and not answered: {cut:?}");
    assert!(promised.len() > ANSWERED_BEFORE_STOP);
    mongo::raw(&service.database).await.drop().await.unwrap();
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let service = Service::start(&[("PESAN_SHUTDOWN_DELAY_MS", "600000")]).await;
    service.program.signal("TERM").await;
    let (probe, url) = (client(), format!("{}/health/ready", service.url));
    eventually("it is on its way out", || async {
        let answer = probe.get(&url).send().await.ok()?;
        (answer.status() == 503).then_some(())
    })
    .await;
    service.stop().await;
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_the_stop_beyond_its_grace() {
    // What is cut needs a moment to be gone; twice the grace would be a fault.
    const GRACE_MS: &str = "5000";
    const ENDED_WITHIN: Duration = Duration::from_millis(9_500);
    let settings = [("PESAN_SHUTDOWN_DELAY_MS", "0"), ("PESAN_SHUTDOWN_GRACE_MS", GRACE_MS)];
    let service = Service::start(&settings).await;
    let mut stuck = tokio::net::TcpStream::connect(service.url.trim_start_matches("http://")).await.unwrap();
    let head = "POST /api/webhooks/whatsapp HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf";
    stuck.write_all(head.as_bytes()).await.unwrap();
    // The server has read as far as this when it has answered somebody who came later.
    assert_eq!(client().get(format!("{}/health/live", service.url)).send().await.unwrap().status(), 200);
    let start = std::time::Instant::now();
    service.stop().await;
    assert!(start.elapsed() < ENDED_WITHIN, "{:?}", start.elapsed());
}
