//! Points at which a test lets the process die as if its power went: what is to be shown is that the next one goes
//! on where this one fell. Armed once at the start, in development builds only; elsewhere a point is nothing.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The points, in the order in which a webhook passes them.
pub const POINTS: &[&str] =
    &["after-journal-write", "after-message-insert", "after-event-append", "before-mark", "inside-fold"];

/// The points, in the order in which a message that is sent passes them.
pub const SEND_POINTS: &[&str] =
    &["after-queued", "after-claim", "after-leaving", "after-answer", "after-acceptance", "after-outcome"];

/// The point between what search takes in and its note of how far it came.
pub const SEARCH_POINT: &str = "after-search-page";

#[derive(Debug)]
struct Armed {
    point: String,
    left: AtomicU64,
}

static ARMED: OnceLock<Armed> = OnceLock::new();

/// Lets the process die when `point` is passed the `nth` time.
pub fn arm(point: &str, nth: u64) {
    // Whoever comes first: there is one such setting a process.
    ARMED.set(Armed { point: point.to_owned(), left: AtomicU64::new(nth) }).ok();
}

/// A point is passed.
pub fn pass(point: &'static str) {
    if cfg!(feature = "dev")
        && let Some(armed) = ARMED.get().filter(|armed| armed.point == point)
        && armed.left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
