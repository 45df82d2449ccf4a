//! Marking as read and as unread, here and at Meta, and the sign that somebody types.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::{ConversationPayload, id_of, inbox, shown, user_error};
use crate::auth::Deed;
use crate::graphql::context::allowed;
use crate::graphql::conversation::Conversation;
use crate::graphql::error::{Failure, UserError, UserErrorCode};
use crate::graphql::number::of_refusal;
use crate::inbox::{Error, Hindrance, Shown};
use crate::keys;
use crate::meta::client::CallError;

/// What is to be marked as read.
#[derive(Debug, InputObject)]
pub struct MarkConversationReadInput {
    /// Our id of the conversation.
    conversation_id: ID,
    /// The last message that was seen, by its own id; what the customer wrote after it stays unread. Without it: all that
    /// there is.
    up_to_message_id: Option<ID>,
}

/// Whether the customer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ShownState {
    /// Meta has taken it.
    Shown,
    /// Meta was told before, so it was not told again.
    ShownBefore,
    /// The number's settings say that customers are not shown this.
    Off,
    /// The customer has written nothing that could be read.
    Nothing,
    /// Something was in the way; `error` says what.
    Hindered,
}

/// What the customer is shown.
#[derive(Debug, SimpleObject)]
pub struct CustomerSign {
    /// Whether they see it, or why not.
    pub state: ShownState,
    /// What was in the way. Nothing else was hindered by it.
    pub error: Option<UserError>,
}

/// What comes of marking a conversation as read.
#[derive(Debug, SimpleObject)]
pub struct MarkConversationReadPayload {
    /// The conversation as it is now.
    pub conversation: Option<Conversation>,
    /// Whether the customer sees blue ticks. The conversation is marked here, whatever this says.
    pub receipt: Option<CustomerSign>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// What comes of showing something to a customer.
#[derive(Debug, SimpleObject)]
pub struct CustomerSignPayload {
    /// Whether the customer sees it.
    pub sign: Option<CustomerSign>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

impl CustomerSignPayload {
    fn of(done: Result<Shown, Error>) -> Result<Self, Failure> {
        match done {
            Ok(shown) => Ok(Self { sign: Some(CustomerSign::from(shown)), user_errors: Vec::new() }),
            Err(error) => Ok(Self { sign: None, user_errors: vec![user_error(error)?] }),
        }
    }
}

impl From<Shown> for CustomerSign {
    fn from(shown: Shown) -> Self {
        let state = match shown {
            Shown::Done => ShownState::Shown,
            Shown::Before => ShownState::ShownBefore,
            Shown::Off => ShownState::Off,
            Shown::Nothing => ShownState::Nothing,
            Shown::Hindered(hindrance) => {
                return Self { state: ShownState::Hindered, error: Some(of_hindrance(&hindrance)) };
            }
        };
        Self { state, error: None }
    }
}

fn of_hindrance(hindrance: &Hindrance) -> UserError {
    let late = || {
        let text = "Meta gave no answer, so the customer may see it or not.";
        UserError::new(UserErrorCode::NoAnswerFromMeta, text)
            .next("It can be done again: twice is the same as once.")
    };
    match hindrance {
        Hindrance::NoNumber => {
            UserError::new(UserErrorCode::NotFound, "The conversation's number was deleted.")
        }
        Hindrance::Paused => UserError::new(UserErrorCode::WrongState, "The number is paused.")
            .next("Resume it with resumeNumber."),
        Hindrance::Blocked => {
            UserError::new(UserErrorCode::WrongState, "The number cannot send, so Meta was not told.")
                .next("number.sendingBlocked says why, and what to do.")
        }
        Hindrance::NoToken => {
            UserError::new(UserErrorCode::NoToken, "No access token is kept for this number.")
                .next("Save one with updateNumber.")
        }
        Hindrance::Late => late(),
        Hindrance::Meta(CallError::Refused(refusal)) => of_refusal(refusal),
        Hindrance::Meta(error) if error.is_outcome_unknown() => late(),
        Hindrance::Meta(_) | Hindrance::Storage(_) => {
            let text = "Meta could not be asked.";
            UserError::new(UserErrorCode::MetaUnreachable, text).next("Try again in a minute.")
        }
        Hindrance::Keys(keys::Error::NoMasterKey) => {
            let text = "The server has no master key, so it cannot open the number's access token.";
            UserError::new(UserErrorCode::NoMasterKey, text).next("Set PESAN_MASTER_KEYS.")
        }
        Hindrance::Keys(_) => {
            UserError::new(UserErrorCode::NoToken, "The number's access token cannot be opened.")
                .next("Save the access token again with updateNumber.")
        }
    }
}

#[derive(Debug, Default)]
pub struct ReadingMutation;

#[Object]
impl ReadingMutation {
    /// Marks what the customer has written in a conversation as read, for all who work on it. If the number's settings say
    /// so (`readReceipts`), the customer then sees blue ticks; what Meta answers changes nothing here.
    async fn mark_conversation_read(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and how far.")] input: MarkConversationReadInput,
    ) -> Result<MarkConversationReadPayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        let up_to = input.up_to_message_id.as_ref().map(|id| id.as_str());
        let done = match id_of(&input.conversation_id, "conversationId") {
            Ok(id) => inbox(context)?.mark_read(visitor, id, up_to).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(read) => Ok(MarkConversationReadPayload {
                conversation: shown(context, read.conversation)?,
                receipt: Some(read.receipt.into()),
                user_errors: Vec::new(),
            }),
            Err(error) => {
                let user_errors = vec![user_error(error)?];
                Ok(MarkConversationReadPayload { conversation: None, receipt: None, user_errors })
            }
        }
    }

    /// Marks the last message of the customer as one that nobody has read. A conversation with unread messages stays as it
    /// is. The customer notices nothing.
    async fn mark_conversation_unread(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
    ) -> Result<ConversationPayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        let done = match id_of(&conversation_id, "conversationId") {
            Ok(id) => inbox(context)?.mark_unread(visitor, id).await,
            Err(error) => Err(error),
        };
        ConversationPayload::of(context, done)
    }

    /// Shows the customer at Meta that one message of theirs was read (blue ticks), and with it those before; in a group
    /// only that one. It is done whatever the number's settings say, and changes no unread count here.
    async fn mark_message_read(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The message's own id (not the one that Meta gives it).")] message_id: ID,
    ) -> Result<CustomerSignPayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        CustomerSignPayload::of(inbox(context)?.show_message_read(visitor, &message_id).await)
    }

    /// Shows the customer that somebody types: for 25 seconds, or until a message is sent; ask again after 20 seconds while
    /// it goes on. Meta marks what the customer has written as read with it: they see blue ticks, whatever `readReceipts`
    /// says. Nothing is shown if the number's settings say so (`typingIndicator`), or if the customer has written nothing yet.
    async fn send_typing(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
    ) -> Result<CustomerSignPayload, Failure> {
        let visitor = allowed(context, Deed::SendMessages)?;
        let done = match id_of(&conversation_id, "conversationId") {
            Ok(id) => inbox(context)?.show_typing(visitor, id).await,
            Err(error) => Err(error),
        };
        CustomerSignPayload::of(done)
    }
}
