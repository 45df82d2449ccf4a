//! How updates become POST bodies.
//!
//! Meta (2026-07): a body holds at most 1,000 updates and 3 MB, and may mix WABAs and fields; `entry.time` is
//! absent on `messages`. Order within the list is kept; nothing is lost and nothing is sent twice.

use serde_json::{Value, json};

use super::bytes;

/// Meta (2026-07): updates in one POST.
pub const UPDATES_MAX: usize = 1_000;
/// Meta (2026-07): bytes of one POST.
pub const BODY_BYTES_MAX: usize = 3_000_000;

/// What every body has around its entries.
const BODY_FRAME: usize = r#"{"object":"whatsapp_business_account","entry":[]}"#.len();
/// What an entry has around its changes, without its id: the time as long as it gets, and a comma.
const ENTRY_FRAME: usize = r#"{"id":"","time":9999999999,"changes":[]},"#.len();
/// What a change has around its field and value, with a comma.
const CHANGE_FRAME: usize = r#"{"field":"","value":},"#.len();

/// One change of one business account.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// `entry[].id`: the WABA, or the portfolio for the few fields that are about it (`field::entry_id` knows).
    pub entry_id: String,
    pub field: String,
    pub value: Value,
}

/// One POST body before it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    pub json: Value,
    /// The fields in it, each once, in the order of their coming.
    pub fields: Vec<String>,
}

/// A single update that no body can hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("one update of the field `{field}` takes {bytes} bytes; a webhook has at most {BODY_BYTES_MAX}")]
pub struct TooLarge {
    pub field: String,
    pub bytes: usize,
}

/// Packs `updates` into as few bodies as their order allows. `now_s` is the `time` of the entries that have one.
pub fn pack(updates: Vec<Update>, now_s: i64) -> Result<Vec<Body>, TooLarge> {
    let mut bodies = Vec::new();
    let mut open = Open::default();
    for update in updates {
        // Counted as if each update opened an entry of its own, so the real size is never above.
        let size = bytes::length(&update.value)
            + bytes::length(&json!(update.entry_id))
            + bytes::length(&json!(update.field))
            + ENTRY_FRAME
            + CHANGE_FRAME;
        if BODY_FRAME + size > BODY_BYTES_MAX {
            return Err(TooLarge { field: update.field, bytes: size });
        }
        if open.count == UPDATES_MAX || BODY_FRAME + open.bytes + size > BODY_BYTES_MAX {
            bodies.extend(std::mem::take(&mut open).close(now_s));
        }
        open.add(update, size);
    }
    bodies.extend(open.close(now_s));
    Ok(bodies)
}

/// A body that is being filled.
#[derive(Default)]
struct Open {
    entries: Vec<Entry>,
    fields: Vec<String>,
    count: usize,
    bytes: usize,
}

struct Entry {
    id: String,
    is_timed: bool,
    changes: Vec<Value>,
}

impl Open {
    fn add(&mut self, update: Update, size: usize) {
        let is_timed = update.field != "messages";
        if !self.fields.contains(&update.field) {
            self.fields.push(update.field.clone());
        }
        let change = json!({ "field": update.field, "value": update.value });
        match self.entries.iter_mut().find(|entry| entry.id == update.entry_id && entry.is_timed == is_timed)
        {
            Some(entry) => entry.changes.push(change),
            None => self.entries.push(Entry { id: update.entry_id, is_timed, changes: vec![change] }),
        }
        self.count += 1;
        self.bytes += size;
    }

    fn close(self, now_s: i64) -> Option<Body> {
        if self.count == 0 {
            return None;
        }
        let entries: Vec<Value> = self
            .entries
            .into_iter()
            .map(|entry| {
                if entry.is_timed {
                    json!({ "id": entry.id, "time": now_s, "changes": entry.changes })
                } else {
                    json!({ "id": entry.id, "changes": entry.changes })
                }
            })
            .collect();
        let json = json!({ "object": "whatsapp_business_account", "entry": entries });
        Some(Body { json, fields: self.fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(entry_id: &str, field: &str, value: Value) -> Update {
        Update { entry_id: entry_id.to_owned(), field: field.to_owned(), value }
    }

    fn count(body: &Body) -> usize {
        let entries = body.json["entry"].as_array().unwrap();
        entries.iter().map(|entry| entry["changes"].as_array().unwrap().len()).sum()
    }

    #[test]
    fn a_body_holds_a_thousand_updates_and_no_more() {
        let packed = |many: u32| {
            let updates = (0..many).map(|number| update("1", "messages", json!(number))).collect();
            pack(updates, 0).unwrap().iter().map(count).collect::<Vec<_>>()
        };
        assert_eq!(packed(0), Vec::<usize>::new());
        assert_eq!(packed(1_000), [1_000]);
        assert_eq!(packed(1_001), [1_000, 1]);
    }

    #[test]
    fn a_body_holds_three_megabytes_and_no_more() {
        let third = json!("é".repeat(BODY_BYTES_MAX / 6 / 3));
        let updates: Vec<Update> =
            (0..7).map(|number| update(&number.to_string(), "history", third.clone())).collect();
        let bodies = pack(updates, 1_700_000_000).unwrap();
        assert_eq!(bodies.iter().map(count).collect::<Vec<_>>(), [2, 2, 2, 1]);
        for body in &bodies {
            assert!(bytes::length(&body.json) <= BODY_BYTES_MAX);
        }
        let alone = pack(vec![update("1", "history", json!("x".repeat(BODY_BYTES_MAX)))], 0).unwrap_err();
        assert_eq!(alone.field, "history");
    }

    #[test]
    fn one_post_mixes_accounts_and_fields_and_only_messages_have_no_time() {
        let bodies = pack(
            vec![
                update("1", "messages", json!(1)),
                update("2", "flows", json!(2)),
                update("1", "security", json!(3)),
                update("1", "messages", json!(4)),
            ],
            1_750_030_073,
        )
        .unwrap();
        let expected = json!({ "object": "whatsapp_business_account", "entry": [
            { "id": "1", "changes": [{ "field": "messages", "value": 1 }, { "field": "messages", "value": 4 }] },
            { "id": "2", "time": 1_750_030_073, "changes": [{ "field": "flows", "value": 2 }] },
            { "id": "1", "time": 1_750_030_073, "changes": [{ "field": "security", "value": 3 }] },
        ] });
        assert_eq!(bodies.len(), 1);
        assert_eq!(bodies[0].json, expected);
        assert_eq!(bodies[0].fields, ["messages", "flows", "security"]);
    }
}
