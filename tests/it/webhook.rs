//! The webhook route: whom it believes, what it keeps, what it answers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use mongodb::bson::{Document, doc};

use crate::support::app::TestApp;
use crate::support::webhook::{APP_SECRET, PATH, VERIFY_TOKEN, post, sign, sign_with, text_message};
use crate::support::{PATIENCE, eventually, mongo};

/// Every body in the journal, in the order of arrival.
pub async fn stored_bodies(database: &str) -> Vec<Vec<u8>> {
    let segments = mongo::raw(database).await.collection::<Document>("segments");
    let mut cursor = segments.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
    let mut bodies = Vec::new();
    while cursor.advance().await.unwrap() {
        let segment = cursor.deserialize_current().unwrap();
        let webhooks = segment.get_array("webhooks").unwrap();
        assert_eq!(i32::try_from(webhooks.len()).unwrap(), segment.get_i32("count").unwrap());
        bodies.extend(
            webhooks
                .iter()
                .map(|webhook| webhook.as_document().unwrap().get_binary_generic("b").unwrap().clone()),
        );
    }
    bodies
}

#[tokio::test]
async fn meta_verifies_the_callback_url_with_the_verify_token_only() {
    let app = TestApp::start();
    let ask = async |query: String| {
        let answer = app.get(&format!("{PATH}?{query}")).await;
        let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        (answer.status().as_u16(), kind, answer.text().await.unwrap())
    };
    let (status, kind, body) =
        ask(format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={VERIFY_TOKEN}")).await;
    assert_eq!((status, body.as_str()), (200, "1158201444"));
    assert_eq!(kind.as_deref(), Some("text/plain; charset=utf-8"));
    for wrong in [
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=other".to_owned(),
        format!("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}"),
        format!("hub.challenge=1&hub.verify_token={VERIFY_TOKEN}"),
        format!("hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}"),
        String::new(),
    ] {
        assert_eq!(ask(wrong.clone()).await.0, 403, "{wrong}");
    }
    let wrong = app.count("pesan_webhooks_received_total{outcome=\"verify_token_wrong\"}").await;
    assert_eq!(wrong, 1, "those that show a token");
}

#[tokio::test]
async fn a_majority_has_a_webhook_in_its_journal_and_the_metrics_tell_of_its_way() {
    let app = TestApp::start_with_number();
    let database = mongo::raw(&app.database).await;
    database.run_command(doc! { "profile": 2 }).await.unwrap();
    app.take(&[text_message("wamid.1", "halo"), text_message("wamid.2", "halo")]).await;
    database.run_command(doc! { "profile": 0 }).await.unwrap();
    let writes = doc! { "op": "insert", "ns": format!("{}.segments", app.database) };
    let profile = database.collection::<Document>("system.profile");
    let mut cursor = profile.find(writes).await.unwrap();
    let mut count = 0;
    while cursor.advance().await.unwrap() {
        let write = cursor.deserialize_current().unwrap();
        let concern = write.get_document("command").unwrap().get_document("writeConcern").unwrap();
        assert_eq!(
            *concern,
            doc! { "w": "majority", "j": true, "wtimeout": concern.get("wtimeout") },
            "{write}"
        );
        count += 1;
    }
    assert_eq!(count, 2);

    for count in [
        "pesan_journal_flush_seconds_count",
        "pesan_journal_flush_webhooks_count",
        "pesan_journal_webhooks_stored_total",
        "pesan_ingest_visible_seconds_count",
    ] {
        eventually(count, || async { (app.count(count).await == 2).then_some(()) }).await;
    }
    assert!(app.metric("pesan_ingest_visible_seconds_sum").await < PATIENCE.as_secs_f64());
    assert!(app.metric("pesan_journal_flush_webhooks_sum").await > 1.5, "one and one");
    eventually("nothing is behind", || async {
        (app.count("pesan_ingest_segments_behind").await == 0).then_some(())
    })
    .await;
    assert_eq!(app.count("pesan_journal_waiting_webhooks").await, 0);
}

#[tokio::test]
async fn a_signed_webhook_is_stored_byte_for_byte_before_the_200() {
    let app = TestApp::start();
    // Meta escapes what is not ASCII; the signature is over those bytes.
    let bodies = [
        r#"{"text":"\u00e9\ud83d\ude00 <b>\/</b>"}"#.to_owned(),
        text_message("wamid.1", "selamat pagi 🌅"),
        String::new(),
    ];
    for body in &bodies {
        let answer = post(&app.client, &app.url, body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{body}");
        assert_eq!(answer.text().await.unwrap(), "");
    }
    assert_eq!(stored_bodies(&app.database).await, bodies.map(String::into_bytes));
    assert_eq!(app.storage.segments().count_webhooks().await.unwrap(), 3);
}

#[tokio::test]
async fn what_is_not_signed_by_a_configured_secret_is_refused_counted_and_not_stored() {
    let secrets = format!("{APP_SECRET},second-secret");
    let app = TestApp::start_with(&[("WHATSAPP_APP_SECRET", &secrets)], false);
    let body = text_message("wamid.1", "halo");
    let send = async |signature: Option<String>| {
        let request = app.client.post(format!("{}{PATH}", app.url)).body(body.clone());
        let request = match signature {
            Some(signature) => request.header("x-hub-signature-256", signature),
            None => request,
        };
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(Some(sign_with("second-secret", body.as_bytes()))).await, 200);
    assert_eq!(send(None).await, 401);
    assert_eq!(send(Some("sha256=12".to_owned())).await, 401);
    assert_eq!(send(Some(sign_with("third-secret", body.as_bytes()))).await, 401);
    assert_eq!(send(Some(sign(b"another body"))).await, 401);
    assert_eq!(stored_bodies(&app.database).await.len(), 1);
    for (outcome, count) in
        [("stored", 1.0), ("signature_missing", 1.0), ("signature_malformed", 1.0), ("signature_wrong", 2.0)]
    {
        let line = format!("pesan_webhooks_received_total{{outcome=\"{outcome}\"}}");
        assert!((app.metric(&line).await - count).abs() < 0.1, "{outcome}");
    }
}

#[tokio::test]
async fn without_an_app_secret_nothing_is_believed() {
    let app = TestApp::start_with(&[("WHATSAPP_APP_SECRET", "")], false);
    assert_eq!(post(&app.client, &app.url, "{}").send().await.unwrap().status(), 401);
    assert_eq!(app.client.post(format!("{}{PATH}", app.url)).body("{}").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_body_at_the_limit_is_taken_and_one_byte_more_is_not() {
    const LIMIT: usize = 4 * 1024 * 1024;
    let app = TestApp::start();
    let at_limit = vec![b'x'; LIMIT];
    assert_eq!(post(&app.client, &app.url, at_limit).send().await.unwrap().status(), 200);
    let over = vec![b'x'; LIMIT + 1];
    assert_eq!(post(&app.client, &app.url, over.clone()).send().await.unwrap().status(), 413);
    // The same without an announced length: cut off while it streams.
    let chunks =
        over.chunks(64 * 1024).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>();
    let request = app
        .client
        .post(format!("{}{PATH}", app.url))
        .header("x-hub-signature-256", sign(&over))
        .body(reqwest::Body::wrap_stream(futures_util::stream::iter(chunks)));
    // The server may close while the client still writes.
    if let Ok(answer) = request.send().await {
        assert_eq!(answer.status(), 413);
    }
    assert_eq!(stored_bodies(&app.database).await.len(), 1);
}

/// A connection on which a webhook has begun: its head with this line, and so much of its body.
fn begin(app: &TestApp, line: &str, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "POST {PATH} HTTP/1.1\r\nHost: pesan\r\n{line}\r\n\r\n").unwrap();
    stream.write_all(sent).unwrap();
    stream
}

/// What the server answers before it ends the connection, which it must do by itself.
fn last_words(mut stream: &TcpStream) -> String {
    let mut words = String::new();
    stream.read_to_string(&mut words).unwrap();
    words.to_ascii_lowercase()
}

#[tokio::test]
async fn slow_bodies_are_bounded_all_together_and_keep_out_nothing_that_comes_in_one_piece() {
    const LARGE: usize = 4 * 1024 * 1024;
    const HELD: &str = "pesan_webhook_bodies_bytes";
    let refused = async |app: &TestApp, outcome: &str| {
        app.count(&format!("pesan_webhooks_received_total{{outcome=\"{outcome}\"}}")).await
    };
    let app = TestApp::start_with(&[("PESAN_WEBHOOK_BODY_TIMEOUT_MS", "600000")], false);
    let (mut slow, all_but_one) = (Vec::new(), vec![b'x'; LARGE - 1]);
    for n in 1..=16 {
        slow.push(begin(&app, &format!("Content-Length: {LARGE}"), &all_but_one));
        let held = (n * LARGE) as u64;
        eventually("it is held", || async { (app.count(HELD).await == held).then_some(()) }).await;
    }
    for _ in 0..3 {
        let words = last_words(&begin(&app, "Content-Length: 1000", b"{"));
        assert!(words.starts_with("http/1.1 503 ") && words.contains("retry-after: 1\r\n"), "{words}");
        assert!(words.contains("\"overloaded\""), "{words}");
    }
    assert_eq!((refused(&app, "bodies_full").await, app.count(HELD).await), (3, 16 * LARGE as u64));
    app.take(&[text_message("wamid.1", "halo")]).await;

    drop(slow);
    eventually("they are given back", || async { (app.count(HELD).await == 0).then_some(()) }).await;
    assert_eq!(refused(&app, "unreadable").await, 16);
    app.take(&[text_message("wamid.2", &"x".repeat(3_000_000)), text_message("wamid.3", "halo")]).await;
    assert_eq!(stored_bodies(&app.database).await.len(), 3);
}

#[tokio::test]
async fn a_body_that_does_not_come_to_its_end_is_cut_off_also_if_it_never_rests() {
    let app = TestApp::start_with(&[("PESAN_WEBHOOK_BODY_TIMEOUT_MS", "300")], false);
    let silent = begin(&app, "Content-Length: 1000", b"{");
    let in_chunks = begin(&app, "Transfer-Encoding: chunked", b"5\r\n{\"a\":\r\n");
    let mut dripping = begin(&app, "Content-Length: 1000", b"{");
    for _ in 0..20 {
        // The server may be gone already.
        dripping.write_all(b"x").ok();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for stream in [&silent, &in_chunks, &dripping] {
        let words = last_words(stream);
        assert!(words.starts_with("http/1.1 408 ") && words.contains("connection: close\r\n"), "{words}");
        assert!(words.contains("\"request_timeout\""), "{words}");
    }
    assert_eq!(app.count("pesan_webhooks_received_total{outcome=\"too_slow\"}").await, 3);
    app.take(&[text_message("wamid.1", "halo")]).await;
}

#[tokio::test]
async fn many_at_once_are_all_stored_once_in_few_writes() {
    const WEBHOOKS: usize = 400;
    let app = TestApp::start();
    let sends = (0..WEBHOOKS)
        .map(|n| post(&app.client, &app.url, text_message(&format!("wamid.{n}"), "halo")).send());
    for answer in futures_util::future::join_all(sends).await {
        assert_eq!(answer.unwrap().status(), 200);
    }
    let mut bodies = stored_bodies(&app.database).await;
    bodies.sort_unstable();
    bodies.dedup();
    assert_eq!(bodies.len(), WEBHOOKS);
    let segments = mongo::raw(&app.database).await.collection::<Document>("segments");
    let segments = segments.count_documents(doc! {}).await.unwrap();
    assert!(segments < WEBHOOKS as u64 / 2, "{segments} writes for {WEBHOOKS} webhooks");
}
