//! What the CRM itself says about a contact, beside what WhatsApp tells: its bounds, and how it changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

pub const NAME_CHARS_MAX: usize = 200;
pub const EMAIL_CHARS_MAX: usize = 254;
pub const ATTRIBUTES_MAX: usize = 50;
pub const KEY_CHARS_MAX: usize = 64;
pub const VALUE_CHARS_MAX: usize = 1_000;

/// What the CRM says about a contact.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Card {
    /// It goes before every other name.
    pub display_name: Option<String>,
    pub email: Option<String>,
    /// Like `id` or `pt_BR`.
    pub language: Option<String>,
    /// Whether the person has told the business to send no marketing. None: they have not said.
    pub marketing_opt_out: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// What is to change. What is none stays; what is some of none is taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::option_option, reason = "outside: whether it changes; inside: to what")]
pub struct Edit {
    pub display_name: Option<Option<String>>,
    pub email: Option<Option<String>>,
    pub language: Option<Option<String>>,
    pub marketing_opt_out: Option<Option<bool>>,
    /// By key. Without a value the attribute is taken away.
    pub attributes: Vec<(String, Option<String>)>,
}

/// A value that cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub field: &'static str,
    pub sentence: &'static str,
}

impl Edit {
    /// Everything that is wrong with it in itself.
    pub fn wrongs(&self) -> Vec<Wrong> {
        let mut wrongs = Vec::new();
        let mut check = |is_good: bool, field, sentence| {
            if !is_good {
                wrongs.push(Wrong { field, sentence });
            }
        };
        check(
            self.display_name.iter().flatten().all(|name| is_line(name, NAME_CHARS_MAX)),
            "displayName",
            "A name has from 1 to 200 characters, on one line.",
        );
        check(
            self.email.iter().flatten().all(|email| is_email(email)),
            "email",
            "An e-mail address is like budi@toko.example, with at most 254 characters.",
        );
        check(
            self.language.iter().flatten().all(|language| is_language(language)),
            "language",
            "A language is like id, en or pt_BR.",
        );
        check(
            self.attributes.len() <= 2 * ATTRIBUTES_MAX,
            "attributes",
            "At most 100 attributes are changed at once.",
        );
        check(
            self.attributes.iter().all(|(key, _)| is_key(key)),
            "attributes.key",
            "A key has from 1 to 64 letters, digits, dashes and underscores, beginning with a letter.",
        );
        check(
            self.attributes.iter().filter_map(|(_, value)| value.as_deref()).all(is_value),
            "attributes.value",
            "A value has from 1 to 1,000 characters.",
        );
        wrongs
    }

    /// The card with the change.
    pub fn apply(&self, card: &Card) -> Result<Card, Wrong> {
        let mut card = card.clone();
        if let Some(name) = &self.display_name {
            card.display_name = name.as_deref().map(|name| name.trim().to_owned());
        }
        if let Some(email) = &self.email {
            card.email.clone_from(email);
        }
        if let Some(language) = &self.language {
            card.language.clone_from(language);
        }
        if let Some(opt_out) = self.marketing_opt_out {
            card.marketing_opt_out = opt_out;
        }
        for (key, value) in &self.attributes {
            match value {
                Some(value) => card.attributes.insert(key.clone(), value.clone()),
                None => card.attributes.remove(key),
            };
        }
        if card.attributes.len() > ATTRIBUTES_MAX {
            let sentence = "A contact has at most 50 attributes.";
            return Err(Wrong { field: "attributes", sentence });
        }
        Ok(card)
    }

    /// The fields that it touches.
    pub fn fields(&self) -> Vec<&'static str> {
        let touched = [
            ("displayName", self.display_name.is_some()),
            ("email", self.email.is_some()),
            ("language", self.language.is_some()),
            ("marketingOptOut", self.marketing_opt_out.is_some()),
            ("attributes", !self.attributes.is_empty()),
        ];
        touched.into_iter().filter_map(|(field, is_touched)| is_touched.then_some(field)).collect()
    }
}

fn is_line(text: &str, chars_max: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= chars_max && !text.contains(char::is_control)
}

/// Only what every address has: whether it works, only sending would tell.
fn is_email(text: &str) -> bool {
    let is_whole = is_line(text, EMAIL_CHARS_MAX) && !text.contains(char::is_whitespace);
    let halves = text.rsplit_once('@');
    is_whole && halves.is_some_and(|(who, host)| !who.is_empty() && host.len() > 2 && host.contains('.'))
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let is_part = |part: &str, from| {
        (from..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let language = parts.next().unwrap_or_default();
    let is_code =
        (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
    text.len() <= 35 && is_code && parts.all(|part| is_part(part, 2))
}

fn is_key(key: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    key.len() <= KEY_CHARS_MAX
        && key.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
        && key.bytes().all(is_letter)
}

fn is_value(value: &str) -> bool {
    !value.trim().is_empty() && value.chars().count() <= VALUE_CHARS_MAX && !value.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong_fields(edit: &Edit) -> Vec<&'static str> {
        edit.wrongs().iter().map(|wrong| wrong.field).collect()
    }

    #[test]
    fn every_value_has_its_bounds() {
        let some = |text: &str| Some(Some(text.to_owned()));
        let name = |text: &str| Edit { display_name: some(text), ..Edit::default() };
        let email = |text: &str| Edit { email: some(text), ..Edit::default() };
        let language = |text: &str| Edit { language: some(text), ..Edit::default() };
        let attribute = |key: &str, value: &str| Edit {
            attributes: vec![(key.to_owned(), Some(value.to_owned()))],
            ..Edit::default()
        };
        for good in [
            name("Ibu Sri 🌸"),
            name(&"x".repeat(200)),
            email("budi.s+crm@toko.example"),
            language("id"),
            language("pt_BR"),
            language("zh-Hant-TW"),
            attribute("loyalty-tier_2", "gold\nsince 2020"),
            attribute("a", &"x".repeat(1_000)),
            Edit::default(),
        ] {
            assert_eq!(wrong_fields(&good), Vec::<&str>::new(), "{good:?}");
        }
        for (bad, field) in [
            (name(" "), "displayName"),
            (name(&"x".repeat(201)), "displayName"),
            (name("a\nb"), "displayName"),
            (email("budi"), "email"),
            (email("@toko.example"), "email"),
            (email("budi@toko"), "email"),
            (email("bu di@toko.example"), "email"),
            (language("indonesian"), "language"),
            (language("i"), "language"),
            (language("id_"), "language"),
            (attribute("", "x"), "attributes.key"),
            (attribute("$set", "x"), "attributes.key"),
            (attribute("a.b", "x"), "attributes.key"),
            (attribute(&"k".repeat(65), "x"), "attributes.key"),
            (attribute("a", " "), "attributes.value"),
            (attribute("a", &"x".repeat(1_001)), "attributes.value"),
        ] {
            assert_eq!(wrong_fields(&bad), [field], "{bad:?}");
        }
    }

    #[test]
    fn what_is_not_named_stays_and_a_contact_has_no_more_than_fifty_attributes() {
        let card = Card { email: Some("a@b.example".to_owned()), ..Card::default() };
        let numbered = |from: usize, to: usize| Edit {
            attributes: (from..to).map(|n| (format!("k{n}"), Some("v".to_owned()))).collect(),
            ..Edit::default()
        };
        let full = numbered(0, 50).apply(&card).unwrap();
        assert_eq!((full.attributes.len(), full.email.as_deref()), (50, Some("a@b.example")));
        assert_eq!(numbered(50, 51).apply(&full).unwrap_err().field, "attributes");
        let exchange = Edit {
            email: Some(None),
            attributes: vec![("k0".to_owned(), None), ("new".to_owned(), Some("v".to_owned()))],
            ..Edit::default()
        };
        let after = exchange.apply(&full).unwrap();
        assert_eq!((after.attributes.len(), after.email), (50, None));
        assert_eq!(exchange.fields(), ["email", "attributes"]);
    }
}
