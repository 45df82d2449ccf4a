//! Our own address, as it is seen from outside, and our clock.

use url::{Host, Url};

use super::Ledger;
use crate::numbers::doctor::gather::{Seen, millis};
use crate::numbers::doctor::report::Finding;
use crate::numbers::doctor::step::Step;
use crate::numbers::doctor::words::{clock, url_byte_true, url_reachable};
use crate::numbers::probe::{Answer, Knock, Silence};

/// Slower than this, and Meta takes a webhook for late.
const SLOW_MS: i64 = 1_000;
/// Clocks may differ by this much; from there on times are shown wrongly; from there on nothing works.
const DRIFT_MS: i64 = 5_000;
const DRIFT_FAR_MS: i64 = 5 * 60_000;
const PUBLIC_URL_SETTING: &str = "PESAN_PUBLIC_URL";
const VERIFY_TOKEN_SETTING: &str = "WHATSAPP_VERIFY_TOKEN";

pub(super) fn judge(seen: &Seen<'_>, ledger: &mut Ledger) {
    let took = |knock: &Option<Knock>| knock.as_ref().map_or(0, |knock| millis(knock.elapsed));
    ledger.note(reachable(seen), took(&seen.door.verified));
    let is_broken = ledger.broken(&[Step::UrlReachable]).is_some();
    let byte_true = if is_broken { waiting() } else { byte_true(seen) };
    ledger.note(byte_true, took(&seen.door.delivered));
    ledger.note(clock_of(seen), seen.clock.of_meta.ms);
}

fn waiting() -> Finding {
    Finding::waiting(Step::UrlByteTrue, Step::UrlReachable)
}

fn reachable(seen: &Seen<'_>) -> Finding {
    let url = seen.settings.callback_url().and_then(|url| Url::parse(&url).ok());
    let Some(url) = url else {
        return Finding::of(&url_reachable::NOT_SET).with("setting", PUBLIC_URL_SETTING);
    };
    let host = url.host_str().unwrap_or_default();
    // In development Meta itself is on this machine.
    if !seen.settings.is_graph_local {
        if is_private(&url) {
            return Finding::of(&url_reachable::PRIVATE).with("host", host);
        }
        if url.scheme() != "https" {
            return Finding::of(&url_reachable::NOT_HTTPS);
        }
    }
    let finding = |line| {
        Finding::of(line)
            .with("url", url.as_str())
            .with("host", host)
            .with("path", url.path())
            .with("setting", VERIFY_TOKEN_SETTING)
            .with("seconds", "5")
    };
    let Some(knock) = &seen.door.verified else { return finding(&url_reachable::TIME_OUT) };
    let answer = match &knock.outcome {
        Ok(answer) => answer,
        Err(silence) => {
            return finding(match silence {
                Silence::UnknownName => &url_reachable::NO_NAME,
                Silence::BadCertificate => &url_reachable::BAD_CERTIFICATE,
                Silence::Refused => &url_reachable::REFUSED,
                Silence::TimeOut => &url_reachable::TIME_OUT,
            });
        }
    };
    let elapsed_ms = millis(knock.elapsed);
    let status = answer.status.to_string();
    match answer.status {
        200 if answer.body == seen.door.challenge && elapsed_ms > SLOW_MS => {
            finding(&url_reachable::SLOW).with("ms", elapsed_ms.to_string())
        }
        200 if answer.body == seen.door.challenge => finding(&url_reachable::OK),
        200 => finding(&url_reachable::OTHER_SERVICE),
        300..=399 => {
            let target = answer.location.clone().unwrap_or_default();
            finding(&url_reachable::REDIRECT).with("target", target)
        }
        403 if is_ours(answer) => finding(&url_reachable::VERIFY_TOKEN),
        401 | 403 => finding(&url_reachable::LOGIN).with("status", status),
        _ => finding(&url_reachable::STATUS).with("status", status),
    }
}

/// Whether the address is one that only the own network knows.
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.is_unspecified() || address.is_unique_local()
        }
        Some(Host::Domain(name)) => {
            !name.contains('.') || matches!(name.rsplit('.').next(), Some("local" | "localhost"))
        }
        None => true,
    }
}

/// Whether an error is in the form of this service.
fn is_ours(answer: &Answer) -> bool {
    let body: Option<serde_json::Value> = serde_json::from_str(&answer.body).ok();
    body.is_some_and(|body| body.pointer("/error/requestId").is_some())
}

fn byte_true(seen: &Seen<'_>) -> Finding {
    let path = seen.settings.callback_url().and_then(|url| Url::parse(&url).ok());
    let path = path.map(|url| url.path().to_owned()).unwrap_or_default();
    let finding = |line| Finding::of(line).with("path", path);
    let answer = match seen.door.delivered.as_ref().map(|knock| &knock.outcome) {
        Some(Ok(answer)) => answer,
        // Without a secret nothing can be signed; whoever does not answer to a call answers to no other one.
        Some(Err(_)) => return finding(&url_byte_true::BLOCKED).with("status", "–"),
        None => return Finding::waiting(Step::UrlByteTrue, waits_for(seen)),
    };
    match answer.status {
        200 if seen.door.has_arrived == Some(true) => finding(&url_byte_true::OK),
        200 => finding(&url_byte_true::NOT_ARRIVED),
        401 if is_ours(answer) => finding(&url_byte_true::CHANGED),
        status => finding(&url_byte_true::BLOCKED).with("status", status.to_string()),
    }
}

fn waits_for(seen: &Seen<'_>) -> Step {
    if seen.settings.app_secrets.is_empty() { Step::AppSecret } else { Step::UrlReachable }
}

/// The worse of what Meta and the database say.
fn clock_of(seen: &Seen<'_>) -> Finding {
    let ahead = [seen.clock.of_meta.value, seen.clock.of_database];
    let Some(ahead_ms) = ahead.into_iter().flatten().max_by_key(|ahead_ms| ahead_ms.abs()) else {
        return Finding::of(&clock::UNKNOWN);
    };
    let seconds = (ahead_ms.abs() / 1_000).to_string();
    match ahead_ms.abs() {
        ..=DRIFT_MS => Finding::of(&clock::OK),
        DRIFT_FAR_MS.. => Finding::of(&clock::FAR).with("minutes", (ahead_ms.abs() / 60_000).to_string()),
        _ if ahead_ms > 0 => Finding::of(&clock::AHEAD).with("seconds", seconds),
        _ => Finding::of(&clock::BEHIND).with("seconds", seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_only_the_own_network_knows_is_seen() {
        let check =
            |url: &str, expected| assert_eq!(is_private(&Url::parse(url).unwrap()), expected, "{url}");
        for private in [
            "https://localhost",
            "https://crm",
            "https://crm.local",
            "https://127.0.0.1",
            "https://10.1.2.3",
            "https://192.168.1.1:8443",
            "https://172.16.0.1",
            "https://[::1]",
            "https://[fd00::1]",
        ] {
            check(private, true);
        }
        for public in ["https://crm.example", "https://8.8.8.8", "https://[2606:4700::1]"] {
            check(public, false);
        }
    }
}
