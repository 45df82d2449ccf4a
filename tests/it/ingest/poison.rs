//! What cannot be stored is set aside with its reason, alone, and whatever came beside it goes through.

use mongodb::bson::{Document, doc};
use pesan::ingest::verify::verify;
use pesan::storage::aside::Reason;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::mongo;
use crate::support::webhook::{Customer, NOW_S, body, echo, inbound, status, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
const SITI: Customer<'static> = Customer { wa_id: "628222", user_id: "ID.222", name: "Siti" };

async fn dead(app: &TestApp) -> u64 {
    app.storage.count_asides(Reason::Dead).await.unwrap()
}

/// Makes the database refuse documents of a collection.
async fn forbid(app: &TestApp, collection: &str, rule: Document) {
    let command = doc! { "collMod": collection, "validator": rule };
    mongo::raw(&app.database).await.run_command(command).await.unwrap();
}

/// That a recount from the journal finds everything, and that many items among the dead.
async fn check_books(app: &TestApp, dead: u64) {
    let account = verify(&app.storage, i64::MIN / 2, i64::MAX / 2).await.unwrap();
    assert!(account.is_complete() && account.dead == dead, "{account:#?}");
}

/// Posts each as a webhook of its own, all at once.
async fn take_at_once(app: &TestApp, changes: &[Value]) {
    let bodies: Vec<[String; 1]> = changes.iter().map(|one| [body(std::slice::from_ref(one))]).collect();
    futures_util::future::join_all(bodies.iter().map(|bodies| app.take(bodies))).await;
    app.settle().await;
}

#[tokio::test]
async fn an_item_that_the_database_refuses_is_set_aside_and_its_neighbours_in_the_webhook_go_through() {
    let app = TestApp::start_with_number();
    forbid(&app, "messages", doc! { "wamid": { "$ne": "wamid.bad" } }).await;
    forbid(&app, "statuses", doc! { "wamid": { "$ne": "wamid.bad" } }).await;
    forbid(&app, "edits", doc! { "target": { "$not": { "$regex": "bad$" } } }).await;
    forbid(&app, "notices", doc! { "kind": { "$ne": "account" } }).await;
    let reaction = |wamid: &str, target: &str| {
        let reaction = json!({ "message_id": target, "emoji": "👍" });
        inbound(BUDI, wamid, NOW_S + 5, json!({ "type": "reaction", "reaction": reaction }))
    };
    app.take_changes(&[
        inbound(BUDI, "wamid.bad", NOW_S, text("x")),
        inbound(BUDI, "wamid.1", NOW_S, text("y")),
        echo(BUDI, "wamid.2", NOW_S + 1, text("z")),
        status(BUDI, "wamid.bad", "sent", NOW_S + 2),
        status(BUDI, "wamid.2", "sent", NOW_S + 2),
        reaction("wamid.r1", "wamid.bad"),
        reaction("wamid.r2", "wamid.2"),
        json!({ "field": "account_review_update", "value": { "decision": "APPROVED" } }),
    ])
    .await;
    assert_eq!(app.all("messages").await.len(), 2);
    let conversation = app.only("conversations").await;
    assert_eq!((&conversation["unread"], &conversation["messages"]), (&json!(1), &json!(2)));
    let messages = app.all("messages").await;
    assert_eq!(messages[1]["rank"], 2);
    assert_eq!(messages[1]["reactions"].as_object().unwrap().len(), 1);
    let letter = app.only("dead_letters").await;
    let items = letter["items"].as_array().unwrap();
    let seen: Vec<(i64, &str)> =
        items.iter().map(|one| (one["index"].as_i64().unwrap(), one["field"].as_str().unwrap())).collect();
    assert_eq!(seen, [(0, "messages"), (3, "messages"), (5, "messages"), (7, "account_review_update")]);
    assert!(items.iter().all(|one| one["why"].as_str().unwrap().contains("(121)")), "{items:#?}");
    let counted = r#"pesan_ingest_items_total{field="messages",kind="text",outcome="refused"}"#;
    assert_eq!(app.count(counted).await, 1);
    assert_eq!(app.told().await, ["contact", "message", "message", "status", "messageChanged"]);
    check_books(&app, 4).await;
}

#[tokio::test]
async fn a_stored_name_that_cannot_be_read_buries_only_the_item_that_needs_it() {
    let app = TestApp::start_with_number();
    app.take_changes(&[inbound(BUDI, "wamid.0", NOW_S, text("x"))]).await;
    let aliases = mongo::raw(&app.database).await.collection::<Document>("aliases");
    let spoilt = aliases
        .insert_one(doc! { "_id": format!("{}:user:ID.spoilt", first_workspace()), "contact": "nobody" })
        .await;
    spoilt.unwrap();
    let spoilt = Customer { wa_id: "628666", user_id: "ID.spoilt", name: "X" };
    let mut changes: Vec<Value> =
        (1..=20).map(|n| inbound(SITI, &format!("wamid.{n}"), NOW_S + n, text("y"))).collect();
    changes.insert(10, inbound(spoilt, "wamid.bad", NOW_S, text("x")));
    take_at_once(&app, &changes).await;
    app.take_changes(&[
        inbound(SITI, "wamid.21", NOW_S + 30, text("y")),
        inbound(spoilt, "wamid.worse", NOW_S, text("x")),
        inbound(spoilt, "wamid.worst", NOW_S, text("x")),
        inbound(SITI, "wamid.22", NOW_S + 31, text("y")),
    ])
    .await;

    assert_eq!(app.all("messages").await.len(), 23, "all but the bad ones, also beside them in one webhook");
    let conversations = app.all("conversations").await;
    let mut unread: Vec<i64> = conversations.iter().map(|one| one["unread"].as_i64().unwrap()).collect();
    unread.sort_unstable();
    assert_eq!(unread, [1, 22], "counted once, though they were tried several times");
    let letters = app.all("dead_letters").await;
    let mut buried: Vec<Vec<i64>> = Vec::new();
    for letter in &letters {
        let items = letter["items"].as_array().unwrap();
        assert!(items.iter().all(|one| one["why"].as_str().unwrap().contains("an alias")), "{letter:#?}");
        buried.push(items.iter().map(|one| one["index"].as_i64().unwrap()).collect());
    }
    buried.sort();
    assert_eq!(buried, [vec![0], vec![1, 2]]);
    let told = app.told().await;
    assert_eq!(told.iter().filter(|kind| *kind == "message").count(), 23);
    // The lane is not stuck.
    app.take_changes(&[inbound(BUDI, "wamid.after", NOW_S + 99, text("x"))]).await;
    assert_eq!(app.all("messages").await.len(), 24);
    assert_eq!(dead(&app).await, 2);
    check_books(&app, 3).await;
}

fn first_workspace() -> String {
    pesan::storage::workspaces::first_workspace().simple().to_string()
}

#[tokio::test]
async fn what_was_in_the_way_only_once_buries_nobody() {
    let app = TestApp::start_with_number();
    // The server says no to one look for names, with a code that does not tell whether it would say so again.
    let fail = doc! {
        "configureFailPoint": "failCommand", "mode": { "times": 1 },
        "data": { "failCommands": ["find"], "errorCode": 2, "namespace": format!("{}.aliases", app.database) },
    };
    mongodb::Client::with_uri_str(mongo::uri())
        .await
        .unwrap()
        .database("admin")
        .run_command(fail)
        .await
        .unwrap();
    app.take_changes(&[
        inbound(BUDI, "wamid.1", NOW_S, text("x")),
        inbound(SITI, "wamid.2", NOW_S, text("x")),
    ])
    .await;
    assert!(app.count("pesan_ingest_apply_failures_total").await >= 1);
    assert_eq!(dead(&app).await, 0);
    let conversations = app.all("conversations").await;
    assert_eq!(conversations.len(), 2);
    assert!(conversations.iter().all(|one| one["unread"] == 1));
}

#[tokio::test]
async fn a_message_that_cannot_be_moved_forward_holds_no_other_up() {
    let app = TestApp::start_with_number();
    app.take_changes(&[echo(BUDI, "wamid.1", NOW_S, text("x")), echo(SITI, "wamid.2", NOW_S, text("x"))])
        .await;
    let messages = mongo::raw(&app.database).await.collection::<Document>("messages");
    let spoil = doc! { "$set": { "times": "not a document" } };
    messages.update_one(doc! { "wamid": "wamid.1" }, spoil).await.unwrap();
    app.take_changes(&[
        status(BUDI, "wamid.1", "delivered", NOW_S + 1),
        status(SITI, "wamid.2", "delivered", NOW_S + 1),
    ])
    .await;
    assert_eq!(app.all("messages").await[1]["rank"], 4);
    assert_eq!(app.all("statuses").await.len(), 2);
}

#[tokio::test]
async fn a_conversation_that_cannot_be_changed_holds_no_other_up() {
    let app = TestApp::start_with_number();
    app.take_changes(&[
        inbound(BUDI, "wamid.1", NOW_S, text("x")),
        inbound(SITI, "wamid.2", NOW_S, text("x")),
    ])
    .await;
    let conversations = mongo::raw(&app.database).await.collection::<Document>("conversations");
    let spoil = doc! { "$set": { "unread": "many" } };
    conversations.update_one(doc! { "last.message": { "$regex": "wamid.1$" } }, spoil).await.unwrap();
    app.take_changes(&[
        inbound(BUDI, "wamid.3", NOW_S + 1, text("x")),
        inbound(SITI, "wamid.4", NOW_S + 1, text("x")),
    ])
    .await;
    let stored = app.all("conversations").await;
    assert!(stored.iter().any(|one| one["unread"] == 2 && one["last"]["at"] == NOW_S + 1), "{stored:#?}");
    assert_eq!(app.all("messages").await.len(), 4);
    assert_eq!(app.count("pesan_ingest_fold_refusals_total").await, 1);
}

#[tokio::test]
async fn strange_but_storable_things_are_stored() {
    let app = TestApp::start_with_number();
    let long = format!("wamid.{}", "x".repeat(1_500_000));
    let mut deep = json!({ "type": "text", "text": { "body": "dasar" } });
    for _ in 0..60 {
        deep = json!({ "type": "edit", "edit": { "original_message_id": "wamid.1", "message": deep } });
    }
    let strange = Customer { wa_id: "62\u{0}8", user_id: "ID.\u{0}$.a", name: "\u{0}$set.\u{202e}" };
    app.take_changes(&[inbound(BUDI, &long, NOW_S, text("panjang"))]).await;
    app.take_changes(&[status(BUDI, &long, "read", NOW_S + 1)]).await;
    app.take_changes(&[
        inbound(BUDI, "wamid.1", NOW_S + 2, text("dalam")),
        inbound(BUDI, "wamid.deep", NOW_S + 3, deep),
        inbound(strange, "wamid.\u{0}.$x", NOW_S + 4, text("a\u{0}b")),
        json!({ "field": "account_update", "value": { "event": "$\u{0}.a" } }),
        json!({ "field": "message_template_status_update", "value": {
            "event": "$x.\u{0}", "message_template_id": "$\u{0}.", "message_template_name": "\u{0}" } }),
    ])
    .await;
    assert_eq!(dead(&app).await, 0, "{:#?}", app.all("dead_letters").await);
    let messages = app.all("messages").await;
    assert_eq!(messages.len(), 3);
    assert!(messages.iter().any(|one| one["content"]["text"]["body"] == "a\u{0}b"));
    let edited = messages.iter().find(|one| one["wamid"] == "wamid.1").unwrap();
    assert_eq!(edited["edited"]["content"]["unrecognised"]["kind"], "edit", "nobody edits an edit");
    assert!(messages.iter().any(|one| one["wamid"] == long.as_str() && one["rank"] == 5));
    assert_eq!(app.all("notices").await.len(), 2);
    assert_eq!(app.all("templates").await.len(), 1);
}
