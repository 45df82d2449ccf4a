//! What Meta's usage headers ask for, between instances: a pause that one was told of, all keep. Told when it changes, and
//! asked for with the look at the line, four times a second at most.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::warn;

use super::sender::{Equipment, Sender};
use crate::clock::Stopwatch;
use crate::meta::client::SharedPause;
use crate::runtime::Supervisor;
use crate::runtime::supervisor::OnEnd;
use crate::storage::usage_pauses::{ToldPause, UsagePause};

const HEARD_EVERY: Duration = Duration::from_millis(250);
/// After trouble of our own.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);

/// How far this process has heard of the others.
#[derive(Debug, Default)]
pub struct Heard(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    asked: Option<Stopwatch>,
    since_ms: Option<i64>,
    /// What the latest answer held, and when it was told: it comes again until something later does.
    latest: HashMap<String, i64>,
}

impl Heard {
    /// The next look at the line asks, however lately it was asked.
    pub(super) fn forget(&self) {
        self.state().asked = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells others of pauses, for the life of the process.
pub(super) fn share(sender: &Sender, supervisor: &Supervisor) {
    let sender = sender.clone();
    supervisor.keep("outbound-usage", OnEnd::Restart, move |stop| {
        let sender = sender.clone();
        async move {
            while !stop.is_requested() {
                // Both arms are cancel-safe: a token and a permit that is kept.
                tokio::select! {
                    () = stop.requested() => return,
                    () = sender.0.graph.has_pauses_to_share() => {}
                }
                while !sender.0.tell_of_pauses().await {
                    // Both arms are cancel-safe: a token and a timer.
                    tokio::select! {
                        () = stop.requested() => return,
                        () = tokio::time::sleep(TROUBLE_PAUSE) => {}
                    }
                }
            }
        }
    });
}

impl Equipment {
    /// Whether others know of all pauses now.
    async fn tell_of_pauses(&self) -> bool {
        for pause in self.graph.pauses_to_share() {
            let SharedPause { subject, age, left } = &pause;
            let told = UsagePause { subject: subject.clone(), age_ms: millis(*age), left_ms: millis(*left) };
            if let Err(error) = self.storage.tell_usage_pause(&told, self.instance).await {
                warn!(%error, "other instances do not hear yet that Meta's allowance is nearly used up");
                return false;
            }
            self.graph.mark_shared(&pause);
        }
        true
    }

    /// Keeps the pauses that others were told of.
    pub(super) async fn hear_of_pauses(&self) {
        let since_ms = {
            let mut heard = self.heard.state();
            if heard.asked.as_ref().is_some_and(|asked| asked.elapsed() < HEARD_EVERY) {
                return;
            }
            heard.asked = Some(Stopwatch::start());
            heard.since_ms
        };
        let (pauses, next_ms) = match self.storage.usage_pauses_since(since_ms, self.instance).await {
            Ok(found) => found,
            Err(error) => {
                warn!(%error, "what other instances were told of Meta's allowances cannot be seen");
                return;
            }
        };
        let mut heard = self.heard.state();
        heard.since_ms = next_ms;
        let before = std::mem::take(&mut heard.latest);
        for ToldPause { pause: UsagePause { subject, age_ms, left_ms }, told_ms } in pauses {
            if before.get(&subject) != Some(&told_ms) {
                let (age, left) = (duration(age_ms), duration(left_ms));
                self.graph.keep_pause(&SharedPause { subject: subject.clone(), age, left });
            }
            heard.latest.insert(subject, told_ms);
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn duration(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
