//! One conversation over a WebSocket, as `graphql-transport-ws` has it: who it is, what they subscribe to, and how it
//! ends. Runs on the main runtime, one job a connection; all that it runs is polled within that job and ends with it.

use std::collections::HashMap;
use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, Closed, Session};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::AbortHandle;
use futures_util::stream::{Abortable, BoxStream, FuturesUnordered, StreamFuture, once, unfold};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use super::super::State;
use super::super::guard::{Caller, Guard, TurnedAway, bearer_in};
use super::frame;
use super::frame::Said;
use super::outbox::{Outbox, Unsaid};
use crate::auth::Visitor;
use crate::clock::Stopwatch;
use crate::error::Code;
use crate::graphql::{Answer, Answers, Api, Cursor, Operation, Way};
use crate::runtime::Readiness;

/// How soon a client has to say who it is.
const INIT_MAX: Duration = Duration::from_secs(10);
/// How often a client is asked for a sign of life, and how long it may give none.
const PING_EVERY: Duration = Duration::from_secs(20);
const SILENT_MAX: Duration = Duration::from_secs(65);
/// How long a client may let its connection stand still while there is something to send.
pub const STALL_MAX: Duration = Duration::from_secs(5);
/// How long the last words may take then.
pub const FAREWELL_MAX: Duration = Duration::from_secs(30);
/// How many operations one connection may have under way.
const OPERATIONS_MAX: usize = 100;

/// What comes from the client.
#[derive(Debug)]
pub enum Came {
    Text(Bytes),
    Binary,
    Ping(Bytes),
    Pong,
    Closed,
    TooLarge,
    Malformed,
}

/// How a conversation ends from our side.
#[derive(Clone, Debug)]
enum End {
    /// With this code and reason.
    Close(u16, String),
    /// The client has gone, or is as good as gone.
    Gone,
    /// The client does not take what it has asked for.
    Stalled,
}

impl From<Unsaid> for End {
    fn from(unsaid: Unsaid) -> Self {
        match unsaid {
            Unsaid::Gone => Self::Gone,
            Unsaid::Stalled => Self::Stalled,
        }
    }
}

fn close(code: u16, reason: &str) -> End {
    End::Close(code, reason.to_owned())
}

/// What happens within a conversation besides what the client says.
enum Happened {
    /// An operation has an answer, or has given its last.
    Answered(Name, Option<Box<Answer>>),
    /// The key does not let them in any more.
    NotLetIn,
}

/// An operation: as the client calls it, and whether it has ended it. It may have begun another one by that name then.
#[derive(Clone)]
struct Name {
    id: String,
    abort: AbortHandle,
}

/// What happens on its way, one after the other.
type Happenings = BoxStream<'static, Happened>;

/// What happens to an operation once its answer is said.
struct Sequel {
    name: Name,
    /// Where the client is with it then.
    cursor: Option<Cursor>,
    /// What is to come. None: it was the last.
    rest: Option<Happenings>,
}

/// An operation that is under way.
struct Running {
    abort: AbortHandle,
    /// Where the client is with it.
    cursor: Option<Cursor>,
}

/// A conversation.
pub struct Talk {
    api: Api,
    guard: Guard,
    readiness: Readiness,
    caller: Caller,
    bearer: Option<Zeroizing<String>>,
    request_id: String,
    visitor: Option<Visitor>,
    running: HashMap<String, Running>,
    /// Without those whose answer waits for the client.
    happens: FuturesUnordered<StreamFuture<Happenings>>,
}

impl Talk {
    /// A conversation that has not begun. `bearer` is what the opening request shows; what the first message shows goes
    /// before it.
    pub fn new(state: &State, caller: Caller, bearer: Option<Zeroizing<String>>, request_id: String) -> Self {
        Self {
            api: state.graphql.api.clone(),
            guard: state.guard.clone(),
            readiness: state.readiness.clone(),
            caller,
            bearer,
            request_id,
            visitor: None,
            running: HashMap::new(),
            happens: FuturesUnordered::new(),
        }
    }

    /// Holds it to its end.
    pub async fn hold(mut self, mut session: Session, mut came: mpsc::Receiver<Came>, has_protocol: bool) {
        let mut outbox = Outbox::new(&session);
        let end = if has_protocol {
            self.converse(&mut outbox, &mut came).await
        } else {
            close(4406, "Subprotocol not acceptable")
        };
        // What ran ends now; only the last words are left.
        let Self { running, request_id, happens, .. } = self;
        drop(happens);
        let (code, reason) = match end {
            End::Gone => return,
            End::Close(code, reason) => {
                tokio::time::timeout(STALL_MAX, outbox.say_all()).await.ok();
                (code, reason)
            }
            End::Stalled => {
                drop(outbox);
                let farewell = tell_to_resume(&mut session, running, &request_id);
                match tokio::time::timeout(FAREWELL_MAX, farewell).await {
                    Ok(Ok(())) => (1013, "Resume".to_owned()),
                    Ok(Err(_)) | Err(_) => return,
                }
            }
        };
        let reason = CloseReason { code: CloseCode::from(code), description: Some(reason) };
        // Whoever does not even take this is gone.
        tokio::time::timeout(STALL_MAX, session.close(Some(reason))).await.ok();
        // The client answers with a close of its own, and what it still has sent is taken off its hands: a connection
        // that is closed with unread bytes loses our last words.
        tokio::time::timeout(STALL_MAX, async { while came.recv().await.is_some() {} }).await.ok();
    }

    async fn converse(&mut self, outbox: &mut Outbox<Sequel>, came: &mut mpsc::Receiver<Came>) -> End {
        let init_max = tokio::time::sleep(INIT_MAX);
        tokio::pin!(init_max);
        let mut ping = tokio::time::interval(PING_EVERY);
        ping.reset();
        let mut heard = Stopwatch::start();
        loop {
            // All arms are cancel-safe: a token, a channel, what is polled on afterwards, timers. None of what follows
            // them waits for the client, nor for anything else once an operation runs.
            let step = tokio::select! {
                () = self.readiness.is_shut() => Err(close(1001, "Going away")),
                () = &mut init_max, if self.visitor.is_none() => {
                    Err(close(4408, "Connection initialisation timeout"))
                }
                said = came.recv(), if outbox.has_room() => {
                    heard = Stopwatch::start();
                    match said {
                        // Boxed: a connection spends its life waiting, and need not keep room for this.
                        Some(said) => Box::pin(self.hear(outbox, said)).await,
                        None => Err(End::Gone),
                    }
                }
                Some((happened, rest)) = self.happens.next(), if !self.happens.is_empty() => {
                    happened.map_or(Ok(()), |happened| tell(outbox, happened, rest))
                }
                said = outbox.next_said() => match said {
                    Ok(sequel) => {
                        self.go_on(sequel);
                        Ok(())
                    }
                    Err(unsaid) => Err(unsaid.into()),
                },
                _ = ping.tick() => {
                    outbox.ping();
                    if heard.elapsed() > SILENT_MAX { Err(End::Gone) } else { Ok(()) }
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn hear(&mut self, outbox: &mut Outbox<Sequel>, came: Came) -> Result<(), End> {
        let text = match came {
            Came::Text(text) => text,
            Came::Ping(payload) => {
                outbox.pong(payload);
                return Ok(());
            }
            Came::Pong => return Ok(()),
            Came::Closed => return Err(close(1000, "")),
            Came::Binary => return Err(close(4400, "Invalid message: not a text")),
            Came::TooLarge => return Err(close(1009, "Message too large")),
            Came::Malformed => return Err(close(1002, "Protocol error")),
        };
        let said = std::str::from_utf8(&text).map_err(|_| close(1007, "Not UTF-8"))?;
        match frame::read(said).map_err(|wrong| close(4400, wrong))? {
            Said::Init(payload) => self.let_in(outbox, &payload).await?,
            Said::Ping(payload) => outbox.say(frame::pong(payload)),
            Said::Pong => {}
            Said::Subscribe(id, operation) => self.subscribe(outbox, id, operation)?,
            Said::Complete(id) => {
                // It may have ended a moment ago: then this is old news.
                if let Some(running) = self.running.remove(&id) {
                    running.abort.abort();
                    outbox.keep_only(|sequel| !sequel.name.abort.is_aborted());
                }
            }
        }
        Ok(())
    }

    async fn let_in(&mut self, outbox: &mut Outbox<Sequel>, payload: &Map<String, Value>) -> Result<(), End> {
        if self.visitor.is_some() {
            return Err(close(4429, "Too many initialisation requests"));
        }
        if let Some(shown) = frame::authorization(payload) {
            self.bearer = bearer_in(shown).map(|bearer| Zeroizing::new(bearer.to_owned()));
        }
        let bearer = self.bearer.take();
        let visitor =
            match self.guard.recognise(self.caller, bearer.as_ref().map(|bearer| bearer.as_str())).await {
                Ok(visitor) => visitor,
                Err(TurnedAway::Unauthenticated) => return Err(close(4403, "Forbidden")),
                // Clients come back after this, which they do not after a code of their protocol.
                Err(TurnedAway::Limited(_)) => return Err(close(1013, Code::RateLimited.row().name)),
                Err(TurnedAway::Unavailable) => return Err(close(1013, Code::Unavailable.row().name)),
            };
        if let Some(bearer) = bearer {
            let lost = self.guard.clone().loses_access(bearer, visitor.clone());
            self.happens.push(once(lost).map(|()| Happened::NotLetIn).boxed().into_future());
        }
        self.visitor = Some(visitor);
        outbox.say(frame::ack());
        Ok(())
    }

    fn subscribe(
        &mut self,
        outbox: &mut Outbox<Sequel>,
        id: String,
        operation: Operation,
    ) -> Result<(), End> {
        let Some(visitor) = &self.visitor else { return Err(close(4401, "Unauthorized")) };
        if self.running.contains_key(&id) {
            return Err(End::Close(4409, format!("Subscriber for {id} already exists")));
        }
        let refused = if self.running.len() >= OPERATIONS_MAX {
            Some(Code::Overloaded)
        } else {
            self.guard.count(self.caller, visitor).err().map(|away| away.code())
        };
        if let Some(code) = refused {
            let refusal = Answers::refusal(code, &self.request_id);
            outbox.say(frame::error(&id, &refusal));
            return Ok(());
        }
        let (api, visitor, request_id) = (self.api.clone(), visitor.clone(), self.request_id.clone());
        let start = async move {
            let started = api.start(operation, Way::Post, visitor, None, &request_id).await;
            started.unwrap_or_else(|| Answers::refuse(Code::MethodNotAllowed, &request_id))
        };
        let (abort, registration) = AbortHandle::new_pair();
        let name = Name { id: id.clone(), abort: abort.clone() };
        self.running.insert(id, Running { abort, cursor: None });
        // Boxed, so that what starting took is given back while the subscription lives on.
        let answers = once(Box::pin(start)).flat_map(|answers| {
            unfold(answers, async |mut answers| answers.next().await.map(|answer| (answer, answers)))
        });
        let answers = answers.map(Some).chain(once(async { None }));
        let happens = answers.map(move |answer| Happened::Answered(name.clone(), answer.map(Box::new)));
        self.happens.push(Abortable::new(happens, registration).boxed().into_future());
        Ok(())
    }

    fn go_on(&mut self, sequel: Option<Sequel>) {
        let Some(Sequel { name, cursor, rest }) = sequel else { return };
        if name.abort.is_aborted() {
            return;
        }
        let Some(rest) = rest else {
            self.running.remove(&name.id);
            return;
        };
        if let Some(running) = self.running.get_mut(&name.id) {
            running.cursor = cursor;
        }
        self.happens.push(rest.into_future());
    }
}

/// What has happened goes on once this is said.
fn tell(outbox: &mut Outbox<Sequel>, happened: Happened, rest: Happenings) -> Result<(), End> {
    let (name, answer) = match happened {
        Happened::NotLetIn => {
            outbox.keep_only(|_| false);
            return Err(close(4403, "Forbidden"));
        }
        Happened::Answered(name, answer) => (name, answer),
    };
    let (text, cursor, rest) = match answer {
        None => (frame::complete(&name.id), None, None),
        Some(answer) if answer.is_refusal => (frame::error(&name.id, &answer.response), None, None),
        Some(answer) => (frame::next(&name.id, &answer.response), answer.cursor, Some(rest)),
    };
    outbox.say_then(text, Sequel { name, cursor, rest });
    Ok(())
}

/// Tells each subscription where it was.
async fn tell_to_resume(
    session: &mut Session,
    running: HashMap<String, Running>,
    request_id: &str,
) -> Result<(), Closed> {
    for (id, running) in running {
        session.text(frame::error(&id, &Answers::resume(running.cursor, request_id))).await?;
    }
    Ok(())
}
