//! Sizes and counts that more than one part must agree on.

use std::time::Duration;

/// The largest webhook body that is taken. Meta (2026-07): at most 3 MB; one more for what they may add.
pub const WEBHOOK_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most bytes that bodies of webhooks occupy while their next piece is waited for, before anybody knows who sends
/// them: sixteen of the largest.
pub const WEBHOOK_BODIES_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The most webhooks in one segment of the journal, and the most bytes, but at least one webhook. A segment is applied
/// as a whole, which takes several times its size.
pub const SEGMENT_WEBHOOKS_MAX: usize = 1_000;
pub const SEGMENT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The most webhooks and bytes that wait for the journal at once; more are asked to come back.
pub const JOURNAL_QUEUE_WEBHOOKS_MAX: usize = 4_096;
pub const JOURNAL_QUEUE_BYTES_MAX: u32 = 32 * 1024 * 1024;

/// The largest body of a GraphQL request.
pub const GRAPHQL_BYTES_MAX: usize = 1024 * 1024;
/// The most operations in one request.
pub const GRAPHQL_BATCH_MAX: usize = 10;

/// The largest message of a WebSocket's client; that of a query with its variables.
pub const SOCKET_MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// What a caller is told to wait when a queue is full.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The most bytes of stored webhooks that wait in memory for being applied; the rest is read again.
pub const FEED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most webhooks and bytes that are applied at once, but at least one segment, and the most changes that wait for being folded.
pub const APPLY_WEBHOOKS_MAX: usize = 1_000;
pub const APPLY_BYTES_MAX: usize = 2 * 1024 * 1024;
pub const FOLD_CHANGES_MAX: usize = 10_000;
