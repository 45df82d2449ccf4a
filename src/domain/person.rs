//! A customer as far as one message tells: any of these may be missing, and none of them is for ever.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::Str;

/// The names under which somebody is known. The business-scoped user id is the one that is nearly always there;
/// the phone number is missing for people with a user name.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person<'a> {
    pub wa_id: Option<Str<'a>>,
    pub user_id: Option<Str<'a>>,
    pub parent_user_id: Option<Str<'a>>,
    pub phone: Option<Str<'a>>,
    pub username: Option<Str<'a>>,
    pub name: Option<Str<'a>>,
    pub identity_key_hash: Option<Str<'a>>,
}

impl<'a> Person<'a> {
    /// Whether there is anything to find the person by.
    pub fn is_identified(&self) -> bool {
        self.wa_id.is_some()
            || self.user_id.is_some()
            || self.parent_user_id.is_some()
            || self.phone.is_some()
            || self.username.is_some()
    }

    /// Whether both name the same person: an id that both have is equal. The business-scoped id decides before the
    /// phone number, because numbers change hands.
    pub fn is_same_as(&self, other: &Person<'_>) -> bool {
        match (&self.user_id, &other.user_id) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => matches!((&self.wa_id, &other.wa_id), (Some(mine), Some(theirs)) if mine == theirs),
        }
    }

    /// Fills what is missing from what another mention of the same person says.
    pub fn complete_from(&mut self, other: &Person<'a>) {
        fill(&mut self.wa_id, other.wa_id.as_ref());
        fill(&mut self.user_id, other.user_id.as_ref());
        fill(&mut self.parent_user_id, other.parent_user_id.as_ref());
        fill(&mut self.phone, other.phone.as_ref());
        fill(&mut self.username, other.username.as_ref());
        fill(&mut self.name, other.name.as_ref());
        fill(&mut self.identity_key_hash, other.identity_key_hash.as_ref());
    }
}

/// Meta (2026-04): `US.13491208655302741918`, or with `ENT.` what a parent business sees. Case matters.
pub fn is_user_id(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else { return false };
    let id = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|letter| letter.is_ascii_uppercase())
        && (1..=128).contains(&id.len())
        && id.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

fn fill<'a>(mine: &mut Option<Str<'a>>, theirs: Option<&Str<'a>>) {
    if mine.is_none() {
        *mine = theirs.cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person<'a>(wa_id: Option<&'a str>, user_id: Option<&'a str>) -> Person<'a> {
        Person { wa_id: wa_id.map(Into::into), user_id: user_id.map(Into::into), ..Person::default() }
    }

    #[test]
    fn the_business_scoped_id_decides_before_the_phone_number() {
        for (mine, theirs, same) in [
            (person(Some("62811"), Some("ID.1")), person(Some("62811"), Some("ID.1")), true),
            (person(Some("62811"), Some("ID.1")), person(Some("62811"), Some("ID.2")), false),
            (person(Some("62811"), Some("ID.1")), person(None, Some("ID.1")), true),
            (person(Some("62811"), None), person(Some("62811"), Some("ID.1")), true),
            (person(None, None), person(None, None), false),
            (person(None, Some("ID.1")), person(Some("62811"), None), false),
        ] {
            assert_eq!(mine.is_same_as(&theirs), same, "{mine:?} {theirs:?}");
        }
    }

    #[test]
    fn a_user_id_has_a_country_and_up_to_128_letters_and_digits() {
        let check = |text: &str, expected: bool| assert_eq!(is_user_id(text), expected, "{text}");
        check("US.13491208655302741918", true);
        check("US.ENT.11815799212886844830", true);
        check(&format!("ID.{}", "a".repeat(128)), true);
        check(&format!("ID.{}", "a".repeat(129)), false);
        for text in ["", "US.", "us.1", "USA.1", "US.ENT.", "US.1-2", "+6281", "US.é"] {
            check(text, false);
        }
    }

    #[test]
    fn completing_changes_nothing_that_is_there() {
        let mut mine = person(Some("62811"), None);
        mine.complete_from(&person(Some("62899"), Some("ID.1")));
        assert_eq!(mine, person(Some("62811"), Some("ID.1")));
    }
}
