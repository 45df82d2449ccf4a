//! A change and the event that tells of it, in one transaction: both are there, or neither. Several changes of one
//! workspace go in one transaction too, with one batch of events.

use std::collections::HashSet;
use std::mem::discriminant;
use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::raw::{RawArrayBuf, RawDocumentBuf, cstr};
use mongodb::bson::{Bson, Document, doc, rawdoc};
use uuid::Uuid;

use super::events::{EVENTS, Happening, NewBatch, batch_document};
use super::transaction::{Reads, end};
use super::value::raw;
use super::write::{number, refusals};
use super::{Error, Storage};
use crate::domain::conversation::Change;

/// Somebody else appended or changed the same at the same time: how often the whole is tried.
const TRIES_MAX: u32 = 50;
const AGAIN_AFTER: Duration = Duration::from_millis(2);
const AGAIN_AFTER_MAX: Duration = Duration::from_millis(20);
/// A transaction of ours takes milliseconds from one step to the next. Whoever has left one alone for so long is gone or
/// stands still.
const ABANDONED_AFTER: Duration = Duration::from_secs(2);
/// How many writes go in one command: the largest messages together stay well below what a command may have.
const TOGETHER_MAX: usize = 100;

/// One write of a change.
#[derive(Clone, Debug)]
pub struct Write {
    collection: &'static str,
    statement: Statement,
}

#[derive(Clone, Debug)]
enum Statement {
    Insert(Document),
    Update { filter: Document, change: Changes, finds: Finds },
    Remove { filter: Document, finds: Finds },
}

#[derive(Clone, Debug)]
enum Changes {
    Fields(Document),
    /// By what is in the document.
    Stages(Vec<Document>),
}

/// What is to be found by a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finds {
    One,
    OneOrNone,
    OneOrMakesIt,
}

/// A change with what is told of it.
#[derive(Clone, Debug)]
pub struct Told {
    workspace: Uuid,
    happenings: Vec<Happening>,
    writes: Vec<Write>,
    /// Conversations in which the business has answered by it.
    answered: Vec<Uuid>,
}

impl Write {
    /// Changes the document that matches, if there is one.
    pub fn update(collection: &'static str, filter: Document, change: Document) -> Self {
        Self::changing(collection, filter, Changes::Fields(change), Finds::One)
    }

    /// Changes the document that matches, or makes it.
    pub fn upsert(collection: &'static str, filter: Document, change: Document) -> Self {
        Self::changing(collection, filter, Changes::Fields(change), Finds::OneOrMakesIt)
    }

    /// Changes the document that matches; that there is none changes nothing about the rest.
    pub fn update_if_there(collection: &'static str, filter: Document, change: Document) -> Self {
        Self::changing(collection, filter, Changes::Fields(change), Finds::OneOrNone)
    }

    /// Changes the document that matches by what is in it.
    pub fn pipeline(collection: &'static str, filter: Document, stages: Vec<Document>) -> Self {
        Self::changing(collection, filter, Changes::Stages(stages), Finds::One)
    }

    /// The same, or makes it.
    pub fn upsert_pipeline(collection: &'static str, filter: Document, stages: Vec<Document>) -> Self {
        Self::changing(collection, filter, Changes::Stages(stages), Finds::OneOrMakesIt)
    }

    fn changing(collection: &'static str, filter: Document, change: Changes, finds: Finds) -> Self {
        Self { collection, statement: Statement::Update { filter, change, finds } }
    }

    /// The same, and it changes its document in any case: what would change nothing conflicts with nobody, and whoever
    /// takes or changes that document at the same time would decide without this change, and this one without theirs.
    #[must_use]
    pub fn contested(mut self) -> Self {
        if let Statement::Update { change: Changes::Fields(change), .. } = &mut self.statement {
            let counts = change.entry("$inc".to_owned()).or_insert_with(|| Document::new().into());
            if let Bson::Document(counts) = counts {
                counts.insert("contests", 1_i64);
            }
        }
        self
    }

    /// Adds a document.
    pub fn insert(collection: &'static str, document: Document) -> Self {
        Self { collection, statement: Statement::Insert(document) }
    }

    /// Takes the document that matches away.
    pub fn remove(collection: &'static str, filter: Document) -> Self {
        Self { collection, statement: Statement::Remove { filter, finds: Finds::One } }
    }

    /// Takes the document that matches away, if there is one.
    pub fn remove_if_there(collection: &'static str, filter: Document) -> Self {
        Self { collection, statement: Statement::Remove { filter, finds: Finds::OneOrNone } }
    }

    /// Whether the two can be one command.
    fn goes_with(&self, other: &Self) -> bool {
        self.collection == other.collection
            && discriminant(&self.statement) == discriminant(&other.statement)
            && self.has_to_find() == other.has_to_find()
    }

    /// Whether there has to be a document that it changes.
    fn has_to_find(&self) -> bool {
        match self.statement {
            Statement::Insert(_) => false,
            Statement::Update { finds, .. } | Statement::Remove { finds, .. } => finds == Finds::One,
        }
    }
}

/// The writes in as few commands as keep the order of those to one collection.
fn together<'a>(writes: impl IntoIterator<Item = &'a Write>) -> Vec<Vec<&'a Write>> {
    let mut groups: Vec<Vec<&Write>> = Vec::new();
    for write in writes {
        let of_collection =
            |group: &&mut Vec<&Write>| group.iter().any(|one| one.collection == write.collection);
        match groups.iter_mut().rev().find(of_collection) {
            Some(last) if last.len() < TOGETHER_MAX && last.iter().all(|one| one.goes_with(write)) => {
                last.push(write);
            }
            _ => groups.push(vec![write]),
        }
    }
    groups
}

/// What updates ask of their documents, all the same beside the id.
struct Guard<'a> {
    ids: Vec<&'a str>,
    rest: Document,
}

/// The guard that updates have in common, if each is of another document.
fn guard_of<'a>(some: &[&'a Write]) -> Option<Guard<'a>> {
    let filter_of = |write: &&'a Write| match &write.statement {
        Statement::Update { filter, finds: Finds::One, .. } => Some(filter),
        _ => None,
    };
    let filters: Vec<&Document> = some.iter().map(filter_of).collect::<Option<_>>()?;
    let ids: Vec<&str> = filters.iter().map(|filter| filter.get_str("_id").ok()).collect::<Option<_>>()?;
    let (first, others) = filters.split_first()?;
    let mut rest = (*first).clone();
    rest.remove("_id");
    let is_same = |filter: &&&Document| {
        filter.len() == first.len() && rest.iter().all(|(field, value)| filter.get(field) == Some(value))
    };
    let distinct: HashSet<&str> = ids.iter().copied().collect();
    let is_of_all = distinct.len() == ids.len() && others.iter().filter(is_same).count() == others.len();
    (is_of_all && !others.is_empty() && !rest.is_empty()).then_some(Guard { ids, rest })
}

/// One command for writes that go together. `by_id`: their documents have been looked at.
fn command(some: &[&Write], by_id: bool) -> Result<RawDocumentBuf, Error> {
    let Some(first) = some.first() else { return Ok(RawDocumentBuf::new()) };
    let mut statements = RawArrayBuf::new();
    for write in some {
        statements.push(match &write.statement {
            Statement::Insert(document) => raw(document)?,
            Statement::Update { filter, change, finds } => update(filter, change, *finds, by_id)?,
            Statement::Remove { filter, .. } => raw(&doc! { "q": filter, "limit": 1 })?,
        });
    }
    let (verb, field) = match first.statement {
        Statement::Insert(_) => (cstr!("insert"), cstr!("documents")),
        Statement::Update { .. } => (cstr!("update"), cstr!("updates")),
        Statement::Remove { .. } => (cstr!("delete"), cstr!("deletes")),
    };
    let mut command = RawDocumentBuf::new();
    command.append(verb, first.collection);
    command.append(field, statements);
    Ok(command)
}

fn update(filter: &Document, change: &Changes, finds: Finds, by_id: bool) -> Result<RawDocumentBuf, Error> {
    let mut statement = RawDocumentBuf::new();
    match filter.get_str("_id") {
        Ok(id) if by_id => statement.append(cstr!("q"), rawdoc! { "_id": id }),
        _ => statement.append(cstr!("q"), raw(filter)?),
    }
    match change {
        Changes::Fields(change) => statement.append(cstr!("u"), raw(change)?),
        Changes::Stages(stages) => {
            let stages: Vec<RawDocumentBuf> = stages.iter().map(raw).collect::<Result<_, _>>()?;
            statement.append(cstr!("u"), RawArrayBuf::from_iter(stages));
        }
    }
    if finds == Finds::OneOrMakesIt {
        statement.append(cstr!("upsert"), true);
    }
    Ok(statement)
}

impl Told {
    /// One write, one event.
    pub fn of(workspace: Uuid, happening: Happening, write: Write) -> Self {
        Self { workspace, happenings: vec![happening], writes: vec![write], answered: Vec::new() }
    }

    /// With a further write.
    #[must_use]
    pub fn and(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// The business has answered in this conversation: that may open a window free of charge.
    #[must_use]
    pub fn answering(mut self, conversation: Uuid) -> Self {
        self.answered.push(conversation);
        self
    }

    /// Whose change it is.
    pub fn workspace(&self) -> Uuid {
        self.workspace
    }

    /// This and others of the same workspace as one change: all of it, or nothing.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.happenings.extend(other.happenings);
        self.writes.extend(other.writes);
        self.answered.extend(other.answered);
        self
    }

    /// With a further event.
    #[must_use]
    pub fn telling(mut self, happening: Happening) -> Self {
        self.happenings.push(happening);
        self
    }
}

/// What a plan comes to, with what its maker wants to know of it.
#[derive(Clone, Debug)]
pub(super) enum Planned<T> {
    /// To be done and told.
    Do(Told, T),
    /// Nothing is to be done.
    Nothing(T),
}

/// A change that is decided by what is there. What it changes has to have been looked at in the session.
pub(super) trait Plan: Sync {
    type Known: Send;

    /// Looks and decides.
    fn make(
        &self,
        storage: &Storage,
        session: &mut ClientSession,
    ) -> impl Future<Output = Result<Planned<Self::Known>, Error>> + Send;
}

impl Storage {
    /// Looks, decides, changes and tells, all in one transaction: what somebody else changes meanwhile lets the whole be
    /// tried again.
    pub(super) async fn plan_and_tell<P: Plan>(
        &self,
        workspace: Uuid,
        now_ms: i64,
        plan: &P,
    ) -> Result<P::Known, Error> {
        let mut outcome = Err(Error::Conflict);
        for _ in 0..TRIES_MAX {
            outcome = self.try_plan_and_tell(workspace, now_ms, plan).await;
            // A key that is taken: somebody else has made the same document, and the next look finds it.
            if !matches!(outcome, Err(Error::Conflict | Error::Duplicate)) {
                break;
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        outcome
    }

    async fn try_plan_and_tell<P: Plan>(
        &self,
        workspace: Uuid,
        now_ms: i64,
        plan: &P,
    ) -> Result<P::Known, Error> {
        let seq = self.last_event(workspace).await? + 1;
        let mut session = self.begin(Reads::OneMoment).await?;
        let done = match plan.make(self, &mut session).await {
            Ok(Planned::Do(told, known)) => {
                match self.change_within(&mut session, std::slice::from_ref(&told), seq, now_ms).await {
                    Ok(true) => Ok((known, true)),
                    Ok(false) => Err(Error::Conflict),
                    Err(error) => Err(error),
                }
            }
            Ok(Planned::Nothing(known)) => Ok((known, false)),
            Err(error) => Err(error),
        };
        end(&mut session, done, |(_, is_done)| *is_done).await.map(|(known, _)| known)
    }

    /// Ends transactions that somebody has begun and left alone. Whoever dies within one leaves it open, and the server
    /// would keep all others from its documents, the workspace's next event among them, for a minute. Gives how many.
    pub async fn end_abandoned_changes(&self) -> Result<usize, Error> {
        let left_us = i64::try_from(ABANDONED_AFTER.as_micros()).unwrap_or(i64::MAX);
        let left = doc! { "$match": {
            "appName": &*self.app_name,
            "type": "idleSession",
            "transaction.timeInactiveMicros": { "$gt": left_us },
        } };
        let stages = [doc! { "$currentOp": { "allUsers": false, "idleSessions": true } }, left];
        let admin = self.database.client().database("admin");
        let found: Vec<Document> = admin.aggregate(stages).await?.try_collect().await?;
        let id = |one: &Document| one.get_document("lsid").ok()?.get("id").cloned();
        let sessions: Vec<Document> = found.iter().filter_map(id).map(|id| doc! { "id": id }).collect();
        if sessions.is_empty() {
            return Ok(0);
        }
        let count = sessions.len();
        self.run(doc! { "killSessions": sessions }).await?;
        Ok(count)
    }

    /// Makes the change and tells of it. False: a document that was to be changed is not there, and nothing was done.
    /// `Duplicate`: a key of the change is taken.
    pub async fn change_and_tell(&self, told: &Told, now_ms: i64) -> Result<bool, Error> {
        self.change_all_and_tell(std::slice::from_ref(told), now_ms).await
    }

    /// The same for several changes of one workspace, as one: all of it, or nothing.
    pub async fn change_all_and_tell(&self, all: &[Told], now_ms: i64) -> Result<bool, Error> {
        let mut outcome = Err(Error::Conflict);
        for tries in 1..=TRIES_MAX {
            outcome = self.try_change_and_tell(all, now_ms).await;
            if !matches!(outcome, Err(Error::Conflict)) {
                break;
            }
            // Until a majority has what somebody else was faster with, one would only lose again.
            tokio::time::sleep((AGAIN_AFTER * tries).min(AGAIN_AFTER_MAX)).await;
        }
        outcome
    }

    async fn try_change_and_tell(&self, all: &[Told], now_ms: i64) -> Result<bool, Error> {
        let Some(first) = all.first() else { return Ok(true) };
        let seq = self.last_event(first.workspace).await? + 1;
        let mut session = self.begin(Reads::Latest).await?;
        let outcome = self.change_within(&mut session, all, seq, now_ms).await;
        end(&mut session, outcome, |is_done| *is_done).await
    }

    async fn change_within(
        &self,
        session: &mut ClientSession,
        all: &[Told],
        seq: i64,
        now_ms: i64,
    ) -> Result<bool, Error> {
        let Some(Told { workspace, .. }) = all.first() else { return Ok(true) };
        // First the number: whoever comes second learns it before anything else is done for nothing.
        let happenings = all.iter().flat_map(|told| told.happenings.iter().cloned()).collect();
        let batch = NewBatch { workspace: *workspace, source: None, happenings };
        let mut insert = RawDocumentBuf::new();
        insert.append(cstr!("insert"), EVENTS.name);
        insert.append(cstr!("documents"), RawArrayBuf::from_iter([batch_document(seq, &batch, now_ms)?]));
        match self.run_within(session, insert).await {
            // Somebody else has that number: the whole once more, at the next.
            Err(Error::Duplicate) => return Err(Error::Conflict),
            outcome => outcome?,
        };
        if !self.write_within(session, all.iter().flat_map(|told| &told.writes)).await? {
            return Ok(false);
        }
        let change = Change::default();
        let answered = all.iter().flat_map(|told| &told.answered);
        let answered = answered.map(|conversation| (*conversation, &change)).collect();
        self.open_free_windows_within(session, &answered).await.map(|()| true)
    }

    /// Makes writes within a transaction. False: a document that was to be changed is not there.
    pub(super) async fn write_within(
        &self,
        session: &mut ClientSession,
        writes: impl IntoIterator<Item = &Write>,
    ) -> Result<bool, Error> {
        for some in together(writes) {
            let guard = guard_of(&some);
            if let Some(Guard { ids, rest }) = &guard
                && let place = (some.first().map_or("", |write| write.collection), ids.as_slice())
                && self.look_within(session, place, rest, doc! { "_id": 1 }).await?.len() < ids.len()
            {
                return Ok(false);
            }
            let matched = self.run_within(session, command(&some, guard.is_some())?).await?;
            if matched < some.len() as u64 && some.iter().any(|write| write.has_to_find()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn run_within(&self, session: &mut ClientSession, command: RawDocumentBuf) -> Result<u64, Error> {
        let run = self.database.run_raw_command(command).session(session);
        let reply = tokio::time::timeout(self.timeout, run).await.map_err(|_| Error::OutcomeUnknown)??;
        match refusals(&reply).into_iter().next() {
            Some((_, error)) => Err(error),
            None => Ok(number(&reply, "n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(id: &str) -> Document {
        doc! { "_id": id, "state": "queued", "due": 7 }
    }

    fn update(filter: Document) -> Write {
        Write::update("messages", filter, doc! { "$set": { "state": "gone" } })
    }

    /// The ids that are looked at before, if all of them are.
    fn guarded(writes: &[Write]) -> Option<Vec<&str>> {
        let some: Vec<&Write> = writes.iter().collect();
        let guard = guard_of(&some)?;
        assert_eq!(guard.rest, doc! { "state": "queued", "due": 7 });
        Some(guard.ids)
    }

    #[test]
    fn updates_that_ask_the_same_of_different_documents_look_at_all_of_them_first() {
        let all = |second: Document| [update(queued("a")), update(second)];
        assert_eq!(guarded(&all(queued("b"))), Some(vec!["a", "b"]));
        assert_eq!(guarded(&all(doc! { "due": 7, "state": "queued", "_id": "b" })), Some(vec!["a", "b"]));
        for other in [
            queued("a"),
            doc! { "_id": "b", "state": "queued", "due": 8 },
            doc! { "_id": "b", "state": "queued" },
            doc! { "_id": "b", "state": "queued", "due": 7, "more": 1 },
            doc! { "_id": 1, "state": "queued", "due": 7 },
            doc! { "state": "queued", "due": 7 },
        ] {
            assert_eq!(guarded(&all(other.clone())), None, "{other}");
        }
        assert_eq!(guarded(&[update(queued("a"))]), None, "one alone");
        assert_eq!(
            guarded(&[update(doc! { "_id": "a" }), update(doc! { "_id": "b" })]),
            None,
            "nothing is asked"
        );
        let lenient =
            |id| Write::update_if_there("messages", queued(id), doc! { "$set": { "state": "gone" } });
        assert_eq!(guarded(&[lenient("a"), lenient("b")]), None);
    }

    #[test]
    fn a_command_asks_for_the_id_alone_after_the_look_and_for_all_of_it_else() {
        let (one, other) = (
            update(queued("a")),
            Write::upsert_pipeline("messages", queued("b"), vec![doc! { "$set": { "x": 1 } }]),
        );
        let of = |write: &Write, by_id| Document::try_from(command(&[write], by_id).unwrap()).unwrap();
        let set = doc! { "$set": { "state": "gone" } };
        assert_eq!(
            of(&one, true),
            doc! { "update": "messages", "updates": [{ "q": { "_id": "a" }, "u": &set }] }
        );
        assert_eq!(
            of(&one, false),
            doc! { "update": "messages", "updates": [{ "q": queued("a"), "u": &set }] }
        );
        let updates = [doc! { "q": queued("b"), "u": [{ "$set": { "x": 1 } }], "upsert": true }];
        assert_eq!(of(&other, false), doc! { "update": "messages", "updates": updates.to_vec() });
        let removal = Write::remove("messages", queued("a"));
        let deletes = [doc! { "q": queued("a"), "limit": 1 }];
        assert_eq!(of(&removal, false), doc! { "delete": "messages", "deletes": deletes.to_vec() });
    }
}
