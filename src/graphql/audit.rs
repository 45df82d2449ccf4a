//! The audit log: who changed what.

use async_graphql::connection::{Connection, Edge, EmptyFields, query};
use async_graphql::{Context, Object, SimpleObject};

use super::context::{allowed, services};
use super::error::Failure;
use super::page::{Place, size};
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::storage::audit::Entry;

/// Something that somebody did.
#[derive(Debug, SimpleObject)]
pub struct AuditEntry {
    /// Its number in the workspace's log, from 1 without a gap.
    pub number: i64,
    pub at: Option<DateTime>,
    /// `api-key:…`, `user:…` or `operator`.
    pub who: String,
    /// What was done, like `add-number`.
    pub deed: String,
    /// What it was done to, like `number:0190…`.
    pub target: String,
    pub changes: Vec<AuditChange>,
}

/// A field that changed. Secrets are never in it.
#[derive(Debug, SimpleObject)]
pub struct AuditChange {
    pub field: String,
    pub from: Option<String>,
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
    #[graphql(
        complexity = "first.map_or(50, |first| usize::try_from(first).unwrap_or(0)) * child_complexity"
    )]
    async fn audit_log(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The cursor of the last entry of the page before.")] after: Option<String>,
        #[graphql(desc = "How many entries; 50 if not said, 100 at most.")] first: Option<i32>,
    ) -> async_graphql::Result<Connection<Place, AuditEntry, EmptyFields, EmptyFields>> {
        let visitor = allowed(context, Deed::ReadAuditLog)?;
        let audit = &services(context)?.audit;
        query(after, None, first, None, async |after: Option<Place>, _, first, _| {
            let limit = size(first);
            let before = after.map_or(i64::MAX, |place| place.0);
            let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
            let mut entries = audit.before(visitor.workspace, before, wanted).await.map_err(Failure::from)?;
            let has_more = entries.len() > limit;
            entries.truncate(limit);
            let mut page = Connection::new(after.is_some(), has_more);
            page.edges = entries.into_iter().map(|entry| Edge::new(Place(entry.seq), entry.into())).collect();
            Ok::<_, async_graphql::Error>(page)
        })
        .await
    }
}
