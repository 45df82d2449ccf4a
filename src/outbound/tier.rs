//! Meta's messaging limit: to how many customers the numbers of an account may write first in a day. A message that is
//! about to leave takes a place; when there is none it waits until one is free, and everything behind it in its
//! conversation with it. Once the customer has written, it needs none. As long as much of the limit is free nobody asks.
//!
//! Whoever waits is told when a place will be free, each another one, but keeps none: what decides is what is there when
//! it is about to leave. Meta counts for the whole portfolio, of which only the account is known here, and has the last
//! word.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use uuid::Uuid;

use super::ask::windows_of;
use super::gather::Gather;
use super::line::Line;
use super::seats::Seat;
use super::sender::Equipment;
use crate::clock::{Clock, Stopwatch};
use crate::domain::outgoing::Message;
use crate::domain::outgoing::window::{can_send, is_free_form};
use crate::domain::sending::Reason;
use crate::runtime::Supervisor;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::initiations::{Limit, Place, Taken};
use crate::storage::outgoing::Outgoing;

/// Which numbers an account has changes seldom.
const FRESH_FOR: Duration = Duration::from_mins(1);
/// So long a count is good enough to see that much is free: a half of the limit, and more than may be on its way meanwhile.
const COUNTED_FOR: Duration = Duration::from_secs(1);
const NEAR: usize = 2;
const ON_ITS_WAY: usize = 1_200;
/// What was asked for so long ago may have found another window, or its number another owner.
pub(super) const JUDGED_FOR_MS: i64 = 60_000;
const REMEMBERED_MAX: usize = 1_000;
const DAY_MS: i64 = 24 * 3_600_000;
/// Meta raises limits, and places are given up: after so long what waits is looked at in any case. Spread, because many
/// wait together.
const LOOK_AFTER_MS: i64 = 5 * 3_600_000;
const LOOK_SPREAD_MS: i64 = 2 * 3_600_000;
/// What is told as free now was taken by somebody faster.
const NOT_NOW_MS: i64 = 30_000;

/// What is to be taken.
#[derive(Clone, Debug)]
struct Wanted {
    line: Arc<Line>,
    customers_a_day: usize,
    place: Place,
    /// When it was told to come.
    told_ms: Option<i64>,
}

/// The limits of all accounts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tiers {
    nearness: Gather<(Arc<Line>, usize), bool>,
    places: Gather<Wanted, Option<i64>>,
}

#[derive(Debug)]
struct Accounts {
    storage: Storage,
    clock: Clock,
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Debug)]
struct Known {
    since: Stopwatch,
    numbers: Vec<Uuid>,
    /// How many places were taken, and when that was counted.
    counted: Option<(Stopwatch, usize)>,
    /// The last place that somebody here waits for.
    waited_for_ms: i64,
}

impl Tiers {
    /// Starts the task that takes places.
    pub fn start(supervisor: &Supervisor, storage: &Storage, clock: &Clock) -> Self {
        let accounts =
            Arc::new(Accounts { storage: storage.clone(), clock: clock.clone(), known: Mutex::default() });
        let counting = Arc::clone(&accounts);
        Self {
            nearness: Gather::start(supervisor, "outbound-nearness", move |lines| {
                let accounts = Arc::clone(&counting);
                async move { accounts.are_near(&lines).await }
            }),
            places: Gather::start(supervisor, "outbound-tiers", move |wanted| {
                let accounts = Arc::clone(&accounts);
                async move { accounts.take(&wanted).await }
            }),
        }
    }
}

impl Accounts {
    /// Whether so much of the limit is used up that places have to be taken.
    async fn are_near(&self, lines: &[(Arc<Line>, usize)]) -> Vec<Result<bool, Error>> {
        let accounts: HashMap<String, &Line> =
            lines.iter().map(|(line, _)| (shared_by(line), line.as_ref())).collect();
        let counts =
            accounts.into_iter().map(|(account, line)| async move { (account, self.count_of(line).await) });
        let counts: HashMap<String, Result<usize, Error>> = join_all(counts).await.into_iter().collect();
        let is_near = |(line, limit): &(Arc<Line>, usize)| match counts.get(&shared_by(line)) {
            Some(Ok(count)) => Ok(*count >= limit / NEAR || limit.saturating_sub(*count) <= ON_ITS_WAY),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(true),
        };
        lines.iter().map(is_near).collect()
    }

    async fn count_of(&self, line: &Line) -> Result<usize, Error> {
        let shared_by = shared_by(line);
        let counted = self.with(|known| known.get(&shared_by).and_then(|known| known.counted));
        if let Some((_, count)) = counted.filter(|(since, _)| since.elapsed() < COUNTED_FOR) {
            return Ok(count);
        }
        let numbers = self.numbers_of(line).await?;
        let count = self.storage.count_places(&numbers, self.clock.now_ms() - DAY_MS).await?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.with(|known| {
            let known = known.entry(shared_by).or_insert_with(|| Known::of(numbers));
            known.counted = Some((Stopwatch::start(), count));
        });
        Ok(count)
    }

    async fn take(&self, wanted: &[Wanted]) -> Vec<Result<Option<i64>, Error>> {
        let mut by_account: HashMap<(String, usize), Vec<usize>> = HashMap::new();
        for (nth, one) in wanted.iter().enumerate() {
            by_account.entry((shared_by(&one.line), one.customers_a_day)).or_default().push(nth);
        }
        let mut outcomes: Vec<_> = wanted.iter().map(|_| Err(Error::OutcomeUnknown)).collect();
        // One account's waiting is not the other's.
        let all = by_account.into_iter().map(|((shared_by, customers_a_day), some)| async move {
            let wanted: Vec<&Wanted> = some.iter().filter_map(|nth| wanted.get(*nth)).collect();
            (some, self.take_of(shared_by, customers_a_day, &wanted).await)
        });
        for (some, taken) in join_all(all).await {
            for (place, nth) in some.into_iter().enumerate() {
                if let Some(outcome) = outcomes.get_mut(nth) {
                    *outcome =
                        taken.as_ref().map_err(Clone::clone).map(|times| times.get(place).copied().flatten());
                }
            }
        }
        outcomes
    }

    /// For each: nothing if it has a place, or when there may be one.
    async fn take_of(
        &self,
        shared_by: String,
        customers_a_day: usize,
        wanted: &[&Wanted],
    ) -> Result<Vec<Option<i64>>, Error> {
        let Some(line) = wanted.first().map(|one| &one.line) else { return Ok(Vec::new()) };
        let numbers = self.numbers_of(line).await?;
        let limit = Limit { numbers, shared_by, customers_a_day };
        let now_ms = self.clock.now_ms();
        let places: Vec<Place> = wanted.iter().map(|one| one.place).collect();
        let Taken { has_one, too_many } = self.storage.take_places(&limit, &places, now_ms).await?;
        let waits = |told_ms: i64| told_ms > now_ms;
        let without =
            || has_one.iter().zip(wanted).filter(|(has_one, _)| !**has_one).map(|(_, one)| one.told_ms);
        let new = without().filter(Option::is_none).count();
        let displaced = without().flatten().filter(|told_ms| !waits(*told_ms)).count();
        let mut new = self.times(&limit, (too_many, new), now_ms).await?;
        // Somebody was faster: the next ones, before those that nobody was told of yet.
        let mut next = self.spread(&limit, now_ms + NOT_NOW_MS, (too_many, displaced)).await?;
        let later = |time: Option<i64>| Some(time.unwrap_or(now_ms + DAY_MS));
        let outcome = |(has_one, one): (&bool, &&Wanted)| match one.told_ms {
            _ if *has_one => None,
            None => later(new.pop()),
            Some(told_ms) if waits(told_ms) => Some(told_ms),
            Some(_) => later(next.pop()),
        };
        Ok(has_one.iter().zip(wanted).map(outcome).collect())
    }

    /// When so many further places will be free of which nobody here was told yet, the latest first.
    async fn times(
        &self,
        limit: &Limit,
        (too_many, count): (usize, usize),
        now_ms: i64,
    ) -> Result<Vec<i64>, Error> {
        let told_ms = self.with(|known| known.get(&limit.shared_by).map_or(0, |known| known.waited_for_ms));
        let (after_ms, too_many) = if told_ms > now_ms { (told_ms, 0) } else { (now_ms, too_many) };
        let times = self.spread(limit, after_ms, (too_many, count)).await?;
        if let Some(last_ms) = times.first() {
            self.with(|known| {
                let entry = known.entry(limit.shared_by.clone());
                entry.or_insert_with(|| Known::of(limit.numbers.clone())).waited_for_ms = *last_ms;
            });
        }
        Ok(times)
    }

    /// So many times at which places become free, the latest first.
    async fn spread(
        &self,
        limit: &Limit,
        after_ms: i64,
        (too_many, count): (usize, usize),
    ) -> Result<Vec<i64>, Error> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut times = self.storage.next_places(limit, after_ms, (too_many, count)).await?;
        // Those who come then leave places in their turn.
        let step_ms = (DAY_MS / i64::try_from(limit.customers_a_day).unwrap_or(i64::MAX).max(1)).max(1);
        while times.len() < count {
            times.push(times.last().copied().unwrap_or(after_ms) + step_ms);
        }
        times.reverse();
        Ok(times)
    }

    async fn numbers_of(&self, line: &Line) -> Result<Vec<Uuid>, Error> {
        let Some(account) = line.account_id.as_deref() else { return Ok(vec![line.number]) };
        let known = self.with(|known| {
            let is_fresh =
                |known: &&Known| known.since.elapsed() < FRESH_FOR && known.numbers.contains(&line.number);
            let known = known.get(account).filter(is_fresh);
            known.map(|known| known.numbers.clone())
        });
        if let Some(numbers) = known {
            return Ok(numbers);
        }
        let numbers = self.storage.numbers_of_account(account).await?;
        self.with(|known| {
            if known.len() >= REMEMBERED_MAX {
                known.clear();
            }
            let entry = known.entry(account.to_owned()).or_insert_with(|| Known::of(Vec::new()));
            (entry.since, entry.numbers, entry.counted) = (Stopwatch::start(), numbers.clone(), None);
        });
        Ok(numbers)
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<String, Known>) -> T) -> T {
        work(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    fn of(numbers: Vec<Uuid>) -> Self {
        Self { since: Stopwatch::start(), numbers, counted: None, waited_for_ms: 0 }
    }
}

/// A name for all numbers that share a limit.
fn shared_by(line: &Line) -> String {
    line.account_id.clone().unwrap_or_else(|| line.number.to_string())
}

impl Equipment {
    /// Takes a place for a message that writes to its customer first if it leaves now; whether it does is noted with it.
    /// None: nothing is in its way. Else when to look again.
    pub(super) async fn wait_for_place(
        &self,
        line: &Arc<Line>,
        (message, seat): (&mut Outgoing, &mut Option<Seat>),
        now_ms: i64,
    ) -> Result<Option<i64>, Error> {
        let Some(customers_a_day) = line.customers_a_day else { return Ok(None) };
        if !may_write_first(message) {
            return Ok(None);
        }
        let is_near = self.tiers.nearness.ask((Arc::clone(line), customers_a_day)).await?;
        if !is_near && now_ms - message.due_ms < JUDGED_FOR_MS {
            return Ok(None);
        }
        let had_one = message.initiates;
        let conversation = self.storage.find_conversation(message.workspace, message.conversation).await?;
        if let Some(conversation) = conversation.filter(|conversation| conversation.group_id.is_none()) {
            let leave = can_send(windows_of(&conversation), now_ms.div_euclid(1_000));
            message.initiates = leave.free_form_until_s.is_none();
        }
        if had_one && !message.initiates {
            self.storage.give_place_up(message.conversation, message.id).await?;
        }
        if !message.initiates || !is_near {
            return Ok(None);
        }
        let place = Place { number: line.number, conversation: message.conversation, message: message.id };
        let wanted = Wanted { line: Arc::clone(line), customers_a_day, place, told_ms: message.place_at_ms };
        // Whoever waits for a place takes none from those who send.
        *seat = None;
        let Some(at_ms) = self.tiers.places.ask(wanted).await? else { return Ok(None) };
        if message.place_at_ms != Some(at_ms) {
            let told = message.limited(&used_up(customers_a_day), at_ms, now_ms)?;
            self.ledger.enter(told).await?;
        }
        let dice = i64::try_from(self.random.number().unwrap_or(0) % 1_000).unwrap_or(0);
        Ok(Some(at_ms.min(now_ms + LOOK_AFTER_MS + LOOK_SPREAD_MS * dice / 1_000)))
    }
}

/// Only a template may, also one that was asked for in Meta's own form, with more around it than we can read.
fn may_write_first(message: &Outgoing) -> bool {
    match message.kind.as_str() {
        "template" => true,
        // What cannot be read does not leave.
        "unrecognised" => {
            serde_json::from_str::<Message>(&message.message).is_ok_and(|asked| !is_free_form(&asked.content))
        }
        _ => false,
    }
}

fn used_up(customers_a_day: usize) -> Reason {
    Reason {
        meaning: format!(
            "Meta lets this account write to {customers_a_day} customers first in 24 hours, and they are used up."
        ),
        next_step: Some(
            "Nothing needs to be done: it leaves when a place is free, or with the next message once the customer \
             has written. Meta raises the limit of those who use it well."
                .to_owned(),
        ),
        ..Reason::default()
    }
}
