//! Notes: whose they are, who may do what with them, and no edit is lost.

use std::time::Duration;

use pesan::auth::Role;
use serde_json::{Value, json};

use super::{AT_S, Desk};

#[tokio::test]
async fn notes_are_listed_the_latest_first_page_by_page() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.1", AT_S).await;
    for n in 0..7 {
        let input = json!({ "conversationId": conversation, "text": format!("  Catatan {n}\n") });
        let note = desk.done("addNote", json!({ "input": input })).await["note"].clone();
        assert_eq!((&note["text"], &note["version"]), (&json!(format!("Catatan {n}")), &json!(1)));
        assert_eq!(note["isMine"], true);
        desk.app.clock.advance(Duration::from_millis(1));
    }
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let variables = json!({ "conversationId": conversation, "first": 3, "after": after });
        let page = desk.run(&desk.key, "notes", variables).await;
        seen.extend(page["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["text"].clone()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, (0..7).rev().map(|n| json!(format!("Catatan {n}"))).collect::<Vec<_>>());
    assert_eq!(desk.app.only("conversations").await["notes"], 7);
    for text in [" ".to_owned(), "x".repeat(10_001)] {
        let input = json!({ "conversationId": conversation, "text": text });
        let refused = desk.refused("addNote", json!({ "input": input })).await;
        assert_eq!(refused, ("INVALID".to_owned(), json!("text")));
    }
}

#[tokio::test]
async fn a_note_is_its_authors_and_an_edit_of_an_old_version_is_refused() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.1", AT_S).await;
    let (siti, budi, admin) =
        (desk.user("siti", "agent"), desk.user("budi", "agent"), desk.user("ani", "admin"));
    let input = json!({ "input": { "conversationId": conversation, "text": "Satu" } });
    let note = desk.done_as(&siti, "addNote", input.clone()).await["note"].clone();
    assert_eq!((&note["by"], &note["conversationId"]), (&json!("user:siti"), &json!(conversation)));
    let edit =
        |version: i64, text: &str| json!({ "input": { "id": note["id"], "version": version, "text": text } });
    let edited = desk.done_as(&siti, "editNote", edit(1, "Dua")).await["note"].clone();
    assert_eq!((&edited["text"], &edited["version"]), (&json!("Dua"), &json!(2)));
    assert!(edited["editedAt"].is_string());
    assert_eq!(desk.refused_as(&siti, "editNote", edit(1, "Tiga")).await.0, "CONFLICT");
    // Two windows of the same author: one of them wins, and the other is told.
    let both = ["A", "B"].map(|text| desk.run(&siti, "editNote", edit(2, text)));
    let both = futures_util::future::join_all(both).await;
    let won = both.iter().filter(|payload| payload["userErrors"] == json!([])).count();
    assert_eq!(won, 1, "{both:#?}");
    assert_eq!(desk.app.only("notes").await["version"], 3);
    for key in [&budi, &admin] {
        assert_eq!(desk.refused_as(key, "editNote", edit(3, "Empat")).await.0, "NOT_ALLOWED");
    }
    let gone = json!({ "id": note["id"] });
    assert_eq!(desk.refused_as(&budi, "deleteNote", gone.clone()).await.0, "NOT_ALLOWED");
    assert_eq!(desk.done_as(&admin, "deleteNote", gone.clone()).await["noteCount"], 0);
    assert_eq!(desk.refused_as(&admin, "deleteNote", gone).await.0, "NOT_FOUND");
    let audited = desk.app.all("audit").await;
    assert_eq!(audited.iter().filter(|entry| entry["deed"] == "moderate-notes").count(), 1);
    let own = desk.done_as(&budi, "addNote", input).await["note"]["id"].clone();
    assert_eq!(desk.done_as(&budi, "deleteNote", json!({ "id": own })).await["noteCount"], 0);
    assert_eq!(desk.app.all("notes").await, Vec::<Value>::new());
    assert_eq!(
        desk.told().await,
        ["noteAdded", "noteEdited", "noteEdited", "noteDeleted", "noteAdded", "noteDeleted"]
    );
    let viewer = desk.app.key(Role::Viewer).await;
    let page = desk.run(&viewer, "notes", json!({ "conversationId": conversation })).await;
    assert_eq!(page["edges"], json!([]));
}
