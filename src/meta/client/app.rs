//! The Meta app itself: what a token is good for, where the app's webhooks go, and the exchange of a code for a token.
//!
//! These calls are made with the app's own token (`app_id|app_secret`). Meta wants the inspected token and the secret
//! of the exchange in the query: they are there and nowhere else.

use serde_json::json;

use super::answer::{Done, Fields, Listed, Read};
use super::call::{Authority, Call};
use super::{CallError, Graph};
use crate::secret::Secret;

const NOUN: &str = "app";
const OBJECT: &str = "whatsapp_business_account";

/// What a token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    pub is_valid: bool,
    pub app_id: Option<String>,
    /// `SYSTEM_USER`, `USER`, …
    pub kind: Option<String>,
    pub user_id: Option<String>,
    /// Seconds since 1970; none: it does not expire.
    pub expires_at_s: Option<i64>,
    /// The same for its access to data.
    pub data_access_expires_at_s: Option<i64>,
    pub scopes: Vec<String>,
    pub granular_scopes: Vec<GranularScope>,
    /// Why it is not valid.
    pub error: Option<InspectionError>,
}

/// A permission, and what it reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GranularScope {
    pub scope: String,
    /// Empty: everything.
    pub target_ids: Vec<String>,
}

/// Why a token is not valid: codes of the error catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InspectionError {
    pub code: Option<i64>,
    pub subcode: Option<i64>,
}

impl Inspection {
    /// The ids that the token reaches by this permission; none if it lacks it, empty if it reaches everything.
    pub fn reach(&self, scope: &str) -> Option<&[String]> {
        let granular = self.granular_scopes.iter().find(|granular| granular.scope == scope);
        match granular {
            Some(granular) => Some(&granular.target_ids),
            None => self.scopes.iter().any(|one| one == scope).then_some(&[]),
        }
    }
}

impl Read for Inspection {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let data = fields.inner("data")?;
        let moment = |name: &str| data.int(name).filter(|at| *at > 0);
        Some(Self {
            is_valid: data.truth("is_valid")?,
            app_id: data.text("app_id"),
            kind: data.text("type"),
            user_id: data.text("user_id"),
            expires_at_s: moment("expires_at"),
            data_access_expires_at_s: moment("data_access_expires_at"),
            scopes: data.texts("scopes"),
            granular_scopes: data.list("granular_scopes"),
            error: data.one("error"),
        })
    }
}

impl Read for GranularScope {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self { scope: fields.text("scope")?, target_ids: fields.texts("target_ids") })
    }
}

impl Read for InspectionError {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self { code: fields.int("code"), subcode: fields.int("subcode") })
    }
}

/// Where the app's webhooks about one kind of object go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// `whatsapp_business_account` for ours.
    pub object: String,
    pub callback_url: Option<String>,
    pub is_active: bool,
    pub fields: Vec<String>,
}

impl Read for Subscription {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let named = fields.list::<Named>("fields").into_iter().map(|named| named.0);
        Some(Self {
            object: fields.text("object")?,
            callback_url: fields.text("callback_url"),
            is_active: fields.truth("active").unwrap_or(false),
            fields: named.chain(fields.texts("fields")).collect(),
        })
    }
}

struct Named(String);

impl Read for Named {
    fn read(fields: Fields<'_>) -> Option<Self> {
        fields.text("name").map(Self)
    }
}

/// What a code was exchanged for.
#[derive(Clone, Debug)]
pub struct Granted {
    pub token: Secret,
    /// None: it does not expire.
    pub expires_in_s: Option<i64>,
}

impl Read for Granted {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let token = fields.text("access_token").filter(|token| !token.is_empty())?;
        Some(Self {
            token: Secret::new(token),
            expires_in_s: fields.int("expires_in").filter(|in_s| *in_s > 0),
        })
    }
}

/// The calls of one app.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    graph: &'a Graph,
    id: &'a str,
    secret: &'a Secret,
}

impl Graph {
    /// The calls of an app, made with its secret.
    pub fn app<'a>(&'a self, id: &'a str, secret: &'a Secret) -> Calls<'a> {
        Calls { graph: self, id, secret }
    }
}

impl<'a> Calls<'a> {
    /// What a token of this app is good for. Refused if the app secret is wrong or the token is another app's.
    pub async fn inspect(self, token: &Secret) -> Result<Inspection, CallError> {
        let call = Call::get((NOUN, "inspect"), self.by(), &["debug_token"]);
        self.graph.read(&call.query("input_token", token.expose()).hiding(token)).await
    }

    /// Where the app's webhooks go.
    pub async fn subscriptions(self) -> Result<Listed<Subscription>, CallError> {
        self.graph.list(Call::get((NOUN, "subscriptions"), self.by(), &[self.id, "subscriptions"])).await
    }

    /// The one for WhatsApp, if there is one.
    pub async fn subscription(self) -> Result<Option<Subscription>, CallError> {
        let all = self.subscriptions().await?;
        Ok(all.items.into_iter().find(|subscription| subscription.object == OBJECT))
    }

    /// Sends the app's WhatsApp webhooks there. Meta asks that address for `verify_token` first.
    pub async fn subscribe(self, url: &str, verify_token: &Secret, fields: &[&str]) -> Result<(), CallError> {
        let body = json!({
            "object": OBJECT, "callback_url": url, "verify_token": verify_token.expose(),
            "fields": fields.join(","),
        });
        let call = Call::post((NOUN, "subscribe"), self.by(), &[self.id, "subscriptions"]);
        let Done = self.graph.read(&call.json(&body).hiding(verify_token).repeatable()).await?;
        Ok(())
    }

    /// Exchanges the code of an embedded sign-up for a token. Meta (2026-07): a code works once, for 30 s.
    pub async fn exchange_code(self, code: &Secret) -> Result<Granted, CallError> {
        let nobody = Authority::Nobody { secret: self.secret };
        let call = Call::get((NOUN, "exchange_code"), nobody, &["oauth", "access_token"])
            .query("client_id", self.id)
            .query("client_secret", self.secret.expose())
            .query("code", code.expose())
            .hiding(code);
        self.graph.read(&Call { is_repeatable: false, ..call }).await
    }

    fn by(&self) -> Authority<'a> {
        Authority::App { id: self.id, secret: self.secret }
    }
}
