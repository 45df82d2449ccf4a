//! Workspaces: the tenants. Everything else belongs to one of them.

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::{DateTime, Document, doc};
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::index::{Collection, Index};
use super::{Error, Storage, durable};
use crate::domain::sending::UnconfirmedPolicy;
use crate::ids::derived;

pub const WORKSPACES: Collection = Collection {
    name: "workspaces",
    holds: "the tenants: everything else belongs to one of them",
    written_at: Some("created"),
    expires_at: None,
    options: Document::new,
    indexes: &[Index {
        name: "externalId",
        keys: &[("externalId", 1)],
        unique: true,
        expires: false,
        only: Some(|| doc! { "externalId": { "$exists": true } }),
        serves: "the workspace that a token of the CRM names, once in the whole database",
    }],
};

/// The word by which operators call the workspace that is there without being made.
pub const FIRST: &str = "first";

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub id: Uuid,
    pub name: String,
    /// What the CRM calls it in its tokens.
    pub external_id: Option<String>,
    pub created_ms: Option<i64>,
}

/// The workspace that the settings' first number belongs to.
pub fn first_workspace() -> Uuid {
    derived("workspace", &[FIRST.as_bytes()])
}

impl Storage {
    /// Makes the workspace, if it is not there yet.
    pub async fn ensure_workspace(&self, id: Uuid, name: &str) -> Result<(), Error> {
        // A pipeline, so that the time is the database's and what is there stays as it is.
        let change = vec![doc! { "$set": {
            "v": { "$ifNull": ["$v", 1] },
            "name": { "$ifNull": ["$name", { "$literal": name }] },
            "created": { "$ifNull": ["$created", "$$NOW"] },
        } }];
        self.workspaces()
            .update_one(doc! { "_id": binary(id) }, change)
            .upsert(true)
            .write_concern(durable(self.timeout))
            .await?;
        Ok(())
    }

    /// Adds a workspace. `Duplicate` if another has that external id.
    pub async fn insert_workspace(&self, workspace: &Workspace) -> Result<(), Error> {
        let mut document = doc! { "_id": binary(workspace.id), "v": 1, "name": &workspace.name };
        if let Some(external_id) = &workspace.external_id {
            document.insert("externalId", external_id);
        }
        if let Some(created_ms) = workspace.created_ms {
            document.insert("created", DateTime::from_millis(created_ms));
        }
        self.workspaces().insert_one(document).write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    /// The workspace that is meant by our id or by the CRM's own.
    pub async fn find_workspace(&self, name: &str) -> Result<Option<Workspace>, Error> {
        let id = Uuid::parse_str(name).ok();
        // The CRM's own id may have the form of ours.
        let filter = match id {
            Some(id) => doc! { "$or": [{ "_id": binary(id) }, { "externalId": name }] },
            None => doc! { "externalId": name },
        };
        let found: Vec<Document> = self.workspaces().find(filter).limit(2).await?.try_collect().await?;
        let mut workspaces = found.iter().map(workspace_of).collect::<Result<Vec<_>, _>>()?;
        // Our own id goes before somebody's external id of the same form.
        workspaces.sort_by_key(|workspace| Some(workspace.id) != id);
        Ok(workspaces.into_iter().next())
    }

    /// The workspace of that id.
    pub async fn get_workspace(&self, id: Uuid) -> Result<Option<Workspace>, Error> {
        let found = self.workspaces().find_one(doc! { "_id": binary(id) }).await?;
        found.as_ref().map(workspace_of).transpose()
    }

    /// All workspaces, by id.
    pub async fn all_workspaces(&self) -> Result<Vec<Workspace>, Error> {
        let found: Vec<Document> =
            self.workspaces().find(doc! {}).sort(doc! { "_id": 1 }).await?.try_collect().await?;
        found.iter().map(workspace_of).collect()
    }

    /// What becomes of messages of which nothing is heard.
    pub async fn unconfirmed_policy(&self, workspace: Uuid) -> Result<UnconfirmedPolicy, Error> {
        let fields = doc! { "unconfirmedPolicy": 1 };
        let found = self.workspaces().find_one(doc! { "_id": binary(workspace) }).projection(fields).await?;
        let name = found.as_ref().and_then(|found| found.get_str("unconfirmedPolicy").ok());
        Ok(name.and_then(UnconfirmedPolicy::named).unwrap_or_default())
    }

    /// Sets it; gives the one before.
    pub async fn set_unconfirmed_policy(
        &self,
        workspace: Uuid,
        policy: UnconfirmedPolicy,
    ) -> Result<UnconfirmedPolicy, Error> {
        let set = doc! { "$set": { "unconfirmedPolicy": policy.name() } };
        let before = self
            .workspaces()
            .find_one_and_update(doc! { "_id": binary(workspace) }, set)
            .write_concern(durable(self.timeout))
            .await?;
        let name = before.as_ref().and_then(|before| before.get_str("unconfirmedPolicy").ok());
        Ok(name.and_then(UnconfirmedPolicy::named).unwrap_or_default())
    }

    pub(super) fn workspaces(&self) -> Handle<Document> {
        self.database.collection(WORKSPACES.name)
    }
}

fn workspace_of(document: &Document) -> Result<Workspace, Error> {
    let malformed = Error::Malformed { what: "a workspace" };
    Ok(Workspace {
        id: uuid_of(document, "_id").ok_or_else(|| malformed.clone())?,
        name: document.get_str("name").map_err(|_| malformed)?.to_owned(),
        external_id: document.get_str("externalId").ok().map(str::to_owned),
        created_ms: document.get_datetime("created").ok().map(|at| at.timestamp_millis()),
    })
}
