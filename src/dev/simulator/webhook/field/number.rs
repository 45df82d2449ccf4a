//! News about a number: its name, quality, security, user name, settings.

use serde_json::{Value, json};

use super::{Context, Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("phone_number_name_update", "approved", |c| name(c, "APPROVED", Value::Null)),
    kind("phone_number_name_update", "rejected", |c| name(c, "REJECTED", "NAME_NOT_CONSISTENT".into())),
    kind("phone_number_quality_update", "upgrade", |c| quality(c, "THROUGHPUT_UPGRADE")),
    kind("phone_number_quality_update", "onboarding", |c| quality(c, "ONBOARDING")),
    kind("phone_number_quality_update", "flagged", |c| quality(c, "FLAGGED")),
    kind("security", "pin_changed", |c| security(c, "PIN_CHANGED")),
    kind("security", "pin_reset", pin_reset),
    kind(
        "business_username_updates",
        "approved",
        |c| json!({ "display_phone_number": c.display_phone_number, "username": "toko_maju", "status": "approved" }),
    ),
    kind("account_settings_update", "calling", settings),
];

fn name(context: &mut Context<'_>, decision: &str, reason: Value) -> Value {
    json!({
        "display_phone_number": context.display_phone_number, "decision": decision,
        "requested_verified_name": context.pick(&["Toko Maju", "Lucky Shrub"]), "rejection_reason": reason,
    })
}

fn quality(context: &mut Context<'_>, event: &str) -> Value {
    json!({
        "display_phone_number": context.display_phone_number, "event": event,
        "max_daily_conversations_per_business": context.pick(&["TIER_250", "TIER_2K", "TIER_UNLIMITED"]),
    })
}

fn security(context: &mut Context<'_>, event: &str) -> Value {
    json!({ "display_phone_number": context.display_phone_number, "event": event })
}

fn pin_reset(context: &mut Context<'_>) -> Value {
    json!({
        "display_phone_number": context.display_phone_number, "event": "PIN_RESET_REQUEST",
        "requester": context.digits(14),
    })
}

fn settings(context: &mut Context<'_>) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "timestamp": context.timestamp(),
        "type": "phone_number_settings",
        "phone_number_settings": { "phone_number_id": context.phone_number_id, "calling": {
            "status": context.pick(&["ENABLED", "DISABLED"]),
            "call_icon_visibility": "DEFAULT",
            "callback_permission_status": "ENABLED",
            "call_hours": {
                "status": "ENABLED", "timezone_id": "Asia/Jakarta",
                "weekly_operating_hours": [{ "day_of_week": "MONDAY", "open_time": "0800", "close_time": "1700" }],
                "holiday_schedule": [{ "date": "2027-01-01", "start_time": "0000", "end_time": "2359" }],
            },
            "sip": { "status": "DISABLED", "servers": [{ "hostname": "sip.example.com", "port": 5061 }] },
        }},
    })
}
