//! What every request has: health, metrics, request ids, the one form of errors.

use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::eventually;

#[tokio::test]
async fn health_says_live_and_ready() {
    let app = TestApp::start_with(&[], true);
    for path in ["/health/live", "/health/ready"] {
        let answer = app.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_never_by_path() {
    let app = TestApp::start();
    app.get("/nowhere/6281234567890").await;
    app.get("/nowhere/else").await;
    let text = app.get("/metrics").await.text().await.unwrap();
    assert!(
        text.contains("pesan_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 2"),
        "{text}"
    );
    assert!(!text.contains("6281234567890"));
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_plain_request_id_is_kept_and_any_other_is_replaced() {
    let app = TestApp::start();
    let id_for = async |given: &str| {
        let request = app.client.get(format!("{}/health/live", app.url)).header("x-request-id", given);
        request.send().await.unwrap().headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(id_for("crm-17:a.b_c").await, "crm-17:a.b_c");
    for odd in ["", "two words", "{\"a\":1}", &"x".repeat(129)] {
        let id = id_for(odd).await;
        assert_ne!(id, odd);
        assert_eq!(id.len(), 36, "{id}");
    }
}

#[tokio::test]
async fn every_error_has_the_one_form_with_the_request_id() {
    let app = TestApp::start();
    let url = |path: &str| format!("{}{path}", app.url);
    let requests = [
        (app.client.get(url("/nowhere")), 404, "NOT_FOUND"),
        (app.client.put(url("/api/webhooks/whatsapp")), 405, "METHOD_NOT_ALLOWED"),
        (app.client.post(url("/api/webhooks/whatsapp")).body("{}"), 401, "UNAUTHENTICATED"),
        (app.client.get(url("/api/webhooks/whatsapp")), 403, "FORBIDDEN"),
    ];
    for (request, status, code) in requests {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{code}");
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["code"], code);
        assert_eq!(body["error"]["requestId"], id);
        assert_eq!(body["error"]["retryable"], false);
        assert!(body["error"]["message"].as_str().unwrap().ends_with('.'));
    }
}

#[tokio::test]
async fn while_stopping_the_service_is_not_ready_but_still_answers_and_closes_connections() {
    let app = TestApp::start_with(&[("PESAN_SHUTDOWN_DELAY_MS", "3000")], true);
    app.ask_to_stop();
    let reasons = eventually("readiness goes false", || async {
        let answer = app.get("/health/ready").await;
        let closes = answer.headers().get("connection").is_some_and(|value| value == "close");
        (answer.status() == 503 && closes).then_some(answer)
    })
    .await;
    let body: Value = reasons.json().await.unwrap();
    assert_eq!(body["reasons"][0], "stopping");
    assert_eq!(app.get("/health/live").await.status(), 200);
}

#[tokio::test]
async fn workers_can_be_driven_by_hand_and_time_stands_still() {
    let app = TestApp::start();
    app.run_worker("database").await.unwrap();
    let before = app.clock.clock().now_ms();
    app.clock.advance(std::time::Duration::from_hours(1));
    assert_eq!(app.clock.clock().now_ms() - before, 3_600_000);
}
