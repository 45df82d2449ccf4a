//! The CRM's own attributes of a conversation: short texts by key.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Error, Inbox, TRIES_MAX};
use crate::auth::Visitor;
use crate::domain::inbox::{ATTRIBUTES_MAX, Work, is_attribute_key, is_attribute_value};
use crate::storage::conversation_record::ConversationRecord;

const FIELD: &str = "attributes";

impl Inbox {
    /// Sets attributes of a conversation; a key without a value is taken away, and those that are not named stay.
    pub async fn set_attributes(
        &self,
        by: &Visitor,
        conversation: Uuid,
        changes: &[(String, Option<String>)],
    ) -> Result<ConversationRecord, Error> {
        let invalid = |sentence| Error::Invalid { field: FIELD, sentence };
        let too_many = || invalid("A conversation has 50 attributes at most.");
        if changes.len() > 2 * ATTRIBUTES_MAX {
            return Err(too_many());
        }
        if !changes.iter().all(|(key, _)| is_attribute_key(key)) {
            return Err(invalid(
                "A key has from 1 to 40 letters, digits, hyphens and underscores, and begins with a letter.",
            ));
        }
        if !changes.iter().filter_map(|(_, value)| value.as_deref()).all(is_attribute_value) {
            return Err(invalid("A value has from 1 to 500 characters; null takes the attribute away."));
        }
        let who = by.who.to_string();
        for _ in 0..TRIES_MAX {
            let record = self.conversation(by, conversation).await?;
            let before = &record.worked.attributes;
            let mut after: BTreeMap<String, String> = before.iter().cloned().collect();
            for (key, value) in changes {
                match value {
                    Some(value) => after.insert(key.clone(), value.clone()),
                    None => after.remove(key),
                };
            }
            if after.len() > ATTRIBUTES_MAX {
                return Err(too_many());
            }
            let after: Vec<(String, String)> = after.into_iter().collect();
            if after == *before {
                return Ok(record);
            }
            let deed = self.deed(&record, &who, Work::Attributes, None);
            if self.0.storage.set_attributes(&deed, before, &after).await? {
                return self.after(by, record.id).await;
            }
        }
        Err(Error::Changed)
    }
}
