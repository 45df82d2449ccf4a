//! How time moves the simulator: people act, what is due goes out, and, where time is virtual, it moves step by step.
//!
//! With a virtual clock nothing is delivered in the background: control calls move the time and deliver what is due,
//! one body after the other, so that the same calls give the same bytes.

use std::sync::Arc;
use std::time::Duration;

use super::people;
use super::platform::Platform;
use crate::clock::Timestamp;
use crate::runtime::{OnEnd, Supervisor};

const POLL_EVERY: Duration = Duration::from_millis(10);

/// Delivers in the background when time is real.
pub(super) fn keep_moving(platform: &Arc<Platform>, supervisor: &Supervisor) {
    if platform.manual.is_some() {
        return;
    }
    let platform = Arc::clone(platform);
    supervisor.keep("simulator-time", OnEnd::Restart, move |stop| {
        let platform = Arc::clone(&platform);
        async move {
            while !stop.is_requested() {
                do_due(&platform);
                // Both arms are cancel-safe: a token and a timer.
                tokio::select! {
                    () = stop.requested() => {}
                    () = tokio::time::sleep(POLL_EVERY) => {}
                }
            }
        }
    });
}

fn do_due(platform: &Platform) {
    people::act_due(platform);
    platform.send_due();
}

/// Delivers everything that is due now, and what becomes due by it.
pub(super) async fn flush(platform: &Platform) {
    do_due(platform);
    platform.deliverer.wake();
    platform.deliverer.settled().await;
}

/// Moves the virtual time step by step, delivering at each moment what is due at it.
pub(super) async fn advance(platform: &Platform, by_ms: i64) -> bool {
    let Some(manual) = &platform.manual else { return false };
    let end_ms = platform.clock.now_ms().saturating_add(by_ms.max(0));
    loop {
        flush(platform).await;
        let deliveries = platform.deliverer.next_due().map(Timestamp::as_millisecond);
        let next_ms = [people::next_step_ms(platform), platform.outbox.next_due_ms(), deliveries]
            .into_iter()
            .flatten()
            .min();
        let now_ms = platform.clock.now_ms();
        let step_ms = next_ms.unwrap_or(end_ms).clamp(now_ms, end_ms) - now_ms;
        if step_ms == 0 && (now_ms >= end_ms || next_ms.is_none_or(|next| next > end_ms)) {
            return true;
        }
        manual.advance(Duration::from_millis(u64::try_from(step_ms.max(1)).unwrap_or(1)));
    }
}
