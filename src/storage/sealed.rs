//! Where sealed values are: the table by which a rotation finds them all, and the exchange of one for another.
//!
//! A field that is not in the table is not sealed anew, so whoever adds a sealed field adds its row. All of them are
//! top-level fields with binary values, in documents that name their workspace.

use futures_util::TryStreamExt;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document, doc};
use uuid::Uuid;

use super::arrivals::uuid_of;
use super::{Error, Storage, durable, number_record, numbers};
use crate::crypto::{Place, Sealed};

/// A field whose values are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedField {
    pub collection: &'static str,
    pub field: &'static str,
}

/// All of them.
pub const SEALED_FIELDS: &[SealedField] = &[
    SealedField { collection: numbers::NUMBERS.name, field: number_record::sealed::ACCESS_TOKEN },
    SealedField { collection: numbers::NUMBERS.name, field: number_record::sealed::APP_SECRET },
    SealedField { collection: numbers::NUMBERS.name, field: number_record::sealed::PIN },
];

/// A sealed value where it is stored.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    pub at: &'static SealedField,
    pub workspace: Uuid,
    pub sealed: Sealed,
    /// The document's id as text, as its place spells it.
    document: String,
    id: Bson,
}

impl StoredSecret {
    /// What the value is bound to.
    pub fn place(&self) -> Place<'_> {
        let SealedField { collection, field } = *self.at;
        Place { workspace: self.workspace, collection, document: &self.document, field }
    }

    /// Where the page after this one begins.
    pub fn cursor(&self) -> Cursor {
        Cursor(self.id.clone())
    }
}

/// How far a pass has come.
#[derive(Clone, Debug)]
pub struct Cursor(Bson);

/// A stored value of any type, for the database.
pub(super) fn as_binary(sealed: &Sealed) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: sealed.as_bytes().to_vec() }
}

impl Storage {
    /// The sealed values of a field in all workspaces, by document, a page at a time.
    pub async fn list_sealed(
        &self,
        at: &'static SealedField,
        after: Option<&Cursor>,
        limit: i64,
    ) -> Result<Vec<StoredSecret>, Error> {
        let mut filter = doc! { at.field: { "$type": "binData" } };
        if let Some(Cursor(id)) = after {
            filter.insert("_id", doc! { "$gt": id });
        }
        let documents = self.database.collection::<Document>(at.collection);
        let found = documents.find(filter).projection(doc! { "workspace": 1, at.field: 1 });
        let found: Vec<Document> = found.sort(doc! { "_id": 1 }).limit(limit).await?.try_collect().await?;
        found.into_iter().map(|document| stored_secret(at, document)).collect()
    }

    /// Puts another value in the place of one. False: that one is not there any more.
    pub async fn replace_sealed(&self, old: &StoredSecret, new: &Sealed) -> Result<bool, Error> {
        let unchanged = doc! { "_id": &old.id, old.at.field: as_binary(&old.sealed) };
        let set = doc! { "$set": { old.at.field: as_binary(new) } };
        let documents = self.database.collection::<Document>(old.at.collection);
        let done = documents.update_one(unchanged, set).write_concern(durable(self.timeout)).await?;
        Ok(done.matched_count == 1)
    }
}

fn stored_secret(at: &'static SealedField, mut document: Document) -> Result<StoredSecret, Error> {
    let malformed = || Error::Malformed { what: "a document with a sealed value" };
    let workspace = uuid_of(&document, "workspace").ok_or_else(malformed)?;
    let Some(Bson::Binary(Binary { bytes, .. })) = document.remove(at.field) else { return Err(malformed()) };
    let id = document.remove("_id").ok_or_else(malformed)?;
    let text = text_of(&id).ok_or_else(malformed)?;
    Ok(StoredSecret { at, workspace, sealed: Sealed::from_bytes(bytes), document: text, id })
}

/// An id as a place spells it.
fn text_of(id: &Bson) -> Option<String> {
    match id {
        Bson::String(text) => Some(text.clone()),
        Bson::Binary(binary) => Uuid::from_slice(&binary.bytes).ok().map(|id| id.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::arrivals::binary;

    #[test]
    fn a_place_spells_the_id_as_whoever_sealed_the_value() {
        let id = Uuid::from_u128(0xabc);
        let document = doc! {
            "_id": binary(id),
            "workspace": binary(Uuid::from_u128(1)),
            "accessToken": as_binary(&Sealed::from_bytes(vec![1, 2])),
        };
        let found = stored_secret(&SEALED_FIELDS[0], document.clone()).unwrap();
        let expected = Place {
            workspace: Uuid::from_u128(1),
            collection: "numbers",
            document: &id.to_string(),
            field: "accessToken",
        };
        assert_eq!(found.place(), expected);
        for field in ["workspace", "_id", "accessToken"] {
            let mut bad = document.clone();
            bad.insert(field, 1.5);
            assert!(stored_secret(&SEALED_FIELDS[0], bad).is_err(), "{field}");
        }
    }

    #[test]
    fn every_row_of_the_table_is_in_a_collection_of_ours() {
        for at in SEALED_FIELDS {
            assert!(super::super::COLLECTIONS.iter().any(|known| known.name == at.collection), "{at:?}");
        }
    }
}
