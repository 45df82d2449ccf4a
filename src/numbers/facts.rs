//! What Meta's answer about a number becomes in our own record.

use crate::domain::number::Facts;
use crate::meta::client::number::Number;

/// The facts in an answer.
pub fn facts_of(number: &Number) -> Facts {
    Facts {
        display_phone_number: Some(number.display_phone_number.clone()).filter(|display| !display.is_empty()),
        verified_name: number.verified_name.clone(),
        name_status: number.name_review.as_ref().map(|word| word.as_str().to_owned()),
        new_name_status: number.new_name_review.as_ref().map(|word| word.as_str().to_owned()),
        code_verification_status: number.verification.as_ref().map(|word| word.as_str().to_owned()),
        quality_rating: number.quality.as_ref().map(|word| word.as_str().to_owned()),
        status: number.connection.as_ref().map(|word| word.as_str().to_owned()),
        platform_type: number.platform.as_ref().map(|word| word.as_str().to_owned()),
        throughput_level: number.throughput.as_ref().map(|word| word.as_str().to_owned()),
        messaging_limit: number.messaging_limit.as_ref().map(|word| word.as_str().to_owned()),
        account_mode: number.mode.as_ref().map(|word| word.as_str().to_owned()),
        is_pin_enabled: number.is_pin_enabled,
        is_on_biz_app: number.is_on_biz_app,
        is_official_business_account: number.is_official_business_account,
        username: number.username.clone(),
        can_send_message: number.health.as_ref().map(|health| health.can_send.as_str().to_owned()),
    }
}
