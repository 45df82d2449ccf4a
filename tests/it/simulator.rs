//! The simulator over HTTP: as strict as Meta where Meta is, repeatable, and honest about what it did.

use std::collections::BTreeMap;
use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use pesan::dev::simulator::world::{BUSINESS_ID, NUMBER_ID, SECOND_NUMBER_ID, WABA_ID};
use pesan::dev::simulator::{self, Options, Running};
use pesan::runtime::Supervisor;
use pesan::secret::Secret;
use pesan::telemetry::Metrics;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;

use crate::support::app::TestApp;
use crate::support::webhook::{APP_SECRET, PATH, VERIFY_TOKEN};
use crate::support::{client, eventually};
use crate::webhook::stored_bodies;

pub const TOKEN: &str = "EAAG-simulated-access-token";
const PABLO: &str = "16505551234";

/// A simulator with virtual time, unless said otherwise; gone with the test.
pub struct Sim {
    running: Running,
    pub client: reqwest::Client,
    supervisor: Supervisor,
}

impl Sim {
    pub fn start() -> Self {
        Self::start_with(Options { has_virtual_clock: true, seed: Some(7), ..Options::default() })
    }

    fn start_with(options: Options) -> Self {
        let supervisor = Supervisor::new(Handle::current(), &Metrics::new());
        let running = simulator::start(options, &supervisor).unwrap();
        Self { running, client: client(), supervisor }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url())
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.client.request(method, self.url(&format!("/v25.0{path}"))).bearer_auth(TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, path, Some(body)).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// The code (and subcode) with which a request is refused.
    async fn refused(&self, method: Method, path: &str, body: Option<Value>) -> (u16, i64, i64) {
        let (status, answer) = self.call(method, path, body).await;
        let error = &answer["error"];
        assert!(error["fbtrace_id"].is_string() && error["message"].is_string(), "{path}: {answer}");
        (status, error["code"].as_i64().unwrap(), error["error_subcode"].as_i64().unwrap_or(0))
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        let answer = self.client.post(self.url(&format!("/_sim{path}"))).json(&body).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn journal(&self, kind: &str) -> Vec<Value> {
        let url = self.url(&format!("/_sim/journal?kind={kind}"));
        let journal: Value = self.client.get(url).send().await.unwrap().json().await.unwrap();
        journal["entries"].as_array().unwrap().clone()
    }

    async fn send_text(&self, to: &str) -> (u16, Value) {
        let body =
            json!({ "messaging_product": "whatsapp", "to": to, "type": "text", "text": { "body": "halo" } });
        self.call(Method::POST, &format!("/{NUMBER_ID}/messages"), Some(body)).await
    }

    async fn advance(&self, by: Duration) {
        self.control("/clock", json!({ "advance_ms": u64::try_from(by.as_millis()).unwrap() })).await;
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let supervisor = self.supervisor.clone();
        drop(tokio::spawn(async move { supervisor.shut_down(Duration::from_millis(100)).await }));
    }
}

/// A receiver that answers with these statuses, one a request, the last one for ever; it tells what it was sent.
async fn receiver(statuses: &'static [u16]) -> (String, tokio::sync::mpsc::Receiver<String>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (send, receive) = tokio::sync::mpsc::channel(100);
    tokio::spawn(async move {
        for turn in 0.. {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let status = statuses[turn.min(statuses.len() - 1)];
            let mut text = String::new();
            let mut chunk = [0; 4096];
            loop {
                let read = stream.read(&mut chunk).await.unwrap_or(0);
                text.push_str(&String::from_utf8_lossy(&chunk[..read]));
                let length = text
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.split("\r\n").next()?.parse().ok());
                let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
                if read == 0
                    || matches!((length, body), (Some::<usize>(length), Some(body)) if body >= length)
                {
                    break;
                }
            }
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.ok();
            stream.shutdown().await.ok();
            if send.send(text).await.is_err() {
                return;
            }
        }
    });
    (url, receive)
}

#[tokio::test]
async fn tokens_versions_and_objects_are_checked_as_meta_does() {
    let sim = Sim::start();
    let past = 1_000;
    sim.control("/tokens", json!({ "value": "expired", "expires_at_ms": past })).await;
    sim.control("/tokens", json!({ "value": "revoked", "revoked": true })).await;
    sim.control("/tokens", json!({ "value": "narrow", "scopes": ["whatsapp_business_management"] })).await;
    sim.control("/tokens", json!({ "value": "elsewhere", "wabas": ["1"] })).await;
    let check = async |token: Option<&str>, path: &str, expected: (u16, i64, i64)| {
        let mut request = sim.client.post(sim.url(path)).json(&json!({}));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        let code = body["error"]["code"].as_i64().unwrap();
        let subcode = body["error"]["error_subcode"].as_i64().unwrap_or(0);
        assert_eq!((status, code, subcode), expected, "{token:?} {path}: {body}");
        assert_eq!(
            body["error"]["type"],
            if code == 100 && subcode == 33 { "GraphMethodException" } else { "OAuthException" }
        );
    };
    let messages = format!("/v25.0/{NUMBER_ID}/messages");
    check(None, &messages, (400, 2500, 0)).await;
    check(Some("nonsense"), &messages, (401, 190, 0)).await;
    check(Some("expired"), &messages, (401, 190, 463)).await;
    check(Some("revoked"), &messages, (401, 190, 460)).await;
    check(Some("narrow"), &messages, (403, 10, 0)).await;
    check(Some("elsewhere"), &messages, (400, 100, 33)).await;
    check(Some(TOKEN), &format!("/v99.0/{NUMBER_ID}/messages"), (400, 2500, 0)).await;
    check(Some(TOKEN), "/v25.0/99/messages", (400, 100, 33)).await;

    let proof =
        Hmac::<Sha256>::new_from_slice(b"simulated-app-secret").unwrap().chain_update(TOKEN).finalize();
    let proof = HEXLOWER.encode(&proof.into_bytes());
    assert_eq!(sim.get(&format!("/{NUMBER_ID}?appsecret_proof={proof}")).await["id"], NUMBER_ID);
    assert_eq!(
        sim.refused(Method::GET, &format!("/{NUMBER_ID}?appsecret_proof=00"), None).await,
        (400, 100, 0)
    );
    let strict = Sim::start_with(Options { requires_proof: true, ..Options::default() });
    assert_eq!(strict.refused(Method::GET, &format!("/{NUMBER_ID}"), None).await, (400, 100, 0));
}

#[tokio::test]
async fn a_message_is_accepted_and_its_statuses_follow_in_order() {
    let (url, mut received) = receiver(&[200]).await;
    let sim = Sim::start();
    sim.control("/callback", json!({ "url": url })).await;
    let wrote = sim.control("/people/pablo/write", json!({ "text": "halo 😀" })).await["message"].clone();
    sim.control("/flush", json!({})).await;
    assert!(received.recv().await.unwrap().contains("\\ud83d\\ude00"));
    let body = json!({
        "messaging_product": "whatsapp", "to": "+1 650 555 1234", "type": "text", "text": { "body": "hi" },
        "biz_opaque_callback_data": "our-id-1", "context": { "message_id": wrote },
    });
    let answer = sim.post(&format!("/{NUMBER_ID}/messages"), body).await;
    assert_eq!(answer["contacts"][0], json!({ "input": "+1 650 555 1234", "wa_id": PABLO }));
    let wamid = answer["messages"][0]["id"].as_str().unwrap().to_owned();
    sim.advance(Duration::from_secs(10)).await;
    let webhooks = sim.journal("webhook").await;
    let steps: Vec<(String, String, Value)> = webhooks
        .iter()
        .filter_map(|webhook| {
            let body: Value = serde_json::from_str(webhook["body"].as_str()?).ok()?;
            let status = body["entry"][0]["changes"][0]["value"]["statuses"][0].clone();
            let callback = status["biz_opaque_callback_data"].clone();
            Some((status["status"].as_str()?.to_owned(), status["id"].as_str()?.to_owned(), callback))
        })
        .collect();
    let expected: Vec<(String, String, Value)> =
        ["sent", "delivered", "read"].map(|step| (step.to_owned(), wamid.clone(), json!("our-id-1"))).into();
    assert_eq!(steps, expected);
    assert!(webhooks.iter().all(|webhook| webhook["status"] == 200));
    assert_eq!(sim.post(&format!("/{NUMBER_ID}/messages"), json!({
        "messaging_product": "whatsapp", "status": "read", "message_id": wrote, "typing_indicator": { "type": "text" },
    })).await, json!({ "success": true }));
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_by_a_failed_status() {
    let (url, _received) = receiver(&[200]).await;
    let sim = Sim::start();
    sim.control("/callback", json!({ "url": url })).await;
    let (status, answer) = sim.send_text("6281200000001").await;
    assert_eq!(status, 200, "{answer}");
    sim.advance(Duration::from_secs(10)).await;
    let webhooks = sim.journal("webhook").await;
    assert_eq!(webhooks.len(), 1);
    let body: Value = serde_json::from_str(webhooks[0]["body"].as_str().unwrap()).unwrap();
    let value = &body["entry"][0]["changes"][0]["value"];
    assert_eq!(value["statuses"][0]["status"], "failed");
    assert_eq!(value["statuses"][0]["errors"][0]["code"], 131_026);
    assert!(value.get("contacts").is_none(), "a failed status has no contacts");
    // A person without a phone number is reached by user id, in `recipient`.
    sim.control("/people/kerry/write", json!({ "text": "hello" })).await;
    let by_id = json!({ "messaging_product": "whatsapp", "recipient": "US.13491208655302741920", "type": "text", "text": { "body": "hi" } });
    let answer = sim.post(&format!("/{NUMBER_ID}/messages"), by_id).await;
    assert_eq!(answer["contacts"][0]["user_id"], "US.13491208655302741920");
    assert_eq!(sim.send_text("US.13491208655302741920").await.1["error"]["code"], 131_009, "not in `to`");
}

#[tokio::test]
async fn the_window_the_pair_and_the_throughput_are_limited_in_time() {
    let sim = Sim::start();
    let code = async |to: &str| sim.send_text(to).await.1["error"]["code"].as_i64().unwrap_or(0);
    assert_eq!(code(PABLO).await, 131_047, "nobody has written yet");
    sim.control("/people/pablo/write", json!({ "text": "halo" })).await;
    sim.advance(Duration::from_mins(1)).await;
    assert_eq!(code(PABLO).await, 0);
    sim.advance(Duration::from_hours(24)).await;
    assert_eq!(code(PABLO).await, 131_047, "a day later the window is closed");
    let template = json!({ "messaging_product": "whatsapp", "to": PABLO, "type": "template",
        "template": { "name": "hello_world", "language": { "code": "en_US" } } });
    sim.post(&format!("/{NUMBER_ID}/messages"), template).await;

    sim.control("/people/pablo/write", json!({ "text": "halo" })).await;
    sim.advance(Duration::from_hours(1)).await;
    for turn in 0..45 {
        assert_eq!(code(PABLO).await, 0, "{turn} of a burst");
    }
    assert_eq!(code(PABLO).await, 131_056);
    sim.advance(Duration::from_secs(6 * 45)).await;
    assert_eq!(code(PABLO).await, 0, "the burst is paid for");

    sim.control("/limits", json!({ "pair": true, "window": true })).await;
    sim.advance(Duration::from_secs(10)).await;
    let mut accepted = 0;
    while code(PABLO).await == 0 {
        accepted += 1;
        assert!(accepted <= 80, "a second has 80 messages");
    }
    assert_eq!((accepted, code(PABLO).await), (80, 130_429));
    sim.advance(Duration::from_millis(13)).await;
    assert_eq!(code(PABLO).await, 0, "one more after an eightieth of a second");
    sim.control("/limits", json!({ "pair": true, "window": true, "throughput": true })).await;
    assert_eq!(code(PABLO).await, 0, "lifted");
}

#[tokio::test]
async fn templates_are_judged_stored_reviewed_and_told() {
    let (url, _received) = receiver(&[200]).await;
    let sim = Sim::start();
    sim.control("/callback", json!({ "url": url })).await;
    let collection = format!("/{WABA_ID}/message_templates");
    let definition = json!({ "name": "pesanan_baru", "language": "id", "category": "UTILITY", "components": [
        { "type": "BODY", "text": "Terima kasih {{1}}, pesanan Anda sudah kami terima.", "example": { "body_text": [["Budi"]] } } ] });
    let created = sim.post(&collection, definition.clone()).await;
    assert_eq!((&created["status"], &created["category"]), (&json!("PENDING"), &json!("UTILITY")));
    assert_eq!(sim.refused(Method::POST, &collection, Some(definition)).await, (400, 100, 2_388_024));
    let wrong = json!({ "name": "Not A Name", "language": "id", "category": "UTILITY", "components": [] });
    assert_eq!(sim.refused(Method::POST, &collection, Some(wrong)).await.1, 100);
    sim.advance(Duration::from_secs(2)).await;
    let told = sim.journal("webhook").await;
    assert_eq!(told[0]["fields"], json!(["message_template_status_update"]));
    assert!(told[0]["body"].as_str().unwrap().contains("APPROVED"));
    let listed = sim.get(&format!("{collection}?name=pesanan_baru")).await;
    assert_eq!(listed["data"][0]["status"], "APPROVED");
    let first = sim.get(&format!("{collection}?limit=2")).await;
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let second = sim.get(&format!("{collection}?limit=2&after={after}")).await;
    assert_ne!(first["data"], second["data"]);
    assert_eq!(sim.refused(Method::GET, &format!("{collection}?after=nonsense"), None).await.1, 131_059);
    let send = |parameters: Value| {
        json!({ "messaging_product": "whatsapp", "to": PABLO, "type": "template", "template": {
        "name": "pesanan_baru", "language": { "code": "id" }, "components": [{ "type": "body", "parameters": parameters }] } })
    };
    let messages = format!("/{NUMBER_ID}/messages");
    assert_eq!(
        sim.post(&messages, send(json!([{ "type": "text", "text": "Budi" }]))).await["messages"][0]["message_status"],
        "accepted"
    );
    assert_eq!(sim.refused(Method::POST, &messages, Some(send(json!([])))).await.1, 132_000);
    let id = created["id"].as_str().unwrap();
    assert_eq!(sim.get(&format!("/{id}?fields=name")).await["name"], "pesanan_baru");
    let (status, _) = sim.call(Method::DELETE, &format!("{collection}?name=pesanan_baru"), None).await;
    assert_eq!(status, 200);
    assert_eq!(
        sim.refused(Method::POST, &messages, Some(send(json!([{ "type": "text", "text": "Budi" }])))).await.1,
        132_001
    );
    let again = json!({ "name": "pesanan_baru", "language": "id", "category": "UTILITY",
        "components": [{ "type": "BODY", "text": "Terima kasih." }] });
    assert_eq!(
        sim.refused(Method::POST, &collection, Some(again)).await.2,
        2_388_023,
        "a name rests for a month"
    );
    let invented =
        json!({ "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["4::invented"] } });
    let pictured = json!({ "name": "bergambar", "language": "id", "category": "UTILITY",
        "components": [invented, { "type": "BODY", "text": "Terima kasih." }] });
    assert_eq!(sim.refused(Method::POST, &collection, Some(pictured)).await.2, 2_388_047, "no such sample");
}

#[tokio::test]
async fn files_go_up_come_down_for_five_minutes_and_go_away() {
    let sim = Sim::start();
    let boundary = "xyz";
    let form = |mime: &str, bytes: &str| {
        format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--{boundary}\r\n\
                 content-disposition: form-data; name=\"file\"; filename=\"a\"\r\ncontent-type: {mime}\r\n\r\n{bytes}\r\n--{boundary}--\r\n"
        )
    };
    let upload = async |mime: &str, bytes: &str| {
        let request = sim.client.post(sim.url(&format!("/v25.0/{NUMBER_ID}/media"))).bearer_auth(TOKEN);
        let request = request
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .body(form(mime, bytes));
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let bytes = "line\r\none\r\n\r\ntwo";
    let id = upload("image/jpeg", bytes).await["id"].as_str().unwrap().to_owned();
    assert!(upload("application/x-odd", "x").await["error"]["code"].is_number());
    let found = sim.get(&format!("/{id}")).await;
    assert_eq!((&found["mime_type"], &found["file_size"]), (&json!("image/jpeg"), &json!(bytes.len())));
    let url = found["url"].as_str().unwrap();
    assert_eq!(sim.client.get(url).bearer_auth(TOKEN).send().await.unwrap().text().await.unwrap(), bytes);
    assert_eq!(sim.client.get(url).send().await.unwrap().status(), 400, "a token is needed");
    sim.control("/people/pablo/write", json!({ "text": "halo" })).await;
    let image = |id: &str| json!({ "messaging_product": "whatsapp", "to": PABLO, "type": "image", "image": { "id": id } });
    sim.post(&format!("/{NUMBER_ID}/messages"), image(&id)).await;
    assert_eq!(
        sim.refused(Method::POST, &format!("/{NUMBER_ID}/messages"), Some(image("12345"))).await.1,
        131_053
    );
    sim.advance(Duration::from_secs(301)).await;
    assert_eq!(
        sim.client.get(url).bearer_auth(TOKEN).send().await.unwrap().status(),
        404,
        "five minutes are over"
    );
    assert_eq!(sim.call(Method::DELETE, &format!("/{id}"), None).await.0, 200);
    assert_eq!(sim.refused(Method::GET, &format!("/{id}"), None).await, (400, 100, 33));

    let started = sim
        .post("/201234567890123/uploads?file_length=4&file_type=image/png&file_name=a.png", json!({}))
        .await;
    let session = started["id"].as_str().unwrap();
    let step = async |offset: &str, bytes: &'static str| {
        let request = sim
            .client
            .post(sim.url(&format!("/v25.0/{session}")))
            .bearer_auth(TOKEN)
            .header("file_offset", offset);
        request.body(bytes).send().await.unwrap().json::<Value>().await.unwrap()
    };
    assert_eq!(step("0", "ab").await["file_offset"], 2);
    assert!(step("0", "ab").await["error"].is_object());
    assert!(step("2", "cd").await["h"].is_string());
}

#[tokio::test]
async fn a_number_is_registered_verified_described_and_changed() {
    let sim = Sim::start();
    let fresh = "106540352242999";
    sim.control(
        "/numbers",
        json!({ "id": fresh, "phone": "6281111111111", "registered": false, "verified": false }),
    )
    .await;
    let register = json!({ "messaging_product": "whatsapp", "pin": "000000" });
    assert_eq!(
        sim.refused(Method::POST, &format!("/{fresh}/register"), Some(register.clone())).await.1,
        133_006
    );
    sim.post(&format!("/{fresh}/request_code"), json!({ "code_method": "SMS", "language": "en_US" })).await;
    assert_eq!(
        sim.refused(Method::POST, &format!("/{fresh}/verify_code"), Some(json!({ "code": "999999" })))
            .await
            .0,
        400
    );
    sim.post(&format!("/{fresh}/verify_code"), json!({ "code": "123456" })).await;
    let to_pablo =
        json!({ "messaging_product": "whatsapp", "to": PABLO, "type": "text", "text": { "body": "x" } });
    assert_eq!(sim.refused(Method::POST, &format!("/{fresh}/messages"), Some(to_pablo)).await.1, 133_010);
    sim.post(&format!("/{fresh}"), json!({ "pin": "000000" })).await;
    let wrong_pin = json!({ "messaging_product": "whatsapp", "pin": "111111" });
    assert_eq!(sim.refused(Method::POST, &format!("/{fresh}/register"), Some(wrong_pin)).await.1, 133_005);
    sim.post(&format!("/{fresh}/register"), register).await;
    assert_eq!(sim.get(&format!("/{fresh}?fields=status,health_status")).await["status"], "CONNECTED");
    assert_eq!(sim.refused(Method::GET, &format!("/{fresh}?fields=nonsense"), None).await, (400, 100, 0));
    sim.post(&format!("/{fresh}/deregister"), json!({})).await;
    let listed = sim.get(&format!("/{WABA_ID}/phone_numbers")).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_number_has_a_profile_qr_codes_blocks_a_user_name_and_commands() {
    let sim = Sim::start();
    let profile = format!("/{NUMBER_ID}/whatsapp_business_profile");
    sim.post(&profile, json!({ "messaging_product": "whatsapp", "about": "Toko maju" })).await;
    assert_eq!(sim.get(&format!("{profile}?fields=about")).await["data"][0]["about"], "Toko maju");
    let too_long = json!({ "messaging_product": "whatsapp", "about": "x".repeat(140) });
    assert_eq!(sim.refused(Method::POST, &profile, Some(too_long)).await.1, 100);
    let codes = format!("/{NUMBER_ID}/message_qrdls");
    let code = sim.post(&codes, json!({ "prefilled_message": "halo", "generate_qr_image": "SVG" })).await;
    assert!(code["qr_image_url"].is_string());
    assert_eq!(sim.get(&codes).await["data"].as_array().unwrap().len(), 1);
    let path = format!("{codes}/{}", code["code"].as_str().unwrap());
    assert_eq!(sim.call(Method::DELETE, &path, None).await.0, 200);
    assert_eq!(sim.refused(Method::DELETE, &path, None).await.1, 100);
    let block =
        json!({ "messaging_product": "whatsapp", "block_users": [{ "user": PABLO }, { "user": "6280" }] });
    let blocked = sim.post(&format!("/{NUMBER_ID}/block_users"), block).await;
    assert_eq!(blocked["block_users"]["added_users"].as_array().unwrap().len(), 1);
    assert_eq!(blocked["block_users"]["failed_users"].as_array().unwrap().len(), 1);
    assert_eq!(sim.get(&format!("/{NUMBER_ID}/block_users")).await["data"][0]["wa_id"], PABLO);
    assert_eq!(
        sim.post(&format!("/{NUMBER_ID}/username"), json!({ "username": "toko_maju" })).await["status"],
        "approved"
    );
    assert_eq!(
        sim.refused(
            Method::POST,
            &format!("/{SECOND_NUMBER_ID}/username"),
            Some(json!({ "username": "Toko_Maju" }))
        )
        .await
        .0,
        400
    );
    let commands = json!({ "enable_welcome_message": true, "prompts": ["Halo"] });
    sim.post(&format!("/{NUMBER_ID}/conversational_automation"), commands).await;
    let sync = json!({ "messaging_product": "whatsapp", "sync_type": "history" });
    assert!(sim.post(&format!("/{NUMBER_ID}/smb_app_data"), sync.clone()).await["request_id"].is_string());
    assert_eq!(
        sim.refused(Method::POST, &format!("/{NUMBER_ID}/smb_app_data"), Some(sync)).await.0,
        400,
        "once only"
    );
}

#[tokio::test]
async fn accounts_apps_and_tokens_describe_themselves() {
    let sim = Sim::start();
    assert_eq!(
        sim.get(&format!("/{WABA_ID}?fields=name,owner_business_info")).await["owner_business_info"]["id"],
        BUSINESS_ID
    );
    assert_eq!(sim.get(&format!("/{BUSINESS_ID}")).await["name"], "Lucky Shrub");
    assert_eq!(
        sim.get(&format!("/{BUSINESS_ID}/owned_whatsapp_business_accounts")).await["data"][0]["id"],
        WABA_ID
    );
    let debugged = sim.get(&format!("/debug_token?input_token={TOKEN}")).await;
    assert_eq!((&debugged["data"]["is_valid"], &debugged["data"]["expires_at"]), (&json!(true), &json!(0)));
    assert_eq!(sim.get("/debug_token?input_token=other").await["data"]["is_valid"], false);
    sim.control("/codes", json!({ "code": "signup-code" })).await;
    let exchange =
        "/oauth/access_token?client_id=201234567890123&client_secret=simulated-app-secret&code=signup-code";
    assert!(sim.get(exchange).await["access_token"].is_string());
    assert_eq!(sim.refused(Method::GET, exchange, None).await.0, 400, "a code is good once");
    let subscribed = format!("/{WABA_ID}/subscribed_apps");
    assert_eq!(sim.get(&subscribed).await["data"][0]["whatsapp_business_api_data"]["id"], "201234567890123");
    assert_eq!(sim.call(Method::DELETE, &subscribed, None).await.0, 200);
    sim.control("/people/pablo/write", json!({ "text": "anybody?" })).await;
    assert_eq!(sim.journal("unwanted").await.len(), 1, "nobody is subscribed");
}

#[tokio::test]
async fn a_callback_is_verified_before_it_is_subscribed_and_an_override_goes_before_it() {
    let app = TestApp::start();
    let sim = Sim::start_with(Options {
        app_secret: Secret::new(APP_SECRET),
        has_virtual_clock: true,
        ..Options::default()
    });
    let subscribe = async |token: &str, verify_token: &str| {
        let request = sim.client.post(sim.url("/v25.0/201234567890123/subscriptions")).bearer_auth(token);
        let body = json!({
            "object": "whatsapp_business_account", "callback_url": format!("{}{PATH}", app.url),
            "verify_token": verify_token, "fields": "messages,account_update",
        });
        request.json(&body).send().await.unwrap().status().as_u16()
    };
    let app_token = format!("201234567890123|{APP_SECRET}");
    assert_eq!(subscribe(TOKEN, VERIFY_TOKEN).await, 401, "an app's subscriptions need the app's token");
    assert_eq!(subscribe(&app_token, "wrong").await, 400, "the callback does not know that word");
    assert_eq!(subscribe(&app_token, VERIFY_TOKEN).await, 200);
    sim.control("/people/pablo/write", json!({ "text": "halo" })).await;
    sim.control("/emit", json!({ "field": "security" })).await;
    sim.control("/flush", json!({})).await;
    let stored = stored_bodies(&app.database).await;
    assert_eq!(stored.len(), 1, "the field `security` was not subscribed");
    assert_eq!(sim.journal("unwanted").await[0]["field"], "security");

    let other = TestApp::start();
    let elsewhere = |verify_token: &str| json!({ "override_callback_uri": format!("{}{PATH}", other.url), "verify_token": verify_token });
    let at_number = |verify_token: &str| json!({ "webhook_configuration": elsewhere(verify_token) });
    let number = format!("/{NUMBER_ID}");
    assert_eq!(
        sim.refused(Method::POST, &number, Some(at_number("wrong"))).await.1,
        2200,
        "it does not know that word"
    );
    sim.post(&number, at_number(VERIFY_TOKEN)).await;
    sim.control("/people/pablo/write", json!({ "text": "elsewhere" })).await;
    sim.control("/emit", json!({ "field": "account_update" })).await;
    sim.control("/flush", json!({})).await;
    let there = stored_bodies(&other.database).await;
    assert!(there.len() == 1 && String::from_utf8_lossy(&there[0]).contains("elsewhere"));
    assert_eq!(stored_bodies(&app.database).await.len(), 2, "account fields keep to the app's URL");

    sim.post(
        &number,
        json!({ "webhook_configuration": { "override_callback_uri": "", "verify_token": "" } }),
    )
    .await;
    let subscribed = format!("/{WABA_ID}/subscribed_apps");
    assert_eq!(sim.refused(Method::POST, &subscribed, Some(elsewhere("wrong"))).await.1, 2200);
    sim.post(&subscribed, elsewhere(VERIFY_TOKEN)).await;
    sim.control("/people/pablo/write", json!({ "text": "there again" })).await;
    sim.control("/flush", json!({})).await;
    assert_eq!(
        stored_bodies(&other.database).await.len(),
        2,
        "the account's override counts when the number has none"
    );
}

#[tokio::test]
async fn what_is_not_answered_200_comes_again_as_the_same_bytes() {
    let (url, mut received) = receiver(&[500, 302, 200]).await;
    let sim = Sim::start();
    sim.control("/callback", json!({ "url": url })).await;
    sim.control("/people/pablo/write", json!({ "text": "halo" })).await;
    sim.advance(Duration::from_mins(10)).await;
    let mut bodies = Vec::new();
    for _ in 0..3 {
        bodies.push(received.recv().await.unwrap().split_once("\r\n\r\n").unwrap().1.to_owned());
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    let attempts: Vec<(Value, Value)> = sim
        .journal("webhook")
        .await
        .iter()
        .map(|entry| (entry["attempt"].clone(), entry["status"].clone()))
        .collect();
    assert_eq!(attempts, [(json!(1), json!(500)), (json!(2), json!(302)), (json!(3), json!(200))]);
}

#[tokio::test]
async fn trouble_comes_on_demand() {
    let (url, mut received) = receiver(&[200]).await;
    let sim = Sim::start();
    sim.control("/callback", json!({ "url": url })).await;
    sim.control("/limits", json!({ "window": true })).await;
    let fault = async |fault: Value| {
        sim.control("/faults", fault).await;
    };
    fault(json!({ "kind": "server_error", "target": "/messages", "count": 1, "status": 503 })).await;
    assert_eq!(sim.send_text(PABLO).await.0, 503);
    fault(json!({ "kind": "rate_limited", "count": 1, "code": 80_007 })).await;
    let (status, answer) = sim.send_text(PABLO).await;
    assert_eq!((status, &answer["error"]["code"]), (429, &json!(80_007)));
    fault(json!({ "kind": "expired_token", "count": 1 })).await;
    assert_eq!(sim.send_text(PABLO).await.1["error"]["error_subcode"], 463);

    let world = async || {
        let url = sim.url("/_sim/world");
        sim.client.get(url).send().await.unwrap().json::<Value>().await.unwrap()["messages"].as_u64().unwrap()
    };
    assert_eq!(world().await, 0, "none of them was taken");
    let body =
        json!({ "messaging_product": "whatsapp", "to": PABLO, "type": "text", "text": { "body": "x" } });
    let request = || {
        sim.client
            .post(sim.url(&format!("/v25.0/{NUMBER_ID}/messages")))
            .bearer_auth(TOKEN)
            .json(&body)
            .send()
    };
    fault(json!({ "kind": "network_cut", "count": 1 })).await;
    assert!(request().await.is_err());
    assert_eq!(world().await, 0, "cut before it was taken");
    fault(json!({ "kind": "dropped_response", "count": 1 })).await;
    assert!(request().await.is_err());
    assert_eq!(world().await, 1, "taken, and the answer dropped");

    fault(json!({ "kind": "status_first", "count": 1 })).await;
    let (_, answer) = sim.send_text(PABLO).await;
    let wamid = answer["messages"][0]["id"].as_str().unwrap().to_owned();
    // The first status of this message was delivered before the answer was here.
    let mut told = String::new();
    while !told.contains(&wamid.replace('/', "\\/")) {
        told = received.try_recv().expect("the status came before the answer");
    }
    sim.advance(Duration::from_mins(1)).await;
    let before = sim.journal("webhook").await.len();
    fault(json!({ "kind": "duplicate", "count": 1 })).await;
    sim.control("/people/pablo/write", json!({ "text": "twice" })).await;
    sim.control("/flush", json!({})).await;
    assert_eq!(sim.journal("webhook").await.len() - before, 2);
    fault(json!({ "kind": "reorder", "count": 1 })).await;
    for text in ["first", "second"] {
        sim.control("/people/pablo/write", json!({ "text": text })).await;
    }
    sim.control("/flush", json!({})).await;
    let webhooks = sim.journal("webhook").await;
    let last: Vec<&str> =
        webhooks[webhooks.len() - 2..].iter().map(|webhook| webhook["body"].as_str().unwrap()).collect();
    assert!(last[0].contains("second") && last[1].contains("first"), "{last:?}");
    fault(json!({ "kind": "slow", "count": 1, "delay_ms": 50 })).await;
    let start = std::time::Instant::now();
    sim.send_text(PABLO).await;
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_thousand_updates_go_in_one_delivery_and_the_next_in_another() {
    let (url, mut received) = receiver(&[200]).await;
    let sim = Sim::start();
    sim.control("/callback", json!({ "url": url })).await;
    sim.control("/emit", json!({ "field": "messages", "variant": "text", "count": 1_001 })).await;
    sim.control("/flush", json!({})).await;
    let mut counts = Vec::new();
    for _ in 0..2 {
        let text = received.recv().await.unwrap();
        let body: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
        let entries = body["entry"].as_array().unwrap();
        counts.push(entries.iter().map(|entry| entry["changes"].as_array().unwrap().len()).sum::<usize>());
    }
    assert_eq!(counts, [1_000, 1]);
}

/// What a run did, in bytes.
async fn scripted_run() -> Vec<String> {
    let (url, mut received) = receiver(&[200]).await;
    let sim = Sim::start_with(Options {
        has_virtual_clock: true,
        seed: Some(42),
        public_url: Some("https://graph.example".to_owned()),
        ..Options::default()
    });
    sim.control("/callback", json!({ "url": url })).await;
    sim.control("/people/pablo/write", json!({ "text": "halo 😀" })).await;
    sim.advance(Duration::from_secs(5)).await;
    for _ in 0..3 {
        sim.send_text(PABLO).await;
    }
    sim.control("/emit", json!({ "field": "account_update" })).await;
    sim.control("/emit", json!({ "field": "history" })).await;
    sim.advance(Duration::from_mins(1)).await;
    let mut bodies = Vec::new();
    while let Ok(text) = received.try_recv() {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let signature = head.lines().find(|line| line.starts_with("x-hub-signature-256")).unwrap();
        bodies.push(format!("{signature}\n{body}"));
    }
    bodies
}

#[tokio::test]
async fn the_same_seed_and_calls_give_the_same_webhooks_byte_for_byte() {
    let (first, second) = (scripted_run().await, scripted_run().await);
    assert!(first.len() >= 5, "{}", first.len());
    assert_eq!(first, second);
}

#[tokio::test]
async fn the_journal_has_what_crossed_the_wire_and_no_secret() {
    let sim = Sim::start();
    sim.send_text("6281200000001").await;
    sim.get(&format!("/debug_token?input_token={TOKEN}")).await;
    let requests = sim.journal("request").await;
    assert_eq!(requests.len(), 2);
    assert_eq!((&requests[0]["method"], &requests[0]["status"]), (&json!("POST"), &json!(200)));
    assert!(requests[0]["body"].as_str().unwrap().contains("halo"));
    let url = sim.url("/_sim/world");
    let world = sim.client.get(url).send().await.unwrap().text().await.unwrap();
    for secret in [TOKEN, "simulated-app-secret", "simulated-verify-token"] {
        assert!(!json!(requests).to_string().contains(secret), "{secret} in the journal");
        assert!(!world.contains(secret), "{secret} in the world");
    }
}

#[tokio::test]
async fn every_kind_of_webhook_can_be_emitted_and_the_service_stores_it() {
    let app = TestApp::start();
    let sim = Sim::start_with(Options { app_secret: Secret::new(APP_SECRET), ..Options::default() });
    sim.control("/callback", json!({ "url": format!("{}{PATH}", app.url) })).await;
    let kinds: Vec<Value> =
        sim.client.get(sim.url("/_sim/kinds")).send().await.unwrap().json().await.unwrap();
    assert!(kinds.len() > 90, "{}", kinds.len());
    for kind in &kinds {
        sim.control("/emit", kind.clone()).await;
    }
    let stored = eventually("all of them are stored", || async {
        let bodies = stored_bodies(&app.database).await;
        let mut fields: BTreeMap<String, usize> = BTreeMap::new();
        for body in &bodies {
            for item in pesan::meta::decode::decode(body) {
                *fields.entry(item.field.into_owned()).or_default() += 1;
            }
        }
        (fields.values().sum::<usize>() >= kinds.len()).then_some(bodies)
    })
    .await;
    // What the simulator makes, the service understands; the two stand-ins without a published form excepted.
    for body in &stored {
        for item in pesan::meta::decode::decode(body) {
            let is_stand_in = ["business_status_update", "consumer_profile"].contains(&item.field.as_ref());
            let is_unknown = matches!(item.event, pesan::domain::event::Event::Unrecognised { .. });
            assert_eq!(is_unknown, is_stand_in, "{item:?}");
        }
    }
    assert!(sim.journal("webhook").await.iter().all(|webhook| webhook["status"] == 200));
}

#[tokio::test]
async fn a_scenario_lets_people_act_at_their_times() {
    let (url, mut received) = receiver(&[200]).await;
    let sim = Sim::start_with(Options {
        has_virtual_clock: true,
        callback_url: Some(url),
        scenario: Some(include_str!("../../fixtures/scenario/shop.toml").to_owned()),
        ..Options::default()
    });
    sim.advance(Duration::from_millis(3_500)).await;
    let mut kinds = Vec::new();
    let mut read = || {
        while let Ok(text) = received.try_recv() {
            let body: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
            let message = body["entry"][0]["changes"][0]["value"]["messages"][0].clone();
            kinds.push(message);
        }
        kinds.clone()
    };
    assert_eq!(
        read().iter().map(|message| message["type"].clone()).collect::<Vec<_>>(),
        ["text", "location"]
    );
    sim.advance(Duration::from_mins(2)).await;
    let all = read();
    assert_eq!(all[2]["edit"]["original_message_id"], all[0]["id"]);
    assert_eq!(all[3]["reaction"], json!({ "message_id": all[1]["id"], "emoji": "👍" }));
    assert_eq!(
        all[1]["timestamp"],
        json!((all[0]["timestamp"].as_str().unwrap().parse::<i64>().unwrap() + 1).to_string())
    );
}

#[tokio::test]
async fn who_changes_the_number_is_told_of_and_reached_under_the_new_one() {
    let (url, mut received) = receiver(&[200]).await;
    let sim = Sim::start();
    sim.control("/callback", json!({ "url": url })).await;
    sim.control("/people/pablo/change_number", json!({ "phone": "16505557777" })).await;
    sim.control("/flush", json!({})).await;
    let told = received.recv().await.unwrap();
    assert!(
        told.contains("user_changed_number")
            && told.contains("16505557777")
            && told.contains("user_id_update")
    );
    sim.control("/people/pablo/write", json!({ "text": "same person" })).await;
    assert_eq!(sim.send_text("16505557777").await.0, 200);
    assert_eq!(sim.send_text(PABLO).await.0, 200, "accepted, and then failed: nobody is there any more");
    sim.advance(Duration::from_secs(10)).await;
    let failed = sim
        .journal("webhook")
        .await
        .iter()
        .filter(|webhook| webhook["body"].as_str().unwrap().contains("131026"))
        .count();
    assert_eq!(failed, 1);
}

#[tokio::test]
async fn marketing_settings_pin_and_health_have_their_own_answers() {
    let sim = Sim::start();
    let template = |name: &str| {
        json!({ "messaging_product": "whatsapp", "to": PABLO, "type": "template",
        "template": { "name": name, "language": { "code": "en_US" }, "components": if name == "seasonal_promotion" { json!([
            { "type": "header", "parameters": [{ "type": "text", "text": "Sale" }] },
            { "type": "body", "parameters": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }, { "type": "text", "text": "c" }] },
        ]) } else { json!([]) } } })
    };
    let marketing = format!("/{NUMBER_ID}/marketing_messages");
    assert!(sim.post(&marketing, template("seasonal_promotion")).await["messages"][0]["id"].is_string());
    assert_eq!(
        sim.refused(Method::POST, &marketing, Some(template("hello_world"))).await.1,
        134_100,
        "not marketing"
    );

    let settings = format!("/{NUMBER_ID}/settings");
    sim.post(&settings, json!({ "calling": { "status": "ENABLED" } })).await;
    assert_eq!(sim.get(&settings).await["calling"]["status"], "ENABLED");
    assert_eq!(
        sim.refused(Method::POST, &settings, Some(json!({ "calling": { "status": "PERHAPS" } }))).await.0,
        400
    );

    let number = format!("/{NUMBER_ID}");
    sim.post(&number, json!({ "pin": "654321" })).await;
    assert_eq!(sim.refused(Method::POST, &number, Some(json!({ "pin": "12" }))).await.1, 100);
    sim.post(&format!("{number}/deregister"), json!({})).await;
    let register = |pin: &str| json!({ "messaging_product": "whatsapp", "pin": pin });
    assert_eq!(
        sim.refused(Method::POST, &format!("{number}/register"), Some(register("000000"))).await.1,
        133_005
    );
    let health = sim.get(&format!("{number}?fields=health_status")).await;
    assert_eq!(health["health_status"]["can_send_message"], "BLOCKED");
    sim.post(&format!("{number}/register"), register("654321")).await;
    let health = sim.get(&format!("{number}?fields=health_status")).await;
    assert_eq!(health["health_status"]["can_send_message"], "AVAILABLE");
}
