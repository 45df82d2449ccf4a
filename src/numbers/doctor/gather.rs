//! Looking: everything that an examination asks, of Meta, of our own address and of the database, as much of it at
//! once as can be. What is seen is judged elsewhere (`judge`).

use std::time::Duration;

use super::access::Access;
use super::{Doctor, Settings};
use crate::clock::Stopwatch;
use crate::meta::client::account::{Account, ListedNumber, Portfolio, SubscribedApp};
use crate::meta::client::app::{Inspection, Subscription};
use crate::meta::client::number::Number;
use crate::meta::client::{CallError, Credentials, Phase};
use crate::numbers::probe::{self, Knock};
use crate::storage;
use crate::storage::number_record::NumberRecord;

/// A probe is looked for among what was stored around its time, first closely, then as far as clocks may differ.
const PROBE_NEAR_MS: i64 = 10_000;
const PROBE_FAR_MS: i64 = 15 * 60_000;

/// Something that was asked, how long it took, and what came of it.
#[derive(Clone, Debug)]
pub struct Timed<T> {
    pub value: T,
    pub ms: i64,
}

/// A question to Meta; none: it was not asked.
pub type Asked<T> = Option<Timed<Result<T, CallError>>>;

/// Everything that was seen.
#[derive(Debug)]
pub struct Seen<'a> {
    pub record: &'a NumberRecord,
    pub settings: &'a Settings,
    pub access: &'a Access,
    pub now_ms: i64,
    pub inspection: Asked<Inspection>,
    pub subscription: Asked<Option<Subscription>>,
    /// Meta refused calls because of their proof, and took them without it.
    pub is_proof_refused: bool,
    pub account: Asked<Account>,
    pub numbers: Asked<Vec<ListedNumber>>,
    pub number: Asked<Number>,
    pub apps: Asked<Vec<SubscribedApp>>,
    /// What else the account's id may be the id of.
    pub portfolio: Asked<Portfolio>,
    pub waba_as_number: Asked<Number>,
    pub door: DoorSeen,
    pub clock: ClockSeen,
}

/// What was seen of our own address.
#[derive(Debug, Default)]
pub struct DoorSeen {
    pub challenge: String,
    pub verified: Option<Knock>,
    pub delivered: Option<Knock>,
    /// Whether the probe is in the journal, byte for byte.
    pub has_arrived: Option<bool>,
}

/// What others say of the time, beside what our clock said then.
#[derive(Debug)]
pub struct ClockSeen {
    /// How far we are ahead of Meta.
    pub of_meta: Timed<Option<i64>>,
    pub of_database: Option<i64>,
}

/// The time that an examination has.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    watch: Stopwatch,
    max: Duration,
}

impl Deadline {
    pub fn new(max: Duration) -> Self {
        Self { watch: Stopwatch::start(), max }
    }

    fn left(&self) -> Duration {
        self.max.saturating_sub(self.watch.elapsed())
    }

    /// Asks within the time that is left.
    pub async fn ask<T>(
        &self,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Timed<Result<T, CallError>> {
        let watch = Stopwatch::start();
        let value = tokio::time::timeout(self.left(), call).await;
        let late = CallError::NoAnswer { phase: Phase::OutcomeUnknown, reason: "it did not come in time" };
        Timed { value: value.unwrap_or(Err(late)), ms: millis(watch.elapsed()) }
    }
}

/// What is asked with the token.
struct WithToken {
    account: Asked<Account>,
    numbers: Asked<Vec<ListedNumber>>,
    number: Asked<Number>,
    apps: Asked<Vec<SubscribedApp>>,
}

impl Doctor {
    /// Looks at everything.
    pub(super) async fn look<'a>(
        &'a self,
        record: &'a NumberRecord,
        access: &'a Access,
        deadline: Deadline,
    ) -> Result<Seen<'a>, storage::Error> {
        let now_ms = self.0.clock.now_ms();
        let (of_meta, door, clock) = tokio::join!(
            self.look_at_meta(record, access, deadline),
            self.look_at_door(deadline),
            self.look_at_clocks(deadline),
        );
        let (inspection, subscription, with_token, is_proof_refused) = of_meta;
        let WithToken { account, numbers, number, apps } = with_token;
        let (portfolio, waba_as_number) =
            self.look_at_other_kinds(record, access, !is_proof_refused, (&account, deadline)).await;
        Ok(Seen {
            record,
            settings: &self.0.settings,
            access,
            now_ms,
            inspection,
            subscription,
            is_proof_refused,
            account,
            numbers,
            number,
            apps,
            portfolio,
            waba_as_number,
            door: door?,
            clock,
        })
    }

    async fn look_at_meta(
        &self,
        record: &NumberRecord,
        access: &Access,
        deadline: Deadline,
    ) -> (Asked<Inspection>, Asked<Option<Subscription>>, WithToken, bool) {
        let app = access.app_id.as_deref().zip(access.app_secret.as_ref());
        let inspect = async {
            let ((id, secret), token) = app.zip(access.token.as_ref().ok())?;
            Some(deadline.ask(self.0.graph.app(id, secret).inspect(token)).await)
        };
        let subscription = async {
            let (id, secret) = app?;
            Some(deadline.ask(self.0.graph.app(id, secret).subscription()).await)
        };
        let with_token = async {
            let Some(proven) = access.credentials(true) else { return (WithToken::nothing(), false) };
            let first = Box::pin(self.ask_with(proven, record, deadline)).await;
            let is_refused =
                first.number.as_ref().is_some_and(|number| is_about_proof(number.value.as_ref().err()));
            match access.credentials(false) {
                Some(plain) if is_refused && proven.app_secret.is_some() => {
                    (Box::pin(self.ask_with(plain, record, deadline)).await, true)
                }
                _ => (first, false),
            }
        };
        let (inspection, subscription, (with_token, is_refused)) =
            tokio::join!(inspect, subscription, with_token);
        (inspection, subscription, with_token, is_refused)
    }

    async fn ask_with(&self, by: Credentials<'_>, record: &NumberRecord, deadline: Deadline) -> WithToken {
        let account = record.account_id.as_deref().map(|id| self.0.graph.account(by, id));
        let about = async { Some(deadline.ask(account?.get()).await) };
        let numbers = async {
            let list = deadline.ask(account?.numbers()).await;
            Some(Timed { value: list.value.map(|list| list.items), ms: list.ms })
        };
        let apps = async {
            let list = deadline.ask(account?.subscribed_apps()).await;
            Some(Timed { value: list.value.map(|list| list.items), ms: list.ms })
        };
        let number = deadline.ask(self.0.graph.number(by, &record.phone_number_id).get());
        let (account, numbers, number, apps) = tokio::join!(about, numbers, number, apps);
        WithToken { account, numbers, number: Some(number), apps }
    }

    /// An account's id that is none: people mistake other ids for it.
    async fn look_at_other_kinds(
        &self,
        record: &NumberRecord,
        access: &Access,
        with_proof: bool,
        (account, deadline): (&Asked<Account>, Deadline),
    ) -> (Asked<Portfolio>, Asked<Number>) {
        let is_refused =
            account.as_ref().is_some_and(|asked| matches!(asked.value, Err(CallError::Refused(_))));
        let (Some(id), Some(by), true) =
            (record.account_id.as_deref(), access.credentials(with_proof), is_refused)
        else {
            return (None, None);
        };
        let (portfolio, number) = tokio::join!(
            deadline.ask(self.0.graph.account(by, id).as_portfolio()),
            deadline.ask(self.0.graph.number(by, id).get()),
        );
        (Some(portfolio), Some(number))
    }

    async fn look_at_door(&self, deadline: Deadline) -> Result<DoorSeen, storage::Error> {
        let mut seen = DoorSeen::default();
        let Some(door) = &self.0.door else { return Ok(seen) };
        let random =
            || self.0.random.id(self.0.clock.now()).map(|id| id.simple().to_string()).unwrap_or_default();
        let (challenge, id) = (random(), random());
        let verify_token = self.0.settings.verify_token.as_ref().map_or("", |token| token.expose());
        let verify = door.verify(verify_token, &challenge);
        seen.verified = tokio::time::timeout(deadline.left(), verify).await.ok();
        seen.challenge = challenge;
        let Some(secret) = self.0.settings.app_secrets.first() else { return Ok(seen) };
        if seen.verified.as_ref().is_none_or(|knock| knock.outcome.is_err()) {
            return Ok(seen);
        }
        let (body, sent_ms) = (probe::body(&id), self.0.clock.now_ms());
        let deliver = door.deliver(body.clone(), secret);
        seen.delivered = tokio::time::timeout(deadline.left(), deliver).await.ok();
        let is_taken =
            matches!(&seen.delivered, Some(Knock { outcome: Ok(answer), .. }) if answer.status == 200);
        if is_taken {
            seen.has_arrived = Some(self.has_arrived(&body, sent_ms).await?);
        }
        Ok(seen)
    }

    async fn has_arrived(&self, body: &[u8], sent_ms: i64) -> Result<bool, storage::Error> {
        let segments = self.0.storage.segments();
        for reach in [PROBE_NEAR_MS, PROBE_FAR_MS] {
            if segments.hold_body(body, sent_ms - reach, sent_ms + reach).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn look_at_clocks(&self, deadline: Deadline) -> ClockSeen {
        let meta = async {
            let (before_ms, asked) = (self.0.clock.now_ms(), deadline.ask(self.0.graph.time_ms()).await);
            // Meta tells whole seconds, and when it answered lies between our question and its arrival.
            let middle_ms = before_ms + asked.ms / 2;
            Timed { value: asked.value.ok().map(|theirs_ms| middle_ms - (theirs_ms + 500)), ms: asked.ms }
        };
        let database = async {
            let (before_ms, watch) = (self.0.clock.now_ms(), Stopwatch::start());
            let theirs_ms =
                tokio::time::timeout(deadline.left(), self.0.storage.time_ms()).await.ok()?.ok()?;
            Some(before_ms + millis(watch.elapsed()) / 2 - theirs_ms)
        };
        let (of_meta, of_database) = tokio::join!(meta, database);
        ClockSeen { of_meta, of_database }
    }
}

impl WithToken {
    fn nothing() -> Self {
        Self { account: None, numbers: None, number: None, apps: None }
    }
}

/// Whether Meta refused a call because of its proof: the app secret is not the app's.
pub(super) fn is_about_proof(error: Option<&CallError>) -> bool {
    error
        .and_then(CallError::refusal)
        .and_then(|refusal| refusal.message())
        .is_some_and(|message| message.contains("appsecret_proof"))
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
