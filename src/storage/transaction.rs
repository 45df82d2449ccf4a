//! Transactions: begun, kept or dropped, and the look at documents before they are changed by their ids.

use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use mongodb::options::{ReadConcern, TransactionOptions};

use super::{Error, Storage, durable};

/// How often an unconfirmed commit is asked for again.
const COMMIT_TRIES: usize = 3;
/// As many as are looked at in one answer.
const LOOK_MAX: u32 = 5_000;

/// What a transaction reads.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reads {
    /// All of it from one moment, for what decides by it.
    OneMoment,
    /// What is there: a moment may be older than what somebody has just written.
    Latest,
}

impl Storage {
    /// A session with a transaction, durable once it is through.
    pub(super) async fn begin(&self, reads: Reads) -> Result<ClientSession, Error> {
        let mut session = self.database.client().start_session().await?;
        self.begin_in(&mut session, reads).await?;
        Ok(session)
    }

    /// The same in a session that is there.
    pub(super) async fn begin_in(&self, session: &mut ClientSession, reads: Reads) -> Result<(), Error> {
        let options = TransactionOptions::builder().write_concern(durable(self.timeout));
        let options = match reads {
            Reads::OneMoment => options.read_concern(ReadConcern::snapshot()).build(),
            Reads::Latest => options.build(),
        };
        Ok(session.start_transaction().with_options(options).await?)
    }

    /// Those of the documents that are so. Asked for all at once before each is changed by its id: to find a document by
    /// more than its id costs the server as much again as changing it.
    pub(super) async fn look_within(
        &self,
        session: &mut ClientSession,
        (collection, ids): (&str, &[&str]),
        are_so: &Document,
        wanted: Document,
    ) -> Result<Vec<Document>, Error> {
        let mut filter = doc! { "_id": { "$in": ids } };
        filter.extend(are_so.clone());
        let documents = self.database.collection::<Document>(collection);
        let find = documents.find(filter).projection(wanted).batch_size(LOOK_MAX);
        let mut cursor = find.session(&mut *session).await?;
        let mut found = Vec::with_capacity(ids.len());
        while cursor.advance(session).await? {
            found.push(cursor.deserialize_current()?);
        }
        Ok(found)
    }
}

/// Keeps what was done in the transaction if it is to stay; else nothing of it was done.
pub(super) async fn end<T>(
    session: &mut ClientSession,
    outcome: Result<T, Error>,
    is_to_stay: impl FnOnce(&T) -> bool,
) -> Result<T, Error> {
    match outcome {
        Ok(done) if is_to_stay(&done) => commit(session).await.map(|()| done),
        outcome => {
            // What cannot be aborted ends by itself.
            session.abort_transaction().await.ok();
            outcome
        }
    }
}

/// The same commit again does no harm.
async fn commit(session: &mut ClientSession) -> Result<(), Error> {
    let mut outcome = Err(Error::OutcomeUnknown);
    for _ in 0..COMMIT_TRIES {
        outcome = session.commit_transaction().await.map_err(Error::from);
        if outcome != Err(Error::OutcomeUnknown) {
            break;
        }
    }
    outcome
}
