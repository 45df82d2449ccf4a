//! API keys, by the hash of each alone: what is stored here opens nothing.

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};
use mongodb::options::{CollectionOptions, ReadPreference, SelectionCriteria};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::index::{Collection, Index};
use super::{Error, Storage, durable, on_the_primary};

pub const API_KEYS: Collection = Collection {
    name: "api_keys",
    holds: "the hashes of API keys, and what each key may do",
    written_at: Some("created"),
    expires_at: None,
    options: Document::new,
    indexes: &[Index {
        name: "workspace",
        keys: &[("workspace", 1), ("_id", 1)],
        unique: false,
        expires: false,
        only: None,
        serves: "the keys of a workspace, by age",
    }],
};

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    pub id: Uuid,
    pub workspace: Uuid,
    pub name: String,
    /// SHA-256 of the key's text.
    pub hash: Vec<u8>,
    pub role: String,
    pub scopes: Option<Vec<String>>,
    pub numbers: Option<Vec<Uuid>>,
    pub created_ms: i64,
    pub created_by: String,
    pub expires_ms: Option<i64>,
    pub last_used_ms: Option<i64>,
    pub revoked_ms: Option<i64>,
}

impl Storage {
    /// Adds a key. `Duplicate` if its id is there already.
    pub async fn insert_api_key(&self, key: &StoredKey) -> Result<(), Error> {
        self.api_keys().insert_one(document_of(key)).write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    /// The key with this id, whatever its workspace: who shows it is not known yet.
    pub async fn find_api_key(&self, id: Uuid) -> Result<Option<StoredKey>, Error> {
        self.api_keys().find_one(doc! { "_id": binary(id) }).await?.as_ref().map(key_of).transpose()
    }

    /// The keys of a workspace, the oldest first; those that are revoked or expired too.
    pub async fn api_keys_of(&self, workspace: Uuid) -> Result<Vec<StoredKey>, Error> {
        let filter = doc! { "workspace": binary(workspace) };
        let found: Vec<Document> =
            self.api_keys().find(filter).sort(doc! { "_id": 1 }).await?.try_collect().await?;
        found.iter().map(key_of).collect()
    }

    /// Ends a key. The first time of ending stays.
    pub async fn revoke_api_key(&self, workspace: Uuid, id: Uuid, now_ms: i64) -> Result<(), Error> {
        let filter =
            doc! { "_id": binary(id), "workspace": binary(workspace), "revokedAt": { "$exists": false } };
        let change = doc! { "$set": { "revokedAt": DateTime::from_millis(now_ms) } };
        self.api_keys().update_one(filter, change).write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    /// Keeps when a key was last used, unless a use after `unless_after_ms` is known.
    pub async fn note_api_key_use(&self, id: Uuid, now_ms: i64, unless_after_ms: i64) -> Result<(), Error> {
        let is_recent = doc! { "lastUsedAt": { "$gt": DateTime::from_millis(unless_after_ms) } };
        let change = doc! { "$set": { "lastUsedAt": DateTime::from_millis(now_ms) } };
        let unless = doc! { "_id": binary(id), "$nor": [is_recent] };
        // Somebody waits, and nobody is kept out for it.
        self.api_keys().update_one(unless, change).write_concern(on_the_primary()).await?;
        Ok(())
    }

    /// Read from the primary, so that a key that was revoked a moment ago is.
    fn api_keys(&self) -> Handle<Document> {
        let options = CollectionOptions::builder()
            .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .build();
        self.database.collection_with_options(API_KEYS.name, options)
    }
}

fn document_of(key: &StoredKey) -> Document {
    let mut document = doc! {
        "_id": binary(key.id),
        "v": 1,
        "workspace": binary(key.workspace),
        "name": &key.name,
        "hash": Binary { subtype: BinarySubtype::Generic, bytes: key.hash.clone() },
        "role": &key.role,
        "created": DateTime::from_millis(key.created_ms),
        "createdBy": &key.created_by,
    };
    if let Some(scopes) = &key.scopes {
        document.insert("scopes", scopes.clone());
    }
    if let Some(numbers) = &key.numbers {
        document.insert("numbers", numbers.iter().map(|id| Bson::Binary(binary(*id))).collect::<Vec<_>>());
    }
    for (field, ms) in
        [("expiresAt", key.expires_ms), ("lastUsedAt", key.last_used_ms), ("revokedAt", key.revoked_ms)]
    {
        if let Some(ms) = ms {
            document.insert(field, DateTime::from_millis(ms));
        }
    }
    document
}

/// A limit that cannot be read must not read as no limit.
fn key_of(document: &Document) -> Result<StoredKey, Error> {
    read_key(document).ok_or(Error::Malformed { what: "an API key" })
}

fn read_key(document: &Document) -> Option<StoredKey> {
    let text = |field| document.get_str(field).ok().map(str::to_owned);
    let time = |field| match document.get(field) {
        None => Some(None),
        Some(Bson::DateTime(at)) => Some(Some(at.timestamp_millis())),
        Some(_) => None,
    };
    let scopes = match document.get("scopes") {
        None => None,
        Some(Bson::Array(scopes)) => {
            Some(scopes.iter().map(|scope| scope.as_str().map(str::to_owned)).collect::<Option<_>>()?)
        }
        Some(_) => return None,
    };
    let numbers = match document.get("numbers") {
        None => None,
        Some(Bson::Array(numbers)) => Some(numbers.iter().map(uuid_in).collect::<Option<_>>()?),
        Some(_) => return None,
    };
    Some(StoredKey {
        id: uuid_of(document, "_id")?,
        workspace: uuid_of(document, "workspace")?,
        name: text("name")?,
        hash: document.get_binary_generic("hash").ok()?.clone(),
        role: text("role")?,
        scopes,
        numbers,
        created_ms: time("created")??,
        created_by: text("createdBy")?,
        expires_ms: time("expiresAt")?,
        last_used_ms: time("lastUsedAt")?,
        revoked_ms: time("revokedAt")?,
    })
}

fn uuid_in(value: &Bson) -> Option<Uuid> {
    if let Bson::Binary(binary) = value { Uuid::from_slice(&binary.bytes).ok() } else { None }
}
