//! What is known about somebody from webhooks alone.

use pesan::auth::Role;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Desk, new_key};
use crate::support::eventually;
use crate::support::webhook::{Customer, NOW_S, echo, inbound, status, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111222", user_id: "ID.111", name: "Budi" };
const SITI: Customer<'static> = Customer { wa_id: "628333444", user_id: "ID.333", name: "Siti" };

fn undeliverable(customer: Customer<'_>, wamid: &str, at_s: i64) -> Value {
    let mut change = status(customer, wamid, "failed", at_s);
    change["value"]["statuses"][0]["errors"] =
        json!([{ "code": 131_026, "title": "Message undeliverable", "message": "Message undeliverable" }]);
    change
}

async fn check(desk: &Desk, phone: &str) -> Value {
    desk.done("checkPhone", json!({ "phone": phone })).await["check"].clone()
}

#[tokio::test]
async fn a_phone_number_was_seen_or_refused_at_a_time_or_nothing_is_known() {
    let desk = Desk::start().await;
    desk.add().await;
    desk.app
        .take_changes(&[
            inbound(BUDI, "wamid.1", NOW_S, text("halo")),
            echo(SITI, "wamid.2", NOW_S, text("halo?")),
        ])
        .await;
    let seen = check(&desk, "+62 811 1222").await;
    assert_eq!((&seen["state"], &seen["at"]), (&json!("SEEN"), &json!("2025-11-21T08:00:00Z")));
    assert!(seen["contactId"].is_string());
    let known = check(&desk, SITI.wa_id).await;
    assert_eq!(known["state"], "UNKNOWN", "we wrote, and nothing came back");
    let unknown = check(&desk, "628555666").await;
    assert_eq!(
        (&unknown["state"], &unknown["at"], &unknown["contactId"]),
        (&json!("UNKNOWN"), &Value::Null, &Value::Null)
    );

    desk.app.take_changes(&[undeliverable(SITI, "wamid.2", NOW_S + 5)]).await;
    let refused = check(&desk, SITI.wa_id).await;
    assert_eq!((&refused["state"], &refused["metaCode"]), (&json!("REFUSED"), &json!(131_026)));
    assert_eq!(refused["at"], "2025-11-21T08:00:05Z");
    assert!(!refused["reason"].as_str().unwrap().is_empty());
    // What arrives later refutes it.
    desk.app
        .take_changes(&[
            echo(SITI, "wamid.3", NOW_S + 10, text("halo lagi")),
            status(SITI, "wamid.3", "delivered", NOW_S + 20),
        ])
        .await;
    eventually("the delivery is on the message", || async {
        (check(&desk, SITI.wa_id).await["state"] == "SEEN").then_some(())
    })
    .await;
    let bad = desk.refused("checkPhone", json!({ "phone": "0811 1222" })).await;
    assert_eq!((&bad["code"], &bad["field"]), (&json!("INVALID"), &json!("phone")));
}

#[tokio::test]
async fn somebody_is_found_by_any_of_their_names_and_only_by_who_has_to_do_with_them() {
    let desk = Desk::start().await;
    let id = desk.add().await;
    desk.app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    let by = async |key, of: Value| desk.run_as(key, "contactProfile", json!({ "of": of })).await;
    let profile = by(&desk.key, json!({ "phone": "+62 811 1222" })).await;
    assert_eq!((&profile["name"], &profile["userIds"]), (&json!("Budi"), &json!(["ID.111"])));
    assert_eq!(profile["lastWroteAt"], "2025-11-21T08:00:00Z");
    for of in [json!({ "userId": "ID.111" }), json!({ "contactId": profile["contactId"] })] {
        assert_eq!(by(&desk.key, of).await, profile);
    }
    for of in [json!({ "userId": "ID.112" }), json!({ "contactId": "x" }), json!({ "username": "budi" })] {
        assert_eq!(by(&desk.key, of).await, Value::Null);
    }
    let stranger = desk.stranger().await;
    assert_eq!(by(&stranger, json!({ "contactId": profile["contactId"] })).await, Value::Null);
    assert_eq!(by(&stranger, json!({ "phone": "628111222" })).await, Value::Null);
    let strangers = desk.run_as(&stranger, "checkPhone", json!({ "phone": "628111222" })).await;
    assert_eq!(strangers["check"]["state"], "UNKNOWN");
    let other = desk.limited(Role::Agent).await;
    assert_eq!(by(&other, json!({ "phone": "628111222" })).await, Value::Null);
    let ours = new_key(Role::Viewer, Some(vec![id.parse::<Uuid>().unwrap()]));
    let ours = desk.app.key_for(first_workspace(), ours).await.text;
    assert_eq!(by(&ours, json!({ "phone": "628111222" })).await, profile);
}
