//! The labels of a workspace: how each looks, and what it is for. Conversations hold the names themselves.

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::binary;
use super::conversations;
use super::index::{Collection, Index};
use super::told::Write;
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

/// A label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelRecord {
    pub name: String,
    pub colour: Option<String>,
    pub description: Option<String>,
    pub created_ms: i64,
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
        let limit = i64::try_from(WORKSPACE_LABELS_MAX).unwrap_or(i64::MAX);
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

    /// Takes a label out of the list. False: it was not in it.
    pub async fn delete_label(&self, workspace: Uuid, name: &str) -> Result<bool, Error> {
        let labels = self.labels();
        let delete = labels.delete_one(doc! { "_id": key(workspace, name) });
        Ok(delete.write_concern(durable(self.timeout)).await?.deleted_count == 1)
    }

    /// Whether a conversation of the workspace has a label.
    pub async fn is_label_used(&self, workspace: Uuid, name: &str) -> Result<bool, Error> {
        let conversations = self.database.collection::<Document>(conversations::COLLECTION.name);
        let filter = doc! { "workspace": binary(workspace), "labels": name };
        Ok(conversations.find_one(filter).projection(doc! { "_id": 1 }).await?.is_some())
    }

    fn labels(&self) -> Handle<Document> {
        self.database.collection(LABELS.name)
    }
}
