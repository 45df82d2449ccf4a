//! News about accounts, portfolios, partners and payments.

use serde_json::{Value, json};

use super::{Context, Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("account_update", "deleted", |_| json!({ "event": "ACCOUNT_DELETED" })),
    kind("account_update", "offboarded", |c| json!({ "event": "ACCOUNT_OFFBOARDED", "waba_info": waba(c) })),
    kind(
        "account_update",
        "reconnected",
        |c| json!({ "event": "ACCOUNT_RECONNECTED", "waba_info": waba(c) }),
    ),
    kind("account_update", "restriction", restriction),
    kind("account_update", "violation", violation),
    kind("account_update", "disabled", disabled),
    kind("account_update", "partner_added", |c| json!({ "event": "PARTNER_ADDED", "waba_info": waba(c) })),
    kind("account_update", "partner_removed", partner_removed),
    kind("account_update", "partner_app_installed", partner_app_installed),
    kind("account_update", "certification", certification),
    kind(
        "account_update",
        "marketing_terms_signed",
        |c| json!({ "event": "MM_LITE_TERMS_SIGNED", "waba_info": waba(c) }),
    ),
    kind("account_update", "international_price", international_price),
    kind(
        "account_update",
        "country",
        |_| json!({ "event": "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", "country": "ID" }),
    ),
    kind("account_update", "volume_tier", volume_tier),
    kind(
        "account_update",
        "verified",
        |c| json!({ "event": "VERIFIED_ACCOUNT", "phone_number": c.display_phone_number }),
    ),
    kind("account_alerts", "alert", alert),
    kind(
        "account_review_update",
        "decision",
        |c| json!({ "decision": c.pick(&["APPROVED", "REJECTED", "PENDING", "DEFERRED"]) }),
    ),
    kind(
        "business_capability_update",
        "limits",
        |c| json!({ "max_daily_conversations_per_business": c.pick(&[250, 2_000, 10_000, 100_000, -1]), "max_phone_numbers_per_waba": 25 }),
    ),
    kind("business_status_update", "stand_in", |_| json!({ "event": "UPDATED" })),
    kind("partner_solutions", "created", |c| solution(c, "SOLUTION_CREATED")),
    kind("partner_solutions", "updated", |c| solution(c, "SOLUTION_UPDATED")),
    kind("payment_configuration_update", "configuration", payment_configuration),
    kind("flows", "status", flow_status),
    kind("flows", "error_rate", flow_error_rate),
    kind("flows", "latency", flow_latency),
    kind("flows", "availability", flow_availability),
    kind("flows", "version_expiry", flow_version_expiry),
];

fn waba(context: &Context<'_>) -> Value {
    json!({ "waba_id": context.waba_id, "owner_business_id": context.business_id })
}

fn restriction(context: &mut Context<'_>) -> Value {
    json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": [
        { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": context.now_s + 86_400 },
        { "restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION", "expiration": context.now_s + 86_400,
          "remediation": "Wait until the restriction ends." },
    ]})
}

fn violation(context: &mut Context<'_>) -> Value {
    let kind = context.pick(&["ALCOHOL", "SCAM", "USER_INITIATED_CALLS_LOW_PICKUP_RATE"]);
    json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": kind, "remediation": "Appeal." } })
}

fn disabled(context: &mut Context<'_>) -> Value {
    let state = context.pick(&["SCHEDULE_FOR_DISABLE", "DISABLE", "REINSTATE"]);
    json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": state, "waba_ban_date": "April 17, 2027" } })
}

fn partner_removed(context: &mut Context<'_>) -> Value {
    let reason = context.pick(&[
        "PRIMARY_INACTIVITY",
        "COMPANION_INACTIVITY",
        "CHANGE_NUMBER",
        "ACCOUNT_DISCONNECTED",
    ]);
    json!({
        "event": "PARTNER_REMOVED",
        "waba_info": waba(context),
        "disconnection_info": { "reason": reason, "initiated_by": context.pick(&["USER", "SYSTEM"]) },
    })
}

fn partner_app_installed(context: &mut Context<'_>) -> Value {
    json!({ "event": "PARTNER_APP_INSTALLED", "waba_info": {
        "waba_id": context.waba_id, "owner_business_id": context.business_id, "partner_app_id": context.digits(15),
    }})
}

fn certification(context: &mut Context<'_>) -> Value {
    json!({
        "event": "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        "partner_client_certification_info": {
            "client_business_id": context.digits(16),
            "status": context.pick(&["APPROVED", "FAILED", "PENDING"]),
            "rejection_reasons": ["NONE"],
        },
    })
}

fn international_price(context: &mut Context<'_>) -> Value {
    json!({ "event": "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE", "auth_international_rate_eligibility": {
        "start_time": context.now_s,
        "exception_countries": [{ "country_code": "ID", "start_time": context.now_s + 86_400 }],
    }})
}

fn volume_tier(context: &mut Context<'_>) -> Value {
    json!({ "event": "VOLUME_BASED_PRICING_TIER_UPDATE", "volume_tier_info": {
        "tier_update_time": context.now_s, "pricing_category": "UTILITY", "tier": "25000:100000",
        "effective_month": "2026-11", "region": "Indonesia",
    }})
}

fn alert(context: &mut Context<'_>) -> Value {
    json!({
        "entity_type": "BUSINESS",
        "entity_id": context.business_id,
        "alert_info": {
            "alert_severity": context.pick(&["CRITICAL", "INFORMATIONAL", "WARNING"]),
            "alert_status": "ACTIVE",
            "alert_type": context.pick(&["INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED", "OBA_APPROVED", "PROFILE_PICTURE_LOST"]),
            "alert_description": "Use the platform actively for several days and follow the policies.",
        },
    })
}

fn solution(context: &mut Context<'_>, event: &str) -> Value {
    json!({
        "event": event,
        "solution_id": context.digits(15),
        "solution_status": context.pick(&["INITIATED", "ACTIVE", "DEACTIVATED", "REJECTED"]),
    })
}

fn payment_configuration(context: &mut Context<'_>) -> Value {
    json!({
        "configuration_name": "razorpay-prod",
        "provider_name": context.pick(&["razorpay", "payu", "billdesk"]),
        "provider_mid": format!("acc_{}", context.digits(10)),
        "status": context.pick(&["Active", "Needs Connecting", "Needs Testing"]),
        "created_timestamp": context.now_s - 86_400,
        "updated_timestamp": context.now_s,
    })
}

fn flow_status(context: &mut Context<'_>) -> Value {
    json!({
        "event": "FLOW_STATUS_CHANGE", "message": "Flow changed status from DRAFT to PUBLISHED",
        "flow_id": context.digits(16), "old_status": "DRAFT", "new_status": "PUBLISHED",
    })
}

fn flow_error_rate(context: &mut Context<'_>) -> Value {
    json!({
        "event": context.pick(&["CLIENT_ERROR_RATE", "ENDPOINT_ERROR_RATE"]),
        "message": "The error rate has reached the threshold.",
        "flow_id": context.digits(16), "error_rate": 14.28, "threshold": 10, "alert_state": "ACTIVATED",
        "errors": [{ "error_type": "INVALID_SCREEN_TRANSITION", "error_rate": 66.66, "error_count": 2 }],
    })
}

fn flow_latency(context: &mut Context<'_>) -> Value {
    json!({
        "event": "ENDPOINT_LATENCY", "message": "The latency has reached the threshold.", "flow_id": context.digits(16),
        "p50_latency": 3_000, "p90_latency": 5_000, "requests_count": 34, "threshold": 3_000,
        "alert_state": "ACTIVATED",
    })
}

fn flow_availability(context: &mut Context<'_>) -> Value {
    json!({
        "event": "ENDPOINT_AVAILABILITY", "message": "The availability is below the threshold.",
        "flow_id": context.digits(16), "availability": 75, "threshold": 90, "alert_state": "ACTIVATED",
    })
}

fn flow_version_expiry(context: &mut Context<'_>) -> Value {
    json!({
        "event": "FLOW_VERSION_EXPIRY_WARNING", "message": "The version of the flow will expire.",
        "flow_id": context.digits(16), "warning": "Update the flow to the newest version.",
    })
}
