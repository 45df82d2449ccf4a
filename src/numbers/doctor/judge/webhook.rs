//! Who hears of the account, of what, and where.

use super::number::{answered, cause_elsewhere};
use super::{Ledger, listed, moment, trouble};
use crate::meta::client::account::SubscribedApp;
use crate::meta::client::app::Subscription;
use crate::meta::client::number::{Callbacks, Number};
use crate::numbers::doctor::gather::Seen;
use crate::numbers::doctor::report::Finding;
use crate::numbers::doctor::step::{State, Step};
use crate::numbers::doctor::words::{app_subscribed, callback, fields, webhook_seen};

/// A field without which nothing works.
pub const ESSENTIAL_FIELD: &str = "messages";
/// Fields that tell what an owner wants to know. All of them are understood here, and every app may have them.
pub const WANTED_FIELDS: &[&str] = &[
    "account_alerts",
    "account_review_update",
    "account_update",
    "business_capability_update",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "template_category_update",
    "user_preferences",
];
/// Fields of a number that is used in the WhatsApp Business app, too.
pub const COEXISTENCE_FIELDS: &[&str] = &["history", "smb_app_state_sync", "smb_message_echoes"];
/// A number without a webhook for longer than this is unusually quiet.
const QUIET_MS: i64 = 48 * 3_600_000;
const PUBLIC_URL_SETTING: &str = "PESAN_PUBLIC_URL";

/// All that an app is to be told of: what it is told of now, and what is wanted.
pub fn fields_to_subscribe(had: &[String]) -> Vec<&str> {
    let mut fields: Vec<&str> = had.iter().map(String::as_str).collect();
    for field in [ESSENTIAL_FIELD].iter().chain(WANTED_FIELDS).chain(COEXISTENCE_FIELDS) {
        if !fields.contains(field) {
            fields.push(field);
        }
    }
    fields
}

pub(super) fn judge(seen: &Seen<'_>, ledger: &mut Ledger) {
    let apps_ms = seen.apps.as_ref().map_or(0, |asked| asked.ms);
    let subscription_ms = seen.subscription.as_ref().map_or(0, |asked| asked.ms);
    let number_ms = seen.number.as_ref().map_or(0, |asked| asked.ms);
    ledger.note(subscribed(seen, ledger), apps_ms);
    ledger.note(fields_of(seen, ledger), subscription_ms);
    ledger.note(callback_of(seen, ledger), number_ms);
    ledger.note(seen_lately(seen), 0);
}

fn subscribed(seen: &Seen<'_>, ledger: &Ledger) -> Finding {
    const STEP: Step = Step::AppSubscribed;
    if let Some(broken) = ledger.broken(&[Step::TokenValid, Step::Waba]) {
        return Finding::waiting(STEP, broken);
    }
    let Some(asked) = &seen.apps else { return Finding::waiting(STEP, Step::Waba) };
    let apps = match &asked.value {
        Ok(apps) => apps,
        Err(error) => {
            return cause_elsewhere(error, ledger)
                .map_or_else(|| trouble(STEP, error), |waits_for| Finding::waiting(STEP, waits_for));
        }
    };
    let inspection = seen.inspection.as_ref().and_then(|asked| asked.value.as_ref().ok());
    let own = seen.access.app_id.as_ref().or_else(|| inspection?.app_id.as_ref());
    let Some(own) = own else {
        let line = if apps.is_empty() { &app_subscribed::NOT_SUBSCRIBED } else { &app_subscribed::WHICH_APP };
        return Finding::of(line);
    };
    let others = || listed(apps.iter().filter(|app| app.id != *own).map(name_of));
    match apps.iter().find(|app| app.id == *own) {
        Some(_) if apps.len() > 1 => Finding::of(&app_subscribed::ALSO_OTHERS).with("apps", others()),
        Some(app) => Finding::of(&app_subscribed::OK).with("app", name_of(app)),
        None if apps.is_empty() => Finding::of(&app_subscribed::NOT_SUBSCRIBED),
        None => Finding::of(&app_subscribed::OTHER_APP_ONLY).with("apps", others()),
    }
}

fn name_of(app: &SubscribedApp) -> &str {
    app.name.as_deref().unwrap_or(&app.id)
}

fn fields_of(seen: &Seen<'_>, ledger: &Ledger) -> Finding {
    const STEP: Step = Step::Fields;
    if let Some(broken) = ledger.broken(&[Step::AppSecret]) {
        return Finding::waiting(STEP, broken);
    }
    let subscription = match seen.subscription.as_ref().map(|asked| &asked.value) {
        None => return Finding::of(&fields::UNKNOWN),
        Some(Err(error)) => return trouble(STEP, error),
        Some(Ok(subscription)) => subscription,
    };
    let url = seen.settings.callback_url().unwrap_or_default();
    let Some(subscription) = subscription else { return Finding::of(&fields::NONE).with("url", url) };
    if !subscription.is_active {
        return Finding::of(&fields::INACTIVE);
    }
    if lacking(subscription, &[ESSENTIAL_FIELD]).next().is_some() {
        return Finding::of(&fields::NO_MESSAGES);
    }
    let is_on_app = answered(seen).is_some_and(|number| number.is_on_biz_app == Some(true));
    let for_app: Vec<&str> = lacking(subscription, COEXISTENCE_FIELDS).filter(|_| is_on_app).collect();
    if !for_app.is_empty() {
        return Finding::of(&fields::COEXISTENCE_MISSING).with("fields", listed(for_app));
    }
    let others: Vec<&str> = lacking(subscription, WANTED_FIELDS).collect();
    if others.is_empty() {
        Finding::of(&fields::OK)
    } else {
        Finding::of(&fields::OTHERS_MISSING).with("fields", others.join(", "))
    }
}

fn lacking<'f>(subscription: &Subscription, wanted: &[&'f str]) -> impl Iterator<Item = &'f str> {
    wanted.iter().copied().filter(|field| !subscription.fields.iter().any(|other| other == field))
}

fn callback_of(seen: &Seen<'_>, ledger: &Ledger) -> Finding {
    const STEP: Step = Step::Callback;
    if let Some(broken) = ledger.broken(&[Step::TokenValid, Step::Scopes, Step::NumberInWaba]) {
        return Finding::waiting(STEP, broken);
    }
    // Whose number it is, the number itself tells; a wrong account is told of elsewhere.
    match seen.number.as_ref().map(|asked| &asked.value) {
        None => Finding::waiting(STEP, Step::TokenValid),
        Some(Err(error)) => match cause_elsewhere(error, ledger).or(ledger.broken(&[Step::Waba])) {
            Some(waits_for) => Finding::waiting(STEP, waits_for),
            None => trouble(STEP, error),
        },
        Some(Ok(number)) => of_callbacks(seen, number, ledger),
    }
}

fn of_callbacks(seen: &Seen<'_>, number: &Number, ledger: &Ledger) -> Finding {
    let Callbacks { number: of_number, account, app } = &number.callbacks;
    let Some(found) = number.callbacks.in_force() else {
        // An app without any webhook has no address either: that is told once.
        let has_none = seen.subscription.as_ref().is_some_and(|asked| matches!(asked.value, Ok(None)));
        if has_none && ledger.state(Step::Fields) == Some(State::Failed) {
            return Finding::waiting(Step::Callback, Step::Fields);
        }
        let url = seen.settings.callback_url().unwrap_or_default();
        return Finding::of(&callback::NONE_SET).with("url", url);
    };
    let Some(url) = seen.settings.callback_url() else {
        return Finding::of(&callback::OWN_UNKNOWN)
            .with("found", shown(found))
            .with("setting", PUBLIC_URL_SETTING);
    };
    let line = if found == url {
        match app.as_deref() {
            Some(other) if other != url => {
                return Finding::of(&callback::SPLIT_TEMPLATES).with("found", shown(other)).with("url", url);
            }
            _ => &callback::OK,
        }
    } else if is_almost(found, &url) {
        &callback::ALMOST
    } else if of_number.is_some() {
        &callback::FOREIGN_NUMBER
    } else if account.is_some() {
        &callback::FOREIGN_WABA
    } else {
        &callback::FOREIGN_APP
    };
    Finding::of(line).with("found", shown(found)).with("url", url)
}

/// An address for people: what follows the question mark may be somebody's secret.
fn shown(url: &str) -> String {
    match url.split_once('?') {
        Some((address, _)) => format!("{address}?…"),
        None => url.to_owned(),
    }
}

/// The same address, but for what is easily mistyped.
fn is_almost(found: &str, url: &str) -> bool {
    let plain = |text: &str| {
        let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let text = text.strip_prefix("https://").or(text.strip_prefix("http://")).unwrap_or(&text);
        text.trim_start_matches("www.").to_owned()
    };
    plain(found) == plain(url)
}

fn seen_lately(seen: &Seen<'_>) -> Finding {
    match seen.record.webhook_at_ms {
        None => {
            let display = seen.record.display_phone_number.clone().unwrap_or_default();
            Finding::of(&webhook_seen::NEVER).with("display", display)
        }
        Some(at_ms) if seen.now_ms - at_ms > QUIET_MS => {
            let display = seen.record.display_phone_number.clone().unwrap_or_default();
            Finding::of(&webhook_seen::SILENT).with("when", moment(at_ms)).with("display", display)
        }
        Some(at_ms) => {
            Finding::of(&webhook_seen::OK).with("ago", ((seen.now_ms - at_ms) / 1_000).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_almost_ours_when_it_is_mistyped_and_not_when_it_is_anothers() {
        let ours = "https://crm.example/api/webhooks/whatsapp";
        let check = |found: &str, expected| assert_eq!(is_almost(found, ours), expected, "{found}");
        check("https://crm.example/api/webhooks/whatsapp/", true);
        check("http://crm.example/api/webhooks/whatsapp", true);
        check("https://www.CRM.example/api/webhooks/whatsapp", true);
        check("https://crm.example/api/webhooks", false);
        check("https://other.example/api/webhooks/whatsapp", false);
    }

    #[test]
    fn what_an_app_is_told_of_already_stays() {
        let had = ["calls".to_owned(), "messages".to_owned()];
        let fields = fields_to_subscribe(&had);
        assert_eq!(fields[..2], ["calls", "messages"]);
        assert_eq!(fields.iter().filter(|field| **field == "messages").count(), 1);
        assert!(WANTED_FIELDS.iter().chain(COEXISTENCE_FIELDS).all(|field| fields.contains(field)));
    }

    #[test]
    fn the_query_of_an_address_is_not_shown() {
        assert_eq!(shown("https://x.example/hook?token=secret"), "https://x.example/hook?…");
        assert_eq!(shown("https://x.example/hook"), "https://x.example/hook");
    }
}
