//! Putting away, taking back, assigning, labelling: each deed, what it refuses, and who is told.

use std::time::Duration;

use pesan::auth::Role;
use serde_json::{Value, json};

use super::{AT_S, BUDI, Desk, of};
use crate::live::client::Socket;
use crate::support::webhook::{echo, inbound, text, value};

/// A message of the time before the number was connected.
fn history(wamid: &str) -> Value {
    let message = json!({ "from": BUDI.wa_id, "id": wamid, "timestamp": (AT_S - 1_000).to_string(), "type": "text",
        "text": { "body": "dulu" }, "history_context": { "status": "read" } });
    json!({ "field": "history", "value": value(json!({ "history": [{
        "metadata": { "phase": 0, "chunk_order": 1, "progress": 50 },
        "threads": [{ "id": BUDI.wa_id, "messages": [message] }],
    }] })) })
}

#[tokio::test]
async fn what_the_customer_writes_opens_a_conversation_wherever_it_was_put() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.0", AT_S).await;
    let until = json!({ "conversationId": conversation, "until": "2026-11-22T08:00:00Z" });
    let ways = [
        ("resolveConversation", of(&conversation), "RESOLVED"),
        ("archiveConversation", of(&conversation), "ARCHIVED"),
        ("snoozeConversation", until, "SNOOZED"),
    ];
    for (n, (name, variables, status)) in (1_i64..).zip(ways) {
        let put = desk.done(name, variables).await;
        assert_eq!((&put["status"], put["statusSince"].is_string()), (&json!(status), true), "{name}");
        assert_eq!(put["snoozedUntil"].is_string(), status == "SNOOZED");
        assert!(put["statusBy"].as_str().unwrap().starts_with("api-key:"));
        // What is no news leaves it there: the same once more, our own words, the past.
        desk.app.take_changes(&[inbound(BUDI, "wamid.0", AT_S, text("wamid.0"))]).await;
        desk.app.take_changes(&[echo(BUDI, &format!("wamid.own{n}"), AT_S + n, text("kami"))]).await;
        desk.app.take_changes(&[history(&format!("wamid.old{n}"))]).await;
        assert!(desk.app.only("conversations").await["away"].is_object(), "{name}");
        desk.hear(&format!("wamid.{n}"), AT_S + n).await;
        let shown = desk.run(&desk.key, "conversation", json!({ "id": conversation })).await;
        let place = ["status", "statusSince", "statusBy", "snoozedUntil"].map(|field| shown[field].clone());
        assert_eq!(place, [json!("OPEN"), Value::Null, Value::Null, Value::Null], "{name}");
    }
    desk.done("resolveConversation", of(&conversation)).await;
    desk.done("resolveConversation", of(&conversation)).await;
    assert_eq!(desk.done("reopenConversation", of(&conversation)).await["status"], "OPEN");
    desk.done("reopenConversation", of(&conversation)).await;
    assert_eq!(
        desk.told().await,
        ["resolved", "archived", "snoozed", "resolved", "reopened"],
        "what changes nothing is not told"
    );
}

#[tokio::test]
async fn a_snooze_ends_at_its_time_once_and_brings_the_conversation_to_the_front() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.1", AT_S - 100).await;
    for (until, is_good) in
        [("2026-11-21T08:00:00Z", false), ("2027-12-21T08:00:00Z", false), ("2026-11-21T09:00:00Z", true)]
    {
        let variables = json!({ "conversationId": conversation, "until": until });
        if is_good {
            desk.done("snoozeConversation", variables).await;
        } else {
            let refused = desk.refused("snoozeConversation", variables).await;
            assert_eq!(refused, ("INVALID".to_owned(), json!("until")), "{until}");
        }
    }
    desk.app.clock.advance(Duration::from_secs(3_599));
    desk.app.run_worker("snooze-end").await.unwrap();
    assert!(desk.app.only("conversations").await["away"].is_object());
    desk.app.clock.advance(Duration::from_secs(1));
    for _ in 0..2 {
        desk.app.run_worker("snooze-end").await.unwrap();
    }
    let woken = desk.app.only("conversations").await;
    assert_eq!((woken.get("away"), &woken["lastAt"]), (None, &json!(AT_S + 3_600)));
    assert_eq!(desk.told().await, ["snoozed", "woken"]);
}

#[tokio::test]
async fn a_snooze_that_something_else_ended_ends_nothing_and_goes_when_its_time_comes() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.1", AT_S - 100).await;
    let sleep = async |until: &str| {
        let variables = json!({ "conversationId": conversation, "until": until });
        desk.done("snoozeConversation", variables).await;
    };
    sleep("2026-11-21T09:00:00Z").await;
    desk.hear("wamid.2", AT_S + 1).await;
    desk.done("resolveConversation", of(&conversation)).await;
    let snoozes = async || desk.app.all("snoozes").await;
    assert_eq!(snoozes().await.len(), 1);
    desk.app.clock.advance(Duration::from_hours(1));
    desk.app.run_worker("snooze-end").await.unwrap();
    assert_eq!(desk.app.only("conversations").await["away"]["as"], "resolved");
    assert_eq!(snoozes().await.len(), 0, "its time has come");

    sleep("2026-11-21T10:00:00Z").await;
    sleep("2026-11-21T11:00:00Z").await;
    for (minutes, is_asleep) in [(90, true), (30, false)] {
        desk.app.clock.advance(Duration::from_secs(minutes * 60));
        desk.app.run_worker("snooze-end").await.unwrap();
        assert_eq!(desk.app.only("conversations").await.get("away").is_some(), is_asleep, "{minutes}");
    }
    assert_eq!(snoozes().await.len(), 0);
    assert_eq!(desk.told().await, ["snoozed", "resolved", "snoozed", "snoozed", "woken"]);
}

#[tokio::test]
async fn a_conversation_is_given_to_somebody_or_to_oneself() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.1", AT_S).await;
    let to = |user: Option<&str>, name: Option<&str>| json!({ "input": { "conversationId": conversation, "userId": user, "name": name } });
    let given = desk.done("assignConversation", to(Some("crm-7"), Some("Siti"))).await;
    assert_eq!((&given["assignee"]["userId"], &given["assignee"]["name"]), (&json!("crm-7"), &json!("Siti")));
    desk.done("assignConversation", to(Some("crm-7"), Some("Siti"))).await;
    let nobody = desk.refused("assignConversation", to(None, None)).await;
    assert_eq!(nobody, ("INVALID".to_owned(), json!("userId")));
    let user = desk.user("siti", "agent");
    let given = desk.done_as(&user, "assignConversation", to(None, None)).await;
    assert_eq!(
        (&given["assignee"]["userId"], &given["assignee"]["assignedBy"]),
        (&json!("siti"), &json!("user:siti"))
    );
    let mine = "query($f: ConversationFilter) { conversations(filter: $f) { nodes { id } } }";
    for (key, filter, count) in [
        (&user, json!({ "me": true }), 1),
        (&desk.key, json!({ "me": true }), 0),
        (&desk.key, json!({ "userId": "siti" }), 1),
        (&desk.key, json!({ "userId": "crm-7" }), 0),
        (&desk.key, json!({ "nobody": true }), 0),
    ] {
        let found = desk.app.ask(key, mine, json!({ "f": { "assignee": filter } })).await;
        assert_eq!(found["nodes"].as_array().unwrap().len(), count, "{filter}");
    }
    assert_eq!(desk.done("unassignConversation", of(&conversation)).await["assignee"], Value::Null);
    desk.done("unassignConversation", of(&conversation)).await;
    let long = "x".repeat(201);
    for (user, name, field) in [
        (Some(long.as_str()), None, "userId"),
        (Some(" "), None, "userId"),
        (Some("a\nb"), None, "userId"),
        (Some("a"), Some(long.as_str()), "name"),
    ] {
        let refused = desk.refused("assignConversation", to(user, name)).await;
        assert_eq!(refused, ("INVALID".to_owned(), json!(field)));
    }
    assert_eq!(desk.told().await, ["assigned", "assigned", "unassigned"]);
}

#[tokio::test]
async fn labels_are_normalised_counted_and_listed_and_two_at_once_both_stay() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.1", AT_S).await;
    let label = |change: Value| {
        let mut input = change;
        input["conversationId"] = conversation.as_str().into();
        json!({ "input": input })
    };
    let labelled = desk.done("labelConversation", label(json!({ "add": [" VIP  Pelanggan", "baru"] }))).await;
    assert_eq!(labelled["labels"], json!(["baru", "vip pelanggan"]));
    desk.done("labelConversation", label(json!({ "add": ["BARU"] }))).await;
    let at_once =
        ["a", "b", "c", "d"].map(|name| desk.done("labelConversation", label(json!({ "add": [name] }))));
    futures_util::future::join_all(at_once).await;
    let labelled = desk.done("labelConversation", label(json!({ "remove": ["Baru"] }))).await;
    assert_eq!(labelled["labels"], json!(["a", "b", "c", "d", "vip pelanggan"]));
    let many: Vec<String> = (0..21).map(|n| format!("l{n}")).collect();
    assert_eq!(
        desk.refused("labelConversation", label(json!({ "set": many }))).await,
        ("INVALID".to_owned(), json!("set"))
    );
    let long = "x".repeat(41);
    assert_eq!(
        desk.refused("labelConversation", label(json!({ "add": [long] }))).await,
        ("INVALID".to_owned(), json!("add"))
    );
    assert_eq!(desk.told().await.len(), 6);

    let names = async || -> Vec<String> {
        let labels = desk.run(&desk.key, "labels", json!({})).await;
        labels.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names().await, ["a", "b", "baru", "c", "d", "vip pelanggan"]);
    let admin = desk.app.key(Role::Admin).await;
    let look = json!({ "input": { "name": "VIP pelanggan", "color": "#2F80ED", "description": "Penting" } });
    let saved = desk.done_as(&admin, "saveLabel", look).await["label"].clone();
    assert_eq!((&saved["name"], &saved["color"]), (&json!("vip pelanggan"), &json!("#2f80ed")));
    for (name, color, field) in [("x", "blue", "color"), ("", "#000000", "name")] {
        let input = json!({ "input": { "name": name, "color": color } });
        assert_eq!(desk.refused_as(&admin, "saveLabel", input).await, ("INVALID".to_owned(), json!(field)));
    }
    assert_eq!(desk.refused_as(&admin, "deleteLabel", json!({ "name": "a" })).await.0, "WRONG_STATE");
    assert_eq!(desk.done_as(&admin, "deleteLabel", json!({ "name": "Baru" })).await["deletedLabel"], "baru");
    assert_eq!(desk.refused_as(&admin, "deleteLabel", json!({ "name": "baru" })).await.0, "NOT_FOUND");
    assert_eq!(names().await, ["a", "b", "c", "d", "vip pelanggan"]);
    let audited: Vec<Value> = desk.app.all("audit").await;
    assert_eq!(audited.iter().filter(|entry| entry["deed"] == "change-labels").count(), 2);
}

#[tokio::test]
async fn a_label_that_is_given_while_it_is_deleted_is_in_the_list_if_a_conversation_has_it() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.1", AT_S).await;
    let admin = desk.app.key(Role::Admin).await;
    for round in 0..20 {
        let name = format!("l{}", round % 3);
        let label = json!({ "name": &name });
        let change = |how: &str| json!({ "input": { "conversationId": &conversation, how: [&name] } });
        desk.done_as(&admin, "saveLabel", json!({ "input": &label })).await;
        let (labelled, _) = tokio::join!(
            desk.done("labelConversation", change("add")),
            desk.run(&admin, "deleteLabel", label.clone()),
        );
        assert_eq!(labelled["labels"], json!([&name]));
        let labels = desk.run(&desk.key, "labels", json!({})).await;
        let is_listed = labels.as_array().unwrap().iter().any(|one| one["name"] == label["name"]);
        assert!(is_listed, "round {round}: a conversation has it");
        desk.done("labelConversation", change("remove")).await;
        desk.done_as(&admin, "deleteLabel", label).await;
    }
}

#[tokio::test]
async fn attributes_are_set_by_key_and_bounded() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.1", AT_S).await;
    let set = |pairs: Vec<(String, Option<String>)>| {
        let attributes: Vec<Value> =
            pairs.into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        json!({ "conversationId": conversation, "attributes": attributes })
    };
    let pair = |key: &str, value: Option<&str>| (key.to_owned(), value.map(str::to_owned));
    let name = "setConversationAttributes";
    desk.done(name, set(vec![pair("orderId", Some("77")), pair("b", Some("x"))])).await;
    let now = desk.done(name, set(vec![pair("b", None), pair("a-1", Some("y"))])).await;
    let expected = json!([{ "key": "a-1", "value": "y" }, { "key": "orderId", "value": "77" }]);
    assert_eq!(now["attributes"], expected);
    let many: Vec<_> = (0..49).map(|n| pair(&format!("k{n}"), Some("v"))).collect();
    let long = "x".repeat(501);
    for wrong in [
        many,
        vec![pair("a.b", Some("v"))],
        vec![pair("$a", Some("v"))],
        vec![pair("a", Some(&long))],
        vec![pair("a", Some(""))],
    ] {
        assert_eq!(desk.refused(name, set(wrong)).await, ("INVALID".to_owned(), json!("attributes")));
    }
    assert_eq!(desk.told().await, ["attributes", "attributes"]);
}

#[tokio::test]
async fn a_subscriber_sees_each_deed_and_the_conversation_after_it() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.1", AT_S).await;
    let key = desk.key.expose();
    let mut events = Socket::let_in(&desk.app.url, key).await;
    let follow = "subscription { events { __typename ... on ConversationWorkEvent { work by userId noteId
        conversation { id status } } } }";
    events.subscribe("1", json!({ "query": follow })).await;
    let mut changes = Socket::let_in(&desk.app.url, key).await;
    let follow = "subscription { conversationChanged { conversation { id status unreadCount labels noteCount assignee { userId } } } }";
    changes.subscribe("1", json!({ "query": follow })).await;
    let mut messages = Socket::let_in(&desk.app.url, key).await;
    let follow = "subscription($id: ID!) { messageChanged(conversationId: $id) { __typename } }";
    messages.subscribe("1", json!({ "query": follow, "variables": { "id": conversation } })).await;
    for socket in [&mut events, &mut changes, &mut messages] {
        socket.settle().await;
    }
    let input = |more: Value| {
        let mut input = of(&conversation);
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "input": input })
    };
    let deeds = [
        ("markConversationRead", input(json!({})), "READ", "/unreadCount", json!(0)),
        (
            "assignConversation",
            input(json!({ "userId": "siti" })),
            "ASSIGNED",
            "/assignee/userId",
            json!("siti"),
        ),
        ("labelConversation", input(json!({ "add": ["a"] })), "LABELLED", "/labels/0", json!("a")),
        ("addNote", input(json!({ "text": "Halo" })), "NOTE_ADDED", "/noteCount", json!(1)),
        ("resolveConversation", of(&conversation), "RESOLVED", "/status", json!("RESOLVED")),
    ];
    for (name, variables, work, path, expected) in deeds {
        desk.done(name, variables).await;
        let event = events.event().await;
        assert_eq!((&event["__typename"], &event["work"]), (&json!("ConversationWorkEvent"), &json!(work)));
        assert_eq!(event["conversation"]["id"], conversation.as_str());
        assert!(event["by"].as_str().unwrap().starts_with("api-key:"));
        assert_eq!(event["userId"].is_string(), work == "ASSIGNED", "{event}");
        assert_eq!(event["noteId"].is_string(), work == "NOTE_ADDED", "{event}");
        let shown = changes.event().await;
        assert_eq!(shown["conversation"].pointer(path), Some(&expected), "{name}: {shown}");
    }
    desk.hear("wamid.2", AT_S + 1).await;
    let shown = changes.event().await["conversation"].clone();
    assert_eq!((&shown["status"], &shown["unreadCount"]), (&json!("OPEN"), &json!(1)));
    assert_eq!(messages.event().await["__typename"], "MessageAddedEvent", "the deeds are no messages");
}
