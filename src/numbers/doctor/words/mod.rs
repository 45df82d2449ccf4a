//! What the doctor says: a file a step, each way to end with its sentences in English and in Indonesian.
//!
//! Menus of Meta's are named as they are labelled: in Indonesian the Indonesian label, with the English one beside it
//! where the label often stays English.

pub mod app_secret;
pub mod app_subscribed;
pub mod callback;
pub mod clock;
pub mod every;
pub mod fields;
pub mod messaging_limit;
pub mod name;
pub mod number_in_waba;
pub mod quality;
pub mod registered;
pub mod scopes;
pub mod sending;
pub mod throughput;
pub mod token_expiry;
pub mod token_valid;
pub mod url_byte_true;
pub mod url_reachable;
pub mod waba;
pub mod webhook_seen;

use super::line::Line;
use super::step::Step;

/// All ways for a step to end.
pub fn lines_of(step: Step) -> &'static [&'static Line] {
    match step {
        Step::TokenValid => token_valid::LINES,
        Step::TokenExpiry => token_expiry::LINES,
        Step::Scopes => scopes::LINES,
        Step::Waba => waba::LINES,
        Step::NumberInWaba => number_in_waba::LINES,
        Step::Registered => registered::LINES,
        Step::Name => name::LINES,
        Step::Quality => quality::LINES,
        Step::MessagingLimit => messaging_limit::LINES,
        Step::Throughput => throughput::LINES,
        Step::AppSubscribed => app_subscribed::LINES,
        Step::Fields => fields::LINES,
        Step::Callback => callback::LINES,
        Step::AppSecret => app_secret::LINES,
        Step::UrlReachable => url_reachable::LINES,
        Step::UrlByteTrue => url_byte_true::LINES,
        Step::WebhookSeen => webhook_seen::LINES,
        Step::Clock => clock::LINES,
        Step::Sending => sending::LINES,
    }
}

/// The line of a step by its name.
pub fn line(step: Step, case: &str) -> Option<&'static Line> {
    lines_of(step).iter().find(|line| line.case == case).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::numbers::doctor::step::State;

    fn blanks(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_line_says_the_same_in_both_languages_and_what_to_do_where_there_is_something_to_do() {
        for step in Step::ALL {
            let lines = lines_of(step);
            assert!(lines.iter().any(|line| line.state == State::Ok), "{}", step.name());
            assert_eq!(lines.iter().map(|line| line.case).collect::<BTreeSet<_>>().len(), lines.len());
            for line in lines {
                let name = format!("{}.{}", step.name(), line.case);
                assert_eq!(line.step, step, "{name}");
                assert_eq!(blanks(line.cause.en), blanks(line.cause.id), "{name}");
                assert_eq!(blanks(line.next.en), blanks(line.next.id), "{name}");
                assert!(!line.cause.en.is_empty() && !line.cause.id.is_empty(), "{name}");
                let is_good = line.state == State::Ok;
                assert_eq!((line.next.en.is_empty(), line.next.id.is_empty()), (is_good, is_good), "{name}");
            }
        }
    }
}
