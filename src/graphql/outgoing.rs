//! Messages that were sent through this service: where each stands, and everything that has happened to it.

use std::slice;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::context::{allowed, services};
use super::error::Failure;
use super::scalar;
use super::scalar::DateTime;
use super::status::{MessageStatus, StatusReport};
use super::timeline;
use super::timeline::TimelineEntry;
use crate::auth::Deed;
use crate::domain::sending;
use crate::domain::status::Outcome;
use crate::outbound::Error;
use crate::storage::message_record::StatusRecord;
use crate::storage::messages::message_key;
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

/// What Meta does with a template message that it has taken, instead of sending it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sending::Pacing")]
pub enum SendPacing {
    /// It waits until Meta has judged the quality of its template; then it is sent, or dropped with the status `FAILED`.
    HeldForQuality,
    /// Its template is paused because of its quality; the message is not sent.
    Paused,
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
    /// Meta's own error code; null if it was not Meta who refused.
    pub meta_code: Option<i64>,
    /// Meta's second code, which tells cases of the first apart; mostly null.
    pub meta_subcode: Option<i64>,
    /// What Meta's support asks for.
    pub meta_trace_id: Option<String>,
}

/// One request for a message.
#[derive(Debug, SimpleObject)]
pub struct SendAttempt {
    /// When it was about to leave.
    pub at: Option<DateTime>,
    /// When its answer came, or was no longer waited for; null while it is on its way.
    pub ended_at: Option<DateTime>,
    /// What the message was after it; null while it is on its way.
    pub state: Option<SendState>,
    /// Why it did not end well; null if it did, or is on its way.
    pub reason: Option<SendReason>,
}

/// A message that was sent through this service.
#[derive(Debug)]
pub struct OutgoingMessage(pub(super) Outgoing);

/// A message that was sent through this service: where it stands, and everything that has happened to it.
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

    /// Our id of the conversation that it belongs to.
    async fn conversation_id(&self) -> ID {
        scalar::id(self.0.conversation)
    }

    /// Our id of the business number that sends it.
    async fn number_id(&self) -> ID {
        scalar::id(self.0.number)
    }

    /// What kind of content it has: text, image, template, …
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Where it stands with the sender; `status` is how far it has come with the customer.
    async fn state(&self) -> SendState {
        self.0.state.into()
    }

    /// The highest step that Meta has told of; null before the first.
    async fn status(&self) -> Option<MessageStatus> {
        self.0.rank.map(MessageStatus::of_rank)
    }

    /// Who asked for it: `api-key:…` or `user:…`.
    async fn requested_by(&self) -> &str {
        &self.0.by
    }

    /// Our id of the message that it repeats: Meta had taken that one, and then told that it does not arrive. Null: it
    /// repeats none.
    async fn retry_of(&self) -> Option<ID> {
        self.0.repeats.map(|repeats| scalar::id(repeats.failed))
    }

    /// When it was asked for, by our clock.
    async fn requested_at(&self) -> Option<DateTime> {
        scalar::moment(self.0.requested_ms)
    }

    /// When it is to leave, if not at once.
    async fn send_at(&self) -> Option<DateTime> {
        self.0.send_at_ms.and_then(scalar::moment)
    }

    /// Not before then: after a try that did not end well, or because Meta's limit of customers a day is used up.
    async fn next_try_at(&self) -> Option<DateTime> {
        self.0.not_before_ms.max(self.0.place_at_ms).and_then(scalar::moment)
    }

    /// What Meta does with it instead of sending it at once, as Meta said when it took it; the statuses tell what came of
    /// it. Null: Meta has said nothing of the kind.
    async fn pacing(&self) -> Option<SendPacing> {
        self.0.attempts.last().and_then(|attempt| attempt.pacing).map(SendPacing::from)
    }

    /// Why it is not accepted, or was not at the last try.
    async fn reason(&self) -> Option<SendReason> {
        self.0.reason.clone().map(SendReason::from)
    }

    /// Every request for it, in order.
    async fn attempts(&self) -> Vec<SendAttempt> {
        self.0.attempts.iter().cloned().map(SendAttempt::from).collect()
    }

    /// Everything that happened to it, in its order: with us, at Meta, and with the customer.
    #[graphql(complexity = "10 + child_complexity")]
    async fn timeline(&self, context: &Context<'_>) -> Result<Vec<TimelineEntry>, Failure> {
        Ok(timeline::of_ours(&self.0, self.reports(context).await?))
    }

    /// Everything that Meta has told of it, in the order of Meta's time.
    #[graphql(complexity = "10 + child_complexity")]
    async fn statuses(&self, context: &Context<'_>) -> Result<Vec<StatusReport>, Failure> {
        let mut statuses = self.reports(context).await?;
        // Meta's time has seconds only: within one, the order of the steps.
        statuses.sort_by_key(|status| match status.outcome {
            Outcome::Message(step) => (status.at_s, step.rank()),
            _ => (status.at_s, 0),
        });
        Ok(statuses.into_iter().map(StatusReport::from).collect())
    }
}

impl OutgoingMessage {
    async fn reports(&self, context: &Context<'_>) -> Result<Vec<StatusRecord>, Failure> {
        let Some(wamid) = &self.0.wamid else { return Ok(Vec::new()) };
        let key = message_key(&self.0.phone_number_id, wamid);
        let found =
            services(context)?.storage.statuses_by_key(self.0.workspace, slice::from_ref(&key)).await?;
        Ok(found.into_values().next().unwrap_or_default())
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
        #[graphql(desc = "Our id of the message, not Meta's.")] id: ID,
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
