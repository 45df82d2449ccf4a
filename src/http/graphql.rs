//! `/graphql`: GraphQL over HTTP, to the letter of its specification. What the request says is read here; what it asks
//! for is run on the main runtime.
//!
//! Only requests that a browser does not send to another site without asking are taken: a POST is JSON, and who calls
//! is told by a header. So no cookie and no form can act in somebody's name.
//!
//! What stays open is below: `socket` and `talk` (WebSocket), `sse` (`text/event-stream`).

mod frame;
pub mod socket;
mod sse;
mod talk;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use bytes::BytesMut;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::State;
use super::guard;
use super::guard::TurnedAway;
use super::request::{AsItIs, RequestId};
use crate::error::Code;
use crate::graphql::{Api, Operation, Outcome, Way};
use crate::limits;
use crate::runtime::Supervisor;

/// The one address of the API.
pub const PATH: &str = "/graphql";

const RESPONSE_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// What the route works with.
#[derive(Clone, Debug)]
pub struct GraphQl {
    pub api: Api,
    pub supervisor: Supervisor,
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
        Ok(operation) => run(operation, Way::Post, media, &request, &state).await,
        Err(refused) => refuse(refused, media, &request),
    }
}

/// `GET /graphql`: queries only.
pub async fn get(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
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
    let caller = state.guard.caller(request);
    let visitor = match state.guard.recognise(caller, guard::bearer(request)).await {
        Ok(visitor) => visitor,
        Err(turned_away) => return turn_away(&turned_away, media, request, state),
    };
    let id = RequestId::of(request);
    let GraphQl { api, supervisor } = state.graphql.clone();
    let job = supervisor.run("graphql", async move { api.run(operation, way, visitor, &id).await });
    match job.await {
        Ok(Outcome::Response { response, is_request_error }) => answer(&response, is_request_error, media),
        Ok(Outcome::WrongWay) => wrong_way(media, request),
        // The job panicked or is being cut; the log has it.
        Err(_) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            refuse(Refused { status, code: Code::Internal, text: "" }, media, request)
        }
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
    let mut body = serde_json::to_value(response).unwrap_or_default();
    if is_request_error && let Some(body) = body.as_object_mut() {
        // Nothing was run, so there is no data, not even none.
        body.remove("data");
    }
    written(status, media, &body)
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

fn written(status: StatusCode, media: Media, body: &Value) -> HttpResponse {
    let content_type = match media {
        Media::Json => "application/json; charset=utf-8",
        // An event stream that never begins is answered like any other request.
        Media::GraphQl | Media::Events => "application/graphql-response+json; charset=utf-8",
    };
    let mut response = HttpResponseBuilder::new(status)
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body.to_string());
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

fn parse(body: &[u8]) -> Result<Operation, Refused<'static>> {
    let value: Value = serde_json::from_slice(body).map_err(|_| bad("The body is not JSON."))?;
    let Value::Object(mut request) = value else {
        return Err(bad("The body is one JSON object; batches are not taken."));
    };
    let Some(Value::String(query)) = request.remove("query") else {
        return Err(bad("`query` has to be there, as a text."));
    };
    let operation_name = match request.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(bad("`operationName` is a text or null.")),
    };
    let variables = map_of(request.remove("variables"), "`variables` is an object or null.")?;
    // Front ends send some by themselves; none means anything here.
    map_of(request.remove("extensions"), "`extensions` is an object or null.")?;
    Ok(Operation { query, operation_name, variables })
}

fn map_of(value: Option<Value>, text: &'static str) -> Result<Option<Map<String, Value>>, Refused<'static>> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(_) => Err(bad(text)),
    }
}

#[derive(Deserialize)]
struct Parameters {
    query: Option<String>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

fn of_query(query: &str) -> Result<Operation, Refused<'static>> {
    let web::Query(parameters) = web::Query::<Parameters>::from_query(query)
        .map_err(|_| bad("The parameters of the address cannot be read."))?;
    let parsed = |text: Option<String>, complaint: &'static str| match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => map_of(serde_json::from_str(&text).map_err(|_| bad(complaint))?, complaint),
    };
    let variables = parsed(parameters.variables, "`variables` is an object in JSON.")?;
    parsed(parameters.extensions, "`extensions` is an object in JSON.")?;
    Ok(Operation {
        query: parameters.query.ok_or_else(|| bad("`query` has to be there."))?,
        operation_name: parameters.operation_name.filter(|name| !name.is_empty()),
        variables,
    })
}
