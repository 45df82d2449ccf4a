//! Which conversations a search means: those whose contact has all its words, and those in which a message has them all.
//!
//! They are gathered anew for each page, so that the list itself can be sorted, filtered and paged by its own key. What
//! that costs has a bound, and beyond it the answer says that it is not complete.

use std::collections::HashSet;

use uuid::Uuid;

use crate::domain::search::{NUMBER, Query, id_token};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::search::{Conversations, Kind, Wanted};

/// How many conversations are meant at most by what was said in them.
const BY_MESSAGES_MAX: usize = 1_000;
/// How many contacts are looked at, and how many conversations of theirs.
const CONTACTS_MAX: usize = 500;
const BY_CONTACTS_MAX: usize = 500;
/// A caller with more numbers is kept to them by the list alone.
const NUMBERS_MAX: usize = 50;

/// The conversations that a search means, as they are shown: what was joined to another one is that other.
pub async fn conversations(
    storage: &Storage,
    workspace: Uuid,
    query: &Query,
    numbers: Option<&[Uuid]>,
) -> Result<Conversations, Error> {
    let wanted = |kind, one_of| Wanted {
        workspace,
        kind,
        tokens: query.tokens.clone(),
        beginning: query.beginning.clone(),
        one_of,
    };
    let of_numbers = numbers.filter(|numbers| (1..=NUMBERS_MAX).contains(&numbers.len()));
    let of_numbers = of_numbers
        .map(|numbers| numbers.iter().map(|number| id_token(NUMBER, &number.simple().to_string())).collect());
    let messages = wanted(Kind::Message, of_numbers.into_iter().collect());
    let by_messages = storage.search_conversations(&messages, BY_MESSAGES_MAX).await?;
    let contacts = storage.search_items(&wanted(Kind::Contact, Vec::new()), None, CONTACTS_MAX).await?;
    let ids: Vec<Uuid> = contacts.items.iter().filter_map(|(id, _)| Uuid::try_parse(id).ok()).collect();
    let by_contacts = storage.shown_with_contacts(workspace, &ids, BY_CONTACTS_MAX + 1).await?;
    let is_complete =
        by_messages.is_complete && contacts.rest.is_none() && by_contacts.len() <= BY_CONTACTS_MAX;
    let mut all: HashSet<Uuid> = by_contacts.into_iter().take(BY_CONTACTS_MAX).collect();
    all.extend(storage.shown_conversations(workspace, by_messages.ids).await?);
    Ok(Conversations { ids: all.into_iter().collect(), is_complete })
}
