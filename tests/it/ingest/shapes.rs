//! The stored form of one document of each collection: a change of it is seen in review.

use mongodb::bson::{Bson, DateTime, Document, doc};
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::mongo;
use crate::support::webhook::{Customer, NOW_S, echo, inbound, status, text, value};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };

/// A document as it is stored: its fields in their order, and their types.
fn render(value: &Bson, indent: usize, lanes: &[String], text: &mut String) {
    let pad = "  ".repeat(indent);
    match value {
        Bson::Document(fields) => {
            for (field, value) in fields {
                text.push_str(&format!("\n{pad}{}:", hide(field, lanes)));
                render(value, indent + 1, lanes, text);
            }
        }
        Bson::Array(values) => {
            for value in values {
                text.push_str(&format!("\n{pad}-"));
                render(value, indent + 1, lanes, text);
            }
        }
        Bson::String(words) => text.push_str(&format!(" {:?}", hide(words, lanes))),
        Bson::Int32(number) => text.push_str(&format!(" int {number}")),
        Bson::Int64(number) => text.push_str(&format!(" long {number}")),
        Bson::Boolean(yes) => text.push_str(&format!(" {yes}")),
        Bson::DateTime(time) => text.push_str(&format!(" date {}", time.timestamp_millis())),
        Bson::Binary(binary) if binary.bytes.len() > 64 => text.push_str(" binary of a body"),
        Bson::Binary(binary) => {
            let digits = data_encoding::HEXLOWER.encode(&binary.bytes);
            text.push_str(&format!(" binary {:?} {}", binary.subtype, hide(&digits, lanes)));
        }
        other => panic!("a type that we do not store: {other:?} in {text}"),
    }
}

/// Lanes and instances have new ids in each run.
fn hide(words: &str, lanes: &[String]) -> String {
    lanes.iter().fold(words.to_owned(), |words, lane| words.replace(lane, "[lane]"))
}

#[expect(clippy::too_many_lines, reason = "a payload a kind")]
#[tokio::test]
async fn stored_documents_have_the_form_that_was_reviewed() {
    let app = TestApp::start_with_number();
    let mut first = text("halo");
    first["context"] = json!({ "id": "wamid.0", "from": "15550783881" });
    first["referral"] = json!({ "source_type": "ad", "source_id": "120", "ctwa_clid": "clid-1" });
    let call = json!({ "id": "wacid.1", "from": BUDI.wa_id, "from_user_id": BUDI.user_id, "event": "connect",
        "direction": "USER_INITIATED", "timestamp": NOW_S.to_string() });
    let group =
        json!({ "group_id": "GROUP1", "timestamp": NOW_S, "type": "group_create", "subject": "Pelanggan" });
    let mut delivered = status(BUDI, "wamid.2", "delivered", NOW_S + 2);
    delivered["value"]["statuses"][0]["pricing"] = json!({ "billable": true, "category": "service" });
    let mut elsewhere = inbound(BUDI, "wamid.3", NOW_S, text("x"));
    elsewhere["value"]["metadata"]["phone_number_id"] = "700".into();
    let database = mongo::raw(&app.database).await;
    let refuse = doc! { "collMod": "messages", "validator": { "wamid": { "$ne": "wamid.bad" } } };
    database.run_command(refuse).await.unwrap();
    app.take_changes(&[
        inbound(BUDI, "wamid.1", NOW_S, first),
        echo(BUDI, "wamid.2", NOW_S + 1, text("halo juga")),
        delivered,
        inbound(
            BUDI,
            "wamid.r",
            NOW_S + 3,
            json!({ "type": "reaction",
            "reaction": { "message_id": "wamid.2", "emoji": "👍" } }),
        ),
        json!({ "field": "calls", "value": value(json!({ "calls": [call] })) }),
        json!({ "field": "group_lifecycle_update", "value": value(json!({ "groups": [group] })) }),
        json!({ "field": "account_review_update", "value": { "decision": "APPROVED" } }),
        json!({ "field": "message_template_status_update", "value": { "event": "APPROVED",
            "message_template_id": 1, "message_template_name": "a", "message_template_language": "id" } }),
        json!({ "field": "phone_number_name_update", "value": { "display_phone_number": "15550783881",
            "decision": "APPROVED", "requested_verified_name": "Toko" } }),
        elsewhere,
        inbound(BUDI, "wamid.bad", NOW_S, text("x")),
        json!({ "field": "field_of_tomorrow", "value": { "x": 1 } }),
    ])
    .await;
    let mut lanes = Vec::new();
    for lane in app.storage.all_lanes().await.unwrap() {
        lanes.extend([lane.id.to_string(), lane.id.simple().to_string()]);
    }
    let mut names = database.list_collection_names().await.unwrap();
    // The journal's own are looked at by its tests; when a migration was made, the real clock says.
    let is_projected = |name: &String| {
        !name.starts_with("system.")
            && !["instances", "lanes", "segments", "migrations"].contains(&name.as_str())
    };
    names.retain(is_projected);
    names.sort();
    let mut text = String::new();
    for name in names {
        let documents = database.collection::<Document>(&name);
        let mut found = documents.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap();
        let mut shown = None;
        while found.advance().await.unwrap() {
            let mut document = found.deserialize_current().unwrap();
            if name == "workspaces" && document.get_datetime("created").is_ok() {
                // The database's own time.
                document.insert("created", DateTime::from_millis(0));
            }
            if document.get_datetime("checkAt").is_ok() {
                document.insert("checkAt", DateTime::from_millis(0));
            }
            // Of two messages, the one to which something has happened since.
            if shown.is_none() || document.contains_key("reactions") {
                shown = Some(document);
            }
        }
        // Nothing in it comes from webhooks.
        let Some(shown) = shown else { continue };
        text.push_str(&name);
        render(&Bson::Document(shown), 1, &lanes, &mut text);
        text.push_str("\n\n");
    }
    insta::assert_snapshot!(text);
}
