//! News about templates, numbers, accounts and routing: one event a change.

use serde_json::value::RawValue;

use super::people::person;
use super::{Found, Place, int, real, text};
use crate::domain::Str;
use crate::domain::account::{
    AccountNews, AccountUpdate, Certification, FlowError, FlowNews, InternationalRates, NumberNews,
    RateException, Restriction, TemplateButton, TemplateChange, TemplateNews, VolumeTier,
};
use crate::domain::event::{Event, Why};
use crate::meta::wire;
use crate::meta::wire::scalar::Text;

impl<'a> Found<'a> {
    pub(super) fn read_news(&mut self, place: &Place<'a>, raw: &'a RawValue) {
        match place.field.as_ref() {
            "message_template_status_update"
            | "message_template_quality_update"
            | "message_template_components_update"
            | "template_category_update"
            | "template_correct_category_detection" => {
                let is_detection = place.field == "template_correct_category_detection";
                self.read(place, raw, |news| template_event(news, is_detection, place.entry_time_s));
            }
            "phone_number_name_update" | "phone_number_quality_update" | "security" => {
                self.read_number_news(place, raw);
            }
            "business_username_updates" => self.read_username(place, raw),
            "account_settings_update" => self.read_settings(place, raw),
            "account_update" => self.read(place, raw, |update| Ok(account(account_update(update)))),
            "account_alerts" => self.read(place, raw, |alert| Ok(account(account_alert(alert)))),
            "account_review_update" => self.read(place, raw, |review: wire::AccountReview<'a>| {
                Ok(account(AccountNews::Review { decision: text(review.decision) }))
            }),
            "business_capability_update" => self.read(place, raw, |news: wire::BusinessCapability<'a>| {
                Ok(account(AccountNews::Capability {
                    daily_limit: text(news.max_daily_conversations_per_business)
                        .or(text(news.max_daily_conversation_per_phone)),
                    numbers_max: int(news.max_phone_numbers_per_business)
                        .or(int(news.max_phone_numbers_per_waba)),
                }))
            }),
            "partner_solutions" => self.read(place, raw, |news: wire::PartnerSolution<'a>| {
                Ok(account(AccountNews::PartnerSolution {
                    event: text(news.event),
                    solution_id: text(news.solution_id),
                    status: text(news.solution_status),
                }))
            }),
            "payment_configuration_update" => {
                self.read(place, raw, |news: wire::PaymentConfiguration<'a>| {
                    Ok(account(AccountNews::PaymentConfiguration {
                        name: text(news.configuration_name),
                        provider: text(news.provider_name),
                        merchant_id: text(news.provider_mid),
                        status: text(news.status),
                        created_at_s: int(news.created_timestamp),
                        updated_at_s: int(news.updated_timestamp),
                    }))
                });
            }
            "flows" => self.read(place, raw, |news| Ok(account(flow(news)))),
            _ => self.unrecognised(place, Some(raw.get()), Why::Field),
        }
    }

    fn read_number_news(&mut self, place: &Place<'a>, raw: &'a RawValue) {
        let Ok(news) = wire::read::<wire::NumberNews<'a>>(raw) else {
            return self.unrecognised(place, Some(raw.get()), Why::Shape);
        };
        let number = text(news.display_phone_number.clone());
        let event = match place.field.as_ref() {
            "phone_number_name_update" => NumberNews::Name {
                decision: text(news.decision),
                requested: text(news.requested_verified_name),
                rejection_reason: text(news.rejection_reason),
            },
            "phone_number_quality_update" => NumberNews::Quality {
                event: text(news.event),
                limit: text(news.max_daily_conversations_per_business).or(text(news.current_limit)),
                old_limit: text(news.old_limit),
            },
            _ => NumberNews::Security { event: text(news.event), requester: text(news.requester) },
        };
        self.push_number(place, raw, number, None, event);
    }

    fn read_username(&mut self, place: &Place<'a>, raw: &'a RawValue) {
        let Ok(news) = wire::read::<wire::UsernameUpdate<'a>>(raw) else {
            return self.unrecognised(place, Some(raw.get()), Why::Shape);
        };
        let event = NumberNews::Username { username: text(news.username), status: text(news.status) };
        self.push_number(place, raw, text(news.display_phone_number), None, event);
    }

    fn read_settings(&mut self, place: &Place<'a>, raw: &'a RawValue) {
        let Ok(news) = wire::read::<wire::AccountSettings<'a>>(raw) else {
            return self.unrecognised(place, Some(raw.get()), Why::Shape);
        };
        let settings = news.phone_number_settings.unwrap_or_default();
        let calling = settings.calling.and_then(|calling| text(calling.status));
        let event = NumberNews::Settings { kind: text(news.kind), calling, json: raw.get() };
        self.push_number(place, raw, None, text(settings.phone_number_id), event);
    }

    /// These values name their number themselves, not in a `metadata`.
    fn push_number(
        &mut self,
        place: &Place<'a>,
        raw: &'a RawValue,
        display_phone_number: Option<Str<'a>>,
        phone_number_id: Option<Str<'a>>,
        news: NumberNews<'a>,
    ) {
        let place = Place { phone_number_id, display_phone_number, ..place.clone() };
        self.push(&place, Some(raw.get()), Event::Number(Box::new(news)));
    }

    pub(super) fn read_handover(&mut self, place: &Place<'a>, raw: &'a RawValue) {
        let Ok(news) = wire::read::<wire::Handover<'a>>(raw) else {
            return self.unrecognised(place, Some(raw.get()), Why::Shape);
        };
        let number = news.recipient.or(news.metadata).unwrap_or_default();
        let place = Place {
            phone_number_id: text(number.phone_number_id),
            display_phone_number: text(number.display_phone_number),
            ..place.clone()
        };
        let taken = news.kind.as_deref() == Some("control_taken") || news.control_taken.is_some();
        let Some(control) = news.control_passed.or(news.control_taken) else {
            return self.unrecognised(&place, Some(raw.get()), Why::Shape);
        };
        let sender = news.sender.unwrap_or_default();
        let summary =
            control.conversation_context.and_then(|context| context.summary).and_then(|part| part.text);
        let event = Event::Handover {
            customer: person(
                text(sender.phone_number),
                text(sender.user_id),
                text(sender.parent_user_id),
                &[],
            ),
            taken,
            previous_role: text(control.previous_owner_role).or(text(control.previous_owner_app_role)),
            new_role: text(control.new_owner_role),
            previous_app_id: text(control.previous_owner_app_id),
            note: text(control.metadata),
            summary: text(summary),
            at_s: int(news.timestamp),
        };
        self.push(&place, Some(raw.get()), event);
    }
}

fn account(news: AccountNews<'_>) -> Event<'_> {
    Event::Account(Box::new(news))
}

/// By the keys that are there, not by the field's name: Meta's own quality sample carries the status field's name.
fn template_event(
    news: wire::TemplateNews<'_>,
    is_detection: bool,
    entry_time_s: Option<i64>,
) -> Result<Event<'_>, Why> {
    let change = if let Some(status) = text(news.event) {
        let rejection = news.rejection_info.unwrap_or_default();
        let other = news.other_info.unwrap_or_default();
        TemplateChange::Status {
            status: status.to_ascii_uppercase(),
            category: text(news.message_template_category),
            reason: text(rejection.reason).or(text(news.reason)),
            recommendation: text(rejection.recommendation),
            title: text(other.title),
            description: text(other.description),
            disable_date: text(news.disable_info.and_then(|part| part.disable_date)),
        }
    } else if news.new_quality_score.is_some() {
        TemplateChange::Quality {
            previous: text(news.previous_quality_score),
            new: text(news.new_quality_score),
        }
    } else if is_detection {
        TemplateChange::WrongCategory { category: text(news.category), correct: text(news.correct_category) }
    } else if news.new_category.is_some() {
        TemplateChange::Category {
            previous: text(news.previous_category),
            new: text(news.new_category),
            correct: text(news.correct_category),
            at_s: int(news.category_update_timestamp).or(entry_time_s),
        }
    } else if news.message_template_element.is_some() || news.message_template_title.is_some() {
        let buttons = news.message_template_buttons.unwrap_or_default().into_iter();
        TemplateChange::Components {
            title: text(news.message_template_title),
            body: text(news.message_template_element),
            footer: text(news.message_template_footer),
            buttons: buttons
                .map(|button| TemplateButton {
                    kind: text(button.message_template_button_type),
                    text: text(button.message_template_button_text),
                    url: text(button.message_template_button_url),
                    phone_number: text(button.message_template_button_phone_number),
                })
                .collect(),
        }
    } else {
        return Err(Why::Shape);
    };
    Ok(Event::Template(Box::new(TemplateNews {
        template_id: text(news.message_template_id),
        name: text(news.message_template_name),
        language: text(news.message_template_language),
        change,
    })))
}

fn account_update(update: wire::AccountUpdate<'_>) -> AccountNews<'_> {
    let waba = update.waba_info.unwrap_or_default();
    let violation = update.violation_info.unwrap_or_default();
    let ban = update.ban_info.unwrap_or_default();
    let disconnection = update.disconnection_info.unwrap_or_default();
    let restrictions = update.restriction_info.unwrap_or_default().into_iter();
    AccountNews::Update(Box::new(AccountUpdate {
        event: text(update.event),
        phone_number: text(update.phone_number),
        country: text(update.country),
        waba_id: text(waba.waba_id),
        owner_business_id: text(waba.owner_business_id),
        restrictions: restrictions
            .map(|one| Restriction {
                kind: text(one.restriction_type),
                until_s: int(one.expiration),
                remediation: text(one.remediation),
            })
            .collect(),
        violation: text(violation.violation_type),
        remediation: text(violation.remediation),
        ban_states: match ban.waba_ban_state {
            Some(wire::OneOrMany::One(state)) => vec![state.0],
            Some(wire::OneOrMany::Many(states)) => texts(Some(states)),
            None => Vec::new(),
        },
        ban_date: text(ban.waba_ban_date),
        disconnection_reason: text(disconnection.reason),
        disconnected_by: text(disconnection.initiated_by),
        partner_app_id: text(waba.partner_app_id),
        solution_id: text(waba.solution_id),
        solution_partner_ids: texts(waba.solution_partner_business_ids),
        ad_account_id: text(waba.ad_account_linked),
        certification: update.partner_client_certification_info.map(|info| Certification {
            business_id: text(info.client_business_id),
            status: text(info.status),
            rejection_reasons: texts(info.rejection_reasons),
        }),
        international_rates: update.auth_international_rate_eligibility.map(international_rates),
        volume_tier: update.volume_tier_info.map(|info| VolumeTier {
            category: text(info.pricing_category),
            tier: text(info.tier),
            month: text(info.effective_month),
            region: text(info.region),
            changed_at_s: int(info.tier_update_time),
        }),
    }))
}

fn texts(list: Option<Vec<Text<'_>>>) -> Vec<Str<'_>> {
    list.unwrap_or_default().into_iter().map(|text| text.0).collect()
}

fn international_rates(rates: wire::RateEligibility<'_>) -> InternationalRates<'_> {
    let exceptions = rates.exception_countries.unwrap_or_default().into_iter();
    InternationalRates {
        from_s: int(rates.start_time),
        exceptions: exceptions
            .map(|one| RateException { country: text(one.country_code), from_s: int(one.start_time) })
            .collect(),
    }
}

fn account_alert(alert: wire::AccountAlert<'_>) -> AccountNews<'_> {
    let info = alert.alert_info.unwrap_or_default();
    AccountNews::Alert {
        entity_type: text(alert.entity_type),
        entity_id: text(alert.entity_id),
        severity: text(info.alert_severity),
        status: text(info.alert_status),
        kind: text(info.alert_type),
        description: text(info.alert_description),
    }
}

fn flow(news: wire::FlowNews<'_>) -> AccountNews<'_> {
    let errors = news.errors.unwrap_or_default().into_iter();
    AccountNews::Flow(Box::new(FlowNews {
        flow_id: text(news.flow_id),
        event: text(news.event),
        message: text(news.message),
        old_status: text(news.old_status),
        new_status: text(news.new_status),
        alert_state: text(news.alert_state),
        warning: text(news.warning),
        threshold: real(news.threshold),
        error_rate: real(news.error_rate),
        errors: errors
            .map(|one| FlowError {
                kind: text(one.error_type),
                rate: real(one.error_rate),
                count: int(one.error_count),
            })
            .collect(),
        p50_latency: real(news.p50_latency),
        p90_latency: real(news.p90_latency),
        requests: int(news.requests_count),
        availability: real(news.availability),
        is_completed: news.is_completed.map(|truth| truth.0),
    }))
}
