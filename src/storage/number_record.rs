//! A business number as its owner knows it: beside what routing needs (`numbers`), Meta's facts, the sealed secrets, the
//! settings, and why sending is blocked. Every change is told in the log, in the same transaction.

use futures_util::TryStreamExt;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{self, Binary, Bson, Document, doc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::events::Happening;
use super::numbers::NUMBERS;
use super::sealed::as_binary;
use super::told::{Told, Write};
use super::value::{part, to_bson};
use super::{Error, Storage, durable};
use crate::crypto::Sealed;
use crate::domain::number::{Block, Facts, Settings};
use crate::ids::derived;

/// The fields that hold sealed values, by their names in the document.
pub mod sealed {
    use uuid::Uuid;

    use super::NUMBERS;
    use crate::crypto::Place;

    pub const ACCESS_TOKEN: &str = "accessToken";
    pub const APP_SECRET: &str = "appSecret";
    pub const PIN: &str = "pin";
    pub const ALL: &[&str] = &[ACCESS_TOKEN, APP_SECRET, PIN];

    /// The place of one of them. `document` is the number's id as a text.
    pub fn place<'a>(workspace: Uuid, document: &'a str, field: &'static str) -> Place<'a> {
        Place { workspace, collection: NUMBERS.name, document, field }
    }
}

const FROM_SETTINGS: &str = "settings";

/// A business number, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberRecord {
    pub id: Uuid,
    pub workspace: Uuid,
    pub phone_number_id: String,
    pub account_id: Option<String>,
    /// The user of the CRM that it belongs to.
    pub user_id: Option<String>,
    /// The name that its owner gave it.
    pub display_name: Option<String>,
    /// As Meta shows it.
    pub display_phone_number: Option<String>,
    /// The Meta app that its token is of, if it is not the one of the settings.
    pub app_id: Option<String>,
    pub access_token: Option<Sealed>,
    /// Who gave the access token.
    pub token_source: TokenSource,
    pub app_secret: Option<Sealed>,
    pub pin: Option<Sealed>,
    pub has_verify_token: bool,
    pub facts: Option<Facts>,
    pub facts_at_ms: Option<i64>,
    pub settings: Settings,
    pub paused_at_ms: Option<i64>,
    pub block: Option<Block>,
    /// The latest connection test, as `numbers::doctor` wrote it.
    pub test: Option<Document>,
    /// When the latest webhook for it was received, within a minute.
    pub webhook_at_ms: Option<i64>,
    pub syncs: Syncs,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
}

impl NumberRecord {
    /// The latest connection test in its own form; none if there is none, or if it was kept in another form.
    pub fn test_as<T: DeserializeOwned>(&self) -> Option<T> {
        let test = self.test.clone()?;
        bson::deserialize_from_document(test).ok()
    }
}

/// Who gave an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// Somebody by the API.
    People,
    /// The settings of this service: another token there goes instead of it.
    Settings,
}

/// When the syncs of a telephone's contacts and history were asked for, each of which Meta does once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Syncs {
    pub contacts_ms: Option<i64>,
    pub history_ms: Option<i64>,
}

/// A sync of what a telephone has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    Contacts,
    History,
}

impl Sync {
    /// Its name in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::History => "history",
        }
    }
}

/// A number that is to be added.
#[derive(Debug)]
pub struct NewNumber<'a> {
    pub workspace: Uuid,
    pub phone_number_id: &'a str,
    pub account_id: &'a str,
    pub changes: NumberChanges,
}

/// What changes in a record. What is not set stays.
#[derive(Debug, Default)]
pub struct NumberChanges {
    set: Document,
    unset: Document,
}

/// What became of a number that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    New(Uuid),
    /// It had been deleted and is back, with its history.
    Back(Uuid),
    /// This workspace has it already.
    Here(Uuid),
    /// Another workspace has it.
    Elsewhere,
}

impl NumberChanges {
    /// A text; none takes it away.
    #[must_use]
    pub fn text(self, field: &str, value: Option<&str>) -> Self {
        self.value(field, value.map(Bson::from))
    }

    /// A sealed value.
    #[must_use]
    pub fn sealed(self, field: &str, value: Option<&Sealed>) -> Self {
        self.value(field, value.map(|sealed| as_binary(sealed).into()))
    }

    /// An access token, and who gave it.
    #[must_use]
    pub fn token(self, sealed: &Sealed, source: TokenSource) -> Self {
        let from = matches!(source, TokenSource::Settings).then_some(FROM_SETTINGS);
        self.sealed(sealed::ACCESS_TOKEN, Some(sealed)).text("tokenFrom", from)
    }

    /// SHA-256 of the number's own verify token.
    #[must_use]
    pub fn verify_token_hash(self, hash: Option<[u8; 32]>) -> Self {
        let binary = |hash: [u8; 32]| Binary { subtype: BinarySubtype::Generic, bytes: hash.to_vec() };
        self.value("verifyTokenHash", hash.map(|hash| binary(hash).into()))
    }

    /// A time in milliseconds.
    #[must_use]
    pub fn time(self, field: &str, ms: Option<i64>) -> Self {
        self.value(field, ms.map(Bson::Int64))
    }

    /// What Meta says of it now.
    pub fn facts(self, facts: &Facts, now_ms: i64) -> Result<Self, Error> {
        let facts_bson = to_bson(facts)?;
        let display = facts.display_phone_number.as_deref().map(Bson::from);
        let changes = self.value("facts", Some(facts_bson)).time("factsAtMs", Some(now_ms));
        Ok(match display {
            Some(display) => changes.value("displayPhoneNumber", Some(display)),
            None => changes,
        })
    }

    /// How it behaves.
    pub fn settings(self, settings: &Settings) -> Result<Self, Error> {
        Ok(self.value("settings", Some(to_bson(settings)?)))
    }

    /// Why sending is blocked; none: it is not.
    pub fn block(self, block: Option<&Block>) -> Result<Self, Error> {
        let block = block.map(to_bson).transpose()?;
        Ok(self.value("block", block))
    }

    /// The latest connection test.
    pub fn test(self, test: &impl Serialize) -> Result<Self, Error> {
        Ok(self.value("test", Some(to_bson(test)?)))
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.unset.is_empty()
    }

    fn value(mut self, field: &str, value: Option<Bson>) -> Self {
        match value {
            Some(value) => self.set.insert(field, value),
            None => self.unset.insert(field, ""),
        };
        self
    }

    pub(super) fn into_update(mut self, now_ms: i64) -> Document {
        self.set.insert("updatedAtMs", now_ms);
        let mut update = doc! { "$set": self.set };
        if !self.unset.is_empty() {
            update.insert("$unset", self.unset);
        }
        update
    }
}

/// What a deleted number has no more, beside its secrets.
const GONE_WITH_IT: &[&str] = &[
    "phoneNumberId",
    "verifyTokenHash",
    "tokenFrom",
    "block",
    "test",
    "pausedAtMs",
    "checkAt",
    "webhookAtMs",
];

/// The id of a number in a workspace.
pub fn number_id(workspace: Uuid, phone_number_id: &str) -> Uuid {
    derived("number", &[workspace.as_bytes(), phone_number_id.as_bytes()])
}

impl Storage {
    /// Adds a number to a workspace, and tells of it.
    pub async fn add_number(&self, new: NewNumber<'_>, now_ms: i64) -> Result<Added, Error> {
        let id = number_id(new.workspace, new.phone_number_id);
        let known = self.numbers_whole().find_one(doc! { "_id": binary(id) }).await?;
        let is_here = known.as_ref().is_some_and(|known| !known.contains_key("deletedAtMs"));
        if is_here && known.as_ref().is_some_and(|known| known.contains_key("createdAtMs")) {
            return Ok(Added::Here(id));
        }
        let former = self.freed_at(new.phone_number_id, new.workspace).await?;
        let mut set = new.changes.set;
        set.insert("phoneNumberId", new.phone_number_id);
        set.insert("accountId", new.account_id);
        set.insert("acceptsFromMs", former);
        set.insert("createdAtMs", now_ms);
        set.insert("updatedAtMs", now_ms);
        let change = doc! {
            "$setOnInsert": { "v": 1, "workspace": binary(new.workspace) },
            "$set": set,
            "$unset": { "deletedAtMs": "", "formerPhoneNumberId": "" },
        };
        let write = Write::upsert(NUMBERS.name, doc! { "_id": binary(id) }, change);
        let told = Told::of(new.workspace, Happening::Number { number: id }, write);
        match self.change_and_tell(&told, now_ms).await {
            Ok(_) if known.is_some() => Ok(Added::Back(id)),
            Ok(_) => Ok(Added::New(id)),
            Err(Error::Duplicate) => Ok(Added::Elsewhere),
            Err(error) => Err(error),
        }
    }

    /// Changes a number and tells of it. False: there is no such number here.
    pub async fn change_number(
        &self,
        workspace: Uuid,
        id: Uuid,
        changes: NumberChanges,
        now_ms: i64,
    ) -> Result<bool, Error> {
        let write = Write::update(NUMBERS.name, present(workspace, id), changes.into_update(now_ms));
        self.change_and_tell(&Told::of(workspace, Happening::Number { number: id }, write), now_ms).await
    }

    /// Changes a number and tells nobody: for what the service sees to by itself when it starts.
    pub async fn change_number_quietly(
        &self,
        workspace: Uuid,
        id: Uuid,
        changes: NumberChanges,
        now_ms: i64,
    ) -> Result<bool, Error> {
        let numbers = self.numbers_whole();
        let change = numbers.update_one(present(workspace, id), changes.into_update(now_ms));
        Ok(change.write_concern(durable(self.timeout)).await?.matched_count == 1)
    }

    /// Takes a number away from its workspace. Its history stays, its secrets go, and another workspace may add it:
    /// what was received until now is not for that one.
    pub async fn delete_number(&self, workspace: Uuid, id: Uuid, now_ms: i64) -> Result<bool, Error> {
        let gone: Vec<&str> = sealed::ALL.iter().copied().chain(GONE_WITH_IT.iter().copied()).collect();
        let pipeline = vec![
            doc! { "$set": {
                "formerPhoneNumberId": "$phoneNumberId",
                "deletedAtMs": now_ms,
                "updatedAtMs": now_ms,
            } },
            doc! { "$unset": gone },
        ];
        let write = Write::pipeline(NUMBERS.name, present(workspace, id), pipeline);
        self.change_and_tell(&Told::of(workspace, Happening::Number { number: id }, write), now_ms).await
    }

    /// Notes once that a sync was asked for. False: it was noted before.
    pub async fn note_sync(&self, workspace: Uuid, id: Uuid, sync: Sync, at_ms: i64) -> Result<bool, Error> {
        let field = format!("syncs.{}", sync.name());
        let mut filter = present(workspace, id);
        filter.insert(&field, doc! { "$exists": false });
        let set = doc! { "$set": { &field: { "atMs": at_ms } } };
        let done = self.numbers_whole().update_one(filter, set).write_concern(durable(self.timeout)).await?;
        Ok(done.matched_count == 1)
    }

    /// Takes such a note back, after what was asked for was certainly not done.
    pub async fn forget_sync(&self, workspace: Uuid, id: Uuid, sync: Sync) -> Result<(), Error> {
        let unset = doc! { "$unset": { format!("syncs.{}", sync.name()): "" } };
        self.numbers_whole()
            .update_one(present(workspace, id), unset)
            .write_concern(durable(self.timeout))
            .await?;
        Ok(())
    }

    /// A number of a workspace.
    pub async fn find_number(&self, workspace: Uuid, id: Uuid) -> Result<Option<NumberRecord>, Error> {
        let found = self.numbers_whole().find_one(present(workspace, id)).await?;
        found.map(|document| record_of(&document)).transpose()
    }

    /// The numbers of a workspace, the oldest first.
    pub async fn list_numbers(&self, workspace: Uuid) -> Result<Vec<NumberRecord>, Error> {
        let filter = doc! { "workspace": binary(workspace), "deletedAtMs": { "$exists": false } };
        let found: Vec<Document> = self
            .numbers_whole()
            .find(filter)
            .sort(doc! { "createdAtMs": 1, "_id": 1 })
            .await?
            .try_collect()
            .await?;
        found.iter().map(record_of).collect()
    }

    /// The numbers of an account, in all workspaces; also those that were taken away here: to Meta they are its numbers.
    pub async fn numbers_of_account(&self, account_id: &str) -> Result<Vec<Uuid>, Error> {
        let filter = doc! { "accountId": account_id };
        let numbers = self.numbers_whole();
        let found = numbers.find(filter).projection(doc! { "_id": 1 }).await?;
        let found: Vec<Document> = found.try_collect().await?;
        Ok(found.iter().filter_map(|number| uuid_of(number, "_id")).collect())
    }

    /// How many other numbers, in all workspaces, are of this account.
    pub async fn count_other_numbers(&self, account_id: &str, except: Uuid) -> Result<u64, Error> {
        let filter = doc! {
            "accountId": account_id,
            "_id": { "$ne": binary(except) },
            "deletedAtMs": { "$exists": false },
        };
        Ok(self.numbers_whole().count_documents(filter).await?)
    }

    /// Numbers of all workspaces that could be asked about and never were.
    pub async fn numbers_without_facts(&self, limit: i64) -> Result<Vec<NumberRecord>, Error> {
        let filter = doc! {
            "accessToken": { "$exists": true },
            "facts": { "$exists": false },
            "block": { "$exists": false },
            "deletedAtMs": { "$exists": false },
        };
        let found: Vec<Document> =
            self.numbers_whole().find(filter).limit(limit).await?.try_collect().await?;
        found.iter().map(record_of).collect()
    }

    /// Whether a workspace had a number and has deleted it.
    pub async fn is_number_deleted(&self, id: Uuid) -> Result<bool, Error> {
        let deleted = doc! { "_id": binary(id), "deletedAtMs": { "$exists": true } };
        Ok(self.numbers_whole().find_one(deleted).await?.is_some())
    }

    /// When a number last became free of another workspace; zero if it never had another.
    async fn freed_at(&self, phone_number_id: &str, workspace: Uuid) -> Result<i64, Error> {
        let filter = doc! {
            "formerPhoneNumberId": phone_number_id,
            "workspace": { "$ne": binary(workspace) },
        };
        let last = self.numbers_whole().find_one(filter).sort(doc! { "deletedAtMs": -1 }).await?;
        Ok(last.and_then(|last| last.get_i64("deletedAtMs").ok()).unwrap_or(0))
    }

    fn numbers_whole(&self) -> mongodb::Collection<Document> {
        self.database.collection(NUMBERS.name)
    }
}

pub(super) fn present(workspace: Uuid, id: Uuid) -> Document {
    doc! { "_id": binary(id), "workspace": binary(workspace), "deletedAtMs": { "$exists": false } }
}

const WHAT: &str = "a number";
const MALFORMED: Error = Error::Malformed { what: WHAT };

pub(super) fn record_of(document: &Document) -> Result<NumberRecord, Error> {
    let text = |field| document.get_str(field).ok().map(str::to_owned);
    let sealed = |field| document.get_binary_generic(field).ok().cloned().map(Sealed::from_bytes);
    let is_settings = document.get_str("tokenFrom").is_ok_and(|from| from == FROM_SETTINGS);
    let sync = |kind| document.get_document("syncs").ok()?.get_document(kind).ok()?.get_i64("atMs").ok();
    let time = |field| document.get_i64(field).ok();
    let (Some(id), Some(workspace), Some(phone_number_id)) =
        (uuid_of(document, "_id"), uuid_of(document, "workspace"), text("phoneNumberId"))
    else {
        return Err(MALFORMED);
    };
    Ok(NumberRecord {
        id,
        workspace,
        phone_number_id,
        account_id: text("accountId"),
        user_id: text("userId"),
        display_name: text("displayName"),
        display_phone_number: text("displayPhoneNumber"),
        app_id: text("appId"),
        access_token: sealed(sealed::ACCESS_TOKEN),
        token_source: if is_settings { TokenSource::Settings } else { TokenSource::People },
        app_secret: sealed(sealed::APP_SECRET),
        pin: sealed(sealed::PIN),
        has_verify_token: document.contains_key("verifyTokenHash"),
        facts: part(document, "facts", WHAT)?,
        facts_at_ms: time("factsAtMs"),
        settings: part(document, "settings", WHAT)?.unwrap_or_default(),
        paused_at_ms: time("pausedAtMs"),
        block: part(document, "block", WHAT)?,
        test: document.get_document("test").ok().cloned(),
        webhook_at_ms: time("webhookAtMs"),
        syncs: Syncs { contacts_ms: sync(Sync::Contacts.name()), history_ms: sync(Sync::History.name()) },
        created_at_ms: time("createdAtMs").unwrap_or(0),
        updated_at_ms: time("updatedAtMs").unwrap_or(0),
    })
}
