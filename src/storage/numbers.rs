//! The business numbers of workspaces: what routes an event to its owner.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::index::{Collection, Index};
use super::number_record::number_id;
use super::value::raw;
use super::write::Update;
use super::{Error, Storage, durable};

pub const NUMBERS: Collection = Collection {
    name: "numbers",
    holds: "the business phone numbers, and what Meta last said about each",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[
        Index {
            name: "phoneNumberId",
            keys: &[("phoneNumberId", 1)],
            unique: true,
            expires: false,
            only: Some(|| doc! { "phoneNumberId": { "$exists": true } }),
            serves: "a number has one owner, in the whole database",
        },
        Index {
            name: "workspace",
            keys: &[("workspace", 1)],
            unique: false,
            expires: false,
            only: None,
            serves: "the numbers of a workspace",
        },
        Index {
            name: "formerPhoneNumberId",
            keys: &[("formerPhoneNumberId", 1), ("deletedAtMs", -1)],
            unique: false,
            expires: false,
            only: Some(|| doc! { "formerPhoneNumberId": { "$exists": true } }),
            serves: "since when a number is free of its last owner",
        },
    ],
};

/// A business number, as far as routing needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    pub id: Uuid,
    pub workspace: Uuid,
    pub phone_number_id: String,
    pub account_id: Option<String>,
    pub display_phone_number: Option<String>,
    /// SHA-256 of the number's own verify token.
    pub verify_token_hash: Option<Vec<u8>>,
    /// What was received before belongs to an owner before: it is not for this one.
    pub accepts_from_ms: i64,
}

impl Storage {
    /// Adds a number to a workspace, or fills in the account of one that is there. A number that belongs to
    /// another workspace stays there: `Duplicate`.
    pub async fn ensure_number(
        &self,
        workspace: Uuid,
        phone_number_id: &str,
        account_id: Option<&str>,
    ) -> Result<(), Error> {
        let id = number_id(workspace, phone_number_id);
        let mut change = doc! { "$setOnInsert": {
            "v": 1,
            "workspace": binary(workspace),
            "phoneNumberId": phone_number_id,
            "acceptsFromMs": 0_i64,
        }};
        if let Some(account_id) = account_id {
            change.insert("$set", doc! { "accountId": account_id });
        }
        self.numbers()
            .update_one(doc! { "_id": binary(id) }, change)
            .upsert(true)
            .write_concern(durable(self.timeout))
            .await?;
        Ok(())
    }

    /// All numbers of all workspaces.
    pub async fn all_numbers(&self) -> Result<Vec<Number>, Error> {
        let found: Vec<Document> =
            self.numbers().find(doc! { "deletedAtMs": { "$exists": false } }).await?.try_collect().await?;
        found.iter().map(number_of).collect()
    }

    /// Keeps the telephone numbers that Meta shows for numbers.
    pub async fn note_display_phone_numbers(&self, shown: &HashMap<Uuid, String>) -> Result<(), Error> {
        let updates = shown.iter().map(|(number, display)| {
            let set = doc! { "$set": { "displayPhoneNumber": display } };
            Ok(Update { filter: raw(&doc! { "_id": binary(*number) })?, change: raw(&set)?, upsert: false })
        });
        self.update_all(NUMBERS.name, updates).await
    }

    fn numbers(&self) -> Handle<Document> {
        self.database.collection(NUMBERS.name)
    }
}

fn number_of(document: &Document) -> Result<Number, Error> {
    let text = |field| document.get_str(field).ok().map(str::to_owned);
    let (Some(id), Some(workspace), Some(phone_number_id)) =
        (uuid_of(document, "_id"), uuid_of(document, "workspace"), text("phoneNumberId"))
    else {
        return Err(Error::Malformed { what: "a number" });
    };
    Ok(Number {
        id,
        workspace,
        phone_number_id,
        account_id: text("accountId"),
        display_phone_number: text("displayPhoneNumber"),
        verify_token_hash: document.get_binary_generic("verifyTokenHash").ok().cloned(),
        accepts_from_ms: document.get_i64("acceptsFromMs").unwrap_or(0),
    })
}
