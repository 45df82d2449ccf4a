//! Lanes: who writes and applies which run of segments, and how far each is done. Time here is the database's own
//! (`$$NOW`), because processes do not agree on theirs.

use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc, rawdoc};
use mongodb::options::ReturnDocument;
use mongodb::{ClientSession, Collection as Handle};
use uuid::Uuid;

use super::index::Collection;
use super::value::millis;
use super::write::Update;
use super::{Error, Storage, durable};

pub const COLLECTION: Collection = Collection {
    name: "lanes",
    holds: "the runs of segments: who has each, and how far it is done",
    written_at: Some("openedAt"),
    expires_at: None,
    options: Document::new,
    indexes: &[],
};

/// How soon, and how late, a lane that nobody writes to is looked at again.
const RECHECK_MIN: Duration = Duration::from_secs(2);
const RECHECK_MAX: Duration = Duration::from_mins(10);

/// How many sessions a lane names: those of whoever has begun to fold it lately.
const SESSIONS_KEPT: i32 = 8;

/// A lane and its mark: all segments up to `folded` are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    pub id: Uuid,
    pub folded: i64,
}

/// The mark before the first segment.
pub const NOTHING_FOLDED: i64 = -1;

impl Storage {
    /// Opens a lane of one's own.
    pub async fn open_lane(&self, id: Uuid, holder: Uuid, lease: Duration) -> Result<Lane, Error> {
        let set = doc! { "$set": {
            "holder": holder.to_string(),
            "folded": { "$ifNull": ["$folded", NOTHING_FOLDED] },
            "openedAt": { "$ifNull": ["$openedAt", "$$NOW"] },
            "renewedAt": "$$NOW",
            "checkAt": { "$add": ["$$NOW", millis(lease)] },
        }};
        self.lanes()
            .update_one(doc! { "_id": id.to_string() }, vec![set])
            .upsert(true)
            .write_concern(durable(self.timeout))
            .await?;
        Ok(Lane { id, folded: NOTHING_FOLDED })
    }

    /// Says that the holder is still there. False: somebody else has the lane now.
    pub async fn renew_lane(&self, id: Uuid, holder: Uuid, lease: Duration) -> Result<bool, Error> {
        let set = doc! { "$set": {
            "renewedAt": "$$NOW",
            "checkAt": { "$add": ["$$NOW", millis(lease)] },
        }};
        let mine = doc! { "_id": id.to_string(), "holder": holder.to_string() };
        let done = self.lanes().update_one(mine, vec![set]).write_concern(durable(self.timeout)).await?;
        Ok(done.matched_count == 1)
    }

    /// Takes over a lane whose holder has not been heard of, or whose time to be looked at again has come.
    pub async fn claim_lane(&self, holder: Uuid, lease: Duration) -> Result<Option<Lane>, Error> {
        let due = doc! { "$expr": { "$lt": ["$checkAt", "$$NOW"] } };
        let set = doc! { "$set": {
            "holder": holder.to_string(),
            "checkAt": { "$add": ["$$NOW", millis(lease)] },
            "sessions": [],
        }};
        let claimed = self
            .lanes()
            .find_one_and_update(due, vec![set])
            .return_document(ReturnDocument::After)
            .write_concern(durable(self.timeout))
            .await?;
        claimed.as_ref().map(lane_of).transpose()
    }

    /// Begins to fold a lane, in a session that the lane names. Whoever dies or freezes within a transaction leaves
    /// it open, and the server keeps all others from its documents, the lane's own among them, for a minute; by the
    /// name it can be ended.
    pub(super) async fn begin_folding(&self, id: Uuid) -> Result<ClientSession, Error> {
        let session = self.database.client().start_session().await?;
        let name = session.id().get("id").cloned().unwrap_or(Bson::Null);
        let push = doc! { "$push": { "sessions": { "$each": [name], "$slice": -SESSIONS_KEPT } } };
        let lane = doc! { "_id": id.to_string() };
        self.lanes().update_one(lane, push).write_concern(durable(self.timeout)).await?;
        Ok(session)
    }

    /// The opposite: the session goes back to others of this process, who are not to be ended with a lane.
    pub(super) async fn end_folding(&self, id: Uuid, session: &ClientSession) -> Result<(), Error> {
        let name = session.id().get("id").cloned().unwrap_or(Bson::Null);
        let pull = doc! { "$pull": { "sessions": name } };
        self.lanes().update_one(doc! { "_id": id.to_string() }, pull).await?;
        Ok(())
    }

    /// Ends what was left open in lanes that nobody renews. Until then such a lane cannot even be claimed, and whoever
    /// works off another one waits for its documents.
    pub async fn end_abandoned_folds(&self) -> Result<(), Error> {
        let abandoned = doc! { "sessions.0": { "$exists": true }, "$expr": { "$lt": ["$checkAt", "$$NOW"] } };
        let mut cursor = self.lanes().find(abandoned).projection(doc! { "sessions": 1 }).await?;
        let mut lanes = Vec::new();
        while cursor.advance().await? {
            let lane = cursor.deserialize_current()?;
            let sessions = lane.get_array("sessions").cloned().unwrap_or_default();
            lanes.push((lane.get("_id").cloned().unwrap_or(Bson::Null), sessions));
        }
        for (lane, sessions) in lanes {
            let killed: Vec<Document> = sessions.iter().map(|session| doc! { "id": session }).collect();
            self.run(doc! { "killSessions": killed }).await?;
            // Once: whoever wakes up uses the session for other things.
            let pull = doc! { "$pullAll": { "sessions": sessions } };
            self.lanes().update_one(doc! { "_id": lane }, pull).await?;
        }
        Ok(())
    }

    /// Keeps a claimed lane while its segments are worked off. False: somebody else has it now.
    pub async fn keep_lane(&self, id: Uuid, holder: Uuid, lease: Duration) -> Result<bool, Error> {
        let set = doc! { "$set": { "checkAt": { "$add": ["$$NOW", millis(lease)] } } };
        let mine = doc! { "_id": id.to_string(), "holder": holder.to_string() };
        Ok(self.lanes().update_one(mine, vec![set]).await?.matched_count == 1)
    }

    /// Gives a claimed lane back: it is looked at again later, the older the more seldom. What a frozen writer
    /// stores when it wakes is found then.
    pub async fn rest_lane(&self, id: Uuid, holder: Uuid) -> Result<(), Error> {
        let age = doc! { "$subtract": ["$$NOW", "$renewedAt"] };
        let pause = doc! { "$min": [millis(RECHECK_MAX), { "$max": [millis(RECHECK_MIN), age] }] };
        let set = doc! { "$set": { "checkAt": { "$add": ["$$NOW", pause] } } };
        let mine = doc! { "_id": id.to_string(), "holder": holder.to_string() };
        self.lanes().update_one(mine, vec![set]).await?;
        Ok(())
    }

    /// Gives up a lane: whoever looks next takes it, at once. Also one that somebody else has by now: who has slept
    /// may have written to it since the other one looked.
    pub async fn release_lane(&self, id: Uuid) -> Result<(), Error> {
        let set = doc! { "$set": { "checkAt": "$$NOW" } };
        self.lanes().update_one(doc! { "_id": id.to_string() }, vec![set]).await?;
        Ok(())
    }

    /// How far a lane is done; nothing if there is no such lane.
    pub async fn lane_mark(&self, id: Uuid) -> Result<Option<i64>, Error> {
        let found = self.lanes().find_one(doc! { "_id": id.to_string() }).await?;
        found.as_ref().map(lane_of).transpose().map(|lane| lane.map(|lane| lane.folded))
    }

    /// All lanes.
    pub async fn all_lanes(&self) -> Result<Vec<Lane>, Error> {
        let found: Vec<Document> =
            self.lanes().find(doc! {}).sort(doc! { "_id": 1 }).await?.try_collect().await?;
        found.iter().map(lane_of).collect()
    }

    /// Forgets a lane that was last written to long ago, if none of its segments are left.
    pub async fn forget_lane(&self, id: Uuid, silent_for: Duration) -> Result<bool, Error> {
        if self.segments().after(id, i64::MIN, 1).await?.is_empty() {
            let silent = doc! { "$lt": ["$renewedAt", { "$subtract": ["$$NOW", millis(silent_for)] }] };
            let gone = self.lanes().delete_one(doc! { "_id": id.to_string(), "$expr": silent }).await?;
            return Ok(gone.deleted_count == 1);
        }
        Ok(false)
    }

    /// Moves a lane's mark, when nothing else has to move with it. False: it does not stand at `from`.
    pub async fn advance_lane(&self, id: Uuid, from: i64, to: i64) -> Result<bool, Error> {
        let done = self
            .lanes()
            .update_one(doc! { "_id": id.to_string(), "folded": from }, doc! { "$set": { "folded": to } })
            .write_concern(durable(self.timeout))
            .await?;
        Ok(done.matched_count == 1)
    }

    /// The same within a transaction.
    pub(super) async fn advance_lane_within(
        &self,
        session: &mut ClientSession,
        id: Uuid,
        from: i64,
        to: i64,
    ) -> Result<bool, Error> {
        let update = Update {
            filter: rawdoc! { "_id": id.to_string(), "folded": from },
            change: rawdoc! { "$set": { "folded": to } },
            upsert: false,
        };
        Ok(self.update_within(session, COLLECTION.name, vec![update]).await? == 1)
    }

    fn lanes(&self) -> Handle<Document> {
        self.database.collection(COLLECTION.name)
    }
}

pub(super) fn lane_of(document: &Document) -> Result<Lane, Error> {
    let id = document.get_str("_id").ok().and_then(|id| Uuid::parse_str(id).ok());
    match (id, document.get_i64("folded")) {
        (Some(id), Ok(folded)) => Ok(Lane { id, folded }),
        _ => Err(Error::Malformed { what: "a lane" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_that_is_not_one_is_an_error() {
        let id = Uuid::nil();
        assert_eq!(lane_of(&doc! { "_id": id.to_string(), "folded": 7_i64 }), Ok(Lane { id, folded: 7 }));
        assert!(lane_of(&doc! { "_id": "x", "folded": 7_i64 }).is_err());
    }
}
