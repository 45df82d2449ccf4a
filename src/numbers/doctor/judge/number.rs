//! The account, the number in it, and how Meta sees the number.

use super::token::MANAGEMENT;
use super::{Ledger, is_bad_token, is_lacking_permission, listed, moment, trouble};
use crate::meta::client::account::{Account, ListedNumber};
use crate::meta::client::number::{
    CanSend, Connection, HealthEntity, MessagingLimit, Mode, NameReview, Number, Platform, Quality,
    Throughput, Verification,
};
use crate::meta::client::{CallError, Refusal};
use crate::numbers::doctor::gather::Seen;
use crate::numbers::doctor::report::Finding;
use crate::numbers::doctor::step::{State, Step};
use crate::numbers::doctor::words::{
    messaging_limit, name, number_in_waba, quality, registered, sending, throughput, waba,
};

pub(super) fn judge(seen: &Seen<'_>, ledger: &mut Ledger) {
    let account_ms = seen.account.as_ref().map_or(0, |asked| asked.ms);
    let numbers_ms = seen.numbers.as_ref().map_or(0, |asked| asked.ms);
    let number_ms = seen.number.as_ref().map_or(0, |asked| asked.ms);
    ledger.note(account(seen, ledger), account_ms);
    ledger.note(membership(seen, ledger), numbers_ms);
    let first = registration(seen, ledger);
    ledger.note(first, number_ms);
    for (step, judged) in [
        (Step::Name, name_of as fn(&Number) -> Finding),
        (Step::Quality, quality_of),
        (Step::MessagingLimit, limit_of),
        (Step::Throughput, throughput_of),
    ] {
        let finding = on_number(seen, ledger, step, judged);
        ledger.note(finding, number_ms);
    }
    let finding = sending_of(seen, ledger);
    ledger.note(finding, number_ms);
}

/// The finding of a step that rests on what Meta tells about the number.
fn on_number(
    seen: &Seen<'_>,
    ledger: &Ledger,
    step: Step,
    judged: impl FnOnce(&Number) -> Finding,
) -> Finding {
    match &seen.number {
        Some(asked) => match &asked.value {
            Ok(number) => judged(number),
            Err(error) => match cause_elsewhere(error, ledger) {
                Some(waits_for) => Finding::waiting(step, waits_for),
                // The number itself was refused; that is told once.
                None if ledger.state(Step::NumberInWaba) == Some(State::Failed) => {
                    Finding::waiting(step, Step::NumberInWaba)
                }
                None if ledger.state(Step::Waba) == Some(State::Failed) => Finding::waiting(step, Step::Waba),
                None => trouble(step, error),
            },
        },
        None => Finding::waiting(step, Step::TokenValid),
    }
}

/// The step that has failed and is the cause of this refusal, too.
pub(super) fn cause_elsewhere(error: &CallError, ledger: &Ledger) -> Option<Step> {
    if let Some(broken) = ledger.broken(&[Step::TokenValid]) {
        return Some(broken);
    }
    let is_token = is_bad_token(error) || is_lacking_permission(error) || is_not_seen(error);
    ledger.broken(&[Step::Scopes]).filter(|_| is_token)
}

/// Meta does not find what the id is of, or does not show it.
pub(super) fn is_not_seen(error: &CallError) -> bool {
    let Some(refusal) = error.refusal() else { return false };
    matches!((refusal.code(), refusal.subcode()), (Some(100), Some(33)) | (Some(33 | 803), _))
}

fn account(seen: &Seen<'_>, ledger: &Ledger) -> Finding {
    let Some(id) = seen.record.account_id.as_deref() else { return Finding::of(&waba::MISSING) };
    let Some(asked) = &seen.account else { return Finding::waiting(Step::Waba, Step::TokenValid) };
    let error = match &asked.value {
        Ok(account) => return of_account(id, account),
        Err(error) => error,
    };
    if let Some(broken) = ledger.broken(&[Step::TokenValid]) {
        return Finding::waiting(Step::Waba, broken);
    }
    if matches!(&seen.portfolio, Some(asked) if asked.value.is_ok()) {
        return portfolio(seen, id);
    }
    if matches!(&seen.waba_as_number, Some(asked) if asked.value.is_ok()) {
        return Finding::of(&waba::IS_NUMBER).with("waba", id);
    }
    if seen.access.app_id.as_deref() == Some(id) {
        return Finding::of(&waba::IS_APP).with("waba", id);
    }
    if let Some(waits_for) = cause_elsewhere(error, ledger) {
        return Finding::waiting(Step::Waba, waits_for);
    }
    if is_not_seen(error) {
        return Finding::of(&waba::NOT_SEEN).with("waba", id).code(error.refusal().and_then(Refusal::code));
    }
    let message = error.refusal().and_then(|refusal| refusal.message()).unwrap_or_default();
    if message.contains("nonexisting field") {
        return Finding::of(&waba::IS_OTHER).with("waba", id);
    }
    trouble(Step::Waba, error)
}

fn of_account(id: &str, account: &Account) -> Finding {
    Finding::of(&waba::OK).with("waba", id).with("name", account.name.clone().unwrap_or_default())
}

fn portfolio(seen: &Seen<'_>, id: &str) -> Finding {
    let finding = Finding::of(&waba::IS_PORTFOLIO).with("waba", id);
    let inspection = seen.inspection.as_ref().and_then(|asked| asked.value.as_ref().ok());
    // The token knows for which accounts it was made.
    let reach = inspection.and_then(|inspection| inspection.reach(MANAGEMENT)).unwrap_or_default();
    if reach.is_empty() { finding } else { finding.with("list", listed(reach.iter().map(String::as_str))) }
}

fn membership(seen: &Seen<'_>, ledger: &Ledger) -> Finding {
    const STEP: Step = Step::NumberInWaba;
    let (id, account) =
        (seen.record.phone_number_id.as_str(), seen.record.account_id.as_deref().unwrap_or_default());
    if let Some(broken) = ledger.broken(&[Step::TokenValid, Step::Waba]) {
        return Finding::waiting(STEP, broken);
    }
    let Some(asked) = &seen.numbers else { return Finding::waiting(STEP, Step::Waba) };
    let listed_numbers = match &asked.value {
        Ok(numbers) => numbers,
        Err(error) => {
            return cause_elsewhere(error, ledger)
                .map_or_else(|| trouble(STEP, error), |waits_for| Finding::waiting(STEP, waits_for));
        }
    };
    if let Some(number) = listed_numbers.iter().find(|number| number.id == id) {
        return member(seen, number);
    }
    if id == account {
        return Finding::of(&number_in_waba::IS_WABA).with("pnid", id);
    }
    if listed_numbers.iter().any(|number| digits(&number.display_phone_number) == id) {
        return Finding::of(&number_in_waba::IS_PHONE).with("pnid", id);
    }
    match seen.number.as_ref().map(|asked| &asked.value) {
        Some(Err(error)) if is_not_seen(error) => Finding::of(&number_in_waba::NOT_SEEN)
            .with("pnid", id)
            .code(error.refusal().and_then(Refusal::code)),
        _ => {
            let names: Vec<String> = listed_numbers
                .iter()
                .map(|number| format!("{} (ID {})", number.display_phone_number, number.id))
                .collect();
            Finding::of(&number_in_waba::NOT_IN_WABA)
                .with("pnid", id)
                .with("waba", account)
                .with("list", listed(names.iter().map(String::as_str)))
        }
    }
}

fn member(seen: &Seen<'_>, number: &ListedNumber) -> Finding {
    let found = number.display_phone_number.as_str();
    match seen.record.display_phone_number.as_deref() {
        Some(saved) if !found.is_empty() && digits(saved) != digits(found) => {
            Finding::of(&number_in_waba::OTHER_DISPLAY).with("found", found).with("saved", saved)
        }
        _ => Finding::of(&number_in_waba::OK).with("display", found),
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn registration(seen: &Seen<'_>, ledger: &Ledger) -> Finding {
    let has_pin = seen.access.pin.is_some();
    on_number(seen, ledger, Step::Registered, |number| {
        let line = match &number.connection {
            Some(Connection::Connected) => connected(number),
            Some(Connection::Banned) => &registered::BANNED,
            Some(Connection::Deleted) => &registered::DELETED,
            Some(Connection::Migrated) => &registered::MIGRATED,
            Some(Connection::Restricted) => &registered::RESTRICTED,
            Some(Connection::Flagged) => &registered::FLAGGED,
            Some(Connection::RateLimited) => &registered::RATE_LIMITED,
            Some(Connection::Offline | Connection::Disconnected) => &registered::OFFLINE,
            Some(Connection::Pending | Connection::Unverified) | None => unregistered(number, has_pin),
            Some(Connection::Other(word)) => {
                return Finding::of(&registered::UNKNOWN_STATE).with("state", word);
            }
        };
        Finding::of(line)
    })
}

fn connected(number: &Number) -> &'static super::super::line::Line {
    if number.mode == Some(Mode::Sandbox) {
        &registered::TEST_NUMBER
    } else if number.verification == Some(Verification::Expired) {
        &registered::VERIFICATION_EXPIRED
    } else {
        &registered::OK
    }
}

fn unregistered(number: &Number, has_pin: bool) -> &'static super::super::line::Line {
    let is_unverified =
        matches!(number.verification, Some(Verification::NotVerified | Verification::Unverified));
    if number.platform == Some(Platform::OnPremise) {
        &registered::ON_PREMISE
    } else if is_unverified {
        &registered::NOT_VERIFIED
    } else if has_pin {
        &registered::NOT_REGISTERED_WITH_PIN
    } else {
        &registered::NOT_REGISTERED
    }
}

fn name_of(number: &Number) -> Finding {
    let line = match &number.name_review {
        Some(NameReview::Declined) => &name::DECLINED,
        _ if number.new_name_review == Some(NameReview::Approved) => &name::APPROVED_NOT_SHOWN,
        Some(NameReview::Approved | NameReview::AvailableWithoutReview) => &name::OK,
        Some(NameReview::Expired) => &name::EXPIRED,
        Some(NameReview::None) | None => &name::NONE,
        Some(NameReview::PendingReview | NameReview::Other(_)) => &name::PENDING,
    };
    Finding::of(line).with("name", number.verified_name.clone().unwrap_or_default())
}

fn quality_of(number: &Number) -> Finding {
    Finding::of(match &number.quality {
        Some(Quality::Green) => &quality::GREEN,
        Some(Quality::Yellow) => &quality::YELLOW,
        Some(Quality::Red) => &quality::RED,
        Some(Quality::NotAvailable | Quality::Unknown | Quality::Other(_)) | None => &quality::UNKNOWN,
    })
}

fn limit_of(number: &Number) -> Finding {
    let ok = |limit: &str| Finding::of(&messaging_limit::OK).with("limit", limit);
    match &number.messaging_limit {
        Some(MessagingLimit::Tier250) => Finding::of(&messaging_limit::LOWEST),
        Some(MessagingLimit::Tier2K) => ok("2,000"),
        Some(MessagingLimit::Tier10K) => ok("10,000"),
        Some(MessagingLimit::Tier100K) => ok("100,000"),
        Some(MessagingLimit::Unlimited) => Finding::of(&messaging_limit::UNLIMITED),
        Some(MessagingLimit::Other(word)) => ok(word.trim_start_matches("TIER_")),
        None => Finding::of(&messaging_limit::UNKNOWN),
    }
}

fn throughput_of(number: &Number) -> Finding {
    Finding::of(match &number.throughput {
        Some(Throughput::Standard) if number.is_on_biz_app == Some(true) => &throughput::COEXISTENCE,
        Some(Throughput::Standard) => &throughput::STANDARD,
        Some(Throughput::High) => &throughput::HIGH,
        Some(Throughput::NotApplicable) => &throughput::NONE,
        Some(Throughput::Other(_)) | None => &throughput::UNKNOWN,
    })
}

/// Whether messages can be sent, as Meta sums it up, and as the number's owner wants it.
fn sending_of(seen: &Seen<'_>, ledger: &Ledger) -> Finding {
    let needed = [Step::TokenValid, Step::Scopes, Step::Waba, Step::NumberInWaba, Step::Registered];
    if let Some(broken) = ledger.broken(&needed) {
        return Finding::waiting(Step::Sending, broken);
    }
    on_number(seen, ledger, Step::Sending, |number| {
        let account = seen.account.as_ref().and_then(|asked| asked.value.as_ref().ok());
        let entities = number
            .health
            .iter()
            .chain(account.and_then(|account| account.health.as_ref()))
            .flat_map(|health| &health.entities);
        let worst = |can_send: CanSend| entities.clone().find(|entity| entity.can_send == can_send);
        if let Some(entity) = worst(CanSend::Blocked) {
            return health(Finding::of(&sending::HEALTH_BLOCKED), entity);
        }
        if let Some(entity) = worst(CanSend::Limited) {
            return health(Finding::of(&sending::HEALTH_LIMITED), entity);
        }
        match seen.record.paused_at_ms {
            Some(at_ms) => Finding::of(&sending::PAUSED).with("when", moment(at_ms)),
            None => Finding::of(&sending::OK),
        }
    })
}

fn health(finding: Finding, entity: &HealthEntity) -> Finding {
    let trouble = entity.troubles.first();
    let note = entity.notes.first().cloned().unwrap_or_default();
    let text = |text: Option<&String>, other: String| text.cloned().unwrap_or(other);
    finding
        .with("entity", &entity.kind)
        .with("words", text(trouble.and_then(|trouble| trouble.description.as_ref()), note))
        .with("solution", text(trouble.and_then(|trouble| trouble.solution.as_ref()), String::new()))
        .code(trouble.and_then(|trouble| trouble.code))
}

/// What Meta tells about the number, if it was asked and has answered.
pub(super) fn answered<'a>(seen: &'a Seen<'_>) -> Option<&'a Number> {
    seen.number.as_ref().and_then(|asked| asked.value.as_ref().ok())
}
