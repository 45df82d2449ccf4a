//! The conversations of contacts that turn out to be one, by people's word (`merges`) or by WhatsApp's (`contacts`): the
//! one is joined to the other, and can be taken out of it again.
//!
//! A conversation that others were joined to shows the sum of all. What it had of its own when the first joined
//! stands in `own`; what it has got since is read from its messages. Calls alone leave no trace there: after undoing,
//! a window that only a call opened meanwhile shows as closed.

use std::cmp::Ordering;

use mongodb::ClientSession;
use mongodb::bson::{Bson, DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::contacts::insert_text;
use super::conversation_work::AWAY;
use super::conversations::COLLECTION as CONVERSATIONS;
use super::message_record::record_of;
use super::messages::MESSAGES;
use super::snoozes::snoozed;
use super::ties::{CARRIED, pointing, tying};
use super::told::Write;
use super::{Error, Storage};
use crate::domain::conversation::WINDOW_S;

/// How many joined ones are looked at when one of them leaves.
const JOINED_MAX: i64 = 1_000;

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
pub(super) const MALFORMED: Error = Error::Malformed { what: "a conversation" };

/// What it counts.
const COUNTED: &[&str] = &["unread", "messages"];

/// A conversation that becomes another one.
pub(super) struct Joined {
    pub from: Uuid,
    pub into: Uuid,
    pub number: Uuid,
    pub writes: Vec<Write>,
}

impl Storage {
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

    /// How a conversation becomes what it is without one that was joined to it.
    pub(super) async fn without(
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
        let others = self.conversations_within(session, tied, JOINED_MAX).await?;
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
