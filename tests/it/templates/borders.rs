//! Who may, and who does not even see: roles, keys for numbers of another account, other workspaces.

use pesan::auth::Role;
use pesan::secret::Secret;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};

use super::{Desk, key};
use crate::support::webhook::ACCOUNT_ID;
use crate::support::webhook::{Customer, inbound, text};

/// Every operation about a template, a number and a conversation, and from which role on.
fn all(id: &Value, number: &str, conversation: &Value) -> Vec<(&'static str, Value, Role)> {
    let content = json!({ "body": { "text": "Hello." } });
    let new = json!({ "accountId": ACCOUNT_ID, "name": "x", "language": "id", "category": "UTILITY", "content": content });
    let sample =
        json!({ "accountId": ACCOUNT_ID, "fileName": "a.png", "mimeType": "image/png", "data": "QQ==" });
    let hello = json!({ "name": "hello_world", "language": "en_US" });
    vec![
        ("templates", json!({ "accountId": ACCOUNT_ID }), Role::Viewer),
        ("template", json!({ "id": id }), Role::Viewer),
        ("previewTemplate", json!({ "numberId": number, "template": hello }), Role::Viewer),
        ("canSend", json!({ "conversationId": conversation }), Role::Viewer),
        ("syncTemplates", json!({ "accountId": ACCOUNT_ID }), Role::Agent),
        ("syncTemplates", json!({ "numberId": number }), Role::Agent),
        ("createTemplate", json!({ "input": new }), Role::Admin),
        ("editTemplate", json!({ "id": id, "input": { "content": content } }), Role::Admin),
        ("deleteTemplate", json!({ "input": { "id": id } }), Role::Admin),
        ("unpauseTemplate", json!({ "id": id }), Role::Admin),
        ("archiveTemplate", json!({ "id": id }), Role::Admin),
        ("unarchiveTemplate", json!({ "id": id }), Role::Admin),
        ("uploadTemplateSample", json!({ "input": sample }), Role::Admin),
    ]
}

fn is_forbidden(answer: &Value) -> bool {
    answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
}

/// Nothing is given, and nothing says that there would be something.
fn is_absent(name: &str, answer: &Value) -> bool {
    let payload = &answer["data"][name];
    let is_empty_list = payload["nodes"].as_array().is_some_and(Vec::is_empty);
    payload.is_null() || is_empty_list || payload["userErrors"][0]["code"] == "NOT_FOUND"
}

async fn stage() -> (Desk, Value, Value) {
    let desk = Desk::start().await;
    desk.sync().await;
    let pablo = Customer::new("16505551234", "US.1");
    desk.app.take_changes(&[inbound(pablo, "wamid.1", super::START_S, text("Hi"))]).await;
    let conversation = desk.app.ask(&desk.key, "{ conversations { nodes { id } } }", json!({})).await;
    let id = desk.named("hello_world").await["id"].clone();
    let conversation = conversation["nodes"][0]["id"].clone();
    (desk, id, conversation)
}

/// What has changed here or at Meta.
async fn traces(desk: &Desk) -> (Vec<Value>, usize) {
    let requests = desk.meta.requests("").await;
    let changes = requests.iter().filter(|request| request["method"] != "GET").count();
    (desk.app.all("templates").await, changes)
}

#[tokio::test]
async fn each_role_does_what_is_its_own() {
    let (desk, id, conversation) = stage().await;
    let before = traces(&desk).await;
    for role in [Role::Viewer, Role::Agent] {
        let key = desk.app.key(role).await;
        for (name, variables, from) in all(&id, &desk.number, &conversation) {
            let answer = desk.answer(&key, name, variables).await;
            assert_eq!(is_forbidden(&answer), role < from, "{role} {name}: {answer:#}");
        }
    }
    let mut after = traces(&desk).await;
    // A sync notes that it has looked.
    for template in before.0.iter().zip(&mut after.0) {
        template.1["synced"]["atMs"] = template.0["synced"]["atMs"].clone();
        template.1["is"]["toldMs"] = template.0["is"]["toldMs"].clone();
    }
    assert_eq!(after, before);
}

#[tokio::test]
async fn to_another_workspace_and_to_a_key_for_another_account_there_is_nothing() {
    let (desk, id, conversation) = stage().await;
    desk.app.storage.ensure_number(first_workspace(), "700", Some("800")).await.unwrap();
    let other = desk.app.storage.list_numbers(first_workspace()).await.unwrap();
    let other = other.iter().find(|number| number.phone_number_id == "700").unwrap().id;
    let limited = desk.app.key_for(first_workspace(), key(Role::Admin, Some(vec![other]))).await.text;
    let stranger = desk.stranger().await;
    let before = traces(&desk).await;
    let check = async |who: &Secret, may_be_forbidden: bool| {
        for (name, variables, _) in all(&id, &desk.number, &conversation) {
            let answer = desk.answer(who, name, variables).await;
            let is_held = is_absent(name, &answer) || (may_be_forbidden && is_forbidden(&answer));
            assert!(is_held, "{name}: {answer:#}");
            assert!(!answer.to_string().contains("Welcome and congratulations"), "{name}");
        }
    };
    check(&stranger, false).await;
    check(&limited, true).await;
    assert_eq!(traces(&desk).await, before, "nothing was changed, here or at Meta");
    let theirs = desk.answer(&limited, "templates", json!({})).await;
    assert_eq!(theirs["data"]["templates"]["nodes"], json!([]), "a list has what they may see");

    let number = desk.number.parse().unwrap();
    let ours = desk.app.key_for(first_workspace(), key(Role::Viewer, Some(vec![number]))).await.text;
    let ours = desk.answer(&ours, "templates", json!({})).await;
    assert_eq!(ours["data"]["templates"]["nodes"].as_array().unwrap().len(), 5);
}
