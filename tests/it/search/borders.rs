//! Who finds what: another workspace's things and other numbers' are not there; and what is refused.

use pesan::auth::{NewApiKey, Role, Scope};
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{BUDI, SRI, Seeker, edges, says, second_number, take};
use crate::support::app::TestApp;
use crate::support::webhook::PHONE_NUMBER_ID;

fn to_number(change: Value, phone_number_id: &str) -> Value {
    serde_json::from_str(&change.to_string().replace(PHONE_NUMBER_ID, phone_number_id)).unwrap()
}

#[tokio::test]
async fn another_workspace_finds_nothing_of_this_one() {
    let app = TestApp::start_with_number();
    let other = Uuid::now_v7();
    app.storage.ensure_workspace(other, "other").await.unwrap();
    app.storage.ensure_number(other, "900", Some("901")).await.unwrap();
    let theirs = to_number(says(SRI, "w2", 1, "bunga mereka"), "900");
    take(&app, &[says(BUDI, "w1", 0, "bunga kami"), theirs]).await;
    let (ours, stranger) = (Seeker::new(&app).await, Seeker::with(&app, other, None).await);
    assert_eq!(ours.texts("bunga").await, ["bunga kami"]);
    assert_eq!(stranger.texts("bunga").await, ["bunga mereka"]);
    assert_eq!((ours.names("sri").await.len(), stranger.names("sri").await.len()), (0, 1));
    let query = "{ conversations { nodes { id } } }";
    let mine = app.ask(&ours.key, query, json!({})).await["nodes"][0]["id"].clone();
    let variables = json!({ "query": "bunga", "conversationId": mine });
    assert_eq!(edges(&stranger.page("searchMessages", variables.clone()).await).len(), 0);
    assert_eq!(edges(&ours.page("searchMessages", variables).await).len(), 1);
    // A cursor of one workspace leads nowhere in another.
    let cursor = ours.page("searchMessages", json!({ "query": "bunga" })).await["edges"][0]["cursor"].clone();
    let page = stranger.page("searchMessages", json!({ "query": "kami", "after": cursor })).await;
    assert_eq!(edges(&page).len(), 0);
}

#[tokio::test]
async fn a_key_for_some_numbers_finds_what_is_theirs() {
    let app = TestApp::start_with_number();
    let second = second_number(&app).await;
    take(&app, &[says(BUDI, "w1", 0, "bunga satu"), to_number(says(SRI, "w2", 1, "bunga dua"), "700")]).await;
    let first = app.storage.all_numbers().await.unwrap();
    let first = first.iter().find(|number| number.phone_number_id == PHONE_NUMBER_ID).unwrap().id;
    let all = Seeker::new(&app).await;
    assert_eq!(all.texts("bunga").await, ["bunga dua", "bunga satu"]);
    let limited = Seeker::with(&app, first_workspace(), Some(vec![second])).await;
    assert_eq!(limited.texts("bunga").await, ["bunga dua"]);
    assert_eq!((limited.names("budi").await.len(), limited.names("sri").await.len()), (0, 1));
    let both = Seeker::with(&app, first_workspace(), Some(vec![first, second])).await;
    assert_eq!(both.texts("bunga").await, ["bunga dua", "bunga satu"]);
    let of = |number: Uuid| json!({ "query": "bunga", "numberId": number });
    assert_eq!(edges(&all.page("searchMessages", of(first)).await)[0]["content"]["text"], "bunga satu");
    assert_eq!(edges(&all.page("searchMessages", of(Uuid::now_v7())).await).len(), 0);
    let denied = limited.answer("searchMessages", of(first)).await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn a_scope_for_messages_is_none_for_contacts() {
    let app = TestApp::start_with_number();
    take(&app, &[says(BUDI, "w1", 0, "bunga")]).await;
    let scoped = async |scope| {
        let new = NewApiKey {
            name: "a test's".to_owned(),
            role: Role::Owner,
            scopes: Some(vec![scope]),
            numbers: None,
            expires_ms: None,
        };
        Seeker { app: &app, key: app.key_for(first_workspace(), new).await.text }
    };
    let messages = "{ searchMessages(query: \"bunga\") { edges { node { id } } } }";
    let contacts = "{ searchContacts(query: \"budi\") { edges { node { id } } } }";
    for (scope, may, may_not) in
        [(Scope::MessagesRead, messages, contacts), (Scope::ContactsRead, contacts, messages)]
    {
        let seeker = scoped(scope).await;
        let found = app.graphql(&seeker.key, may, json!({})).await;
        assert_eq!(found.get("errors"), None, "{found}");
        let denied = app.graphql(&seeker.key, may_not, json!({})).await;
        assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN", "{denied}");
    }
}

#[tokio::test]
async fn what_is_no_search_is_refused_and_nothing_in_one_is_a_command() {
    let app = TestApp::start_with_number();
    take(&app, &[says(BUDI, "w1", 0, "bunga $where {\"$gt\": 1} .* =bunga #n1")]).await;
    let seeker = Seeker::new(&app).await;
    let cursor =
        seeker.page("searchMessages", json!({ "query": "bunga" })).await["edges"][0]["cursor"].clone();
    for name in ["searchContacts", "searchNotes"] {
        let refused = seeker.answer(name, json!({ "query": "bunga", "after": cursor })).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID_REQUEST", "{name}: {refused}");
    }
    for name in ["searchMessages", "searchContacts", "searchNotes"] {
        for (query, after) in [
            (String::new(), None),
            ("?!".to_owned(), None),
            ("🌸".to_owned(), None),
            ("x".repeat(201), None),
            ("bunga ".repeat(1_700), None),
            ("👩‍👩‍👧".repeat(1_250), None),
            ("a b c d e f g h i".to_owned(), None),
            ("bunga".to_owned(), Some("nonsense")),
            ("bunga".to_owned(), Some("bgAAAAAAAAAF")),
        ] {
            let refused = seeker.answer(name, json!({ "query": query, "after": after })).await;
            let code = &refused["errors"][0]["extensions"]["code"];
            assert_eq!(code, "INVALID_REQUEST", "{name} {query} {after:?}: {refused}");
        }
        let none = seeker.page(name, json!({ "query": "zzz", "first": 0 })).await;
        assert_eq!((edges(&none).len(), &none["pageInfo"]["hasNextPage"]), (0, &json!(false)));
    }
    for search in ["$where", "{\"$gt\"", "=bunga", "#n1", ".*bunga", "bunga\u{0}where"] {
        assert_eq!(seeker.texts(search).await.len(), 1, "{search}");
    }
    for search in ["$ne", "m=bunga x", "^b", "[a-z]"] {
        assert_eq!(seeker.texts(search).await.len(), 0, "{search}");
    }
}
