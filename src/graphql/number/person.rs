//! What is known about somebody from webhooks: whether a phone number is on WhatsApp, and who is behind a name.

use async_graphql::{Context, Enum, ID, Object, OneofObject, SimpleObject};

use super::{failure_of, user_errors};
use crate::auth::Deed;
use crate::graphql::context::{allowed, services};
use crate::graphql::error::{Failure, UserError};
use crate::graphql::scalar;
use crate::graphql::scalar::DateTime;
use crate::meta::fault;
use crate::numbers;
use crate::numbers::{PersonName, PhoneState};

/// What was last seen of a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "PhoneState")]
pub enum PhoneCheckState {
    /// It wrote, or a message arrived there: it was on WhatsApp then.
    Seen,
    /// Meta said then that it cannot be reached on WhatsApp.
    Refused,
    /// Nothing was ever seen of it, which says nothing. Meta has no look-up: only sending shows it.
    Unknown,
}

/// Whether a phone number is on WhatsApp, as far as can be known.
#[derive(Debug, SimpleObject)]
pub struct PhoneCheck {
    /// The digits, with the country code.
    pub phone: String,
    pub state: PhoneCheckState,
    /// When it was seen or refused.
    pub at: Option<DateTime>,
    /// Meta's code, if it was refused.
    pub meta_code: Option<i32>,
    /// What that code means.
    pub reason: Option<String>,
    /// The contact who has this number.
    pub contact_id: Option<ID>,
}

/// A phone number's check, or what is wrong with it.
#[derive(Debug, SimpleObject)]
pub struct PhoneCheckPayload {
    pub check: Option<PhoneCheck>,
    pub user_errors: Vec<UserError>,
}

/// Whose profile: one of these.
#[derive(Debug, OneofObject)]
pub enum ContactKey {
    /// Our id of the contact.
    ContactId(ID),
    /// The phone number with its country code.
    Phone(String),
    /// The business-scoped user id.
    UserId(String),
    /// The user name.
    Username(String),
}

/// What webhooks told about a customer. None of it is for ever.
#[derive(Debug, SimpleObject)]
pub struct ContactProfile {
    pub contact_id: ID,
    /// The name that they have given themselves.
    pub name: Option<String>,
    /// The name in the address book of the telephone.
    pub address_book_name: Option<String>,
    pub phone: Option<String>,
    pub wa_id: Option<String>,
    pub username: Option<String>,
    /// Their business-scoped user ids.
    pub user_ids: Vec<String>,
    /// When they last wrote.
    pub last_wrote_at: Option<DateTime>,
    /// When a webhook last told of them.
    pub told_at: Option<DateTime>,
}

impl From<numbers::PhoneCheck> for PhoneCheck {
    fn from(check: numbers::PhoneCheck) -> Self {
        let entry = check.code.and_then(fault::look_up);
        Self {
            phone: check.phone,
            state: check.state.into(),
            at: check.at_s.and_then(moment),
            meta_code: check.code.and_then(|code| i32::try_from(code).ok()),
            reason: entry.map(|entry| entry.meaning.en.to_owned()),
            contact_id: check.contact.map(scalar::id),
        }
    }
}

impl From<numbers::Person> for ContactProfile {
    fn from(person: numbers::Person) -> Self {
        let contact = person.contact;
        Self {
            contact_id: scalar::id(contact.id),
            name: contact.profile_name,
            address_book_name: contact.book_name,
            phone: contact.phone.or_else(|| contact.wa_id.clone()),
            wa_id: contact.wa_id,
            username: contact.username,
            user_ids: contact.user_ids,
            last_wrote_at: person.last_wrote_s.and_then(moment),
            told_at: contact.told_at_s.and_then(moment),
        }
    }
}

fn moment(at_s: i64) -> Option<DateTime> {
    scalar::moment(at_s.saturating_mul(1_000))
}

#[derive(Debug, Default)]
pub struct PersonQuery;

#[Object]
impl PersonQuery {
    /// Whether a phone number is on WhatsApp, as far as webhooks told. Nothing is asked of Meta, and nothing is sent.
    async fn check_phone(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "With the country code, in any spelling.")] phone: String,
    ) -> Result<PhoneCheckPayload, Failure> {
        let visitor = allowed(context, Deed::SeeContacts)?;
        match services(context)?.numbers.check_phone(visitor, &phone).await {
            Ok(check) => Ok(PhoneCheckPayload { check: Some(check.into()), user_errors: Vec::new() }),
            Err(error) => Ok(PhoneCheckPayload { check: None, user_errors: user_errors(error)? }),
        }
    }

    /// What webhooks told about a customer; null if nobody here has had to do with them.
    async fn contact_profile(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who: exactly one of the fields.")] of: ContactKey,
    ) -> Result<Option<ContactProfile>, Failure> {
        let visitor = allowed(context, Deed::SeeContacts)?;
        let name = match of {
            ContactKey::ContactId(id) => match scalar::uuid(&id) {
                Some(id) => PersonName::Contact(id),
                None => return Ok(None),
            },
            ContactKey::Phone(phone) => PersonName::Phone(phone),
            ContactKey::UserId(id) => PersonName::UserId(id),
            ContactKey::Username(username) => PersonName::Username(username),
        };
        let person = services(context)?.numbers.person(visitor, &name).await.map_err(failure_of)?;
        Ok(person.map(ContactProfile::from))
    }
}
