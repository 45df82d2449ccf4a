//! Randomness and the ids made from it.
//!
//! `Random` is handed to whoever needs it: the operating system's in production, a seeded stream where a run
//! must be repeatable (tests, the simulator). A seeded stream must never make a secret of a real deployment.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::Timestamp;

/// An id that follows from what it stands for: the same parts give the same id, on every machine and again.
pub fn derived(kind: &str, parts: &[&[u8]]) -> Uuid {
    let mut digest = Sha256::new();
    digest.update(kind.as_bytes());
    for part in parts {
        // The length before each part: no two lists of parts read the same.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest.finalize()) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// A source of random bytes. Cheap to clone; clones of a seeded source share one stream.
#[derive(Clone)]
pub struct Random(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded { seed: u64, drawn: Arc<AtomicU64> },
}

/// The operating system gave no random bytes: nothing that needs them can go on.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct Exhausted(#[source] getrandom::Error);

impl Random {
    /// The operating system's randomness.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A stream that is the same for the same seed. Never for secrets.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded { seed, drawn: Arc::new(AtomicU64::new(0)) })
    }

    /// Fills `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) -> Result<(), Exhausted> {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the home of the real randomness")]
            Source::System => getrandom::fill(bytes).map_err(Exhausted),
            Source::Seeded { seed, drawn } => {
                for chunk in bytes.chunks_mut(32) {
                    let block = drawn.fetch_add(1, Ordering::SeqCst);
                    let mut digest = Sha256::new();
                    digest.update(seed.to_be_bytes());
                    digest.update(block.to_be_bytes());
                    for (to, from) in chunk.iter_mut().zip(digest.finalize()) {
                        *to = from;
                    }
                }
                Ok(())
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], Exhausted> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A random number, for jitter and for choosing.
    pub fn number(&self) -> Result<u64, Exhausted> {
        self.bytes().map(u64::from_be_bytes)
    }

    /// An id that sorts by the time it was made.
    pub fn id(&self, now: Timestamp) -> Result<Uuid, Exhausted> {
        let ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
        Ok(uuid::Builder::from_unix_timestamp_millis(ms, &self.bytes()?).into_uuid())
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::System => f.write_str("Random(system)"),
            Source::Seeded { seed, .. } => write!(f, "Random(seed {seed})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_stream() {
        let (a, b) = (Random::seeded(7), Random::seeded(7));
        assert_eq!(a.bytes::<100>().unwrap(), b.bytes::<100>().unwrap());
        assert_ne!(a.bytes::<32>().unwrap(), Random::seeded(8).bytes::<32>().unwrap());
    }

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let random = Random::system();
        let early = random.id(Timestamp::from_millisecond(1_000).unwrap()).unwrap();
        let late = random.id(Timestamp::from_millisecond(2_000).unwrap()).unwrap();
        assert!(early < late);
        assert_eq!(early.get_version_num(), 7);
    }
}
