//! Sending messages, and taking them back.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject};

use super::content::ContentInput;
use crate::auth::Deed;
use crate::domain::sending;
use crate::graphql::context::{allowed, services};
use crate::graphql::error::{Failure, UserError, UserErrorCode};
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
    /// The message as it stands now; null if there are errors.
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

    /// Tries a message anew that was refused. One whose end is not known is not sent again.
    async fn retry_message(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the message, not Meta's.")] id: ID,
    ) -> Result<RetryMessagePayload, Failure> {
        let visitor = allowed(context, Deed::SendMessages)?;
        let retried = match scalar::uuid(&id) {
            Some(id) => services(context)?.outbound.retry(visitor, id).await,
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
    };
    Ok(Ask {
        to,
        number: input.number_id.map(|number| id(&number, "numberId")).transpose()?,
        content: input.content.try_into()?,
        reply_to: input.reply_to,
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
            let errors = breaches.iter().map(|breach| UserError::invalid(&breach.field, breach.to_string()));
            Ok((None, errors.collect()))
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
