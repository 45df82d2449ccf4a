//! What a setting is, and the reader that turns the written values into typed ones and gathers the mistakes.

use std::collections::BTreeSet;
use std::fmt;

use super::{SETTINGS, Source};

/// One setting: a row of the table that the program and its documentation share.
#[derive(Debug)]
pub struct Setting {
    /// The variable's name.
    pub name: &'static str,
    /// Other names under which the value is found, the first one given counting.
    pub aliases: &'static [&'static str],
    /// The value when none is given.
    pub default: Option<&'static str>,
    /// A value of the right form, for the example file.
    pub example: &'static str,
    /// The right form in words; ends the sentence "expects …".
    pub expects: &'static str,
    /// A secret value never appears in a message.
    pub secret: bool,
    /// What it does.
    pub meaning: &'static str,
}

/// One thing wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The variable at fault.
    pub name: String,
    /// What is wrong and what is expected.
    pub problem: String,
}

/// All that is wrong with the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// The mistakes one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "the configuration has {count} mistake{}", if count == 1 { "" } else { "s" })?;
        for mistake in &self.0 {
            write!(f, "\n  {}: {}", mistake.name, mistake.problem)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Reads settings and remembers what was wrong.
#[derive(Debug)]
pub struct Reader<'source> {
    source: &'source Source,
    mistakes: Vec<Mistake>,
    names_read: BTreeSet<&'static str>,
}

impl<'source> Reader<'source> {
    /// A reader over `source`.
    pub fn new(source: &'source Source) -> Self {
        Self { source, mistakes: Vec::new(), names_read: BTreeSet::new() }
    }

    /// The value as written (or its default), unparsed.
    pub fn text(&mut self, setting: &'static Setting) -> Option<&'source str> {
        self.names_read.insert(setting.name);
        std::iter::once(&setting.name)
            .chain(setting.aliases)
            .find_map(|name| self.source.get(name))
            .or(setting.default)
    }

    /// A variable that belongs to the system, not to us: `PATH`, `HOME`.
    pub fn foreign(&self, name: &str) -> Option<&'source str> {
        self.source.get(name)
    }

    /// Whether somebody gave a value, so that it is not the default that speaks.
    pub fn is_given(&self, setting: &Setting) -> bool {
        std::iter::once(&setting.name).chain(setting.aliases).any(|name| self.source.get(name).is_some())
    }

    /// A value that may be absent. `None` outside means that a mistake was noted.
    #[expect(
        clippy::option_option,
        reason = "outside: a mistake was noted; inside: the setting is not given"
    )]
    pub fn optional<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Option<T>> {
        let Some(text) = self.text(setting) else { return Some(None) };
        match parse(text) {
            Some(value) => Some(Some(value)),
            None => {
                self.note_wrong(setting, text);
                None
            }
        }
    }

    /// A value that must be there, given or by default. `None` means that a mistake was noted.
    pub fn required<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        match self.optional(setting, parse)? {
            Some(value) => Some(value),
            None => {
                self.note(setting.name, format!("is not set; expects {}", setting.expects));
                None
            }
        }
    }

    /// Notes a value that is not of the right form.
    pub fn note_wrong(&mut self, setting: &Setting, text: &str) {
        let problem = if setting.secret {
            format!(
                "expects {}; the value given is not that (it is secret, so it is not shown)",
                setting.expects
            )
        } else {
            format!("expects {}; got {text:?}", setting.expects)
        };
        self.note(setting.name, problem);
    }

    /// Notes a mistake.
    pub fn note(&mut self, name: &str, problem: String) {
        self.mistakes.push(Mistake { name: name.to_owned(), problem });
    }

    /// A `PESAN_` name that no setting has is a typing error, not a wish.
    pub fn refuse_unknown(&mut self) {
        let known: Vec<&str> = SETTINGS
            .iter()
            .flat_map(|(_, settings)| settings.iter())
            .flat_map(|setting| std::iter::once(&setting.name).chain(setting.aliases))
            .copied()
            .collect();
        let unknown: Vec<String> = self
            .source
            .names()
            .filter(|name| name.starts_with("PESAN_") && !known.contains(name))
            .map(ToOwned::to_owned)
            .collect();
        for name in unknown {
            let problem = match nearest(&name, &known) {
                Some(near) => format!("is not a setting; did you mean {near}?"),
                None => "is not a setting; `pesan config example` prints them all".to_owned(),
            };
            self.note(&name, problem);
        }
    }

    /// The settings read so far, sorted.
    pub fn names_read(&self) -> Vec<&'static str> {
        self.names_read.iter().copied().collect()
    }

    /// The verdict.
    pub fn finish(self) -> Result<(), Mistakes> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(Mistakes(self.mistakes)) }
    }
}

/// The known name that differs from `name` in the fewest letters, if they are few.
fn nearest<'known>(name: &str, known: &[&'known str]) -> Option<&'known str> {
    known
        .iter()
        .map(|candidate| (distance(name.as_bytes(), candidate.as_bytes()), *candidate))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b) {
            let up = *cell;
            *cell = (up + 1).min(left + 1).min(diagonal + usize::from(x != y));
            diagonal = up;
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [("", "", 0), ("abc", "abc", 0), ("abc", "ab", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
        }
    }
}
