//! What this process has seen lately, so that it need not ask the database: bounded, and never the only proof of
//! anything that could change elsewhere.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

/// A map that forgets what was not asked for lately: two generations, of which the older one is dropped whole.
#[derive(Debug)]
pub struct Memory<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    capacity: usize,
}

/// How many entries a table of so many places, a power of two, holds: with one more it is twice as large.
pub const fn filling(places: usize) -> usize {
    places / 8 * 7
}

impl<K: Hash + Eq + Clone, V: Clone> Memory<K, V> {
    /// A memory of between `capacity` and twice as many entries.
    pub fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), capacity }
    }

    /// What is remembered under a key.
    pub fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let value = self.old.remove(key)?;
        self.insert(key.clone(), value.clone());
        Some(value)
    }

    /// Remembers.
    pub fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.capacity && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Forgets what is under a key.
    pub fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

/// Makes short keys of long ones: 128 bits under a secret of this process, so that nobody can make two collide.
#[derive(Clone, Debug, Default)]
pub struct Digester(RandomState, RandomState);

impl Digester {
    /// The short key.
    pub fn key(&self, value: &(impl Hash + ?Sized)) -> u128 {
        (u128::from(self.0.hash_one(value)) << 64) | u128::from(self.1.hash_one(value))
    }

    /// A shorter one, where a wrong match only costs a look-up.
    pub fn mark(&self, value: &(impl Hash + ?Sized)) -> u64 {
        self.0.hash_one(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let mut memory = Memory::new(10);
        for n in 0..100 {
            memory.insert(n, n);
            assert_eq!(memory.get(&0), Some(0), "asked for each time");
        }
        assert_eq!(memory.get(&99), Some(99));
        assert_eq!(memory.get(&50), None);
        assert!(memory.young.len() + memory.old.len() <= 20);
    }
}
