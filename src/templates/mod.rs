//! Message templates: asked for at Meta and kept, made, changed and deleted there, and what a message that uses one must
//! bring.
//!
//! Owns when Meta is asked and what follows from its answers. Does not own how a template stands (`storage` computes it
//! from answers and webhooks), nor its rules (`domain::template`).
//!
//! Invariants:
//! - What is not known is asked for before anything is refused for it, once a minute for a name; what Meta does not
//!   answer is left to its judgement of the message.
//! - A webhook is never needed: what it would tell comes with the next round.

mod access;
mod change;
mod error;
mod judge;
mod sample;
mod shelf;
mod sync;
mod worker;

use std::fmt;
use std::sync::{Arc, Mutex};

use uuid::Uuid;

use crate::auth::audit::NewEntry;
use crate::auth::{Audit, Deed, Visitor};
use crate::clock::Clock;
use crate::ids::Random;
use crate::meta::client::Graph;
use crate::numbers::Numbers;
use crate::people::memory::Memory;
use crate::storage::Storage;
use crate::storage::number_record::NumberRecord;

pub use change::{Deletion, Edit};
pub use error::{Error, Tried};
pub use judge::{Judged, Lack, Refused};
pub use sample::{SAMPLE_BYTES_MAX, Sample, SampleFile, sample_bytes_max};
pub use sync::Report;
pub use worker::TemplateSync;

/// How many names are remembered that were asked for lately.
const NAMES_REMEMBERED: usize = 2_000;

/// The templates of all workspaces. Cheap to clone.
#[derive(Clone)]
pub struct Templates(Arc<Inner>);

struct Inner {
    storage: Storage,
    numbers: Numbers,
    graph: Graph,
    audit: Audit,
    clock: Clock,
    random: Random,
    /// When Meta was last asked about a name in an account, and whether it answered.
    asked: Mutex<Memory<Named, Answered>>,
}

/// A workspace, an account, and a name in it.
type Named = (Uuid, String, String);
/// When Meta was asked, in milliseconds, and whether it answered.
type Answered = (i64, bool);

/// Which account's templates are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Meta's id of an account.
    Account(String),
    /// The account of a number of ours.
    Number(Uuid),
}

/// An account of a workspace, and its numbers that somebody may use to ask about it.
#[derive(Clone, Debug)]
pub struct Account {
    pub workspace: Uuid,
    pub id: String,
    numbers: Vec<NumberRecord>,
}

impl Templates {
    /// The templates in `storage`, asked for with the numbers' own tokens.
    pub fn new(
        storage: &Storage,
        numbers: &Numbers,
        graph: &Graph,
        (clock, random): (&Clock, &Random),
    ) -> Self {
        Self(Arc::new(Inner {
            storage: storage.clone(),
            numbers: numbers.clone(),
            graph: graph.clone(),
            audit: Audit::new(storage, clock, random),
            clock: clock.clone(),
            random: random.clone(),
            asked: Mutex::new(Memory::new(NAMES_REMEMBERED)),
        }))
    }

    /// The account that is meant, if it is one of the visitor's: for whoever is limited to some numbers, theirs.
    pub async fn account(&self, by: &Visitor, place: &Place) -> Result<Account, Error> {
        let mut numbers = self.0.storage.list_numbers(by.workspace).await?;
        numbers.retain(|number| by.may_touch(number.id));
        let (id, field) = match place {
            Place::Account(id) => (Some(id.clone()), "accountId"),
            Place::Number(id) => {
                let number = numbers.iter().find(|number| number.id == *id);
                (number.ok_or(Error::NotFound("numberId"))?.account_id.clone(), "numberId")
            }
        };
        let id = id.ok_or(Error::NoAccount)?;
        numbers.retain(|number| number.account_id.as_deref() == Some(id.as_str()));
        if numbers.is_empty() {
            return Err(Error::NotFound(field));
        }
        Ok(Account { workspace: by.workspace, id, numbers })
    }

    /// The same of a template of ours.
    async fn account_of(&self, by: &Visitor, account_id: &str) -> Result<Account, Error> {
        match self.account(by, &Place::Account(account_id.to_owned())).await {
            Err(Error::NotFound(_)) => Err(Error::NotFound("id")),
            outcome => outcome,
        }
    }

    /// The accounts that a visitor sees; none: all of the workspace.
    pub async fn accounts_of(&self, by: &Visitor) -> Result<Option<Vec<String>>, Error> {
        if by.numbers.is_none() {
            return Ok(None);
        }
        let numbers = self.0.storage.list_numbers(by.workspace).await?;
        let theirs = numbers.into_iter().filter(|number| by.may_touch(number.id));
        let mut accounts: Vec<String> = theirs.filter_map(|number| number.account_id).collect();
        accounts.sort_unstable();
        accounts.dedup();
        Ok(Some(accounts))
    }

    async fn note(
        &self,
        by: &Visitor,
        deed: Deed,
        target: &str,
        changes: &[(&str, Option<&str>, Option<&str>)],
    ) -> Result<(), Error> {
        let target = format!("template:{target}");
        let entry =
            NewEntry { workspace: by.workspace, who: &by.who, deed: deed.name(), target: &target, changes };
        Ok(self.0.audit.note(entry).await?)
    }

    fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").finish_non_exhaustive()
    }
}
