//! What may be sent to somebody now, until when, at which price, and why not more.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};

use super::context::{allowed, services};
use super::conversation::Window;
use super::error::Failure;
use super::page::cost;
use super::scalar;
use super::template::Template;
use crate::auth::Deed;
use crate::domain::outgoing::window::Category;
use crate::domain::template::check::is_for_groups;
use crate::numbers::Words;
use crate::outbound::{Error, Hold, Leave, Whom};
use crate::storage::page::Way;
use crate::storage::template_record::TemplateFilter;

/// How many templates are shown at most, and when nobody says.
const TEMPLATES_MAX: i64 = 100;
const TEMPLATES_USUAL: i32 = 25;

const CATEGORIES: [Category; 4] =
    [Category::Service, Category::Utility, Category::Marketing, Category::Authentication];

/// What may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SendScope {
    /// Whatever one likes.
    Anything,
    /// The customer has not written within 24 hours.
    TemplatesOnly,
    /// Nothing leaves; `hold` says why.
    Nothing,
}

/// Why nothing leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SendHoldReason {
    /// Somebody has paused the number. What is queued waits.
    NumberPaused,
    /// Something has to be mended first. What is queued waits.
    NumberBlocked,
    /// The number has no access token.
    NoToken,
    /// Somebody has blocked the contact for this number.
    ContactBlocked,
    /// Nothing is known by which WhatsApp would find the contact: its number is somebody else's by now, or there was none.
    ContactNoAddress,
}

/// Why nothing leaves, and what to do.
#[derive(Clone, Debug, SimpleObject)]
pub struct SendHold {
    /// What is in the way, for programs.
    pub reason: SendHoldReason,
    /// What is in the way, for people.
    pub message: String,
    /// What to do about it.
    pub next_step: String,
}

/// What Meta charges for a message of a category that is delivered now.
#[derive(Clone, Debug, SimpleObject)]
pub struct SendPrice {
    /// As the pricing of a message names it: `service`, `utility`, `marketing` or `authentication`; in groups with
    /// `group_` before it. Everything but templates is `service`.
    pub category: String,
    /// As the pricing of a message names it: `regular`, `free_customer_service`, `free_entry_point` and so on.
    #[graphql(name = "type")]
    pub kind: String,
    /// Whether Meta charges nothing for it, as far as is known.
    pub is_free: bool,
}

/// What may be sent to somebody now. Meta has the last word.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct SendLeave {
    /// How much may be sent now.
    pub scope: SendScope,
    /// Why nothing leaves; null if something may.
    pub hold: Option<SendHold>,
    /// The customer service window: 24 hours from the customer's last message or call.
    pub window: Window,
    /// 72 hours free of charge for a customer who came by an advertisement. It does not widen what may be sent.
    pub free_entry_window: Window,
    /// A price for each category.
    pub prices: Vec<SendPrice>,
    #[graphql(skip)]
    leave: Box<Leave>,
}

impl From<Leave> for SendLeave {
    fn from(leave: Leave) -> Self {
        let hold = leave.hold.as_ref().map(hold);
        let scope = match (&hold, leave.leave.free_form_until_s) {
            (Some(_), _) => SendScope::Nothing,
            (None, Some(_)) => SendScope::Anything,
            (None, None) => SendScope::TemplatesOnly,
        };
        let window = |open: Option<i64>, ends_s: Option<i64>| Window {
            open: open.is_some(),
            ends_at: ends_s.and_then(scalar::second),
        };
        let price = |category: Category| {
            let charge = leave.charge(category);
            SendPrice {
                category: category.name(leave.windows.is_group).to_owned(),
                kind: charge.name().to_owned(),
                is_free: charge.is_free(),
            }
        };
        Self {
            scope,
            hold,
            window: window(leave.leave.free_form_until_s, leave.windows.service_ends_s),
            free_entry_window: window(leave.leave.free_of_charge_until_s, leave.windows.free_entry_ends_s),
            prices: CATEGORIES.map(price).to_vec(),
            leave: Box::new(leave),
        }
    }
}

/// That somebody cannot be written to, and what to do.
pub(super) const NO_ADDRESS: (&str, &str) = (
    "The contact has neither a user id nor a phone number that is still theirs.",
    "Write to the phone number that they have now (`to.phone`), or wait until they write.",
);

fn hold(hold: &Hold) -> SendHold {
    let (reason, message, next_step) = match hold {
        Hold::Paused => {
            (SendHoldReason::NumberPaused, "Somebody has paused the number.", "Resume it with resumeNumber.")
        }
        Hold::NoToken => (
            SendHoldReason::NoToken,
            "The number has no access token.",
            "Save an access token for this number.",
        ),
        Hold::ContactBlocked => (
            SendHoldReason::ContactBlocked,
            "The contact is blocked: nothing is sent to it by this number.",
            "Unblock the contact first (unblockContact).",
        ),
        Hold::NoAddress => (SendHoldReason::ContactNoAddress, NO_ADDRESS.0, NO_ADDRESS.1),
        Hold::Blocked(block) => {
            let words = Words::of(block);
            (SendHoldReason::NumberBlocked, words.reason, words.next_step)
        }
    };
    SendHold { reason, message: message.to_owned(), next_step: next_step.to_owned() }
}

#[ComplexObject]
impl SendLeave {
    /// Templates that the number can send now.
    #[graphql(complexity = "cost(first.or(Some(TEMPLATES_USUAL)), None, child_complexity)")]
    async fn templates(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many; 25 if not said, 100 at most. The list `templates` has all.")]
        first: Option<i32>,
    ) -> Result<Vec<Template>, Failure> {
        let visitor = allowed(context, Deed::SeeTemplates)?;
        let Some(account_id) = &self.leave.number.account_id else { return Ok(Vec::new()) };
        let limit = i64::from(first.unwrap_or(TEMPLATES_USUAL)).clamp(0, TEMPLATES_MAX);
        if limit == 0 || self.leave.hold.is_some() {
            return Ok(Vec::new());
        }
        let filter = TemplateFilter::usable(account_id);
        let storage = &services(context)?.storage;
        let mut found = storage.list_templates(visitor.workspace, &filter, None, Way::Older, limit).await?;
        if self.leave.windows.is_group {
            found.retain(|record| record.definition().is_some_and(|one| is_for_groups(&one)));
        }
        Ok(found.into_iter().map(Template::from).collect())
    }
}

/// What may be sent to somebody; none if they, or the number, are not the caller's.
pub async fn leave(context: &Context<'_>, whom: Whom) -> Result<Option<SendLeave>, Failure> {
    let visitor = allowed(context, Deed::SeeConversations)?;
    let services = services(context)?;
    match Leave::of(&services.storage, &services.clock, visitor, whom).await {
        Ok(leave) => Ok(Some(leave.into())),
        Err(Error::NotFound(_)) => Ok(None),
        Err(Error::Denied(denied)) => Err(denied.into()),
        Err(Error::Storage(error)) => Err(error.into()),
        Err(error) => Err(Failure::internal(error)),
    }
}

#[derive(Debug, Default)]
pub struct LeaveQuery;

#[Object]
impl LeaveQuery {
    /// What may be sent now in a conversation; or to a contact with a number, whether or not they have ever written. Null:
    /// there is no such conversation, contact or number, or it is not the caller's.
    #[graphql(complexity = "5 + child_complexity")]
    async fn can_send(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The conversation; then nothing else is needed.")] conversation_id: Option<ID>,
        #[graphql(desc = "The contact, together with the number.")] contact_id: Option<ID>,
        #[graphql(desc = "Our id of the number that would send.")] number_id: Option<ID>,
    ) -> Result<Option<SendLeave>, Failure> {
        allowed(context, Deed::SeeConversations)?;
        let id = |id: Option<&ID>| id.and_then(scalar::uuid);
        let whom = match (id(conversation_id.as_ref()), id(contact_id.as_ref()), id(number_id.as_ref())) {
            (Some(conversation), _, _) => Whom::Conversation(conversation),
            (None, Some(contact), Some(number)) if conversation_id.is_none() => {
                Whom::Contact { contact, number }
            }
            _ => return Ok(None),
        };
        leave(context, whom).await
    }
}
