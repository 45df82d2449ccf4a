//! What is searched: for each message, contact or note the tokens by which it is found, and how far the log of events has
//! been taken in. What the tokens mean is in `domain::search`.
//!
//! An item carries the number of the batch of events for which it was last written, and an older one never goes over a
//! newer: whoever takes the log in twice, late, or beside somebody else does no harm.
//!
//! A search reads one stretch of one index, newest first: the items that have the rarest of its tokens. The others are
//! looked for in those items. How many items that may be has a bound; beyond it there is a place to go on from.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::Collection as Handle;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::Hint;
use uuid::Uuid;

use super::arrivals::{binary, uuid_of};
use super::index::{Collection, Index};
use super::page::{Way, keep_beyond};
use super::value::{millis, raw};
use super::write::Update;
use super::{Error, Storage, durable};
use crate::domain::search::{CONVERSATION, id_token};

pub const ITEMS: Collection = Collection {
    name: "search_items",
    holds: "the words by which messages, contacts and notes are found; `pesan search rebuild` makes all of it anew",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[Index {
        name: INDEX,
        keys: &[("workspace", 1), ("tokens", 1), ("at", -1), ("_id", -1)],
        unique: false,
        expires: false,
        only: None,
        serves: "what has a word, the latest first",
    }],
};

pub const STANDINGS: Collection = Collection {
    name: "search_standings",
    holds: "how far search has taken in each workspace's events, and which instance does it",
    written_at: None,
    expires_at: None,
    options: Document::new,
    indexes: &[],
};

const INDEX: &str = "tokens_at";
/// The document that says which instance takes the log in.
const LEASE: &str = "lease";
/// A token is the rarer the older its item of this number is, counted from the latest.
const RARE_NTH: u64 = 200;
/// So many items are looked at in one stretch, and so many stretches in one page.
const STRETCH: u64 = 1_000;
const STRETCHES_MAX: usize = 5;
/// So many items are looked at for the conversations that they belong to.
const LOOKED_AT_MAX: u64 = 5_000;
/// What takes longer is given up.
const SEARCH_TIME_MAX: Duration = Duration::from_secs(5);

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Message,
    Contact,
    Note,
}

impl Kind {
    /// The letter before its tokens and keys.
    fn letter(self) -> char {
        match self {
            Self::Message => 'm',
            Self::Contact => 'c',
            Self::Note => 'n',
        }
    }

    /// Whether a place is among things of this kind.
    pub fn has(self, place: &SearchPlace) -> bool {
        place.key.strip_prefix(self.letter()).is_some_and(|rest| rest.starts_with(':'))
    }

    /// The key of the item of a thing of this kind.
    pub fn key(self, id: &str) -> String {
        format!("{}:{id}", self.letter())
    }
}

/// Something as it is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub workspace: Uuid,
    pub kind: Kind,
    /// The id of the message, contact or note.
    pub id: String,
    /// What it is sorted by, in seconds; it never changes.
    pub at_s: i64,
    /// None: it is not found any more.
    pub tokens: Vec<String>,
    /// The batch of events that it is as new as.
    pub seq: i64,
}

/// A place among what is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPlace {
    pub at_s: i64,
    /// The item's key.
    pub key: String,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub workspace: Uuid,
    pub kind: Kind,
    /// All of these.
    pub tokens: Vec<String>,
    /// A token that begins so.
    pub beginning: Option<String>,
    /// At least one of each.
    pub one_of: Vec<Vec<String>>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The ids with their places, the latest first.
    pub items: Vec<(String, SearchPlace)>,
    /// Where to go on, if there may be more than was looked at. None: there is nothing beyond.
    pub rest: Option<SearchPlace>,
}

/// Conversations that a search means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversations {
    /// Those of the latest items first.
    pub ids: Vec<Uuid>,
    /// False: there are more items than were looked at, or more conversations than are given.
    pub is_complete: bool,
}

impl Storage {
    /// Writes items, unless there are newer ones.
    pub async fn put_search_items(&self, items: &[Item]) -> Result<(), Error> {
        // Nearly all are new, and an insert costs less than an update.
        let (new, mut old): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|item| !item.tokens.is_empty());
        let inserts = new.iter().map(|item| {
            let mut document = doc! { "_id": item.kind.key(&item.id) };
            document.extend(item.document());
            raw(&document)
        });
        for refusal in self.insert_each(ITEMS.name, inserts.collect::<Result<_, _>>()?).await? {
            match refusal.error {
                Error::Duplicate => old.extend(new.get(refusal.index)),
                error => return Err(error),
            }
        }
        let updates = old.iter().map(|item| {
            let filter = doc! { "_id": item.kind.key(&item.id), "seq": { "$lte": item.seq } };
            let upsert = !item.tokens.is_empty();
            Ok::<_, Error>(Update { filter: raw(&filter)?, change: raw(&item.document())?, upsert })
        });
        let refusals = self.update_each(ITEMS.name, updates.collect::<Result<_, _>>()?).await?;
        // A key that is taken has a newer item.
        match refusals.into_iter().find(|refusal| refusal.error != Error::Duplicate) {
            Some(refusal) => Err(refusal.error),
            None => Ok(()),
        }
    }

    /// Looks for items beyond a place, the latest first.
    pub async fn search_items(
        &self,
        wanted: &Wanted,
        from: Option<&SearchPlace>,
        limit: usize,
    ) -> Result<Found, Error> {
        let (rarest, sieve) = self.way_to(wanted).await?;
        let mut found = Found { items: Vec::new(), rest: from.cloned() };
        for _ in 0..STRETCHES_MAX {
            let mut filter = doc! { "workspace": binary(wanted.workspace), "tokens": &rarest };
            if let Some(place) = &found.rest {
                keep_beyond(&mut filter, Way::Older, ("at", place.at_s), ("_id", place.key.as_str()));
            }
            let end = if sieve.is_empty() { None } else { self.nth_place(filter.clone(), STRETCH).await? };
            if let Some(end) = &end {
                let within = doc! { "at": { "$gte": end.at_s } };
                let beyond = doc! { "at": end.at_s, "_id": { "$lt": &end.key } };
                filter.insert("$and", vec![within, doc! { "$nor": [beyond] }]);
            }
            if !sieve.is_empty() {
                filter.insert("$expr", doc! { "$and": sieve.clone() });
            }
            let missing = limit.saturating_sub(found.items.len());
            let stretch = self.read_stretch(filter, missing).await?;
            let is_full = stretch.len() == missing;
            found.items.extend(stretch);
            if is_full {
                found.rest = found.items.last().map(|(_, place)| place.clone());
                return Ok(found);
            }
            found.rest = end;
            if found.rest.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// The conversations that the items belong to, as far as some thousands of the latest items tell.
    pub async fn search_conversations(&self, wanted: &Wanted, limit: usize) -> Result<Conversations, Error> {
        let (rarest, sieve) = self.way_to(wanted).await?;
        let filter = doc! { "workspace": binary(wanted.workspace), "tokens": rarest };
        let beyond = self.nth_place(filter.clone(), LOOKED_AT_MAX + 1).await?;
        let start = wanted.named(&id_token(CONVERSATION, ""));
        let limit_found = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut stages = vec![
            doc! { "$match": filter },
            doc! { "$sort": Way::Older.sort("at", "_id") },
            doc! { "$limit": i64::try_from(LOOKED_AT_MAX).unwrap_or(i64::MAX) },
        ];
        if !sieve.is_empty() {
            stages.push(doc! { "$match": { "$expr": { "$and": sieve } } });
        }
        stages.extend([
            // The first token of an item that belongs to a conversation names it.
            doc! { "$group": { "_id": { "$first": "$tokens" }, "at": { "$max": "$at" } } },
            doc! { "$sort": { "at": -1, "_id": 1 } },
            doc! { "$limit": limit_found },
        ]);
        let items = self.items();
        let grouped = items.aggregate(stages).hint(Hint::Name(INDEX.to_owned())).max_time(SEARCH_TIME_MAX);
        let found: Vec<Document> = grouped.await?.try_collect().await?;
        let id = |one: &Document| Uuid::try_parse(one.get_str("_id").ok()?.strip_prefix(&start)?).ok();
        let mut ids: Vec<Uuid> = found.iter().filter_map(id).collect();
        let is_complete = beyond.is_none() && ids.len() <= limit;
        ids.truncate(limit);
        Ok(Conversations { ids, is_complete })
    }

    /// The token by which the items are read, and what they have to be besides.
    async fn way_to(&self, wanted: &Wanted) -> Result<(String, Vec<Bson>), Error> {
        let mut wanted = wanted.clone();
        // One of one is that one.
        let (single, several): (Vec<_>, Vec<_>) =
            wanted.one_of.into_iter().partition(|group| group.len() == 1);
        wanted.tokens.extend(single.into_iter().flatten());
        wanted.one_of = several;
        let tokens: Vec<String> = wanted.tokens.iter().map(|token| wanted.named(token)).collect();
        let rarest = self.rarest(wanted.workspace, &tokens).await?;
        let rest: Vec<&String> = tokens.iter().filter(|token| **token != rarest).collect();
        let sieve = wanted.sieve(&rest);
        Ok((rarest, sieve))
    }

    async fn read_stretch(
        &self,
        filter: Document,
        limit: usize,
    ) -> Result<Vec<(String, SearchPlace)>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found: Vec<Document> = self
            .items()
            .find(filter)
            .sort(Way::Older.sort("at", "_id"))
            .hint(Hint::Name(INDEX.to_owned()))
            .projection(doc! { "at": 1 })
            .limit(limit)
            .await?
            .try_collect()
            .await?;
        let item = |one: &Document| {
            let place = place_of(one)?;
            let id = place.key.split_once(':')?.1.to_owned();
            Some((id, place))
        };
        Ok(found.iter().filter_map(item).collect())
    }

    /// The place of the n-th item; none where there are fewer.
    async fn nth_place(&self, filter: Document, n: u64) -> Result<Option<SearchPlace>, Error> {
        let last = self
            .items()
            .find_one(filter)
            .sort(Way::Older.sort("at", "_id"))
            .hint(Hint::Name(INDEX.to_owned()))
            .projection(doc! { "at": 1 })
            .skip(n.saturating_sub(1))
            .await?;
        Ok(last.as_ref().and_then(place_of))
    }

    /// The token whose latest items reach back the furthest: the rarest one of late, as far as a few of each tell. Of
    /// several that reach as far the longest.
    async fn rarest(&self, workspace: Uuid, tokens: &[String]) -> Result<String, Error> {
        let mut reached = Vec::with_capacity(tokens.len());
        for token in tokens {
            let filter = doc! { "workspace": binary(workspace), "tokens": token };
            let back = if tokens.len() == 1 { None } else { self.nth_place(filter, RARE_NTH).await? };
            reached.push((back.map(|place| place.at_s), std::cmp::Reverse(token.chars().count()), token));
        }
        let rarest = reached.into_iter().min().map(|(_, _, token)| token.clone());
        rarest.ok_or(Error::Malformed { what: "a search without words" })
    }

    /// How far each workspace's events are taken in; those of some, or of all.
    pub async fn search_standings(&self, of: Option<&BTreeSet<Uuid>>) -> Result<HashMap<Uuid, i64>, Error> {
        let mut filter = doc! { "seq": { "$exists": true } };
        if let Some(of) = of {
            let ids: Vec<String> = of.iter().map(|workspace| workspace.simple().to_string()).collect();
            filter.insert("_id", doc! { "$in": ids });
        }
        let found: Vec<Document> = self.standings().find(filter).await?.try_collect().await?;
        let standing = |one: &Document| Some((uuid_of(one, "workspace")?, one.get_i64("seq").ok()?));
        Ok(found.iter().filter_map(standing).collect())
    }

    /// A workspace's events are taken in from one batch to another. False: somebody else has come there.
    pub async fn advance_search(&self, workspace: Uuid, from: Option<i64>, to: i64) -> Result<bool, Error> {
        let id = workspace.simple().to_string();
        let Some(from) = from else {
            let new = doc! { "_id": id, "v": 1, "workspace": binary(workspace), "seq": to };
            let standings = self.standings();
            let insert = standings.insert_one(new).write_concern(durable(self.timeout));
            return match insert.await.map_err(Error::from) {
                Ok(_) => Ok(true),
                Err(Error::Duplicate) => Ok(false),
                Err(error) => Err(error),
            };
        };
        let standings = self.standings();
        let update = standings.update_one(doc! { "_id": id, "seq": from }, doc! { "$set": { "seq": to } });
        Ok(update.write_concern(durable(self.timeout)).await?.matched_count == 1)
    }

    /// All of a workspace's events up to a batch are taken in.
    pub async fn raise_search(&self, workspace: Uuid, to: i64) -> Result<(), Error> {
        let change = doc! {
            "$max": { "seq": to },
            "$setOnInsert": { "v": 1, "workspace": binary(workspace) },
        };
        let filter = doc! { "_id": workspace.simple().to_string() };
        let standings = self.standings();
        let update = standings.update_one(filter, change).upsert(true);
        update.write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    /// Takes or renews the right to take the log in, in the database's time. False: another instance has it.
    pub async fn hold_search(&self, holder: Uuid, lease: Duration) -> Result<bool, Error> {
        let filter = doc! {
            "_id": LEASE,
            "$or": [{ "holder": binary(holder) }, { "$expr": { "$lt": ["$until", "$$NOW"] } }],
        };
        let set = doc! { "$set": {
            "v": 1,
            "holder": binary(holder),
            "until": { "$add": ["$$NOW", millis(lease)] },
        } };
        let standings = self.standings();
        let update = standings.update_one(filter, vec![set.clone()]).write_concern(durable(self.timeout));
        if update.await?.matched_count == 1 {
            return Ok(true);
        }
        // The server makes nothing by a filter that looks at its clock: whoever finds no lease makes it.
        let own = doc! { "_id": LEASE, "holder": binary(holder) };
        let insert = standings.update_one(own, vec![set]).upsert(true);
        match insert.write_concern(durable(self.timeout)).await.map_err(Error::from) {
            Ok(_) => Ok(true),
            // It is there, and somebody else's.
            Err(Error::Duplicate) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives the right up, if one has it.
    pub async fn leave_search(&self, holder: Uuid) -> Result<(), Error> {
        let own = doc! { "_id": LEASE, "holder": binary(holder) };
        self.standings().delete_one(own).write_concern(durable(self.timeout)).await?;
        Ok(())
    }

    /// Items in the order of their keys, as keys, with their workspaces and the batches that they are as new as.
    pub async fn search_items_after(
        &self,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<(String, Uuid, i64)>, Error> {
        let filter = after.map_or_else(Document::new, |after| doc! { "_id": { "$gt": after } });
        let items = self.items();
        let find = items.find(filter).sort(doc! { "_id": 1 }).projection(doc! { "workspace": 1, "seq": 1 });
        let found: Vec<Document> = find.limit(limit).await?.try_collect().await?;
        let item = |one: &Document| {
            Some((one.get_str("_id").ok()?.to_owned(), uuid_of(one, "workspace")?, one.get_i64("seq").ok()?))
        };
        Ok(found.iter().filter_map(item).collect())
    }

    /// Takes items away that have not become newer since.
    pub async fn remove_search_items(&self, items: &[(String, i64)]) -> Result<(), Error> {
        let ways: Vec<Document> = items.iter().map(|(key, seq)| doc! { "_id": key, "seq": seq }).collect();
        if !ways.is_empty() {
            self.items().delete_many(doc! { "$or": ways }).write_concern(durable(self.timeout)).await?;
        }
        Ok(())
    }

    fn items(&self) -> Handle<Document> {
        self.database.collection(ITEMS.name)
    }

    fn standings(&self) -> Handle<Document> {
        self.database.collection(STANDINGS.name)
    }
}

impl Item {
    /// What is stored of it. Its tokens are in their order: by this the first ones are those of what it belongs to
    /// (`domain::search::id_token`).
    fn document(&self) -> Document {
        let mut tokens: Vec<String> =
            self.tokens.iter().map(|token| format!("{}{token}", self.kind.letter())).collect();
        tokens.sort_unstable();
        doc! {
            "v": 1,
            "workspace": binary(self.workspace),
            "at": self.at_s,
            "tokens": tokens,
            "seq": self.seq,
        }
    }
}

impl Wanted {
    /// A token as items of the kind have it.
    fn named(&self, token: &str) -> String {
        format!("{}{token}", self.kind.letter())
    }

    /// What an item has to be besides having the rarest token. As expressions, which no index can serve: the server is to
    /// read by that token and by no other.
    fn sieve(&self, rest: &[&String]) -> Vec<Bson> {
        let mut sieve: Vec<Bson> = Vec::new();
        for token in rest {
            sieve.push(doc! { "$in": [{ "$literal": token.as_str() }, "$tokens"] }.into());
        }
        for group in &self.one_of {
            let group: Vec<String> = group.iter().map(|token| self.named(token)).collect();
            let common = doc! { "$setIntersection": [{ "$literal": group }, "$tokens"] };
            sieve.push(doc! { "$gt": [{ "$size": common }, 0] }.into());
        }
        if let Some(beginning) = &self.beginning {
            let begins = doc! { "$eq": [
                { "$indexOfBytes": ["$$this", { "$literal": self.named(beginning) }, 0] },
                0,
            ] };
            let those = doc! { "$filter": { "input": "$tokens", "cond": begins } };
            sieve.push(doc! { "$gt": [{ "$size": those }, 0] }.into());
        }
        sieve
    }
}

fn place_of(item: &Document) -> Option<SearchPlace> {
    Some(SearchPlace { at_s: item.get_i64("at").ok()?, key: item.get_str("_id").ok()?.to_owned() })
}
