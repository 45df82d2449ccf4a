//! The sender: takes turns of conversations whose messages are due, as many as Meta's limits and this process allow,
//! and works each off in a job of its own.
//!
//! It is woken when something is queued, here or by another instance (`wake`), looks by itself every second in case that
//! was not heard, and holds its turns by a lease that it renews: those of a process that is gone come back to the line.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tracing::warn;
use uuid::Uuid;

use super::alarm::Alarm;
use super::desk::Desk;
use super::hands::Hands;
use super::lease::Lease;
use super::ledger::Ledger;
use super::line::{Line, Lines};
use super::seats::Seats;
use super::tier::Tiers;
use super::usage::Heard;
use super::wake;
use crate::clock::{Clock, Stopwatch};
use crate::config::OutboundConfig;
use crate::events::Log;
use crate::ids::Random;
use crate::meta::client::Graph;
use crate::people::People;
use crate::runtime::supervisor::{Lost, OnEnd};
use crate::runtime::worker::Round;
use crate::runtime::{Nudge, Stop, Supervisor, Worker, crash};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::allowances::Rate;

/// A process that is not heard of for so long loses its turns.
const LEASE_MS: i64 = 10_000;
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// See `Lease`.
pub(super) const SURE_FOR: Duration = Duration::from_secs(8);
/// How often the line is looked at without a nudge, and when a number has used up its allowance, or something that was put
/// off is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOK_SOON: Duration = Duration::from_millis(40);
/// With so much room it is worth looking again while the rest is under way.
const ROOM_SHARE: usize = 4;
/// So many turns of one number are worth the questions that they cost; the other numbers come with the next looks.
const SHARE_MIN: usize = 16;
/// So many turns for each request under way: most of a turn is the storing of what came of it.
const TURNS_A_SEAT: usize = 4;
/// The jobs that work turns off.
pub(super) const TURN_JOB: &str = "outbound-turn";

/// What sending needs. Cheap to clone.
#[derive(Clone)]
pub struct Sender(pub(super) Arc<Equipment>);

/// Everything that a turn works with.
pub struct Equipment {
    pub(super) storage: Storage,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) people: People,
    pub(super) graph: Graph,
    pub(super) lines: Lines,
    pub(super) ledger: Ledger,
    pub(super) log: Log,
    pub(super) config: OutboundConfig,
    pub(super) instance: Uuid,
    pub(super) lease: Lease,
    pub(super) hands: Hands,
    /// The number that had the last turns.
    pub(super) served: Mutex<Option<Uuid>>,
    pub(super) desk: Desk,
    pub(super) alarm: Alarm,
    pub(super) tiers: Tiers,
    pub(super) seats: Seats,
    pub(super) nudge: Nudge,
    pub(super) heard: Heard,
    pub(super) supervisor: Supervisor,
}

impl Equipment {
    /// How fast a number sends: as Meta lets it, or as a benchmark wants it.
    pub(super) fn rate_of(&self, line: &Line) -> Rate {
        self.config.rate.map_or(line.rate, |per_second| Rate { per_second, burst: per_second })
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("instance", &self.0.instance).finish_non_exhaustive()
    }
}

/// A turn that is worked off.
type Job = Pin<Box<dyn Future<Output = Result<(), Lost>> + Send>>;

/// What a look at the line gave.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    /// There may be more than there was room for.
    has_more: bool,
    /// A number has used up its allowance: it gets more in a moment.
    is_short: bool,
}

impl Sender {
    /// Sends for the life of the process.
    pub fn live(&self, supervisor: &Supervisor) {
        let sender = self.clone();
        supervisor.keep("outbound", OnEnd::Restart, move |stop| {
            let sender = sender.clone();
            async move { sender.work(&stop, false).await }
        });
        let sender = self.clone();
        supervisor.keep("outbound-lease", OnEnd::Restart, move |stop| {
            let sender = sender.clone();
            async move { sender.keep_leases(&stop).await }
        });
        wake::listen(self, supervisor);
    }

    /// Works off the line; `until_done`: until nothing is due and nothing under way.
    async fn work(&self, stop: &Stop, until_done: bool) {
        let mut running: FuturesUnordered<Job> = FuturesUnordered::new();
        let mut look = Look { has_more: true, is_short: false };
        let mut is_due = true;
        loop {
            let (room, now_ms) = (self.room(running.len()), self.0.clock.now_ms());
            is_due |= self.0.alarm.has_come(now_ms);
            if is_due
                && room > 0
                && !stop.is_requested()
                && let Some(lease) = self.0.lease.current()
            {
                is_due = false;
                self.0.alarm.forget(now_ms);
                look = match self.take_turns((room, lease), &mut running).await {
                    Ok(look) => look,
                    Err(error) => {
                        warn!(%error, "the line of what is to be sent cannot be looked at");
                        Look::default()
                    }
                };
            }
            if running.is_empty() && (stop.is_requested() || (until_done && !look.has_more)) {
                return;
            }
            let pause = self.pause(look);
            // All arms are cancel-safe: jobs that go on, a permit that is kept, a timer, a token.
            is_due |= tokio::select! {
                Some(_) = running.next() => running.is_empty() || (look.has_more && self.has_room(running.len())),
                () = self.0.seats.left() => look.has_more && self.has_room(running.len()),
                () = self.0.nudge.woken() => true,
                () = tokio::time::sleep(pause) => true,
                () = stop.requested(), if !stop.is_requested() => false,
            };
        }
    }

    /// How long nobody need look.
    fn pause(&self, look: Look) -> Duration {
        let pause = if look.is_short { LOOK_SOON } else { LOOK_EVERY };
        let next = self.0.alarm.next_in(self.0.clock.now_ms());
        next.map_or(pause, |next| pause.min(next.max(LOOK_SOON)))
    }

    /// The numbers in their order, those after the one that was served last first.
    fn put_those_served_last_behind(&self, numbers: &mut [(Uuid, Uuid)]) {
        let served = *self.0.served.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(served) = served else { return };
        numbers.sort_unstable_by_key(|(_, number)| (*number <= served, *number));
    }

    /// For how many turns more there is room.
    fn room(&self, running: usize) -> usize {
        let turns = self.0.config.at_once.saturating_mul(TURNS_A_SEAT).saturating_sub(running);
        self.0.seats.free().min(turns)
    }

    /// Whether it is worth looking again.
    fn has_room(&self, running: usize) -> bool {
        self.room(running) * ROOM_SHARE >= self.0.config.at_once
    }

    /// Takes turns that are due, under a lease that was ours before, and starts a job for each.
    async fn take_turns(
        &self,
        (room, lease): (usize, u64),
        running: &mut FuturesUnordered<Job>,
    ) -> Result<Look, Error> {
        let Equipment { storage, clock, random, lines, instance, .. } = &*self.0;
        let mut look = Look::default();
        let (numbers, ()) = tokio::join!(storage.numbers_in_line(), self.0.hear_of_pauses());
        let mut numbers = numbers?;
        self.put_those_served_last_behind(&mut numbers);
        let mut left = room;
        for (place, (workspace, number)) in numbers.iter().enumerate() {
            let Some(line) = lines.find(*workspace, *number).await? else { continue };
            if line.credentials().is_none() {
                continue;
            }
            // What one number leaves over is for those after it.
            let share = left.div_ceil(numbers.len() - place).max(SHARE_MIN).min(left);
            let limit = i64::try_from(share).unwrap_or(1);
            let due = storage.due_turns(*number, clock.now_ms(), limit).await?;
            if due.is_empty() {
                continue;
            }
            look.has_more |= due.len() >= share;
            let wanted = i64::try_from(due.len()).unwrap_or(1);
            let granted = storage.take_allowance(*number, self.0.rate_of(&line), wanted).await?;
            if granted < wanted {
                (look.is_short, look.has_more) = (true, true);
            }
            let granted = usize::try_from(granted).unwrap_or(0);
            if granted == 0 {
                continue;
            }
            let Ok(claim) = random.id(clock.now()) else { continue };
            let some: Vec<Uuid> = due.into_iter().take(granted).collect();
            let turns = storage.claim_turns(&some, *instance, claim, LEASE_MS).await?;
            crash::pass("after-claim");
            *self.0.served.lock().unwrap_or_else(PoisonError::into_inner) = Some(*number);
            left = left.saturating_sub(turns.len());
            for mut turn in turns {
                turn.lease = lease;
                let (equipment, line, seat) =
                    (Arc::clone(&self.0), Arc::clone(&line), self.0.seats.try_take());
                let in_hand = self.0.hands.take(turn.conversation);
                let job = async move {
                    equipment.take_turn(turn, line, seat).await;
                    drop(in_hand);
                };
                running.push(Box::pin(self.0.supervisor.run(TURN_JOB, job)));
            }
            if left == 0 {
                look.has_more = true;
                break;
            }
        }
        Ok(look)
    }

    async fn keep_leases(&self, stop: &Stop) {
        while !stop.is_requested() {
            if let Err(error) = self.renew().await {
                warn!(%error, "the turns of this process cannot be renewed");
            }
            // Both arms are cancel-safe: a token and a timer.
            tokio::select! {
                () = stop.requested() => {}
                () = tokio::time::sleep(RENEW_EVERY) => {}
            }
        }
    }

    async fn renew(&self) -> Result<(), Error> {
        let asked = Stopwatch::start();
        self.0.storage.renew_turns(self.0.instance, LEASE_MS).await?;
        self.0.lease.renew(asked);
        let mut returned = self.0.storage.return_lost_turns().await?;
        let strays = self.0.hands.strays(&self.0.storage.held_turns(self.0.instance).await?);
        if !strays.is_empty() {
            returned += self.0.storage.return_strays(self.0.instance, &strays).await?;
            warn!(count = strays.len(), "turns that nobody worked on are back in line");
        }
        if returned > 0 {
            self.0.nudge.wake();
        }
        Ok(())
    }
}

/// One round of the sender, for whoever drives it by hand.
impl Worker for Sender {
    fn name(&self) -> &'static str {
        "outbound"
    }

    fn every(&self) -> Duration {
        LOOK_EVERY
    }

    fn round_max(&self) -> Duration {
        Duration::MAX
    }

    fn run_once(&self) -> Pin<Box<dyn Future<Output = Round> + Send + '_>> {
        Box::pin(async move {
            self.renew().await?;
            self.0.heard.forget();
            self.work(&self.0.supervisor.stop_signal(), true).await;
            Ok(())
        })
    }
}
