//! Business numbers: what they are. A file a noun for what belongs to one.

mod automation;
mod block_list;
mod error;
mod person;
mod profile;
mod qr;
mod settings;
mod username;

use async_graphql::{ComplexObject, Context, Enum, ID, MergedObject, Object, SimpleObject};
use uuid::Uuid;

use super::context::{allowed, allowed_on, services};
use super::error::{Failure, UserError};
use super::scalar;
use super::scalar::DateTime;
use super::sending::NumberPace;
use crate::auth::{Deed, Visitor};
use crate::domain::number::{Approval, Connection, Facts, Standing};
use crate::numbers;
use crate::numbers::Words;
use crate::storage::number_record::NumberRecord;

pub(super) use automation::{Command, ConversationalAutomationPayload};
pub(super) use block_list::BlockOutcome;
pub(super) use error::{failure_of, no_such_number, of_keys, of_meta, of_refusal, user_errors};
pub(super) use profile::BusinessProfilePayload;
pub(super) use qr::{QrCode, QrImageFormat};
pub(super) use settings::{NumberSettings, NumberSettingsInput};
pub(super) use username::{Username, UsernamePayload};

/// The queries about numbers.
#[derive(Debug, Default, MergedObject)]
pub struct NumberQueries(
    NumberQuery,
    profile::ProfileQuery,
    qr::QrQuery,
    block_list::BlockListQuery,
    automation::AutomationQuery,
    username::UsernameQuery,
    person::PersonQuery,
);

/// Where a number stands with Meta's review of its name and its verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Approval")]
pub enum NumberStatus {
    /// Not decided yet.
    Pending,
    /// The name is approved (or needs no review), and the number is verified.
    Approved,
    /// The name was declined.
    Rejected,
}

/// Whether messages can pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Connection")]
pub enum ConnectionState {
    /// Nothing has been asked of Meta yet.
    Unknown,
    /// Messages pass.
    Connected,
    /// It was paused here: it receives and does not send.
    Paused,
    /// Sending is blocked until somebody mends the reason; receiving goes on.
    SendingBlocked,
    /// Meta does not have it registered or connected.
    Disconnected,
}

/// Why sending is blocked.
#[derive(Debug, SimpleObject)]
pub struct SendingBlock {
    /// What is wrong, for people.
    reason: String,
    /// Meta's error code, if Meta is the reason.
    code: Option<i32>,
    /// Since when.
    since: Option<DateTime>,
    /// What to do about it.
    next_step: String,
}

/// A business phone number.
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct Number {
    #[graphql(skip)]
    record: NumberRecord,
    /// Our id of the number.
    id: ID,
    /// The user of the CRM that it belongs to.
    user_id: Option<String>,
    /// The phone number as Meta shows it; null until Meta has told.
    number: Option<String>,
    /// The name that it has in the CRM.
    display_name: Option<String>,
    /// Where it stands with Meta's review.
    status: NumberStatus,
    /// Whether messages can pass.
    connection_state: ConnectionState,
    /// Meta's id of the number.
    phone_number_id: String,
    /// The id of its WhatsApp Business Account.
    account_id: Option<String>,
    /// The id of the Meta app that its token is of, if it is not the one of the server's settings.
    app_id: Option<String>,
    /// Whether an access token is kept for it. The token itself is never shown.
    has_access_token: bool,
    /// Whether it has an app secret of its own.
    has_app_secret: bool,
    /// Whether the PIN of its two-step verification is kept here.
    has_pin: bool,
    /// Whether it has a verify token of its own.
    has_verify_token: bool,
}

impl From<NumberRecord> for Number {
    fn from(record: NumberRecord) -> Self {
        let facts = record.facts.clone().unwrap_or_default();
        let standing = Standing {
            facts: record.facts.as_ref(),
            is_paused: record.paused_at_ms.is_some(),
            block: record.block.as_ref(),
        };
        Self {
            id: scalar::id(record.id),
            user_id: record.user_id.clone(),
            number: record.display_phone_number.clone(),
            display_name: record.display_name.clone(),
            status: facts.approval().into(),
            connection_state: standing.connection().into(),
            phone_number_id: record.phone_number_id.clone(),
            account_id: record.account_id.clone(),
            app_id: record.app_id.clone(),
            has_access_token: record.access_token.is_some(),
            has_app_secret: record.app_secret.is_some(),
            has_pin: record.pin.is_some(),
            has_verify_token: record.has_verify_token,
            record,
        }
    }
}

impl Number {
    fn fact(&self, of: impl Fn(&Facts) -> Option<&String>) -> Option<&str> {
        self.record.facts.as_ref().and_then(of).map(String::as_str)
    }
}

#[ComplexObject]
impl Number {
    /// How customers take what it sends, in Meta's word: GREEN, YELLOW, RED, UNKNOWN.
    async fn quality(&self) -> Option<&str> {
        self.fact(|facts| facts.quality_rating.as_ref())
    }

    /// How fast it may send, in Meta's word: STANDARD (80 messages a second) or HIGH (1,000).
    async fn throughput(&self) -> Option<&str> {
        self.fact(|facts| facts.throughput_level.as_ref())
    }

    /// How many customers it may write to first in 24 hours, in Meta's word: TIER_250, TIER_2K, …, TIER_UNLIMITED.
    async fn messaging_limit(&self) -> Option<&str> {
        self.fact(|facts| facts.messaging_limit.as_ref())
    }

    /// What Meta thinks of the name that customers see, in Meta's word: APPROVED, DECLINED, PENDING_REVIEW, …
    async fn name_status(&self) -> Option<&str> {
        self.fact(|facts| facts.name_status.as_ref())
    }

    /// The name that customers see.
    async fn verified_name(&self) -> Option<&str> {
        self.fact(|facts| facts.verified_name.as_ref())
    }

    /// Whether it was proved to be the business's own, in Meta's word: VERIFIED, NOT_VERIFIED, EXPIRED.
    async fn code_verification_status(&self) -> Option<&str> {
        self.fact(|facts| facts.code_verification_status.as_ref())
    }

    /// Whether Meta has it connected, in Meta's word: CONNECTED, PENDING, BANNED, …
    async fn meta_status(&self) -> Option<&str> {
        self.fact(|facts| facts.status.as_ref())
    }

    /// Whether it is used in the WhatsApp Business app too.
    async fn is_coexistence(&self) -> bool {
        self.record.facts.as_ref().is_some_and(Facts::is_coexistence)
    }

    /// The user name under which customers find it.
    async fn username(&self) -> Option<&str> {
        self.fact(|facts| facts.username.as_ref())
    }

    /// When Meta was last asked about it.
    async fn refreshed_at(&self) -> Option<DateTime> {
        self.record.facts_at_ms.and_then(scalar::moment)
    }

    /// How it behaves.
    async fn settings(&self) -> NumberSettings {
        NumberSettings::from(&self.record.settings)
    }

    /// How fast it sends now, and to how many customers it has written first.
    #[graphql(complexity = "5 + child_complexity")]
    async fn pace(&self, context: &Context<'_>) -> Result<NumberPace, Failure> {
        Ok(services(context)?.outbound.pace(&self.record).await?.into())
    }

    /// Since when it is paused; null: it is not.
    async fn paused_at(&self) -> Option<DateTime> {
        self.record.paused_at_ms.and_then(scalar::moment)
    }

    /// Why it cannot send; null: nothing is known to stand in the way.
    async fn sending_blocked(&self) -> Option<SendingBlock> {
        let block = self.record.block.as_ref()?;
        let words = Words::of(block);
        Some(SendingBlock {
            reason: words.reason.to_owned(),
            code: block.code.and_then(|code| i32::try_from(code).ok()),
            since: scalar::moment(block.since_ms),
            next_step: words.next_step.to_owned(),
        })
    }

    /// When the contacts of its telephone were asked for, which Meta does once.
    async fn contacts_synced_at(&self) -> Option<DateTime> {
        self.record.syncs.contacts_ms.and_then(scalar::moment)
    }

    /// When the history of its telephone was asked for, which Meta does once.
    async fn history_synced_at(&self) -> Option<DateTime> {
        self.record.syncs.history_ms.and_then(scalar::moment)
    }

    /// When it was added here.
    async fn created_at(&self) -> Option<DateTime> {
        scalar::moment(self.record.created_at_ms)
    }

    /// When it last changed here.
    async fn updated_at(&self) -> Option<DateTime> {
        scalar::moment(self.record.updated_at_ms)
    }
}

/// What comes of a change to a number.
#[derive(Debug, SimpleObject)]
pub struct NumberPayload {
    /// The number as it is now; null if there is nothing to show.
    number: Option<Number>,
    /// What the caller can put right; empty if all went well.
    user_errors: Vec<UserError>,
}

impl NumberPayload {
    /// The number, or what the caller can put right.
    pub(super) fn of(outcome: Result<NumberRecord, numbers::Error>) -> Result<Self, Failure> {
        match outcome {
            Ok(record) => Ok(Self { number: Some(record.into()), user_errors: Vec::new() }),
            Err(error) => Ok(Self { number: None, user_errors: user_errors(error)? }),
        }
    }

    /// The number, and what did not work besides.
    pub(super) fn with(record: NumberRecord, troubles: Vec<numbers::Error>) -> Result<Self, Failure> {
        let user_errors: Result<Vec<Vec<UserError>>, Failure> =
            troubles.into_iter().map(user_errors).collect();
        Ok(Self { number: Some(record.into()), user_errors: user_errors?.concat() })
    }

    pub(super) fn refused(errors: Vec<UserError>) -> Self {
        Self { number: None, user_errors: errors }
    }
}

/// Who does this to which number, if they may. None inside: no number has such an id.
pub(super) fn on_number<'ctx>(
    context: &Context<'ctx>,
    deed: Deed,
    id: &ID,
) -> Result<Option<(&'ctx Visitor, Uuid)>, Failure> {
    match scalar::uuid(id) {
        Some(id) => Ok(Some((allowed_on(context, deed, id)?, id))),
        None => allowed(context, deed).map(|_| None),
    }
}

#[derive(Debug, Default)]
pub struct NumberQuery;

#[Object]
impl NumberQuery {
    /// The numbers of the workspace that the caller may touch, the oldest first.
    async fn numbers(&self, context: &Context<'_>) -> Result<Vec<Number>, Failure> {
        let visitor = allowed(context, Deed::SeeNumbers)?;
        let records = services(context)?.numbers.list(visitor).await.map_err(failure_of)?;
        Ok(records.into_iter().map(Number::from).collect())
    }

    /// One number; null if this workspace has none of that id.
    async fn number(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the number.")] id: ID,
    ) -> Result<Option<Number>, Failure> {
        let Some((visitor, id)) = on_number(context, Deed::SeeNumbers, &id)? else { return Ok(None) };
        let record = services(context)?.numbers.find(visitor.workspace, id).await.map_err(failure_of)?;
        Ok(record.map(Number::from))
    }
}
