//! A refusal: an error as the Graph API answers it, and the table of the codes that the simulator gives.
//!
//! Owns codes, HTTP statuses and texts, and nothing else: who refuses, and when, is decided elsewhere.
//!
//! Invariant: what a program may branch on (`code`, `error_subcode`, the HTTP status) comes from the table. The texts
//! are Meta's where a page with the wording was found, and else say what the code means: nobody may compare them.

use serde_json::{Map, Value, json};

/// One code: its HTTP status and what it means.
struct Row {
    code: u32,
    status: u16,
    text: &'static str,
}

const fn row(code: u32, status: u16, text: &'static str) -> Row {
    Row { code, status, text }
}

/// Sorted by code. Meta (2025-12): the error table of the Cloud API. Statuses without a page are 400.
const ROWS: &[Row] = &[
    row(0, 401, "AuthException"),
    row(1, 400, "API Unknown"),
    row(2, 503, "API Service"),
    row(3, 500, "API Method"),
    row(4, 400, "Application request limit reached"),
    row(10, 403, "Permission denied"),
    row(17, 400, "User request limit reached"),
    row(32, 400, "Page request limit reached"),
    row(33, 400, "Parameter value is not valid: the business phone number has been deleted"),
    row(100, 400, "Invalid parameter"),
    row(190, 401, "Access token has expired"),
    row(200, 403, "API permission missing"),
    row(368, 403, "Temporarily blocked for policies violations"),
    row(613, 400, "Calls to this API have exceeded the rate limit"),
    row(803, 404, "Some of the aliases you requested do not exist"),
    row(2500, 400, "An active access token must be used"),
    row(80_007, 400, "Rate limit issues"),
    row(80_008, 400, "There have been too many calls to this WhatsApp Business account"),
    row(130_403, 400, "The business has blocked this user"),
    row(130_429, 400, "Rate limit hit"),
    row(130_472, 400, "User's number is part of an experiment"),
    row(130_497, 403, "Business account is restricted from messaging users in this country"),
    row(131_000, 500, "Something went wrong"),
    row(131_005, 403, "Access denied"),
    row(131_008, 400, "Required parameter is missing"),
    row(131_009, 400, "Parameter value is not valid"),
    row(131_016, 500, "Service unavailable"),
    row(131_020, 400, "Group has a single member"),
    row(131_021, 400, "Recipient cannot be sender"),
    row(131_026, 400, "Message undeliverable"),
    row(131_030, 400, "Recipient phone number not in allowed list"),
    row(131_031, 403, "Account has been locked"),
    row(131_037, 400, "Display name approval is needed for this number"),
    row(131_041, 400, "Group unknown"),
    row(131_042, 400, "Business eligibility payment issue"),
    row(131_044, 400, "Calling without a payment method"),
    row(131_045, 500, "Incorrect certificate"),
    row(131_047, 400, "Re-engagement message"),
    row(131_048, 400, "Spam rate limit hit"),
    row(131_049, 400, "This message was not delivered to maintain healthy ecosystem engagement."),
    row(131_050, 400, "User has stopped marketing messages"),
    row(131_051, 400, "Unsupported message type"),
    row(131_052, 400, "Media download error"),
    row(131_053, 400, "Media upload error"),
    row(131_055, 400, "Method not allowed"),
    row(131_056, 400, "(Business Account, Consumer Account) pair rate limit hit"),
    row(131_057, 500, "Account in maintenance mode"),
    row(131_059, 400, "Invalid cursor"),
    row(131_060, 400, "Message currently unavailable"),
    row(131_062, 400, "Business-scoped user id is not supported as a recipient here"),
    row(131_063, 400, "Marketing templates are disabled for Cloud API"),
    row(131_064, 400, "Messaging limit reached: template classification violations"),
    row(132_000, 400, "Number of parameters does not match the expected number of params"),
    row(132_001, 404, "Template name does not exist in the translation"),
    row(132_005, 400, "Translated text too long"),
    row(132_007, 400, "Template format character policy violated"),
    row(132_008, 400, "Template parameter value is not valid"),
    row(132_012, 400, "Parameter format does not match format in the created template"),
    row(132_015, 400, "Template is paused"),
    row(132_016, 400, "Template is disabled"),
    row(132_018, 400, "There is a problem with the parameters of the template"),
    row(132_068, 400, "Flow is in blocked state"),
    row(132_069, 400, "Flow is in throttled state"),
    row(133_000, 500, "Incomplete deregistration"),
    row(133_004, 503, "Server temporarily unavailable"),
    row(133_005, 400, "Two-step verification PIN mismatch"),
    row(133_006, 400, "Phone number re-verification needed"),
    row(133_008, 400, "Too many two-step verification PIN guesses"),
    row(133_009, 400, "Two-step verification PIN guessed too fast"),
    row(133_010, 400, "Phone number not registered"),
    row(133_015, 400, "Phone number was recently deleted: please wait a few minutes before you register it"),
    row(133_016, 400, "Account register and deregister rate limit exceeded"),
    row(134_011, 400, "Payments terms of service are pending"),
    row(134_100, 400, "Only marketing messages are supported"),
    row(134_101, 400, "Template is still syncing"),
    row(134_102, 500, "Template is unavailable for use"),
    row(135_000, 400, "Generic user error"),
    row(136_024, 400, "Phone number is verified already"),
    row(137_000, 400, "Recipient identity key does not match"),
    row(139_100, 400, "Failed to block or unblock some users"),
    row(139_101, 400, "Block list limit reached"),
    row(139_102, 400, "Block list was updated concurrently"),
    row(139_103, 500, "Internal error of the block list"),
    row(147_001, 400, "Username is not available"),
    row(147_002, 400, "Account is not eligible for a username"),
    row(2_388_019, 400, "Message template limit exceeded"),
    row(2_388_023, 400, "Message template language is being deleted"),
    row(2_388_024, 400, "Message template language already exists"),
    row(2_388_040, 400, "Character limit exceeded"),
    row(2_388_047, 400, "Message header format is incorrect"),
    row(2_388_072, 400, "Message body format is incorrect"),
    row(2_388_073, 400, "Message footer format is incorrect"),
    row(2_388_293, 400, "Too many variables for the length of the message"),
    row(2_388_299, 400, "Variables cannot be at the start or end of the template"),
    row(2_494_100, 400, "Phone number is in maintenance mode"),
    row(2_593_107, 400, "Synchronization was requested already"),
    row(2_593_108, 400, "Synchronization is outside the 24 hours after onboarding"),
];

/// Codes that Graph answers as a subcode of 100.
const SUBCODES_OF_100: std::ops::RangeInclusive<u32> = 2_388_000..=2_388_999;

/// Where Meta's own examples show `is_transient`.
const TRANSIENCE: &[(u32, bool)] = &[(2, true), (4, true), (130_429, false)];

/// An answer that says no, in Meta's shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Boxed: a refusal is rare, and every check returns room for one.
    parts: Box<Parts>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    code: u32,
    subcode: Option<u32>,
    status: u16,
    kind: &'static str,
    message: String,
    details: Option<String>,
    user_text: Option<(String, String)>,
    is_transient: Option<bool>,
}

impl Refusal {
    /// The refusal of a code. A template code such as 2388040 becomes a subcode of 100. A code that the table does
    /// not have can be asked for as a fault: it answers with HTTP 400 and says nothing more.
    pub fn of(code: u32) -> Self {
        let row = find_row(code);
        let text = row.map_or("Unknown error", |row| row.text);
        let subcode = SUBCODES_OF_100.contains(&code).then_some(code);
        let shown = if subcode.is_some() { 100 } else { code };
        let parts = Parts {
            code: shown,
            subcode,
            status: row.map_or(400, |row| row.status),
            kind: if code == 803 { "GraphMethodException" } else { "OAuthException" },
            message: format!("(#{shown}) {text}"),
            details: None,
            user_text: subcode.map(|_| (text.to_owned(), text.to_owned())),
            is_transient: TRANSIENCE.iter().find(|(listed, _)| *listed == code).map(|(_, is)| *is),
        };
        Self { parts: Box::new(parts) }
    }

    /// Says more in `error_data.details`, which is what Meta asks programs to read next to the code.
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.parts.details = Some(details.into());
        self
    }

    pub fn subcode(mut self, subcode: u32) -> Self {
        self.parts.subcode = Some(subcode);
        self
    }

    /// Another message than the table's, whole: `(#100) The parameter to is required.`
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.parts.message = message.into();
        self
    }

    /// Another `type` than `OAuthException`.
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.parts.kind = kind;
        self
    }

    /// `error_user_title` and `error_user_msg`.
    pub fn user_text(mut self, title: impl Into<String>, text: impl Into<String>) -> Self {
        self.parts.user_text = Some((title.into(), text.into()));
        self
    }

    /// The object that an id names does not exist, or is not for this token: Graph does not say which.
    pub fn unknown_object(id: &str, method: &str) -> Self {
        Self::of(100).subcode(33).kind("GraphMethodException").message(format!(
            "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation",
            method.to_ascii_lowercase(),
        ))
    }

    pub fn status(&self) -> u16 {
        self.parts.status
    }

    pub fn code(&self) -> u32 {
        self.parts.code
    }

    /// The subcode, where there is one.
    pub fn error_subcode(&self) -> Option<u32> {
        self.parts.subcode
    }

    /// What `error_data.details` says, or nothing.
    pub fn told(&self) -> &str {
        self.parts.details.as_deref().unwrap_or_default()
    }

    /// The body of the HTTP answer.
    pub fn body(&self, fbtrace_id: &str) -> Value {
        let mut error = Map::new();
        error.insert("message".to_owned(), json!(self.parts.message));
        error.insert("type".to_owned(), json!(self.parts.kind));
        error.insert("code".to_owned(), json!(self.parts.code));
        if let Some(details) = &self.parts.details {
            error.insert(
                "error_data".to_owned(),
                json!({ "messaging_product": "whatsapp", "details": details }),
            );
        }
        if let Some(subcode) = self.parts.subcode {
            error.insert("error_subcode".to_owned(), json!(subcode));
        }
        if let Some(is_transient) = self.parts.is_transient {
            error.insert("is_transient".to_owned(), json!(is_transient));
        }
        if let Some((title, text)) = &self.parts.user_text {
            error.insert("error_user_title".to_owned(), json!(title));
            error.insert("error_user_msg".to_owned(), json!(text));
        }
        error.insert("fbtrace_id".to_owned(), json!(fbtrace_id));
        json!({ "error": error })
    }

    /// The same error as webhooks carry it: in `statuses[].errors`, `messages[].errors` and `value.errors`.
    pub fn event(&self) -> Value {
        let text = find_row(self.parts.code).map_or("Unknown error", |row| row.text);
        json!({
            "code": self.parts.code,
            "title": text,
            "message": text,
            "error_data": { "details": self.parts.details.as_deref().unwrap_or(text) },
            "href": "/documentation/business-messaging/whatsapp/support/error-codes",
        })
    }
}

fn find_row(code: u32) -> Option<&'static Row> {
    ROWS.binary_search_by_key(&code, |row| row.code).ok().and_then(|at| ROWS.get(at))
}

/// Whether the table has the code.
pub fn is_known(code: u32) -> bool {
    find_row(code).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ROWS, Refusal};

    #[test]
    fn the_table_is_sorted_so_that_each_code_is_found() {
        assert!(ROWS.is_sorted_by(|left, right| left.code < right.code));
    }

    #[test]
    fn a_refusal_has_the_shape_that_meta_published() {
        let refusal = Refusal::of(130_429).details("Cloud API message throughput has been reached.");
        assert_eq!(refusal.status(), 400);
        assert_eq!(
            refusal.body("Az8or2yhqkZfEZ-_4Qn_Bam"),
            json!({"error": {
                "message": "(#130429) Rate limit hit",
                "type": "OAuthException",
                "code": 130_429,
                "error_data": {
                    "messaging_product": "whatsapp",
                    "details": "Cloud API message throughput has been reached.",
                },
                "is_transient": false,
                "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
            }})
        );
    }

    #[test]
    fn a_code_of_a_template_is_a_subcode_of_100() {
        let error = Refusal::of(2_388_024).body("A");
        assert_eq!(error["error"]["code"], 100);
        assert_eq!(error["error"]["error_subcode"], 2_388_024);
    }

    #[test]
    fn an_unknown_code_can_still_be_given_as_a_fault() {
        let refusal = Refusal::of(999_999);
        assert_eq!((refusal.status(), refusal.code()), (400, 999_999));
    }

    #[test]
    fn the_event_of_a_code_carries_its_text_twice_and_a_link() {
        let event = Refusal::of(131_049).event();
        assert_eq!(
            event["title"],
            "This message was not delivered to maintain healthy ecosystem engagement."
        );
        assert_eq!(event["title"], event["message"]);
        assert_eq!(event["code"], 131_049);
    }
}
