//! Meta's messaging limit: to how many customers the numbers of an account may write first in a day. Whoever comes when
//! it is used up waits for the place that is free next, and everything behind them in their conversation with them; once
//! the customer writes, nobody waits.
//!
//! Meta counts for the whole portfolio, of which only the account is known here, and has the last word.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::ask::windows_of;
use super::gather::{Gather, each};
use super::line::Line;
use super::sender::Equipment;
use crate::clock::{Clock, Stopwatch};
use crate::domain::outgoing::window::can_send;
use crate::domain::sending::Reason;
use crate::runtime::Supervisor;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::initiations::{Limit, Place};
use crate::storage::outgoing::Outgoing;

/// So long a count is good enough, where much is free.
const FRESH_FOR: Duration = Duration::from_secs(1);
const REMEMBERED_MAX: usize = 1_000;
/// Below a limit of this size every place is taken by itself. Above it, where this share is free, nobody has to.
const EXACT_BELOW: usize = 1_000;
const FREE_SHARE: usize = 4;
const DAY_MS: i64 = 24 * 3_600_000;
/// Meta raises limits, and customers do not come after all: so often a message that waits is looked at.
const LOOK_EVERY_MS: i64 = 3_600_000;

/// A limit, and how many places of it were taken or kept not long ago.
type Known = (Stopwatch, Arc<Limit>, usize);

/// The limits of all accounts.
#[derive(Debug)]
pub struct Tiers {
    storage: Storage,
    clock: Clock,
    places: Gather<(Arc<Limit>, Place), i64>,
    known: Mutex<HashMap<String, Known>>,
}

impl Tiers {
    /// Starts the task that takes places.
    pub fn start(supervisor: &Supervisor, storage: &Storage, clock: &Clock) -> Self {
        let (taking, time) = (storage.clone(), clock.clone());
        Self {
            storage: storage.clone(),
            clock: clock.clone(),
            places: Gather::start(supervisor, "outbound-tiers", move |asked| {
                let (storage, clock) = (taking.clone(), time.clone());
                async move { take(&storage, &clock, &asked).await }
            }),
            known: Mutex::default(),
        }
    }

    /// When a customer may be written to first.
    async fn place(&self, line: &Line, customers_a_day: usize, message: &Outgoing) -> Result<i64, Error> {
        let (limit, taken) = self.find(line, customers_a_day).await?;
        if customers_a_day >= EXACT_BELOW && taken < customers_a_day - customers_a_day / FREE_SHARE {
            return Ok(self.clock.now_ms());
        }
        let place = Place { number: line.number, conversation: message.conversation };
        self.places.ask((limit, place)).await
    }

    async fn find(&self, line: &Line, customers_a_day: usize) -> Result<(Arc<Limit>, usize), Error> {
        let shared_by = line.account_id.clone().unwrap_or_else(|| line.number.to_string());
        let is_fresh = |(since, limit, _): &&Known| {
            since.elapsed() < FRESH_FOR && limit.customers_a_day == customers_a_day
        };
        if let Some((_, limit, taken)) = self.with(|known| known.get(&shared_by).filter(is_fresh).cloned()) {
            return Ok((limit, taken));
        }
        let numbers = match &line.account_id {
            Some(account_id) => self.storage.numbers_of_account(account_id).await?,
            None => vec![line.number],
        };
        let taken = self.storage.count_places(&numbers, self.clock.now_ms() - DAY_MS).await?;
        let taken = usize::try_from(taken).unwrap_or(usize::MAX);
        let limit = Arc::new(Limit { numbers, shared_by: shared_by.clone(), customers_a_day });
        self.with(|known| {
            if known.len() >= REMEMBERED_MAX {
                known.clear();
            }
            known.insert(shared_by, (Stopwatch::start(), Arc::clone(&limit), taken));
        });
        Ok((limit, taken))
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Known>) -> T) -> T {
        work(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn take(storage: &Storage, clock: &Clock, asked: &[(Arc<Limit>, Place)]) -> Vec<Result<i64, Error>> {
    let mut by_limit: HashMap<&Limit, Vec<usize>> = HashMap::new();
    for (nth, (limit, _)) in asked.iter().enumerate() {
        by_limit.entry(limit).or_default().push(nth);
    }
    let mut outcomes: Vec<Result<i64, Error>> = asked.iter().map(|_| Err(Error::OutcomeUnknown)).collect();
    for (limit, some) in by_limit {
        let places: Vec<Place> =
            some.iter().filter_map(|nth| asked.get(*nth)).map(|(_, place)| *place).collect();
        let times = storage.take_places(limit, &places, clock.now_ms()).await;
        for (nth, outcome) in some.into_iter().zip(each(places.len(), times)) {
            if let Some(one) = outcomes.get_mut(nth) {
                *one = outcome;
            }
        }
    }
    outcomes
}

impl Equipment {
    /// When a message that writes to a customer first is to be looked at again. None: nothing is in its way.
    pub(super) async fn wait_for_place(
        &self,
        line: &Line,
        message: &Outgoing,
        now_ms: i64,
    ) -> Result<Option<i64>, Error> {
        let Some(customers_a_day) = line.customers_a_day.filter(|_| message.initiates) else {
            return Ok(None);
        };
        let at_ms = self.tiers.place(line, customers_a_day, message).await?;
        if at_ms <= now_ms.max(self.clock.now_ms()) {
            return Ok(None);
        }
        let conversation = self.storage.find_conversation(message.workspace, message.conversation).await?;
        let windows = conversation.as_ref().map(windows_of).unwrap_or_default();
        if can_send(windows, now_ms.div_euclid(1_000)).free_form_until_s.is_some() {
            // The customer has written meanwhile.
            return Ok(None);
        }
        if message.place_at_ms != Some(at_ms) {
            let reason = Reason {
                meaning: format!(
                    "Meta lets this account write to {customers_a_day} customers first in 24 hours, and they are used up."
                ),
                next_step: Some(
                    "Nothing needs to be done: it leaves when its place is free, or once the customer writes. Meta \
                     raises the limit of those who use it well."
                        .to_owned(),
                ),
                ..Reason::default()
            };
            self.ledger.enter(message.limited(&reason, at_ms, now_ms)?).await?;
        }
        Ok(Some(at_ms.min(now_ms + LOOK_EVERY_MS)))
    }
}
