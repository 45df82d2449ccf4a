//! Who may do what: roles, workspaces, and keys for some numbers.

use pesan::auth::Role;
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AT_S, Desk, of, operation};
use crate::support::webhook::PHONE_NUMBER_ID;

/// Every deed on a conversation, a message or a note.
fn deeds(conversation: &str, note: &Value) -> Vec<(&'static str, Value)> {
    let input = |more: Value| {
        let mut input = of(conversation);
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "input": input })
    };
    vec![
        ("markConversationRead", input(json!({}))),
        ("markConversationUnread", of(conversation)),
        ("markMessageRead", json!({ "messageId": format!("{PHONE_NUMBER_ID}:wamid.1") })),
        ("sendTyping", of(conversation)),
        ("assignConversation", input(json!({ "userId": "siti" }))),
        ("unassignConversation", of(conversation)),
        ("labelConversation", input(json!({ "add": ["a"] }))),
        (
            "setConversationAttributes",
            json!({ "conversationId": conversation, "attributes": [{ "key": "a", "value": "b" }] }),
        ),
        ("snoozeConversation", json!({ "conversationId": conversation, "until": "2026-11-22T08:00:00Z" })),
        ("resolveConversation", of(conversation)),
        ("archiveConversation", of(conversation)),
        ("reopenConversation", of(conversation)),
        ("addNote", input(json!({ "text": "x" }))),
        ("editNote", json!({ "input": { "id": note, "version": 1, "text": "y" } })),
        ("deleteNote", json!({ "id": note })),
    ]
}

#[tokio::test]
async fn a_conversation_of_others_is_not_there_and_a_viewer_changes_nothing() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.1", AT_S).await;
    let input = json!({ "input": { "conversationId": conversation, "text": "Rahasia" } });
    let note = desk.done("addNote", input).await["note"]["id"].clone();
    let before = (desk.app.only("conversations").await, desk.app.only("notes").await);
    let stranger = desk.key_for(Uuid::from_u128(77), Role::Owner, None).await;
    let workspace = first_workspace();
    desk.app.storage.ensure_number(workspace, "700", None).await.unwrap();
    let limited = desk.key_for(workspace, Role::Admin, Some(vec![number_id(workspace, "700")])).await;
    let viewer = desk.app.key(Role::Viewer).await;
    for (name, variables) in deeds(&conversation, &note) {
        for key in [&stranger, &limited] {
            let refused = desk.refused_as(key, name, variables.clone()).await;
            assert_eq!(refused.0, "NOT_FOUND", "{name}");
        }
        let answer = desk.app.graphql(&viewer, &operation(name), variables).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{name}: {answer}");
    }
    for key in [&stranger, &limited] {
        let page = desk.run(key, "notes", of(&conversation)).await;
        assert_eq!(page["edges"], json!([]));
    }
    for (name, variables) in
        [("saveLabel", json!({ "input": { "name": "a" } })), ("deleteLabel", json!({ "name": "a" }))]
    {
        // An agent's, and an admin's for some numbers: labels are the whole workspace's.
        for key in [&desk.key, &viewer, &limited] {
            let answer = desk.app.graphql(key, &operation(name), variables.clone()).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{name}: {answer}");
        }
    }
    assert_eq!((desk.app.only("conversations").await, desk.app.only("notes").await), before);
    assert_eq!(desk.told().await, ["noteAdded"]);
    // What nobody has is refused in the same way as what is no id at all.
    for (name, variables) in deeds(&Uuid::from_u128(9).to_string(), &json!(Uuid::from_u128(9))) {
        if name != "markMessageRead" {
            assert_eq!(desk.refused(name, variables).await.0, "NOT_FOUND", "{name}");
        }
    }
    for (name, variables) in deeds("x", &json!("x")) {
        if name != "markMessageRead" {
            assert_eq!(desk.refused(name, variables).await.0, "NOT_FOUND", "{name}");
        }
    }
    let input =
        json!({ "input": { "conversationId": conversation, "upToMessageId": "106540352242922:other" } });
    let refused = desk.refused("markConversationRead", input).await;
    assert_eq!(refused, ("NOT_FOUND".to_owned(), json!("upToMessageId")));
}
