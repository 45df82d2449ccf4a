//! Definitions of templates: names, components, variables, times to live.

use serde_json::Value;

use super::super::super::refusal::Refusal;
use super::super::rule::{find, items, text};
use super::buttons;
use super::variables::{is_at_an_end, variables, words};
use super::{buttons_of, component, type_of};

const NAME_CHARS_MAX: usize = 512;
const HEADER_CHARS_MAX: usize = 60;
const BODY_CHARS_MAX: usize = 1024;
const FOOTER_CHARS_MAX: usize = 60;
const CARDS: std::ops::RangeInclusive<usize> = 2..=10;
const CODE_EXPIRATION_MINUTES: std::ops::RangeInclusive<i64> = 1..=90;

const COMPONENTS: &[&str] =
    &["HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER", "CALL_PERMISSION_REQUEST"];
const HEADER_FORMATS: &[&str] = &["TEXT", "IMAGE", "VIDEO", "GIF", "DOCUMENT", "LOCATION", "PRODUCT"];

/// Meta (2026-07): the time to live in seconds by category, and whether -1 stands for 30 days.
const TTLS: &[(&str, std::ops::RangeInclusive<i64>, bool)] = &[
    ("AUTHENTICATION", 30..=900, true),
    ("UTILITY", 30..=43_200, true),
    ("MARKETING", 43_200..=2_592_000, false),
];

/// How the variables of a definition are named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    Positional,
    Named,
}

impl Naming {
    fn of(definition: &Value) -> Self {
        if text(definition, "parameter_format").eq_ignore_ascii_case("NAMED") {
            Self::Named
        } else {
            Self::Positional
        }
    }
}

/// A subcode of 100 with what is wrong.
pub(super) fn wrong(subcode: u32, what: &str) -> Refusal {
    Refusal::of(subcode).message(format!("(#100) {what}")).details(what)
}

/// 100 alone: no subcode is published for it.
pub(super) fn invalid(what: &str) -> Refusal {
    wrong(100, what)
}

pub(super) fn too_long(what: &str, chars_max: usize) -> Refusal {
    wrong(2_388_040, &format!("{what} must be at most {chars_max} characters long"))
}

/// A body of `POST /{WABA}/message_templates`.
pub fn template_definition(body: &Value) -> Result<(), Refusal> {
    let name = text(body, "name");
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(too_long("name", NAME_CHARS_MAX));
    }
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(invalid("name may have lower-case letters, digits and underscores only"));
    }
    if text(body, "language").is_empty() {
        return Err(invalid("language must not be empty"));
    }
    time_to_live(text(body, "category"), body)?;
    content(text(body, "category"), Naming::of(body), items(body, "components"))
}

/// A body of `POST /{TEMPLATE_ID}`, against the stored definition.
pub fn template_edit(definition: &Value, body: &Value) -> Result<(), Refusal> {
    let stored = text(definition, "category");
    let category = match text(body, "category") {
        "" => stored,
        asked => asked,
    };
    if category != stored && text(definition, "status") == "APPROVED" {
        return Err(invalid("the category of an approved template cannot be edited"));
    }
    time_to_live(category, body)?;
    match body.get("components") {
        None => Ok(()),
        Some(_) => content(category, Naming::of(definition), items(body, "components")),
    }
}

fn time_to_live(category: &str, body: &Value) -> Result<(), Refusal> {
    let Some(seconds) = body.get("message_send_ttl_seconds").and_then(Value::as_i64) else { return Ok(()) };
    let row = TTLS.iter().find(|(listed, ..)| *listed == category);
    if row.is_none_or(|(_, range, with_none)| range.contains(&seconds) || (*with_none && seconds == -1)) {
        Ok(())
    } else {
        Err(invalid("message_send_ttl_seconds is outside what the category takes"))
    }
}

fn content(category: &str, naming: Naming, components: &[Value]) -> Result<(), Refusal> {
    let mut seen = Vec::new();
    for component in components {
        let kind = type_of(component);
        if !COMPONENTS.contains(&kind.as_str()) {
            return Err(invalid(&format!("components has the unknown type {kind}")));
        }
        if seen.contains(&kind) {
            return Err(invalid(&format!("components has {kind} twice")));
        }
        seen.push(kind);
    }
    let body = component(components, "BODY").ok_or_else(|| invalid("components has no BODY"))?;
    if category == "AUTHENTICATION" {
        return authentication(components);
    }
    parts(naming, components, body)?;
    match component(components, "CAROUSEL") {
        Some(carousel) => cards(naming, items(carousel, "cards")),
        None => Ok(()),
    }
}

/// The parts that a template and a card of a carousel have alike.
fn parts(naming: Naming, components: &[Value], body: &Value) -> Result<(), Refusal> {
    body_text(naming, body)?;
    if let Some(header) = component(components, "HEADER") {
        header_text(naming, header)?;
    }
    if let Some(footer) = component(components, "FOOTER") {
        footer_text(text(footer, "text"))?;
    }
    buttons::check(buttons_of(components))
}

fn header_text(naming: Naming, header: &Value) -> Result<(), Refusal> {
    let format = text(header, "format").to_ascii_uppercase();
    if !HEADER_FORMATS.contains(&format.as_str()) {
        return Err(wrong(2_388_047, "HEADER has an unknown format"));
    }
    let header = text(header, "text");
    if header.chars().count() > HEADER_CHARS_MAX {
        return Err(too_long("HEADER", HEADER_CHARS_MAX));
    }
    if format == "TEXT" && header.is_empty() {
        return Err(wrong(2_388_047, "HEADER has no text"));
    }
    if variables(header).len() > 1 {
        return Err(wrong(2_388_047, "HEADER has more than one variable"));
    }
    names(naming, header, 2_388_047)
}

fn body_text(naming: Naming, body: &Value) -> Result<(), Refusal> {
    let written = text(body, "text");
    if written.is_empty() {
        return Err(wrong(2_388_072, "BODY has no text"));
    }
    if written.chars().count() > BODY_CHARS_MAX {
        return Err(too_long("BODY", BODY_CHARS_MAX));
    }
    names(naming, written, 2_388_072)?;
    if is_at_an_end(written) {
        return Err(wrong(2_388_299, "BODY begins or ends with a variable"));
    }
    // The rule that Meta counts by is not published; a text with more variables than words fails any of them.
    if variables(written).len() > words(written) {
        return Err(wrong(2_388_293, "BODY has too many variables for its length"));
    }
    let Some(examples) = find(body, "example.body_text") else { return Ok(()) };
    let given = match examples.get(0) {
        Some(Value::Array(given)) => given.len(),
        _ => examples.as_array().map_or(0, Vec::len),
    };
    if naming == Naming::Positional && given != variables(written).len() {
        Err(wrong(2_388_072, "BODY has not one example a variable"))
    } else {
        Ok(())
    }
}

fn footer_text(footer: &str) -> Result<(), Refusal> {
    if footer.is_empty() || !variables(footer).is_empty() {
        return Err(wrong(2_388_073, "FOOTER needs a text without variables"));
    }
    if footer.chars().count() > FOOTER_CHARS_MAX { Err(too_long("FOOTER", FOOTER_CHARS_MAX)) } else { Ok(()) }
}

/// Positions are counted from one without a gap; names are of lower-case letters, digits and underscores.
fn names(naming: Naming, written: &str, subcode: u32) -> Result<(), Refusal> {
    let found = variables(written);
    let are_right = match naming {
        Naming::Positional => (1..=found.len()).all(|number| found.contains(&number.to_string().as_str())),
        Naming::Named => found.iter().all(|name| {
            name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
                && name.chars().next().is_some_and(|first| !first.is_ascii_digit())
        }),
    };
    if are_right {
        Ok(())
    } else {
        Err(wrong(subcode, "the variables are not named as parameter_format says"))
    }
}

fn cards(naming: Naming, cards: &[Value]) -> Result<(), Refusal> {
    if !CARDS.contains(&cards.len()) {
        return Err(invalid("CAROUSEL must have 2 to 10 cards"));
    }
    for card in cards {
        let components = items(card, "components");
        if component(components, "HEADER").is_none() {
            return Err(invalid("a card has no HEADER"));
        }
        match component(components, "BODY") {
            Some(body) => parts(naming, components, body)?,
            None => buttons::check(buttons_of(components))?,
        }
    }
    Ok(())
}

/// Meta writes the text of these: a definition only says what goes with it.
fn authentication(components: &[Value]) -> Result<(), Refusal> {
    if component(components, "BODY").is_some_and(|body| !text(body, "text").is_empty()) {
        return Err(wrong(2_388_072, "BODY of an authentication template has no text of its own"));
    }
    let minutes = component(components, "FOOTER")
        .and_then(|footer| footer.get("code_expiration_minutes"))
        .and_then(Value::as_i64);
    if minutes.is_some_and(|minutes| !CODE_EXPIRATION_MINUTES.contains(&minutes)) {
        return Err(invalid("code_expiration_minutes must be 1 to 90"));
    }
    match buttons_of(components) {
        [button] if type_of(button) == "OTP" => buttons::check(buttons_of(components)),
        _ => Err(invalid("an authentication template has one OTP button")),
    }
}
