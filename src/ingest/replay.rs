//! Replay: webhooks of the journal, or ones that were set aside, go through once more.
//!
//! Only what would add something goes: everything else is there already, under its key. What comes from the
//! journal repairs silently: it appends no event, so nobody acts upon it a second time. What had been set aside was
//! never told, so it is told now.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::directory::{Directory, Numbers};
use super::examine::{Finding, examine};
use super::journal::LEASE;
use super::lane::work_off;
use super::{Applier, IngestMetrics};
use crate::clock::Clock;
use crate::events::Log;
use crate::ids::Random;
use crate::limits;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::aside::{Aside, Reason};
use crate::storage::numbers::Number;
use crate::storage::segments::{Again, Place, RawWebhook, Segment};
use crate::telemetry::Metrics;

/// How many webhooks that were set aside are read at once.
const ASIDES_READ: i64 = 200;
const EXAMPLES_MAX: usize = 20;

/// Which webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    Between {
        from_ms: i64,
        to_ms: i64,
    },
    Segment(Place),
    /// What was set aside for a reason.
    Aside(Reason),
}

/// What a replay changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// How many webhooks were looked at, and how many of them go through again.
    pub webhooks: u64,
    pub replayed: u64,
    pub items: u64,
    /// What is there already.
    pub known: u64,
    /// What is new, by collection.
    pub added: BTreeMap<&'static str, u64>,
    /// What can still not be stored, by reason.
    pub aside: BTreeMap<String, u64>,
    /// Names of what is new.
    pub examples: Vec<String>,
}

/// Numbers of the source that are not as they are there in the target: what came for them finds its owner only once
/// they are.
#[derive(Clone, Debug, Default)]
pub struct Strangers {
    /// The target does not have them.
    pub missing: Vec<Number>,
    /// They were deleted in the target.
    pub deleted: Vec<Number>,
    /// They belong to another workspace in the target, which must not come to what was for this one.
    pub elsewhere: Vec<Number>,
}

/// Replays from one database into another, or within one.
#[derive(Debug)]
pub struct Replay {
    pub source: Storage,
    pub target: Storage,
    pub clock: Clock,
    pub random: Random,
    /// Whether the source's numbers that the target does not have are made there, without their secrets.
    pub adopts_numbers: bool,
    /// Only says what would happen.
    pub is_dry_run: bool,
}

impl Replay {
    /// Goes through the selection.
    pub async fn go(&self, selection: Selection) -> Result<Difference, Error> {
        let mut difference = Difference::default();
        let numbers = self.numbers().await?;
        let mut out = Out::new(self);
        match selection {
            Selection::Between { from_ms, to_ms } => {
                for place in self.source.segments().places_between(from_ms, to_ms).await? {
                    self.replay_segment(place, &numbers, &mut difference, &mut out).await?;
                }
            }
            Selection::Segment(place) => {
                self.replay_segment(place, &numbers, &mut difference, &mut out).await?;
            }
            Selection::Aside(reason) => {
                let mut part = self.source.asides(reason, None, ASIDES_READ).await?;
                while let Some(last) = part.next {
                    for aside in &part.found {
                        self.replay_aside(aside, &numbers, &mut difference, &mut out).await?;
                    }
                    part = self.source.asides(reason, Some(&last), ASIDES_READ).await?;
                }
            }
        }
        out.finish().await?;
        Ok(difference)
    }

    /// The numbers of the source that the target does not know as the source does.
    pub async fn strangers(&self) -> Result<Strangers, Error> {
        let here: HashMap<String, Uuid> = self
            .target
            .all_numbers()
            .await?
            .into_iter()
            .map(|number| (number.phone_number_id, number.workspace))
            .collect();
        let mut strangers = Strangers::default();
        for number in self.source.all_numbers().await? {
            match here.get(&number.phone_number_id) {
                Some(workspace) if *workspace == number.workspace => {}
                Some(_) => strangers.elsewhere.push(number),
                None if self.target.is_number_deleted(number.id).await? => strangers.deleted.push(number),
                None => strangers.missing.push(number),
            }
        }
        Ok(strangers)
    }

    fn is_within_one(&self) -> bool {
        self.source.name() == self.target.name()
    }

    /// Makes the source's numbers in the target, if that is wanted.
    pub async fn adopt_numbers(&self) -> Result<(), Error> {
        if self.adopts_numbers && !self.is_dry_run && !self.is_within_one() {
            self.target.adopt_numbers(&self.source).await?;
        }
        Ok(())
    }

    /// To whom items go: the target's numbers, and in a dry run also those that would be made there.
    async fn numbers(&self) -> Result<Numbers, Error> {
        let mut numbers = self.target.all_numbers().await?;
        if self.adopts_numbers && self.is_dry_run && !self.is_within_one() {
            numbers.extend(self.strangers().await?.missing);
        }
        Ok(Numbers::new(numbers))
    }

    async fn replay_segment(
        &self,
        place: Place,
        numbers: &Numbers,
        difference: &mut Difference,
        out: &mut Out<'_>,
    ) -> Result<(), Error> {
        let Some(segment) = self.source.segments().get(&place).await? else { return Ok(()) };
        let slots = self.note(&segment, numbers, difference, &mut out.seen).await?;
        for (slot, webhook) in (0_u32..).zip(segment.webhooks) {
            if slots.contains(&slot) {
                let (place, slot) = webhook.first_at(segment.place, slot);
                let again = Some(Again { place, slot, is_silent: true });
                out.push(RawWebhook { again, ..webhook }).await?;
            }
        }
        Ok(())
    }

    async fn replay_aside(
        &self,
        aside: &Aside,
        numbers: &Numbers,
        difference: &mut Difference,
        out: &mut Out<'_>,
    ) -> Result<(), Error> {
        let webhooks = vec![aside.webhook.clone()];
        let segment = Segment { place: aside.place, at_ms: aside.webhook.received_ms, webhooks };
        if !self.note(&segment, numbers, difference, &mut out.seen).await?.is_empty() {
            // Another database is only read: it is that one's own to repair.
            if self.is_within_one() {
                out.settled.push(aside.clone());
            }
            out.push(aside.webhook.clone()).await?;
        }
        Ok(())
    }

    /// Notes what a segment's webhooks would change; gives the slots of those that change something.
    async fn note(
        &self,
        segment: &Segment,
        numbers: &Numbers,
        difference: &mut Difference,
        seen: &mut HashSet<(&'static str, String)>,
    ) -> Result<HashSet<u32>, Error> {
        let mut slots = HashSet::new();
        difference.webhooks += segment.webhooks.len() as u64;
        for one in examine(&self.target, numbers, segment).await? {
            difference.items += 1;
            match &one.finding {
                Finding::Test | Finding::Here | Finding::Waiting => difference.known += 1,
                // The same once more, which the first one brings.
                Finding::Missing { .. } if !one.keys.iter().any(|key| seen.insert(key.clone())) => {}
                Finding::Missing { collection } => {
                    slots.insert(one.slot);
                    *difference.added.entry(collection).or_default() += 1;
                    if difference.examples.len() < EXAMPLES_MAX {
                        difference.examples.push(one.name());
                    }
                }
                Finding::Aside { reason, why } => {
                    let name = format!("{}: {why}", reason.collection());
                    *difference.aside.entry(name).or_default() += 1;
                    // Into another database it is set aside there as well.
                    if !self.is_within_one() {
                        slots.insert(one.slot);
                    }
                }
            }
        }
        difference.replayed += slots.len() as u64;
        Ok(slots)
    }
}

/// The way out: webhooks become segments of a lane of their own, which is worked off at once.
struct Out<'a> {
    replay: &'a Replay,
    applier: Arc<Applier>,
    waiting: Vec<RawWebhook>,
    bytes: usize,
    settled: Vec<Aside>,
    /// What is on its way: collection and key.
    seen: HashSet<(&'static str, String)>,
}

impl<'a> Out<'a> {
    fn new(replay: &'a Replay) -> Self {
        let Replay { target, clock, .. } = replay;
        let (directory, log) = (Directory::new(target), Log::new(target, clock));
        let metrics = IngestMetrics::new(&Metrics::new());
        let applier = Arc::new(Applier::new(target, clock, &directory, &log, metrics));
        Self { replay, applier, waiting: Vec::new(), bytes: 0, settled: Vec::new(), seen: HashSet::new() }
    }

    async fn push(&mut self, webhook: RawWebhook) -> Result<(), Error> {
        self.bytes += webhook.body.len();
        self.waiting.push(webhook);
        let is_full =
            self.waiting.len() >= limits::SEGMENT_WEBHOOKS_MAX || self.bytes >= limits::SEGMENT_BYTES_MAX / 2;
        if is_full { self.flush().await } else { Ok(()) }
    }

    async fn finish(mut self) -> Result<(), Error> {
        self.flush().await
    }

    /// One segment in a lane of its own: whatever interrupts us, a running service finds it and works it off.
    async fn flush(&mut self) -> Result<(), Error> {
        let (webhooks, settled) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.settled));
        self.bytes = 0;
        if webhooks.is_empty() || self.replay.is_dry_run {
            return Ok(());
        }
        let Replay { target, source, clock, random, .. } = self.replay;
        let id = || random.id(clock.now()).map_err(|_| Error::Conflict);
        let (lane, holder) = (id()?, id()?);
        target.open_lane(lane, holder, LEASE).await?;
        target.segments().append(&Place { lane, number: 0 }, clock.now_ms(), &webhooks).await?;
        work_off(&self.applier, lane, holder).await?;
        target.rest_lane(lane, holder).await?;
        for aside in settled {
            source.forget_aside(&aside).await?;
        }
        Ok(())
    }
}
