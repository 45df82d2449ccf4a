//! The messages that statuses and edits are about.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::people::memory::{Digester, Memory, filling};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::messages::Target;

/// How many messages are remembered at least. A message has its statuses within minutes.
const REMEMBERED: usize = filling(32_768);

/// Finds messages by Meta's id. One a process.
#[derive(Debug)]
pub struct Targets {
    storage: Storage,
    digester: Digester,
    known: Mutex<Memory<u128, Known>>,
}

/// A message, in short: most have the very id by which they are looked for.
#[derive(Clone, Debug)]
struct Known {
    other_id: Option<Box<str>>,
    conversation: Uuid,
}

impl Known {
    fn of(key: &str, target: Target) -> Self {
        let other_id = (target.message != key).then(|| target.message.into_boxed_str());
        Self { other_id, conversation: target.conversation }
    }

    fn target(self, key: &str) -> Target {
        let message = self.other_id.map_or_else(|| key.to_owned(), String::from);
        Target { message, conversation: self.conversation }
    }
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
                    Some(one) => {
                        let target = one.target(&key);
                        found.insert(key, target);
                    }
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
            known.insert(self.digester.key(key), Known::of(key, target));
        }
    }
}
