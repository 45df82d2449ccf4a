//! Migrations: numbered steps that change what is stored, each recorded in the database once it is done.
//!
//! Every step is idempotent, so a step that was cut off runs again and two operators at once do no harm. Indexes
//! are not migrations: they are declared (`index`) and brought up to date by the same command. A service never
//! migrates by itself: it refuses to start and names the command.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, DateTime, Document, doc};

use super::aside::UNROUTED;
use super::conversations::COLLECTION as CONVERSATIONS;
use super::events::EVENTS;
use super::index::{Collection, Gap, NAMESPACE_NOT_FOUND};
use super::initiations::{self, INITIATIONS};
use super::instances::SILENT_MAX;
use super::snoozes::SNOOZES;
use super::ties::{CARRIED, TIES};
use super::{Error, Storage};
use crate::clock::Clock;

/// Which steps are done.
pub const MIGRATIONS_COLLECTION: Collection = Collection {
    name: "migrations",
    holds: "which migrations this database has had",
    written_at: Some("appliedAt"),
    expires_at: None,
    options: Document::new,
    indexes: &[],
};

/// How long those that have just ended still seem to be there, and a little.
const SILENCE_WAITED_FOR_S: u64 = SILENT_MAX.as_secs() + 2;
/// The server's code for an index that is not there.
const INDEX_NOT_FOUND: i32 = 27;

/// A step.
pub struct Migration {
    pub number: i32,
    pub name: &'static str,
    /// Whether what an older program writes meanwhile, or afterwards, would be missing something.
    alone: bool,
    run: fn(&Storage) -> Running<'_>,
}

type Running<'storage> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'storage>>;

impl std::fmt::Debug for Migration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.number, self.name)
    }
}

/// All steps, in their order. A step that has been released is never changed.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "create the collections and their indexes",
        alone: false,
        run: |storage| Box::pin(async move { storage.ensure_collections().await.map(drop) }),
    },
    Migration {
        number: 2,
        name: "say of each template how it stands",
        alone: false,
        run: |storage| Box::pin(async move { storage.settle_all_templates().await }),
    },
    Migration {
        number: 3,
        name: "keep who was written to first apart from the conversations",
        alone: false,
        run: |storage| Box::pin(async move { storage.part_initiations().await }),
    },
    Migration {
        number: 4,
        name: "keep to whom conversations belong, and until when they sleep, apart from them",
        alone: true,
        run: |storage| Box::pin(async move { storage.part_ties().await }),
    },
    Migration {
        number: 5,
        name: "keep the last event of each workspace for good",
        alone: false,
        run: |storage| Box::pin(async move { storage.drop_old_index(EVENTS.name, "expireAt").await }),
    },
    Migration {
        number: 6,
        name: "carry on what comes for a conversation that was joined to another one, whoever joined them",
        alone: true,
        run: |storage| Box::pin(async move { storage.carry_by_hand().await }),
    },
    Migration {
        number: 7,
        name: "tell numbers from accounts where webhooks wait for them",
        alone: true,
        run: |storage| Box::pin(async move { storage.tell_owners_apart().await }),
    },
];

/// How far a database is.
#[derive(Debug)]
pub struct State {
    /// Steps that this program has and the database does not.
    pub pending: Vec<&'static Migration>,
    /// Steps that the database has and this program does not: it belongs to a newer program.
    pub unknown: Vec<i32>,
    /// Collections and indexes that are missing or different.
    pub gaps: Vec<Gap>,
}

impl State {
    /// Whether a service may start on this database.
    pub fn is_current(&self) -> bool {
        self.pending.is_empty() && self.unknown.is_empty() && self.gaps.is_empty()
    }

    /// What is wrong, a line each.
    pub fn lines(&self) -> Vec<String> {
        let pending =
            self.pending.iter().map(|step| format!("migration {} has not run: {}", step.number, step.name));
        let unknown = self.unknown.iter().map(|number| {
            format!("migration {number} is from a newer pesan than this one; update this program")
        });
        pending.chain(unknown).chain(self.gaps.iter().map(ToString::to_string)).collect()
    }
}

impl Storage {
    /// How far this database is.
    pub async fn state(&self) -> Result<State, Error> {
        let applied = self.applied_migrations().await?;
        let pending = MIGRATIONS.iter().filter(|step| !applied.contains(&step.number)).collect();
        let known: BTreeSet<i32> = MIGRATIONS.iter().map(|step| step.number).collect();
        let unknown = applied.difference(&known).copied().collect();
        Ok(State { pending, unknown, gaps: self.gaps().await? })
    }

    /// Brings the database up to date: pending steps first, in order, then collections and indexes. `told` hears
    /// of each thing before it is done.
    pub async fn migrate(&self, clock: &Clock, told: &mut (dyn FnMut(String) + Send)) -> Result<(), Error> {
        let applied = self.applied_migrations().await?;
        for step in MIGRATIONS.iter().filter(|step| !applied.contains(&step.number)) {
            if step.alone {
                self.wait_until_alone(told).await?;
            }
            told(format!("migration {}: {}", step.number, step.name));
            (step.run)(self).await?;
            let record = doc! {
                "_id": step.number,
                "name": step.name,
                "appliedAt": DateTime::from_millis(clock.now_ms()),
            };
            let recorded = self
                .database
                .collection(MIGRATIONS_COLLECTION.name)
                .insert_one(record)
                .write_concern(super::durable(self.timeout))
                .await
                .map_err(Error::from);
            match recorded {
                // Somebody else did the same step meanwhile; it is idempotent.
                Ok(_) | Err(Error::Duplicate) => {}
                Err(error) => return Err(error),
            }
        }
        for gap in self.gaps().await? {
            told(format!("mending: {gap}"));
        }
        self.ensure_collections().await.map(drop)
    }

    /// Waits for those that have just been stopped.
    async fn wait_until_alone(&self, told: &mut (dyn FnMut(String) + Send)) -> Result<(), Error> {
        for second in 0..SILENCE_WAITED_FOR_S {
            if !self.has_other_instances(None).await? {
                return Ok(());
            }
            if second == 0 {
                told("waiting until no instance of the service runs".to_owned());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Err(Error::NotAlone)
    }

    /// Who was written to first had an index of its own among the conversations, which every message paid for. What is
    /// not counted any more is left.
    async fn part_initiations(&self) -> Result<(), Error> {
        let counted_from = doc! { "$subtract": [{ "$toLong": "$$NOW" }, initiations::KEPT_FOR_MS] };
        let is_counted = doc! { "$gt": ["$initiatedAtMs", counted_from] };
        let stages = [
            doc! { "$match": { "initiatedAtMs": { "$exists": true }, "$expr": is_counted } },
            doc! { "$project": {
                "number": 1,
                "at": { "$toDate": "$initiatedAtMs" },
                "expireAt": { "$add": ["$$NOW", initiations::KEPT_FOR_MS] },
            } },
            doc! { "$merge": { "into": INITIATIONS.name, "whenMatched": "keepExisting" } },
        ];
        self.copy_from_conversations(stages).await?;
        self.drop_old_index(CONVERSATIONS.name, "number_initiatedAtMs").await?;
        let initiated = doc! { "initiatedAtMs": { "$exists": true } };
        let conversations = self.conversations();
        let take_away = conversations.update_many(initiated, doc! { "$unset": { "initiatedAtMs": "" } });
        take_away.write_concern(super::durable(self.timeout)).await?;
        Ok(())
    }

    /// Whose a conversation is, which other one it turned out to be and when its sleep ends had indexes of their own among
    /// the conversations, which every message paid for. What the conversations say of it stays there.
    async fn part_ties(&self) -> Result<(), Error> {
        // First: an older program does not start without them. What it would write would not be copied a second time.
        for index in ["contact", "mergedInto", "snoozedUntil"] {
            self.drop_old_index(CONVERSATIONS.name, index).await?;
        }
        let by_hand = doc! { "$cond": [{ "$gt": ["$mergedByHand", Bson::Null] }, true, "$$REMOVE"] };
        let ties = [
            doc! { "$match": { "contact": { "$exists": true } } },
            doc! { "$project": {
                "v": { "$literal": 1 }, "workspace": 1, "number": 1, "contact": 1, "mergedInto": 1, "byHand": by_hand,
            } },
            doc! { "$merge": { "into": TIES.name, "whenMatched": "keepExisting" } },
        ];
        let snoozes = [
            doc! { "$match": { "away.untilMs": { "$exists": true } } },
            doc! { "$project": {
                "v": { "$literal": 1 }, "workspace": 1, "number": 1, "untilMs": "$away.untilMs",
                "times": { "$literal": 1_i64 },
            } },
            doc! { "$merge": { "into": SNOOZES.name, "whenMatched": "keepExisting" } },
        ];
        self.copy_from_conversations(ties).await?;
        self.copy_from_conversations(snoozes).await
    }

    /// Only what people had joined was carried on. What had been joined by itself before stays as it is.
    async fn carry_by_hand(&self) -> Result<(), Error> {
        self.drop_old_index(TIES.name, "byHand").await?;
        let (by_hand, carried) =
            (doc! { "byHand": true }, doc! { "$set": { CARRIED: true }, "$unset": { "byHand": "" } });
        let ties = self.ties();
        ties.update_many(by_hand, carried).write_concern(super::durable(self.timeout)).await?;
        Ok(())
    }

    /// What waits for an id may wait for a number or for an account: whichever comes lets it through, and what it really
    /// waits for is noted then.
    async fn tell_owners_apart(&self) -> Result<(), Error> {
        let plain = doc! { "owners": { "$elemMatch": { "$not": { "$regex": ":" } } } };
        let each = |kind: &str| {
            let key = doc! { "$concat": [kind, "$$one"] };
            doc! { "$map": { "input": "$owners", "as": "one", "in": key } }
        };
        let both = vec![doc! { "$set": {
            "owners": { "$concatArrays": [each("number:"), each("account:")] },
        } }];
        let unrouted = self.database.collection::<Document>(UNROUTED.name);
        unrouted.update_many(plain, both).write_concern(super::durable(self.timeout)).await?;
        Ok(())
    }

    /// The last of the stages says where to.
    async fn copy_from_conversations(&self, stages: [Document; 3]) -> Result<(), Error> {
        let conversations = self.conversations();
        let copy = conversations.aggregate(stages).write_concern(super::durable(self.timeout));
        let _: Vec<Document> = copy.await?.try_collect().await?;
        Ok(())
    }

    async fn drop_old_index(&self, collection: &str, index: &str) -> Result<(), Error> {
        match self.drop_index(collection, index).await {
            // It or its collection was never there, or a run that was cut off has dropped it.
            Ok(()) | Err(Error::Refused { code: INDEX_NOT_FOUND | NAMESPACE_NOT_FOUND, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn applied_migrations(&self) -> Result<BTreeSet<i32>, Error> {
        let records: Vec<Document> = self
            .database
            .collection::<Document>(MIGRATIONS_COLLECTION.name)
            .find(doc! {})
            .projection(doc! { "_id": 1 })
            .await?
            .try_collect()
            .await?;
        records
            .iter()
            .map(|record| {
                record.get_i32("_id").map_err(|_| Error::Malformed { what: "a migration's number" })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_one_without_a_gap() {
        for (index, step) in MIGRATIONS.iter().enumerate() {
            assert_eq!(usize::try_from(step.number).unwrap(), index + 1, "{}", step.name);
        }
    }
}
