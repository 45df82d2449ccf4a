//! The languages in which people are told things.

use async_graphql::Enum;

use crate::domain::language;

/// A language in which people are told things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Indonesian.
    Id,
}

impl From<Language> for language::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::English,
            Language::Id => Self::Indonesian,
        }
    }
}
