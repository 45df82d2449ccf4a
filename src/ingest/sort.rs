//! The items of webhooks, each to where it belongs: with its owner, under its key, or aside.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use uuid::Uuid;

use super::directory::{Numbers, Owner, meta_id_of};
use crate::domain::event::Event;
use crate::domain::message::Message;
use crate::domain::position::Position;
use crate::domain::status::{Outcome, Status};
use crate::ids::derived;
use crate::meta::decode::{Item, decode};
use crate::storage::arrivals::Origin;
use crate::storage::aside::{AsideItem, MetaId, Reason};
use crate::storage::messages::{Came, EDITS, MESSAGES, edit_target, message_key};
use crate::storage::notices::NOTICES;
use crate::storage::numbers::Number;
use crate::storage::segments::{Place, RawWebhook};
use crate::storage::statuses::STATUSES;

/// A webhook with what it tells.
#[derive(Debug)]
pub struct Delivery<'a> {
    pub place: Place,
    /// Its place in the segment.
    pub slot: u32,
    pub webhook: &'a RawWebhook,
    pub items: Vec<Item<'a>>,
    /// Items that are left out of it, because they are known to do harm.
    pub harmful: Vec<AsideItem>,
    /// Reading it went wrong in a way that must not happen.
    pub is_broken: bool,
}

/// Items that cannot be applied, and why: by the segment's number, the webhook's place in it, and the item's in that.
pub type Harmful = HashMap<(i64, u32, u32), String>;

impl<'a> Delivery<'a> {
    /// Reads a webhook. A panic in the reading is this webhook's and nobody else's.
    pub fn read(place: Place, slot: u32, webhook: &'a RawWebhook) -> Self {
        let items = catch_unwind(AssertUnwindSafe(|| decode(&webhook.body)));
        let is_broken = items.is_err();
        Self { place, slot, webhook, items: items.unwrap_or_default(), harmful: Vec::new(), is_broken }
    }

    /// Without the items that do harm.
    #[must_use]
    pub fn without(mut self, harmful: &Harmful) -> Self {
        let why = |item: &Item<'_>| harmful.get(&(self.place.number, self.slot, item.index));
        let aside = |item: &Item<'_>| {
            let owner = meta_id_of(item);
            let field = item.field.as_ref().to_owned();
            Some(AsideItem { index: item.index, field, owner, why: why(item)?.clone() })
        };
        if !harmful.is_empty() {
            self.harmful = self.items.iter().filter_map(aside).collect();
            self.items.retain(|item| !self.harmful.iter().any(|aside| aside.index == item.index));
        }
        self
    }

    /// With one of its items alone.
    #[must_use]
    pub fn only(mut self, index: u32) -> Self {
        self.items.retain(|item| item.index == index);
        self
    }

    /// Where an item came in; `at_s` is Meta's time.
    pub fn came(&self, item: &Item<'_>, at_s: i64) -> Came {
        // What goes through again keeps the place that it had.
        let (_, slot) = self.webhook.first_at(self.place, self.slot);
        Came {
            origin: Origin { lane: self.place.lane, segment: self.place.number },
            position: Position::new(at_s, self.webhook.received_ms, slot, item.index),
            received_ms: self.webhook.received_ms,
            is_standby: item.is_standby,
        }
    }

    /// Our own time in Meta's unit.
    pub fn received_s(&self) -> i64 {
        self.webhook.received_ms.div_euclid(1_000)
    }
}

/// Where an item belongs.
#[derive(Debug)]
pub enum Home<'a> {
    /// From the test button of Meta's dashboard, or a probe of our own.
    Test,
    Aside {
        reason: Reason,
        owner: Option<MetaId>,
        why: String,
    },
    Message {
        number: Arc<Number>,
        message: &'a Message<'a>,
    },
    /// A reaction, edit or revoke.
    Edit {
        number: Arc<Number>,
        message: &'a Message<'a>,
    },
    Status {
        number: Arc<Number>,
        status: &'a Status<'a>,
    },
    /// Anything else, for one number of each workspace that it concerns.
    News {
        numbers: Vec<Arc<Number>>,
        is_about_number: bool,
    },
}

/// Finds where an item belongs.
pub fn home_of<'a>(numbers: &Numbers, item: &'a Item<'a>, received_ms: i64) -> Home<'a> {
    if item.is_test {
        return Home::Test;
    }
    let owner = numbers.owner_of(item, received_ms);
    if let Event::Unrecognised { why } = &item.event {
        let owner = match owner {
            Owner::Number(number) => Some(MetaId::Number(number.phone_number_id.clone())),
            Owner::Account(_) | Owner::Nobody => meta_id_of(item),
        };
        return Home::Aside { reason: Reason::Unrecognised, owner, why: format!("{why:?}") };
    }
    let (numbers, is_about_number) = match owner {
        Owner::Nobody => {
            let (owner, why) = (meta_id_of(item), "nobody has added it".to_owned());
            return Home::Aside { reason: Reason::Unrouted, owner, why };
        }
        Owner::Number(number) => (vec![number], true),
        Owner::Account(numbers) => (numbers, false),
    };
    // Without its id, nobody can say for good where such a person, call or group belongs: a number may be shown otherwise
    // tomorrow.
    if item.phone_number_id.is_none() && is_of_a_number(&item.event) {
        let owner = meta_id_of(item);
        return Home::Aside { reason: Reason::Unrecognised, owner, why: "NoNumber".to_owned() };
    }
    match (&item.event, numbers.as_slice()) {
        (Event::Message(message), [number]) => {
            let number = Arc::clone(number);
            if !message.customer.is_identified() && message.group_id.is_none() {
                let owner = Some(MetaId::Number(number.phone_number_id.clone()));
                let why = "NoPerson".to_owned();
                return Home::Aside { reason: Reason::Unrecognised, owner, why };
            }
            match edit_target(&message.content) {
                Some(_) => Home::Edit { number, message },
                None => Home::Message { number, message },
            }
        }
        // It is about a call, which has no message.
        (Event::Status(status), [_]) if matches!(status.outcome, Outcome::Call { .. }) => {
            Home::News { numbers, is_about_number }
        }
        (Event::Status(status), [number]) => Home::Status { number: Arc::clone(number), status },
        _ => Home::News { numbers, is_about_number },
    }
}

/// Whether it tells of a conversation, a person, a call or a group: of what belongs to one number.
fn is_of_a_number(event: &Event<'_>) -> bool {
    match event {
        Event::Message(_)
        | Event::Status(_)
        | Event::HistoryProgress { .. }
        | Event::AddressBook { .. }
        | Event::UserId { .. }
        | Event::Preference { .. }
        | Event::Call(_)
        | Event::Group(_)
        | Event::Handover { .. }
        | Event::NumberFault(_) => true,
        Event::LinkClick { .. }
        | Event::Conversion { .. }
        | Event::Number(_)
        | Event::Template(_)
        | Event::Account(_)
        | Event::Unrecognised { .. } => false,
    }
}

/// The keys under which an item is found when it is stored: the collection, and its key in it.
pub fn keys_of(home: &Home<'_>, item: &Item<'_>) -> Vec<(&'static str, String)> {
    match home {
        Home::Test | Home::Aside { .. } => Vec::new(),
        Home::Message { number, message } => {
            vec![(MESSAGES.name, message_key(&number.phone_number_id, &message.wamid))]
        }
        Home::Edit { number, message } => {
            vec![(EDITS.name, message_key(&number.phone_number_id, &message.wamid))]
        }
        Home::Status { number, status } => {
            vec![(STATUSES.name, message_key(&number.phone_number_id, &status.key()))]
        }
        Home::News { numbers, .. } => {
            numbers.iter().map(|number| (NOTICES.name, notice_key(number.workspace, item))).collect()
        }
    }
}

/// Meta gives news no id: the same words about the same thing in the same entry are the same news.
pub fn notice_key(workspace: Uuid, item: &Item<'_>) -> String {
    let about = item.phone_number_id.as_deref().or(item.account_id.as_deref()).unwrap_or_default();
    let told = match item.raw {
        Some(raw) => raw.to_owned(),
        None => format!("{:?}", item.event),
    };
    let time = item.entry_time_s.unwrap_or_default().to_be_bytes();
    let parts = [workspace.as_bytes(), about.as_bytes(), item.field.as_bytes(), &time, told.as_bytes()];
    derived("notice", &parts).simple().to_string()
}
