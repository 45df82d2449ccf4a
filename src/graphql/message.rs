//! Messages: a conversation's, both ways, and single ones.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use uuid::Uuid;

use super::contact::Contact;
use super::content::Content;
use super::context::{allowed, services};
use super::conversation;
use super::conversation::Conversation;
use super::error::Failure;
use super::failure::MetaFailure;
use super::language::Language;
use super::loader::Mates;
use super::page::{Asked, MessageCursor, Page, Stretch, cost};
use super::scalar;
use super::scalar::DateTime;
use super::status::{MessageStatus, Pricing, StatusReport, StatusTime};
use super::timeline;
use super::timeline::TimelineEntry;
use crate::auth::Deed;
use crate::domain::Str;
use crate::domain::message;
use crate::domain::status::Fault;
use crate::storage::contact_record::ContactRecord;
use crate::storage::conversation_record::ConversationRecord;
use crate::storage::message_record::{MessagePlace, MessageRecord, StatusRecord};
use crate::storage::outgoing::Outgoing;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum Direction {
    /// The customer.
    Inbound,
    /// The business.
    Outbound,
}

impl Direction {
    /// By whether the customer wrote it.
    pub fn of(is_inbound: bool) -> Self {
        if is_inbound { Self::Inbound } else { Self::Outbound }
    }
}

/// A message between a business number and a customer.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Message {
    /// Our id of it, not Meta's (`messageId`). A message that was sent here is an `OutgoingMessage` with the same id.
    pub id: ID,
    /// Meta's id of it (`wamid…`); null until Meta has named it.
    pub message_id: Option<String>,
    /// Our id of the conversation that it belongs to.
    pub conversation_id: ID,
    /// Our id of the business number that wrote or got it.
    pub number_id: ID,
    /// The customer, whoever wrote it.
    pub contact_id: ID,
    /// Meta's id of the group, if it was written in one.
    pub group_id: Option<String>,
    /// Whether the customer wrote it or the business.
    pub direction: Direction,
    /// What it says now: if it was edited, `edited` has what it said first.
    pub content: Content,
    /// How far it has come; null for what the customer wrote.
    pub status: Option<MessageStatus>,
    /// When it first came so far, step by step.
    pub status_times: Vec<StatusTime>,
    /// Meta's time.
    pub timestamp: Option<DateTime>,
    /// When it came here.
    pub received_at: Option<DateTime>,
    /// Whether a rule wrote it, and not a person.
    pub is_automated: bool,
    /// Whether it was written while another partner led the conversation.
    pub is_standby: bool,
    /// Where it comes from.
    pub source: MessageSource,
    /// Whether its sender had it from another chat.
    pub is_forwarded: bool,
    /// Whether it was forwarded more than five times.
    pub is_frequently_forwarded: bool,
    /// The product that it asks about.
    pub product: Option<ProductReference>,
    /// The advertisement or post by which the customer came with it.
    pub referral: Option<Referral>,
    /// The reactions as they are now.
    pub reactions: Vec<MessageReaction>,
    /// That it was changed after it was sent; null: it was not.
    pub edited: Option<MessageEdit>,
    /// When it was taken back; null: it was not.
    pub revoked_at: Option<DateTime>,
    /// What Meta charges for it; null until a status has told, and for what the customer wrote.
    pub pricing: Option<Pricing>,
    #[graphql(skip)]
    links: Links,
    #[graphql(skip)]
    page: Arc<PageLinks>,
}

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum MessageSource {
    /// The customer.
    Customer,
    /// This server.
    Api,
    /// The WhatsApp Business app on the business's own phone, or another partner.
    Phone,
    /// The time before the number was connected.
    History,
}

/// A product of a catalogue.
#[derive(Clone, Debug, SimpleObject)]
pub struct ProductReference {
    /// Meta's id of the catalogue that the product is in.
    pub catalog_id: Option<String>,
    /// The business's own id of the product in that catalogue (SKU).
    pub product_retailer_id: Option<String>,
}

/// The advertisement or post that brought the customer.
#[derive(Clone, Debug, SimpleObject)]
pub struct Referral {
    /// `ad` or `post`.
    pub source_type: Option<String>,
    /// Meta's id of the advertisement or post.
    pub source_id: Option<String>,
    /// The address of the advertisement or post at Meta.
    pub source_url: Option<String>,
    /// The heading of the advertisement or post.
    pub headline: Option<String>,
    /// The text of the advertisement or post.
    pub body: Option<String>,
    /// `image` or `video`.
    pub media_type: Option<String>,
    /// The address of its picture at Meta, where `mediaType` is `image`.
    pub image_url: Option<String>,
    /// The address of its film at Meta, where `mediaType` is `video`.
    pub video_url: Option<String>,
    /// The address of a still of its film at Meta, where `mediaType` is `video`.
    pub thumbnail_url: Option<String>,
    /// Meta's id of the click.
    pub ctwa_clid: Option<String>,
    /// The greeting that the advertisement showed in the chat before the customer wrote.
    pub welcome_text: Option<String>,
    /// What the business itself wrote into the link, in Meta's `ref`.
    pub reference: Option<String>,
}

/// Somebody's reaction.
#[derive(Clone, Debug, SimpleObject)]
pub struct MessageReaction {
    /// The customer; null: the business.
    pub contact_id: Option<ID>,
    /// The emoji itself, which may be several code points.
    pub emoji: String,
    /// When it was given, by Meta's clock.
    pub timestamp: Option<DateTime>,
}

/// That a message was changed.
#[derive(Clone, Debug, SimpleObject)]
pub struct MessageEdit {
    /// When it was last changed, by Meta's clock.
    pub timestamp: Option<DateTime>,
    /// What it said first.
    pub original: Content,
}

/// The message that another one answers.
#[derive(Clone, Debug, SimpleObject)]
pub struct Reply {
    /// Meta's id of the answered message.
    pub message_id: String,
    /// The answered message; null if it never came here.
    pub message: Option<Message>,
}

/// What a message leads to.
#[derive(Clone, Debug)]
struct Links {
    conversation: Uuid,
    contact: Uuid,
    /// The key under which statuses are about it.
    key: Option<String>,
    received_ms: i64,
    answers: Option<(String, String)>,
    failure: Option<Fault<'static>>,
}

/// What the messages of a page lead to.
#[derive(Debug)]
struct PageLinks {
    answered: Mates<String, MessageRecord>,
    statuses: Mates<String, Vec<StatusRecord>>,
    ours: Mates<String, Outgoing>,
    contacts: Mates<Uuid, ContactRecord>,
    conversations: Mates<Uuid, ConversationRecord>,
}

impl Message {
    /// Messages that are read together: what they lead to is loaded together.
    pub fn page(records: Vec<MessageRecord>) -> Vec<Self> {
        let page = Arc::new(PageLinks {
            answered: Mates::new(records.iter().filter_map(MessageRecord::answered_key)),
            statuses: Mates::new(records.iter().filter_map(MessageRecord::key)),
            ours: Mates::new(records.iter().filter(|record| is_ours(record)).map(|record| record.id.clone())),
            contacts: Mates::new(records.iter().map(|record| record.contact)),
            conversations: Mates::new(records.iter().map(|record| record.conversation)),
        });
        records.into_iter().map(|record| Self::of(record, &page)).collect()
    }

    fn of(record: MessageRecord, page: &Arc<PageLinks>) -> Self {
        let key = record.key();
        let answered = record.context.as_ref().and_then(|context| context.wamid.as_deref());
        let links = Links {
            conversation: record.conversation,
            contact: record.contact,
            received_ms: record.received_ms,
            answers: answered.map(str::to_owned).zip(record.answered_key()),
            key,
            failure: record.failure,
        };
        let status = record.rank.filter(|_| !record.is_inbound).map(MessageStatus::of_rank);
        let first_said = Content::from(record.content);
        let (content, edited) = match record.edited {
            None => (first_said, None),
            Some((content, at_s)) => {
                let edit = MessageEdit { timestamp: scalar::second(at_s), original: first_said };
                (content.into(), Some(edit))
            }
        };
        let reactions = record.reactions.into_iter().map(|reaction| MessageReaction {
            contact_id: reaction.contact.map(scalar::id),
            emoji: reaction.emoji,
            timestamp: scalar::second(reaction.at_s),
        });
        let context = record.context.unwrap_or_default();
        Self {
            id: ID(record.id),
            message_id: record.wamid,
            conversation_id: scalar::id(record.conversation),
            number_id: scalar::id(record.number),
            contact_id: scalar::id(record.contact),
            group_id: record.group_id,
            direction: Direction::of(record.is_inbound),
            content,
            status,
            status_times: StatusTime::all(&record.times),
            timestamp: scalar::second(record.position.second),
            received_at: scalar::moment(record.received_ms),
            // Nothing here writes by itself yet.
            is_automated: false,
            is_standby: record.is_standby,
            source: source_named(&record.source),
            is_forwarded: context.forwarded || context.frequently_forwarded,
            is_frequently_forwarded: context.frequently_forwarded,
            product: product_of(&context),
            referral: record.referral.map(Referral::from),
            reactions: reactions.collect(),
            edited,
            revoked_at: record.revoked_s.and_then(scalar::second),
            pricing: record.pricing.map(Pricing::from),
            links,
            page: Arc::clone(page),
        }
    }
}

/// Sent through this service.
fn is_ours(record: &MessageRecord) -> bool {
    source_named(&record.source) == MessageSource::Api
}

fn source_named(name: &str) -> MessageSource {
    match name {
        "customer" => MessageSource::Customer,
        "phone" => MessageSource::Phone,
        "history" => MessageSource::History,
        _ => MessageSource::Api,
    }
}

fn own(text: Option<Str<'_>>) -> Option<String> {
    text.map(Cow::into_owned)
}

fn product_of(context: &message::Context<'static>) -> Option<ProductReference> {
    (context.catalog_id.is_some() || context.product_retailer_id.is_some()).then(|| ProductReference {
        catalog_id: own(context.catalog_id.clone()),
        product_retailer_id: own(context.product_retailer_id.clone()),
    })
}

impl From<message::Referral<'static>> for Referral {
    fn from(referral: message::Referral<'static>) -> Self {
        Self {
            source_type: own(referral.source_type),
            source_id: own(referral.source_id),
            source_url: own(referral.source_url),
            headline: own(referral.headline),
            body: own(referral.body),
            media_type: own(referral.media_type),
            image_url: own(referral.image_url),
            video_url: own(referral.video_url),
            thumbnail_url: own(referral.thumbnail_url),
            ctwa_clid: own(referral.ctwa_clid),
            welcome_text: own(referral.welcome_text),
            reference: own(referral.reference),
        }
    }
}

#[ComplexObject]
impl Message {
    /// Why it will not arrive; null unless it has failed.
    async fn failure(
        &self,
        #[graphql(desc = "The language of the sentences.", default)] language: Language,
    ) -> Option<MetaFailure> {
        // Proof of delivery refutes a failure.
        let fault = self.links.failure.as_ref().filter(|_| self.status == Some(MessageStatus::Failed))?;
        Some(MetaFailure::of(fault, language))
    }

    /// Every report of what became of it, in the order of Meta's time.
    #[graphql(complexity = "5 + 3 * child_complexity")]
    async fn status_history(&self, context: &Context<'_>) -> Result<Vec<StatusReport>, Failure> {
        Ok(self.reports(context).await?.into_iter().map(StatusReport::from).collect())
    }

    /// Everything that happened to it, in its order: with us, at Meta, and with the customer.
    #[graphql(complexity = "10 + 5 * child_complexity")]
    async fn timeline(&self, context: &Context<'_>) -> Result<Vec<TimelineEntry>, Failure> {
        let visitor = allowed(context, Deed::SeeMessages)?;
        let storage = &services(context)?.storage;
        let reports = self.reports(context).await?;
        if self.source != MessageSource::Api {
            return Ok(timeline::of_other(self.links.received_ms, reports));
        }
        let load = async |ids: &[String]| storage.outgoing_by_id(visitor.workspace, ids).await;
        Ok(match self.page.ours.get(&self.id.0, load).await? {
            Some(message) => timeline::of_ours(&message, reports),
            None => timeline::of_other(self.links.received_ms, reports),
        })
    }

    /// The message that it answers.
    async fn reply_to(&self, context: &Context<'_>) -> Result<Option<Reply>, Failure> {
        let visitor = allowed(context, Deed::SeeMessages)?;
        let storage = &services(context)?.storage;
        let Some((wamid, key)) = &self.links.answers else { return Ok(None) };
        let load = async |keys: &[String]| storage.messages_by_key(visitor.workspace, keys).await;
        let found = self.page.answered.get(key, load).await?;
        let found = found.filter(|record| visitor.may_touch(record.number));
        Ok(Some(Reply { message_id: wamid.clone(), message: Self::page(found.into_iter().collect()).pop() }))
    }

    /// The customer, whoever wrote it.
    async fn contact(&self, context: &Context<'_>) -> Result<Option<Contact>, Failure> {
        let visitor = allowed(context, Deed::SeeContacts)?;
        let storage = &services(context)?.storage;
        let load = async |ids: &[Uuid]| storage.contacts_by_id(visitor.workspace, ids).await;
        Ok(self.page.contacts.get(&self.links.contact, load).await?.map(Contact::from))
    }

    /// The conversation that it belongs to.
    async fn conversation(&self, context: &Context<'_>) -> Result<Option<Conversation>, Failure> {
        let visitor = allowed(context, Deed::SeeConversations)?;
        let storage = &services(context)?.storage;
        let load = async |ids: &[Uuid]| storage.conversations_by_id(visitor.workspace, ids).await;
        let found = self.page.conversations.get(&self.links.conversation, load).await?;
        Ok(Conversation::page(found.into_iter().collect(), conversation::now_s(context)?).pop())
    }
}

impl Message {
    async fn reports(&self, context: &Context<'_>) -> Result<Vec<StatusRecord>, Failure> {
        let visitor = allowed(context, Deed::SeeMessages)?;
        let storage = &services(context)?.storage;
        let Some(key) = &self.links.key else { return Ok(Vec::new()) };
        let load = async |keys: &[String]| storage.statuses_by_key(visitor.workspace, keys).await;
        Ok(self.page.statuses.get(key, load).await?.unwrap_or_default())
    }
}

/// A message of the visitor's.
pub async fn show(context: &Context<'_>, id: &ID) -> Result<Option<Message>, Failure> {
    let visitor = allowed(context, Deed::SeeMessages)?;
    let found = services(context)?.storage.find_message(visitor.workspace, id).await?;
    let found = found.filter(|record| visitor.may_touch(record.number));
    Ok(Message::page(found.into_iter().collect()).pop())
}

#[derive(Debug, Default)]
pub struct MessageQuery;

#[Object]
impl MessageQuery {
    /// A message. Null: there is none in this workspace, or it is not with a number of the caller's.
    async fn message(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the message, not Meta's.")] id: ID,
    ) -> Result<Option<Message>, Failure> {
        show(context, &id).await
    }

    /// The messages of a conversation, the latest first. None if there is no such conversation.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn messages(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last one of the page before: what follows is older.")]
        after: Option<String>,
        #[graphql(desc = "How many, going up the list.")] last: Option<i32>,
        #[graphql(desc = "The cursor of the first one of the page below: what comes before is newer.")]
        before: Option<String>,
    ) -> async_graphql::Result<Page<MessageCursor, Message>> {
        let visitor = allowed(context, Deed::SeeMessages)?;
        let stretch = Stretch::<MessageCursor>::of(Asked { first, after, last, before })?;
        let storage = &services(context)?.storage;
        let found = match conversation::find(context, visitor, &conversation_id).await? {
            None => Vec::new(),
            Some(conversation) => {
                let from = stretch.from.as_ref().map(|cursor| &cursor.0);
                let workspace = visitor.workspace;
                let ids = storage.ids_of_conversation(workspace, conversation.id).await;
                let ids = ids.map_err(Failure::from)?;
                let found = storage.list_messages(workspace, &ids, from, stretch.way, stretch.limit()).await;
                found.map_err(Failure::from)?
            }
        };
        let place = |record: &MessageRecord| {
            MessageCursor(MessagePlace { position: record.position, id: record.id.clone() })
        };
        Ok(stretch.page(found, place, Message::page))
    }
}
