//! Contacts as they are read: lists by a key, and single ones. What writes them is in `contacts`.
//!
//! One that turned out to be another one (`mergedInto`) is in no list; asked for by its id it is the other one.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::contacts::CONTACTS;
use super::page::{Way, keep_beyond};
use super::ties::TIES;
use super::value::part;
use super::{Error, Storage};
use crate::domain::contact::card::Card;

/// How many pointers are followed from one contact to the next.
const MERGES_MAX: usize = 8;
/// The most contacts that were merged into those of one look.
const FAMILY_MAX: i64 = 2_000;

/// A contact, as far as others told us of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRecord {
    pub id: Uuid,
    pub workspace: Uuid,
    pub created_ms: i64,
    /// The name that the person has chosen.
    pub profile_name: Option<String>,
    pub wa_id: Option<String>,
    pub phone: Option<String>,
    pub username: Option<String>,
    /// Business-scoped user ids; a person has one a portfolio.
    pub user_ids: Vec<String>,
    pub parent_user_ids: Vec<String>,
    /// The name in the phone's address book.
    pub book_name: Option<String>,
    pub preferences: Vec<Preference>,
    /// What the CRM says itself.
    pub card: Card,
    /// How often the card was changed.
    pub revision: i64,
    /// The numbers for which the contact is blocked.
    pub blocks: Vec<Block>,
    /// Meta's time of the latest mention that told something of them, in seconds.
    pub told_at_s: Option<i64>,
}

impl ContactRecord {
    /// The best name there is: the CRM's, the address book's, the person's own, the user name, the phone number.
    pub fn name(&self) -> Option<&str> {
        let names = [
            &self.card.display_name,
            &self.book_name,
            &self.profile_name,
            &self.username,
            &self.phone,
            &self.wa_id,
        ];
        names.into_iter().flatten().map(String::as_str).find(|name| !name.trim().is_empty())
    }
}

/// What a person wants to receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    pub category: Option<String>,
    pub value: Option<String>,
    pub at_s: i64,
}

/// That nothing is sent to somebody by a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub number: Uuid,
    pub at_ms: i64,
    /// Whether Meta keeps the person from writing, too.
    pub is_at_meta: bool,
    /// Under which names it does; none for a block from before they were kept.
    pub names_at_meta: Vec<String>,
}

/// A place in the list of contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactPlace {
    pub created_ms: i64,
    pub id: Uuid,
}

impl Storage {
    /// A contact of a workspace; one that was merged gives the one that it is now.
    pub async fn find_contact(&self, workspace: Uuid, id: Uuid) -> Result<Option<ContactRecord>, Error> {
        Ok(self.contacts_by_id(workspace, &[id]).await?.remove(&id))
    }

    /// A contact of a workspace as it is stored, whether it was merged or not.
    pub async fn read_contact(&self, workspace: Uuid, id: Uuid) -> Result<Option<ContactRecord>, Error> {
        let filter = doc! { "_id": binary(id), "workspace": binary(workspace) };
        self.contacts().find_one(filter).await?.as_ref().map(record_of).transpose()
    }

    /// The contacts that were merged into these, by whoever, by the one that they are now.
    pub async fn contact_families(
        &self,
        workspace: Uuid,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<ContactRecord>>, Error> {
        let ids = binaries(ids);
        let filter = doc! { "mergedInto": { "$in": ids, "$exists": true }, "workspace": binary(workspace) };
        let mut cursor = self.contacts().find(filter).limit(FAMILY_MAX).await?;
        let mut families: HashMap<Uuid, Vec<ContactRecord>> = HashMap::new();
        while let Some(document) = cursor.try_next().await? {
            if let Some(into) = uuid_of(&document, "mergedInto") {
                families.entry(into).or_default().push(record_of(&document)?);
            }
        }
        Ok(families)
    }

    /// The contacts of all workspaces that are no others, in the order of their ids, after one.
    pub async fn contacts_after(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<ContactRecord>, Error> {
        let mut filter = doc! { "mergedInto": { "$exists": false } };
        if let Some(after) = after {
            filter.insert("_id", doc! { "$gt": binary(after) });
        }
        let contacts = self.contacts();
        let find = contacts.find(filter).sort(doc! { "_id": 1 }).limit(limit);
        let found: Vec<Document> = find.await?.try_collect().await?;
        found.iter().map(record_of).collect()
    }

    /// These contacts of a workspace, by the id that was asked for; merged ones as what they are now.
    pub async fn contacts_by_id(
        &self,
        workspace: Uuid,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, ContactRecord>, Error> {
        let mut found = HashMap::with_capacity(ids.len());
        // Who is asked for, and who that is as far as is known.
        let mut open: Vec<(Uuid, Uuid)> = ids.iter().map(|id| (*id, *id)).collect();
        for _ in 0..MERGES_MAX {
            let wanted: Vec<_> = open.iter().map(|(_, now)| binary(*now)).collect();
            let filter = doc! { "_id": { "$in": wanted }, "workspace": binary(workspace) };
            let documents: Vec<Document> =
                self.contacts().find(filter).projection(doc! { "raw": 0 }).await?.try_collect().await?;
            let by_id: HashMap<Uuid, &Document> =
                documents.iter().filter_map(|document| Some((uuid_of(document, "_id")?, document))).collect();
            let mut merged = Vec::new();
            for (asked, now) in open {
                let Some(document) = by_id.get(&now) else { continue };
                match uuid_of(document, "mergedInto") {
                    Some(into) => merged.push((asked, into)),
                    None => {
                        found.insert(asked, record_of(document)?);
                    }
                }
            }
            if merged.is_empty() {
                break;
            }
            open = merged;
        }
        Ok(found)
    }

    /// Contacts of a workspace by when they were first seen, from a place on, the nearest to it first. With `numbers`:
    /// those who have a conversation with one of them.
    pub async fn list_contacts(
        &self,
        workspace: Uuid,
        numbers: Option<&[Uuid]>,
        from: Option<ContactPlace>,
        way: Way,
        limit: i64,
    ) -> Result<Vec<ContactRecord>, Error> {
        let mut query = doc! { "workspace": binary(workspace), "mergedInto": { "$exists": false } };
        if let Some(place) = from {
            let created = DateTime::from_millis(place.created_ms);
            keep_beyond(&mut query, way, ("createdAt", created), ("_id", binary(place.id)));
        }
        let mut stages = vec![doc! { "$match": query }, doc! { "$sort": way.sort("createdAt", "_id") }];
        if let Some(numbers) = numbers {
            let numbers = binaries(numbers);
            // The server reads on until the page is full.
            stages.push(doc! { "$lookup": {
                "from": TIES.name,
                "localField": "_id",
                "foreignField": "contact",
                "pipeline": [
                    { "$match": { "number": { "$in": numbers } } },
                    { "$limit": 1 },
                    { "$project": { "_id": 1 } },
                ],
                "as": "ties",
            } });
            stages.push(doc! { "$match": { "ties.0": { "$exists": true } } });
        }
        stages.push(doc! { "$limit": limit });
        let found: Vec<Document> = self.contacts().aggregate(stages).await?.try_collect().await?;
        found.iter().map(record_of).collect()
    }

    pub(super) fn contacts(&self) -> mongodb::Collection<Document> {
        self.database.collection(CONTACTS.name)
    }
}

fn record_of(document: &Document) -> Result<ContactRecord, Error> {
    const MALFORMED: Error = Error::Malformed { what: "a contact" };
    let latest = |field| {
        let stamp = document.get_document(field).ok()?;
        stamp.get_str("value").ok().map(str::to_owned)
    };
    let told = ["profileName", "waId", "phone", "username", "identityKey"];
    let told = told.iter().filter_map(|field| document.get_document(field).ok()?.get_i64("at").ok());
    let book = document.get_document("book").ok();
    let book = book.filter(|book| !book.get_bool("removed").unwrap_or(false));
    let book_name =
        book.and_then(|book| book.get_str("fullName").or_else(|_| book.get_str("firstName")).ok());
    Ok(ContactRecord {
        id: uuid_of(document, "_id").ok_or(MALFORMED)?,
        workspace: uuid_of(document, "workspace").ok_or(MALFORMED)?,
        created_ms: document.get_datetime("createdAt").map_or(0, |at| at.timestamp_millis()),
        profile_name: latest("profileName"),
        wa_id: latest("waId"),
        phone: latest("phone"),
        username: latest("username"),
        user_ids: texts(document, "userIds"),
        parent_user_ids: texts(document, "parentUserIds"),
        book_name: book_name.map(str::to_owned),
        preferences: preferences_of(document),
        card: part(document, "card", "a contact")?.unwrap_or_default(),
        revision: document.get_i64("revision").unwrap_or(0),
        blocks: blocks_of(document),
        told_at_s: told.max(),
    })
}

fn texts(document: &Document, field: &str) -> Vec<String> {
    let values = document.get_array(field).map(Vec::as_slice).unwrap_or_default();
    values.iter().filter_map(Bson::as_str).map(str::to_owned).collect()
}

fn blocks_of(document: &Document) -> Vec<Block> {
    let blocks = document.get_array("blocks").map(Vec::as_slice).unwrap_or_default();
    let block = |block: &Document| {
        Some(Block {
            number: uuid_of(block, "number")?,
            at_ms: block.get_datetime("at").ok()?.timestamp_millis(),
            is_at_meta: block.get_bool("atMeta").unwrap_or(false),
            names_at_meta: texts(block, "namesAtMeta"),
        })
    };
    blocks.iter().filter_map(Bson::as_document).filter_map(block).collect()
}

fn preferences_of(document: &Document) -> Vec<Preference> {
    let Ok(latest) = document.get_document("latest") else { return Vec::new() };
    let preferences = latest.iter().filter_map(|(_, news)| {
        let news = news.as_document()?;
        let preference = news.get_document("is").ok()?.get_document("preference").ok()?;
        let text = |field| preference.get_str(field).ok().map(str::to_owned);
        Some(Preference {
            category: text("category"),
            value: text("value"),
            at_s: news.get_i64("at").unwrap_or(0),
        })
    });
    preferences.collect()
}
