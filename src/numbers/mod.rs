//! The business numbers of a workspace: added, connected, changed and deleted, and what Meta lets one do with them. A
//! file a matter.
//!
//! Owns the order of each deed: what is asked of Meta before anything is kept, what is kept when its answer is lost,
//! what the audit log says. Does not own who may (`auth::authorize`, asked by whoever calls this), nor the calls
//! themselves (`meta::client`), nor which events are for which number (`ingest`, by way of the database).
//!
//! Invariants:
//! - A token leaves its seal for the length of a call (`Line`), and nothing here prints one.
//! - Trouble with a token, a key or Meta blocks sending, never receiving.
//! - What Meta may have done although no answer came is never called undone.

mod add;
mod automation;
mod block;
mod block_list;
mod change;
mod check;
mod connect;
pub mod doctor;
mod error;
mod facts;
mod first;
mod line;
mod person;
pub mod probe;
mod profile;
mod qr;
mod registration;
mod username;
mod webhooks;

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::auth::audit::{self, NewEntry};
use crate::auth::{Audit, Visitor, Who};
use crate::clock::Clock;
use crate::config::WhatsappConfig;
use crate::ids::Random;
use crate::keys::Keys;
use crate::meta::client::Graph;
use crate::secret::Secret;
use crate::storage::Storage;
use crate::storage::number_record::{NumberChanges, NumberRecord};

pub use add::NewNumber;
pub use block::Words;
pub use change::{Deleted, Subscription, Update};
pub use connect::{Connected, Signup};
pub use error::{Error, Tried};
pub use facts::FactsFetch;
pub use first::ensure_first_number;
pub use line::{Line, TOKEN_CODES};
pub use person::{Person, PersonName, PhoneCheck, PhoneState};
pub use registration::CodeWay;

/// The numbers of all workspaces. Cheap to clone.
#[derive(Clone)]
pub struct Numbers(Arc<Inner>);

struct Inner {
    storage: Storage,
    keys: Keys,
    graph: Graph,
    audit: Audit,
    clock: Clock,
    random: Random,
    app: MetaApp,
}

/// The Meta app of the settings.
#[derive(Clone, Debug)]
struct MetaApp {
    id: Option<String>,
    /// The newest secret.
    secret: Option<Secret>,
    verify_token: Option<Secret>,
}

/// A change for the audit log: the field, its value before and after.
type Noted<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// What stands for a secret in the audit log.
const NEW_SECRET: Option<&str> = Some("(a new one)");

impl Numbers {
    /// Works on the numbers in `storage`, with the Meta app of the settings.
    pub fn new(
        storage: &Storage,
        keys: &Keys,
        graph: &Graph,
        (clock, random): (&Clock, &Random),
        config: &WhatsappConfig,
    ) -> Self {
        Self(Arc::new(Inner {
            storage: storage.clone(),
            keys: keys.clone(),
            graph: graph.clone(),
            audit: Audit::new(storage, clock, random),
            clock: clock.clone(),
            random: random.clone(),
            app: MetaApp {
                id: config.app_id.clone(),
                secret: config.app_secrets.first().cloned(),
                verify_token: config.verify_token.clone(),
            },
        }))
    }

    /// The numbers of the visitor's workspace that they may touch, the oldest first.
    pub async fn list(&self, by: &Visitor) -> Result<Vec<NumberRecord>, Error> {
        let all = self.0.storage.list_numbers(by.workspace).await?;
        Ok(all.into_iter().filter(|record| by.may_touch(record.id)).collect())
    }

    /// A number of the workspace.
    pub async fn find(&self, workspace: Uuid, id: Uuid) -> Result<Option<NumberRecord>, Error> {
        Ok(self.0.storage.find_number(workspace, id).await?)
    }

    /// A number of the workspace that must be there.
    async fn get(&self, workspace: Uuid, id: Uuid) -> Result<NumberRecord, Error> {
        self.find(workspace, id).await?.ok_or(Error::NotFound)
    }

    /// Keeps changes and tells of them. Gives the number as it is then.
    async fn keep(&self, workspace: Uuid, id: Uuid, changes: NumberChanges) -> Result<NumberRecord, Error> {
        if !changes.is_empty() {
            let is_there = self.0.storage.change_number(workspace, id, changes, self.now_ms()).await?;
            if !is_there {
                return Err(Error::NotFound);
            }
        }
        self.get(workspace, id).await
    }

    /// Notes in the audit log what a visitor has done to a number.
    async fn note(
        &self,
        by: &Visitor,
        deed: &str,
        number: Uuid,
        changes: &[Noted<'_>],
    ) -> Result<(), audit::Error> {
        self.note_of(by.workspace, &by.who, deed, number, changes).await
    }

    async fn note_of(
        &self,
        workspace: Uuid,
        who: &Who,
        deed: &str,
        number: Uuid,
        changes: &[Noted<'_>],
    ) -> Result<(), audit::Error> {
        let target = format!("number:{number}");
        self.0.audit.note(NewEntry { workspace, who, deed, target: &target, changes }).await
    }

    fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Numbers").finish_non_exhaustive()
    }
}
