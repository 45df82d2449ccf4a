//! What reading costs: one query for all that a page leads to, and no list beyond what one request may cost.

use mongodb::bson::{Document, doc};
use pesan::auth::Role;
use serde_json::json;

use super::{CLOCK_S, Reader, nodes, operation};
use crate::support::app::TestApp;
use crate::support::mongo;
use crate::support::webhook::{Customer, inbound, text};

#[tokio::test]
async fn what_a_page_leads_to_is_read_with_one_query() {
    let app = TestApp::start_with_number();
    let ids: Vec<(String, String)> = (0..60).map(|n| (format!("6281{n:04}"), format!("ID.{n}"))).collect();
    let said: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(n, (wa_id, user_id))| {
            inbound(Customer::new(wa_id, user_id), &format!("wamid.{n}"), CLOCK_S, text("halo"))
        })
        .collect();
    app.take_changes(&said).await;
    let answers: Vec<_> = (0..20)
        .map(|n| {
            let mut answer = text("ya");
            answer["context"] = json!({ "from": "15550783881", "id": "wamid.0" });
            inbound(Customer::new(&ids[0].0, &ids[0].1), &format!("wamid.a{n}"), CLOCK_S + n, answer)
        })
        .collect();
    app.take_changes(&answers).await;

    let reader = Reader::new(&app, Role::Viewer).await;
    // The key is known from here on.
    let first = reader.data(&operation("conversations"), json!({})).await;
    let conversation = first["conversations"]["edges"][0]["node"]["id"].clone();
    let database = mongo::raw(&app.database).await;
    database.run_command(doc! { "profile": 2 }).await.unwrap();
    let page = reader.data(&operation("conversations"), json!({})).await;
    assert!(nodes(&page["conversations"]).iter().all(|one| one["contact"]["name"] == "Budi"));
    assert_eq!(nodes(&page["conversations"]).len(), 50);
    database.run_command(doc! { "profile": 0 }).await.unwrap();
    assert_eq!(finds(&database, "conversations").await, 1);
    assert_eq!(finds(&database, "contacts").await, 1);

    database.collection::<Document>("system.profile").drop().await.unwrap();
    database.run_command(doc! { "profile": 2 }).await.unwrap();
    let query =
        "query($id: ID!) { messages(conversationId: $id) { nodes { id statusHistory { id } contact { id }
        conversation { id } replyTo { message { id } } } } }";
    let page = reader.data(query, json!({ "id": conversation })).await;
    database.run_command(doc! { "profile": 0 }).await.unwrap();
    let messages = nodes(&page["messages"]);
    assert_eq!(messages.iter().filter(|one| one["replyTo"]["message"]["id"].is_string()).count(), 20);
    // The page, and what it answers; the conversation, what was merged into it, and again for the messages.
    assert_eq!(finds(&database, "messages").await, 2);
    assert_eq!(finds(&database, "statuses").await, 1);
    assert_eq!(finds(&database, "contacts").await, 1);
    assert_eq!(finds(&database, "conversations").await, 2);
    assert_eq!(finds(&database, "conversation_ties").await, 1);
}

async fn finds(database: &mongodb::Database, collection: &str) -> u64 {
    let ns = format!("{}.{collection}", database.name());
    let profile = database.collection::<Document>("system.profile");
    // The projector has nothing left to do.
    profile.count_documents(doc! { "ns": ns, "op": "query" }).await.unwrap()
}

#[tokio::test]
async fn a_list_costs_its_page_times_what_it_holds() {
    let app = TestApp::start_with_number();
    let reader = Reader::new(&app, Role::Viewer).await;
    let list = |n: usize| {
        let fields = "lastMessage { id preview } window { open } contact { id name waId username }";
        let one = |k: usize| format!("l{k}: conversations(first: 100) {{ nodes {{ {fields} }} }}");
        format!("{{ {} }}", (0..n).map(one).collect::<String>())
    };
    reader.data(&list(2), json!({})).await;
    assert_eq!(reader.code(&list(19), json!({})).await, "INVALID_REQUEST");
}
