//! Calls between customers and numbers.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use uuid::Uuid;

use super::contact::Contact;
use super::context::{allowed, allowed_among, services};
use super::error::Failure;
use super::loader::Mates;
use super::message::Direction;
use super::page::{Asked, CallCursor, Page, Stretch, cost};
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::storage::call_record;
use crate::storage::call_record::{CallPlace, CallRecord};
use crate::storage::contact_record::ContactRecord;

/// A call.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Call {
    /// Our id of it, not the one that Meta gives it (`callId`).
    pub id: ID,
    /// Meta's id of it.
    pub call_id: String,
    /// Our id of the business number that called or was called.
    pub number_id: ID,
    /// Our id of the customer; null until it is known who that is.
    pub contact_id: Option<ID>,
    /// Who called; null if nobody has said yet.
    pub direction: Option<Direction>,
    /// When Meta first told of it.
    pub timestamp: Option<DateTime>,
    /// How it ended, in Meta's word: `COMPLETED` or `FAILED`.
    pub status: Option<String>,
    /// When the talking began, by Meta's clock; null until Meta has told, and where nobody answered.
    pub started_at: Option<DateTime>,
    /// When the talking ended, by Meta's clock; null until Meta has told, and where nobody answered.
    pub ended_at: Option<DateTime>,
    /// How long they talked, in seconds; null until Meta has told, and where nobody answered.
    pub duration_seconds: Option<i64>,
    /// Meta's id of the recording.
    pub recording_id: Option<String>,
    /// The kind of its file, like `audio/ogg; codecs=opus`, as Meta says; null: there is none.
    pub recording_mime_type: Option<String>,
    /// Meta's id of the transcript.
    pub transcript_id: Option<String>,
    /// The kind of its file, like `application/json`, as Meta says; null: there is none.
    pub transcript_mime_type: Option<String>,
    /// What happened, in its order.
    pub steps: Vec<CallStep>,
    #[graphql(skip)]
    contact_key: Option<Uuid>,
    #[graphql(skip)]
    contacts: Arc<Mates<Uuid, ContactRecord>>,
}

/// Something that happened in a call.
#[derive(Clone, Debug, SimpleObject)]
pub struct CallStep {
    /// In Meta's word: `connect`, `ringing`, `accepted`, `terminate` and so on.
    pub step: String,
    /// When, by Meta's clock, to the second.
    pub timestamp: Option<DateTime>,
}

/// Which calls a list holds.
#[derive(Debug, Default, InputObject)]
pub struct CallFilter {
    /// Only those with one of these numbers.
    number_ids: Option<Vec<ID>>,
    /// Only those with this contact.
    contact_id: Option<ID>,
}

impl Call {
    fn page(records: Vec<CallRecord>) -> Vec<Self> {
        let contacts = Arc::new(Mates::new(records.iter().filter_map(|record| record.contact)));
        records.into_iter().map(|record| Self::of(record, &contacts)).collect()
    }

    fn of(record: CallRecord, contacts: &Arc<Mates<Uuid, ContactRecord>>) -> Self {
        let steps = record.steps.into_iter();
        Self {
            id: ID(record.id),
            call_id: record.call_id,
            number_id: scalar::id(record.number),
            contact_id: record.contact.map(scalar::id),
            direction: record.is_by_customer.map(Direction::of),
            timestamp: scalar::second(record.at_s),
            status: record.status,
            started_at: record.started_s.and_then(scalar::second),
            ended_at: record.ended_s.and_then(scalar::second),
            duration_seconds: record.duration_s,
            recording_id: record.recording_id,
            recording_mime_type: record.recording_mime_type,
            transcript_id: record.transcript_id,
            transcript_mime_type: record.transcript_mime_type,
            steps: steps.map(|(step, at_s)| CallStep { step, timestamp: scalar::second(at_s) }).collect(),
            contact_key: record.contact,
            contacts: Arc::clone(contacts),
        }
    }
}

#[ComplexObject]
impl Call {
    /// The customer.
    async fn contact(&self, context: &Context<'_>) -> Result<Option<Contact>, Failure> {
        let visitor = allowed(context, Deed::SeeContacts)?;
        let storage = &services(context)?.storage;
        let Some(key) = &self.contact_key else { return Ok(None) };
        let load = async |ids: &[Uuid]| storage.contacts_by_id(visitor.workspace, ids).await;
        Ok(self.contacts.get(key, load).await?.map(Contact::from))
    }
}

#[derive(Debug, Default)]
pub struct CallQuery;

#[Object]
impl CallQuery {
    /// The calls of the workspace, the latest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn calls(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which calls; without it: all.")] filter: Option<CallFilter>,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last one of the page before.")] after: Option<String>,
        #[graphql(desc = "How many, going up the list.")] last: Option<i32>,
        #[graphql(desc = "The cursor of the first one of the page below.")] before: Option<String>,
    ) -> async_graphql::Result<Page<CallCursor, Call>> {
        let filter = filter.unwrap_or_default();
        let asked = filter.number_ids.as_deref();
        let (visitor, numbers) = allowed_among(context, Deed::SeeConversations, asked)?;
        let stretch = Stretch::<CallCursor>::of(Asked { first, after, last, before })?;
        let wanted = call_record::CallFilter {
            numbers,
            // What cannot be an id is no contact of anybody's.
            contact: filter.contact_id.map(|id| scalar::uuid(&id).unwrap_or_default()),
        };
        let from = stretch.from.as_ref().map(|cursor| &cursor.0);
        let storage = &services(context)?.storage;
        let found = storage.list_calls(visitor.workspace, &wanted, from, stretch.way, stretch.limit()).await;
        let place = |record: &CallRecord| CallCursor(CallPlace { at_s: record.at_s, id: record.id.clone() });
        Ok(stretch.page(found.map_err(Failure::from)?, place, Call::page))
    }
}
