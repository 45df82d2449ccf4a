//! What turns ask of the database one by one, asked for many of them at once: what there is to send, tokens for it, the
//! mark before a request, what waited for a name, and the giving back.

use std::collections::HashMap;

use futures_util::future::join_all;
use uuid::Uuid;

use super::gather::{Gather, each};
use crate::runtime::{Nudge, Supervisor};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::allowances::Rate;
use crate::storage::leaving::Mark;
use crate::storage::messages::WaitingEdit;
use crate::storage::outgoing::Outgoing;
use crate::storage::statuses::WaitingStatus;
use crate::storage::turns::Turn;

/// How many messages are read in one answer.
const OPEN_MAX: usize = 512;

/// What waited for one message.
#[derive(Debug, Default)]
pub struct Waited {
    pub statuses: Vec<WaitingStatus>,
    pub edits: Vec<WaitingEdit>,
}

/// Where it is asked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    tokens: Gather<(Uuid, Rate), bool>,
    open: Gather<Uuid, Option<Vec<Outgoing>>>,
    marks: Gather<Mark, bool>,
    waited: Gather<String, Waited>,
    releases: Gather<(Turn, Option<i64>), ()>,
}

impl Desk {
    /// Starts the tasks that ask. `nudge` wakes whoever looks at the line.
    pub fn start(supervisor: &Supervisor, storage: &Storage, nudge: &Nudge) -> Self {
        let (reading, marking) = (storage.clone(), storage.clone());
        let (waiting, releasing) = (storage.clone(), (storage.clone(), nudge.clone()));
        let taking = storage.clone();
        Self {
            tokens: Gather::start(supervisor, "outbound-tokens", move |asked| {
                let storage = taking.clone();
                async move { tokens(&storage, &asked).await }
            }),
            open: Gather::start(supervisor, "outbound-open", move |conversations| {
                let storage = reading.clone();
                async move { each(conversations.len(), open(&storage, &conversations).await) }
            }),
            marks: Gather::start(supervisor, "outbound-marks", move |marks| {
                let storage = marking.clone();
                async move {
                    let outcome = storage.mark_leaving(&marks).await;
                    outcome.unwrap_or_else(|error| vec![Err(error); marks.len()])
                }
            }),
            waited: Gather::start(supervisor, "outbound-waited", move |keys| {
                let storage = waiting.clone();
                async move { each(keys.len(), waited(&storage, &keys).await) }
            }),
            releases: Gather::start(supervisor, "outbound-releases", move |turns| {
                let (storage, nudge) = releasing.clone();
                async move {
                    let outcome = storage.release_turns(&turns).await;
                    if outcome == Ok(true) {
                        nudge.wake();
                    }
                    each(turns.len(), outcome.map(|_| vec![(); turns.len()]))
                }
            }),
        }
    }

    /// A token of a number's allowance for the next message. False: it is used up.
    pub async fn token(&self, number: Uuid, rate: Rate) -> Result<bool, Error> {
        self.tokens.ask((number, rate)).await
    }

    /// What a conversation still has to send, in its order. None: too much is asked for at once.
    pub async fn open(&self, conversation: Uuid) -> Result<Option<Vec<Outgoing>>, Error> {
        self.open.ask(conversation).await
    }

    /// The durable mark before the request. False: the message is not queued any more.
    pub async fn mark(&self, mark: Mark) -> Result<bool, Error> {
        self.marks.ask(mark).await
    }

    /// What waits for the message of this name.
    pub async fn waited(&self, key: String) -> Result<Waited, Error> {
        self.waited.ask(key).await
    }

    /// Gives a turn back, to be looked at again at `ready_at_ms`; at none when nothing is left.
    pub async fn release(&self, turn: Turn, ready_at_ms: Option<i64>) -> Result<(), Error> {
        self.releases.ask((turn, ready_at_ms)).await
    }
}

async fn tokens(storage: &Storage, asked: &[(Uuid, Rate)]) -> Vec<Result<bool, Error>> {
    let mut by_number: HashMap<Uuid, (Rate, i64)> = HashMap::new();
    for (number, rate) in asked {
        by_number.entry(*number).or_insert((*rate, 0)).1 += 1;
    }
    let take = by_number.into_iter().map(|(number, (rate, wanted))| async move {
        (number, storage.take_allowance(number, rate, wanted).await)
    });
    let mut granted: HashMap<Uuid, Result<i64, Error>> = join_all(take).await.into_iter().collect();
    let mut one = |number: &Uuid| match granted.get_mut(number) {
        Some(Ok(left)) if *left > 0 => {
            *left -= 1;
            Ok(true)
        }
        Some(Err(error)) => Err(error.clone()),
        _ => Ok(false),
    };
    asked.iter().map(|(number, _)| one(number)).collect()
}

async fn open(storage: &Storage, conversations: &[Uuid]) -> Result<Vec<Option<Vec<Outgoing>>>, Error> {
    let Some(mut found) = storage.open_outgoing_of(conversations, OPEN_MAX).await? else {
        return Ok(conversations.iter().map(|_| None).collect());
    };
    Ok(conversations.iter().map(|id| Some(found.remove(id).unwrap_or_default())).collect())
}

async fn waited(storage: &Storage, keys: &[String]) -> Result<Vec<Waited>, Error> {
    let (statuses, edits) =
        tokio::try_join!(storage.statuses_waiting_for(keys), storage.edits_waiting_for(keys))?;
    let mut found: HashMap<String, Waited> = HashMap::new();
    for status in statuses {
        found.entry(status.target.clone()).or_default().statuses.push(status);
    }
    for edit in edits {
        found.entry(edit.target.clone()).or_default().edits.push(edit);
    }
    Ok(keys.iter().map(|key| found.remove(key).unwrap_or_default()).collect())
}
