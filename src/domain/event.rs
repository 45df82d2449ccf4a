//! Everything that a webhook can tell, one variant a kind.

use serde::Serialize;
use serde_with::skip_serializing_none;

use super::Str;
use super::account::{AccountNews, CallNews, GroupNews, NumberNews, TemplateNews};
use super::message::Message;
use super::person::Person;
use super::status::{Fault, Status};

/// One thing that happened at Meta's side.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event<'a> {
    Message(Box<Message<'a>>),
    Status(Box<Status<'a>>),
    /// How far the import of the past is; its messages are events of their own.
    HistoryProgress {
        phase: Option<i64>,
        chunk: Option<i64>,
        percent: Option<i64>,
        faults: Vec<Fault<'a>>,
    },
    /// The phone's address book has changed.
    AddressBook {
        person: Person<'a>,
        full_name: Option<Str<'a>>,
        first_name: Option<Str<'a>>,
        removed: bool,
        at_s: Option<i64>,
    },
    /// A person has new ids.
    UserId {
        person: Person<'a>,
        previous: Person<'a>,
        at_s: Option<i64>,
        detail: Option<Str<'a>>,
    },
    /// A person wants marketing messages, or no more.
    Preference {
        person: Person<'a>,
        category: Option<Str<'a>>,
        value: Option<Str<'a>>,
        signup_id: Option<Str<'a>>,
        detail: Option<Str<'a>>,
        at_s: Option<i64>,
    },
    /// A click on a marketing message's link.
    LinkClick {
        component: Option<Str<'a>>,
        product_id: Option<Str<'a>>,
        click_id: Option<Str<'a>>,
        tracking_token: Option<Str<'a>>,
        at_s: Option<i64>,
    },
    /// An event that Meta derives from a conversation: a lead, a purchase.
    Conversion {
        wamid: Option<Str<'a>>,
        name: Option<Str<'a>>,
        ctwa_clid: Option<Str<'a>>,
        currency: Option<Str<'a>>,
        value: Option<f64>,
        click_id: Option<Str<'a>>,
        tracking_token: Option<Str<'a>>,
        at_s: Option<i64>,
    },
    Call(Box<CallNews<'a>>),
    Group(Box<GroupNews<'a>>),
    /// Another partner owns the conversation now, or we do.
    Handover {
        customer: Person<'a>,
        taken: bool,
        previous_role: Option<Str<'a>>,
        new_role: Option<Str<'a>>,
        previous_app_id: Option<Str<'a>>,
        note: Option<Str<'a>>,
        summary: Option<Str<'a>>,
        at_s: Option<i64>,
    },
    /// An error that is about the number as a whole.
    NumberFault(Fault<'a>),
    Template(Box<TemplateNews<'a>>),
    Number(Box<NumberNews<'a>>),
    Account(Box<AccountNews<'a>>),
    /// Something that we do not know, or that lacks what we need. The raw JSON is kept.
    Unrecognised {
        why: Why,
    },
}

/// Why something was not recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Why {
    /// The body is not JSON.
    NotJson,
    /// It has no entries or changes.
    Empty,
    /// The field is not one that we know.
    Field,
    /// It does not have the shape that its field promises.
    Shape,
    /// It has no id, or no time.
    NoKey,
    /// It stands beside what we know, and nobody has told us what it is.
    Member,
}
