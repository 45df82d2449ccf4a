//! Judging what was seen: a finding for each step. Pure, so the same sight gives the same findings.
//!
//! One cause makes one step fail: what cannot be judged because of it waits for that step.

mod address;
mod number;
mod token;
mod webhook;

pub(super) use webhook::fields_to_subscribe;

use super::gather::Seen;
use super::report::Finding;
use super::step::{State, Step};
use crate::meta::client::{CallError, Refusal};
use crate::meta::fault::Class;

/// The findings so far.
#[derive(Debug, Default)]
struct Ledger(Vec<Finding>);

impl Ledger {
    fn note(&mut self, finding: Finding, duration_ms: i64) {
        self.0.push(Finding { duration_ms, ..finding });
    }

    fn state(&self, step: Step) -> Option<State> {
        self.0.iter().find(|finding| finding.step == step).map(|finding| finding.state)
    }

    /// The first of these steps that is not in order, so that others have to wait for it.
    fn broken(&self, steps: &[Step]) -> Option<Step> {
        steps.iter().copied().find(|step| self.state(*step) == Some(State::Failed))
    }
}

/// A finding for each step, in their order.
pub fn judge(seen: &Seen<'_>) -> Vec<Finding> {
    let mut ledger = Ledger::default();
    token::judge(seen, &mut ledger);
    number::judge(seen, &mut ledger);
    webhook::judge(seen, &mut ledger);
    address::judge(seen, &mut ledger);
    ledger.0.sort_by_key(|finding| finding.step);
    ledger.0
}

/// What is found when Meta gives no result: it refuses, or there is no answer.
fn trouble(step: Step, error: &CallError) -> Finding {
    match error {
        CallError::Refused(refusal) if is_passing(refusal) => Finding::unanswered(step),
        CallError::Refused(refusal) => Finding::refused(step, refusal.code()).with_subcode(refusal.subcode()),
        _ => Finding::unanswered(step),
    }
}

/// Whether a refusal is Meta's own trouble, or for want of room: it says nothing of the number.
fn is_passing(refusal: &Refusal) -> bool {
    refusal.status() >= 500 || matches!(refusal.explain().class, Class::Retry | Class::Wait)
}

/// Whether Meta refuses because of the token itself.
pub(super) fn is_bad_token(error: &CallError) -> bool {
    error.refusal().is_some_and(|refusal| matches!(refusal.code(), Some(0 | 102 | 104 | 190)))
}

/// Whether Meta refuses because the token lacks a permission.
pub(super) fn is_lacking_permission(error: &CallError) -> bool {
    error.refusal().is_some_and(|refusal| matches!(refusal.code(), Some(3 | 10 | 200..=299)))
}

/// A day, as both languages can read it.
fn date(seconds: i64) -> String {
    let at = crate::clock::Timestamp::from_second(seconds).unwrap_or_default();
    at.strftime("%Y-%m-%d").to_string()
}

/// A moment, in the same way.
fn moment(ms: i64) -> String {
    let at = crate::clock::Timestamp::from_millisecond(ms).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

const SHOWN_MAX: usize = 10;

/// A list for people; not without end.
fn listed<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<&str> = items.into_iter().collect();
    let mut text = items.iter().take(SHOWN_MAX).copied().collect::<Vec<_>>().join(", ");
    if items.len() > SHOWN_MAX {
        text.push_str(", …");
    }
    text
}
