//! Values as BSON has them, and back.

use std::time::Duration;

use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::{self, Bson, Document};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Error;

/// A value of ours within a document.
pub(super) fn to_bson(value: &impl Serialize) -> Result<Bson, Error> {
    bson::serialize_to_bson(value).map_err(|_| Error::Malformed { what: "a value that BSON cannot hold" })
}

/// A document as the server takes it.
pub(super) fn raw(document: &Document) -> Result<RawDocumentBuf, Error> {
    RawDocumentBuf::try_from(document)
        .map_err(|_| Error::Malformed { what: "a document that BSON cannot hold" })
}

/// An empty document with room for so many bytes: one that grows by itself is moved with nearly every field.
pub(super) fn roomy(bytes: usize) -> RawDocumentBuf {
    const EMPTY: [u8; 5] = [5, 0, 0, 0, 0];
    let mut document = Vec::with_capacity(bytes.max(EMPTY.len()));
    document.extend_from_slice(&EMPTY);
    RawDocumentBuf::from_bytes(document).unwrap_or_default()
}

/// The value at a field, if there is one. `what` names the document that is malformed if it is not of that form.
pub(super) fn part<T: DeserializeOwned>(
    document: &Document,
    field: &str,
    what: &'static str,
) -> Result<Option<T>, Error> {
    let Some(value) = document.get(field) else { return Ok(None) };
    bson::deserialize_from_bson(value.clone()).map(Some).map_err(|_| Error::Malformed { what })
}

/// A span of time for the database's own arithmetic.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
