//! One entry of the catalogue, and how it is written down: `one(code, class)`, then its sentences in English and in
//! Indonesian, then what differs from the rule.
//!
//! Invariant: the steps are types of their own, so an entry that lacks a language does not compile.

use std::cmp::Ordering;

use super::remedy::{Actor, Class, Pause};
use crate::domain::language::Words;

/// What is known about a code, or about a run of codes that share one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub first: i64,
    /// The same as `first` for a single code.
    pub last: i64,
    pub class: Class,
    /// Who must act.
    pub actor: Actor,
    /// What happened: one plain sentence.
    pub meaning: Words,
    /// What to do: one plain sentence.
    pub advice: Words,
    /// The wait that is suggested, where there is one.
    pub pause: Option<Pause>,
    /// Meta failed, and as an answer to a request this does not prove that the request had no effect: what must not
    /// happen twice is repeated only when it is sure. (In a webhook the code says that it failed, and that is sure.)
    pub is_in_doubt: bool,
}

impl Entry {
    /// The wait, where it is not the class's.
    pub(super) const fn with(mut self, pause: Pause) -> Self {
        self.pause = Some(pause);
        self
    }

    /// Who must act, where it does not follow from the class.
    pub(super) const fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    pub(super) const fn in_doubt(mut self) -> Self {
        self.is_in_doubt = true;
        self
    }

    /// Where the entry stands as seen from a code.
    pub(super) fn against(&self, code: i64) -> Ordering {
        if self.last < code {
            Ordering::Less
        } else if self.first > code {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }
}

/// An entry that says nothing yet.
pub(super) struct Unsaid {
    first: i64,
    last: i64,
    class: Class,
}

/// An entry that has its English.
pub(super) struct English {
    unsaid: Unsaid,
    meaning: &'static str,
    advice: &'static str,
}

pub(super) const fn one(code: i64, class: Class) -> Unsaid {
    run(code, code, class)
}

pub(super) const fn run(first: i64, last: i64, class: Class) -> Unsaid {
    Unsaid { first, last, class }
}

impl Unsaid {
    /// What happened and what to do, in English.
    pub(super) const fn en(self, meaning: &'static str, advice: &'static str) -> English {
        English { unsaid: self, meaning, advice }
    }

    /// Both sentences in each language, where several entries say the same.
    pub(super) const fn says(self, meaning: Words, advice: Words) -> Entry {
        let Self { first, last, class } = self;
        let pause = match class {
            Class::Retry => Some(Pause::Growing),
            _ => None,
        };
        Entry { first, last, class, actor: class.actor(), meaning, advice, pause, is_in_doubt: false }
    }
}

impl English {
    /// The same in Indonesian.
    pub(super) const fn id(self, meaning: &'static str, advice: &'static str) -> Entry {
        let English { unsaid, meaning: meaning_en, advice: advice_en } = self;
        unsaid.says(Words { en: meaning_en, id: meaning }, Words { en: advice_en, id: advice })
    }
}
