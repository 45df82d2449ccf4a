//! Where a conversation stands, whose it is, its labels and attributes.

use async_graphql::{Context, ID, InputObject, Object};

use super::{ConversationPayload, id_of, inbox};
use crate::auth::Deed;
use crate::domain::inbox::Status;
use crate::graphql::context::allowed;
use crate::graphql::error::Failure;
use crate::graphql::scalar::DateTime;
use crate::inbox::LabelChange;

/// Whose a conversation is to be.
#[derive(Debug, InputObject)]
pub struct AssignConversationInput {
    /// Our id of the conversation.
    conversation_id: ID,
    /// The CRM's id of the user, up to 200 characters; without it: the caller, if the request carries the CRM's own token.
    user_id: Option<String>,
    /// A name to show with it, up to 100 characters.
    name: Option<String>,
}

/// What is to change in the labels of a conversation. A label has up to 40 characters and is kept in lower case; one that
/// the workspace does not have yet is made.
#[derive(Debug, InputObject)]
pub struct LabelConversationInput {
    /// Our id of the conversation.
    conversation_id: ID,
    /// These instead of all that it has; 20 at most.
    set: Option<Vec<String>>,
    /// These too.
    #[graphql(default)]
    add: Vec<String>,
    /// These no more.
    #[graphql(default)]
    remove: Vec<String>,
}

/// An attribute that is to be set.
#[derive(Debug, InputObject)]
pub struct ConversationAttributeInput {
    /// From 1 to 40 letters, digits, hyphens and underscores; it begins with a letter.
    key: String,
    /// Up to 500 characters; null takes the attribute away.
    value: Option<String>,
}

#[derive(Debug, Default)]
pub struct ConversationMutation;

#[Object]
impl ConversationMutation {
    /// Gives a conversation to a user of the CRM.
    async fn assign_conversation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and to whom.")] input: AssignConversationInput,
    ) -> Result<ConversationPayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        let done = match id_of(&input.conversation_id, "conversationId") {
            Ok(id) => {
                let (user, name) = (input.user_id.as_deref(), input.name.as_deref());
                inbox(context)?.assign(visitor, id, user, name).await
            }
            Err(error) => Err(error),
        };
        ConversationPayload::of(context, done)
    }

    /// Gives a conversation to nobody.
    async fn unassign_conversation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
    ) -> Result<ConversationPayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        let done = match id_of(&conversation_id, "conversationId") {
            Ok(id) => inbox(context)?.unassign(visitor, id).await,
            Err(error) => Err(error),
        };
        ConversationPayload::of(context, done)
    }

    /// Changes the labels of a conversation: `set` first, then `add`, then `remove`. Two who do so at once both get theirs.
    async fn label_conversation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and what changes.")] input: LabelConversationInput,
    ) -> Result<ConversationPayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        let LabelConversationInput { conversation_id, set, add, remove } = input;
        let done = match id_of(&conversation_id, "conversationId") {
            Ok(id) => inbox(context)?.label(visitor, id, &LabelChange { set, add, remove }).await,
            Err(error) => Err(error),
        };
        ConversationPayload::of(context, done)
    }

    /// Sets attributes of a conversation, 50 at most; those that are not named stay as they are.
    async fn set_conversation_attributes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
        #[graphql(desc = "What is to be set, and what is to go.")] attributes: Vec<
            ConversationAttributeInput,
        >,
    ) -> Result<ConversationPayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        let changes: Vec<(String, Option<String>)> =
            attributes.into_iter().map(|attribute| (attribute.key, attribute.value)).collect();
        let done = match id_of(&conversation_id, "conversationId") {
            Ok(id) => inbox(context)?.set_attributes(visitor, id, &changes).await,
            Err(error) => Err(error),
        };
        ConversationPayload::of(context, done)
    }

    /// Puts a conversation out of sight until a time, within 366 days. It is open again, at the front of the list, when the
    /// time has come (up to ten seconds later), or when the customer writes.
    async fn snooze_conversation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
        #[graphql(desc = "When it is to be open again.")] until: DateTime,
    ) -> Result<ConversationPayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        let done = match id_of(&conversation_id, "conversationId") {
            Ok(id) => inbox(context)?.snooze(visitor, id, until.0.as_millisecond()).await,
            Err(error) => Err(error),
        };
        ConversationPayload::of(context, done)
    }

    /// Says that a conversation is done. What the customer writes opens it again.
    async fn resolve_conversation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
    ) -> Result<ConversationPayload, Failure> {
        put_into(context, &conversation_id, Status::Resolved).await
    }

    /// Takes a conversation back among the open ones, wherever it was put: snoozed, resolved or archived.
    async fn reopen_conversation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
    ) -> Result<ConversationPayload, Failure> {
        put_into(context, &conversation_id, Status::Open).await
    }

    /// Puts a conversation out of all lists that do not ask for it. What the customer writes opens it again.
    async fn archive_conversation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
    ) -> Result<ConversationPayload, Failure> {
        put_into(context, &conversation_id, Status::Archived).await
    }
}

async fn put_into(
    context: &Context<'_>,
    conversation_id: &ID,
    status: Status,
) -> Result<ConversationPayload, Failure> {
    let visitor = allowed(context, Deed::WorkConversations)?;
    let done = match id_of(conversation_id, "conversationId") {
        Ok(id) => inbox(context)?.put_into(visitor, id, status).await,
        Err(error) => Err(error),
    };
    ConversationPayload::of(context, done)
}
