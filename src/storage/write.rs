//! Many writes in one command: inserts and updates whose outcome is known one by one, each durable.
//!
//! The driver's own `insert_many` gives up the outcome of the single document, and its bulk write needs a newer
//! server, so these are the server's own commands. All callers are idempotent: after an unknown outcome they do
//! the same again.

use mongodb::ClientSession;
use mongodb::bson::raw::{CStr, RawArrayBuf, RawDocumentBuf, cstr};
use mongodb::bson::{Bson, Document, doc};

use super::value::roomy;
use super::{Error, Storage};

/// The server takes a command of 16 MB and a little; each part stays well below.
const COMMAND_BYTES_MAX: usize = 12 * 1024 * 1024;
const COMMAND_WRITES_MAX: usize = 10_000;
/// Within a transaction each part costs little by itself, and its bytes are copied several times on their way.
const PART_BYTES: usize = 512 * 1024;
/// The largest document that the server takes.
const DOCUMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What a statement has beside its filter and its change.
const STATEMENT_BYTES: usize = 32;
const TOO_LARGE: i32 = 10_334;

/// One write of a batch that the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in the batch.
    pub index: usize,
    pub error: Error,
}

/// How far an ordered insert came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InOrder {
    /// How many documents are in.
    pub written: usize,
    /// Whether the one after them has a key that is there already.
    pub is_duplicate: bool,
}

/// An update of the documents that match `filter`; the first one only.
#[derive(Debug)]
pub(super) struct Update {
    pub filter: RawDocumentBuf,
    pub change: RawDocumentBuf,
    pub upsert: bool,
}

impl Storage {
    /// Inserts each document on its own: one that is refused harms no other. Durable when it returns.
    pub(super) async fn insert_each(
        &self,
        collection: &str,
        documents: Vec<RawDocumentBuf>,
    ) -> Result<Vec<Refusal>, Error> {
        let mut batch = Batch::new(self, cstr!("insert"), cstr!("documents"), collection);
        for (index, document) in documents.into_iter().enumerate() {
            if document.as_bytes().len() > DOCUMENT_BYTES_MAX {
                let error = Error::Refused { code: TOO_LARGE, name: "BSONObjectTooLarge".to_owned() };
                batch.refusals.push(Refusal { index, error });
                continue;
            }
            batch.push(index, document).await?;
        }
        batch.finish().await
    }

    /// Inserts documents one after the other and stops at a key that is there already. Durable when it returns.
    pub(super) async fn insert_in_order(
        &self,
        collection: &str,
        documents: Vec<RawDocumentBuf>,
    ) -> Result<InOrder, Error> {
        let mut written = 0;
        let mut rest = documents.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut array, mut bytes, mut count) = (RawArrayBuf::new(), 0, 0);
            while let Some(document) = rest.next_if(|next| {
                count == 0
                    || (bytes + next.as_bytes().len() < COMMAND_BYTES_MAX && count < COMMAND_WRITES_MAX)
            }) {
                bytes += document.as_bytes().len();
                count += 1;
                array.push(document);
            }
            let mut command = RawDocumentBuf::new();
            command.append(cstr!("insert"), collection);
            command.append(cstr!("documents"), array);
            command.append(cstr!("writeConcern"), self.durable_concern());
            let run = self.database.run_raw_command(command);
            let reply =
                tokio::time::timeout(self.timeout, run).await.map_err(|_| Error::OutcomeUnknown)??;
            if reply.contains_key("writeConcernError") {
                return Err(Error::OutcomeUnknown);
            }
            match refusals(&reply).into_iter().next() {
                None => written += count,
                Some((place, Error::Duplicate)) => {
                    return Ok(InOrder { written: written + place, is_duplicate: true });
                }
                Some((_, error)) => return Err(error),
            }
        }
        Ok(InOrder { written, is_duplicate: false })
    }

    /// Makes each update on its own: one that is refused harms no other. Durable when it returns.
    pub(super) async fn update_each(
        &self,
        collection: &str,
        updates: Vec<Update>,
    ) -> Result<Vec<Refusal>, Error> {
        Ok(self.update_counted(collection, updates).await?.1)
    }

    /// Makes each update on its own, as `update_each`, and gives also how many have found their document.
    pub(super) async fn update_counted(
        &self,
        collection: &str,
        updates: Vec<Update>,
    ) -> Result<(u64, Vec<Refusal>), Error> {
        let mut batch = Batch::new(self, cstr!("update"), cstr!("updates"), collection);
        for (index, update) in updates.into_iter().enumerate() {
            batch.push(index, statement(update)).await?;
        }
        batch.send().await?;
        Ok((batch.matched, batch.refusals))
    }

    /// Makes each update on its own, and fails with the first that is refused. `Conflict` when somebody else has made
    /// the same document at the same time: the next try finds it.
    pub(super) async fn update_all(
        &self,
        collection: &str,
        updates: impl Iterator<Item = Result<Update, Error>>,
    ) -> Result<(), Error> {
        let refusals = self.update_each(collection, updates.collect::<Result<_, _>>()?).await?;
        refusals.into_iter().next().map_or(Ok(()), |refusal| match refusal.error {
            Error::Duplicate => Err(Error::Conflict),
            error => Err(error),
        })
    }

    /// Makes all updates within the transaction of `session`; the first failure ends it. Gives the number matched.
    pub(super) async fn update_within(
        &self,
        session: &mut ClientSession,
        collection: &str,
        updates: Vec<Update>,
    ) -> Result<u64, Error> {
        let mut matched = 0;
        let mut rest = updates.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut array, mut bytes) = (RawArrayBuf::new(), 0);
            while let Some(update) = rest.next_if(|_| bytes < PART_BYTES) {
                let statement = statement(update);
                bytes += statement.as_bytes().len();
                array.push(statement);
            }
            let mut command = RawDocumentBuf::new();
            command.append(cstr!("update"), collection);
            command.append(cstr!("updates"), array);
            let run = self.database.run_raw_command(command).session(&mut *session);
            let reply =
                tokio::time::timeout(self.timeout, run).await.map_err(|_| Error::OutcomeUnknown)??;
            match refusals(&reply).into_iter().next() {
                Some((_, error)) => return Err(error),
                None => matched += number(&reply, "n"),
            }
        }
        Ok(matched)
    }
}

fn statement(update: Update) -> RawDocumentBuf {
    let bytes = update.filter.as_bytes().len() + update.change.as_bytes().len();
    let mut statement = roomy(bytes + STATEMENT_BYTES);
    statement.append(cstr!("q"), update.filter);
    statement.append(cstr!("u"), update.change);
    if update.upsert {
        statement.append(cstr!("upsert"), true);
    }
    statement
}

/// Writes on their way to one collection, sent whenever a command is full.
struct Batch<'a> {
    storage: &'a Storage,
    verb: &'static CStr,
    list: &'static CStr,
    collection: &'a str,
    places: Vec<usize>,
    array: RawArrayBuf,
    bytes: usize,
    /// How many documents were found or made so far.
    matched: u64,
    refusals: Vec<Refusal>,
}

impl<'a> Batch<'a> {
    fn new(storage: &'a Storage, verb: &'static CStr, list: &'static CStr, collection: &'a str) -> Self {
        let (places, array, refusals) = (Vec::new(), RawArrayBuf::new(), Vec::new());
        Self { storage, verb, list, collection, places, array, bytes: 0, matched: 0, refusals }
    }

    async fn push(&mut self, index: usize, write: RawDocumentBuf) -> Result<(), Error> {
        let bytes = write.as_bytes().len();
        if self.bytes + bytes > COMMAND_BYTES_MAX || self.places.len() == COMMAND_WRITES_MAX {
            self.send().await?;
        }
        self.bytes += bytes;
        self.places.push(index);
        self.array.push(write);
        Ok(())
    }

    async fn finish(mut self) -> Result<Vec<Refusal>, Error> {
        self.send().await?;
        Ok(self.refusals)
    }

    async fn send(&mut self) -> Result<(), Error> {
        let places = std::mem::take(&mut self.places);
        let array = std::mem::take(&mut self.array);
        self.bytes = 0;
        if places.is_empty() {
            return Ok(());
        }
        let mut command = RawDocumentBuf::new();
        command.append(self.verb, self.collection);
        command.append(self.list, array);
        command.append(cstr!("ordered"), false);
        command.append(cstr!("writeConcern"), self.storage.durable_concern());
        let run = self.storage.database.run_raw_command(command);
        let reply = tokio::time::timeout(self.storage.timeout, run).await;
        let reply = reply.map_err(|_| Error::OutcomeUnknown)??;
        if reply.contains_key("writeConcernError") {
            return Err(Error::OutcomeUnknown);
        }
        self.matched += number(&reply, "n");
        self.refusals.extend(
            refusals(&reply)
                .into_iter()
                .filter_map(|(place, error)| Some(Refusal { index: *places.get(place)?, error })),
        );
        // A refusal that is not about the document (a new primary, say) concerns the whole batch.
        match self.refusals.iter().find(|refusal| refusal.error.is_transient()) {
            Some(refusal) => Err(refusal.error.clone()),
            None => Ok(()),
        }
    }
}

/// The write errors of a reply: the place of the write in its command, and what the server said.
pub(super) fn refusals(reply: &Document) -> Vec<(usize, Error)> {
    let Ok(errors) = reply.get_array("writeErrors") else { return Vec::new() };
    errors
        .iter()
        .filter_map(Bson::as_document)
        .map(|error| {
            let place = usize::try_from(number(error, "index")).unwrap_or(usize::MAX);
            let code = i32::try_from(number(error, "code")).unwrap_or(0);
            (place, Error::of_code(code, error.get_str("codeName").unwrap_or_default().to_owned()))
        })
        .collect()
}

/// A count in a reply.
pub(super) fn number(document: &Document, field: &str) -> u64 {
    match document.get(field) {
        Some(Bson::Int32(value)) => u64::try_from(*value).unwrap_or(0),
        Some(Bson::Int64(value)) => u64::try_from(*value).unwrap_or(0),
        _ => 0,
    }
}

impl Storage {
    /// The write concern of `durable()`, as a command spells it.
    fn durable_concern(&self) -> RawDocumentBuf {
        let timeout = i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX);
        let concern = doc! { "w": "majority", "j": true, "wtimeout": timeout };
        RawDocumentBuf::try_from(&concern).unwrap_or_default()
    }
}
