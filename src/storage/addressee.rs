//! Whom a message to a contact goes to: the names under which the person is written to.

use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::contacts::LOST_NUMBER;
use super::{Error, Storage};
use crate::domain::contact::{Kind, Name, normal};
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
        let mut asked: Option<(Document, Person<'static>)> = None;
        for _ in 0..MERGES_MAX {
            let filter = doc! { "_id": binary(contact), "workspace": binary(workspace) };
            let Some(found) = contacts.find_one(filter).await? else { return Ok(None) };
            if let Some(into) = uuid_of(&found, "mergedInto") {
                // Merged by hand they keep their names: whoever is meant by one of them is written to under it.
                if asked.is_none() && found.contains_key("mergedByHand") {
                    let person = person_of(&found);
                    asked = Some((found, person));
                }
                contact = into;
                continue;
            }
            if let Some((asked, person)) = asked {
                let person = self.without_lost_numbers((workspace, contact), &asked, person).await?;
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
            let person = person_of(&latest);
            return Ok(Some((
                contact,
                self.without_lost_numbers((workspace, contact), &latest, person).await?,
            )));
        }
        Ok(None)
    }

    /// Without a telephone number that is somebody else's by now: they would get what is meant for this one. `known`: what
    /// the person was read from.
    async fn without_lost_numbers(
        &self,
        (workspace, shown): (Uuid, Uuid),
        known: &Document,
        mut person: Person<'static>,
    ) -> Result<Person<'static>, Error> {
        if !known.get_bool(LOST_NUMBER).unwrap_or(false) {
            return Ok(person);
        }
        for number in [&mut person.wa_id, &mut person.phone] {
            let Some(digits) = number.as_deref().map(|said| normal(Kind::WaId, said)) else { continue };
            // From which somebody writes goes before of which it is only said that it is theirs.
            let names = [Kind::WaId, Kind::Phone].map(|kind| Name { kind, value: digits.clone() });
            let aliases = self.aliases_of(workspace, &names).await?;
            let owner = names.iter().find_map(|name| aliases.get(name)).map(|alias| alias.contact);
            if let Some(owner) = owner
                && Some(owner) != uuid_of(known, "_id")
                && !self.turned_out_to_be(owner, shown).await?
            {
                *number = None;
            }
        }
        Ok(person)
    }

    /// Whether a contact is another one, by whoever said so.
    async fn turned_out_to_be(&self, contact: Uuid, other: Uuid) -> Result<bool, Error> {
        let mut next = Some(contact);
        for _ in 0..MERGES_MAX {
            let Some(contact) = next.filter(|contact| *contact != other) else { break };
            let contacts = self.contacts();
            let find = contacts.find_one(doc! { "_id": binary(contact) });
            let found = find.projection(doc! { "mergedInto": 1 }).await?;
            next = found.and_then(|found| uuid_of(&found, "mergedInto"));
        }
        Ok(next == Some(other))
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
