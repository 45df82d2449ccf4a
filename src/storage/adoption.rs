//! Numbers that are taken over from another database, so that what its journal holds finds its owner here too: what
//! routing needs of them and of their workspaces, and nothing secret.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::{binaries, uuid_of};
use super::numbers::NUMBERS;
use super::workspaces::WORKSPACES;
use super::{Error, Storage, durable};

/// What is taken over of a number. Also of one that was deleted: what was received before is not for its next owner,
/// who may be here already, or may still come.
const OF_NUMBER: &[&str] = &[
    "v",
    "workspace",
    "phoneNumberId",
    "formerPhoneNumberId",
    "deletedAtMs",
    "accountId",
    "displayPhoneNumber",
    ACCEPTS_FROM,
];
const ACCEPTS_FROM: &str = "acceptsFromMs";
const OF_WORKSPACE: &[&str] = &["v", "name", "externalId", "created"];

impl Storage {
    /// Takes over the numbers of another database, and their workspaces. What is here already stays as it is, but that
    /// a number takes nothing from before its time there. `Duplicate`: a number is another workspace's here, or a
    /// workspace's external id.
    pub async fn adopt_numbers(&self, from: &Self) -> Result<(), Error> {
        let numbers = from.read_fields(NUMBERS.name, doc! {}, OF_NUMBER).await?;
        let owners: HashSet<Uuid> =
            numbers.iter().filter_map(|number| uuid_of(number, "workspace")).collect();
        let owners: Vec<Uuid> = owners.into_iter().collect();
        let owners = doc! { "_id": { "$in": binaries(&owners) } };
        for workspace in from.read_fields(WORKSPACES.name, owners, OF_WORKSPACE).await? {
            self.adopt(WORKSPACES.name, workspace, Document::new()).await?;
        }
        for mut number in numbers {
            let accepts_from = number.remove(ACCEPTS_FROM);
            let latest = accepts_from.map(|from| doc! { ACCEPTS_FROM: from }).unwrap_or_default();
            self.adopt(NUMBERS.name, number, latest).await?;
        }
        Ok(())
    }

    async fn read_fields(
        &self,
        collection: &str,
        filter: Document,
        fields: &[&str],
    ) -> Result<Vec<Document>, Error> {
        let fields: Document = fields.iter().map(|field| ((*field).to_owned(), 1.into())).collect();
        let documents = self.database.collection::<Document>(collection);
        Ok(documents.find(filter).projection(fields).await?.try_collect().await?)
    }

    async fn adopt(&self, collection: &str, mut document: Document, latest: Document) -> Result<(), Error> {
        let id = document.remove("_id").ok_or(Error::Malformed { what: "a document without a key" })?;
        let mut change = doc! { "$setOnInsert": document };
        if !latest.is_empty() {
            change.insert("$max", latest);
        }
        self.database
            .collection::<Document>(collection)
            .update_one(doc! { "_id": id }, change)
            .upsert(true)
            .write_concern(durable(self.timeout))
            .await?;
        Ok(())
    }
}
