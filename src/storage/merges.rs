//! Two contacts that people say are one, and taking them apart again; and the joining of conversations, for these and for
//! contacts that WhatsApp has told are one (`contacts`).
//!
//! Nothing is moved. The contact and its conversations point to the other one (`mergedInto`), reads follow, and a
//! fold carries what still comes for the one on to the other. Who is who stays as WhatsApp tells it: what comes under
//! the names of a contact that people have merged goes on being kept as theirs. So no instance has to learn of such a
//! merge, and undoing it gives each contact everything that is theirs, also what came meanwhile.
//!
//! A conversation that others were joined to shows the sum of all. What it had of its own when the first joined
//! stands in `own`; what it has got since is read from its messages. Calls alone leave no trace there: after undoing,
//! a window that only a call opened meanwhile shows as closed.

use std::cmp::Ordering;

use futures_util::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{Bson, DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::contacts::{CONTACTS, insert_text};
use super::conversation_work::AWAY;
use super::conversations::COLLECTION as CONVERSATIONS;
use super::events::Happening;
use super::message_record::record_of;
use super::messages::MESSAGES;
use super::snoozes::snoozed;
use super::ties::{CARRIED, TIES, parting, pointing, tying};
use super::told::{Plan, Planned, Told, Write};
use super::{Error, Storage};
use crate::domain::conversation::WINDOW_S;

/// How many contacts may be merged into one.
const MEMBERS_MAX: i64 = 50;
/// How many that are joined one to the other are followed.
const CHAIN_MAX: usize = 32;
/// How deep contacts that have merged ones may be merged themselves; reads follow further.
const DEPTH_MAX: usize = 4;
/// How many conversations a contact that is merged may have.
const CONVERSATIONS_MAX: i64 = 200;

/// What a fold raises, in a conversation.
const RAISED: &[&str] = &[
    "last",
    "lastAt",
    "lastInboundAt",
    "lastOutboundAt",
    "windowEndsAt",
    "freeEntryEndsAt",
    "referral",
    "handover",
];
/// What a fold lowers.
const LOWERED: &[&str] = &["firstInboundAt", "firstOutboundAt"];
const MALFORMED: Error = Error::Malformed { what: "a conversation" };

/// What it counts.
const COUNTED: &[&str] = &["unread", "messages"];

/// Who is merged into whom, and by whom.
#[derive(Clone, Debug)]
pub struct Merge<'a> {
    pub workspace: Uuid,
    pub from: Uuid,
    pub into: Uuid,
    pub by: &'a str,
    pub now_ms: i64,
}

/// A contact that was merged into another one by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    pub from: Uuid,
    pub into: Uuid,
    pub by: String,
    pub at_ms: i64,
}

/// What comes of merging, or of undoing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeOutcome {
    /// It is done; the contact that lists show.
    Done {
        into: Uuid,
    },
    NoFrom,
    NoInto,
    /// The contact that is to be merged is merged already.
    FromMerged,
    /// The other one is merged itself.
    IntoMerged,
    /// WhatsApp told that they are one, or nobody ever said so.
    NotByHand,
    /// Too many contacts or conversations.
    TooMany,
}

/// Gives the id of a number's conversation with a contact.
type ConversationWith<'a> = &'a (dyn Fn(Uuid) -> Uuid + Sync);

/// A conversation that becomes another one.
pub(super) struct Joined {
    pub from: Uuid,
    pub into: Uuid,
    pub number: Uuid,
    pub writes: Vec<Write>,
}

struct Joining<'a> {
    merge: &'a Merge<'a>,
    conversation_with: ConversationWith<'a>,
}

impl Plan for Joining<'_> {
    type Known = MergeOutcome;

    async fn make(
        &self,
        storage: &Storage,
        session: &mut ClientSession,
    ) -> Result<Planned<MergeOutcome>, Error> {
        storage.plan_merge(session, self.merge, self.conversation_with).await
    }
}

struct Parting {
    workspace: Uuid,
    from: Uuid,
}

impl Plan for Parting {
    type Known = MergeOutcome;

    async fn make(
        &self,
        storage: &Storage,
        session: &mut ClientSession,
    ) -> Result<Planned<MergeOutcome>, Error> {
        storage.plan_undo(session, self.workspace, self.from).await
    }
}

impl Storage {
    /// Lets a contact be another one from now on. `conversation_with` gives the id of a number's conversation with the
    /// other one.
    pub async fn merge_by_hand(
        &self,
        merge: &Merge<'_>,
        conversation_with: ConversationWith<'_>,
    ) -> Result<MergeOutcome, Error> {
        let plan = Joining { merge, conversation_with };
        self.plan_and_tell(merge.workspace, merge.now_ms, &plan).await
    }

    /// Takes a contact that was merged by hand out again.
    pub async fn undo_merge(&self, workspace: Uuid, from: Uuid, now_ms: i64) -> Result<MergeOutcome, Error> {
        self.plan_and_tell(workspace, now_ms, &Parting { workspace, from }).await
    }

    /// The contacts that were merged by hand into one, the latest first; 50 at most.
    pub async fn merged_into(&self, workspace: Uuid, into: Uuid) -> Result<Vec<Merged>, Error> {
        let filter = doc! {
            "mergedInto": { "$eq": binary(into), "$exists": true },
            "workspace": binary(workspace), "mergedByHand": { "$exists": true },
        };
        let found: Vec<Document> =
            self.contacts().find(filter).limit(MEMBERS_MAX).await?.try_collect().await?;
        let merged = found.iter().filter_map(|one| {
            Some(Merged {
                from: uuid_of(one, "_id")?,
                into,
                by: one.get_str("mergedByHand").ok()?.to_owned(),
                at_ms: one.get_datetime("mergedAt").ok()?.timestamp_millis(),
            })
        });
        let mut merged: Vec<Merged> = merged.collect();
        merged.sort_by_key(|one| (std::cmp::Reverse(one.at_ms), one.from));
        Ok(merged)
    }

    async fn plan_merge(
        &self,
        session: &mut ClientSession,
        merge: &Merge<'_>,
        conversation_with: ConversationWith<'_>,
    ) -> Result<Planned<MergeOutcome>, Error> {
        let Merge { workspace, from, into, by, now_ms } = *merge;
        if let Some(hindrance) = self.merge_hindrance(session, workspace, from, into).await? {
            return Ok(Planned::Nothing(hindrance));
        }
        let tied = doc! { "contact": binary(from), "workspace": binary(workspace), "mergedInto": { "$exists": false } };
        let conversations = self.conversations_within(session, tied, CONVERSATIONS_MAX + 1).await?;
        if i64::try_from(conversations.len()).is_ok_and(|count| count > CONVERSATIONS_MAX) {
            return Ok(Planned::Nothing(MergeOutcome::TooMany));
        }
        let at = DateTime::from_millis(now_ms);
        let of = |id| doc! { "_id": binary(id), "workspace": binary(workspace), "mergedInto": { "$exists": false } };
        let pointer = doc! { "$set": { "mergedInto": binary(into), "mergedAt": at, "mergedByHand": by } };
        let mut told = Told::of(
            workspace,
            Happening::Contact { contact: from },
            Write::update(CONTACTS.name, of(from), pointer),
        )
        .telling(Happening::Contact { contact: into })
        .and(Write::update(CONTACTS.name, of(into), doc! { "$set": { "hasMerged": true } }));
        for conversation in &conversations {
            let number = uuid_of(conversation, "number").ok_or(MALFORMED)?;
            let to = (into, conversation_with(number));
            let joined = self.join(session, conversation, to, (at, Some(by))).await?;
            told = joined.writes.into_iter().fold(told, Told::and);
            for conversation in [joined.from, joined.into] {
                told = told.telling(Happening::Conversation { conversation, number: joined.number });
            }
        }
        Ok(Planned::Do(told, MergeOutcome::Done { into }))
    }

    /// How a conversation is joined to that of the same number with another contact. `by`: who joins them, if it is
    /// people. Nothing is to be done if that one is joined to this one.
    pub(super) async fn join(
        &self,
        session: &mut ClientSession,
        conversation: &Document,
        (into, target): (Uuid, Uuid),
        (at, by): (DateTime, Option<&str>),
    ) -> Result<Joined, Error> {
        let field = |field| uuid_of(conversation, field).ok_or(MALFORMED);
        let (from, number, workspace) = (field("_id")?, field("number")?, field("workspace")?);
        let chain = self.chain_within(session, CONVERSATIONS.name, target).await?;
        if chain.iter().any(|one| uuid_of(one, "_id") == Some(from)) {
            return Ok(Joined { from, into: target, number, writes: Vec::new() });
        }
        let mut set = doc! { "mergedInto": binary(target), "mergedAt": at };
        insert_text(&mut set, "mergedByHand", by);
        let alone = doc! {
            "_id": binary(from), "workspace": binary(workspace), "mergedInto": { "$exists": false },
        };
        let mut writes =
            vec![Write::update(CONVERSATIONS.name, alone, doc! { "$set": set }), pointing(from, target)];
        // Those that the other one is joined to show the sum as well.
        for there in &chain {
            writes.push(joining(
                conversation,
                Some(there),
                (uuid_of(there, "_id").unwrap_or(target), into),
                at,
            ));
        }
        if chain.is_empty() {
            writes.push(joining(conversation, None, (target, into), at));
            writes.push(tying(workspace, number, into, target));
            let until_ms = conversation.get_document(AWAY).and_then(|away| away.get_i64("untilMs"));
            writes.extend(until_ms.ok().map(|until_ms| snoozed(workspace, number, target, until_ms)));
        }
        Ok(Joined { from, into: target, number, writes })
    }

    /// A contact or a conversation, and those that it is joined to, one after the other. Nothing if it is not there.
    pub(super) async fn chain_within(
        &self,
        session: &mut ClientSession,
        collection: &str,
        id: Uuid,
    ) -> Result<Vec<Document>, Error> {
        let collection: mongodb::Collection<Document> = self.database.collection(collection);
        let (mut chain, mut next) = (Vec::new(), Some(id));
        while let Some(id) = next.filter(|_| chain.len() < CHAIN_MAX) {
            let Some(found) = collection.find_one(doc! { "_id": binary(id) }).session(&mut *session).await?
            else {
                break;
            };
            next = uuid_of(&found, "mergedInto");
            chain.push(found);
        }
        Ok(chain)
    }

    async fn merge_hindrance(
        &self,
        session: &mut ClientSession,
        workspace: Uuid,
        from: Uuid,
        into: Uuid,
    ) -> Result<Option<MergeOutcome>, Error> {
        let mut both = Vec::new();
        for id in [from, into] {
            let filter = doc! { "_id": binary(id), "workspace": binary(workspace) };
            both.push(self.contacts().find_one(filter).session(&mut *session).await?);
        }
        let is_merged = |contact: &Document| contact.contains_key("mergedInto");
        match both.as_slice() {
            [None, _] => return Ok(Some(MergeOutcome::NoFrom)),
            [_, None] => return Ok(Some(MergeOutcome::NoInto)),
            [Some(from), _] if is_merged(from) => return Ok(Some(MergeOutcome::FromMerged)),
            [_, Some(into)] if is_merged(into) => return Ok(Some(MergeOutcome::IntoMerged)),
            _ => {}
        }
        let into_members = self.members_of(session, workspace, &[into]).await?;
        let mut level = vec![from];
        let mut depth = 0;
        while !level.is_empty() && depth <= DEPTH_MAX {
            level = self.members_of(session, workspace, &level).await?;
            depth += 1;
        }
        let is_full = i64::try_from(into_members.len()).is_ok_and(|count| count >= MEMBERS_MAX);
        Ok((is_full || depth > DEPTH_MAX).then_some(MergeOutcome::TooMany))
    }

    async fn members_of(
        &self,
        session: &mut ClientSession,
        workspace: Uuid,
        of: &[Uuid],
    ) -> Result<Vec<Uuid>, Error> {
        let of = binaries(of);
        let filter = doc! { "mergedInto": { "$in": of, "$exists": true }, "workspace": binary(workspace) };
        let found = self.all_within(session, CONTACTS.name, filter, MEMBERS_MAX).await?;
        Ok(found.iter().filter_map(|one| uuid_of(one, "_id")).collect())
    }

    async fn plan_undo(
        &self,
        session: &mut ClientSession,
        workspace: Uuid,
        from: Uuid,
    ) -> Result<Planned<MergeOutcome>, Error> {
        let filter = doc! { "_id": binary(from), "workspace": binary(workspace) };
        let Some(contact) = self.contacts().find_one(filter).session(&mut *session).await? else {
            return Ok(Planned::Nothing(MergeOutcome::NoFrom));
        };
        let Some(into) = uuid_of(&contact, "mergedInto").filter(|_| contact.contains_key("mergedByHand"))
        else {
            return Ok(Planned::Nothing(MergeOutcome::NotByHand));
        };
        let other = self.contacts().find_one(doc! { "_id": binary(into) }).session(&mut *session).await?;
        if other.is_some_and(|other| other.contains_key("mergedInto")) {
            // What it has brought is in the sum of a third one: that is undone first.
            return Ok(Planned::Nothing(MergeOutcome::IntoMerged));
        }
        let apart = doc! { "$unset": { "mergedInto": "", "mergedAt": "", "mergedByHand": "" } };
        let pointing =
            doc! { "_id": binary(from), "workspace": binary(workspace), "mergedInto": binary(into) };
        let mut told = Told::of(
            workspace,
            Happening::Contact { contact: from },
            Write::update(CONTACTS.name, pointing, apart.clone()),
        )
        .telling(Happening::Contact { contact: into });
        if self.members_of(session, workspace, &[into]).await? == [from] {
            let alone = doc! { "$unset": { "hasMerged": "" } };
            told = told.and(Write::update(CONTACTS.name, doc! { "_id": binary(into) }, alone));
        }
        let tied = doc! { "contact": binary(from), "workspace": binary(workspace), CARRIED: true };
        let mut members = self.conversations_within(session, tied, CONVERSATIONS_MAX).await?;
        // WhatsApp itself may have joined another one of theirs meanwhile: that stays.
        members.retain(|member| member.contains_key("mergedByHand"));
        for member in &members {
            let (Some(id), Some(number), Some(target)) =
                (uuid_of(member, "_id"), uuid_of(member, "number"), uuid_of(member, "mergedInto"))
            else {
                return Err(MALFORMED);
            };
            told = told
                .and(Write::update(CONVERSATIONS.name, doc! { "_id": binary(id) }, apart.clone()))
                .and(parting(id))
                .telling(Happening::Conversation { conversation: id, number })
                .telling(Happening::Conversation { conversation: target, number });
            let filter = doc! { "_id": binary(target) };
            if let Some(shown) = self.conversations().find_one(filter.clone()).session(&mut *session).await? {
                let change = self.without(session, (target, &shown), (id, member)).await?;
                told = told.and(Write::update(CONVERSATIONS.name, filter, change));
            }
        }
        Ok(Planned::Do(told, MergeOutcome::Done { into }))
    }

    /// How a conversation becomes what it is without one that was joined to it.
    async fn without(
        &self,
        session: &mut ClientSession,
        (target, shown): (Uuid, &Document),
        (leaving, member): (Uuid, &Document),
    ) -> Result<Document, Error> {
        let tied = doc! {
            "mergedInto": { "$eq": binary(target), "$exists": true },
            CARRIED: true,
            "_id": { "$ne": binary(leaving) },
        };
        let others = self.conversations_within(session, tied, MEMBERS_MAX).await?;
        let own = shown.get_document("own").cloned().unwrap_or_default();
        let since = self.since_joined(session, target).await?;
        let mut parts: Vec<&Document> = vec![&own, &since];
        parts.extend(&others);
        let (mut set, mut unset, mut count) = (Document::new(), Document::new(), Document::new());
        for (fields, wanted) in [(RAISED, Ordering::Greater), (LOWERED, Ordering::Less)] {
            for field in fields {
                let Some(value) = shown.get(field) else { continue };
                if member.get(field) != Some(value) {
                    continue;
                }
                let rest = parts.iter().filter_map(|part| part.get(field));
                let rest = rest.reduce(|one, other| if order(other, one) == wanted { other } else { one });
                match rest {
                    Some(rest) => set.insert(*field, rest.clone()),
                    // The list sorts by it: an empty conversation is at its end.
                    None if *field == "lastAt" => set.insert(*field, 0_i64),
                    None => unset.insert(*field, ""),
                };
            }
        }
        for field in COUNTED {
            let (all, theirs) = (whole(shown, field), whole(member, field));
            count.insert(*field, -theirs.min(all));
        }
        if others.is_empty() {
            unset.insert("own", "");
        }
        let mut change = doc! { "$inc": count };
        for (operator, fields) in [("$set", set), ("$unset", unset)] {
            if !fields.is_empty() {
                change.insert(operator, fields);
            }
        }
        Ok(change)
    }

    /// What a conversation's own messages say, in the fields that a fold raises and lowers.
    async fn since_joined(&self, session: &mut ClientSession, conversation: Uuid) -> Result<Document, Error> {
        let mut found = Document::new();
        let taken = doc! { "$gte": 1 };
        for (inbound, (last, first)) in
            [(true, ("lastInboundAt", "firstInboundAt")), (false, ("lastOutboundAt", "firstOutboundAt"))]
        {
            let mut filter = doc! { "conversation": binary(conversation), "inbound": inbound };
            if !inbound {
                filter.insert("rank", taken.clone());
            }
            for (field, way) in [(last, -1), (first, 1)] {
                if let Some(message) = self.outermost(session, filter.clone(), way).await? {
                    found.insert(field, message.get_i64("at").unwrap_or(0));
                }
            }
        }
        let spoken =
            doc! { "conversation": binary(conversation), "inbound": true, "kind": { "$ne": "system" } };
        if let Some(message) = self.outermost(session, spoken, -1).await? {
            found.insert("windowEndsAt", message.get_i64("at").unwrap_or(0) + WINDOW_S);
        }
        let shown = doc! { "conversation": binary(conversation), "send.unlisted": { "$exists": false } };
        if let Some(message) = self.outermost(session, shown, -1).await? {
            let record = record_of(&message)?;
            found.insert("lastAt", record.position.second);
            found.insert(
                "last",
                doc! {
                    "at": record.position.second,
                    "order": record.position.order,
                    "message": record.id,
                    "kind": record.content.kind_name(),
                    "preview": record.content.preview(),
                    "inbound": record.is_inbound,
                },
            );
        }
        Ok(found)
    }

    /// The conversations whose ties match.
    async fn conversations_within(
        &self,
        session: &mut ClientSession,
        tied: Document,
        limit: i64,
    ) -> Result<Vec<Document>, Error> {
        let ties = self.all_within(session, TIES.name, tied, limit).await?;
        let ids: Vec<_> = ties.iter().filter_map(|tie| tie.get("_id").cloned()).collect();
        self.all_within(session, CONVERSATIONS.name, doc! { "_id": { "$in": ids } }, limit).await
    }

    async fn all_within(
        &self,
        session: &mut ClientSession,
        collection: &str,
        filter: Document,
        limit: i64,
    ) -> Result<Vec<Document>, Error> {
        let collection: mongodb::Collection<Document> = self.database.collection(collection);
        let mut cursor = collection.find(filter).limit(limit).session(&mut *session).await?;
        let mut found = Vec::new();
        while cursor.advance(session).await? {
            found.push(cursor.deserialize_current()?);
        }
        Ok(found)
    }

    async fn outermost(
        &self,
        session: &mut ClientSession,
        filter: Document,
        way: i32,
    ) -> Result<Option<Document>, Error> {
        let messages: mongodb::Collection<Document> = self.database.collection(MESSAGES.name);
        let find = messages.find_one(filter).sort(doc! { "at": way, "order": way });
        Ok(find.projection(doc! { "raw": 0 }).session(session).await?)
    }
}

/// The other contact's conversation with the same number takes in what this one shows; it is made if there is none.
fn joining(
    conversation: &Document,
    there: Option<&Document>,
    (target, into): (Uuid, Uuid),
    at: DateTime,
) -> Write {
    let Some(there) = there else {
        // What people have noted at the conversation (who looks after it, say) goes on.
        let mut made = conversation.clone();
        made.remove("own");
        made.insert("_id", binary(target));
        made.insert("contact", binary(into));
        made.insert("createdAt", at);
        made.insert("own", Document::new());
        return Write::insert(CONVERSATIONS.name, made);
    };
    let of = |fields: &[&str], from: &Document| -> Document {
        fields.iter().filter_map(|field| Some(((*field).to_owned(), from.get(field)?.clone()))).collect()
    };
    let mut change = doc! { "$inc": of(COUNTED, conversation) };
    for (operator, fields) in [("$max", RAISED), ("$min", LOWERED)] {
        let fields = of(fields, conversation);
        if !fields.is_empty() {
            change.insert(operator, fields);
        }
    }
    if there.contains_key(AWAY) && !conversation.contains_key(AWAY) {
        // One that is open must not vanish among those that were put away.
        change.insert("$unset", doc! { AWAY: "" });
    }
    if !there.contains_key("own") {
        let mut own = of(RAISED, there);
        own.extend(of(LOWERED, there));
        change.insert("$set", doc! { "own": own });
    }
    Write::update(CONVERSATIONS.name, doc! { "_id": binary(target) }, change)
}

/// The order of what a fold raises: a time, or a document that begins with a time and an order.
fn order(one: &Bson, other: &Bson) -> Ordering {
    let place = |value: &Bson| match value {
        Bson::Document(document) => {
            (document.get_i64("at").unwrap_or(i64::MIN), document.get_i64("order").unwrap_or(i64::MIN))
        }
        Bson::Int32(number) => (i64::from(*number), 0),
        Bson::Int64(number) => (*number, 0),
        _ => (i64::MIN, i64::MIN),
    };
    place(one).cmp(&place(other))
}

/// A counter, in whichever width it was written.
fn whole(document: &Document, field: &str) -> i64 {
    document.get_i64(field).or_else(|_| document.get_i32(field).map(i64::from)).unwrap_or(0)
}
