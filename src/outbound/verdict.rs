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
/// Meta (2026-07): too many requests of the token's user, of this kind. Other customers of the app go on.
const LIMITS_OF_TOKEN: &[i64] = &[17, 613];
/// Meta (2026-07): too many requests of the app, of the WhatsApp account.
const LIMIT_OF_APP: i64 = 4;
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
        (Class::Retry, _) if is_of_number(refusal.code()) && tries < UNREACHED_MAX => {
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

/// Whether nothing of the number leaves for a while. A token is a number's, or a few numbers'.
fn is_of_number(code: Option<i64>) -> bool {
    code.is_some_and(|code| code == NUMBER_TOO_FAST || LIMITS_OF_TOKEN.contains(&code))
}

fn limited(code: i64) -> Option<Limited> {
    match code {
        LIMIT_OF_ACCOUNT => Some(Limited::Account),
        LIMIT_OF_APP => Some(Limited::App),
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
    use serde_json::{Value, json};

    use super::*;
    use crate::meta::client::Refusal;
    use crate::meta::fault;

    const MANY_TRIES: u32 = 1_000;

    fn refused(error: &Value) -> CallError {
        CallError::Refused(Refusal::said(error, None))
    }

    fn refused_with(code: i64) -> CallError {
        refused(&json!({ "code": code, "message": "No.", "type": "OAuthException" }))
    }

    /// The same refusal, to be waited out for so long as Meta has said with it.
    fn refused_for(code: i64, retry_after: Duration) -> CallError {
        CallError::Refused(Refusal::said(&json!({ "code": code, "message": "No." }), Some(retry_after)))
    }

    /// What follows, in a word, and after how many seconds it is tried again.
    fn follows(error: &CallError, tries: u32) -> (&'static str, Option<u64>) {
        match of(error, tries, 0) {
            Verdict::Unconfirmed(_) => ("unconfirmed", None),
            Verdict::Again { after, is_whole_number: false, .. } => ("again", Some(after.as_secs())),
            Verdict::Again { after, is_whole_number: true, .. } => ("all wait", Some(after.as_secs())),
            Verdict::Held { at_least, .. } => ("held", Some(at_least.as_secs())),
            Verdict::PairTooFast(_) => ("the pair waits", None),
            Verdict::Block(BlockReason::Token, _) => ("the token", None),
            Verdict::Block(..) => ("blocked otherwise", None),
            Verdict::Refused(_) => ("refused", None),
        }
    }

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
    fn what_meta_refuses_is_waited_out_blocked_or_over_as_its_code_says() {
        let check = |code: i64, expected: (&str, Option<u64>)| {
            assert_eq!(follows(&refused_with(code), 1), expected, "{code}");
        };
        check(NUMBER_TOO_FAST, ("all wait", Some(1)));
        check(131_056, ("the pair waits", None));
        // Whatever is wrong with the token, nothing of the number leaves until it is mended.
        for code in [0, 3, 10, 190, 200, 299, 131_005] {
            check(code, ("the token", None));
        }
        // It passes: at once, or after what the catalogue says.
        check(131_057, ("again", Some(60)));
        check(17, ("all wait", Some(1)));
        for (code, seconds) in [(80_007, 1), (4, 60)] {
            check(code, ("held", Some(seconds)));
        }
        // Ten minutes are waited for, a day is not, nor what has no end that anybody knows.
        check(134_101, ("again", Some(600)));
        for code in [131_049, 131_048, 131_064] {
            check(code, ("refused", None));
        }
        // To be changed, for nobody, or to be seen to by a person: each for good.
        for code in [100, 131_008, 131_009, 131_047, 132_001, 131_026, 131_050, 131_031, 131_042, 133_010] {
            check(code, ("refused", None));
        }
        // Meta failed, which does not prove that it did nothing.
        for code in [1, 2, 131_000, 131_016] {
            check(code, ("unconfirmed", None));
        }
        // What nobody knows holds nothing up, unless its neighbours are limits.
        for code in [999_999, -1, 131_206] {
            check(code, ("refused", None));
        }
        check(80_004, ("again", Some(1)));
        assert_eq!(follows(&refused(&json!({ "message": "No." })), 1), ("refused", None));
    }

    #[test]
    fn what_is_refused_again_and_again_is_given_up_at_last_but_not_what_somebody_can_mend() {
        let check = |code: i64, tries: u32, expected: (&str, Option<u64>)| {
            assert_eq!(follows(&refused_with(code), tries), expected, "{code} {tries}");
        };
        let over = ("refused", None);
        for (tries, seconds) in [(1, 1), (2, 2), (4, 8), (TRIES_MAX - 1, 64)] {
            check(80_004, tries, ("again", Some(seconds)));
        }
        check(80_004, TRIES_MAX, over);
        check(80_007, MANY_TRIES, ("held", Some(1)));
        check(134_101, TRIES_MAX - 1, ("again", Some(600)));
        check(134_101, TRIES_MAX, over);
        check(131_056, TRIES_MAX - 1, ("the pair waits", None));
        check(131_056, TRIES_MAX, over);
        // The whole number stands behind it, so it takes longer to give up.
        check(NUMBER_TOO_FAST, UNREACHED_MAX - 1, ("all wait", Some(1)));
        check(NUMBER_TOO_FAST, UNREACHED_MAX, over);
        check(190, MANY_TRIES, ("the token", None));
        check(131_000, MANY_TRIES, ("unconfirmed", None));
    }

    #[test]
    fn the_wait_that_meta_names_is_kept_unless_it_is_too_long() {
        let check = |code: i64, seconds: u64, expected: (&str, Option<u64>)| {
            let error = refused_for(code, Duration::from_secs(seconds));
            assert_eq!(follows(&error, 1), expected, "{code} {seconds}");
        };
        check(80_008, 90, ("again", Some(90)));
        check(80_008, 0, ("again", Some(1)));
        check(4, 90, ("held", Some(90)));
        check(NUMBER_TOO_FAST, 30, ("all wait", Some(30)));
        let longest = WAIT_MAX.as_secs();
        check(80_008, longest, ("again", Some(longest)));
        check(80_008, longest + 1, ("refused", None));
        assert_eq!(follows(&refused_with(80_008), 1), ("again", Some(TOLD_USUALLY.as_secs())));
        // What is never waited for is not, whatever is said with it.
        check(131_047, 30, ("refused", None));
        check(190, 30, ("the token", None));
    }

    #[test]
    fn those_who_wait_together_do_not_come_together() {
        let Verdict::Again { after, is_whole_number: true, .. } = of(&refused_with(NUMBER_TOO_FAST), 1, 999)
        else {
            panic!("all of the number waits");
        };
        assert_eq!(after, Duration::from_millis(1_249));
    }

    #[test]
    fn a_refusal_is_told_with_its_codes_its_meaning_and_what_meta_said() {
        let expired = json!({
            "code": 190, "error_subcode": 463, "type": "OAuthException",
            "message": "The token is over.", "fbtrace_id": "A1",
        });
        let entry = fault::look_up(463).unwrap();
        let reason = Reason {
            code: Some(190),
            subcode: Some(463),
            meaning: entry.meaning.en.to_owned(),
            next_step: Some(entry.advice.en.to_owned()),
            details: Some("The token is over.".to_owned()),
            trace_id: Some("A1".to_owned()),
        };
        assert_eq!(of(&refused(&expired), 1, 0), Verdict::Block(BlockReason::Token, reason));
        // A mistake of the number's settings that looks like one of the message's.
        let wrong_secret = json!({ "code": 100, "message": "Invalid appsecret_proof provided" });
        assert_eq!(follows(&refused(&wrong_secret), 1), ("the token", None));
        let unknown = of(&refused_with(999_999), 1, 0);
        let Verdict::Refused(reason) = &unknown else { panic!("{unknown:?}") };
        assert_eq!((reason.code, reason.details.as_deref()), (Some(999_999), Some("No.")));
    }

    #[test]
    fn a_limit_of_many_is_known_by_its_code_and_holds_no_message_for_ever() {
        let known = [4, 17, 613, 80_007, 80_008, 130_429, 131_056].map(limited);
        let (app, account) = (Some(Limited::App), Some(Limited::Account));
        assert_eq!(known, [app, None, None, account, None, None, None]);
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
