//! Contacts as people change them: the CRM's own card, and blocks. What webhooks tell of contacts is in `contacts`.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use mongodb::bson::{DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::contact_record::ContactRecord;
use super::contacts::CONTACTS;
use super::events::Happening;
use super::told::{Told, Write};
use super::value::to_bson;
use super::{Error, Storage};
use crate::domain::contact::card::Card;

/// How far merges are followed, one way or the other.
const MERGES_MAX: usize = 8;
/// The most contacts that one turned out to be.
const FAMILY_MAX: i64 = 200;

impl Storage {
    /// Puts a new card in the place of the one that was read with the contact. False: somebody else has changed it since,
    /// or the contact was merged.
    pub async fn change_card(&self, record: &ContactRecord, card: &Card, now_ms: i64) -> Result<bool, Error> {
        let mut filter = unmerged(record.workspace, record.id);
        if record.revision == 0 {
            filter.insert("revision", doc! { "$exists": false });
        } else {
            filter.insert("revision", record.revision);
        }
        let change = doc! { "$set": { "card": to_bson(card)?, "revision": record.revision + 1 } };
        let happening = Happening::Contact { contact: record.id };
        let told = Told::of(record.workspace, happening, Write::update(CONTACTS.name, filter, change));
        self.change_and_tell(&told, now_ms).await
    }

    /// Nothing is sent to the contact by this number any more. One that is blocked stays so, since then. False: there is
    /// no such contact, or it was merged.
    pub async fn block_contact(
        &self,
        workspace: Uuid,
        contact: Uuid,
        number: Uuid,
        by: &str,
        now_ms: i64,
    ) -> Result<bool, Error> {
        let mut filter = unmerged(workspace, contact);
        filter.insert("blocks.number", doc! { "$ne": binary(number) });
        let block = doc! {
            "number": binary(number), "at": DateTime::from_millis(now_ms), "by": by, "atMeta": false,
        };
        let write = Write::update(CONTACTS.name, filter, doc! { "$push": { "blocks": block } });
        let told = Told::of(workspace, Happening::Contact { contact }, write);
        if self.change_and_tell(&told, now_ms).await? {
            return Ok(true);
        }
        // Not changed: blocked already, or not there.
        Ok(self.contacts().find_one(unmerged(workspace, contact)).await?.is_some())
    }

    /// Notes under which names Meta keeps a blocked contact from writing.
    pub async fn note_block_at_meta(
        &self,
        workspace: Uuid,
        contact: Uuid,
        number: Uuid,
        names: &[String],
        now_ms: i64,
    ) -> Result<bool, Error> {
        let is_new = [doc! { "atMeta": false }, doc! { "namesAtMeta": { "$not": { "$all": names } } }];
        let block = doc! { "number": binary(number), "$or": is_new.to_vec() };
        let filter = doc! {
            "_id": binary(contact), "workspace": binary(workspace), "blocks": { "$elemMatch": block },
        };
        let change = doc! {
            "$set": { "blocks.$.atMeta": true },
            "$addToSet": { "blocks.$.namesAtMeta": { "$each": names } },
        };
        let write = Write::update(CONTACTS.name, filter, change);
        let told = Told::of(workspace, Happening::Contact { contact }, write);
        self.change_and_tell(&told, now_ms).await
    }

    /// Lets messages go to the contact by this number again. False: it was not blocked.
    pub async fn unblock_contact(
        &self,
        workspace: Uuid,
        contact: Uuid,
        number: Uuid,
        now_ms: i64,
    ) -> Result<bool, Error> {
        let mut filter = unmerged(workspace, contact);
        filter.insert("blocks.number", binary(number));
        let change = doc! { "$pull": { "blocks": { "number": binary(number) } } };
        let write = Write::update(CONTACTS.name, filter, change);
        let told = Told::of(workspace, Happening::Contact { contact }, write);
        self.change_and_tell(&told, now_ms).await
    }

    /// Whether nothing may be sent to a contact by a number: the contact itself, the one that it was merged into, or one
    /// that was merged into it, is blocked.
    pub async fn is_blocked(&self, workspace: Uuid, contact: Uuid, number: Uuid) -> Result<bool, Error> {
        let mut family = HashSet::from([contact]);
        let mut new = vec![contact];
        for _ in 0..MERGES_MAX {
            let ids = binaries(&new);
            let below = doc! { "$in": ids.clone(), "$exists": true };
            let filter = doc! {
                "workspace": binary(workspace),
                "$or": [{ "_id": { "$in": ids } }, { "mergedInto": below }],
            };
            let contacts = self.contacts();
            let find = contacts.find(filter).projection(doc! { "mergedInto": 1, "blocks.number": 1 });
            let found: Vec<Document> = find.limit(FAMILY_MAX).await?.try_collect().await?;
            if found.iter().any(|contact| is_blocked_for(contact, number)) {
                return Ok(true);
            }
            let relatives =
                found.iter().flat_map(|one| [uuid_of(one, "_id"), uuid_of(one, "mergedInto")]).flatten();
            new = relatives.filter(|id| family.insert(*id)).collect();
            if new.is_empty() {
                break;
            }
        }
        Ok(false)
    }
}

fn unmerged(workspace: Uuid, contact: Uuid) -> Document {
    doc! { "_id": binary(contact), "workspace": binary(workspace), "mergedInto": { "$exists": false } }
}

fn is_blocked_for(contact: &Document, number: Uuid) -> bool {
    let blocks = contact.get_array("blocks").map(Vec::as_slice).unwrap_or_default();
    let mut blocks = blocks.iter().filter_map(mongodb::bson::Bson::as_document);
    blocks.any(|block| uuid_of(block, "number") == Some(number))
}
