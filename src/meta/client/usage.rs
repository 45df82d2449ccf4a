//! How much of Meta's hourly allowances is used, as the headers of its answers tell, and the pause that follows; and the
//! hold that follows when Meta refuses because an allowance is used up. A hold stands beside what headers tell: an answer
//! that was under way does not end it.
//!
//! One view for all calls of the process, per app and per WhatsApp account, bounded. The client itself holds nothing
//! back: whoever sends much asks for the pause first. What is told counts for the hour that Meta counts. A pause that is
//! worth it is shared: `SharedPause` is what goes to other processes and comes from them, the later telling wins.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

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

/// The first hold, and the longest: each that follows right after another is twice as long.
const HOLD_MIN: Duration = Duration::from_secs(1);
const HOLD_MAX: Duration = Duration::from_mins(5);
/// A refusal so soon after a hold, or within as long as it was, follows it.
const HOLD_FOLLOWS: Duration = Duration::from_secs(10);

/// What an allowance is for, and what is held because it is used up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// All calls of one app. Answers do not name it, so it goes by a digest of its secret, or else of the token.
    App(u64),
    HeldApp(u64),
    /// A WhatsApp account, or another object of the business, by its id.
    Business(String),
    HeldBusiness(String),
}

/// From a change of so much on, a pause is worth telling others of: they ask about as often.
const SHARED_FROM_MS: i64 = 1_000;

/// The pause that a telling brought. The pause between calls at some share of the allowance begins with the call that
/// told; so does the wait that Meta names.
#[derive(Clone, Copy)]
struct Told {
    at_ms: i64,
    until_ms: i64,
    /// The end that other processes know of.
    shared_until_ms: i64,
}

/// A pause as processes tell each other of it: clocks differ, so by how long ago and how long still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedPause {
    /// What the pause is for.
    pub subject: String,
    /// How long ago Meta has told of it.
    pub age: Duration,
    /// How long it still lasts; nothing: it is over.
    pub left: Duration,
}

/// The view that all calls share.
pub(super) struct Usage {
    clock: Clock,
    told: Mutex<BTreeMap<Subject, Told>>,
    /// Something is there to be shared.
    news: Notify,
}

impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Usage")
    }
}

impl Usage {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, told: Mutex::default(), news: Notify::new() }
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
            self.tell(Subject::App(fingerprint(credentials)), step(percent));
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
            self.tell(Subject::Business(id), step(percent).max(barred));
        }
        (!barred_max.is_zero()).then_some(barred_max)
    }

    fn tell(&self, subject: Subject, pause: Duration) {
        let at_ms = self.clock.now_ms();
        let mut told = self.told();
        let shared_until_ms = told.get(&subject).map_or(0, |before| before.shared_until_ms);
        let now = Told { at_ms, until_ms: at_ms + millis(pause), shared_until_ms };
        if now.is_news(at_ms) {
            self.news.notify_one();
        }
        put(&mut told, subject, now);
    }

    /// Meta has refused a call because an allowance is used up: of the account, or else of the app. Nothing more is called
    /// for a while, longer each time, and at least as long as was told; gives how long. `spread` lets those who wait
    /// together come one after the other.
    pub(super) fn hold(
        &self,
        credentials: &Credentials<'_>,
        waba_id: Option<&str>,
        at_least: Duration,
        spread: impl FnOnce(Duration) -> Duration,
    ) -> Duration {
        let subject = match waba_id {
            Some(id) => Subject::HeldBusiness(id.to_owned()),
            None => Subject::HeldApp(fingerprint(credentials)),
        };
        let before = self.told().get(&subject).copied();
        let now_ms = self.clock.now_ms();
        // Calls that were under way together are refused together: they are one refusal.
        if let Some(before) = before.filter(|before| before.length() >= at_least)
            && let Some(left) = before.pause(now_ms)
        {
            return left;
        }
        let growing = before.map_or(HOLD_MIN, |before| before.next_hold(now_ms));
        let pause = spread(growing.max(at_least)).min(TOLD_FOR);
        self.tell(subject, pause);
        pause
    }

    /// Resolves when there may be something to share. Cancel-safe.
    pub(super) async fn has_news(&self) {
        self.news.notified().await;
    }

    /// What others do not know yet.
    pub(super) fn news(&self) -> Vec<SharedPause> {
        let now_ms = self.clock.now_ms();
        let told = self.told();
        let news = told.iter().filter(|(_, told)| told.is_news(now_ms));
        news.map(|(subject, told)| told.shared(subject, now_ms)).collect()
    }

    /// Others know of it now.
    pub(super) fn mark_shared(&self, shared: &SharedPause) {
        let Some(subject) = Subject::of(&shared.subject) else { return };
        let until_ms = self.clock.now_ms() + millis(shared.left);
        if let Some(told) = self.told().get_mut(&subject) {
            told.shared_until_ms = until_ms;
        }
    }

    /// Takes in what another process was told, unless something later was told here.
    pub(super) fn hear(&self, shared: &SharedPause) {
        let Some(subject) = Subject::of(&shared.subject) else { return };
        let now_ms = self.clock.now_ms();
        let until_ms = now_ms + millis(shared.left.min(TOLD_FOR));
        let heard = Told { at_ms: now_ms - millis(shared.age), until_ms, shared_until_ms: until_ms };
        let mut told = self.told();
        if told.get(&subject).is_none_or(|known| known.at_ms < heard.at_ms) {
            put(&mut told, subject, heard);
        }
    }

    /// How long to wait before the next call with these credentials, about this account.
    pub(super) fn pause(&self, credentials: &Credentials<'_>, waba_id: Option<&str>) -> Option<Duration> {
        let app = fingerprint(credentials);
        let of_account = waba_id.into_iter().flat_map(|id| {
            let id = id.to_owned();
            [Subject::Business(id.clone()), Subject::HeldBusiness(id)]
        });
        let now_ms = self.clock.now_ms();
        let told = self.told();
        [Subject::App(app), Subject::HeldApp(app)]
            .into_iter()
            .chain(of_account)
            .filter_map(|subject| told.get(&subject))
            .filter_map(|told| told.pause(now_ms))
            .max()
    }

    fn told(&self) -> MutexGuard<'_, BTreeMap<Subject, Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a telling; the oldest goes where there are too many.
fn put(told: &mut BTreeMap<Subject, Told>, subject: Subject, now: Told) {
    if !told.contains_key(&subject) && told.len() >= SUBJECTS_MAX {
        let oldest = told.iter().min_by_key(|(_, told)| told.at_ms).map(|(subject, _)| subject.clone());
        oldest.map(|oldest| told.remove(&oldest));
    }
    told.insert(subject, now);
}

impl Subject {
    fn name(&self) -> String {
        match self {
            Self::App(digest) => format!("app:{digest:016x}"),
            Self::HeldApp(digest) => format!("held-app:{digest:016x}"),
            Self::Business(id) => format!("business:{id}"),
            Self::HeldBusiness(id) => format!("held-business:{id}"),
        }
    }

    fn of(name: &str) -> Option<Self> {
        let number = |digest| u64::from_str_radix(digest, 16).ok();
        match name.split_once(':')? {
            ("app", digest) => number(digest).map(Self::App),
            ("held-app", digest) => number(digest).map(Self::HeldApp),
            ("business", id) => Some(Self::Business(id.to_owned())),
            ("held-business", id) => Some(Self::HeldBusiness(id.to_owned())),
            _ => None,
        }
    }
}

impl Told {
    fn pause(self, now_ms: i64) -> Option<Duration> {
        // The clock can be set back: a pause is never longer than it was at first.
        let left_ms = (self.until_ms - now_ms).min(self.until_ms - self.at_ms);
        u64::try_from(left_ms).ok().filter(|left_ms| *left_ms > 0).map(Duration::from_millis)
    }

    /// How long it is as a whole.
    fn length(self) -> Duration {
        Duration::from_millis(u64::try_from(self.until_ms - self.at_ms).unwrap_or(0))
    }

    /// How long the hold is that comes now, after this one.
    fn next_hold(self, now_ms: i64) -> Duration {
        if now_ms - self.until_ms > millis(HOLD_FOLLOWS) {
            return HOLD_MIN;
        }
        self.length().saturating_mul(2).clamp(HOLD_MIN, HOLD_MAX)
    }

    /// Whether others go by an end that is not the right one.
    fn is_news(self, now_ms: i64) -> bool {
        (self.until_ms.max(now_ms) - self.shared_until_ms.max(now_ms)).abs() >= SHARED_FROM_MS
    }

    fn shared(self, subject: &Subject, now_ms: i64) -> SharedPause {
        let age = Duration::from_millis(u64::try_from(now_ms - self.at_ms).unwrap_or(0));
        SharedPause { subject: subject.name(), age, left: self.pause(now_ms).unwrap_or_default() }
    }
}

/// The pause between calls at some share of the allowance, in percent.
fn step(percent: u32) -> Duration {
    STEPS.iter().find(|(from, _)| percent >= *from).map_or(Duration::ZERO, |(_, wait)| *wait)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
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
    fn another_process_pauses_too_until_it_or_the_first_hears_of_better_times() {
        let (here, there) = (View::new(), View::new());
        let told = |view: &View, percent: u32| {
            view.note(APP_HEADER, &format!(r#"{{"call_count":{percent}}}"#));
        };
        let share = |from: &View, to: &View| {
            let news = from.usage.news();
            for shared in &news {
                to.usage.hear(shared);
                from.usage.mark_shared(shared);
            }
            news.len()
        };
        told(&here, 80);
        assert_eq!(share(&here, &there), 0, "it would be over before anybody heard of it");
        told(&here, 95);
        here.manual.advance(Duration::from_secs(3));
        assert_eq!(share(&here, &there), 1);
        assert_eq!((here.pause_ms(None), there.pause_ms(None)), (12_000, 12_000));
        assert_eq!((share(&here, &there), share(&there, &here)), (0, 0), "both know of it");
        let old =
            SharedPause { subject: "business:7".to_owned(), age: TOLD_FOR, left: Duration::from_secs(9) };
        there.usage.hear(&old);
        assert_eq!(there.pause_ms(Some("7")), 12_000, "an account's pause besides");
        told(&here, 10);
        assert_eq!(share(&here, &there), 1);
        assert_eq!((here.pause_ms(None), there.pause_ms(None)), (0, 0));
        assert_eq!(there.pause_ms(Some("7")), 9_000);
        told(&there, 90);
        there.usage.hear(&SharedPause { subject: there.usage.news()[0].subject.clone(), ..old.clone() });
        assert_eq!(there.pause_ms(None), 4_000, "what was told later stays");
        for nonsense in ["", "app", "app:x", "moon:7"] {
            there.usage.hear(&SharedPause { subject: nonsense.to_owned(), ..old.clone() });
        }
        assert_eq!(there.pause_ms(Some("8")), 4_000);
    }

    #[test]
    fn a_hold_grows_is_shared_and_outlasts_what_headers_tell() {
        let (here, there) = (View::new(), View::new());
        let hold = |view: &View, waba_id: Option<&str>, at_least_s: u64| {
            let credentials = Credentials { token: &view.token, app_secret: None };
            view.usage.hold(&credentials, waba_id, Duration::from_secs(at_least_s), |pause| pause).as_secs()
        };
        let calm = |view: &View| view.note(APP_HEADER, r#"{"call_count":1}"#);
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            assert_eq!(hold(&here, Some("7"), 0), expected);
            calm(&here);
            assert_eq!(u128::from(expected) * 1_000, here.pause_ms(Some("7")));
            assert_eq!(here.pause_ms(Some("8")), 0, "another account goes on");
            here.manual.advance(Duration::from_millis(400));
            assert_eq!(here.pause_ms(Some("7")), u128::from(expected) * 1_000 - 400);
            hold(&here, Some("7"), 0);
            assert_eq!(
                here.pause_ms(Some("7")),
                u128::from(expected) * 1_000 - 400,
                "refused with the one before it"
            );
            here.manual.advance(Duration::from_secs(expected + 1));
        }
        here.manual.advance(Duration::from_mins(6));
        assert_eq!(hold(&here, Some("7"), 0), 1, "long after, it begins anew");
        assert_eq!(hold(&here, Some("7"), 30), 30, "Meta has said how long");

        assert_eq!(hold(&here, None, 60), 60);
        calm(&here);
        assert_eq!((here.pause_ms(None), here.pause_ms(Some("8"))), (60_000, 60_000));
        for shared in here.usage.news() {
            there.usage.hear(&shared);
        }
        calm(&there);
        assert_eq!((there.pause_ms(None), there.pause_ms(Some("7"))), (60_000, 60_000));
        there.manual.advance(Duration::from_secs(61));
        assert_eq!(hold(&there, None, 0), 120, "it follows what another process was told");
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
