//! How far a conversation is read, and what follows for its unread count.
//!
//! The mark is a place among the messages. Unread is counted by the fold, a message at a time; whoever moves the mark
//! counts anew what lies behind it and sets the counter to that, so there is nothing to write to the messages however
//! many there are. A message is stored a moment before it is folded: one before the mark that the fold has not come to
//! is taken off in advance, and the fold's own count then comes out at nothing. Which messages those are, the lanes'
//! marks say, read at the same moment as the messages; and the counter is set only if no fold has touched the
//! conversation since. So the same mark again, two at once, and whatever comes meanwhile, come out exact.
//!
//! A conversation that others were joined to shows the sum of all, so what is counted are the messages of all of them.
//!
//! A message that comes late, before a mark that is there already, is unread: nobody has seen it. The mark at the same
//! place again takes it in.

use std::collections::HashSet;

use mongodb::ClientSession;
use mongodb::bson::{Bson, Document, doc};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::conversation_work::WorkOn;
use super::lanes;
use super::messages::MESSAGES;
use super::page::{Way, keep_beyond, keep_from};
use super::transaction::{Reads, end};
use super::{Error, Storage, durable};
use crate::domain::position::Position;

/// How many messages before a place are looked at for one of the customer's, and for those not folded yet.
const LOOKED_AT: i64 = 1_000;
/// Somebody else changed the conversation meanwhile: how often the whole is tried.
const TRIES_MAX: usize = 50;

/// A message of the customer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub id: String,
    pub wamid: String,
    /// The conversation whose own it is.
    pub conversation: Uuid,
    pub position: Position,
}

/// Where the mark is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// At the customer's last message of all, or of those up to a place. Never back.
    Read { up_to: Option<Position> },
    /// Before the customer's last message, if that stands there.
    Unread { last: Position },
}

/// What became of a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marked {
    Changed,
    /// All was as it was to be.
    Same,
    /// The customer has written nothing that could be read.
    Nothing,
    /// There is no such conversation.
    Gone,
}

/// What is true at one moment.
struct Moment {
    mark: Position,
    unread: i64,
    before: Before,
}

/// What the conversation says when it is read.
struct Before {
    unread: Bson,
    messages: Option<Bson>,
    read: Option<Position>,
    last_inbound_s: Option<i64>,
}

/// What the fold counts: see `domain::conversation::Change::of_message`.
fn counted() -> Document {
    doc! { "inbound": true, "source": "customer", "standby": { "$ne": true } }
}

/// The messages of conversations that are one (`ids_of_conversation`).
fn of_conversations(workspace: Uuid, conversations: &[Uuid]) -> Document {
    let own = match conversations {
        [one] => Bson::from(binary(*one)),
        several => doc! { "$in": binaries(several) }.into(),
    };
    doc! { "conversation": own, "workspace": binary(workspace) }
}

impl Storage {
    /// Moves the mark of a conversation and sets its unread count accordingly.
    pub async fn move_read_mark(&self, on: &WorkOn<'_>, mark: Mark) -> Result<Marked, Error> {
        for _ in 0..TRIES_MAX {
            let moment = match self.moment(on, mark).await {
                Err(Error::Conflict) => continue,
                moment => moment?,
            };
            let moment = match moment {
                Ok(moment) => moment,
                Err(end) => return Ok(end),
            };
            let place = moment.mark;
            let mut filter = on.filter();
            filter.insert("unread", moment.before.unread);
            filter.insert(
                "messages",
                moment.before.messages.unwrap_or_else(|| doc! { "$exists": false }.into()),
            );
            match moment.before.read {
                Some(read) => {
                    filter.insert("read.at", read.second);
                    filter.insert("read.order", read.order);
                }
                None => {
                    filter.insert("read", doc! { "$exists": false });
                }
            }
            let read = doc! {
                "at": place.second,
                "order": place.order,
                "atMs": on.now_ms,
                "by": on.by.unwrap_or_default(),
            };
            let change = doc! { "$set": { "unread": moment.unread, "read": read } };
            if self.change_and_tell(&on.told(filter, change), on.now_ms).await? {
                return Ok(Marked::Changed);
            }
        }
        Err(Error::Conflict)
    }

    /// The customer's last message in conversations that are one (`ids_of_conversation`), or the last up to a place; of
    /// what came now, not in the past.
    pub async fn last_heard(
        &self,
        workspace: Uuid,
        conversations: &[Uuid],
        up_to: Option<Position>,
        last_inbound_s: Option<i64>,
    ) -> Result<Option<Heard>, Error> {
        let mut session = self.database.client().start_session().await?;
        let of = of_conversations(workspace, conversations);
        self.heard_within(&mut session, &of, up_to, last_inbound_s).await
    }

    /// Keeps that the customer was shown that a message was read, and all before it.
    pub async fn note_receipt(
        &self,
        workspace: Uuid,
        conversation: Uuid,
        position: Position,
    ) -> Result<(), Error> {
        let filter = doc! { "_id": binary(conversation), "workspace": binary(workspace) };
        let receipt = doc! { "at": position.second, "order": position.order };
        let conversations = self.conversations();
        let note = conversations.update_one(filter, doc! { "$max": { "receipt": receipt } });
        note.write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    /// Up to where the customer was shown that messages were read.
    pub async fn receipt_of(&self, workspace: Uuid, conversation: Uuid) -> Result<Option<Position>, Error> {
        let filter = doc! { "_id": binary(conversation), "workspace": binary(workspace) };
        let found = self.conversations().find_one(filter).projection(doc! { "receipt": 1 }).await?;
        Ok(found.and_then(|found| position_of(found.get_document("receipt").ok()?)))
    }

    async fn moment(&self, on: &WorkOn<'_>, mark: Mark) -> Result<Result<Moment, Marked>, Error> {
        let ids = self.ids_of_conversation(on.workspace, on.conversation).await?;
        let of = of_conversations(on.workspace, &ids);
        let mut session = self.begin(Reads::OneMoment).await?;
        let moment = self.moment_within(&mut session, on, &of, mark).await;
        // Nothing was written.
        let moment = end(&mut session, moment, |_| false).await;
        // Whoever joins one to it or takes one out after the moment changes its counts, by which it is seen; before it, by
        // this.
        let now = self.ids_of_conversation(on.workspace, on.conversation).await?;
        if HashSet::<Uuid>::from_iter(now) != ids.into_iter().collect() {
            return Err(Error::Conflict);
        }
        moment
    }

    async fn moment_within(
        &self,
        session: &mut ClientSession,
        on: &WorkOn<'_>,
        of: &Document,
        mark: Mark,
    ) -> Result<Result<Moment, Marked>, Error> {
        let Some(before) = self.before_within(session, on).await? else { return Ok(Err(Marked::Gone)) };
        let up_to = match mark {
            Mark::Read { up_to } => up_to,
            Mark::Unread { .. } => None,
        };
        let unread_now = before.unread.as_i64().or(before.unread.as_i32().map(i64::from)).unwrap_or(0);
        if matches!(mark, Mark::Unread { .. }) && unread_now > 0 {
            return Ok(Err(Marked::Same));
        }
        let heard = self.heard_within(session, of, up_to, before.last_inbound_s).await?;
        let Some(heard) = heard else { return Ok(Err(Marked::Nothing)) };
        let place = match mark {
            Mark::Read { .. } if before.read.is_some_and(|read| heard.position < read) => {
                return Ok(Err(Marked::Same));
            }
            Mark::Read { .. } => heard.position,
            // Another one of those that are one has it, or there is a later one.
            Mark::Unread { last } if heard.position != last => return Ok(Err(Marked::Same)),
            Mark::Unread { .. } => {
                Position { order: heard.position.order.saturating_sub(1), ..heard.position }
            }
        };
        let unfolded = self.unfolded_within(session).await?;
        let unread = self.unread_within(session, of, place, &unfolded).await?;
        if unread == unread_now {
            return Ok(Err(Marked::Same));
        }
        Ok(Ok(Moment { mark: place, unread, before }))
    }

    async fn before_within(
        &self,
        session: &mut ClientSession,
        on: &WorkOn<'_>,
    ) -> Result<Option<Before>, Error> {
        let fields = doc! { "unread": 1, "messages": 1, "read": 1, "lastInboundAt": 1 };
        let conversations = self.conversations();
        let find = conversations.find_one(on.filter()).projection(fields);
        let Some(found) = find.session(session).await? else { return Ok(None) };
        Ok(Some(Before {
            unread: found.get("unread").cloned().unwrap_or(Bson::Int64(0)),
            messages: found.get("messages").cloned(),
            read: found.get_document("read").ok().and_then(position_of),
            last_inbound_s: found.get_i64("lastInboundAt").ok(),
        }))
    }

    async fn heard_within(
        &self,
        session: &mut ClientSession,
        of: &Document,
        up_to: Option<Position>,
        last_inbound_s: Option<i64>,
    ) -> Result<Option<Heard>, Error> {
        if let Some(heard) = self.heard_before(session, of, up_to).await? {
            return Ok(Some(heard));
        }
        // Behind a long row of our own messages.
        let last = last_inbound_s.map(|second| Position { second, order: i64::MAX });
        match last.filter(|last| up_to.is_none_or(|up_to| *last < up_to)) {
            Some(last) => self.heard_before(session, of, Some(last)).await,
            None => Ok(None),
        }
    }

    async fn heard_before(
        &self,
        session: &mut ClientSession,
        of: &Document,
        up_to: Option<Position>,
    ) -> Result<Option<Heard>, Error> {
        let stages = [
            doc! { "$match": up_to_place(of, up_to) },
            doc! { "$sort": Way::Older.sort("at", "order") },
            doc! { "$limit": LOOKED_AT },
            doc! { "$match": counted() },
            doc! { "$limit": 1 },
            doc! { "$project": { "wamid": 1, "conversation": 1, "at": 1, "order": 1 } },
        ];
        let Some(found) = self.first_within(session, MESSAGES.name, stages.into()).await? else {
            return Ok(None);
        };
        let text = |field| found.get_str(field).ok().map(str::to_owned);
        let heard = text("_id")
            .zip(text("wamid"))
            .zip(uuid_of(&found, "conversation"))
            .zip(position_of(&found))
            .map(|(((id, wamid), conversation), position)| Heard { id, wamid, conversation, position });
        heard.map(Some).ok_or(Error::Malformed { what: "a message" })
    }

    /// What tells the messages that no fold has counted yet.
    async fn unfolded_within(&self, session: &mut ClientSession) -> Result<Vec<Document>, Error> {
        let lanes = self.database.collection::<Document>(lanes::COLLECTION.name);
        let mut cursor = lanes.find(doc! {}).projection(doc! { "folded": 1 }).session(&mut *session).await?;
        let mut unfolded = Vec::new();
        while cursor.advance(session).await? {
            let lane = lanes::lane_of(&cursor.deserialize_current()?)?;
            unfolded.push(doc! {
                "origin.lane": binary(lane.id),
                "origin.segment": { "$gt": lane.folded },
            });
        }
        Ok(unfolded)
    }

    /// What the counter has to be with the mark at a place.
    async fn unread_within(
        &self,
        session: &mut ClientSession,
        of: &Document,
        place: Position,
        unfolded: &[Document],
    ) -> Result<i64, Error> {
        let mut behind = of.clone();
        keep_beyond(&mut behind, Way::Newer, ("at", place.second), ("order", place.order));
        behind.extend(counted());
        if !unfolded.is_empty() {
            behind.insert("$and", vec![doc! { "$nor": unfolded }]);
        }
        let count = doc! { "$count": "n" };
        let behind = [doc! { "$match": behind }, count.clone()];
        let behind = self.first_within(session, MESSAGES.name, behind.into()).await?;
        if unfolded.is_empty() {
            return Ok(counted_in(behind.as_ref()));
        }
        let mut early = counted();
        early.insert("$or", unfolded);
        let early = [
            doc! { "$match": up_to_place(of, Some(place)) },
            doc! { "$sort": Way::Older.sort("at", "order") },
            doc! { "$limit": LOOKED_AT },
            doc! { "$match": early },
            count,
        ];
        let early = self.first_within(session, MESSAGES.name, early.into()).await?;
        Ok(counted_in(behind.as_ref()) - counted_in(early.as_ref()))
    }

    async fn first_within(
        &self,
        session: &mut ClientSession,
        collection: &str,
        stages: Vec<Document>,
    ) -> Result<Option<Document>, Error> {
        let collection = self.database.collection::<Document>(collection);
        let mut cursor = collection.aggregate(stages).session(&mut *session).await?;
        if cursor.advance(session).await? { Ok(Some(cursor.deserialize_current()?)) } else { Ok(None) }
    }
}

fn up_to_place(of: &Document, place: Option<Position>) -> Document {
    let mut query = of.clone();
    if let Some(place) = place {
        keep_from(&mut query, Way::Older, ("at", place.second), ("order", place.order));
    }
    query
}

fn counted_in(found: Option<&Document>) -> i64 {
    let count = found.and_then(|found| found.get("n"));
    count.and_then(|count| count.as_i64().or(count.as_i32().map(i64::from))).unwrap_or(0)
}

fn position_of(document: &Document) -> Option<Position> {
    Some(Position { second: document.get_i64("at").ok()?, order: document.get_i64("order").ok()? })
}
