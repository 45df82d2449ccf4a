//! Messages: the envelope and every type but interactive ones and templates' parameters.

use serde_json::Value;

use super::super::refusal::Refusal;
use super::interactive;
use super::rule::Bound::{Chars, Items, Number, Web};
use super::rule::{Rule, check, find, invalid, items, missing, text};

const ENVELOPE: &[Rule] = &[("biz_opaque_callback_data", Chars(0, 512))];

/// Meta (2026-07): lengths and counts by type.
const BY_TYPE: &[(&str, &[Rule])] = &[
    ("text", &[("text.body", Chars(1, 4096))]),
    ("image", &[("image.caption", Chars(0, 1024)), ("image.link", Web)]),
    ("video", &[("video.caption", Chars(0, 1024)), ("video.link", Web)]),
    ("audio", &[("audio.link", Web)]),
    ("document", &[("document.caption", Chars(0, 1024)), ("document.link", Web)]),
    ("sticker", &[("sticker.link", Web)]),
    ("contacts", &[("contacts", Items(1, 257)), ("contacts[].name.formatted_name", Chars(1, usize::MAX))]),
    ("reaction", &[("reaction.message_id", Chars(1, usize::MAX))]),
    ("pin", &[("pin.expiration_days", Number(1, 30))]),
    ("template", TEMPLATE),
];

const TEMPLATE: &[Rule] = &[
    ("template.name", Chars(1, 512)),
    ("template.language.code", Chars(1, usize::MAX)),
    ("template.components[].parameters[].coupon_code", Chars(1, 20)),
    ("template.components[].cards", Items(2, 10)),
    ("template.components[].parameters[].image.link", Web),
    ("template.components[].parameters[].video.link", Web),
    ("template.components[].parameters[].document.link", Web),
];

/// A body of `POST /{PNID}/messages`, mark-as-read and typing included.
pub fn message(body: &Value) -> Result<(), Refusal> {
    if body.get("status").is_some() {
        return check(&[("message_id", Chars(1, usize::MAX))], body);
    }
    let kind = body.get("type").and_then(Value::as_str).unwrap_or("text");
    check(ENVELOPE, body)?;
    recipient(body)?;
    let rules = BY_TYPE.iter().find(|(listed, _)| *listed == kind).map_or(&[][..], |(_, rules)| rules);
    check(rules, body)?;
    match kind {
        // Meta (2025-10): groups take texts, media, and templates of these.
        "interactive" | "location" | "contacts" | "reaction" if text(body, "recipient_type") == "group" => {
            Err(invalid("a group takes texts, media, templates and pins only"))
        }
        "location" => coordinates(body),
        "contacts" => items(body, "contacts").iter().try_for_each(contact),
        // Meta (2026-07): a reaction names its message itself.
        "reaction" if body.get("context").is_some() => Err(invalid("context is not allowed in a reaction")),
        "pin" if text(body, "recipient_type") != "group" => Err(invalid("only a group has pinned messages")),
        "interactive" => interactive::check_kind(body),
        "template" => components(body),
        _ => Ok(()),
    }
}

/// A body of `POST /{PNID}/marketing_messages`.
pub fn marketing_message(body: &Value) -> Result<(), Refusal> {
    message(body)
}

/// `to` wins where both are there.
fn recipient(body: &Value) -> Result<(), Refusal> {
    if text(body, "recipient_type") == "group" {
        return match find(body, "to") {
            Some(_) => Ok(()),
            None => Err(missing("to")),
        };
    }
    match find(body, "to").and_then(Value::as_str) {
        Some(to) if !is_phone_number(to) => Err(invalid("to is not a phone number")),
        Some(_) => Ok(()),
        None if is_scoped_user_id(text(body, "recipient")) => Ok(()),
        None => Err(invalid("recipient is not a business-scoped user id")),
    }
}

/// Digits, with `+`, `-`, brackets and spaces between them.
pub(super) fn is_phone_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (1..=20).contains(&digits)
        && text.chars().all(|letter| letter.is_ascii_digit() || "+-() ".contains(letter))
}

/// Meta (2026-04): `US.13491208655302741918`, or with `ENT.` the id of a parent business.
pub(super) fn is_scoped_user_id(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else { return false };
    let id = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.chars().all(|letter| letter.is_ascii_uppercase())
        && (1..=128).contains(&id.len())
        && id.chars().all(|letter| letter.is_ascii_alphanumeric())
}

/// The id of a parent business, which some operations do not take.
pub(super) fn is_parent_user_id(text: &str) -> bool {
    is_scoped_user_id(text) && text.split('.').count() == 3
}

fn coordinates(body: &Value) -> Result<(), Refusal> {
    for (place, degrees_max) in [("location.latitude", 90.0), ("location.longitude", 180.0)] {
        let degrees = find(body, place).and_then(|value| match value {
            Value::String(text) => text.trim().parse::<f64>().ok(),
            other => other.as_f64(),
        });
        if !degrees.is_some_and(|degrees| degrees.abs() <= degrees_max) {
            return Err(invalid(&format!("{place} is not a coordinate")));
        }
    }
    Ok(())
}

const NAME_PARTS: &[&str] = &["first_name", "last_name", "middle_name", "prefix", "suffix"];

fn contact(contact: &Value) -> Result<(), Refusal> {
    let name = contact.get("name");
    if !NAME_PARTS.iter().any(|part| name.is_some_and(|name| name.get(part).is_some())) {
        return Err(missing("contacts.name: one more part than formatted_name"));
    }
    match find(contact, "birthday").and_then(Value::as_str) {
        Some(day) if day.parse::<jiff::civil::Date>().is_err() => {
            Err(invalid("contacts.birthday is not a YYYY-MM-DD date"))
        }
        _ => Ok(()),
    }
}

/// A header and a body once each, a button once an index.
fn components(body: &Value) -> Result<(), Refusal> {
    let mut seen = Vec::new();
    for component in items(body, "template.components") {
        let index = component.get("index").map(|index| index.to_string().replace('"', ""));
        let place = (text(component, "type"), index);
        if seen.contains(&place) {
            return Err(invalid(&format!("template.components has {} twice", place.0)));
        }
        seen.push(place);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{is_parent_user_id, is_phone_number, is_scoped_user_id};

    #[test]
    fn phone_numbers_may_be_dressed() {
        for text in ["+16505551234", "16505551234", "+1 (650) 555-1234"] {
            assert!(is_phone_number(text), "{text}");
        }
        for text in ["", "+", "abc", "US.13491208655302741918", "1650555x"] {
            assert!(!is_phone_number(text), "{text}");
        }
    }

    #[test]
    fn scoped_user_ids_have_a_country_and_perhaps_a_parent() {
        let longest = format!("US.{}", "1".repeat(128));
        for text in ["US.13491208655302741918", "US.ENT.11815799212886844830", &longest] {
            assert!(is_scoped_user_id(text), "{text}");
        }
        let too_long = format!("US.{}", "1".repeat(129));
        for text in ["", "us.1", "US.", "US.ENT.", "US.1-2", "USA.1", &too_long] {
            assert!(!is_scoped_user_id(text), "{text}");
        }
        assert!(is_parent_user_id("US.ENT.1"));
        assert!(!is_parent_user_id("US.1"));
    }
}
