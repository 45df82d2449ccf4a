//! Contacts: the customers.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::context::{allowed, services};
use super::error::Failure;
use super::page::{Asked, ContactCursor, Page, Stretch, cost};
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::storage::contact_record::{ContactPlace, ContactRecord};

/// A customer. Any of the names may be missing, and none of them is for ever.
#[derive(Clone, Debug, SimpleObject)]
pub struct Contact {
    /// Our id of the person.
    pub id: ID,
    /// The best name there is: the address book's, the person's own, the user name, the phone number.
    pub name: Option<String>,
    /// The name that the person has chosen.
    pub profile_name: Option<String>,
    /// The name in the phone's address book.
    pub address_book_name: Option<String>,
    /// The phone number as WhatsApp writes it: digits only. People with a user name may hide it.
    pub wa_id: Option<String>,
    /// The phone number in another spelling than `waId`: from the address book, a webhook, or whoever sent to it.
    /// With or without a plus; null if there is none.
    pub phone: Option<String>,
    /// The person's WhatsApp user name, without `@`. Null: the person has none, or Meta has not told it.
    pub username: Option<String>,
    /// Meta's business-scoped ids of the person.
    pub user_ids: Vec<String>,
    /// The ids of the person that a parent business sees, like `US.ENT.11815799212886844830`; mostly empty.
    pub parent_user_ids: Vec<String>,
    /// What the person wants to receive.
    pub preferences: Vec<ContactPreference>,
    /// When we first heard of the person.
    pub created_at: Option<DateTime>,
}

/// What a person wants to receive.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactPreference {
    /// Like `marketing_messages`.
    pub category: Option<String>,
    /// Like `stop` or `resume`.
    pub value: Option<String>,
    /// When the person chose it, by Meta's clock.
    pub since: Option<DateTime>,
}

impl From<ContactRecord> for Contact {
    fn from(record: ContactRecord) -> Self {
        let preferences = record.preferences.into_iter().map(|preference| ContactPreference {
            category: preference.category,
            value: preference.value,
            since: scalar::second(preference.at_s),
        });
        let names = [&record.book_name, &record.profile_name, &record.username, &record.phone, &record.wa_id];
        let name = names.into_iter().flatten().find(|name| !name.trim().is_empty()).cloned();
        Self {
            id: scalar::id(record.id),
            name,
            profile_name: record.profile_name,
            address_book_name: record.book_name,
            wa_id: record.wa_id,
            phone: record.phone,
            username: record.username,
            user_ids: record.user_ids,
            parent_user_ids: record.parent_user_ids,
            preferences: preferences.collect(),
            created_at: scalar::moment(record.created_ms),
        }
    }
}

/// A contact that the visitor may see, as it is now.
pub async fn show(context: &Context<'_>, id: &ID) -> Result<Option<Contact>, Failure> {
    let visitor = allowed(context, Deed::SeeContacts)?;
    let storage = &services(context)?.storage;
    let Some(id) = scalar::uuid(id) else { return Ok(None) };
    let Some(contact) = storage.find_contact(visitor.workspace, id).await? else { return Ok(None) };
    if let Some(numbers) = &visitor.numbers
        && !storage.has_conversation(visitor.workspace, contact.id, numbers).await?
    {
        return Ok(None);
    }
    Ok(Some(contact.into()))
}

#[derive(Debug, Default)]
pub struct ContactQuery;

#[Object]
impl ContactQuery {
    /// A contact; one that was merged into another is that other. Null: there is none in this workspace, or none that
    /// writes with a number of the caller's.
    async fn contact(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the contact.")] id: ID,
    ) -> Result<Option<Contact>, Failure> {
        show(context, &id).await
    }

    /// The contacts of the workspace, the latest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn contacts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last one of the page before.")] after: Option<String>,
        #[graphql(desc = "How many, going up the list.")] last: Option<i32>,
        #[graphql(desc = "The cursor of the first one of the page below.")] before: Option<String>,
    ) -> async_graphql::Result<Page<ContactCursor, Contact>> {
        let visitor = allowed(context, Deed::SeeContacts)?;
        let stretch = Stretch::<ContactCursor>::of(Asked { first, after, last, before })?;
        let from = stretch.from.as_ref().map(|cursor| cursor.0);
        let (storage, numbers) = (&services(context)?.storage, visitor.numbers.as_deref());
        let found = storage
            .list_contacts(visitor.workspace, numbers, from, stretch.way, stretch.limit())
            .await
            .map_err(Failure::from)?;
        let place = |record: &ContactRecord| ContactPlace { created_ms: record.created_ms, id: record.id };
        let nodes = |records: Vec<ContactRecord>| records.into_iter().map(Contact::from).collect();
        Ok(stretch.page(found, |record| ContactCursor(place(record)), nodes))
    }
}
