//! The app secret, the token, how long it lasts, what it may do.

use super::{Ledger, date, is_bad_token, listed, trouble};
use crate::meta::client::CallError;
use crate::meta::client::app::{Inspection, InspectionError};
use crate::numbers::doctor::access::TokenTrouble;
use crate::numbers::doctor::gather::Seen;
use crate::numbers::doctor::report::Finding;
use crate::numbers::doctor::step::{State, Step};
use crate::numbers::doctor::words::{app_secret, scopes, token_expiry, token_valid};

const DAY_S: i64 = 86_400;
/// A token that ends within this time is worth a warning.
const SOON_S: i64 = 14 * DAY_S;
pub(super) const MESSAGING: &str = "whatsapp_business_messaging";
pub(super) const MANAGEMENT: &str = "whatsapp_business_management";
pub(super) const APP_SECRET_SETTING: &str = "WHATSAPP_APP_SECRET";

pub(super) fn judge(seen: &Seen<'_>, ledger: &mut Ledger) {
    let inspected_ms = seen.inspection.as_ref().map_or(0, |asked| asked.ms);
    let asked_ms = seen.number.as_ref().map_or(0, |asked| asked.ms);
    let token_ms = if seen.inspection.is_some() { inspected_ms } else { asked_ms };
    let secret = secret(seen);
    // What only the app may ask cannot be asked with a wrong secret.
    let is_secret_wrong = secret.state == State::Failed && secret.is(&app_secret::WRONG);
    let valid = valid(seen);
    let is_valid = matches!(valid.state, State::Ok);
    let blocked_by = if !is_valid {
        Some(Step::TokenValid)
    } else if is_secret_wrong {
        Some(Step::AppSecret)
    } else {
        None
    };
    let on_inspection = |step, judged: fn(&Seen<'_>, &Inspection) -> Finding, unknown| match blocked_by {
        Some(waits_for) => Finding::waiting(step, waits_for),
        None => match seen.inspection.as_ref().map(|asked| &asked.value) {
            Some(Ok(inspection)) => judged(seen, inspection),
            Some(Err(error)) => trouble(step, error),
            None => Finding::of(unknown),
        },
    };
    let expiry = on_inspection(Step::TokenExpiry, expiry, &token_expiry::UNKNOWN);
    let scopes = on_inspection(Step::Scopes, scopes_of, &scopes::UNKNOWN);
    ledger.note(secret, token_ms);
    ledger.note(valid, token_ms);
    ledger.note(expiry, inspected_ms);
    ledger.note(scopes, inspected_ms);
}

/// The app secret: Meta knows whether it is right, by the app's own token or by the proof that goes with calls.
fn secret(seen: &Seen<'_>) -> Finding {
    let Some(secret) = &seen.access.app_secret else {
        let is_bare = !seen.settings.app_secrets.is_empty() && seen.access.app_id.is_none();
        return Finding::of(if is_bare { &app_secret::NO_APP_ID } else { &app_secret::MISSING });
    };
    let app = seen.access.app_id.as_deref().unwrap_or_default();
    let by_app = seen.subscription.as_ref().map(|asked| &asked.value);
    let is_wrong = match by_app {
        Some(Ok(_)) => Some(false),
        Some(Err(error)) if is_bad_token(error) || is_bad_app(error) => Some(true),
        _ => None,
    };
    let by_proof = seen.number.as_ref().map(|asked| &asked.value);
    let is_wrong = is_wrong.or(match by_proof {
        _ if seen.is_proof_refused => Some(true),
        Some(Ok(_)) => Some(false),
        _ => None,
    });
    let is_trusted = seen.settings.app_secrets.iter().any(|other| other.matches(secret.expose()));
    match (is_wrong, by_app) {
        (Some(true), _) => Finding::of(&app_secret::WRONG).with("app", app),
        (Some(false), _) if !is_trusted => {
            Finding::of(&app_secret::NOT_TRUSTED).with("app", app).with("setting", APP_SECRET_SETTING)
        }
        (Some(false), _) => Finding::of(&app_secret::OK),
        (None, Some(Err(error))) => trouble(Step::AppSecret, error),
        (None, _) => Finding::of(&app_secret::NO_APP_ID),
    }
}

/// Meta (2026-07): 101 is for an app's id or secret that is wrong.
fn is_bad_app(error: &CallError) -> bool {
    error.refusal().is_some_and(|refusal| refusal.code() == Some(101))
}

fn valid(seen: &Seen<'_>) -> Finding {
    match &seen.access.token {
        Err(TokenTrouble::Missing) => return Finding::of(&token_valid::MISSING),
        Err(TokenTrouble::NoKey(key)) => return Finding::of(&token_valid::UNREADABLE).with("key", key),
        Err(TokenTrouble::Tampered) => return Finding::of(&token_valid::TAMPERED),
        Err(TokenTrouble::NotNow) => return Finding::unanswered(Step::TokenValid),
        Ok(_) => {}
    }
    match seen.inspection.as_ref().map(|asked| &asked.value) {
        Some(Ok(inspection)) if inspection.is_valid => return Finding::of(&token_valid::OK),
        Some(Ok(inspection)) => return invalid(inspection),
        // Asked by the right app: the token is another one's.
        Some(Err(CallError::Refused(refusal))) if refusal.code() == Some(100) => {
            let expected = seen.access.app_id.as_deref().unwrap_or_default();
            return Finding::of(&token_valid::OTHER_APP).with("expected", expected);
        }
        _ => {}
    }
    by_use(seen)
}

fn invalid(inspection: &Inspection) -> Finding {
    let error = inspection.error.unwrap_or(InspectionError { code: None, subcode: None });
    by_subcode(error.subcode, inspection.expires_at_s)
        .code(error.code.or(Some(190)))
        .with_subcode(error.subcode)
}

fn by_subcode(subcode: Option<i64>, expires_at_s: Option<i64>) -> Finding {
    match (subcode, expires_at_s) {
        (Some(463), Some(at_s)) => Finding::of(&token_valid::EXPIRED).with("date", date(at_s)),
        (Some(463), None) => Finding::refused(Step::TokenValid, Some(190)),
        (Some(460), _) => Finding::of(&token_valid::PASSWORD),
        (Some(458 | 459 | 464 | 492), _) => Finding::of(&token_valid::PERSON),
        _ => Finding::of(&token_valid::REVOKED),
    }
}

/// Without the app nobody tells about the token: then by what it is taken for.
fn by_use(seen: &Seen<'_>) -> Finding {
    let errors = [
        seen.number.as_ref().map(|asked| asked.value.as_ref().err()),
        seen.account.as_ref().map(|asked| asked.value.as_ref().err()),
    ];
    let mut answers = errors.into_iter().flatten();
    let is_answer = |error: Option<&CallError>| match error {
        None => true,
        Some(error) => error.refusal().is_some_and(|refusal| !super::is_passing(refusal)),
    };
    let Some(answer) = answers.clone().find(|error| is_answer(*error)) else {
        let is_throttled =
            answers.any(|error| matches!(error, Some(CallError::Refused(_) | CallError::Overloaded(_))));
        if is_throttled {
            return Finding::of(&token_valid::THROTTLED).with("minutes", "5");
        }
        return Finding::of(&token_valid::NO_ANSWER).with("host", "graph.facebook.com");
    };
    match answer.filter(|error| is_bad_token(error)).and_then(CallError::refusal) {
        Some(refusal) => {
            by_subcode(refusal.subcode(), None).code(refusal.code()).with_subcode(refusal.subcode())
        }
        None => Finding::of(&token_valid::OK),
    }
}

fn expiry(seen: &Seen<'_>, inspection: &Inspection) -> Finding {
    let now_s = seen.now_ms.div_euclid(1_000);
    let left = |at_s: i64| at_s - now_s;
    match inspection.expires_at_s {
        Some(at_s) if left(at_s) <= DAY_S => {
            Finding::of(&token_expiry::TODAY).with("hours", (left(at_s).max(0) / 3_600).to_string())
        }
        Some(at_s) if left(at_s) <= SOON_S => Finding::of(&token_expiry::SOON)
            .with("date", date(at_s))
            .with("days", (left(at_s) / DAY_S).to_string()),
        _ if inspection.data_access_expires_at_s.is_some_and(|at_s| left(at_s) <= SOON_S) => {
            let at_s = inspection.data_access_expires_at_s.unwrap_or_default();
            Finding::of(&token_expiry::DATA_ACCESS).with("date", date(at_s))
        }
        _ if inspection.kind.as_deref() == Some("USER") => Finding::of(&token_expiry::PERSONAL),
        Some(at_s) => Finding::of(&token_expiry::LATER).with("date", date(at_s)),
        None => Finding::of(&token_expiry::NEVER),
    }
}

fn scopes_of(seen: &Seen<'_>, inspection: &Inspection) -> Finding {
    let Some(managed) = inspection.reach(MANAGEMENT) else { return Finding::of(&scopes::NO_MANAGEMENT) };
    if inspection.reach(MESSAGING).is_none() {
        return Finding::of(&scopes::NO_MESSAGING);
    }
    let waba = seen.record.account_id.as_deref().unwrap_or_default();
    let is_reached = managed.is_empty() || managed.iter().any(|id| id == waba);
    // If the token sees the number, it reaches the right account, and the saved id is another one's.
    let sees_number = seen.number.as_ref().is_some_and(|asked| asked.value.is_ok());
    if is_reached || sees_number || waba.is_empty() {
        return Finding::of(&scopes::OK);
    }
    Finding::of(&scopes::NOT_ASSIGNED)
        .with("waba", waba)
        .with("list", listed(managed.iter().map(String::as_str)))
}
