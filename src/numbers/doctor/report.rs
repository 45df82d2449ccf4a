//! What an examination has found: kept in a form that is of no language, and said in the reader's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::line::Line;
use super::step::{Purpose, State, Step};
use super::words::{self, every};
use crate::domain::language::{Language, Words};
use crate::domain::status::Fault;
use crate::meta::fault;
use crate::storage::number_record::NumberRecord;

/// How one step ended.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub step: Step,
    pub state: State,
    /// The line of `words` that says it.
    pub case: String,
    /// What is put into its sentences.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Meta's error code, if it was Meta who refused.
    pub meta_code: Option<i64>,
    pub meta_subcode: Option<i64>,
    /// What has to be settled before it can be looked at.
    pub waits_for: Option<Step>,
    pub duration_ms: i64,
}

/// Cases that every step has.
const NOT_LOOKED_AT: &str = "notLookedAt";
const NO_ANSWER: &str = "noAnswer";
const REFUSED: &str = "refused";

impl Finding {
    pub fn of(line: &'static Line) -> Self {
        Self {
            step: line.step,
            state: line.state,
            case: line.case.to_owned(),
            values: BTreeMap::new(),
            meta_code: None,
            meta_subcode: None,
            waits_for: None,
            duration_ms: 0,
        }
    }

    /// Not looked at, because another step is not in order.
    pub fn waiting(step: Step, waits_for: Step) -> Self {
        Self { waits_for: Some(waits_for), ..Self::general(step, State::Skipped, NOT_LOOKED_AT) }
    }

    /// Meta did not answer.
    pub fn unanswered(step: Step) -> Self {
        Self::general(step, State::Skipped, NO_ANSWER)
    }

    /// Meta refused, for a reason that the error catalogue knows.
    pub fn refused(step: Step, code: Option<i64>) -> Self {
        Self { meta_code: code, ..Self::general(step, State::Failed, REFUSED) }
    }

    fn general(step: Step, state: State, case: &str) -> Self {
        Self {
            step,
            state,
            case: case.to_owned(),
            values: BTreeMap::new(),
            meta_code: None,
            meta_subcode: None,
            waits_for: None,
            duration_ms: 0,
        }
    }

    /// With a value for its sentences.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// With Meta's code.
    #[must_use]
    pub fn code(mut self, code: Option<i64>) -> Self {
        self.meta_code = code;
        self
    }

    /// With Meta's subcode, which may say more than the code.
    #[must_use]
    pub fn with_subcode(mut self, subcode: Option<i64>) -> Self {
        self.meta_subcode = subcode;
        self
    }

    /// Whether it is this line.
    pub fn is(&self, line: &Line) -> bool {
        self.step == line.step && self.case == line.case
    }

    /// What is the matter.
    pub fn cause(&self, language: Language) -> String {
        self.fill(self.sentences().0.in_language(language), language)
    }

    /// What to do; none: nothing.
    pub fn next_step(&self, language: Language) -> Option<String> {
        let text = self.fill(self.sentences().1.in_language(language), language);
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn sentences(&self) -> (Words, Words) {
        if let Some(line) = words::line(self.step, &self.case) {
            return (line.cause, line.next);
        }
        let sentence = match self.case.as_str() {
            NOT_LOOKED_AT => &every::NOT_LOOKED_AT,
            NO_ANSWER => &every::NO_ANSWER,
            REFUSED => &every::REFUSED,
            _ => &every::UNSAID,
        };
        (sentence.cause, sentence.next)
    }

    fn fill(&self, text: &str, language: Language) -> String {
        fill(text, |name| self.value(name, language))
    }

    fn value(&self, name: &str, language: Language) -> String {
        let kept = self.values.get(name).map(String::as_str).unwrap_or_default();
        match name {
            "step" => {
                self.waits_for.map(|step| step.title().in_language(language).to_owned()).unwrap_or_default()
            }
            "meaning" => meaning_of(self.meta_code, self.meta_subcode).0.in_language(language).to_owned(),
            "advice" => meaning_of(self.meta_code, self.meta_subcode).1.in_language(language).to_owned(),
            "entity" => every::entity(kept).in_language(language).to_owned(),
            "ago" => {
                let (count, words) = every::ago(kept.parse().unwrap_or(0));
                fill(words.in_language(language), |_| count.to_string())
            }
            "limit" if language == Language::Indonesian => kept.replace(',', "."),
            // What Meta reports is in the catalogue, mostly; Meta's own words are English.
            "words" | "solution" if self.is_in_catalogue() => {
                let (meaning, advice) = meaning_of(self.meta_code, self.meta_subcode);
                if name == "words" { meaning } else { advice }.in_language(language).to_owned()
            }
            "suggestion" => match self.values.get("list") {
                Some(list) => fill(every::SUGGESTION.in_language(language), |_| list.clone()),
                None => String::new(),
            },
            _ => kept.to_owned(),
        }
    }

    fn is_in_catalogue(&self) -> bool {
        self.meta_code.is_some_and(|code| fault::look_up(code).is_some())
    }
}

/// What an error of Meta's means, and what to do.
pub(super) fn meaning_of(code: Option<i64>, subcode: Option<i64>) -> (Words, Words) {
    let fault = Fault { code, ..Fault::default() };
    let explanation = fault::explain_answer(&fault, subcode);
    (explanation.meaning, explanation.advice)
}

/// Puts values into the blanks of a text.
pub(super) fn fill(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else { return filled };
        filled.push_str(&value(name));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// A whole examination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub tested_at_ms: i64,
    /// In the order of the steps.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The latest one of a number; none: it was never tested, or by a version that kept it otherwise.
    pub fn last_of(record: &NumberRecord) -> Option<Self> {
        record.test_as()
    }

    /// Whether nothing failed, and all that matters was looked at.
    pub fn is_ok(&self) -> bool {
        self.failed().next().is_none() && self.open_count() == 0
    }

    pub fn finding(&self, step: Step) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.step == step)
    }

    fn failed(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.state == State::Failed)
    }

    fn open_count(&self) -> usize {
        let is_open = |finding: &&Finding| finding.state == State::Skipped && finding.step.is_essential();
        self.findings.iter().filter(is_open).count()
    }

    /// How the number stands, in a sentence.
    pub fn summary(&self, language: Language) -> String {
        let failed: Vec<Purpose> = self.failed().map(|finding| finding.step.purpose()).collect();
        let stops =
            |what: Purpose| failed.iter().any(|purpose| *purpose == what || *purpose == Purpose::Both);
        let warnings = self.findings.iter().filter(|finding| finding.state == State::Warning).count();
        let (words, count) = match (stops(Purpose::Sending), stops(Purpose::Receiving)) {
            (true, true) => (every::NOTHING_WORKS, failed.len()),
            (true, false) => (every::ONLY_RECEIVING, 0),
            (false, true) => (every::ONLY_SENDING, 0),
            (false, false) if self.open_count() > 0 => (every::NOT_SURE, self.open_count()),
            (false, false) if warnings + failed.len() > 0 => (every::WITH_WARNINGS, warnings + failed.len()),
            (false, false) => (every::ALL_GOOD, 0),
        };
        fill(words.in_language(language), |_| count.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_into_the_blanks() {
        let check = |text: &str, expected: &str| assert_eq!(fill(text, |name| format!("<{name}>")), expected);
        check("", "");
        check("plain", "plain");
        check("{a} and {b}.", "<a> and <b>.");
        check("open {a", "open ");
        let refused = Finding::refused(Step::Waba, Some(190));
        assert!(refused.cause(Language::English).contains("expired or was withdrawn"));
        assert!(refused.next_step(Language::Indonesian).unwrap().contains("token akses baru"));
        let waiting = Finding::waiting(Step::Name, Step::TokenValid);
        assert_eq!(
            waiting.cause(Language::Indonesian),
            "Belum diperiksa karena \"Token akses berlaku\" belum beres."
        );
    }

    #[test]
    fn the_summary_names_what_stops() {
        let check = |broken: &[(Step, State)], expected: &str, is_ok| {
            let findings = Step::ALL.map(|step| {
                let state =
                    broken.iter().find(|(other, _)| *other == step).map_or(State::Ok, |(_, state)| *state);
                Finding::general(step, state, "ok")
            });
            let report = Report { tested_at_ms: 0, findings: findings.into() };
            assert_eq!(report.summary(Language::English), expected);
            assert_eq!(report.is_ok(), is_ok, "{expected}");
        };
        check(&[], "Everything works.", true);
        check(&[(Step::Quality, State::Warning)], "It works; worth a look: 1.", true);
        check(&[(Step::Fields, State::Skipped)], "Everything works.", true);
        check(&[(Step::TokenValid, State::Failed)], "Messages come in, but cannot be sent.", false);
        check(&[(Step::Callback, State::Failed)], "Messages can be sent, but none come in.", false);
        check(&[(Step::Waba, State::Failed)], "The number does not work yet; to be put right: 1.", false);
        check(&[(Step::Waba, State::Skipped)], "Not everything could be looked at; open: 1.", false);
    }
}
