//! Search: messages and notes by what they say, contacts by their names.
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
use super::page::{Asked, Foreign, SearchCursor, Stretch, cost};
use super::work::Note;
use crate::auth::{Deed, Visitor};
use crate::domain::search::{CONVERSATION, NUMBER, Query, excerpt, id_token, query};
use crate::search::{contact_words, message_words};
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
    /// Where its words stand in what it says; null if it has changed a moment ago, and will not be found any more.
    pub snippet: Option<SearchSnippet>,
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
    /// Which of its names, addresses or attributes has the words; null if it was found by a phone number, or by what is
    /// known of a contact that was merged into it.
    pub snippet: Option<SearchSnippet>,
}

/// Notes that were found, the latest first.
#[derive(SimpleObject)]
pub struct FoundNotes {
    /// What was found, with its place in the list.
    pub edges: Vec<FoundNote>,
    /// `hasNextPage` with fewer edges than were asked for, or none: there may be more; go on from `endCursor`.
    pub page_info: PageInfo,
}

/// A note that was found.
#[derive(SimpleObject)]
pub struct FoundNote {
    /// Its place in the list: the `after` of whoever goes on from here.
    pub cursor: String,
    /// The note.
    pub node: Note,
    /// Where its words stand in what it says; null if it has changed a moment ago, and will not be found any more.
    pub snippet: Option<SearchSnippet>,
}

/// The words around what was found.
#[derive(SimpleObject)]
pub struct SearchSnippet {
    /// The text in parts: put together in their order they are an excerpt of 160 characters at most. It is plain text, as
    /// somebody wrote it: nothing in it is escaped, so whoever puts it into a page has to do that.
    pub parts: Vec<SnippetPart>,
    /// Whether the text has something before the excerpt.
    pub is_cut_before: bool,
    /// Whether the text has something after the excerpt.
    pub is_cut_after: bool,
}

/// A part of an excerpt.
#[derive(SimpleObject)]
pub struct SnippetPart {
    /// The text of the part, as it was written.
    pub text: String,
    /// Whether it is a word that was searched.
    pub is_match: bool,
}

impl SearchSnippet {
    fn of<'a>(words: impl IntoIterator<Item = &'a str>, query: &Query) -> Option<Self> {
        let found = excerpt(words, query)?;
        let parts =
            found.parts.into_iter().map(|part| SnippetPart { text: part.text, is_match: part.is_found });
        Some(Self {
            parts: parts.collect(),
            is_cut_before: found.is_cut_before,
            is_cut_after: found.is_cut_after,
        })
    }
}

/// What is asked for, as data.
struct Search {
    query: Query,
    wanted: Wanted,
    stretch: Stretch<SearchCursor>,
}

/// What was found, by id with its cursor, and what is beyond.
type Page = (Vec<(String, String)>, PageInfo);

impl Search {
    fn of(
        workspace: Uuid,
        kind: Kind,
        text: &str,
        (first, after): (Option<i32>, Option<String>),
    ) -> Result<Self, Error> {
        let stretch = Stretch::<SearchCursor>::of(Asked { first, after, last: None, before: None })?;
        if stretch.from.as_ref().is_some_and(|cursor| !kind.has(&cursor.0)) {
            return Err(Error::new(Foreign.to_string()));
        }
        let query = meant(text)?;
        let (tokens, beginning) = (query.tokens.clone(), query.beginning.clone());
        let wanted = Wanted { workspace, kind, tokens, beginning, one_of: Vec::new() };
        Ok(Self { query, wanted, stretch })
    }

    /// Keeps to what belongs to one of these.
    fn keep_to(&mut self, letter: char, ids: &[Uuid]) {
        let token = |id: &Uuid| id_token(letter, &id.simple().to_string());
        self.wanted.one_of.push(ids.iter().map(token).collect());
    }

    /// Keeps to what the caller may see, and to a conversation if one is named. None: that is nothing.
    async fn within(
        mut self,
        context: &Context<'_>,
        (visitor, numbers): (&Visitor, Option<Vec<Uuid>>),
        conversation_id: Option<&ID>,
    ) -> Result<Option<Self>, Failure> {
        if let Some(numbers) = &numbers {
            if numbers.is_empty() {
                return Ok(None);
            }
            self.keep_to(NUMBER, numbers);
        }
        if let Some(id) = conversation_id {
            let Some(found) = conversation::find(context, visitor, id).await? else { return Ok(None) };
            let storage = &services(context)?.storage;
            self.keep_to(CONVERSATION, &storage.ids_of_conversation(visitor.workspace, found.id).await?);
        }
        Ok(Some(self))
    }

    /// The ids of the page with their cursors, and what is beyond.
    async fn run(&self, context: &Context<'_>) -> Result<Page, Failure> {
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

/// What a text searches for.
pub fn meant(text: &str) -> Result<Query, Error> {
    query(text).map_err(|unfit| Error::new(unfit.to_string()))
}

fn uuids(found: Vec<(String, String)>) -> Vec<(Uuid, String)> {
    found.into_iter().filter_map(|(id, cursor)| Some((Uuid::try_parse(&id).ok()?, cursor))).collect()
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
        let search = Search::of(visitor.workspace, Kind::Message, &query, (first, after))?;
        let search = search.within(context, (visitor, numbers), conversation_id.as_ref()).await?;
        let Some(search) = search else {
            return Ok(FoundMessages { edges: Vec::new(), page_info: nothing_found() });
        };
        let (found, page_info) = search.run(context).await?;
        let ids: Vec<String> = found.iter().map(|(id, _)| id.clone()).collect();
        let storage = &services(context)?.storage;
        let mut records = storage.messages_by_id(visitor.workspace, &ids).await.map_err(Failure::from)?;
        let mut places = Vec::with_capacity(found.len());
        let mut page = Vec::with_capacity(found.len());
        for (id, cursor) in found {
            // What has gone since, and what the caller may not touch, is not there.
            let record = records.remove(&id).filter(|record| visitor.may_touch(record.number));
            if let Some(record) = record {
                let words = message_words(&record);
                places.push((cursor, SearchSnippet::of(words.iter().map(|word| &**word), &search.query)));
                page.push(record);
            }
        }
        let edges = places.into_iter().zip(Message::page(page));
        let edges = edges.map(|((cursor, snippet), node)| FoundMessage { cursor, node, snippet }).collect();
        Ok(FoundMessages { edges, page_info })
    }

    /// Notes on conversations that have all the words, the latest first: as with messages. A note is found by what it says
    /// now; one that was taken away is not found.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn search_notes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "From 1 to 200 characters, 8 words at most.")] query: String,
        #[graphql(desc = "Only on this conversation.")] conversation_id: Option<ID>,
        #[graphql(desc = "Only on conversations of this number.")] number_id: Option<ID>,
        #[graphql(desc = "How many; 50 if not said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "The end cursor of the page before.")] after: Option<String>,
    ) -> async_graphql::Result<FoundNotes> {
        let asked = number_id.map(|id| vec![id]);
        let (visitor, numbers) = allowed_among(context, Deed::SeeConversations, asked.as_deref())?;
        let search = Search::of(visitor.workspace, Kind::Note, &query, (first, after))?;
        let search = search.within(context, (visitor, numbers), conversation_id.as_ref()).await?;
        let Some(search) = search else {
            return Ok(FoundNotes { edges: Vec::new(), page_info: nothing_found() });
        };
        let (found, page_info) = search.run(context).await?;
        let found = uuids(found);
        let ids: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
        let storage = &services(context)?.storage;
        let mut records = storage.notes_by_id(visitor.workspace, &ids).await.map_err(Failure::from)?;
        let edges = found.into_iter().filter_map(|(id, cursor)| {
            let record = records.remove(&id).filter(|record| visitor.may_touch(record.number))?;
            let snippet = SearchSnippet::of([record.text.as_str()], &search.query);
            Some(FoundNote { cursor, node: Note::from(record), snippet })
        });
        Ok(FoundNotes { edges: edges.collect(), page_info })
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
        let found = uuids(found);
        let ids: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
        let mut records = storage.contacts_by_id(workspace, &ids).await.map_err(Failure::from)?;
        if let Some(numbers) = &visitor.numbers {
            let theirs = storage.contacts_with(workspace, &ids, numbers).await.map_err(Failure::from)?;
            records.retain(|id, _| theirs.contains(id));
        }
        // One that was merged a moment ago is found as the other, which has its own place.
        records.retain(|id, record| record.id == *id);
        let edges = found.into_iter().filter_map(|(id, cursor)| {
            let record = records.remove(&id)?;
            let snippet = SearchSnippet::of(contact_words(&record), &search.query);
            Some(FoundContact { cursor, node: Contact::from(record), snippet })
        });
        Ok(FoundContacts { edges: edges.collect(), page_info })
    }
}

fn nothing_found() -> PageInfo {
    PageInfo { has_previous_page: false, has_next_page: false, start_cursor: None, end_cursor: None }
}
