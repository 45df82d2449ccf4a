//! Work on conversations: reading, assigning, labelling, notes, putting away and taking back. A file a matter.
//!
//! Owns what a deed needs beside its write: whose conversation it is, what may be written, what is told to Meta. Does not
//! own who may (`auth::authorize`, asked by whoever calls this), nor the writes (`storage`), nor the contacts' side.
//!
//! Invariants:
//! - A conversation of another workspace, or of a number that the visitor may not touch, is not there.
//! - Each deed and its event are in the database together, or neither is.
//! - What Meta does or refuses never changes what is done here.

mod attribute;
mod error;
mod label;
mod note;
mod reading;
mod showing;
mod snooze;
mod status;

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::auth::{Audit, Visitor};
use crate::clock::Clock;
use crate::domain::inbox::Work;
use crate::events::Log;
use crate::ids::Random;
use crate::meta::client::Graph;
use crate::numbers::Numbers;
use crate::storage::Storage;
use crate::storage::conversation_record::ConversationRecord;
use crate::storage::conversation_work::WorkOn;

pub use error::Error;
pub use label::LabelChange;
pub use reading::Read;
pub use showing::{Hindrance, Shown};
pub use snooze::SnoozeEnd;

/// How often a change is tried anew because somebody else was faster.
const TRIES_MAX: usize = 20;

/// Work on conversations. Cheap to clone.
#[derive(Clone)]
pub struct Inbox(Arc<Inner>);

struct Inner {
    storage: Storage,
    clock: Clock,
    random: Random,
    graph: Graph,
    numbers: Numbers,
    log: Log,
    audit: Audit,
}

impl Inbox {
    /// Works on the conversations in `storage`.
    pub fn new(
        storage: &Storage,
        (clock, random): (&Clock, &Random),
        (graph, numbers, log): (&Graph, &Numbers, &Log),
    ) -> Self {
        Self(Arc::new(Inner {
            storage: storage.clone(),
            clock: clock.clone(),
            random: random.clone(),
            graph: graph.clone(),
            numbers: numbers.clone(),
            log: log.clone(),
            audit: Audit::new(storage, clock, random),
        }))
    }

    /// A conversation that the visitor may touch, as it is now.
    pub async fn conversation(&self, by: &Visitor, id: Uuid) -> Result<ConversationRecord, Error> {
        let found = self.0.storage.find_conversation(by.workspace, id).await?;
        found.filter(|found| by.may_touch(found.number)).ok_or(Error::NotFound("conversationId"))
    }

    /// A deed of a visitor's on a conversation, and what it is about.
    fn deed<'a>(
        &self,
        on: &ConversationRecord,
        by: &'a str,
        work: Work,
        about: Option<String>,
    ) -> WorkOn<'a> {
        WorkOn {
            workspace: on.workspace,
            conversation: on.id,
            number: on.number,
            work,
            by: Some(by),
            about,
            now_ms: self.0.clock.now_ms(),
        }
    }

    /// The conversation after a deed. Whoever follows in this process is woken.
    async fn after(&self, by: &Visitor, id: Uuid) -> Result<ConversationRecord, Error> {
        self.0.log.nudge(by.workspace);
        self.conversation(by, id).await
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
