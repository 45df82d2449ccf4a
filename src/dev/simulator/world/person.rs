//! People as the Graph side needs them: who can be reached under which name.
//!
//! What a person does is the business of `people`; here are only the names by which a sender addresses one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::dev::simulator::webhook::field::context::set;

/// A person with WhatsApp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The name by which the control API knows the person.
    pub key: String,
    pub name: String,
    /// Digits only, with the country code; absent for someone who is known by user id alone.
    #[serde(default)]
    pub phone: Option<String>,
    /// Another number under which the telephone is reached: where numbers were made longer, today's beside the one that
    /// WhatsApp knows.
    #[serde(default)]
    pub also_reached_by: Option<String>,
    /// The business-scoped user id.
    pub user_id: String,
    #[serde(default)]
    pub username: Option<String>,
    /// Whether the person's app tells when a message was read.
    #[serde(default = "yes")]
    pub read_receipts: bool,
    /// Whether the person has blocked the business.
    #[serde(default)]
    pub has_blocked_us: bool,
    /// Whether the person wants no marketing.
    #[serde(default)]
    pub refuses_marketing: bool,
}

fn yes() -> bool {
    true
}

impl Person {
    /// Whether a message to this number comes to the person.
    pub fn is_reached_by(&self, digits: &str) -> bool {
        [&self.phone, &self.also_reached_by].iter().any(|own| own.as_deref() == Some(digits))
    }

    /// The `contacts[]` entry of a webhook about the person.
    pub fn contact(&self) -> Value {
        let mut profile = Map::new();
        profile.insert("name".to_owned(), json!(self.name));
        if let Some(username) = &self.username {
            profile.insert("username".to_owned(), json!(username));
        }
        let mut contact = json!({ "profile": profile, "user_id": self.user_id });
        if let Some(phone) = &self.phone {
            set(&mut contact, "wa_id", json!(phone));
        }
        contact
    }
}

/// The digits of a phone number as people write it; nothing if there is something else in it.
pub fn digits_of(written: &str) -> Option<String> {
    let is_dressing = |letter: char| "+-() .".contains(letter);
    let digits: String = written.chars().filter(|letter| !is_dressing(*letter)).collect();
    (!digits.is_empty() && digits.len() <= 20 && digits.chars().all(|letter| letter.is_ascii_digit()))
        .then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_may_be_dressed() {
        let check = |written: &str, expected: Option<&str>| {
            assert_eq!(digits_of(written).as_deref(), expected, "{written}");
        };
        check("+1 (650) 555-1234", Some("16505551234"));
        check("16505551234", Some("16505551234"));
        check("US.13491208655302741918", None);
        check("+", None);
        check("", None);
    }
}
