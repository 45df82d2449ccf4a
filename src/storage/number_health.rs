//! Numbers as their background checks see them: whose turn it is, by lease in the database's time, and what is known
//! of their webhooks. A check changes nothing that somebody else has changed meanwhile.

use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::{Bson, DateTime, Document, doc};
use mongodb::options::ReturnDocument;
use uuid::Uuid;

use super::arrivals::binary;
use super::events::Happening;
use super::number_record::{NumberChanges, NumberRecord, present, record_of, sealed};
use super::numbers::NUMBERS;
use super::sealed::as_binary;
use super::told::{Told, Write};
use super::value::millis;
use super::{Error, Storage, durable};

/// A number that is this process's to check.
#[derive(Clone, Debug)]
pub struct NumberCheck {
    pub record: NumberRecord,
    /// Until when; it also tells whether somebody has asked for another check since.
    until: DateTime,
}

impl Storage {
    /// Takes a number whose time to be checked has come; whoever takes one has it for `lease`.
    pub async fn claim_number_check(&self, lease: Duration) -> Result<Option<NumberCheck>, Error> {
        let due = doc! {
            "deletedAtMs": { "$exists": false },
            sealed::ACCESS_TOKEN: { "$exists": true },
            "$expr": { "$lt": ["$checkAt", "$$NOW"] },
        };
        let set = doc! { "$set": { "checkAt": { "$add": ["$$NOW", millis(lease)] } } };
        let claimed = self
            .checked_numbers()
            .find_one_and_update(due, vec![set])
            .sort(doc! { "checkAt": 1 })
            .return_document(ReturnDocument::After)
            .write_concern(durable(self.timeout))
            .await?;
        let Some(claimed) = claimed else { return Ok(None) };
        let until = claimed.get_datetime("checkAt").map_err(|_| Error::Malformed { what: "a number" })?;
        Ok(Some(NumberCheck { record: record_of(&claimed)?, until: *until }))
    }

    /// The number's next turn comes after a pause, unless somebody has asked for an earlier one.
    pub async fn rest_number_check(&self, check: &NumberCheck, pause: Duration) -> Result<(), Error> {
        let mine = doc! { "_id": binary(check.record.id), "checkAt": check.until };
        let set = doc! { "$set": { "checkAt": { "$add": ["$$NOW", millis(pause)] } } };
        self.checked_numbers().update_one(mine, vec![set]).await?;
        Ok(())
    }

    /// Has numbers checked at the next occasion, after Meta has told something about them.
    pub async fn hasten_number_checks(&self, numbers: &[Uuid], accounts: &[&str]) -> Result<(), Error> {
        let ids: Vec<Bson> = numbers.iter().map(|id| binary(*id).into()).collect();
        let those = doc! { "$or": [{ "_id": { "$in": ids } }, { "accountId": { "$in": accounts } }] };
        let set = doc! { "$set": { "checkAt": { "$min": ["$checkAt", "$$NOW"] } } };
        self.checked_numbers().update_many(those, vec![set]).await?;
        Ok(())
    }

    /// Changes a number by what was found with its token, and tells of it. False: the number is gone or has another
    /// token by now.
    pub async fn change_checked_number(
        &self,
        record: &NumberRecord,
        changes: NumberChanges,
        now_ms: i64,
    ) -> Result<bool, Error> {
        let write = Write::update(NUMBERS.name, unchanged(record), changes.into_update(now_ms));
        let happening = Happening::Number { number: record.id };
        self.change_and_tell(&Told::of(record.workspace, happening, write), now_ms).await
    }

    /// Notes that what is known of a number is what Meta says now. Nothing has changed, so nobody is told.
    pub async fn note_facts_fresh(&self, record: &NumberRecord, now_ms: i64) -> Result<(), Error> {
        let set = doc! { "$set": { "factsAtMs": now_ms } };
        self.checked_numbers().update_one(unchanged(record), set).await?;
        Ok(())
    }

    /// Notes when the latest webhook for these numbers was received.
    pub async fn note_webhooks_seen(&self, numbers: &[Uuid], received_ms: i64) -> Result<(), Error> {
        let those: Vec<Bson> = numbers.iter().map(|id| binary(*id).into()).collect();
        let seen = doc! { "$max": { "webhookAtMs": received_ms } };
        self.checked_numbers().update_many(doc! { "_id": { "$in": those } }, seen).await?;
        Ok(())
    }

    /// All numbers of all workspaces, but for their latest tests.
    pub async fn all_number_records(&self) -> Result<Vec<NumberRecord>, Error> {
        let there = doc! { "deletedAtMs": { "$exists": false } };
        let found: Vec<Document> = self
            .checked_numbers()
            .find(there)
            .projection(doc! { "test": 0, "latest": 0 })
            .await?
            .try_collect()
            .await?;
        found.iter().map(record_of).collect()
    }

    /// The database's own time.
    pub async fn time_ms(&self) -> Result<i64, Error> {
        let hello = self.run(doc! { "hello": 1 }).await?;
        let time =
            hello.get_datetime("localTime").map_err(|_| Error::Malformed { what: "the server's time" })?;
        Ok(time.timestamp_millis())
    }

    fn checked_numbers(&self) -> Handle<Document> {
        self.database.collection(NUMBERS.name)
    }
}

/// The number, as long as it has the token that was tried.
fn unchanged(record: &NumberRecord) -> Document {
    let mut filter = present(record.workspace, record.id);
    let token = record.access_token.as_ref().map(|sealed| Bson::from(as_binary(sealed)));
    filter.insert(sealed::ACCESS_TOKEN, token.unwrap_or(Bson::Null));
    filter
}
