//! What front ends read of Meta's news: all that belongs to each, and not only what happened.

use pesan::auth::Role;
use serde_json::{Value, json};

use super::{CLOCK_S, Reader, nodes, operation};
use crate::support::app::TestApp;
use crate::support::webhook::value;

#[tokio::test]
async fn a_notice_tells_all_that_meta_said() {
    let app = TestApp::start_with_number();
    let certification = json!({
        "event": "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        "partner_client_certification_info": {
            "client_business_id": "550066770088", "status": "FAILED", "rejection_reasons": ["ADDRESS_NOT_MATCHING"]
        }
    });
    let alert = json!({
        "event": "CLIENT_ERROR_RATE", "flow_id": "900", "threshold": 5, "error_rate": 14.28,
        "alert_state": "ACTIVATED",
        "errors": [{ "error_type": "INVALID_SCREEN_TRANSITION", "error_rate": 66.66, "error_count": 2 }]
    });
    app.take_changes(&[
        json!({ "field": "account_update", "value": certification }),
        json!({ "field": "flows", "value": alert }),
    ])
    .await;
    let reader = Reader::new(&app, Role::Admin).await;
    let notices = nodes(&reader.data(&operation("notices"), json!({})).await["notices"]);
    let told = |field: &str, name: &str| {
        let notice = notices.iter().find(|one| one["field"] == field).unwrap();
        let details = notice["details"].as_array().unwrap();
        let detail = details.iter().find(|one| one["name"] == name);
        detail.map_or(Value::Null, |one| one["value"].clone())
    };
    assert_eq!(told("account_update", "update.certification.businessId"), "550066770088");
    assert_eq!(told("account_update", "update.certification.status"), "FAILED");
    assert_eq!(told("account_update", "update.certification.rejectionReasons.0"), "ADDRESS_NOT_MATCHING");
    assert_eq!(
        (told("flows", "flow.threshold"), told("flows", "flow.errorRate")),
        (json!("5"), json!("14.28"))
    );
    assert_eq!(told("flows", "flow.errors.0.kind"), "INVALID_SCREEN_TRANSITION");
    assert_eq!(told("flows", "flow.errors.0.count"), "2");
    assert_eq!(told("flows", "flow.p90Latency"), Value::Null);
}

#[tokio::test]
async fn a_call_tells_what_sort_of_files_it_has() {
    let app = TestApp::start_with_number();
    let call = |event: &str, parts: Value| {
        let mut call = json!({
            "id": "wacid.1", "from": "628111", "from_user_id": "ID.111", "event": event,
            "timestamp": CLOCK_S.to_string()
        });
        call.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        json!({ "field": "calls", "value": value(json!({ "calls": [call] })) })
    };
    let audio = json!({ "id": "1", "mime_type": "audio/ogg; codecs=opus", "sha256": "Y9v=", "url": "https://x.example" });
    let document = json!({ "id": "2", "mime_type": "application/json" });
    app.take_changes(&[
        call("call_recording_available", json!({ "call_recording": { "type": "audio", "audio": audio } })),
        call("call_transcription_available", json!({ "call_transcript": { "document": document } })),
    ])
    .await;
    let latest = app.only("calls").await["latest"]["call_recording_available"]["is"]["call"].clone();
    assert_eq!(
        latest["recording"],
        json!({ "kind": "audio", "mimeType": "audio/ogg; codecs=opus", "sha256": "Y9v=", "url": "https://x.example" })
    );
    let reader = Reader::new(&app, Role::Viewer).await;
    let shown = nodes(&reader.data(&operation("calls"), json!({})).await["calls"]).remove(0);
    assert_eq!((&shown["recordingId"], &shown["transcriptId"]), (&json!("1"), &json!("2")));
    assert_eq!(shown["recordingMimeType"], "audio/ogg; codecs=opus");
    assert_eq!(shown["transcriptMimeType"], "application/json");
}
