//! The door of the webhook route: from which addresses it may be called.

use crate::support::app::TestApp;
use crate::support::program::run;
use crate::support::webhook::{PATH, VERIFY_TOKEN, post, text_message};
use crate::webhook::stored_bodies;

const ALLOWED: &str = "PESAN_WEBHOOK_ALLOWED_NETWORKS";
const TRUSTED: &str = "PESAN_TRUSTED_PROXIES";
/// The networks of the tests, in the place of Meta's.
const META: &str = "157.240.0.0/16,2a03:2880::/32";
/// No database is there: a mistake in the settings is found before one is looked for.
const NOWHERE: (&str, &str) = ("MONGODB_URI", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=1");

/// Sends a good webhook with these `X-Forwarded-For` lines.
async fn deliver(app: &TestApp, forwarded_for: &[&str]) -> u16 {
    let mut request = post(&app.client, &app.url, text_message("wamid.1", "halo"));
    for line in forwarded_for {
        request = request.header("x-forwarded-for", *line);
    }
    request.send().await.unwrap().status().as_u16()
}

async fn outcomes(app: &TestApp, outcome: &str) -> f64 {
    app.metric(&format!("pesan_webhooks_received_total{{outcome=\"{outcome}\"}}")).await
}

#[tokio::test]
async fn without_a_list_the_webhook_is_open_to_every_address() {
    let app = TestApp::start();
    assert_eq!(deliver(&app, &[]).await, 200);
    assert_eq!(deliver(&app, &["6.6.6.6"]).await, 200);
    assert_eq!(deliver(&app, &["nonsense"]).await, 200);
}

#[tokio::test]
async fn an_address_in_the_list_is_admitted_and_the_signature_is_still_asked_for() {
    let app = TestApp::start_with(&[(ALLOWED, "10.0.0.0/8, 127.0.0.0/8")], false);
    assert_eq!(deliver(&app, &[]).await, 200);
    let unsigned = app.client.post(format!("{}{PATH}", app.url)).body("{}").send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
}

#[tokio::test]
async fn an_address_outside_the_list_is_refused_counted_and_nothing_is_stored() {
    let app = TestApp::start_with(&[(ALLOWED, META)], false);
    let answer = post(&app.client, &app.url, text_message("wamid.1", "halo")).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "FORBIDDEN");
    let query = format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}");
    assert_eq!(app.get(&format!("{PATH}?{query}")).await.status(), 403);
    assert!(stored_bodies(&app.database).await.is_empty());
    assert!((outcomes(&app, "address_refused").await - 2.0).abs() < 0.1);
    assert_eq!(app.get("/health/live").await.status(), 200, "the other routes are open");
}

#[tokio::test]
async fn the_header_of_a_stranger_is_not_read() {
    let app = TestApp::start_with(&[(ALLOWED, META), (TRUSTED, "10.0.0.0/8")], false);
    assert_eq!(deliver(&app, &["157.240.1.1"]).await, 403);
    let open = TestApp::start_with(&[(ALLOWED, "127.0.0.1"), (TRUSTED, "10.0.0.0/8")], false);
    assert_eq!(deliver(&open, &["nonsense"]).await, 200);
}

#[tokio::test]
async fn behind_trusted_proxies_the_first_foreign_address_from_the_right_counts() {
    let app = TestApp::start_with(&[(ALLOWED, META), (TRUSTED, "127.0.0.1, 10.0.0.0/8, fd00::/8")], false);
    let check = async |lines: &[&str], status: u16| {
        assert_eq!(deliver(&app, lines).await, status, "{lines:?}");
    };
    check(&["157.240.1.1"], 200).await;
    check(&["6.6.6.6, 157.240.1.1"], 200).await;
    check(&["157.240.1.1, 10.0.0.7, 10.0.0.8"], 200).await;
    check(&["157.240.1.1", "10.0.0.7"], 200).await;
    check(&["2a03:2880::17, fd00::1"], 200).await;
    check(&["[2a03:2880::17]:40000, 10.0.0.7:443"], 200).await;
    check(&["::ffff:157.240.1.1"], 200).await;
    // What the caller itself wrote stands further to the left than what our proxies saw.
    check(&["157.240.1.1, 6.6.6.6"], 403).await;
    check(&["157.240.1.1, 6.6.6.6, 10.0.0.7"], 403).await;
    check(&["157.240.1.1", "6.6.6.6"], 403).await;
    check(&["2a03:2881::17"], 403).await;
    // The proxy on its own account.
    check(&[], 403).await;
    check(&["10.0.0.7"], 403).await;
}

#[tokio::test]
async fn nonsense_from_a_trusted_proxy_is_refused_even_if_the_proxy_itself_is_listed() {
    let app = TestApp::start_with(&[(ALLOWED, "127.0.0.1,157.240.0.0/16"), (TRUSTED, "127.0.0.1")], false);
    assert_eq!(deliver(&app, &[]).await, 200);
    let nonsense = ["", "unknown", "157.240.1.1,", "nonsense, 157.240.1.1", "157.240.1.1 6.6.6.6"];
    for line in nonsense {
        assert_eq!(deliver(&app, &[line]).await, 403, "{line:?}");
    }
    assert_eq!(deliver(&app, &["nonsense", "157.240.1.1"]).await, 403);
    assert!((outcomes(&app, "address_refused").await - 6.0).abs() < 0.1);
}

#[tokio::test]
async fn a_wrong_network_is_a_line_that_names_the_setting_and_exit_code_2() {
    for (name, value) in [
        (ALLOWED, "157.240.0.0/33"),
        (ALLOWED, "157.240.1.0/16"),
        (ALLOWED, "157.240.0.0/16,"),
        (ALLOWED, "meta.com"),
        (TRUSTED, "10.0.0.0/8 fd00::/8"),
        (TRUSTED, "0.0.0.0/0"),
        (TRUSTED, "10.0.0.0/8,::/0"),
    ] {
        let outcome = run(&["serve"], &[NOWHERE, (name, value)]).await;
        assert_eq!(outcome.code, Some(2), "{value}: {outcome:?}");
        let line = format!("{name}: expects networks like");
        assert!(outcome.stderr.contains(&line) && outcome.stderr.contains(value), "{outcome:?}");
    }
}
