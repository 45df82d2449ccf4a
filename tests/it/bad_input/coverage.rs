//! Whether decoding has lost anything: what a body holds is found here by another way than the decoder's, and each
//! element of its arrays has to lie within the raw JSON of some item, or some item within it.
//!
//! The fuzz target uses this file as well.

use std::fmt;
use std::ops::Range;

use pesan::domain::event::{Event, Why};
use pesan::meta::decode::Item;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The arrays of a value of which each element is something that happened.
const LISTS: &[&str] = &[
    "messages",
    "message_echoes",
    "statuses",
    "calls",
    "groups",
    "state_sync",
    "user_preferences",
    "user_id_update",
    "user_actions",
    "automatic_events",
    "events",
    "errors",
];

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
    let found = Found::in_body(text);
    let spans: Vec<_> = items.iter().filter_map(|item| item.raw.map(|raw| span(text, raw))).collect();
    let within =
        |inner: &Range<usize>, outer: &Range<usize>| outer.start <= inner.start && inner.end <= outer.end;
    for leaf in &found.leaves {
        if !spans.iter().any(|item| within(leaf, item)) {
            faults.push(format!("lost: {}", excerpt(text, leaf)));
        }
    }
    for group in &found.groups {
        if !spans.iter().any(|item| within(group, item) || within(item, group)) {
            faults.push(format!("without an item: {}", excerpt(text, group)));
        }
    }
    let progress = items.iter().filter(|item| matches!(item.event, Event::HistoryProgress { .. })).count();
    let kept = found.chunks.iter().filter(|chunk| spans.iter().any(|item| within(chunk, item))).count();
    if progress + kept < found.chunks.len() {
        faults.push(format!("{} pieces of the past, {progress} read, {kept} kept", found.chunks.len()));
    }
    faults
}

fn excerpt<'a>(text: &'a str, range: &Range<usize>) -> &'a str {
    let end = (range.start..=range.end.min(range.start + 200)).rev().find(|end| text.is_char_boundary(*end));
    text.get(range.start..end.unwrap_or(range.end)).unwrap_or_default()
}

/// Where `part`, which borrows from `text`, stands in it.
fn span(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    let start =
        start.filter(|start| start + part.len() <= text.len()).expect("an item's JSON is the body's own");
    start..start + part.len()
}

/// What a body holds, by place.
#[derive(Default)]
struct Found {
    /// Elements that need an item of their own, or one that holds them.
    leaves: Vec<Range<usize>>,
    /// Entries and changes: something of them has to be there.
    groups: Vec<Range<usize>>,
    /// Pieces of the past.
    chunks: Vec<Range<usize>>,
}

impl Found {
    fn in_body(text: &str) -> Self {
        let mut found = Self::default();
        for (key, entries) in members(text) {
            for entry in elements(entries).filter(|_| key == "entry") {
                found.groups.push(span(text, entry));
                found.add_entry(text, entry);
            }
        }
        found
    }

    fn add_entry(&mut self, text: &str, entry: &str) {
        for (key, part) in members(entry) {
            match key.as_str() {
                "value" => self.add_value(text, part),
                "changes" => {
                    for change in elements(part) {
                        self.groups.push(span(text, change));
                        for (_, value) in members(change).into_iter().filter(|(key, _)| key == "value") {
                            self.add_value(text, value);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn add_value(&mut self, text: &str, value: &str) {
        for (key, part) in members(value) {
            match key.as_str() {
                "standby" => self.add_value(text, part),
                "history" => {
                    for chunk in elements(part) {
                        self.chunks.push(span(text, chunk));
                        let threads = members(chunk).into_iter().filter(|(key, _)| key == "threads");
                        for thread in threads.flat_map(|(_, threads)| elements(threads)) {
                            self.add_value(text, thread);
                        }
                    }
                }
                key if LISTS.contains(&key) => {
                    self.leaves.extend(elements(part).map(|item| span(text, item)));
                }
                _ => {}
            }
        }
    }
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
