//! The way of a message from the webhook to what is visible: for whoever looks for one that is missing or late.

use async_graphql::{Context, Object, SimpleObject};

use super::context::{allowed, services};
use super::error::Failure;
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::ingest::trace;
use crate::ingest::trace::{Scope, trace_message};

/// A step of the way.
#[derive(Clone, Debug, SimpleObject)]
pub struct TraceStep {
    /// Our time, where the step has one.
    pub at: Option<DateTime>,
    /// What happened, in an English sentence for whoever runs this server.
    pub text: String,
}

impl From<trace::Step> for TraceStep {
    fn from(step: trace::Step) -> Self {
        Self { at: step.at_ms.and_then(scalar::moment), text: step.text }
    }
}

#[derive(Debug, Default)]
pub struct TraceQuery;

#[Object]
impl TraceQuery {
    /// The way of a message, reaction or edit by Meta's id (`wamid…`), with its statuses: when it came, where it stands
    /// in the journal, what was told of it. Empty: no such message came for a number of the caller's.
    #[graphql(complexity = "100 + child_complexity")]
    async fn inbound_trace(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Meta's id of it (`wamid…`).")] message_id: String,
    ) -> Result<Vec<TraceStep>, Failure> {
        let visitor = allowed(context, Deed::TraceMessages)?;
        let scope = Scope { workspace: visitor.workspace, numbers: visitor.numbers.as_deref() };
        let steps = trace_message(&services(context)?.storage, &message_id, Some(scope)).await?;
        Ok(steps.into_iter().map(TraceStep::from).collect())
    }
}
