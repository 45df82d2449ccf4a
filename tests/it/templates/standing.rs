//! A template's pause that is lifted, and Meta's archive.

use serde_json::{Value, json};

use super::{Desk, body};
use crate::support::webhook::ACCOUNT_ID;

impl Desk {
    /// Makes a template at Meta with a status, and reads it. Gives our id.
    async fn standing(&self, name: &str, status: &str) -> Value {
        let definition = json!({
            "name": name, "language": "id", "category": "UTILITY", "status": status, "components": body("Halo."),
        });
        self.meta.control("/templates", definition).await;
        self.sync().await;
        self.named(name).await["id"].clone()
    }

    /// The status after an operation that goes well.
    async fn moved(&self, operation: &str, id: &Value) -> Value {
        self.done(operation, json!({ "id": id })).await["template"]["status"].clone()
    }

    /// That cannot be done; nothing is asked of Meta that would change anything. Gives what is said.
    async fn stays(&self, operation: &str, id: &Value) -> Value {
        let error = self.refused(operation, json!({ "id": id })).await;
        assert_eq!((&error["field"], &error["code"]), (&json!("id"), &json!("WRONG_STATE")), "{error:#}");
        error
    }
}

#[tokio::test]
async fn a_pause_is_lifted_by_meta_when_it_is_asked() {
    let desk = Desk::start().await;
    let paused = desk.standing("terjeda", "PAUSED").await;
    assert_eq!(desk.moved("unpauseTemplate", &paused).await, "APPROVED");
    let shown = desk.run("template", json!({ "id": paused })).await;
    assert_eq!((&shown["status"], &shown["isUsable"]), (&json!("APPROVED"), &json!(true)));
    desk.stays("unpauseTemplate", &paused).await;
    assert_eq!(desk.asked("/unpause").await, 1, "one that is not paused is not asked about");

    // Meta has the last word, and its words are passed on.
    let again = desk.standing("terjeda_lagi", "PAUSED").await;
    let known = desk.run("template", json!({ "id": again })).await;
    let id = known["templateId"].as_str().unwrap();
    let url = format!("{}/v25.0/{id}/unpause", desk.meta.url());
    let answer = desk.app.client.post(url).bearer_auth(super::TOKEN).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let error = desk.stays("unpauseTemplate", &again).await;
    assert!(error["message"].as_str().unwrap().contains("not paused"), "{error:#}");
}

#[tokio::test]
async fn a_template_goes_into_the_archive_and_comes_back() {
    let desk = Desk::start().await;
    let id = desk.standing("arsip", "APPROVED").await;
    assert_eq!(desk.moved("archiveTemplate", &id).await, "ARCHIVED");
    let shown = desk.run("template", json!({ "id": id })).await;
    assert_eq!(shown["isUsable"], false);
    assert!(shown["nextStep"].as_str().unwrap().contains("unarchiveTemplate"), "{shown:#}");
    desk.stays("archiveTemplate", &id).await;
    assert_eq!(desk.moved("unarchiveTemplate", &id).await, "APPROVED");
    desk.stays("unarchiveTemplate", &id).await;

    let asked = desk.meta.requests(&format!("/{ACCOUNT_ID}/message_templates/archive")).await;
    assert_eq!(asked.len(), 1);
    let path = asked[0]["path"].as_str().unwrap();
    assert!(path.starts_with(&format!("/{ACCOUNT_ID}/")), "Meta's host beside Graph has no versions: {path}");
    let pending = desk.standing("menunggu", "PENDING").await;
    desk.stays("archiveTemplate", &pending).await;
    let rejected = desk.standing("ditolak", "REJECTED").await;
    assert_eq!(desk.moved("archiveTemplate", &rejected).await, "ARCHIVED");
    let audit = "{ auditLog(first: 1) { nodes { deed changes { field from to } } } }";
    let noted = desk.app.ask(&desk.key, audit, json!({})).await["nodes"][0].clone();
    assert_eq!(noted["deed"], "change-templates", "{noted}");
    assert_eq!(noted["changes"], json!([{ "field": "status", "from": "REJECTED", "to": "ARCHIVED" }]));
}

#[tokio::test]
async fn what_meta_does_not_move_stays_and_its_words_are_passed_on() {
    let desk = Desk::start().await;
    let id = desk.standing("arsip", "APPROVED").await;
    // Somebody was faster, in WhatsApp Manager.
    let template = desk.run("template", json!({ "id": id })).await["templateId"].clone();
    let url = format!("{}/{ACCOUNT_ID}/message_templates/archive", desk.meta.url());
    let request = desk.app.client.post(url).bearer_auth(super::TOKEN);
    let moved: Value =
        request.json(&json!({ "hsm_ids": [template] })).send().await.unwrap().json().await.unwrap();
    assert_eq!(moved["archived_templates"], json!([template]));
    assert_eq!(desk.moved("archiveTemplate", &id).await, "ARCHIVED", "that is what was wanted");
    desk.meta.fail("server_error", "message_templates/unarchive").await;
    let back = desk.moved("unarchiveTemplate", &id).await;
    assert_eq!(back, "APPROVED", "what may be done twice is tried again");

    let gone = desk.standing("hilang", "APPROVED").await;
    desk.delete_at_meta("hilang").await;
    let error = desk.stays("archiveTemplate", &gone).await;
    assert!(error["message"].as_str().unwrap().contains("Only approved or rejected"), "{error:#}");
}
