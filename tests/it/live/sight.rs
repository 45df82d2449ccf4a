//! Who sees what of the log.

use mongodb::bson::{Document, doc};
use pesan::auth::{NewApiKey, Role};
use pesan::graphql::Cursor;
use pesan::storage::events::Happening;
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::Socket;
use super::{EVENTS, append, append_all, key, operation};
use crate::support::app::TestApp;
use crate::support::mongo;
use crate::support::webhook::{Customer, NOW_S, inbound, text};

const MINE: Uuid = Uuid::from_u128(1);

/// The conversation in which `one_of_each` happens.
fn conversation_with(number: Uuid) -> Uuid {
    Uuid::from_u128(number.as_u128() ^ 1)
}

/// One of each kind, of this number and its account.
fn one_of_each(number: Uuid, account: &str) -> Vec<Happening> {
    let (message, conversation) = (format!("m-{number}"), conversation_with(number));
    vec![
        Happening::Message { message: message.clone(), conversation, number, inbound: true },
        Happening::Contact { contact: Uuid::from_u128(5) },
        Happening::MessageChanged { message: message.clone(), conversation, number },
        Happening::Status { message, conversation, number, step: "read".to_owned(), at_s: 1_763_712_000 },
        Happening::Work {
            conversation,
            number,
            work: "read".to_owned(),
            by: Some("user:siti".to_owned()),
            about: None,
        },
        Happening::Number { number },
        Happening::Template { template: format!("t-{account}"), account: account.to_owned() },
        Happening::Notice { notice: "n1".to_owned(), kind: "quality".to_owned(), number: Some(number) },
        Happening::Notice { notice: "n2".to_owned(), kind: "template".to_owned(), number: None },
    ]
}

/// What is told until the message `end`.
async fn told(socket: &mut Socket) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let event = socket.event().await;
        if event["messageId"] == "end" {
            return all;
        }
        all.push(event);
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["__typename"].as_str().unwrap().trim_end_matches("Event")).collect()
}

#[expect(clippy::too_many_lines, reason = "one story: who sees what of the same events")]
#[tokio::test]
async fn whoever_is_limited_to_a_number_is_told_of_that_alone_and_a_workspace_of_itself() {
    let app = TestApp::start();
    let (workspace, foreign) = (first_workspace(), Uuid::from_u128(99));
    let all = key(&app).await;
    for (name, account) in [("1", "account-of-1"), ("2", "account-of-2")] {
        app.storage.ensure_number(workspace, name, Some(account)).await.unwrap();
    }
    let (mine, other_number) = (number_id(workspace, "1"), number_id(workspace, "2"));
    let limited = NewApiKey {
        name: "limited".to_owned(),
        role: Role::Agent,
        scopes: None,
        numbers: Some(vec![mine]),
        expires_ms: None,
    };
    let limited = app.key_for(workspace, limited).await.text.expose().to_owned();
    let stranger = NewApiKey {
        name: "of another".to_owned(),
        role: Role::Owner,
        scopes: None,
        numbers: None,
        expires_ms: None,
    };
    let stranger = app.key_for(foreign, stranger).await.text.expose().to_owned();
    let beginning = Cursor::BEGINNING.to_string();
    let mut sees_all = Socket::following(&app.url, &all, Some(&beginning)).await;
    let mut sees_some = Socket::following(&app.url, &limited, Some(&beginning)).await;
    let mut sees_none = Socket::following(&app.url, &stranger, Some(&beginning)).await;
    append_all(&app, workspace, one_of_each(other_number, "account-of-2")).await;
    append_all(&app, workspace, one_of_each(mine, "account-of-1")).await;
    append(&app, workspace, mine, &["end"]).await;
    append(&app, foreign, mine, &["theirs", "end"]).await;

    let each = [
        "MessageAdded",
        "ContactChanged",
        "MessageChanged",
        "MessageStatus",
        "ConversationWork",
        "NumberChanged",
        "TemplateChanged",
        "NoticeAdded",
        "NoticeAdded",
    ];
    let seen = told(&mut sees_all).await;
    assert_eq!(kinds(&seen), [each, each].concat());
    assert_eq!(seen[3]["status"], "READ");
    assert_eq!(seen[3]["happenedAt"], "2025-11-21T08:00:00Z");
    assert_eq!(seen[0]["at"], "2026-11-21T08:00:00Z");
    let seen = told(&mut sees_some).await;
    assert_eq!(
        kinds(&seen),
        [
            "MessageAdded",
            "MessageChanged",
            "MessageStatus",
            "ConversationWork",
            "NumberChanged",
            "TemplateChanged",
            "NoticeAdded"
        ]
    );
    let is_foreign = |event: &Value| {
        let event = event.to_string();
        event.contains(&other_number.to_string()) || event.contains("account-of-2")
    };
    assert!(!seen.iter().any(is_foreign), "{seen:#?}");
    let seen = told(&mut sees_none).await;
    assert_eq!(seen.iter().map(|event| &event["messageId"]).collect::<Vec<_>>(), ["theirs"]);

    // The narrower fields are the same log, sifted.
    let of_mine = format!(", numberId: \"{mine}\"");
    let my_conversation = format!(", conversationId: \"{}\"", conversation_with(mine));
    let other_conversation = format!(", conversationId: \"{}\"", conversation_with(other_number));
    for (name, arguments, key, count) in [
        ("numberChanged", "", &all, 4),
        ("numberChanged", &of_mine, &all, 2),
        ("numberChanged", "", &limited, 2),
        ("conversationChanged", "", &all, 3),
        ("conversationChanged", &of_mine, &all, 2),
        ("messageChanged", &my_conversation, &all, 3),
        ("messageChanged", &other_conversation, &limited, 0),
    ] {
        let mut socket = Socket::let_in(&app.url, key).await;
        let from_the_start =
            format!("subscription {{ {name}(after: \"{beginning}\"{arguments}) {{ cursor at }} }}");
        socket.subscribe("1", operation(&from_the_start, json!({}))).await;
        let mut got = Vec::new();
        while got.len() < count {
            got.push(socket.event().await);
        }
        // Nothing more: what is asked now is answered next.
        socket.subscribe("now", operation("{ eventsCursor }", json!({}))).await;
        assert_eq!(socket.message().await["id"], "now", "{from_the_start}: {got:?}");
    }
    let refused = format!("subscription {{ numberChanged(numberId: \"{other_number}\") {{ cursor }} }}");
    let mut socket = Socket::let_in(&app.url, &limited).await;
    socket.subscribe("1", operation(&refused, json!({}))).await;
    assert_eq!(socket.error("1").await["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn whoever_is_limited_to_a_number_is_told_of_the_templates_of_its_account_as_it_is_now() {
    let app = TestApp::start();
    let workspace = first_workspace();
    app.storage.ensure_number(workspace, "1", Some("account-of-1")).await.unwrap();
    app.storage.ensure_number(workspace, "2", Some("account-of-2")).await.unwrap();
    app.storage.ensure_number(workspace, "3", None).await.unwrap();
    let (mine, without_account) = (number_id(workspace, "1"), number_id(workspace, "3"));
    let limited = |name: &str, numbers: Vec<Uuid>| NewApiKey {
        name: name.to_owned(),
        role: Role::Agent,
        scopes: None,
        numbers: Some(numbers),
        expires_ms: None,
    };
    let of_one = app.key_for(workspace, limited("one", vec![mine])).await.text.expose().to_owned();
    let of_none = app.key_for(workspace, limited("none", vec![without_account])).await;
    let of_none = of_none.text.expose().to_owned();
    let beginning = Cursor::BEGINNING.to_string();
    let mut told_one = Socket::following(&app.url, &of_one, Some(&beginning)).await;
    let mut told_none = Socket::following(&app.url, &of_none, Some(&beginning)).await;
    let tell = async |template: &str| {
        let of = |account: &str| Happening::Template {
            template: format!("{template}-{account}"),
            account: account.to_owned(),
        };
        append_all(&app, workspace, vec![of("account-of-1"), of("account-of-2"), of("account-of-3")]).await;
    };
    tell("a").await;
    assert_eq!(told_one.event().await["templateId"], "a-account-of-1");
    let numbers = mongo::raw(&app.database).await.collection::<Document>("numbers");
    let moved = doc! { "$set": { "accountId": "account-of-3" } };
    let moved = numbers.update_one(doc! { "phoneNumberId": "1" }, moved).await.unwrap();
    assert_eq!(moved.matched_count, 1);
    tell("b").await;
    assert_eq!(told_one.event().await["templateId"], "b-account-of-3");
    // Nothing more came before this.
    append(&app, workspace, mine, &["end"]).await;
    assert_eq!(told_one.event().await["messageId"], "end");
    append(&app, workspace, without_account, &["end"]).await;
    assert_eq!(told_none.event().await["messageId"], "end", "no number of theirs is of any account");
}

#[tokio::test]
async fn a_cursor_that_the_log_does_not_have_is_refused_with_a_code() {
    let app = TestApp::start();
    let (key, workspace) = (key(&app).await, first_workspace());
    let mut socket = Socket::let_in(&app.url, &key).await;
    let beginning = Cursor::BEGINNING.to_string();
    socket.subscribe("1", operation(EVENTS, json!({ "after": beginning }))).await;
    let mut cursors = Vec::new();
    for name in ["a", "b", "c"] {
        append(&app, workspace, MINE, &[name]).await;
        let event = socket.event().await;
        assert_eq!(event["messageId"], name);
        cursors.push(event["cursor"].as_str().unwrap().to_owned());
    }
    let database = mongodb::Client::with_uri_str(mongo::uri()).await.unwrap().database(&app.database);
    let gone = database.collection::<Document>("events").delete_one(doc! { "seq": 1_i64 }).await.unwrap();
    assert_eq!(gone.deleted_count, 1);
    let ahead = Cursor { seq: 900, index: 0, at_ms: 0 }.to_string();
    let of_another_log = Cursor { seq: 2, index: 0, at_ms: 5 }.to_string();
    for cursor in [&beginning, &cursors[0], &ahead, &of_another_log] {
        let mut socket = Socket::following(&app.url, &key, Some(cursor)).await;
        let error = socket.error("1").await;
        assert_eq!(error["extensions"]["code"], "CURSOR_EXPIRED", "{cursor}");
        assert_eq!(error["extensions"]["retryable"], false);
    }
    let mut socket = Socket::following(&app.url, &key, Some(&cursors[1])).await;
    assert_eq!(socket.event().await["messageId"], "c");
}

#[tokio::test]
async fn a_conversation_shows_the_change_when_it_is_told() {
    let app = TestApp::start_with_number();
    let key = key(&app).await;
    let mut socket = Socket::let_in(&app.url, &key).await;
    let beginning = Cursor::BEGINNING.to_string();
    let follow = "subscription($after: Cursor) { conversationChanged(after: $after) {
        cursor conversationId conversation { id unreadCount } } }";
    socket.subscribe("1", operation(follow, json!({ "after": beginning }))).await;
    for n in 1..=20 {
        let wamid = format!("wamid.{n}");
        let customer = Customer::new("6281234567890", "ID.1");
        let change = inbound(customer, &wamid, NOW_S + n, text("halo"));
        app.take(&[crate::support::webhook::body(&[change])]).await;
        let event = socket.event().await;
        let conversation = app.only("conversations").await;
        let id = event["conversationId"].as_str().unwrap().replace('-', "");
        assert_eq!(conversation["_id"], id);
        assert_eq!(conversation["unread"], n, "{event}");
        let shown = json!({ "id": event["conversationId"], "unreadCount": n });
        assert_eq!(event["conversation"], shown, "{event}");
    }
}
