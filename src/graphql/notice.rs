//! Notices: what Meta told about accounts, numbers and templates.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::context::{allowed_among, services};
use super::error::Failure;
use super::page::{Asked, NoticeCursor, Page, Stretch, cost};
use super::scalar;
use super::scalar::DateTime;
use crate::auth::Deed;
use crate::storage::notice_record;
use crate::storage::notice_record::{NoticePlace, NoticeRecord};

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum NoticeKind {
    /// The account, or the portfolio above it.
    Account,
    /// A number: its name, quality, security, settings.
    Number,
    /// An error that is about a number as a whole.
    NumberFault,
    /// A template: its review, quality, category or text.
    Template,
    /// How far the import of the past is.
    HistoryProgress,
}

impl NoticeKind {
    const ALL: [Self; 5] =
        [Self::Account, Self::Number, Self::NumberFault, Self::Template, Self::HistoryProgress];

    /// The name by which it is stored.
    fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Number => "number",
            Self::NumberFault => "numberFault",
            Self::Template => "template",
            Self::HistoryProgress => "historyProgress",
        }
    }
}

/// Something that Meta told.
#[derive(Clone, Debug, SimpleObject)]
pub struct Notice {
    /// Our id of it.
    pub id: ID,
    /// What it is about.
    pub kind: NoticeKind,
    /// The field of the webhook, in Meta's word.
    pub field: String,
    /// The number that it is about; null: the whole account.
    pub number_id: Option<ID>,
    /// Meta's id of the WhatsApp Business Account; null if Meta named none.
    pub account_id: Option<String>,
    /// Meta's time.
    pub timestamp: Option<DateTime>,
    /// When it came.
    pub received_at: Option<DateTime>,
    /// What it says.
    pub details: Vec<NoticeDetail>,
}

/// A value of a notice.
#[derive(Clone, Debug, SimpleObject)]
pub struct NoticeDetail {
    /// The path of names to it, with dots, like `update.event`.
    pub name: String,
    /// What stands there, as text: numbers and truth values too.
    pub value: String,
}

impl From<NoticeRecord> for Notice {
    fn from(record: NoticeRecord) -> Self {
        let kind = NoticeKind::ALL.into_iter().find(|kind| kind.name() == record.kind);
        let details = record.details.into_iter();
        Self {
            id: ID(record.id),
            // A list holds no others.
            kind: kind.unwrap_or(NoticeKind::Account),
            field: record.field,
            number_id: record.number.map(scalar::id),
            account_id: record.account_id,
            timestamp: scalar::second(record.at_s),
            received_at: scalar::moment(record.received_ms),
            details: details.map(|(name, value)| NoticeDetail { name, value }).collect(),
        }
    }
}

/// Which notices a list holds.
#[derive(Debug, Default, InputObject)]
pub struct NoticeFilter {
    /// Only of these kinds.
    kinds: Option<Vec<NoticeKind>>,
    /// Only about one of these numbers.
    number_ids: Option<Vec<ID>>,
    /// Only of this account, by Meta's id.
    account_id: Option<ID>,
}

#[derive(Debug, Default)]
pub struct NoticeQuery;

#[Object]
impl NoticeQuery {
    /// What Meta told about the accounts, numbers and templates of the workspace, the latest first. A key that is
    /// limited to some numbers reads what is about those.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn notices(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which notices; without it: all.")] filter: Option<NoticeFilter>,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last one of the page before.")] after: Option<String>,
        #[graphql(desc = "How many, going up the list.")] last: Option<i32>,
        #[graphql(desc = "The cursor of the first one of the page below.")] before: Option<String>,
    ) -> async_graphql::Result<Page<NoticeCursor, Notice>> {
        let filter = filter.unwrap_or_default();
        let (visitor, numbers) = allowed_among(context, Deed::SeeNumbers, filter.number_ids.as_deref())?;
        let stretch = Stretch::<NoticeCursor>::of(Asked { first, after, last, before })?;
        let kinds = filter.kinds.unwrap_or_else(|| NoticeKind::ALL.to_vec());
        let wanted = notice_record::NoticeFilter {
            kinds: kinds.into_iter().map(NoticeKind::name).collect(),
            numbers,
            account_id: filter.account_id.map(|id| id.0),
        };
        let from = stretch.from.as_ref().map(|cursor| &cursor.0);
        let storage = &services(context)?.storage;
        let found =
            storage.list_notices(visitor.workspace, &wanted, from, stretch.way, stretch.limit()).await;
        let place = |record: &NoticeRecord| {
            NoticeCursor(NoticePlace { received_ms: record.received_ms, id: record.id.clone() })
        };
        let nodes = |records: Vec<NoticeRecord>| records.into_iter().map(Notice::from).collect();
        Ok(stretch.page(found.map_err(Failure::from)?, place, nodes))
    }
}
