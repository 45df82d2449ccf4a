//! How a workspace sends, and how fast a number does.

use std::time::Duration;

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::context::{allowed, services};
use super::error::Failure;
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::domain::sending;
use crate::outbound::Pace;

/// What becomes of a message of which nothing is heard after its answer was lost: Meta may have taken it, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sending::UnconfirmedPolicy")]
pub enum UnconfirmedPolicy {
    /// It stays unconfirmed, and that is told. Somebody decides.
    Leave,
    /// It counts as failed. If a status comes after all, that proves the opposite.
    Fail,
    /// It is sent again, twice at most: the customer may get it more than once.
    Resend,
}

/// How a workspace sends.
#[derive(Debug, SimpleObject)]
pub struct SendingSettings {
    /// What becomes of a message of which nothing is heard.
    pub when_unconfirmed: UnconfirmedPolicy,
    /// After so many seconds without a status. A setting of the server.
    pub unconfirmed_after_seconds: i64,
}

impl SendingSettings {
    /// As they are kept.
    pub fn of(policy: sending::UnconfirmedPolicy, after: Duration) -> Self {
        let seconds = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
        Self { when_unconfirmed: policy.into(), unconfirmed_after_seconds: seconds }
    }
}

/// How fast a number sends now, on all instances together.
#[derive(Debug, SimpleObject)]
pub struct NumberPace {
    /// Messages a second, as learnt from Meta's refusals.
    pub per_second: f64,
    /// Messages a second that Meta allows by the number's level, a little less.
    pub per_second_max: f64,
    /// Nothing leaves before then: Meta has said that it was too much.
    pub paused_until: Option<DateTime>,
    /// How many customers it has written to first in the last 24 hours: outside of the window, by what this server sent.
    /// Meta counts them for all numbers of the business portfolio; `messagingLimit` is that limit.
    pub initiated_in_24_hours: i64,
}

impl From<Pace> for NumberPace {
    fn from(pace: Pace) -> Self {
        Self {
            per_second: pace.per_second,
            per_second_max: pace.per_second_max,
            paused_until: pace.paused_until_ms.and_then(scalar::moment),
            initiated_in_24_hours: pace.initiated_in_a_day,
        }
    }
}

#[derive(Debug, Default)]
pub struct SendingQuery;

#[Object]
impl SendingQuery {
    /// How the workspace sends.
    async fn sending_settings(&self, context: &Context<'_>) -> Result<SendingSettings, Failure> {
        let visitor = allowed(context, Deed::SeeSettings)?;
        let services = services(context)?;
        let policy = services.storage.unconfirmed_policy(visitor.workspace).await?;
        Ok(SendingSettings::of(policy, services.outbound.unconfirmed_after()))
    }
}
