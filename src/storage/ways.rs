//! Three ways to the same database, each with connections of its own: what is asked for on one of them, however much,
//! holds up nobody on another. A thousand questions at once keep no webhook from being stored and no lease from being
//! renewed.

use std::convert::Infallible;

use super::{Error, Storage};
use crate::config::MongoConfig;

/// The ways, by what they are for.
#[derive(Clone, Debug)]
pub struct Ways {
    /// What comes in: from a webhook to what a conversation shows.
    pub intake: Storage,
    /// What is done: by people, and by itself.
    pub work: Storage,
    /// What is asked for, as far as the API reads it by itself.
    pub reading: Storage,
}

impl Ways {
    /// Connects all of them.
    pub async fn connect(config: &MongoConfig) -> Result<Self, Error> {
        // One after the other: what is wrong with the server is said by the first.
        let work = Box::pin(Storage::connect(config)).await?;
        let intake = Box::pin(Storage::connect(config)).await?;
        let reading = Box::pin(Storage::connect(config)).await?;
        Ok(Self { intake, work, reading })
    }

    /// See `Storage::keep_moving`.
    pub async fn keep_moving(&self) -> Infallible {
        // All arms are polled for ever: none of them ends.
        tokio::select! {
            never = self.intake.keep_moving() => never,
            never = self.work.keep_moving() => never,
            never = self.reading.keep_moving() => never,
        }
    }

    /// Ends all connections.
    pub async fn close(&self) {
        tokio::join!(self.intake.close(), self.work.close(), self.reading.close());
    }
}
