//! Meta's errors, as people read them: what happened, and what to do.

use async_graphql::{Enum, SimpleObject};

use super::language::Language;
use crate::domain::status::Fault;
use crate::meta::fault;
use crate::meta::fault::{Actor, Class};

/// Why Meta did not do something.
#[derive(Clone, Debug, SimpleObject)]
pub struct MetaFailure {
    /// Meta's own error code.
    pub code: Option<i64>,
    /// What happened: one plain sentence.
    pub cause: String,
    /// What to do: one plain sentence.
    pub next_step: String,
    /// Who can do it.
    pub actor: FailureActor,
    /// Whether it may go through later as it is.
    pub is_temporary: bool,
    /// All that Meta said, in Meta's words.
    pub meta_words: Option<String>,
    /// Meta's page about it.
    pub href: Option<String>,
}

/// Who can put an error right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Actor")]
pub enum FailureActor {
    /// It passes, or nothing can be done.
    Nobody,
    /// Who wrote it: the message, the template, the form, the group.
    Author,
    /// Who maintains the CRM that makes the requests.
    Developer,
    /// Who looks after the number: its token, registration, PIN and settings.
    Admin,
    /// The business, in Meta's tools: payment, verification, terms, reviews.
    Business,
    /// The customer.
    Customer,
    /// Only Meta can change it.
    Meta,
}

/// Errors as they were told, to be said in the language that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures(pub Vec<Fault<'static>>);

impl Failures {
    /// The errors in words.
    pub fn say(&self, language: Language) -> Vec<MetaFailure> {
        self.0.iter().map(|fault| MetaFailure::of(fault, language)).collect()
    }
}

impl MetaFailure {
    /// An error in words.
    pub fn of(fault: &Fault<'_>, language: Language) -> Self {
        let explained = fault::explain(fault);
        let language = language.into();
        Self {
            code: explained.code,
            cause: explained.meaning.in_language(language).to_owned(),
            next_step: explained.advice.in_language(language).to_owned(),
            actor: explained.actor.into(),
            is_temporary: matches!(explained.class, Class::Retry | Class::Wait),
            meta_words: Some(explained.meta_words).filter(|words| !words.is_empty()),
            href: explained.href.map(str::to_owned),
        }
    }
}
