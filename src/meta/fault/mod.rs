//! The error catalogue: what Meta's error codes mean, who must act, what to do, and how the sender treats them.
//!
//! Owns the codes as data, a file a family, each in English and Indonesian, and the judgement of a code that it does
//! not know. Does not decide when a message is sent again: that is the sender's.
//!
//! Invariants: no code stands twice; every sentence is plain enough for an agent, in both languages; Meta's own words
//! always go along, because they often say more than the code (Meta: decide on `code` and `error_data.details`).
//!
//! Meta (2026-07): the codes are those of the published tables. The classes are our judgement, except where Meta
//! names a wait. HTTP statuses and titles are nothing to decide on; of the subcodes only those that we know.

mod access;
mod call;
mod document;
mod entry;
mod flow;
mod group;
mod marketing;
mod message;
mod number;
mod range;
mod rate;
mod remedy;
mod signup;
mod template;

pub use document::document;
pub use entry::Entry;
pub use remedy::{Actor, Class, Pause};

use std::sync::LazyLock;

use entry::{one, run};
use remedy::{HOUR_S, MINUTE_S};

use crate::domain::language::Words;
use crate::domain::status::Fault;

/// Codes about one thing.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    pub name: Words,
    pub entries: &'static [Entry],
}

const fn family(en: &'static str, id: &'static str, entries: &'static [Entry]) -> Family {
    Family { name: Words { en, id }, entries }
}

/// The whole catalogue.
pub static FAMILIES: &[Family] = &[
    family("Access and requests in general", "Akses dan permintaan secara umum", access::ENTRIES),
    family("Too much at once", "Terlalu banyak sekaligus", rate::ENTRIES),
    family("Messages and media", "Pesan dan media", message::ENTRIES),
    family("Marketing messages", "Pesan pemasaran", marketing::ENTRIES),
    family("Templates", "Templat pesan", template::ENTRIES),
    family("Flows (forms inside WhatsApp)", "Flow (formulir di dalam WhatsApp)", flow::ENTRIES),
    family("Groups", "Grup", group::ENTRIES),
    family("Calls", "Panggilan", call::ENTRIES),
    family("Numbers and accounts", "Nomor dan akun", number::ENTRIES),
    family(
        "In-App Signup (links by which customers subscribe)",
        "In-App Signup (tautan bagi pelanggan untuk berlangganan)",
        signup::ENTRIES,
    ),
];

/// Every entry, sorted by code.
static TABLE: LazyLock<Vec<&'static Entry>> = LazyLock::new(|| {
    let mut table: Vec<&Entry> = FAMILIES.iter().flat_map(|family| family.entries).collect();
    table.sort_unstable_by_key(|entry| entry.first);
    table
});

/// The code's entry.
pub fn look_up(code: i64) -> Option<&'static Entry> {
    let at = TABLE.binary_search_by(|entry| entry.against(code)).ok()?;
    TABLE.get(at).copied()
}

/// Codes that say little by themselves: what a subcode of theirs means stands in the catalogue under the subcode
/// (tokens 458 to 492, templates 2388…, an object that is not there 33). Other codes say more than their subcodes.
const VAGUE: [i64; 2] = [100, 190];

/// What an explanation rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The code, or the subcode that says more, is in the catalogue.
    Code,
    /// The code is vague, and Meta's own words say what it is.
    Words,
    /// The code is not in the catalogue, but the codes around it are about one thing.
    Neighbours,
    /// Nothing is known about the code, or there is none.
    Nothing,
}

/// An error in words: ours, and Meta's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'f> {
    /// Meta's code; the subcode is not shown.
    pub code: Option<i64>,
    pub class: Class,
    /// Who must act.
    pub actor: Actor,
    /// What happened: one plain sentence.
    pub meaning: Words,
    /// What to do: one plain sentence.
    pub advice: Words,
    pub pause: Option<Pause>,
    /// As an answer, the error does not prove that the request had no effect: do not simply repeat it.
    pub is_in_doubt: bool,
    pub basis: Basis,
    /// All that Meta said, each thing once; empty if it said nothing. It can name the customer, so it is not for logs.
    pub meta_words: String,
    /// Meta's page about the error.
    pub href: Option<&'f str>,
}

/// Says what an error of a webhook means. An unknown one counts as a request to change: only this message fails,
/// nothing is sent twice and nothing else is held up, until a person has read Meta's words.
pub fn explain<'f>(fault: &'f Fault<'_>) -> Explanation<'f> {
    explain_answer(fault, None)
}

/// Says what an error in an answer of Meta's means, where a subcode may say more than the code.
pub fn explain_answer<'f>(fault: &'f Fault<'_>, subcode: Option<i64>) -> Explanation<'f> {
    let (entry, basis) = judge(fault, subcode);
    Explanation {
        code: fault.code,
        class: entry.class,
        actor: entry.actor,
        meaning: entry.meaning,
        advice: entry.advice,
        pause: entry.pause,
        is_in_doubt: entry.is_in_doubt,
        basis,
        meta_words: meta_words(fault),
        href: fault.href.as_deref(),
    }
}

fn judge(fault: &Fault<'_>, subcode: Option<i64>) -> (&'static Entry, Basis) {
    let Some(code) = fault.code else { return (&range::UNKNOWN, Basis::Nothing) };
    // A wrong app secret comes as 100, like a misspelt field. Taken for one, it would fail message by message.
    if code == 100 && says(fault, "appsecret_proof") {
        return (&access::WRONG_APP_SECRET, Basis::Words);
    }
    let by_subcode = || subcode.filter(|_| VAGUE.contains(&code)).and_then(look_up);
    if let Some(entry) = by_subcode().or_else(|| look_up(code)) {
        return (entry, Basis::Code);
    }
    match range::look_up(code) {
        Some(entry) => (entry, Basis::Neighbours),
        None => (&range::UNKNOWN, Basis::Nothing),
    }
}

/// Whether Meta's words hold this one.
fn says(fault: &Fault<'_>, word: &str) -> bool {
    [&fault.title, &fault.message, &fault.details].into_iter().flatten().any(|part| part.contains(word))
}

/// Meta's title, message and details. A part that another one repeats, or ends with (`(#131047) Re-engagement message`
/// ends with its title), is said once.
fn meta_words(fault: &Fault<'_>) -> String {
    let parts: Vec<&str> = [&fault.title, &fault.message, &fault.details]
        .into_iter()
        .filter_map(|part| part.as_deref().map(str::trim))
        .filter(|part| !part.is_empty())
        .collect();
    let is_said_elsewhere = |at: usize, part: &str| {
        parts.iter().enumerate().filter(|(other, _)| *other != at).any(|(other, text)| {
            text.strip_suffix(part)
                .is_some_and(|before| before.ends_with(' ') || (before.is_empty() && other < at))
        })
    };
    let mut words = String::new();
    for (at, part) in parts.iter().enumerate() {
        if is_said_elsewhere(at, part) {
            continue;
        }
        if !words.is_empty() {
            words.push_str(if words.ends_with(['.', '!', '?', ':']) { " " } else { ". " });
        }
        words.push_str(part);
    }
    words
}

#[cfg(test)]
mod tests;
