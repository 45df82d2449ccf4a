//! What can happen to accounts, numbers, templates, groups, calls and flows, as Meta tells it.

use serde::Serialize;
use serde_with::skip_serializing_none;

use super::Str;
use super::person::Person;
use super::status::Fault;

/// What happened to a template.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateNews<'a> {
    pub template_id: Option<Str<'a>>,
    pub name: Option<Str<'a>>,
    pub language: Option<Str<'a>>,
    pub change: TemplateChange<'a>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TemplateChange<'a> {
    Status {
        /// Upper-case, whatever Meta wrote.
        status: String,
        category: Option<Str<'a>>,
        reason: Option<Str<'a>>,
        recommendation: Option<Str<'a>>,
        title: Option<Str<'a>>,
        description: Option<Str<'a>>,
        disable_date: Option<Str<'a>>,
    },
    Quality {
        previous: Option<Str<'a>>,
        new: Option<Str<'a>>,
    },
    Components {
        title: Option<Str<'a>>,
        body: Option<Str<'a>>,
        footer: Option<Str<'a>>,
        buttons: Vec<TemplateButton<'a>>,
    },
    /// `correct` with an announced change: the category that it will have.
    Category {
        previous: Option<Str<'a>>,
        new: Option<Str<'a>>,
        correct: Option<Str<'a>>,
        at_s: Option<i64>,
    },
    /// Meta thinks that it belongs to another category.
    WrongCategory {
        category: Option<Str<'a>>,
        correct: Option<Str<'a>>,
    },
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateButton<'a> {
    pub kind: Option<Str<'a>>,
    pub text: Option<Str<'a>>,
    pub url: Option<Str<'a>>,
    pub phone_number: Option<Str<'a>>,
}

/// What happened to a number.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum NumberNews<'a> {
    Name {
        decision: Option<Str<'a>>,
        requested: Option<Str<'a>>,
        rejection_reason: Option<Str<'a>>,
    },
    Quality {
        event: Option<Str<'a>>,
        limit: Option<Str<'a>>,
        old_limit: Option<Str<'a>>,
    },
    Security {
        event: Option<Str<'a>>,
        requester: Option<Str<'a>>,
    },
    Username {
        username: Option<Str<'a>>,
        status: Option<Str<'a>>,
    },
    /// Settings of calling; `json` is the whole of them.
    Settings {
        kind: Option<Str<'a>>,
        calling: Option<Str<'a>>,
        json: &'a str,
    },
}

/// What happened to an account, or to the portfolio above it.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AccountNews<'a> {
    /// `event` says what; the other fields are there when they belong to it.
    Update(Box<AccountUpdate<'a>>),
    Alert {
        entity_type: Option<Str<'a>>,
        entity_id: Option<Str<'a>>,
        severity: Option<Str<'a>>,
        status: Option<Str<'a>>,
        kind: Option<Str<'a>>,
        description: Option<Str<'a>>,
    },
    Review {
        decision: Option<Str<'a>>,
    },
    Capability {
        daily_limit: Option<Str<'a>>,
        numbers_max: Option<i64>,
    },
    PartnerSolution {
        event: Option<Str<'a>>,
        solution_id: Option<Str<'a>>,
        status: Option<Str<'a>>,
    },
    PaymentConfiguration {
        name: Option<Str<'a>>,
        provider: Option<Str<'a>>,
        merchant_id: Option<Str<'a>>,
        status: Option<Str<'a>>,
        created_at_s: Option<i64>,
        updated_at_s: Option<i64>,
    },
    Flow(Box<FlowNews<'a>>),
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountUpdate<'a> {
    pub event: Option<Str<'a>>,
    pub phone_number: Option<Str<'a>>,
    pub country: Option<Str<'a>>,
    pub waba_id: Option<Str<'a>>,
    pub owner_business_id: Option<Str<'a>>,
    pub restrictions: Vec<Restriction<'a>>,
    pub violation: Option<Str<'a>>,
    pub remediation: Option<Str<'a>>,
    pub ban_states: Vec<Str<'a>>,
    pub ban_date: Option<Str<'a>>,
    pub disconnection_reason: Option<Str<'a>>,
    pub disconnected_by: Option<Str<'a>>,
    /// The partner's app that was installed or taken away.
    pub partner_app_id: Option<Str<'a>>,
    /// The solution by which the partners work together, and who they are.
    pub solution_id: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub solution_partner_ids: Vec<Str<'a>>,
    pub ad_account_id: Option<Str<'a>>,
    pub certification: Option<Certification<'a>>,
    pub international_rates: Option<InternationalRates<'a>>,
    pub volume_tier: Option<VolumeTier<'a>>,
}

/// Whether Meta has certified a business as a partner's client.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Certification<'a> {
    pub business_id: Option<Str<'a>>,
    pub status: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejection_reasons: Vec<Str<'a>>,
}

/// From when on international rates apply to authentication messages, and the countries with a time of their own.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InternationalRates<'a> {
    pub from_s: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<RateException<'a>>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RateException<'a> {
    pub country: Option<Str<'a>>,
    pub from_s: Option<i64>,
}

/// Which of the prices for many messages applies.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeTier<'a> {
    pub category: Option<Str<'a>>,
    /// From how many messages to how many, in Meta's writing: `25000001:50000000`.
    pub tier: Option<Str<'a>>,
    pub month: Option<Str<'a>>,
    pub region: Option<Str<'a>>,
    pub changed_at_s: Option<i64>,
}

#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restriction<'a> {
    pub kind: Option<Str<'a>>,
    pub until_s: Option<i64>,
    pub remediation: Option<Str<'a>>,
}

/// `event` says what; an alert comes with the threshold and what was measured.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowNews<'a> {
    pub flow_id: Option<Str<'a>>,
    pub event: Option<Str<'a>>,
    pub message: Option<Str<'a>>,
    pub old_status: Option<Str<'a>>,
    pub new_status: Option<Str<'a>>,
    pub alert_state: Option<Str<'a>>,
    pub warning: Option<Str<'a>>,
    /// In percent, or for latencies in milliseconds, like what is measured.
    pub threshold: Option<f64>,
    pub error_rate: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FlowError<'a>>,
    pub p50_latency: Option<f64>,
    pub p90_latency: Option<f64>,
    pub requests: Option<i64>,
    pub availability: Option<f64>,
    pub is_completed: Option<bool>,
}

/// A kind of error in a flow, and how often it came.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowError<'a> {
    pub kind: Option<Str<'a>>,
    pub rate: Option<f64>,
    pub count: Option<i64>,
}

/// What happened to a group.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupNews<'a> {
    pub group_id: Option<Str<'a>>,
    pub kind: Option<Str<'a>>,
    pub at_s: Option<i64>,
    pub request_id: Option<Str<'a>>,
    /// Its subject and its description; not what a refused change wanted them to be.
    pub subject: Option<Str<'a>>,
    pub description: Option<Str<'a>>,
    /// The changes that the business had asked for, done or refused.
    pub subject_change: Option<SettingChange<'a>>,
    pub description_change: Option<SettingChange<'a>>,
    pub picture_change: Option<SettingChange<'a>>,
    pub invite_link: Option<Str<'a>>,
    pub join_approval_mode: Option<Str<'a>>,
    pub reason: Option<Str<'a>>,
    pub initiated_by: Option<Str<'a>>,
    pub join_request_id: Option<Str<'a>>,
    /// Who asks to join, or has taken that back.
    pub applicant: Option<Person<'a>>,
    pub added: Vec<Person<'a>>,
    pub removed: Vec<Person<'a>>,
    pub failed: Vec<FailedParticipant<'a>>,
    pub faults: Vec<Fault<'a>>,
}

impl GroupNews<'_> {
    /// The subject and the description that the group has from then on, as far as the news say. Meta (2026-07): a
    /// group that could not be made is told like one that was, with the errors.
    pub fn names(&self) -> (Option<&str>, Option<&str>) {
        if self.kind.as_deref() == Some("group_create") && !self.faults.is_empty() {
            return (None, None);
        }
        (self.subject.as_deref(), self.description.as_deref())
    }
}

/// A change of a group's setting that was asked for.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingChange<'a> {
    /// What it was to become; for a picture the next two.
    pub text: Option<Str<'a>>,
    pub mime_type: Option<Str<'a>>,
    pub sha256: Option<Str<'a>>,
    pub is_done: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault<'a>>,
}

/// Somebody whom the group did not let in or out, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FailedParticipant<'a> {
    #[serde(flatten)]
    pub person: Person<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault<'a>>,
}

/// What happened in a call.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallNews<'a> {
    pub call_id: Str<'a>,
    pub event: Option<Str<'a>>,
    pub direction: Option<Str<'a>>,
    pub at_s: Option<i64>,
    pub customer: Person<'a>,
    pub status: Option<Str<'a>>,
    pub started_at_s: Option<i64>,
    pub ended_at_s: Option<i64>,
    pub duration_s: Option<i64>,
    pub sdp_kind: Option<Str<'a>>,
    pub sdp: Option<Str<'a>>,
    pub callback_data: Option<Str<'a>>,
    pub recording_id: Option<Str<'a>>,
    pub recording: Option<CallFile<'a>>,
    pub transcript_id: Option<Str<'a>>,
    pub transcript: Option<CallFile<'a>>,
}

/// What Meta tells of a recording or a transcript beside its id.
#[skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallFile<'a> {
    pub kind: Option<Str<'a>>,
    pub mime_type: Option<Str<'a>>,
    /// As Meta writes it: base64 or hex.
    pub sha256: Option<Str<'a>>,
    /// Meta's address, good for five minutes and with our token only.
    pub url: Option<Str<'a>>,
}

impl CallNews<'_> {
    /// Whether the customer called. Meta (2026-07): `USER_INITIATED`.
    pub fn is_by_customer(&self) -> bool {
        self.direction.as_deref().is_some_and(|direction| direction.eq_ignore_ascii_case("user_initiated"))
    }
}
