//! Business phone numbers and what hangs on one: profile, settings, QR codes, blocked people, username.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::account::Override;
use crate::dev::simulator::webhook::field::context::set;

use super::rate::{Bucket, Pair, Quota, THROUGHPUT_PER_SECOND};

/// A message QR code.
#[derive(Clone, Debug, Serialize)]
pub struct QrCode {
    pub code: String,
    pub prefilled_message: String,
    pub image_format: Option<String>,
}

/// A business phone number.
#[derive(Clone, Debug, Serialize)]
pub struct Number {
    pub id: String,
    pub waba_id: String,
    /// Digits only, with the country code.
    pub phone: String,
    pub verified_name: String,
    pub is_registered: bool,
    pub is_verified: bool,
    #[serde(skip)]
    pub pin: Option<String>,
    pub quality_rating: String,
    pub name_status: String,
    pub is_on_biz_app: bool,
    pub onboarded_at_ms: i64,
    pub username: Option<String>,
    pub webhook_override: Option<Override>,
    /// What it says of itself instead of what follows from its state.
    pub properties: Map<String, Value>,
    pub profile: Map<String, Value>,
    pub settings: Map<String, Value>,
    pub automation: Map<String, Value>,
    pub qr_codes: BTreeMap<String, QrCode>,
    /// Keys of people.
    pub blocked: BTreeSet<String>,
    pub synced: BTreeSet<String>,
    #[serde(skip)]
    pub code_sent: Option<String>,
    #[serde(skip)]
    pub bucket: Bucket,
    #[serde(skip)]
    pub pairs: BTreeMap<String, Pair>,
    /// When each person last wrote, by the person's key.
    pub windows: BTreeMap<String, i64>,
    #[serde(skip)]
    pub registrations: Quota,
    #[serde(skip)]
    pub pin_failures: Quota,
}

impl Number {
    /// A number that is registered and ready to send.
    pub fn ready(id: &str, waba_id: &str, phone: &str, verified_name: &str, now_ms: i64) -> Self {
        let mut profile = Map::new();
        profile.insert("about".to_owned(), json!("Hey there! I am using WhatsApp."));
        profile.insert("messaging_product".to_owned(), json!("whatsapp"));
        profile.insert("vertical".to_owned(), json!("UNDEFINED"));
        Self {
            id: id.to_owned(),
            waba_id: waba_id.to_owned(),
            phone: phone.to_owned(),
            verified_name: verified_name.to_owned(),
            is_registered: true,
            is_verified: true,
            pin: Some("000000".to_owned()),
            quality_rating: "GREEN".to_owned(),
            name_status: "APPROVED".to_owned(),
            is_on_biz_app: false,
            onboarded_at_ms: now_ms,
            username: None,
            webhook_override: None,
            properties: Map::new(),
            profile,
            settings: Map::new(),
            automation: Map::new(),
            qr_codes: BTreeMap::new(),
            blocked: BTreeSet::new(),
            synced: BTreeSet::new(),
            code_sent: None,
            bucket: Bucket::full(THROUGHPUT_PER_SECOND, now_ms),
            pairs: BTreeMap::new(),
            windows: BTreeMap::new(),
            registrations: Quota::default(),
            pin_failures: Quota::default(),
        }
    }

    /// The `metadata` of a webhook about it.
    pub fn metadata(&self) -> Value {
        json!({ "display_phone_number": self.phone, "phone_number_id": self.id })
    }

    /// All fields that Meta tells about a number.
    pub fn node(&self) -> Map<String, Value> {
        let status = if self.is_registered { "CONNECTED" } else { "PENDING" };
        let verification = if self.is_verified { "VERIFIED" } else { "NOT_VERIFIED" };
        let node = json!({
            "id": self.id,
            "display_phone_number": format!("+{}", self.phone),
            "verified_name": self.verified_name,
            "quality_rating": self.quality_rating,
            "quality_score": { "score": self.quality_rating },
            "status": status,
            "name_status": self.name_status,
            "new_name_status": "NONE",
            "code_verification_status": verification,
            "platform_type": if self.is_registered { "CLOUD_API" } else { "NOT_APPLICABLE" },
            "throughput": { "level": "STANDARD" },
            "account_mode": "LIVE",
            "is_official_business_account": false,
            "is_pin_enabled": self.pin.is_some(),
            "is_on_biz_app": self.is_on_biz_app,
            "is_preverified_number": false,
            "last_onboarded_time": iso(self.onboarded_at_ms),
            "whatsapp_business_manager_messaging_limit": "TIER_2K",
            "search_visibility": "NON_VISIBLE",
            "country_dial_code": self.phone.chars().take(1).collect::<String>(),
            "conversational_automation": self.automation,
            "health_status": self.health(),
        });
        let mut node = into_map(node);
        if let Some(username) = &self.username {
            node.insert("username".to_owned(), json!(username));
        }
        node.extend(self.properties.clone());
        node
    }

    /// Whether it can send, as `health_status` has it.
    pub fn health(&self) -> Value {
        let mut entity = json!({
            "entity_type": "PHONE_NUMBER",
            "id": self.id,
            "can_send_message": if self.is_registered { "AVAILABLE" } else { "BLOCKED" },
        });
        if !self.is_registered {
            set(
                &mut entity,
                "errors",
                json!([{
                    "error_code": 133_010,
                    "error_description": "Phone number is not registered on the WhatsApp Business Platform.",
                    "possible_solution": "Register the phone number before sending.",
                }]),
            );
        }
        let can_send = entity.get("can_send_message").cloned();
        json!({ "can_send_message": can_send, "entities": [entity] })
    }

    /// A QR code as the API shows it.
    pub fn qr_node(code: &QrCode, base_url: &str) -> Value {
        let mut node = json!({
            "code": code.code,
            "prefilled_message": code.prefilled_message,
            "deep_link_url": format!("https://wa.me/message/{}", code.code),
        });
        if let Some(format) = &code.image_format {
            let extension = format.to_ascii_lowercase();
            set(&mut node, "qr_image_url", json!(format!("{base_url}/qr/{}.{extension}", code.code)));
        }
        node
    }
}

/// The members of a JSON object; nothing for any other value.
pub fn into_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// A time as the Graph API writes it.
pub fn iso(ms: i64) -> String {
    let at = crate::clock::Timestamp::from_millisecond(ms).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}
