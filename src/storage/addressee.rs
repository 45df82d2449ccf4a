//! Whom a message to a contact goes to: the names under which the person is written to.

use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::{Error, Storage};
use crate::domain::person::Person;

/// How many pointers are followed from one contact to the next.
const MERGES_MAX: usize = 8;
/// How many contacts that were merged into one are looked at.
const MEMBERS_MAX: i64 = 50;

impl Storage {
    /// A contact, or the one that it turned out to be, with the names to write to: of contacts that people have merged,
    /// those under which the person was heard of last.
    pub async fn find_person(
        &self,
        workspace: Uuid,
        contact: Uuid,
    ) -> Result<Option<(Uuid, Person<'static>)>, Error> {
        let contacts = self.contacts();
        let mut contact = contact;
        let mut asked: Option<Person<'static>> = None;
        for _ in 0..MERGES_MAX {
            let filter = doc! { "_id": binary(contact), "workspace": binary(workspace) };
            let Some(found) = contacts.find_one(filter).await? else { return Ok(None) };
            if let Some(into) = uuid_of(&found, "mergedInto") {
                // Merged by hand they keep their names: whoever is meant by one of them is written to under it.
                if asked.is_none() && found.contains_key("mergedByHand") {
                    asked = Some(person_of(&found));
                }
                contact = into;
                continue;
            }
            if let Some(person) = asked {
                return Ok(Some((contact, person)));
            }
            let mut latest = found;
            if latest.get_bool("hasMerged").unwrap_or(false) {
                let members = doc! {
                    "mergedInto": { "$eq": binary(contact), "$exists": true },
                    "mergedByHand": { "$exists": true }, "workspace": binary(workspace),
                };
                let mut members = contacts.find(members).limit(MEMBERS_MAX).await?;
                while members.advance().await? {
                    let member = members.deserialize_current()?;
                    if told_at(&member) > told_at(&latest) {
                        latest = member;
                    }
                }
            }
            return Ok(Some((contact, person_of(&latest))));
        }
        Ok(None)
    }
}

/// The names under which somebody is written to.
fn person_of(contact: &Document) -> Person<'static> {
    let latest = |field| {
        let latest = contact.get_document(field).ok()?.get_str("value").ok()?;
        Some(latest.to_owned().into())
    };
    let user_id = contact.get_array("userIds").ok().and_then(|ids| ids.last()?.as_str());
    Person {
        wa_id: latest("waId"),
        phone: latest("phone"),
        user_id: user_id.map(|id| id.to_owned().into()),
        ..Person::default()
    }
}

/// When something was last told of the person under these names.
fn told_at(contact: &Document) -> Option<(i64, i64)> {
    let stamps = ["waId", "phone", "username", "profileName"].iter();
    let stamps = stamps.filter_map(|field| contact.get_document(field).ok());
    stamps.filter_map(|stamp| Some((stamp.get_i64("at").ok()?, stamp.get_i64("order").ok()?))).max()
}
