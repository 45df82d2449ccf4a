//! Templates that Meta is asked about, beside what it tells by itself.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Desk, body};
use crate::support::webhook::ACCOUNT_ID;

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn all_pages_are_read_and_what_is_gone_at_meta_is_deleted_here() {
    let desk = Desk::start().await;
    for n in 0..70 {
        desk.at_meta(&format!("promo_{n}"), body("Hello.")).await;
    }
    let first = desk.sync().await;
    assert_eq!(
        (&first["found"], &first["added"], &first["isWhole"]),
        (&json!(75), &json!(75), &json!(true)),
        "the simulator has five of its own"
    );
    assert!(desk.asked("message_templates").await >= 2, "more than a page");
    let count = |told: Vec<String>| told.iter().filter(|kind| *kind == "template").count();
    assert_eq!(count(desk.app.told().await), 75);
    let again = desk.sync().await;
    assert_eq!((&again["added"], &again["changed"], &again["deleted"]), (&json!(0), &json!(0), &json!(0)));
    assert_eq!(count(desk.app.told().await), 75, "nothing has changed, so nobody is told");

    let mut ids = Vec::new();
    let mut after = Value::Null;
    loop {
        let variables = json!({ "accountId": ACCOUNT_ID, "first": 40, "after": after });
        let page = desk.run("templates", variables).await;
        ids.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["id"].to_string()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    ids.dedup();
    assert_eq!(ids.len(), 75);

    desk.delete_at_meta("promo_7").await;
    let third = desk.sync().await;
    assert_eq!((&third["found"], &third["deleted"]), (&json!(74), &json!(1)));
    assert_eq!(count(desk.app.told().await), 76);
    let gone = desk.named("promo_7").await;
    assert_eq!((&gone["status"], &gone["isUsable"]), (&json!("DELETED"), &json!(false)));
    assert!(gone["nextStep"].is_string());
    assert_eq!(desk.list(json!({ "name": "promo_7" })).await, Vec::<Value>::new(), "a list leaves it out");
    desk.at_meta("promo_7", body("Hello again.")).await;
    desk.advance(MINUTE).await;
    assert_eq!(desk.sync().await["added"], 1, "another one of the same name");
}

#[tokio::test]
async fn a_template_is_shown_with_its_parts_and_what_a_message_brings() {
    let desk = Desk::start().await;
    desk.sync().await;
    let order = desk.named("order_confirmation").await;
    assert_eq!((&order["status"], &order["category"]), (&json!("APPROVED"), &json!("UTILITY")));
    assert_eq!((&order["isUsable"], &order["quality"]), (&json!(true), &json!("UNKNOWN")));
    let parts = &order["components"]["parts"];
    assert_eq!(parts["body"]["variables"], json!(["1", "2"]));
    assert_eq!(
        (&parts["buttons"][0]["type"], &parts["buttons"][0]["takes"]),
        (&json!("URL"), &json!("urlSuffix"))
    );
    assert_eq!(parts["buttons"][0]["isRequired"], true);
    assert_eq!(order["statusHistory"].as_array().unwrap().len(), 1);
    let named = desk.named("appointment_reminder").await;
    assert_eq!(named["parameterFormat"], "NAMED");
    assert_eq!(named["components"]["parts"]["body"]["variables"], json!(["first_name", "day"]));
    let usable = desk.list(json!({ "usable": true, "category": "MARKETING", "language": "en_US" })).await;
    assert_eq!(usable.len(), 1);
    assert_eq!(usable[0]["name"], "seasonal_promotion");
    assert_eq!(desk.list(json!({ "numberId": desk.number })).await.len(), 5);
    assert_eq!(desk.list(json!({ "accountId": "1" })).await.len(), 0);
    assert_eq!(desk.list(json!({ "statuses": ["paused"] })).await.len(), 0);
}

#[tokio::test]
async fn news_and_answers_come_out_the_same_in_any_order() {
    for news_first in [false, true] {
        let desk = Desk::start().await;
        let id = desk.at_meta("promo", body("Hello.")).await;
        let template = (id.as_str(), "promo");
        if !news_first {
            desk.sync().await;
        }
        desk.status(-600, template, "PENDING").await;
        desk.status(60, template, "PAUSED").await;
        let quality = json!({ "previous_quality_score": "GREEN", "new_quality_score": "RED" });
        desk.news(70, "message_template_quality_update", template, quality).await;
        desk.status(30, template, "FLAGGED").await;
        let category = json!({ "previous_category": "UTILITY", "new_category": "MARKETING" });
        desk.news(80, "template_category_update", template, category).await;
        if news_first {
            desk.sync().await;
        }
        let shown = desk.named("promo").await;
        assert_eq!((&shown["status"], &shown["quality"]), (&json!("PAUSED"), &json!("RED")), "{news_first}");
        assert_eq!((&shown["category"], &shown["isUsable"]), (&json!("MARKETING"), &json!(false)));
        assert_eq!(shown["bodyText"], "Hello.");
        assert!(shown["nextStep"].as_str().unwrap().contains("pause"));
        let history: Vec<&Value> =
            shown["statusHistory"].as_array().unwrap().iter().map(|change| &change["status"]).collect();
        let told: Vec<&&Value> = history.iter().filter(|status| **status != "APPROVED").collect();
        assert_eq!(told, [&&json!("PENDING"), &&json!("FLAGGED"), &&json!("PAUSED")], "{history:?}");

        // What Meta answers later is newer than all of it.
        desk.advance(5 * MINUTE).await;
        desk.sync().await;
        let shown = desk.named("promo").await;
        assert_eq!(
            (&shown["status"], &shown["category"], &shown["quality"]),
            (&json!("APPROVED"), &json!("UTILITY"), &json!("UNKNOWN"))
        );
        let history = shown["statusHistory"].as_array().unwrap();
        assert_eq!(history.last().unwrap()["status"], "APPROVED");
        desk.status(120, template, "REJECTED").await;
        assert_eq!(desk.named("promo").await["status"], "APPROVED", "what comes late changes nothing");
    }
}

#[tokio::test]
async fn a_rejection_is_shown_with_its_reason_and_what_to_do() {
    let desk = Desk::start().await;
    let rejection = json!({ "event": "REJECTED", "reason": "INVALID_FORMAT", "rejection_info": {
        "reason": "Two parameters stand next to each other.", "recommendation": "Put a text between them." } });
    desk.news(5, "message_template_status_update", ("77", "beside"), rejection).await;
    let shown = desk.named("beside").await;
    assert_eq!(
        (&shown["status"], &shown["recommendation"]),
        (&json!("REJECTED"), &json!("Put a text between them."))
    );
    assert!(shown["reason"].is_string() && shown["nextStep"].is_string(), "{shown:#}");
    assert_eq!(shown["components"], Value::Null, "nobody has asked Meta yet");
}

#[tokio::test]
async fn a_template_that_a_webhook_tells_of_is_fetched_and_so_are_changed_texts() {
    let desk = Desk::start().await;
    desk.sync().await;
    let id = desk.at_meta("new_one", body("Hello {{1}}, welcome.")).await;
    let template = (id.as_str(), "new_one");
    desk.status(5, template, "APPROVED").await;
    assert_eq!(desk.named("new_one").await["components"], Value::Null);
    desk.app.run_worker("template-sync").await.unwrap();
    let shown = desk.named("new_one").await;
    assert_eq!(shown["bodyText"], "Hello {{1}}, welcome.");
    let alone = format!("/{id}");
    assert_eq!(desk.asked(&alone).await, 1);
    desk.app.run_worker("template-sync").await.unwrap();
    assert_eq!(desk.asked(&alone).await, 1, "once is enough");

    let texts = json!({ "message_template_element": "Hi {{1}}, welcome back." });
    desk.news(3_600, "message_template_components_update", template, texts).await;
    let shown = desk.named("new_one").await;
    assert_eq!(shown["bodyText"], "Hi {{1}}, welcome back.", "at once");
    desk.app.run_worker("template-sync").await.unwrap();
    assert_eq!(desk.asked(&alone).await, 2, "and the rest of it is asked for");
    assert_eq!(desk.named("new_one").await["bodyText"], "Hello {{1}}, welcome.", "Meta has the last word");

    desk.status(7_200, ("4711", "never_there"), "APPROVED").await;
    desk.app.run_worker("template-sync").await.unwrap();
    assert_eq!(desk.named("never_there").await["status"], "DELETED", "Meta does not know it");
}

#[tokio::test]
async fn an_account_is_read_by_itself_soon_after_its_number_is_there() {
    let desk = Desk::start().await;
    assert_eq!(desk.list(json!({})).await.len(), 0);
    desk.app.run_worker("template-sync").await.unwrap();
    assert_eq!(desk.list(json!({})).await.len(), 5);
    let asked = desk.asked("message_templates").await;
    desk.app.run_worker("template-sync").await.unwrap();
    assert_eq!(desk.asked("message_templates").await, asked, "not again so soon");
}

#[tokio::test]
async fn what_meta_does_not_answer_is_told_and_changes_nothing() {
    let desk = Desk::start().await;
    desk.sync().await;
    for _ in 0..8 {
        desk.meta.fail("network_cut", "message_templates").await;
    }
    let error = desk.refused("syncTemplates", json!({ "numberId": desk.number })).await;
    assert_eq!(error["code"], "META_UNREACHABLE");
    assert_eq!(desk.list(json!({})).await.len(), 5);
    let both = json!({ "numberId": desk.number, "accountId": ACCOUNT_ID });
    assert_eq!(desk.refused("syncTemplates", both).await["code"], "INVALID");
}
