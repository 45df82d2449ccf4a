//! Proof that nothing is lost: everything that the journal's bytes tell is counted again, and looked for in the
//! collections. No counter is believed.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::directory::{Directory, Numbers};
use super::examine::{Examined, Finding, examine};
use crate::people::memory::Digester;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::aside::{Reason, aside_key};
use crate::storage::segments::{Place, Segment};

/// How many gaps are named; all are counted.
const GAPS_NAMED_MAX: usize = 1_000;
const SEGMENTS_AT_ONCE: i64 = 1_000;

/// What became of everything that was received in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub segments: u64,
    pub webhooks: u64,
    pub items: u64,
    /// Found by key, each key once.
    pub stored: u64,
    /// The same once more.
    pub repeats: u64,
    /// Stored, and waiting for their message.
    pub waiting: u64,
    pub unrecognised: u64,
    pub unrouted: u64,
    pub dead: u64,
    pub tests: u64,
    /// In segments that nobody has worked off yet.
    pub pending: u64,
    pub gaps: u64,
    /// Their names, as far as there is room.
    pub gap_names: Vec<String>,
}

impl Account {
    /// Whether everything was found, or is on its way.
    pub fn is_complete(&self) -> bool {
        self.gaps == 0
    }
}

/// Counts what was stored in the journal from one time to another.
pub async fn verify(storage: &Storage, from_ms: i64, to_ms: i64) -> Result<Account, Error> {
    let numbers = Directory::new(storage).numbers().await?;
    let marks: HashMap<Uuid, i64> =
        storage.all_lanes().await?.into_iter().map(|lane| (lane.id, lane.folded)).collect();
    let mut count = Count { marks, ..Count::default() };
    for place in storage.segments().places_between(from_ms, to_ms).await? {
        if let Some(segment) = storage.segments().get(&place).await? {
            count.add(storage, &numbers, &segment).await?;
        }
    }
    count.look_again(storage).await?;
    Ok(count.account)
}

#[derive(Default)]
struct Count {
    account: Account,
    seen: HashSet<u128>,
    digester: Digester,
    marks: HashMap<Uuid, i64>,
    /// What was not found, by its place in its segment.
    doubts: BTreeMap<Place, BTreeMap<(u32, u32), Doubt>>,
}

struct Doubt {
    name: String,
    /// Where its webhook first came in.
    first_at: (Place, u32),
    /// Whether it was to be set aside: then nobody knew yet under which key it is to be found.
    had_no_key: bool,
}

impl Count {
    async fn add(&mut self, storage: &Storage, numbers: &Numbers, segment: &Segment) -> Result<(), Error> {
        self.account.segments += 1;
        self.account.webhooks += segment.webhooks.len() as u64;
        let examined = examine(storage, numbers, segment).await?;
        let asides = Asides::of(storage, segment, &examined).await?;
        let is_done = self.marks.get(&segment.place.lane).is_some_and(|mark| segment.place.number <= *mark);
        for one in examined {
            self.account.items += 1;
            let is_repeat = one.keys.first().is_some_and(|key| !self.seen.insert(self.digester.key(key)));
            match self.account.room_for(&one, &asides) {
                _ if one.finding != Finding::Test && is_repeat => self.account.repeats += 1,
                Some(count) => *count += 1,
                None if !is_done => self.account.pending += 1,
                None => {
                    let name = format!("{}:{:04} {}", segment.place.key(), one.slot, one.name());
                    let (first_at, had_no_key) = (first_at(segment, one.slot), one.keys.is_empty());
                    let doubt = Doubt { name, first_at, had_no_key };
                    self.doubts.entry(segment.place).or_default().insert((one.slot, one.index), doubt);
                }
            }
        }
        Ok(())
    }

    /// Looks once more for what was not found: a webhook whose number has been added meanwhile was on its way through
    /// the journal a second time then, neither set aside nor stored.
    async fn look_again(&mut self, storage: &Storage) -> Result<(), Error> {
        if self.doubts.is_empty() {
            return Ok(());
        }
        // In this order: what is worked off in between is found where it belongs.
        let on_their_way = on_their_way_again(storage).await?;
        let numbers = Directory::new(storage).numbers_now().await?;
        for (place, mut doubts) in std::mem::take(&mut self.doubts) {
            if let Some(segment) = storage.segments().get(&place).await? {
                let mut examined = examine(storage, &numbers, &segment).await?;
                examined.retain(|one| doubts.contains_key(&(one.slot, one.index)));
                let asides = Asides::of(storage, &segment, &examined).await?;
                for one in examined {
                    let Some(doubt) = doubts.remove(&(one.slot, one.index)) else { continue };
                    let mut is_new =
                        || one.keys.first().is_none_or(|key| self.seen.insert(self.digester.key(key)));
                    match self.account.room_for(&one, &asides) {
                        Some(_) if doubt.had_no_key && !is_new() => self.account.repeats += 1,
                        Some(count) => *count += 1,
                        None if on_their_way.contains(&doubt.first_at) => self.account.pending += 1,
                        None => self.account.miss(doubt.name),
                    }
                }
            }
            // Their segment was removed meanwhile: nobody can look any more, but for what is there once more.
            for doubt in doubts.into_values() {
                if on_their_way.contains(&doubt.first_at) {
                    self.account.pending += 1;
                } else {
                    self.account.miss(doubt.name);
                }
            }
        }
        Ok(())
    }
}

impl Account {
    /// Where an item is counted; nowhere if it was not found.
    fn room_for(&mut self, one: &Examined, asides: &Asides) -> Option<&mut u64> {
        Some(match &one.finding {
            Finding::Test => &mut self.tests,
            Finding::Here => &mut self.stored,
            Finding::Waiting => &mut self.waiting,
            Finding::Missing { .. } | Finding::Aside { .. } => match asides.reason(one)? {
                Reason::Dead => &mut self.dead,
                Reason::Unrouted => &mut self.unrouted,
                Reason::Unrecognised => &mut self.unrecognised,
            },
        })
    }

    fn miss(&mut self, name: String) {
        self.gaps += 1;
        if self.gap_names.len() < GAPS_NAMED_MAX {
            self.gap_names.push(name);
        }
    }
}

/// Where the webhooks first came in that are in the journal once more and not worked off yet.
async fn on_their_way_again(storage: &Storage) -> Result<HashSet<(Place, u32)>, Error> {
    let mut found = HashSet::new();
    for lane in storage.all_lanes().await? {
        let mut mark = lane.folded;
        loop {
            let segments = storage.segments().after(lane.id, mark, SEGMENTS_AT_ONCE).await?;
            let Some(last) = segments.last() else { break };
            mark = last.place.number;
            let again = segments.iter().flat_map(|segment| &segment.webhooks).filter_map(|one| one.again);
            found.extend(again.map(|again| (again.place, again.slot)));
        }
    }
    Ok(found)
}

/// Where a webhook of a segment first came in.
fn first_at(segment: &Segment, slot: u32) -> (Place, u32) {
    let webhook = segment.webhooks.get(slot as usize);
    webhook.map_or((segment.place, slot), |webhook| webhook.first_at(segment.place, slot))
}

/// What of a segment is set aside.
struct Asides(HashMap<(u32, u32), Reason>);

impl Asides {
    async fn of(storage: &Storage, segment: &Segment, examined: &[Examined]) -> Result<Self, Error> {
        let absent = |one: &&Examined| matches!(one.finding, Finding::Missing { .. } | Finding::Aside { .. });
        let slots: HashSet<u32> = examined.iter().filter(absent).map(|one| one.slot).collect();
        let here: HashMap<(Place, u32), u32> =
            slots.into_iter().map(|slot| (first_at(segment, slot), slot)).collect();
        let keys: Vec<String> = here.keys().map(|(place, slot)| aside_key(*place, *slot)).collect();
        let mut found = HashMap::new();
        if !keys.is_empty() {
            for reason in [Reason::Unrouted, Reason::Unrecognised, Reason::Dead] {
                for aside in storage.asides_of(reason, &keys).await? {
                    if let Some(slot) = here.get(&(aside.place, aside.slot)) {
                        found.extend(aside.items.iter().map(|item| ((*slot, item.index), reason)));
                    }
                }
            }
        }
        Ok(Self(found))
    }

    fn reason(&self, one: &Examined) -> Option<Reason> {
        self.0.get(&(one.slot, one.index)).copied()
    }
}
