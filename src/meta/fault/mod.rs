//! The error catalogue: what Meta's error codes mean, what to do, and how the sender treats them.
//!
//! Owns the codes as data, a file a family, and the judgement of a code that it does not know. Does not decide when
//! a message is sent again: that is the sender's.
//!
//! Invariants: no code stands twice; every sentence is plain enough for an agent; Meta's own words always go along,
//! because they often say more than the code (Meta: decide on `code` and `error_data.details`).
//!
//! Meta (2026-07): the codes are those of the published tables. The classes are our judgement, except where Meta
//! names a wait. HTTP statuses, titles and subcodes are nothing to decide on.

mod access;
mod call;
mod flow;
mod group;
mod marketing;
mod message;
mod number;
mod range;
mod rate;
mod signup;
mod template;

use std::cmp::Ordering;
use std::sync::LazyLock;

use crate::domain::status::Fault;

/// What kind of remedy an error has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It passes: the same request may succeed soon.
    Retry,
    /// The same request may succeed, but not before the wait is over.
    Wait,
    /// The access token or its permissions must be put right first.
    FixToken,
    /// The request or its content is wrong or not needed; unchanged it fails again.
    ChangeRequest,
    /// This message, or this customer, will not work.
    Never,
    /// A person must see to the account, the number, the bill or a rule that was broken.
    ActOnAccount,
}

impl Class {
    const ALL: [Self; 6] =
        [Self::Retry, Self::Wait, Self::FixToken, Self::ChangeRequest, Self::Never, Self::ActOnAccount];

    /// Its name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Wait => "wait",
            Self::FixToken => "fix the token",
            Self::ChangeRequest => "change the request",
            Self::Never => "never",
            Self::ActOnAccount => "act on the account",
        }
    }

    /// What it asks for, for the documentation.
    fn remedy(self) -> &'static str {
        match self {
            Self::Retry => "It passes by itself; the same request may succeed soon.",
            Self::Wait => "The same request may succeed, but only after a longer wait.",
            Self::FixToken => "The access token or its permissions must be put right first.",
            Self::ChangeRequest => {
                "The request or its content is wrong or not needed; unchanged it fails again."
            }
            Self::Never => "This message, or this customer, will not work.",
            Self::ActOnAccount => {
                "A person must see to the account, the number, the bill or a rule that was broken."
            }
        }
    }
}

/// How long to wait before the same request is worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pause {
    /// Longer each time: 1, 2, 4, … seconds with some chance in it, up to a few minutes.
    Growing,
    /// 1, 4, 16, 64, … seconds, for this number and this customer only (Meta's own rule).
    PowersOfFour,
    /// At least so many seconds.
    AtLeastS(u32),
    /// As long as Meta says in the error's details or the answer's headers.
    Told,
}

impl Pause {
    /// In words, for the documentation.
    fn words(self) -> String {
        match self {
            Self::Growing => "growing".to_owned(),
            Self::PowersOfFour => "1, 4, 16, … s".to_owned(),
            Self::Told => "as Meta tells".to_owned(),
            Self::AtLeastS(seconds) => match seconds {
                0..60 => format!("{seconds} s or more"),
                60..3600 => format!("{} min or more", seconds / 60),
                _ => format!("{} h or more", seconds / 3600),
            },
        }
    }
}

const MINUTE_S: u32 = 60;
const HOUR_S: u32 = 60 * MINUTE_S;

/// What is known about a code, or about a run of codes that share one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub first: i64,
    /// The same as `first` for a single code.
    pub last: i64,
    pub class: Class,
    /// What happened: one plain sentence.
    pub meaning: &'static str,
    /// What to do: one plain sentence.
    pub advice: &'static str,
    /// The wait that is suggested, where there is one.
    pub pause: Option<Pause>,
}

impl Entry {
    const fn with(mut self, pause: Pause) -> Self {
        self.pause = Some(pause);
        self
    }

    /// Where the entry stands as seen from a code.
    fn against(&self, code: i64) -> Ordering {
        if self.last < code {
            Ordering::Less
        } else if self.first > code {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }
}

const fn one(code: i64, class: Class, meaning: &'static str, advice: &'static str) -> Entry {
    run(code, code, class, meaning, advice)
}

const fn run(first: i64, last: i64, class: Class, meaning: &'static str, advice: &'static str) -> Entry {
    let pause = match class {
        Class::Retry => Some(Pause::Growing),
        _ => None,
    };
    Entry { first, last, class, meaning, advice, pause }
}

/// Codes about one thing.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    pub name: &'static str,
    pub entries: &'static [Entry],
}

/// The whole catalogue.
pub static FAMILIES: &[Family] = &[
    Family { name: "Access and requests in general", entries: access::ENTRIES },
    Family { name: "Too much at once", entries: rate::ENTRIES },
    Family { name: "Messages and media", entries: message::ENTRIES },
    Family { name: "Marketing messages", entries: marketing::ENTRIES },
    Family { name: "Templates", entries: template::ENTRIES },
    Family { name: "Flows (forms inside WhatsApp)", entries: flow::ENTRIES },
    Family { name: "Groups", entries: group::ENTRIES },
    Family { name: "Calls", entries: call::ENTRIES },
    Family { name: "Numbers and accounts", entries: number::ENTRIES },
    Family { name: "In-App Signup (links by which customers subscribe)", entries: signup::ENTRIES },
];

/// Every entry, sorted by code.
static TABLE: LazyLock<Vec<&'static Entry>> = LazyLock::new(|| {
    let mut table: Vec<&Entry> = FAMILIES.iter().flat_map(|family| family.entries).collect();
    table.sort_unstable_by_key(|entry| entry.first);
    table
});

/// The code's entry. Some (tokens 458 to 467, templates and moves 2388…) reach us as a subcode of 190 or 100: who has
/// the subcode looks it up first.
pub fn look_up(code: i64) -> Option<&'static Entry> {
    let at = TABLE.binary_search_by(|entry| entry.against(code)).ok()?;
    TABLE.get(at).copied()
}

/// What an explanation rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The code is in the catalogue.
    Code,
    /// The code is not, but the codes around it are about one thing.
    Neighbours,
    /// Nothing is known about the code, or there is none.
    Nothing,
}

/// An error in words: ours, and Meta's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'f> {
    pub code: Option<i64>,
    pub class: Class,
    /// What happened: one plain sentence.
    pub meaning: &'static str,
    /// What to do: one plain sentence.
    pub advice: &'static str,
    pub pause: Option<Pause>,
    pub basis: Basis,
    /// All that Meta said, each thing once; empty if it said nothing. It can name the customer, so it is not for logs.
    pub meta_words: String,
    /// Meta's page about the error.
    pub href: Option<&'f str>,
}

/// Says what an error means. An unknown one counts as a request to change: only this message fails, nothing is sent
/// twice and nothing else is held up, until a person has read Meta's words.
pub fn explain<'f>(fault: &'f Fault<'_>) -> Explanation<'f> {
    let known = fault.code.and_then(look_up).map(|entry| (entry, Basis::Code));
    let near = || fault.code.and_then(range::look_up).map(|entry| (entry, Basis::Neighbours));
    let (entry, basis) = known.or_else(near).unwrap_or((&range::UNKNOWN, Basis::Nothing));
    Explanation {
        code: fault.code,
        class: entry.class,
        meaning: entry.meaning,
        advice: entry.advice,
        pause: entry.pause,
        basis,
        meta_words: meta_words(fault),
        href: fault.href.as_deref(),
    }
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

/// The text of `docs/META-ERRORS.md`.
pub fn document() -> String {
    let mut text = String::from(
        "# Meta's errors\n\n\
         Printed by `pesan errors --meta`; a test compares it with the catalogue in `src/meta/fault/`.\n\n\
         Meta gives these codes in answers of the Graph API, and in webhooks for messages, calls and groups. The \
         sentences are ours. Meta's own words always go along with them, because they often say more. The classes \
         say what helps; they are our judgement, except where Meta names a wait.\n\n\
         | class | what it means |\n| --- | --- |\n",
    );
    for class in Class::ALL {
        text.push_str(&format!("| {} | {} |\n", class.name(), class.remedy()));
    }
    text.push_str(
        "\nA *growing* wait is 1, 2, 4, … seconds, up to a few minutes. A code that is not listed is judged by the \
         codes around it (the last table) or, where that says nothing, as *change the request*: the message fails, \
         and nothing is repeated.\n",
    );
    let unlisted = Family { name: "Codes that are not listed", entries: range::ENTRIES };
    for family in FAMILIES.iter().chain([&unlisted]) {
        text.push_str(&format!(
            "\n## {}\n\n| code | class | wait | what happened | what to do |\n| --- | --- | --- | --- | --- |\n",
            family.name
        ));
        for entry in family.entries {
            let codes = if entry.first == entry.last {
                entry.first.to_string()
            } else {
                format!("{}–{}", entry.first, entry.last)
            };
            let wait = entry.pause.map(Pause::words).unwrap_or_default();
            let (class, meaning, advice) = (entry.class.name(), entry.meaning, entry.advice);
            text.push_str(&format!("| {codes} | {class} | {wait} | {meaning} | {advice} |\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests;
