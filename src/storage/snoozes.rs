//! When the snoozes of conversations end. Apart from the conversations, where every message would pay for the index by
//! which they are found. What is here is only where to look: whether a conversation still sleeps, it says itself.

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::conversation_work::WorkOn;
use super::index::{Collection, Index};
use super::told::Write;
use super::{Error, Storage, durable};

pub const SNOOZES: Collection = Collection {
    name: "snoozes",
    holds: "when the snoozes of conversations end",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[Index {
        name: "untilMs",
        keys: &[("untilMs", 1)],
        unique: false,
        expires: false,
        only: None,
        serves: "the conversations whose snooze has ended",
    }],
};

/// A snooze that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Woken {
    pub workspace: Uuid,
    pub conversation: Uuid,
    pub number: Uuid,
    pub(super) until_ms: i64,
}

/// The write by which it is known when a conversation is to be woken.
pub(super) fn snoozed(on: &WorkOn<'_>, until_ms: i64) -> Write {
    let set = doc! {
        "workspace": binary(on.workspace),
        "number": binary(on.number),
        "untilMs": until_ms,
    };
    Write::upsert(SNOOZES.name, doc! { "_id": binary(on.conversation) }, doc! { "$set": set })
}

impl Storage {
    /// Snoozes of all workspaces that have ended, the longest ago first. Their conversations may have been woken before
    /// by something else.
    pub async fn ended_snoozes(&self, now_ms: i64, limit: i64) -> Result<Vec<Woken>, Error> {
        let ended = doc! { "untilMs": { "$lte": now_ms } };
        let snoozes = self.snoozes();
        let find = snoozes.find(ended).sort(doc! { "untilMs": 1 }).limit(limit);
        let found: Vec<Document> = find.await?.try_collect().await?;
        let one = |found: &Document| {
            Some(Woken {
                workspace: uuid_of(found, "workspace")?,
                conversation: uuid_of(found, "_id")?,
                number: uuid_of(found, "number")?,
                until_ms: found.get_i64("untilMs").ok()?,
            })
        };
        found.iter().map(|found| one(found).ok_or(Error::Malformed { what: "a snooze" })).collect()
    }

    /// Forgets a snooze, unless the conversation was snoozed again meanwhile.
    pub async fn forget_snooze(&self, woken: Woken) -> Result<(), Error> {
        let this = doc! { "_id": binary(woken.conversation), "untilMs": woken.until_ms };
        self.snoozes().delete_one(this).write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    fn snoozes(&self) -> Handle<Document> {
        self.database.collection(SNOOZES.name)
    }
}
