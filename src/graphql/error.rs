//! What goes wrong in a resolver. What the caller can put right is data (`UserError`, in a mutation's payload). All
//! else is a `Failure`: the caller sees a code of the closed table and the request id, the log the cause.

use async_graphql::{ErrorExtensionValues, Response, ServerError, SimpleObject};
use tracing::error;

use super::page::Foreign;
use crate::auth::Denied;
use crate::error::{Code, TABLE};
use crate::storage;

/// Why a field has no value. Its text is public; its cause is for the log.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Failure {
    /// A failure of ours.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { code: Code::Internal, cause: Some(Box::new(cause)) }
    }

    /// The code that says it outside of any field; the log has the cause.
    pub fn told(&self) -> Code {
        match &self.cause {
            Some(cause) if self.code == Code::Internal => error!(error = &**cause, "a request failed"),
            Some(cause) => tracing::warn!(error = &**cause, "a request failed"),
            None => {}
        }
        self.code
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self { code, cause: None }
    }
}

impl From<Denied> for Failure {
    fn from(_: Denied) -> Self {
        Code::Forbidden.into()
    }
}

impl From<storage::Error> for Failure {
    fn from(error: storage::Error) -> Self {
        let code = if error.is_transient() { Code::Unavailable } else { Code::Internal };
        Self { code, cause: Some(Box::new(error)) }
    }
}

/// The text that async-graphql gives to the caller, so only the public sentence.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.row().message)
    }
}

/// An answer that is one error of the closed table, made outside of any field.
pub fn refusal(code: Code) -> Response {
    let mut error = ServerError::new(code.row().message, None);
    error.extensions.get_or_insert_default().set("code", code.row().name);
    Response::from_errors(vec![error])
}

/// Something that the caller can put right.
#[derive(Clone, Debug, SimpleObject)]
pub struct UserError {
    /// The argument or input field that is at fault, as a path of names with dots; null if it is none of them.
    pub field: Option<String>,
    /// What is wrong, for programs.
    pub code: UserErrorCode,
    /// What is wrong, for people.
    pub message: String,
    /// What to do about it, where there is something to do.
    pub next_step: Option<String>,
    /// Meta's own error code, where Meta refused.
    pub meta_code: Option<i32>,
    /// What Meta says itself, where Meta refused: often more than the code. In English.
    pub meta_message: Option<String>,
    /// What would do instead, where that is known: names of templates with their languages, or languages. Ten at most.
    pub alternatives: Vec<String>,
}

impl UserError {
    /// Something of this kind.
    pub fn new(code: UserErrorCode, message: impl Into<String>) -> Self {
        Self {
            field: None,
            code,
            message: message.into(),
            next_step: None,
            meta_code: None,
            meta_message: None,
            alternatives: Vec::new(),
        }
    }

    /// A value that is not of the form that is needed.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::new(UserErrorCode::Invalid, message).on(field)
    }

    /// With the field that is at fault.
    #[must_use]
    pub fn on(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn next(mut self, step: impl Into<String>) -> Self {
        self.next_step = Some(step.into());
        self
    }
}

/// What can be wrong with what the caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
pub enum UserErrorCode {
    /// A value is not of the form that is needed.
    Invalid,
    /// There is no such object in this workspace.
    NotFound,
    /// It is there already.
    AlreadyExists,
    /// Another workspace has it.
    TakenElsewhere,
    /// Somebody else has changed it since it was read; nothing was done.
    Conflict,
    /// The state of the object does not allow it now.
    WrongState,
    /// There is no access token to do it with, or it cannot be opened.
    NoToken,
    /// The server has no master key, so it cannot keep secrets.
    NoMasterKey,
    /// Meta refused; `metaCode` and `message` say why.
    RefusedByMeta,
    /// Meta gave no answer; whether it was done is not known.
    NoAnswerFromMeta,
    /// Meta could not be asked, so nothing was done.
    MetaUnreachable,
    /// The Meta app is not in the server's settings.
    NoMetaApp,
    /// Somebody else has changed it since the caller read it.
    ChangedMeanwhile,
    /// The role or key does not allow it.
    NotAllowed,
    /// The contact is blocked for the number.
    ContactBlocked,
    /// Nothing is known by which WhatsApp would find the contact: its number is somebody else's by now, or there was none.
    ContactNoAddress,
    /// The customer has not written within 24 hours: only a template may be sent.
    WindowClosed,
    /// The idempotency key was used for another message.
    IdempotencyKeyTaken,
    /// There is no such template in the account, or not in that language; `alternatives` says which there are.
    TemplateNotFound,
    /// Meta has paused, rejected or switched off the template, or not approved it yet; `alternatives` says what could be
    /// sent instead.
    TemplateNotUsable,
}

/// Puts every error of an answer into the one form: a public text, a code, the request id. Causes go to the log.
pub fn finish(response: &mut Response, request_id: &str) {
    for error in &mut response.errors {
        let code = code_of(error);
        if let Some(code) = code {
            code.row().message.clone_into(&mut error.message);
        }
        let code = code.or_else(|| named(error)).unwrap_or(Code::InvalidRequest);
        let values = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
        if values.get("code").is_none() {
            values.set("code", code.row().name);
        }
        values.set("retryable", code.row().retryable);
        values.set("requestId", request_id);
    }
}

/// The code that an error names itself.
fn named(error: &ServerError) -> Option<Code> {
    let Some(async_graphql::Value::String(name)) = error.extensions.as_ref()?.get("code") else {
        return None;
    };
    TABLE.iter().find(|row| row.name == name).map(|row| row.code)
}

/// The code of a failure of ours; none for what GraphQL itself finds wrong with the request.
fn code_of(error: &ServerError) -> Option<Code> {
    if let Some(failure) = error.source::<Failure>() {
        match &failure.cause {
            Some(cause) if failure.code == Code::Internal => {
                error!(path = ?error.path, error = &**cause, "a field failed");
            }
            Some(cause) => tracing::warn!(path = ?error.path, error = &**cause, "a field failed"),
            None => {}
        }
        return Some(failure.code);
    }
    if error.source::<Foreign>().is_some() {
        return None;
    }
    // An error type that nobody has given a code to: its text is not for callers.
    error.source.is_some().then(|| {
        error!(path = ?error.path, "a field failed with an error of no known kind");
        Code::Internal
    })
}
