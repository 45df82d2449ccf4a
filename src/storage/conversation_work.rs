//! What people do to conversations: put them away, assign, label and describe them. Each change goes in one transaction
//! with its event. How far one is read is in `read_mark`; what customers do is folded in (`conversations`).

use mongodb::bson::{Bson, Document, doc};
use uuid::Uuid;

use super::arrivals::binary;
use super::conversations::COLLECTION;
use super::events::Happening;
use super::labels::label_made;
use super::snoozes::{Snooze, snoozed};
use super::told::{Told, Write};
use super::{Error, Storage};
use crate::domain::inbox::{Status, Work};

/// Where a conversation was put that is not open. The fold takes it away when the customer writes.
pub(super) const AWAY: &str = "away";

/// A deed on a conversation.
#[derive(Clone, Debug)]
pub struct WorkOn<'a> {
    pub workspace: Uuid,
    pub conversation: Uuid,
    pub number: Uuid,
    pub work: Work,
    /// Who does it, as the audit log names them; none: it happens by itself.
    pub by: Option<&'a str>,
    /// What of the conversation it is about: a note, a user.
    pub about: Option<String>,
    pub now_ms: i64,
}

/// A conversation that was put away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    pub status: Status,
    pub at_ms: i64,
    pub by: Option<String>,
    pub until_ms: Option<i64>,
}

/// Who works on a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignee {
    /// The CRM's id of the user.
    pub user: String,
    pub name: Option<String>,
    pub at_ms: i64,
    pub by: Option<String>,
}

impl WorkOn<'_> {
    /// The event that tells of it.
    pub(super) fn happening(&self) -> Happening {
        Happening::Work {
            conversation: self.conversation,
            number: self.number,
            work: self.work.name().to_owned(),
            by: self.by.map(str::to_owned),
            about: self.about.clone(),
        }
    }

    /// The conversation itself.
    pub(super) fn filter(&self) -> Document {
        doc! { "_id": binary(self.conversation), "workspace": binary(self.workspace) }
    }

    /// A change of the conversation with its event.
    pub(super) fn told(&self, filter: Document, change: Document) -> Told {
        Told::of(self.workspace, self.happening(), Write::update(COLLECTION.name, filter, change))
    }
}

/// Keeps to documents whose field is still what was read.
fn keep_unchanged(filter: &mut Document, field: &str, before: Option<Bson>) {
    filter.insert(field, before.unwrap_or_else(|| doc! { "$exists": false }.into()));
}

/// Sets a field, or takes it away.
fn put(field: &str, value: Option<Bson>) -> Document {
    match value {
        Some(value) => doc! { "$set": { field: value } },
        None => doc! { "$unset": { field: "" } },
    }
}

fn labels_bson(labels: &[String]) -> Option<Bson> {
    (!labels.is_empty()).then(|| labels.iter().map(String::as_str).collect::<Vec<_>>().into())
}

fn attributes_bson(attributes: &[(String, String)]) -> Option<Bson> {
    let document: Document = attributes.iter().map(|(key, value)| (key.clone(), value.into())).collect();
    (!document.is_empty()).then(|| document.into())
}

impl Storage {
    /// Puts a conversation away, or takes it back among the open ones. False: it is not there.
    pub async fn put_away(
        &self,
        on: &WorkOn<'_>,
        status: Status,
        until_ms: Option<i64>,
    ) -> Result<bool, Error> {
        let change = if status == Status::Open {
            put(AWAY, None)
        } else {
            let mut away = doc! { "as": status.name(), "atMs": on.now_ms };
            if let Some(by) = on.by {
                away.insert("by", by);
            }
            if let Some(until_ms) = until_ms {
                away.insert("untilMs", until_ms);
            }
            put(AWAY, Some(away.into()))
        };
        let mut told = on.told(on.filter(), change);
        if let Some(until_ms) = until_ms {
            told = told.and(snoozed(on.workspace, on.number, on.conversation, until_ms));
        }
        self.change_and_tell(&told, on.now_ms).await
    }

    /// Opens a conversation whose snooze has ended, and brings it to the front. False: somebody else did, or it was put
    /// elsewhere meanwhile.
    pub async fn wake(&self, snooze: Snooze, now_ms: i64) -> Result<bool, Error> {
        let on = WorkOn {
            workspace: snooze.workspace,
            conversation: snooze.conversation,
            number: snooze.number,
            work: Work::Woken,
            by: None,
            about: None,
            now_ms,
        };
        let mut filter = on.filter();
        filter.insert("away.untilMs", snooze.until_ms);
        // Most that were snoozed are woken by their customer: to find that out needs no transaction.
        if self.conversations().find_one(filter.clone()).projection(doc! { "_id": 1 }).await?.is_none() {
            return Ok(false);
        }
        let mut change = put(AWAY, None);
        change.insert("$max", doc! { "lastAt": now_ms.div_euclid(1_000) });
        self.change_and_tell(&on.told(filter, change), now_ms).await
    }

    /// Gives a conversation to somebody, or to nobody. False: it is not there.
    pub async fn assign(&self, on: &WorkOn<'_>, to: Option<(&str, Option<&str>)>) -> Result<bool, Error> {
        let assignee = to.map(|(user, name)| {
            let mut assignee = doc! { "user": user, "atMs": on.now_ms };
            for (field, value) in [("name", name), ("by", on.by)] {
                if let Some(value) = value {
                    assignee.insert(field, value);
                }
            }
            assignee.into()
        });
        self.change_and_tell(&on.told(on.filter(), put("assignee", assignee)), on.now_ms).await
    }

    /// Gives a conversation these labels instead of those that it had when it was read; what the workspace's list of
    /// labels lacks is added there. False: somebody else has changed them meanwhile.
    pub async fn set_labels(
        &self,
        on: &WorkOn<'_>,
        before: &[String],
        after: &[String],
    ) -> Result<bool, Error> {
        let mut filter = on.filter();
        keep_unchanged(&mut filter, "labels", labels_bson(before));
        let mut told = on.told(filter, put("labels", labels_bson(after)));
        for name in after.iter().filter(|name| !before.contains(name)) {
            told = told.and(label_made(on.workspace, name, on.now_ms));
        }
        self.change_and_tell(&told, on.now_ms).await
    }

    /// The same of its attributes, by key.
    pub async fn set_attributes(
        &self,
        on: &WorkOn<'_>,
        before: &[(String, String)],
        after: &[(String, String)],
    ) -> Result<bool, Error> {
        let mut filter = on.filter();
        keep_unchanged(&mut filter, "attributes", attributes_bson(before));
        let change = put("attributes", attributes_bson(after));
        self.change_and_tell(&on.told(filter, change), on.now_ms).await
    }
}

/// What was read of a conversation's work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// None: it is open.
    pub away: Option<Away>,
    pub assignee: Option<Assignee>,
    /// In the order of the alphabet.
    pub labels: Vec<String>,
    /// By key.
    pub attributes: Vec<(String, String)>,
    pub notes: i64,
    /// When somebody last marked it as read here.
    pub read_at_ms: Option<i64>,
}

impl Worked {
    /// What a conversation's document says of it.
    pub(super) fn of(document: &Document) -> Self {
        let text = |part: &Document, field| part.get_str(field).ok().map(str::to_owned);
        let away = document.get_document(AWAY).ok().and_then(|away| {
            Some(Away {
                status: Status::named(away.get_str("as").ok()?)?,
                at_ms: away.get_i64("atMs").unwrap_or(0),
                by: text(away, "by"),
                until_ms: away.get_i64("untilMs").ok(),
            })
        });
        let assignee = document.get_document("assignee").ok().and_then(|assignee| {
            Some(Assignee {
                user: text(assignee, "user")?,
                name: text(assignee, "name"),
                at_ms: assignee.get_i64("atMs").unwrap_or(0),
                by: text(assignee, "by"),
            })
        });
        let labels = document.get_array("labels").map(Vec::as_slice).unwrap_or_default();
        let attributes = document.get_document("attributes").map_or_else(
            |_| Vec::new(),
            |all| {
                all.iter()
                    .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                    .collect()
            },
        );
        Self {
            away,
            assignee,
            labels: labels.iter().filter_map(Bson::as_str).map(str::to_owned).collect(),
            attributes,
            notes: document.get_i64("notes").unwrap_or(0),
            read_at_ms: document.get_document("read").ok().and_then(|read| read.get_i64("atMs").ok()),
        }
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        self.away.as_ref().map_or(Status::Open, |away| away.status)
    }
}
