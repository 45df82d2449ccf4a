//! Moving everything to the newest keys, while it is in use: data keys under the first master key, sealed values
//! under the newest data key of their workspace.
//!
//! Every step is a compare-and-set on what was read, so two instances do no harm, whoever stops in the middle has
//! done a part, and a value that somebody changes meanwhile keeps what they wrote. Whatever cannot be opened stays
//! as it is, is counted, and holds nothing else up.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::{Error, Keys};
use crate::storage::data_keys::StoredKey;
use crate::storage::sealed::{Cursor, SEALED_FIELDS, SealedField, StoredSecret};

/// How much is read at once.
pub(super) const PAGE: i64 = 200;

/// What a pass has done and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Data keys that are now under the first master key.
    pub rewrapped: u64,
    /// Values that are now under the newest data key.
    pub resealed: u64,
    /// What did not open, by reason.
    pub unopened: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// What a step came to. What lasts is counted, what passes ends the pass.
    fn note(&mut self, outcome: Result<(), Error>) -> Result<(), Error> {
        match outcome {
            Err(error) if error.is_lasting() => {
                *self.unopened.entry(error.reason()).or_default() += 1;
                Ok(())
            }
            outcome => outcome,
        }
    }
}

/// One pass over all data keys and then all sealed values, a page a step. It can be left at any step.
#[derive(Debug)]
pub struct Pass {
    keys: Keys,
    stage: Stage,
    tally: Tally,
}

#[derive(Debug)]
enum Stage {
    DataKeys { after: Option<String> },
    Values { at: &'static SealedField, rest: &'static [SealedField], after: Option<Cursor> },
    Done,
}

impl Stage {
    fn values(fields: &'static [SealedField]) -> Self {
        match fields.split_first() {
            Some((at, rest)) => Self::Values { at, rest, after: None },
            None => Self::Done,
        }
    }
}

impl Pass {
    /// A pass from the beginning.
    pub fn begin(keys: &Keys) -> Self {
        Self { keys: keys.clone(), stage: Stage::DataKeys { after: None }, tally: Tally::default() }
    }

    /// Does one page. False: the pass is through.
    pub async fn step(&mut self) -> Result<bool, Error> {
        self.stage = match &self.stage {
            Stage::DataKeys { after } => {
                let page = self.keys.0.storage.list_data_keys(after.as_deref(), PAGE).await?;
                for stored in &page {
                    let outcome = self.keys.rewrap(stored, &mut self.tally.rewrapped).await;
                    self.tally.note(outcome)?;
                }
                match page.last() {
                    Some(last) => Stage::DataKeys { after: Some(last.key()) },
                    None => Stage::values(SEALED_FIELDS),
                }
            }
            Stage::Values { at, rest, after } => {
                let page = self.keys.0.storage.list_sealed(at, after.as_ref(), PAGE).await?;
                let newest = self.keys.newest_versions(&page).await?;
                for stored in &page {
                    let newest = newest.get(&stored.workspace).copied();
                    let outcome = self.keys.reseal(stored, newest, &mut self.tally.resealed).await;
                    self.tally.note(outcome)?;
                }
                match page.last() {
                    Some(last) => Stage::Values { at, rest, after: Some(last.cursor()) },
                    None => Stage::values(rest),
                }
            }
            Stage::Done => Stage::Done,
        };
        Ok(!matches!(self.stage, Stage::Done))
    }

    /// What it has done so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

impl Keys {
    /// Moves everything to the newest keys now, in one pass.
    pub async fn renew(&self) -> Result<Tally, Error> {
        if self.0.keyring.first().is_none() {
            return Err(Error::NoMasterKey);
        }
        let mut pass = Pass::begin(self);
        while pass.step().await? {}
        Ok(pass.tally)
    }

    /// Gives every workspace that has a data key a new one. Gives their number.
    pub async fn add_data_keys(&self) -> Result<u64, Error> {
        let (mut after, mut last, mut added): (Option<String>, Option<StoredKey>, u64) = (None, None, 0);
        loop {
            let page = self.0.storage.list_data_keys(after.as_deref(), PAGE).await?;
            after = page.last().map(StoredKey::key);
            for stored in page {
                // They come by workspace and version: the last one of a workspace is its newest.
                if let Some(newest) = last.take().filter(|last| last.workspace != stored.workspace) {
                    self.add_version_after(&newest).await?;
                    added += 1;
                }
                last = Some(stored);
            }
            if after.is_none() {
                break;
            }
        }
        if let Some(newest) = last {
            self.add_version_after(&newest).await?;
            added += 1;
        }
        Ok(added)
    }

    async fn add_version_after(&self, newest: &StoredKey) -> Result<(), Error> {
        self.add_version(newest.workspace, newest.version.saturating_add(1)).await
    }

    /// Brings a data key under the first master key, if it is not.
    async fn rewrap(&self, stored: &StoredKey, rewrapped: &mut u64) -> Result<(), Error> {
        let StoredKey { workspace, version, ref wrapped } = *stored;
        let first = self.0.keyring.first().ok_or(Error::NoMasterKey)?;
        if wrapped.master_key == first {
            return Ok(());
        }
        let bytes = self.0.keyring.open(workspace, version, wrapped);
        let bytes = bytes.map_err(|error| Error::of_keyring(error, version))?;
        let new = self.0.keyring.wrap(workspace, version, &bytes, &self.0.random)?;
        let new = new.ok_or(Error::NoMasterKey)?;
        if self.0.storage.rewrap_data_key(stored, &new, self.0.clock.now_ms()).await? {
            *rewrapped += 1;
        }
        Ok(())
    }

    /// Brings a value under the newest data key of its workspace, if it is not.
    async fn reseal(
        &self,
        stored: &StoredSecret,
        newest: Option<u32>,
        resealed: &mut u64,
    ) -> Result<(), Error> {
        let place = stored.place();
        let version = stored.sealed.data_key_version(&place)?;
        match newest {
            None => return Err(Error::UnknownDataKey { version }),
            Some(newest) if version >= newest => return Ok(()),
            Some(newest) => self.cache().forget_older(stored.workspace, newest),
        }
        let secret = self.try_open(&place, &stored.sealed).await?;
        let new = self.seal(&place, &secret).await?;
        if self.0.storage.replace_sealed(stored, &new).await? {
            *resealed += 1;
        }
        Ok(())
    }

    /// The newest data key's version of each workspace that these values are of.
    pub(super) async fn newest_versions(&self, values: &[StoredSecret]) -> Result<HashMap<Uuid, u32>, Error> {
        let mut newest = HashMap::new();
        for workspace in values.iter().map(|value| value.workspace) {
            if newest.contains_key(&workspace) {
                continue;
            }
            if let Some(stored) = self.0.storage.find_newest_data_key(workspace).await? {
                newest.insert(workspace, stored.version);
            }
        }
        Ok(newest)
    }
}
