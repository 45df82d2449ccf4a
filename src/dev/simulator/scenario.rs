//! A small TOML file that says what people do and when, so that a run needs nobody at the keyboard.
//!
//! ```toml
//! [[people]]
//! key = "lucia"
//! name = "Lucía Gómez"
//! phone = "16505551111"
//! user_id = "US.13491208655302741999"
//!
//! [[step]]
//! at = "2s"
//! who = "lucia"
//! does = "write"
//! text = "Apakah masih ada?"
//! ```
//!
//! What a person can do, and what belongs to it, is what `POST /_sim/people/{key}/{does}` takes; `after` names an
//! earlier step by its `name`, and gives its message as `message`.

use std::collections::{BTreeMap, VecDeque};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::world::person::Person;

/// A scenario that was read and checked.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    pub people: Vec<Person>,
    /// In the order of their time.
    pub steps: Vec<Step>,
}

/// What is still to be done of a scenario.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub start_ms: i64,
    pub steps: VecDeque<Step>,
    /// The messages of the steps that have a name.
    pub messages: BTreeMap<String, String>,
}

/// One thing that somebody does.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// After the start.
    pub at_ms: i64,
    pub who: String,
    pub does: String,
    /// By which later steps can refer to its message.
    pub name: Option<String>,
    /// The step whose message this one is about.
    pub after: Option<String>,
    pub with: Map<String, Value>,
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    #[error("the scenario is not TOML of the right form: {0}")]
    Form(String),
    #[error("step {step} of the scenario: {what}")]
    Step { step: usize, what: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    people: Vec<Person>,
    #[serde(default)]
    step: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    at: String,
    who: String,
    does: String,
    name: Option<String>,
    after: Option<String>,
    #[serde(flatten)]
    with: Map<String, Value>,
}

/// What people can do.
pub(super) const DEEDS: &[&str] =
    &["write", "send", "tap", "choose", "react", "edit", "revoke", "block", "change_number"];

/// Reads a scenario. `known` are the people who are there already.
pub fn parse(text: &str, known: &[&str]) -> Result<Scenario, Error> {
    let file: File = toml::from_str(text).map_err(|error| Error::Form(error.to_string()))?;
    let mut steps = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (index, written) in file.step.into_iter().enumerate() {
        let wrong = |what: String| Error::Step { step: index + 1, what };
        let at_ms = milliseconds(&written.at)
            .ok_or_else(|| wrong(format!("at: {:?} is no time like 500ms, 2s, 3m or 1h", written.at)))?;
        let is_known =
            known.contains(&written.who.as_str()) || file.people.iter().any(|one| one.key == written.who);
        if !is_known {
            return Err(wrong(format!("who: nobody is called {:?}", written.who)));
        }
        if !DEEDS.contains(&written.does.as_str()) {
            return Err(wrong(format!("does: {:?} is none of {}", written.does, DEEDS.join(", "))));
        }
        if let Some(after) = written.after.as_ref().filter(|after| !names.contains(after)) {
            return Err(wrong(format!("after: no earlier step has the name {after:?}")));
        }
        names.extend(written.name.clone());
        let Written { who, does, name, after, with, .. } = written;
        steps.push(Step { at_ms, who, does, name, after, with });
    }
    steps.sort_by_key(|step| step.at_ms);
    Ok(Scenario { people: file.people, steps })
}

/// A time like `500ms`, `2s`, `3m` or `1h`.
fn milliseconds(text: &str) -> Option<i64> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../fixtures/scenario/shop.toml");

    #[test]
    fn the_sample_is_read_in_the_order_of_its_times() {
        let scenario = parse(SAMPLE, &["pablo"]).unwrap();
        let order: Vec<(i64, &str, &str)> =
            scenario.steps.iter().map(|step| (step.at_ms, step.who.as_str(), step.does.as_str())).collect();
        assert_eq!(
            order,
            [
                (1_000, "lucia", "write"),
                (2_000, "pablo", "write"),
                (4_000, "lucia", "edit"),
                (60_000, "pablo", "react"),
            ]
        );
        assert_eq!(scenario.people[0].name, "Lucía Gómez");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let step = |rest: &str| format!("[[step]]\nat = \"1s\"\nwho = \"pablo\"\ndoes = \"write\"\n{rest}");
        for (text, expected) in [
            (step("").replace("1s", "soon"), "step 1 of the scenario: at: \"soon\" is no time"),
            (step("").replace("pablo", "nobody"), "who: nobody is called \"nobody\""),
            (step("").replace("write", "dance"), "does: \"dance\" is none of write, send"),
            (step("after = \"x\""), "after: no earlier step has the name \"x\""),
            ("[[step]]\nat = \"1s\"".to_owned(), "missing field `who`"),
            ("[[stepp]]".to_owned(), "unknown field `stepp`"),
            ("[[people]]\nkey = 1".to_owned(), "TOML"),
        ] {
            let error = parse(&text, &["pablo"]).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
