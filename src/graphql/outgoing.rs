//! Messages that were sent through this service: where each stands, and everything that has happened to it.

use std::borrow::Cow;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::context::{allowed, services};
use super::error::Failure;
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::domain::sending;
use crate::domain::status::{Outcome, Step};
use crate::outbound::Error;
use crate::storage::outgoing::Outgoing;

/// Where a message stands with the sender. How far it has come with the customer is its `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sending::State")]
pub enum SendState {
    /// It waits for its turn, its time, or another try.
    Queued,
    /// A request for it is on its way.
    Leaving,
    /// Meta has taken it.
    Accepted,
    /// Meta may have taken it: no answer came. A status will tell; it is not sent again by itself.
    Unconfirmed,
    /// Meta has not taken it; `reason` says why.
    Refused,
    /// It was taken back before it left.
    Cancelled,
}

/// How far a message has come with the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Step")]
pub enum DeliveryStatus {
    Sent,
    Failed,
    Delivered,
    Read,
    Played,
}

/// Why a try did not end well.
#[derive(Debug, SimpleObject)]
pub struct SendReason {
    /// What happened.
    pub message: String,
    /// What to do.
    pub next_step: Option<String>,
    /// Meta's own words.
    pub details: Option<String>,
    pub meta_code: Option<i64>,
    pub meta_subcode: Option<i64>,
    /// What Meta's support asks for.
    pub meta_trace_id: Option<String>,
}

/// One request for a message.
#[derive(Debug, SimpleObject)]
pub struct SendAttempt {
    /// When it was about to leave.
    pub at: Option<DateTime>,
    pub ended_at: Option<DateTime>,
    /// What the message was after it; null while it is on its way.
    pub state: Option<SendState>,
    pub reason: Option<SendReason>,
}

/// What Meta has told of a message.
#[derive(Debug, SimpleObject)]
pub struct StatusReport {
    /// Null for what is no step on its way, like a payment.
    pub status: Option<DeliveryStatus>,
    /// Meta's time.
    pub at: Option<DateTime>,
    pub received_at: Option<DateTime>,
    pub meta_code: Option<i64>,
    pub details: Option<String>,
}

/// A message that was sent through this service.
#[derive(Debug)]
pub struct OutgoingMessage(pub(super) Outgoing);

#[Object]
impl OutgoingMessage {
    /// Our id.
    async fn id(&self) -> ID {
        scalar::id(self.0.id)
    }

    /// Meta's id of the message (wamid); null until Meta has named it.
    async fn message_id(&self) -> Option<&str> {
        self.0.wamid.as_deref()
    }

    async fn conversation_id(&self) -> ID {
        scalar::id(self.0.conversation)
    }

    async fn number_id(&self) -> ID {
        scalar::id(self.0.number)
    }

    /// What kind of content it has: text, image, template, …
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    async fn state(&self) -> SendState {
        self.0.state.into()
    }

    /// The highest step that Meta has told of; null before the first.
    async fn status(&self) -> Option<DeliveryStatus> {
        let rank = self.0.rank?;
        Step::ALL.into_iter().find(|step| i32::from(step.rank()) == rank).map(DeliveryStatus::from)
    }

    /// Who asked for it: `api-key:…` or `user:…`.
    async fn requested_by(&self) -> &str {
        &self.0.by
    }

    async fn requested_at(&self) -> Option<DateTime> {
        scalar::moment(self.0.requested_ms)
    }

    /// When it is to leave, if not at once.
    async fn send_at(&self) -> Option<DateTime> {
        self.0.send_at_ms.and_then(scalar::moment)
    }

    /// Not before then, after a try that did not end well.
    async fn next_try_at(&self) -> Option<DateTime> {
        self.0.not_before_ms.and_then(scalar::moment)
    }

    /// Why it is not accepted, or was not at the last try.
    async fn reason(&self) -> Option<SendReason> {
        self.0.reason.clone().map(SendReason::from)
    }

    /// Every request for it, in order.
    async fn attempts(&self) -> Vec<SendAttempt> {
        self.0.attempts.iter().cloned().map(SendAttempt::from).collect()
    }

    /// Everything that Meta has told of it, in the order of Meta's time.
    #[graphql(complexity = "10 + child_complexity")]
    async fn statuses(&self, context: &Context<'_>) -> Result<Vec<StatusReport>, Failure> {
        let storage = &services(context)?.storage;
        let id = self.0.id.to_string();
        let Some(message) = storage.find_message(self.0.workspace, &id).await? else {
            return Ok(Vec::new());
        };
        let mut statuses = storage.list_statuses(self.0.workspace, &message).await?;
        // Meta's time has seconds only: within one, the order of the steps.
        statuses.sort_by_key(|status| match status.outcome {
            Outcome::Message(step) => (status.at_s, step.rank()),
            _ => (status.at_s, 0),
        });
        Ok(statuses
            .into_iter()
            .map(|status| {
                let step = match status.outcome {
                    Outcome::Message(step) => Some(step.into()),
                    _ => None,
                };
                let fault = status.faults.into_iter().next().unwrap_or_default();
                StatusReport {
                    status: step,
                    at: scalar::moment(status.at_s.saturating_mul(1_000)),
                    received_at: scalar::moment(status.received_ms),
                    meta_code: fault.code,
                    details: fault.details.or(fault.message).or(fault.title).map(Cow::into_owned),
                }
            })
            .collect())
    }
}

impl From<sending::Reason> for SendReason {
    fn from(reason: sending::Reason) -> Self {
        Self {
            message: reason.meaning,
            next_step: reason.next_step,
            details: reason.details,
            meta_code: reason.code,
            meta_subcode: reason.subcode,
            meta_trace_id: reason.trace_id,
        }
    }
}

impl From<sending::Attempt> for SendAttempt {
    fn from(attempt: sending::Attempt) -> Self {
        Self {
            at: scalar::moment(attempt.at_ms),
            ended_at: attempt.ended_ms.and_then(scalar::moment),
            state: attempt.state.map(SendState::from),
            reason: attempt.reason.map(SendReason::from),
        }
    }
}

#[derive(Debug, Default)]
pub struct OutgoingQuery;

#[Object]
impl OutgoingQuery {
    /// A message that was sent through this service, with everything that has happened to it; null if there is none.
    async fn outgoing_message(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<Option<OutgoingMessage>, Failure> {
        let visitor = allowed(context, Deed::SeeMessages)?;
        let Some(id) = scalar::uuid(&id) else { return Ok(None) };
        match services(context)?.outbound.find(visitor, id).await {
            Ok(message) => Ok(Some(OutgoingMessage(message))),
            Err(Error::NotFound(_)) => Ok(None),
            Err(Error::Storage(error)) => Err(error.into()),
            Err(error) => Err(Failure::internal(error)),
        }
    }
}
