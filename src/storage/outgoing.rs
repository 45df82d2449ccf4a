//! Messages that we send: the message's document is its own entry in the queue, under `send`. Its key is our id; once
//! Meta has named it, it is also found by that name (`own`, see `messages`).
//!
//! Every change of state is guarded by the state before it, so whoever comes late changes nothing.

use std::collections::HashMap;

use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::{Collection as Handle, bson};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::conversations::COLLECTION as CONVERSATIONS;
use super::events::Happening;
use super::initiations::{given_up, initiated};
use super::messages::{ACCEPTED, MESSAGES};
use super::outgoing_changes::Repeats;
use super::ties::tying;
use super::told::{Told, Write};
use super::turns::joining;
use super::value::to_bson;
use super::{Error, Storage};
use crate::domain::content::Content;
use crate::domain::message::Context;
use crate::domain::person::Person;
use crate::domain::position::Position;
use crate::domain::sending::{Attempt, Intervention, Priority, Reason, State};
use crate::domain::status::Fault;

/// A message that is to be queued.
#[derive(Debug)]
pub struct NewOutgoing<'a> {
    pub id: Uuid,
    pub workspace: Uuid,
    pub number: Uuid,
    pub phone_number_id: &'a str,
    pub conversation: Uuid,
    /// Whether the conversation was there when it was looked for: it stays.
    pub is_known: bool,
    /// None in a group.
    pub contact: Option<Uuid>,
    /// Whom the contact was merged with by hand, if it goes to them.
    pub addressee: Option<Uuid>,
    pub group_id: Option<&'a str>,
    pub position: Position,
    pub now_ms: i64,
    /// When it is to leave, if not now.
    pub send_at_ms: Option<i64>,
    pub priority: Priority,
    pub customer: Person<'a>,
    /// As a list of messages shows it.
    pub content: Content<'a>,
    pub reply_to: Option<&'a str>,
    /// It is a reaction, and no message that a conversation shows.
    pub reaction: Option<Reacting>,
    /// Whether the customer's window was closed: it counts for Meta's messaging limit.
    pub initiates: bool,
    /// `domain::outgoing::Message` as JSON.
    pub message: String,
    pub by: String,
    pub idempotency_key: Option<&'a str>,
    /// The message of the same content that has failed.
    pub repeats: Option<&'a Outgoing>,
    /// What the key stands for, as a digest.
    pub body_digest: String,
}

/// What a reaction of ours is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reacting {
    /// The document of the message, if it is here.
    pub target: Option<String>,
    /// None: it is taken back.
    pub emoji: Option<String>,
}

/// A message of ours, as far as sending it needs it, and as its sender sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub id: Uuid,
    pub workspace: Uuid,
    pub number: Uuid,
    pub phone_number_id: String,
    pub conversation: Uuid,
    /// For whom it is, as far as was known when it was asked for. None: a group.
    pub contact: Option<Uuid>,
    /// Whom that was merged with by hand, if it goes to them.
    pub addressee: Option<Uuid>,
    pub wamid: Option<String>,
    pub position: Position,
    pub state: State,
    pub rank: Option<i32>,
    pub kind: String,
    /// `domain::outgoing::Message` as JSON.
    pub message: String,
    pub by: String,
    pub requested_ms: i64,
    pub send_at_ms: Option<i64>,
    /// When it was asked for, or is to leave.
    pub due_ms: i64,
    pub priority: Priority,
    /// What it was planned for at first.
    pub planned_ms: Option<i64>,
    /// Not before then, after a try that did not end well.
    pub not_before_ms: Option<i64>,
    /// Meta's limit of customers a day was used up: when it has its place.
    pub place_at_ms: Option<i64>,
    pub tries: u32,
    pub attempts: Vec<Attempt>,
    /// What was done to it beside, in its order.
    pub history: Vec<Intervention>,
    pub reason: Option<Reason>,
    pub reaction: Option<Reacting>,
    pub repeats: Option<Repeats>,
    pub initiates: bool,
    /// Whether its conversation does not show it yet, because its time has not come.
    pub is_unlisted: bool,
    pub(super) preview: String,
    pub body_digest: String,
}

impl NewOutgoing<'_> {
    /// Everything that makes it queued, in one change.
    pub fn told(&self) -> Result<Told, Error> {
        let due_ms = self.send_at_ms.unwrap_or(self.now_ms);
        let mut document = doc! {
            "_id": self.id.to_string(),
            "v": 1,
            "workspace": binary(self.workspace),
            "number": binary(self.number),
            "conversation": binary(self.conversation),
            "contact": binary(self.contact.unwrap_or_default()),
            "phoneNumberId": self.phone_number_id,
            "at": self.position.second,
            "order": self.position.order,
            "receivedAt": DateTime::from_millis(self.now_ms),
            "inbound": false,
            "source": "api",
            "kind": self.content.kind_name(),
            "customer": to_bson(&self.customer)?,
            "content": to_bson(&self.content)?,
            "send": self.send_part(due_ms),
        };
        if let Some(group_id) = self.group_id {
            document.insert("groupId", group_id);
        }
        if let Some(addressee) = self.addressee {
            document.insert("addressee", binary(addressee));
        }
        if let Some(wamid) = self.reply_to {
            let context = Context { wamid: Some(wamid.into()), ..Context::default() };
            document.insert("context", to_bson(&context)?);
        }
        let (message, conversation, number) = (self.id.to_string(), self.conversation, self.number);
        let happening = match self.reaction {
            Some(_) => Happening::MessageChanged { message, conversation, number },
            None => Happening::Message { message, conversation, number, inbound: false },
        };
        let mut told = Told::of(self.workspace, happening, Write::insert(MESSAGES.name, document))
            .and(self.conversation_write())
            .and(joining(self.workspace, self.number, self.conversation, due_ms, self.priority));
        if let (Some(contact), false) = (self.contact, self.is_known) {
            told = told.and(tying(self.workspace, self.number, contact, self.conversation));
        }
        match self.repeats {
            Some(failed) => Ok(told.with(failed.repeated(&self.by, self.id, self.now_ms)?)),
            None => Ok(told),
        }
    }

    /// What the queue keeps of it.
    fn send_part(&self, due_ms: i64) -> Document {
        let mut send = doc! {
            "state": State::Queued.name(),
            "open": true,
            "dueAtMs": due_ms,
            "priority": self.priority.rank(),
            "tries": 0,
            "message": &self.message,
            "by": &self.by,
            "requestedAtMs": self.now_ms,
            "attempts": [],
            "bodyDigest": &self.body_digest,
        };
        if let Some(key) = self.idempotency_key {
            send.insert("idempotencyKey", key);
        }
        if self.initiates {
            send.insert("initiates", true);
        }
        if let Some(failed) = self.repeats {
            send.insert("repeats", Repeats::of(failed).document());
        }
        if let Some(Reacting { target, emoji }) = &self.reaction {
            let mut reaction = Document::new();
            reaction.extend(target.as_ref().map(|target| ("target".to_owned(), Bson::from(target.as_str()))));
            reaction.extend(emoji.as_ref().map(|emoji| ("emoji".to_owned(), Bson::from(emoji.as_str()))));
            send.insert("reaction", reaction);
        }
        if self.send_at_ms.is_some() {
            send.insert("scheduled", true);
            send.insert("plannedAtMs", due_ms);
        }
        if self.is_shown_later() {
            send.insert("unlisted", true);
            send.insert("preview", self.content.preview());
        }
        send
    }

    fn is_shown_later(&self) -> bool {
        self.send_at_ms.is_some() && self.reaction.is_none()
    }

    /// The conversation is there, and shows the message, unless its time has not come. It never shows a reaction.
    fn conversation_write(&self) -> Write {
        let mut insert = doc! {
            "v": 1,
            "workspace": binary(self.workspace),
            "number": binary(self.number),
            "unread": 0,
            "createdAt": DateTime::from_millis(self.now_ms),
        };
        if let Some(contact) = self.contact.filter(|_| self.group_id.is_none()) {
            insert.insert("contact", binary(contact));
        }
        if let Some(group_id) = self.group_id {
            insert.insert("groupId", group_id);
        }
        let mut change = if self.send_at_ms.is_none() && self.reaction.is_none() {
            let preview = self.content.preview();
            listing(&self.id.to_string(), self.position, self.content.kind_name(), &preview)
        } else {
            insert.insert("lastAt", self.now_ms.div_euclid(1_000));
            Document::new()
        };
        change.insert("$setOnInsert", insert);
        Write::upsert(CONVERSATIONS.name, doc! { "_id": binary(self.conversation) }, change)
    }
}

/// How a conversation comes to show a message of ours; counted once.
pub(super) fn listing(id: &str, position: Position, kind: &str, preview: &str) -> Document {
    // The fields in the order of `conversations`: the database compares them one by one.
    let last = doc! {
        "at": position.second,
        "order": position.order,
        "message": id,
        "kind": kind,
        "preview": preview,
        "inbound": false,
    };
    doc! { "$max": { "last": last, "lastAt": position.second }, "$inc": { "messages": 1 } }
}

impl Outgoing {
    pub(super) fn when(&self, states: &[State]) -> Document {
        let states: Vec<&str> = states.iter().map(|state| state.name()).collect();
        doc! {
            "_id": self.id.to_string(),
            "workspace": binary(self.workspace),
            "send.state": { "$in": states },
        }
    }

    /// An acceptance is a step with the customer; all else is with us alone, for whoever looks at the message again.
    pub(super) fn happening(&self, state: State, now_ms: i64) -> Happening {
        let (message, conversation, number) = (self.id.to_string(), self.conversation, self.number);
        if state == State::Accepted {
            let (step, at_s) = (state.name().to_owned(), now_ms.div_euclid(1_000));
            Happening::Status { message, conversation, number, step, at_s }
        } else {
            Happening::MessageChanged { message, conversation, number }
        }
    }

    pub(super) fn with_listing(&self, told: Told) -> Told {
        if !self.is_unlisted {
            return told;
        }
        let change = listing(&self.id.to_string(), self.position, &self.kind, &self.preview);
        // Whoever comes second does not find it unlisted, and its whole change is not made.
        let unlisted = doc! { "_id": self.id.to_string(), "send.unlisted": true };
        told.and(Write::update(MESSAGES.name, unlisted, doc! { "$unset": { "send.unlisted": "" } }))
            .and(Write::update(CONVERSATIONS.name, doc! { "_id": binary(self.conversation) }, change))
    }

    /// Meta has taken it. It was on its way, or its end was not known, or we had it wrong.
    pub fn accepted(&self, wamid: &str, attempt: Option<&Attempt>, now_ms: i64) -> Result<Told, Error> {
        let now_s = now_ms.div_euclid(1_000);
        let mut set = doc! {
            "wamid": wamid,
            "own": true,
            "send.state": State::Accepted.name(),
            "send.acceptedAtMs": now_ms,
        };
        self.end_attempt(&mut set, attempt)?;
        let change = doc! {
            "$set": set,
            "$unset": {
                "send.open": "", "send.reason": "", "send.notBeforeMs": "", "send.placeAtMs": "",
                "send.unconfirmedAtMs": "", "failure": "",
            },
            "$max": { "rank": ACCEPTED },
        };
        let mut filter = self.when(&[State::Leaving, State::Unconfirmed, State::Queued, State::Refused]);
        filter.insert("wamid", doc! { "$exists": false });
        let answered = doc! { "$max": { "lastOutboundAt": now_s }, "$min": { "firstOutboundAt": now_s } };
        let conversation = doc! { "_id": binary(self.conversation) };
        let mut told = Told::of(
            self.workspace,
            self.happening(State::Accepted, now_ms),
            Write::update(MESSAGES.name, filter, change),
        )
        // Somebody may bring the advertisement that this answers at the same time.
        .and(Write::update(CONVERSATIONS.name, conversation, answered).contested())
        .answering(self.conversation);
        if self.initiates {
            told = told.and(initiated(self.number, self.conversation, now_ms));
        }
        Ok(self.with_listing(self.with_reaction(told)))
    }

    /// Meta has taken the reaction: the message that it is about shows it.
    fn with_reaction(&self, told: Told) -> Told {
        let Some(Reacting { target: Some(target), emoji }) = &self.reaction else { return told };
        // The fields in the order of `messages`: the latest stays.
        let mut reaction = doc! { "at": self.position.second, "order": self.position.order };
        if let Some(emoji) = emoji {
            reaction.insert("emoji", emoji);
        }
        let (message, conversation, number) = (target.clone(), self.conversation, self.number);
        let filter = doc! { "_id": target, "workspace": binary(self.workspace) };
        let change = doc! { "$max": { "reactions.us": reaction } };
        told.and(Write::update_if_there(MESSAGES.name, filter, change)).telling(Happening::MessageChanged {
            message,
            conversation,
            number,
        })
    }

    /// It ended otherwise: refused, or nobody knows.
    pub fn ended(
        &self,
        state: State,
        reason: &Reason,
        attempt: Option<&Attempt>,
        now_ms: i64,
    ) -> Result<Told, Error> {
        let mut set = doc! { "send.state": state.name(), "send.reason": to_bson(reason)? };
        self.end_attempt(&mut set, attempt)?;
        let mut change = Document::new();
        if state == State::Unconfirmed {
            set.insert("send.unconfirmedAtMs", now_ms);
        } else {
            let fault = Fault {
                code: reason.code,
                title: Some(reason.meaning.as_str().into()),
                details: reason.details.as_deref().map(Into::into),
                ..Fault::default()
            };
            let failure = doc! { "at": now_ms.div_euclid(1_000), "is": to_bson(&fault)? };
            change.insert("$max", doc! { "failure": failure });
        }
        change.insert("$set", set);
        change.insert("$unset", doc! { "send.open": "", "send.notBeforeMs": "", "send.placeAtMs": "" });
        let filter = self.when(&[State::Leaving, State::Queued]);
        let mut told = Told::of(
            self.workspace,
            self.happening(state, now_ms),
            Write::update(MESSAGES.name, filter, change),
        );
        if state != State::Unconfirmed {
            told = told.and(given_up(self.conversation, self.id));
        } else if self.initiates {
            // Meta may have taken it.
            told = told.and(initiated(self.number, self.conversation, now_ms));
        }
        Ok(self.with_listing(told))
    }

    pub(super) fn end_attempt(&self, set: &mut Document, attempt: Option<&Attempt>) -> Result<(), Error> {
        if let Some(attempt) = attempt {
            set.insert(format!("send.attempts.{}", self.attempts.len()), to_bson(attempt)?);
        }
        Ok(())
    }
}

impl Storage {
    /// What a conversation still has to send, in its order; at most so many, and only what is due by then, if that is
    /// asked for.
    pub async fn open_outgoing(
        &self,
        conversation: Uuid,
        due_by_ms: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Outgoing>, Error> {
        let mut filter = doc! { "conversation": binary(conversation), "send.open": true };
        if let Some(due_by_ms) = due_by_ms {
            filter.insert("send.dueAtMs", doc! { "$lte": due_by_ms });
        }
        let (messages, limit) = (self.sent_messages(), i64::try_from(limit).unwrap_or(i64::MAX));
        let mut cursor = messages.find(filter).sort(doc! { "at": 1, "order": 1 }).limit(limit).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            found.push(outgoing_of(&cursor.deserialize_current()?)?);
        }
        Ok(found)
    }

    /// What each of these conversations still has to send, in its order. None: together it is more than so many.
    pub async fn open_outgoing_of(
        &self,
        conversations: &[Uuid],
        limit: usize,
    ) -> Result<Option<HashMap<Uuid, Vec<Outgoing>>>, Error> {
        let ids = binaries(conversations);
        let filter = doc! { "conversation": { "$in": ids }, "send.open": true };
        // All of it in one answer.
        let batch = u32::try_from(limit).unwrap_or(u32::MAX).saturating_add(1);
        let messages = self.sent_messages();
        let find = messages.find(filter).sort(doc! { "conversation": 1, "at": 1, "order": 1 });
        let mut cursor = find.limit(i64::from(batch)).batch_size(batch).await?;
        let (mut found, mut count): (HashMap<Uuid, Vec<Outgoing>>, usize) = (HashMap::new(), 0);
        while cursor.advance().await? {
            let message = outgoing_of(&cursor.deserialize_current()?)?;
            found.entry(message.conversation).or_default().push(message);
            count += 1;
        }
        Ok((count <= limit).then_some(found))
    }

    /// When the next message of a conversation is due.
    pub async fn next_due_ms(&self, conversation: Uuid) -> Result<Option<i64>, Error> {
        let filter = doc! { "conversation": binary(conversation), "send.open": true };
        let found = self
            .sent_messages()
            .find_one(filter)
            .sort(doc! { "send.dueAtMs": 1 })
            .projection(doc! { "send.dueAtMs": 1 })
            .await?;
        let send = found.as_ref().and_then(|found| found.get_document("send").ok());
        Ok(send.and_then(|send| send.get_i64("dueAtMs").ok()))
    }

    /// When the last messages of a conversation left, the latest first.
    pub async fn last_departures(&self, conversation: Uuid, limit: i64) -> Result<Vec<(i64, i64)>, Error> {
        let filter = doc! { "conversation": binary(conversation), "send.leftAtMs": { "$exists": true } };
        let mut cursor = self
            .sent_messages()
            .find(filter)
            .sort(doc! { "at": -1, "order": -1 })
            .projection(doc! { "send.leftAtMs": 1, "send.acceptedAtMs": 1 })
            .limit(limit)
            .await?;
        let mut departures = Vec::new();
        while cursor.advance().await? {
            let found = cursor.deserialize_current()?;
            let Ok(send) = found.get_document("send") else { continue };
            if let Ok(left) = send.get_i64("leftAtMs") {
                departures.push((left, send.get_i64("acceptedAtMs").unwrap_or(left)));
            }
        }
        Ok(departures)
    }

    /// A message that was sent through us.
    pub async fn find_outgoing(&self, workspace: Uuid, id: Uuid) -> Result<Option<Outgoing>, Error> {
        let filter = doc! {
            "_id": id.to_string(), "workspace": binary(workspace), "send": { "$exists": true },
        };
        self.sent_messages().find_one(filter).await?.as_ref().map(outgoing_of).transpose()
    }

    /// The message that a client has queued under this key.
    pub async fn find_by_idempotency_key(
        &self,
        workspace: Uuid,
        key: &str,
    ) -> Result<Option<Outgoing>, Error> {
        let filter = doc! { "workspace": binary(workspace), "send.idempotencyKey": key };
        self.sent_messages().find_one(filter).await?.as_ref().map(outgoing_of).transpose()
    }

    /// Messages of which nothing has been heard since before then.
    pub async fn unconfirmed_since(&self, before_ms: i64, limit: i64) -> Result<Vec<Outgoing>, Error> {
        let filter = doc! { "send.unconfirmedAtMs": { "$lte": before_ms } };
        let mut cursor = self.sent_messages().find(filter).limit(limit).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            found.push(outgoing_of(&cursor.deserialize_current()?)?);
        }
        Ok(found)
    }

    /// A status has come that carries our id: if Meta's name of the message is not known yet, this is it. The message
    /// is one of this number, or there is none.
    pub async fn name_outgoing(
        &self,
        (workspace, number): (Uuid, Uuid),
        id: Uuid,
        wamid: &str,
        now_ms: i64,
    ) -> Result<bool, Error> {
        let Some(message) = self.find_outgoing(workspace, id).await? else { return Ok(false) };
        if message.number != number || message.wamid.is_some() {
            return Ok(false);
        }
        let mut last = message.attempts.last().cloned();
        if let Some(attempt) = &mut last {
            (attempt.ended_ms, attempt.state, attempt.reason) = (Some(now_ms), Some(State::Accepted), None);
        }
        let mut before = message;
        before.attempts.pop();
        // What came before without our id still waits: whoever looks for it must find this one, even after a death.
        let mark = doc! { "$set": { "send.unwelcomed": true } };
        let told = before.accepted(wamid, last.as_ref(), now_ms)?;
        let told = told.and(Write::update(MESSAGES.name, doc! { "_id": before.id.to_string() }, mark));
        match self.change_and_tell(&told, now_ms).await {
            // Another message has that name: it was told under two ids, and one of them is enough.
            Err(Error::Duplicate) => Ok(false),
            outcome => outcome,
        }
    }

    pub(super) fn sent_messages(&self) -> Handle<Document> {
        self.database.collection(MESSAGES.name)
    }
}

const MALFORMED: Error = Error::Malformed { what: "a message that is to be sent" };

fn reacting_of(reaction: &Document) -> Reacting {
    let text = |field| reaction.get_str(field).ok().map(str::to_owned);
    Reacting { target: text("target"), emoji: text("emoji") }
}

pub(super) fn outgoing_of(document: &Document) -> Result<Outgoing, Error> {
    let text = |field| document.get_str(field).ok().map(str::to_owned);
    let id = |field| uuid_of(document, field).ok_or(MALFORMED);
    let send = document.get_document("send").map_err(|_| MALFORMED)?;
    let part = |field: &str| send.get(field).cloned();
    let own_id = document.get_str("_id").ok().and_then(|id| Uuid::try_parse(id).ok()).ok_or(MALFORMED)?;
    let state = part("state").ok_or(MALFORMED)?;
    let attempts = part("attempts").unwrap_or(Bson::Array(Vec::new()));
    let history = part("history").unwrap_or(Bson::Array(Vec::new()));
    let reason = part("reason").map(bson::deserialize_from_bson).transpose().map_err(|_| MALFORMED)?;
    let is_scheduled = send.get_bool("scheduled").unwrap_or(false);
    Ok(Outgoing {
        id: own_id,
        workspace: id("workspace")?,
        number: id("number")?,
        phone_number_id: text("phoneNumberId").ok_or(MALFORMED)?,
        conversation: id("conversation")?,
        contact: uuid_of(document, "contact").filter(|contact| !contact.is_nil()),
        addressee: uuid_of(document, "addressee"),
        wamid: text("wamid"),
        position: Position {
            second: document.get_i64("at").map_err(|_| MALFORMED)?,
            order: document.get_i64("order").map_err(|_| MALFORMED)?,
        },
        state: bson::deserialize_from_bson(state).map_err(|_| MALFORMED)?,
        rank: document.get_i32("rank").ok(),
        kind: text("kind").unwrap_or_default(),
        message: send.get_str("message").map_err(|_| MALFORMED)?.to_owned(),
        by: send.get_str("by").unwrap_or_default().to_owned(),
        requested_ms: send.get_i64("requestedAtMs").unwrap_or(0),
        send_at_ms: send.get_i64("dueAtMs").ok().filter(|_| is_scheduled),
        due_ms: send.get_i64("dueAtMs").map_err(|_| MALFORMED)?,
        priority: Priority::of_rank(send.get_i32("priority").unwrap_or_default()),
        planned_ms: send.get_i64("plannedAtMs").ok(),
        not_before_ms: send.get_i64("notBeforeMs").ok(),
        place_at_ms: send.get_i64("placeAtMs").ok(),
        tries: send.get_i32("tries").ok().and_then(|tries| u32::try_from(tries).ok()).unwrap_or(0),
        attempts: bson::deserialize_from_bson(attempts).map_err(|_| MALFORMED)?,
        history: bson::deserialize_from_bson(history).map_err(|_| MALFORMED)?,
        reaction: send.get_document("reaction").ok().map(reacting_of),
        repeats: send.get_document("repeats").ok().and_then(Repeats::read),
        initiates: send.get_bool("initiates").unwrap_or(false),
        reason,
        is_unlisted: send.get_bool("unlisted").unwrap_or(false),
        preview: send.get_str("preview").unwrap_or_default().to_owned(),
        body_digest: send.get_str("bodyDigest").unwrap_or_default().to_owned(),
    })
}
