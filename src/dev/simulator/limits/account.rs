//! Limits of what belongs to a number: business profile, QR codes, blocked users, automation.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::refusal::Refusal;
use super::message::{is_parent_user_id, is_phone_number, is_scoped_user_id};
use super::rule::{is_web, items, text};

/// Meta (2026-07): QR codes of one number.
pub const QR_CODES_MAX: usize = 2_000;
/// Meta (2026-07): users that one number may block.
pub const BLOCKED_USERS_MAX: usize = 64_000;
const BLOCKED_USERS_A_CALL_MAX: usize = 1_000;

fn invalid(text: String) -> Refusal {
    Refusal::of(100).message(format!("(#100) {text}")).details(text)
}

/// A body of `POST /{PNID}/whatsapp_business_profile`. Its lengths are in the schema.
pub fn business_profile(body: &Value) -> Result<(), Refusal> {
    if items(body, "websites").iter().filter_map(Value::as_str).any(|site| !site.is_empty() && !is_web(site))
    {
        return Err(invalid("Param websites must have http or https URLs.".to_owned()));
    }
    let email = text(body, "email");
    let is_email = email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if !email.is_empty() && !is_email {
        return Err(invalid("Param email must be an e-mail address.".to_owned()));
    }
    Ok(())
}

/// A body of `POST /{PNID}/message_qrdls`. Its length is in the schema.
pub fn qr_code(body: &Value) -> Result<(), Refusal> {
    if text(body, "prefilled_message").is_empty() {
        return Err(invalid("Param prefilled_message must not be empty.".to_owned()));
    }
    Ok(())
}

/// A body of `POST` or `DELETE /{PNID}/block_users`.
pub fn block_users(body: &Value) -> Result<(), Refusal> {
    let users = items(body, "block_users");
    if users.is_empty() || users.len() > BLOCKED_USERS_A_CALL_MAX {
        return Err(invalid(format!("Param block_users must have 1 to {BLOCKED_USERS_A_CALL_MAX} items.")));
    }
    for user in users {
        let (phone, id) = (text(user, "user"), text(user, "user_id"));
        let is_user = if phone.is_empty() {
            is_scoped_user_id(id) && !is_parent_user_id(id)
        } else {
            is_phone_number(phone)
        };
        if !is_user {
            return Err(invalid("Param block_users has an item that names no user.".to_owned()));
        }
    }
    Ok(())
}

/// A body of `POST /{PNID}/conversational_automation`. Its lengths and counts are in the schema.
pub fn automation(body: &Value) -> Result<(), Refusal> {
    let mut names = BTreeSet::new();
    for command in items(body, "commands") {
        let name = text(command, "command_name");
        if !names.insert(name) {
            return Err(invalid(format!(
                "Command names must be unique. Duplicate command name found: {name}"
            )));
        }
    }
    Ok(())
}
