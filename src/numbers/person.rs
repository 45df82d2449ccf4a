//! What is known about somebody without asking Meta, who would not say: the Cloud API has no look-up. Only what webhooks
//! told is told.

use uuid::Uuid;

use super::{Error, Numbers};
use crate::auth::Visitor;
use crate::domain::contact::{Name, names_of};
use crate::domain::person;
use crate::domain::phone::international_digits;
use crate::storage::contact_record::ContactRecord;
use crate::storage::statuses::UNDELIVERABLE;

/// Whether a phone number is on WhatsApp, as far as can be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneCheck {
    /// The number's digits.
    pub phone: String,
    pub state: PhoneState,
    /// When that was last seen, in seconds.
    pub at_s: Option<i64>,
    /// Meta's code, when it was refused.
    pub code: Option<i64>,
    pub contact: Option<Uuid>,
}

/// What was last seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneState {
    /// It wrote, or a message arrived there.
    Seen,
    /// Meta said that it cannot be reached on WhatsApp.
    Refused,
    /// Nothing was seen: that says nothing.
    Unknown,
}

/// A name by which somebody is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonName {
    Contact(Uuid),
    Phone(String),
    UserId(String),
    Username(String),
}

/// Somebody, as webhooks told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub contact: ContactRecord,
    /// When they last wrote, in seconds.
    pub last_wrote_s: Option<i64>,
}

impl Numbers {
    /// Whether a phone number is on WhatsApp: seen at a time, refused at a time, or not known.
    pub async fn check_phone(&self, by: &Visitor, phone: &str) -> Result<PhoneCheck, Error> {
        let digits = international_digits(phone).map_err(|_| {
            let sentence = "This is not a phone number with its country code.";
            Error::invalid("phone", sentence, "Write it like +62 812 3456 7890.")
        })?;
        let refused = self.0.storage.last_undeliverable(by.workspace, &digits, by.numbers.as_deref());
        let refused_at = refused.await?;
        let person = self.person(by, &PersonName::Phone(digits.clone())).await?;
        let seen_at = match &person {
            Some(person) => self.last_seen(by, person).await?,
            None => None,
        };
        let contact = person.map(|person| person.contact.id);
        // The later one counts: people come and go. An arrival in the same second refutes the refusal.
        let (state, at_s, code) = match (seen_at, refused_at) {
            (Some(seen), refused) if refused.is_none_or(|refused| seen >= refused) => {
                (PhoneState::Seen, Some(seen), None)
            }
            (_, Some(refused)) => (PhoneState::Refused, Some(refused), Some(UNDELIVERABLE)),
            _ => (PhoneState::Unknown, None, None),
        };
        Ok(PhoneCheck { phone: digits, state, at_s, code, contact })
    }

    /// Somebody of the workspace whom the visitor's numbers have to do with.
    pub async fn person(&self, by: &Visitor, name: &PersonName) -> Result<Option<Person>, Error> {
        let Some(id) = self.contact_of(by.workspace, name).await? else { return Ok(None) };
        let Some(contact) = self.0.storage.find_contact(by.workspace, id).await? else { return Ok(None) };
        let storage = &self.0.storage;
        let traffic = storage.traffic_with(by.workspace, contact.id, by.numbers.as_deref()).await?;
        if by.numbers.is_some() && traffic.is_empty() {
            return Ok(None);
        }
        let last_wrote_s = traffic.iter().filter_map(|(_, at_s)| *at_s).max();
        Ok(Some(Person { contact, last_wrote_s }))
    }

    async fn last_seen(&self, by: &Visitor, person: &Person) -> Result<Option<i64>, Error> {
        let storage = &self.0.storage;
        let mut seen = person.last_wrote_s;
        for (conversation, _) in
            storage.traffic_with(by.workspace, person.contact.id, by.numbers.as_deref()).await?
        {
            seen = seen.max(storage.last_delivery(conversation).await?);
        }
        Ok(seen)
    }

    async fn contact_of(&self, workspace: Uuid, name: &PersonName) -> Result<Option<Uuid>, Error> {
        let mut person = person::Person::default();
        match name {
            PersonName::Contact(id) => return Ok(Some(*id)),
            PersonName::Phone(phone) => {
                person.wa_id = Some(phone.as_str().into());
                person.phone = Some(phone.as_str().into());
            }
            PersonName::UserId(id) => person.user_id = Some(id.as_str().into()),
            PersonName::Username(username) => person.username = Some(username.as_str().into()),
        }
        let names: Vec<Name> = names_of(&person);
        let aliases = self.0.storage.aliases_of(workspace, &names).await?;
        // The stronger name goes first.
        Ok(names.iter().find_map(|name| aliases.get(name)).map(|alias| alias.contact))
    }
}
