//! Limits as data: a place in a body, and what holds there.
//!
//! A place is dotted, `[]` means each item: `interactive.action.buttons[].reply.title`. A place that a body does not
//! have breaks no rule, except that it must be there.

use serde_json::Value;

use super::super::refusal::Refusal;

/// What holds at a place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    /// Characters of a string, from and to.
    Chars(usize, usize),
    /// Items of an array, from and to.
    Items(usize, usize),
    /// An integer, from and to.
    Number(i64, i64),
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A web address.
    Web,
    /// Must be there.
    Present,
    /// Must not be there.
    Absent,
}

/// A place and what holds there.
pub(super) type Rule = (&'static str, Bound);

/// The first rule that the body breaks, as a refusal.
pub(super) fn check(rules: &[Rule], body: &Value) -> Result<(), Refusal> {
    rules.iter().try_for_each(|(place, bound)| at(place, body, "", *bound))
}

/// The value at a dotted place without `[]`.
pub(super) fn find<'body>(body: &'body Value, place: &str) -> Option<&'body Value> {
    place.split('.').try_fold(body, |value, key| value.get(key))
}

/// The string at a dotted place, or an empty one.
pub(super) fn text<'body>(body: &'body Value, place: &str) -> &'body str {
    find(body, place).and_then(Value::as_str).unwrap_or_default()
}

/// The array at a dotted place, or an empty one.
pub(super) fn items<'body>(body: &'body Value, place: &str) -> &'body [Value] {
    find(body, place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn at(place: &str, value: &Value, name: &str, bound: Bound) -> Result<(), Refusal> {
    if place.is_empty() {
        return hold(bound, name, value);
    }
    let (step, rest) = place.split_once('.').unwrap_or((place, ""));
    let (key, each) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
    let name = if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match (value.get(key), each) {
        (Some(found), true) => found
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .try_for_each(|(index, item)| at(rest, item, &format!("{name}[{index}]"), bound)),
        (Some(found), false) => at(rest, found, &name, bound),
        (None, _) if rest.is_empty() && matches!(bound, Bound::Present) => Err(missing(&name)),
        (None, _) => Ok(()),
    }
}

fn hold(bound: Bound, name: &str, value: &Value) -> Result<(), Refusal> {
    match bound {
        Bound::Chars(from, to) => match value.as_str().map(|text| text.chars().count()) {
            Some(chars) if chars > to => Err(too_long(name, to)),
            Some(chars) if chars < from => Err(invalid(&format!("{name} must not be empty"))),
            _ => Ok(()),
        },
        Bound::Items(from, to) => match value.as_array().map(Vec::len) {
            Some(len) if len < from || len > to => {
                Err(invalid(&format!("{name} must have {from} to {to} items")))
            }
            _ => Ok(()),
        },
        Bound::Number(from, to) => match value.as_i64() {
            Some(number) if number < from || number > to => {
                Err(invalid(&format!("{name} must be {from} to {to}")))
            }
            _ => Ok(()),
        },
        Bound::OneOf(options) => match value.as_str() {
            Some(text) if !options.contains(&text) => {
                Err(invalid(&format!("{name} must be one of {}", options.join(", "))))
            }
            _ => Ok(()),
        },
        Bound::Web => match value.as_str() {
            Some(text) if !is_web(text) => Err(invalid(&format!("{name} must be an http or https URL"))),
            _ => Ok(()),
        },
        Bound::Present => Ok(()),
        Bound::Absent => Err(invalid(&format!("{name} is not allowed here"))),
    }
}

pub(super) fn is_web(text: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

/// Meta (2025-12): over-length is an invalid parameter, 100.
pub(super) fn too_long(name: &str, chars_max: usize) -> Refusal {
    let text = format!("Param {name} must be at most {chars_max} characters long.");
    Refusal::of(100).message(format!("(#100) {text}")).details(text)
}

pub(super) fn invalid(what: &str) -> Refusal {
    Refusal::of(131_009).details(what)
}

pub(super) fn missing(name: &str) -> Refusal {
    Refusal::of(131_008).details(format!("Required parameter is missing: {name}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Bound, check};

    fn refused(place: &'static str, bound: Bound, body: &Value) -> Option<(u32, String)> {
        check(&[(place, bound)], body).err().map(|refusal| (refusal.code(), refusal.told().to_owned()))
    }

    #[test]
    fn a_rule_reaches_each_item_and_names_it() {
        let body = json!({"a": [{"b": "xx"}, {"b": "xxx"}]});
        assert_eq!(refused("a[].b", Bound::Chars(1, 3), &body), None);
        let (code, told) = refused("a[].b", Bound::Chars(1, 2), &body).unwrap();
        assert_eq!((code, told.contains("a[1].b")), (100, true));
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!(refused("a", Bound::Chars(1, 2), &json!({"a": "éé"})), None);
    }

    #[test]
    fn what_is_not_there_breaks_no_rule_unless_it_must_be_there() {
        assert_eq!(refused("a.b", Bound::Chars(1, 2), &json!({})), None);
        assert_eq!(refused("a", Bound::Present, &json!({})).map(|(code, _)| code), Some(131_008));
        assert_eq!(refused("a", Bound::Absent, &json!({"a": 1})).map(|(code, _)| code), Some(131_009));
    }
}
