//! What goes of the log when it is old, and what stays however long nothing happens.

use std::time::Duration;

use pesan::storage::workspaces::first_workspace;
use uuid::Uuid;

use super::append;
use crate::support::app::TestApp;

const DAY: Duration = Duration::from_hours(24);

/// The numbers of what the log still has.
async fn numbers(app: &TestApp) -> Vec<i64> {
    let batches = app.storage.events_after(first_workspace(), 0, 100).await.unwrap();
    batches.iter().map(|batch| batch.seq).collect()
}

#[tokio::test]
async fn old_events_go_and_the_numbers_go_on_after_any_silence() {
    let app = TestApp::start();
    let (workspace, number) = (first_workspace(), Uuid::from_u128(5));
    app.storage.ensure_workspace(workspace, "a test's").await.unwrap();
    for message in ["a", "b", "c"] {
        append(&app, workspace, number, &[message]).await;
    }
    app.clock.advance(DAY * 20);
    append(&app, workspace, number, &["d"]).await;
    app.run_worker("event-expiry").await.unwrap();
    assert_eq!(numbers(&app).await, [1, 2, 3, 4], "nothing is old yet");

    app.clock.advance(DAY * 11);
    app.run_worker("event-expiry").await.unwrap();
    assert_eq!(numbers(&app).await, [4], "what is older than 30 days has gone");

    app.clock.advance(DAY * 400);
    app.run_worker("event-expiry").await.unwrap();
    assert_eq!(numbers(&app).await, [4], "the last one says which number is next");
    append(&app, workspace, number, &["e"]).await;
    assert_eq!(numbers(&app).await, [4, 5]);
    app.run_worker("event-expiry").await.unwrap();
    assert_eq!(numbers(&app).await, [5]);
}
