//! Notes on conversations.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{ConversationPayload, id_of, inbox, user_error};
use crate::auth::Deed;
use crate::graphql::context::allowed;
use crate::graphql::error::{Failure, UserError};
use crate::graphql::work::Note;
use crate::inbox::Error;
use crate::storage::notes::NoteRecord;

/// A note that is to be added.
#[derive(Debug, InputObject)]
pub struct AddNoteInput {
    /// Our id of the conversation.
    conversation_id: ID,
    /// Up to 10,000 characters.
    text: String,
}

/// A note that is to be written anew.
#[derive(Debug, InputObject)]
pub struct EditNoteInput {
    /// Our id of the note.
    id: ID,
    /// The version that the caller has read. If the note is another by now, nothing is changed: `CONFLICT`.
    version: i64,
    /// Up to 10,000 characters.
    text: String,
}

/// What comes of writing a note.
#[derive(Debug, SimpleObject)]
pub struct NotePayload {
    /// The note as it is now.
    pub note: Option<Note>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

impl NotePayload {
    fn of(done: Result<NoteRecord, Error>) -> Result<Self, Failure> {
        match done {
            Ok(note) => Ok(Self { note: Some(note.into()), user_errors: Vec::new() }),
            Err(error) => Ok(Self { note: None, user_errors: vec![user_error(error)?] }),
        }
    }
}

#[derive(Debug, Default)]
pub struct NoteMutation;

#[Object]
impl NoteMutation {
    /// Adds a note to a conversation, for those who work on it. The customer never sees it.
    async fn add_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Where, and what.")] input: AddNoteInput,
    ) -> Result<NotePayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        NotePayload::of(match id_of(&input.conversation_id, "conversationId") {
            Ok(id) => inbox(context)?.add_note(visitor, id, &input.text).await,
            Err(error) => Err(error),
        })
    }

    /// Writes a note of the caller's own anew.
    async fn edit_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and what it is to say.")] input: EditNoteInput,
    ) -> Result<NotePayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        NotePayload::of(match id_of(&input.id, "id") {
            Ok(id) => inbox(context)?.edit_note(visitor, (id, input.version), &input.text).await,
            Err(error) => Err(error),
        })
    }

    /// Takes a note away for good: one's own, or, as an admin, anybody's.
    async fn delete_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the note.")] id: ID,
    ) -> Result<ConversationPayload, Failure> {
        let visitor = allowed(context, Deed::WorkConversations)?;
        let done = match id_of(&id, "id") {
            Ok(id) => inbox(context)?.delete_note(visitor, id).await,
            Err(error) => Err(error),
        };
        ConversationPayload::of(context, done)
    }
}
