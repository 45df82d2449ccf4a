//! What became of messages: the step that each shows, and every report that came of it.

use async_graphql::{ComplexObject, Enum, SimpleObject};

use super::failure::{Failures, MetaFailure};
use super::language::Language;
use super::scalar;
use super::scalar::DateTime;
use crate::domain::status;
use crate::domain::status::{Outcome, Step};
use crate::storage::message_record::StatusRecord;

/// How far a message has come: the highest step that was ever reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum MessageStatus {
    /// WhatsApp has taken it.
    Accepted,
    /// WhatsApp has sent it.
    Sent,
    /// It will not arrive; `failure` says why.
    Failed,
    /// It is on the customer's device.
    Delivered,
    /// The customer has seen it. Not told of those who have turned read receipts off.
    Read,
    /// A voice message was listened to.
    Played,
}

impl MessageStatus {
    /// The status of a rank.
    pub fn of_rank(rank: i32) -> Self {
        let step = Step::ALL.into_iter().find(|step| i32::from(step.rank()) == rank);
        step.map_or(Self::Accepted, Self::from)
    }
}

impl From<Step> for MessageStatus {
    fn from(step: Step) -> Self {
        match step {
            Step::Sent => Self::Sent,
            Step::Failed => Self::Failed,
            Step::Delivered => Self::Delivered,
            Step::Read => Self::Read,
            Step::Played => Self::Played,
        }
    }
}

/// When a message first came so far.
#[derive(Clone, Debug, SimpleObject)]
pub struct StatusTime {
    /// The step.
    pub status: MessageStatus,
    /// When it was first reached, by Meta's clock.
    pub at: Option<DateTime>,
}

impl StatusTime {
    /// The times as they are stored, in their order.
    pub fn all(times: &[(String, i64)]) -> Vec<Self> {
        let mut times: Vec<(Step, i64)> =
            times.iter().filter_map(|(name, at_s)| Some((Step::named(name)?, *at_s))).collect();
        times.sort_by_key(|(step, at_s)| (*at_s, *step));
        times.into_iter().map(|(step, at_s)| Self { status: step.into(), at: scalar::second(at_s) }).collect()
    }
}

/// One report of what became of a message.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct StatusReport {
    /// Our id of the report: the same report again has the same.
    pub id: String,
    /// The step; null if it is about something else.
    pub status: Option<MessageStatus>,
    /// The payment's state, if it is about one, in Meta's word.
    pub payment_status: Option<String>,
    /// Meta's time.
    pub timestamp: Option<DateTime>,
    /// When it came.
    pub received_at: Option<DateTime>,
    /// Whom it is about, which in groups is one of several.
    pub recipient_wa_id: Option<String>,
    /// What Meta charges for the message, if this report tells it.
    pub pricing: Option<Pricing>,
    #[graphql(skip)]
    failures: Failures,
}

#[ComplexObject]
impl StatusReport {
    /// What went wrong.
    async fn failures(
        &self,
        #[graphql(desc = "The language of the sentences.", default)] language: Language,
    ) -> Vec<MetaFailure> {
        self.failures.say(language)
    }
}

impl From<StatusRecord> for StatusReport {
    fn from(record: StatusRecord) -> Self {
        let (status, payment_status) = match record.outcome {
            Outcome::Message(step) => (Some(step.into()), None),
            Outcome::Payment { status, .. } => (None, Some(status.into_owned())),
            Outcome::Call { .. } | Outcome::Unrecognised { .. } => (None, None),
        };
        Self {
            id: record.id,
            status,
            payment_status,
            timestamp: scalar::second(record.at_s),
            received_at: scalar::moment(record.received_ms),
            recipient_wa_id: record.recipient.wa_id.map(std::borrow::Cow::into_owned),
            pricing: record.pricing.map(Pricing::from),
            failures: Failures(record.faults),
        }
    }
}

/// What Meta charges.
#[derive(Clone, Debug, SimpleObject)]
pub struct Pricing {
    /// Whether Meta charges for it; null if Meta does not say.
    pub is_billable: Option<bool>,
    /// `PMP`: by the message.
    pub model: Option<String>,
    /// `regular`, `free_customer_service` or `free_entry_point`.
    #[graphql(name = "type")]
    pub kind: Option<String>,
    /// `marketing`, `utility`, `authentication`, `service` and so on.
    pub category: Option<String>,
}

impl From<status::Pricing<'static>> for Pricing {
    fn from(pricing: status::Pricing<'static>) -> Self {
        let own = |text: Option<crate::domain::Str<'static>>| text.map(std::borrow::Cow::into_owned);
        Self {
            is_billable: pricing.billable,
            model: own(pricing.model),
            kind: own(pricing.kind),
            category: own(pricing.category),
        }
    }
}
