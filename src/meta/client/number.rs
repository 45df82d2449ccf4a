//! A business phone number: what Meta tells about it, its registration, codes, PIN, settings, callback, automation,
//! user name, and the sync of a number that is used in the app too.

use serde_json::{Map, Value, json};

use super::answer::{Done, Fields, Read, Whole};
use super::call::{Authority, Call};
use super::word::words;
use super::{CallError, Credentials, Graph};
use crate::secret::Secret;

const NOUN: &str = "number";
/// What every number has, and what only some versions of Graph tell.
const REQUIRED: &[&str] = &["id", "display_phone_number"];
const OPTIONAL: &[&str] = &[
    "verified_name",
    "quality_rating",
    "quality_score",
    "status",
    "name_status",
    "new_name_status",
    "code_verification_status",
    "platform_type",
    "throughput",
    "account_mode",
    "is_official_business_account",
    "is_pin_enabled",
    "is_on_biz_app",
    "last_onboarded_time",
    "health_status",
    "webhook_configuration",
    "conversational_automation",
    "whatsapp_business_manager_messaging_limit",
    "username",
];

words! {
    /// How customers take what the number sends.
    Quality { Green = "GREEN", Yellow = "YELLOW", Red = "RED", NotAvailable = "NA", Unknown = "UNKNOWN", }
}
words! {
    /// Whether the number is connected.
    Connection {
        Connected = "CONNECTED",
        Pending = "PENDING",
        RateLimited = "RATE_LIMITED",
        Offline = "OFFLINE",
        Flagged = "FLAGGED",
        Restricted = "RESTRICTED",
        Migrated = "MIGRATED",
        Banned = "BANNED",
        Deleted = "DELETED",
        Unverified = "UNVERIFIED",
        Disconnected = "DISCONNECTED",
    }
}
words! {
    /// What Meta thinks of the display name.
    NameReview {
        Approved = "APPROVED",
        AvailableWithoutReview = "AVAILABLE_WITHOUT_REVIEW",
        Declined = "DECLINED",
        Expired = "EXPIRED",
        PendingReview = "PENDING_REVIEW",
        None = "NONE",
    }
}
words! {
    /// Whether the number was proved to be the business's own.
    Verification { Verified = "VERIFIED", NotVerified = "NOT_VERIFIED", Unverified = "UNVERIFIED", Expired = "EXPIRED", }
}
words! {
    /// What the number runs on.
    Platform { CloudApi = "CLOUD_API", OnPremise = "ON_PREMISE", NotApplicable = "NOT_APPLICABLE", }
}
words! {
    /// How many messages a second it may send: 80, or 1,000.
    Throughput { Standard = "STANDARD", High = "HIGH", NotApplicable = "NOT_APPLICABLE", }
}
words! {
    /// How many customers it may write to first in 24 hours.
    MessagingLimit {
        Tier250 = "TIER_250",
        Tier2K = "TIER_2K",
        Tier10K = "TIER_10K",
        Tier100K = "TIER_100K",
        Unlimited = "TIER_UNLIMITED",
    }
}
words! {
    /// Whether it is a test number.
    Mode { Live = "LIVE", Sandbox = "SANDBOX", }
}
words! {
    /// Whether messages can be sent.
    CanSend { Available = "AVAILABLE", Limited = "LIMITED", Blocked = "BLOCKED", }
}

/// What Meta tells about a number. A field that is absent was not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    pub id: String,
    pub display_phone_number: String,
    pub verified_name: Option<String>,
    pub quality: Option<Quality>,
    pub connection: Option<Connection>,
    pub name_review: Option<NameReview>,
    pub new_name_review: Option<NameReview>,
    pub verification: Option<Verification>,
    pub platform: Option<Platform>,
    pub throughput: Option<Throughput>,
    pub mode: Option<Mode>,
    pub is_official_business_account: Option<bool>,
    pub is_pin_enabled: Option<bool>,
    /// The number is used in the WhatsApp Business app too.
    pub is_on_biz_app: Option<bool>,
    /// As Meta writes times: `2026-11-21T08:00:00+0000`.
    pub last_onboarded_time: Option<String>,
    pub health: Option<Health>,
    pub callbacks: Callbacks,
    pub automation: Option<Automation>,
    pub messaging_limit: Option<MessagingLimit>,
    pub username: Option<String>,
}

impl Read for Number {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let score = || fields.inner("quality_score")?.word("score");
        Some(Self {
            id: fields.text("id")?,
            display_phone_number: fields.text("display_phone_number").unwrap_or_default(),
            verified_name: fields.text("verified_name"),
            quality: fields.word("quality_rating").or_else(score),
            connection: fields.word("status"),
            name_review: fields.word("name_status"),
            new_name_review: fields.word("new_name_status"),
            verification: fields.word("code_verification_status"),
            platform: fields.word("platform_type"),
            throughput: fields.inner("throughput").and_then(|throughput| throughput.word("level")),
            mode: fields.word("account_mode"),
            is_official_business_account: fields.truth("is_official_business_account"),
            is_pin_enabled: fields.truth("is_pin_enabled"),
            is_on_biz_app: fields.truth("is_on_biz_app"),
            last_onboarded_time: fields.text("last_onboarded_time"),
            health: fields.one("health_status"),
            callbacks: fields.one("webhook_configuration").unwrap_or_default(),
            automation: fields.one("conversational_automation"),
            messaging_limit: fields.word("whatsapp_business_manager_messaging_limit"),
            username: fields.text("username"),
        })
    }
}

/// Whether messages can be sent, and what stands in the way, from the number up to the business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub can_send: CanSend,
    pub entities: Vec<HealthEntity>,
}

/// One of the things that sending depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthEntity {
    /// `PHONE_NUMBER`, `WABA`, `BUSINESS`, `APP`, `MESSAGE_TEMPLATE`.
    pub kind: String,
    pub id: Option<String>,
    pub can_send: CanSend,
    pub troubles: Vec<HealthTrouble>,
    pub notes: Vec<String>,
}

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthTrouble {
    /// A code of the error catalogue.
    pub code: Option<i64>,
    pub description: Option<String>,
    pub solution: Option<String>,
}

impl Read for Health {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self { can_send: fields.word("can_send_message")?, entities: fields.list("entities") })
    }
}

impl Read for HealthEntity {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            kind: fields.text("entity_type")?,
            id: fields.text("id"),
            can_send: fields.word("can_send_message")?,
            troubles: fields.list("errors"),
            notes: fields.texts("additional_info"),
        })
    }
}

impl Read for HealthTrouble {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            code: fields.int("error_code"),
            description: fields.text("error_description"),
            solution: fields.text("possible_solution"),
        })
    }
}

/// Where the webhooks of the number go: the first that is there counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callbacks {
    pub number: Option<String>,
    pub account: Option<String>,
    pub app: Option<String>,
}

impl Read for Callbacks {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            number: fields.text("phone_number"),
            account: fields.text("whatsapp_business_account"),
            app: fields.text("application"),
        })
    }
}

impl Callbacks {
    /// The one that counts for messages.
    pub fn in_force(&self) -> Option<&str> {
        self.number.as_deref().or(self.account.as_deref()).or(self.app.as_deref())
    }
}

/// What a customer sees before the first message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Automation {
    /// Questions to tap.
    pub prompts: Vec<String>,
    pub commands: Vec<Command>,
}

/// A command that a customer can pick after a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub name: String,
    pub description: String,
}

impl Read for Automation {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self { prompts: fields.texts("prompts"), commands: fields.list("commands") })
    }
}

impl Read for Command {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.text("command_name")?,
            description: fields.text("command_description").unwrap_or_default(),
        })
    }
}

words! {
    /// What became of a user name.
    UsernameState { Approved = "approved", Reserved = "reserved", }
}

/// The number's user name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    /// Absent: it has none.
    pub username: Option<String>,
    pub state: Option<UsernameState>,
}

impl Read for Username {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self { username: fields.text("username"), state: fields.word("status") })
    }
}

/// User names that are free.
struct Suggestions(Vec<String>);

impl Read for Suggestions {
    fn read(fields: Fields<'_>) -> Option<Self> {
        fields.value("data")?;
        Some(Self(fields.list::<Suggested>("data").into_iter().flat_map(|suggested| suggested.0).collect()))
    }
}

struct Suggested(Vec<String>);

impl Read for Suggested {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self(fields.texts("username_suggestions")))
    }
}

/// How a code reaches the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeMethod {
    Sms,
    Voice,
}

/// What a number that is used in the app brings along. Each can be asked for once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    Contacts,
    History,
}

struct Requested(String);

impl Read for Requested {
    fn read(fields: Fields<'_>) -> Option<Self> {
        fields.text("request_id").map(Self)
    }
}

/// The calls about one number.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    graph: &'a Graph,
    by: Authority<'a>,
    id: &'a str,
}

impl Graph {
    /// The calls about a number, by its phone number id.
    pub fn number<'a>(&'a self, credentials: Credentials<'a>, id: &'a str) -> Calls<'a> {
        Calls { graph: self, by: Authority::Token(credentials), id }
    }
}

impl<'a> Calls<'a> {
    /// What Meta tells about it.
    pub async fn get(self) -> Result<Number, CallError> {
        self.graph.node(Call::get((NOUN, "get"), self.by, &[self.id]), REQUIRED, OPTIONAL).await
    }

    /// Registers it for the Cloud API. Not repeated: ten in 72 hours are allowed.
    pub async fn register(self, pin: &Secret, region: Option<&str>) -> Result<(), CallError> {
        let mut body = json!({ "messaging_product": "whatsapp", "pin": pin.expose() });
        if let (Some(region), Some(body)) = (region, body.as_object_mut()) {
            body.insert("data_localization_region".to_owned(), json!(region));
        }
        self.change(self.post("register", "register").json(&body).hiding(pin)).await
    }

    /// Takes it off the Cloud API.
    pub async fn deregister(self) -> Result<(), CallError> {
        let body = json!({ "messaging_product": "whatsapp" });
        self.change(self.post("deregister", "deregister").json(&body)).await
    }

    /// Has a code sent to the number. `language` as in `en_US`.
    pub async fn request_code(self, method: CodeMethod, language: &str) -> Result<(), CallError> {
        let method = match method {
            CodeMethod::Sms => "SMS",
            CodeMethod::Voice => "VOICE",
        };
        let body = json!({ "code_method": method, "language": language });
        self.change(self.post("request_code", "request_code").json(&body)).await
    }

    /// Proves by the code that the number is the business's own.
    pub async fn verify_code(self, code: &Secret) -> Result<(), CallError> {
        let body = json!({ "code": code.expose() });
        self.change(self.post("verify_code", "verify_code").json(&body).hiding(code)).await
    }

    /// Sets the PIN of the two-step verification. There is no way to take it away.
    pub async fn set_pin(self, pin: &Secret) -> Result<(), CallError> {
        let call = Call::post((NOUN, "set_pin"), self.by, &[self.id]);
        self.change(call.json(&json!({ "pin": pin.expose() })).hiding(pin).repeatable()).await
    }

    /// Sends the number's webhooks elsewhere. Meta asks that address for `verify_token` first.
    pub async fn set_callback(self, url: &str, verify_token: &Secret) -> Result<(), CallError> {
        let call = Call::post((NOUN, "set_callback"), self.by, &[self.id]);
        let other = json!({ "override_callback_uri": url, "verify_token": verify_token.expose() });
        let call = call.json(&json!({ "webhook_configuration": other })).hiding(verify_token);
        self.change(call.repeatable()).await
    }

    /// Sends the number's webhooks where the account's or the app's go.
    pub async fn clear_callback(self) -> Result<(), CallError> {
        let call = Call::post((NOUN, "clear_callback"), self.by, &[self.id]);
        let body = json!({ "webhook_configuration": { "override_callback_uri": "" } });
        self.change(call.json(&body).repeatable()).await
    }

    /// The settings of calling, storage, encryption and identity checks, as Meta has them.
    pub async fn settings(self) -> Result<Map<String, Value>, CallError> {
        let call = Call::get((NOUN, "settings"), self.by, &[self.id, "settings"]);
        let Whole(settings) = self.graph.read(&call).await?;
        Ok(settings)
    }

    /// Sets some of them.
    pub async fn set_settings(self, settings: &Value) -> Result<(), CallError> {
        self.change(self.post("set_settings", "settings").json(settings).repeatable()).await
    }

    /// Sets what a customer sees before the first message.
    pub async fn set_automation(self, automation: &Automation) -> Result<(), CallError> {
        let commands: Vec<Value> = automation
            .commands
            .iter()
            .map(
                |command| json!({ "command_name": command.name, "command_description": command.description }),
            )
            .collect();
        let body = json!({ "prompts": automation.prompts, "commands": commands });
        self.change(self.post("set_automation", "conversational_automation").json(&body).repeatable()).await
    }

    /// The number's user name.
    pub async fn username(self) -> Result<Username, CallError> {
        self.graph.read(&Call::get((NOUN, "username"), self.by, &[self.id, "username"])).await
    }

    /// Claims a user name. `takes_over`: also from another number of the business.
    pub async fn set_username(self, username: &str, takes_over: bool) -> Result<UsernameState, CallError> {
        let action = if takes_over { "force_transfer" } else { "none" };
        let body = json!({ "username": username, "transfer_action": action });
        let answer: Username =
            self.graph.read(&self.post("set_username", "username").json(&body).repeatable()).await?;
        answer.state.ok_or(CallError::Unreadable { status: 200, problem: "what was asked for is not in it" })
    }

    /// Gives the user name up.
    pub async fn delete_username(self) -> Result<(), CallError> {
        let call = Call::delete((NOUN, "delete_username"), self.by, &[self.id, "username"]);
        self.change(call.repeatable()).await
    }

    /// User names that are free.
    pub async fn username_suggestions(self) -> Result<Vec<String>, CallError> {
        let call = Call::get((NOUN, "username_suggestions"), self.by, &[self.id, "username_suggestions"]);
        let Suggestions(suggestions) = self.graph.read(&call).await?;
        Ok(suggestions)
    }

    /// Asks for what the number brings along from the app; gives Meta's id of the request. Each kind works once.
    pub async fn sync(self, sync: Sync) -> Result<String, CallError> {
        let kind = match sync {
            Sync::Contacts => "smb_app_state_sync",
            Sync::History => "history",
        };
        let body = json!({ "messaging_product": "whatsapp", "sync_type": kind });
        let Requested(id) = self.graph.read(&self.post("sync", "smb_app_data").json(&body)).await?;
        Ok(id)
    }

    fn post(&self, deed: &'static str, edge: &'static str) -> Call<'a> {
        Call::post((NOUN, deed), self.by, &[self.id, edge])
    }

    async fn change(self, call: Call<'_>) -> Result<(), CallError> {
        let Done = self.graph.read(&call).await?;
        Ok(())
    }
}
