//! Notes on conversations: what those who work on them tell each other. Customers never see them.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::arrivals::{binaries, binary, uuid_of};
use super::conversation_work::WorkOn;
use super::conversations;
use super::index::{Collection, Index};
use super::page::{Way, keep_beyond};
use super::told::{Told, Write};
use super::{Error, Storage};

pub const NOTES: Collection = Collection {
    name: "notes",
    holds: "the notes on conversations",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[Index {
        name: "conversation_atMs",
        keys: &[("conversation", 1), ("atMs", -1), ("_id", -1)],
        unique: false,
        expires: false,
        only: None,
        serves: "the notes of a conversation, the latest first",
    }],
};

/// A note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteRecord {
    pub id: Uuid,
    pub workspace: Uuid,
    pub conversation: Uuid,
    pub number: Uuid,
    pub text: String,
    pub at_ms: i64,
    /// Who wrote it, as the audit log names them.
    pub by: String,
    pub edited_ms: Option<i64>,
    /// How often it has been written; the first time is 1.
    pub version: i64,
}

/// A place among the notes of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotePlace {
    pub at_ms: i64,
    pub id: Uuid,
}

const MALFORMED: Error = Error::Malformed { what: "a note" };

/// How many notes the conversation has.
fn counted(on: &WorkOn<'_>, by: i64) -> Write {
    Write::update(conversations::COLLECTION.name, on.filter(), doc! { "$inc": { "notes": by } })
}

fn of_workspace(workspace: Uuid, id: Uuid) -> Document {
    doc! { "_id": binary(id), "workspace": binary(workspace) }
}

impl Storage {
    /// Adds a note. False: its conversation is not there.
    pub async fn add_note(&self, on: &WorkOn<'_>, id: Uuid, text: &str) -> Result<bool, Error> {
        let note = doc! {
            "_id": binary(id),
            "v": 1,
            "workspace": binary(on.workspace),
            "conversation": binary(on.conversation),
            "number": binary(on.number),
            "text": text,
            "atMs": on.now_ms,
            "by": on.by.unwrap_or_default(),
            "version": 1_i64,
        };
        let told =
            Told::of(on.workspace, on.happening(), counted(on, 1)).and(Write::insert(NOTES.name, note));
        self.change_and_tell(&told, on.now_ms).await
    }

    /// Writes a note anew, if it is still the version that was read. False: it is not.
    pub async fn edit_note(
        &self,
        on: &WorkOn<'_>,
        (id, version): (Uuid, i64),
        text: &str,
    ) -> Result<bool, Error> {
        let mut filter = of_workspace(on.workspace, id);
        filter.insert("version", version);
        let change = doc! { "$set": { "text": text, "editedMs": on.now_ms }, "$inc": { "version": 1_i64 } };
        let told = Told::of(on.workspace, on.happening(), Write::update(NOTES.name, filter, change));
        self.change_and_tell(&told, on.now_ms).await
    }

    /// Takes a note away. False: it is not there.
    pub async fn delete_note(&self, on: &WorkOn<'_>, id: Uuid) -> Result<bool, Error> {
        let gone = Write::remove(NOTES.name, of_workspace(on.workspace, id));
        let told = Told::of(on.workspace, on.happening(), gone).and(counted(on, -1));
        self.change_and_tell(&told, on.now_ms).await
    }

    /// A note of a workspace.
    pub async fn find_note(&self, workspace: Uuid, id: Uuid) -> Result<Option<NoteRecord>, Error> {
        let found = self.notes().find_one(of_workspace(workspace, id)).await?;
        found.map(|found| record_of(&found).ok_or(MALFORMED)).transpose()
    }

    /// Notes of a conversation (`ids_of_conversation`) from a place on, the nearest to it first.
    pub async fn list_notes(
        &self,
        workspace: Uuid,
        conversations: &[Uuid],
        from: Option<NotePlace>,
        way: Way,
        limit: i64,
    ) -> Result<Vec<NoteRecord>, Error> {
        let conversations = binaries(conversations);
        let mut query = doc! { "conversation": { "$in": conversations }, "workspace": binary(workspace) };
        if let Some(place) = from {
            keep_beyond(&mut query, way, ("atMs", place.at_ms), ("_id", binary(place.id)));
        }
        let notes = self.notes();
        let find = notes.find(query).sort(way.sort("atMs", "_id")).limit(limit);
        let found: Vec<Document> = find.await?.try_collect().await?;
        found.iter().map(|found| record_of(found).ok_or(MALFORMED)).collect()
    }

    /// These notes of a workspace, by id.
    pub async fn notes_by_id(
        &self,
        workspace: Uuid,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, NoteRecord>, Error> {
        let ids = binaries(ids);
        let filter = doc! { "_id": { "$in": ids }, "workspace": binary(workspace) };
        let found: Vec<Document> = self.notes().find(filter).await?.try_collect().await?;
        let one = |found: &Document| record_of(found).map(|note| (note.id, note)).ok_or(MALFORMED);
        found.iter().map(one).collect()
    }

    /// The notes of all workspaces in the order of their ids, after one.
    pub async fn notes_after(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<NoteRecord>, Error> {
        let filter = after.map_or_else(Document::new, |after| doc! { "_id": { "$gt": binary(after) } });
        let notes = self.notes();
        let find = notes.find(filter).sort(doc! { "_id": 1 }).limit(limit);
        let found: Vec<Document> = find.await?.try_collect().await?;
        found.iter().map(|found| record_of(found).ok_or(MALFORMED)).collect()
    }

    fn notes(&self) -> Handle<Document> {
        self.database.collection(NOTES.name)
    }
}

fn record_of(found: &Document) -> Option<NoteRecord> {
    let text = |field| found.get_str(field).ok().map(str::to_owned);
    Some(NoteRecord {
        id: uuid_of(found, "_id")?,
        workspace: uuid_of(found, "workspace")?,
        conversation: uuid_of(found, "conversation")?,
        number: uuid_of(found, "number")?,
        text: text("text")?,
        at_ms: found.get_i64("atMs").ok()?,
        by: text("by")?,
        edited_ms: found.get_i64("editedMs").ok(),
        version: found.get_i64("version").ok()?,
    })
}
