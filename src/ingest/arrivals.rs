//! Storing what webhooks bring, each once: what this process stored lately it knows without asking.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::people::memory::{Digester, Memory, filling};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::arrivals::{Arrival, Fresh, Origin};

/// How many keys are remembered at least.
const REMEMBERED: usize = filling(32_768);
/// When more than one in this many was there already, the next batch looks before it inserts: a duplicate costs
/// the database several times what a look does.
const REPEATS_RARE: usize = 20;

/// The way in for documents under keys. One a process.
#[derive(Debug)]
pub struct Arrivals {
    storage: Storage,
    digester: Digester,
    known: Mutex<Memory<u128, Origin>>,
    expect_known: AtomicBool,
}

/// Keys to remember once the whole batch is done.
#[derive(Debug, Default)]
pub struct Seen(Vec<(u128, Origin)>);

impl Seen {
    /// Those of another part of the batch too.
    pub fn absorb(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl Arrivals {
    /// Remembers nothing yet, so it looks first: after a start, much may be there already.
    pub fn new(storage: &Storage) -> Self {
        let known = Mutex::new(Memory::new(REMEMBERED));
        let expect_known = AtomicBool::new(true);
        Self { storage: storage.clone(), digester: Digester::default(), known, expect_known }
    }

    /// Stores what is not there yet. A key must not be twice in `fresh`.
    pub async fn store(
        &self,
        collection: &'static str,
        fresh: Vec<Fresh>,
        seen: &mut Seen,
    ) -> Result<Vec<Arrival>, Error> {
        let asked = fresh.len();
        let mut arrivals = Vec::with_capacity(asked);
        let (mut places, mut unknown) = (Vec::new(), Vec::new());
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for (index, one) in fresh.into_iter().enumerate() {
                let digest = self.digester.key(&(collection, one.key()));
                match known.get(&digest) {
                    Some(origin) if origin == one.origin() => arrivals.push(Arrival::Again),
                    Some(_) => arrivals.push(Arrival::Repeat),
                    None => {
                        arrivals.push(Arrival::New);
                        seen.0.push((digest, one.origin()));
                        places.push(index);
                        unknown.push(one);
                    }
                }
            }
        }
        if unknown.is_empty() {
            return Ok(arrivals);
        }
        let expect_known = self.expect_known.load(Ordering::Relaxed);
        let stored = self.storage.insert_arrivals(collection, unknown, expect_known).await?;
        let were_there =
            stored.iter().filter(|arrival| matches!(arrival, Arrival::Again | Arrival::Repeat)).count();
        self.expect_known.store(were_there * REPEATS_RARE > asked, Ordering::Relaxed);
        let first = seen.0.len() - places.len();
        let mut is_ours = Vec::with_capacity(places.len());
        for (index, arrival) in places.into_iter().zip(stored) {
            is_ours.push(matches!(arrival, Arrival::New | Arrival::Again));
            if let Some(place) = arrivals.get_mut(index) {
                *place = arrival;
            }
        }
        // Only what is ours is remembered: whose the rest is we do not know.
        let ours = seen.0.split_off(first).into_iter().zip(is_ours);
        seen.0.extend(ours.filter_map(|(key, is_ours)| is_ours.then_some(key)));
        Ok(arrivals)
    }

    /// The batch is done: its keys are known from now on.
    pub fn remember(&self, seen: Seen) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (digest, origin) in seen.0 {
            known.insert(digest, origin);
        }
    }
}
