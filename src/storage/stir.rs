//! Keeps those who wait for a connection from being forgotten.
//!
//! The driver hands out its connections to those who wait in their order, one each time that something happens in its
//! pool, and whoever has given up waiting takes a turn like the others. So when many have given up at once, because
//! their client left or their time was over, a free connection stays with nobody until as much has happened again: on
//! a quiet server that is ten seconds for each of them. Asking for signs of life lets it happen.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use mongodb::event::EventHandler;
use mongodb::event::cmap::CmapEvent;

use super::Storage;

/// How often a sign of life is asked for.
const EVERY: Duration = Duration::from_millis(250);
/// One that takes longer waits behind others, or the server is busy.
const EXPECTED_WITHIN: Duration = Duration::from_millis(50);
/// How many are waited for at most.
const ASKED_MAX: usize = 4_096;

/// How many have ever begun to wait for a connection. Without a server nobody does.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined(Arc<AtomicU64>);

impl Joined {
    /// Hears of them.
    pub fn listener(&self) -> EventHandler<CmapEvent> {
        let joined = self.clone();
        EventHandler::callback(move |event| {
            if matches!(event, CmapEvent::ConnectionCheckoutStarted(_)) {
                joined.0.fetch_add(1, Ordering::Relaxed);
            }
        })
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Storage {
    /// Asks for signs of life for ever. While none comes, it asks for as many again: whoever waits for a connection gets
    /// it sooner. To be polled as long as others use the database; none of what it has asked for gives up in its turn.
    pub async fn keep_moving(&self) -> Infallible {
        loop {
            let joined = self.joined.count();
            let mut asked = FuturesUnordered::new();
            asked.push(self.ping());
            while !asked.is_empty() {
                let none_came = tokio::time::timeout(EXPECTED_WITHIN, asked.next()).await.is_err();
                if none_came && self.joined.count() > joined {
                    let all = (asked.len() * 2).min(ASKED_MAX);
                    asked.extend((asked.len()..all).map(|_| self.ping()));
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}
