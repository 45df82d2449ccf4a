//! Conversations: one a number and contact (or group). What webhooks tell about one is folded into it, many
//! events in one update, in one transaction with the mark of the lane that brought them.

use std::collections::{BTreeSet, HashMap};

use futures_util::TryStreamExt;
use mongodb::bson::raw::cstr;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::{ClientSession, Collection as Handle};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::contacts::insert_text;
use super::conversation_work::AWAY;
use super::index::{Collection, Index};
use super::messages::MESSAGES;
use super::statuses::Advance;
use super::transaction::{Reads, end};
use super::value::{raw, roomy};
use super::write::Update;
use super::{Error, Storage};
use crate::domain::conversation::{Change, FREE_ENTRY_ANSWER_S, FREE_ENTRY_S, WINDOW_S};
use crate::runtime::crash;

pub const COLLECTION: Collection = Collection {
    name: "conversations",
    holds: "the conversations: one a number and contact, or group",
    written_at: Some("createdAt"),
    expires_at: None,
    options: Document::new,
    indexes: &[
        Index {
            name: "workspace_lastAt",
            keys: &[("workspace", 1), ("away.as", 1), ("lastAt", -1), ("_id", -1)],
            unique: false,
            expires: false,
            only: None,
            serves: "the conversations of a workspace in some statuses, the latest first",
        },
        Index {
            name: "number_lastAt",
            keys: &[("number", 1), ("away.as", 1), ("lastAt", -1), ("_id", -1)],
            unique: false,
            expires: false,
            only: None,
            serves: "the conversations of some numbers, the latest first",
        },
        Index {
            name: "unread_lastAt",
            keys: &[("workspace", 1), ("away.as", 1), ("lastAt", -1), ("_id", -1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "unread": { "$gt": 0 } }),
            serves: "the unread conversations of a workspace, the latest first",
        },
        Index {
            name: "assignee_lastAt",
            keys: &[("workspace", 1), ("assignee.user", 1), ("away.as", 1), ("lastAt", -1), ("_id", -1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "assignee.user": { "$exists": true } }),
            serves: "the conversations of somebody who works on them, the latest first",
        },
        Index {
            name: "label_lastAt",
            keys: &[("workspace", 1), ("labels", 1), ("away.as", 1), ("lastAt", -1), ("_id", -1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "labels": { "$exists": true } }),
            serves: "the conversations with a label, the latest first",
        },
    ],
};

/// More conversations with one contact are not looked at.
const TRAFFIC_MAX: i64 = 1_000;
/// How many pointers are followed from one conversation to the next.
const MERGES_MAX: usize = 8;

/// A conversation that must be there.
#[derive(Clone, Debug)]
pub struct NewConversation {
    pub id: Uuid,
    pub workspace: Uuid,
    pub number: Uuid,
    /// None in a group.
    pub contact: Option<Uuid>,
    pub group_id: Option<String>,
    pub at_s: i64,
}

/// What a lane's next segments change, all of it or nothing.
#[derive(Debug)]
pub struct Fold {
    pub lane: Uuid,
    pub from: i64,
    pub to: i64,
    pub changes: Vec<(Uuid, Change)>,
    /// How far messages have come.
    pub advances: Vec<(String, Advance)>,
}

/// Whoever folds one lane, with the session that the lane names once it was needed.
#[derive(Debug, Default)]
pub struct Folder(Option<ClientSession>);

impl Storage {
    /// Makes the conversations that are not there yet.
    pub async fn ensure_conversations(
        &self,
        conversations: &[NewConversation],
        now_ms: i64,
    ) -> Result<(), Error> {
        self.ensure_ties(conversations).await?;
        let updates = conversations.iter().map(|one| {
            let mut identity = doc! {
                "v": 1,
                "workspace": binary(one.workspace),
                "number": binary(one.number),
                "unread": 0,
                "createdAt": DateTime::from_millis(now_ms),
            };
            if let Some(contact) = one.contact {
                identity.insert("contact", binary(contact));
            }
            insert_text(&mut identity, "groupId", one.group_id.as_deref());
            Ok::<_, Error>(Update {
                filter: raw(&doc! { "_id": binary(one.id) })?,
                change: raw(&doc! { "$setOnInsert": identity, "$max": { "lastAt": one.at_s } })?,
                upsert: true,
            })
        });
        self.update_all(COLLECTION.name, updates).await
    }

    /// Folds changes into their conversations and messages and moves the lane's mark. False: the mark does not stand
    /// where the fold begins, so somebody else has folded this lane, and no conversation was changed.
    pub async fn fold(&self, folder: &mut Folder, fold: &Fold) -> Result<bool, Error> {
        if fold.changes.is_empty() && fold.advances.is_empty() {
            return self.advance_lane(fold.lane, fold.from, fold.to).await;
        }
        match self.try_fold(folder, fold, &fold.advances).await {
            // Somebody else moves the same messages: these moves need no transaction, and come out the same in any
            // order. In one they are merely cheaper.
            Err(Error::Conflict) if !fold.advances.is_empty() => {
                match self.advance_messages(&fold.advances).await?.into_iter().next() {
                    Some((_, error)) => Err(error),
                    None => self.try_fold(folder, fold, &[]).await,
                }
            }
            outcome => outcome,
        }
    }

    async fn try_fold(
        &self,
        folder: &mut Folder,
        fold: &Fold,
        advances: &[(String, Advance)],
    ) -> Result<bool, Error> {
        let advances: Vec<Update> =
            advances.iter().filter_map(|(message, advance)| advance.update(message)).collect();
        let session = match &mut folder.0 {
            Some(session) => session,
            none => none.insert(self.begin_folding(fold.lane).await?),
        };
        self.begin_in(session, Reads::OneMoment).await?;
        let done = self.fold_within(session, fold, advances).await;
        end(session, done, |is_done| *is_done).await
    }

    /// Whoever has folded a lane will not go on.
    pub async fn stop_folding(&self, lane: Uuid, folder: &Folder) -> Result<(), Error> {
        match &folder.0 {
            Some(session) => self.end_folding(lane, session).await,
            None => Ok(()),
        }
    }

    /// Tries changes without keeping them: whether the database takes them.
    pub async fn rehearse_fold(&self, changes: &[(Uuid, Change)]) -> Result<(), Error> {
        let mut session = self.begin(Reads::Latest).await?;
        let outcome = self.change_within_fold(&mut session, changes).await;
        end(&mut session, outcome, |_| false).await.map(drop)
    }

    async fn fold_within(
        &self,
        session: &mut ClientSession,
        fold: &Fold,
        advances: Vec<Update>,
    ) -> Result<bool, Error> {
        if !self.advance_lane_within(session, fold.lane, fold.from, fold.to).await? {
            return Ok(false);
        }
        let carried = self.change_within_fold(session, &fold.changes).await?;
        self.update_within(session, MESSAGES.name, advances).await?;
        let touched = |change: &Change| change.entry.is_some() || change.first_outbound_s.is_some();
        let touched = fold.changes.iter().chain(&carried).filter(|(_, change)| touched(change));
        let mut whole: HashMap<Uuid, Change> = HashMap::new();
        for (id, change) in touched {
            whole.entry(*id).or_default().absorb(change.clone());
        }
        let touched = whole.iter().map(|(id, change)| (*id, change)).collect();
        self.open_free_windows_within(session, &touched).await?;
        crash::pass("inside-fold");
        Ok(true)
    }

    /// Makes the changes of a fold. Gives what they come to in conversations that show those that are meant.
    async fn change_within_fold(
        &self,
        session: &mut ClientSession,
        changes: &[(Uuid, Change)],
    ) -> Result<Vec<(Uuid, Change)>, Error> {
        let carried = self.carried_within(session, changes).await?;
        let updates = change_updates(changes.iter().chain(&carried))?;
        self.update_within(session, COLLECTION.name, updates).await?;
        Ok(carried)
    }

    /// What belongs to conversations that were joined to others changes those others too, which lists show with the sum
    /// of all. They are asked for apart: to find a conversation by more than its id costs the server as
    /// much again as changing it.
    async fn carried_within(
        &self,
        session: &mut ClientSession,
        changes: &[(Uuid, Change)],
    ) -> Result<Vec<(Uuid, Change)>, Error> {
        let mut pointers: HashMap<Uuid, Uuid> = HashMap::new();
        let mut open: Vec<Uuid> = changes.iter().map(|(id, _)| *id).collect();
        for _ in 0..MERGES_MAX {
            if open.is_empty() {
                break;
            }
            let found = self.joined_within(session, &open).await?;
            open = found.values().copied().collect();
            pointers.extend(found);
        }
        let mut carried = Vec::new();
        for (id, change) in changes {
            let others = std::iter::successors(pointers.get(id), |at| pointers.get(at)).take(MERGES_MAX);
            carried.extend(others.map(|into| (*into, change.clone())));
        }
        Ok(carried)
    }

    /// The first answer within a day to a customer who came by an advertisement opens the free-entry window. Which one
    /// is the first, the messages say, as far as they are here: the answer may come before the question. Whoever
    /// brings the other at the same time changes the same conversation, so one of the two transactions sees both.
    ///
    /// Somebody may come by advertisements again and again, and the conversation keeps the latest time only. What the
    /// change brings may be about a time before, so that many changes at once open the window that one after the other
    /// opens.
    pub(super) async fn open_free_windows_within(
        &self,
        session: &mut ClientSession,
        touched: &HashMap<Uuid, &Change>,
    ) -> Result<(), Error> {
        if touched.is_empty() {
            return Ok(());
        }
        let ids = binaries(&touched.keys().copied().collect::<Vec<_>>());
        let filter = doc! { "_id": { "$in": ids }, "referral.at": { "$exists": true } };
        let conversations = self.conversations();
        let find = conversations.find(filter).projection(doc! { "referral.at": 1 }).batch_size(5_000);
        let mut cursor = find.session(&mut *session).await?;
        let mut referred = Vec::new();
        while cursor.advance(session).await? {
            let found = cursor.deserialize_current()?;
            let at_s = found.get_document("referral").ok().and_then(|referral| referral.get_i64("at").ok());
            referred.extend(uuid_of(&found, "_id").zip(at_s));
        }
        let mut updates = Vec::new();
        for (id, last_entry_s) in referred {
            // The latest time decides, whatever was found before. One before it never shortens the window.
            let (mut operator, mut answer) =
                ("$set", self.first_answer_within(session, id, last_entry_s).await?);
            if let (None, Some(change)) = (answer, touched.get(&id)) {
                operator = "$max";
                for entry_s in self.entries_before_within(session, id, last_entry_s, change).await? {
                    answer = answer.max(self.first_answer_within(session, id, entry_s).await?);
                }
            }
            if let Some(answer_s) = answer {
                let change = doc! { operator: { "freeEntryEndsAt": answer_s + FREE_ENTRY_S } };
                let filter = raw(&doc! { "_id": binary(id) })?;
                updates.push(Update { filter, change: raw(&change)?, upsert: false });
            }
        }
        self.update_within(session, COLLECTION.name, updates).await.map(drop)
    }

    /// When the customer came by an advertisement before the last time, as far as a change is about it: it brings that, or
    /// what may be the answer to it.
    async fn entries_before_within(
        &self,
        session: &mut ClientSession,
        conversation: Uuid,
        last_entry_s: i64,
        change: &Change,
    ) -> Result<BTreeSet<i64>, Error> {
        let mut entries = change.entries_s.clone();
        if let (Some(first_s), Some(last_s)) = (change.first_outbound_s, change.last_outbound_s) {
            let messages: Handle<Document> = self.database.collection(MESSAGES.name);
            let find = messages.find(doc! {
                "conversation": binary(conversation),
                "at": { "$gte": first_s - FREE_ENTRY_ANSWER_S, "$lte": last_s },
                "referral": { "$exists": true },
            });
            let mut cursor = find.projection(doc! { "at": 1 }).session(&mut *session).await?;
            while cursor.advance(session).await? {
                entries.extend(cursor.deserialize_current()?.get_i64("at").ok());
            }
        }
        entries.remove(&last_entry_s);
        Ok(entries)
    }

    /// When the business first answered to somebody who came at `entry_s`, if it did so in time.
    async fn first_answer_within(
        &self,
        session: &mut ClientSession,
        conversation: Uuid,
        entry_s: i64,
    ) -> Result<Option<i64>, Error> {
        let within = doc! { "$gte": entry_s, "$lte": entry_s + FREE_ENTRY_ANSWER_S };
        let messages: Handle<Document> = self.database.collection(MESSAGES.name);
        let answer = messages
            // Without a rank it has not been taken by Meta.
            .find_one(doc! {
                "conversation": binary(conversation), "at": within, "inbound": false, "rank": { "$gte": 1 },
            })
            .sort(doc! { "at": 1 })
            .projection(doc! { "at": 1 })
            .session(session)
            .await?;
        Ok(answer.and_then(|answer| answer.get_i64("at").ok()))
    }

    /// The traffic with a contact, in all conversations with these numbers: a conversation's id, and when the contact
    /// last wrote in it, in seconds.
    pub async fn traffic_with(
        &self,
        workspace: Uuid,
        contact: Uuid,
        numbers: Option<&[Uuid]>,
    ) -> Result<Vec<(Uuid, Option<i64>)>, Error> {
        let ids = self.conversations_with((workspace, contact), numbers, Some(TRAFFIC_MAX)).await?;
        let ids = binaries(&ids);
        let conversations = self.conversations();
        let find = conversations.find(doc! { "_id": { "$in": ids } }).projection(doc! { "lastInboundAt": 1 });
        let found: Vec<Document> = find.await?.try_collect().await?;
        let one = |found: &Document| Some((uuid_of(found, "_id")?, found.get_i64("lastInboundAt").ok()));
        Ok(found.iter().filter_map(one).collect())
    }

    /// Meta has refused what is no template: the window is closed, whatever we thought.
    pub async fn close_window(&self, conversation: Uuid, at_s: i64) -> Result<(), Error> {
        self.close_window_of(doc! { "_id": binary(conversation) }, at_s).await
    }

    /// The same, told later and with Meta's time: a window that was opened after it stays.
    pub async fn close_window_opened_before(&self, conversation: Uuid, at_s: i64) -> Result<(), Error> {
        let opened = doc! { "_id": binary(conversation), "windowEndsAt": { "$lte": at_s + WINDOW_S } };
        self.close_window_of(opened, at_s).await
    }

    async fn close_window_of(&self, those: Document, at_s: i64) -> Result<(), Error> {
        self.conversations().update_one(those, doc! { "$min": { "windowEndsAt": at_s } }).await?;
        Ok(())
    }

    pub(super) fn conversations(&self) -> Handle<Document> {
        self.database.collection(COLLECTION.name)
    }
}

fn change_updates<'a>(changes: impl IntoIterator<Item = &'a (Uuid, Change)>) -> Result<Vec<Update>, Error> {
    changes.into_iter().filter_map(|(id, change)| change_update(*id, change).transpose()).collect()
}

/// Room for what a fold usually changes, and for a few numbers.
const CHANGE_BYTES: usize = 320;
const COUNT_BYTES: usize = 64;

/// A change as an update that comes out the same in any order; counts are right because each is made once.
fn change_update(id: Uuid, change: &Change) -> Result<Option<Update>, Error> {
    let (mut max, mut min, mut inc) = (roomy(CHANGE_BYTES), roomy(COUNT_BYTES), roomy(COUNT_BYTES));
    if let Some(last) = &change.last {
        let mut value = roomy(CHANGE_BYTES);
        value.append(cstr!("at"), last.position.second);
        value.append(cstr!("order"), last.position.order);
        value.append(cstr!("message"), last.message.as_str());
        value.append(cstr!("kind"), last.kind);
        value.append(cstr!("preview"), last.preview.as_str());
        value.append(cstr!("inbound"), last.is_inbound);
        max.append(cstr!("last"), value);
    }
    let last_at = change.last.as_ref().map(|last| last.position.second).max(change.active_s);
    for (field, at) in [
        (cstr!("lastAt"), last_at),
        (cstr!("lastInboundAt"), change.last_inbound_s),
        (cstr!("lastOutboundAt"), change.last_outbound_s),
        (cstr!("windowEndsAt"), change.window_ends_s),
    ] {
        if let Some(at) = at {
            max.append(field, at);
        }
    }
    for (field, at) in [
        (cstr!("firstInboundAt"), change.first_inbound_s),
        (cstr!("firstOutboundAt"), change.first_outbound_s),
    ] {
        if let Some(at) = at {
            min.append(field, at);
        }
    }
    if let Some(entry) = &change.entry {
        let mut referral = doc! { "at": entry.position.second, "order": entry.position.order };
        insert_text(&mut referral, "message", Some(&entry.message));
        insert_text(&mut referral, "ctwaClid", entry.ctwa_clid.as_deref());
        insert_text(&mut referral, "sourceType", entry.source_type.as_deref());
        insert_text(&mut referral, "sourceId", entry.source_id.as_deref());
        insert_text(&mut referral, "sourceUrl", entry.source_url.as_deref());
        insert_text(&mut referral, "headline", entry.headline.as_deref());
        max.append(cstr!("referral"), raw(&referral)?);
    }
    if let Some(handover) = &change.handover {
        let mut owner = doc! {
            "at": handover.position.second,
            "order": handover.position.order,
            "taken": handover.taken,
        };
        insert_text(&mut owner, "role", handover.role.as_deref());
        max.append(cstr!("handover"), raw(&owner)?);
    }
    for (field, count) in [(cstr!("unread"), change.unread), (cstr!("messages"), change.messages)] {
        if count != 0 {
            inc.append(field, count);
        }
    }
    let mut update = roomy(CHANGE_BYTES + COUNT_BYTES);
    for (operator, fields) in [(cstr!("$max"), max), (cstr!("$min"), min), (cstr!("$inc"), inc)] {
        if !fields.is_empty() {
            update.append(operator, fields);
        }
    }
    if change.unread > 0 {
        // The customer has written: the conversation is open again, wherever it was put.
        update.append(cstr!("$unset"), raw(&doc! { AWAY: "" })?);
    }
    if update.is_empty() {
        return Ok(None);
    }
    let mut filter = roomy(COUNT_BYTES);
    filter.append(cstr!("_id"), binary(id));
    Ok(Some(Update { filter, change: update, upsert: false }))
}
