//! Who is blocked: here, at Meta, through merges, and by whom.

use mongodb::bson::{Document, doc};
use pesan::auth::Role;
use pesan::dev::simulator::world::SECOND_NUMBER_ID;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Desk, SRI, contact, says};
use crate::support::app::TestApp;
use crate::support::meta::{APP_ID, APP_SECRET, Meta, TOKEN};
use crate::support::mongo;
use crate::support::webhook;
use crate::support::webhook::{ACCOUNT_ID, Customer, PHONE_NUMBER_ID};

const MASTER_KEYS: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// The simulator knows him.
const PABLO: Customer<'static> = Customer { wa_id: "16505551234", user_id: "US.1", name: "Pablo" };

/// A service with two numbers at a simulated Meta; our ids of the numbers.
async fn start(meta: &Meta) -> (TestApp, [Uuid; 2]) {
    let secrets = format!("{APP_SECRET},{}", webhook::APP_SECRET);
    let url = meta.url();
    let settings = [
        ("GRAPH_API_BASE_URL", url.as_str()),
        ("WHATSAPP_APP_ID", APP_ID),
        ("WHATSAPP_APP_SECRET", secrets.as_str()),
        ("PESAN_MASTER_KEYS", MASTER_KEYS),
    ];
    let app = TestApp::start_with(&settings, false);
    let admin = app.key(Role::Admin).await;
    let mut ids = Vec::new();
    for phone_number_id in [PHONE_NUMBER_ID, SECOND_NUMBER_ID] {
        let input =
            json!({ "phoneNumberId": phone_number_id, "accountId": ACCOUNT_ID, "accessToken": TOKEN });
        let add = "mutation($input: AddNumberInput!) { addNumber(input: $input) { number { id } userErrors { message } } }";
        let added = app.ask(&admin, add, json!({ "input": input })).await;
        ids.push(added["number"]["id"].as_str().unwrap_or_else(|| panic!("{added}")).parse().unwrap());
    }
    (app, [ids[0], ids[1]])
}

async fn is_blocked(app: &TestApp, contact: &Value, number: Uuid) -> bool {
    let contact = contact.as_str().unwrap().parse().unwrap();
    app.storage.is_blocked(first_workspace(), contact, number).await.unwrap()
}

#[tokio::test]
async fn one_of_whom_whatsapp_has_told_that_they_are_two_names_is_blocked_once() {
    let meta = Meta::start();
    let (app, _) = start(&meta).await;
    let now_s = app.clock.clock().now_ms().div_euclid(1_000);
    let by_number = Customer { user_id: "", ..PABLO };
    let by_id = Customer { wa_id: "", ..PABLO };
    for (n, customer) in (0..).zip([by_number, by_id, PABLO]) {
        let said = webhook::inbound(customer, &format!("p{n}"), now_s + n, webhook::text("Halo"));
        app.take_changes(&[said]).await;
    }
    let contacts = app.all("contacts").await;
    assert_eq!((contacts.len(), contacts.iter().filter(|one| !one["mergedInto"].is_null()).count()), (2, 1));
    let (desk, id) = (Desk::new(&app).await, contact(&app, PABLO.wa_id).await);
    let blocked = desk.done("blockContact", json!({ "contactId": id })).await;
    assert_eq!(blocked["outcomes"][0]["atMeta"], "DONE", "{blocked:#}");
    let requests = meta.requests("block_users").await;
    let asked: Value = serde_json::from_str(requests[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(asked["block_users"].as_array().unwrap().len(), 1, "{asked:#}");
}

#[tokio::test]
async fn a_block_holds_here_and_at_meta_for_the_numbers_that_it_is_for() {
    let meta = Meta::start();
    let (app, [first, second]) = start(&meta).await;
    let now_s = app.clock.clock().now_ms().div_euclid(1_000);
    app.take_changes(&[webhook::inbound(PABLO, "p1", now_s, webhook::text("Halo"))]).await;
    let (desk, id) = (Desk::new(&app).await, contact(&app, PABLO.wa_id).await);
    let blocked = desk.done("blockContact", json!({ "contactId": id })).await;
    assert_eq!(blocked["outcomes"][0]["atMeta"], "DONE", "{blocked:#}");
    assert_eq!(blocked["contact"]["blocks"][0]["numberId"], first.to_string());
    assert_eq!(blocked["contact"]["blocks"][0]["atMeta"], true);
    assert_eq!((is_blocked(&app, &id, first).await, is_blocked(&app, &id, second).await), (true, false));
    let requests = meta.requests("block_users").await;
    assert_eq!(requests.len(), 1);
    let send = async |number: Uuid| {
        let text = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
            message { id } userErrors { code field nextStep } } }";
        let content = json!({ "text": { "body": "halo" } });
        let input = json!({ "numberId": number, "to": { "contactId": id }, "content": content });
        app.ask(&desk.key, text, json!({ "input": input })).await["userErrors"][0]["code"].clone()
    };
    assert_eq!(send(first).await, "CONTACT_BLOCKED");
    assert_eq!(send(second).await, "WINDOW_CLOSED", "it is not blocked for the other number");
    let leave = async || {
        let text =
            "query($c: ID!, $n: ID!) { canSend(contactId: $c, numberId: $n) { scope hold { reason } } }";
        app.ask(&desk.key, text, json!({ "c": id, "n": first })).await
    };
    assert_eq!(leave().await, json!({ "scope": "NOTHING", "hold": { "reason": "CONTACT_BLOCKED" } }));
    // Again: nothing changes, and it is blocked since the first time.
    app.clock.advance(std::time::Duration::from_mins(1));
    let again = desk.done("blockContact", json!({ "contactId": id })).await;
    assert_eq!(again["contact"]["blocks"], blocked["contact"]["blocks"]);
    let free = desk.done("unblockContact", json!({ "contactId": id })).await;
    assert_eq!((&free["outcomes"][0]["atMeta"], &free["contact"]["blocks"]), (&json!("DONE"), &json!([])));
    assert!(!is_blocked(&app, &id, first).await);
    assert_eq!((send(first).await, &leave().await["hold"]), (Value::Null, &Value::Null));
    let audit = app.all("audit").await;
    assert_eq!(audit.iter().filter(|entry| entry["deed"] == "block-contacts").count(), 3);
}

#[tokio::test]
async fn the_next_owner_of_a_number_is_not_blocked_for_the_last_one() {
    let meta = Meta::start();
    let (app, _) = start(&meta).await;
    let now_s = app.clock.clock().now_ms().div_euclid(1_000);
    app.take_changes(&[webhook::inbound(PABLO, "p1", now_s, webhook::text("Halo"))]).await;
    let (desk, pablo) = (Desk::new(&app).await, contact(&app, PABLO.wa_id).await);
    let named = async |which: usize, verb: &str| {
        let requests: Vec<Value> = meta.requests("block_users").await;
        let requests: Vec<&Value> = requests.iter().filter(|one| one["method"] == verb).collect();
        let asked: Value = serde_json::from_str(requests[which]["body"].as_str().unwrap()).unwrap();
        asked["block_users"].clone()
    };
    desk.done("blockContact", json!({ "contactId": pablo })).await;
    assert_eq!(named(0, "POST").await[0]["user"], PABLO.wa_id);
    let next = Customer { user_id: "US.2", ..PABLO };
    app.take_changes(&[webhook::inbound(next, "n1", now_s + 1, webhook::text("Halo"))]).await;
    // What was blocked is let go again, whoever has it now.
    desk.done("unblockContact", json!({ "contactId": pablo })).await;
    assert_eq!(named(0, "DELETE").await[0]["user"], PABLO.wa_id);
    desk.done("blockContact", json!({ "contactId": pablo })).await;
    assert!(!named(1, "POST").await.to_string().contains(PABLO.wa_id), "it is somebody else's number");

    // A block from before names were kept was made under the number of that time.
    let contacts = mongo::raw(&app.database).await.collection::<Document>("contacts");
    let forget = doc! { "$set": { "blocks.0.atMeta": true }, "$unset": { "blocks.0.namesAtMeta": 1 } };
    assert_eq!(
        contacts.update_many(doc! { "blocks.0": { "$exists": true } }, forget).await.unwrap().modified_count,
        1
    );
    desk.done("unblockContact", json!({ "contactId": pablo })).await;
    assert_eq!(named(1, "DELETE").await[0]["user"], PABLO.wa_id);
}

#[tokio::test]
async fn what_meta_does_not_do_leaves_the_block_here() {
    let meta = Meta::start();
    let (app, [first, _]) = start(&meta).await;
    app.take_changes(&[says(SRI, "s1", 0), says(PABLO, "p1", 0)]).await;
    let desk = Desk::new(&app).await;
    // Meta does not know her.
    let sri = contact(&app, SRI.wa_id).await;
    let blocked = desk.done("blockContact", json!({ "contactId": sri })).await;
    assert_eq!(blocked["outcomes"][0]["atMeta"], "REFUSED", "{blocked:#}");
    assert_eq!(blocked["outcomes"][0]["error"]["code"], "REFUSED_BY_META");
    assert_eq!(blocked["contact"]["blocks"][0]["atMeta"], false);
    assert!(is_blocked(&app, &sri, first).await);
    let free = desk.done("unblockContact", json!({ "contactId": sri })).await;
    assert_eq!(
        (&free["outcomes"][0]["atMeta"], &free["contact"]["blocks"]),
        (&json!("NOT_NEEDED"), &json!([]))
    );

    // Meta blocks him, and then cannot be asked to let go: nothing is called free that is not.
    let pablo = contact(&app, PABLO.wa_id).await;
    desk.done("blockContact", json!({ "contactId": pablo })).await;
    meta.control("/faults", json!({ "kind": "network_cut", "target": "block_users", "count": 10 })).await;
    let kept = desk.done("unblockContact", json!({ "contactId": pablo })).await;
    assert_eq!(kept["outcomes"][0]["atMeta"], "FAILED", "{kept:#}");
    assert!(kept["outcomes"][0]["error"]["nextStep"].is_string());
    assert!(is_blocked(&app, &pablo, first).await);
}

#[tokio::test]
async fn a_merged_contact_is_as_blocked_as_the_other() {
    let meta = Meta::start();
    let (app, [first, second]) = start(&meta).await;
    app.take_changes(&[says(SRI, "s1", 0), says(PABLO, "p1", 0)]).await;
    let desk = Desk::new(&app).await;
    let (sri, pablo) = (contact(&app, SRI.wa_id).await, contact(&app, PABLO.wa_id).await);
    desk.done("blockContact", json!({ "contactId": sri, "numberIds": [first] })).await;
    assert!(!is_blocked(&app, &pablo, first).await);
    desk.done("mergeContacts", json!({ "fromId": sri, "intoId": pablo })).await;
    for contact in [&sri, &pablo] {
        assert_eq!(
            (is_blocked(&app, contact, first).await, is_blocked(&app, contact, second).await),
            (true, false)
        );
    }
    desk.done("undoContactMerge", json!({ "contactId": sri })).await;
    assert_eq!((is_blocked(&app, &sri, first).await, is_blocked(&app, &pablo, first).await), (true, false));
    // Whoever blocks the one that both are blocks both.
    desk.done("mergeContacts", json!({ "fromId": sri, "intoId": pablo })).await;
    let blocked = desk.done("blockContact", json!({ "contactId": sri, "numberIds": [second] })).await;
    assert_eq!(blocked["contact"]["id"], pablo);
    let named = meta.requests("block_users").await.last().unwrap()["body"].to_string();
    assert!(named.contains(SRI.wa_id) && named.contains(PABLO.wa_id), "{named}");
    assert!(is_blocked(&app, &sri, second).await && is_blocked(&app, &pablo, second).await);
}

#[tokio::test]
async fn a_key_for_some_numbers_blocks_for_those_and_sees_those_alone() {
    let meta = Meta::start();
    let (app, [first, second]) = start(&meta).await;
    app.take_changes(&[says(PABLO, "p1", 0)]).await;
    let id = contact(&app, PABLO.wa_id).await;
    let all = Desk::new(&app).await;
    let limited = Desk::with(&app, first_workspace(), Role::Agent, Some(vec![first])).await;
    let absent = ("NOT_FOUND".to_owned(), "numberIds".to_owned());
    for numbers in [json!([second]), json!([first, second]), json!(["x"]), json!([Uuid::now_v7()])] {
        let refused = limited.refused("blockContact", json!({ "contactId": id, "numberIds": numbers })).await;
        assert_eq!(refused, absent, "{numbers}");
    }
    let none = all.refused("blockContact", json!({ "contactId": id, "numberIds": [] })).await;
    assert_eq!(none, ("INVALID".to_owned(), "numberIds".to_owned()));
    all.done("blockContact", json!({ "contactId": id, "numberIds": [first, second] })).await;
    let seen = limited.run("contact", json!({ "id": id })).await["blocks"].clone();
    assert_eq!((seen.as_array().unwrap().len(), &seen[0]["numberId"]), (1, &json!(first)));
    let freed = limited.done("unblockContact", json!({ "contactId": id })).await;
    assert_eq!(freed["outcomes"].as_array().unwrap().len(), 1);
    assert_eq!((is_blocked(&app, &id, first).await, is_blocked(&app, &id, second).await), (false, true));
}
