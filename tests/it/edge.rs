//! The door of the service: from which addresses the webhook may be called, TLS of our own, and the certificate that
//! the webhook's caller has to show.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::ExtendedKeyUsagePurpose;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, HandshakeKind};
use tempfile::TempDir;

use crate::support::PATIENCE;
use crate::support::app::TestApp;
use crate::support::pki::{Authority, Issued, Shows, Wanted, client, tls};
use crate::support::program::run;
use crate::support::webhook::{PATH, VERIFY_TOKEN, post, sign, text_message};
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

const CERT: &str = "PESAN_TLS_CERT";
const KEY: &str = "PESAN_TLS_KEY";
const CLIENT_CA: &str = "PESAN_WEBHOOK_CLIENT_CA";
const CLIENT_NAME: &str = "PESAN_WEBHOOK_CLIENT_NAME";
/// The name of Meta's client certificate.
const META_NAME: &str = "client.webhooks.fbclientcerts.com";

/// A service with TLS of its own, and everybody who has a part in it.
struct Secure {
    /// Who issued the server's certificate.
    public: Authority,
    /// Who is in the trust file: one of several.
    meta: Authority,
    app: TestApp,
    _folder: TempDir,
}

fn file(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

impl Secure {
    fn start(more: &[(&str, &str)]) -> Self {
        let public = Authority::new("a public authority");
        let meta = Authority::new("Meta's authority");
        let earlier = Authority::until("Meta's earlier authority", (2027, 4, 15));
        let folder = tempfile::tempdir().unwrap();
        let server = public.issue_server();
        let certificate = file(folder.path(), "cert.pem", &server.certificates);
        let key = file(folder.path(), "key.pem", &server.key);
        let trusted = file(folder.path(), "ca.pem", &format!("{}{}", earlier.pem(), meta.pem()));
        let mut settings = vec![(CERT, certificate.as_str()), (KEY, &key), (CLIENT_CA, &trusted)];
        settings.extend(more);
        let mut app = TestApp::start_with(&settings, true);
        app.client = client(&public, &Shows::Nothing, &TLS13);
        Self { public, meta, app, _folder: folder }
    }

    /// The status of a good webhook from somebody who shows this.
    async fn deliver(&self, shows: &Shows<'_>) -> u16 {
        self.deliver_with(&client(&self.public, shows, &TLS13)).await
    }

    async fn deliver_with(&self, client: &reqwest::Client) -> u16 {
        let request = post(client, &self.app.url, text_message("wamid.1", "halo"));
        request.send().await.unwrap().status().as_u16()
    }
}

#[tokio::test]
async fn the_webhook_wants_a_client_certificate_and_the_other_routes_do_not() {
    let secure = Secure::start(&[]);
    let app = &secure.app;
    assert!(app.url.starts_with("https://"));
    for path in ["/health/live", "/health/ready", "/metrics"] {
        assert_eq!(app.get(path).await.status(), 200, "{path}");
    }
    let answer = post(&app.client, &app.url, text_message("wamid.1", "halo")).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "UNAUTHENTICATED");
    let query = format!("hub.mode=subscribe&hub.challenge=1&hub.verify_token={VERIFY_TOKEN}");
    assert_eq!(app.get(&format!("{PATH}?{query}")).await.status(), 401);
    assert!(stored_bodies(&app.database).await.is_empty());
    assert!((outcomes(app, "certificate_missing").await - 2.0).abs() < 0.1);
}

#[tokio::test]
async fn metas_certificate_is_admitted_in_every_form_that_it_may_have() {
    let secure = Secure::start(&[]);
    let through = secure.meta.intermediate("Meta's issuer");
    let by_common_name = Wanted { common_name: META_NAME, ..Wanted::client(&[]) };
    let good = [
        secure.meta.issue(&Wanted::client(&[META_NAME])),
        secure.meta.issue(&Wanted::client(&["other.example", "CLIENT.webhooks.fbclientcerts.com"])),
        // Meta documents the common name alone, and sends the issuing certificate along.
        secure.meta.issue(&by_common_name),
        through.issue(&by_common_name),
    ];
    for issued in &good {
        assert_eq!(secure.deliver(&Shows::Own(issued)).await, 200);
        let old = client(&secure.public, &Shows::Own(issued), &TLS12);
        assert_eq!(secure.deliver_with(&old).await, 200, "TLS 1.2");
    }
    assert_eq!(stored_bodies(&secure.app.database).await.len(), good.len() * 2);
    let unsigned = client(&secure.public, &Shows::Own(&good[0]), &TLS13);
    let unsigned = unsigned.post(format!("{}{PATH}", secure.app.url)).body("{}").send().await.unwrap();
    assert_eq!(unsigned.status(), 401, "the signature is still asked for");
    assert!((outcomes(&secure.app, "signature_missing").await - 1.0).abs() < 0.1);
}

#[tokio::test]
async fn a_wrong_certificate_is_refused_and_counted_by_what_is_wrong() {
    let secure = Secure::start(&[]);
    let meta = &secure.meta;
    let good = || Wanted::client(&[META_NAME]);
    let stranger = Authority::new("a stranger");
    // It calls itself what the trusted one is called.
    let impostor = Authority::new("Meta's authority");
    let untrusted = [
        ("a stranger's", stranger.issue(&good())),
        ("an impostor's", impostor.issue(&good())),
        ("its public issuer is not the one for callers", secure.public.issue(&good())),
        ("expired", meta.issue(&Wanted { until: (2026, 11, 21), ..good() })),
        ("not yet valid", meta.issue(&Wanted { from: (2026, 11, 22), ..good() })),
        ("a server's", meta.issue(&Wanted { purpose: ExtendedKeyUsagePurpose::ServerAuth, ..good() })),
        ("without what leads to the root", {
            let issued = meta.intermediate("Meta's issuer").issue(&good());
            let end = issued.certificates.find("-----END").unwrap();
            let end = end + issued.certificates[end..].find('\n').unwrap() + 1;
            Issued { certificates: issued.certificates[..end].to_owned(), ..issued }
        }),
    ];
    for (what, issued) in &untrusted {
        assert_eq!(secure.deliver(&Shows::Own(issued)).await, 401, "{what}");
        let client = client(&secure.public, &Shows::Own(issued), &TLS13);
        let health = client.get(format!("{}/health/live", secure.app.url)).send().await.unwrap();
        assert_eq!(health.status(), 200, "{what}: no matter to the other routes");
    }
    let other_name = [
        Wanted::client(&["client.webhooks.example.com"]),
        Wanted::client(&["*.webhooks.fbclientcerts.com"]),
        Wanted::client(&["sub.client.webhooks.fbclientcerts.com"]),
        Wanted::client(&[]),
        // Where there are DNS names, the common name is not one.
        Wanted { common_name: META_NAME, ..Wanted::client(&["other.example"]) },
    ];
    for wanted in &other_name {
        let issued = meta.issue(wanted);
        assert_eq!(secure.deliver(&Shows::Own(&issued)).await, 403, "{:?}", wanted.dns_names);
    }
    assert!(stored_bodies(&secure.app.database).await.is_empty());
    for (outcome, count) in [("certificate_untrusted", 7.0), ("certificate_other_name", 5.0)] {
        assert!((outcomes(&secure.app, outcome).await - count).abs() < 0.1, "{outcome}");
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_gets_no_connection() {
    let secure = Secure::start(&[]);
    let issued = secure.meta.issue(&Wanted::client(&[META_NAME]));
    let thief = Authority::new("a thief").issue(&Wanted::client(&[META_NAME]));
    for version in [&TLS12, &TLS13] {
        let client = client(&secure.public, &Shows::Stolen(&issued, &thief), version);
        let request = post(&client, &secure.app.url, text_message("wamid.1", "halo"));
        assert!(request.send().await.is_err(), "{version:?}");
    }
    assert!(stored_bodies(&secure.app.database).await.is_empty());
}

/// One webhook on a connection of its own: how the connection began, and the status.
fn deliver_on_new_connection(tls: &Arc<ClientConfig>, url: &str) -> (HandshakeKind, u16) {
    let address = url.strip_prefix("https://").unwrap();
    let mut session = ClientConnection::new(Arc::clone(tls), "127.0.0.1".try_into().unwrap()).unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    let mut stream = rustls::Stream::new(&mut session, &mut socket);
    let body = text_message("wamid.1", "halo");
    let signature = sign(body.as_bytes());
    write!(
        stream,
        "POST {PATH} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\
         X-Hub-Signature-256: {signature}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split_whitespace().nth(1).unwrap().parse().unwrap();
    (session.handshake_kind().unwrap(), status)
}

#[tokio::test]
async fn a_resumed_session_is_judged_again() {
    for version in [&TLS12, &TLS13] {
        let secure = Secure::start(&[]);
        let issued = secure.meta.issue(&Wanted { until: (2026, 11, 22), ..Wanted::client(&[META_NAME]) });
        let tls = Arc::new(tls(&secure.public, &Shows::Own(&issued), version));
        let deliver = || deliver_on_new_connection(&tls, &secure.app.url);
        assert_eq!(deliver(), (HandshakeKind::Full, 200), "{version:?}");
        assert_eq!(deliver(), (HandshakeKind::Resumed, 200), "{version:?}");
        secure.app.clock.advance(Duration::from_hours(24));
        assert_eq!(deliver(), (HandshakeKind::Resumed, 401), "{version:?}");
    }
}

#[tokio::test]
async fn another_name_can_be_demanded_and_the_address_comes_first() {
    let secure =
        Secure::start(&[(CLIENT_NAME, "Proxy.Internal"), (ALLOWED, "127.0.0.1"), (TRUSTED, "10.0.0.0/8")]);
    let proxy = secure.meta.issue(&Wanted::client(&["proxy.internal"]));
    let meta = secure.meta.issue(&Wanted::client(&[META_NAME]));
    assert_eq!(secure.deliver(&Shows::Own(&proxy)).await, 200);
    assert_eq!(secure.deliver(&Shows::Own(&meta)).await, 403);
    let closed = Secure::start(&[(ALLOWED, META)]);
    let issued = closed.meta.issue(&Wanted::client(&[META_NAME]));
    assert_eq!(closed.deliver(&Shows::Own(&issued)).await, 403);
    assert!((outcomes(&closed.app, "address_refused").await - 1.0).abs() < 0.1);
}

#[tokio::test]
async fn without_a_trust_file_tls_asks_nobody_for_a_certificate() {
    let secure = Secure::start(&[(CLIENT_CA, "")]);
    assert_eq!(secure.deliver(&Shows::Nothing).await, 200);
    let text = secure.app.get("/metrics").await.text().await.unwrap();
    assert!(text.contains("pesan_tls_certificate_expires_seconds"));
    assert!(!text.contains("webhook_client_ca"), "{text}");
}

#[tokio::test]
async fn metrics_say_until_when_the_files_are_good() {
    let secure = Secure::start(&[]);
    let metric = async |line: &str| secure.app.metric(line).await;
    assert!((metric("pesan_tls_certificate_expires_seconds").await - 2_208_988_800.0).abs() < 0.1);
    let soonest = "2027-04-15T00:00:00Z".parse::<pesan::clock::Timestamp>().unwrap().as_millisecond() / 1_000;
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
    let soonest = soonest as f64;
    assert!((metric("pesan_webhook_client_ca_expires_seconds").await - soonest).abs() < 0.1);
}

/// What the server says before it ends the connection; it must end it by itself.
fn last_words(mut stream: &TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut words = Vec::new();
    match stream.read_to_end(&mut words) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("still open: {error}"),
        _ => words,
    }
}

#[tokio::test]
async fn plain_http_is_not_spoken_where_tls_is() {
    let secure = Secure::start(&[]);
    let address = secure.app.url.strip_prefix("https://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    // In one piece: the server may be gone before a second.
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: pesan\r\n\r\n").unwrap();
    let words = last_words(&stream);
    assert!(!String::from_utf8_lossy(&words).contains("HTTP"), "{words:?}");
}

#[tokio::test]
async fn who_shakes_no_hand_holds_nobody_up_and_is_put_out() {
    let secure = Secure::start(&[]);
    let address = secure.app.url.strip_prefix("https://").unwrap();
    let mut idle: Vec<_> = (0..50).map(|_| TcpStream::connect(address).unwrap()).collect();
    for stream in idle.iter_mut().skip(25) {
        // The beginning of a handshake record, and no more.
        stream.write_all(&[22, 3, 1]).unwrap();
    }
    let issued = secure.meta.issue(&Wanted::client(&[META_NAME]));
    assert_eq!(secure.deliver(&Shows::Own(&issued)).await, 200);
    for stream in &idle {
        last_words(stream);
    }
}

#[tokio::test]
async fn the_health_check_speaks_tls_too() {
    let secure = Secure::start(&[]);
    let address = secure.app.url.strip_prefix("https://").unwrap();
    let check = async |more: &[&str], settings: &[(&str, &str)], code: i32| {
        let arguments = [&["healthcheck", "--address", address], more].concat();
        let outcome = run(&arguments, settings).await;
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
    };
    check(&["--tls"], &[], 0).await;
    check(&[], &[(CERT, "/etc/pesan/cert.pem")], 0).await;
    check(&[], &[], 1).await;
    let plain = TestApp::start();
    let address = plain.url.strip_prefix("http://").unwrap();
    let outcome = run(&["healthcheck", "--tls", "--address", address], &[]).await;
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
}

#[tokio::test]
async fn a_file_that_is_of_no_use_is_a_line_that_names_the_setting_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("a public authority");
    let (issued, other) = (authority.issue_server(), authority.issue_server());
    let file = |name: &str, content: &str| file(folder.path(), name, content);
    let cert = file("cert.pem", &issued.certificates);
    let key = file("key.pem", &issued.key);
    let other_key = file("other.pem", &other.key);
    let text = file("text.pem", "this is no PEM\n");
    let half = file("half.pem", &issued.certificates[..issued.certificates.len() / 2]);
    let hollow = file("hollow.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let check = async |settings: &[(&str, &str)], expected: &str| {
        let all = [&[NOWHERE], settings].concat();
        for command in [&["serve"][..], &["config", "check"]] {
            let outcome = run(command, &all).await;
            assert_eq!(outcome.code, Some(2), "{settings:?} {outcome:?}");
            assert!(outcome.stderr.starts_with("pesan: "), "{outcome:?}");
            assert!(outcome.stderr.contains(expected), "{expected} not in {outcome:?}");
            assert!(!outcome.stderr.contains("-----"), "{outcome:?}");
        }
    };
    check(&[(CERT, "/nowhere/cert.pem"), (KEY, &key)], "PESAN_TLS_CERT: /nowhere/cert.pem is not there")
        .await;
    for useless in [&text, &key] {
        let line = format!("PESAN_TLS_CERT: {useless} holds no certificate in PEM");
        check(&[(CERT, useless), (KEY, &key)], &line).await;
    }
    check(&[(CERT, &half), (KEY, &key)], &format!("PESAN_TLS_CERT: {half} ")).await;
    check(&[(CERT, &hollow), (KEY, &key)], "hollow.pem holds a certificate that cannot be read").await;
    check(&[(CERT, &cert), (KEY, "/nowhere/key.pem")], "PESAN_TLS_KEY: /nowhere/key.pem is not there").await;
    for useless in [&text, &cert] {
        let line = format!("PESAN_TLS_KEY: {useless} holds no private key");
        check(&[(CERT, &cert), (KEY, useless)], &line).await;
    }
    check(&[(CERT, &cert), (KEY, &other_key)], "other.pem does not belong to the certificate").await;
    let tls = [(CERT, cert.as_str()), (KEY, &key)];
    let with_ca = |ca: &'static str| [tls[0], tls[1], (CLIENT_CA, ca)];
    check(&with_ca("/nowhere/ca.pem"), "PESAN_WEBHOOK_CLIENT_CA: /nowhere/ca.pem is not there").await;
    check(&with_ca("/dev/null"), "PESAN_WEBHOOK_CLIENT_CA: /dev/null holds no certificate in PEM").await;
    check(&[tls[0], tls[1], (CLIENT_CA, &hollow)], "PESAN_WEBHOOK_CLIENT_CA: ").await;
    // Half a setup.
    check(&[(CERT, &cert)], "PESAN_TLS_KEY: is not set").await;
    check(&[(KEY, &key)], "PESAN_TLS_CERT: is not set").await;
    check(&[(CLIENT_CA, &cert)], "PESAN_TLS_CERT: is not set, though PESAN_WEBHOOK_CLIENT_CA is").await;
    check(&[tls[0], tls[1], (CLIENT_NAME, "a.example")], "PESAN_WEBHOOK_CLIENT_NAME: is of no use").await;
    let wildcard = [tls[0], tls[1], (CLIENT_CA, cert.as_str()), (CLIENT_NAME, "*.fbclientcerts.com")];
    check(&wildcard, "PESAN_WEBHOOK_CLIENT_NAME: expects a DNS name").await;
}

#[tokio::test]
async fn config_check_warns_of_certificates_that_end_soon() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::until("an authority of old", (2026, 1, 1));
    let issued = authority.issue_server_for(12);
    let cert = file(folder.path(), "cert.pem", &issued.certificates);
    let key = file(folder.path(), "key.pem", &issued.key);
    let ca = file(folder.path(), "ca.pem", &authority.pem());
    let outcome = run(&["config", "check"], &[NOWHERE, (CERT, &cert), (KEY, &key), (CLIENT_CA, &ca)]).await;
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        outcome.stdout.contains("warning: PESAN_TLS_CERT: the certificate expires in 12 days, at "),
        "{outcome:?}"
    );
    let expired = "PESAN_WEBHOOK_CLIENT_CA: the first certificate in it has expired at 2026-01-01T00:00:00Z";
    assert!(outcome.stdout.contains(expired), "{outcome:?}");
}
