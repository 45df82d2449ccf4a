//! Signs of life, asked for in a way that nobody who waits for a connection is forgotten.
//!
//! The driver hands out its connections to those who wait in their order, one each time that something happens in its
//! pool, and whoever has given up waiting takes a turn like the others. So when many have given up at once, because
//! their client left or their time was over, a free connection stays with nobody until as much has happened again: on
//! a quiet server that is ten seconds for each of them. Asking for signs of life lets it happen.

use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Mutex;

use super::{Error, Storage};

/// A sign of life that takes longer waits behind others, or the server is busy.
const EXPECTED_WITHIN: Duration = Duration::from_millis(50);
/// How many are asked for, for each that was asked for before, and how many at most.
const GROWTH: usize = 4;
const ASKED_MAX: usize = 512;

type Ping = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Whoever asks for signs of life.
pub struct Stir {
    storage: Storage,
    /// Those that have not come. None of them gives up in its turn.
    asked: Mutex<FuturesUnordered<Ping>>,
}

impl std::fmt::Debug for Stir {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stir").finish_non_exhaustive()
    }
}

impl Stir {
    /// Nothing has been asked yet.
    pub fn new(storage: &Storage) -> Self {
        Self { storage: storage.clone(), asked: Mutex::default() }
    }

    /// Asks the server for a sign of life. While none comes, asks for more: whoever waits for a connection gets it
    /// sooner. May be dropped at any await.
    pub async fn sign_of_life(&self) -> Result<(), Error> {
        let mut asked = self.asked.lock().await;
        let first = loop {
            let all = (asked.len() * GROWTH).clamp(1, ASKED_MAX);
            for _ in asked.len()..all {
                let storage = self.storage.clone();
                asked.push(Box::pin(async move { storage.ping().await }));
            }
            if let Ok(Some(first)) = tokio::time::timeout(EXPECTED_WITHIN, asked.next()).await {
                break first;
            }
        };
        // It moves again.
        while asked.next().await.is_some() {}
        first
    }
}
