//! What is known of people: user names, parent ids, keys, preferences, the address book, new ids.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::webhook::{Customer, NOW_S, inbound, text, value};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
const SITI: Customer<'static> = Customer { wa_id: "628222", user_id: "ID.222", name: "Siti" };

fn change(field: &str, parts: Value) -> Value {
    json!({ "field": field, "value": value(parts) })
}

/// A message whose writer is introduced with more than the ids.
fn known_as(customer: Customer<'_>, wamid: &str, at_s: i64, parts: &Value) -> Value {
    let mut change = inbound(customer, wamid, at_s, text("x"));
    let contact = change["value"]["contacts"][0].as_object_mut().unwrap();
    contact.extend(parts.as_object().unwrap().clone());
    change
}

async fn contact_of(app: &TestApp, wamid: &str) -> Value {
    let messages = app.all("messages").await;
    let message = messages.iter().find(|one| one["wamid"] == wamid).unwrap().clone();
    let contacts = app.all("contacts").await;
    contacts.into_iter().find(|one| one["_id"] == message["contact"]).unwrap()
}

#[tokio::test]
async fn a_user_name_that_is_given_up_and_taken_joins_nobody() {
    let app = TestApp::start_with_number();
    let named = json!({ "profile": { "name": "x", "username": "Warung.Kopi" } });
    let budi = Customer { wa_id: "", ..BUDI };
    let siti = Customer { wa_id: "", ..SITI };
    app.take_changes(&[known_as(budi, "wamid.1", NOW_S, &named)]).await;
    app.take_changes(&[known_as(siti, "wamid.2", NOW_S + 10, &named)]).await;
    app.take_changes(&[inbound(budi, "wamid.3", NOW_S + 20, text("x"))]).await;
    let (budi, siti) = (contact_of(&app, "wamid.1").await, contact_of(&app, "wamid.2").await);
    assert_ne!(budi["_id"], siti["_id"]);
    assert_eq!(contact_of(&app, "wamid.3").await["_id"], budi["_id"]);
    assert!(app.all("contacts").await.iter().all(|one| one["mergedInto"].is_null()));
    let aliases = app.all("aliases").await;
    let alias =
        aliases.iter().find(|one| one["_id"].as_str().unwrap().ends_with(":name:warung.kopi")).unwrap();
    assert_eq!(alias["contact"], siti["_id"]);
    assert_eq!(alias["past"][0]["contact"], budi["_id"]);
    assert_eq!(alias["past"][0]["until"], NOW_S + 10);
}

#[tokio::test]
async fn a_parent_id_shows_that_two_user_ids_are_one_person() {
    let app = TestApp::start_with_number();
    let parent = json!({ "parent_user_id": "ID.ENT.1" });
    app.take_changes(&[known_as(Customer::new("", "ID.1"), "wamid.1", NOW_S, &parent)]).await;
    app.take_changes(&[known_as(Customer::new("", "ID.2"), "wamid.2", NOW_S + 1, &parent)]).await;
    app.take_changes(&[inbound(Customer::new("", "ID.2"), "wamid.3", NOW_S + 2, text("x"))]).await;
    let contact = app.only("contacts").await;
    assert_eq!(contact["userIds"], json!(["ID.1", "ID.2"]));
    assert_eq!(contact["parentUserIds"], json!(["ID.ENT.1"]));
    assert_eq!(app.only("conversations").await["unread"], 3);
}

#[tokio::test]
async fn the_latest_key_of_a_person_stays_and_a_changed_one_is_told() {
    let app = TestApp::start_with_number();
    let key = |hash: &str| json!({ "identity_key_hash": hash });
    app.take_changes(&[known_as(BUDI, "wamid.2", NOW_S + 60, &key("new"))]).await;
    app.take_changes(&[known_as(BUDI, "wamid.1", NOW_S, &key("old"))]).await;
    assert_eq!(app.only("contacts").await["identityKey"]["value"], "new");

    let told = json!({ "type": "system", "system": {
        "body": "Budi changed identity", "type": "customer_identity_changed", "identity": "x", "customer": "628111"
    }});
    app.take_changes(&[inbound(BUDI, "wamid.3", NOW_S + 70, told)]).await;
    let messages = app.all("messages").await;
    let system = messages.iter().find(|one| one["wamid"] == "wamid.3").unwrap();
    assert_eq!(
        (&system["kind"], &system["content"]["system"]["change"]),
        (&json!("system"), &json!("identity"))
    );
    let conversation = app.only("conversations").await;
    assert_eq!(conversation["windowEndsAt"], NOW_S + 60 + 86_400, "WhatsApp's own word opens no window");
}

#[tokio::test]
async fn a_message_may_carry_the_key_that_its_writer_has() {
    let app = TestApp::start_with_number();
    let mut content = text("x");
    content["identity"] = json!({ "acknowledged": true, "created_timestamp": "1763711000", "hash": "abc=" });
    app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, content)]).await;
    let identity = app.only("messages").await["identity"].clone();
    assert_eq!(identity, json!({ "acknowledged": true, "createdAtS": 1_763_711_000, "hash": "abc=" }));
}

#[tokio::test]
async fn what_a_person_wants_is_on_the_contact() {
    let app = TestApp::start_with_number();
    let wants = |word: &str, at_s: i64| {
        change(
            "user_preferences",
            json!({
                "contacts": [{ "profile": { "name": "Budi" }, "wa_id": BUDI.wa_id, "user_id": BUDI.user_id }],
                "user_preferences": [{
                    "wa_id": BUDI.wa_id, "user_id": BUDI.user_id, "detail": "x", "category": "marketing_messages",
                    "value": word, "timestamp": at_s
                }]
            }),
        )
    };
    app.take_changes(&[wants("stop", NOW_S + 30)]).await;
    app.take_changes(&[wants("resume", NOW_S + 10), wants("stop", NOW_S + 30)]).await;
    let contact = app.only("contacts").await;
    let latest = &contact["latest"]["preference_marketing_messages"];
    assert_eq!((&latest["at"], &latest["is"]["preference"]["value"]), (&json!(NOW_S + 30), &json!("stop")));
    let notices = app.all("notices").await;
    assert_eq!(notices.len(), 2);
    assert!(notices.iter().all(|one| one["contact"] == contact["_id"]));
    assert_eq!(app.all("conversations").await.len(), 0);
}

#[tokio::test]
async fn the_address_book_names_people_and_forgets_them_again() {
    let app = TestApp::start_with_number();
    let book = |action: &str, at_s: i64, contact: Value| {
        change(
            "smb_app_state_sync",
            json!({ "state_sync": [{
                "type": "contact", "contact": contact, "action": action, "metadata": { "timestamp": at_s.to_string() }
            }]}),
        )
    };
    let full = json!({ "full_name": "Budi Santoso", "first_name": "Budi", "phone_number": "+62 8111" });
    app.take_changes(&[book("add", NOW_S, full.clone())]).await;
    let contact = app.only("contacts").await;
    assert_eq!(
        (&contact["book"]["fullName"], &contact["book"]["removed"]),
        (&json!("Budi Santoso"), &json!(false))
    );
    assert_eq!(app.all("conversations").await.len(), 0, "an entry is no conversation");

    // Whoever then writes is the one in the book, also under a user id.
    app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S + 5, text("halo"))]).await;
    assert_eq!(contact_of(&app, "wamid.1").await["_id"], contact["_id"]);

    app.take_changes(&[book("remove", NOW_S + 20, json!({ "user_id": BUDI.user_id }))]).await;
    app.take_changes(&[book("add", NOW_S + 10, full)]).await;
    let contact = app.only("contacts").await;
    assert_eq!((&contact["book"]["removed"], &contact["book"]["at"]), (&json!(true), &json!(NOW_S + 20)));
    assert_eq!(contact["profileName"]["value"], "Budi", "what the person calls itself stays");
}

#[tokio::test]
async fn new_ids_that_the_field_user_id_update_tells_are_followed() {
    let app = TestApp::start_with_number();
    app.take_changes(&[inbound(Customer::new("", "ID.1"), "wamid.1", NOW_S, text("x"))]).await;
    let update = change(
        "user_id_update",
        json!({
            "contacts": [{ "profile": { "name": "Budi" }, "user_id": "ID.2" }],
            "user_id_update": [{
                "detail": "x", "user_id": { "previous": "ID.1", "current": "ID.2" },
                "parent_user_id": { "previous": "ID.ENT.1", "current": "ID.ENT.2" }, "timestamp": (NOW_S + 1).to_string()
            }]
        }),
    );
    app.take_changes(std::slice::from_ref(&update)).await;
    app.take_changes(&[update]).await;
    app.take_changes(&[inbound(Customer::new("", "ID.2"), "wamid.2", NOW_S + 2, text("x"))]).await;
    let contact = app.only("contacts").await;
    assert_eq!(contact["userIds"], json!(["ID.1", "ID.2"]));
    assert_eq!(app.only("conversations").await["unread"], 2);
    assert_eq!(app.only("notices").await["kind"], "userId");
}

#[tokio::test]
async fn after_a_change_of_number_the_contact_shows_the_new_one() {
    let app = TestApp::start_with_number();
    // Both numbers are told in one message; the new one is the smaller.
    let before = Customer { wa_id: "628999", user_id: "ID.1", name: "Budi" };
    app.take_changes(&[inbound(before, "wamid.1", NOW_S, text("x"))]).await;
    let system = json!({ "type": "system", "system": {
        "body": "User A changed from 628999 to 628111", "wa_id": "628111", "type": "user_changed_number"
    }});
    app.take_changes(&[inbound(before, "wamid.s", NOW_S + 1, system)]).await;
    assert_eq!(app.only("contacts").await["waId"]["value"], "628111");
    let after = Customer { wa_id: "628111", user_id: "ID.1", name: "Budi" };
    app.take_changes(&[inbound(after, "wamid.2", NOW_S + 2, text("x"))]).await;
    assert_eq!(app.only("contacts").await["waId"]["value"], "628111");
}
