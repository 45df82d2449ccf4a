//! The pauses that Meta's usage headers ask for, as one process was told and the others keep. Written when a pause
//! changes, read by whoever sends; times are the database's. Nothing rests on it but that Meta's allowances last.

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::{Bson, DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::binary;
use super::index::{Collection, Index};
use super::{Error, Storage};

pub const USAGE_PAUSES: Collection = Collection {
    name: "usage_pauses",
    holds: "how long no calls are made for an app or an account, as Meta has told one of the processes",
    written_at: Some("toldAt"),
    expires_at: Some("expireAt"),
    options: Document::new,
    indexes: &[Index {
        name: "expireAt",
        keys: &[("expireAt", 1)],
        unique: false,
        expires: true,
        only: None,
        serves: "what is new since a moment, and MongoDB's own removal of what is over",
    }],
};

/// What was told counts for the hour that Meta counts, so it is kept for as long. New is what goes later.
const KEPT_FOR_MS: i64 = 3_600_000;
/// Writes become visible a little after the time that they carry.
const OVERLAP_MS: i64 = 5_000;
const READ_MAX: i64 = 1_000;

/// A pause, by the database's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsagePause {
    /// The app or the account.
    pub subject: String,
    /// How long ago Meta has told of it.
    pub age_ms: i64,
    /// How long it still lasts.
    pub left_ms: i64,
}

/// A pause that another process was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldPause {
    pub pause: UsagePause,
    /// When it was told, by the database's clock: the same again is nothing new.
    pub told_ms: i64,
}

impl Storage {
    /// Says how long calls for a subject pause, unless another process has said later.
    pub async fn tell_usage_pause(&self, pause: &UsagePause, by: Uuid) -> Result<(), Error> {
        let told_at = doc! { "$subtract": ["$$NOW", pause.age_ms] };
        let is_later = doc! { "$lt": [{ "$ifNull": ["$toldAt", DateTime::MIN] }, told_at.clone()] };
        let pick = |new: Bson, old: &str| doc! { "$cond": ["$isLater", new, old] };
        let stages = vec![
            doc! { "$set": { "v": 1, "isLater": is_later } },
            doc! { "$set": {
                "by": pick(Bson::Binary(binary(by)), "$by"),
                "toldAt": pick(told_at.clone().into(), "$toldAt"),
                "until": pick(doc! { "$add": ["$$NOW", pause.left_ms] }.into(), "$until"),
                "expireAt": pick(doc! { "$add": [told_at, KEPT_FOR_MS] }.into(), "$expireAt"),
            } },
            doc! { "$unset": "isLater" },
        ];
        let (pauses, subject) = (self.usage_pauses(), doc! { "_id": &pause.subject });
        let told = pauses.update_one(subject.clone(), stages.clone()).upsert(true).await;
        match told.map_err(Error::from) {
            // Somebody else made it at the same time.
            Err(Error::Duplicate) => pauses.update_one(subject, stages).await?,
            told => told?,
        };
        Ok(())
    }

    /// What others were told since then, and the moment from which to ask the next time. The first time: of none.
    pub async fn usage_pauses_since(
        &self,
        since_ms: Option<i64>,
        by: Uuid,
    ) -> Result<(Vec<ToldPause>, Option<i64>), Error> {
        let since = DateTime::from_millis(since_ms.unwrap_or(0));
        let stages = [
            doc! { "$match": { "expireAt": { "$gt": since }, "by": { "$ne": binary(by) } } },
            doc! { "$sort": { "expireAt": 1 } },
            doc! { "$limit": READ_MAX },
            doc! { "$project": {
                "expireAt": 1,
                "toldAt": 1,
                "ageMs": { "$max": [0, { "$subtract": ["$$NOW", "$toldAt"] }] },
                "leftMs": { "$max": [0, { "$subtract": ["$until", "$$NOW"] }] },
            } },
        ];
        let found: Vec<Document> = self.usage_pauses().aggregate(stages).await?.try_collect().await?;
        let newest = found.last().and_then(|last| last.get_datetime("expireAt").ok());
        let next_ms = newest.map(|newest| newest.timestamp_millis() - OVERLAP_MS).max(since_ms);
        Ok((found.iter().filter_map(pause_of).collect(), next_ms))
    }

    fn usage_pauses(&self) -> Handle<Document> {
        self.database.collection(USAGE_PAUSES.name)
    }
}

fn pause_of(document: &Document) -> Option<ToldPause> {
    let ms = |name: &str| match document.get(name)? {
        Bson::Int64(ms) => Some(*ms),
        Bson::Int32(ms) => Some(i64::from(*ms)),
        _ => None,
    };
    let subject = document.get_str("_id").ok()?.to_owned();
    let told_ms = document.get_datetime("toldAt").ok()?.timestamp_millis();
    let pause = UsagePause { subject, age_ms: ms("ageMs")?, left_ms: ms("leftMs")? };
    Some(ToldPause { pause, told_ms })
}
