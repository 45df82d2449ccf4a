//! `pesan errors`: the table of error codes, ours or Meta's.

use super::{Exit, Failure};
use crate::domain::language::Language;
use crate::error;
use crate::meta::fault;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print the catalogue of Meta's error codes instead, as in docs/META-ERRORS.md.
    #[arg(long)]
    meta: bool,
    /// The language of the catalogue: en, or id for Indonesian (docs/META-ERRORS.id.md).
    #[arg(long, requires = "meta", value_name = "TAG", value_parser = parse_language, default_value = "en")]
    language: Language,
}

/// A person who asks for a language that is not there should hear so, instead of getting English.
fn parse_language(tag: &str) -> Result<Language, String> {
    Language::ALL
        .into_iter()
        .find(|language| language.tag() == tag)
        .ok_or_else(|| format!("there is {}", Language::ALL.map(Language::tag).join(" and ")))
}

#[expect(clippy::unnecessary_wraps, reason = "every command has this form")]
pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let text = if arguments.meta { fault::document(arguments.language) } else { error::document() };
    print!("{text}");
    Ok(Exit::Done)
}
