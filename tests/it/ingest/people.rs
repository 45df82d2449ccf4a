//! Who is who: numbers that change hands, people who change numbers, user ids that come and go.

use mongodb::bson::{Bson, Document, doc};
use pesan::clock::Clock;
use pesan::domain::person::Person;
use pesan::people::{Asked, People, conversation_id};
use pesan::storage::conversations::NewConversation;
use pesan::storage::workspaces::first_workspace;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::mongo::{binary, storage};
use crate::support::ordeal::start_mongod;
use crate::support::webhook::{Customer, NOW_S, inbound, text};

/// The contact of a message.
async fn writer(app: &TestApp, wamid: &str) -> Value {
    let messages = app.all("messages").await;
    let message = messages.iter().find(|one| one["wamid"] == wamid);
    message.unwrap_or_else(|| panic!("{wamid} is there"))["contact"].clone()
}

fn current(contacts: &[Value]) -> Vec<&Value> {
    contacts.iter().filter(|one| one["mergedInto"].is_null()).collect()
}

#[tokio::test]
async fn a_number_that_has_changed_hands_merges_nobody() {
    let app = TestApp::start_with_number();
    let say = |wa_id, user_id, wamid: &str, at_s| {
        inbound(Customer::new(wa_id, user_id), wamid, NOW_S + at_s, text("x"))
    };
    app.take_changes(&[say("628111", "ID.old", "wamid.1", 0)]).await;
    app.take_changes(&[say("628111", "ID.new", "wamid.2", 100)]).await;
    app.take_changes(&[say("628111", "", "wamid.3", 200)]).await;
    app.take_changes(&[say("", "ID.old", "wamid.4", 300)]).await;
    let (old, new) = (writer(&app, "wamid.1").await, writer(&app, "wamid.2").await);
    assert_ne!(old, new);
    assert_eq!(writer(&app, "wamid.3").await, new, "the number is the new owner's now");
    assert_eq!(writer(&app, "wamid.4").await, old, "and the old owner is who they were");
    assert_eq!(current(&app.all("contacts").await).len(), 2);
    assert_eq!(app.all("conversations").await.len(), 2);
}

#[tokio::test]
async fn somebody_who_gets_a_user_id_stays_who_they_were() {
    let app = TestApp::start_with_number();
    app.take_changes(&[inbound(Customer::new("628111", ""), "wamid.1", NOW_S, text("x"))]).await;
    app.take_changes(&[inbound(Customer::new("628111", "ID.1"), "wamid.2", NOW_S + 1, text("x"))]).await;
    app.take_changes(&[inbound(Customer::new("", "ID.1"), "wamid.3", NOW_S + 2, text("x"))]).await;
    let first = writer(&app, "wamid.1").await;
    assert_eq!(writer(&app, "wamid.2").await, first);
    assert_eq!(writer(&app, "wamid.3").await, first);
    assert_eq!(app.only("conversations").await["unread"], 3);
}

#[tokio::test]
async fn a_change_of_number_is_followed() {
    let app = TestApp::start_with_number();
    app.take_changes(&[inbound(Customer::new("628111", "ID.1"), "wamid.1", NOW_S, text("x"))]).await;
    let system = json!({ "type": "system", "system": {
        "body": "User A changed from 628111 to 628999", "wa_id": "628999", "type": "user_changed_number"
    }});
    app.take_changes(&[inbound(Customer::new("628111", "ID.1"), "wamid.s", NOW_S + 1, system)]).await;
    app.take_changes(&[inbound(Customer::new("628999", ""), "wamid.2", NOW_S + 2, text("x"))]).await;
    assert_eq!(writer(&app, "wamid.2").await, writer(&app, "wamid.1").await);
    assert_eq!(app.all("conversations").await.len(), 1);
}

#[tokio::test]
async fn two_who_turn_out_to_be_one_are_joined_by_a_pointer() {
    let app = TestApp::start_with_number();
    // The phone number writes, then the user id alone, and then both appear together.
    app.take_changes(&[inbound(Customer::new("628111", ""), "wamid.1", NOW_S, text("x"))]).await;
    app.take_changes(&[inbound(Customer::new("", "ID.1"), "wamid.2", NOW_S + 1, text("x"))]).await;
    app.take_changes(&[inbound(Customer::new("628111", "ID.1"), "wamid.3", NOW_S + 2, text("x"))]).await;
    let (phone, user) = (writer(&app, "wamid.1").await, writer(&app, "wamid.2").await);
    assert_ne!(phone, user);
    assert_eq!(writer(&app, "wamid.3").await, user);
    let contacts = app.all("contacts").await;
    let merged = contacts.iter().find(|one| one["_id"] == phone).unwrap();
    assert_eq!(merged["mergedInto"], user);
    let conversations = app.all("conversations").await;
    let of = |contact: &Value| conversations.iter().find(|one| one["contact"] == *contact).unwrap();
    assert_eq!(of(&phone)["mergedInto"], of(&user)["_id"], "nothing is moved, so it can be undone");
    app.take_changes(&[inbound(Customer::new("628111", ""), "wamid.4", NOW_S + 3, text("x"))]).await;
    assert_eq!(writer(&app, "wamid.4").await, user);
    // What is shown has the unread of both, and what still comes for the time before is carried on.
    let early = inbound(Customer::new("628111", ""), "wamid.0", NOW_S - 60, text("x"));
    app.take_changes(&[early]).await;
    let conversations = app.all("conversations").await;
    let shown = conversations.iter().find(|one| one["contact"] == user).unwrap();
    assert_eq!((&shown["unread"], &shown["messages"]), (&json!(5), &json!(5)), "{shown:#}");
    assert_eq!(shown["firstInboundAt"], json!(NOW_S - 60));
}

#[tokio::test]
async fn who_turned_out_to_be_one_stays_so_when_the_database_fails_in_between() {
    let mongod = start_mongod(None).await;
    let storage = storage(mongod.uri(), "people").await;
    storage.migrate(&Clock::system(), &mut |_| {}).await.unwrap();
    let admin = mongodb::Client::with_uri_str(mongod.uri()).await.unwrap().database("admin");
    let set = async |mode: Bson| {
        let data = doc! { "failCommands": ["update"], "namespace": "people.contacts", "errorCode": 50 };
        let fail = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data };
        admin.run_command(fail).await.unwrap();
    };
    // The first change of a contact fails, or the first is made and those after it fail.
    for (nth, mode) in [doc! { "times": 1 }, doc! { "skip": 1 }].into_iter().enumerate() {
        let people = People::new(&storage, &Clock::system());
        let (wa_id, user_id) = (Some(format!("62811{nth}").into()), Some(format!("ID.{nth}").into()));
        let by_number = Person { wa_id: wa_id.clone(), ..Person::default() };
        let by_user_id = Person { user_id: user_id.clone(), ..Person::default() };
        let by_both = Person { wa_id, user_id, ..Person::default() };
        let find = async |person: &Person<'_>, at_s| {
            let asked = Asked { workspace: first_workspace(), person, becomes: None, at_s, order: 0 };
            people.find(&[asked]).await.map(|found| found[0].unwrap().contact)
        };
        let (old, new) = (find(&by_number, 10).await.unwrap(), find(&by_user_id, 20).await.unwrap());
        assert_ne!(old, new);
        let conversation = NewConversation {
            id: conversation_id(Uuid::nil(), old.as_bytes()),
            workspace: first_workspace(),
            number: Uuid::nil(),
            contact: Some(old),
            group_id: None,
            at_s: 10,
        };
        storage.ensure_conversations(&[conversation], 10_000).await.unwrap();
        set(mode.into()).await;
        let failed = find(&by_both, 30).await;
        set("off".into()).await;
        assert!(failed.is_err(), "{failed:?}");
        assert_eq!(find(&by_both, 30).await.unwrap(), new);
        assert_eq!(storage.contacts_of(&[old]).await.unwrap()[&old].merged_into, Some(new), "{nth}");
        let raw = admin.client().database("people").collection::<Document>("conversations");
        let merged = doc! { "contact": binary(old), "mergedInto": binary(conversation_id(Uuid::nil(), new.as_bytes())) };
        assert_eq!(raw.count_documents(merged).await.unwrap(), 1, "{nth}");
    }
    storage.close().await;
    mongod.stop().await;
}

#[tokio::test]
async fn what_is_new_of_somebody_who_is_known_is_kept() {
    let app = TestApp::start_with_number();
    let say = |name, key: &str, n: i64| {
        let customer = Customer { wa_id: "628111", user_id: "ID.1", name };
        let mut change = inbound(customer, &format!("wamid.{n}"), NOW_S + n, text("x"));
        change["value"]["contacts"][0]["identity_key_hash"] = key.into();
        change
    };
    // The third is late: what it says was told otherwise after it, though that was no news then.
    for change in [say("Budi", "key.1", 1), say("Budi", "key.2", 10), say("Bud", "key.0", 5)] {
        app.take_changes(&[change]).await;
    }
    let contact = app.only("contacts").await;
    assert_eq!(
        (&contact["profileName"]["value"], &contact["identityKey"]["value"]),
        (&json!("Budi"), &json!("key.2"))
    );
}

#[tokio::test]
async fn a_phone_number_that_comes_back_is_its_former_owners_again() {
    let app = TestApp::start_with_number();
    let both = |user_id, n: i64| {
        inbound(Customer::new("628111", user_id), &format!("wamid.{n}"), NOW_S + n, text("x"))
    };
    for change in [both("ID.1", 1), both("ID.2", 2), both("ID.1", 3)] {
        app.take_changes(&[change]).await;
    }
    app.take_changes(&[inbound(Customer::new("628111", ""), "wamid.4", NOW_S + 4, text("x"))]).await;
    assert_eq!(writer(&app, "wamid.4").await, writer(&app, "wamid.1").await);
    assert_ne!(writer(&app, "wamid.2").await, writer(&app, "wamid.1").await);
}

#[tokio::test]
async fn two_who_turn_out_to_be_one_in_one_webhook_are_joined_like_any_others() {
    let app = TestApp::start_with_number();
    app.take_changes(&[
        inbound(Customer::new("628111", ""), "wamid.1", NOW_S, text("x")),
        inbound(Customer::new("", "ID.1"), "wamid.2", NOW_S + 1, text("x")),
        inbound(Customer::new("628111", "ID.1"), "wamid.3", NOW_S + 2, text("x")),
    ])
    .await;
    let (phone, user) = (writer(&app, "wamid.1").await, writer(&app, "wamid.3").await);
    let conversations = app.all("conversations").await;
    let of = |contact: &Value| conversations.iter().find(|one| one["contact"] == *contact).unwrap();
    assert_eq!(of(&phone)["mergedInto"], of(&user)["_id"]);
    let ties = app.all("conversation_ties").await;
    let tie = ties.iter().find(|one| one["contact"] == phone).unwrap();
    assert_eq!(tie["mergedInto"], of(&user)["_id"]);
}

#[tokio::test]
async fn a_new_user_id_is_followed() {
    let app = TestApp::start_with_number();
    app.take_changes(&[inbound(Customer::new("628111", "ID.1"), "wamid.1", NOW_S, text("x"))]).await;
    let system = json!({ "type": "system", "system": {
        "body": "user id changed", "user_id": "ID.2", "type": "user_changed_user_id"
    }});
    app.take_changes(&[inbound(Customer::new("", "ID.1"), "wamid.s", NOW_S + 1, system)]).await;
    app.take_changes(&[inbound(Customer::new("", "ID.2"), "wamid.2", NOW_S + 2, text("x"))]).await;
    assert_eq!(writer(&app, "wamid.2").await, writer(&app, "wamid.1").await);
}

#[tokio::test]
async fn a_storm_of_first_messages_makes_each_contact_once() {
    let app = TestApp::start_with_number();
    let ids: Vec<(String, String)> = (0..60).map(|n| (format!("6281{n:04}"), format!("ID.{n}"))).collect();
    let bodies: Vec<String> = (0..300)
        .map(|n| {
            let (wa_id, user_id) = &ids[n % ids.len()];
            let change = inbound(Customer::new(wa_id, user_id), &format!("wamid.{n}"), NOW_S, text("x"));
            crate::support::webhook::body(&[change])
        })
        .collect();
    let sent = bodies.chunks(10).map(|bodies| app.take(bodies));
    futures_util::future::join_all(sent).await;
    app.settle().await;
    assert_eq!(app.all("contacts").await.len(), 60);
    let conversations = app.all("conversations").await;
    assert_eq!(conversations.len(), 60);
    assert!(conversations.iter().all(|one| one["unread"] == 5));
    for message in app.all("messages").await {
        let conversation = conversations.iter().find(|one| one["_id"] == message["conversation"]).unwrap();
        assert_eq!(conversation["contact"], message["contact"]);
    }
}

#[tokio::test]
async fn who_was_first_known_by_the_number_is_remembered_once_they_have_written() {
    let app = TestApp::start_with_number();
    let people = People::new(&app.storage, &app.clock.clock());
    let find = async |person: Person<'_>, at_s| {
        let asked = Asked { workspace: first_workspace(), person: &person, becomes: None, at_s, order: 0 };
        people.find(&[asked]).await.unwrap()[0].unwrap()
    };
    let by_phone = Person { phone: Some("+628111".into()), ..Person::default() };
    let by_both =
        || Person { wa_id: Some("628111".into()), user_id: Some("ID.1".into()), ..Person::default() };
    let first = find(by_phone, 10).await;
    let (written, again) = (find(by_both(), 20).await, find(by_both(), 30).await);
    assert_eq!((written.contact, again.contact), (first.contact, first.contact));
    assert_eq!((written.is_touched, again.is_touched), (true, false));
}
