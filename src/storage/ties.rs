//! To whom a conversation belongs, and which other one it turned out to be. It hardly ever changes, so it stands apart
//! from what every message changes: the server works on all indexes of a document when one of them is touched.
//!
//! A conversation that is there has its tie: it is written before, or with it. Groups have none.

use std::collections::{HashMap, HashSet};

use mongodb::bson::{Document, doc};
use mongodb::options::Hint;
use mongodb::{ClientSession, Collection as Handle};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_in, uuid_of};
use super::conversations::NewConversation;
use super::index::{Collection, Index};
use super::told::Write;
use super::value::raw;
use super::{Error, Storage};

pub const TIES: Collection = Collection {
    name: "conversation_ties",
    holds: "to whom each conversation belongs, and which other one it turned out to be",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[
        Index {
            name: "contact",
            keys: &[("contact", 1), ("number", 1)],
            unique: false,
            expires: false,
            only: None,
            serves: "the conversations of a contact",
        },
        Index {
            name: "mergedInto",
            keys: &[("mergedInto", 1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "mergedInto": { "$exists": true } }),
            serves: "the conversations that turned out to be this one",
        },
        Index {
            name: CARRIED,
            keys: &[("_id", 1), ("mergedInto", 1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { CARRIED: true }),
            serves: "those of some conversations that were joined to others",
        },
    ],
};

/// What comes for the conversation is carried on to the one that it was joined to, which shows the sum.
pub(super) const CARRIED: &str = "carried";
/// How many conversations that turned out to be others are asked for at once.
const MERGED_MAX: i64 = 100;

/// The write by which a conversation that may be new is tied to its contact.
pub(super) fn tying(workspace: Uuid, number: Uuid, contact: Uuid, conversation: Uuid) -> Write {
    let change = doc! { "$setOnInsert": tie(workspace, number, contact) };
    Write::upsert(TIES.name, doc! { "_id": binary(conversation) }, change)
}

/// The write by which a conversation is joined to another one.
pub(super) fn pointing(conversation: Uuid, into: Uuid) -> Write {
    let set = doc! { "$set": { "mergedInto": binary(into), CARRIED: true } };
    Write::update(TIES.name, doc! { "_id": binary(conversation) }, set)
}

/// The write by which it is one of its own again.
pub(super) fn parting(conversation: Uuid) -> Write {
    let unset = doc! { "$unset": { "mergedInto": "", CARRIED: "" } };
    Write::update(TIES.name, doc! { "_id": binary(conversation) }, unset)
}

fn tie(workspace: Uuid, number: Uuid, contact: Uuid) -> Document {
    doc! { "v": 1, "workspace": binary(workspace), "number": binary(number), "contact": binary(contact) }
}

impl Storage {
    /// Ties the conversations that are not tied yet.
    pub(super) async fn ensure_ties(&self, conversations: &[NewConversation]) -> Result<(), Error> {
        let ids: Vec<Uuid> = conversations.iter().map(|one| one.id).collect();
        let filter = doc! { "_id": { "$in": binaries(&ids) } };
        let ties = self.ties();
        let mut cursor = ties.find(filter).projection(doc! { "_id": 1 }).batch_size(5_000).await?;
        let mut tied = HashSet::new();
        while cursor.advance().await? {
            tied.extend(uuid_of(&cursor.deserialize_current()?, "_id"));
        }
        let untied = conversations.iter().filter(|one| !tied.contains(&one.id));
        let new = untied.filter_map(|one| {
            let mut document = doc! { "_id": binary(one.id) };
            document.extend(tie(one.workspace, one.number, one.contact?));
            Some(raw(&document))
        });
        let new: Vec<_> = new.collect::<Result<_, _>>()?;
        if new.is_empty() {
            return Ok(());
        }
        // What somebody else has tied meanwhile is tied in the same way.
        let refusals = self.insert_each(TIES.name, new).await?.into_iter();
        refusals.map(|refusal| refusal.error).find(|error| *error != Error::Duplicate).map_or(Ok(()), Err)
    }

    /// The conversations of a contact: their ids and numbers.
    pub async fn conversations_of(&self, contact: Uuid) -> Result<Vec<(Uuid, Uuid)>, Error> {
        self.tied_to(doc! { "contact": binary(contact) }, None).await
    }

    /// The same, of a workspace and of some numbers of it.
    pub(super) async fn conversations_with(
        &self,
        (workspace, contact): (Uuid, Uuid),
        numbers: Option<&[Uuid]>,
        limit: Option<i64>,
    ) -> Result<Vec<Uuid>, Error> {
        let mut filter = doc! { "contact": binary(contact), "workspace": binary(workspace) };
        if let Some(numbers) = numbers {
            filter.insert("number", doc! { "$in": binaries(numbers) });
        }
        let found = self.tied_to(filter, limit).await?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    /// The conversations of a workspace that are shown with these contacts.
    pub async fn shown_with_contacts(
        &self,
        workspace: Uuid,
        contacts: &[Uuid],
        limit: usize,
    ) -> Result<Vec<Uuid>, Error> {
        if contacts.is_empty() {
            return Ok(Vec::new());
        }
        let filter = doc! {
            "contact": { "$in": binaries(contacts) },
            "workspace": binary(workspace),
            "mergedInto": { "$exists": false },
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.tied_to(filter, Some(limit)).await?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }

    async fn tied_to(&self, filter: Document, limit: Option<i64>) -> Result<Vec<(Uuid, Uuid)>, Error> {
        let ties = self.ties();
        let mut find = ties.find(filter).projection(doc! { "number": 1 });
        if let Some(limit) = limit {
            find = find.limit(limit);
        }
        let mut cursor = find.hint(Hint::Name("contact".to_owned())).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            let document = cursor.deserialize_current()?;
            let one = uuid_of(&document, "_id").zip(uuid_of(&document, "number"));
            found.push(one.ok_or(Error::Malformed { what: "a tie" })?);
        }
        Ok(found)
    }

    /// Those of these contacts who have a conversation with one of these numbers.
    pub async fn contacts_with(
        &self,
        workspace: Uuid,
        contacts: &[Uuid],
        numbers: &[Uuid],
    ) -> Result<HashSet<Uuid>, Error> {
        let filter = doc! {
            "contact": { "$in": binaries(contacts) },
            "number": { "$in": binaries(numbers) },
            "workspace": binary(workspace),
        };
        let found = self.ties().distinct("contact", filter).await?;
        Ok(found.iter().filter_map(uuid_in).collect())
    }

    /// Whether a contact has a conversation with one of these numbers.
    pub async fn has_conversation(
        &self,
        workspace: Uuid,
        contact: Uuid,
        numbers: &[Uuid],
    ) -> Result<bool, Error> {
        Ok(!self.conversations_with((workspace, contact), Some(numbers), Some(1)).await?.is_empty())
    }

    /// The conversations that turned out to be one of these.
    pub(super) async fn merged_conversations(
        &self,
        workspace: Uuid,
        into: &[Uuid],
    ) -> Result<Vec<Uuid>, Error> {
        let filter =
            doc! { "mergedInto": { "$in": binaries(into), "$exists": true }, "workspace": binary(workspace) };
        let ties = self.ties();
        let mut cursor = ties.find(filter).projection(doc! { "_id": 1 }).limit(MERGED_MAX).await?;
        let mut found = Vec::new();
        while cursor.advance().await? {
            found.extend(uuid_of(&cursor.deserialize_current()?, "_id"));
        }
        Ok(found)
    }

    /// Those of these conversations that were joined to others, and to which.
    pub(super) async fn joined_within(
        &self,
        session: &mut ClientSession,
        conversations: &[Uuid],
    ) -> Result<HashMap<Uuid, Uuid>, Error> {
        let filter = doc! { "_id": { "$in": binaries(conversations) }, CARRIED: true };
        let ties = self.ties();
        let find = ties.find(filter).projection(doc! { "mergedInto": 1 }).batch_size(5_000);
        let mut cursor = find.hint(Hint::Name(CARRIED.to_owned())).session(&mut *session).await?;
        let mut pointers = HashMap::new();
        while cursor.advance(session).await? {
            let found = cursor.deserialize_current()?;
            pointers.extend(uuid_of(&found, "_id").zip(uuid_of(&found, "mergedInto")));
        }
        Ok(pointers)
    }

    pub(super) fn ties(&self) -> Handle<Document> {
        self.database.collection(TIES.name)
    }
}
