//! Webhooks as Meta sends them.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
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

/// The number and the account that the tests' webhooks are for.
pub const PHONE_NUMBER_ID: &str = "106540352242922";
pub const ACCOUNT_ID: &str = "102290129340398";
/// The settings by which the service knows that number.
pub const NUMBER: [(&str, &str); 2] =
    [("WHATSAPP_PHONE_NUMBER_ID", PHONE_NUMBER_ID), ("WHATSAPP_BUSINESS_ACCOUNT_ID", ACCOUNT_ID)];
/// Meta's time of the tests, in seconds.
pub const NOW_S: i64 = 1_763_712_000;

/// A customer, by the names that a webhook gives.
#[derive(Clone, Copy, Debug, Default)]
pub struct Customer<'a> {
    pub wa_id: &'a str,
    pub user_id: &'a str,
    pub name: &'a str,
}

impl<'a> Customer<'a> {
    /// Somebody with both ids.
    pub fn new(wa_id: &'a str, user_id: &'a str) -> Self {
        Self { wa_id, user_id, name: "Budi" }
    }

    fn contact(&self) -> Value {
        let mut contact = json!({ "profile": { "name": self.name } });
        put(&mut contact, "wa_id", self.wa_id);
        put(&mut contact, "user_id", self.user_id);
        contact
    }
}

pub fn put(value: &mut Value, field: &str, text: &str) {
    if !text.is_empty() {
        value[field] = text.into();
    }
}

/// The `value` of a change of the tests' number.
pub fn value(parts: Value) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID },
    });
    value.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    value
}

/// A message of a customer: `content` has its type and what belongs to it.
pub fn inbound(customer: Customer<'_>, wamid: &str, at_s: i64, content: Value) -> Value {
    let mut message = json!({ "id": wamid, "timestamp": at_s.to_string() });
    put(&mut message, "from", customer.wa_id);
    put(&mut message, "from_user_id", customer.user_id);
    message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    let value = value(json!({ "contacts": [customer.contact()], "messages": [message] }));
    json!({ "field": "messages", "value": value })
}

/// A text.
pub fn text(body: &str) -> Value {
    json!({ "type": "text", "text": { "body": body } })
}

/// A status of one of our messages.
pub fn status(customer: Customer<'_>, wamid: &str, status: &str, at_s: i64) -> Value {
    let mut record = json!({ "id": wamid, "status": status, "timestamp": at_s.to_string() });
    put(&mut record, "recipient_id", customer.wa_id);
    put(&mut record, "recipient_user_id", customer.user_id);
    json!({ "field": "messages", "value": value(json!({ "statuses": [record] })) })
}

/// What the business wrote in the WhatsApp Business app.
pub fn echo(customer: Customer<'_>, wamid: &str, at_s: i64, content: Value) -> Value {
    let mut message = json!({ "id": wamid, "timestamp": at_s.to_string(), "from": "15550783881" });
    put(&mut message, "to", customer.wa_id);
    put(&mut message, "to_user_id", customer.user_id);
    message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    let value = value(json!({ "contacts": [customer.contact()], "message_echoes": [message] }));
    json!({ "field": "smb_message_echoes", "value": value })
}

/// One webhook with these changes.
pub fn body(changes: &[Value]) -> String {
    body_at(changes, NOW_S)
}

/// The same with the time that Meta gives its entry.
pub fn body_at(changes: &[Value], at_s: i64) -> String {
    let entry = json!({ "id": ACCOUNT_ID, "time": at_s, "changes": changes });
    json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string()
}
