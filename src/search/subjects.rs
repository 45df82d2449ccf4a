//! What can be found, and by what: from an event to the items that it makes or takes away. Items are made from what is
//! stored now, so an event that comes twice, or late, makes the same.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::words::{contact_words, message_words};
use crate::domain::inbox::Work;
use crate::domain::search::{CONVERSATION, NUMBER, id_token, tokens};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::contact_record::ContactRecord;
use crate::storage::events::{Batch, Happening};
use crate::storage::message_record::MessageRecord;
use crate::storage::notes::NoteRecord;
use crate::storage::search::{Item, Kind};

/// How many are read at once.
const READ_MAX: usize = 200;

/// What an event is about, as far as it can be found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Message(String),
    Contact(Uuid),
    Note(Uuid),
}

fn subject_of(happening: &Happening) -> Option<Subject> {
    match happening {
        Happening::Message { message, .. } | Happening::MessageChanged { message, .. } => {
            Some(Subject::Message(message.clone()))
        }
        Happening::Contact { contact } => Some(Subject::Contact(*contact)),
        Happening::Work { work, about: Some(about), .. } => match Work::named(work) {
            Some(Work::NoteAdded | Work::NoteEdited | Work::NoteDeleted) => {
                Uuid::try_parse(about).ok().map(Subject::Note)
            }
            _ => None,
        },
        // A merge says nothing new of a message: its own conversation stays its own.
        Happening::Status { .. }
        | Happening::Conversation { .. }
        | Happening::Work { .. }
        | Happening::Number { .. }
        | Happening::Template { .. }
        | Happening::Notice { .. } => None,
    }
}

/// The items that batches of one workspace make.
pub async fn items(storage: &Storage, workspace: Uuid, batches: &[Batch]) -> Result<Vec<Item>, Error> {
    let mut subjects: HashMap<Subject, i64> = HashMap::new();
    for batch in batches {
        for subject in batch.happenings.iter().filter_map(subject_of) {
            subjects.insert(subject, batch.seq);
        }
    }
    let (mut messages, mut contacts, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for (subject, seq) in subjects {
        match subject {
            Subject::Message(id) => messages.push((id, seq)),
            Subject::Contact(id) => contacts.push((id, seq)),
            Subject::Note(id) => notes.push((id, seq)),
        }
    }
    let mut items = Vec::new();
    for part in messages.chunks(READ_MAX) {
        let ids: Vec<String> = part.iter().map(|(id, _)| id.clone()).collect();
        let found = storage.messages_by_id(workspace, &ids).await?;
        for (id, seq) in part {
            items.push(match found.get(id) {
                Some(record) => message_item(record, *seq),
                None => gone(workspace, Kind::Message, id.clone(), *seq),
            });
        }
    }
    for part in contacts.chunks(READ_MAX) {
        items.extend(items_of_contacts(storage, workspace, part).await?);
    }
    for part in notes.chunks(READ_MAX) {
        let ids: Vec<Uuid> = part.iter().map(|(id, _)| *id).collect();
        let found = storage.notes_by_id(workspace, &ids).await?;
        for (id, seq) in part {
            items.push(match found.get(id) {
                Some(record) => note_item(record, *seq),
                None => gone(workspace, Kind::Note, id.to_string(), *seq),
            });
        }
    }
    Ok(items)
}

async fn items_of_contacts(
    storage: &Storage,
    workspace: Uuid,
    contacts: &[(Uuid, i64)],
) -> Result<Vec<Item>, Error> {
    let ids: Vec<Uuid> = contacts.iter().map(|(id, _)| *id).collect();
    let found = storage.contacts_by_id(workspace, &ids).await?;
    let shown: HashSet<Uuid> = found.values().map(|record| record.id).collect();
    let families = storage.contact_families(workspace, &shown.into_iter().collect::<Vec<_>>()).await?;
    let mut items = Vec::new();
    for (id, seq) in contacts {
        let record = found.get(id);
        if record.is_none_or(|record| record.id != *id) {
            items.push(gone(workspace, Kind::Contact, id.to_string(), *seq));
        }
        if let Some(record) = record {
            items.push(contact_item(
                record,
                families.get(&record.id).map(Vec::as_slice).unwrap_or_default(),
                *seq,
            ));
        }
    }
    Ok(items)
}

fn gone(workspace: Uuid, kind: Kind, id: String, seq: i64) -> Item {
    Item { workspace, kind, id, at_s: 0, tokens: Vec::new(), seq }
}

/// A message as it is to be found: by what it says now, in its conversation, by its number.
pub(super) fn message_item(record: &MessageRecord, seq: i64) -> Item {
    let words = message_words(record);
    let words = tokens(words.iter().map(|word| &**word));
    Item {
        workspace: record.workspace,
        kind: Kind::Message,
        id: record.id.clone(),
        at_s: record.position.second,
        tokens: with_place(words, record.conversation, record.number),
        seq,
    }
}

/// A note as it is to be found: like a message.
pub(super) fn note_item(record: &NoteRecord, seq: i64) -> Item {
    Item {
        workspace: record.workspace,
        kind: Kind::Note,
        id: record.id.to_string(),
        at_s: record.at_ms.div_euclid(1_000),
        tokens: with_place(tokens([record.text.as_str()]), record.conversation, record.number),
        seq,
    }
}

/// With what something belongs to, if there are words at all.
fn with_place(mut tokens: BTreeSet<String>, conversation: Uuid, number: Uuid) -> Vec<String> {
    if !tokens.is_empty() {
        tokens.insert(id_token(CONVERSATION, &conversation.simple().to_string()));
        tokens.insert(id_token(NUMBER, &number.simple().to_string()));
    }
    tokens.into_iter().collect()
}

/// A contact as it is to be found: by all names of its own, and of those that were merged into it.
pub(super) fn contact_item(record: &ContactRecord, family: &[ContactRecord], seq: i64) -> Item {
    let mut numbers = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    for one in std::iter::once(record).chain(family) {
        words.extend(contact_words(one));
        for phone in [&one.wa_id, &one.phone].into_iter().flatten() {
            numbers.extend(spellings(phone));
        }
    }
    words.extend(numbers.iter().map(String::as_str));
    Item {
        workspace: record.workspace,
        kind: Kind::Contact,
        id: record.id.to_string(),
        at_s: record.created_ms.div_euclid(1_000),
        tokens: tokens(words).into_iter().collect(),
        seq,
    }
}

/// How a phone number is typed: whole, without its country code (with the nought that then stands before it, and
/// without), and by its last digits.
fn spellings(phone: &str) -> Vec<String> {
    const COUNTRY_CODE: std::ops::RangeInclusive<usize> = 1..=3;
    const LAST: std::ops::RangeInclusive<usize> = 4..=8;
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let mut spellings = vec![digits.clone()];
    for national in COUNTRY_CODE.filter_map(|length| digits.get(length..)).filter(|rest| rest.len() > 6) {
        spellings.push(national.to_owned());
        spellings.push(format!("0{national}"));
    }
    let last =
        LAST.filter_map(|length| digits.len().checked_sub(length)).filter_map(|from| digits.get(from..));
    spellings.extend(last.map(str::to_owned));
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::search::query;

    #[test]
    fn a_phone_number_is_found_however_it_is_typed() {
        let spellings = spellings("+62 812-3456-7890");
        let tokens = tokens(spellings.iter().map(String::as_str));
        for search in ["6281234567890", "62812", "0812345", "812345", "7890", "567890", "34567890"] {
            let query = query(search).unwrap();
            let has_all = query.tokens.iter().all(|token| tokens.contains(token));
            let begins = query.beginning.is_none_or(|start| tokens.iter().any(|one| one.starts_with(&start)));
            assert!(has_all && begins, "{search}");
        }
    }
}
