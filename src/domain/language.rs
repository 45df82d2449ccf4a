//! The languages in which people are told things, and sentences said in all of them.
//!
//! Here, below everything that speaks: the error catalogue, the connection test, the CRM's API and its pages say
//! their sentences in the reader's language. Log lines, error codes and documents for operators are English only.
//!
//! Invariant: `Words` cannot be made without every language, so a missing translation does not compile.

/// A language that we speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    Indonesian,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Indonesian];

    /// The language of a tag such as `id`, `id-ID` or `en_GB`, in any case. `in` is what Java long called Indonesian.
    /// Whatever we do not speak is English.
    pub fn of_tag(tag: &str) -> Self {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        if ["id", "in"].iter().any(|known| primary.eq_ignore_ascii_case(known)) {
            Self::Indonesian
        } else {
            Self::English
        }
    }

    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Indonesian => "id",
        }
    }
}

/// The same sentence in each language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Words {
    pub en: &'static str,
    pub id: &'static str,
}

impl Words {
    pub fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Indonesian => self.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, Words};

    #[test]
    fn a_tag_says_the_language_and_what_we_do_not_speak_is_english() {
        let check = |tag: &str, expected| assert_eq!(Language::of_tag(tag), expected, "{tag}");
        for tag in ["id", "id-ID", "in", "IN_id", " id ", "id-Latn-ID"] {
            check(tag, Language::Indonesian);
        }
        for tag in ["", "en", "en-ID", "ms", "jv-ID", "ind", "i", "-id", "inh", "*"] {
            check(tag, Language::English);
        }
        for language in Language::ALL {
            check(language.tag(), language);
        }
    }

    #[test]
    fn words_are_said_in_the_language_asked_for() {
        let words = Words { en: "Yes.", id: "Ya." };
        assert_eq!(Language::ALL.map(|language| words.in_language(language)), ["Yes.", "Ya."]);
    }
}
