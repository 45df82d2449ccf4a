//! Buttons in definitions of templates: how many of each kind, their texts, their order.

use serde_json::Value;

use super::super::super::refusal::Refusal;
use super::super::rule::{items, text};
use super::definition::{invalid, too_long};
use super::type_of;
use super::variables::variables;

const BUTTONS_MAX: usize = 10;
const LABEL_CHARS_MAX: usize = 25;
const URL_CHARS_MAX: usize = 2000;
const SUPPORTED_APPS_MAX: usize = 5;
const SIGNATURE_HASH_CHARS: usize = 11;

/// Meta (2026-07): how many buttons of a kind a template may have. Kinds without a published number: one.
const KINDS: &[(&str, usize)] = &[
    ("QUICK_REPLY", 10),
    ("URL", 2),
    ("PHONE_NUMBER", 1),
    ("COPY_CODE", 1),
    ("FLOW", 1),
    ("CATALOG", 1),
    ("MPM", 1),
    ("SPM", 1),
    ("OTP", 1),
    ("VOICE_CALL", 1),
    ("REQUEST_CONTACT_INFO", 1),
    ("ORDER_DETAILS", 1),
];

const OTP_TYPES: &[&str] = &["COPY_CODE", "ONE_TAP", "ZERO_TAP"];

/// The buttons of one template or one card.
pub(super) fn check(buttons: &[Value]) -> Result<(), Refusal> {
    if buttons.len() > BUTTONS_MAX {
        return Err(invalid("BUTTONS must have at most 10 buttons"));
    }
    let kinds: Vec<String> = buttons.iter().map(type_of).collect();
    for kind in &kinds {
        let Some((_, count_max)) = KINDS.iter().find(|(listed, _)| listed == kind) else {
            return Err(invalid(&format!("BUTTONS has the unknown type {kind}")));
        };
        if kinds.iter().filter(|other| *other == kind).count() > *count_max {
            return Err(invalid(&format!("BUTTONS has more than {count_max} of {kind}")));
        }
    }
    // Quick replies stand together: between any two neighbours the kind changes at most from and to them once.
    let changes = kinds
        .windows(2)
        .filter(|pair| matches!(pair, [left, right] if (left == "QUICK_REPLY") != (right == "QUICK_REPLY")))
        .count();
    if changes > 1 {
        return Err(invalid("BUTTONS must have the quick replies side by side"));
    }
    buttons.iter().zip(&kinds).try_for_each(|(button, kind)| one(button, kind))
}

fn one(button: &Value, kind: &str) -> Result<(), Refusal> {
    let label = text(button, "text");
    if label.chars().count() > LABEL_CHARS_MAX {
        return Err(too_long("the text of a button", LABEL_CHARS_MAX));
    }
    let has_own_label = ["QUICK_REPLY", "URL", "PHONE_NUMBER", "FLOW", "CATALOG", "MPM"].contains(&kind);
    if has_own_label && label.is_empty() {
        return Err(invalid(&format!("a {kind} button has no text")));
    }
    match kind {
        "URL" => url(text(button, "url")),
        "PHONE_NUMBER" if text(button, "phone_number").is_empty() => {
            Err(invalid("a PHONE_NUMBER button has no phone_number"))
        }
        "OTP" => one_time_password(button),
        _ => Ok(()),
    }
}

fn url(url: &str) -> Result<(), Refusal> {
    if url.is_empty() {
        return Err(invalid("a URL button has no url"));
    }
    if url.chars().count() > URL_CHARS_MAX {
        return Err(too_long("the url of a button", URL_CHARS_MAX));
    }
    match variables(url).as_slice() {
        [] => Ok(()),
        [_] if url.ends_with("}}") => Ok(()),
        _ => Err(invalid("the url of a button has at most one variable, at its end")),
    }
}

fn one_time_password(button: &Value) -> Result<(), Refusal> {
    let otp_type = text(button, "otp_type").to_ascii_uppercase();
    if !OTP_TYPES.contains(&otp_type.as_str()) {
        return Err(invalid("an OTP button has no otp_type that is known"));
    }
    let apps = items(button, "supported_apps");
    if apps.len() > SUPPORTED_APPS_MAX {
        return Err(invalid("supported_apps must have at most 5 items"));
    }
    let is_app = |app: &Value| {
        !text(app, "package_name").is_empty()
            && text(app, "signature_hash").chars().count() == SIGNATURE_HASH_CHARS
    };
    if !apps.iter().all(is_app) {
        return Err(invalid("supported_apps needs a package_name and a signature_hash of 11 characters"));
    }
    // Meta's OpenAPI samples have the one application beside the type, as it was before there could be several.
    let has_app = !apps.is_empty() || !text(button, "package_name").is_empty();
    if otp_type != "COPY_CODE" && !has_app {
        return Err(invalid("an OTP button that fills in needs supported_apps"));
    }
    if otp_type == "ZERO_TAP" && button.get("zero_tap_terms_accepted") != Some(&Value::Bool(true)) {
        Err(invalid("a ZERO_TAP button needs zero_tap_terms_accepted"))
    } else {
        Ok(())
    }
}
