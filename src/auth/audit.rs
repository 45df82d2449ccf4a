//! The audit log: who changed what, chained by hashes in each workspace, so that a change, a gap, another order or a
//! missing end is found.
//!
//! The hashes are plain SHA-256: whoever may write to the database can forge the whole chain. What they cannot do is
//! keep the last hash that somebody noted down elsewhere (`pesan audit verify` prints it and takes it back).

use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::role::Who;
use crate::clock::Clock;
use crate::ids::{Exhausted, Random};
use crate::storage;
use crate::storage::Storage;
use crate::storage::audit::{Change, Entry, Head};

/// How often a number is tried for again when others are faster. One of them is in after each try.
const TRIES_MAX: u32 = 200;
/// The most that a loser waits before the next try.
const PAUSE_MAX_MS: u64 = 20;
/// How many entries are read at once.
const PAGE: i64 = 500;
/// Longer texts are cut: the log tells what happened, it does not keep it.
const TEXT_CHARS_MAX: usize = 500;
const CHANGES_MAX: usize = 50;

/// Why an entry could not be added.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Random(#[from] Exhausted),
    #[error("too many others add to the same audit log at once")]
    Crowded,
}

/// What is to be noted. None of it may be a secret.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    pub workspace: Uuid,
    pub who: &'a Who,
    /// `Deed::name`, or the name of what happened by itself.
    pub deed: &'a str,
    /// What it was done to, like `number:0190…`.
    pub target: &'a str,
    /// Field, value before, value after.
    pub changes: &'a [(&'a str, Option<&'a str>, Option<&'a str>)],
}

/// The audit log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Audit {
    storage: Storage,
    clock: Clock,
    random: Random,
}

impl Audit {
    /// The log that is kept in `storage`.
    pub fn new(storage: &Storage, clock: &Clock, random: &Random) -> Self {
        Self { storage: storage.clone(), clock: clock.clone(), random: random.clone() }
    }

    /// Adds an entry at the end of its workspace's log. Durable when it returns.
    pub async fn note(&self, new: NewEntry<'_>) -> Result<(), Error> {
        let now = self.clock.now();
        let id = self.random.id(now)?;
        for _ in 0..TRIES_MAX {
            let last = self.storage.last_audit_entry(new.workspace).await?;
            let entry = following(last.as_ref(), &new, id, now.as_millisecond());
            match self.storage.insert_audit_entry(&entry).await {
                Ok(()) => return self.note_head(&entry).await,
                Err(storage::Error::Duplicate) => {
                    // A write that the driver has repeated finds itself.
                    let there = self.storage.find_audit_entry(new.workspace, entry.seq).await?;
                    if there.is_some_and(|there| there.id == id) {
                        return self.note_head(&entry).await;
                    }
                }
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(Duration::from_millis(self.random.number()? % PAUSE_MAX_MS)).await;
        }
        Err(Error::Crowded)
    }

    /// The entries before a number, the latest first; all of them before `i64::MAX`.
    pub async fn before(&self, workspace: Uuid, seq: i64, limit: i64) -> Result<Vec<Entry>, storage::Error> {
        self.storage.audit_before(workspace, seq, limit).await
    }

    async fn note_head(&self, entry: &Entry) -> Result<(), Error> {
        let head = Head { seq: entry.seq, hash: entry.hash.clone() };
        Ok(self.storage.note_audit_head(entry.workspace, &head).await?)
    }
}

fn following(last: Option<&Entry>, new: &NewEntry<'_>, id: Uuid, now_ms: i64) -> Entry {
    let changes = new.changes.iter().take(CHANGES_MAX).map(|(field, from, to)| Change {
        field: cut(field),
        from: from.map(cut),
        to: to.map(cut),
    });
    let mut entry = Entry {
        workspace: new.workspace,
        seq: last.map_or(1, |last| last.seq.saturating_add(1)),
        id,
        at_ms: now_ms,
        who: cut(&new.who.to_string()),
        deed: cut(new.deed),
        target: cut(new.target),
        changes: changes.collect(),
        previous: last.map(|last| last.hash.clone()).unwrap_or_default(),
        hash: Vec::new(),
    };
    entry.hash = hash_of(&entry);
    entry
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

/// The hash of all that an entry says, and of the hash before it.
fn hash_of(entry: &Entry) -> Vec<u8> {
    let mut digest = Sha256::new();
    // The length before each part: no two entries read the same.
    let mut part = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    part(b"pesan audit 1");
    part(&entry.previous);
    part(entry.workspace.as_bytes());
    part(&entry.seq.to_be_bytes());
    part(entry.id.as_bytes());
    part(&entry.at_ms.to_be_bytes());
    for text in [&entry.who, &entry.deed, &entry.target] {
        part(text.as_bytes());
    }
    part(&(entry.changes.len() as u64).to_be_bytes());
    for change in &entry.changes {
        part(change.field.as_bytes());
        for side in [&change.from, &change.to] {
            part(&[u8::from(side.is_some())]);
            part(side.as_deref().unwrap_or_default().as_bytes());
        }
    }
    digest.finalize().to_vec()
}

/// What is wrong with a log, at the first place where something is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("entry {seq} is missing")]
    Missing { seq: i64 },
    #[error("entry {seq} cannot be read")]
    Unreadable { seq: i64 },
    #[error("entry {seq} is not the one that was written under this number")]
    Misplaced { seq: i64 },
    #[error("entry {seq} was changed after it was written")]
    Changed { seq: i64 },
    #[error("entry {seq} does not follow the one before it")]
    Unchained { seq: i64 },
    #[error("the log ends at entry {seq}, and it once reached entry {reached}")]
    CutOff { seq: i64, reached: i64 },
    #[error("entry {seq} is another than the one that was noted")]
    OtherHash { seq: i64 },
}

/// What a check of a whole log gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many entries are good, from the first on.
    pub good: i64,
    /// The hash of the last good one, to be noted elsewhere.
    pub last_hash: String,
    pub broken: Option<Broken>,
}

/// Recomputes the chain of a workspace. `noted` is a number and a hash (in hexadecimal digits) that an earlier check gave.
pub async fn verify(
    storage: &Storage,
    workspace: Uuid,
    noted: Option<(i64, &str)>,
) -> Result<Verdict, storage::Error> {
    // First the heads: what is added meanwhile only makes the log longer.
    let head = storage.audit_head(workspace).await?;
    let mut expected: Vec<(i64, String)> =
        head.map(|head| (head.seq, HEXLOWER.encode(&head.hash))).into_iter().collect();
    expected.extend(noted.map(|(seq, hash)| (seq, hash.to_ascii_lowercase())));
    let (mut good, mut last_hash) = (0, Vec::new());
    let broken = 'all: loop {
        let page = storage.audit_to_check(workspace, good, PAGE).await?;
        if page.is_empty() {
            let reached = expected.iter().map(|(seq, _)| *seq).max().unwrap_or(0);
            break (reached > good).then_some(Broken::CutOff { seq: good, reached });
        }
        for (seq, entry) in page {
            if let Err(broken) = follows(good, &last_hash, workspace, seq, entry.as_ref(), &expected) {
                break 'all Some(broken);
            }
            good = seq;
            last_hash = entry.map(|entry| entry.hash).unwrap_or_default();
        }
    };
    Ok(Verdict { good, last_hash: HEXLOWER.encode(&last_hash), broken })
}

fn follows(
    good: i64,
    last_hash: &[u8],
    workspace: Uuid,
    seq: i64,
    entry: Option<&Entry>,
    expected: &[(i64, String)],
) -> Result<(), Broken> {
    if seq != good + 1 {
        return Err(Broken::Missing { seq: good + 1 });
    }
    let entry = entry.ok_or(Broken::Unreadable { seq })?;
    if hash_of(entry) != entry.hash {
        return Err(Broken::Changed { seq });
    }
    if (entry.seq, entry.workspace) != (seq, workspace) {
        return Err(Broken::Misplaced { seq });
    }
    if entry.previous != last_hash {
        return Err(Broken::Unchained { seq });
    }
    let hash = HEXLOWER.encode(&entry.hash);
    let differs =
        |(at, other): &&(i64, String)| *at == seq && !bool::from(other.as_bytes().ct_eq(hash.as_bytes()));
    if expected.iter().find(differs).is_some() { Err(Broken::OtherHash { seq }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: i64) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for n in 0..length {
            let who = Who::User(format!("user-{n}"));
            let changes = [("name", Some("old"), Some("new")), ("paused", None, Some("true"))];
            let new = NewEntry {
                workspace: Uuid::from_u128(1),
                who: &who,
                deed: "update-number",
                target: "number:1",
                changes: &changes,
            };
            let id = Uuid::from_u128(n.unsigned_abs().into());
            let entry = following(entries.last(), &new, id, 1_000 + n);
            entries.push(entry);
        }
        entries
    }

    #[test]
    fn every_field_of_an_entry_is_under_its_hash() {
        let entry = chain(2).remove(1);
        let change = |change: &dyn Fn(&mut Entry)| {
            let mut changed = entry.clone();
            change(&mut changed);
            assert_ne!(changed, entry);
            assert_ne!(hash_of(&changed), entry.hash, "{changed:?}");
        };
        change(&|entry| entry.workspace = Uuid::from_u128(2));
        change(&|entry| entry.seq += 1);
        change(&|entry| entry.id = Uuid::from_u128(9));
        change(&|entry| entry.at_ms += 1);
        change(&|entry| entry.who.push('x'));
        change(&|entry| entry.deed.push('x'));
        change(&|entry| entry.target.push('x'));
        change(&|entry| {
            let last = entry.deed.pop().unwrap();
            entry.target.insert(0, last);
        });
        change(&|entry| entry.changes[0].field.push('x'));
        change(&|entry| entry.changes[0].from = None);
        change(&|entry| entry.changes[1].from = Some(String::new()));
        change(&|entry| entry.changes[1].to = Some("false".to_owned()));
        change(&|entry| drop(entry.changes.pop()));
        change(&|entry| entry.changes.swap(0, 1));
        change(&|entry| entry.previous[0] ^= 1);
    }

    #[test]
    fn an_entry_follows_only_the_one_before_it() {
        let entries = chain(3);
        let workspace = entries[0].workspace;
        let check =
            |good, last: &[u8], seq, entry: &Entry| follows(good, last, workspace, seq, Some(entry), &[]);
        assert_eq!(check(0, &[], 1, &entries[0]), Ok(()));
        assert_eq!(check(1, &entries[0].hash, 2, &entries[1]), Ok(()));
        assert_eq!(check(1, &entries[0].hash, 3, &entries[2]), Err(Broken::Missing { seq: 2 }));
        assert_eq!(check(1, &entries[0].hash, 2, &entries[2]), Err(Broken::Misplaced { seq: 2 }));
        assert_eq!(check(1, &entries[1].hash, 2, &entries[1]), Err(Broken::Unchained { seq: 2 }));
        let mut changed = entries[1].clone();
        changed.target = "number:2".to_owned();
        assert_eq!(check(1, &entries[0].hash, 2, &changed), Err(Broken::Changed { seq: 2 }));
        assert_eq!(follows(0, &[], workspace, 1, None, &[]), Err(Broken::Unreadable { seq: 1 }));
        let other = [(1, "00".repeat(32))];
        let noted = follows(0, &[], workspace, 1, Some(&entries[0]), &other);
        assert_eq!(noted, Err(Broken::OtherHash { seq: 1 }));
    }

    #[test]
    fn long_texts_are_cut() {
        let (who, long) = (Who::Operator, "é".repeat(10_000));
        let changes = vec![("field", None, Some(long.as_str())); 1_000];
        let new = NewEntry { workspace: Uuid::nil(), who: &who, deed: "d", target: &long, changes: &changes };
        let entry = following(None, &new, Uuid::nil(), 0);
        assert_eq!((entry.target.chars().count(), entry.changes.len()), (TEXT_CHARS_MAX, CHANGES_MAX));
    }
}
