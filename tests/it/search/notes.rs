//! Notes are found like messages: by what they say now, each by whom may read it.

use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{BUDI, SRI, Seeker, contact, edges, says, second_number, snippets, take};
use crate::support::app::TestApp;
use crate::support::webhook::PHONE_NUMBER_ID;

/// The conversation of each contact.
async fn conversations(seeker: &Seeker<'_>) -> Vec<Value> {
    let query = "{ conversations(first: 100) { nodes { id numberId contactId } } }";
    seeker.app.ask(&seeker.key, query, json!({})).await["nodes"].as_array().unwrap().clone()
}

async fn note(seeker: &Seeker<'_>, conversation: &Value, text: &str) -> Value {
    let input = json!({ "input": { "conversationId": conversation, "text": text } });
    seeker.done("addNote", input).await["note"].clone()
}

#[tokio::test]
async fn a_note_is_found_by_what_it_says_now() {
    let app = TestApp::start_with_number();
    take(&app, &[says(BUDI, "w1", 0, "diskon")]).await;
    let seeker = Seeker::new(&app).await;
    let conversation = conversations(&seeker).await[0]["id"].clone();
    let first = note(&seeker, &conversation, "Minta diskon 10% <b>segera</b>").await;
    app.clock.advance(std::time::Duration::from_secs(2));
    let second = note(&seeker, &conversation, "Diskon disetujui 🎉 oleh Ibu Ratna").await;
    assert_eq!(seeker.notes("DISKON").await.len(), 2);
    assert_eq!(seeker.notes("diskon dise").await, ["Diskon disetujui 🎉 oleh Ibu Ratna"]);
    let page = seeker.page("searchNotes", json!({ "query": "diskon seg" })).await;
    assert_eq!(snippets(&page), ["Minta [diskon] 10% <b>[segera]</b>"]);
    // Notes are no messages, and no contacts.
    assert_eq!((seeker.texts("disetujui").await.len(), seeker.names("diskon").await.len()), (0, 0));
    assert_eq!(seeker.texts("diskon").await, ["diskon"]);

    let edit = json!({ "input": { "id": first["id"], "version": 1, "text": "Sudah dibayar" } });
    seeker.done("editNote", edit).await;
    assert_eq!(seeker.notes("diskon").await.len(), 1);
    assert_eq!(seeker.notes("dibayar").await, ["Sudah dibayar"]);
    seeker.done("deleteNote", json!({ "id": second["id"] })).await;
    assert_eq!(seeker.notes("diskon").await, Vec::<String>::new());
    // Gone before it was taken out: it is not shown.
    let third = note(&seeker, &conversation, "rahasia").await;
    seeker.page("deleteNote", json!({ "id": third["id"] })).await;
    assert_eq!(seeker.notes("rahasia").await, Vec::<String>::new());
}

#[tokio::test]
async fn notes_are_found_page_by_page_within_a_conversation_and_those_joined_to_it() {
    let app = TestApp::start_with_number();
    take(&app, &[says(BUDI, "w1", 0, "x"), says(SRI, "w2", 1, "x")]).await;
    let seeker = Seeker::new(&app).await;
    let (budi, sri) = (contact(&app, BUDI.wa_id).await, contact(&app, SRI.wa_id).await);
    let all = conversations(&seeker).await;
    let of = |contact: &Value| all.iter().find(|one| one["contactId"] == *contact).unwrap()["id"].clone();
    for n in 0..5 {
        note(&seeker, &of(&budi), &format!("catatan {n}")).await;
    }
    note(&seeker, &of(&sri), "catatan lain").await;
    let within = async |conversation: Value| {
        let variables = json!({ "query": "catatan", "conversationId": conversation });
        edges(&seeker.page("searchNotes", variables).await).len()
    };
    assert_eq!((within(of(&budi)).await, within(of(&sri)).await, within(json!("x")).await), (5, 1, 0));
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = seeker.page("searchNotes", json!({ "query": "cat", "first": 2, "after": after })).await;
        seen.extend(edges(&page).iter().map(|node| node["id"].to_string()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6);
    seeker.done("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    assert_eq!((within(of(&budi)).await, within(of(&sri)).await), (6, 6));
    seeker.done("undoContactMerge", json!({ "contactId": sri })).await;
    assert_eq!((within(of(&budi)).await, within(of(&sri)).await), (5, 1));
}

#[tokio::test]
async fn notes_are_found_by_those_who_may_read_them() {
    let app = TestApp::start_with_number();
    let second = second_number(&app).await;
    let theirs = says(SRI, "w2", 1, "x").to_string().replace(PHONE_NUMBER_ID, "700");
    take(&app, &[says(BUDI, "w1", 0, "x"), serde_json::from_str(&theirs).unwrap()]).await;
    let all = Seeker::new(&app).await;
    for one in conversations(&all).await {
        let mark = if one["numberId"] == json!(second) { "dua" } else { "satu" };
        note(&all, &one["id"], &format!("catatan {mark}")).await;
    }
    let mut found = all.notes("catatan").await;
    found.sort();
    assert_eq!(found, ["catatan dua", "catatan satu"]);
    let limited = Seeker::with(&app, first_workspace(), Some(vec![second])).await;
    assert_eq!(limited.notes("catatan").await, ["catatan dua"]);
    let of = |number: Uuid| json!({ "query": "catatan", "numberId": number });
    assert_eq!(edges(&all.page("searchNotes", of(second)).await)[0]["text"], "catatan dua");
    let first = app.storage.all_numbers().await.unwrap();
    let first = first.iter().find(|number| number.phone_number_id == PHONE_NUMBER_ID).unwrap().id;
    let denied = limited.answer("searchNotes", of(first)).await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let foreign = conversations(&all).await;
    let foreign = foreign.iter().find(|one| one["numberId"] != json!(second)).unwrap();
    let variables = json!({ "query": "catatan", "conversationId": foreign["id"] });
    assert_eq!(edges(&limited.page("searchNotes", variables).await).len(), 0);

    let other = Uuid::now_v7();
    app.storage.ensure_workspace(other, "other").await.unwrap();
    let stranger = Seeker::with(&app, other, None).await;
    assert_eq!(stranger.notes("catatan").await, Vec::<String>::new());
    let variables = json!({ "query": "catatan", "conversationId": foreign["id"] });
    assert_eq!(edges(&stranger.page("searchNotes", variables).await).len(), 0);
}
