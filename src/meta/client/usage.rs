//! How much of Meta's hourly allowances is used, as the headers of its answers tell, and the pause that follows.
//!
//! One view for all calls of the process, per app and per WhatsApp account, bounded. The client itself holds nothing
//! back: whoever sends much asks for the pause first. What is told counts for the hour that Meta counts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Credentials;
use super::answer::Fields;
use crate::clock::Clock;

/// Meta (2026-07): the headers, and the share from which to slow down.
pub(super) const APP_HEADER: &str = "x-app-usage";
pub(super) const AD_ACCOUNT_HEADER: &str = "x-ad-account-usage";
pub(super) const BUSINESS_HEADER: &str = "x-business-use-case-usage";
const HEADER_BYTES_MAX: usize = 16 * 1024;
const BUSINESSES_MAX: usize = 64;
const SUBJECTS_MAX: usize = 4_096;
/// Allowances are per hour, so what was told longer ago says nothing.
const TOLD_FOR: Duration = Duration::from_hours(1);

/// The pause between calls at a share of the allowance, in percent. A steady load at 80 % is still one that the hour
/// bears, so the pause is short at first and long only where the end is near.
const STEPS: &[(u32, Duration)] = &[
    (100, Duration::from_mins(1)),
    (95, Duration::from_secs(15)),
    (90, Duration::from_secs(4)),
    (85, Duration::from_secs(1)),
    (80, Duration::from_millis(200)),
    (75, Duration::from_millis(50)),
];

/// What an allowance is for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// All calls of one app. Answers do not name it, so it goes by a digest of its secret, or else of the token.
    App(u64),
    /// A WhatsApp account, or another object of the business, by its id.
    Business(String),
}

#[derive(Clone, Copy)]
struct Told {
    at_ms: i64,
    percent: u32,
    /// No calls are taken for so long.
    barred: Duration,
}

/// The view that all calls share.
pub(super) struct Usage {
    clock: Clock,
    told: Mutex<BTreeMap<Subject, Told>>,
}

impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Usage")
    }
}

impl Usage {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, told: Mutex::default() }
    }

    /// Takes in what an answer's headers say; gives the wait for which Meta takes no more calls, if it names one.
    pub(super) fn note<'h>(
        &self,
        credentials: Option<&Credentials<'_>>,
        header: impl Fn(&str) -> Option<&'h str>,
    ) -> Option<Duration> {
        let read = |name: &str| header(name).and_then(read_object);
        let mut barred_max = Duration::ZERO;
        for (name, is_ad_account) in [(APP_HEADER, false), (AD_ACCOUNT_HEADER, true)] {
            let (Some(usage), Some(credentials)) = (read(name), credentials) else { continue };
            let fields = Fields::of(&usage);
            let percent = if is_ad_account { percent(fields, "acc_id_util_pct") } else { percent_of(fields) };
            self.tell(Subject::App(fingerprint(credentials)), percent, Duration::ZERO);
        }
        for (id, uses) in read(BUSINESS_HEADER).unwrap_or_default().into_iter().take(BUSINESSES_MAX) {
            let uses: Vec<&Map<String, Value>> =
                uses.as_array().into_iter().flatten().filter_map(Value::as_object).collect();
            let percent = uses.iter().map(|one| percent_of(Fields::of(one))).max().unwrap_or(0);
            let minutes =
                uses.iter().filter_map(|one| Fields::of(one).int("estimated_time_to_regain_access"));
            let minutes = minutes.max().and_then(|minutes| u64::try_from(minutes).ok()).unwrap_or(0);
            let barred = Duration::from_secs(minutes.saturating_mul(60)).min(TOLD_FOR);
            barred_max = barred_max.max(barred);
            self.tell(Subject::Business(id), percent, barred);
        }
        (!barred_max.is_zero()).then_some(barred_max)
    }

    fn tell(&self, subject: Subject, percent: u32, barred: Duration) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !told.contains_key(&subject);
        if is_new && told.len() >= SUBJECTS_MAX {
            let oldest = told.iter().min_by_key(|(_, told)| told.at_ms).map(|(subject, _)| subject.clone());
            oldest.map(|oldest| told.remove(&oldest));
        }
        told.insert(subject, Told { at_ms: self.clock.now_ms(), percent, barred });
    }

    /// How long to wait before the next call with these credentials, about this account.
    pub(super) fn pause(&self, credentials: &Credentials<'_>, waba_id: Option<&str>) -> Option<Duration> {
        let app = Subject::App(fingerprint(credentials));
        let business = waba_id.map(|id| Subject::Business(id.to_owned()));
        let now_ms = self.clock.now_ms();
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(app)
            .chain(business)
            .filter_map(|subject| told.get(&subject))
            .filter_map(|told| told.pause(now_ms))
            .max()
    }
}

impl Told {
    fn pause(&self, now_ms: i64) -> Option<Duration> {
        let age = Duration::from_millis(u64::try_from(now_ms - self.at_ms).unwrap_or(0));
        if age >= TOLD_FOR {
            return None;
        }
        let step =
            STEPS.iter().find(|(from, _)| self.percent >= *from).map_or(Duration::ZERO, |(_, wait)| *wait);
        // The step is a pause between calls, which begins with the one that told; so is the wait that Meta names.
        let left = step.max(self.barred).saturating_sub(age);
        (!left.is_zero()).then_some(left)
    }
}

fn read_object(text: &str) -> Option<Map<String, Value>> {
    if text.len() > HEADER_BYTES_MAX {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// The highest of the shares, in percent.
fn percent_of(fields: Fields<'_>) -> u32 {
    ["call_count", "total_time", "total_cputime"]
        .into_iter()
        .map(|name| percent(fields, name))
        .max()
        .unwrap_or(0)
}

fn percent(fields: Fields<'_>, name: &str) -> u32 {
    let share = fields.value(name).and_then(Value::as_f64).unwrap_or(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits before it is cut"
    )]
    let percent = share.clamp(0.0, 1_000.0) as u32;
    percent
}

/// What an app goes by here: a digest that tells apps apart and says nothing of the secret.
fn fingerprint(credentials: &Credentials<'_>) -> u64 {
    let secret = credentials.app_secret.unwrap_or(credentials.token);
    let digest = Sha256::digest(secret.expose().as_bytes());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{ManualClock, Timestamp};
    use crate::secret::Secret;

    struct View {
        manual: ManualClock,
        usage: Usage,
        token: Secret,
    }

    impl View {
        fn new() -> Self {
            let manual = ManualClock::at(Timestamp::UNIX_EPOCH);
            let usage = Usage::new(manual.clock());
            Self { manual, usage, token: Secret::new("token") }
        }

        fn note(&self, header: &str, value: &str) -> Option<Duration> {
            let credentials = Credentials { token: &self.token, app_secret: None };
            self.usage.note(Some(&credentials), |name| (name == header).then_some(value))
        }

        fn pause_ms(&self, waba_id: Option<&str>) -> u128 {
            let credentials = Credentials { token: &self.token, app_secret: None };
            self.usage.pause(&credentials, waba_id).unwrap_or_default().as_millis()
        }
    }

    #[test]
    fn the_pause_grows_with_the_share_and_runs_down() {
        for (percent, expected) in
            [(0, 0), (74, 0), (75, 50), (80, 200), (94, 4_000), (100, 60_000), (3_000, 60_000)]
        {
            let view = View::new();
            view.note(APP_HEADER, &format!(r#"{{"call_count":1,"total_time":{percent},"total_cputime":0}}"#));
            assert_eq!(view.pause_ms(None), expected, "{percent} %");
            view.manual.advance(Duration::from_millis(150));
            assert_eq!(view.pause_ms(None), expected.saturating_sub(150), "{percent} % a little later");
        }
    }

    #[test]
    fn an_account_is_barred_for_as_long_as_meta_says() {
        let view = View::new();
        let told = view.note(
            BUSINESS_HEADER,
            r#"{"102290129340398":[{"type":"whatsapp_business_api","call_count":100,"estimated_time_to_regain_access":7}],"9":[]}"#,
        );
        assert_eq!(told, Some(Duration::from_mins(7)));
        assert_eq!(view.pause_ms(Some("102290129340398")), 7 * 60_000);
        assert_eq!((view.pause_ms(Some("9")), view.pause_ms(None)), (0, 0));
        view.manual.advance(Duration::from_mins(8));
        assert_eq!(view.pause_ms(Some("102290129340398")), 0);
    }

    #[test]
    fn the_form_of_ad_accounts_counts_for_the_app() {
        let view = View::new();
        view.note(AD_ACCOUNT_HEADER, r#"{"acc_id_util_pct":85.5,"reset_time_duration":100}"#);
        assert_eq!(view.pause_ms(None), 1_000);
    }

    #[test]
    fn nonsense_is_nothing_and_the_view_is_bounded() {
        let view = View::new();
        for nonsense in ["", "[]", "{", r#"{"call_count":"many"}"#, r#"{"call_count":-1e300}"#] {
            view.note(APP_HEADER, nonsense);
            view.note(BUSINESS_HEADER, nonsense);
            assert_eq!(view.pause_ms(None), 0, "{nonsense}");
        }
        for id in 0..SUBJECTS_MAX + 10 {
            view.note(BUSINESS_HEADER, &format!(r#"{{"{id}":[{{"call_count":90}}]}}"#));
        }
        assert_eq!(view.usage.told.lock().unwrap().len(), SUBJECTS_MAX);
        let huge = format!(r#"{{"call_count":100,"x":"{}"}}"#, "x".repeat(HEADER_BYTES_MAX));
        view.note(APP_HEADER, &huge);
        assert_eq!(view.pause_ms(None), 0);
    }
}
