//! A WhatsApp Business account: what it is, its numbers, and which apps hear of it. And the portfolio, for which
//! people mistake it.

use serde_json::json;

use super::answer::{Done, Fields, Listed, PAGE_ITEMS, Read};
use super::call::{Authority, Call};
use super::number::{Health, NameReview, Quality, Verification};
use super::word::words;
use super::{CallError, Credentials, Graph};
use crate::secret::Secret;

const NOUN: &str = "account";
/// A portfolio has no currency and no namespace: who asks one for them is refused.
const REQUIRED: &[&str] = &["id", "name", "currency", "message_template_namespace"];
const OPTIONAL: &[&str] = &[
    "timezone_id",
    "account_review_status",
    "business_verification_status",
    "country",
    "ownership_type",
    "owner_business_info",
    "marketing_messages_onboarding_status",
    "health_status",
];
const NUMBER_FIELDS: &str =
    "id,display_phone_number,verified_name,quality_rating,code_verification_status,name_status";

words! {
    /// What Meta thinks of the account.
    Review { Approved = "APPROVED", Pending = "PENDING", Rejected = "REJECTED", }
}

/// What Meta tells about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    pub name: Option<String>,
    pub currency: Option<String>,
    pub timezone_id: Option<String>,
    pub template_namespace: Option<String>,
    pub review: Option<Review>,
    /// Whether the business behind it is verified, in Meta's words.
    pub business_verification: Option<String>,
    pub country: Option<String>,
    pub ownership: Option<String>,
    /// The portfolio that owns it.
    pub business_id: Option<String>,
    pub marketing_onboarding: Option<String>,
    pub health: Option<Health>,
}

impl Read for Account {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            id: fields.text("id")?,
            name: fields.text("name"),
            currency: fields.text("currency"),
            timezone_id: fields.text("timezone_id"),
            template_namespace: fields.text("message_template_namespace"),
            review: fields.word("account_review_status"),
            business_verification: fields.text("business_verification_status"),
            country: fields.text("country"),
            ownership: fields.text("ownership_type"),
            business_id: fields.inner("owner_business_info").and_then(|owner| owner.text("id")),
            marketing_onboarding: fields.text("marketing_messages_onboarding_status"),
            health: fields.one("health_status"),
        })
    }
}

/// A business portfolio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portfolio {
    pub id: String,
    pub name: Option<String>,
    pub verification: Option<String>,
}

impl Read for Portfolio {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            id: fields.text("id")?,
            name: fields.text("name"),
            verification: fields.text("verification_status"),
        })
    }
}

/// A number in the account's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedNumber {
    pub id: String,
    pub display_phone_number: String,
    pub verified_name: Option<String>,
    pub quality: Option<Quality>,
    pub verification: Option<Verification>,
    pub name_review: Option<NameReview>,
}

impl Read for ListedNumber {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            id: fields.text("id")?,
            display_phone_number: fields.text("display_phone_number").unwrap_or_default(),
            verified_name: fields.text("verified_name"),
            quality: fields.word("quality_rating"),
            verification: fields.word("code_verification_status"),
            name_review: fields.word("name_status"),
        })
    }
}

/// An app that hears of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribedApp {
    pub id: String,
    pub name: Option<String>,
    /// Where the account's webhooks go instead of the app's own address.
    pub override_callback_url: Option<String>,
}

impl Read for SubscribedApp {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let app = fields.inner("whatsapp_business_api_data")?;
        Some(Self {
            id: app.text("id")?,
            name: app.text("name"),
            override_callback_url: fields.text("override_callback_uri"),
        })
    }
}

/// The calls about one account.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    graph: &'a Graph,
    by: Authority<'a>,
    id: &'a str,
}

impl Graph {
    /// The calls about an account, by its `waba_id`.
    pub fn account<'a>(&'a self, credentials: Credentials<'a>, waba_id: &'a str) -> Calls<'a> {
        Calls { graph: self, by: Authority::Token(credentials), id: waba_id }
    }
}

impl Calls<'_> {
    /// What Meta tells about it. Refused if the id is something else than an account.
    pub async fn get(self) -> Result<Account, CallError> {
        self.graph.node(Call::get((NOUN, "get"), self.by, &[self.id]), REQUIRED, OPTIONAL).await
    }

    /// The same id as a portfolio. Refused if it is something else, such as an account.
    pub async fn as_portfolio(self) -> Result<Portfolio, CallError> {
        let call = Call::get((NOUN, "as_portfolio"), self.by, &[self.id]);
        self.graph.node(call, &["id", "name", "verification_status"], &[]).await
    }

    pub async fn numbers(self) -> Result<Listed<ListedNumber>, CallError> {
        let call = Call::get((NOUN, "numbers"), self.by, &[self.id, "phone_numbers"]);
        let call = call.query("fields", NUMBER_FIELDS).query("limit", PAGE_ITEMS.to_string());
        self.graph.list(call).await
    }

    pub async fn subscribed_apps(self) -> Result<Listed<SubscribedApp>, CallError> {
        self.graph.list(Call::get((NOUN, "subscribed_apps"), self.by, &[self.id, "subscribed_apps"])).await
    }

    /// Lets the token's app hear of the account, at its own address.
    pub async fn subscribe(self) -> Result<(), CallError> {
        let call = Call::post((NOUN, "subscribe"), self.by, &[self.id, "subscribed_apps"]);
        self.change(call.json(&json!({}))).await
    }

    /// The same, at another address. Meta asks that address for `verify_token` first.
    pub async fn subscribe_at(self, url: &str, verify_token: &Secret) -> Result<(), CallError> {
        let call = Call::post((NOUN, "subscribe_at"), self.by, &[self.id, "subscribed_apps"]);
        let body = json!({ "override_callback_uri": url, "verify_token": verify_token.expose() });
        self.change(call.json(&body).hiding(verify_token)).await
    }

    /// The token's app hears of it no more.
    pub async fn unsubscribe(self) -> Result<(), CallError> {
        self.change(Call::delete((NOUN, "unsubscribe"), self.by, &[self.id, "subscribed_apps"])).await
    }

    async fn change(self, call: Call<'_>) -> Result<(), CallError> {
        let Done = self.graph.read(&call.repeatable()).await?;
        Ok(())
    }
}
