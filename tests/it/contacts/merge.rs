//! Two contacts that are one person: shown as one, kept apart, and apart again as if nothing had been.

use std::time::Duration;

use futures_util::future::{join, join_all};
use pesan::auth::Role;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{BUDI, Desk, SRI, contact, number, says};
use crate::support::app::TestApp;
use crate::support::eventually;
use crate::support::webhook::{Customer, NOW_S, NUMBER, body, echo, text};

/// Both have written, Sri twice and last.
async fn two(app: &TestApp) -> (Value, Value) {
    app.take_changes(&[says(BUDI, "b1", 0), says(SRI, "s1", 10), says(SRI, "s2", 20)]).await;
    app.take_changes(&[echo(BUDI, "e1", NOW_S + 5, text("e1"))]).await;
    (contact(app, BUDI.wa_id).await, contact(app, SRI.wa_id).await)
}

/// Somebody without a conversation.
fn in_the_address_book(customer: Customer<'_>) -> Value {
    let entry = json!({ "type": "contact", "contact": { "full_name": customer.name, "first_name": customer.name,
        "phone_number": customer.wa_id }, "action": "add", "metadata": { "timestamp": NOW_S.to_string() } });
    let value = crate::support::webhook::value(json!({ "state_sync": [entry] }));
    json!({ "field": "smb_app_state_sync", "value": value })
}

#[tokio::test]
async fn two_are_shown_as_one_and_undoing_leaves_no_trace() {
    let app = TestApp::start_with_number();
    let (budi, sri) = two(&app).await;
    let desk = Desk::new(&app).await;
    let before = desk.shown().await;
    let stored = (app.all("contacts").await, app.all("conversations").await);
    let merge = json!({ "fromId": sri, "intoId": budi });
    assert_eq!(desk.done("mergeContacts", merge).await["contact"]["id"], budi);

    let merged = desk.shown().await;
    let conversations = merged["conversations"]["nodes"].as_array().unwrap();
    assert_eq!((conversations.len(), merged["contacts"]["nodes"].as_array().unwrap().len()), (1, 1));
    let one = &conversations[0];
    assert_eq!((&one["unreadCount"], &one["messageCount"], &one["contactId"]), (&json!(3), &json!(4), &budi));
    assert_eq!(
        (&one["lastMessage"]["preview"], &one["lastInboundAt"]),
        (&json!("s2"), &one["lastActivityAt"])
    );
    assert_eq!(desk.texts(&one["id"]).await, ["s2", "s1", "e1", "b1"]);
    let asked = desk.run("contactMerges", json!({ "contactId": budi })).await;
    assert_eq!((&asked[0]["fromId"], &asked[0]["intoId"]), (&sri, &budi));
    assert!(asked[0]["by"].as_str().unwrap().starts_with("api-key:"));
    // By its old id it is the other one.
    let old = app.ask(&desk.key, "query($id: ID!) { contact(id: $id) { id } }", json!({ "id": sri })).await;
    assert_eq!(old["id"], budi);

    assert_eq!(desk.done("undoContactMerge", json!({ "contactId": sri })).await["contact"]["id"], sri);
    assert_eq!(desk.shown().await, before);
    assert_eq!((app.all("contacts").await, app.all("conversations").await), stored);
    let told = app.told().await;
    assert_eq!(told.iter().filter(|kind| *kind == "conversation").count(), 4, "{told:?}");
}

#[tokio::test]
async fn what_comes_meanwhile_is_shown_with_both_and_belongs_to_who_wrote_it() {
    let app = TestApp::start_with_number();
    let (budi, sri) = two(&app).await;
    let desk = Desk::new(&app).await;
    desk.done("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    app.take_changes(&[says(SRI, "s3", 30)]).await;
    app.take_changes(&[says(BUDI, "b2", 40)]).await;
    app.take_changes(&[says(SRI, "s4", 50)]).await;
    let merged = desk.shown().await;
    let conversations = merged["conversations"]["nodes"].as_array().unwrap();
    assert_eq!(conversations.len(), 1);
    assert_eq!((&conversations[0]["unreadCount"], &conversations[0]["messageCount"]), (&json!(6), &json!(7)));
    assert_eq!(conversations[0]["lastMessage"]["preview"], "s4");
    assert_eq!(desk.texts(&conversations[0]["id"]).await, ["s4", "b2", "s3", "s2", "s1", "e1", "b1"]);
    let (workspace, _) = number(&app).await;
    let of = |id: &Value| id.as_str().unwrap().parse::<Uuid>().unwrap();
    let found = app.storage.find_person(workspace, of(&budi)).await.unwrap().unwrap();
    assert_eq!(
        (found.contact, found.known, found.person.wa_id.as_deref()),
        (of(&budi), of(&sri), Some("628222")),
        "an answer goes where they wrote from last"
    );
    let found = app.storage.find_person(workspace, of(&sri)).await.unwrap().unwrap();
    assert_eq!(
        (found.contact, found.known, found.person.wa_id.as_deref()),
        (of(&budi), of(&sri), Some("628222")),
        "whoever is meant by name is written to"
    );

    desk.done("undoContactMerge", json!({ "contactId": sri })).await;
    let apart = desk.shown().await;
    let apart = apart["conversations"]["nodes"].as_array().unwrap();
    let seen: Vec<Value> = apart
        .iter()
        .map(|one| {
            json!([one["contactId"], one["unreadCount"], one["messageCount"], one["lastMessage"]["preview"]])
        })
        .collect();
    assert_eq!(seen, [json!([sri, 4, 4, "s4"]), json!([budi, 2, 3, "b2"])]);
    assert_eq!(desk.texts(&apart[1]["id"]).await, ["b2", "e1", "b1"]);
    assert_eq!(apart[1]["lastInboundAt"], apart[1]["lastActivityAt"]);
    let ends = |one: &Value| one["window"]["endsAt"].as_str().unwrap().to_owned();
    assert!(ends(&apart[1]) < ends(&apart[0]), "the window is the own one again");
}

#[tokio::test]
async fn a_conversation_that_the_other_does_not_have_is_made_and_is_empty_afterwards() {
    let app = TestApp::start_with_number();
    app.take_changes(&[says(SRI, "s1", 0)]).await;
    app.take_changes(&[in_the_address_book(BUDI)]).await;
    let desk = Desk::new(&app).await;
    let contacts = desk.shown().await["contacts"]["nodes"].as_array().unwrap().clone();
    let id = |name: &str| contacts.iter().find(|one| one["name"] == name).unwrap()["id"].clone();
    let (sri, budi) = (id("Sri"), id("Budi"));
    desk.done("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    let merged = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
    assert_eq!((merged.len(), &merged[0]["contactId"], &merged[0]["unreadCount"]), (1, &budi, &json!(1)));
    assert_eq!(desk.texts(&merged[0]["id"]).await, ["s1"]);
    desk.done("undoContactMerge", json!({ "contactId": sri })).await;
    let apart = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
    assert_eq!((&apart[0]["contactId"], &apart[0]["unreadCount"]), (&sri, &json!(1)));
    assert_eq!((&apart[1]["unreadCount"], &apart[1]["messageCount"]), (&json!(0), &json!(0)));
    assert_eq!(apart[1]["lastMessage"], Value::Null);
    // And it is theirs when they write.
    app.take_changes(&[says(BUDI, "b1", 60)]).await;
    let after = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
    assert_eq!((&after[0]["contactId"], &after[0]["lastMessage"]["preview"]), (&budi, &json!("b1")));
}

#[tokio::test]
async fn a_conversation_that_is_made_of_one_that_sleeps_wakes_like_it() {
    let app = TestApp::start_with_number();
    app.take_changes(&[says(SRI, "s1", 0), in_the_address_book(BUDI)]).await;
    let desk = Desk::new(&app).await;
    let before = desk.shown().await;
    let (conversation, sri) =
        (&before["conversations"]["nodes"][0]["id"], &before["conversations"]["nodes"][0]["contactId"]);
    let contacts = before["contacts"]["nodes"].as_array().unwrap();
    let budi = &contacts.iter().find(|one| one["name"] == "Budi").unwrap()["id"];
    let until = "2026-11-21T09:00:00Z";
    desk.done("snoozeConversation", json!({ "conversationId": conversation, "until": until })).await;
    desk.done("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    let status = async || {
        let shown = app.ask(
            &desk.key,
            "{ conversations(filter: { status: [OPEN, SNOOZED] }) { nodes { id status } } }",
            json!({}),
        );
        shown.await["nodes"].clone()
    };
    let asleep = status().await;
    assert_eq!((asleep.as_array().unwrap().len(), &asleep[0]["status"]), (1, &json!("SNOOZED")));
    assert_ne!(&asleep[0]["id"], conversation);
    app.clock.advance(Duration::from_hours(24));
    app.run_worker("snooze-end").await.unwrap();
    assert_eq!(status().await, json!([{ "id": asleep[0]["id"], "status": "OPEN" }]));
}

#[tokio::test]
async fn merges_are_undone_from_the_last_on() {
    let app = TestApp::start_with_number();
    let tono = Customer { wa_id: "628333", user_id: "ID.3", name: "Tono" };
    let (budi, sri) = two(&app).await;
    app.take_changes(&[says(tono, "t1", 30)]).await;
    let tono = contact(&app, tono.wa_id).await;
    let desk = Desk::new(&app).await;
    let before = desk.shown().await;
    let merge = async |from: &Value, into: &Value| {
        desk.run("mergeContacts", json!({ "fromId": from, "intoId": into })).await["userErrors"][0]["code"]
            .clone()
    };
    assert_eq!(merge(&budi, &budi).await, "INVALID");
    assert_eq!(merge(&budi, &json!(Uuid::now_v7())).await, "NOT_FOUND");
    let undo = json!({ "contactId": sri });
    assert_eq!(desk.refused("undoContactMerge", undo.clone()).await.0, "WRONG_STATE");
    assert_eq!(merge(&tono, &sri).await, Value::Null);
    assert_eq!(merge(&tono, &budi).await, "WRONG_STATE", "it is merged already");
    assert_eq!(merge(&budi, &tono).await, "WRONG_STATE", "that one is merged itself");
    assert_eq!(merge(&sri, &budi).await, Value::Null);
    let merged = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
    assert_eq!(
        (merged.len(), &merged[0]["messageCount"], &merged[0]["lastMessage"]["preview"]),
        (1, &json!(5), &json!("t1"))
    );
    assert_eq!(desk.texts(&merged[0]["id"]).await, ["t1", "s2", "s1", "e1", "b1"]);
    // What comes for the innermost is shown by the outermost.
    let tono_says = says(Customer { wa_id: "628333", user_id: "ID.3", name: "Tono" }, "t2", 90);
    app.take_changes(&[tono_says]).await;
    let merged = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
    assert_eq!((&merged[0]["messageCount"], &merged[0]["lastMessage"]["preview"]), (&json!(6), &json!("t2")));
    assert_eq!(
        desk.refused("undoContactMerge", json!({ "contactId": tono })).await.0,
        "WRONG_STATE",
        "the later first"
    );
    desk.done("undoContactMerge", undo).await;
    desk.done("undoContactMerge", json!({ "contactId": tono })).await;
    let apart = desk.shown().await;
    let of = |shown: &Value, contact: &Value| {
        let nodes = shown["conversations"]["nodes"].as_array().unwrap();
        nodes.iter().find(|one| one["contactId"] == *contact).unwrap().clone()
    };
    for contact in [&budi, &sri] {
        assert_eq!(of(&apart, contact), of(&before, contact));
    }
    assert_eq!(
        (&of(&apart, &tono)["messageCount"], &of(&apart, &tono)["unreadCount"]),
        (&json!(2), &json!(2))
    );
}

#[tokio::test]
async fn two_merged_into_one_leave_it_in_any_order() {
    let app = TestApp::start_with_number();
    let tono = Customer { wa_id: "628333", user_id: "ID.3", name: "Tono" };
    let (budi, sri) = two(&app).await;
    app.take_changes(&[says(tono, "t1", 30)]).await;
    let tono = contact(&app, "628333").await;
    let desk = Desk::new(&app).await;
    let before = (desk.shown().await, app.all("conversations").await);
    for order in [[&sri, &tono], [&tono, &sri]] {
        for from in [&sri, &tono] {
            desk.done("mergeContacts", json!({ "fromId": from, "intoId": budi })).await;
        }
        let merged = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
        assert_eq!((merged.len(), &merged[0]["messageCount"]), (1, &json!(5)));
        for from in order {
            desk.done("undoContactMerge", json!({ "contactId": from })).await;
        }
        assert_eq!((desk.shown().await, app.all("conversations").await), before);
    }
}

#[tokio::test]
async fn webhooks_that_race_with_merges_are_counted_once_and_lie_where_they_belong() {
    const MESSAGES: i64 = 60;
    let one = TestApp::start_with(&NUMBER, true);
    let database = one.database.clone();
    let other = TestApp::start_with(&[NUMBER[0], NUMBER[1], ("PESAN_DATABASE", &database)], true);
    let (budi, sri) = two(&one).await;
    // Both instances know both people before anything is merged.
    other.take_changes(&[says(BUDI, "b2", 30), says(SRI, "s3", 31)]).await;
    let desk = Desk::new(&one).await;
    let webhooks = async {
        let senders = [&one, &other].into_iter().enumerate().map(|(n, app)| async move {
            for index in 0..MESSAGES {
                let who = if index % 2 == 0 { BUDI } else { SRI };
                app.take(&[body(&[says(who, &format!("r{n}.{index}"), 100 + index)])]).await;
            }
        });
        join_all(senders).await;
    };
    let merges = async {
        for _ in 0..7 {
            desk.done("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
            desk.done("undoContactMerge", json!({ "contactId": sri })).await;
        }
        desk.done("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    };
    join(webhooks, merges).await;
    one.settle().await;
    let total = 6 + 2 * MESSAGES;
    let merged = eventually("all is counted", || async {
        let shown = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
        (shown.len() == 1 && shown[0]["messageCount"] == total).then(|| shown[0].clone())
    })
    .await;
    assert_eq!(merged["unreadCount"], total - 1, "all but our own");
    desk.done("undoContactMerge", json!({ "contactId": sri })).await;
    let apart = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
    let of = |contact: &Value| apart.iter().find(|one| one["contactId"] == *contact).unwrap().clone();
    assert_eq!(
        (&of(&budi)["messageCount"], &of(&budi)["unreadCount"]),
        (&json!(3 + MESSAGES), &json!(2 + MESSAGES))
    );
    assert_eq!(
        (&of(&sri)["messageCount"], &of(&sri)["unreadCount"]),
        (&json!(3 + MESSAGES), &json!(3 + MESSAGES))
    );
    for (contact, last) in [(&budi, MESSAGES - 2), (&sri, MESSAGES - 1)] {
        let shown = of(contact)["lastMessage"]["preview"].as_str().unwrap().to_owned();
        assert!(shown.ends_with(&format!(".{last}")), "{shown}");
    }
    for message in one.all("messages").await {
        let wa_id = message["customer"]["waId"].as_str().unwrap();
        let own = if wa_id == BUDI.wa_id { &budi } else { &sri };
        let kept = message["contact"].as_str().unwrap().parse::<Uuid>().unwrap().to_string();
        assert_eq!(own, &json!(kept), "{message:#}");
    }
}

#[tokio::test]
async fn many_who_merge_the_same_two_do_it_once() {
    let app = TestApp::start_with_number();
    let (budi, sri) = two(&app).await;
    let desk = Desk::with(&app, first_workspace(), Role::Owner, None).await;
    let tries = (0..6_u8).map(|n| {
        let pair = if n % 2 == 0 { (&sri, &budi) } else { (&budi, &sri) };
        desk.run("mergeContacts", json!({ "fromId": pair.0, "intoId": pair.1 }))
    });
    let outcomes = join_all(tries).await;
    let done = outcomes.iter().filter(|payload| payload["userErrors"] == json!([])).count();
    assert_eq!(done, 1, "{outcomes:#?}");
    let shown = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
    assert_eq!((shown.len(), &shown[0]["messageCount"], &shown[0]["unreadCount"]), (1, &json!(4), &json!(3)));
}

#[tokio::test]
async fn what_is_read_and_unread_is_that_of_all_who_are_one() {
    let app = TestApp::start_with_number();
    let (budi, sri) = two(&app).await;
    let desk = Desk::new(&app).await;
    let unread = async || {
        let shown = desk.shown().await;
        let all = shown["conversations"]["nodes"].as_array().unwrap().clone();
        let mut all: Vec<(bool, i64)> =
            all.iter().map(|one| (one["contactId"] == sri, one["unreadCount"].as_i64().unwrap())).collect();
        all.sort_unstable();
        all
    };
    desk.done("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    assert_eq!(unread().await, [(false, 3)]);
    let conversation = desk.shown().await["conversations"]["nodes"][0]["id"].clone();
    // Up to Sri's first message: her second one is unread, in the sum too.
    let up_to = format!("{}:s1", crate::support::webhook::PHONE_NUMBER_ID);
    let input = json!({ "conversationId": conversation, "upToMessageId": up_to });
    desk.done("markConversationRead", json!({ "input": input })).await;
    assert_eq!(unread().await, [(false, 1)]);
    desk.done("undoContactMerge", json!({ "contactId": sri })).await;
    assert_eq!(unread().await, [(false, 0), (true, 1)]);

    // The last message is Sri's: by it the whole becomes unread, and hers alone when they are apart.
    desk.done("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    desk.done("markConversationRead", json!({ "input": { "conversationId": conversation } })).await;
    assert_eq!(unread().await, [(false, 0)]);
    desk.done("markConversationUnread", json!({ "conversationId": conversation })).await;
    desk.done("markConversationUnread", json!({ "conversationId": conversation })).await;
    assert_eq!(unread().await, [(false, 1)]);
    desk.done("undoContactMerge", json!({ "contactId": sri })).await;
    assert_eq!(unread().await, [(false, 0), (true, 1)]);
}

#[tokio::test]
async fn a_conversation_in_which_only_the_joined_one_was_written_to_can_be_unread() {
    let app = TestApp::start_with_number();
    app.take_changes(&[echo(BUDI, "e1", NOW_S + 50, text("e1"))]).await;
    app.take_changes(&[says(SRI, "s1", 10)]).await;
    let (budi, sri) = (contact(&app, BUDI.wa_id).await, contact(&app, SRI.wa_id).await);
    let desk = Desk::new(&app).await;
    desk.done("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    let shown = async || desk.shown().await["conversations"]["nodes"][0].clone();
    let conversation = shown().await["id"].clone();
    assert_eq!(shown().await["unreadCount"], 1);
    desk.done("markConversationRead", json!({ "input": { "conversationId": conversation } })).await;
    assert_eq!(shown().await["unreadCount"], 0);
    desk.done("markConversationUnread", json!({ "conversationId": conversation })).await;
    assert_eq!(shown().await["unreadCount"], 1);
    app.take_changes(&[says(SRI, "s2", 60)]).await;
    assert_eq!(shown().await["unreadCount"], 2);
    desk.done("undoContactMerge", json!({ "contactId": sri })).await;
    let apart = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
    let of = |id: &Value| apart.iter().find(|one| one["contactId"] == *id).unwrap()["unreadCount"].clone();
    assert_eq!((of(&budi), of(&sri)), (json!(0), json!(2)));
}

/// The contact of a user id.
async fn by_user_id(app: &TestApp, user_id: &str) -> Value {
    let contacts = app.all("contacts").await;
    let found = contacts.iter().find(|one| one["userIds"] == json!([user_id])).unwrap();
    json!(Uuid::parse_str(found["_id"].as_str().unwrap()).unwrap())
}

#[tokio::test]
async fn what_whatsapp_tells_of_those_whom_people_have_joined_is_shown_and_counted_once() {
    let app = TestApp::start_with_number();
    let (budi, _) = two(&app).await;
    let desk = Desk::new(&app).await;
    let by_number = |wa_id, wamid: &str, after_s| says(Customer::new(wa_id, ""), wamid, after_s);
    let by_both = |wa_id, user_id, wamid: &str, after_s| says(Customer::new(wa_id, user_id), wamid, after_s);
    let counts = async |contact: &Value| {
        let shown = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
        let one = shown.into_iter().find(|one| one["contactId"] == *contact).unwrap();
        (one["messageCount"].as_i64().unwrap(), one["unreadCount"].as_i64().unwrap())
    };

    // People join the user id to the phone number, and WhatsApp then tells the other way round.
    app.take_changes(&[by_number("628444", "w1", 100), by_both("", "ID.4", "w2", 101)]).await;
    let (phone, user) = (contact(&app, "628444").await, by_user_id(&app, "ID.4").await);
    desk.done("mergeContacts", json!({ "fromId": user, "intoId": phone })).await;
    app.take_changes(&[by_both("628444", "ID.4", "w3", 102)]).await;
    app.take_changes(&[by_number("628444", "w4", 103)]).await;
    assert_eq!(counts(&phone).await, (4, 4));
    desk.done("undoContactMerge", json!({ "contactId": user })).await;
    assert_eq!((counts(&phone).await, counts(&user).await), ((1, 1), (3, 3)));

    // WhatsApp tells that somebody is one whom people have joined to a third.
    app.take_changes(&[by_number("628555", "x1", 110), by_both("", "ID.5", "x2", 111)]).await;
    let user = by_user_id(&app, "ID.5").await;
    desk.done("mergeContacts", json!({ "fromId": user, "intoId": budi })).await;
    assert_eq!(counts(&budi).await, (3, 2));
    app.take_changes(&[by_both("628555", "ID.5", "x3", 112)]).await;
    assert_eq!(counts(&budi).await, (5, 4), "with the message that was under the number");
    desk.done("undoContactMerge", json!({ "contactId": user })).await;
    assert_eq!((counts(&budi).await, counts(&user).await), ((2, 1), (3, 3)));
}
