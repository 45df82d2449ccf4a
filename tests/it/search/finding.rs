//! What is found by which words, and that it follows what changes.

use serde_json::{Value, json};

use super::{BUDI, SRI, Seeker, contact, edges, says, snippets, take};
use crate::support::app::TestApp;
use crate::support::webhook::{NOW_S, echo, inbound, text};

#[tokio::test]
async fn all_words_the_beginning_of_the_last_and_the_latest_first() {
    let app = TestApp::start_with_number();
    let document = json!({ "type": "document", "document": { "id": "1", "mime_type": "application/pdf",
        "filename": "Invoice-Maret.pdf", "caption": "Faktur bunga" } });
    take(
        &app,
        &[
            says(BUDI, "w1", 0, "Halo, apakah pesanan bunga saya sudah dikirim?"),
            says(SRI, "w2", 10, "Pesanan saya belum datang"),
            echo(BUDI, "w3", NOW_S + 20, text("Pesanan Kak Budi dikirim hari Jum'at.")),
            inbound(SRI, "w4", NOW_S + 30, document),
            says(SRI, "w5", 40, "我的订单什么时候发货？"),
            says(SRI, "w6", 50, "Café à la crème"),
        ],
    )
    .await;
    let seeker = Seeker::new(&app).await;
    let (first, second, third) = (
        "Halo, apakah pesanan bunga saya sudah dikirim?",
        "Pesanan saya belum datang",
        "Pesanan Kak Budi dikirim hari Jum'at.",
    );
    for (search, found) in [
        ("pesanan", vec![third, second, first]),
        ("PESAN", vec![third, second, first]),
        ("saya pesanan", vec![second, first]),
        ("pesanan diki", vec![third, first]),
        ("pesan dikirim", vec![]),
        ("jumat", vec![third]),
        ("cafe creme", vec!["Café à la crème"]),
        ("订单", vec!["我的订单什么时候发货？"]),
        ("货发", vec![]),
        ("tidak", vec![]),
    ] {
        assert_eq!(seeker.texts(search).await, found, "{search}");
    }
    for search in ["faktur", "invoice maret", "mar"] {
        let page = seeker.page("searchMessages", json!({ "query": search })).await;
        let nodes = edges(&page);
        assert_eq!((nodes.len(), &nodes[0]["contact"]["name"]), (1, &json!("Sri Wahyuni")), "{search}");
    }
}

#[tokio::test]
async fn an_edit_is_found_by_what_it_says_now_and_what_was_taken_back_is_not() {
    let app = TestApp::start_with_number();
    take(&app, &[says(BUDI, "w1", 0, "mawar merah"), says(BUDI, "w2", 5, "melati putih")]).await;
    let seeker = Seeker::new(&app).await;
    assert_eq!(seeker.texts("mawar").await, ["mawar merah"]);
    let edit = json!({ "type": "edit", "edit": { "original_message_id": "w1",
        "message": { "type": "text", "text": { "body": "anggrek ungu" } } } });
    let revoke = json!({ "type": "revoke", "revoke": { "original_message_id": "w2" } });
    take(&app, &[inbound(BUDI, "w3", NOW_S + 10, edit), inbound(BUDI, "w4", NOW_S + 11, revoke)]).await;
    assert_eq!(seeker.texts("anggrek").await, ["anggrek ungu"]);
    for search in ["mawar", "melati"] {
        assert_eq!(seeker.texts(search).await, Vec::<String>::new(), "{search}");
    }
}

#[tokio::test]
async fn a_contact_is_found_by_every_name_of_its_own_and_of_those_merged_into_it() {
    let app = TestApp::start_with_number();
    take(&app, &[says(BUDI, "w1", 0, "x"), says(SRI, "w2", 1, "x")]).await;
    let seeker = Seeker::new(&app).await;
    for search in ["budi", "santo", "Santoso Budi", "6281234567890", "62812", "0812345", "7890"] {
        assert_eq!(seeker.names(search).await, ["Budi Santoso"], "{search}");
    }
    let (budi, sri) = (contact(&app, BUDI.wa_id).await, contact(&app, SRI.wa_id).await);
    let run = async |name: &str, variables: Value| {
        let page = seeker.page(name, variables).await;
        assert_eq!(page["userErrors"], json!([]), "{name}: {page:#}");
        app.run_worker("search-indexer").await.unwrap();
    };
    let input = json!({ "displayName": "Toko Melati", "email": "melati@toko.example",
        "attributes": [{ "key": "city", "value": "Bandung" }] });
    run("editContact", json!({ "id": budi, "input": input })).await;
    for search in ["melati", "toko mel", "bandung", "budi", "melati@toko.example"] {
        assert_eq!(seeker.names(search).await, ["Toko Melati"], "{search}");
    }
    run("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    for search in ["wahyuni", "melati", "0001111"] {
        assert_eq!(seeker.names(search).await, ["Toko Melati"], "{search}");
    }
    run("undoContactMerge", json!({ "contactId": sri })).await;
    assert_eq!(seeker.names("wahyuni").await, ["Sri Wahyuni"]);
    assert_eq!(seeker.names("melati").await, ["Toko Melati"]);
    run("editContact", json!({ "id": budi, "input": { "displayName": null, "email": null } })).await;
    assert_eq!(seeker.names("toko mel").await, Vec::<String>::new());
}

#[tokio::test]
async fn within_a_conversation_those_that_are_joined_to_it_are_found_too() {
    let app = TestApp::start_with_number();
    take(&app, &[says(BUDI, "w1", 0, "bunga satu"), says(SRI, "w2", 1, "bunga dua")]).await;
    let seeker = Seeker::new(&app).await;
    let query = "{ conversations { nodes { id contactId } } }";
    let found = app.ask(&seeker.key, query, json!({})).await["nodes"].clone();
    let (budi, sri) = (contact(&app, BUDI.wa_id).await, contact(&app, SRI.wa_id).await);
    let of = |contact: &Value| {
        let nodes = found.as_array().unwrap().iter();
        nodes.clone().find(|one| one["contactId"] == *contact).unwrap()["id"].clone()
    };
    let within = async |conversation: Value| {
        let variables = json!({ "query": "bunga", "conversationId": conversation });
        edges(&seeker.page("searchMessages", variables).await).len()
    };
    assert_eq!((within(of(&budi)).await, within(of(&sri)).await, within(json!("x")).await), (1, 1, 0));
    seeker.page("mergeContacts", json!({ "fromId": sri, "intoId": budi })).await;
    assert_eq!((within(of(&budi)).await, within(of(&sri)).await), (2, 2));
}

#[tokio::test]
async fn what_was_found_is_shown_with_the_words_around_it() {
    let app = TestApp::start_with_number();
    let long = format!("{}bunga mawar <script> {}", "awal ".repeat(60), "akhir ".repeat(60));
    let template = json!({ "type": "template", "template": { "name": "pengingat_tagihan",
        "language": { "code": "id" }, "components": [{ "type": "body",
            "parameters": [{ "type": "text", "text": "Kak Ratna" }, { "type": "text", "text": "INV-99" }] }] } });
    take(
        &app,
        &[
            says(BUDI, "w1", 0, "Pesan 🌸 BUNGA, bunganya Kak"),
            says(SRI, "w2", 1, &long),
            echo(BUDI, "w3", NOW_S + 2, template),
            says(SRI, "w4", 3, "请问什么时候发货？"),
            says(SRI, "w5", 4, "قل مَرْحَبًا لك"),
        ],
    )
    .await;
    let seeker = Seeker::new(&app).await;
    let shown = async |name: &str, search: &str| {
        snippets(&seeker.page(name, json!({ "query": search, "first": 10 })).await)
    };
    let found = shown("searchMessages", "bunga").await;
    assert_eq!(found[1], "Pesan 🌸 [BUNGA], [bunganya] Kak");
    assert!(found[0].contains("awal [bunga] mawar <script> akhir"), "{}", found[0]);
    assert!(found[0].chars().count() <= 162, "{}", found[0]);
    assert_eq!(shown("searchMessages", "发货").await, ["请问什么时候[发货]？"]);
    assert_eq!(shown("searchMessages", "مرحبا").await, ["قل [مَرْحَبًا] لك"]);
    // What stands in a template is words; how it is written down is not.
    assert_eq!(shown("searchMessages", "ratna").await, ["Kak [Ratna]"]);
    assert_eq!(shown("searchMessages", "inv 99").await, ["[INV]-[99]"]);
    assert_eq!(shown("searchMessages", "parameters ").await, Vec::<String>::new());
    assert_eq!(shown("searchContacts", "wahyu").await, ["Sri [Wahyuni]"]);
    assert_eq!(
        shown("searchContacts", "0812345").await,
        [""],
        "by a phone number there are no words to show"
    );
}
