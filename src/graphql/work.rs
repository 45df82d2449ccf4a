//! Work on conversations as it is read: where one stands, who works on it, labels, notes and attributes.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};

use super::context::{allowed, services};
use super::conversation;
use super::error::Failure;
use super::page::{Asked, NoteCursor, Page, Stretch, cost};
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::domain::inbox::{Status, Work};
use crate::storage::conversation_work;
use crate::storage::labels::LabelRecord;
use crate::storage::notes::{NotePlace, NoteRecord};

/// Where a conversation stands with those who work on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
pub enum ConversationStatus {
    /// To be worked on. Every conversation begins so, and what the customer writes makes it so again.
    Open,
    /// Out of sight until a time, or until the customer writes.
    Snoozed,
    /// Done, until the customer writes.
    Resolved,
    /// In no list, unless one asks for it, until the customer writes.
    Archived,
}

/// What was done to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ConversationWork {
    /// Somebody has marked it as read.
    Read,
    /// Somebody has marked it as unread.
    Unread,
    /// It was given to somebody.
    Assigned,
    /// It was given to nobody.
    Unassigned,
    /// Its labels have changed.
    Labelled,
    /// Its attributes have changed.
    Attributes,
    /// Somebody wrote a note.
    NoteAdded,
    /// Its author wrote a note anew.
    NoteEdited,
    /// A note was taken away.
    NoteDeleted,
    /// It was put out of sight until a time.
    Snoozed,
    /// A snooze has ended by itself.
    Woken,
    /// It was said to be done.
    Resolved,
    /// Somebody has opened it again.
    Reopened,
    /// It was put out of all lists that do not ask for it.
    Archived,
    /// Something that this version does not know.
    Other,
}

impl ConversationWork {
    /// By its name in the log.
    pub fn named(name: &str) -> Self {
        match Work::named(name) {
            Some(Work::Read) => Self::Read,
            Some(Work::Unread) => Self::Unread,
            Some(Work::Assigned) => Self::Assigned,
            Some(Work::Unassigned) => Self::Unassigned,
            Some(Work::Labelled) => Self::Labelled,
            Some(Work::Attributes) => Self::Attributes,
            Some(Work::NoteAdded) => Self::NoteAdded,
            Some(Work::NoteEdited) => Self::NoteEdited,
            Some(Work::NoteDeleted) => Self::NoteDeleted,
            Some(Work::Snoozed) => Self::Snoozed,
            Some(Work::Woken) => Self::Woken,
            Some(Work::Resolved) => Self::Resolved,
            Some(Work::Reopened) => Self::Reopened,
            Some(Work::Archived) => Self::Archived,
            None => Self::Other,
        }
    }
}

/// Who works on a conversation.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConversationAssignee {
    /// The CRM's id of the user, as the CRM's tokens name them.
    pub user_id: String,
    /// The name that was given with it.
    pub name: Option<String>,
    /// When it was given to them.
    pub assigned_at: Option<DateTime>,
    /// Who assigned it: `user:…` or `api-key:…`.
    pub assigned_by: Option<String>,
}

impl From<conversation_work::Assignee> for ConversationAssignee {
    fn from(assignee: conversation_work::Assignee) -> Self {
        Self {
            user_id: assignee.user,
            name: assignee.name,
            assigned_at: scalar::moment(assignee.at_ms),
            assigned_by: assignee.by,
        }
    }
}

/// An attribute of the CRM's own.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConversationAttribute {
    /// Its name: from 1 to 40 letters, digits, hyphens and underscores.
    pub key: String,
    /// What the CRM has put there; up to 500 characters.
    pub value: String,
}

/// A note on a conversation. Customers never see it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Note {
    /// Our id of it.
    pub id: ID,
    /// Our id of the conversation that it is on.
    pub conversation_id: ID,
    /// What it says; up to 10,000 characters, with line breaks.
    pub text: String,
    /// Who wrote it: `user:…` or `api-key:…`.
    pub by: String,
    /// When it was first written.
    pub created_at: Option<DateTime>,
    /// When it was last written anew; null: never.
    pub edited_at: Option<DateTime>,
    /// How often it has been written. Whoever edits it says which version they have read.
    pub version: i64,
}

#[ComplexObject]
impl Note {
    /// Whether the caller wrote it: only then they may edit it.
    async fn is_mine(&self, context: &Context<'_>) -> Result<bool, Failure> {
        Ok(allowed(context, Deed::SeeConversations)?.who.to_string() == self.by)
    }
}

impl From<NoteRecord> for Note {
    fn from(note: NoteRecord) -> Self {
        Self {
            id: scalar::id(note.id),
            conversation_id: scalar::id(note.conversation),
            text: note.text,
            by: note.by,
            created_at: scalar::moment(note.at_ms),
            edited_at: note.edited_ms.and_then(scalar::moment),
            version: note.version,
        }
    }
}

/// A label that conversations can have.
#[derive(Clone, Debug, SimpleObject)]
pub struct Label {
    /// In lower case.
    pub name: String,
    /// Like `#2f80ed`; null: nobody has chosen one.
    pub color: Option<String>,
    /// What it is for, in words; null: nobody has said.
    pub description: Option<String>,
    /// When it was made, or first put on a conversation.
    pub created_at: Option<DateTime>,
}

impl From<LabelRecord> for Label {
    fn from(label: LabelRecord) -> Self {
        Self {
            name: label.name,
            color: label.colour,
            description: label.description,
            created_at: scalar::moment(label.created_ms),
        }
    }
}

#[derive(Debug, Default)]
pub struct NoteQuery;

#[Object]
impl NoteQuery {
    /// The notes on a conversation, the latest first. None if there is no such conversation.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn notes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last one of the page before.")] after: Option<String>,
        #[graphql(desc = "How many, going up the list.")] last: Option<i32>,
        #[graphql(desc = "The cursor of the first one of the page below.")] before: Option<String>,
    ) -> async_graphql::Result<Page<NoteCursor, Note>> {
        let visitor = allowed(context, Deed::SeeConversations)?;
        let stretch = Stretch::<NoteCursor>::of(Asked { first, after, last, before })?;
        let storage = &services(context)?.storage;
        let found = match conversation::find(context, visitor, &conversation_id).await? {
            None => Vec::new(),
            Some(conversation) => {
                let from = stretch.from.as_ref().map(|cursor| cursor.0);
                let workspace = visitor.workspace;
                let ids = storage.ids_of_conversation(workspace, conversation.id).await;
                let ids = ids.map_err(Failure::from)?;
                let found = storage.list_notes(workspace, &ids, from, stretch.way, stretch.limit()).await;
                found.map_err(Failure::from)?
            }
        };
        let place = |note: &NoteRecord| NoteCursor(NotePlace { at_ms: note.at_ms, id: note.id });
        let nodes = |notes: Vec<NoteRecord>| notes.into_iter().map(Note::from).collect();
        Ok(stretch.page(found, place, nodes))
    }
}

#[derive(Debug, Default)]
pub struct LabelQuery;

#[Object]
impl LabelQuery {
    /// The labels of the workspace by name, 500 at most.
    async fn labels(&self, context: &Context<'_>) -> Result<Vec<Label>, Failure> {
        let visitor = allowed(context, Deed::SeeConversations)?;
        let labels = services(context)?.storage.list_labels(visitor.workspace).await?;
        Ok(labels.into_iter().map(Label::from).collect())
    }
}
