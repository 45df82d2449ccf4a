//! Calls as they are read: what Meta told of each, put together. What writes them is in `notices`.

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::Hint;
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::notices::CALLS;
use super::page::{Way, keep_beyond};
use super::{Error, Storage};

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    pub id: String,
    pub call_id: String,
    pub number: Uuid,
    pub contact: Option<Uuid>,
    /// When Meta first told of it.
    pub at_s: i64,
    pub is_by_customer: Option<bool>,
    /// How it ended, in Meta's word.
    pub status: Option<String>,
    pub started_s: Option<i64>,
    pub ended_s: Option<i64>,
    pub duration_s: Option<i64>,
    pub recording_id: Option<String>,
    pub recording_mime_type: Option<String>,
    pub transcript_id: Option<String>,
    pub transcript_mime_type: Option<String>,
    /// What happened, in its order: Meta's word, and when.
    pub steps: Vec<(String, i64)>,
}

/// Which calls a list holds.
#[derive(Clone, Debug, Default)]
pub struct CallFilter {
    /// Only of these numbers.
    pub numbers: Option<Vec<Uuid>>,
    pub contact: Option<Uuid>,
}

/// A place in the list of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallPlace {
    pub at_s: i64,
    pub id: String,
}

impl Storage {
    /// Calls of a workspace by when they began, from a place on, the nearest to it first.
    pub async fn list_calls(
        &self,
        workspace: Uuid,
        filter: &CallFilter,
        from: Option<&CallPlace>,
        way: Way,
        limit: i64,
    ) -> Result<Vec<CallRecord>, Error> {
        let mut query = doc! { "workspace": binary(workspace) };
        let mut index = "workspace_at";
        if let Some(place) = from {
            keep_beyond(&mut query, way, ("at", place.at_s), ("_id", place.id.as_str()));
        }
        if let Some(numbers) = &filter.numbers {
            let numbers = binaries(numbers);
            query.insert("number", doc! { "$in": numbers });
        }
        if let Some(contact) = filter.contact {
            index = "contact_at";
            query.insert("contact", binary(contact));
        }
        let found: Vec<Document> = self
            .database
            .collection(CALLS.name)
            .find(query)
            .sort(way.sort("at", "_id"))
            .hint(Hint::Name(index.to_owned()))
            .limit(limit)
            .await?
            .try_collect()
            .await?;
        let records = found.iter().map(record_of);
        records.map(|record| record.ok_or(Error::Malformed { what: "a call" })).collect()
    }
}

fn record_of(document: &Document) -> Option<CallRecord> {
    let text = |document: &Document, field| document.get_str(field).ok().map(str::to_owned);
    let mut record = CallRecord {
        id: text(document, "_id")?,
        call_id: text(document, "callId")?,
        number: uuid_of(document, "number")?,
        contact: uuid_of(document, "contact"),
        at_s: document.get_i64("at").unwrap_or(0),
        is_by_customer: None,
        status: None,
        started_s: None,
        ended_s: None,
        duration_s: None,
        recording_id: None,
        recording_mime_type: None,
        transcript_id: None,
        transcript_mime_type: None,
        steps: Vec::new(),
    };
    let Ok(latest) = document.get_document("latest") else { return Some(record) };
    let mut steps = Vec::new();
    for (name, news) in latest {
        let Some(news) = news.as_document() else { continue };
        let number = |field| news.get_i64(field).unwrap_or(0);
        steps.push(((number("at"), number("order")), name.clone()));
        let Some(call) = news.get_document("is").ok().and_then(|is| is.get_document("call").ok()) else {
            continue;
        };
        let said = |field| text(call, field);
        let second = |field| call.get(field).and_then(Bson::as_i64);
        if let Some(direction) = said("direction") {
            record.is_by_customer = Some(direction.eq_ignore_ascii_case("user_initiated"));
        }
        record.status = said("status").or(record.status);
        record.started_s = second("startedAtS").or(record.started_s);
        record.ended_s = second("endedAtS").or(record.ended_s);
        record.duration_s = second("durationS").or(record.duration_s);
        let kind_of = |file: &str| text(call.get_document(file).ok()?, "mimeType");
        record.recording_id = said("recordingId").or(record.recording_id);
        record.recording_mime_type = kind_of("recording").or(record.recording_mime_type);
        record.transcript_id = said("transcriptId").or(record.transcript_id);
        record.transcript_mime_type = kind_of("transcript").or(record.transcript_mime_type);
    }
    steps.sort_unstable();
    record.steps = steps.into_iter().map(|((at_s, _), name)| (name, at_s)).collect();
    Some(record)
}
