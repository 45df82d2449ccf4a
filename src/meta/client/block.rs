//! The customers that a number has blocked.

use serde_json::{Value, json};

use super::answer::{Fields, Listed, PAGE_ITEMS, Read};
use super::call::{Authority, Call};
use super::{CallError, Credentials, Graph};

const NOUN: &str = "block";
const EDGE: &str = "block_users";

/// A customer, as blocking knows one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Customer<'a> {
    /// By phone number or `wa_id`.
    Phone(&'a str),
    /// By business-scoped user id.
    UserId(&'a str),
}

/// A customer who is blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
}

impl Read for Blocked {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self { wa_id: fields.text("wa_id"), user_id: fields.text("user_id") })
    }
}

/// What became of a request about several customers: some may work and others not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Blocked, or no longer blocked.
    pub done: Vec<Done>,
    pub failed: Vec<Failed>,
}

/// A customer for whom it worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// As it was asked for.
    pub input: String,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
}

/// A customer for whom it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub input: String,
    /// Codes of the error catalogue.
    pub codes: Vec<i64>,
}

impl Read for Outcome {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let users = fields.inner("block_users")?;
        let mut done = users.list("added_users");
        done.extend(users.list("removed_users"));
        Some(Self { done, failed: users.list("failed_users") })
    }
}

impl Read for Done {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            input: fields.text("input")?,
            wa_id: fields.text("wa_id"),
            user_id: fields.text("user_id"),
        })
    }
}

impl Read for Failed {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let codes = fields.list::<Code>("errors").into_iter().map(|code| code.0).collect();
        Some(Self { input: fields.text("input")?, codes })
    }
}

struct Code(i64);

impl Read for Code {
    fn read(fields: Fields<'_>) -> Option<Self> {
        fields.int("code").map(Self)
    }
}

/// The calls about whom one number has blocked.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    graph: &'a Graph,
    by: Authority<'a>,
    number_id: &'a str,
}

impl Graph {
    /// The calls about whom a number has blocked.
    pub fn blocks<'a>(&'a self, credentials: Credentials<'a>, number_id: &'a str) -> Calls<'a> {
        Calls { graph: self, by: Authority::Token(credentials), number_id }
    }
}

impl Calls<'_> {
    pub async fn list(self) -> Result<Listed<Blocked>, CallError> {
        let call = Call::get((NOUN, "list"), self.by, &[self.number_id, EDGE]);
        self.graph.list(call.query("limit", PAGE_ITEMS.to_string())).await
    }

    /// Blocks customers who wrote in the last 24 hours.
    pub async fn add(self, customers: &[Customer<'_>]) -> Result<Outcome, CallError> {
        let call = Call::post((NOUN, "add"), self.by, &[self.number_id, EDGE]);
        self.change(call, customers).await
    }

    pub async fn remove(self, customers: &[Customer<'_>]) -> Result<Outcome, CallError> {
        let call = Call::delete((NOUN, "remove"), self.by, &[self.number_id, EDGE]);
        self.change(call, customers).await
    }

    async fn change(self, call: Call<'_>, customers: &[Customer<'_>]) -> Result<Outcome, CallError> {
        let users: Vec<Value> = customers
            .iter()
            .map(|customer| match customer {
                Customer::Phone(phone) => json!({ "user": phone }),
                Customer::UserId(user_id) => json!({ "user_id": user_id }),
            })
            .collect();
        let body = json!({ "messaging_product": "whatsapp", "block_users": users });
        // Meta (2025-12): when some fail, the answer has both the lists and an error.
        let call = Call { answers_with: Some(EDGE), ..call.json(&body).repeatable() };
        self.graph.read(&call).await
    }
}
