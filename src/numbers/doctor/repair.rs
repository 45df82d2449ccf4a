//! Mending what can be mended from here, in the order in which one thing needs the other; then looking again.

use std::time::Duration;

use uuid::Uuid;

use super::access::Access;
use super::gather::Deadline;
use super::judge::fields_to_subscribe;
use super::report::{Report, fill, meaning_of};
use super::step::{State, Step};
use super::words::{callback, every, fields, name, registered};
use super::{Doctor, Finding};
use crate::domain::language::{Language, Words};
use crate::meta::client::CallError;
use crate::secret::Secret;
use crate::storage;
use crate::storage::number_record::NumberRecord;

/// Two examinations and the repair between them have to end within one operation of the API.
const EXAMINATION_MAX: Duration = Duration::from_secs(9);
const REPAIR_MAX: Duration = Duration::from_secs(8);

/// Something that was mended, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    pub kind: Kind,
    pub outcome: Outcome,
}

/// What can be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    SubscribeApp,
    SubscribeFields,
    SetCallback,
    Register,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Meta refused, with this code and subcode.
    Refused {
        code: Option<i64>,
        subcode: Option<i64>,
    },
    /// Meta did not answer.
    Unanswered,
    /// It cannot be done from here.
    Impossible(&'static Words),
}

impl Kind {
    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::SubscribeApp => "subscribeApp",
            Self::SubscribeFields => "subscribeFields",
            Self::SetCallback => "setCallback",
            Self::Register => "register",
        }
    }

    fn what(self) -> Words {
        match self {
            Self::SubscribeApp => every::WHAT_APP,
            Self::SubscribeFields => every::WHAT_FIELDS,
            Self::SetCallback => every::WHAT_CALLBACK,
            Self::Register => every::WHAT_NUMBER,
        }
    }
}

impl Repair {
    pub fn is_done(&self) -> bool {
        self.outcome == Outcome::Done
    }

    /// What came of it, for people.
    pub fn message(&self, language: Language) -> String {
        let said = |words: Words| words.in_language(language);
        match &self.outcome {
            Outcome::Done => fill(said(every::REPAIRED), |_| said(self.kind.what()).to_owned()),
            Outcome::Unanswered => said(every::REPAIR_UNANSWERED).to_owned(),
            Outcome::Impossible(words) => {
                fill(said(**words), |_| "WHATSAPP_VERIFY_TOKEN, PESAN_PUBLIC_URL".to_owned())
            }
            Outcome::Refused { code, subcode } => {
                let (meaning, advice) = meaning_of(*code, *subcode);
                fill(said(every::REPAIR_FAILED), |blank| {
                    said(if blank == "meaning" { meaning } else { advice }).to_owned()
                })
            }
        }
    }
}

impl Doctor {
    /// Examines a number, mends what can be mended, and examines it again. None: there is no such number.
    pub async fn repair(
        &self,
        workspace: Uuid,
        number: Uuid,
    ) -> Result<Option<(Report, Vec<Repair>)>, storage::Error> {
        let Some(record) = self.0.storage.find_number(workspace, number).await? else { return Ok(None) };
        let access = Access::open(&record, &self.0.numbers).await;
        let before = self.examine(&record, &access, EXAMINATION_MAX).await?;
        let repairs = self.mend(&record, &access, &before).await;
        if repairs.is_empty() {
            return Ok(Some((before, repairs)));
        }
        // What the first examination has kept is the number's by now.
        let Some(record) = self.0.storage.find_number(workspace, number).await? else { return Ok(None) };
        let after = self.examine(&record, &access, EXAMINATION_MAX).await?;
        Ok(Some((after, repairs)))
    }

    async fn mend(&self, record: &NumberRecord, access: &Access, report: &Report) -> Vec<Repair> {
        let deadline = Deadline::new(REPAIR_MAX);
        let mut repairs = Vec::new();
        for kind in needed(report, access) {
            let outcome = match kind {
                Kind::SubscribeApp => self.subscribe_app(record, access, deadline).await,
                Kind::SubscribeFields => self.subscribe_fields(access, deadline).await,
                Kind::SetCallback => self.set_callback(record, access, (report, deadline)).await,
                Kind::Register => self.register(record, access, deadline).await,
            };
            repairs.extend(outcome.map(|outcome| Repair { kind, outcome }));
        }
        repairs
    }

    async fn subscribe_app(
        &self,
        record: &NumberRecord,
        access: &Access,
        deadline: Deadline,
    ) -> Option<Outcome> {
        let account = self.0.graph.account(access.credentials(true)?, record.account_id.as_deref()?);
        Some(outcome_of(deadline.ask(account.subscribe()).await.value))
    }

    /// The fields go together with the app's address, so this is done only where that is ours, or none.
    async fn subscribe_fields(&self, access: &Access, deadline: Deadline) -> Option<Outcome> {
        let (id, secret) = access.app_id.as_deref().zip(access.app_secret.as_ref())?;
        let Some((url, verify_token)) = self.own_address() else {
            return Some(Outcome::Impossible(&every::NO_VERIFY_TOKEN));
        };
        let app = self.0.graph.app(id, secret);
        let subscription = match deadline.ask(app.subscription()).await.value {
            Ok(subscription) => subscription,
            Err(error) => return Some(outcome_of(Err(error))),
        };
        let there = subscription.as_ref().and_then(|subscription| subscription.callback_url.as_deref());
        if there.is_some_and(|there| !there.is_empty() && there != url) {
            return Some(Outcome::Impossible(&every::FOREIGN_APP_ADDRESS));
        }
        let had = subscription.map(|subscription| subscription.fields).unwrap_or_default();
        let fields = fields_to_subscribe(&had);
        Some(outcome_of(deadline.ask(app.subscribe(&url, verify_token, &fields)).await.value))
    }

    /// Sends the webhooks here on the level that has another address. The app's own address stays as it is: other
    /// accounts may go by it.
    async fn set_callback(
        &self,
        record: &NumberRecord,
        access: &Access,
        (report, deadline): (&Report, Deadline),
    ) -> Option<Outcome> {
        let by = access.credentials(true)?;
        let Some((url, verify_token)) = self.own_address() else {
            return Some(Outcome::Impossible(&every::NO_VERIFY_TOKEN));
        };
        let number = self.0.graph.number(by, &record.phone_number_id);
        let has_own = match deadline.ask(number.get()).await.value {
            Ok(found) => found.callbacks.number.is_some(),
            Err(error) => return Some(outcome_of(Err(error))),
        };
        // With the fields an app without any address has got one.
        let is_none_set =
            report.finding(Step::Callback).is_some_and(|finding| finding.is(&callback::NONE_SET));
        let done = if has_own {
            deadline.ask(number.set_callback(&url, verify_token)).await.value
        } else if is_none_set && report.finding(Step::Fields).is_some_and(|finding| finding.is(&fields::NONE))
        {
            return None;
        } else {
            let account = self.0.graph.account(by, record.account_id.as_deref()?);
            deadline.ask(account.subscribe_at(&url, verify_token)).await.value
        };
        Some(outcome_of(done))
    }

    async fn register(&self, record: &NumberRecord, access: &Access, deadline: Deadline) -> Option<Outcome> {
        let (by, pin) = (access.credentials(true)?, access.pin.as_ref()?);
        let number = self.0.graph.number(by, &record.phone_number_id);
        Some(outcome_of(deadline.ask(number.register(pin, None)).await.value))
    }

    /// Where webhooks have to go, and the word that Meta asks for.
    fn own_address(&self) -> Option<(String, &Secret)> {
        Some((self.0.settings.callback_url()?, self.0.settings.verify_token.as_ref()?))
    }
}

/// What there is to mend, in order: an app that does not hear of the account needs no address.
fn needed(report: &Report, access: &Access) -> Vec<Kind> {
    let is_broken = |step: Step| report.finding(step).is_some_and(|finding| finding.state == State::Failed);
    if [Step::TokenValid, Step::Scopes, Step::AppSecret].into_iter().any(is_broken) {
        return Vec::new();
    }
    let is_any = |step: Step, lines: &[&'static super::line::Line]| {
        let is_one = |finding: &Finding| lines.iter().any(|line| finding.is(line));
        report.finding(step).is_some_and(is_one)
    };
    let has_fields = is_any(
        Step::Fields,
        &[
            &fields::NO_MESSAGES,
            &fields::OTHERS_MISSING,
            &fields::COEXISTENCE_MISSING,
            &fields::NONE,
            &fields::INACTIVE,
        ],
    );
    let can_register = access.pin.is_some()
        && (is_any(Step::Registered, &[&registered::NOT_REGISTERED_WITH_PIN, &registered::OFFLINE])
            || is_any(Step::Name, &[&name::APPROVED_NOT_SHOWN]));
    [
        (Kind::SubscribeApp, is_broken(Step::AppSubscribed)),
        (Kind::SubscribeFields, has_fields),
        (Kind::SetCallback, is_broken(Step::Callback)),
        (Kind::Register, can_register),
    ]
    .into_iter()
    .filter_map(|(kind, is_needed)| is_needed.then_some(kind))
    .collect()
}

fn outcome_of(result: Result<(), CallError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(CallError::Refused(refusal)) => {
            Outcome::Refused { code: refusal.code(), subcode: refusal.subcode() }
        }
        Err(_) => Outcome::Unanswered,
    }
}
