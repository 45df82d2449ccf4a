//! Where a rotation stands: which master key wraps how much, which data key seals how much, and what does not open.
//! It is found by opening everything, so it proves what it says.

use std::collections::BTreeMap;

use super::rotation::PAGE;
use super::{Error, Keys};
use crate::storage::data_keys::StoredKey;
use crate::storage::sealed::{SEALED_FIELDS, SealedField, StoredSecret};

/// The whole of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Those that are set, in their order, then those that are not and still wrap something.
    pub master_keys: Vec<MasterKeyStatus>,
    pub fields: Vec<FieldStatus>,
}

/// A master key and what it wraps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterKeyStatus {
    pub id: String,
    /// Whether it is among those that are set.
    pub is_set: bool,
    pub data_keys: u64,
    /// How many of these do not open.
    pub unopened: u64,
}

/// A field with sealed values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldStatus {
    pub collection: &'static str,
    pub field: &'static str,
    /// Values under the newest data key of their workspace.
    pub newest: u64,
    /// Values under an older one.
    pub older: u64,
    /// Of both, what does not open, by reason.
    pub unopened: BTreeMap<&'static str, u64>,
}

impl Status {
    /// Data keys that the first master key does not wrap.
    pub fn data_keys_left(&self) -> u64 {
        self.master_keys
            .iter()
            .enumerate()
            .filter(|(place, key)| *place > 0 || !key.is_set)
            .map(|(_, key)| key.data_keys)
            .sum()
    }

    /// Values that the newest data key does not seal.
    pub fn values_left(&self) -> u64 {
        self.fields.iter().map(|field| field.older).sum()
    }

    /// What does not open at all.
    pub fn unopened(&self) -> u64 {
        let data_keys: u64 = self.master_keys.iter().map(|key| key.unopened).sum();
        data_keys + self.fields.iter().flat_map(|field| field.unopened.values()).sum::<u64>()
    }
}

impl Keys {
    /// Where everything stands now. Reads and opens all of it.
    pub async fn status(&self) -> Result<Status, Error> {
        let mut fields = Vec::with_capacity(SEALED_FIELDS.len());
        for at in SEALED_FIELDS {
            fields.push(self.field_status(at).await?);
        }
        Ok(Status { master_keys: self.master_key_statuses().await?, fields })
    }

    async fn master_key_statuses(&self) -> Result<Vec<MasterKeyStatus>, Error> {
        let new = |id: &str, is_set| MasterKeyStatus { id: id.to_owned(), is_set, data_keys: 0, unopened: 0 };
        let mut all: Vec<MasterKeyStatus> = self.0.keyring.ids().map(|id| new(id, true)).collect();
        let mut after = None;
        loop {
            let page = self.0.storage.list_data_keys(after.as_deref(), PAGE).await?;
            for stored in &page {
                let id = &stored.wrapped.master_key;
                if all.iter().all(|key| key.id != *id) {
                    all.push(new(id, false));
                }
                let opens = self.0.keyring.open(stored.workspace, stored.version, &stored.wrapped).is_ok();
                if let Some(key) = all.iter_mut().find(|key| key.id == *id) {
                    key.data_keys += 1;
                    key.unopened += u64::from(!opens);
                }
            }
            match page.last().map(StoredKey::key) {
                None => return Ok(all),
                last => after = last,
            }
        }
    }

    async fn field_status(&self, at: &'static SealedField) -> Result<FieldStatus, Error> {
        let SealedField { collection, field } = *at;
        let mut status = FieldStatus { collection, field, newest: 0, older: 0, unopened: BTreeMap::new() };
        let mut after = None;
        loop {
            let page = self.0.storage.list_sealed(at, after.as_ref(), PAGE).await?;
            let newest = self.newest_versions(&page).await?;
            for stored in &page {
                let version = stored.sealed.data_key_version(&stored.place()).ok();
                if version.is_some() && version == newest.get(&stored.workspace).copied() {
                    status.newest += 1;
                } else {
                    status.older += 1;
                }
                match self.try_open(&stored.place(), &stored.sealed).await {
                    Err(error) if error.is_lasting() => {
                        *status.unopened.entry(error.reason()).or_default() += 1;
                    }
                    opened => drop(opened?),
                }
            }
            match page.last().map(StoredSecret::cursor) {
                None => return Ok(status),
                last => after = last,
            }
        }
    }
}
