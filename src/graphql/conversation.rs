//! Conversations: one a number and contact, or group.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::connection::{Connection, EmptyFields};
use async_graphql::{ComplexObject, Context, ID, InputObject, Object, OneofObject, SimpleObject};
use uuid::Uuid;

use super::contact::Contact;
use super::content::ContentType;
use super::context::{allowed, allowed_among, services};
use super::error::Failure;
use super::leave::{SendLeave, leave};
use super::loader::Mates;
use super::message::Direction;
use super::page::{Asked, ConversationCursor, Stretch, cost};
use super::scalar;
use super::scalar::DateTime;
use super::search::meant;
use super::work::{ConversationAssignee, ConversationAttribute, ConversationStatus};
use crate::auth::{Deed, Visitor, Who};
use crate::domain::inbox::{Status, label};
use crate::outbound::Whom;
use crate::storage::contact_record::ContactRecord;
use crate::storage::conversation_record;
use crate::storage::conversation_record::{ConversationPlace, ConversationRecord};
use crate::storage::search::Conversations;

/// What a number and a contact, or a group, write to each other.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Conversation {
    /// Our id of it: `conversation`, `messages` and `sendMessage` take it.
    pub id: ID,
    /// The business number.
    pub number_id: ID,
    /// The customer; null in a group.
    pub contact_id: Option<ID>,
    /// Meta's id of the group, if it is one.
    pub group_id: Option<String>,
    /// The message with the latest time; null while there is none.
    pub last_message: Option<LastMessage>,
    /// When something last happened: the list is sorted by this.
    pub last_activity_at: Option<DateTime>,
    /// The messages of the customer that nobody has seen.
    pub unread_count: i64,
    /// How many messages both sides have written in it, with those of the past that were imported.
    pub message_count: i64,
    /// Whether everything may be written, or templates only.
    pub window: Window,
    /// Whether writing is free of charge because the customer came by an advertisement; null: never was.
    pub free_entry_window: Option<Window>,
    /// The advertisement or post by which the customer last came.
    pub referral: Option<ConversationReferral>,
    /// Who leads the conversation, where several partners share the number; null: nobody ever said.
    pub handover: Option<Handover>,
    /// When it was first made here, by our clock; its first message may be older.
    pub created_at: Option<DateTime>,
    /// When the customer first wrote, by Meta's clock; null: never yet.
    pub first_inbound_at: Option<DateTime>,
    /// When the customer last wrote, by Meta's clock; null: never yet.
    pub last_inbound_at: Option<DateTime>,
    /// When the business first wrote, by Meta's clock; null: never yet.
    pub first_outbound_at: Option<DateTime>,
    /// When the business last wrote, by Meta's clock; null: never yet.
    pub last_outbound_at: Option<DateTime>,
    /// Where it stands with those who work on it.
    pub status: ConversationStatus,
    /// When it was put where it is; null: it is open.
    pub status_since: Option<DateTime>,
    /// Who put it there: `user:…` or `api-key:…`; null: it is open.
    pub status_by: Option<String>,
    /// When its snooze ends; null: it is not snoozed.
    pub snoozed_until: Option<DateTime>,
    /// Who works on it; null: nobody.
    pub assignee: Option<ConversationAssignee>,
    /// The names of its labels, in the order of the alphabet; how they look, `labels` tells.
    pub labels: Vec<String>,
    /// The CRM's own attributes, by key.
    pub attributes: Vec<ConversationAttribute>,
    /// How many notes are on it.
    pub note_count: i64,
    /// When somebody last marked it as read, or as unread.
    pub read_at: Option<DateTime>,
    #[graphql(skip)]
    contact_key: Option<Uuid>,
    #[graphql(skip)]
    contacts: Arc<Mates<Uuid, ContactRecord>>,
}

/// The message that a list of conversations shows.
#[derive(Clone, Debug, SimpleObject)]
pub struct LastMessage {
    /// Our id of it: `message` takes it.
    pub id: ID,
    /// Whether the customer wrote it or the business.
    pub direction: Direction,
    /// The kind of its content.
    #[graphql(name = "type")]
    pub kind: ContentType,
    /// The beginning of its words; empty where there are none.
    pub preview: String,
    /// Meta's time of it, to the second.
    pub timestamp: Option<DateTime>,
}

/// A time in which something may be done.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct Window {
    /// Whether it is open now.
    pub open: bool,
    /// When it ends, or ended; null: it has never been open.
    pub ends_at: Option<DateTime>,
}

impl Window {
    fn until(ends_s: Option<i64>, now_s: i64) -> Self {
        Self { open: ends_s.is_some_and(|ends_s| ends_s > now_s), ends_at: ends_s.and_then(scalar::second) }
    }
}

/// How the customer came.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConversationReferral {
    /// The message that came by it.
    pub message_id: Option<ID>,
    /// When that message was written, by Meta's clock.
    pub timestamp: Option<DateTime>,
    /// `ad` or `post`.
    pub source_type: Option<String>,
    /// Meta's id of the advertisement or post.
    pub source_id: Option<String>,
    /// The address of the advertisement or post at Meta.
    pub source_url: Option<String>,
    /// The heading of the advertisement or post.
    pub headline: Option<String>,
    /// Meta's id of the click.
    pub ctwa_clid: Option<String>,
}

/// Who leads a conversation.
#[derive(Clone, Debug, SimpleObject)]
pub struct Handover {
    /// When that was handed over, by Meta's clock.
    pub since: Option<DateTime>,
    /// Whether the business's other partner took it from us, or gave it to us.
    pub is_taken: bool,
    /// The role of whoever has it now, in Meta's word.
    pub role: Option<String>,
}

/// Which conversations a list holds. What is not said does not matter.
#[derive(Debug, Default, InputObject)]
pub struct ConversationFilter {
    /// Only those with one of these numbers.
    number_ids: Option<Vec<ID>>,
    /// Only those with this contact.
    contact_id: Option<ID>,
    /// Whether there are messages that nobody has seen.
    is_unread: Option<bool>,
    /// True: only those in which everything may be written now.
    window_open: Option<bool>,
    /// Only in these statuses; without it: in all but `ARCHIVED`.
    status: Option<Vec<ConversationStatus>>,
    /// Only those of somebody, or of nobody.
    assignee: Option<AssigneeFilter>,
    /// Only those with this label.
    label: Option<String>,
    /// Only those whose contact has all these words, as `searchContacts` finds them, and those in which one message has
    /// them all, as `searchMessages` finds them. From 1 to 200 characters, 8 words at most; the last one may be
    /// unfinished. The list stays in the order of the last activity, and every other filter holds besides. Of words
    /// that very much has, only the latest 5,000 messages are looked at, for 1,000 conversations at most, and 500
    /// contacts: then `isSearchComplete` is false. Whoever asks needs the right to see messages and contacts.
    search: Option<String>,
}

/// What a list of conversations says beside its conversations.
#[derive(Debug, SimpleObject)]
pub struct SearchReach {
    /// False: so much has the words of `filter.search` that not all of it was looked at, and older conversations that have
    /// them too may be missing. A further word helps. True where nothing is searched.
    is_search_complete: bool,
}

/// A page of conversations.
pub type ConversationPage = Connection<ConversationCursor, Conversation, SearchReach, EmptyFields>;

/// Who works on the conversations of a list.
#[derive(Debug, OneofObject)]
pub enum AssigneeFilter {
    /// The user with this id in the CRM.
    UserId(String),
    /// The caller, if the request carries the CRM's own token. It is true, or left out.
    Me(bool),
    /// Nobody. It is true, or left out.
    Nobody(bool),
}

impl AssigneeFilter {
    fn meant(self, visitor: &Visitor) -> async_graphql::Result<conversation_record::AssigneeFilter> {
        match (self, &visitor.who) {
            (Self::UserId(user), _) => Ok(conversation_record::AssigneeFilter::User(user)),
            (Self::Me(true), Who::User(user)) => Ok(conversation_record::AssigneeFilter::User(user.clone())),
            // A key is nobody's, and no user has no name.
            (Self::Me(true), _) => Ok(conversation_record::AssigneeFilter::User(String::new())),
            (Self::Nobody(true), _) => Ok(conversation_record::AssigneeFilter::Nobody),
            (Self::Me(false) | Self::Nobody(false), _) => {
                Err(async_graphql::Error::new("`me` and `nobody` are true, or left out."))
            }
        }
    }
}

impl Conversation {
    /// Conversations that are read together: what they lead to is loaded together.
    pub fn page(records: Vec<ConversationRecord>, now_s: i64) -> Vec<Self> {
        let contacts = Arc::new(Mates::new(records.iter().filter_map(|record| record.contact)));
        records.into_iter().map(|record| Self::of(record, now_s, &contacts)).collect()
    }

    fn of(record: ConversationRecord, now_s: i64, contacts: &Arc<Mates<Uuid, ContactRecord>>) -> Self {
        let last_message = record.last.map(|last| LastMessage {
            id: ID(last.message),
            direction: Direction::of(last.is_inbound),
            kind: ContentType::named(&last.kind),
            preview: last.preview,
            timestamp: scalar::second(last.at_s),
        });
        let referral = record.referral.map(|entry| ConversationReferral {
            message_id: entry.message.map(ID),
            timestamp: scalar::second(entry.at_s),
            source_type: entry.source_type,
            source_id: entry.source_id,
            source_url: entry.source_url,
            headline: entry.headline,
            ctwa_clid: entry.ctwa_clid,
        });
        let handover = record.handover.map(|handover| Handover {
            since: scalar::second(handover.at_s),
            is_taken: handover.is_taken,
            role: handover.role,
        });
        let worked = record.worked;
        let status = worked.status();
        let free_entry = record.free_entry_ends_s.map(|ends_s| Window::until(Some(ends_s), now_s));
        Self {
            id: scalar::id(record.id),
            number_id: scalar::id(record.number),
            contact_id: record.contact.map(scalar::id),
            group_id: record.group_id,
            last_message,
            last_activity_at: scalar::second(record.last_at_s),
            unread_count: record.unread,
            message_count: record.messages,
            window: Window::until(record.window_ends_s, now_s),
            free_entry_window: free_entry,
            referral,
            handover,
            created_at: scalar::moment(record.created_ms),
            first_inbound_at: record.first_inbound_s.and_then(scalar::second),
            last_inbound_at: record.last_inbound_s.and_then(scalar::second),
            first_outbound_at: record.first_outbound_s.and_then(scalar::second),
            last_outbound_at: record.last_outbound_s.and_then(scalar::second),
            status: status.into(),
            status_since: worked.away.as_ref().and_then(|away| scalar::moment(away.at_ms)),
            snoozed_until: worked.away.as_ref().and_then(|away| away.until_ms).and_then(scalar::moment),
            status_by: worked.away.and_then(|away| away.by),
            assignee: worked.assignee.map(ConversationAssignee::from),
            labels: worked.labels,
            attributes: worked
                .attributes
                .into_iter()
                .map(|(key, value)| ConversationAttribute { key, value })
                .collect(),
            note_count: worked.notes,
            read_at: worked.read_at_ms.and_then(scalar::moment),
            contact_key: record.contact,
            contacts: Arc::clone(contacts),
        }
    }
}

#[ComplexObject]
impl Conversation {
    /// The customer; null in a group.
    async fn contact(&self, context: &Context<'_>) -> Result<Option<Contact>, Failure> {
        let visitor = allowed(context, Deed::SeeContacts)?;
        let storage = &services(context)?.storage;
        let Some(key) = &self.contact_key else { return Ok(None) };
        let load = async |ids: &[Uuid]| storage.contacts_by_id(visitor.workspace, ids).await;
        Ok(self.contacts.get(key, load).await?.map(Contact::from))
    }

    /// What may be sent in it now, until when, and at which price; null: it is gone.
    #[graphql(complexity = "5 + child_complexity")]
    async fn can_send(&self, context: &Context<'_>) -> Result<Option<SendLeave>, Failure> {
        let Some(id) = scalar::uuid(&self.id) else { return Ok(None) };
        leave(context, Whom::Conversation(id)).await
    }
}

/// The time of this request in Meta's seconds.
pub fn now_s(context: &Context<'_>) -> Result<i64, Failure> {
    Ok(services(context)?.clock.now_ms().div_euclid(1_000))
}

/// A conversation of the visitor's, as it is now.
pub async fn find(
    context: &Context<'_>,
    visitor: &Visitor,
    id: &ID,
) -> Result<Option<ConversationRecord>, Failure> {
    let Some(id) = scalar::uuid(id) else { return Ok(None) };
    let found = services(context)?.storage.find_conversation(visitor.workspace, id).await?;
    Ok(found.filter(|conversation| visitor.may_touch(conversation.number)))
}

/// The same for the caller.
pub async fn show(context: &Context<'_>, id: &ID) -> Result<Option<Conversation>, Failure> {
    let visitor = allowed(context, Deed::SeeConversations)?;
    let found = find(context, visitor, id).await?;
    Ok(Conversation::page(found.into_iter().collect(), now_s(context)?).pop())
}

fn statuses(asked: Option<Vec<ConversationStatus>>) -> Vec<Status> {
    let Some(asked) = asked else { return Status::USUAL.to_vec() };
    let asked: BTreeSet<Status> = asked.into_iter().map(Status::from).collect();
    asked.into_iter().collect()
}

#[derive(Debug, Default)]
pub struct ConversationQuery;

#[Object]
impl ConversationQuery {
    /// A conversation; one that turned out to be another one is that other. Null: there is none in this workspace, or
    /// it is not with a number of the caller's.
    async fn conversation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] id: ID,
    ) -> Result<Option<Conversation>, Failure> {
        show(context, &id).await
    }

    /// The conversations of the workspace, the one with the last activity first; archived ones only if the filter says so. While a client goes down the list, one
    /// in which something happens moves to its beginning.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn conversations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which conversations; without it: all.")] filter: Option<ConversationFilter>,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last one of the page before.")] after: Option<String>,
        #[graphql(desc = "How many, going up the list.")] last: Option<i32>,
        #[graphql(desc = "The cursor of the first one of the page below.")] before: Option<String>,
    ) -> async_graphql::Result<ConversationPage> {
        let filter = filter.unwrap_or_default();
        let asked = filter.number_ids.as_deref();
        let (visitor, numbers) = allowed_among(context, Deed::SeeConversations, asked)?;
        let stretch = Stretch::<ConversationCursor>::of(Asked { first, after, last, before })?;
        let now_s = now_s(context)?;
        let searched = match &filter.search {
            Some(text) => Some(search(context, text, numbers.as_deref()).await?),
            None => None,
        };
        let is_search_complete = searched.as_ref().is_none_or(|searched| searched.is_complete);
        let wanted = conversation_record::ConversationFilter {
            numbers,
            // What cannot be an id is no contact of anybody's.
            contact: filter.contact_id.map(|id| scalar::uuid(&id).unwrap_or_default()),
            is_unread: filter.is_unread,
            window: filter.window_open.map(|is_open| (is_open, now_s)),
            statuses: statuses(filter.status),
            assignee: filter.assignee.map(|assignee| assignee.meant(visitor)).transpose()?,
            label: filter.label.map(|text| label(&text).unwrap_or(text)),
            ids: searched.map(|searched| searched.ids),
        };
        let from = stretch.from.as_ref().map(|cursor| cursor.0);
        let storage = &services(context)?.storage;
        let found = storage
            .list_conversations(visitor.workspace, &wanted, from, stretch.way, stretch.limit())
            .await
            .map_err(Failure::from)?;
        let place = |record: &ConversationRecord| {
            ConversationCursor(ConversationPlace { last_at_s: record.last_at_s, id: record.id })
        };
        let page = stretch.page(found, place, |records| Conversation::page(records, now_s));
        let reach = SearchReach { is_search_complete };
        let mut list = Connection::with_additional_fields(page.has_previous_page, page.has_next_page, reach);
        list.edges = page.edges;
        Ok(list)
    }
}

/// The conversations that a search means.
async fn search(
    context: &Context<'_>,
    text: &str,
    numbers: Option<&[Uuid]>,
) -> async_graphql::Result<Conversations> {
    allowed(context, Deed::SeeContacts)?;
    let visitor = allowed(context, Deed::SeeMessages)?;
    let query = meant(text)?;
    let storage = &services(context)?.storage;
    let found = crate::search::conversations(storage, visitor.workspace, &query, numbers).await;
    Ok(found.map_err(Failure::from)?)
}
