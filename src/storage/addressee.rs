//! Whom a message to a contact goes to: the names under which the person is written to.

use std::cmp::Reverse;
use std::collections::HashMap;

use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::{Error, Storage};
use crate::domain::contact::{Kind, Name, names_of_line, normal};
use crate::domain::outgoing::Recipient;
use crate::domain::person::Person;

/// How many pointers are followed from one contact to the next.
const MERGES_MAX: usize = 8;
/// How many contacts that were merged into one are looked at.
const MEMBERS_MAX: i64 = 50;

/// Somebody to be written to.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// The contact, or the one that it turned out to be: whose conversations they are.
    pub contact: Uuid,
    /// Whose names they are, of contacts that people have merged.
    pub known: Uuid,
    pub person: Person<'static>,
}

impl Storage {
    /// A contact, or the one that it turned out to be, with the names to write to: of contacts that people have merged,
    /// those under which the person was heard of last, and is reached.
    pub async fn find_person(&self, workspace: Uuid, contact: Uuid) -> Result<Option<Addressee>, Error> {
        let contacts = self.contacts();
        let mut contact = contact;
        let mut asked: Option<Document> = None;
        for _ in 0..MERGES_MAX {
            let filter = doc! { "_id": binary(contact), "workspace": binary(workspace) };
            let Some(found) = contacts.find_one(filter).await? else { return Ok(None) };
            if let Some(into) = uuid_of(&found, "mergedInto") {
                // Merged by hand they keep their names: whoever is meant by one of them is written to under it.
                if asked.is_none() && found.contains_key("mergedByHand") {
                    asked = Some(found);
                }
                contact = into;
                continue;
            }
            let family = self.family_of(workspace, found).await?;
            return self.first_reached((workspace, contact), asked.into_iter().chain(family)).await;
        }
        Ok(None)
    }

    /// A contact and those that people have merged into it, the one first that was heard of last.
    async fn family_of(&self, workspace: Uuid, root: Document) -> Result<Vec<Document>, Error> {
        let has_merged = root.get_bool("hasMerged").unwrap_or(false);
        let merged = uuid_of(&root, "_id").filter(|_| has_merged);
        let mut family = vec![root];
        if let Some(into) = merged {
            let members = doc! {
                "mergedInto": { "$eq": binary(into), "$exists": true },
                "mergedByHand": { "$exists": true }, "workspace": binary(workspace),
            };
            let mut members = self.contacts().find(members).limit(MEMBERS_MAX).await?;
            while members.advance().await? {
                family.push(members.deserialize_current()?);
            }
        }
        family.sort_by_key(|member| Reverse(told_at(member)));
        Ok(family)
    }

    /// The first that has an address; if none has, the first.
    async fn first_reached(
        &self,
        (workspace, contact): (Uuid, Uuid),
        family: impl Iterator<Item = Document>,
    ) -> Result<Option<Addressee>, Error> {
        let mut first = None;
        for member in family {
            let known = uuid_of(&member, "_id").unwrap_or(contact);
            let person = person_of(&member);
            let person = self.without_lost_numbers((workspace, known, contact), person).await?;
            let addressee = Addressee { contact, known, person };
            if Recipient::of(&addressee.person).is_some() {
                return Ok(Some(addressee));
            }
            first = first.or(Some(addressee));
        }
        Ok(first)
    }

    /// Without a telephone number that is somebody else's by now: they would get what is meant for this one. `known`: whose
    /// names they are; `shown`: who that turned out to be.
    pub async fn without_lost_numbers(
        &self,
        (workspace, known, shown): (Uuid, Uuid, Uuid),
        mut person: Person<'static>,
    ) -> Result<Person<'static>, Error> {
        let lines = [&person.wa_id, &person.phone];
        let lines = lines.map(|number| number.as_deref().unwrap_or_default().to_owned());
        let owners = self.owners_of_lines(workspace, &lines).await?;
        let is_told_apart = is_told_apart(&person);
        let numbers = [&mut person.wa_id, &mut person.phone];
        for ((number, line), owner) in numbers.into_iter().zip(&lines).zip(owners) {
            if let Some((name, owner)) = owner
                && owner != known
                && (is_told_apart || is_spelt(&name, line))
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
        let Some((name, owner)) = owners.into_iter().next().flatten() else { return Ok(true) };
        if owner == contact || self.shown_as(owner).await? == self.shown_as(contact).await? {
            return Ok(true);
        }
        if is_spelt(&name, number) {
            return Ok(false);
        }
        let found = self.contacts().find_one(doc! { "_id": binary(contact) }).await?;
        Ok(!found.is_some_and(|found| is_told_apart(&person_of(&found))))
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

/// Whether somebody is known by what nobody else has. Of whom only a number is said, say by the address book, may be the
/// one who writes from the same line in its other spelling.
const fn is_told_apart(person: &Person<'_>) -> bool {
    person.wa_id.is_some() || person.user_id.is_some()
}

fn is_spelt(name: &Name, line: &str) -> bool {
    name.value == normal(Kind::WaId, line)
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
