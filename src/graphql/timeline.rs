//! Everything that happened to a message, in its order: with us, at Meta, and with the customer. It answers "why did this
//! not arrive?".

use async_graphql::{Enum, ID, SimpleObject};

use super::outgoing::SendReason;
use super::scalar;
use super::scalar::DateTime;
use super::status::StatusReport;
use crate::domain::sending;
use crate::domain::sending::{Attempt, Intervention, Pacing, State};
use crate::domain::status::Outcome;
use crate::storage::message_record::StatusRecord;
use crate::storage::outgoing::Outgoing;

/// A kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum TimelineStep {
    /// It came in.
    Received,
    /// Somebody asked for it, and it was put in the queue.
    Queued,
    /// It was given another time.
    Rescheduled,
    /// Its conversation's turn came.
    Claimed,
    /// The request was about to leave.
    Left,
    /// Meta has taken it.
    Accepted,
    /// Meta holds it until it has judged the quality of its template; then it is sent, or dropped.
    Held,
    /// Meta does not send it, because its template is paused.
    TemplatePaused,
    /// The request did not succeed; it is tried again.
    WillRetry,
    /// Meta has not taken it.
    Refused,
    /// No answer came: Meta may have taken it.
    Unconfirmed,
    /// No status came for long; it was left so.
    LeftUnconfirmed,
    /// No status came for long; by the workspace's settings it counts as failed.
    GivenUp,
    /// No status came for long; by the workspace's settings it was queued again.
    SentAgain,
    /// Meta lets the number write to so many customers first in a day, and no more now; `sendAt` is when it has its place.
    Limited,
    /// Somebody had it tried anew; `otherMessageId` is the message that repeats it, if it had its name from Meta already.
    Retried,
    /// Somebody took it back.
    Cancelled,
    /// Meta told of it; `report` has what.
    Status,
}

/// One thing that happened to a message.
#[derive(Debug, SimpleObject)]
pub struct TimelineEntry {
    /// When it happened.
    pub at: Option<DateTime>,
    /// What happened.
    pub step: TimelineStep,
    /// Who did it: `api-key:…` or `user:…`; null: the service itself, or Meta.
    pub by: Option<String>,
    /// Which request it belongs to, from 1; null: none.
    pub attempt: Option<i32>,
    /// Why a request did not succeed, or why Meta does not send at once what it has taken.
    pub reason: Option<SendReason>,
    /// For what time it was planned, or until when it waits for its place.
    pub send_at: Option<DateTime>,
    /// Our id of another message: with `QUEUED` the failed one that this one repeats, with `RETRIED` the one that repeats
    /// this one; null: none.
    pub other_message_id: Option<ID>,
    /// What Meta told.
    pub report: Option<StatusReport>,
}

/// An entry with its place among the others.
struct Placed {
    at_ms: i64,
    entry: TimelineEntry,
}

fn placed(at_ms: i64, step: TimelineStep) -> Placed {
    let entry = TimelineEntry {
        at: scalar::moment(at_ms),
        step,
        by: None,
        attempt: None,
        reason: None,
        send_at: None,
        other_message_id: None,
        report: None,
    };
    Placed { at_ms, entry }
}

/// The timeline of a message that was sent through this service.
pub fn of_ours(message: &Outgoing, statuses: Vec<StatusRecord>) -> Vec<TimelineEntry> {
    let mut queued = placed(message.requested_ms, TimelineStep::Queued);
    queued.entry.by = Some(message.by.clone());
    queued.entry.send_at = message.planned_ms.and_then(scalar::moment);
    queued.entry.other_message_id = message.repeats.map(|repeats| scalar::id(repeats.failed));
    let mut all = vec![queued];
    for (number, attempt) in (1..).zip(&message.attempts) {
        of_attempt(number, attempt, &mut all);
    }
    all.extend(message.history.iter().map(of_intervention));
    in_order(all, statuses)
}

/// The timeline of any other message.
pub fn of_other(received_ms: i64, statuses: Vec<StatusRecord>) -> Vec<TimelineEntry> {
    in_order(vec![placed(received_ms, TimelineStep::Received)], statuses)
}

fn of_attempt(number: i32, attempt: &Attempt, all: &mut Vec<Placed>) {
    let mut push = |at_ms: i64, step, reason: Option<sending::Reason>| {
        let mut one = placed(at_ms, step);
        one.entry.attempt = Some(number);
        one.entry.reason = reason.map(SendReason::from);
        all.push(one);
    };
    if let Some(claimed_ms) = attempt.claimed_ms {
        push(claimed_ms, TimelineStep::Claimed, None);
    }
    push(attempt.at_ms, TimelineStep::Left, None);
    let (Some(ended_ms), Some(state)) = (attempt.ended_ms, attempt.state) else { return };
    let step = match state {
        State::Accepted => TimelineStep::Accepted,
        State::Unconfirmed => TimelineStep::Unconfirmed,
        State::Refused | State::Cancelled => TimelineStep::Refused,
        State::Queued | State::Leaving => TimelineStep::WillRetry,
    };
    push(ended_ms, step, attempt.reason.clone());
    if let Some((step, reason)) = attempt.pacing.map(paced) {
        push(ended_ms, step, Some(reason));
    }
}

/// What it means that Meta has taken a message and does not send it at once, and what to do.
fn paced(pacing: Pacing) -> (TimelineStep, sending::Reason) {
    let (step, meaning, next_step) = match pacing {
        Pacing::HeldForQuality => (
            TimelineStep::Held,
            "Meta has taken the message and holds it until it has judged the quality of its template.",
            "Wait for the status: it is sent, or dropped with a failed status. Send no more of this template until then.",
        ),
        Pacing::Paused => (
            TimelineStep::TemplatePaused,
            "Meta has taken the message and does not send it, because its template is paused for its quality.",
            "Use another template, or wait until the pause is over and send a new message.",
        ),
    };
    let reason = sending::Reason {
        meaning: meaning.to_owned(),
        next_step: Some(next_step.to_owned()),
        ..sending::Reason::default()
    };
    (step, reason)
}

fn of_intervention(done: &Intervention) -> Placed {
    let step = match done.deed {
        sending::Deed::Rescheduled => TimelineStep::Rescheduled,
        sending::Deed::Cancelled => TimelineStep::Cancelled,
        sending::Deed::Retried => TimelineStep::Retried,
        sending::Deed::LeftUnconfirmed => TimelineStep::LeftUnconfirmed,
        sending::Deed::GivenUp => TimelineStep::GivenUp,
        sending::Deed::SentAgain => TimelineStep::SentAgain,
        sending::Deed::Limited => TimelineStep::Limited,
    };
    let mut one = placed(done.at_ms, step);
    one.entry.by.clone_from(&done.by);
    one.entry.send_at = done.send_at_ms.and_then(scalar::moment);
    one.entry.other_message_id = done.repeated_by.clone().map(ID);
    one
}

fn in_order(mut all: Vec<Placed>, mut statuses: Vec<StatusRecord>) -> Vec<TimelineEntry> {
    // Meta's time has seconds only: within one, the order of the steps.
    statuses.sort_by_key(|status| match status.outcome {
        Outcome::Message(step) => (status.at_s, step.rank()),
        _ => (status.at_s, 0),
    });
    // Meta's clock may be behind ours, and yet nothing is told of a message that has not left.
    let left = all.iter().filter(|one| one.entry.step == TimelineStep::Left).map(|one| one.at_ms);
    let left_ms = left.min().unwrap_or(i64::MIN);
    all.extend(statuses.into_iter().map(|status| {
        let from_ms = status.at_s.saturating_mul(1_000);
        // Some moment of that second, and none after it was known here.
        let at_ms = from_ms.saturating_add(999).min(status.received_ms.max(from_ms)).max(left_ms);
        let mut one = placed(at_ms, TimelineStep::Status);
        one.entry.at = scalar::second(status.at_s);
        one.entry.report = Some(status.into());
        one
    }));
    all.sort_by_key(|one| one.at_ms);
    all.into_iter().map(|one| one.entry).collect()
}
