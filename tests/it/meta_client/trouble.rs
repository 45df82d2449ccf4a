//! What goes wrong, and what must never happen then: a second message, a token on its way to somebody else, an error
//! that tells a secret, a wait or an answer without end.

use std::time::{Duration, Instant};

use bytes::Bytes;
use pesan::dev::simulator::Options;
use pesan::dev::simulator::world::{NUMBER_ID, WABA_ID};
use pesan::meta::client::{CallError, Credentials, Phase};
use pesan::meta::fault::Class;
use pesan::secret::Secret;
use pesan::telemetry::Metrics;
use serde_json::json;
use tempfile::NamedTempFile;

use super::{APP_ID, APP_SECRET, Meta, TOKEN, codes, config, graph_at, graph_with, refused};
use crate::support::eventually;
use crate::support::peer::{Peer, Reply};

const SECRETS: [&str; 2] = [TOKEN, APP_SECRET];

fn secrets() -> (Secret, Secret) {
    (Secret::new(TOKEN), Secret::new(APP_SECRET))
}

#[tokio::test]
async fn the_proof_is_taken_and_a_wrong_one_refused() {
    let meta = Meta::start_with(Options { requires_proof: true, ..Options::default() });
    let number = |credentials| meta.graph.number(credentials, NUMBER_ID).get();
    number(meta.credentials()).await.unwrap();
    let (bare, wrong) = (None, Secret::new("other-app-secret"));
    for app_secret in [bare, Some(&wrong)] {
        let refusal = refused(number(Credentials { token: &meta.token, app_secret }).await);
        assert_eq!(refusal.code(), Some(100));
        assert!(refusal.message().unwrap().contains("appsecret_proof"));
    }
    meta.graph.app(APP_ID, &meta.app_secret).inspect(&meta.token).await.unwrap();
    // The address of a file is signed by itself and takes no proof.
    let media = meta.graph.media(meta.credentials(), NUMBER_ID);
    let id = media.upload("x.jpg", "image/jpeg", Bytes::from_static(b"x")).await.unwrap();
    let location = media.locate(&id).await.unwrap();
    meta.graph.open(&location.url, Some(meta.credentials())).await.unwrap();
}

#[tokio::test]
async fn no_log_line_of_any_level_holds_a_secret() {
    let lines = NamedTempFile::new().unwrap();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.reopen().unwrap())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // With one subscriber alone, a log line that another test's thread meets first is off for all threads.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let meta = Meta::start();
    let app = meta.graph.app(APP_ID, &meta.app_secret);
    let (code, pin) = (Secret::new("signup-code-7"), Secret::new("739512"));
    meta.graph.number(meta.credentials(), NUMBER_ID).get().await.unwrap();
    meta.graph.number(meta.credentials(), NUMBER_ID).set_pin(&pin).await.unwrap();
    app.inspect(&meta.token).await.unwrap();
    app.exchange_code(&code).await.unwrap_err();
    let text = std::fs::read_to_string(lines.path()).unwrap();
    assert!(text.contains("exchange_code") && text.contains("TRACE"), "{text}");
    for secret in [TOKEN, APP_SECRET, "signup-code-7", "739512", "appsecret_proof", "input_token"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_with_what_is_wrong_with_it() {
    let meta = Meta::start();
    for (token, expected) in [
        (json!({ "value": "EAAG-expired", "expires_at_ms": 1000 }), (190, 463)),
        (json!({ "value": "EAAG-revoked", "revoked": true }), (190, 460)),
        (json!({ "value": "EAAG-narrow", "scopes": ["whatsapp_business_messaging"] }), (10, 0)),
        (json!({ "value": "EAAG-elsewhere", "wabas": ["1"] }), (100, 33)),
    ] {
        meta.control("/tokens", token.clone()).await;
        let token = Secret::new(token["value"].as_str().unwrap());
        let credentials = Credentials { token: &token, app_secret: None };
        let refusal = refused(meta.graph.number(credentials, NUMBER_ID).get().await);
        assert_eq!((refusal.code().unwrap(), refusal.subcode().unwrap_or(0)), expected);
        let class = if expected.0 == 100 { Class::ActOnAccount } else { Class::FixToken };
        assert_eq!(refusal.explain().class, class, "{expected:?}");
    }
    let nonsense = Secret::new("EAAG\r\nX-Injected: 1");
    let credentials = Credentials { token: &nonsense, app_secret: None };
    let error = meta.graph.number(credentials, NUMBER_ID).get().await.unwrap_err();
    assert!(matches!(error, CallError::Impossible(_)), "{error:?}");
}

#[tokio::test]
async fn an_id_that_would_be_another_path_goes_nowhere() {
    let meta = Meta::start();
    for id in ["", "..", "1/../2", "1?fields=id", "1%2f2", "1 2"] {
        let error = meta.graph.number(meta.credentials(), id).get().await.unwrap_err();
        assert!(matches!(error, CallError::Impossible(_)) && !error.is_outcome_unknown(), "{id}: {error:?}");
    }
    assert!(meta.requests("").await.is_empty());
}

#[tokio::test]
async fn a_message_is_never_sent_twice() {
    let meta = Meta::start();
    for (fault, is_unknown) in [
        (json!({ "kind": "dropped_response", "count": 1 }), true),
        (json!({ "kind": "network_cut", "count": 1 }), true),
        (json!({ "kind": "server_error", "count": 1 }), false),
        (json!({ "kind": "server_error", "status": 503, "code": 2, "count": 1 }), false),
        (json!({ "kind": "rate_limited", "count": 1 }), false),
    ] {
        let before = meta.requests("/messages").await.len();
        meta.trouble(fault.clone()).await;
        let error = meta.graph.messages(meta.credentials(), NUMBER_ID).send(&Meta::text()).await.unwrap_err();
        assert_eq!(error.is_outcome_unknown(), is_unknown, "{fault}: {error:?}");
        assert_eq!(matches!(error, CallError::Refused(_)), !is_unknown, "{fault}: {error:?}");
        assert_eq!(meta.requests("/messages").await.len(), before + 1, "{fault}");
    }
}

#[tokio::test]
async fn what_only_reads_is_tried_again_and_not_without_end() {
    let meta = Meta::start();
    let number = || meta.graph.number(meta.credentials(), NUMBER_ID).get();
    for fault in ["dropped_response", "network_cut", "server_error"] {
        let before = meta.requests(NUMBER_ID).await.len();
        meta.trouble(json!({ "kind": fault, "count": 2 })).await;
        number().await.unwrap();
        assert_eq!(meta.requests(NUMBER_ID).await.len(), before + 3, "{fault}");
    }
    meta.trouble(json!({ "kind": "server_error" })).await;
    let before = meta.requests(NUMBER_ID).await.len();
    let refusal = refused(number().await);
    assert_eq!((refusal.code(), refusal.status()), (Some(131_000), 500));
    assert_eq!(meta.requests(NUMBER_ID).await.len(), before + 3);
    let text = meta.metrics.render().unwrap();
    let line = "pesan_meta_calls_total{noun=\"number\",outcome=\"refused\",code=\"131000\"} 5";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("pesan_meta_call_retries_total{noun=\"number\"} 8"), "{text}");
}

#[tokio::test]
async fn a_change_is_tried_again_only_if_twice_is_once() {
    let meta = Meta::start();
    meta.trouble(json!({ "kind": "dropped_response", "count": 1 })).await;
    meta.graph.account(meta.credentials(), WABA_ID).subscribe().await.unwrap();
    assert_eq!(meta.requests("subscribed_apps").await.len(), 2);
    // Registrations are counted by Meta, and too many limits that would pass later are not worth waiting for.
    for (fault, count) in [("dropped_response", 1), ("rate_limited", 2)] {
        meta.trouble(json!({ "kind": fault, "count": 1 })).await;
        let pin = Secret::new("123456");
        meta.graph.number(meta.credentials(), NUMBER_ID).register(&pin, None).await.unwrap_err();
        assert_eq!(meta.requests("/register").await.len(), count, "{fault}");
    }
}

#[tokio::test]
async fn nothing_has_left_when_nobody_is_there() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (token, _) = secrets();
    let credentials = Credentials { token: &token, app_secret: None };
    let error = graph_at(&url).messages(credentials, NUMBER_ID).send(&Meta::text()).await.unwrap_err();
    assert!(matches!(error, CallError::NoAnswer { phase: Phase::NothingLeft, .. }), "{error:?}");
    assert!(!error.is_outcome_unknown());
}

#[tokio::test]
async fn a_late_answer_is_not_waited_for_and_too_many_calls_are_put_off() {
    let peer = Peer::start(|_| Reply::Silence).await;
    let settings = pesan::config::MetaConfig {
        connect_timeout: Duration::from_millis(100),
        call_timeout: Duration::from_millis(400),
        calls_max: 1,
        ..config(&peer.url)
    };
    let graph = graph_with(&settings, &Metrics::new());
    let (token, _) = secrets();
    let credentials = Credentials { token: &token, app_secret: None };
    let start = Instant::now();
    let (body, messages) = (Meta::text(), graph.messages(credentials, NUMBER_ID));
    let (first, second) = tokio::join!(messages.send(&body), messages.send(&body));
    assert!(matches!(first, Err(CallError::NoAnswer { phase: Phase::OutcomeUnknown, .. })), "{first:?}");
    assert!(matches!(second, Err(CallError::Overloaded(_))), "{second:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(peer.heads().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_foreign_address_not_asked() {
    let thief = Peer::answering("200 OK", &[], "{}").await;
    let location = format!("location: {}/stolen", thief.url);
    let peer = Peer::answering("302 Found", &[&location], "").await;
    let graph = graph_at(&peer.url);
    let (token, app_secret) = secrets();
    let credentials = Credentials { token: &token, app_secret: Some(&app_secret) };
    let error = graph.messages(credentials, NUMBER_ID).send(&Meta::text()).await.unwrap_err();
    assert!(matches!(error, CallError::Unreadable { status: 302, .. }) && !error.is_outcome_unknown());
    let error = graph.open(&format!("{}/_media/1", peer.url), Some(credentials)).await.unwrap_err();
    assert!(matches!(error, CallError::Unreadable { status: 302, .. }), "{error:?}");
    for url in [&*thief.url, "https://lookaside.fbsbx.com.evil.example/x", "ftp://lookaside.fbsbx.com", "x"] {
        let error = graph.open(url, Some(credentials)).await.unwrap_err();
        assert!(matches!(error, CallError::Impossible(_)), "{url}: {error:?}");
    }
    assert_eq!(thief.connections(), 0);
}

#[tokio::test]
async fn the_next_page_is_asked_of_meta_whatever_the_answer_says() {
    let thief = Peer::answering("200 OK", &[], "{}").await;
    let next = format!("{}/v25.0/1?access_token=x", thief.url);
    let body = json!({ "data": [{ "id": "1" }], "paging": { "cursors": { "after": "A" }, "next": next } });
    let peer = Peer::answering("200 OK", &[], body.to_string()).await;
    let (token, _) = secrets();
    let credentials = Credentials { token: &token, app_secret: None };
    let graph = graph_at(&peer.url);
    let listed = graph.account(credentials, WABA_ID).numbers().await.unwrap();
    assert_eq!((listed.items.len(), listed.is_whole), (2, false), "the same cursor again is no way on");
    assert!(peer.heads()[1].contains("after=A"));
    assert_eq!(thief.connections(), 0);

    let turn = std::sync::atomic::AtomicUsize::new(0);
    let endless = Peer::start(move |_| {
        let after = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let paging = json!({ "cursors": { "after": after.to_string() }, "next": "x" });
        let body = json!({ "data": [{ "id": "1" }], "paging": paging });
        Reply::Answer("200 OK", Vec::new(), body.to_string().into_bytes())
    })
    .await;
    let listed = graph_at(&endless.url).account(credentials, WABA_ID).numbers().await.unwrap();
    assert_eq!((listed.items.len(), listed.is_whole), (200, false));
}

/// Answers that are not Graph's, or are and say no, and what each is taken for.
fn bad_answers() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let huge = format!("{{\"data\":\"{}\"}}", "x".repeat(5 * 1024 * 1024));
    let deep = "[".repeat(100_000);
    let token_in_it = format!(r#"{{"error":{{"message":"Malformed access token {TOKEN}","code":190}}}}"#);
    vec![
        ("200 OK", b"<html>captive portal</html>".to_vec(), "unreadable"),
        ("200 OK", b"".to_vec(), "unreadable"),
        ("200 OK", b"{\"messages\":[]}".to_vec(), "unreadable"),
        ("200 OK", b"{\"messages\":{\"id\":7}}".to_vec(), "unreadable"),
        ("200 OK", b"[1]".to_vec(), "unreadable"),
        ("200 OK", b"\xff\xfe".to_vec(), "unreadable"),
        ("200 OK", huge.into_bytes(), "unreadable"),
        ("200 OK", deep.into_bytes(), "unreadable"),
        ("200 OK", b"{\"error\":{\"code\":131000,\"message\":\"x\"}}".to_vec(), "refused"),
        ("502 Bad Gateway", b"<html>".to_vec(), "unreadable"),
        ("503 Service Unavailable", b"{\"error\":{\"code\":2,\"message\":\"x\"}}".to_vec(), "refused"),
        ("429 Too Many Requests", b"slow down".to_vec(), "overloaded"),
        ("400 Bad Request", b"{\"error\":\"text\"}".to_vec(), "unreadable"),
        ("401 Unauthorized", token_in_it.into_bytes(), "refused"),
    ]
}

#[tokio::test]
async fn bad_answers_have_bounds_and_names_and_no_error_tells_a_secret() {
    let (token, app_secret) = secrets();
    let credentials = Credentials { token: &token, app_secret: Some(&app_secret) };
    let mut errors = Vec::new();
    for (status, body, expected) in bad_answers() {
        let peer = Peer::answering(status, &["retry-after: 7"], body).await;
        let graph = graph_at(&peer.url);
        let error = graph.messages(credentials, NUMBER_ID).send(&Meta::text()).await.unwrap_err();
        assert_eq!(error.outcome(), expected, "{status}: {error:?}");
        assert_eq!(peer.heads().len(), 1, "{status}: a message goes once");
        if expected == "overloaded" {
            assert_eq!(error.pause(), Some(Duration::from_secs(7)));
        }
        errors.push(error);
        errors.push(graph.app(APP_ID, &app_secret).exchange_code(&token).await.unwrap_err());
        errors.extend(graph.app(APP_ID, &app_secret).inspect(&token).await.err());
    }
    let broken =
        Peer::start(|_| Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"mess".to_vec())).await;
    let nonsense = Peer::start(|_| Reply::Raw(b"nonsense\r\n\r\n".to_vec())).await;
    for peer in [broken, nonsense] {
        let graph = graph_at(&peer.url);
        let error = graph.messages(credentials, NUMBER_ID).send(&Meta::text()).await.unwrap_err();
        assert!(matches!(error, CallError::NoAnswer { phase: Phase::OutcomeUnknown, .. }), "{error:?}");
        errors.push(error);
    }
    assert!(errors.len() > 30);
    for error in errors {
        let explained = error.refusal().map(|refusal| format!("{:?}", refusal.explain()));
        let shown = format!("{error} {error:?} {error:#?} {} {explained:?}", chain_of(&error));
        for secret in
            SECRETS.iter().chain(&["127.0.0.1", "input_token", "client_secret", "_proof", "captive"])
        {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

/// All that the error and its causes say.
fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        text.push_str(&format!("{error} {error:?} "));
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn the_token_travels_in_its_header_alone() {
    let peer = Peer::answering("200 OK", &[], r#"{"messages":[{"id":"wamid.1"}]}"#).await;
    let (token, app_secret) = secrets();
    let credentials = Credentials { token: &token, app_secret: Some(&app_secret) };
    graph_at(&peer.url).messages(credentials, NUMBER_ID).send(&Meta::text()).await.unwrap();
    let head = peer.heads().remove(0);
    assert_eq!(head.matches(TOKEN).count(), 1, "{head}");
    assert!(head.contains(&format!("authorization: Bearer {TOKEN}")) && !head.contains(APP_SECRET), "{head}");
    assert!(head.contains("user-agent: pesan/"), "{head}");
}

#[tokio::test]
async fn a_share_of_80_percent_asks_for_a_pause() {
    let app = r#"x-app-usage: {"call_count":12,"total_time":80,"total_cputime":1}"#;
    let account = format!(
        r#"x-business-use-case-usage: {{"{WABA_ID}":[{{"type":"whatsapp_business_api","call_count":99,"estimated_time_to_regain_access":2}}]}}"#
    );
    let peer = Peer::answering("200 OK", &[app, &account], r#"{"success":true}"#).await;
    let graph = graph_at(&peer.url);
    let (token, app_secret) = secrets();
    let credentials = Credentials { token: &token, app_secret: Some(&app_secret) };
    assert_eq!(graph.pause(&credentials, Some(WABA_ID)), None);
    graph.account(credentials, WABA_ID).subscribe().await.unwrap();
    let pause = graph.pause(&credentials, None).expect("the pause that 80 % asks for");
    assert!(pause <= Duration::from_millis(200), "{pause:?}");
    let pause = graph.pause(&credentials, Some(WABA_ID)).unwrap();
    assert!(pause > Duration::from_secs(100) && pause <= Duration::from_mins(2), "{pause:?}");
    // Another token of the same app shares its allowance; another app does not.
    let (other, stranger) = (Secret::new("EAAG-other"), Secret::new("other-app-secret"));
    let of_stranger = Credentials { token: &other, app_secret: Some(&stranger) };
    assert_eq!(graph.pause(&of_stranger, None), None);
    // A short pause is over soon.
    eventually("the pause of 200 ms is over", || async {
        graph.pause(&credentials, None).is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn connections_are_used_again() {
    let peer = Peer::answering("200 OK", &[], r#"{"messages":[{"id":"wamid.1"}]}"#).await;
    let graph = graph_at(&peer.url);
    let (token, _) = secrets();
    let credentials = Credentials { token: &token, app_secret: None };
    for _ in 0..50 {
        graph.messages(credentials, NUMBER_ID).send(&Meta::text()).await.unwrap();
    }
    assert_eq!((peer.connections(), peer.heads().len()), (1, 50));
}

#[tokio::test]
async fn words_that_meta_adds_later_survive() {
    let node = json!({ "id": "1", "display_phone_number": 15_550_783_881_u64, "quality_rating": "PURPLE",
        "status": null, "throughput": "fast", "is_pin_enabled": "true", "health_status": [], "new": {} });
    let peer = Peer::answering("200 OK", &[], node.to_string()).await;
    let (token, _) = secrets();
    let credentials = Credentials { token: &token, app_secret: None };
    let number = graph_at(&peer.url).number(credentials, "1").get().await.unwrap();
    assert_eq!(number.display_phone_number, "15550783881");
    assert_eq!(number.quality.unwrap().as_str(), "PURPLE");
    assert_eq!((number.connection, number.throughput, number.health), (None, None, None));
    assert_eq!(number.is_pin_enabled, Some(true));
}

#[tokio::test]
async fn a_field_that_this_version_lacks_is_left_out() {
    let peer = Peer::start(|head| {
        if head.contains("username") {
            let error = json!({ "error": { "code": 100, "message": "(#100) Tried accessing nonexisting field (username) on node type (X)" } });
            return Reply::Answer("400 Bad Request", Vec::new(), error.to_string().into_bytes());
        }
        Reply::Answer("200 OK", Vec::new(), br#"{"id":"1","verified_name":"Toko"}"#.to_vec())
    })
    .await;
    let (token, _) = secrets();
    let credentials = Credentials { token: &token, app_secret: None };
    let graph = graph_at(&peer.url);
    assert_eq!(graph.number(credentials, "1").get().await.unwrap().verified_name.as_deref(), Some("Toko"));
    assert_eq!(peer.heads().len(), 2);
    assert_eq!(codes(graph.number(credentials, "1").username().await).0, 100);
}
