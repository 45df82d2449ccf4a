//! `text/event-stream` on `/graphql`: one operation a connection, each answer an event, as graphql-sse has it in its
//! "distinct connections" mode. An event's `id` is its cursor: a client that comes back with `Last-Event-ID` goes on
//! from there. What is told is decided on the main runtime; the worker only carries it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::super::State;
use super::super::guard;
use super::super::request::RequestId;
use super::talk::{FAREWELL_MAX, STALL_MAX};
use super::{Media, Refused, bad, refuse, visitor, wrong_way};
use crate::auth::Visitor;
use crate::error::Code;
use crate::graphql::{Answers, Cursor, Operation, Way};
use crate::runtime::Readiness;

/// How many events wait for the connection.
const WAITING_MAX: usize = 16;
/// How often a stream that has nothing to tell shows that it is alive.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);
const LAST_EVENT_ID: &str = "last-event-id";

/// Runs one operation and tells what comes of it.
pub async fn run(operation: Operation, way: Way, request: &HttpRequest, state: &State) -> HttpResponse {
    let go_on_after = match go_on_after(request) {
        Ok(cursor) => cursor,
        Err(refused) => return refuse(refused, Media::Events, request),
    };
    let visitor = match visitor(Media::Events, request, state).await {
        Ok(visitor) => visitor,
        Err(refusal) => return refusal,
    };
    let (api, request_id) = (state.graphql.api.clone(), RequestId::of(request));
    let (id, visitor_asks) = (request_id.clone(), visitor.clone());
    let start = state
        .graphql
        .supervisor
        .run("graphql", async move { api.start(operation, way, visitor_asks, go_on_after, &id).await });
    let answers = match start.await {
        Ok(Some(answers)) => answers,
        Ok(None) => return wrong_way(Media::Events, request),
        Err(_) => Answers::refuse(Code::Internal, &request_id),
    };
    let (events, told) = mpsc::channel(WAITING_MAX);
    let teller = Teller {
        answers,
        events,
        guard: state.guard.clone(),
        readiness: state.readiness.clone(),
        request_id,
        cursor: None,
    };
    let bearer = Zeroizing::new(guard::bearer(request).unwrap_or_default().to_owned());
    // It ends by itself when either end does; stopping waits for it.
    drop(state.graphql.supervisor.run("graphql-sse", teller.tell(bearer, visitor)));
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Proxies that collect answers are asked not to.
        .insert_header(("x-accel-buffering", "no"))
        .body(Told(told))
}

fn go_on_after(request: &HttpRequest) -> Result<Option<Cursor>, Refused<'static>> {
    let Some(value) = request.headers().get(LAST_EVENT_ID) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty() && value.is_empty() {
        return Ok(None);
    }
    Cursor::read(text).map(Some).ok_or(bad("`Last-Event-ID` is not a cursor of an event."))
}

/// Tells one operation's answers.
struct Teller {
    answers: Answers,
    events: mpsc::Sender<Bytes>,
    guard: guard::Guard,
    readiness: Readiness,
    request_id: String,
    cursor: Option<Cursor>,
}

/// Why a stream ends.
enum End {
    Done,
    /// Without a last word: the client comes back by itself.
    Silent,
    With(Code),
    Stalled,
}

impl Teller {
    async fn tell(mut self, bearer: Zeroizing<String>, visitor: Visitor) {
        let end = self.tell_until_the_end(bearer, visitor).await;
        let Self { events, request_id, cursor, answers, .. } = self;
        drop(answers);
        let last = match end {
            End::Silent => return,
            End::Done => None,
            End::With(code) => Some(Answers::refusal(code, &request_id)),
            End::Stalled => Some(Answers::resume(cursor, &request_id)),
        };
        let words = async {
            if let Some(last) = last {
                events.send(next(&last, None)).await.ok();
            }
            events.send(Bytes::from_static(b"event: complete\ndata:\n\n")).await.ok();
        };
        tokio::time::timeout(FAREWELL_MAX, words).await.ok();
    }

    async fn tell_until_the_end(&mut self, bearer: Zeroizing<String>, visitor: Visitor) -> End {
        let Self { answers, events, guard, readiness, cursor, .. } = self;
        let lost = guard.clone().loses_access(bearer, visitor);
        let stall = tokio::time::sleep(STALL_MAX);
        tokio::pin!(lost, stall);
        let mut heartbeat = tokio::time::interval(HEARTBEAT_EVERY);
        // What waits for the client to take it. All else goes on meanwhile: it may hold what others wait for.
        let (mut answer, mut is_to_beat) = (None, false);
        loop {
            let waits = answer.is_some() || is_to_beat;
            // All arms are cancel-safe: tokens, futures and a stream that are polled on afterwards, timers, a permit.
            tokio::select! {
                () = readiness.is_shut() => return End::Silent,
                () = events.closed() => return End::Silent,
                () = &mut lost => return End::With(Code::Unauthenticated),
                () = &mut stall, if waits => return End::Stalled,
                _ = heartbeat.tick() => is_to_beat = true,
                came = answers.next(), if answer.is_none() => match came {
                    None => return End::Done,
                    came => answer = came,
                },
                room = events.reserve(), if waits => {
                    let Ok(room) = room else { return End::Silent };
                    stall.set(tokio::time::sleep(STALL_MAX));
                    let Some(said) = answer.take() else {
                        room.send(Bytes::from_static(b":\n\n"));
                        is_to_beat = false;
                        continue;
                    };
                    room.send(next(&said.response, said.cursor));
                    *cursor = said.cursor;
                    if said.is_refusal {
                        return End::Done;
                    }
                }
            }
            if !waits {
                stall.set(tokio::time::sleep(STALL_MAX));
            }
        }
    }
}

fn next(response: &async_graphql::Response, cursor: Option<Cursor>) -> Bytes {
    // JSON has no line breaks of its own, so the data is one line.
    let data = serde_json::to_string(response).unwrap_or_default();
    let id = cursor.map(|cursor| format!("id: {cursor}\n")).unwrap_or_default();
    Bytes::from(format!("{id}event: next\ndata: {data}\n\n"))
}

/// The body of the answer.
struct Told(mpsc::Receiver<Bytes>);

impl MessageBody for Told {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}
