//! Marked messages, sent beside the load, and how long each takes until everything of it can be read from a
//! majority: the message, its conversation with it as the last one, its event.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::histogram::Histogram;
use crate::http::Connection;
use crate::stored::Stored;
use crate::stream::{Signer, Spec};

const VISIBLE_MAX: Duration = Duration::from_mins(1);

/// Sends probes to one service.
#[derive(Clone)]
pub struct Prober {
    pub stored: Stored,
    pub address: SocketAddr,
    pub spec: Spec,
    sent: Arc<AtomicUsize>,
}

/// What one probe took.
#[derive(Clone, Copy, Debug)]
pub struct Probed {
    pub answer: Duration,
    pub visible: Duration,
}

/// What a row of probes took, in slices of the time since the first.
#[derive(Debug, Default)]
pub struct Lag {
    pub slices: Vec<Histogram>,
}

impl Lag {
    pub fn all(&self) -> Histogram {
        let mut all = Histogram::default();
        self.slices.iter().for_each(|slice| all.add(slice));
        all
    }

    pub fn add(&mut self, other: &Self) {
        self.slices.resize_with(self.slices.len().max(other.slices.len()), Histogram::default);
        self.slices.iter_mut().zip(&other.slices).for_each(|(mine, other)| mine.add(other));
    }
}

impl Prober {
    pub fn new(stored: Stored, address: SocketAddr, spec: Spec) -> Self {
        Self { stored, address, spec, sent: Arc::default() }
    }

    /// How many probes were sent so far.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }

    /// Sends one probe and looks for it every `poll`.
    pub async fn probe(&self, connection: &mut Connection, poll: Duration) -> Probed {
        let (wamid, body) = self.spec.probe(self.sent.fetch_add(1, Ordering::SeqCst));
        let request = Signer::new().request(&body);
        let mut place = self.stored.last_event().await;
        let begin = Instant::now();
        // Under load a refusal is an answer too: the probe is repeated like any webhook.
        while !matches!(connection.exchange(&request).await, Ok((200, _))) {
            assert!(begin.elapsed() < VISIBLE_MAX, "a probe is not taken");
            tokio::time::sleep(poll).await;
        }
        let answer = begin.elapsed();
        let (mut conversation, mut is_shown, mut is_told) = (None, false, false);
        loop {
            // One after the other, and none again: looking is a load too.
            if conversation.is_none() {
                conversation = self.stored.conversation_of(&wamid).await;
            }
            if let (Some(conversation), false) = (&conversation, is_shown) {
                is_shown = self.stored.shows(conversation, &wamid).await;
            }
            is_told = is_told || (is_shown && self.stored.has_event(&mut place, &wamid).await);
            if is_told {
                return Probed { answer, visible: begin.elapsed() };
            }
            assert!(
                begin.elapsed() < VISIBLE_MAX,
                "a probe does not become visible: message {}, shown {is_shown}, event {is_told}",
                conversation.is_some()
            );
            tokio::time::sleep(poll).await;
        }
    }

    /// Sends one probe after the other until it is told to stop.
    pub async fn keep_probing(self, poll: Duration, slice: Duration, stop: CancellationToken) -> Lag {
        let (mut connection, mut lag, begin) =
            (Connection::new(self.address), Lag::default(), Instant::now());
        while !stop.is_cancelled() {
            let at = begin.elapsed().as_secs_f64() / slice.as_secs_f64();
            let probed = self.probe(&mut connection, poll).await;
            lag.slices.resize_with(lag.slices.len().max(at as usize + 1), Histogram::default);
            lag.slices[at as usize].record(probed.visible);
            tokio::time::sleep(poll).await;
        }
        lag
    }
}
