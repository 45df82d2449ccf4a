//! Sending messages, and taking them back.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject};

use super::content::{ContentInput, MarketingInput, field};
use crate::auth::Deed;
use crate::domain::outgoing::Route;
use crate::domain::outgoing::breach::Breach;
use crate::domain::sending;
use crate::graphql::context::{allowed, services};
use crate::graphql::error::{Failure, UserError, UserErrorCode};
use crate::graphql::leave::NO_ADDRESS;
use crate::graphql::outgoing::OutgoingMessage;
use crate::graphql::scalar;
use crate::graphql::scalar::DateTime;
use crate::graphql::template::lacking;
use crate::outbound::{Ask, Error, To};
use crate::storage::outgoing::Outgoing;

/// Whom a message is for.
#[derive(Debug, OneofObject)]
pub enum RecipientInput {
    /// Whoever the conversation is with; a group too.
    ConversationId(ID),
    /// A contact, by our id: at the phone number that they write from, or else by their user id.
    ContactId(ID),
    /// A phone number in any spelling, with its country code.
    Phone(String),
    /// A business-scoped user id, like `US.13491208655302741918`.
    UserId(String),
    /// A phone number and a business-scoped user id; where they differ, Meta goes by the phone number.
    Both(PhoneAndUserIdInput),
    /// Meta's id of a group.
    GroupId(String),
}

/// A customer by both names. Meta is given both; where they differ, the phone number decides.
#[derive(Debug, InputObject)]
pub struct PhoneAndUserIdInput {
    /// In any spelling, with its country code.
    phone: String,
    /// Like `US.13491208655302741918`.
    user_id: String,
}

/// Who goes first when a number has more to send than it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum SendPriority {
    /// Somebody waits for it.
    #[default]
    Reply,
    /// One of many, which may wait.
    Bulk,
}

/// A message that is to be sent.
#[derive(Debug, InputObject)]
pub struct SendMessageInput {
    /// The number that sends it. A conversation has its own; in all other cases it is needed.
    number_id: Option<ID>,
    /// Whom it is for.
    to: RecipientInput,
    /// What is sent.
    content: ContentInput,
    /// The message that it answers, by Meta's id (wamid).
    reply_to: Option<String>,
    /// Sent only while the customer has this key; for numbers that check identities.
    identity_key_hash: Option<String>,
    /// Whether a template leaves by Meta's endpoint for marketing messages. Without it: as its number is set.
    marketing: Option<MarketingInput>,
    /// Chosen by the client, up to 200 characters: the same key with the same message again gives the message that is
    /// there already, so a request whose answer was lost can be made again.
    idempotency_key: Option<String>,
    /// Not before this moment.
    send_at: Option<DateTime>,
    /// Whether somebody waits for it.
    #[graphql(default)]
    priority: SendPriority,
}

/// A message that was queued, or why it was not.
#[derive(Debug, SimpleObject)]
pub struct SendMessagePayload {
    /// The message as it stands now; null if there are errors.
    pub message: Option<OutgoingMessage>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// A reaction to a message.
#[derive(Debug, InputObject)]
pub struct SendReactionInput {
    /// The message that it is about, by our id.
    message_id: ID,
    /// One emoji; without one the reaction is taken back.
    emoji: Option<String>,
    /// As with `sendMessage`.
    idempotency_key: Option<String>,
}

/// A reaction that was queued, or why it was not.
#[derive(Debug, SimpleObject)]
pub struct SendReactionPayload {
    /// The reaction, which leaves in the order of its conversation. Once Meta has taken it, the message that it is about
    /// shows it.
    pub reaction: Option<OutgoingMessage>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// A message with another time, or why it has none.
#[derive(Debug, SimpleObject)]
pub struct RescheduleMessagePayload {
    /// The message with its new time.
    pub message: Option<OutgoingMessage>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// A message that was taken back, or why it could not be.
#[derive(Debug, SimpleObject)]
pub struct CancelMessagePayload {
    /// The message as it stands now; null if there are errors.
    pub message: Option<OutgoingMessage>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// A message that is tried anew, or why it is not.
#[derive(Debug, SimpleObject)]
pub struct RetryMessagePayload {
    /// The message that is under way now: the same, or the new one that repeats it (`retryOf`); null if there are errors.
    pub message: Option<OutgoingMessage>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

#[derive(Debug, Default)]
pub struct MessageMutation;

#[Object]
impl MessageMutation {
    /// Checks and queues a message. What comes of it, `outgoingMessage` tells. The messages of a conversation leave in the
    /// order in which they were asked for.
    async fn send_message(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What is sent, to whom, and when.")] input: SendMessageInput,
    ) -> Result<SendMessagePayload, Failure> {
        let visitor = allowed(context, Deed::SendMessages)?;
        let sent = match ask(input) {
            Ok(ask) => services(context)?.outbound.send(visitor, ask).await,
            Err(error) => Err(error),
        };
        let (message, user_errors) = outcome(sent)?;
        Ok(SendMessagePayload { message, user_errors })
    }

    /// Takes a message back that has not left yet.
    async fn cancel_message(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the message, not Meta's.")] id: ID,
    ) -> Result<CancelMessagePayload, Failure> {
        let visitor = allowed(context, Deed::SendMessages)?;
        let cancelled = match scalar::uuid(&id) {
            Some(id) => services(context)?.outbound.cancel(visitor, id).await,
            None => Err(Error::NotFound("id")),
        };
        let (message, user_errors) = outcome(cancelled)?;
        Ok(CancelMessagePayload { message, user_errors })
    }

    /// Reacts to a message, ours or a customer's, or takes the reaction back. It leaves in the order of its conversation.
    async fn send_reaction(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which message, and what to put on it.")] input: SendReactionInput,
    ) -> Result<SendReactionPayload, Failure> {
        let visitor = allowed(context, Deed::SendMessages)?;
        let SendReactionInput { message_id, emoji, idempotency_key } = input;
        let outbound = &services(context)?.outbound;
        let sent = outbound.react(visitor, &message_id, emoji, idempotency_key).await;
        let (reaction, user_errors) = outcome(sent)?;
        Ok(SendReactionPayload { reaction, user_errors })
    }

    /// Gives a planned message that has not left another time.
    async fn reschedule_message(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the message, not Meta's.")] id: ID,
        #[graphql(desc = "Not before this moment; now, if not said.")] send_at: Option<DateTime>,
    ) -> Result<RescheduleMessagePayload, Failure> {
        let visitor = allowed(context, Deed::SendMessages)?;
        let send_at_ms = send_at.map(|at| at.0.as_millisecond());
        let moved = match scalar::uuid(&id) {
            Some(id) => services(context)?.outbound.reschedule(visitor, id, send_at_ms).await,
            None => Err(Error::NotFound("id")),
        };
        let (message, user_errors) = outcome(moved)?;
        Ok(RescheduleMessagePayload { message, user_errors })
    }

    /// Tries a message anew that was refused. One that Meta had taken and whose status is `FAILED` is repeated by a new
    /// message, which keeps to the same rules as `sendMessage`; asked for again, it gives that one, until it has failed too.
    /// One whose end is not known is not sent again, unless that is said.
    async fn retry_message(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the message, not Meta's.")] id: ID,
        #[graphql(
            default,
            desc = "Also if it is unconfirmed: Meta may have taken it, so the customer may get it twice."
        )]
        even_if_unconfirmed: bool,
    ) -> Result<RetryMessagePayload, Failure> {
        let visitor = allowed(context, Deed::SendMessages)?;
        let retried = match scalar::uuid(&id) {
            Some(id) => services(context)?.outbound.retry(visitor, id, even_if_unconfirmed).await,
            None => Err(Error::NotFound("id")),
        };
        let (message, user_errors) = outcome(retried)?;
        Ok(RetryMessagePayload { message, user_errors })
    }
}

fn ask(input: SendMessageInput) -> Result<Ask, Error> {
    let id = |id: &ID, field| scalar::uuid(id).ok_or(Error::NotFound(field));
    let to = match input.to {
        RecipientInput::ConversationId(conversation) => {
            To::Conversation(id(&conversation, "to.conversationId")?)
        }
        RecipientInput::ContactId(contact) => To::Contact(id(&contact, "to.contactId")?),
        RecipientInput::Phone(phone) => To::Phone(phone),
        RecipientInput::UserId(user_id) => To::UserId(user_id),
        RecipientInput::Both(PhoneAndUserIdInput { phone, user_id }) => To::Both { phone, user_id },
        RecipientInput::GroupId(id) => To::Group(id),
    };
    Ok(Ask {
        to,
        number: input.number_id.map(|number| id(&number, "numberId")).transpose()?,
        content: input.content.try_into()?,
        reply_to: input.reply_to,
        identity_key_hash: input.identity_key_hash,
        route: input.marketing.map(Route::try_from).transpose()?.unwrap_or_default(),
        idempotency_key: input.idempotency_key,
        send_at_ms: input.send_at.map(|at| at.0.as_millisecond()),
        priority: match input.priority {
            SendPriority::Reply => sending::Priority::Reply,
            SendPriority::Bulk => sending::Priority::Bulk,
        },
    })
}

/// The message, or what the caller can put right; everything else is a failure.
fn outcome(done: Result<Outgoing, Error>) -> Result<(Option<OutgoingMessage>, Vec<UserError>), Failure> {
    let error = match done {
        Ok(message) => return Ok((Some(OutgoingMessage(message)), Vec::new())),
        Err(error) => error,
    };
    let one = |error: UserError| Ok((None, vec![error]));
    match error {
        Error::NotFound(field) => {
            one(UserError::new(UserErrorCode::NotFound, "There is no such object in this workspace.")
                .on(field))
        }
        Error::Invalid { field, sentence } => one(UserError::invalid(field, sentence)),
        Error::Breaches(breaches) => {
            let error = |mut breach: Breach| {
                breach.field = field(&breach.field);
                UserError::invalid(&breach.field, breach.to_string())
            };
            Ok((None, breaches.into_iter().map(error).collect()))
        }
        Error::WindowClosed(templates) => {
            let text = "More than 24 hours have passed since the customer last wrote.";
            let next_step = "Send a template; once the customer answers, you can write freely again.";
            let error = UserError::new(UserErrorCode::WindowClosed, text).on("content").next(next_step);
            one(UserError { alternatives: templates, ..error })
        }
        Error::Template(lack) => one(lacking(lack)),
        Error::NoToken => {
            let text = "The number has no access token.";
            one(UserError::new(UserErrorCode::NoToken, text)
                .on("numberId")
                .next("Save an access token for this number."))
        }
        Error::ContactBlocked => {
            let text = "The contact is blocked: nothing is sent to it by this number.";
            one(UserError::new(UserErrorCode::ContactBlocked, text)
                .on("to")
                .next("Unblock the contact first (unblockContact)."))
        }
        Error::NoAddress(field) => {
            let (text, next_step) = NO_ADDRESS;
            one(UserError::new(UserErrorCode::ContactNoAddress, text).on(field).next(next_step))
        }
        Error::KeyTaken => {
            let text = "The key was used for another message.";
            one(UserError::new(UserErrorCode::IdempotencyKeyTaken, text)
                .on("idempotencyKey")
                .next("Use a new key for each message."))
        }
        Error::WrongState(state) => {
            let text = format!("The message is {}.", state.name());
            one(UserError::new(UserErrorCode::WrongState, text).on("id"))
        }
        Error::Denied(denied) => Err(denied.into()),
        Error::Storage(error) => Err(error.into()),
        error @ Error::Random(_) => Err(Failure::internal(error)),
    }
}
