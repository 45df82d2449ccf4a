//! `/graphql`: GraphQL over HTTP, to the letter of its specification. What the request says is read here; what it asks
//! for is run on the main runtime.
//!
//! Only requests that a browser does not send to another site without asking are taken: a POST is JSON, and who calls
//! is told by a header. So no cookie and no form can act in somebody's name.
//!
//! What stays open is below: `socket` and `talk` (WebSocket), `sse` (`text/event-stream`).

mod frame;
mod operation;
mod outbox;
pub mod socket;
mod sse;
mod talk;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use async_graphql::ServerError;
use bytes::BytesMut;
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::{Value, json};

use super::State;
use super::guard;
use super::guard::TurnedAway;
use super::request::{AsItIs, RequestId};
use crate::auth::Visitor;
use crate::error::Code;
use crate::graphql::{Api, Operation, Outcome, Way};
use crate::limits;
use crate::runtime::Supervisor;

/// The one address of the API.
pub const PATH: &str = "/graphql";

const RESPONSE_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const BATCH_SIZE: &str = "A list holds 1 to 10 operations.";
const _: () = assert!(limits::GRAPHQL_BATCH_MAX == 10, "the sentence says how many");

/// What the route works with.
#[derive(Clone, Debug)]
pub struct GraphQl {
    pub api: Api,
    pub supervisor: Supervisor,
    /// A browser is shown a page to ask with.
    pub shows_graphiql: bool,
}

/// How the caller wants to read the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Media {
    /// The older way: 200 for everything that was understood as a request.
    Json,
    /// The way of the specification: the status tells whether anything was run.
    GraphQl,
    /// Each answer an event, for as long as there are any.
    Events,
}

/// Why a request is not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused<'a> {
    status: StatusCode,
    code: Code,
    /// Empty: what the code says.
    text: &'a str,
}

const fn bad(text: &'static str) -> Refused<'static> {
    Refused { status: StatusCode::BAD_REQUEST, code: Code::InvalidRequest, text }
}

/// The work was cut short.
const BROKEN: Refused<'static> =
    Refused { status: StatusCode::INTERNAL_SERVER_ERROR, code: Code::Internal, text: "" };

/// `POST /graphql`.
pub async fn post(request: HttpRequest, payload: web::Payload, state: web::Data<State>) -> HttpResponse {
    let media = match media_of(&request) {
        Ok(media) => media,
        Err(refused) => return refuse(refused, Media::GraphQl, &request),
    };
    let operation = match read(&request, payload).await {
        Ok(body) => parse(&body),
        Err(refused) => Err(refused),
    };
    match operation {
        Ok(Asked::One(operation)) => run(operation, Way::Post, media, &request, &state).await,
        Ok(Asked::Several(operations)) => run_in_turn(operations, media, &request, &state).await,
        Err(refused) => refuse(refused, media, &request),
    }
}

/// `GET /graphql`: queries only.
pub async fn get(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    if state.graphql.shows_graphiql && request.query_string().is_empty() && prefers_a_page(&request) {
        return page();
    }
    let media = match media_of(&request) {
        Ok(media) => media,
        Err(refused) => return refuse(refused, Media::GraphQl, &request),
    };
    match of_query(request.query_string()) {
        Ok(operation) => run(operation, Way::Get, media, &request, &state).await,
        Err(refused) => refuse(refused, media, &request),
    }
}

async fn run(
    operation: Operation,
    way: Way,
    media: Media,
    request: &HttpRequest,
    state: &State,
) -> HttpResponse {
    if media == Media::Events {
        return sse::run(operation, way, request, state).await;
    }
    let visitor = match visitor(media, request, state).await {
        Ok(visitor) => visitor,
        Err(refusal) => return refusal,
    };
    let id = RequestId::of(request);
    let GraphQl { api, supervisor, .. } = state.graphql.clone();
    let job = supervisor.run("graphql", async move { api.run(operation, way, visitor, &id).await });
    match job.await {
        Ok(Outcome::Response { response, is_request_error }) => answer(&response, is_request_error, media),
        Ok(Outcome::WrongWay) => wrong_way(media, request),
        // The job panicked or is being cut; the log has it.
        Err(_) => refuse(BROKEN, media, request),
    }
}

/// Who calls, or the answer to somebody who may not.
async fn visitor(media: Media, request: &HttpRequest, state: &State) -> Result<Visitor, HttpResponse> {
    let caller = state.guard.caller(request);
    let recognised = state.guard.recognise(caller, guard::bearer(request)).await;
    recognised.map_err(|turned_away| turn_away(&turned_away, media, request, state))
}

/// Operations that came in a list, one after the other: each counts as a request, and each has its own answer.
async fn run_in_turn(
    operations: Vec<Operation>,
    media: Media,
    request: &HttpRequest,
    state: &State,
) -> HttpResponse {
    if media == Media::Events {
        return refuse(bad("An event stream is of one operation, not of a list."), media, request);
    }
    let visitor = match visitor(media, request, state).await {
        Ok(visitor) => visitor,
        Err(refusal) => return refusal,
    };
    let caller = state.guard.caller(request);
    for _ in operations.iter().skip(1) {
        if let Err(turned_away) = state.guard.count(caller, &visitor) {
            return turn_away(&turned_away, media, request, state);
        }
    }
    let id = RequestId::of(request);
    let GraphQl { api, supervisor, .. } = state.graphql.clone();
    let job = supervisor.run("graphql", async move {
        let mut answers = Vec::with_capacity(operations.len());
        for operation in operations {
            if let Outcome::Response { response, is_request_error } =
                api.run(operation, Way::Post, visitor.clone(), &id).await
            {
                answers.push((response, is_request_error));
            }
        }
        answers
    });
    match job.await {
        Ok(answers) => {
            let bodies: Vec<_> = answers.iter().map(|(response, is)| Body::of(response, *is)).collect();
            written(StatusCode::OK, media, &bodies)
        }
        Err(_) => refuse(BROKEN, media, request),
    }
}

fn wrong_way(media: Media, request: &HttpRequest) -> HttpResponse {
    let text = "A mutation is not run by GET.";
    let refused = Refused { status: StatusCode::METHOD_NOT_ALLOWED, code: Code::MethodNotAllowed, text };
    let mut response = refuse(refused, media, request);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

/// What the door says, in GraphQL's own form.
fn turn_away(away: &TurnedAway, media: Media, request: &HttpRequest, state: &State) -> HttpResponse {
    let said = state.guard.answer(away);
    let text = if matches!(away, TurnedAway::Limited(_)) { state.guard.limited_message() } else { "" };
    let mut response = refuse(Refused { status: said.status(), code: away.code(), text }, media, request);
    for (name, value) in said.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            response.headers_mut().insert(name.clone(), value.clone());
        }
    }
    response
}

fn answer(response: &async_graphql::Response, is_request_error: bool, media: Media) -> HttpResponse {
    let status = match (media, is_request_error) {
        (Media::GraphQl, true) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    written(status, media, &Body::of(response, is_request_error))
}

/// An answer as it is written.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Run(&'a async_graphql::Response),
    /// Nothing was run, so there is no data, not even none.
    NotRun {
        errors: &'a [ServerError],
    },
}

impl<'a> Body<'a> {
    fn of(response: &'a async_graphql::Response, is_request_error: bool) -> Self {
        if is_request_error { Self::NotRun { errors: &response.errors } } else { Self::Run(response) }
    }
}

/// A refusal in GraphQL's own form.
fn refuse(refused: Refused<'_>, media: Media, request: &HttpRequest) -> HttpResponse {
    let row = refused.code.row();
    let message = if refused.text.is_empty() { row.message } else { refused.text };
    written(
        refused.status,
        media,
        &json!({ "errors": [{
            "message": message,
            "extensions": {
                "code": row.name,
                "retryable": row.retryable,
                "requestId": RequestId::of(request),
            },
        }] }),
    )
}

fn written(status: StatusCode, media: Media, body: &impl Serialize) -> HttpResponse {
    let content_type = match media {
        Media::Json => "application/json; charset=utf-8",
        // An event stream that never begins is answered like any other request.
        Media::GraphQl | Media::Events => "application/graphql-response+json; charset=utf-8",
    };
    let mut response = HttpResponseBuilder::new(status)
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(serde_json::to_vec(body).unwrap_or_default());
    response.extensions_mut().insert(AsItIs);
    response
}

/// Whether a browser asks, to show what comes to a person.
fn prefers_a_page(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.trim_start().starts_with("text/html"))
}

/// GraphiQL. It comes from a public address in the versions that the page names, each checked by its hash.
fn page() -> HttpResponse {
    let policy = "default-src 'none'; script-src https://cdn.jsdelivr.net 'unsafe-inline'; \
                  style-src https://cdn.jsdelivr.net 'unsafe-inline'; font-src https://cdn.jsdelivr.net data:; \
                  img-src data:; worker-src blob:; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'";
    let mut response = HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .body(include_str!("graphql/graphiql.html"));
    response.extensions_mut().insert(AsItIs);
    response
}

/// The answer to any other method.
pub async fn other_method(request: HttpRequest) -> HttpResponse {
    let refused = Refused { status: StatusCode::METHOD_NOT_ALLOWED, code: Code::MethodNotAllowed, text: "" };
    let mut response = refuse(refused, Media::GraphQl, &request);
    let allowed = if request.method() == Method::OPTIONS { "GET, POST, OPTIONS" } else { "GET, POST" };
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

/// What the caller accepts of what we have. Without a wish, and with any wish, it is plain JSON.
fn media_of(request: &HttpRequest) -> Result<Media, Refused<'static>> {
    let accept: Vec<&str> = request
        .headers()
        .get_all(header::ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .collect();
    if accept.is_empty() {
        return Ok(Media::Json);
    }
    let mut best: Option<(u32, Media)> = None;
    for range in accept {
        let mut parts = range.split(';').map(str::trim);
        let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            RESPONSE_JSON => Media::GraphQl,
            EVENTS => Media::Events,
            JSON | "application/*" | "*/*" => Media::Json,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1_000), thousandths);
        let weight = weight.unwrap_or(0);
        // The first of equals: the order is the caller's.
        if weight > 0 && best.is_none_or(|(other, _)| weight > other) {
            best = Some((weight, media));
        }
    }
    best.map(|(_, media)| media).ok_or(Refused {
        status: StatusCode::NOT_ACCEPTABLE,
        code: Code::InvalidRequest,
        text: "Answers are application/graphql-response+json, application/json or text/event-stream.",
    })
}

/// A weight between 0 and 1 in thousandths.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let whole: u32 = whole.parse().ok()?;
    let digits: u32 = format!("{rest:0<3}").get(..3)?.parse().ok()?;
    Some((whole * 1_000 + digits).min(1_000))
}

async fn read(request: &HttpRequest, mut payload: web::Payload) -> Result<BytesMut, Refused<'static>> {
    let unsupported = Refused {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        code: Code::InvalidRequest,
        text: "A POST has the content type application/json, in UTF-8.",
    };
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parts = content_type.ok_or(unsupported)?.split(';').map(str::trim);
    if !parts.next().unwrap_or_default().eq_ignore_ascii_case(JSON) {
        return Err(unsupported);
    }
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.eq_ignore_ascii_case("charset").then(|| value.trim_matches('"'))
    });
    if charset.is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
        return Err(unsupported);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| bad("The body did not come whole."))?;
        if body.len() + chunk.len() > limits::GRAPHQL_BYTES_MAX {
            return Err(Refused {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                code: Code::PayloadTooLarge,
                text: "",
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// One operation, or several in a list.
#[derive(Debug)]
enum Asked {
    One(Operation),
    Several(Vec<Operation>),
}

fn parse(body: &[u8]) -> Result<Asked, Refused<'static>> {
    let one = |value: Value| match value {
        Value::Object(request) => operation::of_object(request).map_err(|unclear| bad(unclear.text())),
        _ => Err(bad("The body is a JSON object, or a list of them.")),
    };
    match serde_json::from_slice(body).map_err(|_| bad("The body is not JSON."))? {
        Value::Array(requests) if (1..=limits::GRAPHQL_BATCH_MAX).contains(&requests.len()) => {
            requests.into_iter().map(one).collect::<Result<_, _>>().map(Asked::Several)
        }
        Value::Array(_) => Err(bad(BATCH_SIZE)),
        request => one(request).map(Asked::One),
    }
}

fn of_query(query: &str) -> Result<Operation, Refused<'static>> {
    let web::Query(parameters) = web::Query::<operation::Parameters>::from_query(query)
        .map_err(|_| bad("The parameters of the address cannot be read."))?;
    operation::of_parameters(parameters).map_err(|unclear| bad(unclear.text()))
}
