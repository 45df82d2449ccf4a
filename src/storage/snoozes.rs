//! When a conversation that was put away is to be looked at again. Whether it still sleeps, the conversation says: what
//! ended its sleep before leaves the snooze behind, which goes when its time comes. Apart from the conversations, where
//! every message would pay for the index.

use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::index::{Collection, Index};
use super::told::Write;
use super::{Error, Storage, durable};

pub const SNOOZES: Collection = Collection {
    name: "snoozes",
    holds: "when conversations that were put away are to be looked at again",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[Index {
        name: "untilMs",
        keys: &[("untilMs", 1)],
        unique: false,
        expires: false,
        only: None,
        serves: "the snoozes that have ended",
    }],
};

/// A snooze whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snooze {
    pub workspace: Uuid,
    pub conversation: Uuid,
    pub number: Uuid,
    pub(super) until_ms: i64,
    /// How often the conversation has been put to sleep.
    times: i64,
}

/// The write by which a conversation is looked at again, then and no other time.
pub(super) fn snoozed(workspace: Uuid, number: Uuid, conversation: Uuid, until_ms: i64) -> Write {
    let change = doc! {
        "$setOnInsert": { "v": 1, "workspace": binary(workspace), "number": binary(number) },
        "$set": { "untilMs": until_ms },
        "$inc": { "times": 1_i64 },
    };
    Write::upsert(SNOOZES.name, doc! { "_id": binary(conversation) }, change)
}

impl Storage {
    /// Snoozes of all workspaces that have ended, the longest ago first.
    pub async fn ended_snoozes(&self, now_ms: i64, limit: i64) -> Result<Vec<Snooze>, Error> {
        let snoozes = self.database.collection::<Document>(SNOOZES.name);
        let find = snoozes.find(doc! { "untilMs": { "$lte": now_ms } }).sort(doc! { "untilMs": 1 });
        let found: Vec<Document> = find.limit(limit).await?.try_collect().await?;
        let one = |found: &Document| {
            Some(Snooze {
                workspace: uuid_of(found, "workspace")?,
                conversation: uuid_of(found, "_id")?,
                number: uuid_of(found, "number")?,
                until_ms: found.get_i64("untilMs").ok()?,
                times: found.get_i64("times").ok()?,
            })
        };
        found.iter().map(|found| one(found).ok_or(Error::Malformed { what: "a snooze" })).collect()
    }

    /// A snooze is over: nobody has to look again, unless the conversation was put to sleep once more.
    pub async fn forget_snooze(&self, snooze: Snooze) -> Result<(), Error> {
        let snoozes = self.database.collection::<Document>(SNOOZES.name);
        // Counting begins anew when one was forgotten; a later one is for another time then.
        let (times, until_ms) = (snooze.times, snooze.until_ms);
        let filter = doc! { "_id": binary(snooze.conversation), "times": times, "untilMs": until_ms };
        snoozes.delete_one(filter).write_concern(durable(self.timeout)).await?;
        Ok(())
    }
}
