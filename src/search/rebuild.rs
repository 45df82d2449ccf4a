//! Everything that is to be found, made anew from what is stored: after an upgrade, after a replay of the journal (which
//! tells no events), or when events were gone before they were taken in. The service may run meanwhile.

use std::collections::HashMap;

use uuid::Uuid;

use super::subjects::{contact_item, message_item, note_item};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::contact_record::ContactRecord;
use crate::storage::search::Item;

/// How many are read and written at once.
const PAGE: i64 = 1_000;

/// What a rebuild came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    pub messages: u64,
    pub contacts: u64,
    pub notes: u64,
    /// Items whose message, contact or note is no more, or can be found no more.
    pub removed: u64,
}

/// Makes all items anew. Calls `tell` now and then with how far it is.
pub async fn rebuild(storage: &Storage, tell: &mut dyn FnMut(&Rebuilt)) -> Result<Rebuilt, Error> {
    let mut done = Rebuilt::default();
    let ends = Ends::read(storage).await?;
    let mut after: Option<String> = None;
    loop {
        let page = storage.messages_after(after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        let items: Vec<Item> =
            page.iter().map(|record| message_item(record, ends.of(record.workspace))).collect();
        storage.put_search_items(&items).await?;
        done.messages += count(items.len());
        tell(&done);
    }
    let mut after: Option<Uuid> = None;
    loop {
        let page = storage.contacts_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let items = contact_items(storage, &page, &ends).await?;
        storage.put_search_items(&items).await?;
        done.contacts += count(items.len());
        tell(&done);
    }
    let mut after: Option<Uuid> = None;
    loop {
        let page = storage.notes_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let items: Vec<Item> =
            page.iter().map(|record| note_item(record, ends.of(record.workspace))).collect();
        storage.put_search_items(&items).await?;
        done.notes += count(items.len());
        tell(&done);
    }
    done.removed = remove_stale(storage, &ends).await?;
    for (workspace, end) in &ends.0 {
        storage.raise_search(*workspace, *end).await?;
    }
    Ok(done)
}

async fn contact_items(storage: &Storage, page: &[ContactRecord], ends: &Ends) -> Result<Vec<Item>, Error> {
    let mut by_workspace: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for record in page {
        by_workspace.entry(record.workspace).or_default().push(record.id);
    }
    let mut families = HashMap::new();
    for (workspace, ids) in &by_workspace {
        families.extend(storage.contact_families(*workspace, ids).await?);
    }
    let family = |record: &ContactRecord| families.get(&record.id).map(Vec::as_slice).unwrap_or_default();
    Ok(page.iter().map(|record| contact_item(record, family(record), ends.of(record.workspace))).collect())
}

/// Takes away what this rebuild has not written: what it was made of is gone.
async fn remove_stale(storage: &Storage, ends: &Ends) -> Result<u64, Error> {
    let mut removed = 0;
    let mut after: Option<String> = None;
    loop {
        let page = storage.search_items_after(after.as_deref(), PAGE).await?;
        let Some((last, ..)) = page.last() else { return Ok(removed) };
        after = Some(last.clone());
        let mut stale = Vec::new();
        for (key, workspace, seq) in page {
            if seq < ends.of(workspace) {
                stale.push((key, seq));
            }
        }
        storage.remove_search_items(&stale).await?;
        removed += count(stale.len());
    }
}

/// The last batch of each workspace before anything was read: what is read is at least as new.
struct Ends(HashMap<Uuid, i64>);

impl Ends {
    async fn read(storage: &Storage) -> Result<Self, Error> {
        let mut workspaces: Vec<Uuid> =
            storage.all_workspaces().await?.into_iter().map(|workspace| workspace.id).collect();
        workspaces.extend(storage.all_numbers().await?.into_iter().map(|number| number.workspace));
        let mut known = HashMap::new();
        for workspace in workspaces {
            known.insert(workspace, storage.last_event(workspace).await?);
        }
        Ok(Self(known))
    }

    /// Of a workspace that was not there yet: before its first.
    fn of(&self, workspace: Uuid) -> i64 {
        self.0.get(&workspace).copied().unwrap_or(0)
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
