//! One way for a step to end, with its sentences in each language. `{name}` in a sentence is a value to put in.

use super::step::{State, Step};
use crate::domain::language::Words;

/// One way for a step to end.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub step: Step,
    /// Its name within the step.
    pub case: &'static str,
    pub state: State,
    pub cause: Words,
    /// Empty: nothing needs to be done.
    pub next: Words,
}

/// The lines of a step, and `LINES`, all of them.
macro_rules! lines {
    ($step:ident $($name:ident = $case:literal, $state:ident:
        $cause_en:literal, $next_en:literal;
        $cause_id:literal, $next_id:literal;)+) => {
        $(pub static $name: $crate::numbers::doctor::line::Line = $crate::numbers::doctor::line::Line {
            step: $crate::numbers::doctor::step::Step::$step,
            case: $case,
            state: $crate::numbers::doctor::step::State::$state,
            cause: $crate::domain::language::Words { en: $cause_en, id: $cause_id },
            next: $crate::domain::language::Words { en: $next_en, id: $next_id },
        };)+

        pub(super) static LINES: &[&$crate::numbers::doctor::line::Line] = &[$(&$name),+];
    };
}

pub(super) use lines;
