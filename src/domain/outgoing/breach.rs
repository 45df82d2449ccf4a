//! What is wrong with a message, as data: the field in the input's own terms, the limit, and what was found.
//!
//! The sentence is made from the data, so that an interface may say it in other words.

use std::fmt;

/// One limit that a message does not keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// `content.interactive.action.replyButtons.buttons[1].title`; of what is missing, where it belongs.
    pub field: String,
    pub limit: Limit,
    pub found: Found,
}

/// What holds for a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// Characters, not bytes.
    CharsMax(usize),
    LineBreaksMax(usize),
    NotEmpty,
    ItemsMin(usize),
    ItemsMax(usize),
    /// Of all parts together that this one belongs to.
    ItemsInAllMax(usize),
    /// Exactly as many.
    Items(usize),
    Range(i64, i64),
    /// So many degrees in both directions.
    Degrees(u32),
    BytesMax(u64),
    OneOf(Vec<String>),
    /// `an address that begins with http:// or https://`.
    Form(&'static str),
    /// One of the buttons must be the one of this index, with this value.
    Button {
        index: usize,
        kind: &'static str,
    },
    /// Not twice.
    Unique,
    /// Like that of the first of them.
    LikeTheFirst,
    Required,
    /// And why.
    NotAllowed(&'static str),
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Nothing,
    Chars(usize),
    LineBreaks(usize),
    Items(usize),
    Number(i64),
    Degrees(f64),
    Bytes(u64),
    /// The beginning of a text.
    Text(String),
    /// Something that the field alone tells.
    Something,
}

const SHOWN_CHARS: usize = 60;

impl Found {
    /// A text, as much of it as an error shows.
    pub fn text(text: &str) -> Self {
        Self::Text(text.chars().take(SHOWN_CHARS).collect())
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.limit)?;
        match &self.found {
            Found::Something => write!(f, "."),
            found => write!(f, "; found {found}."),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CharsMax(max) => write!(f, "may have at most {max} characters"),
            Self::LineBreaksMax(max) => write!(f, "may have at most {max} line breaks"),
            Self::NotEmpty => write!(f, "must not be empty"),
            Self::ItemsMin(min) => write!(f, "must have at least {min} items"),
            Self::ItemsMax(max) => write!(f, "may have at most {max} items"),
            Self::ItemsInAllMax(max) => write!(f, "may have at most {max} items in all"),
            Self::Items(count) => write!(f, "must have exactly {count} items"),
            Self::Range(min, max) => write!(f, "must be from {min} to {max}"),
            Self::Degrees(max) => write!(f, "must be from -{max} to {max} degrees"),
            Self::BytesMax(max) => write!(f, "may have at most {max} bytes"),
            Self::OneOf(options) => write!(f, "must be one of {}", options.join(", ")),
            Self::Form(form) => write!(f, "must be {form}"),
            Self::Button { index, kind } => write!(f, "must have a button of index {index} with {kind}"),
            Self::Unique => write!(f, "must not be there twice"),
            Self::LikeTheFirst => write!(f, "must be like that of the first"),
            Self::Required => write!(f, "is required"),
            Self::NotAllowed(why) => write!(f, "is not allowed here: {why}"),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "nothing"),
            Self::Chars(count) => write!(f, "{count} characters"),
            Self::LineBreaks(count) => write!(f, "{count} line breaks"),
            Self::Items(count) => write!(f, "{count} items"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Degrees(degrees) => write!(f, "{degrees} degrees"),
            Self::Bytes(count) => write!(f, "{count} bytes"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Something => write!(f, "something"),
        }
    }
}

/// Collects what is wrong.
#[derive(Debug, Default)]
pub struct Judge {
    breaches: Vec<Breach>,
}

pub const WEB: &str = "an address that begins with http:// or https://";

impl Judge {
    pub fn breach(&mut self, field: &str, limit: Limit, found: Found) {
        self.breaches.push(Breach { field: field.to_owned(), limit, found });
    }

    /// All that was wrong, or nothing.
    pub fn verdict(self) -> Result<(), Vec<Breach>> {
        if self.breaches.is_empty() { Ok(()) } else { Err(self.breaches) }
    }

    pub fn chars_max(&mut self, field: &str, text: &str, max: usize) {
        let chars = text.chars().count();
        if chars > max {
            self.breach(field, Limit::CharsMax(max), Found::Chars(chars));
        }
    }

    pub fn filled(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.breach(field, Limit::NotEmpty, Found::Nothing);
        }
    }

    /// From one character to `max`.
    pub fn chars(&mut self, field: &str, text: &str, max: usize) {
        self.filled(field, text);
        self.chars_max(field, text, max);
    }

    pub fn items(&mut self, field: &str, count: usize, min: usize, max: usize) {
        if count < min {
            self.breach(field, Limit::ItemsMin(min), Found::Items(count));
        }
        if count > max {
            self.breach(field, Limit::ItemsMax(max), Found::Items(count));
        }
    }

    pub fn range(&mut self, field: &str, number: impl Into<i64>, min: i64, max: i64) {
        let number = number.into();
        if !(min..=max).contains(&number) {
            self.breach(field, Limit::Range(min, max), Found::Number(number));
        }
    }

    pub fn web(&mut self, field: &str, address: &str) {
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
        if rest.is_none_or(|rest| rest.is_empty() || rest.contains(char::is_whitespace)) {
            self.breach(field, Limit::Form(WEB), Found::text(address));
        }
    }

    pub fn missing(&mut self, field: &str) {
        self.breach(field, Limit::Required, Found::Nothing);
    }

    pub fn not_allowed(&mut self, field: &str, why: &'static str) {
        self.breach(field, Limit::NotAllowed(why), Found::Something);
    }

    /// Each but the first of those that are there already; `field` gives the name of one.
    pub fn unique<'a>(&mut self, values: impl Iterator<Item = &'a str>, field: impl Fn(usize) -> String) {
        let mut seen = Vec::new();
        for (index, value) in values.enumerate() {
            if seen.contains(&value) {
                self.breach(&field(index), Limit::Unique, Found::text(value));
            }
            seen.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Breach, Found, Limit};

    #[test]
    fn a_breach_is_a_sentence() {
        let check = |limit, found, expected: &str| {
            let breach = Breach { field: "content.text.body".to_owned(), limit, found };
            assert_eq!(breach.to_string(), format!("content.text.body {expected}"));
        };
        check(
            Limit::CharsMax(4096),
            Found::Chars(4097),
            "may have at most 4096 characters; found 4097 characters.",
        );
        check(Limit::Required, Found::Nothing, "is required; found nothing.");
        check(
            Limit::Unique,
            Found::text(&"é".repeat(99)),
            &format!("must not be there twice; found \"{}\".", "é".repeat(60)),
        );
        check(
            Limit::NotAllowed("a reaction names its message itself"),
            Found::Something,
            "is not allowed here: a reaction names its message itself.",
        );
    }
}
