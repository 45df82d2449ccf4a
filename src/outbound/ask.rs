//! What somebody asks to be sent: to whom, by which number, checked, and queued in one durable write.

use std::sync::atomic::Ordering;

use uuid::Uuid;

use super::Outbound;
use super::address::{Address, Given};
use super::again::Repeated;
use crate::auth::{Deed, Denied, Visitor, authorize_number};
use crate::domain::Str;
use crate::domain::content;
use crate::domain::outgoing::breach::Breach;
use crate::domain::outgoing::window::{Leave, Windows, can_send};
use crate::domain::outgoing::{Content, Message, Route, check};
use crate::domain::position::Position;
use crate::domain::sending::{Priority, State};
use crate::domain::template::preview::Preview;
use crate::ids::{Exhausted, derived};
use crate::meta::{decode, encode};
use crate::runtime::crash;
use crate::storage;
use crate::storage::conversation_record::ConversationRecord;
use crate::storage::message_record::MessageRecord;
use crate::storage::messages::message_key;
use crate::storage::number_record::NumberRecord;
use crate::storage::outgoing::{NewOutgoing, Outgoing, Reacting};
use crate::templates::{Lack, Refused};

const IDEMPOTENCY_KEY_CHARS_MAX: usize = 200;
/// Meta (2026-07): what is older takes no reaction.
const REACTION_MAX_S: i64 = 30 * 24 * 3_600;
/// How far ahead something can be planned.
const SEND_AT_MAX_MS: i64 = 366 * 24 * 3_600_000;

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    Conversation(Uuid),
    Contact(Uuid),
    /// In any spelling with a country code.
    Phone(String),
    UserId(String),
    /// Meta is given both, and its word is that the phone number decides where they differ; so it is left out if it is known
    /// to be somebody else's.
    Both {
        phone: String,
        user_id: String,
    },
    /// Meta's id of a group.
    Group(String),
}

/// A message that is to be sent.
#[derive(Clone, Debug)]
pub struct Ask {
    pub to: To,
    /// The number that sends it; a conversation has its own.
    pub number: Option<Uuid>,
    pub content: Content,
    /// The message that it answers, by Meta's id.
    pub reply_to: Option<String>,
    /// Sent only while the customer has this key; for numbers that check identities.
    pub identity_key_hash: Option<String>,
    /// By which of Meta's endpoints.
    pub route: Route,
    pub idempotency_key: Option<String>,
    pub send_at_ms: Option<i64>,
    pub priority: Priority,
}

/// Why nothing was queued or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing in this workspace.
    #[error("what {0} names is not there")]
    NotFound(&'static str),
    #[error("{field}: {sentence}")]
    Invalid { field: &'static str, sentence: String },
    #[error("the message does not keep limits")]
    Breaches(Vec<Breach>),
    /// With templates that could be sent instead.
    #[error("the customer's window is closed")]
    WindowClosed(Vec<String>),
    #[error("the template cannot be used")]
    Template(Lack),
    #[error("the number has no access token")]
    NoToken,
    #[error("the contact is blocked")]
    ContactBlocked,
    /// There is nothing by which WhatsApp would find the contact that the field names.
    #[error("the contact has no address")]
    NoAddress(&'static str),
    #[error("the key was used for another message")]
    KeyTaken,
    #[error("the message is {}", .0.name())]
    WrongState(State),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Random(#[from] Exhausted),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Lack(lack) => Self::Template(lack),
            Refused::Breaches(breaches) => Self::Breaches(breaches),
            Refused::Storage(error) => Self::Storage(error),
        }
    }
}

impl Outbound {
    /// Queues a message. The same key and the same message again give the one that is there.
    pub async fn send(&self, visitor: &Visitor, ask: Ask) -> Result<Outgoing, Error> {
        self.send_as(visitor, ask, None).await
    }

    /// The same, or as the message that repeats one that has failed.
    pub(super) async fn send_as(
        &self,
        visitor: &Visitor,
        ask: Ask,
        repeated: Option<Repeated<'_>>,
    ) -> Result<Outgoing, Error> {
        let now_ms = self.0.clock.now_ms();
        check_around(&ask, now_ms)?;
        let (number, conversation) = self.number_of(visitor.workspace, &ask).await?;
        let deed = if matches!(ask.content, Content::Raw(_)) { Deed::SendRaw } else { Deed::SendMessages };
        authorize_number(visitor, deed, number.id)?;
        let digest = digest_of(&ask, number.id);
        if let Some(key) = &ask.idempotency_key
            && let Some(known) = self.0.storage.find_by_idempotency_key(visitor.workspace, key).await?
        {
            return same(known, &digest);
        }
        if number.access_token.is_none() {
            return Err(Error::NoToken);
        }
        // A repeat goes where the first one went, under whatever name the customer is written to now.
        let given = repeated.map(|repeated| Given::Exactly(repeated.recipient.clone()));
        let address = self.address(&ask.to, &number, (conversation, given.unwrap_or(Given::Nothing))).await?;
        if address.is_blocked {
            return Err(Error::ContactBlocked);
        }
        let at_ms = ask.send_at_ms.unwrap_or(now_ms);
        let (message, preview, leave) = self.checked(&ask, &number, &address, at_ms).await?;
        let reaction = self.reacting(&number, &message.content, address.conversation).await?;
        let body = encode::message(&message, None).to_string();
        let new = NewOutgoing {
            id: match repeated {
                Some(repeated) => repeated.id,
                None => self.0.random.id(self.0.clock.now())?,
            },
            workspace: visitor.workspace,
            number: number.id,
            phone_number_id: &number.phone_number_id,
            conversation: address.conversation,
            is_known: address.is_known,
            contact: address.contact,
            addressee: address.addressee,
            group_id: address.group_id.as_deref(),
            position: self.position(at_ms),
            now_ms,
            send_at_ms: ask.send_at_ms,
            priority: ask.priority,
            customer: address.person,
            content: shown(decode::request_content(&body), preview),
            reply_to: ask.reply_to.as_deref(),
            reaction,
            initiates: leave.free_form_until_s.is_none() && address.group_id.is_none(),
            message: serde_json::to_string(&message).unwrap_or_default(),
            by: visitor.who.to_string(),
            idempotency_key: ask.idempotency_key.as_deref(),
            repeats: repeated.map(|repeated| repeated.failed),
            body_digest: digest.clone(),
        };
        match self.queue(visitor.workspace, &new).await? {
            Some(known) if repeated.is_some() => return Ok(known),
            Some(known) => return same(known, &digest),
            None => {}
        }
        crash::pass("after-queued");
        self.0.nudge.wake();
        self.find(visitor, new.id).await
    }

    /// The message as it is to leave then, how it will look, and what may be sent. Or what is wrong with it.
    async fn checked(
        &self,
        ask: &Ask,
        number: &NumberRecord,
        address: &Address,
        at_ms: i64,
    ) -> Result<(Message, Option<Preview>, Leave), Error> {
        let mut message = Message {
            reply_to: ask.reply_to.clone(),
            identity_key_hash: ask.identity_key_hash.clone(),
            marketing: ask.route.clone().marketing(false, None, &address.recipient),
            ..Message::new(address.recipient.clone(), ask.content.clone())
        };
        check::message(&message).map_err(Error::Breaches)?;
        let leave = can_send(address.windows, at_ms.div_euclid(1_000));
        if !leave.allows(&message.content) {
            let is_group = message.recipient.is_group();
            return Err(Error::WindowClosed(self.0.templates.usable(number, is_group).await?));
        }
        let judged = self.0.templates.judge(number, &message).await?;
        let category = judged.category.as_deref();
        let is_number_set = number.settings.marketing_messages;
        message.marketing = ask.route.clone().marketing(is_number_set, category, &message.recipient);
        if message.marketing.is_none() {
            judged.allow_usual_endpoint()?;
        }
        Ok((message, judged.preview, leave))
    }

    /// Puts it in the queue. Gives the message of the same key or id, if somebody was faster with it.
    async fn queue(&self, workspace: Uuid, new: &NewOutgoing<'_>) -> Result<Option<Outgoing>, Error> {
        match self.0.ledger.enter(new.told()?).await {
            Ok(true) => Ok(None),
            // The message that it was to repeat has arrived after all.
            Ok(false) => Err(Error::WrongState(State::Accepted)),
            Err(storage::Error::Duplicate) => {
                let storage = &self.0.storage;
                let known = match new.idempotency_key {
                    Some(key) => storage.find_by_idempotency_key(workspace, key).await?,
                    None => storage.find_outgoing(workspace, new.id).await?,
                };
                Ok(Some(known.ok_or(storage::Error::Conflict)?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A message of the visitor's workspace and numbers.
    pub async fn find(&self, visitor: &Visitor, id: Uuid) -> Result<Outgoing, Error> {
        let found = self.0.storage.find_outgoing(visitor.workspace, id).await?;
        let message = found.ok_or(Error::NotFound("id"))?;
        if visitor.may_touch(message.number) { Ok(message) } else { Err(Error::NotFound("id")) }
    }

    /// What a reaction is about, if it is one. A message that is not here may be at Meta all the same.
    async fn reacting(
        &self,
        number: &NumberRecord,
        content: &Content,
        conversation: Uuid,
    ) -> Result<Option<Reacting>, Error> {
        const FIELD: &str = "content.reaction.messageId";
        let Content::Reaction(reaction) = content else { return Ok(None) };
        let emoji = reaction.emoji.clone().filter(|emoji| !emoji.is_empty());
        let key = message_key(&number.phone_number_id, &reaction.message_id);
        let found = self.0.storage.messages_by_key(number.workspace, std::slice::from_ref(&key)).await?;
        let Some(target) = found.into_values().next() else {
            return Ok(Some(Reacting { target: None, emoji }));
        };
        if target.conversation != conversation {
            let ids = self.0.storage.ids_of_conversation(number.workspace, conversation).await?;
            if !ids.contains(&target.conversation) {
                let sentence = "The message is one of another conversation.".to_owned();
                return Err(Error::Invalid { field: FIELD, sentence });
            }
        }
        self.ensure_takes_reactions(&target, FIELD)?;
        Ok(Some(Reacting { target: Some(target.id), emoji }))
    }

    fn ensure_takes_reactions(&self, target: &MessageRecord, field: &'static str) -> Result<(), Error> {
        let sentence = if target.content.kind_name() == "reaction" {
            "A reaction takes no reaction."
        } else if target.position.second + REACTION_MAX_S < self.0.clock.now_ms().div_euclid(1_000) {
            "A message that is older than 30 days takes no reaction."
        } else {
            return Ok(());
        };
        Err(Error::Invalid { field, sentence: sentence.to_owned() })
    }

    async fn number_of(
        &self,
        workspace: Uuid,
        ask: &Ask,
    ) -> Result<(NumberRecord, Option<ConversationRecord>), Error> {
        let conversation = match ask.to {
            To::Conversation(id) => {
                let found = self.0.storage.find_conversation(workspace, id).await?;
                Some(found.ok_or(Error::NotFound("to.conversationId"))?)
            }
            _ => None,
        };
        let id = match (&conversation, ask.number) {
            (Some(conversation), None) => conversation.number,
            (Some(conversation), Some(number)) if conversation.number != number => {
                let sentence = "The conversation is one of another number.".to_owned();
                return Err(Error::Invalid { field: "numberId", sentence });
            }
            (_, Some(number)) => number,
            (None, None) => {
                let sentence = "Without a conversation, say which number sends it.".to_owned();
                return Err(Error::Invalid { field: "numberId", sentence });
            }
        };
        let number = self.0.storage.find_number(workspace, id).await?.ok_or(Error::NotFound("numberId"))?;
        Ok((number, conversation))
    }

    /// A place after everything that this process has queued before.
    pub(super) fn position(&self, at_ms: i64) -> Position {
        const INDEX_BITS: u32 = 12;
        let count = self.0.counter.fetch_add(1, Ordering::Relaxed);
        let low = |bits: u32, value: u64| u32::try_from(value & ((1 << bits) - 1)).unwrap_or(0);
        Position::new(at_ms.div_euclid(1_000), at_ms, low(10, count >> INDEX_BITS), low(INDEX_BITS, count))
    }
}

fn check_around(ask: &Ask, now_ms: i64) -> Result<(), Error> {
    let invalid = |field, sentence: &str| Err(Error::Invalid { field, sentence: sentence.to_owned() });
    if let Some(key) = &ask.idempotency_key
        && !(1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.chars().count())
    {
        return invalid("idempotencyKey", "A key has from 1 to 200 characters.");
    }
    check_time(ask.send_at_ms, now_ms)
}

/// A time that something is planned for.
pub(super) fn check_time(send_at_ms: Option<i64>, now_ms: i64) -> Result<(), Error> {
    let invalid = |sentence: &str| Err(Error::Invalid { field: "sendAt", sentence: sentence.to_owned() });
    if send_at_ms.is_some_and(|at_ms| at_ms <= now_ms) {
        return invalid("The time has passed already.");
    }
    if send_at_ms.is_some_and(|at_ms| at_ms > now_ms + SEND_AT_MAX_MS) {
        return invalid("At most a year ahead.");
    }
    Ok(())
}

/// With the words that the customer will read.
fn shown(content: content::Content<'_>, preview: Option<Preview>) -> content::Content<'_> {
    match (content, preview) {
        (content::Content::Template { name, language, components_json, .. }, Some(preview)) => {
            let text = Some(preview.body.into()).filter(|text: &Str<'_>| !text.is_empty());
            content::Content::Template { name, language, components_json, text }
        }
        (content, _) => content,
    }
}

pub(super) fn windows_of(conversation: &ConversationRecord) -> Windows {
    Windows {
        service_ends_s: conversation.window_ends_s,
        free_entry_ends_s: conversation.free_entry_ends_s,
        is_group: conversation.group_id.is_some(),
    }
}

/// What an idempotency key stands for.
fn digest_of(ask: &Ask, number: Uuid) -> String {
    let to = format!("{:?}", ask.to);
    let content = serde_json::to_string(&ask.content).unwrap_or_default();
    let reply_to = ask.reply_to.as_deref().unwrap_or_default();
    let send_at = ask.send_at_ms.unwrap_or(0).to_be_bytes();
    let more = match (&ask.identity_key_hash, &ask.route) {
        (None, Route::AsSet) => String::new(),
        more => format!("{more:?}"),
    };
    let mut parts: Vec<&[u8]> =
        vec![number.as_bytes(), to.as_bytes(), content.as_bytes(), reply_to.as_bytes(), &send_at];
    if !more.is_empty() {
        parts.push(more.as_bytes());
    }
    derived("send", &parts).simple().to_string()
}

fn same(known: Outgoing, digest: &str) -> Result<Outgoing, Error> {
    if known.body_digest == digest { Ok(known) } else { Err(Error::KeyTaken) }
}
