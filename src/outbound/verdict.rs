//! What follows from how a request ended. Pure: the error catalogue says what a code means, this says what the sender
//! does.

use std::time::Duration;

use crate::domain::number::BlockReason;
use crate::domain::sending::{Pacing, Reason};
use crate::meta::client::message;
use crate::meta::client::{CallError, Phase};
use crate::meta::fault::{Class, Pause};

/// How often a message is tried that Meta refuses for now.
const TRIES_MAX: u32 = 8;
/// How often one is tried whose turn does not come: some hours of it.
const UNREACHED_MAX: u32 = 200;
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_mins(2);
/// Everything behind a message waits with it. What would have to wait longer than this is given up.
const WAIT_MAX: Duration = Duration::from_mins(10);
const TOLD_USUALLY: Duration = Duration::from_mins(1);
/// How often one is tried at all while a limit holds everything: days of it.
const HELD_MAX: usize = 1_000;

/// Meta (2026-07): more messages a second than this number may send.
const NUMBER_TOO_FAST: i64 = 130_429;
/// Meta (2026-07): too many requests of the app, of the token's user, of this kind; and of the WhatsApp account.
const LIMITS_OF_APP: &[i64] = &[4, 17, 613];
const LIMIT_OF_ACCOUNT: i64 = 80_007;

/// Whose allowance is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limited {
    App,
    Account,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Meta may have taken it; a status will tell.
    Unconfirmed(Reason),
    /// The same again after a while. `is_whole_number`: all of the number waits.
    Again { after: Duration, is_whole_number: bool, reason: Reason },
    /// The same again, when everything that the limit is about may go on. It is no fault of the message, and no try of it.
    Held { whose: Limited, at_least: Duration, reason: Reason },
    /// The same again, when the pair may.
    PairTooFast(Reason),
    /// The number sends nothing until somebody has mended this; then the same again.
    Block(BlockReason, Reason),
    /// It will not be taken.
    Refused(Reason),
}

/// What to do after this end of the try number `tries` (the first is 1). `dice`, below 1,000, spreads the waits.
pub fn of(error: &CallError, tries: u32, dice: u64) -> Verdict {
    let reason = reason_of(error);
    if error.is_outcome_unknown() {
        return Verdict::Unconfirmed(reason);
    }
    let again = |after: Duration, tries_max: u32, reason: Reason| {
        if tries >= tries_max || after > WAIT_MAX {
            Verdict::Refused(reason)
        } else {
            Verdict::Again { after: spread(after, dice), is_whole_number: false, reason }
        }
    };
    let refusal = match error {
        CallError::Refused(refusal) => refusal,
        CallError::NoAnswer { phase: Phase::NothingLeft, .. } => {
            return again(growing(tries), UNREACHED_MAX, reason);
        }
        CallError::Overloaded(pause) => return again((*pause).max(PAUSE_MIN), UNREACHED_MAX, reason),
        CallError::Impossible(_) => return Verdict::Refused(reason),
        CallError::Unreadable { .. } | CallError::NoAnswer { .. } => {
            return again(growing(tries), TRIES_MAX, reason);
        }
    };
    let explanation = refusal.explain();
    if explanation.is_in_doubt {
        return Verdict::Unconfirmed(reason);
    }
    let pause = refusal.retry_after().or(match explanation.pause {
        Some(Pause::AtLeastS(seconds)) => Some(Duration::from_secs(u64::from(seconds))),
        Some(Pause::Told) => Some(TOLD_USUALLY),
        Some(Pause::Growing | Pause::PowersOfFour) | None => None,
    });
    let pause = pause.map(|pause| pause.max(PAUSE_MIN));
    if let Some(whose) = refusal.code().and_then(limited) {
        return Verdict::Held { whose, at_least: pause.unwrap_or(PAUSE_MIN), reason };
    }
    match (explanation.class, explanation.pause) {
        (Class::FixToken, _) => Verdict::Block(BlockReason::Token, reason),
        (Class::Retry | Class::Wait, Some(Pause::PowersOfFour)) if tries < TRIES_MAX => {
            Verdict::PairTooFast(reason)
        }
        (Class::Retry, _) if refusal.code() == Some(NUMBER_TOO_FAST) && tries < UNREACHED_MAX => {
            Verdict::Again { after: spread(pause.unwrap_or(PAUSE_MIN), dice), is_whole_number: true, reason }
        }
        (Class::Retry, _) => again(pause.unwrap_or_else(|| growing(tries)), TRIES_MAX, reason),
        (Class::Wait, _) => match pause {
            Some(pause) => again(pause, TRIES_MAX, reason),
            None => Verdict::Refused(reason),
        },
        (Class::ChangeRequest | Class::Never | Class::ActOnAccount, _) => Verdict::Refused(reason),
    }
}

/// What Meta does with a message that it has taken, if it does not send it at once.
pub fn pacing_of(sent: &message::Sent) -> Option<Pacing> {
    match sent.pacing.as_ref()? {
        message::Pacing::HeldForQuality => Some(Pacing::HeldForQuality),
        message::Pacing::Paused => Some(Pacing::Paused),
        message::Pacing::Accepted | message::Pacing::Other(_) => None,
    }
}

impl Verdict {
    /// The same for a message that so many requests were made for: none is tried for ever.
    pub fn after(self, requests: usize) -> Self {
        match self {
            Self::Held { reason, .. } if requests >= HELD_MAX => Self::Refused(reason),
            other => other,
        }
    }
}

fn limited(code: i64) -> Option<Limited> {
    match code {
        LIMIT_OF_ACCOUNT => Some(Limited::Account),
        code if LIMITS_OF_APP.contains(&code) => Some(Limited::App),
        _ => None,
    }
}

/// 1, 2, 4, … seconds.
fn growing(tries: u32) -> Duration {
    PAUSE_MIN.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(PAUSE_MAX)
}

/// Up to a quarter more, so that those who wait together do not come together.
fn spread(pause: Duration, dice: u64) -> Duration {
    let quarter_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX) / 4;
    pause + Duration::from_millis(quarter_ms.saturating_mul(dice % 1_000) / 1_000)
}

fn reason_of(error: &CallError) -> Reason {
    let Some(refusal) = error.refusal() else {
        let next_step = if error.is_outcome_unknown() {
            "Wait for the status, or ask the customer whether it has come, before sending it again."
        } else {
            "Nothing needs to be done if it passes; otherwise look at the service's connection to Meta."
        };
        return Reason {
            meaning: format!("{error}."),
            next_step: Some(next_step.to_owned()),
            ..Reason::default()
        };
    };
    let explanation = refusal.explain();
    Reason {
        code: refusal.code(),
        subcode: refusal.subcode(),
        meaning: explanation.meaning.en.to_owned(),
        next_step: Some(explanation.advice.en.to_owned()),
        details: Some(explanation.meta_words.clone()).filter(|words| !words.is_empty()),
        trace_id: refusal.fbtrace_id().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_leave_is_tried_again_and_what_may_have_left_is_not() {
        let no_answer = |phase| CallError::NoAnswer { phase, reason: "a test" };
        assert!(matches!(of(&no_answer(Phase::OutcomeUnknown), 1, 0), Verdict::Unconfirmed(_)));
        let Verdict::Again { after, is_whole_number: false, .. } = of(&no_answer(Phase::NothingLeft), 3, 0)
        else {
            panic!("it is tried again");
        };
        assert_eq!(after, Duration::from_secs(4));
        assert!(matches!(of(&no_answer(Phase::NothingLeft), UNREACHED_MAX, 0), Verdict::Refused(_)));
        let page = |status| CallError::Unreadable { status, problem: "a page" };
        assert!(matches!(of(&page(502), 1, 0), Verdict::Unconfirmed(_)));
        assert!(matches!(of(&page(200), 1, 0), Verdict::Unconfirmed(_)));
        assert!(matches!(of(&page(403), 1, 0), Verdict::Again { .. }));
        assert!(matches!(of(&CallError::Impossible("a test"), 1, 0), Verdict::Refused(_)));
    }

    #[test]
    fn a_limit_of_many_is_known_by_its_code_and_holds_no_message_for_ever() {
        let known = [4, 17, 613, 80_007, 80_008, 130_429, 131_056].map(limited);
        let (app, account) = (Some(Limited::App), Some(Limited::Account));
        assert_eq!(known, [app, app, app, account, None, None, None]);
        let held = |requests| {
            let reason = Reason::default();
            Verdict::Held { whose: Limited::Account, at_least: PAUSE_MIN, reason }.after(requests)
        };
        assert!(matches!(held(100), Verdict::Held { .. }));
        assert!(matches!(held(HELD_MAX), Verdict::Refused(_)));
    }

    #[test]
    fn waits_grow_are_spread_and_have_an_end() {
        assert_eq!(growing(1), Duration::from_secs(1));
        assert_eq!(growing(200), PAUSE_MAX);
        assert_eq!(spread(Duration::from_secs(4), 999), Duration::from_millis(4_999));
    }
}
