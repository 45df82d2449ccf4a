//! The bodies of webhooks, read before anybody knows who sends them: each within a time, and all together within a
//! bound of bytes.
//!
//! What comes in one piece waits for nobody and is not counted, so whoever is slow with large bodies does not keep out
//! the usual small ones. A body that has to wait for its next piece counts with what it occupies, not with what it
//! says of itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::Code;
use crate::limits;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Reading;

/// The room for bodies that are being read.
#[derive(Debug)]
pub struct Bodies {
    room: Arc<Semaphore>,
    time_max: Duration,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    TooLarge,
    /// The connection ended before it, or it is not well formed.
    Broken,
    /// Too much of others is waiting.
    NoRoom,
    /// It took too long.
    Late,
}

impl Unread {
    /// What the caller is told.
    pub fn code(self) -> Code {
        match self {
            Self::TooLarge => Code::PayloadTooLarge,
            Self::Broken => Code::InvalidRequest,
            Self::NoRoom => Code::Overloaded,
            Self::Late => Code::RequestTimeout,
        }
    }

    /// What is counted.
    pub fn outcome(self) -> &'static str {
        match self {
            Self::TooLarge | Self::Broken => "unreadable",
            Self::NoRoom => "bodies_full",
            Self::Late => "too_slow",
        }
    }
}

impl Bodies {
    /// Room for so many bytes in all, and so much time for each body.
    pub fn new(bytes_max: usize, time_max: Duration, metrics: &Metrics) -> Self {
        let room = Arc::new(Semaphore::new(bytes_max));
        let counted = Arc::clone(&room);
        metrics.register(
            "webhook_bodies_bytes",
            "What bodies of webhooks occupy that wait for their next piece",
            Reading::new(move || bytes_max.saturating_sub(counted.available_permits())),
        );
        Self { room, time_max }
    }

    /// Reads a body to its end. `announced` is the length that its head names; more than the limit is not read at all.
    pub async fn read<S, E>(&self, announced: Option<usize>, pieces: S) -> Result<Bytes, Unread>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        if announced.is_some_and(|announced| announced > limits::WEBHOOK_BYTES_MAX) {
            return Err(Unread::TooLarge);
        }
        let collected = tokio::time::timeout(self.time_max, self.collect(announced, pieces));
        collected.await.unwrap_or(Err(Unread::Late))
    }

    async fn collect<S, E>(&self, announced: Option<usize>, mut pieces: S) -> Result<Bytes, Unread>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let (mut body, mut held) = (Vec::<u8>::new(), None);
        loop {
            let piece = match pieces.next().now_or_never() {
                Some(piece) => piece,
                None => {
                    self.hold(&mut held, body.capacity())?;
                    pieces.next().await
                }
            };
            let Some(piece) = piece else { return Ok(body.into()) };
            let piece = piece.map_err(|_| Unread::Broken)?;
            let needed = body.len() + piece.len();
            if needed > limits::WEBHOOK_BYTES_MAX {
                return Err(Unread::TooLarge);
            }
            if needed > body.capacity() {
                // Twice as much each time, but not more than is to come: what is announced is no promise, but a good guess.
                let doubled = (body.capacity() * 2).min(announced.unwrap_or(limits::WEBHOOK_BYTES_MAX));
                body.reserve_exact(doubled.max(needed) - body.len());
            }
            body.extend_from_slice(&piece);
        }
    }

    /// Holds room for so many bytes, if it does not yet.
    fn hold<'a>(&'a self, held: &mut Option<SemaphorePermit<'a>>, bytes: usize) -> Result<(), Unread> {
        let more = bytes.saturating_sub(held.as_ref().map_or(0, SemaphorePermit::num_permits));
        if more == 0 {
            return Ok(());
        }
        let more = u32::try_from(more).map_err(|_| Unread::NoRoom)?;
        let more = self.room.try_acquire_many(more).map_err(|_| Unread::NoRoom)?;
        match held {
            Some(held) => held.merge(more),
            None => *held = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const TIME_MAX: Duration = Duration::from_secs(30);

    type Piece = Result<Bytes, ()>;

    fn bodies(bytes_max: usize) -> Bodies {
        Bodies::new(bytes_max, TIME_MAX, &Metrics::new())
    }

    fn bytes(count: usize) -> Bytes {
        vec![b'x'; count].into()
    }

    /// Pieces of which each has to be waited for.
    fn slowly(pieces: Vec<Piece>) -> impl Stream<Item = Piece> + Unpin {
        Box::pin(stream::iter(pieces).then(|piece| async {
            tokio::task::yield_now().await;
            piece
        }))
    }

    #[tokio::test]
    async fn what_comes_without_a_wait_needs_no_room() {
        let bodies = bodies(0);
        let read = bodies.read(Some(30), stream::iter([Piece::Ok(bytes(10)), Piece::Ok(bytes(20))])).await;
        assert_eq!(read.map(|body| body.len()), Ok(30));
        // The first piece may be waited for: nothing is held by then.
        let first = slowly(vec![Piece::Ok(bytes(10))]).take(1);
        assert_eq!(bodies.read(Some(10), first).await.map(|body| body.len()), Ok(10));
    }

    #[tokio::test]
    async fn what_is_waited_for_counts_with_what_it_occupies_and_gives_it_back() {
        let bodies = bodies(100);
        let pieces = || slowly(vec![Piece::Ok(bytes(40)), Piece::Ok(bytes(40)), Piece::Ok(bytes(20))]);
        assert_eq!(bodies.read(Some(100), pieces()).await.map(|body| body.len()), Ok(100));
        assert_eq!(bodies.room.available_permits(), 100);
        let endless = slowly(vec![Piece::Ok(bytes(60))]).chain(stream::pending());
        let waiting = bodies.read(Some(90), endless);
        tokio::pin!(waiting);
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(bodies.room.available_permits(), 40, "what has come, not what is announced");
        assert_eq!(bodies.read(Some(100), pieces()).await, Err(Unread::NoRoom));
        assert_eq!(bodies.room.available_permits(), 40);
    }

    #[tokio::test]
    async fn what_is_too_large_or_broken_is_refused_wherever_that_shows() {
        const MAX: usize = limits::WEBHOOK_BYTES_MAX;
        let bodies = bodies(2 * MAX);
        let read = async |announced, pieces: Vec<Piece>| {
            bodies.read(announced, slowly(pieces)).await.map(|body| body.len())
        };
        assert_eq!(read(Some(MAX), vec![Piece::Ok(bytes(MAX - 1)), Piece::Ok(bytes(1))]).await, Ok(MAX));
        assert_eq!(read(Some(MAX + 1), vec![Piece::Ok(bytes(1))]).await, Err(Unread::TooLarge));
        assert_eq!(read(None, vec![Piece::Ok(bytes(MAX)), Piece::Ok(bytes(1))]).await, Err(Unread::TooLarge));
        assert_eq!(
            read(Some(1), vec![Piece::Ok(bytes(MAX)), Piece::Ok(bytes(1))]).await,
            Err(Unread::TooLarge)
        );
        assert_eq!(read(Some(2), vec![Piece::Ok(bytes(1)), Err(())]).await, Err(Unread::Broken));
        assert_eq!(bodies.room.available_permits(), 2 * MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_is_given_up() {
        let bodies = bodies(100);
        let endless = stream::iter([Piece::Ok(bytes(10))]).chain(stream::pending());
        assert_eq!(bodies.read(Some(20), endless).await, Err(Unread::Late));
        assert_eq!(bodies.room.available_permits(), 100);
    }
}
