//! Chance that repeats: a stream of numbers from one seed, drawn without failure once it stands.
//!
//! Never for secrets. The seed comes from `ids::Random`, so a seeded run draws the same numbers each time.

use crate::ids::{Exhausted, Random};

/// A stream of numbers (SplitMix64). A clone goes on with the same numbers by itself.
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// Dice whose seed is drawn from `random`.
    pub fn new(random: &Random) -> Result<Self, Exhausted> {
        Ok(Self::seeded(random.number()?))
    }

    /// Dice that fall the same way for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.number() % bound }
    }

    /// A number from `first` to `last`, both included.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        let span = last.abs_diff(first).saturating_add(1);
        first.saturating_add_unsigned(self.below(span))
    }

    /// One of `words`; empty if there are none.
    pub fn word(&mut self, words: &[&'static str]) -> &'static str {
        let count = u64::try_from(words.len()).unwrap_or(0);
        let at = usize::try_from(self.below(count)).unwrap_or(0);
        words.get(at).copied().unwrap_or_default()
    }

    /// `length` letters out of `alphabet`, which is ASCII.
    pub fn letters(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let count = u64::try_from(letters.len()).unwrap_or(0);
        (0..length)
            .filter_map(|_| letters.get(usize::try_from(self.below(count)).unwrap_or(0)).copied())
            .collect()
    }

    /// `length` digits, the first of them not 0.
    pub fn digits(&mut self, length: usize) -> String {
        let first = self.letters("123456789", length.min(1));
        first + &self.letters("0123456789", length.saturating_sub(1))
    }

    /// `length` random bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| u8::try_from(self.below(256)).unwrap_or(0)).collect()
    }

    /// Brings `items` into an arbitrary order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(u64::try_from(last).unwrap_or(0).saturating_add(1));
            items.swap(last, usize::try_from(other).unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_falls_the_same_way() {
        let draw = |seed| {
            let mut dice = Dice::seeded(seed);
            (dice.digits(12), dice.between(-3, 3), dice.bytes(20))
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn a_shuffle_loses_nothing() {
        let mut items: Vec<u32> = (0..50).collect();
        Dice::seeded(3).shuffle(&mut items);
        assert!(!items.is_sorted());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
