//! News about accounts, numbers, partners, payments and flows.

use super::scalar::{Int, Real, Text, Truth};
use super::shape;
use serde::Deserialize;

shape! {
    /// `account_update`.
    AccountUpdate {
        event: Text<'a>,
        phone_number: Text<'a>,
        country: Text<'a>,
        waba_info: WabaInfo<'a>,
        restriction_info: Vec<Restriction<'a>>,
        violation_info: Violation<'a>,
        ban_info: Ban<'a>,
        disconnection_info: Disconnection<'a>,
        partner_client_certification_info: Certification<'a>,
        auth_international_rate_eligibility: RateEligibility<'a>,
        volume_tier_info: VolumeTier<'a>,
        // Meta (2026-07): PARTNER_APP_UNINSTALLED has these inside the value.
        #[cfg_attr(not(test), expect(dead_code, reason = "read before the value's shape is known"))]
        field: Text<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "always `whatsapp_business_account`"))]
        object: Text<'a>,
    }
}

shape! {
    WabaInfo {
        waba_id: Text<'a>,
        owner_business_id: Text<'a>,
        partner_app_id: Text<'a>,
        solution_id: Text<'a>,
        solution_partner_business_ids: Vec<Text<'a>>,
        ad_account_linked: Text<'a>,
    }
}

shape! {
    Restriction {
        restriction_type: Text<'a>,
        expiration: Int,
        remediation: Text<'a>,
    }
}

shape! {
    Violation {
        violation_type: Text<'a>,
        remediation: Text<'a>,
    }
}

shape! {
    Ban {
        waba_ban_state: OneOrMany<'a>,
        waba_ban_date: Text<'a>,
    }
}

/// A text, or, in older samples, a list of them.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(untagged, bound(deserialize = "'de: 'a"))]
pub enum OneOrMany<'a> {
    One(Text<'a>),
    Many(Vec<Text<'a>>),
}

shape! {
    Disconnection {
        reason: Text<'a>,
        initiated_by: Text<'a>,
    }
}

shape! {
    Certification {
        client_business_id: Text<'a>,
        status: Text<'a>,
        rejection_reasons: Vec<Text<'a>>,
    }
}

shape! {
    RateEligibility {
        start_time: Int,
        exception_countries: Vec<ExceptionCountry<'a>>,
    }
}

shape! {
    ExceptionCountry {
        country_code: Text<'a>,
        start_time: Int,
    }
}

shape! {
    VolumeTier {
        tier_update_time: Int,
        pricing_category: Text<'a>,
        tier: Text<'a>,
        effective_month: Text<'a>,
        region: Text<'a>,
    }
}

shape! {
    /// `account_alerts`.
    AccountAlert {
        entity_type: Text<'a>,
        entity_id: Text<'a>,
        alert_info: AlertInfo<'a>,
    }
}

shape! {
    AlertInfo {
        alert_severity: Text<'a>,
        alert_status: Text<'a>,
        alert_type: Text<'a>,
        alert_description: Text<'a>,
    }
}

shape! {
    /// `account_review_update`.
    AccountReview {
        decision: Text<'a>,
    }
}

shape! {
    /// `business_capability_update`.
    BusinessCapability {
        max_daily_conversations_per_business: Text<'a>,
        max_daily_conversation_per_phone: Text<'a>,
        max_phone_numbers_per_business: Int,
        max_phone_numbers_per_waba: Int,
    }
}

shape! {
    /// `phone_number_name_update`, `phone_number_quality_update` and `security`.
    NumberNews {
        display_phone_number: Text<'a>,
        event: Text<'a>,
        decision: Text<'a>,
        requested_verified_name: Text<'a>,
        rejection_reason: Text<'a>,
        current_limit: Text<'a>,
        old_limit: Text<'a>,
        max_daily_conversations_per_business: Text<'a>,
        requester: Text<'a>,
    }
}

shape! {
    /// `account_settings_update`.
    AccountSettings {
        #[cfg_attr(not(test), expect(dead_code, reason = "always `whatsapp`"))]
        messaging_product: Text<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "the entry's own time is used"))]
        timestamp: Int,
        #[serde(rename = "type")]
        kind: Text<'a>,
        phone_number_settings: NumberSettings<'a>,
    }
}

shape! {
    NumberSettings {
        phone_number_id: Text<'a>,
        calling: Calling<'a>,
    }
}

shape! {
    Calling {
        status: Text<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "the settings are kept whole, as JSON"))]
        call_icon_visibility: Text<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "the settings are kept whole, as JSON"))]
        callback_permission_status: Text<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "the settings are kept whole, as JSON"))]
        call_hours: CallHours<'a>,
        #[cfg_attr(not(test), expect(dead_code, reason = "the settings are kept whole, as JSON"))]
        sip: Sip<'a>,
    }
}

shape! {
    #[cfg_attr(not(test), expect(dead_code, reason = "the settings are kept whole, as JSON"))]
    CallHours {
        status: Text<'a>,
        timezone_id: Text<'a>,
        weekly_operating_hours: Vec<OpenHours<'a>>,
        holiday_schedule: Vec<Holiday<'a>>,
    }
}

shape! {
    #[cfg_attr(not(test), expect(dead_code, reason = "the settings are kept whole, as JSON"))]
    OpenHours {
        day_of_week: Text<'a>,
        open_time: Text<'a>,
        close_time: Text<'a>,
    }
}

shape! {
    #[cfg_attr(not(test), expect(dead_code, reason = "the settings are kept whole, as JSON"))]
    Holiday {
        date: Text<'a>,
        start_time: Text<'a>,
        end_time: Text<'a>,
    }
}

shape! {
    #[cfg_attr(not(test), expect(dead_code, reason = "the settings are kept whole, as JSON"))]
    Sip {
        status: Text<'a>,
        servers: Vec<SipServer<'a>>,
    }
}

shape! {
    #[cfg_attr(not(test), expect(dead_code, reason = "the settings are kept whole, as JSON"))]
    SipServer {
        hostname: Text<'a>,
        port: Int,
    }
}

shape! {
    /// `partner_solutions`.
    PartnerSolution {
        event: Text<'a>,
        solution_id: Text<'a>,
        solution_status: Text<'a>,
    }
}

shape! {
    /// `payment_configuration_update`.
    PaymentConfiguration {
        configuration_name: Text<'a>,
        provider_name: Text<'a>,
        provider_mid: Text<'a>,
        status: Text<'a>,
        created_timestamp: Int,
        updated_timestamp: Int,
    }
}

shape! {
    /// `flows`.
    FlowNews {
        event: Text<'a>,
        message: Text<'a>,
        flow_id: Text<'a>,
        old_status: Text<'a>,
        new_status: Text<'a>,
        warning: Text<'a>,
        alert_state: Text<'a>,
        threshold: Real,
        error_rate: Real,
        errors: Vec<FlowError<'a>>,
        p50_latency: Real,
        p90_latency: Real,
        requests_count: Int,
        availability: Real,
        is_completed: Truth,
    }
}

shape! {
    FlowError {
        error_type: Text<'a>,
        error_rate: Real,
        error_count: Int,
    }
}
