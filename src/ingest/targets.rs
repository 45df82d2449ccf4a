//! The messages that statuses and edits are about.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::people::memory::{Digester, Memory};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::messages::Target;

/// How many messages are remembered at least. A message has its statuses within minutes.
const REMEMBERED: usize = 32_768;

/// Finds messages by Meta's id. One a process.
#[derive(Debug)]
pub struct Targets {
    storage: Storage,
    digester: Digester,
    known: Mutex<Memory<u128, Target>>,
}

impl Targets {
    /// Knows none yet.
    pub fn new(storage: &Storage) -> Self {
        let known = Mutex::new(Memory::new(REMEMBERED));
        Self { storage: storage.clone(), digester: Digester::default(), known }
    }

    /// The messages behind these keys, as far as they are here.
    pub async fn find(&self, keys: impl Iterator<Item = String>) -> Result<HashMap<String, Target>, Error> {
        let (mut found, mut unknown) = (HashMap::new(), Vec::new());
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            for key in keys {
                match known.get(&self.digester.key(&key)) {
                    Some(target) => drop(found.insert(key, target)),
                    None => unknown.push(key),
                }
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        if !unknown.is_empty() {
            let read = self.storage.find_targets(&unknown).await?;
            self.remember(read.iter().map(|(key, target)| (key.as_str(), target.clone())));
            found.extend(read);
        }
        Ok(found)
    }

    /// These messages are here.
    pub fn remember<'a>(&self, targets: impl Iterator<Item = (&'a str, Target)>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, target) in targets {
            known.insert(self.digester.key(key), target);
        }
    }
}
