//! Two contacts that people say are one, and taking apart those and the ones of whom WhatsApp has told so (`contacts`).
//! What becomes of their conversations is in `joined`.
//!
//! Nothing is moved. The contact and its conversations point to the other one (`mergedInto`), reads follow, and a
//! fold carries what still comes for the one on to the other. Who is who stays as WhatsApp tells it: what comes under
//! the names of a contact that people have merged goes on being kept as theirs. So no instance has to learn of such a
//! merge, and undoing it gives each contact everything that is theirs, also what came meanwhile.
//!
//! What WhatsApp told moved names as well. They stay where they are when people take such two apart, as those of a number
//! that has changed hands: what came under them before is the one's, what came since is the other's. The contact keeps
//! whom it was taken from (`apartFrom`), so what WhatsApp tells does not join the two again.

use futures_util::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::contacts::{ALIASES, APART, CONTACTS, name_of};
use super::conversations::COLLECTION as CONVERSATIONS;
use super::events::Happening;
use super::joined::MALFORMED;
use super::ties::{TIES, parting};
use super::told::{Plan, Planned, Told, Write};
use super::{Error, Storage};
use crate::domain::contact::{Kind, Name, normal};

/// How many contacts may be merged into one.
const MEMBERS_MAX: i64 = 50;
/// How many that are joined one to the other are followed.
const CHAIN_MAX: usize = 32;
/// How deep contacts that have merged ones may be merged themselves; reads follow further.
const DEPTH_MAX: usize = 4;
/// How many conversations a contact that is merged may have.
const CONVERSATIONS_MAX: i64 = 200;
/// How many of a contact's names are looked at.
const NAMES_MAX: i64 = 1_000;

/// Who is merged into whom, and by whom.
#[derive(Clone, Debug)]
pub struct Merge<'a> {
    pub workspace: Uuid,
    pub from: Uuid,
    pub into: Uuid,
    pub by: &'a str,
    pub now_ms: i64,
}

/// A contact that was merged into another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    pub from: Uuid,
    pub into: Uuid,
    /// None: WhatsApp told so.
    pub by: Option<String>,
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
    /// It is not merged.
    NotMerged,
    /// Too many contacts or conversations.
    TooMany,
}

/// Gives the id of a number's conversation with a contact.
type ConversationWith<'a> = &'a (dyn Fn(Uuid) -> Uuid + Sync);

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

    /// Takes a contact that was merged out again.
    pub async fn undo_merge(&self, workspace: Uuid, from: Uuid, now_ms: i64) -> Result<MergeOutcome, Error> {
        self.plan_and_tell(workspace, now_ms, &Parting { workspace, from }).await
    }

    /// The contacts that were merged into one, the latest first; 50 at most.
    pub async fn merged_into(&self, workspace: Uuid, into: Uuid) -> Result<Vec<Merged>, Error> {
        let filter = doc! {
            "mergedInto": { "$eq": binary(into), "$exists": true },
            "workspace": binary(workspace),
        };
        let contacts = self.contacts();
        let found = contacts.find(filter).sort(doc! { "mergedAt": -1 }).limit(MEMBERS_MAX);
        let found: Vec<Document> = found.await?.try_collect().await?;
        let merged = found.iter().filter_map(|one| {
            Some(Merged {
                from: uuid_of(one, "_id")?,
                into,
                by: one.get_str("mergedByHand").ok().map(str::to_owned),
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
        let Some(conversations) = self.few_conversations(session, tied).await? else {
            return Ok(Planned::Nothing(MergeOutcome::TooMany));
        };
        let at = DateTime::from_millis(now_ms);
        let of = |id| doc! { "_id": binary(id), "workspace": binary(workspace), "mergedInto": { "$exists": false } };
        // What people said before, that they are not one, is no more.
        let pointer = doc! {
            "$set": { "mergedInto": binary(into), "mergedAt": at, "mergedByHand": by },
            "$pull": { APART: binary(into) },
        };
        let target = doc! { "$set": { "hasMerged": true }, "$pull": { APART: binary(from) } };
        let mut told = Told::of(
            workspace,
            Happening::Contact { contact: from },
            Write::update(CONTACTS.name, of(from), pointer),
        )
        .telling(Happening::Contact { contact: into })
        .and(Write::update(CONTACTS.name, of(into), target));
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
        let Some(into) = uuid_of(&contact, "mergedInto") else {
            return Ok(Planned::Nothing(MergeOutcome::NotMerged));
        };
        let is_by_hand = |one: &Document| one.contains_key("mergedByHand");
        let was_by_hand = is_by_hand(&contact);
        let other = self.contacts().find_one(doc! { "_id": binary(into) }).session(&mut *session).await?;
        if other.as_ref().is_some_and(|other| other.contains_key("mergedInto")) {
            // What it has brought is in the sum of a third one: that is undone first.
            return Ok(Planned::Nothing(MergeOutcome::IntoMerged));
        }
        let apart = doc! { "$unset": { "mergedInto": "", "mergedAt": "", "mergedByHand": "" } };
        let pointing =
            doc! { "_id": binary(from), "workspace": binary(workspace), "mergedInto": binary(into) };
        let mut change = apart.clone();
        if !was_by_hand {
            change.insert("$addToSet", doc! { APART: binary(into) });
        }
        let mut told = Told::of(
            workspace,
            Happening::Contact { contact: from },
            Write::update(CONTACTS.name, pointing, change),
        )
        .telling(Happening::Contact { contact: into });
        if let Some(other) = other.filter(|_| !was_by_hand) {
            let taken = self.without_names_of(session, (into, &other), from).await?;
            told = taken.into_iter().fold(told, |told, change| {
                told.and(Write::update(CONTACTS.name, doc! { "_id": binary(into) }, change))
            });
        }
        if self.members_of(session, workspace, &[into]).await? == [from] {
            let alone = doc! { "$unset": { "hasMerged": "" } };
            told = told.and(Write::update(CONTACTS.name, doc! { "_id": binary(into) }, alone));
        }
        let tied = doc! {
            "contact": binary(from), "workspace": binary(workspace), "mergedInto": { "$exists": true },
        };
        let Some(mut members) = self.few_conversations(session, tied).await? else {
            return Ok(Planned::Nothing(MergeOutcome::TooMany));
        };
        // What was joined in another way than its contact was is another matter.
        members.retain(|member| is_by_hand(member) == was_by_hand);
        let ids: Vec<Uuid> = members.iter().filter_map(|member| uuid_of(member, "_id")).collect();
        let carried = self.joined_within(session, &ids).await?;
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
            if !carried.contains_key(&id) {
                // From when what WhatsApp joined was not shown as a sum: there is nothing to take out.
                continue;
            }
            let filter = doc! { "_id": binary(target) };
            if let Some(shown) = self.conversations().find_one(filter.clone()).session(&mut *session).await? {
                let change = self.without(session, (target, &shown), (id, member)).await?;
                told = told.and(Write::update(CONVERSATIONS.name, filter, change));
            }
        }
        Ok(Planned::Do(told, MergeOutcome::Done { into }))
    }

    /// How a contact becomes one that is not written to under the names of another one, and of those that this one is as
    /// well: what came under them while all were one was noted here. Nothing if it has none of them.
    async fn without_names_of(
        &self,
        session: &mut ClientSession,
        (id, contact): (Uuid, &Document),
        other: Uuid,
    ) -> Result<Option<Document>, Error> {
        let (mut others, mut level) = (vec![other], vec![other]);
        for _ in 0..CHAIN_MAX {
            let told = doc! {
                "mergedInto": { "$in": binaries(&level), "$exists": true },
                "mergedByHand": { "$exists": false },
            };
            let found = self.all_within(session, CONTACTS.name, told, NAMES_MAX).await?;
            level = found.iter().filter_map(|one| uuid_of(one, "_id")).collect();
            if level.is_empty() {
                break;
            }
            others.extend(&level);
        }
        let theirs = self.names_within(session, &others).await?;
        let own = self.names_within(session, &[id]).await?;
        let (mut pull, mut unset) = (Document::new(), Document::new());
        for (field, kind) in [("userIds", Kind::UserId), ("parentUserIds", Kind::ParentUserId)] {
            let ids = theirs.iter().filter(|name| name.kind == kind).map(|name| name.value.as_str());
            let ids: Vec<&str> = ids.collect();
            if !ids.is_empty() && contact.contains_key(field) {
                pull.insert(field, doc! { "$in": ids });
            }
        }
        let fields: [(&str, &[Kind]); 3] =
            [("waId", &Kind::OF_NUMBERS), ("phone", &Kind::OF_NUMBERS), ("username", &[Kind::Username])];
        for (field, kinds) in fields {
            let Ok(said) = contact.get_document(field).and_then(|latest| latest.get_str("value")) else {
                continue;
            };
            // The stronger kind says whose it is.
            let is = |kind| move |name: &Name| name.kind == kind && name.value == normal(kind, said);
            let whose = kinds.iter().find_map(|kind| {
                match (own.iter().any(is(*kind)), theirs.iter().any(is(*kind))) {
                    (true, _) => Some(false),
                    (false, true) => Some(true),
                    (false, false) => None,
                }
            });
            if whose == Some(true) {
                unset.insert(field, "");
            }
        }
        let mut change = Document::new();
        for (operator, fields) in [("$pull", pull), ("$unset", unset)] {
            if !fields.is_empty() {
                change.insert(operator, fields);
            }
        }
        Ok(Some(change).filter(|change| !change.is_empty()))
    }

    async fn names_within(&self, session: &mut ClientSession, of: &[Uuid]) -> Result<Vec<Name>, Error> {
        let theirs = doc! { "contact": { "$in": binaries(of) } };
        let found = self.all_within(session, ALIASES.name, theirs, NAMES_MAX).await?;
        Ok(found.iter().filter_map(name_of).collect())
    }

    /// The conversations whose ties match, unless they are too many to be changed at once.
    async fn few_conversations(
        &self,
        session: &mut ClientSession,
        tied: Document,
    ) -> Result<Option<Vec<Document>>, Error> {
        let found = self.conversations_within(session, tied, CONVERSATIONS_MAX + 1).await?;
        let is_few = i64::try_from(found.len()).is_ok_and(|count| count <= CONVERSATIONS_MAX);
        Ok(is_few.then_some(found))
    }

    /// The conversations whose ties match.
    pub(super) async fn conversations_within(
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
}
