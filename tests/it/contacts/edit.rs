//! What the CRM says of a contact: bounds, two who edit at once, and who may.

use futures_util::future::join_all;
use pesan::auth::Role;
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{BUDI, Desk, contact, says};
use crate::support::app::TestApp;

#[tokio::test]
async fn the_name_of_the_crm_goes_before_the_persons_own_and_what_is_not_named_stays() {
    let app = TestApp::start_with_number();
    app.take_changes(&[says(BUDI, "wamid.1", 0)]).await;
    let (desk, id) = (Desk::new(&app).await, contact(&app, BUDI.wa_id).await);
    let input = json!({
        "displayName": " Pak Budi (grosir) ", "email": "budi@toko.example", "language": "id", "marketingOptOut": true,
        "attributes": [{ "key": "tier", "value": "gold" }, { "key": "city", "value": "Bandung" }],
    });
    let told = app.told().await.len();
    let edited = desk.done("editContact", json!({ "id": id, "input": input })).await["contact"].clone();
    assert_eq!((&edited["name"], &edited["displayName"]), (&json!("Pak Budi (grosir)"), &edited["name"]));
    assert_eq!((&edited["email"], &edited["language"]), (&json!("budi@toko.example"), &json!("id")));
    assert_eq!((&edited["marketingOptOut"], &edited["acceptsMarketing"]), (&json!(true), &json!(false)));
    assert_eq!(edited["attributes"].as_array().unwrap().len(), 2);
    assert_eq!(edited["revision"], 1);
    assert_eq!(app.told().await[told..], ["contact"]);

    let input = json!({ "displayName": null, "attributes": [{ "key": "tier" }] });
    let edited = desk.done("editContact", json!({ "id": id, "input": input })).await["contact"].clone();
    assert_eq!((&edited["name"], &edited["displayName"]), (&json!("Budi"), &Value::Null));
    assert_eq!(edited["email"], "budi@toko.example");
    assert_eq!(edited["attributes"], json!([{ "key": "city", "value": "Bandung" }]));
    // What WhatsApp tells later changes nothing of it.
    let renamed = crate::support::webhook::Customer { name: "Budi S.", ..BUDI };
    app.take_changes(&[says(renamed, "wamid.2", 5)]).await;
    let same = desk.done("editContact", json!({ "id": id, "input": {} })).await["contact"].clone();
    assert_eq!((&same["name"], &same["email"]), (&json!("Budi S."), &edited["email"]));
    assert_eq!(same["revision"], edited["revision"], "nothing was changed");
    let audit = app.all("audit").await;
    let noted = audit.iter().filter(|entry| entry["deed"] == "edit-contacts").count();
    assert_eq!(noted, 2);
    assert!(
        !format!("{audit:?}").contains("budi@toko"),
        "the audit log names fields, not what people are called"
    );
}

#[tokio::test]
async fn two_who_edit_at_once_lose_nothing_and_whoever_says_what_they_read_is_told() {
    let app = TestApp::start_with_number();
    app.take_changes(&[says(BUDI, "wamid.1", 0)]).await;
    let (desk, id) = (Desk::new(&app).await, contact(&app, BUDI.wa_id).await);
    let edits = (0..8).map(|n| {
        let input = json!({ "attributes": [{ "key": format!("k{n}"), "value": "v" }] });
        desk.done("editContact", json!({ "id": id, "input": input }))
    });
    join_all(edits).await;
    let now = desk.done("editContact", json!({ "id": id, "input": {} })).await["contact"].clone();
    assert_eq!((now["attributes"].as_array().unwrap().len(), &now["revision"]), (8, &json!(8)));
    let first = json!({ "displayName": "A", "expectedRevision": 8 });
    let second = json!({ "displayName": "B", "expectedRevision": 8 });
    desk.done("editContact", json!({ "id": id, "input": first })).await;
    let refused = desk.refused("editContact", json!({ "id": id, "input": second })).await;
    assert_eq!(refused, ("CHANGED_MEANWHILE".to_owned(), "input.expectedRevision".to_owned()));
}

#[tokio::test]
async fn what_is_beyond_its_bounds_is_refused_by_its_field() {
    let app = TestApp::start_with_number();
    app.take_changes(&[says(BUDI, "wamid.1", 0)]).await;
    let (desk, id) = (Desk::new(&app).await, contact(&app, BUDI.wa_id).await);
    let many: Vec<Value> = (0..51).map(|n| json!({ "key": format!("k{n}"), "value": "v" })).collect();
    for (input, field) in [
        (json!({ "displayName": "x".repeat(201) }), "input.displayName"),
        (json!({ "email": "nobody" }), "input.email"),
        (json!({ "language": "bahasa indonesia" }), "input.language"),
        (json!({ "attributes": [{ "key": "$where", "value": "x" }] }), "input.attributes.key"),
        (json!({ "attributes": [{ "key": "a", "value": "x".repeat(1_001) }] }), "input.attributes.value"),
        (json!({ "attributes": many }), "input.attributes"),
    ] {
        let refused = desk.refused("editContact", json!({ "id": id, "input": input })).await;
        assert_eq!(refused, ("INVALID".to_owned(), field.to_owned()));
    }
    let record = app.only("contacts").await;
    assert_eq!((&record["card"], &record["revision"]), (&Value::Null, &Value::Null), "nothing was changed");
}

#[tokio::test]
async fn a_viewer_may_not_and_to_others_the_contact_is_not_there() {
    let app = TestApp::start_with_number();
    app.storage.ensure_number(first_workspace(), "700", Some("800")).await.unwrap();
    let other = number_id(first_workspace(), "700");
    app.take_changes(&[says(BUDI, "wamid.1", 0)]).await;
    let id = contact(&app, BUDI.wa_id).await;
    let edit = json!({ "id": id, "input": { "displayName": "x" } });
    let viewer = Desk::with(&app, first_workspace(), Role::Viewer, None).await;
    let limited = Desk::with(&app, first_workspace(), Role::Agent, Some(vec![other])).await;
    let stranger = Desk::with(&app, Uuid::from_u128(7), Role::Owner, None).await;
    let merge = json!({ "fromId": id, "intoId": id });
    for (name, variables, field) in [
        ("editContact", edit, "id"),
        ("blockContact", json!({ "contactId": id }), "contactId"),
        ("unblockContact", json!({ "contactId": id }), "contactId"),
        ("undoContactMerge", json!({ "contactId": id }), "contactId"),
        ("mergeContacts", merge, "fromId"),
    ] {
        let denied = viewer.answer(name, variables.clone()).await;
        assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN", "{name}: {denied}");
        if name.contains("erge") {
            let denied = limited.answer(name, variables.clone()).await;
            assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN", "{name}: {denied}");
        } else {
            let absent = ("NOT_FOUND".to_owned(), field.to_owned());
            assert_eq!(limited.refused(name, variables.clone()).await, absent, "{name}");
        }
        if name != "mergeContacts" {
            let absent = ("NOT_FOUND".to_owned(), field.to_owned());
            assert_eq!(stranger.refused(name, variables.clone()).await, absent, "{name}");
        }
        let mut nonsense = variables;
        let argument = nonsense.as_object().unwrap().keys().next().unwrap().clone();
        nonsense[argument] = "not-an-id".into();
        let (code, _) = Desk::new(&app).await.refused(name, nonsense).await;
        assert_eq!(code, "NOT_FOUND", "{name}");
    }
    assert_eq!(stranger.run("contactMerges", json!({ "contactId": id })).await, json!([]));
    assert_eq!(app.only("contacts").await["card"], Value::Null);
}
