//! The audit log: who changed what.

use async_graphql::{Context, Object, SimpleObject};

use super::context::{allowed, services};
use super::error::Failure;
use super::page::{Asked, Page, Place, Stretch, cost};
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::storage::audit::Entry;

/// Something that somebody did.
#[derive(Debug, SimpleObject)]
pub struct AuditEntry {
    /// Its number in the workspace's log, from 1 without a gap.
    pub number: i64,
    /// When it was done, by our clock.
    pub at: Option<DateTime>,
    /// `api-key:…`, `user:…` or `operator`.
    pub who: String,
    /// What was done, like `add-number`.
    pub deed: String,
    /// What it was done to, like `number:0190…`.
    pub target: String,
    /// What changed by it, a field each; empty where nothing is told beyond the deed.
    pub changes: Vec<AuditChange>,
}

/// A field that changed. Secrets are never in it.
#[derive(Debug, SimpleObject)]
pub struct AuditChange {
    /// Its name, like `role` or `displayName`.
    pub field: String,
    /// What it was before; null: nothing, or it is not told.
    pub from: Option<String>,
    /// What it is now; null: nothing, or it is not told.
    pub to: Option<String>,
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        let changes = entry.changes.into_iter();
        Self {
            number: entry.seq,
            at: scalar::moment(entry.at_ms),
            who: entry.who,
            deed: entry.deed,
            target: entry.target,
            changes: changes
                .map(|change| AuditChange { field: change.field, from: change.from, to: change.to })
                .collect(),
        }
    }
}

#[derive(Debug, Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// Who changed what in the workspace, the latest first.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn audit_log(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The cursor of the last entry of the page before.")] after: Option<String>,
        #[graphql(desc = "How many entries; 50 if not said, 100 at most.")] first: Option<i32>,
    ) -> async_graphql::Result<Page<Place, AuditEntry>> {
        let visitor = allowed(context, Deed::ReadAuditLog)?;
        let stretch = Stretch::<Place>::of(Asked { first, after, ..Asked::default() })?;
        let before = stretch.from.as_ref().map_or(i64::MAX, |place| place.0);
        let audit = &services(context)?.audit;
        let entries =
            audit.before(visitor.workspace, before, stretch.limit()).await.map_err(Failure::from)?;
        let nodes = |entries: Vec<Entry>| entries.into_iter().map(AuditEntry::from).collect();
        Ok(stretch.page(entries, |entry| Place(entry.seq), nodes))
    }
}
