//! What waits for the client of a WebSocket to take it. Whatever else the conversation does goes on meanwhile: an
//! operation that stood still because of a client that does not listen would keep what it holds from everybody else,
//! connections to the database first of all.

use std::collections::VecDeque;
use std::pin::Pin;

use actix_ws::{Closed, Session};
use bytes::Bytes;

use super::talk::STALL_MAX;

/// How many words that nothing hangs on may wait while the client is still listened to.
const WAITING_MAX: usize = 4;

/// The words that wait, each with what happens once it is said.
pub struct Outbox<T> {
    session: Session,
    waiting: VecDeque<(Word, Option<T>)>,
    /// The one that the connection is about to take.
    leaving: Option<(Leaving, Option<T>)>,
}

enum Word {
    Text(String),
    Ping,
    Pong(Bytes),
}

type Leaving = Pin<Box<dyn Future<Output = Result<(), Unsaid>> + Send>>;

/// Why a word could not be said.
#[derive(Clone, Copy, Debug)]
pub enum Unsaid {
    Gone,
    /// The client did not take it in time.
    Stalled,
}

impl From<Closed> for Unsaid {
    fn from(_: Closed) -> Self {
        Self::Gone
    }
}

impl<T> Outbox<T> {
    /// Nothing waits.
    pub fn new(session: &Session) -> Self {
        Self { session: session.clone(), waiting: VecDeque::new(), leaving: None }
    }

    /// Says something that nothing hangs on.
    pub fn say(&mut self, text: String) {
        self.waiting.push_back((Word::Text(text), None));
    }

    /// Says something; `then` comes back once it is said.
    pub fn say_then(&mut self, text: String, then: T) {
        self.waiting.push_back((Word::Text(text), Some(then)));
    }

    /// Asks for a sign of life, before all that waits.
    pub fn ping(&mut self) {
        self.waiting.push_front((Word::Ping, None));
    }

    /// Gives one.
    pub fn pong(&mut self, payload: Bytes) {
        self.waiting.push_back((Word::Pong(payload), None));
    }

    /// Whether the client may say more: it does not fill the memory with what it makes us say. The answers of its
    /// operations are as many as those.
    pub fn has_room(&self) -> bool {
        self.waiting.iter().filter(|(_, then)| then.is_none()).count() < WAITING_MAX
    }

    /// Forgets the words that wait whose sequel is not wanted.
    pub fn keep_only(&mut self, mut is_wanted: impl FnMut(&T) -> bool) {
        self.waiting.retain(|(_, then)| then.as_ref().is_none_or(&mut is_wanted));
    }

    /// Gives the sequel of the next word that is said. Pending while nothing waits; cancel-safe.
    pub async fn next_said(&mut self) -> Result<Option<T>, Unsaid> {
        let (leaving, _) = match &mut self.leaving {
            Some(leaving) => leaving,
            none => match self.waiting.pop_front() {
                Some((word, then)) => none.insert((leave(self.session.clone(), word), then)),
                None => std::future::pending().await,
            },
        };
        leaving.await?;
        Ok(self.leaving.take().and_then(|(_, then)| then))
    }

    /// Says all that waits, and lets all sequels go.
    pub async fn say_all(mut self) -> Result<(), Unsaid> {
        let leaving = self.leaving.iter_mut().map(|(_, then)| then);
        for then in self.waiting.iter_mut().map(|(_, then)| then).chain(leaving) {
            *then = None;
        }
        while self.leaving.is_some() || !self.waiting.is_empty() {
            self.next_said().await?;
        }
        Ok(())
    }
}

/// The channel to the connection is bounded: whoever does not read makes this wait.
fn leave(mut session: Session, word: Word) -> Leaving {
    let say = async move {
        match word {
            Word::Text(text) => session.text(text).await,
            Word::Ping => session.ping(b"").await,
            Word::Pong(payload) => session.pong(&payload).await,
        }
    };
    Box::pin(async move {
        match tokio::time::timeout(STALL_MAX, say).await {
            Ok(said) => Ok(said?),
            Err(_) => Err(Unsaid::Stalled),
        }
    })
}
