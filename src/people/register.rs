//! What is known while a batch is decided: who is meant by each mention, which names are whose by it, and who turns out to
//! be whom. It asks and writes nothing.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Asked, MERGES_MAX};
use crate::domain::contact::{Alias, Kind, Known, Name, identify, names_of};
use crate::domain::person::Person;
use crate::ids::derived;
use crate::storage::contacts::{Claim, KnownContact, NameIn};

/// What is known while a batch is decided, with what the batch itself has decided so far.
pub(super) struct Register {
    pub aliases: HashMap<NameIn, Alias<Uuid>>,
    pub contacts: HashMap<Uuid, KnownContact>,
    pub claims: Vec<Claim>,
    /// In which workspace, from whom, into whom.
    pub merges: Vec<(Uuid, Uuid, Uuid)>,
}

impl Register {
    pub fn enter(&mut self, asked: &Asked<'_>) -> Option<Uuid> {
        let (workspace, at_s) = (asked.workspace, asked.at_s);
        let names = names_of(asked.person);
        let known: Vec<Known<Uuid>> = names.iter().map(|name| self.known(workspace, name)).collect();
        let verdict = identify(&known, at_s, |one, other| self.is_settled_by_people(one, other));
        let strongest = names.first()?;
        let contact = match verdict.contact {
            Some(contact) => self.last_of(contact),
            None => derived(
                "contact",
                &[workspace.as_bytes(), strongest.kind.name().as_bytes(), strongest.value.as_bytes()],
            ),
        };
        for name in verdict.claims {
            self.claim((workspace, name), contact, at_s);
        }
        for other in verdict.merges {
            self.merge(workspace, other, contact);
        }
        self.claim_what_is_written_from((workspace, &names), at_s);
        self.claim_what_leads_there((workspace, &names), contact, at_s);
        let entry = self.contacts.entry(contact).or_default();
        entry.has_user_id |= asked.person.user_id.is_some();
        if let Some(becomes) = asked.becomes {
            self.follow(workspace, contact, becomes, at_s);
        }
        Some(contact)
    }

    /// A person has new names: they are this contact's now. Meta says so itself, so even a contact that has been
    /// made under the new user id meanwhile is the same person.
    fn follow(&mut self, workspace: Uuid, contact: Uuid, becomes: &Person<'_>, at_s: i64) {
        for name in names_of(becomes).into_iter().map(|name| (workspace, name)) {
            match self.aliases.get(&name).cloned() {
                None => self.claim(name, contact, at_s),
                Some(alias) if self.last_of(alias.contact) == contact => {}
                Some(alias) if matches!(name.1.kind, Kind::UserId | Kind::ParentUserId) => {
                    let other = self.last_of(alias.contact);
                    // What people have said of the two stays, and with it whose such an id is.
                    if !self.is_settled_by_people(other, contact) {
                        self.merge(workspace, other, contact);
                        self.claim(name, contact, at_s);
                    }
                }
                Some(alias) if at_s >= alias.since_s => self.claim(name, contact, at_s),
                Some(_) => {}
            }
        }
        self.contacts.entry(contact).or_default().has_user_id |= becomes.user_id.is_some();
    }

    fn known(&self, workspace: Uuid, name: &Name) -> Known<Uuid> {
        let alias = self.alias_of(workspace, name).map(|(kind, alias)| {
            let contact = self.last_of(alias.contact);
            match (name.kind, kind) {
                // Only said to be theirs: its owner, without the history of that other name.
                (Kind::WaId, Kind::Phone) => Alias { contact, since_s: i64::MIN, past: Vec::new() },
                _ => Alias { contact, ..alias.clone() },
            }
        });
        let owner = alias.as_ref().and_then(|alias| self.contacts.get(&alias.contact));
        Known { name: name.clone(), owner_has_user_id: owner.is_some_and(|owner| owner.has_user_id), alias }
    }

    /// What is known of a name, and under which kind. A telephone number is the same under either.
    fn alias_of(&self, workspace: Uuid, name: &Name) -> Option<(Kind, &Alias<Uuid>)> {
        let kinds = match name.kind {
            Kind::WaId | Kind::Phone => Kind::OF_NUMBERS.to_vec(),
            kind => vec![kind],
        };
        let of = |kind| (workspace, Name { kind, value: name.value.clone() });
        kinds.into_iter().find_map(|kind| Some((kind, self.aliases.get(&of(kind))?)))
    }

    /// Whether all the names of a mention are a contact's own, and do not only lead there: people may take the two apart,
    /// and nobody tells us then. From which somebody else writes, it stays theirs whatever is said.
    pub fn owns(&self, contact: Uuid, asked: &Asked<'_>) -> bool {
        let is_own = |name: &Name| match self.alias_of(asked.workspace, name) {
            Some((kind, alias)) => alias.contact == contact || (name.kind, kind) == (Kind::Phone, Kind::WaId),
            None => false,
        };
        names_of(asked.person).iter().all(is_own)
    }

    /// Whose a name is itself, whoever that turned out to be.
    fn owner_of(&self, workspace: Uuid, name: &Name) -> Option<Uuid> {
        self.alias_of(workspace, name).map(|(_, alias)| alias.contact)
    }

    /// Whether a user id is a contact's, or nobody's so far.
    pub fn may_have(&self, contact: Uuid, (workspace, user_id): (Uuid, &str)) -> bool {
        let name = Name { kind: Kind::UserId, value: user_id.to_owned() };
        self.known(workspace, &name).alias.is_none_or(|alias| alias.contact == self.last_of(contact))
    }

    /// Of whom a number was only said so far, and who writes from it now, has it whatever is said of it later.
    fn claim_what_is_written_from(&mut self, (workspace, names): (Uuid, &[Name]), at_s: i64) {
        for name in names.iter().filter(|name| name.kind == Kind::WaId) {
            if let Some((Kind::Phone, alias)) = self.alias_of(workspace, name) {
                self.claim((workspace, name.clone()), alias.contact, at_s);
            }
        }
    }

    /// Whoever has their own user id has their other names themselves, too, from the next mention on that says so.
    fn claim_what_leads_there(&mut self, (workspace, names): (Uuid, &[Name]), contact: Uuid, at_s: i64) {
        let Some((user_id, others)) = names.split_first() else { return };
        if user_id.kind != Kind::UserId || self.owner_of(workspace, user_id) != Some(contact) {
            return;
        }
        for name in others {
            let alias = self.known(workspace, name).alias;
            let leads_there = alias.is_some_and(|alias| alias.contact == contact && at_s >= alias.since_s);
            if leads_there && self.owner_of(workspace, name) != Some(contact) {
                self.claim((workspace, name.clone()), contact, at_s);
            }
        }
    }

    /// Whether people have said of two that they are not one, or that they are: WhatsApp's word changes neither.
    fn is_settled_by_people(&self, one: Uuid, other: Uuid) -> bool {
        let are_apart = |of: Uuid, other: Uuid| {
            let known = self.contacts.get(&of);
            known.is_some_and(|known| known.apart_from.iter().any(|id| self.last_of(*id) == other))
        };
        are_apart(one, other) || are_apart(other, one) || self.shown_as(one) == self.shown_as(other)
    }

    /// Follows the merges of a contact, those by hand as well.
    fn shown_as(&self, contact: Uuid) -> Uuid {
        self.follow_pointers(contact, |known| known.merged_into.or(known.merged_by_hand_into))
    }

    /// Follows the merges of a contact.
    pub fn last_of(&self, contact: Uuid) -> Uuid {
        self.follow_pointers(contact, |known| known.merged_into)
    }

    fn follow_pointers(&self, mut contact: Uuid, pointer: impl Fn(&KnownContact) -> Option<Uuid>) -> Uuid {
        for _ in 0..MERGES_MAX {
            match self.contacts.get(&contact).and_then(&pointer) {
                Some(into) => contact = into,
                None => break,
            }
        }
        contact
    }

    fn claim(&mut self, name: NameIn, contact: Uuid, at_s: i64) {
        let before = self.aliases.get(&name);
        if before.is_some_and(|alias| alias.contact == contact) {
            return;
        }
        let is_somebody_elses = |wa_id: Name| {
            let writer = self.aliases.get(&(name.0, wa_id));
            writer.is_some_and(|writer| writer.contact != contact)
        };
        // What is only said to be somebody's number takes it from nobody who has written from it.
        if name.1.kind == Kind::Phone && twin(&name.1).is_some_and(is_somebody_elses) {
            return;
        }
        let is_new = before.is_none();
        let mut past = before.map(|alias| alias.past.clone()).unwrap_or_default();
        let mut from = before.map(|alias| alias.contact);
        // Whoever writes from a number has it under its other kind, too.
        let is_written_from = name.1.kind == Kind::WaId;
        let phone = twin(&name.1).filter(|_| is_written_from).map(|phone| (name.0, phone));
        let phone = phone.and_then(|phone| {
            let known = self.aliases.get(&phone)?;
            (known.contact != contact && at_s >= known.since_s).then_some((phone, known.contact))
        });
        if is_new {
            from = phone.as_ref().map(|(_, owner)| *owner);
        }
        past.extend(from.map(|from| (from, at_s)));
        self.aliases.insert(name.clone(), Alias { contact, since_s: at_s, past });
        let (workspace, name) = name;
        self.claims.push(Claim { workspace, name, contact, from, is_new, at_s });
        if let Some((phone, _)) = phone {
            self.claim(phone, contact, at_s);
        }
    }

    fn merge(&mut self, workspace: Uuid, from: Uuid, into: Uuid) {
        if from != into && !self.is_settled_by_people(from, into) {
            let apart = self.contacts.get(&from).map(|known| known.apart_from.clone()).unwrap_or_default();
            self.contacts.entry(into).or_default().apart_from.extend(apart);
            self.contacts.entry(from).or_default().merged_into = Some(into);
            self.merges.push((workspace, from, into));
        }
    }
}

/// The same digits as a name of the other kind.
pub(super) fn twin(name: &Name) -> Option<Name> {
    let kind = match name.kind {
        Kind::WaId => Kind::Phone,
        Kind::Phone => Kind::WaId,
        _ => return None,
    };
    Some(Name { kind, value: name.value.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register() -> Register {
        Register { aliases: HashMap::new(), contacts: HashMap::new(), claims: Vec::new(), merges: Vec::new() }
    }

    fn person<'a>(wa_id: &'a str, user_id: &'a str) -> Person<'a> {
        let some = |text: &'a str| (!text.is_empty()).then(|| text.into());
        Person { wa_id: some(wa_id), user_id: some(user_id), ..Person::default() }
    }

    fn enter(register: &mut Register, person: &Person<'_>, becomes: Option<&Person<'_>>, at_s: i64) -> Uuid {
        let asked = Asked { workspace: Uuid::nil(), person, becomes, at_s, order: 0 };
        register.enter(&asked).unwrap()
    }

    #[test]
    fn the_same_names_in_two_workspaces_are_two_people() {
        let mut register = register();
        let here = enter(&mut register, &person("62811", "ID.1"), None, 10);
        let other = Uuid::from_u128(7);
        let there = Asked {
            workspace: other,
            person: &person("62811", "ID.1"),
            becomes: Some(&person("62811", "ID.2")),
            at_s: 20,
            order: 0,
        };
        assert_ne!(register.enter(&there).unwrap(), here);
        assert_eq!(enter(&mut register, &person("62811", ""), None, 30), here);
        assert_ne!(enter(&mut register, &person("", "ID.2"), None, 30), here, "told of somebody else");
        assert!(register.merges.is_empty());
        assert_eq!(register.claims.iter().filter(|claim| claim.workspace == other).count(), 3);
    }

    #[test]
    fn a_recycled_number_is_a_new_person_and_the_old_one_keeps_the_past() {
        let mut register = register();
        let first = enter(&mut register, &person("62811", "ID.1"), None, 10);
        let second = enter(&mut register, &person("62811", "ID.2"), None, 20);
        assert_ne!(first, second);
        assert_eq!(enter(&mut register, &person("62811", ""), None, 30), second);
        assert_eq!(enter(&mut register, &person("62811", ""), None, 15), first);
        assert_eq!(enter(&mut register, &person("62811", "ID.1"), None, 12), first);
        assert_eq!(
            enter(&mut register, &person("62811", ""), None, 30),
            second,
            "a late mention moves nothing"
        );
        assert!(register.merges.is_empty());
    }

    #[test]
    fn a_new_user_id_and_a_new_number_are_followed() {
        let mut register = register();
        let before = enter(&mut register, &person("62811", "ID.1"), None, 10);
        enter(&mut register, &person("", "ID.1"), Some(&person("62822", "ID.2")), 20);
        assert_eq!(enter(&mut register, &person("62822", "ID.2"), None, 30), before);
        assert_eq!(enter(&mut register, &person("", "ID.2"), None, 30), before);
    }

    #[test]
    fn a_new_user_id_that_wrote_before_its_announcement_is_joined() {
        let mut register = register();
        let before = enter(&mut register, &person("", "ID.1"), None, 10);
        let early = enter(&mut register, &person("", "ID.2"), None, 20);
        enter(&mut register, &person("", "ID.1"), Some(&person("", "ID.2")), 15);
        assert_eq!(register.merges, [(Uuid::nil(), early, before)]);
        assert_eq!(enter(&mut register, &person("", "ID.2"), None, 30), before);
    }

    #[test]
    fn an_entry_of_the_address_book_is_the_one_who_then_writes() {
        let mut register = register();
        let book = Person { phone: Some("+62 811".into()), ..Person::default() };
        let before = enter(&mut register, &book, None, 10);
        assert_eq!(enter(&mut register, &person("62811", "ID.1"), None, 20), before);
    }

    #[test]
    fn a_number_goes_over_under_both_of_its_kinds() {
        let mut register = register();
        let book = Person { phone: Some("+62 811".into()), ..Person::default() };
        let before = enter(&mut register, &book, None, 10);
        let other = enter(&mut register, &person("", "ID.1"), None, 20);
        assert_eq!(enter(&mut register, &person("62811", "ID.1"), None, 30), other);
        assert_eq!(register.merges, [(Uuid::nil(), before, other)]);
        for kind in [Kind::WaId, Kind::Phone] {
            let name = Name { kind, value: "62811".to_owned() };
            let alias = &register.aliases[&(Uuid::nil(), name)];
            assert_eq!((alias.contact, alias.past.as_slice()), (other, &[(before, 30)][..]), "{kind:?}");
        }
        // And once more, to somebody who has not been heard of.
        let next = enter(&mut register, &person("62811", "ID.2"), None, 40);
        assert_ne!(next, other);
        assert_eq!(enter(&mut register, &book, None, 50), next);
    }

    #[test]
    fn what_is_only_said_to_be_somebodys_number_takes_it_from_nobody() {
        let mut register = register();
        let writer = enter(&mut register, &person("62811", ""), None, 10);
        let other = enter(&mut register, &person("", "ID.1"), None, 20);
        let said =
            Person { phone: Some("+62 811".into()), user_id: Some("ID.1".into()), ..Person::default() };
        assert_eq!(enter(&mut register, &said, None, 25), other);
        assert_eq!(enter(&mut register, &person("62811", ""), None, 30), writer);
    }

    #[test]
    fn whom_people_have_joined_whatsapp_does_not_join_once_more() {
        let mut register = register();
        let by_number = enter(&mut register, &person("62811", ""), None, 10);
        let by_id = enter(&mut register, &person("", "ID.1"), None, 20);
        register.contacts.get_mut(&by_id).unwrap().merged_by_hand_into = Some(by_number);
        assert_eq!(enter(&mut register, &person("62811", "ID.1"), None, 30), by_id);
        assert!(register.merges.is_empty());
        assert_eq!(enter(&mut register, &person("62811", ""), None, 40), by_id, "the number is theirs");
    }

    #[test]
    fn names_that_only_lead_to_somebody_become_theirs_when_they_are_said_of_them() {
        let mut register = register();
        let one = enter(&mut register, &person("62811", "ID.1"), None, 10);
        let other = enter(&mut register, &person("", "ID.2"), None, 20);
        register.merge(Uuid::nil(), one, other);
        let asked = |person| Asked { workspace: Uuid::nil(), person, becomes: None, at_s: 30, order: 0 };
        let (first, second) = (person("62811", "ID.1"), person("62811", "ID.2"));
        assert_eq!(register.enter(&asked(&first)), Some(other));
        assert!(!register.owns(other, &asked(&first)), "both names are the one's");
        assert_eq!(register.enter(&asked(&second)), Some(other));
        assert!(register.owns(other, &asked(&second)));
    }
}
