//! Search: messages by what they say, contacts by their names.
//!
//! A page is Relay's, with one difference that is told: it may hold fewer than were asked for, or none, and yet have a
//! next one, because how much is looked at for one page has a bound.

use async_graphql::connection::{CursorType, PageInfo};
use async_graphql::{Context, Error, ID, Object, SimpleObject};
use uuid::Uuid;

use super::contact::Contact;
use super::context::{allowed, allowed_among, services};
use super::conversation;
use super::error::Failure;
use super::message::Message;
use super::page::{Asked, SearchCursor, Stretch, cost};
use crate::auth::Deed;
use crate::domain::search::{id_token, query};
use crate::search::{CONVERSATION, NUMBER};
use crate::storage::search::{Found, Kind, Wanted};

/// Messages that were found, the latest first.
#[derive(SimpleObject)]
pub struct FoundMessages {
    /// What was found, with its place in the list.
    pub edges: Vec<FoundMessage>,
    /// `hasNextPage` with fewer edges than were asked for, or none: there may be more; go on from `endCursor`.
    pub page_info: PageInfo,
}

/// A message that was found.
#[derive(SimpleObject)]
pub struct FoundMessage {
    /// Its place in the list: the `after` of whoever goes on from here.
    pub cursor: String,
    /// The message.
    pub node: Message,
}

/// Contacts that were found, the latest first.
#[derive(SimpleObject)]
pub struct FoundContacts {
    /// What was found, with its place in the list.
    pub edges: Vec<FoundContact>,
    /// `hasNextPage` with fewer edges than were asked for, or none: there may be more; go on from `endCursor`.
    pub page_info: PageInfo,
}

/// A contact that was found.
#[derive(SimpleObject)]
pub struct FoundContact {
    /// Its place in the list: the `after` of whoever goes on from here.
    pub cursor: String,
    /// The contact.
    pub node: Contact,
}

/// What is asked for, as data.
struct Search {
    wanted: Wanted,
    stretch: Stretch<SearchCursor>,
}

impl Search {
    fn of(
        workspace: Uuid,
        kind: Kind,
        text: &str,
        (first, after): (Option<i32>, Option<String>),
    ) -> Result<Self, Error> {
        let stretch = Stretch::of(Asked { first, after, last: None, before: None })?;
        let query = query(text).map_err(|unfit| Error::new(unfit.to_string()))?;
        let (tokens, beginning) = (query.tokens, query.beginning);
        Ok(Self { wanted: Wanted { workspace, kind, tokens, beginning, one_of: Vec::new() }, stretch })
    }

    /// The ids of the page with their cursors, and what is beyond.
    async fn run(self, context: &Context<'_>) -> Result<(Vec<(String, String)>, PageInfo), Failure> {
        let from = self.stretch.from.as_ref().map(|cursor| &cursor.0);
        let storage = &services(context)?.storage;
        let Found { mut items, mut rest } =
            storage.search_items(&self.wanted, from, self.stretch.size() + 1).await?;
        if items.len() > self.stretch.size() {
            items.truncate(self.stretch.size());
            // The page's own end, unless it holds none.
            rest = items.last().map(|(_, place)| place.clone()).or_else(|| from.cloned()).or(rest);
        }
        let found: Vec<(String, String)> =
            items.into_iter().map(|(id, place)| (id, SearchCursor(place).encode_cursor())).collect();
        let mut info = PageInfo {
            has_previous_page: from.is_some(),
            has_next_page: rest.is_some(),
            start_cursor: found.first().map(|(_, cursor)| cursor.clone()),
            end_cursor: found.last().map(|(_, cursor)| cursor.clone()),
        };
        if let Some(rest) = rest {
            info.end_cursor = Some(SearchCursor(rest).encode_cursor());
        }
        Ok((found, info))
    }
}

#[derive(Debug, Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Messages that have all the words, the latest first. The last word may be unfinished; case and accents do not
    /// matter. What a message says is found a moment after it came; what was taken back is not found.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn search_messages(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "From 1 to 200 characters, 8 words at most.")] query: String,
        #[graphql(desc = "Only in this conversation.")] conversation_id: Option<ID>,
        #[graphql(desc = "Only of this number.")] number_id: Option<ID>,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The end cursor of the page before.")] after: Option<String>,
    ) -> async_graphql::Result<FoundMessages> {
        let asked = number_id.map(|id| vec![id]);
        let (visitor, numbers) = allowed_among(context, Deed::SeeMessages, asked.as_deref())?;
        let workspace = visitor.workspace;
        let mut search = Search::of(workspace, Kind::Message, &query, (first, after))?;
        let storage = &services(context)?.storage;
        let nothing = || FoundMessages { edges: Vec::new(), page_info: nothing_found() };
        let tokens = |kind, ids: &[Uuid]| -> Vec<String> {
            ids.iter().map(|id| id_token(kind, &id.simple().to_string())).collect()
        };
        if let Some(numbers) = &numbers {
            if numbers.is_empty() {
                return Ok(nothing());
            }
            search.wanted.one_of.push(tokens(NUMBER, numbers));
        }
        if let Some(id) = &conversation_id {
            let Some(found) = conversation::find(context, visitor, id).await? else { return Ok(nothing()) };
            let ids = storage.ids_of_conversation(workspace, found.id).await.map_err(Failure::from)?;
            search.wanted.one_of.push(tokens(CONVERSATION, &ids));
        }
        let (found, page_info) = search.run(context).await?;
        let ids: Vec<String> = found.iter().map(|(id, _)| id.clone()).collect();
        let mut records = storage.messages_by_id(workspace, &ids).await.map_err(Failure::from)?;
        let mut cursors = Vec::with_capacity(found.len());
        let mut page = Vec::with_capacity(found.len());
        for (id, cursor) in found {
            // What has gone since, and what the caller may not touch, is not there.
            let record = records.remove(&id).filter(|record| visitor.may_touch(record.number));
            if let Some(record) = record {
                cursors.push(cursor);
                page.push(record);
            }
        }
        let edges = cursors.into_iter().zip(Message::page(page));
        let edges = edges.map(|(cursor, node)| FoundMessage { cursor, node }).collect();
        Ok(FoundMessages { edges, page_info })
    }

    /// Contacts that have all the words in their names, addresses, phone numbers or attributes, the latest first. The
    /// last word may be unfinished, so this also finds while somebody types. A contact that was merged into another one
    /// is found as that other.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn search_contacts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "From 1 to 200 characters, 8 words at most.")] query: String,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The end cursor of the page before.")] after: Option<String>,
    ) -> async_graphql::Result<FoundContacts> {
        let visitor = allowed(context, Deed::SeeContacts)?;
        let workspace = visitor.workspace;
        let search = Search::of(workspace, Kind::Contact, &query, (first, after))?;
        let storage = &services(context)?.storage;
        let (found, page_info) = search.run(context).await?;
        let found: Vec<(Uuid, String)> =
            found.into_iter().filter_map(|(id, cursor)| Some((Uuid::try_parse(&id).ok()?, cursor))).collect();
        let ids: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
        let mut records = storage.contacts_by_id(workspace, &ids).await.map_err(Failure::from)?;
        if let Some(numbers) = &visitor.numbers {
            let theirs = storage.contacts_with(workspace, &ids, numbers).await.map_err(Failure::from)?;
            records.retain(|id, _| theirs.contains(id));
        }
        // One that was merged a moment ago is found as the other, which has its own place.
        records.retain(|id, record| record.id == *id);
        let edges = found.into_iter().filter_map(|(id, cursor)| {
            let node = Contact::from(records.remove(&id)?);
            Some(FoundContact { cursor, node })
        });
        Ok(FoundContacts { edges: edges.collect(), page_info })
    }
}

fn nothing_found() -> PageInfo {
    PageInfo { has_previous_page: false, has_next_page: false, start_cursor: None, end_cursor: None }
}
