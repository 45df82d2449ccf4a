//! Webhooks as Meta sends them.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The app secret that the tests configure.
pub const APP_SECRET: &str = "test-app-secret";
/// The verify token that the tests configure.
pub const VERIFY_TOKEN: &str = "test-verify-token";
/// Where they go.
pub const PATH: &str = "/api/webhooks/whatsapp";

/// The signature header's value for `body`.
pub fn sign(body: &[u8]) -> String {
    sign_with(APP_SECRET, body)
}

/// The same with another secret.
pub fn sign_with(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body);
    format!("sha256={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()))
}

/// A request with a signed body.
pub fn post(client: &reqwest::Client, url: &str, body: impl Into<Vec<u8>>) -> reqwest::RequestBuilder {
    let body = body.into();
    client
        .post(format!("{url}{PATH}"))
        .header("content-type", "application/json")
        .header("x-hub-signature-256", sign(&body))
        .body(body)
}

/// A text message from a customer.
pub fn text_message(wamid: &str, text: &str) -> String {
    serde_json::json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "102290129340398", "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550783881", "phone_number_id": "106540352242922" },
            "contacts": [{ "profile": { "name": "Budi" }, "wa_id": "6281234567890" }],
            "messages": [{
                "from": "6281234567890", "id": wamid, "timestamp": "1763712000", "type": "text",
                "text": { "body": text }
            }]
        }}]}]
    })
    .to_string()
}
