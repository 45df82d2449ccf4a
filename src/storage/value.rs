//! Values as BSON has them, and back.

use std::time::Duration;

use mongodb::bson::{self, Bson, Document};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Error;

/// A value of ours within a document.
pub(super) fn to_bson(value: &impl Serialize) -> Result<Bson, Error> {
    bson::serialize_to_bson(value).map_err(|_| Error::Malformed { what: "a value that BSON cannot hold" })
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
