//! The operations that front ends begin with: each is one that the server runs, and none reads a whole collection.

use std::collections::BTreeSet;

use mongodb::bson::{Document, doc};
use pesan::auth::Role;
use serde_json::{Value, json};

use super::{CLOCK_S, Reader, operation};
use crate::support::app::TestApp;
use crate::support::mongo;
use crate::support::webhook::{ACCOUNT_ID, Customer, echo, inbound, status, text, value};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };

/// The operations of an inbox, with the path to what each has to find.
const OPERATIONS: &[(&str, &str)] = &[
    ("calls", "/calls/nodes/0/contact/id"),
    ("contact", "/contact/id"),
    ("contacts", "/contacts/nodes/0/id"),
    ("conversation", "/conversation/contact/id"),
    ("conversations", "/conversations/edges/0/node/contact/id"),
    ("inbound-trace", "/inboundTrace/0/text"),
    ("message", "/message/contact/id"),
    ("messages", "/messages/edges/0/node/id"),
    ("notices", "/notices/nodes/0/details/0/value"),
    ("template", "/template/statusHistory/0/status"),
    ("templates", "/templates/nodes/0/status"),
];

/// A message with a status and an answer, a call, a template, and news of the account.
pub async fn take_some_of_all(app: &TestApp) {
    let call = json!({ "id": "wacid.1", "from": BUDI.wa_id, "from_user_id": BUDI.user_id, "event": "connect",
        "direction": "USER_INITIATED", "timestamp": CLOCK_S.to_string() });
    let end = json!({ "id": "wacid.1", "from": BUDI.wa_id, "from_user_id": BUDI.user_id, "event": "terminate",
        "direction": "USER_INITIATED", "status": "COMPLETED", "start_time": CLOCK_S.to_string(),
        "end_time": (CLOCK_S + 94).to_string(), "duration": 94, "timestamp": (CLOCK_S + 95).to_string() });
    let mut answer = text("ya");
    answer["context"] = json!({ "from": "15550783881", "id": "wamid.1" });
    app.take_changes(&[
        echo(BUDI, "wamid.1", CLOCK_S, text("halo")),
        status(BUDI, "wamid.1", "delivered", CLOCK_S + 1),
        inbound(BUDI, "wamid.2", CLOCK_S + 2, answer),
        json!({ "field": "calls", "value": value(json!({ "calls": [call] })) }),
        json!({ "field": "calls", "value": value(json!({ "calls": [end] })) }),
        json!({ "field": "account_review_update", "value": { "decision": "APPROVED" } }),
        json!({ "field": "message_template_status_update", "value": { "event": "APPROVED",
            "message_template_id": 1, "message_template_name": "a", "message_template_language": "id" } }),
    ])
    .await;
}

/// Values for the variables of any operation of an inbox.
pub async fn variables(reader: &Reader<'_>, name: &str) -> Value {
    let found =
        reader.data("{ conversations { nodes { id contactId lastMessage { id } } } }", json!({})).await;
    let one = found["conversations"]["nodes"][0].clone();
    match name {
        "contact" => json!({ "id": one["contactId"] }),
        "conversation" => json!({ "id": one["id"] }),
        "message" => json!({ "id": one["lastMessage"]["id"] }),
        "messages" => json!({ "conversationId": one["id"] }),
        "template" => {
            let found = reader.data("{ templates { nodes { id } } }", json!({})).await;
            json!({ "id": found["templates"]["nodes"][0]["id"] })
        }
        "templates" => json!({ "accountId": ACCOUNT_ID }),
        "inbound-trace" => json!({ "messageId": "wamid.2" }),
        _ => json!({}),
    }
}

#[tokio::test]
async fn every_operation_of_an_inbox_runs_and_reads_by_an_index() {
    let app = TestApp::start_with_number();
    take_some_of_all(&app).await;
    let reader = Reader::new(&app, Role::Admin).await;
    let database = mongo::raw(&app.database).await;
    database.run_command(doc! { "profile": 2 }).await.unwrap();
    for (name, path) in OPERATIONS {
        let data = reader.data(&operation(name), variables(&reader, name).await).await;
        let found = data.pointer(path).filter(|found| found.is_string());
        assert!(found.is_some(), "{name}: {path} in {data:#}");
    }
    let beyond = |list: &str, more: &str| {
        let query = format!("{{ {list}{more} {{ pageInfo {{ startCursor endCursor }} }} }}");
        let (reader, list) = (&reader, list.to_owned());
        async move { reader.data(&query, json!({})).await[list.as_str()]["pageInfo"].clone() }
    };
    for list in ["conversations", "contacts", "calls", "notices"] {
        let cursors = beyond(list, "").await;
        beyond(list, &format!("(first: 5, after: {})", cursors["endCursor"])).await;
        beyond(list, &format!("(last: 5, before: {})", cursors["startCursor"])).await;
    }
    for filter in ["isUnread: true", "isUnread: false", "windowOpen: true", "windowOpen: false"] {
        beyond("conversations", &format!("(filter: {{ {filter} }})")).await;
    }
    let number = app.storage.all_numbers().await.unwrap().remove(0).id;
    for list in ["conversations", "calls", "notices"] {
        beyond(list, &format!("(filter: {{ numberIds: [\"{number}\"] }})")).await;
    }
    let limited = Reader::with(
        &app,
        pesan::storage::workspaces::first_workspace(),
        Role::Viewer,
        None,
        Some(vec![number]),
    )
    .await;
    limited.data("{ contacts { nodes { id } } }", json!({})).await;
    database.run_command(doc! { "profile": 0 }).await.unwrap();

    let profile = database.collection::<Document>("system.profile");
    let mut cursor = profile.find(doc! { "planSummary": { "$exists": true } }).await.unwrap();
    let mut plans = BTreeSet::new();
    while cursor.advance().await.unwrap() {
        let entry = cursor.deserialize_current().unwrap();
        let collection = entry.get_str("ns").unwrap().split_once('.').unwrap().1.to_owned();
        let sorts = entry.get_bool("hasSortStage").unwrap_or(false);
        plans.insert((collection, entry.get_str("planSummary").unwrap().to_owned(), sorts));
    }
    let read = [
        "calls",
        "contacts",
        "conversation_ties",
        "conversations",
        "messages",
        "notices",
        "statuses",
        "templates",
    ];
    for collection in read {
        assert!(plans.iter().any(|(one, ..)| one == collection), "{collection} was read: {plans:#?}");
    }
    for (collection, plan, sorts) in plans.iter().filter(|(one, ..)| read.contains(&one.as_str())) {
        assert!(!plan.contains("COLLSCAN"), "{collection}: {plan}");
        // The few conversations of one contact are sorted as they are read.
        let is_of_contact = collection == "conversations" && plan.contains("{ _id: 1 }");
        assert!(!sorts || is_of_contact, "{collection}: {plan} sorts");
    }
}
