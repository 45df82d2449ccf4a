//! Contacts: the customers.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};

use super::context::{allowed, allowed_among, services};
use super::error::Failure;
use super::page::{Asked, ContactCursor, Page, Stretch, cost};
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::contacts;
use crate::storage::contact_record::{Block, ContactPlace, ContactRecord, Preference};

/// A customer. Any of the names may be missing, and none of them is for ever.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Contact {
    /// Our id of the person.
    pub id: ID,
    /// The best name there is: the CRM's, the address book's, the person's own, the user name, the phone number.
    pub name: Option<String>,
    /// The name that the CRM has given (`editContact`).
    pub display_name: Option<String>,
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
    /// The e-mail address that the CRM has given.
    pub email: Option<String>,
    /// The language that the CRM has given, like `id` or `pt_BR`.
    pub language: Option<String>,
    /// Whether the person has told the business to send no marketing; null: nobody has noted anything.
    pub marketing_opt_out: Option<bool>,
    /// Whether marketing may be sent: nobody has noted otherwise, and the person has not stopped it in WhatsApp.
    pub accepts_marketing: bool,
    /// What else the CRM has noted, by key.
    pub attributes: Vec<ContactAttribute>,
    /// How often the CRM has changed the contact: for `expectedRevision` of `editContact`.
    pub revision: i64,
    /// When we first heard of the person.
    pub created_at: Option<DateTime>,
    #[graphql(skip)]
    blocked_for: Vec<Block>,
}

/// Something that the CRM has noted about a contact.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactAttribute {
    /// What it is about.
    pub key: String,
    /// What it says.
    pub value: String,
}

/// That nothing is sent to a contact by a number.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactBlock {
    /// The business number that sends nothing.
    pub number_id: ID,
    /// When it was blocked.
    pub since: Option<DateTime>,
    /// Whether Meta keeps the person from writing to the number, too.
    pub at_meta: bool,
}

/// A contact that was merged into another one.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactMerge {
    /// The merged contact: for `undoContactMerge`.
    pub from_id: ID,
    /// The contact that it is now.
    pub into_id: ID,
    /// When.
    pub at: Option<DateTime>,
    /// Who did it: `user:…` or `api-key:…`; `whatsapp` if WhatsApp told that the two are one.
    pub by: String,
}

/// Which contacts a list holds. What is not said does not matter.
#[derive(Debug, Default, InputObject)]
pub struct ContactFilter {
    /// Only those who have a conversation with one of these numbers.
    number_ids: Option<Vec<ID>>,
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

/// Meta (2026-07): the category and the word by which a person stops marketing.
const MARKETING: &str = "marketing_messages";
const STOP: &str = "stop";

fn accepts_marketing(record: &ContactRecord) -> bool {
    let is_stop = |preference: &Preference| {
        preference.category.as_deref() == Some(MARKETING) && preference.value.as_deref() == Some(STOP)
    };
    record.card.marketing_opt_out != Some(true) && !record.preferences.iter().any(is_stop)
}

impl From<ContactRecord> for Contact {
    fn from(record: ContactRecord) -> Self {
        let (name, accepts_marketing) = (record.name().map(str::to_owned), accepts_marketing(&record));
        let preferences = record.preferences.into_iter().map(|preference| ContactPreference {
            category: preference.category,
            value: preference.value,
            since: scalar::second(preference.at_s),
        });
        let attributes = record.card.attributes.into_iter();
        Self {
            id: scalar::id(record.id),
            name,
            display_name: record.card.display_name,
            profile_name: record.profile_name,
            address_book_name: record.book_name,
            wa_id: record.wa_id,
            phone: record.phone,
            username: record.username,
            user_ids: record.user_ids,
            parent_user_ids: record.parent_user_ids,
            preferences: preferences.collect(),
            email: record.card.email,
            language: record.card.language,
            marketing_opt_out: record.card.marketing_opt_out,
            accepts_marketing,
            attributes: attributes.map(|(key, value)| ContactAttribute { key, value }).collect(),
            revision: record.revision,
            created_at: scalar::moment(record.created_ms),
            blocked_for: record.blocks,
        }
    }
}

#[ComplexObject]
impl Contact {
    /// The numbers of the caller's by which nothing is sent to the contact.
    async fn blocks(&self, context: &Context<'_>) -> Result<Vec<ContactBlock>, Failure> {
        let visitor = allowed(context, Deed::SeeContacts)?;
        let theirs = self.blocked_for.iter().filter(|block| visitor.may_touch(block.number));
        let block = |block: &Block| ContactBlock {
            number_id: scalar::id(block.number),
            since: scalar::moment(block.at_ms),
            at_meta: block.is_at_meta,
        };
        Ok(theirs.map(block).collect())
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

    /// The contacts that were merged into one, by people or by what WhatsApp told, the latest first; 50 at most. None if
    /// there is no such contact.
    async fn contact_merges(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The contact that lists show.")] contact_id: ID,
    ) -> Result<Vec<ContactMerge>, Failure> {
        let visitor = allowed(context, Deed::SeeContacts)?;
        let Some(id) = scalar::uuid(&contact_id) else { return Ok(Vec::new()) };
        let merged = match services(context)?.contacts.merged_into(visitor, id).await {
            Ok(merged) => merged,
            Err(contacts::Error::NotFound(_)) => return Ok(Vec::new()),
            Err(contacts::Error::Storage(error)) => return Err(error.into()),
            Err(error) => return Err(Failure::internal(error)),
        };
        let merges = merged.into_iter().map(|merged| ContactMerge {
            from_id: scalar::id(merged.from),
            into_id: scalar::id(merged.into),
            at: scalar::moment(merged.at_ms),
            by: merged.by.unwrap_or_else(|| "whatsapp".to_owned()),
        });
        Ok(merges.collect())
    }

    /// The contacts of the workspace, the latest first. By their names: `searchContacts`.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn contacts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which contacts; all if not said.")] filter: Option<ContactFilter>,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last one of the page before.")] after: Option<String>,
        #[graphql(desc = "How many, going up the list.")] last: Option<i32>,
        #[graphql(desc = "The cursor of the first one of the page below.")] before: Option<String>,
    ) -> async_graphql::Result<Page<ContactCursor, Contact>> {
        let filter = filter.unwrap_or_default();
        let (visitor, numbers) = allowed_among(context, Deed::SeeContacts, filter.number_ids.as_deref())?;
        let stretch = Stretch::<ContactCursor>::of(Asked { first, after, last, before })?;
        let from = stretch.from.as_ref().map(|cursor| cursor.0);
        let storage = &services(context)?.storage;
        let found = storage
            .list_contacts(visitor.workspace, numbers.as_deref(), from, stretch.way, stretch.limit())
            .await
            .map_err(Failure::from)?;
        let place = |record: &ContactRecord| ContactPlace { created_ms: record.created_ms, id: record.id };
        let nodes = |records: Vec<ContactRecord>| records.into_iter().map(Contact::from).collect();
        Ok(stretch.page(found, |record| ContactCursor(place(record)), nodes))
    }
}
