//! Notices: what Meta tells about accounts, numbers, templates, groups, calls and people, each kept as it came, and
//! the latest of each kind kept on what it is about.

use mongodb::bson::{Document, doc};
use serde::Serialize;
use uuid::Uuid;

use super::arrivals::{Fresh, Origin, binary, id_value};
use super::contacts::{CONTACTS, insert_text};
use super::index::{Collection, Index};
use super::messages::Came;
use super::numbers::NUMBERS;
use super::template_state::template_key;
use super::value::raw;
use super::write::Update;
use super::{Error, Storage};
use crate::domain::account::{GroupNews, TemplateChange};
use crate::domain::event::Event;
use crate::domain::position::Position;

pub const NOTICES: Collection = Collection {
    name: "notices",
    holds: "what Meta told about accounts, numbers, templates, groups, calls and people, as it came",
    written_at: Some("receivedAt"),
    expires_at: None,
    options: Document::new,
    indexes: &[Index {
        name: "workspace_kind_receivedAt",
        keys: &[("workspace", 1), ("kind", 1), ("receivedAt", -1), ("_id", -1)],
        unique: false,
        expires: false,
        only: None,
        serves: "the notices of some kinds of a workspace, the latest first",
    }],
};

const fn subject(name: &'static str, holds: &'static str, indexes: &'static [Index]) -> Collection {
    Collection { name, holds, written_at: None, expires_at: None, options: Document::new, indexes }
}

const OF_WORKSPACE: Index = Index {
    name: "workspace",
    keys: &[("workspace", 1), ("_id", 1)],
    unique: false,
    expires: false,
    only: None,
    serves: "those of a workspace",
};

const OF_ACCOUNT: Index = Index {
    name: "workspace_account",
    keys: &[("workspace", 1), ("accountId", 1), ("_id", 1)],
    unique: false,
    expires: false,
    only: None,
    serves: "the templates of an account",
};

const OF_NAME: Index = Index {
    name: "workspace_account_name",
    keys: &[("workspace", 1), ("accountId", 1), ("is.name", 1), ("_id", 1)],
    unique: false,
    expires: false,
    only: None,
    serves: "the templates of a name, in all languages",
};

const WANTED: Index = Index {
    name: "wanted",
    keys: &[("fetchAt", 1)],
    unique: false,
    expires: false,
    only: Some(|| doc! { "is.wanted": true }),
    serves: "the templates about which Meta is to be asked",
};

const BY_TIME: Index = Index {
    name: "workspace_at",
    keys: &[("workspace", 1), ("at", -1), ("_id", -1)],
    unique: false,
    expires: false,
    only: None,
    serves: "the calls of a workspace, the latest first",
};

const OF_CONTACT: Index = Index {
    name: "contact_at",
    keys: &[("contact", 1), ("at", -1), ("_id", -1)],
    unique: false,
    expires: false,
    only: None,
    serves: "the calls with a contact, the latest first",
};

pub const ACCOUNTS: Collection =
    subject("accounts", "the WhatsApp Business Accounts, and what Meta last said of each", &[OF_WORKSPACE]);
pub const TEMPLATES: Collection = subject(
    "templates",
    "the message templates, and what Meta last said of each",
    &[OF_ACCOUNT, OF_NAME, WANTED],
);
pub const CALLS: Collection = subject("calls", "the calls", &[BY_TIME, OF_CONTACT]);
pub const GROUPS: Collection = subject("groups", "the groups", &[OF_WORKSPACE]);

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Number(Uuid),
    Account(String),
    Template {
        account_id: String,
        template_id: String,
    },
    Call {
        phone_number_id: String,
        call_id: String,
    },
    Group {
        phone_number_id: String,
        group_id: String,
    },
    Contact(Uuid),
    /// Nothing that has a record of its own.
    Nothing,
}

/// A notice on its way in.
#[derive(Debug)]
pub struct Notice<'a> {
    pub key: String,
    pub workspace: Uuid,
    pub number: Option<Uuid>,
    pub account_id: Option<&'a str>,
    pub field: &'a str,
    pub kind: &'static str,
    pub contact: Option<Uuid>,
    pub event: &'a Event<'a>,
    pub raw: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NoticeDocument<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    v: i32,
    workspace: mongodb::bson::Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<mongodb::bson::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<mongodb::bson::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    field: &'a str,
    kind: &'static str,
    at: i64,
    origin: Origin,
    event: &'a Event<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
}

/// A notice as it is stored.
pub fn new_notice(notice: &Notice<'_>, came: &Came) -> Result<Fresh, Error> {
    let document = NoticeDocument {
        id: &notice.key,
        v: 1,
        workspace: id_value(notice.workspace),
        number: notice.number.map(id_value),
        contact: notice.contact.map(id_value),
        account_id: notice.account_id,
        field: notice.field,
        kind: notice.kind,
        at: came.position.second,
        origin: came.origin,
        event: notice.event,
        raw: notice.raw,
    };
    let document = Fresh::encode(&document, came.received_ms)?;
    Ok(Fresh { key: notice.key.clone(), origin: came.origin, document })
}

/// The latest of a kind, for the record of what it is about.
#[derive(Clone, Copy, Debug)]
pub struct Latest<'a> {
    pub subject: &'a Subject,
    pub workspace: Uuid,
    pub number: Option<Uuid>,
    pub contact: Option<Uuid>,
    /// Its name among the latest of the subject.
    pub kind: &'a str,
    pub came: Came,
    pub event: &'a Event<'a>,
}

impl Storage {
    /// Keeps the latest news on the records of what they are about. The order of arrival does not matter.
    pub async fn note_latest(&self, news: &[Latest<'_>]) -> Result<(), Error> {
        for collection in
            [NUMBERS, ACCOUNTS, TEMPLATES, CALLS, GROUPS, CONTACTS].map(|collection| collection.name)
        {
            let updates = news.iter().filter_map(|latest| latest_update(collection, latest).transpose());
            self.update_all(collection, updates).await?;
        }
        let templates = news.iter().filter_map(|latest| match latest.subject {
            Subject::Template { template_id, .. } => Some(template_key(latest.workspace, template_id)),
            _ => None,
        });
        self.settle_templates(&templates.collect::<Vec<_>>()).await
    }
}

/// What a group is called stays when the next news of the kind that told it do not say so, or tell of a refused change.
fn note_names(news: &GroupNews<'_>, position: Position, newest: &mut Document) {
    let (subject, description) = news.names();
    for (field, value) in [("subject", subject), ("description", description)] {
        if let Some(value) = value {
            newest.insert(field, doc! { "at": position.second, "order": position.order, "value": value });
        }
    }
}

fn latest_update(collection: &str, latest: &Latest<'_>) -> Result<Option<Update>, Error> {
    let mut identity = doc! { "v": 1, "workspace": binary(latest.workspace) };
    if let Some(number) = latest.number {
        identity.insert("number", binary(number));
    }
    if let Some(contact) = latest.contact {
        identity.insert("contact", binary(contact));
    }
    let workspace = latest.workspace.simple();
    let (home, filter) = match latest.subject {
        Subject::Nothing => return Ok(None),
        Subject::Number(id) => (NUMBERS.name, doc! { "_id": binary(*id) }),
        Subject::Contact(id) => (CONTACTS.name, doc! { "_id": binary(*id) }),
        Subject::Account(account_id) => {
            identity.insert("accountId", account_id);
            (ACCOUNTS.name, doc! { "_id": format!("{workspace}:{account_id}") })
        }
        Subject::Template { account_id, template_id } => {
            identity.insert("accountId", account_id);
            identity.insert("templateId", template_id);
            (TEMPLATES.name, doc! { "_id": template_key(latest.workspace, template_id) })
        }
        Subject::Call { phone_number_id, call_id } => {
            identity.insert("callId", call_id);
            (CALLS.name, doc! { "_id": format!("{phone_number_id}:{call_id}") })
        }
        Subject::Group { phone_number_id, group_id } => {
            identity.insert("groupId", group_id);
            (GROUPS.name, doc! { "_id": format!("{phone_number_id}:{group_id}") })
        }
    };
    if home != collection {
        return Ok(None);
    }
    let news = mongodb::bson::serialize_to_bson(latest.event)
        .map_err(|_| Error::Malformed { what: "news that BSON cannot hold" })?;
    let position = latest.came.position;
    let value = doc! { "at": position.second, "order": position.order, "is": news };
    let mut change = doc! { "$max": { format!("latest.{}", latest.kind): value } };
    if home == CALLS.name {
        // Calls are listed by when they began, whatever of them is told first.
        change.insert("$min", doc! { "at": position.second });
    }
    if let (Event::Group(news), Ok(newest)) = (latest.event, change.get_document_mut("$max")) {
        note_names(news, position, newest);
    }
    if let Event::Template(news) = latest.event
        && let TemplateChange::Status { status, reason, .. } = &news.change
    {
        let mut entry = doc! { "at": position.second, "order": position.order, "status": status };
        insert_text(&mut entry, "reason", reason.as_deref());
        change.insert("$addToSet", doc! { "history": entry });
    }
    // Numbers and contacts are never made by news about them.
    let upsert = home != NUMBERS.name && home != CONTACTS.name;
    if upsert {
        change.insert("$setOnInsert", identity);
    }
    Ok(Some(Update { filter: raw(&filter)?, change: raw(&change)?, upsert }))
}
