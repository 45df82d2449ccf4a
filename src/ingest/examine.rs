//! What became of the items of a stored segment: decoded once more, and looked for under their keys.

use std::collections::HashMap;

use super::directory::Numbers;
use super::sort::{Delivery, Home, home_of, keys_of};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::aside::Reason;
use crate::storage::segments::Segment;

/// What became of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A test of Meta's dashboard or a probe of our own: it leaves nothing.
    Test,
    /// It is stored.
    Here,
    /// It is stored and waits for its message.
    Waiting,
    /// It should be stored in this collection, and is not.
    Missing { collection: &'static str },
    /// It belongs to what is set aside.
    Aside { reason: Reason, why: String },
}

/// An item of a stored webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The webhook's place in its segment, and the item's place in the webhook.
    pub slot: u32,
    pub index: u32,
    pub field: String,
    /// Where it is to be found: collection and key.
    pub keys: Vec<(&'static str, String)>,
    pub finding: Finding,
}

impl Examined {
    /// Its name for a person.
    pub fn name(&self) -> String {
        match self.keys.first() {
            Some((collection, key)) => format!("{collection} {key}"),
            None => format!("{} item {}", self.field, self.index),
        }
    }
}

/// Looks for all items of a segment.
pub async fn examine(
    storage: &Storage,
    numbers: &Numbers,
    segment: &Segment,
) -> Result<Vec<Examined>, Error> {
    let mut examined = Vec::new();
    for (slot, webhook) in (0_u32..).zip(&segment.webhooks) {
        let delivery = Delivery::read(segment.place, slot, webhook);
        for item in &delivery.items {
            let home = home_of(numbers, item, webhook.received_ms);
            let keys = keys_of(&home, item);
            let finding = match home {
                Home::Test => Finding::Test,
                Home::Aside { reason, why, .. } => Finding::Aside { reason, why },
                _ => Finding::Here,
            };
            let field = item.field.as_ref().to_owned();
            examined.push(Examined { slot, index: item.index, field, keys, finding });
        }
    }
    let mut wanted: HashMap<&'static str, Vec<String>> = HashMap::new();
    for (collection, key) in examined.iter().flat_map(|one| &one.keys) {
        wanted.entry(collection).or_default().push(key.clone());
    }
    let mut present: HashMap<(&'static str, String), bool> = HashMap::new();
    for (collection, keys) in wanted {
        let found = storage.present(collection, &keys).await?;
        present.extend(found.into_iter().map(|(key, waits)| ((collection, key), waits)));
    }
    for one in &mut examined {
        for (collection, key) in &one.keys {
            match present.get(&(*collection, key.clone())) {
                None => one.finding = Finding::Missing { collection },
                Some(true) if one.finding == Finding::Here => one.finding = Finding::Waiting,
                Some(_) => {}
            }
        }
    }
    Ok(examined)
}
