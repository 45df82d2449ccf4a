//! Numbers that go over to somebody else: whoever had one is not written to under it any more, however it was known.

use serde_json::{Value, json};
use uuid::Uuid;

use super::apart::{BOTH, PARENT, joined_by_a_parent_id, says_with_parent, told_to_be_one, writer};
use super::{BUDI, Desk, number, says};
use crate::support::app::TestApp;
use crate::support::webhook::{Customer, NOW_S, put, value};

/// The `wa_id` and the user id under which a contact is written to.
pub(super) async fn written_to(app: &TestApp, contact: &Value) -> Value {
    let (workspace, _) = number(app).await;
    let id = contact.as_str().unwrap().parse::<Uuid>().unwrap();
    let person = app.storage.find_person(workspace, id).await.unwrap().unwrap().person;
    json!([person.wa_id, person.user_id])
}

#[tokio::test]
async fn nobody_is_written_to_under_a_number_that_is_somebody_elses_by_now() {
    let app = TestApp::start_with_number();
    let written_to = async |contact: &Value| written_to(&app, contact).await;
    // It was taken from one of whom nothing else is known.
    let (phone, user) = told_to_be_one(&app).await;
    Desk::new(&app).await.done("undoContactMerge", json!({ "contactId": phone })).await;
    assert_eq!(written_to(&phone).await, json!([null, null]));
    assert_eq!(written_to(&user).await, json!([BOTH.wa_id, BOTH.user_id]));
    // It has changed hands, and comes back.
    app.take_changes(&[says(BUDI, "b1", 100)]).await;
    let budi = writer(&app, "b1").await;
    app.take_changes(&[says(Customer { user_id: "ID.9", ..BUDI }, "n1", 110)]).await;
    assert_eq!(written_to(&writer(&app, "n1").await).await, json!([BUDI.wa_id, "ID.9"]));
    assert_eq!(written_to(&budi).await, json!([null, BUDI.user_id]));
    app.take_changes(&[says(BUDI, "b2", 120)]).await;
    assert_eq!(written_to(&budi).await, json!([BUDI.wa_id, BUDI.user_id]));
}

#[tokio::test]
async fn the_number_of_one_who_is_two_contacts_is_lost_to_both() {
    let app = TestApp::start_with_number();
    let (one, two) = (Customer::new("628551", "ID.51"), Customer::new("", "ID.52"));
    let (first, second) = joined_by_a_parent_id(&app, [one, two]).await;
    app.take_changes(&[says_with_parent(one, PARENT, "p3", 50)]).await;
    for contact in [&first, &second] {
        assert_eq!(written_to(&app, contact).await, json!(["628551", "ID.51"]));
    }
    app.take_changes(&[says(Customer::new("628551", "ID.99"), "n1", 60)]).await;
    let next = writer(&app, "n1").await;
    assert_eq!(written_to(&app, &next).await, json!(["628551", "ID.99"]));
    for contact in [&first, &second] {
        assert_eq!(written_to(&app, contact).await, json!([null, "ID.51"]));
    }
}

#[tokio::test]
async fn what_is_told_late_gives_no_number_back() {
    let app = TestApp::start_with_number();
    app.take_changes(&[says(BUDI, "b1", 100)]).await;
    app.take_changes(&[says(Customer { user_id: "ID.9", ..BUDI }, "n1", 50)]).await;
    let (budi, early) = (writer(&app, "b1").await, writer(&app, "n1").await);
    assert_ne!(budi, early);
    assert_eq!(written_to(&app, &early).await, json!([null, "ID.9"]));
    assert_eq!(written_to(&app, &budi).await, json!([BUDI.wa_id, BUDI.user_id]));
}

#[tokio::test]
async fn a_line_is_the_same_in_either_spelling() {
    let app = TestApp::start_with_number();
    app.take_changes(&[says(Customer::new("5491123456789", "ID.1"), "a1", 10)]).await;
    let first = writer(&app, "a1").await;
    assert_eq!(written_to(&app, &first).await, json!(["5491123456789", "ID.1"]));
    app.take_changes(&[says(Customer::new("541123456789", "ID.2"), "a2", 20)]).await;
    let second = writer(&app, "a2").await;
    assert_eq!(written_to(&app, &second).await, json!(["541123456789", "ID.2"]));
    assert_eq!(written_to(&app, &first).await, json!([null, "ID.1"]));
}

/// The phone's address book says that a number is somebody's, by their user id.
fn book_says(phone: &str, user_id: &str, after: i64) -> Value {
    let mut entry = json!({ "type": "contact", "action": "add",
        "contact": { "full_name": "Book", "phone_number": phone },
        "metadata": { "timestamp": (NOW_S + after).to_string() } });
    put(&mut entry["contact"], "user_id", user_id);
    json!({ "field": "smb_app_state_sync", "value": value(json!({ "state_sync": [entry] })) })
}

/// The owners of a number, as it is written from and as it is said.
async fn owners(app: &TestApp, digits: &str) -> [Option<Value>; 2] {
    let aliases = app.all("aliases").await;
    ["wa", "phone"].map(|kind| {
        let end = format!(":{kind}:{digits}");
        let alias = aliases.iter().find(|one| one["_id"].as_str().unwrap().ends_with(&end))?;
        Some(json!(Uuid::parse_str(alias["contact"].as_str().unwrap()).unwrap()))
    })
}

#[tokio::test]
async fn the_address_book_takes_no_number_from_who_writes_from_it() {
    let app = TestApp::start_with_number();
    app.take_changes(&[says(Customer::new("628661", "ID.61"), "w1", 10)]).await;
    app.take_changes(&[says(Customer::new("628662", "ID.62"), "z1", 20)]).await;
    let (writes, said) = (writer(&app, "w1").await, writer(&app, "z1").await);
    app.take_changes(&[book_says("628661", "ID.62", 30)]).await;
    assert_eq!(owners(&app, "628661").await, [Some(writes.clone()), None]);
    let (workspace, _) = number(&app).await;
    let id = said.as_str().unwrap().parse::<Uuid>().unwrap();
    let person = app.storage.find_person(workspace, id).await.unwrap().unwrap().person;
    assert_eq!((person.wa_id.as_deref(), person.phone.as_deref()), (Some("628662"), None));
    let lone = Customer { user_id: "", ..Customer::new("628661", "") };
    app.take_changes(&[says(lone, "w2", 40)]).await;
    assert_eq!(writer(&app, "w2").await, writes);
}

#[tokio::test]
async fn of_whom_only_the_address_book_knows_is_reached_though_the_line_is_spelt_otherwise_by_who_writes() {
    let app = TestApp::start_with_number();
    let (said, written) = ("5511987654321", "551187654321");
    app.take_changes(&[book_says(said, "", 10)]).await;
    app.take_changes(&[says(Customer::new(written, "BR.1"), "w1", 20)]).await;
    let writes = writer(&app, "w1").await;
    let [_, owner] = owners(&app, said).await;
    let owner = owner.unwrap();
    assert_ne!(owner, writes);
    let (workspace, _) = number(&app).await;
    let id = owner.as_str().unwrap().parse::<Uuid>().unwrap();
    let person = app.storage.find_person(workspace, id).await.unwrap().unwrap().person;
    assert_eq!(person.phone.as_deref(), Some(said));
    assert!(app.storage.may_have_line(workspace, id, said).await.unwrap());
    // Whoever is known by more has had the line before.
    app.take_changes(&[book_says(said, "BR.2", 30)]).await;
    let [_, owner] = owners(&app, said).await;
    assert_eq!(owner, Some(json!(id)));
    assert_eq!(app.storage.find_person(workspace, id).await.unwrap().unwrap().person.phone, None);
    assert!(!app.storage.may_have_line(workspace, id, said).await.unwrap());
}

#[tokio::test]
async fn of_several_that_people_have_merged_somebody_is_reached() {
    let app = TestApp::start_with_number();
    let (phone, user) = told_to_be_one(&app).await;
    let desk = Desk::new(&app).await;
    desk.done("undoContactMerge", json!({ "contactId": phone })).await;
    assert_eq!(written_to(&app, &phone).await, json!([null, null]));
    app.take_changes(&[says(BUDI, "b1", 5)]).await;
    let budi = writer(&app, "b1").await;
    desk.done("mergeContacts", json!({ "fromId": phone, "intoId": budi })).await;
    for contact in [&phone, &budi] {
        assert_eq!(written_to(&app, contact).await, json!([BUDI.wa_id, BUDI.user_id]));
    }
    assert_eq!(written_to(&app, &user).await, json!([BOTH.wa_id, BOTH.user_id]));
}

#[tokio::test]
async fn who_writes_from_the_number_that_the_address_book_knew_keeps_it() {
    let app = TestApp::start_with_number();
    app.take_changes(&[book_says("628771", "ID.71", 10)]).await;
    app.take_changes(&[says(Customer::new("628771", "ID.71"), "w1", 20)]).await;
    let writes = writer(&app, "w1").await;
    app.take_changes(&[book_says("628771", "ID.72", 30)]).await;
    let [written_from, said] = owners(&app, "628771").await;
    assert_eq!((written_from, said), (Some(writes.clone()), Some(writes.clone())));
    assert_eq!(written_to(&app, &writes).await, json!(["628771", "ID.71"]));
}
