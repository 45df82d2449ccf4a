//! Loading what the members of a page lead to with one query for the whole page: the first member that is asked for
//! its own asks for that of all, and the others wait for the same answer. No timer and no task: nothing is late, and
//! how many queries there are does not depend on luck.

use std::collections::HashMap;
use std::hash::Hash;

use tokio::sync::OnceCell;

use super::error::Failure;

/// What a page leads to, by key; read when it is first needed.
#[derive(Debug)]
pub struct Mates<K, V> {
    keys: Vec<K>,
    found: OnceCell<HashMap<K, V>>,
}

impl<K: Clone + Eq + Hash, V: Clone> Mates<K, V> {
    /// For a page whose members lead to these.
    pub fn new(keys: impl IntoIterator<Item = K>) -> Self {
        let mut keys: Vec<K> = keys.into_iter().collect();
        let mut seen = std::collections::HashSet::with_capacity(keys.len());
        keys.retain(|key| seen.insert(key.clone()));
        Self { keys, found: OnceCell::new() }
    }

    /// What is behind one of the keys. `load` is called by the first who asks, with all of them.
    pub async fn get<E: Into<Failure>>(
        &self,
        key: &K,
        load: impl AsyncFnOnce(&[K]) -> Result<HashMap<K, V>, E>,
    ) -> Result<Option<V>, Failure> {
        let found = self.found.get_or_try_init(async || load(&self.keys).await.map_err(Into::into)).await?;
        Ok(found.get(key).cloned())
    }
}
