//! The door of the API: origins, limits, and the same answer to everybody who is not let in.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpRequest, HttpResponse, web};
use pesan::auth::{Access, Role, Visitor, Who};
use pesan::http::guard::{Guard, admit, bearer};
use pesan::runtime::Supervisor;
use pesan::storage::workspaces::first_workspace;
use pesan::telemetry::Metrics;
use tokio::runtime::Handle;

use super::config;
use crate::support::app::TestApp;

const HERE: &str = "198.51.100.7";

/// What a route of the API does before anything else.
async fn route(guard: web::Data<Guard>, request: HttpRequest) -> HttpResponse {
    match guard.recognise(guard.caller(&request), bearer(&request)).await {
        Ok(visitor) => HttpResponse::Ok().body(visitor.role.name()),
        Err(turned_away) => guard.answer(&turned_away),
    }
}

/// A request and how it is answered.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

fn answer_of<B>(answer: ServiceResponse<B>) -> Answer {
    let headers = answer.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    Answer { status: answer.status().as_u16(), headers }
}

/// The type of a request that goes into a service is not one that can be named here.
macro_rules! call {
    ($door:expr, $request:expr) => {
        answer_of(actix_web::test::call_service($door, $request.uri("/graphql").to_request()).await)
    };
}

fn guard(app: &TestApp, settings: &[(&str, &str)]) -> Guard {
    let (config, metrics) = (config(app, settings), Metrics::new());
    let access = Access::new(&app.storage, &app.clock.clock(), &config.access, &metrics).unwrap();
    let supervisor = Supervisor::new(Handle::current(), &metrics);
    Guard::new(&config, &access, &app.clock.clock(), &supervisor, &metrics)
}

macro_rules! door {
    ($guard:expr) => {
        init_service(
            App::new()
                .app_data(web::Data::new($guard))
                .service(web::resource("/graphql").wrap(from_fn(admit)).route(web::route().to(route))),
        )
        .await
    };
}

fn from(address: &str) -> TestRequest {
    TestRequest::post().peer_addr(SocketAddr::new(address.parse().unwrap(), 4_000))
}

fn with(request: TestRequest, key: &str) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {key}")))
}

#[actix_web::test]
async fn whoever_is_not_let_in_reads_the_same_whatever_was_wrong() {
    let app = TestApp::start();
    let good = app.key(Role::Admin).await;
    let revoked = app.key(Role::Owner).await;
    let Who::ApiKey(id) = app.access.recognise(revoked.expose()).await.unwrap().who else { panic!("a key") };
    app.keys().revoke(&Visitor::operator(first_workspace()), id).await.unwrap();
    let door = door!(guard(&app, &[("API_RATE_LIMIT", "0")]));
    assert_eq!(call!(&door, with(from(HERE), good.expose())).status, 200);
    let wrong = good.expose().replace("psn_live_", "psn_live_a");
    let mut answers = Vec::new();
    for key in [revoked.expose(), wrong.as_str(), "eyJhbGciOiJub25lIn0.e30.", "x"] {
        answers.push(call!(&door, with(from(HERE), key)));
    }
    answers.push(call!(&door, from(HERE)));
    answers.push(call!(&door, from(HERE).insert_header(("authorization", "Basic YTpi"))));
    for answer in &answers {
        assert_eq!((answer.status, &answer.headers), (401, &answers[0].headers));
    }
    assert_eq!(answers[0].header("www-authenticate"), Some("Bearer"));
    let lower = from(HERE).insert_header(("authorization", format!("bearer  {}", good.expose())));
    assert_eq!(call!(&door, lower).status, 200);
}

#[actix_web::test]
async fn a_key_is_limited_wherever_it_calls_from_until_its_window_is_over() {
    let app = TestApp::start();
    let (one, other) = (app.key(Role::Agent).await, app.key(Role::Agent).await);
    let limits = [("API_RATE_LIMIT", "3"), ("API_RATE_WINDOW", "60s")];
    let door = door!(guard(&app, &limits));
    for n in 0..3 {
        assert_eq!(call!(&door, with(from(&format!("198.51.100.{n}")), one.expose())).status, 200);
    }
    let limited = call!(&door, with(from("198.51.100.9"), one.expose()));
    assert_eq!(limited.status, 429);
    assert_eq!(limited.header("retry-after"), Some("60"));
    assert_eq!(limited.header("ratelimit-limit"), Some("3"));
    assert_eq!(limited.header("ratelimit-remaining"), Some("0"));
    assert_eq!(call!(&door, with(from("198.51.100.9"), other.expose())).status, 200, "another key");
    app.clock.advance(Duration::from_mins(2));
    assert_eq!(call!(&door, with(from("198.51.100.9"), one.expose())).status, 200);
}

#[actix_web::test]
async fn an_address_is_limited_and_a_wrong_key_costs_it_ten() {
    let app = TestApp::start();
    let key = app.key(Role::Agent).await;
    let door = door!(guard(&app, &[("API_RATE_LIMIT", "20"), ("API_RATE_WINDOW", "60s")]));
    let first = call!(&door, from(HERE));
    assert_eq!(
        (first.status, first.header("ratelimit-remaining")),
        (401, Some("19")),
        "no key is no wrong key"
    );
    assert_eq!(call!(&door, with(from(HERE), "wrong")).status, 401);
    // 1 and 1 + 10 are gone.
    assert_eq!(call!(&door, with(from(HERE), "wrong")).header("ratelimit-remaining"), Some("7"));
    let limited = call!(&door, with(from(HERE), key.expose()));
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("60")), "also with a good key");
    assert_eq!(call!(&door, with(from("198.51.100.8"), key.expose())).status, 200, "another address");
    assert_eq!(call!(&door, with(from("2001:db8:1:1::1"), "wrong")).status, 401);
    assert_eq!(call!(&door, with(from("2001:db8:1:1::2"), "wrong")).status, 401);
    assert_eq!(call!(&door, from("2001:db8:1:1::3")).status, 429, "one network");
    app.clock.advance(Duration::from_mins(2));
    assert_eq!(call!(&door, with(from(HERE), key.expose())).status, 200);
}

#[actix_web::test]
async fn the_address_is_read_through_declared_proxies_only_and_some_are_exempt() {
    let app = TestApp::start();
    let settings = [
        ("API_RATE_LIMIT", "1"),
        ("PESAN_TRUSTED_PROXIES", "10.0.0.0/8"),
        ("RATE_LIMIT_WHITELIST", "203.0.113.0/24"),
        ("RATE_LIMIT_MESSAGE", "Sabar dulu."),
        ("RATE_LIMIT_STATUS_CODE", "420"),
    ];
    let guard = guard(&app, &settings);
    assert_eq!(guard.limited_message(), "Sabar dulu.");
    let door = door!(guard);
    let forwarded = |peer: &str, by: &str| from(peer).insert_header(("x-forwarded-for", by));
    assert_eq!(call!(&door, forwarded("10.0.0.1", HERE)).status, 401);
    assert_eq!(call!(&door, forwarded("10.0.0.2", HERE)).status, 420, "the same caller by another proxy");
    assert_eq!(call!(&door, forwarded("10.0.0.1", "198.51.100.8")).status, 401);
    assert_eq!(call!(&door, forwarded("198.51.100.9", "198.51.100.10")).status, 401);
    assert_eq!(
        call!(&door, forwarded("198.51.100.9", "203.0.113.5")).status,
        420,
        "a stranger is not believed"
    );
    let key = app.key(Role::Agent).await;
    for _ in 0..5 {
        let exempt = call!(&door, with(forwarded("10.0.0.1", "203.0.113.5"), key.expose()));
        assert_eq!((exempt.status, exempt.header("ratelimit-limit")), (200, None));
    }
    assert_eq!(call!(&door, forwarded("10.0.0.1", "nonsense")).status, 401);
    assert_eq!(call!(&door, forwarded("10.0.0.1", "nonsense")).status, 420, "counts against the proxy");
}

#[actix_web::test]
async fn pages_of_the_list_may_call_and_are_told_so_beforehand() {
    let app = TestApp::start();
    let key = app.key(Role::Viewer).await;
    let settings = [("ALLOWED_ORIGINS", "https://crm.example"), ("API_RATE_LIMIT", "2")];
    let door = door!(guard(&app, &settings));
    let preflight = |origin: &str| {
        TestRequest::default()
            .method(Method::OPTIONS)
            .peer_addr(SocketAddr::new(HERE.parse().unwrap(), 1))
            .insert_header(("origin", origin))
            .insert_header(("access-control-request-method", "POST"))
            .insert_header(("access-control-request-headers", "authorization,content-type"))
    };
    for _ in 0..5 {
        let allowed = call!(&door, preflight("https://crm.example"));
        assert_eq!(allowed.status, 204);
        assert_eq!(allowed.header("access-control-allow-origin"), Some("https://crm.example"));
        assert!(allowed.header("access-control-allow-headers").unwrap().contains("authorization"));
        assert!(allowed.header("access-control-allow-methods").unwrap().contains("POST"));
        assert_eq!(allowed.header("vary"), Some("origin"));
        assert_eq!(allowed.header("access-control-allow-credentials"), None, "keys travel in a header");
    }
    let foreign = call!(&door, preflight("https://evil.example"));
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (403, None));

    let page = |origin: &str| with(from(HERE), key.expose()).insert_header(("origin", origin));
    let foreign = call!(&door, page("https://evil.example"));
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (403, None));
    let allowed = call!(&door, page("https://crm.example"));
    assert_eq!(
        (allowed.status, allowed.header("access-control-allow-origin")),
        (200, Some("https://crm.example"))
    );
    assert!(allowed.header("access-control-expose-headers").unwrap().contains("retry-after"));
    let own = call!(&door, page("http://localhost:8080").insert_header(("host", "localhost:8080")));
    assert_eq!((own.status, own.header("access-control-allow-origin")), (200, None));
    let limited = call!(&door, page("https://crm.example"));
    assert_eq!(
        (limited.status, limited.header("access-control-allow-origin")),
        (429, Some("https://crm.example"))
    );
}

#[actix_web::test]
async fn without_a_list_only_pages_of_this_service_may_call_and_with_a_star_all() {
    let app = TestApp::start();
    let key = app.key(Role::Viewer).await;
    let page = |origin: &str| with(from(HERE), key.expose()).insert_header(("origin", origin));
    let closed = door!(guard(&app, &[("PESAN_PUBLIC_URL", "https://wa.example")]));
    assert_eq!(call!(&closed, page("https://crm.example")).status, 403);
    assert_eq!(call!(&closed, page("https://wa.example")).status, 200);
    assert_eq!(call!(&closed, with(from(HERE), key.expose())).status, 200, "no page at all");
    let open = door!(guard(&app, &[("ALLOWED_ORIGINS", "*")]));
    let anybody = call!(&open, page("https://evil.example"));
    assert_eq!((anybody.status, anybody.header("access-control-allow-origin")), (200, Some("*")));
}
