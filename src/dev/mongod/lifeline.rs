//! The guard's tie to the process that it serves: the pipe that tells when it is over, and the words that go back.

use std::io::Write;
use std::os::fd::AsFd;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Event;

/// Why there is no server: a sentence for a person.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Failure(pub String);

/// The pipe closed: clean up and go.
#[derive(Debug)]
pub(super) struct Cut;

/// How a step ends early.
#[derive(Debug)]
pub(super) enum Stopped {
    Failed(Failure),
    Cut(Cut),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The pipe from the process that we serve, and the signals that mean the same as its end.
pub(super) struct Lifeline {
    pipe: pipe::Receiver,
    signals: [Signal; 3],
}

impl Lifeline {
    pub(super) fn new() -> std::io::Result<Self> {
        let stdin = std::io::stdin().as_fd().try_clone_to_owned()?;
        // Whichever of them would end us without its server must not.
        let signals = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        ];
        Ok(Self { pipe: pipe::Receiver::from_owned_fd(stdin)?, signals })
    }

    /// Resolves when it is time to go. Cancel-safe: nothing is ever written to the pipe, so no byte can be lost.
    pub(super) async fn cut(&mut self) -> Cut {
        let mut byte = [0; 1];
        let [terminate, interrupt, hangup] = &mut self.signals;
        tokio::select! {
            _ = self.pipe.read(&mut byte) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
        Cut
    }

    /// Waits for `pause`, or less if it is time to go.
    pub(super) async fn cut_within(&mut self, pause: Duration) -> bool {
        tokio::time::timeout(pause, self.cut()).await.is_ok()
    }
}

/// Tells that something goes on that takes a while.
pub(super) fn tell_progress(text: String) {
    tell(&Event::Progress { text });
}

/// Tells the other side. Nobody may be listening any more; the pipe's end will tell us.
pub(super) fn tell(event: &Event) {
    if let Ok(line) = serde_json::to_string(event) {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush()).ok();
    }
}
