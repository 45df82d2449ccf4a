//! Who somebody is: under which names a contact is known, and what a new mention of a person says about that.
//!
//! Pure: the aliases that are stored come in as values, the changes go out as values. Numbers change hands, names
//! are given up and taken by others; a business-scoped user id is somebody's for good. So a weaker name never
//! joins two people who have different user ids.

pub mod card;

use super::person::Person;
use super::phone::Phone;

/// The kinds of names, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    UserId,
    ParentUserId,
    WaId,
    Phone,
    Username,
}

impl Kind {
    const ALL: [Self; 5] = [Self::UserId, Self::ParentUserId, Self::WaId, Self::Phone, Self::Username];

    /// The kinds of a telephone number: from which somebody writes goes before of which it is only said that it is theirs.
    pub const OF_NUMBERS: [Self; 2] = [Self::WaId, Self::Phone];

    /// The kind that is written so.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// How it is written in keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::UserId => "user",
            Self::ParentUserId => "parent",
            Self::WaId => "wa",
            Self::Phone => "phone",
            Self::Username => "name",
        }
    }
}

/// A name of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    pub kind: Kind,
    pub value: String,
}

/// The names that a mention gives, the strongest first.
pub fn names_of(person: &Person<'_>) -> Vec<Name> {
    let named = [
        (Kind::UserId, &person.user_id),
        (Kind::ParentUserId, &person.parent_user_id),
        (Kind::WaId, &person.wa_id),
        (Kind::Phone, &person.phone),
        (Kind::Username, &person.username),
    ];
    named
        .into_iter()
        .filter_map(|(kind, value)| Some(Name { kind, value: normal(kind, value.as_deref()?) }))
        .filter(|name| !name.value.is_empty())
        .collect()
}

/// The names under which a line may be known, in every spelling that WhatsApp has for it: the digits as they are given
/// first, and all from which somebody writes before all that are only said.
pub fn names_of_line(digits: &str) -> Vec<Name> {
    if digits.is_empty() {
        return Vec::new();
    }
    let mut spellings = vec![digits.to_owned()];
    if let Ok(phone) = Phone::of_wa_id(digits) {
        spellings.extend(phone.wa_ids().into_iter().filter(|id| id != digits));
    }
    let named = |kind| spellings.iter().map(move |value| Name { kind, value: value.clone() });
    Kind::OF_NUMBERS.into_iter().flat_map(named).collect()
}

/// A name as it is compared: phone numbers are their digits; user names do not depend on case; user ids do.
pub fn normal(kind: Kind, value: &str) -> String {
    match kind {
        Kind::UserId | Kind::ParentUserId => value.to_owned(),
        Kind::WaId | Kind::Phone => value.chars().filter(char::is_ascii_digit).collect(),
        Kind::Username => value.trim_start_matches('@').to_lowercase(),
    }
}

/// What is stored about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias<Id> {
    pub contact: Id,
    /// Meta's time from which it is this contact's.
    pub since_s: i64,
    /// Whose it was before, with the end of that time.
    pub past: Vec<(Id, i64)>,
}

impl<Id: Copy> Alias<Id> {
    /// Whose name it was at a time.
    fn owner_at(&self, at_s: i64) -> Id {
        if at_s >= self.since_s {
            return self.contact;
        }
        self.past.iter().find(|(_, until_s)| at_s < *until_s).map_or(self.contact, |(owner, _)| *owner)
    }
}

/// A name as it is known, and whether its owner has a user id of their own.
#[derive(Clone, Debug)]
pub struct Known<Id> {
    pub name: Name,
    pub alias: Option<Alias<Id>>,
    pub owner_has_user_id: bool,
}

/// What a mention of a person means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<Id> {
    /// Who it is; `None`: somebody new.
    pub contact: Option<Id>,
    /// Names that become theirs: nobody's so far, or somebody else's until now.
    pub claims: Vec<Name>,
    /// Contacts that turn out to be the same person.
    pub merges: Vec<Id>,
}

/// Decides who is meant by a mention at `at_s`. `is_settled`: whether people have said of two that they are one, or that
/// they are not.
pub fn identify<Id: Copy + PartialEq>(
    known: &[Known<Id>],
    at_s: i64,
    is_settled: impl Fn(Id, Id) -> bool,
) -> Verdict<Id> {
    let has_user_id = known.iter().any(|one| one.name.kind == Kind::UserId);
    let contact = known.iter().find_map(|one| {
        let owner = one.alias.as_ref()?.owner_at(at_s);
        // A weaker name whose owner has another user id names somebody else: it has changed hands.
        let is_somebody_else = has_user_id && one.name.kind > Kind::ParentUserId && one.owner_has_user_id;
        (!is_somebody_else).then_some(owner)
    });
    let (mut claims, mut merges) = (Vec::new(), Vec::new());
    for one in known {
        match &one.alias {
            None => claims.push(one.name.clone()),
            Some(alias) if Some(alias.contact) == contact || at_s < alias.since_s => {}
            Some(alias) => {
                // Only a phone number or a parent id shows that two are one; a user name is given up and taken.
                let joins = matches!(one.name.kind, Kind::ParentUserId | Kind::WaId);
                let is_free = one.name.kind == Kind::ParentUserId || !one.owner_has_user_id;
                let is_settled = contact.is_some_and(|contact| is_settled(contact, alias.contact));
                if contact.is_some() && has_user_id && joins && is_free && !is_settled {
                    merges.push(alias.contact);
                }
                // A parent id that two have who stay two would go from hand to hand.
                if !is_settled || one.name.kind != Kind::ParentUserId {
                    claims.push(one.name.clone());
                }
            }
        }
    }
    merges.dedup();
    Verdict { contact, claims, merges }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(kind: Kind, owner: Option<(u32, i64)>, owner_has_user_id: bool) -> Known<u32> {
        let alias = owner.map(|(contact, since_s)| Alias { contact, since_s, past: vec![(9, since_s)] });
        Known { name: Name { kind, value: "x".to_owned() }, alias, owner_has_user_id }
    }

    fn judge(known: &[Known<u32>], at_s: i64) -> Verdict<u32> {
        identify(known, at_s, |_, _| false)
    }

    fn claimed(verdict: &Verdict<u32>) -> Vec<Kind> {
        verdict.claims.iter().map(|name| name.kind).collect()
    }

    #[test]
    fn nobody_knows_a_stranger() {
        let verdict = judge(&[known(Kind::UserId, None, false), known(Kind::WaId, None, false)], 5);
        assert_eq!((verdict.contact, claimed(&verdict)), (None, vec![Kind::UserId, Kind::WaId]));
    }

    #[test]
    fn a_user_id_joins_the_contact_who_had_only_the_phone_number() {
        let verdict = judge(&[known(Kind::UserId, None, false), known(Kind::WaId, Some((1, 0)), false)], 5);
        assert_eq!((verdict.contact, claimed(&verdict)), (Some(1), vec![Kind::UserId]));
        assert!(verdict.merges.is_empty());
    }

    #[test]
    fn a_number_that_has_changed_hands_moves_and_merges_nobody() {
        let verdict = judge(&[known(Kind::UserId, None, false), known(Kind::WaId, Some((1, 0)), true)], 5);
        assert_eq!((verdict.contact, claimed(&verdict)), (None, vec![Kind::UserId, Kind::WaId]));
        assert!(verdict.merges.is_empty());
        let verdict =
            judge(&[known(Kind::UserId, Some((2, 0)), true), known(Kind::WaId, Some((1, 0)), true)], 5);
        assert_eq!((verdict.contact, claimed(&verdict)), (Some(2), vec![Kind::WaId]));
        assert!(verdict.merges.is_empty());
    }

    #[test]
    fn two_contacts_become_one_when_a_mention_carries_both_names() {
        let verdict =
            judge(&[known(Kind::UserId, Some((2, 0)), true), known(Kind::WaId, Some((1, 0)), false)], 5);
        assert_eq!((verdict.contact, verdict.merges.as_slice()), (Some(2), &[1][..]));
    }

    #[test]
    fn of_two_whom_people_have_taken_apart_a_number_goes_over_and_a_parent_id_stays() {
        let apart = |one: u32, other: u32| (one, other) == (2, 1);
        let known = |kind| [known(Kind::UserId, Some((2, 0)), true), known(kind, Some((1, 0)), false)];
        for (kind, claims) in [(Kind::WaId, vec![Kind::WaId]), (Kind::ParentUserId, vec![])] {
            let verdict = identify(&known(kind), 5, apart);
            assert_eq!((verdict.contact, claimed(&verdict)), (Some(2), claims));
            assert!(verdict.merges.is_empty());
            assert_eq!(judge(&known(kind), 5).merges, [1], "unless people say so");
        }
    }

    #[test]
    fn a_late_mention_takes_nothing_back() {
        let verdict =
            judge(&[known(Kind::UserId, Some((2, 0)), true), known(Kind::WaId, Some((1, 10)), true)], 5);
        assert_eq!((verdict.contact, claimed(&verdict)), (Some(2), vec![]));
    }

    #[test]
    fn a_phone_number_alone_names_who_had_it_at_that_time() {
        assert_eq!(judge(&[known(Kind::WaId, Some((1, 10)), true)], 20).contact, Some(1));
        assert_eq!(judge(&[known(Kind::WaId, Some((1, 10)), true)], 5).contact, Some(9));
    }

    #[test]
    fn a_user_name_never_joins_two_people() {
        let verdict =
            judge(&[known(Kind::UserId, Some((2, 0)), true), known(Kind::Username, Some((1, 0)), false)], 5);
        assert_eq!((verdict.contact, claimed(&verdict)), (Some(2), vec![Kind::Username]));
        assert!(verdict.merges.is_empty());
    }

    #[test]
    fn names_are_compared_in_their_normal_form() {
        let person = Person {
            wa_id: Some("+62 811".into()),
            username: Some("@Budi".into()),
            user_id: Some("ID.aB1".into()),
            ..Person::default()
        };
        let values: Vec<String> = names_of(&person).into_iter().map(|name| name.value).collect();
        assert_eq!(values, ["ID.aB1", "62811", "budi"]);
    }
}
