//! The HTTP surface: one handler for everything, so that every request passes faults, authorization and journal.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::Value;

use super::faults::{Fault, Kind};
use super::graph::{self, ACCEPTED, Answer, Call, HELD, PAUSED};
use super::journal::{Entry, kept_body, without_secrets};
use super::platform::Platform;
use super::refusal::Refusal;
use super::{control, time};
use crate::runtime::{OnEnd, Supervisor};

/// Meta (2026-07): the largest file is 100 MB.
const BODY_MAX: usize = 101 * 1024 * 1024;
const STOP_GRACE_S: u64 = 1;
const WORKERS: usize = 2;

/// The connection under a request, to be closed without an answer.
struct Connection(TcpStream);

/// Answers on `listener` for the life of the process.
pub(super) fn serve(
    listener: TcpListener,
    platform: &Arc<Platform>,
    supervisor: &Supervisor,
) -> std::io::Result<()> {
    let data = web::Data::from(Arc::clone(platform));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(web::PayloadConfig::new(BODY_MAX))
            .default_service(web::to(handle))
    })
    .workers(WORKERS)
    .disable_signals()
    .shutdown_timeout(STOP_GRACE_S)
    .on_connect(keep_connection)
    .listen(listener)?
    .run();
    let server = std::sync::Mutex::new(Some(server));
    supervisor.keep("simulator-http", OnEnd::StopProcess, move |stop| {
        let server = server.lock().ok().and_then(|mut server| server.take());
        async move {
            let Some(mut server) = server else { return };
            let handle = server.handle();
            // Both arms are cancel-safe: the server is polled on below.
            tokio::select! {
                _ = &mut server => return,
                () = stop.requested() => {}
            }
            tokio::join!(handle.stop(true), async { server.await.ok() });
        }
    });
    time::keep_moving(platform, supervisor);
    Ok(())
}

const PAGE: &str = "<html><head><title>Sorry</title></head><body>Something went wrong.</body></html>";

fn keep_connection(connection: &dyn std::any::Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<actix_web::rt::net::TcpStream>();
    if let Some(copy) = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok()) {
        data.insert(Connection(TcpStream::from(copy)));
    }
}

async fn handle(platform: web::Data<Platform>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    if request.path() == "/_sim" || request.path().starts_with("/_sim/") {
        return control::handle(&platform, &request, &body).await;
    }
    let what = format!("{} {}", request.method(), request.path());
    let fault = platform.strike(&what);
    let (answer, is_cut) = answer_with(&platform, &request, body.clone(), fault.as_ref()).await;
    let (status, content_type, bytes) = written(&platform, answer);
    platform.journal.add(
        platform.clock.now_ms(),
        Entry::Request {
            method: request.method().to_string(),
            path: without_secrets(&request.uri().to_string()),
            headers: shown_headers(&request),
            body: kept_body(&body),
            status: (!is_cut).then_some(status),
            answer: if content_type.starts_with("application/json") {
                kept_body(&bytes)
            } else {
                format!("({} bytes)", bytes.len())
            },
            fault: fault.map(|fault| format!("{:?}", fault.kind)),
        },
    );
    if is_cut && let Some(Connection(stream)) = request.conn_data::<Connection>() {
        stream.shutdown(Shutdown::Both).ok();
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type(content_type).insert_header(("x-fb-trace-id", platform.world().new_trace_id()));
    if let Some(usage) = usage_header(&platform) {
        response.insert_header(("x-app-usage", usage));
    }
    if let Some(usage) = platform.world().account_usage.clone() {
        response.insert_header(("x-business-use-case-usage", usage));
    }
    response.body(bytes)
}

/// The answer, and whether the connection is to be closed without it.
async fn answer_with(
    platform: &Platform,
    request: &HttpRequest,
    body: web::Bytes,
    fault: Option<&Fault>,
) -> (Result<Answer, Refusal>, bool) {
    let Some(fault) = fault else { return (graph::answer(platform, &call(request, body)).await, false) };
    match fault.kind {
        Kind::ServerError => {
            let mut refusal = Refusal::of(131_000);
            if let Some(code) = fault.code {
                refusal = Refusal::of(code);
            }
            (Ok(Answer::Status(fault.status.unwrap_or(500), refusal)), false)
        }
        Kind::GatewayError => {
            let page = Answer::Page(fault.status.unwrap_or(502));
            (graph::answer(platform, &call(request, body)).await.map(|_| page), false)
        }
        Kind::RateLimited => (Ok(Answer::Status(429, Refusal::of(fault.code.unwrap_or(4)))), false),
        Kind::ExpiredToken => (Err(Refusal::of(190).subcode(463)), false),
        Kind::NetworkCut => (Ok(Answer::Json(Value::Null)), true),
        Kind::DroppedResponse => (graph::answer(platform, &call(request, body)).await, true),
        Kind::Slow => {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms.unwrap_or(1_000))).await;
            (graph::answer(platform, &call(request, body)).await, false)
        }
        Kind::StatusFirst => {
            let answer =
                graph::answer(platform, &Call { is_status_first: true, ..call(request, body) }).await;
            time::flush(platform).await;
            (answer, false)
        }
        Kind::NamelessStatusFirst => {
            let body = without_callback_data(&body);
            let answer =
                graph::answer(platform, &Call { is_status_first: true, ..call(request, body) }).await;
            time::flush(platform).await;
            (answer, false)
        }
        Kind::HeldForQuality => {
            (graph::answer(platform, &Call { message_status: HELD, ..call(request, body) }).await, false)
        }
        Kind::TemplatePaused => {
            (graph::answer(platform, &Call { message_status: PAUSED, ..call(request, body) }).await, false)
        }
        Kind::Duplicate | Kind::Reorder => (graph::answer(platform, &call(request, body)).await, false),
    }
}

/// A body that is no object stays as it is.
fn without_callback_data(body: &web::Bytes) -> web::Bytes {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut fields)) => {
            fields.remove("biz_opaque_callback_data");
            web::Bytes::from(Value::Object(fields).to_string())
        }
        _ => body.clone(),
    }
}

fn call(request: &HttpRequest, body: web::Bytes) -> Call {
    let query = web::Query::<BTreeMap<String, String>>::from_query(request.query_string());
    let query = query.map(web::Query::into_inner).unwrap_or_default();
    let header = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let bearer = header("authorization").strip_prefix("Bearer ").map(str::to_owned);
    let oauth = header("authorization").strip_prefix("OAuth ").map(str::to_owned);
    Call {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        token: bearer.or(oauth).or_else(|| query.get("access_token").cloned()),
        content_type: header("content-type"),
        file_offset: header("file_offset").parse().unwrap_or(0),
        query,
        body,
        is_status_first: false,
        message_status: ACCEPTED,
    }
}

/// Status, content type and bytes of an answer.
fn written(platform: &Platform, answer: Result<Answer, Refusal>) -> (u16, String, web::Bytes) {
    let json = |value: &Value| web::Bytes::from(value.to_string());
    let content_type = "application/json; charset=UTF-8".to_owned();
    match answer {
        Ok(Answer::Json(value)) => (200, content_type, json(&value)),
        Ok(Answer::File { mime_type, bytes }) => (200, mime_type, bytes),
        Ok(Answer::Status(status, refusal)) => {
            (status, content_type, json(&refusal.body(&platform.world().new_trace_id())))
        }
        Ok(Answer::Page(status)) => (status, "text/html".to_owned(), PAGE.into()),
        Err(refusal) => {
            (refusal.status(), content_type, json(&refusal.body(&platform.world().new_trace_id())))
        }
    }
}

fn shown_headers(request: &HttpRequest) -> Vec<(String, String)> {
    let shown = ["content-type", "user-agent", "accept", "x-request-id"];
    let headers = request.headers().iter().filter(|(name, _)| shown.contains(&name.as_str()));
    headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned())).collect()
}

/// Meta (2026-07): how much of the app's hourly calls is used, in percent.
fn usage_header(platform: &Platform) -> Option<String> {
    let (calls, ordered) = {
        let world = platform.world();
        (world.app_calls, world.app_usage)
    };
    (calls > 0).then(|| {
        let percent = ordered.unwrap_or(calls / 2_000);
        format!(r#"{{"call_count":{percent},"total_cputime":0,"total_time":{percent}}}"#)
    })
}
