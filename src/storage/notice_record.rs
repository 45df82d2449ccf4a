//! Notices as they are read. What writes them is in `notices`.

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::notices::NOTICES;
use super::page::{Way, keep_beyond};
use super::{Error, Storage};

/// The most values of one notice that are told.
const DETAILS_MAX: usize = 200;

/// Something that Meta told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRecord {
    pub id: String,
    pub number: Option<Uuid>,
    pub account_id: Option<String>,
    /// The webhook's field.
    pub field: String,
    pub kind: String,
    pub at_s: i64,
    pub received_ms: i64,
    /// What it says: each value under the path of names to it.
    pub details: Vec<(String, String)>,
}

/// Which notices a list holds.
#[derive(Clone, Debug)]
pub struct NoticeFilter {
    pub kinds: Vec<&'static str>,
    /// Only about these numbers.
    pub numbers: Option<Vec<Uuid>>,
    pub account_id: Option<String>,
}

/// A place in the list of notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticePlace {
    pub received_ms: i64,
    pub id: String,
}

impl Storage {
    /// Notices of a workspace in the order in which they came, from a place on, the nearest to it first.
    pub async fn list_notices(
        &self,
        workspace: Uuid,
        filter: &NoticeFilter,
        from: Option<&NoticePlace>,
        way: Way,
        limit: i64,
    ) -> Result<Vec<NoticeRecord>, Error> {
        let mut query = doc! { "workspace": binary(workspace), "kind": { "$in": &filter.kinds } };
        if let Some(place) = from {
            let received = DateTime::from_millis(place.received_ms);
            keep_beyond(&mut query, way, ("receivedAt", received), ("_id", place.id.as_str()));
        }
        if let Some(numbers) = &filter.numbers {
            let numbers = binaries(numbers);
            query.insert("number", doc! { "$in": numbers });
        }
        if let Some(account_id) = &filter.account_id {
            query.insert("accountId", account_id);
        }
        let found: Vec<Document> = self
            .database
            .collection(NOTICES.name)
            .find(query)
            .sort(way.sort("receivedAt", "_id"))
            .projection(doc! { "raw": 0 })
            .limit(limit)
            .await?
            .try_collect()
            .await?;
        found.iter().map(|document| record_of(document).ok_or(MALFORMED)).collect()
    }
}

const MALFORMED: Error = Error::Malformed { what: "a notice" };

fn record_of(document: &Document) -> Option<NoticeRecord> {
    let text = |field| document.get_str(field).ok().map(str::to_owned);
    let mut details = Vec::new();
    // The event is one field, named after what it is; that name says nothing more than the kind.
    for (_, said) in document.get_document("event").ok()? {
        tell("", said, &mut details);
    }
    Some(NoticeRecord {
        id: text("_id")?,
        number: uuid_of(document, "number"),
        account_id: text("accountId"),
        field: text("field")?,
        kind: text("kind")?,
        at_s: document.get_i64("at").ok()?,
        received_ms: document.get_datetime("receivedAt").ok()?.timestamp_millis(),
        details,
    })
}

fn tell(path: &str, value: &Bson, details: &mut Vec<(String, String)>) {
    if details.len() >= DETAILS_MAX {
        return;
    }
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let text = match value {
        Bson::Document(fields) => {
            for (name, value) in fields {
                tell(&below(name), value, details);
            }
            return;
        }
        Bson::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                tell(&below(&index.to_string()), value, details);
            }
            return;
        }
        Bson::String(text) => text.clone(),
        Bson::Int32(number) => number.to_string(),
        Bson::Int64(number) => number.to_string(),
        Bson::Double(number) => number.to_string(),
        Bson::Boolean(yes) => yes.to_string(),
        _ => return,
    };
    details.push((path.to_owned(), text));
}
