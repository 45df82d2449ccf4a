//! From a webhook's bytes to what happened (`domain::Event`). Pure; borrows from the bytes what it can.
//!
//! Every item of a delivery is read on its own: one that cannot be read is an `Unrecognised` event with its raw
//! JSON and harms no neighbour. No input fails as a whole, and nothing that stands in a delivery is without an
//! event: a change gives at least one, an array gives one for each of its items, and an array or object that we have
//! no name for gives one as a whole. Only plain values that we have no name for are passed over when they stand around
//! the items (in the body, an entry, a change, a value): they describe, and tell nothing.

mod content;
mod group;
mod news;
mod people;
mod traffic;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire;
use super::wire::scalar::{Int, Real, Text};
use crate::domain::Str;
use crate::domain::content::Content;
use crate::domain::event::{Event, Why};
use crate::domain::position::SECONDS;

/// Meta (2026-07): the ids in deliveries that the app dashboard's test button sends.
const TEST_ENTRY_ID: &str = "0";
const TEST_PHONE_NUMBER_ID: &str = "123456123";

/// The `object` of a webhook that we have sent to ourselves, to see whether our address passes bytes on unchanged.
pub const PROBE_OBJECT: &str = "pesan_probe";
/// The field under which its one item is counted.
const PROBE_FIELD: &str = "probe";

/// One thing that a delivery tells, with what routes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item<'a> {
    /// Its place in the body, counted over all items.
    pub index: u32,
    /// The entry's id: the account, or for partner news the portfolio.
    pub account_id: Option<Str<'a>>,
    /// When Meta made the entry, for the fields whose events carry no time of their own.
    pub entry_time_s: Option<i64>,
    /// The webhook field that brought it.
    pub field: Str<'a>,
    /// The business number that it is about, where there is one.
    pub phone_number_id: Option<Str<'a>>,
    pub display_phone_number: Option<Str<'a>>,
    /// A copy of a conversation that another partner owns.
    pub is_standby: bool,
    /// Sent by the test button of the app dashboard, or a probe of our own: it creates nothing.
    pub is_test: bool,
    /// The item's own JSON; nothing when the body is not text at all, and for a piece of the past with
    /// threads, whose items have their own.
    pub raw: Option<&'a str>,
    pub event: Event<'a>,
}

/// Reads a delivery.
pub fn decode(body: &[u8]) -> Vec<Item<'_>> {
    // Nearly every delivery tells one thing, and an item is large.
    let mut found = Found { items: Vec::with_capacity(1) };
    match std::str::from_utf8(body) {
        Ok(text) => found.read_body(text),
        Err(_) => found.unrecognised(&Place::default(), None, Why::NotJson),
    }
    found.items
}

/// What a request that sends a message says, as an echo of it would.
pub fn request_content(body: &str) -> Content<'_> {
    match serde_json::from_str::<wire::Message<'_>>(body) {
        Ok(mut message) => content::content(&mut message),
        Err(_) => Content::Unrecognised { kind: None },
    }
}

/// Where an item stands: what its surroundings say about it.
#[derive(Clone, Debug, Default)]
struct Place<'a> {
    account_id: Option<Str<'a>>,
    field: Str<'a>,
    phone_number_id: Option<Str<'a>>,
    display_phone_number: Option<Str<'a>>,
    is_standby: bool,
    is_probe: bool,
    entry_time_s: Option<i64>,
}

/// The items so far.
#[derive(Debug)]
struct Found<'a> {
    items: Vec<Item<'a>>,
}

impl<'a> Found<'a> {
    fn push(&mut self, place: &Place<'a>, raw: Option<&'a str>, event: Event<'a>) {
        let is_test = place.account_id.as_deref() == Some(TEST_ENTRY_ID)
            || place.phone_number_id.as_deref() == Some(TEST_PHONE_NUMBER_ID)
            || place.is_probe;
        self.items.push(Item {
            index: u32::try_from(self.items.len()).unwrap_or(u32::MAX),
            account_id: place.account_id.clone(),
            entry_time_s: place.entry_time_s,
            field: place.field.clone(),
            phone_number_id: place.phone_number_id.clone(),
            display_phone_number: place.display_phone_number.clone(),
            is_standby: place.is_standby,
            is_test,
            raw,
            event,
        });
    }

    fn unrecognised(&mut self, place: &Place<'a>, raw: Option<&'a str>, why: Why) {
        self.push(place, raw, Event::Unrecognised { why });
    }

    /// Reads one raw item; `event` makes its event, or says why it cannot.
    fn read<T: Deserialize<'a>>(
        &mut self,
        place: &Place<'a>,
        raw: &'a RawValue,
        event: impl FnOnce(T) -> Result<Event<'a>, Why>,
    ) {
        let event = wire::read::<T>(raw).map_err(|_| Why::Shape).and_then(event);
        self.push(place, Some(raw.get()), event.unwrap_or_else(|why| Event::Unrecognised { why }));
    }

    fn read_body(&mut self, text: &'a str) {
        let place = Place::default();
        let (object, entries, mut rest) = match serde_json::from_str::<wire::WithRest<'a, Outer<'a>>>(text) {
            Ok(outer) => (outer.known.object, outer.known.entry.unwrap_or_default(), outer.rest),
            Err(error) if error.is_data() => return self.unrecognised(&place, Some(text), Why::Shape),
            Err(_) => return self.unrecognised(&place, Some(text), Why::NotJson),
        };
        if object.is_some_and(|object| object.get().trim_matches('"') == PROBE_OBJECT) {
            let place = Place { field: PROBE_FIELD.into(), is_probe: true, ..place };
            return self.unrecognised(&place, Some(text), Why::Empty);
        }
        if entries.is_empty() {
            return self.unrecognised(&place, Some(text), Why::Empty);
        }
        rest.extend(object);
        for raw in entries {
            match wire::read(raw) {
                Ok(entry) => self.read_entry(raw, entry),
                Err(_) => self.unrecognised(&place, Some(raw.get()), Why::Shape),
            }
        }
        self.read_rest(&place, rest);
    }

    /// What stands beside the things that we know.
    fn read_rest(&mut self, place: &Place<'a>, rest: Vec<&'a RawValue>) {
        for raw in rest.into_iter().map(RawValue::get) {
            let is_empty = || raw.bytes().filter(|byte| !byte.is_ascii_whitespace()).nth(2).is_none();
            if raw.starts_with(['[', '{']) && !is_empty() {
                self.unrecognised(place, Some(raw), Why::Member);
            }
        }
    }

    fn read_entry(&mut self, raw: &'a RawValue, entry: wire::WithRest<'a, OuterEntry<'a>>) {
        let wire::WithRest { known: entry, rest } = entry;
        let place = Place {
            account_id: entry.id.map(|id| id.0),
            field: text(entry.field).unwrap_or_default(),
            entry_time_s: entry.time.map(|time| time.0),
            ..Place::default()
        };
        let changes = entry.changes.unwrap_or_default();
        match entry.value {
            // Some partner news stand in the entry itself.
            Some(value) => self.read_change(&place, raw, None, value),
            None if changes.is_empty() => return self.unrecognised(&place, Some(raw.get()), Why::Empty),
            None => {}
        }
        for raw in changes {
            match wire::read::<wire::WithRest<'a, wire::Change<'a>>>(raw) {
                Ok(wire::WithRest { known: wire::Change { field, value: Some(value), .. }, rest }) => {
                    self.read_change(&place, raw, text(field), value);
                    self.read_rest(&place, rest);
                }
                _ => self.unrecognised(&place, Some(raw.get()), Why::Shape),
            }
        }
        self.read_rest(&place, rest);
    }

    /// Reads a value under its field's name. Meta (2026-07): in partner news the name can stand inside the value or
    /// beside the changes.
    fn read_change(
        &mut self,
        place: &Place<'a>,
        raw: &'a RawValue,
        field: Option<Str<'a>>,
        value: &'a RawValue,
    ) {
        let inside = || wire::read::<Inner<'a>>(value).ok().and_then(|inner| text(inner.field));
        let field = field.or_else(inside).unwrap_or_else(|| place.field.clone());
        if field.is_empty() {
            self.unrecognised(place, Some(raw.get()), Why::Shape);
        } else {
            self.read_value(&Place { field, ..place.clone() }, value);
        }
    }

    fn read_value(&mut self, place: &Place<'a>, value: &'a RawValue) {
        match place.field.as_ref() {
            "messages"
            | "message_echoes"
            | "smb_message_echoes"
            | "history"
            | "smb_app_state_sync"
            | "standby"
            | "calls"
            | "user_preferences"
            | "user_id_update"
            | "automatic_events"
            | "tracking_events"
            | "group_lifecycle_update"
            | "group_participants_update"
            | "group_settings_update"
            | "group_status_update"
            | "consumer_profile" => self.read_traffic(place, value),
            "messaging_handovers" => self.read_handover(place, value),
            _ => self.read_news(place, value),
        }
    }
}

/// The body with its entries unread, so that one that is wrong harms no other.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Outer<'a> {
    object: Option<&'a RawValue>,
    entry: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct OuterEntry<'a> {
    id: Option<Text<'a>>,
    time: Option<Int>,
    changes: Option<Vec<&'a RawValue>>,
    field: Option<Text<'a>>,
    value: Option<&'a RawValue>,
}

/// A value that names its field itself.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Inner<'a> {
    field: Option<Text<'a>>,
}

/// A text of Meta's as the domain keeps it: an empty one is none.
fn text(text: Option<Text<'_>>) -> Option<Str<'_>> {
    text.map(|text| text.0).filter(|text| !text.is_empty())
}

fn int(int: Option<Int>) -> Option<i64> {
    int.map(|int| int.0)
}

/// A time by which something is put in order. One that cannot be told of on a calendar is none.
fn moment(second: Option<Int>) -> Option<i64> {
    int(second).filter(|second| SECONDS.contains(second))
}

fn real(real: Option<Real>) -> Option<f64> {
    real.map(|real| real.0)
}

#[cfg(test)]
mod tests;
