//! Proof that nothing is lost: everything that the journal's bytes tell is counted again, and looked for in the
//! collections. No counter is believed.

use std::collections::{HashMap, HashSet};

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
    let mut count =
        Count { account: Account::default(), seen: HashSet::new(), digester: Digester::default(), marks };
    for place in storage.segments().places_between(from_ms, to_ms).await? {
        if let Some(segment) = storage.segments().get(&place).await? {
            count.add(storage, &numbers, &segment).await?;
        }
    }
    Ok(count.account)
}

struct Count {
    account: Account,
    seen: HashSet<u128>,
    digester: Digester,
    marks: HashMap<Uuid, i64>,
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
            let account = &mut self.account;
            *match &one.finding {
                Finding::Test => &mut account.tests,
                _ if is_repeat => &mut account.repeats,
                Finding::Here => &mut account.stored,
                Finding::Waiting => &mut account.waiting,
                Finding::Missing { .. } | Finding::Aside { .. } => match asides.reason(&one) {
                    Some(Reason::Dead) => &mut account.dead,
                    Some(Reason::Unrouted) => &mut account.unrouted,
                    Some(Reason::Unrecognised) => &mut account.unrecognised,
                    None if !is_done => &mut account.pending,
                    None => {
                        if account.gap_names.len() < GAPS_NAMED_MAX {
                            account.gap_names.push(format!(
                                "{}:{:04} {}",
                                segment.place.key(),
                                one.slot,
                                one.name()
                            ));
                        }
                        &mut account.gaps
                    }
                },
            } += 1;
        }
        Ok(())
    }
}

/// What of a segment is set aside.
struct Asides(HashMap<(u32, u32), Reason>);

impl Asides {
    async fn of(storage: &Storage, segment: &Segment, examined: &[Examined]) -> Result<Self, Error> {
        let absent = |one: &&Examined| matches!(one.finding, Finding::Missing { .. } | Finding::Aside { .. });
        let slots: HashSet<u32> = examined.iter().filter(absent).map(|one| one.slot).collect();
        let first_at = |slot: u32| {
            let webhook = segment.webhooks.get(slot as usize);
            webhook.map_or((segment.place, slot), |webhook| webhook.first_at(segment.place, slot))
        };
        let here: HashMap<(Place, u32), u32> = slots.into_iter().map(|slot| (first_at(slot), slot)).collect();
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
