//! Work on contacts: what the CRM says of them, joining two that are one person, and blocking.
//!
//! Owns the order of each deed, its bounds, and what the audit log says. Does not own who may (`auth::authorize`, asked
//! by whoever calls this), nor who is who (`people`, from what WhatsApp tells).
//!
//! Invariants:
//! - To whoever is limited to some numbers, a contact without a conversation with one of them is not there.
//! - A merge by hand changes what is shown, never who is meant by a name; nor does taking apart whom WhatsApp has told to
//!   be one: see `storage::merges`.
//! - A block is kept here before Meta is asked, and goes here after Meta has let go.

mod block;

use std::sync::Arc;

use uuid::Uuid;

use crate::auth::audit;
use crate::auth::audit::NewEntry;
use crate::auth::{Audit, Deed, Visitor};
use crate::clock::Clock;
use crate::domain::contact::card::{Edit, Wrong};
use crate::events::Log;
use crate::ids::Random;
use crate::numbers;
use crate::numbers::Numbers;
use crate::people::conversation_id;
use crate::storage;
use crate::storage::Storage;
use crate::storage::contact_record::ContactRecord;
use crate::storage::merges::{Merge, MergeOutcome, Merged};

pub use block::{AtMeta, Blocking};

/// How often a change is tried on what somebody else has changed meanwhile.
const TRIES_MAX: usize = 10;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing in this workspace, or the caller may not touch it: the argument.
    #[error("what {0} names is not there")]
    NotFound(&'static str),
    #[error("values cannot be taken")]
    Invalid(Vec<Wrong>),
    /// Somebody else has changed the contact since the caller read it.
    #[error("the contact is at revision {now}")]
    Changed { now: i64 },
    #[error("the merge cannot be made or undone now: {0:?}")]
    Hindered(MergeOutcome),
    #[error(transparent)]
    Numbers(#[from] numbers::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Audit(#[from] audit::Error),
}

/// The contacts of all workspaces. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Contacts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    storage: Storage,
    numbers: Numbers,
    log: Log,
    audit: Audit,
    clock: Clock,
}

impl Contacts {
    /// Works on the contacts in `storage`.
    pub fn new(storage: &Storage, (numbers, log): (&Numbers, &Log), clock: &Clock, random: &Random) -> Self {
        Self(Arc::new(Inner {
            log: log.clone(),
            storage: storage.clone(),
            numbers: numbers.clone(),
            audit: Audit::new(storage, clock, random),
            clock: clock.clone(),
        }))
    }

    /// Changes what the CRM says of a contact. With `expected`: only if nobody has changed it since that revision.
    pub async fn edit(
        &self,
        by: &Visitor,
        id: Uuid,
        edit: &Edit,
        expected: Option<i64>,
    ) -> Result<ContactRecord, Error> {
        let wrongs = edit.wrongs();
        if !wrongs.is_empty() {
            return Err(Error::Invalid(wrongs));
        }
        for _ in 0..TRIES_MAX {
            let record = self.visible(by, id).await?;
            if expected.is_some_and(|expected| expected != record.revision) {
                return Err(Error::Changed { now: record.revision });
            }
            let card = edit.apply(&record.card).map_err(|wrong| Error::Invalid(vec![wrong]))?;
            if card == record.card {
                return Ok(record);
            }
            if self.0.storage.change_card(&record, &card, self.now_ms()).await? {
                let fields = edit.fields();
                let changes: Vec<_> = fields.iter().map(|field| (*field, None, None)).collect();
                self.note(by, Deed::EditContacts, record.id, &changes).await?;
                return self.visible(by, record.id).await;
            }
        }
        Err(storage::Error::Conflict.into())
    }

    /// Lets a contact be another one from now on. Gives the other.
    pub async fn merge(&self, by: &Visitor, from: Uuid, into: Uuid) -> Result<ContactRecord, Error> {
        if from == into {
            self.visible(by, from).await.map_err(|error| match error {
                Error::NotFound(_) => Error::NotFound("fromId"),
                error => error,
            })?;
            let sentence = "A contact cannot be merged into itself.";
            return Err(Error::Invalid(vec![Wrong { field: "intoId", sentence }]));
        }
        let who = by.who.to_string();
        let merge = Merge { workspace: by.workspace, from, into, by: &who, now_ms: self.now_ms() };
        let with = |number| conversation_id(number, into.as_bytes());
        match self.0.storage.merge_by_hand(&merge, &with).await? {
            MergeOutcome::Done { into } => {
                let target = into.to_string();
                self.note(by, Deed::MergeContacts, from, &[("mergedInto", None, Some(&target))]).await?;
                self.visible(by, into).await
            }
            MergeOutcome::NoFrom => Err(Error::NotFound("fromId")),
            MergeOutcome::NoInto => Err(Error::NotFound("intoId")),
            hindrance => Err(Error::Hindered(hindrance)),
        }
    }

    /// Takes a contact out again that was merged into another one. Gives it.
    pub async fn undo_merge(&self, by: &Visitor, from: Uuid) -> Result<ContactRecord, Error> {
        match self.0.storage.undo_merge(by.workspace, from, self.now_ms()).await? {
            MergeOutcome::Done { into } => {
                let target = into.to_string();
                self.note(by, Deed::MergeContacts, from, &[("mergedInto", Some(&target), None)]).await?;
                self.visible(by, from).await
            }
            MergeOutcome::NoFrom => Err(Error::NotFound("contactId")),
            hindrance => Err(Error::Hindered(hindrance)),
        }
    }

    /// The contacts that were merged into one, the latest first.
    pub async fn merged_into(&self, by: &Visitor, into: Uuid) -> Result<Vec<Merged>, Error> {
        let record = self.visible(by, into).await?;
        Ok(self.0.storage.merged_into(by.workspace, record.id).await?)
    }

    /// A contact that the visitor may see, as it is now.
    async fn visible(&self, by: &Visitor, id: Uuid) -> Result<ContactRecord, Error> {
        let found = self.0.storage.find_contact(by.workspace, id).await?;
        let record = found.ok_or(Error::NotFound("contactId"))?;
        if let Some(numbers) = &by.numbers
            && !self.0.storage.has_conversation(by.workspace, record.id, numbers).await?
        {
            return Err(Error::NotFound("contactId"));
        }
        Ok(record)
    }

    /// Notes a deed that was done, and wakes whoever follows in this process.
    async fn note(
        &self,
        by: &Visitor,
        deed: Deed,
        contact: Uuid,
        changes: &[(&str, Option<&str>, Option<&str>)],
    ) -> Result<(), audit::Error> {
        self.0.log.nudge(by.workspace);
        let target = format!("contact:{contact}");
        let entry =
            NewEntry { workspace: by.workspace, who: &by.who, deed: deed.name(), target: &target, changes };
        self.0.audit.note(entry).await
    }

    fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }
}
