//! The list of conversations with a search: which it holds, that it pages like any other, and that what it costs is bound.

use pesan::auth::{NewApiKey, Role, Scope};
use pesan::storage::search::{Item, Kind};
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{BUDI, SRI, Seeker, contact, says, second_number, take};
use crate::support::app::TestApp;
use crate::support::webhook::{Customer, NOW_S, PHONE_NUMBER_ID, inbound};

/// A page of the list: the names of the contacts, and the whole page.
async fn page(seeker: &Seeker<'_>, filter: Value, more: Value) -> (Vec<String>, Value) {
    let mut variables = json!({ "filter": filter });
    variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let page = seeker.page("conversations", variables).await;
    let edges = page["edges"].as_array().unwrap().iter();
    let names = edges.map(|edge| edge["node"]["contact"]["name"].as_str().unwrap().to_owned());
    (names.collect(), page.clone())
}

async fn names(seeker: &Seeker<'_>, search: &str) -> Vec<String> {
    let (names, page) = page(seeker, json!({ "search": search }), json!({})).await;
    assert_eq!(page["isSearchComplete"], true);
    names
}

/// Conversations of ten customers, of whom every other one wrote of flowers.
async fn ten(app: &TestApp) {
    let mut changes = Vec::new();
    for n in 0..10_i64 {
        let (wa_id, user_id, name) = (format!("62811000{n}"), format!("ID.{n}"), format!("Pelanggan {n}"));
        let customer = Customer { wa_id: &wa_id, user_id: &user_id, name: &name };
        let words = if n % 2 == 0 { "mau bunga" } else { "mau kue" };
        changes.push(says(customer, &format!("w{n}"), n * 2, words));
        changes.push(says(customer, &format!("x{n}"), n * 2 + 1, "terima kasih"));
    }
    take(app, &changes).await;
}

#[tokio::test]
async fn a_search_finds_by_contact_and_by_message_and_follows_what_changes() {
    let app = TestApp::start_with_number();
    take(
        &app,
        &[
            says(BUDI, "w1", 0, "Pesanan bunga mawar"),
            says(SRI, "w2", 1, "Apakah Budi ada?"),
            says(SRI, "w3", 2, "我的订单 🌸"),
        ],
    )
    .await;
    let seeker = Seeker::new(&app).await;
    for (search, found) in [
        ("budi", vec!["Sri Wahyuni", "Budi Santoso"]),
        ("budi santoso", vec!["Budi Santoso"]),
        ("0812345", vec!["Budi Santoso"]),
        ("mawar pesan", vec!["Budi Santoso"]),
        ("订单", vec!["Sri Wahyuni"]),
        // Its words are not in one message, and not in one name.
        ("budi mawar", vec![]),
        ("apakah 订单", vec![]),
        ("melati", vec![]),
    ] {
        assert_eq!(names(&seeker, search).await, found, "{search}");
    }
    let edit = json!({ "type": "edit", "edit": { "original_message_id": "w1",
        "message": { "type": "text", "text": { "body": "anggrek" } } } });
    let revoke = json!({ "type": "revoke", "revoke": { "original_message_id": "w3" } });
    take(&app, &[inbound(BUDI, "e1", NOW_S + 10, edit), inbound(SRI, "e2", NOW_S + 11, revoke)]).await;
    assert_eq!(names(&seeker, "anggrek").await, ["Budi Santoso"]);
    assert_eq!((names(&seeker, "mawar").await.len(), names(&seeker, "订单").await.len()), (0, 0));

    let (budi, sri) = (contact(&app, BUDI.wa_id).await, contact(&app, SRI.wa_id).await);
    seeker.done("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    for search in ["apakah", "anggrek", "wahyuni", "santoso"] {
        assert_eq!(names(&seeker, search).await, ["Budi Santoso"], "{search}");
    }
    seeker.done("undoContactMerge", json!({ "contactId": sri })).await;
    assert_eq!(names(&seeker, "apakah").await, ["Sri Wahyuni"]);
    assert_eq!(names(&seeker, "anggrek").await, ["Budi Santoso"]);
}

#[tokio::test]
async fn a_search_pages_both_ways_and_holds_beside_every_other_filter() {
    let app = TestApp::start_with_number();
    ten(&app).await;
    let seeker = Seeker::new(&app).await;
    let all = names(&seeker, "bunga").await;
    assert_eq!(all, ["Pelanggan 8", "Pelanggan 6", "Pelanggan 4", "Pelanggan 2", "Pelanggan 0"]);
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let (names, page) =
            page(&seeker, json!({ "search": "bunga" }), json!({ "first": 2, "after": after })).await;
        seen.extend(names);
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, all);
    let up =
        "query($before: String) { conversations(filter: { search: \"bunga\" }, last: 2, before: $before) {
        pageInfo { hasPreviousPage } nodes { contact { name } } } }";
    let found = app.ask(&seeker.key, up, json!({ "before": after })).await;
    assert_eq!(found["nodes"][1]["contact"]["name"], "Pelanggan 4", "{found:#}");
    assert_eq!(found["pageInfo"]["hasPreviousPage"], true);

    let everything = "{ conversations { nodes { id contactId numberId contact { name } } } }";
    let everything = app.ask(&seeker.key, everything, json!({})).await["nodes"].as_array().unwrap().clone();
    let id = |name: &str| everything.iter().find(|one| one["contact"]["name"] == name).unwrap().clone();
    let input = |name: &str| json!({ "input": { "conversationId": id(name)["id"], "add": ["vip"] } });
    seeker.done("labelConversation", input("Pelanggan 4")).await;
    seeker.done("labelConversation", input("Pelanggan 5")).await;
    seeker.done("resolveConversation", json!({ "conversationId": id("Pelanggan 2")["id"] })).await;
    seeker.done("archiveConversation", json!({ "conversationId": id("Pelanggan 0")["id"] })).await;
    for (filter, found) in [
        (json!({ "label": "vip" }), vec!["Pelanggan 4"]),
        (json!({ "status": ["RESOLVED"] }), vec!["Pelanggan 2"]),
        (json!({ "status": ["ARCHIVED"] }), vec!["Pelanggan 0"]),
        (json!({}), vec!["Pelanggan 8", "Pelanggan 6", "Pelanggan 4", "Pelanggan 2"]),
        (json!({ "isUnread": false }), vec![]),
        (json!({ "contactId": id("Pelanggan 6")["contactId"] }), vec!["Pelanggan 6"]),
        (json!({ "contactId": id("Pelanggan 7")["contactId"] }), vec![]),
        (json!({ "numberIds": [id("Pelanggan 6")["numberId"]], "label": "vip" }), vec!["Pelanggan 4"]),
        (json!({ "numberIds": [Uuid::now_v7()] }), vec![]),
        (json!({ "assignee": { "nobody": true }, "label": "vip" }), vec!["Pelanggan 4"]),
    ] {
        let mut with_search = filter.clone();
        with_search["search"] = "bunga".into();
        assert_eq!(page(&seeker, with_search, json!({})).await.0, found, "{filter}");
    }
}

#[tokio::test]
async fn who_may_see_no_messages_or_not_these_finds_nothing_by_them() {
    let app = TestApp::start_with_number();
    let second = second_number(&app).await;
    let theirs = says(SRI, "w2", 1, "bunga dua").to_string().replace(PHONE_NUMBER_ID, "700");
    take(&app, &[says(BUDI, "w1", 0, "bunga satu"), serde_json::from_str(&theirs).unwrap()]).await;
    let limited = Seeker::with(&app, first_workspace(), Some(vec![second])).await;
    assert_eq!(names(&limited, "bunga").await, ["Sri Wahyuni"]);
    assert_eq!((names(&limited, "satu").await.len(), names(&limited, "budi").await.len()), (0, 0));
    let other = Uuid::now_v7();
    app.storage.ensure_workspace(other, "other").await.unwrap();
    let stranger = Seeker::with(&app, other, None).await;
    assert_eq!((names(&stranger, "bunga").await.len(), names(&stranger, "budi").await.len()), (0, 0));
    let query = "{ conversations(filter: { search: \"bunga\" }) { nodes { id } } }";
    for (scopes, may) in [
        (vec![Scope::ConversationsRead], false),
        (vec![Scope::ConversationsRead, Scope::MessagesRead], false),
        (vec![Scope::ConversationsRead, Scope::ContactsRead], false),
        (vec![Scope::ConversationsRead, Scope::ContactsRead, Scope::MessagesRead], true),
    ] {
        let new = NewApiKey {
            name: "a test's".to_owned(),
            role: Role::Owner,
            scopes: Some(scopes.clone()),
            numbers: None,
            expires_ms: None,
        };
        let key = app.key_for(first_workspace(), new).await.text;
        let answer = app.graphql(&key, query, json!({})).await;
        assert_eq!(answer.get("errors").is_none(), may, "{scopes:?}: {answer:#}");
    }
    let seeker = Seeker::new(&app).await;
    for search in [String::new(), "?!".to_owned(), "🌸".to_owned(), "x".repeat(10_000)] {
        let refused = seeker.answer("conversations", json!({ "filter": { "search": search } })).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID_REQUEST", "{refused}");
    }
}

#[tokio::test]
async fn of_words_that_are_everywhere_the_latest_are_looked_at_and_it_is_said() {
    let app = TestApp::start_with_number();
    ten(&app).await;
    let seeker = Seeker::new(&app).await;
    // Thousands of messages of a conversation that is not there, all later than those.
    let token = |id: Uuid| format!("#c{}", id.simple());
    let items: Vec<Item> = (0..6_000_i64)
        .map(|n| Item {
            workspace: first_workspace(),
            kind: Kind::Message,
            id: format!("z{n}"),
            at_s: NOW_S + 1_000_000 + n,
            tokens: vec!["=bunga".to_owned(), "bunga".to_owned(), token(Uuid::from_u128(7))],
            seq: 0,
        })
        .collect();
    app.storage.put_search_items(&items).await.unwrap();
    let (found, first) = page(&seeker, json!({ "search": "bunga" }), json!({})).await;
    assert_eq!((found.len(), &first["isSearchComplete"]), (0, &json!(false)));
    // A rarer word leads past them.
    let (found, first) = page(&seeker, json!({ "search": "mau bunga" }), json!({})).await;
    assert_eq!((found.len(), &first["isSearchComplete"]), (5, &json!(true)));
    assert_eq!(page(&seeker, json!({}), json!({})).await.1["isSearchComplete"], true);
    // Thousands of conversations.
    let items: Vec<Item> = (0..1_200_u128)
        .map(|n| Item {
            workspace: first_workspace(),
            kind: Kind::Message,
            id: format!("y{n}"),
            at_s: NOW_S - 1_000,
            tokens: vec!["=kue".to_owned(), "kue".to_owned(), token(Uuid::from_u128(n + 100))],
            seq: 0,
        })
        .collect();
    app.storage.put_search_items(&items).await.unwrap();
    let (found, first) = page(&seeker, json!({ "search": "kue" }), json!({})).await;
    assert_eq!((found.len(), &first["isSearchComplete"]), (5, &json!(false)));
}
