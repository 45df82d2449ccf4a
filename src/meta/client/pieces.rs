//! A file that is passed on while it comes: never whole in memory, and never more than a few pieces of it.
//!
//! It has the length that was said, or its sending breaks: what ends early must not be taken for the whole file.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;

/// How many pieces wait for being sent; whoever brings more waits.
const PIECES_MAX: usize = 8;

/// Where the pieces of a file come from. They are taken once: what has gone cannot be sent again.
#[derive(Clone, Debug)]
pub struct Pieces {
    length: u64,
    from: Arc<Mutex<Option<mpsc::Receiver<Bytes>>>>,
}

impl Pieces {
    /// A file of this length, and the end into which its pieces go.
    pub fn of(length: u64) -> (mpsc::Sender<Bytes>, Self) {
        let (to, from) = mpsc::channel(PIECES_MAX);
        (to, Self { length, from: Arc::new(Mutex::new(Some(from))) })
    }

    /// How many bytes it has.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The body of the request that sends it. None: it was taken already.
    pub(super) fn take(&self) -> Option<reqwest::Body> {
        let from = self.from.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let pieces = stream::unfold((from, Some(self.length)), |(mut from, missing)| async move {
            let missing = missing.filter(|missing| *missing > 0)?;
            let piece = from.recv().await;
            let left = piece.as_ref().and_then(|piece| missing.checked_sub(piece.len() as u64));
            let piece = match (piece, left) {
                (Some(piece), Some(_)) => Ok(piece),
                (Some(_), None) => Err(io::Error::other("the file is longer than was said")),
                (None, _) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            };
            Some((piece, (from, left)))
        });
        Some(reqwest::Body::wrap_stream(pieces))
    }
}
