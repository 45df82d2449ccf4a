//! An answer that is an error: a code of the closed table, written out with the request id.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};

use crate::error::Code;
use crate::limits;

/// What a handler fails with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.row().name)]
pub struct ApiError(pub Code);

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self(code)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.row().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body is written in `request::wrap`, which knows the request id; the code goes along as an extension.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(self.0);
        response
    }
}

/// A status and a sentence that the operator has chosen instead of the code's own. Goes along as an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    pub status: StatusCode,
    pub message: String,
}

/// The answer that a caller sees.
pub fn answer(code: Code, wording: Option<&Wording>, request_id: &str) -> HttpResponse {
    let row = code.row();
    let (status, message) = match wording {
        Some(wording) => (wording.status, wording.message.as_str()),
        None => (StatusCode::from_u16(row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), row.message),
    };
    let mut response = HttpResponseBuilder::new(status);
    if code == Code::Overloaded {
        response.insert_header((header::RETRY_AFTER, limits::RETRY_AFTER.as_secs()));
    }
    response.json(serde_json::json!({
        "error": {
            "code": row.name,
            "message": message,
            "retryable": row.retryable,
            "requestId": request_id,
        }
    }))
}
