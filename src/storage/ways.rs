//! Three ways to the same database, each with connections of its own: what is asked for on one of them, however much,
//! holds up nobody on another. A thousand questions at once keep no webhook from being stored and no lease from being
//! renewed.

use std::convert::Infallible;

use mongodb::options::ClientOptions;

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
    /// Connects. That the server is one that we can work with is seen once.
    pub async fn connect(config: &MongoConfig) -> Result<Self, Error> {
        let options = ClientOptions::parse(config.uri.expose()).await?;
        let work = Storage::open(options.clone(), config)?.checked().await?;
        let intake = Storage::open(options.clone(), config)?;
        let reading = Storage::open(options, config)?;
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
