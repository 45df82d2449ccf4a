//! Contacts, and the names (*aliases*) by which they are found.
//!
//! An alias is one document a workspace and name, so a name has one owner at a time; what it was before stays in
//! it. A contact that turned out to be another one points to it (`mergedInto`) and keeps all that it has.

use std::collections::HashMap;

use mongodb::ClientSession;
use mongodb::bson::{Bson, DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_in, uuid_of};
use super::index::{Collection, Index};
use super::transaction::{Reads, end};
use super::value::raw;
use super::write::Update;
use super::{Error, Storage};
use crate::domain::contact::{Alias, Kind, Name};
use crate::domain::person::Person;

pub const CONTACTS: Collection = Collection {
    name: "contacts",
    holds: "the customers",
    written_at: Some("createdAt"),
    expires_at: None,
    options: Document::new,
    indexes: &[
        Index {
            name: "workspace_createdAt",
            keys: &[("workspace", 1), ("createdAt", -1), ("_id", -1)],
            unique: false,
            expires: false,
            only: None,
            serves: "the contacts of a workspace, the latest first",
        },
        Index {
            name: "mergedInto",
            keys: &[("mergedInto", 1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "mergedInto": { "$exists": true } }),
            serves: "the contacts that are this one too",
        },
    ],
};

pub const ALIASES: Collection = Collection {
    name: "aliases",
    holds: "the names by which contacts are found, with their owners before",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[Index {
        name: "contact",
        keys: &[("contact", 1)],
        unique: false,
        expires: false,
        only: None,
        serves: "the names of a contact",
    }],
};

/// A name, and the workspace in which it is somebody's.
pub type NameIn = (Uuid, Name);

/// A contact, as far as telling people apart needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownContact {
    pub has_user_id: bool,
    /// By what WhatsApp told. What people have merged by hand stays two here: see `merges`.
    pub merged_into: Option<Uuid>,
    pub merged_by_hand_into: Option<Uuid>,
    /// Those that it was joined to by what WhatsApp told, until people said that they are not one.
    pub apart_from: Vec<Uuid>,
}

/// What a mention tells about a contact.
#[derive(Debug)]
pub struct Mention<'a> {
    pub workspace: Uuid,
    pub contact: Uuid,
    pub person: Person<'a>,
    /// Meta's time in seconds, and our order within it: the latest mention's words stay.
    pub at_s: i64,
    pub order: i64,
}

/// What the phone's address book says.
#[derive(Debug)]
pub struct BookEntry<'a> {
    pub contact: Uuid,
    pub full_name: Option<&'a str>,
    pub first_name: Option<&'a str>,
    pub removed: bool,
    pub at_s: i64,
    pub order: i64,
}

fn new_alias(claim: &Claim) -> Document {
    let mut alias = doc! {
        "_id": alias_key(claim.workspace, &claim.name),
        "workspace": binary(claim.workspace),
        "contact": binary(claim.contact),
        "since": claim.at_s,
    };
    if let Some(from) = claim.from {
        alias.insert("past", vec![doc! { "contact": binary(from), "until": claim.at_s }]);
    }
    alias
}

/// The name of which an alias is.
pub(super) fn name_of(alias: &Document) -> Option<Name> {
    let mut parts = alias.get_str("_id").ok()?.splitn(3, ':').skip(1);
    Some(Name { kind: Kind::parse(parts.next()?)?, value: parts.next()?.to_owned() })
}

/// Of whom people say that they are not this one, though WhatsApp told so.
pub(super) const APART: &str = "apartFrom";

fn apart_from(contact: &Document) -> Vec<Uuid> {
    let ids = contact.get_array(APART).map(Vec::as_slice).unwrap_or_default();
    ids.iter().filter_map(uuid_in).collect()
}

fn alias_key(workspace: Uuid, name: &Name) -> String {
    format!("{}:{}:{}", workspace.simple(), name.kind.name(), name.value)
}

impl Storage {
    /// What is stored about these names of a workspace.
    pub async fn aliases_of(
        &self,
        workspace: Uuid,
        names: &[Name],
    ) -> Result<HashMap<Name, Alias<Uuid>>, Error> {
        let names: Vec<NameIn> = names.iter().map(|name| (workspace, name.clone())).collect();
        let found = self.aliases_in(&names).await?;
        Ok(found.into_iter().map(|((_, name), alias)| (name, alias)).collect())
    }

    /// What is stored about these names, each of a workspace.
    pub async fn aliases_in(&self, names: &[NameIn]) -> Result<HashMap<NameIn, Alias<Uuid>>, Error> {
        let by_key: HashMap<String, &NameIn> =
            names.iter().map(|one| (alias_key(one.0, &one.1), one)).collect();
        let keys: Vec<&String> = by_key.keys().collect();
        let mut found = HashMap::new();
        let aliases = self.database.collection::<Document>(ALIASES.name);
        let mut cursor = aliases.find(doc! { "_id": { "$in": keys } }).batch_size(5_000).await?;
        while cursor.advance().await? {
            let document = cursor.deserialize_current()?;
            let name = document.get_str("_id").ok().and_then(|key| by_key.get(key));
            let (Some(name), Some(contact)) = (name, uuid_of(&document, "contact")) else {
                return Err(Error::Malformed { what: "an alias" });
            };
            let past = document.get_array("past").map(Vec::as_slice).unwrap_or_default();
            let past = past
                .iter()
                .filter_map(Bson::as_document)
                .filter_map(|one| Some((uuid_of(one, "contact")?, one.get_i64("until").ok()?)))
                .collect();
            let since_s = document.get_i64("since").unwrap_or(i64::MIN);
            found.insert((*name).clone(), Alias { contact, since_s, past });
        }
        Ok(found)
    }

    /// What is stored about these contacts.
    pub async fn contacts_of(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, KnownContact>, Error> {
        let ids: Vec<_> = ids.iter().map(|id| binary(*id)).collect();
        let mut found = HashMap::new();
        let contacts = self.database.collection::<Document>(CONTACTS.name);
        let mut cursor = contacts
            .find(doc! { "_id": { "$in": ids } })
            .projection(doc! { "userIds": 1, "mergedInto": 1, "mergedByHand": 1, APART: 1 })
            .batch_size(5_000)
            .await?;
        while cursor.advance().await? {
            let document = cursor.deserialize_current()?;
            let id = uuid_of(&document, "_id").ok_or(Error::Malformed { what: "a contact" })?;
            let has_user_id = document.get_array("userIds").is_ok_and(|ids| !ids.is_empty());
            let is_by_hand = document.contains_key("mergedByHand");
            let pointer = uuid_of(&document, "mergedInto");
            let (merged_into, merged_by_hand_into) =
                if is_by_hand { (None, pointer) } else { (pointer, None) };
            let apart_from = apart_from(&document);
            found.insert(id, KnownContact { has_user_id, merged_into, merged_by_hand_into, apart_from });
        }
        Ok(found)
    }

    /// Gives names to contacts: new ones, and ones that were `from` somebody else, together with the contacts that are
    /// joined by that. `Conflict` when somebody else was faster: then what is known has to be read again.
    pub async fn claim_names(&self, claims: &[Claim], merges: &[Merge], now_ms: i64) -> Result<(), Error> {
        let (fresh, moved): (Vec<&Claim>, Vec<&Claim>) =
            claims.iter().partition(|claim| claim.is_new && claim.from.is_none());
        let documents = fresh.iter().map(|claim| raw(&new_alias(claim)));
        let refusals = self.insert_each(ALIASES.name, documents.collect::<Result<_, _>>()?).await?;
        let mut lost: Vec<&Claim> = Vec::new();
        for refusal in refusals {
            match (refusal.error, fresh.get(refusal.index)) {
                (Error::Duplicate, Some(claim)) => lost.push(claim),
                (error, _) => return Err(error),
            }
        }
        // The same claim of our own, from before an interruption, is no loss.
        let names: Vec<NameIn> = lost.iter().map(|claim| (claim.workspace, claim.name.clone())).collect();
        let known = if names.is_empty() { HashMap::new() } else { self.aliases_in(&names).await? };
        let ours = |(claim, name): (&&Claim, _)| {
            known.get(name).is_some_and(|alias: &Alias<Uuid>| alias.contact == claim.contact)
        };
        if !lost.iter().zip(&names).all(ours) {
            return Err(Error::Conflict);
        }
        if moved.is_empty() && merges.is_empty() {
            return Ok(());
        }
        // All of it or nothing: to whoever finds a name with its new owner, nothing says any more that a contact is to be
        // joined.
        let mut session = self.begin(Reads::OneMoment).await?;
        let moved = self.move_within(&mut session, &moved, merges, now_ms).await;
        end(&mut session, moved, |()| true).await
    }

    async fn move_within(
        &self,
        session: &mut ClientSession,
        moved: &[&Claim],
        merges: &[Merge],
        now_ms: i64,
    ) -> Result<(), Error> {
        for claim in moved {
            self.move_name(session, claim).await?;
        }
        for merge in merges {
            self.merge_contact(session, merge, now_ms).await?;
        }
        Ok(())
    }

    async fn move_name(&self, session: &mut ClientSession, claim: &Claim) -> Result<(), Error> {
        let Some(from) = claim.from else { return Ok(()) };
        let key = alias_key(claim.workspace, &claim.name);
        let aliases = self.database.collection::<Document>(ALIASES.name);
        if claim.is_new {
            let there = aliases.find_one(doc! { "_id": &key }).session(&mut *session).await?;
            return match there {
                // The same claim of our own, from before an interruption, is no loss.
                Some(there) if uuid_of(&there, "contact") == Some(claim.contact) => Ok(()),
                Some(_) => Err(Error::Conflict),
                None => Ok(aliases.insert_one(new_alias(claim)).session(session).await.map(drop)?),
            };
        }
        let change = doc! {
            "$set": { "contact": binary(claim.contact), "since": claim.at_s },
            "$push": { "past": { "contact": binary(from), "until": claim.at_s } },
        };
        let theirs = doc! { "_id": &key, "contact": binary(from) };
        let done = aliases.update_one(theirs, change).session(&mut *session).await?;
        let ours = doc! { "_id": &key, "contact": binary(claim.contact) };
        if done.matched_count == 0 && aliases.find_one(ours).session(session).await?.is_none() {
            return Err(Error::Conflict);
        }
        Ok(())
    }

    /// Lets a contact and its conversations point to the contact that it turned out to be.
    async fn merge_contact(
        &self,
        session: &mut ClientSession,
        merge: &Merge,
        now_ms: i64,
    ) -> Result<(), Error> {
        // People have joined them the other way round: they are one already.
        let chain = self.chain_within(session, CONTACTS.name, merge.into).await?;
        if chain.iter().any(|one| uuid_of(one, "_id") == Some(merge.from)) {
            return Ok(());
        }
        let contacts = self.database.collection::<Document>(CONTACTS.name);
        let from = contacts.find_one(doc! { "_id": binary(merge.from) }).session(&mut *session).await?;
        // People have taken them apart since we looked.
        let apart = from.as_ref().map(apart_from).unwrap_or_default();
        let is_apart = |into: &Document| apart_from(into).contains(&merge.from);
        if apart.contains(&merge.into) || chain.first().is_some_and(is_apart) {
            return Err(Error::Conflict);
        }
        let at = DateTime::from_millis(now_ms);
        for (old, new) in &merge.conversations {
            let alone = doc! { "_id": binary(*old), "mergedInto": { "$exists": false } };
            let Some(conversation) = self.conversations().find_one(alone).session(&mut *session).await?
            else {
                continue;
            };
            let joined = self.join(session, &conversation, (merge.into, *new), (at, None)).await?;
            match self.write_within(session, &joined.writes).await {
                // Somebody else is making the conversation that it turned out to be.
                Ok(false) | Err(Error::Duplicate) => return Err(Error::Conflict),
                outcome => outcome?,
            };
        }
        // It may be as new as what it is joined with. The first pointer stays.
        let first =
            |field: &str, value: Bson| Bson::Document(doc! { "$ifNull": [format!("${field}"), value] });
        let mut whole = new_contact(merge.workspace, at);
        whole.extend(doc! { "mergedInto": binary(merge.into), "mergedAt": at });
        let set: Document =
            whole.into_iter().map(|(field, value)| (field.clone(), first(&field, value))).collect();
        let set = vec![doc! { "$set": set }];
        let pointing = contacts.update_one(doc! { "_id": binary(merge.from) }, set).upsert(true);
        pointing.session(&mut *session).await?;
        if !apart.is_empty() {
            // Who is not the one is not the other.
            let change = doc! {
                "$setOnInsert": new_contact(merge.workspace, at),
                "$addToSet": { APART: { "$each": binaries(&apart) } },
            };
            let telling = contacts.update_one(doc! { "_id": binary(merge.into) }, change).upsert(true);
            telling.session(session).await?;
        }
        Ok(())
    }

    /// Makes the contacts that are not there yet, and keeps what the mentions tell about each.
    pub async fn note_mentions(&self, mentions: &[Mention<'_>], now_ms: i64) -> Result<(), Error> {
        let updates = mentions.iter().map(|mention| mention_update(mention, now_ms));
        self.update_all(CONTACTS.name, updates).await
    }

    /// Keeps what the phone's address book says about contacts.
    pub async fn note_book_entries(&self, entries: &[BookEntry<'_>]) -> Result<(), Error> {
        let updates = entries.iter().map(|entry| {
            let mut book = doc! { "at": entry.at_s, "order": entry.order, "removed": entry.removed };
            insert_text(&mut book, "fullName", entry.full_name);
            insert_text(&mut book, "firstName", entry.first_name);
            Ok::<_, Error>(Update {
                filter: raw(&doc! { "_id": binary(entry.contact) })?,
                change: raw(&doc! { "$max": { "book": book } })?,
                upsert: false,
            })
        });
        self.update_all(CONTACTS.name, updates).await
    }
}

/// A contact that turned out to be another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    pub workspace: Uuid,
    pub from: Uuid,
    pub into: Uuid,
    /// Its conversations, and what each of them turned out to be.
    pub conversations: Vec<(Uuid, Uuid)>,
}

/// A name that is to be somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub workspace: Uuid,
    pub name: Name,
    pub contact: Uuid,
    /// Whose it is so far; of a new telephone number, whose it is under its other kind.
    pub from: Option<Uuid>,
    pub is_new: bool,
    pub at_s: i64,
}

/// What a contact has from its first day.
fn new_contact(workspace: Uuid, at: DateTime) -> Document {
    doc! { "v": 1, "workspace": binary(workspace), "createdAt": at }
}

fn mention_update(mention: &Mention<'_>, now_ms: i64) -> Result<Update, Error> {
    let person = &mention.person;
    let stamp = |value: &str| doc! { "at": mention.at_s, "order": mention.order, "value": value };
    let mut latest = Document::new();
    for (field, value) in [
        ("profileName", &person.name),
        ("waId", &person.wa_id),
        ("phone", &person.phone),
        ("username", &person.username),
        ("identityKey", &person.identity_key_hash),
    ] {
        if let Some(value) = value {
            latest.insert(field, stamp(value));
        }
    }
    let mut change = doc! { "$setOnInsert": new_contact(mention.workspace, DateTime::from_millis(now_ms)) };
    if !latest.is_empty() {
        change.insert("$max", latest);
    }
    let mut ids = Document::new();
    for (field, value) in [("userIds", &person.user_id), ("parentUserIds", &person.parent_user_id)] {
        if let Some(value) = value {
            ids.insert(field, value.as_ref());
        }
    }
    if !ids.is_empty() {
        change.insert("$addToSet", ids);
    }
    Ok(Update { filter: raw(&doc! { "_id": binary(mention.contact) })?, change: raw(&change)?, upsert: true })
}

pub(super) fn insert_text(document: &mut Document, field: &str, value: Option<&str>) {
    if let Some(value) = value {
        document.insert(field, value);
    }
}
