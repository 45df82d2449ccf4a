//! From what JSON Schema found to the one refusal that Meta would give.
//!
//! Invariant: the most telling finding wins: a missing key before a wrong value before a key too many, since a body
//! that fails in one place also looks as if all its keys were too many.

use std::cmp::Reverse;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use super::super::refusal::Refusal;

/// Which codes an operation refuses with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Sending: 131008, 131009, 131051, and 100 for what is misspelt, too long or of the wrong JSON kind.
    Messaging,
    /// Everything else in Graph: 100.
    Graph,
}

impl Family {
    pub(super) fn of(path: &str) -> Self {
        let is_messaging = path.ends_with("/messages") || path.ends_with("/marketing_messages");
        if is_messaging { Self::Messaging } else { Self::Graph }
    }
}

/// What a finding is, from the most telling on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    Missing(String),
    Kind(String),
    Value(String),
    Length(String, u64),
    Unexpected(String),
}

impl Finding {
    /// Smaller is more telling. The innermost comes first: what fails inside makes the whole around it fail too.
    fn rank(&self) -> (u8, Reverse<usize>) {
        let (rank, place) = match self {
            Self::Missing(place) => (0, place),
            Self::Kind(place) => (1, place),
            Self::Value(place) => (2, place),
            Self::Length(place, _) => (3, place),
            Self::Unexpected(place) => (4, place),
        };
        (rank, Reverse(place.matches('.').count()))
    }
}

/// The refusal for the findings about one body.
pub(super) fn refuse<'body>(family: Family, errors: impl Iterator<Item = ValidationError<'body>>) -> Refusal {
    match errors.map(|error| finding(&error)).min_by_key(Finding::rank) {
        Some(finding) => refusal(family, &finding),
        None => Refusal::of(100),
    }
}

fn finding(error: &ValidationError<'_>) -> Finding {
    let at = error.instance_path().to_string();
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            Finding::Missing(dotted(&at, property.as_str().unwrap_or_default()))
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            alternatives(&at, context)
        }
        ValidationErrorKind::Type { .. } => Finding::Kind(dotted(&at, "")),
        ValidationErrorKind::MaxLength { limit } => Finding::Length(dotted(&at, ""), *limit),
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            Finding::Unexpected(dotted(&at, unexpected.first().map_or("", String::as_str)))
        }
        _ => Finding::Value(dotted(&at, "")),
    }
}

/// Every alternative misses a key: one of the keys is missing. Else the alternative that came furthest tells.
fn alternatives(at: &str, context: &[Vec<ValidationError<'static>>]) -> Finding {
    let best: Vec<Finding> =
        context.iter().filter_map(|errors| errors.iter().map(finding).min_by_key(Finding::rank)).collect();
    let missing: Vec<&str> = best
        .iter()
        .filter_map(|finding| match finding {
            Finding::Missing(key) => Some(key.as_str()),
            _ => None,
        })
        .collect();
    if !missing.is_empty() && missing.len() == context.len() {
        return Finding::Missing(missing.join(" or "));
    }
    best.into_iter().max_by_key(Finding::rank).unwrap_or_else(|| Finding::Value(dotted(at, "")))
}

fn refusal(family: Family, finding: &Finding) -> Refusal {
    let invalid = |text: String| match family {
        Family::Messaging => Refusal::of(131_009).details(text),
        Family::Graph => Refusal::of(100).message(format!("(#100) {text}")).details(text),
    };
    let parameter = |text: String| Refusal::of(100).message(format!("(#100) {text}")).details(text);
    match finding {
        // Meta (2026-07): a body without a recipient is refused with this code and text, unlike other missing keys.
        Finding::Missing(key) if family == Family::Graph || key.starts_with("to or ") => {
            let key = key.split(" or ").next().unwrap_or(key);
            parameter(format!("The parameter {key} is required."))
        }
        Finding::Missing(key) => {
            Refusal::of(131_008).details(format!("Required parameter is missing: {key}"))
        }
        Finding::Value(key) if family == Family::Messaging && key == "type" => {
            Refusal::of(131_051).details("Message type is not supported.")
        }
        Finding::Value(key) => invalid(format!("Parameter value is not valid: {key}")),
        Finding::Kind(key) => parameter(format!("Param {key} has the wrong JSON type.")),
        Finding::Length(key, limit) => {
            parameter(format!("Param {key} must be at most {limit} characters long."))
        }
        Finding::Unexpected(key) => parameter(format!("Unexpected key: {key}")),
    }
}

/// A JSON pointer as Meta names parameters: `interactive.action.buttons[0].type`.
fn dotted(pointer: &str, key: &str) -> String {
    let mut name = String::new();
    for part in pointer.split('/').skip(1).chain((!key.is_empty()).then_some(key)) {
        if part.parse::<usize>().is_ok() {
            name.push_str(&format!("[{part}]"));
        } else {
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(part);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::dotted;

    #[test]
    fn a_pointer_becomes_the_name_of_a_parameter() {
        assert_eq!(dotted("", "to"), "to");
        assert_eq!(dotted("/a/0/b", ""), "a[0].b");
        assert_eq!(dotted("/a/0", "b"), "a[0].b");
    }
}
