//! Whom a message to a contact goes to: the names under which the person is written to.

use std::collections::HashMap;

use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::{Error, Storage};
use crate::domain::contact::{Kind, Name, names_of_line, normal};
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
        let mut asked: Option<(Uuid, Person<'static>)> = None;
        for _ in 0..MERGES_MAX {
            let filter = doc! { "_id": binary(contact), "workspace": binary(workspace) };
            let Some(found) = contacts.find_one(filter).await? else { return Ok(None) };
            if let Some(into) = uuid_of(&found, "mergedInto") {
                // Merged by hand they keep their names: whoever is meant by one of them is written to under it.
                if asked.is_none() && found.contains_key("mergedByHand") {
                    asked = Some((contact, person_of(&found)));
                }
                contact = into;
                continue;
            }
            if let Some((asked, person)) = asked {
                let person = self.without_lost_numbers((workspace, asked, contact), person).await?;
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
            let known = uuid_of(&latest, "_id").unwrap_or(contact);
            let person = person_of(&latest);
            let person = self.without_lost_numbers((workspace, known, contact), person).await?;
            return Ok(Some((contact, person)));
        }
        Ok(None)
    }

    /// Without a telephone number that is somebody else's by now: they would get what is meant for this one. `known`: whose
    /// names they are; `shown`: who that turned out to be.
    pub async fn without_lost_numbers(
        &self,
        (workspace, known, shown): (Uuid, Uuid, Uuid),
        mut person: Person<'static>,
    ) -> Result<Person<'static>, Error> {
        let numbers = [&mut person.wa_id, &mut person.phone];
        let lines = numbers.each_ref().map(|number| number.as_deref().unwrap_or_default().to_owned());
        let owners = self.owners_of_lines(workspace, &lines).await?;
        for (number, owner) in numbers.into_iter().zip(owners) {
            if let Some((_, owner)) = owner
                && owner != known
                && self.shown_as(owner).await? != shown
            {
                *number = None;
            }
        }
        Ok(person)
    }

    /// Whether a telephone number is a contact's, or nobody's so far.
    pub async fn may_have_line(&self, workspace: Uuid, contact: Uuid, number: &str) -> Result<bool, Error> {
        let owners = self.owners_of_lines(workspace, &[number]).await?;
        match owners.into_iter().next().flatten() {
            Some((_, owner)) if owner != contact => {
                Ok(self.shown_as(owner).await? == self.shown_as(contact).await?)
            }
            _ => Ok(true),
        }
    }

    /// Under which name each telephone number is known, and whose it is: of who writes from it the one who got it last, in
    /// whatever spelling.
    pub async fn owners_of_lines(
        &self,
        workspace: Uuid,
        lines: &[impl AsRef<str>],
    ) -> Result<Vec<Option<(Name, Uuid)>>, Error> {
        let names_of = |line: &str| names_of_line(&normal(Kind::WaId, line));
        let lines: Vec<Vec<Name>> = lines.iter().map(|line| names_of(line.as_ref())).collect();
        let names = lines.concat();
        let aliases =
            if names.is_empty() { HashMap::new() } else { self.aliases_of(workspace, &names).await? };
        let owner = |names: &Vec<Name>| {
            // Of several that are alike the last one counts.
            let known = names.iter().rev().filter_map(|name| Some((name, aliases.get(name)?)));
            let last = known.max_by_key(|(name, alias)| (name.kind == Kind::WaId, alias.since_s));
            last.map(|(name, alias)| (name.clone(), alias.contact))
        };
        Ok(lines.iter().map(owner).collect())
    }

    /// Who a contact turned out to be, by whoever said so.
    async fn shown_as(&self, contact: Uuid) -> Result<Uuid, Error> {
        let mut shown = contact;
        for _ in 0..MERGES_MAX {
            let contacts = self.contacts();
            let find = contacts.find_one(doc! { "_id": binary(shown) });
            let found = find.projection(doc! { "mergedInto": 1 }).await?;
            let Some(into) = found.and_then(|found| uuid_of(&found, "mergedInto")) else { break };
            shown = into;
        }
        Ok(shown)
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
