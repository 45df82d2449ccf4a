//! Labels: on conversations, and the workspace's list of them.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Error, Inbox, TRIES_MAX};
use crate::auth::audit::NewEntry;
use crate::auth::{Deed, Visitor};
use crate::domain::inbox;
use crate::domain::inbox::{LABEL_DESCRIPTION_CHARS_MAX, LABELS_MAX, WORKSPACE_LABELS_MAX, Work};
use crate::storage;
use crate::storage::conversation_record::ConversationRecord;
use crate::storage::labels::{Deletion, LabelRecord};

/// What changes in the labels of a conversation.
#[derive(Clone, Debug, Default)]
pub struct LabelChange {
    /// These instead of all.
    pub set: Option<Vec<String>>,
    pub add: Vec<String>,
    pub remove: Vec<String>,
}

impl LabelChange {
    fn of(&self, before: &[String]) -> Result<BTreeSet<String>, Error> {
        let mut after = match &self.set {
            Some(set) => sound("set", set)?,
            None => before.iter().cloned().collect(),
        };
        after.extend(sound("add", &self.add)?);
        for gone in sound("remove", &self.remove)? {
            after.remove(&gone);
        }
        if after.len() > LABELS_MAX {
            let field = if self.set.is_some() { "set" } else { "add" };
            return Err(Error::Invalid { field, sentence: "A conversation has 20 labels at most." });
        }
        Ok(after)
    }
}

fn sound(field: &'static str, labels: &[String]) -> Result<BTreeSet<String>, Error> {
    // As many as can be on a conversation, some of them spelled twice.
    if labels.len() > 2 * LABELS_MAX {
        return Err(Error::Invalid { field, sentence: "A conversation has 20 labels at most." });
    }
    let label = |text: &String| inbox::label(text).map_err(|sentence| Error::Invalid { field, sentence });
    labels.iter().map(label).collect()
}

impl Inbox {
    /// Changes the labels of a conversation. What the workspace's list lacks is added to it.
    pub async fn label(
        &self,
        by: &Visitor,
        conversation: Uuid,
        change: &LabelChange,
    ) -> Result<ConversationRecord, Error> {
        let who = by.who.to_string();
        for _ in 0..TRIES_MAX {
            let record = self.conversation(by, conversation).await?;
            let before = &record.worked.labels;
            let after: Vec<String> = change.of(before)?.into_iter().collect();
            if after == *before {
                return Ok(record);
            }
            self.ensure_room(by.workspace, &after).await?;
            let deed = self.deed(&record, &who, Work::Labelled, None);
            match self.0.storage.set_labels(&deed, before, &after).await {
                Ok(true) => return self.after(by, record.id).await,
                // Somebody else has changed them, or made the same new label, meanwhile.
                Ok(false) | Err(storage::Error::Duplicate) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Changed)
    }

    /// The labels of the workspace by name.
    pub async fn labels(&self, by: &Visitor) -> Result<Vec<LabelRecord>, Error> {
        Ok(self.0.storage.list_labels(by.workspace).await?)
    }

    /// Makes a label, or changes how it looks.
    pub async fn save_label(
        &self,
        by: &Visitor,
        name: &str,
        colour: Option<&str>,
        description: Option<&str>,
    ) -> Result<LabelRecord, Error> {
        let invalid = |field| move |sentence| Error::Invalid { field, sentence };
        let name = inbox::label(name).map_err(invalid("name"))?;
        let colour = colour.map(inbox::colour).transpose().map_err(invalid("color"))?;
        if description.is_some_and(|text| !inbox::is_line(text, LABEL_DESCRIPTION_CHARS_MAX)) {
            return Err(invalid("description")("A description has from 1 to 200 characters, on one line."));
        }
        self.ensure_room(by.workspace, std::slice::from_ref(&name)).await?;
        let now_ms = self.0.clock.now_ms();
        self.0.storage.save_label(by.workspace, &name, (colour.as_deref(), description), now_ms).await?;
        let changes = [("color", None, colour.as_deref()), ("description", None, description)];
        self.note_label(by, &name, &changes).await?;
        let found = self.labels(by).await?.into_iter().find(|label| label.name == name);
        found.ok_or(Error::NotFound("name"))
    }

    /// Takes a label out of the workspace's list. One that a conversation has stays.
    pub async fn delete_label(&self, by: &Visitor, name: &str) -> Result<String, Error> {
        let name = inbox::label(name).map_err(|_| Error::NotFound("name"))?;
        match self.0.storage.delete_label(by.workspace, &name).await? {
            Deletion::Done => {}
            Deletion::NotFound => return Err(Error::NotFound("name")),
            Deletion::InUse => {
                return Err(Error::WrongState {
                    sentence: "Conversations have this label.",
                    next_step: "Take it off them first: conversations(filter: { label, status }) shows which they are.",
                });
            }
        }
        self.note_label(by, &name, &[("deleted", None, Some("true"))]).await?;
        Ok(name)
    }

    async fn ensure_room(&self, workspace: Uuid, labels: &[String]) -> Result<(), Error> {
        let known = self.0.storage.list_labels(workspace).await?;
        let is_new = |name: &&String| !known.iter().any(|label| label.name == **name);
        let new = labels.iter().filter(is_new).count();
        if new > 0 && known.len() + new > WORKSPACE_LABELS_MAX {
            return Err(Error::WrongState {
                sentence: "The workspace has 500 labels, which is the most.",
                next_step: "Use one that is there, or delete one that no conversation has.",
            });
        }
        Ok(())
    }

    async fn note_label(
        &self,
        by: &Visitor,
        name: &str,
        changes: &[(&str, Option<&str>, Option<&str>)],
    ) -> Result<(), Error> {
        let target = format!("label:{name}");
        let deed = Deed::ChangeLabels.name();
        let entry = NewEntry { workspace: by.workspace, who: &by.who, deed, target: &target, changes };
        Ok(self.0.audit.note(entry).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_set_then_added_then_taken_away() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let check = |before: &str, set: Option<&str>, add: &str, remove: &str, expected: &str| {
            let change = LabelChange { set: set.map(words), add: words(add), remove: words(remove) };
            let after: Vec<String> = change.of(&words(before)).unwrap().into_iter().collect();
            assert_eq!(after, words(expected));
        };
        check("a b", None, "C a", "b", "a c");
        check("a b", Some(""), "", "", "");
        check("a b", Some("z Z"), "y", "x", "y z");
        let many: Vec<String> = (0..21).map(|n| format!("l{n}")).collect();
        let too_many = LabelChange { add: many, ..LabelChange::default() };
        assert!(matches!(too_many.of(&[]), Err(Error::Invalid { field: "add", .. })));
        let empty = LabelChange { remove: vec![" ".to_owned()], ..LabelChange::default() };
        assert!(matches!(empty.of(&[]), Err(Error::Invalid { field: "remove", .. })));
    }
}
