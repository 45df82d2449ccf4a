//! Who is meant: the people of a value, matched to its items by id and never by position.

use serde_json::value::RawValue;

use super::text;
use crate::domain::Str;
use crate::domain::person::Person;
use crate::domain::status::Fault;
use crate::meta::wire;

/// The people that a value introduces, and the contacts that cannot be read: they introduce nobody and harm nobody.
pub(super) fn introduced(contacts: Option<Vec<&RawValue>>) -> (Vec<Person<'_>>, Vec<&RawValue>) {
    let (mut people, mut unread) = (Vec::new(), Vec::new());
    for raw in contacts.unwrap_or_default() {
        match wire::read(raw) {
            Ok(contact) => people.push(person_of_contact(contact)),
            Err(_) => unread.push(raw),
        }
    }
    (people, unread)
}

fn person_of_contact(contact: wire::Contact<'_>) -> Person<'_> {
    let profile = contact.profile.unwrap_or_default();
    Person {
        wa_id: text(contact.wa_id),
        user_id: text(contact.user_id),
        parent_user_id: text(contact.parent_user_id),
        phone: None,
        username: text(profile.username),
        name: text(profile.name),
        identity_key_hash: text(contact.identity_key_hash),
    }
}

/// A person by the ids that an item carries, completed from the introductions.
pub(super) fn person<'a>(
    wa_id: Option<Str<'a>>,
    user_id: Option<Str<'a>>,
    parent_user_id: Option<Str<'a>>,
    introduced: &[Person<'a>],
) -> Person<'a> {
    let mut person = Person { wa_id, user_id, parent_user_id, ..Person::default() };
    if let Some(known) = introduced.iter().find(|known| known.is_same_as(&person)) {
        take_wa_id(&mut person, known);
        person.complete_from(known);
    } else if let ([only], None) = (introduced, &person.user_id) {
        let mut known = only.clone();
        known.wa_id = person.wa_id.take();
        take_wa_id(&mut known, only);
        person = known;
    }
    person
}

/// A `from` that differs from the contact's `wa_id` is the same person written otherwise (Brazil's ninth digit,
/// Mexico's 1, Argentina's 9): the contact has the id by which WhatsApp knows the person.
fn take_wa_id<'a>(person: &mut Person<'a>, known: &Person<'a>) {
    if known.wa_id.is_some() && person.wa_id != known.wa_id {
        person.phone = std::mem::replace(&mut person.wa_id, known.wa_id.clone());
    }
}

pub(super) fn fault(fault: wire::Fault<'_>) -> Fault<'_> {
    Fault {
        code: super::int(fault.code),
        title: text(fault.title),
        message: text(fault.message),
        details: text(fault.error_data.and_then(|data| data.details)),
        href: text(fault.href),
    }
}

pub(super) fn faults(faults: Option<Vec<wire::Fault<'_>>>) -> Vec<Fault<'_>> {
    faults.unwrap_or_default().into_iter().map(fault).collect()
}
