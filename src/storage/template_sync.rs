//! Templates as Meta answers when it is asked about them: kept, told of where something has changed, and marked as
//! deleted where they are not there any more. And whose turn it is to be asked about, in the database's time.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReturnDocument;
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::events::Happening;
use super::notices::{ACCOUNTS, TEMPLATES};
use super::template_record::{TemplateRecord, record_of};
use super::template_state::{of_workspace, settling, template_key};
use super::told::{Told, Write};
use super::value::millis;
use super::{Error, Storage, durable};
use crate::ids::derived;

/// How many templates change in one transaction.
const TOGETHER_MAX: usize = 50;
/// How many edits are remembered: Meta counts ten in thirty days.
const EDITS_MAX: i32 = 10;

/// A template as Meta has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncedTemplate {
    pub template_id: String,
    pub name: String,
    pub language: String,
    pub status: String,
    pub category: String,
    pub quality: Option<String>,
    pub rejected_reason: Option<String>,
    pub previous_category: Option<String>,
    pub correct_category: Option<String>,
    pub sub_category: Option<String>,
    pub parameter_format: Option<String>,
    pub components_json: String,
    pub send_ttl_s: Option<i64>,
}

/// What is known of a template, as far as it is compared with what Meta answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownTemplate {
    digest: Option<String>,
    status: Option<String>,
    category: Option<String>,
    quality: Option<String>,
    is_wanted: bool,
    /// When it was created through us.
    pub made_ms: Option<i64>,
}

/// How the templates of an account were last asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TemplateSyncState {
    /// When all of them were known.
    pub synced_ms: Option<i64>,
}

/// What was done to a template through us beside keeping it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    None,
    Made,
    Edited,
}

impl SyncedTemplate {
    fn digest(&self) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let ttl = self.send_ttl_s.unwrap_or(0).to_be_bytes();
        let texts = [
            self.name.clone(),
            self.language.clone(),
            self.status.clone(),
            self.category.clone(),
            text(&self.quality),
            text(&self.rejected_reason),
            text(&self.previous_category),
            text(&self.correct_category),
            text(&self.sub_category),
            text(&self.parameter_format),
            self.components_json.clone(),
        ];
        let mut parts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        parts.push(&ttl);
        derived("template", &parts).simple().to_string()
    }

    fn document(&self, at_ms: i64) -> Document {
        let mut document = doc! {
            "atMs": at_ms,
            "digest": self.digest(),
            "name": &self.name,
            "language": &self.language,
            "status": &self.status,
            "category": &self.category,
            "components": &self.components_json,
        };
        let texts = [
            ("quality", &self.quality),
            ("rejectedReason", &self.rejected_reason),
            ("previousCategory", &self.previous_category),
            ("correctCategory", &self.correct_category),
            ("subCategory", &self.sub_category),
            ("parameterFormat", &self.parameter_format),
        ];
        for (field, value) in texts {
            if let Some(value) = value {
                document.insert(field, value);
            }
        }
        if let Some(seconds) = self.send_ttl_s {
            document.insert("sendTtlS", seconds);
        }
        document
    }

    /// Keeps it, unless something newer is known.
    fn told(&self, workspace: Uuid, account_id: &str, (at_ms, mark): (i64, Mark)) -> Told {
        let key = template_key(workspace, &self.template_id);
        let literal = |text: &str| doc! { "$literal": text };
        let mut set = doc! {
            "v": 1,
            "workspace": binary(workspace),
            "accountId": literal(account_id),
            "templateId": literal(&self.template_id),
            "synced": { "$cond": [
                { "$gt": ["$synced.atMs", at_ms] }, "$synced", { "$literal": self.document(at_ms) },
            ] },
            "gone": { "$cond": [{ "$gt": ["$gone.atMs", at_ms] }, "$gone", "$$REMOVE"] },
            "fetchAt": "$$REMOVE",
        };
        match mark {
            Mark::None => {}
            Mark::Made => drop(set.insert("madeMs", at_ms)),
            Mark::Edited => {
                let edits = doc! { "$concatArrays": [{ "$ifNull": ["$editsMs", []] }, [at_ms]] };
                set.insert("editsMs", doc! { "$slice": [edits, -EDITS_MAX] });
            }
        }
        let mut stages = vec![doc! { "$set": set }];
        stages.extend(settling());
        let write = Write::upsert_pipeline(TEMPLATES.name, doc! { "_id": &key }, stages);
        Told::of(workspace, happening(&key, account_id), write)
    }
}

impl KnownTemplate {
    /// Whether Meta says of it what is known.
    pub fn is(&self, template: &SyncedTemplate) -> bool {
        let same = |known: &Option<String>, said: Option<&str>| known.as_deref() == said;
        !self.is_wanted
            && self.digest.as_deref() == Some(template.digest().as_str())
            && same(&self.status, Some(&template.status))
            && same(&self.category, Some(&template.category))
            && same(&self.quality, template.quality.as_deref())
    }

    pub fn is_deleted(&self) -> bool {
        self.status.as_deref() == Some(crate::domain::template::DELETED)
    }
}

fn happening(key: &str, account_id: &str) -> Happening {
    Happening::Template { template: key.to_owned(), account: account_id.to_owned() }
}

impl Storage {
    /// What is known of the templates of an account, or of those of one name there, by Meta's ids.
    pub async fn known_templates(
        &self,
        workspace: Uuid,
        account_id: &str,
        name: Option<&str>,
    ) -> Result<HashMap<String, KnownTemplate>, Error> {
        let mut query = doc! { "workspace": binary(workspace), "accountId": account_id };
        if let Some(name) = name {
            query.insert("is.name", name);
        }
        let fields = doc! {
            "templateId": 1, "synced.digest": 1, "is.status": 1, "is.category": 1, "is.quality": 1, "is.wanted": 1,
            "madeMs": 1,
        };
        let found: Vec<Document> =
            self.templates().find(query).projection(fields).await?.try_collect().await?;
        let none = Document::new();
        let known = found.iter().filter_map(|document| {
            let part = |field| document.get_document(field).unwrap_or(&none);
            let text = |document: &Document, field| document.get_str(field).ok().map(str::to_owned);
            let is = part("is");
            let known = KnownTemplate {
                digest: text(part("synced"), "digest"),
                status: text(is, "status"),
                category: text(is, "category"),
                quality: text(is, "quality"),
                is_wanted: is.get_bool("wanted").unwrap_or(false),
                made_ms: document.get_i64("madeMs").ok(),
            };
            Some((text(document, "templateId")?, known))
        });
        Ok(known.collect())
    }

    /// Keeps templates as Meta had them at a time, and tells of each.
    pub async fn put_templates(
        &self,
        (workspace, account_id): (Uuid, &str),
        templates: &[&SyncedTemplate],
        (at_ms, mark): (i64, Mark),
        now_ms: i64,
    ) -> Result<(), Error> {
        for some in templates.chunks(TOGETHER_MAX) {
            let all = some.iter().map(|template| template.told(workspace, account_id, (at_ms, mark)));
            if let Some(told) = all.reduce(Told::with) {
                self.change_and_tell(&told, now_ms).await?;
            }
        }
        Ok(())
    }

    /// Notes that templates are what Meta says at a time. Nothing has changed, so nobody is told.
    pub async fn confirm_templates(
        &self,
        workspace: Uuid,
        template_ids: &[&str],
        at_ms: i64,
    ) -> Result<(), Error> {
        if template_ids.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = template_ids.iter().map(|id| template_key(workspace, id)).collect();
        let seen = doc! { "$set": {
            "synced.atMs": { "$max": ["$synced.atMs", at_ms] }, "fetchAt": "$$REMOVE",
        } };
        let mut stages = vec![seen];
        stages.extend(settling());
        self.templates()
            .update_many(doc! { "_id": { "$in": keys } }, stages)
            .write_concern(durable(self.timeout))
            .await?;
        Ok(())
    }

    /// Notes that Meta did not have templates any more at a time, and tells of each.
    pub async fn drop_templates(
        &self,
        (workspace, account_id): (Uuid, &str),
        template_ids: &[&str],
        at_ms: i64,
        now_ms: i64,
    ) -> Result<(), Error> {
        for some in template_ids.chunks(TOGETHER_MAX) {
            let all = some.iter().map(|id| {
                let key = template_key(workspace, id);
                let mut stages = vec![doc! { "$set": { "gone.atMs": at_ms } }];
                stages.extend(settling());
                let write = Write::pipeline(TEMPLATES.name, of_workspace(workspace, &key), stages);
                Told::of(workspace, happening(&key, account_id), write)
            });
            if let Some(told) = all.reduce(Told::with) {
                self.change_and_tell(&told, now_ms).await?;
            }
        }
        Ok(())
    }

    /// How the templates of an account were last asked about.
    pub async fn template_sync_state(
        &self,
        workspace: Uuid,
        account_id: &str,
    ) -> Result<TemplateSyncState, Error> {
        let found = self.synced_accounts().find_one(account(workspace, account_id)).await?;
        let synced_ms = found.and_then(|found| found.get_i64("templatesSyncedMs").ok());
        Ok(TemplateSyncState { synced_ms })
    }

    /// Those of these accounts whose templates are not to be asked about yet.
    pub async fn resting_template_syncs(&self, accounts: &[(Uuid, String)]) -> Result<Vec<String>, Error> {
        let keys: Vec<String> =
            accounts.iter().map(|(workspace, account_id)| template_key(*workspace, account_id)).collect();
        let resting = doc! { "_id": { "$in": keys }, "$expr": { "$gt": ["$templatesAt", "$$NOW"] } };
        let found: Vec<Document> =
            self.synced_accounts().find(resting).projection(doc! { "_id": 1 }).await?.try_collect().await?;
        Ok(found.iter().filter_map(|found| found.get_str("_id").ok().map(str::to_owned)).collect())
    }

    /// Takes an account whose templates are to be asked about; whoever takes it has it for `lease`. False: it is not its
    /// time, or somebody else has it.
    pub async fn claim_template_sync(
        &self,
        workspace: Uuid,
        account_id: &str,
        lease: Duration,
    ) -> Result<bool, Error> {
        // The two are apart, because the server takes no `$expr` where a document may have to be made.
        let identity = doc! { "v": 1, "workspace": binary(workspace), "accountId": account_id };
        let ensured = self
            .synced_accounts()
            .update_one(account(workspace, account_id), doc! { "$setOnInsert": identity })
            .upsert(true)
            .await
            .map_err(Error::from);
        match ensured {
            // Somebody else makes the same record; now it is there.
            Ok(_) | Err(Error::Duplicate) => {}
            Err(error) => return Err(error),
        }
        let mut due = account(workspace, account_id);
        due.insert("$expr", doc! { "$not": [{ "$gt": ["$templatesAt", "$$NOW"] }] });
        let set = doc! { "$set": { "templatesAt": { "$add": ["$$NOW", millis(lease)] } } };
        let claimed =
            self.synced_accounts().update_one(due, vec![set]).write_concern(durable(self.timeout)).await?;
        Ok(claimed.matched_count == 1)
    }

    /// The account's next turn comes after a pause. `synced_ms`: all its templates were known then.
    pub async fn rest_template_sync(
        &self,
        workspace: Uuid,
        account_id: &str,
        synced_ms: Option<i64>,
        pause: Duration,
    ) -> Result<(), Error> {
        let mut set = doc! {
            "v": 1,
            "workspace": binary(workspace),
            "accountId": { "$literal": account_id },
            "templatesAt": { "$add": ["$$NOW", millis(pause)] },
        };
        if let Some(synced_ms) = synced_ms {
            set.insert("templatesSyncedMs", doc! { "$max": ["$templatesSyncedMs", synced_ms] });
        }
        let those = doc! { "_id": template_key(workspace, account_id) };
        self.synced_accounts().update_one(those, vec![doc! { "$set": set }]).upsert(true).await?;
        Ok(())
    }

    /// Takes a template about which more is to be asked; whoever takes one has it for `lease`.
    pub async fn claim_template_fetch(
        &self,
        lease: Duration,
    ) -> Result<Option<(Uuid, TemplateRecord)>, Error> {
        let due = doc! { "is.wanted": true, "$expr": { "$not": [{ "$gt": ["$fetchAt", "$$NOW"] }] } };
        let set = doc! { "$set": { "fetchAt": { "$add": ["$$NOW", millis(lease)] } } };
        let claimed = self
            .templates()
            .find_one_and_update(due, vec![set])
            .sort(doc! { "fetchAt": 1 })
            .return_document(ReturnDocument::After)
            .await?;
        let Some(claimed) = claimed else { return Ok(None) };
        let record = record_of(&claimed).zip(uuid_of(&claimed, "workspace"));
        let (record, workspace) = record.ok_or(Error::Malformed { what: "a template" })?;
        Ok(Some((workspace, record)))
    }

    fn synced_accounts(&self) -> mongodb::Collection<Document> {
        self.database.collection(ACCOUNTS.name)
    }
}

fn account(workspace: Uuid, account_id: &str) -> Document {
    doc! { "_id": Bson::from(template_key(workspace, account_id)) }
}
