//! Whether decoding has lost anything. What a body holds is found here by another way than the decoder's: of Meta's
//! shapes no more is known than which names are mere context, so a list that the decoder forgets is missed all the same.
//!
//! The fuzz target uses this file as well.

use std::fmt;
use std::ops::Range;

use pesan::domain::event::{Event, Why};
use pesan::meta::decode::Item;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Objects that say something about the items around them, and happen to be without one of their own. The contacts
/// among them are listed: in an object each, or they are no contacts.
const CONTEXT: &[&str] = &["metadata", "conversation_context", "context"];
const CONTEXT_LISTS: &[&str] = &["contacts"];

/// A piece of the past is an item without raw JSON if its threads are items of their own; it also tells the errors.
const PAST: &str = "history";
const TOLD_BY_A_PIECE: &str = "errors";

/// What is wrong with the items of a body; nothing if all is well.
pub fn faults(body: &[u8], items: &[Item<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    if items.is_empty() {
        faults.push("no item".to_owned());
    }
    if items.iter().enumerate().any(|(at, item)| item.index as usize != at) {
        faults.push("the items are not numbered in their order".to_owned());
    }
    let Ok(text) = std::str::from_utf8(body) else {
        if !matches!(items, [Item { event: Event::Unrecognised { why: Why::NotJson }, raw: None, .. }]) {
            faults.push(format!("not text, but {items:?}"));
        }
        return faults;
    };
    let without_raw = items.iter().filter(|item| item.raw.is_none());
    let mut search = Search {
        text,
        kept: items.iter().filter_map(|item| item.raw.map(|raw| span(text, raw))).collect(),
        pieces: without_raw
            .clone()
            .filter(|item| matches!(item.event, Event::HistoryProgress { .. }))
            .count(),
        faults,
    };
    if without_raw.count() != search.pieces {
        search.faults.push("an item other than a piece of the past is without raw JSON".to_owned());
    }
    search.kept.sort_by_key(|kept| (kept.start, std::cmp::Reverse(kept.end)));
    search.look(text.trim_matches([' ', '\t', '\n', '\r']), "", "");
    if search.pieces > 0 {
        search.faults.push(format!("{} pieces of the past come from nowhere", search.pieces));
    }
    search.faults
}

/// Walks through a body and notes what is in no item.
struct Search<'a> {
    text: &'a str,
    /// Where the items' raw JSON stands, by its start.
    kept: Vec<Range<usize>>,
    /// Items without raw JSON that have not been matched with a place yet.
    pieces: usize,
    faults: Vec<String>,
}

impl Search<'_> {
    /// Looks at the value of `key`, which for an element is that of its list; `list` is that of the list around.
    fn look(&mut self, json: &str, key: &str, list: &str) {
        let place = span(self.text, json);
        if self.is_kept(&place) || is_empty(json) {
            return;
        }
        let members = members(json);
        let elements: Vec<_> = elements(json).collect();
        let is_piece = list == PAST && self.pieces > 0 && !members.is_empty();
        self.pieces -= usize::from(is_piece);
        let is_untold = list == PAST && !is_piece;
        if is_untold || members.is_empty() && elements.is_empty() {
            self.faults.push(format!("{key}: lost: {}", excerpt(json)));
        } else if !is_piece && !self.has_item_within(&place) {
            self.faults.push(format!("{key}: without an item: {}", excerpt(json)));
        }
        for (key, value) in &members {
            let told = CONTEXT.contains(&key.as_str()) || is_piece && key == TOLD_BY_A_PIECE;
            if CONTEXT_LISTS.contains(&key.as_str()) {
                self.look_at_context(value, key);
            } else if value.starts_with(['[', '{']) && !told {
                self.look(value, key, "");
            }
        }
        for element in elements {
            self.look(element, key, key);
        }
    }

    fn look_at_context(&mut self, json: &str, key: &str) {
        for element in elements(json).filter(|element| !element.starts_with('{')) {
            if !self.is_kept(&span(self.text, element)) {
                self.faults.push(format!("{key}: lost: {}", excerpt(element)));
            }
        }
    }

    /// Whether the place is within an item. Items do not overlap but by one being within the other.
    fn is_kept(&self, place: &Range<usize>) -> bool {
        let until = self.kept.partition_point(|kept| kept.start <= place.start);
        self.kept[..until].iter().rev().any(|kept| place.end <= kept.end)
    }

    fn has_item_within(&self, place: &Range<usize>) -> bool {
        let from = self.kept.partition_point(|kept| kept.start < place.start);
        self.kept[from..].iter().take_while(|kept| kept.start < place.end).any(|kept| kept.end <= place.end)
    }
}

/// Whether there is nothing in it: `[]`, `{}`.
fn is_empty(json: &str) -> bool {
    let inside = json.strip_prefix(['[', '{']).and_then(|rest| rest.strip_suffix([']', '}']));
    inside.is_some_and(|inside| inside.trim_matches([' ', '\t', '\n', '\r']).is_empty())
}

fn excerpt(json: &str) -> String {
    json.chars().take(200).collect()
}

/// Where `part`, which borrows from `text`, stands in it.
fn span(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    let start =
        start.filter(|start| start + part.len() <= text.len()).expect("an item's JSON is the body's own");
    start..start + part.len()
}

/// An object's members with their raw values, repeated keys and all; none if it is no object.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

fn members(text: &str) -> Vec<(String, &str)> {
    let members = serde_json::from_str::<Members<'_>>(text).map_or_else(|_| Vec::new(), |members| members.0);
    members.into_iter().map(|(key, value)| (key, value.get())).collect()
}

fn elements(text: &str) -> impl Iterator<Item = &str> {
    serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default().into_iter().map(RawValue::get)
}
