//! What is done around every request: its id, its span, its trace, its numbers, and the form of its errors.
//!
//! The span carries the route's template, never the query: a query can hold the verify token.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use bytes::Bytes;
use tracing::{Instrument, Span, debug, error, field, info_span};

use super::State;
use super::error::{ApiError, Wording, answer};
use crate::clock::Stopwatch;
use crate::error::Code;
use crate::telemetry::TraceContext;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_MAX: usize = 128;
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
/// The name of a request that no route takes: one name for all, so that the metrics stay few.
const NO_ROUTE: &str = "none";
/// What the health routes begin with.
const HEALTH: &str = "/health/";

/// On an answer: its body is what the caller is to see, also when it tells of an error.
#[derive(Clone, Copy, Debug)]
pub struct AsItIs;

/// On an answer that is an error: what has not come of the request, held until the answer is out. So the HTTP library
/// closes the connection; a body in chunks that nobody holds it reads to its end, however long that takes.
pub struct Rest(pub web::Payload);

/// The body of such an answer.
struct Last {
    body: BoxBody,
    _rest: web::Payload,
}

impl MessageBody for Last {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}

/// On a request: its id.
#[derive(Clone, Debug)]
pub struct RequestId(String);

impl RequestId {
    /// The id of a request that has gone through `wrap`.
    pub fn of(request: &HttpRequest) -> String {
        request.extensions().get::<Self>().map(|id| id.0.clone()).unwrap_or_default()
    }
}

/// Runs the request inside its span and finishes its answer.
pub async fn wrap(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(state) = request.app_data::<web::Data<State>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let watch = Stopwatch::start();
    let id = request_id(&request, &state);
    let route = request.match_pattern().unwrap_or_else(|| NO_ROUTE.to_owned());
    let method = request.method().clone();
    let span = span_of(&request, &id, &route);
    request.extensions_mut().insert(RequestId(id.clone()));
    // A handler's error is a response by now; what still comes as an error has no request to answer.
    let response = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
    let mut response = written_out(response, &id);
    let status = response.status();
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if state.readiness.is_draining() {
        // The next request of this client belongs to another instance.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let elapsed = watch.elapsed();
    span.in_scope(|| {
        let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        // A health check that says no does what it should.
        if status.is_server_error() && !route.starts_with(HEALTH) {
            error!(status = status.as_u16(), ms, "answered");
        } else {
            debug!(status = status.as_u16(), ms, "answered");
        }
    });
    state.http_metrics.observe(method.as_str(), route, status.as_u16(), elapsed);
    Ok(response)
}

/// The answer when no route takes the path.
pub async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(Code::NotFound.into())
}

/// The answer when the path is there for another method.
pub async fn method_not_allowed() -> Result<HttpResponse, ApiError> {
    Err(Code::MethodNotAllowed.into())
}

/// The caller's id if it is short and plain, so that it can go into a log line and a header; else one of ours.
fn request_id(request: &ServiceRequest, state: &State) -> String {
    let plain = |id: &&str| {
        (1..=REQUEST_ID_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(plain);
    match given {
        Some(id) => id.to_owned(),
        // Without randomness the request can still be served; it only cannot be told apart.
        None => state.random.id(state.clock.now()).map_or_else(|_| "unknown".to_owned(), |id| id.to_string()),
    }
}

fn span_of(request: &ServiceRequest, id: &str, route: &str) -> Span {
    let span =
        info_span!("request", request_id = id, method = %request.method(), route, trace_id = field::Empty);
    let parent = request.headers().get(TRACE_PARENT).and_then(|value| value.to_str().ok());
    if let Some(context) = parent.and_then(TraceContext::parse) {
        span.record("trace_id", context.trace_id.as_str());
        #[cfg(feature = "otel")]
        crate::telemetry::otel::join(&span, &context);
    }
    span
}

/// Gives every error the one form, also those that the HTTP library made.
fn written_out(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.response().extensions().contains::<AsItIs>() {
        return response;
    }
    let ours = response.response().extensions().get::<Code>().copied();
    let code = ours.unwrap_or_else(|| Code::of_status(status.as_u16()));
    let (request, mut unwritten) = response.into_parts();
    let wording = unwritten.extensions().get::<Wording>().cloned();
    let mut written = answer(code, wording.as_ref(), id);
    // What the headers say besides stays said: who may read it, when to come back.
    for (name, value) in unwritten.headers() {
        if *name == header::RETRY_AFTER {
            written.headers_mut().insert(name.clone(), value.clone());
        } else if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            written.headers_mut().append(name.clone(), value.clone());
        }
    }
    let rest = unwritten.extensions_mut().remove::<Rest>();
    let written = match rest {
        Some(rest) => written.map_body(|_, body| BoxBody::new(Last { body, _rest: rest.0 })),
        None => written,
    };
    ServiceResponse::new(request, written)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;

    use super::*;

    #[tokio::test]
    async fn an_error_keeps_the_headers_and_the_words_that_the_operator_chose() {
        let mut unwritten = HttpResponse::from_error(ApiError(Code::RateLimited));
        let status = StatusCode::from_u16(420).unwrap();
        unwritten.extensions_mut().insert(Wording { status, message: "Sabar dulu.".to_owned() });
        for (name, value) in [("vary", "origin"), ("vary", "accept"), ("retry-after", "7")] {
            unwritten.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let answered = written_out(TestRequest::default().to_srv_response(unwritten), "id-1");
        assert_eq!(answered.status(), 420);
        assert_eq!(answered.headers().get_all("vary").count(), 2);
        assert_eq!(answered.headers().get_all("retry-after").collect::<Vec<_>>(), ["7"]);
        assert_eq!(answered.headers().get_all("content-type").collect::<Vec<_>>(), ["application/json"]);
        let body = to_bytes(answered.into_body()).await.ok().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["code"], "RATE_LIMITED");
        assert_eq!(body["error"]["message"], "Sabar dulu.");
        assert_eq!(body["error"]["requestId"], "id-1");
    }
}
