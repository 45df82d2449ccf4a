//! A template message against the stored definition: what the parameters must be.
//!
//! Codes: another number of parameters than variables 132000; another kind of parameter, button or header than
//! defined 132012; a button whose parameter is left out 131008; a text too long once filled 132005.

use serde_json::Value;

use super::super::super::refusal::Refusal;
use super::super::rule::{items, missing, text};
use super::variables::{filled_chars, variables};
use super::{buttons_of, component, type_of};

const HEADER_CHARS_MAX: usize = 60;
const BODY_CHARS_MAX: usize = 1024;
const CODE_CHARS_MAX: usize = 15;

fn count(place: &str, expected: usize, given: usize) -> Refusal {
    Refusal::of(132_000).details(format!(
        "{place}: number of localizable_params ({given}) does not match the expected number of params ({expected})"
    ))
}

fn format(place: &str, expected: &str, given: &str) -> Refusal {
    let given = if given.is_empty() { "UNKNOWN" } else { given };
    Refusal::of(132_012).details(format!("{place}: Format mismatch, expected {expected}, received {given}"))
}

/// A template message against the stored definition (`status`, `category`, `parameter_format`, `components`).
pub fn template_send(definition: &Value, body: &Value) -> Result<(), Refusal> {
    match text(definition, "status") {
        "APPROVED" => {}
        "PAUSED" => return Err(Refusal::of(132_015).details("The template is paused")),
        "DISABLED" => return Err(Refusal::of(132_016).details("The template is disabled")),
        other => return Err(Refusal::of(132_001).details(format!("The template is {other}, not APPROVED"))),
    }
    let is_authentication = text(definition, "category") == "AUTHENTICATION";
    // Meta (2026-07): a code is only sent to a phone number.
    if is_authentication && body.get("to").is_none() {
        return Err(Refusal::of(131_062).details("Authentication templates need a phone number in `to`"));
    }
    let sent = items(body, "template.components");
    let defined = items(definition, "components");
    if is_authentication {
        return code(sent);
    }
    parts(definition, defined, sent)?;
    offer(defined, sent)?;
    carousel(definition, defined, sent)
}

/// `POST /{PNID}/marketing_messages` takes marketing templates only.
pub fn marketing_template(definition: &Value) -> Result<(), Refusal> {
    match text(definition, "category") {
        "MARKETING" => Ok(()),
        other => Err(Refusal::of(134_100).details(format!("The template is of the category {other}"))),
    }
}

fn parameters<'body>(sent: &'body [Value], kind: &str) -> &'body [Value] {
    component(sent, kind).map_or(&[], |component| items(component, "parameters"))
}

/// What a template and a card of a carousel have alike.
fn parts(definition: &Value, defined: &[Value], sent: &[Value]) -> Result<(), Refusal> {
    let is_named = text(definition, "parameter_format").eq_ignore_ascii_case("NAMED");
    header(is_named, component(defined, "HEADER"), parameters(sent, "HEADER"))?;
    let body = component(defined, "BODY").map_or("", |body| text(body, "text"));
    texts("body", is_named, body, parameters(sent, "BODY"), BODY_CHARS_MAX)?;
    buttons(buttons_of(defined), sent)
}

fn header(is_named: bool, defined: Option<&Value>, sent: &[Value]) -> Result<(), Refusal> {
    let Some(defined) = defined else {
        return if sent.is_empty() { Ok(()) } else { Err(count("header", 0, sent.len())) };
    };
    let kind = text(defined, "format").to_ascii_uppercase();
    let expected = match kind.as_str() {
        "TEXT" => return texts("header", is_named, text(defined, "text"), sent, HEADER_CHARS_MAX),
        "GIF" | "VIDEO" => "video",
        "IMAGE" => "image",
        "DOCUMENT" => "document",
        "LOCATION" => "location",
        _ => "product",
    };
    match sent {
        [one] if text(one, "type") == expected => Ok(()),
        [one] => Err(format("header", &kind, &text(one, "type").to_ascii_uppercase())),
        [] => Err(format("header", &kind, "")),
        _ => Err(count("header", 1, sent.len())),
    }
}

/// Texts in the place of variables. Currencies and dates stand for texts in a body.
fn texts(
    place: &str,
    is_named: bool,
    defined: &str,
    sent: &[Value],
    chars_max: usize,
) -> Result<(), Refusal> {
    let expected = variables(defined);
    if expected.len() != sent.len() {
        return Err(count(place, expected.len(), sent.len()));
    }
    let mut values = Vec::new();
    for (index, parameter) in sent.iter().enumerate() {
        let value = match text(parameter, "type") {
            "text" => text(parameter, "text"),
            "currency" if place == "body" => text(parameter, "currency.fallback_value"),
            "date_time" if place == "body" => text(parameter, "date_time.fallback_value"),
            "group_id" if place == "body" => text(parameter, "group_id"),
            other => return Err(format(place, "TEXT", &other.to_ascii_uppercase())),
        };
        if value.is_empty() {
            return Err(missing(&format!("{place}.parameters[{index}].text")));
        }
        let name =
            if is_named { text(parameter, "parameter_name").to_owned() } else { (index + 1).to_string() };
        let is_twice = values.iter().any(|(other, _)| *other == name);
        if is_twice || !expected.contains(&name.as_str()) {
            return Err(format(place, "a parameter_name of the template", &name));
        }
        values.push((name, value.to_owned()));
    }
    if filled_chars(defined, &values) > chars_max {
        Err(Refusal::of(132_005).details(format!("{place} is longer than {chars_max} characters")))
    } else {
        Ok(())
    }
}

/// A kind of button in a definition: what the message calls it, its parameter, and whether it must be sent.
const BUTTONS: &[(&str, &str, &str, bool)] = &[
    ("QUICK_REPLY", "quick_reply", "payload", false),
    ("COPY_CODE", "copy_code", "coupon_code", true),
    ("FLOW", "flow", "action", false),
    ("CATALOG", "catalog", "action", false),
    ("MPM", "mpm", "action", true),
    ("VOICE_CALL", "voice_call", "", false),
    ("ORDER_DETAILS", "order_details", "action", true),
];

fn buttons(defined: &[Value], sent: &[Value]) -> Result<(), Refusal> {
    let sent: Vec<(usize, &Value)> = sent
        .iter()
        .filter(|component| type_of(component) == "BUTTON")
        .map(|button| (index_of(button), button))
        .collect();
    if let Some((index, button)) = sent.iter().find(|(index, _)| *index >= defined.len()) {
        return Err(format(&format!("button {index}"), "no button", text(button, "sub_type")));
    }
    for (index, button) in defined.iter().enumerate() {
        let place = format!("button {index}");
        let given = sent.iter().find(|(at, _)| *at == index).map(|(_, given)| *given);
        let kind = type_of(button);
        if kind == "URL" {
            url(&place, variables(text(button, "url")).len(), given)?;
            continue;
        }
        let row = BUTTONS.iter().find(|(listed, ..)| *listed == kind);
        match (row, given) {
            (Some((_, sub_type, parameter, _)), Some(given)) => same(&place, sub_type, parameter, given)?,
            (Some((.., true)), None) => return Err(missing(&place)),
            (None, Some(given)) => return Err(format(&place, &kind, text(given, "sub_type"))),
            _ => {}
        }
    }
    Ok(())
}

/// An index is a string or a number.
fn index_of(button: &Value) -> usize {
    let index = button.get("index");
    let number = index.and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    number.or_else(|| index?.as_str()?.parse().ok()).unwrap_or_default()
}

fn url(place: &str, expected: usize, given: Option<&Value>) -> Result<(), Refusal> {
    let Some(given) = given else {
        return if expected == 0 { Ok(()) } else { Err(missing(place)) };
    };
    same(place, "url", "text", given)?;
    match items(given, "parameters").len() {
        len if len == expected => Ok(()),
        len => Err(count(place, expected, len)),
    }
}

fn same(place: &str, sub_type: &str, parameter: &str, given: &Value) -> Result<(), Refusal> {
    if !text(given, "sub_type").eq_ignore_ascii_case(sub_type) {
        return Err(format(place, sub_type, text(given, "sub_type")));
    }
    let other = items(given, "parameters").iter().find(|given| text(given, "type") != parameter);
    match other {
        Some(other) if !parameter.is_empty() => Err(format(place, parameter, text(other, "type"))),
        _ => Ok(()),
    }
}

/// A code goes twice: into the body, and into the button that copies it.
fn code(sent: &[Value]) -> Result<(), Refusal> {
    let body = parameters(sent, "BODY");
    let [code] = body else { return Err(count("body", 1, body.len())) };
    if text(code, "type") != "text" {
        return Err(format("body", "TEXT", text(code, "type")));
    }
    if text(code, "text").chars().count() > CODE_CHARS_MAX {
        return Err(Refusal::of(132_005).details("a code is at most 15 characters long"));
    }
    let button = sent.iter().find(|component| type_of(component) == "BUTTON");
    url("button 0", 1, button)
}

/// An offer that ends needs the time of its end.
fn offer(defined: &[Value], sent: &[Value]) -> Result<(), Refusal> {
    let defined = component(defined, "LIMITED_TIME_OFFER");
    let ends = defined
        .and_then(|offer| offer.get("limited_time_offer").unwrap_or(offer).get("has_expiration"))
        .and_then(Value::as_bool)
        .unwrap_or_default();
    match (defined, component(sent, "LIMITED_TIME_OFFER")) {
        (Some(_), None) if ends => Err(missing("limited_time_offer")),
        (None, Some(_)) => Err(count("limited_time_offer", 0, 1)),
        _ => Ok(()),
    }
}

fn carousel(definition: &Value, defined: &[Value], sent: &[Value]) -> Result<(), Refusal> {
    let cards = |components| component(components, "CAROUSEL").map_or(&[][..], |all| items(all, "cards"));
    let (defined, sent) = (cards(defined), cards(sent));
    // Product cards are defined once and sent as often as there are products.
    let is_product = defined.first().is_some_and(|card| {
        component(items(card, "components"), "HEADER")
            .is_some_and(|header| text(header, "format") == "PRODUCT")
    });
    if defined.is_empty() != sent.is_empty() || (!is_product && defined.len() != sent.len()) {
        return Err(count("carousel", defined.len(), sent.len()));
    }
    for (index, card) in sent.iter().enumerate() {
        let pattern = if is_product { defined.first() } else { defined.get(index) };
        if let Some(pattern) = pattern {
            parts(definition, items(pattern, "components"), items(card, "components"))?;
        }
    }
    Ok(())
}
