//! The labels of a workspace: how each looks, and what it is for. Conversations hold the names themselves.

use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use mongodb::{ClientSession, Collection as Handle};
use uuid::Uuid;

use super::arrivals::binary;
use super::conversations;
use super::index::{Collection, Index};
use super::told::Write;
use super::transaction::{Reads, end};
use super::{Error, Storage, durable};
use crate::domain::inbox::WORKSPACE_LABELS_MAX;

pub const LABELS: Collection = Collection {
    name: "labels",
    holds: "the labels of conversations: their colours, and what they are for",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[Index {
        name: "workspace_name",
        keys: &[("workspace", 1), ("name", 1)],
        unique: false,
        expires: false,
        only: None,
        serves: "the labels of a workspace by name",
    }],
};

/// Somebody gives the label to a conversation at the same time: how often deleting it is tried.
const TRIES_MAX: u32 = 50;
const AGAIN_AFTER: Duration = Duration::from_millis(2);

/// A label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelRecord {
    pub name: String,
    pub colour: Option<String>,
    pub description: Option<String>,
    pub created_ms: i64,
}

/// What became of a label that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    Done,
    NotFound,
    /// A conversation has it.
    InUse,
}

fn key(workspace: Uuid, name: &str) -> String {
    format!("{}:{name}", workspace.simple())
}

/// The write by which a label is in its workspace's list.
pub(super) fn label_made(workspace: Uuid, name: &str, now_ms: i64) -> Write {
    // Somebody may delete the label at the same time.
    Write::upsert(LABELS.name, doc! { "_id": key(workspace, name) }, made(workspace, name, now_ms))
        .contested()
}

fn made(workspace: Uuid, name: &str, now_ms: i64) -> Document {
    doc! { "$setOnInsert": {
        "v": 1,
        "workspace": binary(workspace),
        "name": name,
        "createdAtMs": now_ms,
    } }
}

impl Storage {
    /// The labels of a workspace by name.
    pub async fn list_labels(&self, workspace: Uuid) -> Result<Vec<LabelRecord>, Error> {
        // Several who make one at the same time may come over the limit: theirs are shown, too.
        let limit = i64::try_from(WORKSPACE_LABELS_MAX * 2).unwrap_or(i64::MAX);
        let found: Vec<Document> = self
            .labels()
            .find(doc! { "workspace": binary(workspace) })
            .sort(doc! { "name": 1 })
            .limit(limit)
            .await?
            .try_collect()
            .await?;
        let text = |found: &Document, field| found.get_str(field).ok().map(str::to_owned);
        let one = |found: &Document| {
            Some(LabelRecord {
                name: text(found, "name")?,
                colour: text(found, "colour"),
                description: text(found, "description"),
                created_ms: found.get_i64("createdAtMs").unwrap_or(0),
            })
        };
        found.iter().map(|found| one(found).ok_or(Error::Malformed { what: "a label" })).collect()
    }

    /// Makes a label, or changes how it looks; none takes that away.
    pub async fn save_label(
        &self,
        workspace: Uuid,
        name: &str,
        (colour, description): (Option<&str>, Option<&str>),
        now_ms: i64,
    ) -> Result<(), Error> {
        let (mut set, mut unset) = (Document::new(), Document::new());
        for (field, value) in [("colour", colour), ("description", description)] {
            match value {
                Some(value) => set.insert(field, value),
                None => unset.insert(field, ""),
            };
        }
        let mut change = made(workspace, name, now_ms);
        for (operator, fields) in [("$set", set), ("$unset", unset)] {
            if !fields.is_empty() {
                change.insert(operator, fields);
            }
        }
        let labels = self.labels();
        let save = labels.update_one(doc! { "_id": key(workspace, name) }, change).upsert(true);
        save.write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    /// Takes a label out of the list, unless a conversation has it.
    pub async fn delete_label(&self, workspace: Uuid, name: &str) -> Result<Deletion, Error> {
        let mut outcome = Err(Error::Conflict);
        for _ in 0..TRIES_MAX {
            outcome = self.try_delete_label(workspace, name).await;
            if !matches!(outcome, Err(Error::Conflict)) {
                break;
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        outcome
    }

    /// Whoever gives it to a conversation at the same time writes the label too (`label_made`), so one of the two comes
    /// after the other.
    async fn try_delete_label(&self, workspace: Uuid, name: &str) -> Result<Deletion, Error> {
        let mut session = self.begin(Reads::OneMoment).await?;
        let outcome = self.delete_label_within(&mut session, workspace, name).await;
        end(&mut session, outcome, |deletion| matches!(deletion, Deletion::Done)).await
    }

    async fn delete_label_within(
        &self,
        session: &mut ClientSession,
        workspace: Uuid,
        name: &str,
    ) -> Result<Deletion, Error> {
        let labels = self.labels();
        let delete = labels.delete_one(doc! { "_id": key(workspace, name) });
        let is_deleted = delete.session(&mut *session).await?.deleted_count == 1;
        let conversations = self.database.collection::<Document>(conversations::COLLECTION.name);
        let filter = doc! { "workspace": binary(workspace), "labels": name };
        let user = conversations.find_one(filter).projection(doc! { "_id": 1 }).session(session).await?;
        Ok(match user {
            Some(_) => Deletion::InUse,
            None if is_deleted => Deletion::Done,
            None => Deletion::NotFound,
        })
    }

    fn labels(&self) -> Handle<Document> {
        self.database.collection(LABELS.name)
    }
}
