//! `/graphql/ws`: the WebSocket's two ends. The worker that has the connection only carries frames, both ways over
//! bounded channels, as the body of its own answer; what is said is decided on the main runtime (`talk`).

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError};
use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;
use zeroize::Zeroizing;

use super::super::State;
use super::super::guard;
use super::super::request::RequestId;
use super::frame::PROTOCOL;
use super::talk::{Came, Talk};
use crate::limits;

/// Where it is.
pub const PATH: &str = "/graphql/ws";
/// How many frames of a client wait for being read; the rest waits in the network.
const WAITING_MAX: usize = 4;

/// `GET /graphql/ws`.
pub async fn open(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, actix_web::Error> {
    let (answer, session, frames) = actix_ws::handle_with_protocols(&request, payload, &[PROTOCOL])?;
    let has_protocol = answer.headers().contains_key(header::SEC_WEBSOCKET_PROTOCOL);
    let frames = frames
        .max_frame_size(limits::SOCKET_MESSAGE_BYTES_MAX)
        .aggregate_continuations()
        .max_continuation_size(limits::SOCKET_MESSAGE_BYTES_MAX);
    let (to_talk, came) = mpsc::channel(WAITING_MAX);
    let talk = Talk::new(
        &state,
        state.guard.caller(&request),
        guard::bearer(&request).map(|bearer| Zeroizing::new(bearer.to_owned())),
        RequestId::of(&request),
    );
    // It ends by itself when either end does; stopping waits for it.
    drop(state.graphql.supervisor.run("graphql-ws", talk.hold(session, came, has_protocol)));
    Ok(answer.map_body(|_, body| Ends { out: body, frames, to_talk: PollSender::new(to_talk) }.boxed()))
}

/// The body of the answer: polled for what goes out, it also hands on what has come in.
struct Ends {
    out: BoxBody,
    frames: AggregatedMessageStream,
    to_talk: PollSender<Came>,
}

impl Ends {
    /// Hands on what has come, as far as there is room.
    fn carry(&mut self, context: &mut Context<'_>) {
        while !self.to_talk.is_closed() {
            match self.to_talk.poll_reserve(context) {
                Poll::Pending => return,
                Poll::Ready(Err(_)) => break,
                Poll::Ready(Ok(())) => {}
            }
            let came = match Pin::new(&mut self.frames).poll_next(context) {
                Poll::Pending => return,
                Poll::Ready(None) => break,
                Poll::Ready(Some(frame)) => came_of(frame),
            };
            let is_last = matches!(came, Came::Closed | Came::TooLarge | Came::Malformed);
            if self.to_talk.send_item(came).is_err() || is_last {
                break;
            }
        }
        // The other end sees that nothing more comes.
        self.to_talk.close();
    }
}

fn came_of(frame: Result<AggregatedMessage, ProtocolError>) -> Came {
    match frame {
        Ok(AggregatedMessage::Text(text)) => Came::Text(text.into_bytes()),
        Ok(AggregatedMessage::Binary(_)) => Came::Binary,
        Ok(AggregatedMessage::Ping(payload)) => Came::Ping(payload),
        Ok(AggregatedMessage::Pong(_)) => Came::Pong,
        Ok(AggregatedMessage::Close(_)) => Came::Closed,
        Err(ProtocolError::Overflow) => Came::TooLarge,
        // How the library says that the parts of a message are too large together.
        Err(ProtocolError::Io(error)) if error.kind() == std::io::ErrorKind::Other => Came::TooLarge,
        Err(_) => Came::Malformed,
    }
}

impl MessageBody for Ends {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.out.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.carry(context);
        Pin::new(&mut self.out).poll_next(context)
    }
}
