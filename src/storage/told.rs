//! A change and the event that tells of it, in one transaction: both are there, or neither. Several changes of one
//! workspace go in one transaction too, with one batch of events.

use std::collections::HashSet;
use std::mem::discriminant;
use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::raw::{RawArrayBuf, RawDocumentBuf, cstr};
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::TransactionOptions;
use uuid::Uuid;

use super::conversations::commit;
use super::events::{EVENTS, Happening, NewBatch, batch_document};
use super::value::raw;
use super::write::{number, refusals};
use super::{Error, Storage, deciding, durable};
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
    /// The update, and whether it may find nothing to change.
    Update(Document, bool),
    /// Whether it may find nothing to remove.
    Remove(Document, bool),
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
        Self { collection, statement: Statement::Update(doc! { "q": filter, "u": change }, false) }
    }

    /// Changes the document that matches, or makes it.
    pub fn upsert(collection: &'static str, filter: Document, change: Document) -> Self {
        let statement = doc! { "q": filter, "u": change, "upsert": true };
        Self { collection, statement: Statement::Update(statement, true) }
    }

    /// Changes the document that matches; that there is none changes nothing about the rest.
    pub fn update_if_there(collection: &'static str, filter: Document, change: Document) -> Self {
        Self { collection, statement: Statement::Update(doc! { "q": filter, "u": change }, true) }
    }

    /// Changes the document that matches by what is in it.
    pub fn pipeline(collection: &'static str, filter: Document, stages: Vec<Document>) -> Self {
        Self { collection, statement: Statement::Update(doc! { "q": filter, "u": stages }, false) }
    }

    /// The same, or makes it.
    pub fn upsert_pipeline(collection: &'static str, filter: Document, stages: Vec<Document>) -> Self {
        let statement = doc! { "q": filter, "u": stages, "upsert": true };
        Self { collection, statement: Statement::Update(statement, true) }
    }

    /// The same, and it changes its document in any case: what would change nothing conflicts with nobody, and whoever
    /// takes or changes that document at the same time would decide without this change, and this one without theirs.
    #[must_use]
    pub fn contested(mut self) -> Self {
        if let Statement::Update(statement, _) = &mut self.statement
            && let Ok(change) = statement.get_document_mut("u")
        {
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
        Self { collection, statement: Statement::Remove(filter, false) }
    }

    /// Takes the document that matches away, if there is one.
    pub fn remove_if_there(collection: &'static str, filter: Document) -> Self {
        Self { collection, statement: Statement::Remove(filter, true) }
    }

    /// Whether the two can be one command.
    fn goes_with(&self, other: &Self) -> bool {
        let lenient =
            |write: &Self| matches!(write.statement, Statement::Update(_, true) | Statement::Remove(_, true));
        self.collection == other.collection
            && discriminant(&self.statement) == discriminant(&other.statement)
            && lenient(self) == lenient(other)
    }

    fn may_match_nothing(&self) -> bool {
        !matches!(self.statement, Statement::Update(_, false) | Statement::Remove(_, false))
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

/// What updates of documents of the same kind ask of theirs, all the same beside the id.
struct Guard {
    ids: Vec<Bson>,
    rest: Document,
}

/// The guard that updates have in common, if each is of another document.
fn guard_of(some: &[&Write]) -> Option<Guard> {
    let mut ids: Vec<Bson> = Vec::with_capacity(some.len());
    let mut rest: Option<Document> = None;
    for write in some {
        let Statement::Update(statement, false) = &write.statement else { return None };
        let mut filter = statement.get_document("q").ok()?.clone();
        let id = filter.remove("_id").filter(|id| matches!(id, Bson::String(_)))?;
        match &rest {
            Some(rest) if *rest != filter => return None,
            Some(_) => {}
            None if filter.is_empty() => return None,
            None => rest = Some(filter),
        }
        ids.push(id);
    }
    let distinct: HashSet<&str> = ids.iter().filter_map(Bson::as_str).collect();
    let is_each_another = distinct.len() == ids.len() && ids.len() > 1;
    rest.filter(|_| is_each_another).map(|rest| Guard { ids, rest })
}

/// One command for writes that go together. `by_id`: their documents have been looked at.
fn command(some: &[&Write], by_id: bool) -> Result<RawDocumentBuf, Error> {
    let Some(first) = some.first() else { return Ok(RawDocumentBuf::new()) };
    let mut statements = RawArrayBuf::new();
    for write in some {
        statements.push(match &write.statement {
            Statement::Update(statement, _) if by_id => {
                let filter = statement.get_document("q").ok().and_then(|filter| filter.get("_id")).cloned();
                let mut statement = statement.clone();
                statement.insert("q", doc! { "_id": filter.unwrap_or(Bson::Null) });
                raw(&statement)?
            }
            Statement::Insert(document) | Statement::Update(document, _) => raw(document)?,
            Statement::Remove(filter, _) => raw(&doc! { "q": filter, "limit": 1 })?,
        });
    }
    let (verb, field) = match first.statement {
        Statement::Insert(_) => (cstr!("insert"), cstr!("documents")),
        Statement::Update(..) => (cstr!("update"), cstr!("updates")),
        Statement::Remove(..) => (cstr!("delete"), cstr!("deletes")),
    };
    let mut command = RawDocumentBuf::new();
    command.append(verb, first.collection);
    command.append(field, statements);
    Ok(command)
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
        let mut session = self.database.client().start_session().await?;
        session.start_transaction().with_options(deciding(self.timeout)).await?;
        let done = match plan.make(self, &mut session).await {
            Ok(Planned::Do(told, known)) => {
                match self.change_within(&mut session, std::slice::from_ref(&told), seq, now_ms).await {
                    Ok(true) => return commit(&mut session).await.map(|()| known),
                    Ok(false) => Err(Error::Conflict),
                    Err(error) => Err(error),
                }
            }
            Ok(Planned::Nothing(known)) => Ok(known),
            Err(error) => Err(error),
        };
        // What cannot be aborted ends by itself.
        session.abort_transaction().await.ok();
        done
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
        let mut session = self.database.client().start_session().await?;
        let options = TransactionOptions::builder().write_concern(durable(self.timeout)).build();
        session.start_transaction().with_options(options).await?;
        match self.change_within(&mut session, all, seq, now_ms).await {
            Ok(true) => commit(&mut session).await.map(|()| true),
            outcome => {
                // What cannot be aborted ends by itself.
                session.abort_transaction().await.ok();
                outcome
            }
        }
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
            if let Some(guard) = &guard
                && !self.all_are_so_within(session, &some, guard).await?
            {
                return Ok(false);
            }
            let matched = self.run_within(session, command(&some, guard.is_some())?).await?;
            if matched < some.len() as u64 && !some.iter().any(|write| write.may_match_nothing()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the documents are as the updates want them. Asked for all at once, because to find a document by more than
    /// its id costs the server as much again as changing it. Whoever changes one of them meanwhile conflicts with this
    /// transaction.
    async fn all_are_so_within(
        &self,
        session: &mut ClientSession,
        some: &[&Write],
        Guard { ids, rest }: &Guard,
    ) -> Result<bool, Error> {
        let Some(first) = some.first() else { return Ok(true) };
        let mut filter = doc! { "_id": { "$in": ids } };
        filter.extend(rest.clone());
        let documents = self.database.collection::<RawDocumentBuf>(first.collection);
        let find = documents.find(filter).projection(doc! { "_id": 1 }).batch_size(5_000);
        let mut cursor = find.session(&mut *session).await?;
        let mut count = 0;
        while cursor.advance(session).await? {
            count += 1;
        }
        Ok(count == ids.len())
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
