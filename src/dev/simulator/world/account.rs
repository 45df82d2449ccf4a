//! Who may do what: apps, business portfolios, WhatsApp Business accounts, tokens and OAuth codes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::dev::simulator::webhook::field::context::set;

/// The permissions that the WhatsApp endpoints ask for.
pub const MESSAGING: &str = "whatsapp_business_messaging";
pub const MANAGEMENT: &str = "whatsapp_business_management";
pub const BUSINESS: &str = "business_management";

/// The webhook fields that an app may subscribe to; a new app of the default world subscribes to all.
pub const FIELDS: &[&str] = &[
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "automatic_events",
    "business_capability_update",
    "business_status_update",
    "business_username_updates",
    "calls",
    "consumer_profile",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "messaging_handovers",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "smb_message_echoes",
    "standby",
    "template_category_update",
    "template_correct_category_detection",
    "tracking_events",
    "user_id_update",
    "user_preferences",
];

/// Where an app wants its webhooks.
#[derive(Clone, Debug, Serialize)]
pub struct Subscription {
    pub callback_url: String,
    #[serde(skip)]
    pub verify_token: String,
    pub fields: BTreeSet<String>,
    pub active: bool,
}

/// An app. Its secret signs its webhooks and proves its calls.
#[derive(Clone, Debug, Serialize)]
pub struct App {
    pub id: String,
    pub name: String,
    #[serde(skip)]
    pub secret: String,
    pub requires_proof: bool,
    pub subscription: Option<Subscription>,
    pub calls: u64,
}

/// A business portfolio.
#[derive(Clone, Debug, Serialize)]
pub struct Business {
    pub id: String,
    pub name: String,
    pub verification_status: String,
}

/// Another address for the webhooks of an account or of a number.
#[derive(Clone, Debug, Serialize)]
pub struct Override {
    pub uri: String,
    #[serde(skip)]
    pub verify_token: String,
}

/// A WhatsApp Business account.
#[derive(Clone, Debug, Serialize)]
pub struct Waba {
    pub id: String,
    pub business_id: String,
    pub name: String,
    pub currency: String,
    pub timezone_id: String,
    pub namespace: String,
    pub subscribed_apps: BTreeMap<String, Option<Override>>,
    pub properties: Map<String, Value>,
    pub calls: u64,
    pub templates_created: super::rate::Quota,
    /// Names of deleted templates, and until when nobody can use them.
    pub names_blocked: BTreeMap<String, i64>,
}

impl Waba {
    /// An account as it is after its creation.
    pub fn new(id: &str, business_id: &str, name: &str, namespace: String) -> Self {
        Self {
            id: id.to_owned(),
            business_id: business_id.to_owned(),
            name: name.to_owned(),
            currency: "USD".to_owned(),
            timezone_id: "1".to_owned(),
            namespace,
            subscribed_apps: BTreeMap::new(),
            properties: Map::new(),
            calls: 0,
            templates_created: super::rate::Quota::default(),
            names_blocked: BTreeMap::new(),
        }
    }
}

/// An access token and what it may be used for.
#[derive(Clone, Debug, Serialize)]
pub struct Token {
    #[serde(skip)]
    pub value: String,
    pub app_id: String,
    pub user_id: String,
    pub kind: String,
    pub scopes: BTreeSet<String>,
    /// The accounts that it reaches; empty for all.
    pub waba_ids: BTreeSet<String>,
    pub expires_at_ms: Option<i64>,
    pub revoked: bool,
    pub issued_at_ms: i64,
}

impl Token {
    /// A system user's token with all permissions on everything.
    pub fn system_user(value: &str, app_id: &str, now_ms: i64) -> Self {
        Self {
            value: value.to_owned(),
            app_id: app_id.to_owned(),
            user_id: "122100000000000001".to_owned(),
            kind: "SYSTEM_USER".to_owned(),
            scopes: [MESSAGING, MANAGEMENT, BUSINESS].map(str::to_owned).into(),
            waba_ids: BTreeSet::new(),
            expires_at_ms: None,
            revoked: false,
            issued_at_ms: now_ms,
        }
    }

    /// Whether it reaches the account.
    pub fn reaches(&self, waba_id: &str) -> bool {
        self.waba_ids.is_empty() || self.waba_ids.contains(waba_id)
    }

    /// Whether its time is over.
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|at| at <= now_ms)
    }

    /// What `debug_token` tells about it.
    pub fn described(&self, app_name: &str, now_ms: i64) -> Value {
        let is_valid = !self.revoked && !self.is_expired(now_ms);
        let granular: Vec<Value> = self
            .scopes
            .iter()
            .map(|scope| {
                if self.waba_ids.is_empty() {
                    json!({ "scope": scope })
                } else {
                    json!({ "scope": scope, "target_ids": self.waba_ids })
                }
            })
            .collect();
        let mut data = json!({
            "app_id": self.app_id,
            "type": self.kind,
            "application": app_name,
            "data_access_expires_at": 0,
            "expires_at": self.expires_at_ms.map_or(0, |at| at / 1_000),
            "is_valid": is_valid,
            "issued_at": self.issued_at_ms / 1_000,
            "scopes": self.scopes,
            "granular_scopes": granular,
            "user_id": self.user_id,
        });
        if !is_valid {
            set(
                &mut data,
                "error",
                json!({
                    "code": 190,
                    "message": "Error validating access token: Session has expired.",
                    "subcode": if self.revoked { 460 } else { 463 },
                }),
            );
        }
        data
    }
}

/// An OAuth code of the embedded sign-up: good once and for 30 s.
#[derive(Clone, Debug, Serialize)]
pub struct Code {
    pub app_id: String,
    pub waba_ids: BTreeSet<String>,
    pub expires_at_ms: i64,
}
