//! What changed, as subscribers see it: ids and kinds, and, for whoever selects it, the thing itself as it is now.

use async_graphql::{ComplexObject, Context, Enum, ID, Interface, SimpleObject};
use uuid::Uuid;

use super::contact;
use super::contact::Contact;
use super::conversation;
use super::conversation::Conversation;
use super::cursor::Cursor;
use super::error::Failure;
use super::message;
use super::message::Message;
use super::scalar;
use super::scalar::DateTime;
use super::template;
use super::template::Template;
use super::work::ConversationWork;
use crate::clock::Timestamp;
use crate::storage::events::{Batch, Happening};

/// Something that changed in the workspace.
#[derive(Clone, Debug, Interface)]
#[graphql(
    field(
        name = "cursor",
        ty = "&Cursor",
        desc = "Its place in the log: the `after` of whoever goes on from here."
    ),
    field(name = "at", ty = "&Option<DateTime>", desc = "When it was written down.")
)]
pub enum Event {
    MessageAdded(MessageAddedEvent),
    MessageStatus(MessageStatusEvent),
    MessageChanged(MessageChangedEvent),
    ConversationWork(ConversationWorkEvent),
    ContactChanged(ContactChangedEvent),
    ConversationChanged(ConversationChangedEvent),
    NumberChanged(NumberChangedEvent),
    TemplateChanged(TemplateChangedEvent),
    NoticeAdded(NoticeAddedEvent),
}

/// A message is there.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct MessageAddedEvent {
    /// Its place in the log: the `after` of whoever goes on from here.
    pub cursor: Cursor,
    /// When it was written down.
    pub at: Option<DateTime>,
    /// The message's own id (not the one that Meta gives it).
    pub message_id: ID,
    /// Our id of the conversation that the message is in.
    pub conversation_id: ID,
    /// Our id of the business number that the message is with.
    pub number_id: ID,
    /// Whether the customer wrote it.
    pub inbound: bool,
}

/// A message has come a step further.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct MessageStatusEvent {
    /// Its place in the log: the `after` of whoever goes on from here.
    pub cursor: Cursor,
    /// When it was written down.
    pub at: Option<DateTime>,
    /// The message's own id (not the one that Meta gives it).
    pub message_id: ID,
    /// Our id of the conversation that the message is in.
    pub conversation_id: ID,
    /// Our id of the business number that the message is with.
    pub number_id: ID,
    /// The step. Steps may come out of order: the furthest is where the message is.
    pub status: MessageStep,
    /// When, by Meta's clock.
    pub happened_at: Option<DateTime>,
}

/// How far a message has come. Where two are known, the later in this list is where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum MessageStep {
    /// Meta has taken it.
    Accepted,
    /// Meta has sent it on.
    Sent,
    /// It could not be delivered.
    Failed,
    /// It is on the customer's device.
    Delivered,
    /// The customer has read it.
    Read,
    /// The customer has played it.
    Played,
    /// A step that this version does not know.
    Other,
}

/// A message was edited, revoked or reacted to, or one of ours was refused, taken back, or left without an answer.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct MessageChangedEvent {
    /// Its place in the log: the `after` of whoever goes on from here.
    pub cursor: Cursor,
    /// When it was written down.
    pub at: Option<DateTime>,
    /// The message's own id (not the one that Meta gives it).
    pub message_id: ID,
    /// Our id of the conversation that the message is in.
    pub conversation_id: ID,
    /// Our id of the business number that the message is with.
    pub number_id: ID,
}

/// Somebody has worked on a conversation.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ConversationWorkEvent {
    /// Its place in the log: the `after` of whoever goes on from here.
    pub cursor: Cursor,
    /// When it was written down.
    pub at: Option<DateTime>,
    /// Our id of the conversation that was worked on.
    pub conversation_id: ID,
    /// Our id of the business number that the conversation is with.
    pub number_id: ID,
    /// What was done.
    pub work: ConversationWork,
    /// Who did it: `user:…` or `api-key:…`; null: it happened by itself.
    pub by: Option<String>,
    /// The user to whom it was assigned, or who has it no more.
    pub user_id: Option<String>,
    /// The note that was added, edited or deleted.
    pub note_id: Option<ID>,
}

/// A contact is new, or is known better. Not told to those who are limited to some numbers: a contact belongs to none.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ContactChangedEvent {
    /// Its place in the log: the `after` of whoever goes on from here.
    pub cursor: Cursor,
    /// When it was written down.
    pub at: Option<DateTime>,
    /// Our id of the contact. It may have been merged into another one since.
    pub contact_id: ID,
}

/// A business number was added, changed or deleted.
#[derive(Clone, Debug, SimpleObject)]
pub struct NumberChangedEvent {
    /// Its place in the log: the `after` of whoever goes on from here.
    pub cursor: Cursor,
    /// When it was written down.
    pub at: Option<DateTime>,
    /// Our id of the business number.
    pub number_id: ID,
    /// What Meta told of the number, if that is what changed.
    pub notice_id: Option<ID>,
    /// The kind of that.
    pub notice_kind: Option<String>,
}

/// A template is new, has changed, or is gone. Whoever is limited to some numbers is told of those of their accounts: a
/// template belongs to an account.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct TemplateChangedEvent {
    /// Its place in the log: the `after` of whoever goes on from here.
    pub cursor: Cursor,
    /// When it was written down.
    pub at: Option<DateTime>,
    /// Our id of the template.
    pub template_id: ID,
    /// Meta's id of the account that it belongs to.
    pub account_id: String,
}

/// Meta told something else: about an account, a number, a template, a group, a call. What is about no number is not
/// told to those who are limited to some.
#[derive(Clone, Debug, SimpleObject)]
pub struct NoticeAddedEvent {
    /// Its place in the log: the `after` of whoever goes on from here.
    pub cursor: Cursor,
    /// When it was written down.
    pub at: Option<DateTime>,
    /// Our id of the notice: `notices` shows it under this, if it is of a `NoticeKind`.
    pub notice_id: ID,
    /// What it is about: `account`, `number`, `template`, `call`, `group`, `preference` and so on.
    pub kind: String,
    /// The number that it is about; null: the account, or nothing that belongs to one number.
    pub number_id: Option<ID>,
}

/// A conversation is new or has changed: its last message, its counters, its window, or what people have done to it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct ConversationChangedEvent {
    /// Its place in the log: the `after` of whoever goes on from here.
    pub cursor: Cursor,
    /// When it was written down.
    pub at: Option<DateTime>,
    /// Our id of the conversation.
    pub conversation_id: ID,
    /// Our id of the business number that the conversation is with.
    pub number_id: ID,
}

#[ComplexObject]
impl MessageAddedEvent {
    /// The message as it is now. Null: it is not with a number of the caller's any more.
    async fn message(&self, context: &Context<'_>) -> Result<Option<Message>, Failure> {
        message::show(context, &self.message_id).await
    }
}

#[ComplexObject]
impl MessageStatusEvent {
    /// The message as it is now. Null: it is not with a number of the caller's any more.
    async fn message(&self, context: &Context<'_>) -> Result<Option<Message>, Failure> {
        message::show(context, &self.message_id).await
    }
}

#[ComplexObject]
impl MessageChangedEvent {
    /// The message as it is now. Null: it is not with a number of the caller's any more.
    async fn message(&self, context: &Context<'_>) -> Result<Option<Message>, Failure> {
        message::show(context, &self.message_id).await
    }
}

#[ComplexObject]
impl ContactChangedEvent {
    /// The contact as it is now; one that was merged into another is that other.
    async fn contact(&self, context: &Context<'_>) -> Result<Option<Contact>, Failure> {
        contact::show(context, &self.contact_id).await
    }
}

#[ComplexObject]
impl ConversationWorkEvent {
    /// The conversation as it is now; one that turned out to be another one is that other.
    async fn conversation(&self, context: &Context<'_>) -> Result<Option<Conversation>, Failure> {
        conversation::show(context, &self.conversation_id).await
    }
}

#[ComplexObject]
impl TemplateChangedEvent {
    /// The template as it is now.
    async fn template(&self, context: &Context<'_>) -> Result<Option<Template>, Failure> {
        template::show(context, &self.template_id).await
    }
}

#[ComplexObject]
impl ConversationChangedEvent {
    /// The conversation as it is now; one that turned out to be another one is that other.
    async fn conversation(&self, context: &Context<'_>) -> Result<Option<Conversation>, Failure> {
        conversation::show(context, &self.conversation_id).await
    }
}

/// The number that something is about; none if it is about none.
pub fn number_of(happening: &Happening) -> Option<Uuid> {
    match happening {
        Happening::Message { number, .. }
        | Happening::MessageChanged { number, .. }
        | Happening::Status { number, .. }
        | Happening::Conversation { number, .. }
        | Happening::Work { number, .. }
        | Happening::Number { number } => Some(*number),
        Happening::Notice { number, .. } => *number,
        Happening::Contact { .. } | Happening::Template { .. } => None,
    }
}

/// The conversation that something changes; none if it changes none.
pub fn conversation_of(happening: &Happening) -> Option<Uuid> {
    match happening {
        Happening::Message { conversation, .. }
        | Happening::MessageChanged { conversation, .. }
        | Happening::Conversation { conversation, .. }
        | Happening::Status { conversation, .. }
        | Happening::Work { conversation, .. } => Some(*conversation),
        Happening::Number { .. }
        | Happening::Notice { .. }
        | Happening::Template { .. }
        | Happening::Contact { .. } => None,
    }
}

/// One event of a batch.
pub fn event(batch: &Batch, index: usize, happening: &Happening) -> Event {
    let (cursor, at) = (Cursor::within(batch, index), scalar::moment(batch.at_ms));
    match happening.clone() {
        Happening::Message { message, conversation, number, inbound } => {
            Event::MessageAdded(MessageAddedEvent {
                cursor,
                at,
                message_id: ID(message),
                conversation_id: scalar::id(conversation),
                number_id: scalar::id(number),
                inbound,
            })
        }
        Happening::MessageChanged { message, conversation, number } => {
            Event::MessageChanged(MessageChangedEvent {
                cursor,
                at,
                message_id: ID(message),
                conversation_id: scalar::id(conversation),
                number_id: scalar::id(number),
            })
        }
        Happening::Status { message, conversation, number, step, at_s } => {
            Event::MessageStatus(MessageStatusEvent {
                cursor,
                at,
                message_id: ID(message),
                conversation_id: scalar::id(conversation),
                number_id: scalar::id(number),
                status: step_named(&step),
                happened_at: Timestamp::from_second(at_s).ok().map(DateTime),
            })
        }
        Happening::Work { conversation, number, work, by, about } => {
            worked((cursor, at), (conversation, number), &work, (by, about))
        }
        Happening::Contact { contact } => {
            Event::ContactChanged(ContactChangedEvent { cursor, at, contact_id: scalar::id(contact) })
        }
        Happening::Conversation { conversation, number } => {
            Event::ConversationChanged(ConversationChangedEvent {
                cursor,
                at,
                conversation_id: scalar::id(conversation),
                number_id: scalar::id(number),
            })
        }
        Happening::Number { number } => Event::NumberChanged(NumberChangedEvent {
            cursor,
            at,
            number_id: scalar::id(number),
            notice_id: None,
            notice_kind: None,
        }),
        Happening::Template { template, account } => Event::TemplateChanged(TemplateChangedEvent {
            cursor,
            at,
            template_id: ID(template),
            account_id: account,
        }),
        Happening::Notice { notice, kind, number } => Event::NoticeAdded(NoticeAddedEvent {
            cursor,
            at,
            notice_id: ID(notice),
            kind,
            number_id: number.map(scalar::id),
        }),
    }
}

fn worked(
    (cursor, at): (Cursor, Option<DateTime>),
    (conversation, number): (Uuid, Uuid),
    work: &str,
    (by, about): (Option<String>, Option<String>),
) -> Event {
    let work = ConversationWork::named(work);
    let is_of_user = matches!(work, ConversationWork::Assigned | ConversationWork::Unassigned);
    let (user_id, note_id) = if is_of_user { (about, None) } else { (None, about.map(ID)) };
    Event::ConversationWork(ConversationWorkEvent {
        cursor,
        at,
        conversation_id: scalar::id(conversation),
        number_id: scalar::id(number),
        work,
        by,
        user_id,
        note_id,
    })
}

fn step_named(name: &str) -> MessageStep {
    match name {
        "accepted" => MessageStep::Accepted,
        "sent" => MessageStep::Sent,
        "failed" => MessageStep::Failed,
        "delivered" => MessageStep::Delivered,
        "read" => MessageStep::Read,
        "played" => MessageStep::Played,
        _ => MessageStep::Other,
    }
}
